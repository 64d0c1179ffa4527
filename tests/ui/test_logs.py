"""Logs on the screen: only their end, only when they have grown, by level and by text."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.engine.transfers import LARGE
from flinktop.model import format as fmt
from flinktop.ui.panels.log_view import within
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES

pytestmark = pytest.mark.deep

LOG = b"""\
2026-11-22 04:10:06,019 INFO  org.apache.flink.runtime.A [] - started
2026-11-22 04:10:07,019 WARN  org.apache.flink.runtime.B [] - low on [b]memory[/b]
2026-11-22 04:10:08,019 ERROR org.apache.flink.runtime.C [] - failed
java.io.IOException: disk full \x1b[31mred
\tat org.apache.flink.runtime.C.run(C.java:1)
2026-11-22 04:10:09,019 INFO  org.apache.flink.runtime.D [] - ended
"""


class LogCluster(FixtureCluster):
    """A recorded cluster whose JobManager writes the log that a test lays down."""

    def __init__(self, release: str, body: bytes = LOG) -> None:
        super().__init__(release)
        self.write(body)

    def write(self, body: bytes, told: int | None = None) -> None:
        """The log is this now; the list tells its size, or another."""
        self.recorded = self.recorded | {"jobmanager/log": {(): (200, body)}}
        if "jobmanager/logs" in self.recorded:
            files = [{"name": "jobmanager.log", "size": told or len(body), "mtime": 1}]
            self.changed["jobmanager/logs"] = {"logs": files}


async def open_log(day: Day) -> None:
    """The JobManager's log."""
    await day.press("J")
    await day.wait(3)
    await day.press("5")
    await day.wait(3)


def reads(day: Day) -> int:
    """How often the whole log was sent."""
    return day.asked().count("jobmanager/log")


@pytest.mark.parametrize("release", RELEASES)
async def test_a_log_is_read_once_and_its_entries_counted(release: str) -> None:
    async with monitor(cluster=LogCluster(release)) as day:
        await open_log(day)
        await day.sees("11-22 04:10:09 INFO  D  ended")
        assert "errors 1   warnings 1" in day.text
        assert "low on [b]memory[/b]" in day.text
        assert "\x1b" not in day.text
        await day.wait(60)
        assert reads(day) == 1


async def test_a_level_and_a_text_leave_whole_entries() -> None:
    async with monitor(cluster=LogCluster("1.20.5")) as day:
        await open_log(day)
        await day.press("v", "v", "v")
        await day.sees("level ≥ ERROR")
        assert "disk full" in day.text
        assert "started" not in day.text
        await day.press("v", "ampersand", *"C.java", "enter")
        await day.sees("grep C.java")
        assert "C  failed" in day.text
        assert "started" not in day.text
        await day.press("escape")
        await day.sees("started")


async def test_lines_are_shown_as_they_are_written_on_demand() -> None:
    async with monitor(cluster=LogCluster("1.20.5")) as day:
        await open_log(day)
        await day.press("f")
        await day.sees("2026-11-22 04:10:09,019 INFO  org.apache.flink.runtime.D [] - ended")


async def test_a_search_walks_through_its_matches() -> None:
    async with monitor(cluster=LogCluster("1.20.5")) as day:
        await open_log(day)
        await day.press("slash", *"INFO", "enter")
        await day.sees("1 of 2 /INFO")
        await day.press("n")
        await day.sees("2 of 2 /INFO")
        await day.press("N")
        await day.sees("1 of 2 /INFO")
        await day.press("escape")
        assert "/INFO" not in day.text


async def test_a_log_that_has_grown_is_read_again_at_most_every_ten_seconds() -> None:
    cluster = LogCluster("1.20.5")
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.sees("following")
        for count in range(1, 31):
            cluster.write(LOG + b"2026-11-22 04:10:10,019 INFO  org.apache.flink.E [] - more\n" * count)
            await day.wait(1)
        await day.sees("E  more")
        assert 3 <= reads(day) <= 4


async def test_without_following_the_growth_of_the_log_is_shown() -> None:
    cluster = LogCluster("1.20.5")
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.press("F")
        cluster.write(LOG * 2)
        await day.wait(30)
        assert reads(day) == 1
        await day.sees(f"grew by {len(LOG)} B; r: download")
        await day.press("r")
        await day.wait(1)
        await day.sees("errors 2")
        assert reads(day) == 2


async def test_a_large_log_is_read_only_on_request() -> None:
    cluster = LogCluster("1.20.5", LOG.replace(b"started", b"x" * LARGE))
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.sees("16 MB. Flink can only send whole files")
        await day.wait(30)
        assert reads(day) == 0
        await day.press("enter")
        await day.wait(1)
        await day.sees("D  ended")
        await day.wait(30)
        assert reads(day) == 1
        assert "following" not in day.text


async def test_in_a_directory_of_several_processes_the_size_is_that_of_the_own_log() -> None:
    cluster = LogCluster("1.20.5")
    files = [
        {"name": "flink-root-standalonesession-0-host.log", "size": len(LOG), "mtime": 1},
        {"name": "flink-root-taskexecutor-0-host.log", "size": 9 * len(LOG), "mtime": 2},
    ]
    cluster.changed["jobmanager/logs"] = {"logs": files}
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.wait(30)
        assert f"size {fmt.size(len(LOG))}" in day.text
        assert reads(day) == 1


async def test_a_list_of_another_files_size_is_not_believed_once_the_log_has_been_read() -> None:
    cluster = LogCluster("1.20.5")
    cluster.write(LOG, told=len(LOG) // 2)
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.press("F")
        await day.wait(30)
        assert f"size {fmt.size(len(LOG))}" in day.text
        assert "grew by" not in day.text
        assert reads(day) == 1


async def test_of_several_files_that_may_be_the_log_any_that_grows_has_it_read_again() -> None:
    cluster = LogCluster("1.20.5")

    def listed(*sizes: int) -> dict[str, Any]:
        names = (f"flink-root-standalonesession-{number}-host.log" for number in range(len(sizes)))
        return {"logs": [{"name": name, "size": size} for name, size in zip(names, sizes, strict=True)]}

    cluster.changed["jobmanager/logs"] = listed(5, 7)
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.wait(30)
        assert f"size {fmt.size(len(LOG))}" in day.text
        assert reads(day) == 1
        cluster.changed["jobmanager/logs"] = listed(5, 8)
        await day.wait(30)
        assert reads(day) == 2


async def test_where_there_is_no_list_the_size_is_what_the_answer_announces() -> None:
    body = LOG + b"x" * LARGE
    async with monitor(cluster=LogCluster("1.9.3", body)) as day:
        await open_log(day)
        await day.sees("16 MB. Flink can only send whole files")
        await day.press("enter")
        await day.wait(1)
        await day.sees("the last 2.0 MB")
        assert reads(day) == 2


async def test_leaving_forgets_the_log_and_coming_back_reads_it_again() -> None:
    async with monitor(cluster=LogCluster("1.20.5")) as day:
        await open_log(day)
        query = day.app.screen.process.log  # type: ignore[attr-defined]  # the JobManager's screen
        assert day.port.transfer(query) is not None
        await day.press("1")
        assert day.port.transfer(query) is None
        await day.press("5")
        await day.wait(1)
        assert reads(day) == 2
        await day.press("escape")
        await day.wait(1)
        assert day.port.transfer(query) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"", "The file is empty."), (b"(file unavailable)", "The file is not there")],
)
async def test_an_empty_or_missing_file_is_reported(body: bytes, words: str) -> None:
    cluster = LogCluster("1.9.3")
    cluster.write(body)
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.sees(words)


