"""Which cause matters, what is the same fault, and what of a stack is noise."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.decode import decode
from flinktop.flink.exceptions import Fault, JobExceptions
from flinktop.model import faults

FIXTURES = Path(__file__).parent.parent / "fixtures"
INNER = 'NumberFormatException: For input string: "twelve [red]"'


def recorded(release: str, job: str) -> JobExceptions:
    body = (FIXTURES / release / f"jobs.{job}.exceptions.json").read_bytes()
    return decode(body, JobExceptions).value


def fault(at: int, trace: str, task: str | None = "Map (1/2) - execution #0") -> Fault:
    return Fault(exception_name="x.Y", stacktrace=trace, timestamp=at, task_name=task)


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5", "2.3.0"])
@pytest.mark.parametrize("job", ["failing", "failed"])
def test_the_deepest_cause_is_the_reason_in_every_release(release: str, job: str) -> None:
    for one in recorded(release, job).faults:
        assert faults.reason(one) == INNER


def test_the_only_failure_of_1_9_has_its_reason_and_task() -> None:
    [one] = recorded("1.9.3", "failed").faults
    assert faults.reason(one) == INNER
    assert faults.task(one.task_name) == faults.Task(
        "parse <i>json</i> -> Timestamps/Watermarks -> risky [red]", 1, 2, None
    )


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5", "2.3.0"])
def test_repeats_are_one_group_though_their_data_subtask_and_attempt_differ(release: str) -> None:
    told = recorded(release, "failing").faults
    [group] = faults.groups(told)
    assert group.count == len(told) > 1
    assert group.latest.timestamp == max(one.timestamp for one in told)
    assert group.first.timestamp == min(one.timestamp for one in told)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Map (2/4) - execution #3", faults.Task("Map", 1, 4, 3)),
        ("Map (2/4)", faults.Task("Map", 1, 4, None)),
        ("Map (2/4)#1", faults.Task("Map", 1, 4, 1)),
        ("Map (a) -> (b) (10/12) - execution #0", faults.Task("Map (a) -> (b)", 9, 12, 0)),
        ("no numbers", faults.Task("no numbers")),
        ("", None),
        (None, None),
    ],
)
def test_the_parts_of_a_tasks_name(name: str | None, expected: faults.Task | None) -> None:
    assert faults.task(name) == expected


@pytest.mark.parametrize(
    ("trace", "reason"),
    [
        ("a.B: outer\n\tat x.Y.z(Y.java:1)\nCaused by: c.D: inner\n\tat x.Y.z(Y.java:2)", "D: inner"),
        ("a.B: outer\nCaused by: java.nio.channels.ClosedChannelException", "B: outer"),
        (
            "a.B: outer\nCaused by: java.lang.NullPointerException\n\tat x.Y.z(Y.java:2)",
            "NullPointerException",
        ),
        ("java.nio.channels.ClosedChannelException", "ClosedChannelException"),
        ("a.B: two\nlines: here\n\tat x.Y.z(Y.java:1)", "B: two lines: here"),
        ("a.Outer$Inner: why", "Inner: why"),
        ("not a trace at all", "not a trace at all"),
    ],
)
def test_the_cause_that_matters(trace: str, reason: str) -> None:
    assert faults.reason(fault(0, trace)) == (
        reason if reason != "not a trace at all" else ": " + reason
    ).lstrip(": ")


def test_a_fault_without_a_trace_is_called_by_its_class() -> None:
    assert faults.reason(Fault(exception_name="a.b.Gone")) == "Gone"


def test_faults_of_other_places_and_other_tasks_are_other_faults() -> None:
    here = "a.B: 1\n\tat x.Y.z(Y.java:1)"
    there = "a.B: 1\n\tat x.Y.z(Y.java:99)"
    assert len(faults.groups([fault(3, here), fault(2, there), fault(1, here)])) == 2
    assert len(faults.groups([fault(3, here), fault(2, here, "Sink (1/2)")])) == 2
    # No place told: the message decides, but not its numbers.
    assert len(faults.groups([fault(3, "a.B: id 17"), fault(2, "a.B: id 4")])) == 1
    assert len(faults.groups([fault(3, "a.B: id 17"), fault(2, "a.B: name 4")])) == 2


def test_the_first_fault_of_a_loop_is_found_across_different_faults() -> None:
    minute = 60_000
    told = faults.groups(
        [
            fault(100 * minute, "a.Later: x"),
            fault(95 * minute, "a.Later: x"),
            fault(90 * minute, "a.First: disk full"),
            fault(10 * minute, "a.Old: long ago"),
        ]
    )
    start = faults.loop_start(told)
    assert start is not None
    assert faults.reason(start) == "First: disk full"


def test_one_fault_alone_is_no_loop() -> None:
    assert faults.loop_start(faults.groups([fault(5, "a.B: x")])) is None
    assert faults.loop_start(()) is None


def test_dropped_faults_between_first_and_latest_are_no_gap() -> None:
    newest, oldest = fault(10_000_000, "a.B: x"), fault(1, "a.B: x")
    group = faults.FaultGroup("k", oldest, newest, 300, (newest, oldest))
    assert faults.loop_start((group,)) is oldest
    assert faults.loop_start((faults.FaultGroup("k", oldest, newest, 2, (newest, oldest)),)) is None


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5", "2.3.0"])
def test_a_folded_stack_keeps_the_programs_own_frames_and_every_cause(release: str) -> None:
    trace = recorded(release, "failing").faults[0].stacktrace
    whole, short = faults.stack(trace, folded=False), faults.stack(trace)
    assert len(short) < len(whole)
    own = [line.text for line in whole if line.kind == "frame"]
    assert [line.text for line in short if line.kind == "frame"] == own
    assert sum(line.kind == "cause" for line in short) == trace.count("Caused by: ") + 1
    hidden = sum(int(line.text.split()[1]) for line in short if line.kind == "folded")
    shown = sum(line.kind in ("frame", "other") for line in short)
    assert hidden + shown == sum(line.kind in ("frame", "other") for line in whole)
    assert hidden + shown == trace.count("\n\tat ")


def test_connectors_are_not_folded_away() -> None:
    trace = "a.B: x\n\tat org.apache.flink.A.b(A.java:1)\n\tat org.apache.flink.connector.kafka.C.d(C.java:2)"
    assert [line.kind for line in faults.stack(trace)] == ["cause", "other", "frame"]


def test_wrappers_are_distinguished_from_causes() -> None:
    trace = recorded("2.3.0", "failed").faults[0].stacktrace
    kinds = [line.kind for line in faults.stack(trace) if line.kind in ("cause", "wrapper")]
    assert kinds == ["wrapper", "cause", "cause"]


def test_parsed_causes_keep_no_reference_to_long_texts() -> None:
    trace = "a.B: " + "x" * 50_000 + "\n\tat p.Q.r(Q.java:1)"
    held = sys.getrefcount(trace)
    assert faults.causes(trace)[0].name == "a.B"
    assert sys.getrefcount(trace) == held
    assert len(faults.key(fault(0, "a.B: " + "x" * 50_000))) < 100


@given(st.text(max_size=300))
def test_any_text_has_a_reason_and_a_stack(text: str) -> None:
    one = fault(0, text)
    assert faults.reason(one)
    assert faults.groups([one])[0].count == 1
    faults.stack(text)
    json.dumps([line.text for line in faults.stack(text, folded=False)])
