"""Everything that can be asked of the demo's cluster: each endpoint with all the ids it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from flinktop.demo.replies.files import profile_of
from flinktop.demo.replies.rescales import uuid_of
from flinktop.demo.transport import DemoTransport
from flinktop.demo.world import Moment, World
from flinktop.flink.endpoint import Endpoint
from tests.flink.catalogue import endpoints

TIMES = (0.0, 60.0)
"""Seconds of the demo's clock at which it is asked: a job that restarts does so in between."""
NO_TRIGGER = "0" * 32


@dataclass(frozen=True)
class Answered:
    """One answer."""

    target: str
    status: int
    body: bytes


def world(release: str, scenario: str = "mixed") -> World:
    return World(scenario=scenario, version=release)


def ask(of: World, target: str, seconds: float = 0.0) -> Answered:
    """One answer at one time."""
    status, body, _ = DemoTransport(of, lambda: seconds).answer("GET", f"/{target}")
    return Answered(target, status, body)


def document(of: World, target: str, seconds: float = 0.0) -> Any:
    """The document of an answer that is a success."""
    answered = ask(of, target, seconds)
    assert answered.status == 200, (target, answered.body)
    return json.loads(answered.body)


def answers(of: World, endpoint: Endpoint[Any], times: Iterable[float] = TIMES) -> Iterator[Answered]:
    """The answers to an endpoint with all ids, at some times."""
    for seconds in times:
        moment = of.at(seconds)
        for ids in _ids(moment, endpoint):
            yield ask(of, endpoint(**ids).target, seconds)
            if endpoint.path.endswith("/accumulators") and set(ids) == {"job"}:
                yield ask(of, endpoint(**ids, includeSerializedValue=True).target, seconds)
            if endpoint.path.endswith("metrics"):
                # Once more with what was listed.
                told = ask(of, endpoint(**ids).target, seconds)
                listed = [metric["id"] for metric in json.loads(told.body)] if told.status == 200 else []
                for part in endpoint(**ids, get=listed).parts():
                    yield ask(of, part.target, seconds)


def _ids(moment: Moment, endpoint: Endpoint[Any]) -> Iterator[dict[str, str]]:
    names = [name for name in endpoint.names if name not in ("job", "vertex", "checkpoint", "rescale")]
    taskmanagers = [taskmanager.id for taskmanager in moment.world.taskmanagers[:2]]
    plain = {
        "trigger": [NO_TRIGGER],
        "file": [
            *("jobmanager.log", "taskmanager.log", "jobmanager.out", "taskmanager.out", "none.html"),
            *(profile_of(moment, whose) for whose in ("JobManager", *taskmanagers)),
        ],
        "taskmanager": taskmanagers,
        "subtask": ["0", "1"],
        "attempt": ["0", "106"],
        "application": [job.plan.id for job in moment.jobs],
    }
    for values in product(*(plain[name] for name in names)):
        own = dict(zip(names, values, strict=True))
        for of_job in _job_ids(moment, endpoint.names):
            yield {**own, **of_job}


def _job_ids(moment: Moment, names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    if "job" not in names:
        yield {}
        return
    for job in moment.jobs:
        vertices = [vertex.id for vertex in job.plan.vertices[:3]] if "vertex" in names else [""]
        checkpoints = [""]
        if "checkpoint" in names:
            taken = job.checkpoints.newest(moment.seconds, 5) if job.checkpoints is not None else ()
            checkpoints = [str(one.id) for one in taken]
        for vertex, checkpoint in product(vertices, checkpoints):
            found = {"job": job.plan.id, "vertex": vertex, "checkpoint": checkpoint, "rescale": uuid_of(job)}
            yield {name: value for name, value in found.items() if name in names}


def every_endpoint() -> list[Endpoint[Any]]:
    """All endpoints of the client, by their paths."""
    return [endpoint for _, (_, endpoint) in sorted(endpoints().items())]


# -- shapes ------------------------------------------------------------------------------------------

NAMED_BY_USERS = (
    ".user-config",
    ".serialized-user-task-accumulators",
    ".accumulator-results",
    ".failureLabels",
)
_DEEP = re.compile(r"(\.children\[\])+")

Shape = dict[str, set[str]]
"""By path of a key: the JSON types that its values have."""


def shape(documents: Iterable[Any]) -> Shape:
    """The keys and types of documents, laid over each other."""
    found: Shape = {}
    for one in documents:
        _walk(one, "", found)
    return found


def _walk(value: Any, path: str, found: Shape) -> None:
    found.setdefault(_DEEP.sub(".children[]", path), set()).add(_type(value))
    if isinstance(value, dict):
        for name, inner in value.items():
            any_name = re.fullmatch("[0-9a-f]{32}", name) or path.endswith(NAMED_BY_USERS)
            _walk(inner, f"{path}.{'*' if any_name else name}", found)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, f"{path}[]", found)


def _type(value: Any) -> str:
    kinds = {
        dict: "object",
        list: "array",
        bool: "boolean",
        type(None): "null",
        int: "integer",
        float: "float",
    }
    if value == "NaN":
        return "float"
    return kinds.get(type(value), "text")
