"""The graph of a job on its screen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.cells import cell_len

from flinktop.model import format as fmt
from flinktop.model.graph import graph
from flinktop.ui.panels.job_graph import JobGraph
from flinktop.ui.panels.job_graph_box import Form, why_list
from flinktop.ui.screens.vertex import VertexScreen
from flinktop.ui.widgets.graph_picture import Box
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES, SIZES
from tests.ui.test_job import open_job

pytestmark = pytest.mark.deep

DIAMOND = ((0, 1, "HASH"), (0, 2, "BROADCAST"), (1, 3, "FORWARD"), (2, 3, "REBALANCE"))


def vertex_id(number: int) -> str:
    return f"{number:032x}"


def plan(names: list[str], edges: tuple[tuple[int, int, str], ...]) -> Any:
    """A change of a job's answer: these vertices, numbered from 0, and edges (source, target, strategy)."""

    def changed(document: dict[str, Any]) -> dict[str, Any]:
        pattern = document["vertices"][0]
        ids = [vertex_id(number) for number in range(len(names))]
        document["vertices"] = [
            {
                **pattern,
                "id": one,
                "name": name,
                "status": "RUNNING",
                "parallelism": 4,
                "tasks": {"RUNNING": 4},
            }
            for one, name in zip(ids, names, strict=True)
        ]
        document["plan"]["nodes"] = [
            {
                "id": one,
                "inputs": [
                    {"num": 0, "id": ids[source], "ship_strategy": strategy}
                    for source, target, strategy in edges
                    if ids[target] == one
                ],
            }
            for one in ids
        ]
        return document

    return changed


def planned(names: list[str], edges: tuple[tuple[int, int, str], ...]) -> FixtureCluster:
    cluster = FixtureCluster("1.20.5")
    cluster.changed[f"jobs/{cluster.job('steady')}"] = plan(names, edges)
    return cluster


async def open_graph(day: Day) -> JobGraph:
    """The steady job, on the tab of its graph."""
    await open_job(day, "steady")
    await day.press("1")
    await day.wait(3)
    return day.app.screen.query_one(JobGraph)


def boxes(panel: JobGraph) -> dict[str, Box]:
    return {box.key: box for box in panel.canvas.picture.boxes}


def words(box: Box) -> str:
    """All texts of a box in one line."""
    lines = (*box.above, *box.lines, *box.below)
    return " ".join(" ".join("".join(text for text, _ in line) for line in lines).split())


@pytest.mark.parametrize("release", RELEASES)
async def test_a_job_is_drawn_with_its_strategies_and_figures(release: str) -> None:
    async with monitor(release, (200, 60)) as day:
        panel = await open_graph(day)
        job = day.cluster.job("steady")
        document = day.cluster.document(f"jobs/{job}")
        shown = boxes(panel)
        assert list(shown) == [vertex["id"] for vertex in document["vertices"]]
        for vertex in document["vertices"]:
            assert vertex["name"].split()[0] in day.text
            assert f"x{vertex['parallelism']}" in words(shown[vertex["id"]])
        for node in document["plan"]["nodes"]:
            for edge in node.get("inputs", []):
                assert f"─{edge['ship_strategy']}─▶" in day.text
        middle = document["vertices"][1]["id"]
        path = f"/jobs/{job}/vertices/{middle}/subtasks/metrics?get=busyTimeMsPerSecond"
        found = json.loads(day.cluster.answer(path)[1])
        busy = f"{fmt.per_mille(found[0]['max'])}%" if found else fmt.ABSENT
        assert f"{busy} bkpr" in words(shown[middle])


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_a_graph(size: tuple[int, int]) -> None:
    cluster = planned(["orders", "left", "right", "warehouse"], DIAMOND)
    async with monitor(size=size, cluster=cluster) as day:
        panel = await open_graph(day)
        assert all(cell_len(line) == size[0] for line in day.lines)
        assert len(boxes(panel)) == 4


