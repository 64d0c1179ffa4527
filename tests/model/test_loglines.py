"""Logs as entries: levels, stack traces that belong to them, what a level and a text leave."""

from __future__ import annotations

import pytest

from flinktop.flink.text import MOST
from flinktop.model import loglines

LOG = b"""\
cut off at its beginning
2026-11-22 04:10:06,019 INFO  org.apache.flink.A [] - started
2026-11-22 04:10:07,019 WARN  org.apache.flink.B [] - low on memory
2026-11-22 04:10:08,019 ERROR org.apache.flink.C [] - failed
java.lang.IllegalStateException: no INFO here
\tat org.apache.flink.C.run(C.java:1)
Caused by: java.io.IOException: disk full
2026-11-22 04:10:09,019 DEBUG org.apache.flink.D [] - ended
"""


def texts(lines: object) -> list[str]:
    return [line.text.rpartition(" - ")[2] for line in lines]  # type: ignore[attr-defined]


def test_a_stack_trace_has_the_level_of_its_entry() -> None:
    lines = loglines.read(LOG)
    assert [line.level for line in lines] == ["", "INFO", "WARN", "ERROR", "ERROR", "ERROR", "ERROR", "DEBUG"]
    assert [line.first for line in lines] == [False, True, True, True, False, False, False, True]


def test_every_line_knows_its_offset_in_the_file() -> None:
    for line in loglines.read(LOG, 1000):
        assert LOG[line.at - 1000 :].startswith(line.text.encode())


def test_a_sequence_over_line_ends_costs_no_line() -> None:
    body = b"one \x1b]0;title\ntwo\x07 three\nfour\x1b[31m red\n"
    lines = loglines.read(body)
    assert len(lines) == 3
    assert not any("\x1b" in line.text for line in lines)
    assert lines[2].text == "four red"


def test_windows_line_ends_are_line_ends() -> None:
    assert [line.text for line in loglines.read(b"a\r\nb\r\n")] == ["a", "b"]


def test_a_line_without_end_is_cut() -> None:
    first, second, third = loglines.read(b"begins " + b"x" * 1_000_000 + b" ends\nb\nc\n")
    assert len(first.text) <= MOST
    assert first.text.startswith("begins x")
    assert first.text.endswith("x ends")
    assert (second.text, second.at, third.text) == ("b", 1_000_013, "c")


def test_nothing_is_no_line() -> None:
    assert loglines.read(b"") == ()


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-22 04:10:06,019 INFO  a.B [] - x", "INFO"),
        ("04:10:06.019 [main] ERROR a.B - x", "ERROR"),
        ('{"@timestamp":"2026-11-22T04:10:06Z","level":"WARN","message":"x"}', "WARN"),
        ("[2026-11-22 04:10:06] WARNING: x", "WARN"),
        ("java.lang.Exception: ERROR", ""),
        ("2 INFORMED people", ""),
    ],
)
def test_levels_of_several_layouts(line: str, level: str) -> None:
    [read] = loglines.read(line.encode())
    assert read.level == level


def test_a_level_keeps_entries_as_bad_and_those_without_a_level() -> None:
    lines = loglines.read(LOG)
    assert texts(loglines.chosen(lines, "ERROR", ""))[:2] == ["cut off at its beginning", "failed"]
    assert len(loglines.chosen(lines, "ERROR", "")) == 5
    assert len(loglines.chosen(lines, "WARN", "")) == 6
    assert loglines.chosen(lines, "", "") is lines


def test_a_text_keeps_whole_entries() -> None:
    lines = loglines.read(LOG)
    assert texts(loglines.chosen(lines, "", "DISK full"))[0] == "failed"
    assert len(loglines.chosen(lines, "", "DISK full")) == 4
    assert loglines.chosen(lines, "WARN", "started") == []


def test_levels_are_stepped_through() -> None:
    step, seen = "", []
    for _ in loglines.STEPS:
        step = loglines.next_step(step)
        seen.append(step)
    assert seen == ["INFO", "WARN", "ERROR", ""]


def test_parts_of_a_line_are_the_line() -> None:
    for line in loglines.read(LOG):
        assert "".join(text for text, _ in loglines.parts(line.text, loglines.tone(line))) == line.text
    error = loglines.read(LOG)[3]
    assert ("ERROR", "bad") in loglines.parts(error.text, loglines.tone(error))


def test_errors_and_warnings_are_counted_as_entries() -> None:
    assert loglines.counted(loglines.read(LOG)) == {"ERROR": 1, "WARN": 1}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22 04:10:06,019 INFO  A [] - words", 1795320606.019 - 3600),
        ("[2026-11-22T04:10:06.019Z] INFO words", 1795320606.019),
        ('{"@timestamp":"2026-11-22T04:10:06.019Z","level":"INFO"}', 1795320606.019),
        ("04:10:06,019 INFO  A - words", None),
        ("2026-13-99 04:10:06,019 INFO  A - words", None),
        ("", None),
    ],
)
def test_when_a_line_was_written(text: str, at: float | None) -> None:
    assert loglines.stamp(text, 3600.0) == (pytest.approx(at) if at is not None else None)


BUSY_SECOND = "".join(
    [
        "2026-11-22 04:10:05,900 WARN  Task [] - an older one\n",
        *[
            f"2026-11-22 04:10:06,{number:03} INFO  Task [] - Sink ({number}/40) deployed\n"
            for number in range(40)
        ],
        "2026-11-22 04:10:06,500 {level}  Task [] - Source switched from RUNNING to FAILED.\n{stack}",
        "2026-11-22 04:10:06,600 WARN  Task [] - a later one\n",
        "2026-11-22 04:10:09,600 WARN  Task [] - too late\n",
    ]
)
"""Of a TaskManager on which another job is deployed in the second of the failure."""
STACK = "java.lang.IllegalStateException: broken\n\tat Source.run(Source.java:1)\n"


@pytest.mark.parametrize(("level", "stack"), [("WARN", ""), ("WARN", STACK), ("INFO", STACK)])
def test_a_failure_is_found_among_other_entries_of_its_second(level: str, stack: str) -> None:
    lines = loglines.read(BUSY_SECOND.format(level=level, stack=stack).encode())
    at = loglines.stamp("2026-11-22 04:10:06,000 ", 0.0)
    assert at is not None
    found = loglines.first_trouble(lines, at, at + 2.0, 0.0)
    assert found is not None
    assert "RUNNING to FAILED" in lines[found].text
    assert loglines.first_trouble(lines, at, at + 0.2, 0.0) is None
    assert loglines.first_trouble(lines, at + 1.0, at + 2.0, 0.0) is None
    assert loglines.first_trouble((), at, at + 2.0, 0.0) is None


def test_the_first_entry_of_a_time() -> None:
    lines = loglines.read(LOG)
    times = [loglines.stamp(line.text, 0.0) for line in lines]
    entries = [(number, at) for number, at in enumerate(times) if at is not None]
    for number, at in entries:
        assert loglines.first_since(lines, at, 0.0) == number
        assert loglines.first_since(lines, at - 0.001, 0.0) == number
    assert loglines.first_since(lines, entries[-1][1] + 1.0, 0.0) == len(lines)
    assert loglines.first_since(loglines.read(b"no time\n"), 0.0, 0.0) is None
