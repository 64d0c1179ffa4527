"""Exceptions are found in whatever a person has: a trace, a log, a JSON answer, however large."""

from __future__ import annotations

import json
import time

import pytest

from flinktop.known.recognise import of_text
from flinktop.known.traces import MOST_CAUSES, events
from tests.known.examples import FRAMES

HEAP = "java.lang.OutOfMemoryError: Java heap space"
LINE = "2026-11-30 13:00:00,001"
LOGGED = f"{LINE} WARN  a.B [] - Container c_1 marked as failed. Connection to ZooKeeper lost."
HIDDEN = "org.apache.flink.util.SerializedThrowable"
TIMED_OUT = "java.util.concurrent.TimeoutException: Heartbeat of TaskManager with id tm-1 timed out."


def found(text: str) -> list[tuple[str, int]]:
    return [(one.failure.id, one.line) for one in of_text(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n\n", []),
        ("hello", []),
        (HEAP, [("oom-heap", 1)]),
        (f"{HEAP}\r\n\tat a.B.c(B.java:1)\r\n", [("oom-heap", 1)]),
        (f"a.BException: x\n{FRAMES}\nCaused by: {HEAP}\n{FRAMES}", [("oom-heap", 5)]),
        (f'Exception in thread "main" {HEAP}\n{FRAMES}', [("oom-heap", 1)]),
        (f"Caused by: {HEAP}\n{FRAMES}", [("oom-heap", 1)]),
        (f"{HEAP}\n{FRAMES}\n\n{TIMED_OUT}\n{FRAMES}", [("oom-heap", 1), ("heartbeat-taskmanager", 6)]),
        (f"2026-11-30 13:00:00,001 WARN  a.B [] - it failed: {HEAP}\nnext", [("oom-heap", 1)]),
        (f"2026-11-30 13:00:00,001 WARN  a.B [] - it failed:\n{HEAP}\n{FRAMES}", [("oom-heap", 2)]),
        (f"[ERROR] Could not execute SQL statement. Reason:\n{HEAP}", [("oom-heap", 2)]),
        (f"2026-11-30 13:00:00,001 WARN  a.B [] - {HEAP} and more", [("oom-heap", 1)]),
        (f"a.BException: x\n{FRAMES}\n2026-11-30 13:00:00,001 INFO  a.B [] - y\n\tCaused by: {HEAP}", []),
    ],
)
def test_where_a_failure_is_found(text: str, expected: list[tuple[str, int]]) -> None:
    assert found(text) == expected


def test_a_message_of_several_lines_is_whole() -> None:
    text = f"a.BException: x\n{FRAMES}\nCaused by: a.CException: first\n\nsecond\n{FRAMES}\nnot of it\n"
    (event,) = events(text)
    assert [one.message for one in event.chain] == ["x", "first\n\nsecond"]
    assert [one.line for one in event.chain] == [1, 5]


def test_traces_in_a_json_answer_of_flink_are_found() -> None:
    history = [{"exceptionName": "x", "stacktrace": f"{one}\n{FRAMES}\n"} for one in (HEAP, TIMED_OUT)]
    answer = json.dumps(
        {"root-exception": f"a.BException: c\n{FRAMES}", "exceptionHistory": {"entries": history}}
    )
    assert found(f"{answer}\n") == [("oom-heap", 1), ("heartbeat-taskmanager", 1)]
    errors = json.dumps(
        {"errors": ["Internal server error.", f"<Exception on server side:\n{HEAP}\n{FRAMES}"]}
    )
    assert found(errors) == [("oom-heap", 1)]


def test_a_trace_of_100_000_lines_is_read_to_its_end() -> None:
    text = "a.BException: x\n" + f"{FRAMES}\n" * 33_333 + f"Caused by: {HEAP}\n{FRAMES}\n"
    assert found(text) == [("oom-heap", 100_001)]


def test_of_endless_causes_the_first_and_the_deepest_are_kept() -> None:
    text = "".join(f"Caused by: a.BException: {number}\n{FRAMES}\n" for number in range(5000))
    (event,) = events(f"{TIMED_OUT}\n{text}Caused by: {HEAP}")
    assert len(event.chain) <= 2 * MOST_CAUSES
    assert event.chain[0].name == "java.util.concurrent.TimeoutException"
    assert event.chain[-1].message == "Java heap space"


def test_a_line_of_5_mb_is_read() -> None:
    record = "{" * 5_000_000
    assert found(f"java.io.IOException: Failed to deserialize JSON '{record}'.") == [("record-json", 1)]
    assert found(f"{record} {HEAP}") == []
    assert found(f"{'a.' * 2_500_000}\n{HEAP}") == [("oom-heap", 2)]


@pytest.mark.long
@pytest.mark.parametrize(
    "text",
    [
        "a.BException: x\n" + f"{FRAMES}\n" * 33_333 + f"Caused by: {HEAP}\n",
        f"a.BException: x\n{FRAMES}\nCaused by: {HEAP}\n" * 20_000,
        "x" * 5_000_000,
        "a." * 2_500_000,
        "a.Exception: " * 400_000,
        "\\n\\tat a.b" * 500_000,
        f"java.io.IOException: Failed to deserialize JSON '{'{' * 5_000_000}",
        f"{LINE} INFO  a.B [] - Map (1/2)#0 (ab12) switched from RUNNING to FAILED.\n" * 100_000 + LOGGED,
        f"{LINE} ERROR a.B [] - Exception of {HEAP}\n" * 100_000,
        f"{LOGGED}\n" * 100_000,
        f"{HIDDEN}: nothing that is known\n" * 100_000,
        "java.io.IOException: nothing that is known\n" * 100_000,
    ],
    ids=[
        "frames",
        "traces",
        "one word",
        "dots",
        "classes",
        "escaped",
        "a message",
        "a log",
        "errors",
        "known lines",
        "hidden classes",
        "a class of many failures",
    ],
)
def test_huge_texts_are_read_within_a_second(text: str) -> None:
    begin = time.process_time()
    list(of_text(text))
    assert time.process_time() - begin < 1.0
