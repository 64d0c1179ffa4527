"""The key for an incident bundle: its dialog, its end in the background, and what can go wrong."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.bundle.made import read_back
from tests.demo_cluster import DemoCluster
from tests.manual_clock import ManualClock
from tests.ui.day import PATIENCE, Day, monitor

PARTS = 11


def bundles(state: Path) -> list[Path]:
    return sorted(state.glob("*.zip")) if state.is_dir() else []


async def until_written(day: Day, state: Path, number: int = 1) -> None:
    """Wait until so many bundles are there, without looking at the screen."""
    deadline = time.monotonic() + PATIENCE
    while len(bundles(state)) < number:
        assert time.monotonic() < deadline, day.text
        await asyncio.sleep(0.01)
    await day.settled()


async def open_job(day: Day) -> None:
    await day.press("enter")


@pytest.mark.deep
async def test_a_key_writes_a_bundle_and_says_where(tmp_path: Path) -> None:
    async with monitor("2.3.0", demo="restart-loop", state=tmp_path) as day:
        await open_job(day)
        await day.press("B")
        await day.sees("written")
        assert day.line("exceptions").startswith("exceptions")
        assert "waiting" not in day.text
        assert "under way" not in day.text
        (path,) = bundles(tmp_path)
        assert path.name.startswith("flinktop-")
        assert str(path) in "".join(line.strip("│ ") for line in day.lines)
        await day.press("y")
        assert (tmp_path / "copied.txt").read_text() == f"{path}\n"
        await day.press("escape")
        assert "Incident bundle" not in day.text
        found = read_back(path)
        assert "restart-loop" in found["verdict.txt"].decode()
        assert {"threads.txt", "taskmanager.log", "journal.json"} - set(found) <= {"journal.json"}
        # Seen, it makes another one.
        await day.press("B")
        await until_written(day, tmp_path, 2)


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_dialog_fits_with_the_whole_path(size: tuple[int, int], tmp_path: Path) -> None:
    state = tmp_path / ("long" * 20)
    async with monitor("2.3.0", size, demo="restart-loop", state=state) as day:
        await open_job(day)
        await day.press("B")
        await day.sees("written")
        text = "".join(line.strip("│ ") for line in day.lines)
        assert str(bundles(state)[0]) in text
        assert "[ Close ]" in text
        assert "y copies the path" in text


@pytest.mark.deep
async def test_closed_it_goes_on_and_a_notification_says_where_it_is(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    async with monitor("2.3.0", cluster=cluster, clock=clock, state=tmp_path) as day:
        await open_job(day)
        cluster.hangs = lambda path: path.endswith("/exceptions")
        await day.press("B")
        await day.sees("exceptions       under way")
        assert day.line("job and cluster").endswith("kB")
        assert "checkpoints      waiting" in day.text
        assert "the bundle goes on in the background" in day.text
        assert not bundles(tmp_path)
        await day.press("escape")
        assert "Incident bundle" not in day.text
        # The same one, as long as it is under way.
        await day.press("B")
        assert "exceptions       under way" in day.text
        await day.press("escape")
        await day.press("q")
        cluster.release_held()
        await until_written(day, tmp_path)
        day.app.tick()
        await day.sees("is written")
        (path,) = bundles(tmp_path)
        await day.sees(path.name[:20])
        await open_job(day)
        await day.press("B")
        assert "written " in day.text
        assert len(bundles(tmp_path)) == 1


@pytest.mark.deep
async def test_leaving_says_what_is_dropped_and_leaves_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    async with monitor("2.3.0", cluster=cluster, clock=clock, state=tmp_path) as day:
        await open_job(day)
        cluster.hangs = lambda path: path.endswith("/exceptions")
        await day.press("B")
        await day.sees("exceptions       under way")
        await day.press("escape", "ctrl+c")
        assert "is being made: leaving drops it" in day.text
        assert len(list(tmp_path.glob(".*.part"))) == 1
    assert not [one for one in tmp_path.iterdir() if ".zip" in one.name]


@pytest.mark.deep
async def test_a_bundle_can_be_stopped(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    async with monitor("2.3.0", cluster=cluster, clock=clock, state=tmp_path) as day:
        await open_job(day)
        cluster.hangs = lambda path: path.endswith("/exceptions")
        await day.press("B", "tab", "enter")
        await day.sees("nothing was written")
        assert "[ Stop ]" not in day.text
        assert not [one for one in tmp_path.iterdir() if ".zip" in one.name]
        cluster.release_held()
        await day.press("B")
        await day.sees("written ")


@pytest.mark.deep
async def test_a_state_directory_that_takes_nothing_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with monitor("2.3.0", demo="restart-loop", state=tmp_path / "file" / "state") as day:
        await open_job(day)
        await day.press("B")
        await day.sees("not written")
        assert "there is no directory" in " ".join(day.text.split())
        assert "y copies" not in day.text
        await day.press("y", "escape")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
async def test_a_directory_that_is_not_writable_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    async with monitor("2.3.0", demo="restart-loop", state=tmp_path) as day:
        await open_job(day)
        await day.press("B")
        await day.sees("is not writable")
    tmp_path.chmod(0o700)


@pytest.mark.deep
async def test_it_is_known_where_a_job_is_shown(tmp_path: Path) -> None:
    async with monitor("2.3.0", demo="restart-loop", state=tmp_path, read_only=True) as day:
        await day.press("B")
        assert "Incident bundle" not in day.text
        await day.press("v")
        await day.press("B")
        await day.sees("written")
        await day.press("escape", "escape", "enter", "colon")
        await day.type_ahead(*"bundle")
        await day.sees("bundle  (B)")


@pytest.mark.deep
async def test_the_monitor_asks_with_two_more_requests_at_the_most(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    async with monitor("2.3.0", cluster=cluster, clock=clock, state=tmp_path) as day:
        await open_job(day)
        cluster.hangs = lambda path: "checkpoints" in path or "log" in path or "config" in path
        before = cluster.held
        await day.press("B")
        await day.sees("under way")
        for _ in range(20):
            await asyncio.sleep(0)
        assert cluster.held - before <= 4
        cluster.release_held()
        await day.sees("written ")
