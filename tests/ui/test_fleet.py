"""Several clusters on one screen: what is worst, opening one and coming back, and what stays of each."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from flinktop.engine.acts.job_acts import Savepoint
from flinktop.flink.connection import Connection
from flinktop.settings import Profile
from flinktop.ui.screens.fleet import FleetScreen
from flinktop.ui.written_view import as_text, view_of
from tests.manual_clock import ManualClock
from tests.ui.acting import ActingCluster
from tests.ui.fleet_day import Dead, FleetDay, fleet_of, simulated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def three(size: tuple[int, int] = (120, 40)) -> AsyncIterator[FleetDay]:
    """One that is well, one that does not answer, and one with a failed job."""
    clock = ManualClock()
    clusters = {"calm": simulated("healthy", clock), "gone": Dead(), "ill": simulated("mixed", clock)}
    profile = Profile("ill", Connection("http://ill.test:8081"), None, "red", group="prod")
    async with fleet_of(clusters, clock, size, profiles={"ill": profile}) as day:
        yield day


def clusters_shown(day: FleetDay) -> list[str]:
    return list(day.table.shown_keys())


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_worst_cluster_comes_first_and_one_that_is_gone_says_why(size: tuple[int, int]) -> None:
    async with three(size) as day:
        assert clusters_shown(day) == ["ill", "gone", "calm"]
        gone = day.line("gone ")
        assert "✕ no answer" in gone
        # When it is asked again is said only where the reason needs no room.
        assert ("nothing is listening on that port" in gone) == (size[0] == 200) == ("retry" in gone)
        assert "2 of 3 live" in day.lines[0] or "2/3 live" in day.lines[0]
        assert "unhealthy" in day.lines[0]
        # Below: the worst jobs of all clusters, the failed one first.
        worst = day.app.screen.query("#worst LiveTable").first()
        assert "ill" in worst.shown_keys()[0]  # type: ignore[attr-defined]


@pytest.mark.deep
async def test_a_cluster_is_opened_and_esc_finds_the_cursor_where_it_was() -> None:
    async with three() as day:
        await day.press("down", "down", "enter")
        assert day.lines[0].strip().startswith("flinktop  fleet ▸ calm")
        assert "TaskManagers" in day.text
        assert day.app.port is day.port_of("calm")
        await day.press("escape")
        assert day.table.cursor_key == "calm"
        assert not day.app.is_open
        await day.press("escape")
        assert isinstance(day.app.screen, FleetScreen)


@pytest.mark.deep
async def test_a_closed_cluster_is_not_watched_any_more_and_another_has_its_own_engine() -> None:
    async with three() as day:
        await day.press("enter")
        watched = day.port_of("ill").engine.poller._visible
        assert watched
        await day.press("escape")
        assert not watched
        await day.press("down", "down", "enter")
        assert day.app.screen.port is day.port_of("calm")  # type: ignore[attr-defined]
        assert not watched


@pytest.mark.deep
async def test_all_jobs_in_one_table_and_a_job_opens_below_its_cluster() -> None:
    async with three() as day:
        await day.press("2")
        assert "[2 Jobs]" in day.text
        table = day.app.screen.query("#jobs LiveTable").first()
        keys = table.shown_keys()  # type: ignore[attr-defined]
        assert {key.partition("\n")[0] for key in keys} == {"calm", "ill"}
        await day.press("enter")
        job = keys[0].partition("\n")[2]
        assert job in day.text
        assert "fleet ▸ ill ▸" in day.lines[0]
        await day.press("escape", "escape")
        assert "[2 Jobs]" in day.text
        assert table.cursor_key == keys[0]  # type: ignore[attr-defined]
        await day.press("1")
        assert "[1 Clusters]" in day.text


@pytest.mark.deep
async def test_rows_are_filtered_by_state_group_and_cluster() -> None:
    async with three() as day:
        await day.press("slash", *"group:prod", "enter")
        assert clusters_shown(day) == ["ill"]
        await day.press("escape", "slash", *"state:unreach", "enter")
        assert clusters_shown(day) == ["gone"]
        await day.press("escape", "2", "slash", *"cluster:calm", "enter")
        keys = day.app.screen.query("#jobs LiveTable").first().shown_keys()  # type: ignore[attr-defined]
        assert {key.partition("\n")[0] for key in keys} == {"calm"}


@pytest.mark.deep
async def test_the_palette_jumps_from_one_cluster_to_a_job_of_another() -> None:
    async with three() as day:
        await day.press("enter")
        assert day.app.port is day.port_of("ill")
        name = next(job.name for job in day.app.fleet_facts().jobs if job.cluster == "calm")
        await day.press("colon", *f"job {name} on calm", "enter")
        assert day.app.port is day.port_of("calm")
        assert "fleet ▸ calm ▸" in day.lines[0]
        assert not day.port_of("ill").engine.poller._visible


@pytest.mark.deep
async def test_places_of_one_cluster_are_those_of_the_cluster_under_the_cursor() -> None:
    async with three() as day:
        await day.press("a")
        assert isinstance(day.app.screen, FleetScreen)
        for key, name in (
            ("O", "OperationsScreen"),
            ("T", "TimelineScreen"),
            ("M", "TaskManagersScreen"),
            ("J", "JobManagerScreen"),
        ):
            under = day.table.cursor_key
            await day.press(key)
            assert type(day.app.screen).__name__ == name
            assert day.app.profile.name == under
            await day.press("escape", "escape")
            assert isinstance(day.app.screen, FleetScreen)
            assert day.table.cursor_key == under
            await day.press("down")
        await day.press("exclamation_mark")
        assert type(day.app.screen).__name__ == "FleetAlertsScreen"
        await day.press("escape", "question_mark")
        assert "All jobs of all clusters" in day.text


@pytest.mark.deep
async def test_keys_typed_fast_open_close_and_open_the_next() -> None:
    async with three() as day:
        await day.type_ahead("enter", "escape", "j", "j", "enter", "enter", "q", "q", "k", "k", "enter")
        assert day.app.port is day.port_of("ill")


@pytest.mark.deep
async def test_an_engine_that_fails_is_a_row_with_its_reason() -> None:
    async with three() as day:
        port = day.port_of("calm")
        port.failure = "the engine ended by itself: MemoryError()"
        day.app.known.news(["calm"])  # type: ignore[attr-defined]
        await day.wait(3)
        assert "the engine ended by itself" in day.line("calm ")
        await day.press("down", "down")
        day.table.cursor_key = "calm"
        await day.press("enter")
        assert isinstance(day.app.screen, FleetScreen)
        assert "can't be opened" in day.text


async def test_what_is_written_is_the_table_of_all_clusters() -> None:
    async with three() as day:
        screen = day.app.screen
        assert isinstance(screen, FleetScreen)
        text = as_text(view_of(screen))
        assert text.startswith("fleet ▸ clusters")
        assert [line.split()[0] for line in text.splitlines()[4:7]] == ["ill", "gone", "calm"]


@pytest.mark.deep
async def test_an_operation_on_a_cluster_that_is_not_open_is_named_before_leaving(tmp_path: Path) -> None:
    busy = ActingCluster()
    clock = busy.jobmanager.clock
    clusters = {"calm": simulated("healthy", clock), "busy": busy}
    async with fleet_of(clusters, clock, state=tmp_path, acts=True) as day:
        await day.press("slash", *"calm", "enter", "enter")
        assert day.app.port is day.port_of("calm")
        job = next(iter(busy.jobmanager.jobs))
        day.port_of("busy").submit(Savepoint(job, "orders"))
        await day.settled()
        await day.press("ctrl+c")
        assert "savepoint of orders on busy is in progress" in day.text
        await day.press("escape", "escape", "escape", "slash", *"busy", "enter", "enter")
        assert day.app.port is day.port_of("busy")
        await day.press("O")
        assert "savepoint" in day.text
        assert "orders" in day.line("savepoint")
