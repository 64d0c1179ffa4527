"""The alerts of all clusters in one list: what a key does to one is done on its own cluster."""

from __future__ import annotations

import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from flinktop.engine.alerts.alert import Alert, Call, Change, Mute
from flinktop.flink.connection import Connection
from flinktop.judgement.finding import Kind, Severity
from flinktop.settings import Profile
from flinktop.ui.panels import fleet_alerts
from flinktop.ui.screens.fleet_alerts import FleetAlertsScreen
from flinktop.ui.written_view import as_text, view_of
from tests.manual_clock import ManualClock
from tests.ui.fleet_day import Dead, FleetDay, fleet_of, simulated
from tests.ui.golden import check
from tests.ui.remembered import Past

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fixture_cluster import FixtureCluster

ORDERS = "orders-enrichment"


class Days:
    """The app on several clusters, and what a test says has happened on each."""

    def __init__(self, day: FleetDay) -> None:
        self.day = day
        self.past = {name: Past(day, day.port_of(name), name) for name in day.clusters}

    async def alerts(self, **by_cluster: list[Alert]) -> None:
        """These are the alerts of the clusters: what has cleared has that in it."""
        for name, past in self.past.items():
            found = by_cluster.get(name, [])
            await past.alerts(
                [one for one in found if one.is_open], [one for one in found if not one.is_open]
            )
        await self.day.wait(3)

    def skew(self, cluster: str, ago: float, **rest: Any) -> Alert:
        """A warning about a job that is there."""
        served: Any = self.day.clusters[cluster]
        usual = {"job": served.job(ORDERS), "job_name": ORDERS, "words": "Join users"}
        return self.past[cluster].alert(Kind.SKEW, ago, **(usual | rest))

    def memory(self, cluster: str, ago: float, **rest: Any) -> Alert:
        """A critical one about a cluster."""
        usual: dict[str, Any] = {"severity": Severity.CRITICAL, "words": "heap 93 % full"}
        return self.past[cluster].alert(Kind.MEMORY, ago, **(usual | rest))

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Cluster and kind of each row."""
        parts = [key.split("\n") for key in self.day.table.shown_keys()]
        return [(part[0], part[3]) for part in parts]


@asynccontextmanager
async def listed(size: tuple[int, int] = (120, 40), *, open_it: bool = True) -> AsyncIterator[Days]:
    """Two that answer, and one that does not."""
    clock = ManualClock()
    clusters: dict[str, FixtureCluster] = {
        "eu": simulated("healthy", clock),
        "gone": Dead(),
        "us": simulated("healthy", clock),
    }
    profile = Profile("us", Connection("http://us.test:8081"), None, "red", group="prod")
    async with fleet_of(clusters, clock, size, profiles={"us": profile}) as day:
        days = Days(day)
        await days.alerts()
        if open_it:
            await day.press("exclamation_mark")
        yield days


# -- the list ----------------------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_open_comes_first_each_the_newest_first(
    size: tuple[int, int], *, write_goldens: bool
) -> None:
    async with listed(size) as days:
        await days.alerts(
            eu=[days.skew("eu", 7), days.memory("eu", 300, cleared=days.past["eu"].wall - 60)],
            gone=[days.past["gone"].alert(Kind.CLUSTER_LOST, 3, severity=Severity.CRITICAL, words="refused")],
            us=[days.memory("us", 60), days.skew("us", 300, cleared=days.past["us"].wall - 600)],
        )
        assert days.rows == [
            ("gone", "cluster-lost"),
            ("eu", "skew"),
            ("us", "memory"),
            ("eu", "memory"),
            ("us", "skew"),
        ]
        assert days.day.lines[0].strip().startswith("flinktop  fleet ▸ alerts")
        assert "CLUSTER" in days.day.text
        assert ("╭─ Alert ─" in days.day.text) == (size[1] == 40)
        assert ORDERS[:8] in days.day.line("▲ skew")
        assert "▲ open" in days.day.line("us ")
        assert "heap 93 % full" in days.day.line("us ")
        check(days.day.app, f"fleet-alerts-{size[0]}x{size[1]}-dark", write=write_goldens)


@pytest.mark.deep
async def test_below_it_is_all_that_is_known_of_the_selected_one() -> None:
    async with listed() as days:
        await days.alerts(eu=[days.skew("eu", 7)], us=[days.memory("us", 60)])
        detail = days.day.text.partition("╭─ Alert ─")[2]
        assert ["cluster", "eu"] in [line.strip(" │").split() for line in detail.splitlines()]
        assert ORDERS in detail
        await days.day.press("j")
        detail = days.day.text.partition("╭─ Alert ─")[2]
        assert "✕ memory: heap 93 % full" in detail
        assert ["cluster", "us"] in [line.strip(" │").split() for line in detail.splitlines()]
        assert ORDERS not in detail


@pytest.mark.deep
async def test_two_clusters_at_one_address_keep_their_own_rows() -> None:
    clock = ManualClock()
    clusters = {"a": simulated("healthy", clock), "b": simulated("healthy", clock)}
    same = {name: Profile(name, Connection("http://same.test:8081"), None, None) for name in clusters}
    async with fleet_of(clusters, clock, profiles=same) as day:
        days = Days(day)
        await days.alerts(a=[days.memory("a", 5)], b=[days.memory("b", 5)])
        await day.press("exclamation_mark")
        assert days.rows == [("a", "memory"), ("b", "memory")]
        with mock.patch.object(day.port_of("b"), "acknowledge") as acknowledge:
            await day.press("j", "A")
        acknowledge.assert_called_once()


@pytest.mark.deep
async def test_it_says_when_there_are_none_and_when_nothing_is_known() -> None:
    async with listed() as days:
        assert fleet_alerts.NONE in days.day.text
    clock = ManualClock()
    async with fleet_of({"gone": Dead()}, clock) as day:
        await day.press("exclamation_mark")
        assert fleet_alerts.NOT_JUDGED in day.text
        await day.remove("gone")
        await day.wait(3)
        assert fleet_alerts.NO_CLUSTERS in day.text


@pytest.mark.deep
async def test_rows_are_filtered_by_cluster_and_all_else_and_sorted() -> None:
    async with listed() as days:
        await days.alerts(eu=[days.skew("eu", 7)], us=[days.memory("us", 60), days.skew("us", 70)])
        await days.day.press("slash", *"cluster:us", "enter")
        assert days.rows == [("us", "memory"), ("us", "skew")]
        await days.day.press("escape", "slash", *"cluster:us kind:skew", "enter")
        assert days.rows == [("us", "skew")]
        await days.day.press("escape")
        for _ in range(len(days.day.table.columns)):
            await days.day.press("s")
            if "CLUSTER" in days.day.lines[-1]:
                break
        assert [cluster for cluster, _ in days.rows] == ["eu", "us", "us"]
        await days.day.press("S")
        assert [cluster for cluster, _ in days.rows] == ["us", "us", "eu"]


@pytest.mark.deep
async def test_problems_with_calls_and_mutes_stand_above_with_their_cluster() -> None:
    async with listed((80, 24)) as days:
        eu = days.past["eu"]
        mute = Mute(key=("c", "", "skew"), seconds=math.inf, at=eu.wall)
        await eu.alerts([days.memory("eu", 5)], mutes=(mute,), problems=("the command is [b]gone[/b]",))
        await days.day.wait(3)
        assert "▲ eu: the command is [b]gone[/b]" in days.day.text
        assert "⏸ muted: all skew alerts on eu, until it clears" in days.day.text


@pytest.mark.deep
async def test_clusters_come_and_go_with_their_alerts() -> None:
    async with listed() as days:
        await days.alerts(eu=[days.skew("eu", 7)], us=[days.memory("us", 60)])
        await days.day.press("j")
        await days.day.remove("eu")
        await days.day.wait(3)
        assert days.rows == [("us", "memory")]
        assert days.day.table.cursor_key is not None
        assert days.day.table.cursor_key.startswith("us\n")
        await days.day.add("new", simulated("healthy", days.day.clock))
        days.past["new"] = Past(days.day, days.day.port_of("new"), "new")
        await days.alerts(us=[days.memory("us", 60)], new=[days.skew("new", 1)])
        assert days.rows == [("new", "skew"), ("us", "memory")]


@pytest.mark.deep
async def test_keys_on_a_row_whose_cluster_is_just_gone_do_no_harm() -> None:
    async with listed() as days:
        await days.alerts(us=[days.memory("us", 60)])
        port = days.day.port_of("us")
        days.day.ended.append(port)
        days.day.fleet.remove("us")
        with mock.patch.object(port, "acknowledge") as acknowledge:
            await days.day.press("A", "x", "enter")
        acknowledge.assert_not_called()
        assert place(days.day) == "FleetAlertsScreen"
        assert "us is no longer there" in days.day.text


@pytest.mark.deep
async def test_when_nothing_changes_nothing_is_drawn() -> None:
    async with listed() as days:
        await days.alerts(eu=[days.skew("eu", 7)], us=[days.memory("us", 60)])
        table = days.day.app.screen.query_one(fleet_alerts.FleetAlertsTable)
        await days.day.wait(6)
        assert table.rows() is None


@pytest.mark.deep
async def test_hostile_texts_are_text() -> None:
    async with listed() as days:
        name = "[b]x\x1b[31m"
        await days.alerts(us=[days.skew("us", 7, job_name=name, words="[/] \x1b]0;x\x07")])
        assert "[b]x" in days.day.text
        assert "\x1b" not in days.day.text
        await days.day.press("A")
        assert "Acknowledged: skew of [b]x" in days.day.text


@pytest.mark.deep
async def test_what_is_written_has_the_cluster_of_each() -> None:
    async with listed() as days:
        await days.alerts(eu=[days.skew("eu", 7)], us=[days.memory("us", 60)])
        screen = days.day.app.screen
        assert isinstance(screen, FleetAlertsScreen)
        text = as_text(view_of(screen))
        assert text.startswith("fleet ▸ alerts")
        assert "CLUSTER" in text


# -- what a key does ---------------------------------------------------------------------------------------


@pytest.mark.deep
async def test_acknowledging_goes_to_the_cluster_of_the_alert() -> None:
    async with listed() as days:
        own = days.memory("us", 60)
        await days.alerts(eu=[days.skew("eu", 7)], us=[own])
        with (
            mock.patch.object(days.day.port_of("eu"), "acknowledge") as other,
            mock.patch.object(days.day.port_of("us"), "acknowledge") as acknowledge,
        ):
            await days.day.press("j", "A")
        acknowledge.assert_called_once_with(own.key)
        other.assert_not_called()
        assert "Acknowledged: memory of cluster us" in days.day.text
        assert place(days.day) == "FleetAlertsScreen"


@pytest.mark.deep
async def test_muting_and_unmuting_go_to_the_cluster_of_the_alert() -> None:
    async with listed((80, 24)) as days:
        own = days.skew("us", 60)
        await days.alerts(eu=[days.skew("eu", 7)], us=[own])
        await days.day.press("j", "x")
        assert f"{ORDERS} on us: skew" in days.day.text
        assert "mute all skew alerts of the cluster" in days.day.text
        with (
            mock.patch.object(days.day.port_of("eu"), "mute") as other,
            mock.patch.object(days.day.port_of("us"), "mute") as mute,
        ):
            await days.day.press("j", "enter")
        mute.assert_called_once_with(own.key, 3600.0)
        other.assert_not_called()
        assert place(days.day) == "FleetAlertsScreen"
        us = days.past["us"]
        muted = Mute(key=("c", "", "skew"), seconds=3600.0, at=us.wall)
        await us.alerts([own], mutes=(muted,))
        await days.day.wait(3)
        await days.day.press("x")
        with mock.patch.object(days.day.port_of("us"), "unmute") as unmute:
            await days.day.press("enter")
        unmute.assert_called_once_with(muted.key)


@pytest.mark.deep
async def test_enter_opens_the_cluster_and_the_job_and_esc_comes_back() -> None:
    async with listed() as days:
        day = days.day
        await days.alerts(eu=[days.memory("eu", 7)], us=[days.skew("us", 60)])
        await day.press("j", "enter")
        assert place(day) == "WhyScreen"
        assert day.app.port is day.port_of("us")
        assert day.lines[0].strip().startswith(f"flinktop  fleet ▸ us ▸ {ORDERS}")
        await day.press("escape")
        assert place(day) == "OverviewScreen"
        await day.press("escape")
        assert place(day) == "FleetAlertsScreen"
        assert not is_open(day)
        assert not day.port_of("us").engine.poller._visible
        assert str(day.table.cursor_key).startswith("us\n")
        await day.press("escape")
        assert place(day) == "FleetScreen"


@pytest.mark.deep
async def test_a_job_that_flink_no_longer_has_opens_with_its_history() -> None:
    async with listed() as days:
        day = days.day
        await days.alerts(us=[days.skew("us", 60, job="f" * 32)])
        await day.press("enter")
        assert place(day) == "JobScreen"
        assert day.app.port is day.port_of("us")


@pytest.mark.deep
async def test_places_of_one_cluster_are_those_of_the_alert_under_the_cursor() -> None:
    async with listed() as days:
        day = days.day
        await days.alerts(eu=[days.memory("eu", 7)], us=[days.skew("us", 60)])
        await day.press("j", "T")
        assert place(day) == "TimelineScreen"
        assert day.app.profile.name == "us"
        await day.press("escape", "escape")
        assert place(day) == "FleetAlertsScreen"
        await day.press("M")
        assert type(day.app.screen).__name__ == "TaskManagersScreen"
        assert day.app.profile.name == "us"


@pytest.mark.deep
async def test_inside_a_cluster_the_key_shows_that_one_and_the_palette_leads_to_all() -> None:
    async with listed(open_it=False) as days:
        day = days.day
        await days.alerts(eu=[days.memory("eu", 7)], us=[days.skew("us", 60)])
        await day.press("slash", *"cluster:us", "enter", "enter", "exclamation_mark")
        assert type(day.app.screen).__name__ == "AlertsScreen"
        assert "CLUSTER" not in day.text
        assert [key.split("\n")[2] for key in day.table.shown_keys()] == ["skew"]
        await day.press("colon", *"alerts of all clusters", "enter")
        assert place(day) == "FleetAlertsScreen"
        assert not is_open(day)
        assert days.rows == [("eu", "memory"), ("us", "skew")]
        await day.press("exclamation_mark")
        await day.press("escape")
        assert place(day) == "FleetScreen"


@pytest.mark.deep
async def test_the_palette_opens_another_cluster_from_one_that_was_opened_here() -> None:
    async with listed() as days:
        day = days.day
        await days.alerts(us=[days.skew("us", 60)])
        await day.press("enter", "colon", *"jobs", "enter")
        assert place(day) == "OverviewScreen"
        assert day.app.profile.name == "us"
        await day.press("colon", *"cluster eu", "enter")
        assert place(day) == "OverviewScreen"
        assert day.app.profile.name == "eu"
        assert not day.port_of("us").engine.poller._visible
        await day.press("escape", "escape")
        assert place(day) == "FleetScreen"


@pytest.mark.deep
async def test_help_names_what_works_here() -> None:
    async with listed() as days:
        await days.day.press("question_mark")
        assert "Acknowledge the selected alert" in days.day.text
        assert "Mute the selected alert" in days.day.text


@pytest.mark.deep
async def test_a_call_names_the_key_where_it_leads_to_the_alert() -> None:
    async with listed(open_it=False) as days:
        app: Any = days.day.app
        call = Call(Change.RAISED, (days.memory("us", 1),), days.past["us"].wall)
        assert app.lists(call)
        await days.day.press("slash", *"eu", "enter", "enter")
        assert app.profile.name == "eu"
        assert not app.lists(call)
        assert app.lists(Call(Change.RAISED, (days.memory("eu", 1),), days.past["eu"].wall))


def is_open(day: FleetDay) -> bool:
    return day.app.is_open


def place(day: FleetDay) -> str:
    return type(day.app.screen).__name__
