"""Differences between releases and Flink's ways of saying "not known", folded on the types."""

import json
from typing import Any, TypeVar

import pytest

from flinktop.flink.checkpoints import Checkpoint, CheckpointConfig, CheckpointStats, CheckpointSubtask
from flinktop.flink.cluster import Config, ConfigFeatures
from flinktop.flink.decode import decode
from flinktop.flink.exceptions import JobExceptions
from flinktop.flink.features import Features, features, release
from flinktop.flink.jobs import subtasks_by_state, unescaped
from flinktop.flink.metrics import Metric, watermark
from flinktop.flink.numbers import LONG_MAX, LONG_MIN
from flinktop.flink.taskmanagers import TaskManagerDetails
from flinktop.flink.vertices import Attempt, FlameGraph, IoMetrics, VertexBackpressure

T = TypeVar("T")


def told(document: Any, kind: type[T]) -> T:
    decoded = decode(json.dumps(document).encode(), kind)
    assert decoded.drift == ()
    return decoded.value


def test_class_names_of_checkpoints_old_and_new() -> None:
    assert told({"@class": "completed"}, Checkpoint).kind == "completed"
    assert told({"className": "failed"}, Checkpoint).kind == "failed"
    assert told({"status": "IN_PROGRESS"}, Checkpoint).kind == "in_progress"


def test_checkpoint_sizes_old_and_new() -> None:
    old = told({"state_size": 10}, Checkpoint)
    new = told({"state_size": 100, "checkpointed_size": 10}, Checkpoint)
    assert (old.written, old.full_size) == (10, None)
    assert (new.written, new.full_size) == (10, 100)
    assert told({"index": 0, "state_size": 10}, CheckpointSubtask).written == 10
    stats = told({"summary": {"state_size": {"max": 3}}}, CheckpointStats)
    assert stats.summary.written.max == 3.0


def test_minus_one_reads_as_none() -> None:
    pending = told({"end_to_end_duration": -1, "latest_ack_timestamp": -1}, Checkpoint)
    assert (pending.duration, pending.acknowledged_at) == (None, None)
    assert told({"end_to_end_duration": 0, "latest_ack_timestamp": 5}, Checkpoint).duration == 0
    assert told({"index": 1, "status": "pending_or_failed"}, CheckpointSubtask).duration is None


@pytest.mark.parametrize(("interval", "known"), [(LONG_MAX, None), (-1, None), (0, None), (5000, 5000)])
def test_periodic_checkpoints_that_are_off(interval: int, known: int | None) -> None:
    assert told({"interval": interval}, CheckpointConfig).interval == known


def test_hosts_old_and_new() -> None:
    assert told({"host": "a:1"}, Attempt).where == "a:1"
    assert told({"host": "a", "endpoint": "a:1"}, Attempt).where == "a:1"
    assert told({"endpoint": "a:1"}, Attempt).where == "a:1"


def test_totals_that_are_not_known_yet() -> None:
    metrics = told(
        {"read-bytes": 5, "read-bytes-complete": False, "write-records": 7, "write-records-complete": True},
        IoMetrics,
    )
    assert (metrics.bytes_in, metrics.records_out, metrics.bytes_out, metrics.records_in) == (
        None,
        7,
        None,
        None,
    )


def test_backpressure_old_and_new() -> None:
    assert told({"status": "deprecated"}, VertexBackpressure).level == ""
    assert told({"backpressureLevel": "low"}, VertexBackpressure).level == "low"
    value = told(
        {
            "backpressure-level": "high",
            "subtasks": [{"subtask": 0, "backpressure-level": "ok", "ratio": "NaN"}],
        },
        VertexBackpressure,
    )
    assert (value.level, value.subtasks[0].level, value.subtasks[0].ratio) == ("high", "ok", None)


# -- exceptions --------------------------------------------------------------------------------------

TRACE = "java.lang.IllegalStateException: bad row\n\tat a.b(C.java:1)"


def test_exceptions_of_1_9() -> None:
    other = "java.lang.Error: x y"
    value = told(
        {
            "root-exception": TRACE,
            "timestamp": 5,
            "all-exceptions": [
                {"exception": TRACE, "task": "map (1/2)", "location": "host:1", "timestamp": 5},
                {"exception": other, "task": "map (2/2)", "location": "(unassigned)", "timestamp": 6},
            ],
            "truncated": True,
        },
        JobExceptions,
    )
    (fault,) = value.faults
    assert (fault.exception_name, fault.timestamp, fault.task_name, fault.where) == (
        "java.lang.IllegalStateException",
        5,
        "map (1/2)",
        "host:1",
    )
    assert fault.sentence == "bad row"
    assert [also.stacktrace for also in fault.concurrent_exceptions] == [other]
    assert fault.concurrent_exceptions[0].where == ""
    assert value.truncated


