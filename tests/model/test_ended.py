"""What is said of what is missing, of things that have begun and of things that have ended."""

import pytest

from flinktop.flink.vertices import SubtaskBackpressure, VertexBackpressure
from flinktop.model import ended


def test_ended_things_get_no_more_metrics() -> None:
    assert ended.no_metrics("This subtask", "FINISHED") == (
        "This subtask is FINISHED: Flink has no metrics of it any more."
    )
    for state in ("RUNNING", "DEPLOYING", ""):
        assert ended.no_metrics("This subtask", state).startswith("No metrics yet")


def test_ended_things_get_no_more_accumulators() -> None:
    assert "yet" in ended.no_accumulators("RUNNING")
    assert "yet" in ended.no_accumulators("")
    assert ended.no_accumulators("FINISHED") == "No accumulators: the job's code has none."
    assert ended.no_accumulators("FAILED").endswith("or they were not sent before it ended.")


def test_vertices_of_a_job_that_has_ended_do_not_come_any_more() -> None:
    assert ended.none_of("vertices", "INITIALIZING") == "No vertices yet: the job is not running."
    assert ended.none_of("vertices", "FAILED") == "No vertices: the job is FAILED and never had any."


@pytest.mark.parametrize(
    ("subtasks", "known"),
    [
        ((), False),
        # 1.14 to 1.20 of a vertex that has ended, and 2.3.
        ((SubtaskBackpressure(0, ratio=0.0, idle_ratio=0.0, busy_ratio=float("nan")),), False),
        ((SubtaskBackpressure(0, ratio=0.0, idle_ratio=0.0, busy_ratio=0.0),), False),
        ((SubtaskBackpressure(0, ratio=0.0, idle_ratio=0.9, busy_ratio=0.1),), True),
        # Up to 1.12: sampled.
        ((SubtaskBackpressure(0, ratio=0.0),), True),
    ],
)
def test_last_numbers_are_detected(subtasks: tuple[SubtaskBackpressure, ...], known: bool) -> None:  # noqa: FBT001 -- a case
    assert ended.has_numbers(VertexBackpressure(status="ok", subtasks=subtasks)) is known
    assert not ended.has_numbers(None)