async def test_a_file_that_cannot_be_read_says_why() -> None:
    cluster = LogCluster("1.9.3")
    cluster.recorded |= {"jobmanager/log": {(): (500, b'{"errors":["the log is on another disk"]}')}}
    async with monitor(cluster=cluster) as day:
        await open_log(day)
        await day.sees("It could not be read: the log is on another disk")


async def test_a_file_of_the_list_is_opened() -> None:
    cluster = LogCluster("1.20.5")
    cluster.recorded |= {"jobmanager/logs/jobmanager.log": {(): (200, LOG)}}
    async with monitor(cluster=cluster) as day:
        await day.press("J")
        await day.wait(3)
        await day.press("7")
        await day.wait(3)
        await day.press("enter")
        await day.wait(3)
        await day.sees("D  ended")
        assert "▸ jobmanager.log" in day.lines[0]


def test_where_there_is_no_room_the_name_and_the_size_give_way_to_the_counts() -> None:
    facts: list[tuple[int, list[tuple[str, str]]]] = [
        (4, [("jobmanager.log", "strong")]),
        (3, [("size ", "muted"), ("119 kB", "")]),
        (0, [("errors 2", "bad")]),
        (0, [("warnings 3", "warn")]),
    ]
    assert told(within(facts, 60)) == "jobmanager.log   size 119 kB   errors 2   warnings 3"
    assert told(within(facts, 40)) == "size 119 kB   errors 2   warnings 3"
    assert told(within(facts, 21)) == "errors 2   warnings 3"
    assert told(within(facts, 5)) == "errors 2   warnings 3"


def told(parts: list[tuple[str, str]]) -> str:
    """The words of a line."""
    return "".join(text for text, _ in parts)