def test_exceptions_of_1_13_to_1_20_are_listed_once() -> None:
    entry = {
        "exceptionName": "a.B",
        "stacktrace": TRACE,
        "timestamp": 5,
        "taskName": "t",
        "location": "host:1",
    }
    value = told(
        {
            "root-exception": TRACE,
            "timestamp": 5,
            "all-exceptions": [],
            "truncated": False,
            "exceptionHistory": {"entries": [entry], "truncated": True},
        },
        JobExceptions,
    )
    assert [fault.where for fault in value.faults] == ["host:1"]
    assert value.truncated


def test_exceptions_of_2_x() -> None:
    entry = {
        "exceptionName": "a.B",
        "stacktrace": TRACE,
        "timestamp": 5,
        "endpoint": "host:2",
        "failureLabels": {"k": "v"},
    }
    value = told({"exceptionHistory": {"entries": [entry], "truncated": False}}, JobExceptions)
    assert [(fault.where, fault.task_name, fault.failure_labels) for fault in value.faults] == [
        ("host:2", None, {"k": "v"})
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"root-exception": None, "timestamp": None, "all-exceptions": [], "truncated": False},
        {"exceptionHistory": {"entries": [], "truncated": False}},
    ],
)
def test_a_job_without_faults(document: Any) -> None:
    assert told(document, JobExceptions).faults == ()


# -- numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "known"),
    [
        (str(LONG_MIN), None),
        (LONG_MIN, None),
        (float(LONG_MIN), None),
        ("1795319018708", 1795319018708),
        (1795319018708.0, 1795319018708),
        (0, 0),
        (0.0, 0),
        (LONG_MAX, LONG_MAX),
        (float(LONG_MAX), LONG_MAX),
        (None, None),
        ("n/a", None),
        ("", None),
        (float("nan"), None),
        (float("inf"), None),
        (-5, -5),
    ],
)
def test_watermarks(value: str | float | None, known: int | None) -> None:
    assert watermark(value) == known


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5.0),
        ("0.25", 0.25),
        ("-1", -1.0),
        ("NaN", None),
        ("n/a", None),
        ("", None),
        (None, None),
        ("true", None),
    ],
)
def test_metrics_as_numbers(text: str | None, number: float | None) -> None:
    assert Metric("x", text).number == number


def test_network_buffers_and_limits_old_and_new() -> None:
    old = told(
        {"metrics": {"memorySegmentsAvailable": 5, "memorySegmentsTotal": 9, "nonHeapMax": -1}},
        TaskManagerDetails,
    )
    new = told(
        {"metrics": {"nettyShuffleMemorySegmentsAvailable": 6, "nettyShuffleMemorySegmentsTotal": 8}},
        TaskManagerDetails,
    )
    assert (old.metrics.segments_available, old.metrics.segments_total) == (5, 9)
    assert (new.metrics.segments_available, new.metrics.segments_total) == (6, 8)
    assert old.metrics.non_heap_limit is None


def test_counts_of_subtasks_in_one_spelling() -> None:
    assert subtasks_by_state({"total": 3, "running": 2, "failed": 1}) == {"RUNNING": 2, "FAILED": 1}
    assert subtasks_by_state({"RUNNING": 2}) == {"RUNNING": 2}


def test_plans_without_html() -> None:
    assert unescaped("a<br/> -&gt; b &amp;amp; c<BR>d<br/>") == "a -> b &amp; c d"
    assert unescaped("&lt;b&gt;[x]&#27;[2J") == "<b>[x][2J"


@pytest.mark.parametrize(("end", "why"), [(-1, "has ended"), (-2, "is off"), (-3, "being taken")])
def test_why_there_is_no_flame_graph(end: int, why: str) -> None:
    assert why in (told({"endTimestamp": end}, FlameGraph).missing or "")
    assert told({"endTimestamp": 5, "data": {"name": "root", "value": 1}}, FlameGraph).missing is None


# -- features ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "number"),
    [
        ("1.9.3", (1, 9, 3)),
        ("2.3-SNAPSHOT", (2, 3, 0)),
        ("1.20.5-amzn-0", (1, 20, 5)),
        ("<unknown>", None),
        ("", None),
    ],
)
def test_releases(version: str, number: tuple[int, int, int] | None) -> None:
    assert release(version) == number


def test_features_of_a_release() -> None:
    found = features(
        Config(flink_version="1.20.5", features=ConfigFeatures(web_submit=False, web_rescale=True))
    )
    assert (found.release, found.web_submit, found.web_cancel, found.web_rescale) == (
        (1, 20, 5),
        False,
        True,
        True,
    )
    assert found.has(1, 20)
    assert found.has(1, 9)
    assert not found.has(2, 0)
    assert not found.history_server


def test_an_unknown_release_counts_as_the_newest() -> None:
    assert Features().has(9, 9)
    assert features(None).release is None


def test_a_history_server_is_known_by_its_flag_or_a_missing_overview() -> None:
    marked = Config(flink_version="2.3.0", features=ConfigFeatures(web_history=True))
    assert features(marked).history_server
    assert features(Config(flink_version="1.9.3"), overview_missing=True).history_server
    assert features(None, overview_missing=True).history_server
