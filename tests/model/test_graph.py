"""Graphs laid out for a terminal: what is drawn is the graph, and can be told apart."""

from __future__ import annotations

import cProfile
import json
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flinktop.flink.decode import decode
from flinktop.flink.jobs import Job
from flinktop.model.graph import (
    MOST_NODES,
    MOST_PASSES,
    Edge,
    Graph,
    graph,
    graph_of,
    is_drawable,
    layers_of,
    links,
)
from flinktop.model.graph_lanes import Wire, lanes_of
from flinktop.model.graph_layout import Layout, Measures, Route, lay_out
from flinktop.model.graph_order import arrange
from tests.fixture_cluster import FixtureCluster

MEASURES = (
    Measures(20, 5),
    Measures(24, 6),
    Measures(18, 4, gap=0),
    Measures(16, 3, label=0),
    Measures(30, 8),
)


def drawn(words: str) -> Graph:
    """A graph from words such as "a>b" and "a>b:HASH"; nodes in the order of their names."""
    inputs = []
    for word in words.split():
        ends, _, label = word.partition(":")
        source, _, target = ends.partition(">")
        inputs.append((source, target, label))
    return graph(sorted({end for source, target, _ in inputs for end in (source, target)}), inputs)


def random_graph(nodes: int, seed: int, reach: int = 8) -> Graph:
    """A plan of many vertices: mostly chains, some of whose vertices feed or join several."""
    dice = random.Random(seed)  # noqa: S311 -- the same graph every time
    inputs = [
        (f"v{dice.randrange(max(0, node - reach), node)}", f"v{node}", dice.choice(["HASH", "FORWARD"]))
        for node in range(1, nodes)
        for _ in range(dice.choice([1, 1, 1, 1, 2]))
    ]
    return graph([f"v{node}" for node in range(nodes)], inputs)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 14))
    names = [f"n{node}" for node in range(count)]
    # Cycles, loops, doubles and unknown nodes are all among them.
    ends = st.sampled_from([*names, "unknown"])
    edges = st.tuples(ends, ends, st.sampled_from(["", "HASH", "BROADCAST", "CUSTOM_PARTITIONER"]))
    return graph(names, draw(st.lists(edges, max_size=24)))


# -- the graph ---------------------------------------------------------------------------------------


def test_edges_of_one_pair_become_one_with_all_labels() -> None:
    assert graph(["a", "b"], [("a", "b", "HASH"), ("a", "b", "FORWARD"), ("a", "b", "HASH")]).edges == (
        Edge("a", "b", "FORWARD, HASH x2"),
    )


def test_loops_and_edges_of_unknown_nodes_are_left_out() -> None:
    assert graph(["a"], [("a", "a", ""), ("a", "x", ""), ("x", "a", "")]) == Graph(("a",))


def test_a_job_that_was_restarted_with_other_vertices_is_another_graph_and_a_rescaled_one_is_not() -> None:
    document = FixtureCluster("1.20.5").document(f"jobs/{FixtureCluster('1.20.5').job('steady')}")
    before = graph_of(job(document))
    document["vertices"][1]["parallelism"] = 77
    assert graph_of(job(document)) == before
    document["vertices"][1]["id"] = "0" * 32
    assert graph_of(job(document)) != before


@pytest.mark.parametrize("release", ["1.9.3", "1.14.6", "1.20.5", "2.3.0"])
def test_the_plan_of_a_real_job_is_a_chain_with_its_strategies(release: str) -> None:
    cluster = FixtureCluster(release)
    document = cluster.document(f"jobs/{cluster.job('steady')}")
    found = graph_of(job(document))
    assert found.nodes == tuple(vertex["id"] for vertex in document["vertices"])
    told = {
        (edge["id"], node["id"]): edge["ship_strategy"]
        for node in document["plan"]["nodes"]
        for edge in node.get("inputs", [])
    }
    assert {(edge.source, edge.target): edge.label for edge in found.edges} == told
    assert len(told) == len(found.nodes) - 1


def job(document: dict[str, Any]) -> Job:
    return decode(json.dumps(document).encode(), Job).value


@pytest.mark.parametrize(
    ("words", "layers"),
    [
        ("a>b b>c", "012"),
        ("a>b a>c b>d c>d", "0112"),
        # A source that is joined late stands beside the join.
        ("a>b b>c d>c", "0121"),
        ("a>c b>c c>d", "0012"),
        # A long way and a short one.
        ("a>b b>c c>d a>d", "0123"),
        # A cycle is cut where it closes.
        ("a>b b>c c>a", "012"),
        ("a>b c>d d>e", "01012"),
    ],
)
def test_layers(words: str, layers: str) -> None:
    found = drawn(words)
    assert layers_of(len(found.nodes), links(found)) == [int(layer) for layer in layers]


def test_the_edge_that_closes_a_cycle_is_the_one_that_is_turned_round() -> None:
    found = drawn("a>b b>c c>a")
    assert [edge.source for edge, link in zip(found.edges, links(found), strict=True) if link.backward] == [
        "c"
    ]


