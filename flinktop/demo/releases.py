"""How Flink's answers differ between releases: one table of what came when and went when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

Number = tuple[int, int]

OLDEST, NEWEST = (1, 9), (99, 0)

SPANS: dict[str, dict[str, tuple[Number, Number]]] = {
    "config.features": {
        "web-cancel": ((1, 14), NEWEST),
        "web-rescale": ((1, 18), NEWEST),
        "web-history": ((1, 16), NEWEST),
    },
    "jobs-overview": {
        "pending-operators": ((2, 0), NEWEST),
        "jobType": ((2, 3), NEWEST),
        "schedulerType": ((2, 3), NEWEST),
    },
    "job": {
        "maxParallelism": ((1, 13), NEWEST),
        "job-type": ((1, 20), NEWEST),
        "schedulerType": ((2, 3), NEWEST),
        "application-id": ((2, 3), NEWEST),
        "pending-operators": ((2, 0), NEWEST),
    },
    "job-states": {"INITIALIZING": ((1, 12), NEWEST)},
    "task-states": {"INITIALIZING": ((1, 13), NEWEST), "initializing": ((1, 13), NEWEST)},
    "vertex-of-job": {
        "maxParallelism": ((1, 13), NEWEST),
        "slotSharingGroupId": ((1, 20), NEWEST),
    },
    "plan": {"type": ((1, 14), NEWEST)},
    "io": {
        "accumulated-backpressured-time": ((1, 16), NEWEST),
        "accumulated-idle-time": ((1, 16), NEWEST),
        "accumulated-busy-time": ((1, 16), NEWEST),
    },
    "execution-config": {"execution-mode": (OLDEST, (1, 20))},
    "exceptions": {
        "root-exception": (OLDEST, (1, 20)),
        "timestamp": (OLDEST, (1, 20)),
        "all-exceptions": (OLDEST, (1, 20)),
        "truncated": (OLDEST, (1, 20)),
        "exceptionHistory": ((1, 13), NEWEST),
    },
    "old-fault": {"taskManagerId": ((1, 17), NEWEST), "endpoint": ((1, 19), NEWEST)},
    "fault": {
        "location": (OLDEST, (1, 20)),
        "endpoint": ((1, 19), NEWEST),
        "taskManagerId": ((1, 17), NEWEST),
        "failureLabels": ((1, 18), NEWEST),
    },
    "job-result": {
        "name": ((2, 3), NEWEST),
        "application-id": ((2, 3), NEWEST),
        "start-time": ((2, 3), NEWEST),
        "end-time": ((2, 3), NEWEST),
    },
    "vertex": {"maxParallelism": ((1, 13), NEWEST), "aggregated": ((1, 16), NEWEST)},
    "attempt": {
        "host": (OLDEST, (1, 20)),
        "endpoint": ((1, 19), NEWEST),
        "taskmanager-id": ((1, 10), NEWEST),
        "status-duration": ((1, 16), NEWEST),
    },
    # 1.9 repeats the start in the list of subtasks alone.
    "single-attempt": {"start_time": ((1, 10), NEWEST)},
    "where": {"host": (OLDEST, (1, 20)), "endpoint": ((1, 19), NEWEST)},
    "vertex-taskmanager": {
        "host": (OLDEST, (1, 20)),
        "endpoint": ((1, 19), NEWEST),
        "taskmanager-id": ((1, 10), NEWEST),
        "aggregated": ((1, 16), NEWEST),
    },
    "backpressure": {
        "backpressureLevel": ((1, 17), NEWEST),
        "idleRatio": ((1, 13), NEWEST),
        "busyRatio": ((1, 13), NEWEST),
    },
    "checkpoint": {
        "@class": (OLDEST, (1, 14)),
        "className": ((1, 15), NEWEST),
        "savepointFormat": ((1, 17), NEWEST),
        "checkpoint_type": ((1, 12), NEWEST),
        "checkpointed_size": ((1, 15), NEWEST),
        "processed_data": ((1, 12), NEWEST),
        "persisted_data": ((1, 12), NEWEST),
    },
    "checkpoint-subtask": {
        "@class": (OLDEST, (1, 14)),
        "className": ((1, 15), NEWEST),
        "checkpointed_size": ((1, 15), NEWEST),
        "start_delay": ((1, 11), NEWEST),
        "unaligned_checkpoint": ((1, 13), NEWEST),
        "aborted": ((1, 13), NEWEST),
    },
    "alignment": {"processed": ((1, 12), NEWEST), "persisted": ((1, 12), NEWEST)},
    "checkpoint-summary": {
        "checkpointed_size": ((1, 15), NEWEST),
        "processed_data": ((1, 12), NEWEST),
        "persisted_data": ((1, 12), NEWEST),
    },
    "subtasks-summary": {"checkpointed_size": ((1, 15), NEWEST), "start_delay": ((1, 11), NEWEST)},
    "spread": dict.fromkeys(("p50", "p90", "p95", "p99", "p999"), ((1, 14), NEWEST)),
    "checkpoint-config": {
        "state_backend": ((1, 10), NEWEST),
        "unaligned_checkpoints": ((1, 12), NEWEST),
        "tolerable_failed_checkpoints": ((1, 12), NEWEST),
        "checkpoint_storage": ((1, 13), NEWEST),
        "aligned_checkpoint_timeout": ((1, 14), NEWEST),
        "checkpoints_after_tasks_finish": ((1, 14), NEWEST),
        "state_changelog_enabled": ((1, 16), NEWEST),
        "changelog_periodic_materialization_interval": ((1, 16), NEWEST),
        "changelog_storage": ((1, 16), NEWEST),
    },
    "aggregate": {"skew": ((1, 20), NEWEST)},
    "taskmanager": {
        "jmxPort": ((1, 12), NEWEST),
        "totalResource": ((1, 11), NEWEST),
        "freeResource": ((1, 11), NEWEST),
        "memoryConfiguration": ((1, 12), NEWEST),
        "assignedTasks": ((2, 3), NEWEST),
        "allocatedSlots": ((1, 13), NEWEST),
    },
    "slot": {"assignedTasks": ((2, 3), NEWEST)},
    "taskmanager-metrics": {
        "memorySegmentsAvailable": (OLDEST, (1, 20)),
        "memorySegmentsTotal": (OLDEST, (1, 20)),
        "nettyShuffleMemorySegmentsAvailable": ((1, 12), NEWEST),
        "nettyShuffleMemorySegmentsUsed": ((1, 12), NEWEST),
        "nettyShuffleMemorySegmentsTotal": ((1, 12), NEWEST),
        "nettyShuffleMemoryAvailable": ((1, 12), NEWEST),
        "nettyShuffleMemoryUsed": ((1, 12), NEWEST),
        "nettyShuffleMemoryTotal": ((1, 12), NEWEST),
    },
    "collectors": {"All": ((1, 19), NEWEST), "G1_Concurrent_GC": ((2, 0), NEWEST)},
    "log-file": {"mtime": ((1, 15), NEWEST)},
}
"""By kind of object: the first and the last release that has a key. What is not here all releases have."""

COMMITS: dict[str, tuple[str, str]] = {
    "1.9.3": ("6d23b2c", "17.04.2020 @ 19:08:57 CST"),
    "1.14.6": ("a921a4d", "2022-09-09T10:18:38+02:00"),
    "1.20.5": ("0980485", "2026-06-08T09:21:06+02:00"),
    "2.3.0": ("c0f8d1a", "2026-06-14T16:29:03+02:00"),
}
"""The releases that the demo can be."""


@dataclass(frozen=True)
class Release:
    """One release of Flink."""

    version: str = "2.3.0"

    def __post_init__(self) -> None:
        if self.version not in COMMITS:
            raise ValueError(f"the demo can be Flink {', '.join(COMMITS)}, not {self.version}")

    @cached_property
    def number(self) -> Number:
        """Major and minor."""
        major, minor, _ = self.version.split(".")
        return int(major), int(minor)

    @cached_property
    def _missing(self) -> dict[str, frozenset[str]]:
        return {
            kind: frozenset(name for name, (first, last) in spans.items() if not first <= self.number <= last)
            for kind, spans in SPANS.items()
        }

    @property
    def commit(self) -> str:
        """The short hash of its source."""
        return COMMITS[self.version][0]

    @property
    def built(self) -> str:
        """When it was built, as its /config says."""
        return COMMITS[self.version][1]

    def since(self, *number: int) -> bool:
        """Whether this is that release or a later one."""
        return self.number >= number

    def keep(self, kind: str, document: dict[str, Any]) -> dict[str, Any]:
        """The document without the keys that this release does not have."""
        missing = self._missing[kind]
        return (
            {name: value for name, value in document.items() if name not in missing} if missing else document
        )
