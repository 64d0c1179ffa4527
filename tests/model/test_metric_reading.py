"""Numbers of metrics in their units, as Flink's reference of metrics gives them."""

import pytest

from flinktop.model.metric_reading import reading

NOW = 1_795_320_738.0  # 2026-11-22 04:12:18 UTC


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        ("Status.JVM.Memory.Heap.Used", 402_653_184, "384 MB"),
        ("Status.JVM.Memory.NonHeap.Max", -1, ""),
        ("Status.JVM.Memory.Direct.MemoryUsed", 1536, "1.5 kB"),
        ("Status.JVM.Memory.Direct.Count", 1536, ""),
        ("Status.Flink.Memory.Managed.Total", 0, "0 B"),
        ("Status.Shuffle.Netty.UsedMemory", 32_768, "32 kB"),
        ("Status.Shuffle.Netty.UsedMemorySegments", 32_768, ""),
        ("Status.Shuffle.Netty.RequestedMemoryUsage", 12, ""),
        ("Status.JVM.CPU.Time", 90_000_000_000, "1 m"),
        ("Status.JVM.CPU.Load", 0.5, ""),
        ("Status.JVM.GarbageCollector.All.Time", 90_000, "1 m"),
        ("Status.JVM.GarbageCollector.All.TimeMsPerSecond", 4, ""),
        ("lastCheckpointSize", 20_480, "20 kB"),
        ("lastCheckpointFullSize", 20_480, "20 kB"),
        ("lastCheckpointProcessedData", 20_480, "20 kB"),
        ("lastCheckpointDuration", 6700, "6.7 s"),
        ("lastCheckpointDuration", -1, ""),
        ("lastCheckpointRestoreTimestamp", 1_795_320_725_693, "04:12:05"),
        ("lastCheckpointRestoreTimestamp", -1, ""),
        ("lastCheckpointCompletedTimestamp", 0, ""),
        ("lastCompletedCheckpointId", 20_480, ""),
        ("uptime", 6_300_000, "1 h 45 m"),
        ("restartingTime", 0, "0 ms"),
        ("numRestarts", 3, ""),
        ("Calc[12].numBytesIn", 2048, "2.0 kB"),
        ("0.Source__a_b.numBytesOutPerSecond", 2048.5, "2.0 kB/s"),
        ("numRecordsIn", 2048, ""),
        ("mailboxQueueSize", 2048, ""),
        ("Shuffle.Netty.Input.Buffers.inputQueueSize", 2048, "2.0 kB"),
        ("Shuffle.Netty.Input.Buffers.inPoolUsage", 0.5, ""),
        # Its name sounds like milliseconds, and it is nanoseconds.
        ("checkpointAlignmentTime", 987_955, "0.99 ms"),
        ("3.checkpointAlignmentTime", 2_500_000_000, "2.5 s"),
        ("checkpointStartDelayNanos", 1_500_000, "1.50 ms"),
        ("checkpointStartDelayNanos", 14_000_000, "14 ms"),
        ("accumulateBusyTimeMs", 6_300_000, "1 h 45 m"),
        ("busyTimeMsPerSecond", 500, ""),
        ("mailboxLatencyMs_p99", 14, "14 ms"),
        ("Source__a.currentEmitEventTimeLag", 1200, "1.2 s"),
        ("Source__a.sourceIdleTime", 1200, "1.2 s"),
        ("Source__a.pendingBytes", 2048, "2.0 kB"),
        ("Source__a.pendingRecords", 2048, ""),
        ("runningTimeTotal", 90_000, "1 m"),
        ("runningState", 1, ""),
        ("maxHardBackPressureTimeMs", 406, "406 ms"),
        ("estimatedTimeToConsumeBuffersMs", 1500, "1.5 s"),
        ("debloatedBufferSize", 32_768, "32 kB"),
        # Records, though its name ends as that of the buffers in bytes does.
        ("map.asyncStateProcessing.activeBufferSize", 32_768, ""),
        ("System.Network.eth0.ReceiveRate", 2048, "2.0 kB/s"),
        ("System.Memory.Available", 402_653_184, "384 MB"),
        ("latency.source_id.b1.operator_id.b2.operator_subtask_index.0.latency_p99", 14, "14 ms"),
        # A program's own: what they count is not known, unless the name says so.
        ("my.lastSeenTime", 1_795_320_725_693, ""),
        ("map.parseTime", 90_000, ""),
        ("map.sessionDuration", 90_000, ""),
        ("map.stateBufferSize", 90_000, ""),
        ("map.skippedMegaBytes", 90_000, ""),
        ("map.myTimestamp", 1_795_320_725_693, ""),
        ("map.latency", 90_000, ""),
        ("map.parseMs", 90_000, "1 m"),
        ("map.parseNanos", 90_000, "0.09 ms"),
        ("map.items", 90_000, ""),
        ("uptime", float("nan"), ""),
        ("uptime", float("inf"), ""),
        ("uptime", None, ""),
        ("", 1.0, ""),
    ],
)
def test_a_number_is_shown_in_its_unit_and_raw_without_one(
    metric: str, value: float | None, words: str
) -> None:
    assert reading(metric, value, 0.0, NOW) == words
