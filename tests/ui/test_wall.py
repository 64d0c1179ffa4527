"""The wall in the app: how one comes to it and back, what it shows as time passes, and what that costs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from msgspec.structs import replace

from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.verdict import Verdict
from flinktop.ui.panels.wall import PAGE_SECONDS, SHIFT_SECONDS
from flinktop.ui.screens.fleet import FleetScreen
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.wall import WallScreen
from tests.manual_clock import ManualClock
from tests.ui.day import Day, monitor
from tests.ui.fleet_day import Dead, fleet_of, simulated
from tests.ui.golden import check
from tests.ui.judged import asks_nothing, finding, say, verdict
from tests.ui.large_words import reads

NAMES = (
    "inventory-sync",
    "orders-enrichment",
    "clickstream-sessions",
    "user-profiles",
    "search-index",
    "device-telemetry",
    "audit-log-archive",
)
KINDS = (Kind.RESTART_LOOP, Kind.BOTTLENECK, Kind.CHECKPOINTS_FAILING, Kind.SKEW)
WORDS = {
    Kind.RESTART_LOOP: "failed 16 times in 37 m; first failure: Key by warehouse, subtask 0: disk full",
    Kind.BOTTLENECK: "Join users, 8 of 8 subtasks 100 % busy, its inputs backpressured",
    Kind.CHECKPOINTS_FAILING: "the last 3 checkpoints failed: Checkpoint expired before completing",
    Kind.SKEW: "Window per user, subtask 3 takes in 6 times the median",
}


async def worsen(day: Day, most: int = 4) -> list[str]:
    """So many jobs are unhealthy and no others, the first of them critically; returns their names."""
    said: list[Verdict] = []
    worse: list[str] = []
    for job in day.cluster.document("jobs/overview")["jobs"]:
        name, number = job["name"], len(worse)
        if name not in NAMES or number == most:
            said.append(replace(verdict(day, job["jid"], state=job["state"]), name=name))
            continue
        worse.append(name)
        kind = KINDS[number]
        severity = Severity.WARNING if number else Severity.CRITICAL
        since = (day.port.cluster_time() - 600.0 * len(worse)) * 1000.0
        found = finding(kind, severity, WORDS[kind], since=since)
        said.append(replace(verdict(day, job["jid"], found), name=name))
    await say(day, said)
    return worse


@asynccontextmanager
async def wall(
    size: tuple[int, int] = (120, 40), *, demo: str = "mixed", ascii_only: bool = False, theme: str = "dark"
) -> AsyncIterator[Day]:
    """Flinktop opened with the wall."""
    with asks_nothing():
        async with monitor(
            "2.3.0", size, demo=demo, wall=True, ascii_only=ascii_only, theme=theme, clock=ManualClock()
        ) as day:
            yield day


def place(day: Day) -> type:
    return type(day.app.screen)


def shows(day: Day, words: str) -> bool:
    """Whether these words are on the screen in some size of letters."""
    return reads(day.lines, words, ascii=day.app.settings.ascii)


@pytest.mark.deep
async def test_it_opens_with_the_wall_and_esc_leads_to_the_jobs() -> None:
    async with wall() as day:
        assert place(day) is WallScreen
        await day.press("question_mark")
        assert "Refresh now." in day.text
        await day.press("escape")
        assert place(day) is WallScreen
        await day.press("escape")
        assert place(day) is OverviewScreen
        for back in ("q", "escape", "ctrl+w"):
            await day.press("ctrl+w")
            assert place(day) is WallScreen
            await day.press(back)
            assert place(day) is OverviewScreen


@pytest.mark.deep
async def test_the_key_works_from_a_job_but_not_in_a_dialog_or_a_field() -> None:
    async with monitor("2.3.0", (120, 40), demo="healthy") as day:
        await day.press("slash", *"orders x", "ctrl+w")
        assert place(day) is not WallScreen
        await day.press("escape", "enter")
        await day.press("ctrl+w")
        assert place(day) is WallScreen
        await day.press("escape")
        assert place(day) is JobScreen
        await day.press("question_mark", "ctrl+w")
        assert day.app.screen.is_modal


@pytest.mark.deep
async def test_pages_turn_by_themselves_and_the_worst_stays() -> None:
    async with wall((80, 24)) as day:
        worst, *others = await worsen(day)
        seen = set()
        for _ in others:
            assert shows(day, worst)
            seen |= {name for name in others if shows(day, name) or name in day.text}
            await day.wait(PAGE_SECONDS)
        assert seen == set(others)


async def test_it_is_calm_when_all_is_well_and_says_when_that_is_over() -> None:
    async with wall(demo="healthy") as day:
        await worsen(day, 0)
        assert shows(day, "all healthy")
        (worse,) = await worsen(day, 1)
        assert not shows(day, "all healthy")
        assert shows(day, worse)


@pytest.mark.deep
async def test_it_says_when_the_cluster_is_lost_and_when_it_is_back() -> None:
    async with wall() as day:
        worst, *_ = await worsen(day)
        day.cluster.failure = httpx.ConnectError("refused")
        await day.wait(7)
        assert not shows(day, "unreachable")
        await day.wait(120)
        assert shows(day, "unreachable")
        assert "✕ unreachable 2 m" in day.text
        assert "last known at" in day.text
        day.cluster.failure = None
        await day.wait(15)
        assert not shows(day, "unreachable")
        assert "● live" in day.text
        assert shows(day, worst)


@pytest.mark.deep
async def test_only_what_changes_is_written() -> None:
    written: list[str] = []
    with asks_nothing():
        async with monitor(
            "2.3.0", (120, 40), demo="healthy", wall=True, clock=ManualClock(), written=written.append
        ) as day:
            await worsen(day, 1)
            await day.wait(60)
            written.clear()
            await day.wait(60)
    # The clock, how long it has lasted, a column or two of the chart.
    assert sum(map(len, written)) < 9000


@pytest.mark.deep
async def test_nothing_stays_in_the_same_cells_for_weeks() -> None:
    async with wall(demo="healthy") as day:
        await worsen(day, 0)
        before = day.lines
        await day.clock.advance(SHIFT_SECONDS)
        await day.wait(3)
        assert day.lines[0].startswith(f" {before[0].split()[0]}")
        await day.clock.advance(SHIFT_SECONDS)
        await day.wait(3)
        assert not day.lines[0].strip()


async def test_findings_of_the_cluster_itself_are_on_the_wall() -> None:
    async with wall(demo="healthy") as day:
        heap = Finding(
            kind=Kind.MEMORY, severity=Severity.WARNING, words="memory: heap 97 % of TaskManager 3"
        )
        await say(day, (), (heap,))
        assert shows(day, "memory")
        assert "heap 97 % of TaskManager 3" in day.text


@pytest.mark.deep
async def test_of_several_clusters_it_shows_all_or_the_one_that_is_open() -> None:
    clock = ManualClock()
    clusters = {"calm": simulated("healthy", clock), "gone": Dead(), "ill": simulated("mixed", clock)}
    with asks_nothing():
        async with fleet_of(clusters, clock, (120, 40)) as day:
            await day.press("ctrl+w")
            assert place(day) is WallScreen
            assert day.lines[0].startswith("3 clusters ")
            assert "✕ 1 of 3 clusters unreachable" in day.lines[0]
            assert shows(day, "gone")
            assert shows(day, "2/3")
            asked = len(clusters["gone"].asked)
            await day.press("r")
            assert len(clusters["gone"].asked) > asked
            await day.press("escape")
            assert place(day) is FleetScreen
            await day.press("slash", *"calm", "enter", "enter", "ctrl+w")
            assert day.lines[0].startswith("calm ")
            await day.press("ctrl+w")
            assert place(day) is OverviewScreen


LOOKS = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.deep
@pytest.mark.parametrize(
    ("size", "theme", "ascii_only"),
    [
        pytest.param(size, theme, ascii_only, id=name, marks=() if size == (120, 40) else pytest.mark.deep)
        for size, theme, ascii_only, name in (
            *((size, "dark", False, f"{size[0]}x{size[1]}-dark") for size in LOOKS),
            ((120, 40), "dark", True, "120x40-dark-ascii"),
            ((80, 24), "dark", True, "80x24-dark-ascii"),
            ((80, 24), "ansi-dark", False, "80x24-ansi-dark"),
        )
    ],
)
async def test_walls_look_as_they_did(
    size: tuple[int, int],
    theme: str,
    request: pytest.FixtureRequest,
    *,
    ascii_only: bool,
    write_goldens: bool,
) -> None:
    look = request.node.callspec.id
    async with wall(size, theme=theme, ascii_only=ascii_only) as day:
        await worsen(day, 0)
        check(day.app, f"wall-healthy-{look}", write=write_goldens)
        await worsen(day)
        check(day.app, f"wall-unhealthy-{look}", write=write_goldens)
        day.cluster.failure = httpx.ConnectError("refused")
        await day.wait(200)
        check(day.app, f"wall-blind-{look}", write=write_goldens)
