"""Clusters come and go while flinktop is open: rows, cursor, the cluster that is open, the search's words."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from flinktop.engine.fleet import SearchState
from flinktop.model.kubernetes import KubernetesState
from flinktop.ui.panels.fleet_table import cluster_name
from flinktop.ui.screens.fleet import FleetScreen
from tests.demo_cluster import DemoCluster
from tests.manual_clock import ManualClock
from tests.ui.fleet_day import FleetDay, SaysSo, fleet_of, simulated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WHERE = "context prod, namespaces a and b"


@asynccontextmanager
async def searched(
    *names: str, state: SearchState | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[FleetDay, SaysSo]]:
    """Healthy clusters of these names, and a search that says `state`."""
    clock = ManualClock()
    search = SaysSo(state or SearchState(WHERE, searched=True))
    clusters = {name: simulated("healthy", clock) for name in names}
    async with fleet_of(clusters, clock, size, searches=[search]) as day:
        yield day, search


def rows(day: FleetDay) -> list[str]:
    return list(day.table.shown_keys())


def cluster_of(screen: FleetScreen) -> str | None:
    return screen.cluster


def is_open(day: FleetDay) -> bool:
    return day.app.is_open


@pytest.mark.deep
async def test_rows_come_and_go_and_the_cursor_stays_with_its_row() -> None:
    async with searched("b", "d") as (day, _search):
        await day.press("down")
        assert day.table.cursor_key == "d"
        await day.add("c", simulated("healthy", day.clock))
        assert rows(day) == ["b", "d", "c"]
        await day.add("a", simulated("healthy", day.clock))
        assert rows(day) == ["b", "d", "a", "c"]
        assert day.table.cursor_key == "d"
        assert "4 of 4 live" in day.lines[0]
        await day.remove("b")
        assert rows(day) == ["d", "a", "c"]
        assert day.table.cursor_key == "d"
        await day.remove("d")
        assert rows(day) == ["a", "c"]
        assert day.table.cursor_key == "a"


@pytest.mark.deep
async def test_nothing_is_reordered_while_nothing_has_changed() -> None:
    async with searched("a", "b", "c") as (day, _search):
        await day.add("d", simulated("healthy", day.clock))
        before = rows(day)
        for _ in range(10):
            await day.wait(1)
            assert rows(day) == before


@pytest.mark.deep
async def test_a_cluster_that_comes_is_opened_like_any_other_and_found_by_its_name() -> None:
    async with searched("a") as (day, _search):
        await day.add("new", simulated("healthy", day.clock))
        await day.press("colon", *"cluster new", "enter")
        assert day.app.port is day.port_of("new")
        assert "fleet ▸ new" in day.lines[0]


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_open_cluster_that_is_deleted_stays_readable_and_says_so(size: tuple[int, int]) -> None:
    async with searched("a", "b", size=size) as (day, _search):
        await day.press("enter")
        port = day.port_of("a")
        known = [job.name for job in day.app.fleet_facts().jobs if job.cluster == "a"]
        port.set_kubernetes(KubernetesState(context="prod", namespace="x", deleted=day.clock.wall()))
        served = day.clusters["a"]
        assert isinstance(served, DemoCluster)
        served.hangs = lambda _path: True
        await day.remove("a")
        await day.wait(178)
        assert "✕ deleted 3 m ago" in day.lines[0]
        assert "deleted in Kubernetes 3 m ago" in day.text
        assert day.app.port is port
        assert any(name[:10] in day.text for name in known)
        await day.press("escape")
        assert isinstance(day.app.screen, FleetScreen)
        assert rows(day) == ["b"]


@pytest.mark.deep
async def test_one_that_is_deleted_while_it_is_open_in_several_places_is_left_step_by_step() -> None:
    async with searched("a", "b") as (day, _search):
        await day.press("enter", "enter")
        assert "fleet ▸ a ▸" in day.lines[0]
        await day.remove("a")
        await day.press("escape")
        assert is_open(day)
        await day.press("escape")
        assert not is_open(day)
        assert rows(day) == ["b"]


async def test_what_was_opened_too_late_says_that_it_is_gone() -> None:
    async with searched("a", "b") as (day, _search):
        day.ended.append(day.port_of("a"))
        day.fleet.remove("a")
        day.app.open_cluster("a")
        await day.settled()
        assert "a is no longer there" in day.text
        assert isinstance(day.app.screen, FleetScreen)


@pytest.mark.deep
@pytest.mark.parametrize("tab", ["1", "2"])
async def test_keys_and_cells_of_a_row_that_is_just_gone_do_no_harm(tab: str) -> None:
    async with searched("a", "b") as (day, _search):
        await day.press(tab)
        screen = day.app.screen
        assert isinstance(screen, FleetScreen)
        day.ended.append(day.port_of("a"))
        day.fleet.remove("a")
        # Before the screen has heard of it.
        assert cluster_of(screen) == "a"
        assert screen.own_cluster() is None
        screen.action_refresh()
        screen.action_timeline()
        table = screen.table()
        assert table is not None
        table.redraw_cells()
        await day.wait(2)
        assert cluster_of(screen) == "b"
        assert day.app.screen is screen


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_search_that_finds_nothing_says_where_it_has_looked(size: tuple[int, int]) -> None:
    async with searched(state=SearchState(WHERE), size=size) as (day, search):
        assert f"looking for Flink clusters in {WHERE}" in day.text
        nothing = f"no Flink cluster found in {WHERE}"
        search.state = SearchState(WHERE, searched=True, nothing=nothing)
        day.fleet.search_changed()
        await day.wait(2)
        assert nothing in day.text
        assert "no clusters" in day.lines[0]
        await day.add("first", simulated("healthy", day.clock))
        assert rows(day) == ["first"]
        assert "no Flink cluster" not in day.text
        await day.remove("first")
        assert nothing in day.text


async def test_what_can_not_be_searched_is_said_with_when_it_is_tried_again() -> None:
    missing = "there is no program kubectl: install it, or name it by kubectl in the config"
    async with searched(state=SearchState(WHERE, problems=(missing,)), size=(80, 24)) as (day, search):
        search.state = SearchState(WHERE, problems=(missing,), retry_at=day.clock.now() + 20)
        day.fleet.search_changed()
        await day.wait(5)
        words = " ".join(day.text.split())
        assert f"✕ {missing}" in words
        assert "tried again in 15 s" in words
        await day.press("r")
        assert search.tried == 1
        search.state = SearchState(WHERE, searched=True)
        day.fleet.search_changed()
        await day.wait(2)
        assert "kubectl" not in day.text


async def test_words_for_nothing_that_take_two_lines_are_whole() -> None:
    nothing = f"no Flink cluster found in {WHERE}; --all-namespaces searches in all of them"
    async with searched(state=SearchState(WHERE, searched=True, nothing=nothing), size=(80, 24)) as (day, _):
        assert nothing in " ".join(day.text.split())


async def test_where_it_searches_stands_in_the_frame() -> None:
    async with searched("a") as (day, _search):
        assert WHERE in day.lines[0]


def test_names_in_namespaces_keep_their_end() -> None:
    assert cluster_name("payments/orders", 15) == "payments/orders"
    assert cluster_name("payments/orders", 12) == "paym…/orders"
    assert cluster_name("payments/orders-enrichment", 12) == "payments/or…"
    assert cluster_name("a-long-name-without", 8) == "a-long-…"


@pytest.mark.deep
async def test_many_problems_leave_room_for_the_clusters() -> None:
    problems = tuple(f"namespace n{number}: pods may not be listed" for number in range(9))
    async with searched("a", state=SearchState(WHERE, searched=True, problems=problems)) as (day, _search):
        assert "namespace n2" in day.text
        assert "namespace n3" not in day.text
        assert "6 more problems" in day.text
        assert rows(day) == ["a"]


async def test_foreign_words_of_a_search_are_no_markup_and_no_control_characters() -> None:
    state = SearchState("context \x1b[31m[red]x", problems=("no [/] here \x1b]0;x\x07",))
    async with searched(state=state) as (day, _search):
        assert "[red]x" in day.text
        assert "no [/] here" in day.text
        assert "\x1b" not in day.text


@pytest.mark.deep
async def test_the_wall_follows() -> None:
    async with searched("a") as (day, _search):
        day.app.action_wall()
        await day.wait(1)
        assert "1 cluster" in day.text
        await day.add("b", simulated("healthy", day.clock))
        await day.wait(2)
        assert "2 clusters" in day.text
        await day.remove("a")
        await day.remove("b")
        assert "0 clusters" in day.text
        await day.press("escape")
        assert isinstance(day.app.screen, FleetScreen)
