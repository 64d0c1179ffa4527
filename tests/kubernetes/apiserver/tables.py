"""Tables as `kubectl get` asks for them: the server makes the columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flinktop.engine.clock import Clock
from tests.kubernetes.apiserver.kinds import FLINK, Kind
from tests.kubernetes.objects import CREATED, Object, seconds_of

WIDE = 1
"""The priority of columns that only `-o wide` shows."""
_STEPS: Final = ((60 * 2, 1, "s"), (60 * 180, 60, "m"), (3600 * 48, 3600, "h"))


def age(seconds: float) -> str:
    """A duration as the AGE column has it, without its smaller part."""
    for below, unit, letter in _STEPS:
        if seconds < below:
            return f"{int(seconds // unit)}{letter}"
    return f"{int(seconds // 86400)}d"


def _age(given: Object) -> str:
    created = seconds_of(given["metadata"].get("creationTimestamp")) or CREATED
    return age(max(0.0, Clock().wall() - created))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, and what an object has there."""

    name: str
    of: Callable[[Object], Any]
    priority: int = 0
    type: str = "string"
    format: str = ""
    description: str = ""

    def definition(self) -> dict[str, Any]:
        described = self.description or self.name
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": described,
            "priority": self.priority,
        }


def _at(*way: str) -> Callable[[Object], Any]:
    def value(given: Any) -> Any:
        for word in way:
            given = given.get(word) if isinstance(given, dict) else None
        return given

    return value


def _containers(given: Object) -> list[Object]:
    statuses: list[Object] = given.get("status", {}).get("containerStatuses", [])
    return statuses


def _ready(given: Object) -> str:
    ready = sum(bool(each.get("ready")) for each in _containers(given))
    return f"{ready}/{len(given['spec']['containers'])}"


def _pod_status(given: Object) -> str:
    """As the API server sums a pod up in its STATUS column."""
    status = given.get("status", {})
    text: str = status.get("reason") or status.get("phase", "")
    for each in reversed(_containers(given)):
        state = each.get("state", {})
        if reason := state.get("waiting", {}).get("reason"):
            text = reason
        elif "terminated" in state:
            ended = state["terminated"]
            text = ended.get("reason") or f"ExitCode:{ended.get('exitCode')}"
    if status.get("reason") == "Evicted":
        text = "Evicted"
    return "Terminating" if given["metadata"].get("deletionTimestamp") else text


def _restarts(given: Object) -> str:
    count = sum(each.get("restartCount", 0) for each in _containers(given))
    ends = [_at("lastState", "terminated", "finishedAt")(each) for each in _containers(given)]
    known = [at for at in map(seconds_of, ends) if at is not None]
    return f"{count} ({age(max(0.0, Clock().wall() - max(known)))} ago)" if count and known else str(count)


def _ports(given: Object) -> str:
    return ",".join(f"{port['port']}/{port['protocol']}" for port in given["spec"]["ports"])


def _selector(given: Object) -> str:
    return ",".join(f"{key}={value}" for key, value in given["spec"].get("selector", {}).items()) or "<none>"


def _last_seen(given: Object) -> str:
    series = given.get("series") or {}
    seen = given.get("lastTimestamp") or series.get("lastObservedTime") or given.get("eventTime")
    at = seconds_of(seen)
    return "<unknown>" if at is None else age(max(0.0, Clock().wall() - at))


def _object(given: Object) -> str:
    about = given["involvedObject"]
    return f"{about['kind'].lower()}/{about['name']}"


_NAME = Column("Name", _at("metadata", "name"), format="name")
_AGE = Column("Age", _age)
_NONE = "<none>"

_COLUMNS: dict[str, tuple[Column, ...]] = {
    "Namespace": (_NAME, Column("Status", _at("status", "phase")), _AGE),
    "Pod": (
        _NAME,
        Column("Ready", _ready),
        Column("Status", _pod_status),
        Column("Restarts", _restarts),
        _AGE,
        Column("IP", lambda given: given.get("status", {}).get("podIP") or _NONE, WIDE),
        Column("Node", lambda given: given["spec"].get("nodeName") or _NONE, WIDE),
        Column("Nominated Node", lambda _: _NONE, WIDE),
        Column("Readiness Gates", lambda _: _NONE, WIDE),
    ),
    "Service": (
        _NAME,
        Column("Type", _at("spec", "type")),
        Column("Cluster-IP", _at("spec", "clusterIP")),
        Column("External-IP", lambda _: _NONE),
        Column("Port(s)", _ports),
        _AGE,
        Column("Selector", _selector, WIDE),
    ),
    "Event": (
        Column("Last Seen", _last_seen),
        Column("Type", _at("type")),
        Column("Reason", _at("reason")),
        Column("Object", _object),
        Column("Message", _at("message")),
    ),
}
# The columns that the CRDs define.
_JOB = (
    _NAME,
    Column("Job Status", _at("status", "jobStatus", "state")),
    Column("Lifecycle State", _at("status", "lifecycleState")),
)
_SNAPSHOT = (
    _NAME,
    Column("Path", _at("status", "path")),
    Column("Result Timestamp", _at("status", "resultTimestamp")),
    Column("Snapshot State", _at("status", "state")),
)


def columns_of(kind: Kind) -> tuple[Column, ...]:
    if kind.group == FLINK:
        return _SNAPSHOT if kind.kind == "FlinkStateSnapshot" else _JOB
    return _COLUMNS[kind.kind]


def table(kind: Kind, items: list[Object], own: Object, include: str = "Metadata") -> Object:
    """A Table of objects. `include` is how much of each lies beside its row: Metadata, Object or None."""
    columns = columns_of(kind)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": own,
        "columnDefinitions": [column.definition() for column in columns],
        "rows": [
            {"cells": [column.of(each) for column in columns], "object": _beside(each, include)}
            for each in items
        ],
    }


def _beside(given: Object, include: str) -> Object | None:
    if include == "None":
        return None
    if include == "Object":
        return given
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": given["metadata"],
    }
