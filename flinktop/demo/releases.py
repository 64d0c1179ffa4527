"""How Flink's answers differ between releases: two tables of what came and went with which."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

CAME: dict[tuple[int, int], str] = {
    (1, 10): "taskmanager-id /start_time state_backend numRestarts isBackPressured",
    (1, 11): "totalResource freeResource start_delay checkpointStartDelayNanos idleTimeMsPerSecond",
    (1, 12): "jmxPort memoryConfiguration checkpoint_type processed_data persisted_data processed persisted "
    "unaligned_checkpoints tolerable_failed_checkpoints lastCheckpointProcessedData "
    "lastCheckpointPersistedData nettyShuffleMemorySegmentsAvailable nettyShuffleMemorySegmentsUsed "
    "nettyShuffleMemorySegmentsTotal nettyShuffleMemoryAvailable nettyShuffleMemoryUsed "
    "nettyShuffleMemoryTotal Metaspace Managed UsedMemory UsedMemorySegments AvailableMemory TotalMemory",
    # Jobs have been INITIALIZING since 1.12.
    (1, 13): "INITIALIZING initializing maxParallelism exceptionHistory idleRatio busyRatio aborted "
    "unaligned_checkpoint checkpoint_storage allocatedSlots busyTimeMsPerSecond backPressuredTimeMsPerSecond",
    (1, 14): "web-cancel plan/type p50 p90 p95 p99 p999 aligned_checkpoint_timeout "
    "checkpoints_after_tasks_finish pendingRecords currentEmitEventTimeLag",
    (1, 15): "className checkpointed_size mtime RequestedMemoryUsage lastCheckpointFullSize runningTime "
    "createdTime initializingTime deployingTime failingTime cancellingTime inputQueueSize outputQueueSize "
    "softBackPressuredTimeMsPerSecond hardBackPressuredTimeMsPerSecond maxSoftBackPressureTimeMs "
    "maxHardBackPressureTimeMs numRecordsSend numRecordsSendErrors numBytesSend",
    (1, 16): "web-history aggregated status-duration accumulated-backpressured-time accumulated-idle-time "
    "accumulated-busy-time state_changelog_enabled changelog_periodic_materialization_interval "
    "changelog_storage accumulateBusyTimeMs accumulateBackPressuredTimeMs accumulateIdleTimeMs "
    "mailboxMailsPerSecond mailboxQueueSize mailboxLatencyMs",
    (1, 17): "taskManagerId backpressureLevel savepointFormat lastCompletedCheckpointId",
    (1, 18): "web-rescale failureLabels changelogBusyTimeMsPerSecond initializationTime",
    (1, 19): "endpoint All TimeMsPerSecond",
    (1, 20): "job-type slotSharingGroupId skew numFiredTimers numFiredTimersPerSecond operator/numBytesIn "
    "operator/numBytesInPerSecond operator/numBytesOut operator/numBytesOutPerSecond",
    (2, 0): "pending-operators stream-graph G1_Concurrent_GC numRescales lastCheckpointCompletedTimestamp",
    (2, 1): "FileDescriptor",
    (2, 2): "lastCheckpointMetadataSize allSubTasksRunningOrFinishedTime",
    (2, 3): "jobType schedulerType application-id assignedTasks job-execution-result/name "
    "job-execution-result/start-time job-execution-result/end-time",
}
"""Keys of documents and parts of metrics' ids; a slash parts what one is in, if it matters, from its name."""

WENT: dict[tuple[int, int], str] = {  # the same that this release was the first without
    (1, 11): "lastCheckpointAlignmentBuffered",
    (1, 15): "@class",
    (2, 0): "host location execution-mode root-exception all-exceptions /timestamp /truncated fullRestarts "
    "memorySegmentsAvailable memorySegmentsTotal Network buffers",
}

COMMITS: dict[str, tuple[str, str]] = {
    "1.9.3": ("6d23b2c", "17.04.2020 @ 19:08:57 CST"),
    "1.14.6": ("a921a4d", "2022-09-09T10:18:38+02:00"),
    "1.20.5": ("0980485", "2026-06-08T09:21:06+02:00"),
    "2.3.0": ("c0f8d1a", "2026-06-14T16:29:03+02:00"),
}
"""The releases that the demo can be: the short hash of the source, and when it was built."""


class Release:
    """One release of Flink."""

    def __init__(self, version: str = "2.3.0") -> None:
        if version not in COMMITS:
            raise ValueError(f"the demo can be Flink {', '.join(COMMITS)}, not {version}")
        self.version = version
        major, minor, _ = version.split(".")
        self.number = int(major), int(minor)
        later = (names for number, names in CAME.items() if number > self.number)
        gone = (names for number, names in WENT.items() if number <= self.number)
        self._lacks = frozenset(" ".join((*later, *gone)).split())
        self._lacks_in: dict[str, frozenset[str]] = {}  # by the key of the object they would be in
        for inside, slash, name in (one.rpartition("/") for one in self._lacks):
            if slash:
                self._lacks_in[inside] = self._lacks_in.get(inside, self._lacks) | {name}
        self.has = cache(self._has)  # whether a metric is among its own, by the parts of the id

    def since(self, *number: int) -> bool:
        return self.number >= number

    def own(self, metrics: dict[str, T]) -> dict[str, T]:
        return {name: value for name, value in metrics.items() if self.has(name)}

    def _has(self, metric: str) -> bool:
        return self._lacks.isdisjoint((metric, *metric.split(".")))

    def keep(self, value: Any, inside: str = "") -> Any:
        """A document without the keys that this release does not have; `inside` is the key it stands at.

        Documents that are lists are of metrics and of settings, which have the same keys in every release;
        tuples are left as they are.
        """
        if isinstance(value, dict):
            lacks = self._lacks_in.get(inside, self._lacks)
            return {
                name: self.keep(one, name) if isinstance(one, dict | list) else one
                for name, one in value.items()
                if name not in lacks
            }
        return [self.keep(one, inside) for one in value] if isinstance(value, list) and inside else value
