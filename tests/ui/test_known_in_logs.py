"""Well-known failures in logs: their lines are marked, a key goes to the next, each is explained."""

from __future__ import annotations

import json
import time

import pytest

from flinktop.engine.transfers import KEPT, LARGE
from flinktop.known.recognise import of_text
from flinktop.model import loglines
from flinktop.ui.panels.known_failures import Mark, Marks, hidden_words, known_lines
from flinktop.ui.widgets.pager import CHOSEN_MARK, MARK, Pager
from tests.ui.day import Day, monitor
from tests.ui.test_logs import LogCluster, open_log, reads

NEXT = "Look for the first cause at that TaskManager: the end of its log, its container's exit code"


def entry(number: int, level: str = "INFO", words: str = "going on") -> str:
    return f"2026-11-22 04:{number // 60:02}:{number % 60:02},019 {level:<5} a.b.Some [] - {words}\n"


def lost(number: int, taskmanager: str) -> str:
    """An entry with a trace of which the deepest cause is known, as a consequence of another failure."""
    return (
        entry(number, "WARN", "Map (1/2) switched from RUNNING to FAILED with failure cause:")
        + "org.apache.flink.runtime.JobException: the job has failed\n\tat a.B.c(B.java:1)\n"
        + f"Caused by: java.util.concurrent.TimeoutException: Heartbeat of TaskManager with id {taskmanager} "
        + "timed out.\n\tat a.B.c(B.java:2)\n\t... 3 more\n"
    )


DISK_FULL = "java.io.IOException: No space left on device"
OUT_OF_HEAP = "java.lang.OutOfMemoryError: Java heap space"
HEAP = entry(110, "ERROR", "it failed") + f"{OUT_OF_HEAP}\n\tat a.B.c(B.java:1)\n"
LOG = (
    "".join(map(entry, range(40)))
    + lost(40, "tm-[b]1[/b]")
    + "".join(map(entry, range(41, 110)))
    + HEAP
    + "".join(map(entry, range(111, 200)))
    + lost(200, "tm-2")
    + "".join(map(entry, range(201, 260)))
)


def marked(day: Day) -> list[str]:
    """The lines in sight that are marked, with their marks."""
    rows = [line.strip("│") for line in day.lines]
    return [row.strip() for row in rows if row[:1] in (MARK, CHOSEN_MARK)]


def read(day: Day) -> str:
    """What is on the screen, wherever lines are broken."""
    return " ".join(day.text.replace("│", "").split())


# -- on the screen -----------------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize(
    ("release", "size"),
    [
        ("1.20.5", (80, 24)),
        *(pytest.param(one, (120, 40), marks=pytest.mark.deep) for one in ("1.9.3", "1.14.6", "2.3.0")),
        pytest.param("2.3.0", (200, 60), marks=pytest.mark.deep),
    ],
)
async def test_a_key_goes_from_failure_to_failure_and_says_what_each_means(
    release: str, size: tuple[int, int]
) -> None:
    async with monitor(release, size, cluster=LogCluster(release, LOG.encode())) as day:
        await open_log(day)
        await day.sees("well-known 3")
        await day.sees("3 well-known failures in this log   e next, E previous")
        assert "2 x    Heartbeat of a TaskManager timed out" in day.text
        assert "1 x    " in day.text
        assert not marked(day)
        # The end is seen: after the last comes the first.
        await day.press("e")
        await day.sees("1 of 3 Heartbeat of a TaskManager timed out   a consequence of another failure")
        assert marked(day) == [next(row for row in marked(day) if row.startswith(f"{CHOSEN_MARK}Caused by"))]
        assert "heard nothing from TaskManager tm-[b]1[/b] for heartbeat.timeout" in read(day)
        assert f"next {NEXT}" in read(day)
        assert "(137 is out of memory), its garbage collection." in read(day)
        await day.press("e")
        await day.sees("2 of 3 ")
        assert f"{CHOSEN_MARK}java.lang.OutOfMemoryError: Java heap space" in day.text
        await day.press("e")
        await day.sees("3 of 3 ")
        assert "from TaskManager tm-2 for" in read(day)
        await day.press("e")
        await day.sees("1 of 3 ")
        await day.press("E")
        await day.sees("3 of 3 ")
        await day.press("E", "E")
        await day.sees("1 of 3 ")
        assert reads(day) == 1


