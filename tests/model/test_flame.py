"""Flame graphs: where each method stands, and what is where in a window on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.vertices import Frame
from flinktop.model import flame

GRAPH = Frame(
    "root",
    10,
    (
        Frame(
            "java.lang.Thread.run:-1",
            10,
            (
                Frame(
                    "org.apache.flink.runtime.taskmanager.Task.run:575",
                    7,
                    (Frame("my.Map.map:12", 4), Frame("my.Map.parse:9", 2)),
                ),
                Frame("java.lang.Object.wait:-1", 3),
            ),
        ),
    ),
)


def test_every_method_has_its_place_under_its_caller() -> None:
    found = flame.pieces(GRAPH)
    assert [(one.short, one.depth, one.start, one.samples, one.own) for one in found] == [
        ("root", 0, 0, 10, 0),
        ("Thread.run", 1, 0, 10, 0),
        ("Task.run:575", 2, 0, 7, 1),
        ("Map.map:12", 3, 0, 4, 4),
        ("Map.parse:9", 3, 4, 2, 2),
        ("Object.wait", 2, 7, 3, 3),
    ]
    assert [one.parent for one in found] == [-1, 0, 1, 2, 2, 1]


def test_whose_code_it_is() -> None:
    kinds = {one.short: one.kind for one in flame.pieces(GRAPH)}
    assert kinds["Map.map:12"] == flame.PROGRAM
    assert kinds["Task.run:575"] == flame.FLINK
    assert kinds["Object.wait"] == flame.JAVA
    connector = flame.Piece(1, 0, 1, 0, 1, 1, "org.apache.flink.connector.kafka.Reader.poll:3")
    assert connector.kind == flame.PROGRAM


def test_rows_fill_the_width_and_zooming_widens_what_is_zoomed() -> None:
    graph = flame.pieces(GRAPH)
    whole = flame.rows(graph, 0, 20)
    assert [[(block.piece.short, block.x, block.width) for block in row] for row in whole] == [
        [("root", 0, 20)],
        [("Thread.run", 0, 20)],
        [("Task.run:575", 0, 14), ("Object.wait", 14, 6)],
        [("Map.map:12", 0, 8), ("Map.parse:9", 8, 4)],
    ]
    task = flame.rows(graph, 2, 70)
    assert [[(block.piece.short, block.x, block.width) for block in row] for row in task] == [
        [("Task.run:575", 0, 70)],
        [("Map.map:12", 0, 40), ("Map.parse:9", 40, 20)],
    ]


def test_a_graph_without_samples_has_no_rows() -> None:
    assert flame.rows(flame.pieces(Frame("root", 0)), 0, 80) == []


def test_a_piece_is_found_again_by_its_path_or_as_near_as_can_be() -> None:
    graph = flame.pieces(GRAPH)
    names = flame.path(graph, 4)
    assert names[-1] == "my.Map.parse:9"
    assert flame.find(graph, names) == 4
    assert flame.find(graph, (*names[:-1], "gone")) == 2
    assert flame.find(flame.pieces(Frame("root", 1)), names) == 0


def test_the_trunk_ends_where_the_samples_part() -> None:
    assert flame.pieces(GRAPH)[flame.trunk(flame.pieces(GRAPH))].short == "Thread.run"


class Counted(list[flame.Piece]):
    """A graph that counts how often a piece of it is looked at."""

    looks = 0

    def __getitem__(self, at: Any) -> Any:
        self.looks += isinstance(at, int)
        return super().__getitem__(at)

    def __iter__(self) -> Iterator[flame.Piece]:
        for one in super().__iter__():
            self.looks += 1
            yield one


def test_a_deep_and_wide_graph_is_looked_at_a_few_times() -> None:
    root = Frame("end", 10, tuple(Frame(f"leaf {number}", 0) for number in range(5000)))
    for number in range(150):
        root = Frame(f"call {number}", 10, (*(Frame("beside", 0) for _ in range(20)), root))
    graph = Counted(flame.pieces(root))
    assert graph[flame.trunk(graph)].name == "end"
    assert graph[flame.find(graph, flame.path(graph, flame.trunk(graph)))].name == "end"
    assert graph.looks < 10 * len(graph)


def test_the_share_of_matches_counts_no_sample_twice() -> None:
    graph = flame.pieces(GRAPH)
    assert flame.share(graph, flame.matching(graph, "map.")) == pytest.approx(0.6)
    assert flame.share(graph, flame.matching(graph, "RUN")) == 1.0
    assert flame.matching(graph, "") == ()
    assert flame.share(graph, ()) == 0.0


def test_the_hottest_methods_are_those_seen_themselves() -> None:
    assert flame.hottest(flame.pieces(GRAPH), 2) == [("Map.map:12", 4), ("Object.wait", 3)]


frames = st.recursive(
    st.builds(Frame, st.text(max_size=5), st.integers(1, 20)),
    lambda inner: st.lists(inner, min_size=1, max_size=4).map(
        lambda children: Frame("x", sum(child.value for child in children) + 1, tuple(children))
    ),
    max_leaves=20,
)


@pytest.mark.deep
@given(frames, st.integers(1, 200))
def test_no_block_leaves_its_caller_and_none_overlap(root: Frame, width: int) -> None:
    graph = flame.pieces(root)
    assert [one.number for one in graph] == list(range(len(graph)))
    above: list[flame.Block] = []
    for row in flame.rows(graph, 0, width):
        ends = 0
        for block in row:
            assert block.x >= ends
            ends = block.x + block.width
            assert ends <= width
            if above:
                caller = next(one for one in above if one.piece.number == block.piece.parent)
                assert caller.x <= block.x
                assert ends <= caller.x + caller.width
        above = row