async def test_fan_out_and_join_are_drawn_whole_where_they_fit() -> None:
    cluster = planned(["orders", "left", "right", "warehouse"], DIAMOND)
    async with monitor(size=(120, 40), cluster=cluster) as day:
        await open_graph(day)
        assert day.text.count("─▶│") == 4
        for strategy in ("HASH", "BROADCAST", "FORWARD", "REBALANCE"):
            assert f"─{strategy}─▶" in day.text


async def test_ascii_draws_with_ascii_alone() -> None:
    cluster = planned(["orders", "left", "right", "warehouse"], DIAMOND)
    async with monitor(cluster=cluster, ascii_only=True) as day:
        panel = await open_graph(day)
        top = panel.canvas.region.y
        assert "".join(day.lines[top : top + panel.canvas.size.height]).isascii()
        assert "-HASH->|" in day.text


@pytest.mark.parametrize(
    "name", ["[red]x[/red] [/]", "\x1b[2J\x07", "x" * 5000, "作业" * 2000, "שלום " * 500, "", "a\u202eb"]
)
async def test_no_name_breaks_the_drawing(name: str) -> None:
    cluster = planned([name, "left", name, "warehouse"], DIAMOND)
    async with monitor(size=(120, 40), cluster=cluster) as day:
        panel = await open_graph(day)
        assert all(cell_len(line) == 120 for line in day.lines)
        assert day.text.count("─▶│") == 4
        assert "\x1b" not in day.text
        if name.startswith("[red]"):
            assert "[red]x[/red]" in words(boxes(panel)[vertex_id(0)])


async def test_heat_is_a_colour_of_the_frame_and_a_bar() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    hot, warm, cool = (vertex["id"] for vertex in cluster.document(f"jobs/{job}")["vertices"][1:4])
    for vertex, busy in ((hot, 980.0), (warm, 600.0), (cool, 30.0)):
        ids = (
            "numRecordsInPerSecond",
            "numRecordsOutPerSecond",
            "backPressuredTimeMsPerSecond",
            "idleTimeMsPerSecond",
        )
        figures = [
            {"id": one, "min": 0, "max": 0, "avg": 0, "sum": 0} for one in (*ids, "currentInputWatermark")
        ]
        told = [*figures, {"id": "busyTimeMsPerSecond", "min": busy, "max": busy, "avg": busy, "sum": busy}]
        cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/metrics"] = told
    async with monitor(size=(200, 60), cluster=cluster) as day:
        shown = boxes(await open_graph(day))
        assert [shown[vertex].tone for vertex in (hot, warm, cool)] == ["bad", "warn", ""]
        blocks = [words(shown[vertex]).count("█") for vertex in (hot, warm, cool)]
        assert blocks[0] > blocks[1] > blocks[2]
        assert "98%" in words(shown[hot])


async def test_a_vertex_that_does_not_run_says_so() -> None:
    cluster = planned(["orders", "left", "right", "warehouse"], DIAMOND)
    steady = cluster.changed[f"jobs/{cluster.job('steady')}"]

    def restarting(document: dict[str, Any]) -> dict[str, Any]:
        changed = steady(document)
        changed["vertices"][1] |= {"status": "INITIALIZING", "tasks": {"RUNNING": 1, "INITIALIZING": 3}}
        changed["vertices"][2] |= {"tasks": {"RUNNING": 3, "FAILED": 1}}
        return changed  # type: ignore[no-any-return]  # JSON

    cluster.changed[f"jobs/{cluster.job('steady')}"] = restarting
    async with monitor(size=(200, 60), cluster=cluster) as day:
        shown = boxes(await open_graph(day))
        assert words(shown[vertex_id(0)]).startswith("● x4")
        assert words(shown[vertex_id(1)]).startswith("◐ INITIALIZING x4")
        assert shown[vertex_id(1)].tone == "info"
        assert words(shown[vertex_id(2)]).startswith("● 3/4")


async def test_figures_that_never_come_are_not_zero() -> None:
    cluster = planned(["orders", "left", "right", "warehouse"], DIAMOND)
    async with monitor(size=(200, 60), cluster=cluster) as day:
        shown = words(boxes(await open_graph(day))[vertex_id(1)])
        assert f"busy {fmt.FAILED}" in shown
        assert "0%" not in shown


