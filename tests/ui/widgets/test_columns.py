from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.ui.widgets.columns import Column, Layout, column_at, spans_in


def column(key: str, width: int, *, drop: int = 0, flex: bool = False) -> Column[str]:
    return Column(key, key.upper(), width, lambda row: (row, ""), drop=drop, flex=flex)


JOBS = (
    column("state", 10),
    column("job", 16, flex=True),
    column("in", 7),
    column("out", 7, drop=1),
    column("spark", 10, drop=3),
    column("busy", 4, drop=2),
    column("up", 6, drop=4),
)


def keys(width: int) -> list[str]:
    return [where.column.key for where in spans_in(JOBS, width)]


def test_columns_go_in_the_order_of_their_drop_numbers() -> None:
    orders = [keys(width) for width in range(200, 19, -1)]
    gone: list[str] = []
    for wide, narrow in pairwise(orders):
        gone += [key for key in wide if key not in narrow]
    assert gone[:4] == ["up", "spark", "busy", "out"]


def test_of_equal_drop_numbers_the_rightmost_is_dropped_first() -> None:
    columns = (column("a", 5), column("b", 5, drop=1), column("c", 5, drop=1))
    assert [where.column.key for where in spans_in(columns, 12)] == ["a", "b"]


def test_the_flexible_column_takes_the_rest() -> None:
    places = {where.column.key: where for where in spans_in(JOBS, 200)}
    assert places["up"].x + places["up"].width == 200
    assert places["job"].width > 100


def test_a_second_blank_between_columns_never_costs_a_column() -> None:
    columns = (column("a", 5), column("b", 5, drop=1))
    assert [(where.x, where.width) for where in spans_in(columns, 12)] == [(1, 5), (7, 5)]
    assert [(where.x, where.width) for where in spans_in(columns, 13)] == [(1, 5), (8, 5)]


@pytest.mark.parametrize(("width", "cells", "gap"), [(26, 10, 1), (28, 12, 1), (30, 12, 2), (34, 16, 2)])
def test_columns_are_set_apart_when_the_flexible_one_has_its_comfort(
    width: int, cells: int, gap: int
) -> None:
    name = replace(column("name", 8, flex=True), comfort=12)
    _, found, last = spans_in((column("a", 5), name, column("b", 8)), width)
    assert (found.width, found.gap, last.gap) == (cells, gap, gap)


@pytest.mark.parametrize(("weights", "cells"), [((1, 1), (14, 13)), ((1, 4), (12, 15)), ((0, 1), (10, 17))])
def test_what_is_left_is_divided_by_weight(weights: tuple[int, int], cells: tuple[int, int]) -> None:
    name, words = (
        replace(column(key, 8, flex=True), comfort=10, weight=weight)
        for key, weight in zip(("name", "words"), weights, strict=True)
    )
    assert tuple(where.width for where in spans_in((name, words), 30)) == cells


def test_the_flexible_column_shrinks_when_nothing_can_be_dropped() -> None:
    columns = (column("a", 5), column("b", 20, flex=True))
    assert [where.width for where in spans_in(columns, 16)] == [5, 9]


@pytest.mark.parametrize("width", [0, 1, 2, 5])
def test_a_hopeless_width_gives_what_fits(width: int) -> None:
    assert all(where.x + where.width <= width for where in spans_in(JOBS, width))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4), st.booleans()), max_size=9),
    st.integers(0, 220),
)
def test_nothing_overlaps_and_nothing_leaves_the_width(
    specs: list[tuple[int, int, bool]], width: int
) -> None:
    columns = [column(str(at), size, drop=drop, flex=flex) for at, (size, drop, flex) in enumerate(specs)]
    places = spans_in(columns, width)
    end = 0
    for where in places:
        assert where.x - where.gap == end
        assert where.gap >= 1
        assert where.width >= 1
        end = where.x + where.width
    assert end <= width


def test_a_click_finds_its_column() -> None:
    places = spans_in(JOBS, 120)
    for where in places:
        found = column_at(places, where.x)
        assert found is where.column
    assert column_at(places, 500) is None


def test_a_layout_is_only_recomputed_for_another_width() -> None:
    layout = Layout(JOBS)
    assert layout.at(80) is layout.at(80)
    assert layout.at(120) == spans_in(JOBS, 120)


def test_a_column_with_leaves_is_dropped_before_the_flexible_one_is_too_narrow() -> None:
    name = Column[str]("name", "NAME", 10, lambda row: (row, ""), flex=True)
    extra = Column[str]("extra", "X", 5, lambda row: (row, ""), drop=1, leaves=30)
    assert [where.column.key for where in spans_in([name, extra], 40)] == ["name", "extra"]
    assert [where.column.key for where in spans_in([name, extra], 35)] == ["name"]
