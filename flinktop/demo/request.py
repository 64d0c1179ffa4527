"""A request to the demo, and helpers that answers share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flinktop.demo.releases import Release
    from flinktop.demo.world import JobMoment, Moment, TaskManager, VertexMoment
    from flinktop.flink.endpoint import Endpoint

NOT_FOUND = 404
_REST = "org.apache.flink.runtime.rest"
_UNKNOWN_TASKMANAGER = "org.apache.flink.runtime.resourcemanager.exceptions.UnknownTaskExecutorException"


class Refusal(Exception):  # noqa: N818 -- it says what happened
    """An error answer: a status and Flink's message."""

    def __init__(self, status: int, sentence: str, kind: str = "handler.RestHandlerException") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.kind = kind

    def text(self, release: Release) -> str:
        if not self.kind or not release.since(1, 10):
            return self.sentence
        trace = f"\n\tat {_REST}.handler.AbstractRestHandler.respondToRequest(AbstractRestHandler.java:83)\n"
        return f"{_REST}.{self.kind}: {self.sentence}{trace}"


def missing(sentence: str) -> Refusal:
    """The answer for a thing that does not exist."""
    return Refusal(NOT_FOUND, sentence, "NotFoundException")


@dataclass(frozen=True)
class Request:
    """A request at a moment; its properties raise `Refusal` for things that do not exist."""

    moment: Moment
    ids: Mapping[str, str]
    params: Mapping[str, str]

    @cached_property
    def job(self) -> JobMoment:
        """The job; each one is an application of its own."""
        named = self.ids.get("job") or self.ids["application"]
        job = self.moment.job(named)
        if job is None:
            raise missing(f"Job {named} not found")
        return job

    def checked(self, name: str) -> Request:
        """Returns self, after a check that the thing in its path exists."""
        getattr(self, name)
        return self

    @cached_property
    def vertex(self) -> VertexMoment:
        named = self.ids["vertex"]
        found = next((one for one in self.job.vertices if one.id == named), None)
        if found is None:
            raise missing(f"JobVertex {named} not found")
        return found

    @property
    def subtask(self) -> int:
        text = self.ids["subtask"]
        if not text.isdigit() or int(text) not in self.vertex.subtasks:
            raise missing(f"Invalid subtask index {text}")
        return int(text)

    @cached_property
    def taskmanager(self) -> TaskManager:
        """The TaskManager; if there is none, Flink answers with a 500."""
        named = self.ids["taskmanager"]
        found = next((one for one in self.moment.world.taskmanagers if one.id == named), None)
        if found is None:
            raise Refusal(500, f"{_UNKNOWN_TASKMANAGER}: No TaskExecutor registered under {named}.", "")
        return found

    @property
    def get(self) -> tuple[str, ...] | None:
        """The requested metrics; None to list them."""
        wanted = self.params.get("get")
        return None if wanted is None else tuple(filter(None, wanted.split(",")))

    def wants(self, parameter: str, named: str) -> bool:
        """Whether a parameter selects something; without the parameter everything is selected."""
        return parameter not in self.params or named in self.params[parameter].split(",")


@cache
def texts() -> dict[str, Any]:
    """The demo's long texts by name: stack traces, log lines, configurations."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("texts.json").read_bytes())
    return found


Handler = Callable[[Request], Any]
Replies = Mapping["Endpoint[Any]", Handler]


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value at a quantile of sorted numbers."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[int], *, known: bool = True) -> dict[str, Any]:
    """Flink's minimum, maximum, average and percentiles; NaN without values, or if not `known`."""
    ordered = sorted(values) or [0]
    found: dict[str, Any] = {"min": ordered[0], "max": ordered[-1], "avg": sum(ordered) // len(ordered)}
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)):
        found[name] = float(quantile(ordered, share)) if values and known else "NaN"
    return found
