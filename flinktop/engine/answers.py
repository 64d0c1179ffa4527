"""The newest answers of one cluster that judgement rests on; see model/look.py for what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.errors import NotFound
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.features import Features, features
from flinktop.flink.metrics import (
    JOB_METRICS,
    JOBMANAGER_METRICS,
    SUBTASKS_METRICS,
    TASKMANAGER_METRICS,
    TASKMANAGERS_METRICS,
    VERTEX_METRICS,
)
from flinktop.model import faults
from flinktop.model.look import Taken

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flinktop.flink.endpoint import Endpoint, Query
    from flinktop.flink.errors import FlinkError
    from flinktop.model.kubernetes import KubernetesState

T = TypeVar("T")

METRICS: Final = frozenset(
    id(one)
    for one in (JOB_METRICS, JOBMANAGER_METRICS, SUBTASKS_METRICS, TASKMANAGER_METRICS, VERTEX_METRICS)
)
"""Endpoints whose answers are put together by metric id, as each asks for some of them."""
FORGOTTEN_MS: Final = 120_000.0
"""A metric that was not answered for so long is dropped."""

_Key = tuple[int, tuple[tuple[str, str], ...]]  # an endpoint's identity and its ids, without parameters


class Answers:
    """Takes answers and gives them by endpoint and ids; times are ms since 1970 by the cluster's clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.kubernetes: KubernetesState | None = None
        self._newest: dict[_Key, Taken[Any]] = {}
        self._errors: dict[_Key, FlinkError] = {}
        self._metrics: dict[_Key, dict[str, Taken[Any]]] = {}
        self._listed: dict[_Key, Taken[tuple[str, ...]]] = {}
        self._groups: dict[Query[Any], Taken[Any]] = {}
        self._features: tuple[object, Features] = None, features(None)

    def take(self, query: Query[Any], value: Any, at: float) -> None:
        """Keep an answer that came at `at`."""
        key = _key(query)
        self._errors.pop(key, None)
        if query.endpoint is TASKMANAGERS_METRICS:
            self._groups[query] = Taken(value, at)
        elif id(query.endpoint) not in METRICS:
            known = faults.bounded(value) if query.endpoint is EXCEPTIONS else value
            self._newest[key] = Taken(known, at)
        elif any(name == "get" for name, _ in query.params):
            known = self._metrics.setdefault(key, {})
            known.update((metric.id, Taken(metric, at)) for metric in value)
        else:
            self._listed[key] = Taken(tuple(metric.id for metric in value), at)

    def fail(self, query: Query[Any], error: FlinkError) -> None:
        """Keep why the newest request failed; what was answered before stays, unless it is gone."""
        key = _key(query)
        self._errors[key] = error
        if isinstance(error, NotFound):
            self._newest.pop(key, None)
            self._metrics.pop(key, None)

    def forget_error(self, query: Query[Any]) -> None:
        """Forget why a request failed, as it was answered now."""
        self._errors.pop(_key(query), None)

    @property
    def features(self) -> Features:
        """What the server supports, by its newest /config."""
        config, overview = self.newest(CONFIG), self.error(OVERVIEW)
        known = config.value if config is not None else None, isinstance(overview, NotFound)
        if known != self._features[0]:
            self._features = known, features(known[0], known[0] is not None and known[1])
        return self._features[1]

    def newest(self, endpoint: Endpoint[T], /, **ids: str) -> Taken[T] | None:
        """The newest answer, whatever was asked in the query string; of metrics there is none."""
        return cast("Taken[T] | None", self._newest.get(_named(endpoint, ids)))

    def error(self, endpoint: Endpoint[Any], /, **ids: str) -> FlinkError | None:
        """Why the newest request failed; None when it did not."""
        return self._errors.get(_named(endpoint, ids))

    def answer(self, query: Query[T], /) -> Taken[T] | None:
        """The newest answer to exactly this query about a group of TaskManagers."""
        return self._groups.get(query)

    def metrics(self, endpoint: Endpoint[Any], /, **ids: str) -> Mapping[str, Taken[Any]]:
        """The newest of each metric, by its id."""
        return self._metrics.get(_named(endpoint, ids), {})

    def listed(self, endpoint: Endpoint[Any], /, **ids: str) -> tuple[str, ...] | None:
        """The ids of the metrics that there are; None when the list was not asked for."""
        taken = self._listed.get(_named(endpoint, ids))
        return taken.value if taken is not None else None

    def keep(self, jobs: Collection[str], taskmanagers: Collection[str]) -> None:
        """Drop what is known of other jobs and TaskManagers, and metrics that nothing asks for any more."""
        for kept in (self._newest, self._errors, self._metrics, self._listed):
            for key in [key for key in kept if not _is_of(key[1], jobs, taskmanagers)]:
                del kept[key]
        self._groups = {
            query: taken for query, taken in self._groups.items() if self.now - taken.at <= FORGOTTEN_MS
        }
        for known in self._metrics.values():
            for name in [name for name, taken in known.items() if self.now - taken.at > FORGOTTEN_MS]:
                del known[name]

    def forget_job(self, job: str) -> None:
        """Drop all that is known of a job."""
        for kept in (self._newest, self._errors, self._metrics, self._listed):
            for key in [key for key in kept if dict(key[1]).get("job") == job]:
                del kept[key]


def _key(query: Query[Any]) -> _Key:
    return id(query.endpoint), query.ids


def _named(endpoint: Endpoint[Any], ids: Mapping[str, str]) -> _Key:
    return id(endpoint), tuple((name, ids[name]) for name in endpoint.names)


def _is_of(ids: tuple[tuple[str, str], ...], jobs: Collection[str], taskmanagers: Collection[str]) -> bool:
    named = dict(ids)
    job, taskmanager = named.get("job"), named.get("taskmanager")
    return (job is None or job in jobs) and (taskmanager is None or taskmanager in taskmanagers)