def test_too_large_graphs_are_not_drawable() -> None:
    assert is_drawable(Graph())
    assert is_drawable(random_graph(MOST_NODES, 1))
    assert not is_drawable(random_graph(MOST_NODES + 1, 1))
    tangled = [(f"v{one}", f"v{other}", "") for one in range(100) for other in range(one + 1, 100, 4)]
    tangled += [(f"v{one}", f"v{one + 1}", "") for one in range(99)]
    assert sum(int(other[1:]) - int(one[1:]) for one, other, _ in tangled) > MOST_PASSES
    assert not is_drawable(graph([f"v{node}" for node in range(100)], tangled))


# -- the order ---------------------------------------------------------------------------------------


def crossings(found: Graph) -> int:
    order = arrange(found, 8)
    at = {node: place for nodes in order.layers for place, node in enumerate(nodes)}
    layer = {node: number for number, nodes in enumerate(order.layers) for node in nodes}
    return sum(
        layer[one.left] == layer[other.left]
        and (at[one.left] - at[other.left]) * (at[one.right] - at[other.right]) < 0
        for number, one in enumerate(order.segments)
        for other in order.segments[:number]
    )


@pytest.mark.parametrize(
    ("words", "least"),
    [
        ("a>x b>y c>z", 0),
        ("a>z b>y c>x", 0),
        ("a>x a>y b>x b>y", 1),
        ("a>c a>d b>d b>e c>f d>f e>f", 0),
        ("a>b b>c c>d d>e a>e b>e", 0),
    ],
)
def test_as_few_edges_cross_as_have_to(words: str, least: int) -> None:
    assert crossings(drawn(words)) == least


def test_pipelines_without_an_edge_between_them_stand_one_below_the_other() -> None:
    found = lay_out(drawn("a>c b>d c>e d>f"), MEASURES[0])
    rows = {box.key: box.y for box in found.boxes}
    assert rows["a"] == rows["c"] == rows["e"]
    assert rows["b"] == rows["d"] == rows["f"]
    assert rows["b"] >= rows["a"] + found.measures.height


# -- the lanes ---------------------------------------------------------------------------------------


def test_a_wire_bends_before_the_one_that_arrives_on_its_row() -> None:
    found = lanes_of([Wire(1, 2, 9), Wire(2, 9, 20)])
    assert found.lane[2] < found.lane[1]


def test_wires_that_would_have_to_bend_before_each_other_make_a_detour() -> None:
    wires = [Wire(1, 2, 9), Wire(2, 9, 2)]
    found = lanes_of(wires)
    assert len(found.detour) == 1
    [(row, (lane, other))] = found.detour.items()
    assert row in (2, 9)
    assert lane == 0
    assert other not in (2, 9)
    assert found.count == 3


def test_a_wire_leaves_a_row_before_others_join_it() -> None:
    # Bundle 2 runs along row 9 and is joined there from row 5; bundle 1 leaves from row 9 as well.
    found = lanes_of([Wire(1, 9, 16), Wire(2, 9, 9), Wire(2, 5, 9)])
    assert found.lane[1] < found.lane[2]


def test_bundles_far_from_each_other_share_a_lane() -> None:
    assert lanes_of([Wire(1, 2, 5), Wire(2, 12, 15)]).count == 1
    assert lanes_of([Wire(1, 2, 9), Wire(2, 5, 15)]).count == 2
    assert lanes_of([Wire(1, 4, 4)]).count == 0


# -- the layout --------------------------------------------------------------------------------------


def cells(route: Route) -> dict[tuple[int, int], str]:
    """The cells a route runs through, and to which sides it leaves each."""
    found: dict[tuple[int, int], set[str]] = {}
    for (x, y), (to_x, to_y) in pairwise(route.points):
        assert (x == to_x) != (y == to_y), "an edge runs along rows and columns"
        step_x, step_y = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
        here = (x, y)
        while here != (to_x, to_y):
            after = (here[0] + step_x, here[1] + step_y)
            found.setdefault(here, set()).add(
                "r" if step_x > 0 else "l" if step_x else "d" if step_y > 0 else "u"
            )
            found.setdefault(after, set()).add(
                "l" if step_x > 0 else "r" if step_x else "u" if step_y > 0 else "d"
            )
            here = after
    return {cell: "".join(sorted(sides)) for cell, sides in found.items()}