# -- what is asked -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("quiet_judge")
async def test_graph_and_table_share_one_request_for_each_vertex() -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        await open_graph(day)
        job = day.cluster.job("steady")
        vertices = len(day.cluster.document(f"jobs/{job}")["vertices"])
        await day.wait(10)
        since = len(day.cluster.asked)
        await day.wait(30)
        asked = [target for target in day.asked(since) if f"jobs/{job}/vertices/" in target]
        # The lag of jobs is asked for in passing, by rotation.
        asked = [target for target in asked if not target.endswith("get=currentInputWatermark")]
        assert len(set(asked)) == vertices
        assert len(asked) <= 3 * vertices + 1


@pytest.mark.usefixtures("quiet_judge")
async def test_of_many_vertices_those_on_the_screen_are_polled() -> None:
    count = 60
    chain = tuple((at, at + 1, "FORWARD") for at in range(count - 1))
    async with monitor(size=(80, 24), cluster=planned([f"step {at}" for at in range(count)], chain)) as day:
        panel = await open_graph(day)
        seen = panel.canvas.visible_keys()
        assert 0 < len(seen) < 8
        since = len(day.cluster.asked)
        await day.wait(20)
        asked = {target.split("/vertices/")[1][:32] for target in day.asked(since) if "/vertices/" in target}
        assert asked
        assert asked <= set(seen)
        await day.press("G")
        await day.wait(3)
        assert vertex_id(count - 1) in panel.canvas.visible_keys()
        assert "step 59" in day.text


# -- selection ---------------------------------------------------------------------------------------


async def test_the_selection_is_one_with_that_of_the_table() -> None:
    cluster = planned(["orders", "left", "right", "warehouse"], DIAMOND)
    async with monitor(size=(120, 40), cluster=cluster) as day:
        panel = await open_graph(day)
        await day.press("down", "down")
        assert panel.selected == vertex_id(2)
        panel.canvas.focus()
        await day.settled()
        await day.press("right")
        assert panel.selected == day.table.cursor_key == vertex_id(3)
        await day.press("left")
        assert panel.selected == day.table.cursor_key == vertex_id(2)


async def test_enter_opens_the_selected_vertex() -> None:
    async with monitor(
        size=(80, 24), cluster=planned(["orders", "left", "right", "warehouse"], DIAMOND)
    ) as day:
        panel = await open_graph(day)
        assert panel.canvas.has_focus
        await day.press("right", "enter")
        assert isinstance(day.app.screen, VertexScreen)
        assert day.app.screen.vertex == vertex_id(1)


async def test_the_echo_of_an_earlier_selection_does_not_move_the_box_back() -> None:
    async with monitor(
        size=(80, 24), cluster=planned(["orders", "left", "right", "warehouse"], DIAMOND)
    ) as day:
        panel = await open_graph(day)
        await day.press("right")
        panel.select(vertex_id(0))
        assert panel.selected == vertex_id(1)


async def test_a_restart_with_other_vertices_keeps_the_selected_one_if_it_is_still_there() -> None:
    names = ["orders", "left", "right", "warehouse"]
    cluster = planned(names, DIAMOND)
    job = f"jobs/{cluster.job('steady')}"
    async with monitor(size=(80, 24), cluster=cluster) as day:
        panel = await open_graph(day)
        await day.press("right", "right")
        assert panel.selected == vertex_id(3)
        cluster.changed[job] = plan([*names, "audit"], (*DIAMOND, (2, 4, "HASH")))
        await day.wait(4)
        assert len(boxes(panel)) == 5
        assert panel.selected == vertex_id(3)
        # It vanishes, and comes back.
        cluster.changed[job] = plan(names[:2], DIAMOND[:1])
        await day.wait(4)
        assert panel.selected == vertex_id(0)
        cluster.changed[job] = plan(names, DIAMOND)
        await day.wait(4)
        assert panel.selected == vertex_id(3)


