"""What a request is answered with when it is no document, and what answers have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.demo.world import JobMoment, Moment

if TYPE_CHECKING:
    from flinktop.demo.flow import VertexPlan

NOT_FOUND = 404
_REST = "org.apache.flink.runtime.rest"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request names: ids of its path and parameters of its query."""

    ids: Mapping[str, str]
    params: Mapping[str, str]

    @property
    def get(self) -> tuple[str, ...] | None:
        """The metrics asked for; None when they are to be listed."""
        wanted = self.params.get("get")
        return None if wanted is None else tuple(filter(None, wanted.split(",")))


class Refusal(Exception):  # noqa: N818 -- it says what happened
    """An answer that is no success: a status and Flink's sentence."""

    def __init__(self, status: int, sentence: str, kind: str = "handler.RestHandlerException") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.kind = kind

    def told(self, moment: Moment) -> str:
        """As Flink writes it: from 1.10 with the exception's class and its trace."""
        if not self.kind or not moment.release.since(1, 10):
            return self.sentence
        trace = f"\n\tat {_REST}.handler.AbstractRestHandler.respondToRequest(AbstractRestHandler.java:83)\n"
        return f"{_REST}.{self.kind}: {self.sentence}{trace}"


def missing(sentence: str) -> Refusal:
    """A thing that is not there."""
    return Refusal(NOT_FOUND, sentence, "NotFoundException")


Handler = Callable[[Moment, Asked], Any]


def job_of(moment: Moment, asked: Asked) -> JobMoment:
    """The job that a request names.

    Raises:
        Refusal: there is none.
    """
    job = moment.job(asked.ids["job"])
    if job is None:
        raise missing(f"Job {asked.ids['job']} not found")
    return job


def vertex_of(moment: Moment, asked: Asked) -> tuple[JobMoment, VertexPlan]:
    """The vertex that a request names, and its job.

    Raises:
        Refusal: there is no such job, or it has no such vertex.
    """
    job = job_of(moment, asked)
    vertex = job.plan.by_id.get(asked.ids["vertex"])
    if vertex is None:
        raise missing(f"JobVertex {asked.ids['vertex']} not found")
    return job, vertex


def subtask_of(vertex: VertexPlan, asked: Asked) -> int:
    """The subtask that a request names.

    Raises:
        Refusal: the vertex has no such subtask.
    """
    text = asked.ids["subtask"]
    if not text.isdigit() or int(text) >= vertex.spec.parallelism:
        raise missing(f"Invalid subtask index {text}")
    return int(text)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which so much of the (sorted) numbers lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(moment: Moment, values: Sequence[int], *, known: bool = True) -> dict[str, Any]:
    """How a number is spread: Flink's minimum, maximum, average and (1.14+) percentiles.

    Without values, or where Flink keeps none (`known`), the percentiles are NaN.
    """
    ordered = sorted(values)
    document: dict[str, Any] = {
        "min": ordered[0] if ordered else 0,
        "max": ordered[-1] if ordered else 0,
        "avg": sum(ordered) // len(ordered) if ordered else 0,
    }
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)):
        document[name] = float(quantile(ordered, share)) if ordered and known else "NaN"
    return moment.release.keep("spread", document)