def check(found: Graph, layout: Layout) -> None:
    """A layout is a picture of the graph in which everything can be told apart."""
    width, height = layout.measures.width, layout.measures.height
    assert [box.key for box in layout.boxes] == list(found.nodes)
    taken = Counter(
        (box.x + x, box.y + y) for box in layout.boxes for x in range(width) for y in range(height)
    )
    assert max(taken.values(), default=1) == 1, "boxes overlap"
    at = {box.key: box for box in layout.boxes}
    assert [(route.source, route.target) for route in layout.routes] == [
        (edge.source, edge.target) for edge in found.edges
    ]
    sides: dict[tuple[int, int], list[tuple[Route, str]]] = {}
    for route in layout.routes:
        left, right = (at[route.target], at[route.source])[:: 1 if route.backward else -1]
        (first_x, first_y), (last_x, last_y) = route.points[0], route.points[-1]
        assert first_x == left.x + width
        assert left.y < first_y < left.y + height - 1
        assert last_x == right.x - 1
        assert right.y < last_y < right.y + height - 1
        for cell, ways in cells(route).items():
            assert cell not in taken, "an edge runs through a box"
            sides.setdefault(cell, []).append((route, ways))
        for place in range(route.label_room):
            cell = (route.label_at[0] + place, route.label_at[1])
            assert cell[1] == last_y
            assert route.points[-2][0] < cell[0] < last_x
    assert all(0 <= x < layout.width and 0 <= y < layout.height for x, y in [*taken, *sides])
    for shared in sides.values():
        for number, (one, ways) in enumerate(shared):
            for other, others in shared[:number]:
                kin = {one.source, one.target} & {other.source, other.target}
                assert kin or not set(ways) & set(others), f"{one} and {other} run over each other"
    labelled = {
        (route.label_at[0] + place, route.label_at[1]): route
        for route in layout.routes
        for place in range(route.label_room)
    }
    for cell, route in labelled.items():
        assert all({route.source, route.target} & {other.source, other.target} for other, _ in sides[cell]), (
            "an edge runs through the label of another"
        )


@pytest.mark.deep
@settings(max_examples=300)
@given(graphs(), st.sampled_from(MEASURES))
@example(drawn("a>x a>y b>x b>y"), MEASURES[0])
@example(drawn("a>y b>x"), MEASURES[3])
@example(drawn("a>b b>a"), MEASURES[0])
def test_every_graph_is_drawn_unambiguously(found: Graph, measures: Measures) -> None:
    check(found, lay_out(found, measures))


@pytest.mark.parametrize("measures", MEASURES)
@pytest.mark.parametrize("seed", range(4))
def test_sixty_vertices(seed: int, measures: Measures) -> None:
    found = random_graph(60, seed)
    check(found, lay_out(found, measures))


@settings(max_examples=50)
@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_of_edges_changes_nothing(found: Graph, dice: random.Random) -> None:
    inputs = [(edge.source, edge.target, edge.label) for edge in found.edges]
    dice.shuffle(inputs)
    again = graph(found.nodes, inputs)
    assert again.edges == found.edges
    assert lay_out(again, MEASURES[0]) == lay_out(found, MEASURES[0])


def test_sixty_vertices_take_little_work() -> None:
    assert calls(random_graph(60, 7)) < 110_000


def test_the_largest_graph_that_is_drawn_does_not_hang() -> None:
    found = random_graph(MOST_NODES, 3, reach=40)
    assert is_drawable(found)
    assert calls(found) < 400_000


def calls(found: Graph) -> int:
    """How many calls the layout takes: work that no busy machine makes more."""
    profile = cProfile.Profile()
    profile.runcall(lay_out, found, MEASURES[0])
    return sum(entry.callcount for entry in profile.getstats())


def test_no_vertex_and_one_vertex() -> None:
    assert lay_out(Graph(), MEASURES[0]) == Layout(MEASURES[0], 0, 0)
    one = lay_out(Graph(("a",)), MEASURES[0])
    assert (one.width, one.height, len(one.boxes), one.routes) == (20, 5, 1, ())


def test_a_chain_is_one_straight_line() -> None:
    found = lay_out(drawn("a>b:HASH b>c:FORWARD c>d"), MEASURES[0])
    assert {box.y for box in found.boxes} == {0}
    assert all(len(route.points) == 2 for route in found.routes)
    assert found.height == 5


def test_a_diamond_is_symmetric() -> None:
    found = lay_out(drawn("a>b a>c b>d c>d"), MEASURES[0])
    rows = {box.key: box.y for box in found.boxes}
    assert rows["a"] == rows["d"]
    assert rows["a"] - rows["b"] == rows["c"] - rows["a"] == 3


def test_edges_end_on_rows_of_their_own_as_long_as_there_are_enough() -> None:
    three = lay_out(drawn("a>t b>t c>t"), Measures(20, 5))
    assert len({route.points[-1] for route in three.routes}) == 3
    # On a frame around two rows they come together before it, with one label.
    two = lay_out(drawn("a>t:HASH b>t:HASH c>t:HASH"), Measures(20, 4))
    assert len({route.points[-1] for route in two.routes}) == 1
    assert [(route.label, route.label_room) for route in two.routes] == [
        ("HASH", 4),
        ("HASH", 0),
        ("HASH", 0),
    ]


def test_a_long_label_is_cut_and_leaves_no_more_room_than_is_allowed() -> None:
    short = lay_out(drawn("a>b:" + "X" * 5000), MEASURES[0])
    assert short.routes[0].label_room == MEASURES[0].label
    assert short.width < 60
    assert lay_out(drawn("a>b:HASH"), Measures(20, 5, label=0)).routes[0].label_room == 0