@pytest.mark.deep
async def test_a_failure_that_comes_into_sight_is_explained_and_the_log_does_not_move() -> None:
    async with monitor(size=(80, 24), cluster=LogCluster("1.20.5", LOG.encode())) as day:
        await open_log(day)
        pager = day.app.screen.query_one(Pager)
        height = pager.size.height
        assert height >= 8
        await day.press("g")
        assert "in this log" in day.text
        for line in range(33):
            top = pager.visible_lines.start
            await day.press("j")
            assert pager.visible_lines.start == top + 1, line
            assert pager.size.height == height
            assert ("1 of 3 " in day.text) == bool(marked(day)), line
        await day.sees("1 of 3 ")
        for _ in range(20):
            await day.press("j")
            assert pager.size.height == height
        assert "in this log" in day.text
        # What was gone to is explained while it is in sight, though another one is above it.
        two = lost(1, "tm-1") + lost(2, "tm-2")
        day.cluster.write(two.encode())  # type: ignore[attr-defined]  # a cluster with a log
        await day.press("r")
        await day.wait(1)
        await day.sees("1 of 2 ")
        await day.press("e")
        await day.sees("2 of 2 ")
        assert [row[:1] for row in marked(day)] == [MARK, CHOSEN_MARK]


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.deep)])
async def test_without_a_failure_the_key_says_so(size: tuple[int, int]) -> None:
    plain = "".join(map(entry, range(50))).encode()
    async with monitor(size=size, cluster=LogCluster("1.20.5", plain)) as day:
        await open_log(day)
        assert "well-known" not in day.text
        await day.press("e")
        await day.sees("No well-known failure in this log.")
        assert [one.message for one in day.app._notifications] == ["No well-known failure in this log."]


@pytest.mark.deep
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "No well-known failure in this log."),
        (b"(file unavailable)", "No well-known failure in this log."),
        (b"\x00\x01\xff[/b][red]\x1b[2J\n" * 10, "No well-known failure in this log."),
        (b"Infinity\nNaN\n\\n\\tat \n", "No well-known failure in this log."),
        (b"Some words\n" * (KEPT // 10), "No well-known failure in the last 2.0 MB of this log."),
    ],
)
async def test_odd_files_have_none(body: bytes, words: str) -> None:
    async with monitor(cluster=LogCluster("1.20.5", body)) as day:
        await open_log(day)
        await day.press("e", "E")
        assert {one.message for one in day.app._notifications} == {words}
        assert "\x1b" not in day.text


@pytest.mark.deep
async def test_before_it_was_read_the_key_says_so() -> None:
    cluster = LogCluster("1.20.5")
    cluster.write(LOG.encode(), told=LARGE + 1)
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.sees("enter: download")
        await day.press("e")
        await day.sees("The log has not been read yet.")
        await day.press("enter")
        await day.wait(1)
        await day.press("e")
        await day.sees("1 of 3 ")


@pytest.mark.deep
async def test_what_level_and_text_hide_is_not_gone_to() -> None:
    async with monitor(size=(80, 24), cluster=LogCluster("1.20.5", LOG.encode())) as day:
        await open_log(day)
        await day.press("v", "v", "v")
        await day.sees("level ≥ ERROR")
        await day.sees("1 of 1 ")
        assert marked(day) == [f"{CHOSEN_MARK}java.lang.OutOfMemoryError: Java heap space"]
        await day.press("v", "ampersand", *"going", "enter")
        await day.sees("3 well-known failures in lines that level and grep hide")
        await day.press("e")
        assert [one.message for one in day.app._notifications] == [
            "There are 3 well-known failures in lines that level and grep hide."
        ]
        await day.press("escape")
        await day.sees("e next, E previous")