async def test_a_rescaled_vertex_changes_its_box_and_not_the_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = planned(["orders", "left", "right", "warehouse"], DIAMOND)
    job = f"jobs/{cluster.job('steady')}"
    steady = cluster.changed[job]
    async with monitor(cluster=cluster) as day:
        panel = await open_graph(day)
        laid: list[tuple[int, int]] = []
        monkeypatch.setattr(Form, "layout", lambda _form, *size: laid.append(size))

        def rescaled(document: dict[str, Any]) -> dict[str, Any]:
            changed = steady(document)
            changed["vertices"][1] |= {"parallelism": 77, "tasks": {"RUNNING": 77}}
            return changed  # type: ignore[no-any-return]  # JSON

        cluster.changed[job] = rescaled
        await day.wait(4)
        assert "x77" in words(boxes(panel)[vertex_id(1)])
        assert laid == []


async def test_a_job_that_vanishes_keeps_its_drawing_dimmed() -> None:
    async with monitor("1.20.5") as day:
        panel = await open_graph(day)
        assert not any(box.dim for box in boxes(panel).values())
        before = set(boxes(panel))
        day.cluster.changed[f"jobs/{day.cluster.job('steady')}"] = (404, {"errors": ["Job not found"]})
        await day.wait(12)
        assert set(boxes(panel)) == before
        assert all(box.dim for box in boxes(panel).values())


async def test_a_job_without_vertices_yet_says_so() -> None:
    async with monitor(cluster=planned([], ())) as day:
        panel = await open_graph(day)
        assert "No vertices yet: the job is not running" in day.text
        assert panel.selected is None


# -- the list ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "edges", "size", "why"),
    [
        (4, DIAMOND, (80, 20), None),
        (4, DIAMOND, (40, 20), "no room to draw it"),
        (4, DIAMOND, (80, 3), "no room to draw it"),
        (500, (), (200, 50), "500 vertices are too many to draw"),
        (8, (), (200, 50), "no vertex feeds another"),
        (1, (), (200, 50), None),
        (0, (), (200, 50), None),
    ],
)
def test_what_is_a_list(
    nodes: int, edges: tuple[tuple[int, int, str], ...], size: tuple[int, int], why: str | None
) -> None:
    found = graph([str(node) for node in range(nodes)], [(str(a), str(b), label) for a, b, label in edges])
    assert why_list(found, *size) == why


async def test_five_hundred_vertices_are_a_list_with_their_inputs_in_words() -> None:
    chain = tuple((at, at + 1, "HASH") for at in range(499))
    async with monitor(cluster=planned([f"step {at}" for at in range(500)], chain)) as day:
        panel = await open_graph(day)
        assert "as a list: 500 vertices are too many to draw" in day.text
        assert day.line("step 0").lstrip(" │").startswith("1 ● step 0")
        assert "from 1 by HASH" in day.text
        panel.canvas.focus()
        await day.press("right", "down")
        assert panel.selected == vertex_id(2)
        await day.press("end")
        assert "step 499" in day.text


async def test_a_narrow_terminal_lists_and_a_wide_one_draws() -> None:
    async with monitor(
        size=(40, 24), cluster=planned(["orders", "left", "right", "warehouse"], DIAMOND)
    ) as day:
        await open_graph(day)
        assert "as a list: no room to draw it" in day.text
        assert "from 2 by FORWARD; 3 by" in day.text
        await day.pilot.resize_terminal(120, 40)
        await day.settled()
        await day.wait(1)
        assert "as a list" not in day.text
        assert "─FORWARD─▶" in day.text


# -- its form ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "measures"),
    [
        ((200, 40), (40, 6)),
        ((120, 40), (28, 6)),
        ((120, 11), (28, 5)),
        ((120, 9), (28, 4)),
        ((120, 7), (28, 3)),
        ((90, 40), (20, 9)),
        ((70, 17), (16, 8)),
        # Labels give way before boxes have to scroll.
        ((60, 17), (16, 8)),
        ((50, 17), (24, 6)),
    ],
)
def test_boxes_are_as_large_as_fits(size: tuple[int, int], measures: tuple[int, int]) -> None:
    names = ("orders", "left", "right", "warehouse")
    diamond = graph(names, [(names[source], names[target], label) for source, target, label in DIAMOND])
    found = Form(diamond, 60).layout(*size)
    assert (found.measures.width, found.measures.height) == measures
