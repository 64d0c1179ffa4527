"""A flame graph in the terminal: zoom, search, movement, and what is said where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flinktop.ui import tabs
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.vertex import VertexScreen
from flinktop.ui.widgets.flame import FlameView
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.test_vertex_tabs import number, open_tab, vertex_of

pytestmark = pytest.mark.deep


def frame(name: str, value: int, *children: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "value": value, "children": list(children)}


GRAPH = {
    "endTimestamp": 1795320660000,
    "data": frame(
        "root",
        100,
        frame(
            "java.lang.Thread.run:-1",
            100,
            frame(
                "org.apache.flink.runtime.taskmanager.Task.run:575",
                100,
                frame("my.own.Parse [x].map:12", 60, frame("java.lang.Integer.parseInt:9", 50)),
                frame("my.own.Lookup.call:7", 30),
            ),
        ),
    ),
}


def drawn(release: str = "1.20.5", told: Any = GRAPH) -> FixtureCluster:
    cluster = FixtureCluster(release)
    cluster.changed[f"jobs/{cluster.job('steady')}/vertices/{vertex_of(cluster)['id']}/flamegraph"] = told
    return cluster


def view(day: Day) -> FlameView:
    return day.app.screen.query_one(FlameView)


async def test_the_widest_calls_are_read_from_top_to_bottom() -> None:
    async with monitor(cluster=drawn()) as day:
        await open_tab(day, "flame")
        await day.sees("100 samples")
        shown = [line.strip("│ ") for line in day.lines if "▏" in line]
        assert [line.split()[0] for line in shown[:3]] == ["▏root", "▏Thread.run", "▏Task.run:575"]
        assert "▏Parse [x].map:12" in shown[3]
        assert "▏Lookup.call:7" in shown[3]
        assert "hottest 50 % Integer.parseInt:9   30 % Lookup.call:7" in day.text
        # What all samples have in common is passed: the place where they part is selected.
        await day.sees("100 %  org.apache.flink.runtime.taskmanager.Task.run:575   itself 10 %")


async def test_enter_zooms_in_and_esc_zooms_out_before_it_goes_back() -> None:
    async with monitor(cluster=drawn()) as day:
        await open_tab(day, "flame")
        await day.press("down")
        await day.sees("60 %  my.own.Parse [x].map:12")
        await day.press("enter")
        await day.sees("zoomed in")
        assert "▏Lookup" not in day.text
        await day.press("escape")
        await day.sees("▏Lookup")
        assert isinstance(day.app.screen, VertexScreen)
        await day.press("escape")
        assert not isinstance(day.app.screen, VertexScreen)


async def test_arrows_go_to_callers_and_neighbours() -> None:
    async with monitor(cluster=drawn()) as day:
        await open_tab(day, "flame")
        for key, expected in (
            ("down", "my.own.Parse [x].map:12"),
            ("right", "my.own.Lookup.call:7"),
            ("right", "my.own.Lookup.call:7"),
            ("left", "my.own.Parse [x].map:12"),
            ("down", "java.lang.Integer.parseInt:9"),
            ("up", "my.own.Parse [x].map:12"),
            ("g", "root"),
            ("up", "root"),
        ):
            await day.press(key)
            await day.sees(f"%  {expected}")


async def test_a_search_shows_the_share_of_samples_with_a_match() -> None:
    async with monitor(cluster=drawn()) as day:
        await open_tab(day, "flame")
        await day.press("slash", *"own", "enter")
        await day.sees("/own in 90 % of the samples")
        await day.press("n")
        await day.sees("60 %  my.own.Parse")
        await day.press("n")
        await day.sees("30 %  my.own.Lookup")
        await day.press("escape")
        assert view(day).filter == ""
        await day.press("slash", *"nowhere", "enter")
        await day.sees("not found")


async def test_x_asks_for_running_and_for_waiting_threads() -> None:
    async with monitor(cluster=drawn()) as day:
        path = await open_tab(day, "flame")
        for kind in ("full", "on_cpu", "off_cpu", "full"):
            await day.wait(6)
            assert f"{path}/flamegraph?type={kind}" in day.asked()
            await day.press("x")


def by_kind(**told: Any) -> FixtureCluster:
    """A cluster whose samples differ by the kind that is asked for."""
    cluster = drawn()
    path = f"jobs/{cluster.job('steady')}/vertices/{vertex_of(cluster)['id']}/flamegraph"
    del cluster.changed[path]
    answers: dict[tuple[tuple[str, str], ...], tuple[int, bytes]] = {
        (("type", kind),): (200, json.dumps(document).encode()) for kind, document in told.items()
    }
    cluster.recorded = {**cluster.recorded, path: answers}
    return cluster


NO_SAMPLES = {"endTimestamp": 1795320660000, "data": frame("root", 0)}


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_a_kind_without_samples_leaves_no_zoom_behind(key: str) -> None:
    async with monitor(cluster=by_kind(full=GRAPH, on_cpu=NO_SAMPLES)) as day:
        await open_tab(day, "flame")
        await day.press("down", "enter", "x")
        await day.sees("no samples")
        await day.press(key)
        assert not isinstance(day.app.screen, VertexScreen)


async def test_a_kind_without_samples_stays_empty_when_the_tab_is_shown_again() -> None:
    async with monitor(cluster=by_kind(full=GRAPH, on_cpu=NO_SAMPLES)) as day:
        await open_tab(day, "flame")
        await day.press("slash", *"nowhere", "enter")
        await day.sees("not found")
        await day.press("x")
        await day.sees("no samples")
        await day.wait(1)
        assert "not found" not in day.text
        await day.press("4", "8")
        await day.pilot.resize_terminal(110, 36)
        await day.settled()
        await day.sees("no samples")
        assert "▏" not in day.text


async def test_one_sample_is_not_many() -> None:
    told = {"endTimestamp": 1795320660000, "data": frame("root", 1, frame("my.own.Parse.map:12", 1))}
    async with monitor(cluster=drawn(told=told)) as day:
        await open_tab(day, "flame")
        await day.sees("1 sample at")


async def test_a_new_graph_keeps_zoom_and_selection_by_their_names() -> None:
    cluster = drawn()
    async with monitor(cluster=cluster) as day:
        path = await open_tab(day, "flame")
        await day.press("down", "enter", "down")
        data: Any = GRAPH["data"]
        newer = frame("root", 200, frame("java.lang.Thread.run:-1", 200, data["children"][0]["children"][0]))
        cluster.changed[f"{path}/flamegraph"] = {"endTimestamp": 1795320720000, "data": newer}
        await day.wait(70)
        await day.sees("200 samples")
        await day.sees("zoomed in")
        await day.sees("25 %  java.lang.Integer.parseInt:9")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"endTimestamp": -1}, "the vertex has ended"),
        ({"endTimestamp": -2}, "Flame graphs are disabled on this cluster."),
        ({"endTimestamp": -3}, "samples are being taken"),
        ({"endTimestamp": 1795320660000, "data": frame("root", 0)}, "no samples"),
        ((500, {"errors": ["it broke"]}), "it broke"),
    ],
)
async def test_a_missing_graph_is_explained(told: Any, words: str) -> None:
    async with monitor(cluster=drawn("2.3.0", told)) as day:
        await open_tab(day, "flame")
        await day.sees(words)


async def test_during_sampling_it_is_polled_soon_and_then_once_a_minute() -> None:
    cluster = drawn("2.3.0", {"endTimestamp": -3})
    async with monitor(cluster=cluster) as day:
        path = await open_tab(day, "flame")
        await day.wait(12)
        target = f"{path}/flamegraph?type=full"
        assert day.asked().count(target) >= 3
        cluster.changed[f"{path}/flamegraph"] = GRAPH
        await day.wait(6)
        await day.sees("100 samples")
        since = len(cluster.asked)
        await day.wait(50)
        assert day.asked(since).count(target) <= 1


async def test_before_1_13_there_are_none_and_nothing_is_requested() -> None:
    async with monitor("1.9.3") as day:
        await open_tab(day, "flame")
        await day.sees("Flink 1.13 or later is needed for flame graphs (this is 1.9.3).")
        await day.wait(10)
        assert not [target for target in day.asked() if "flamegraph" in target]


@pytest.mark.parametrize(("release", "has"), [("1.14.6", False), ("1.20.5", True)])
async def test_one_subtask_has_its_own_from_1_17_on(release: str, has: bool) -> None:  # noqa: FBT001
    cluster = drawn(release)
    async with monitor(cluster=cluster) as day:
        job, vertex = cluster.job("steady"), vertex_of(cluster)["id"]
        day.app.push_screen(SubtaskScreen(job, vertex, 1))
        await day.settled()
        await day.press(number(tabs.SUBTASK_TABS, "flame"))
        await day.wait(6)
        target = f"jobs/{job}/vertices/{vertex}/flamegraph?subtaskindex=1&type=full"
        assert (target in day.asked()) is has
        await day.sees("100 samples" if has else "of one subtask needs Flink 1.17 or later")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_size_shows_it(size: tuple[int, int], ascii_only: bool) -> None:  # noqa: FBT001
    async with monitor(cluster=drawn(), size=size, ascii_only=ascii_only) as day:
        await open_tab(day, "flame")
        await day.sees("Parse [x].map:12")
        assert all(len(line) <= size[0] for line in day.lines)
        if ascii_only:
            assert "▏" not in day.text


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5", "2.3.0"])
async def test_what_real_clusters_have_sampled_is_drawn(release: str) -> None:
    cluster = FixtureCluster(release)
    vertex = vertex_of(cluster, "slow", 0)["id"]
    path = f"jobs/{cluster.job('slow')}/vertices/{vertex}/flamegraph"
    # The full graph was recorded without naming its kind: it is what Flink sends by default.
    cluster.recorded = {
        **cluster.recorded,
        path: {**cluster.recorded[path], (("type", "full"),): cluster.recorded[path][()]},
    }
    async with monitor(cluster=cluster) as day:
        await open_tab(day, "flame", job="slow", at=0)
        await day.sees("200 samples")
        await day.sees("▏Task.doRun")


async def test_the_footer_offers_what_a_tab_can_do() -> None:
    async with monitor(cluster=drawn(), size=(80, 24)) as day:
        await open_tab(day, "flame")
        assert "enter zoom  x on/off CPU" in day.lines[-1]
        await day.press("6")
        await day.wait(1)
        assert "p pin" in day.lines[-1]
        assert "on/off CPU" not in day.text
        await day.press("9")
        await day.wait(1)
        assert "enter" not in day.lines[-1]
        assert "p pin" not in day.lines[-1]