@pytest.mark.deep
async def test_a_log_that_is_replaced_while_it_is_read_has_the_marks_of_the_new_one() -> None:
    cluster = LogCluster("1.20.5", LOG.encode())
    async with monitor(size=(80, 24), cluster=cluster) as day:
        await open_log(day)
        await day.press("e", "e")
        await day.sees("2 of 3 ")
        # The offset of the failure is somewhere in an entry of the new file now.
        cluster.write((entry(1) * 30 + lost(2, "tm-9")).encode())
        await day.press("r")
        await day.wait(1)
        await day.sees("well-known 1")
        await day.press("e")
        await day.sees("1 of 1 ")
        assert "from TaskManager tm-9 for" in read(day)
        cluster.write(entry(3).encode())
        await day.press("r")
        await day.wait(1)
        assert "well-known" not in day.text
        assert not marked(day)
        await day.press("e")
        await day.sees("No well-known failure in this log.")


@pytest.mark.deep
async def test_a_log_that_grows_keeps_what_was_gone_to_and_stays_at_its_end() -> None:
    cluster = LogCluster("1.20.5", LOG.encode())
    async with monitor(size=(80, 24), cluster=cluster) as day:
        await open_log(day)
        await day.press("e")
        await day.sees("1 of 3 ")
        row = marked(day)
        cluster.write((LOG + lost(300, "tm-3")).encode())
        await day.wait(30)
        await day.sees("1 of 4 ")
        assert marked(day) == row
        await day.press("G")
        await day.sees("4 of 4 ")
        cluster.write((LOG + lost(300, "tm-3") + "".join(map(entry, range(301, 330)))).encode())
        await day.wait(30)
        await day.sees("04:05:29 INFO")
        await day.sees("4 well-known failures in this log")


@pytest.mark.deep
async def test_marks_are_seen_where_lines_are_wrapped_or_as_written_and_in_ascii() -> None:
    for ascii_only in (False, True):
        cluster = LogCluster("1.20.5", LOG.encode())
        async with monitor(size=(80, 24), cluster=cluster, ascii_only=ascii_only) as day:
            await open_log(day)
            await day.press("W", "f", "e")
            await day.sees("1 of 3 ")
            rows = [line for line in day.lines if line[:1] in ("*", ">", MARK, CHOSEN_MARK)]
            assert len(rows) == 1
            assert rows[0].startswith(">Caused by" if ascii_only else f"{CHOSEN_MARK}Caused by")
            assert "TaskManagerwithidtm-[b]1[/b]timedout." in read(day).replace(" ", "")
            if ascii_only:
                assert day.text.isascii()


@pytest.mark.deep
async def test_small_screens_have_both_sentences_cut_rather_than_none() -> None:
    for size in ((60, 20), (80, 15), (40, 12)):
        async with monitor(size=size, cluster=LogCluster("1.20.5", LOG.encode())) as day:
            await open_log(day)
            await day.press("e")
            await day.sees("1 of 3 ")
            assert day.line("means  ").startswith(("means", "│"))
            assert "next   Look" in day.text
            assert marked(day)


@pytest.mark.deep
async def test_the_log_at_the_time_of_an_exception_explains_it() -> None:
    async with monitor("2.3.0", (120, 40), demo="restart-loop") as day:
        await day.press("slash", *"stock-res", "enter", "enter")
        await day.wait(12)
        await day.press("4")
        await day.wait(3)
        await day.sees("means  The Kafka client got no answer from the brokers in time.")
        await day.press("l")
        await day.wait(12)
        await day.sees(" of ")
        assert "Kafka: brokers not reachable" in day.text
        assert any("Timeout of 60000ms expired before the position" in row for row in marked(day))


@pytest.mark.deep
async def test_files_of_the_list_and_stdout_are_looked_through_too() -> None:
    cluster = LogCluster("1.20.5")
    cluster.recorded |= {
        "jobmanager/logs/jobmanager.log": {(): (200, LOG.encode())},
        "jobmanager/stdout": {(): (200, HEAP.encode())},
    }
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.press("6")
        await day.wait(3)
        await day.sees("1 of 1 ")
        await day.press("7")
        await day.wait(3)
        await day.press("enter")
        await day.wait(3)
        await day.press("e")
        await day.sees("1 of 3 ")


@pytest.mark.deep
async def test_the_keys_are_those_of_logs_alone() -> None:
    async with monitor(size=(120, 40), cluster=LogCluster("1.20.5", LOG.encode())) as day:
        await open_log(day)
        assert "e explain" in day.lines[-1]
        await day.press("question_mark")
        await day.sees("Go to the next line that is a well-known failure")
        await day.press("escape", "1")
        await day.wait(3)
        assert "e explain" not in day.lines[-1]
        await day.press("e")
        assert not day.app._notifications


# -- which of them, and in how many lines ------------------------------------------------------------------


def marks_of(text: str, least: str = "") -> Marks:
    lines = loglines.read(text.encode())
    marks = Marks()
    marks.set_lines(
        tuple(of_text("\n".join(line.text for line in lines))), lines, loglines.chosen(lines, least, "")
    )
    return marks


def test_of_several_in_one_line_each_is_gone_to_once() -> None:
    traces = [f"{one}\n\tat a.B.c(B.java:1)\n" for one in (OUT_OF_HEAP, DISK_FULL, OUT_OF_HEAP)]
    marks = marks_of(f"{json.dumps(traces)}\n")
    found = [(mark.place, mark.known.failure.id) for mark in marks.shown]
    assert found == [(0, "oom-heap"), (0, "disk-full")]
    sight = range(1)
    assert marks.current(sight) == 0
    assert _id(marks.step(1, sight)) == "disk-full"
    assert marks.current(sight) == 1
    assert _id(marks.step(1, sight)) == "oom-heap"
    assert _id(marks.step(-1, sight)) == "disk-full"


def _id(mark: Mark | None) -> str | None:
    return mark.known.failure.id if mark is not None else None


def test_from_between_two_the_keys_go_to_the_nearest_ones() -> None:
    marks = marks_of(LOG)
    first, second, third = (mark.place for mark in marks.shown)
    sight = range(first + 5, second - 5)
    assert marks.current(sight) is None
    down, up = marks_of(LOG).step(1, sight), marks_of(LOG).step(-1, sight)
    assert (down and down.place, up and up.place) == (second, first)
    below, above = range(third + 5, third + 9), range(first - 9, first - 5)
    for sight, by, place in ((below, 1, first), (below, -1, third), (above, -1, third), (above, 1, first)):
        found = marks_of(LOG).step(by, sight)
        assert found is not None
        assert found.place == place
    assert marks_of("").step(1, range(0)) is None
    assert marks_of("").current(range(0)) is None


@pytest.mark.parametrize("room", [3, 4, 5, 9])
@pytest.mark.parametrize("width", [1, 20, 78, 200])
def test_there_are_as_many_lines_as_there_is_room_whatever_is_said(width: int, room: int) -> None:
    kinds = "".join(f"{entry(1)}{one}\n" for one in _kinds())
    marks = marks_of(LOG + kinds)
    for current in (None, *range(len(marks.shown))):
        lines = known_lines(marks, current, width, room)
        assert len(lines) == room
    assert ("more kinds" in str(known_lines(marks, None, width, room))) is (room < 6)


def _kinds() -> tuple[str, ...]:
    return (
        DISK_FULL,
        "java.lang.OutOfMemoryError: Metaspace",
        "java.io.IOException: Insufficient number of network buffers: required 5, but only 2 available.",
    )


def test_hidden_ones_are_counted() -> None:
    marks = marks_of(LOG, least="ERROR")
    assert (len(marks.shown), marks.hidden) == (1, 2)
    assert hidden_words(1) == "1 well-known failure in lines that level and grep hide"


@pytest.mark.long
def test_marking_a_long_log_takes_a_tenth_of_a_second() -> None:
    text = (LOG * 100)[:KEPT]
    lines = loglines.read(text.encode())
    known = tuple(of_text("\n".join(line.text for line in lines)))
    assert len(known) > 200
    begin = time.process_time()
    marks = Marks()
    marks.set_lines(known, lines, lines)
    for top in range(0, len(lines), 100):
        marks.current(range(top, top + 40))
    assert time.process_time() - begin < 0.1
