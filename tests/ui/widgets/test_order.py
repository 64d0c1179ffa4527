from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.ui.widgets.order import Shown, Viewport, arrange, follow, missing, nearest

Pair = tuple[str, float | None]
ROWS: list[Pair] = [("a", 2.0), ("b", None), ("c", 1.0), ("d", math.nan), ("e", 2.0)]


def value(row: Pair) -> float | None:
    return row[1]


def names(rows: list[Pair]) -> str:
    return "".join(row[0] for row in rows)


def test_missing_values_are_last_in_both_directions() -> None:
    assert names(arrange(ROWS, sort=value)) == "caebd"
    assert names(arrange(ROWS, sort=value, reverse=True)) == "aecbd"


def test_without_a_sort_the_given_order_is_kept() -> None:
    assert names(arrange(ROWS)) == "abcde"
    assert names(arrange(ROWS, reverse=True)) == "edcba"


def test_only_what_passes_the_filter_is_kept() -> None:
    assert names(arrange(ROWS, keep=lambda row: row[0] in "ace", sort=value)) == "cae"


def test_values_that_do_not_compare_are_sorted_all_the_same() -> None:
    rows: list[tuple[str, object]] = [("a", "x"), ("b", 1), ("c", "w"), ("d", 0)]
    assert [row[0] for row in arrange(rows, sort=lambda row: row[1])] == ["d", "b", "c", "a"]


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=30), st.booleans())
def test_sorting_loses_nothing_and_is_stable(values: list[float | None], reverse: bool) -> None:  # noqa: FBT001 - hypothesis passes it so
    rows = list(enumerate(values))
    ordered = arrange(rows, sort=lambda row: row[1], reverse=reverse)
    assert sorted(at for at, _ in ordered) == list(range(len(rows)))
    present = [(at, number) for at, number in ordered if number is not None and not math.isnan(number)]
    assert all(missing(number) for _, number in ordered[len(present) :])
    for (first, low), (second, high) in pairwise(present):
        assert low >= high if reverse else low <= high
        assert low != high or first < second


def test_nearest_looks_down_first_then_up() -> None:
    assert nearest("abcde", 2, {"b", "d"}) == "d"
    assert nearest("abcde", 2, {"a", "b"}) == "b"
    assert nearest("abcde", 2, set()) is None


def shown(keys: str) -> Shown[str]:
    return Shown.of(keys, str)


def test_a_key_that_comes_twice_is_found_at_its_first_place() -> None:
    assert shown("aba").at == {"a": 0, "b": 1}


def test_the_cursors_row_keeps_its_height_on_the_screen() -> None:
    view = Viewport(cursor=5, top=3, page=4, moved=True)
    after = follow(view, shown("abcdefghij"), shown("xyabcdefghij"))
    assert (after.cursor, after.top) == (7, 5)
    after = follow(view, shown("abcdefghij"), shown("bcdefghij"))
    assert (after.cursor, after.top) == (4, 2)


def test_a_view_at_the_top_stays_there() -> None:
    view = Viewport(cursor=1, top=0, page=4, moved=True)
    after = follow(view, shown("abcdefghij"), shown("xabcdefghij"))
    assert (after.cursor, after.top) == (2, 0)


def test_a_cursor_that_was_moved_is_followed_out_of_the_top() -> None:
    view = Viewport(cursor=1, top=0, page=4, moved=True)
    after = follow(view, shown("abcdefghij"), shown("acdefghijb"))
    assert (after.cursor, after.top) == (9, 6)


@pytest.mark.parametrize("now", ["bcdefghija", "bacdefghij", "cab", "xyabcdefghij"])
def test_a_cursor_that_nobody_moved_stays_on_the_first_row(now: str) -> None:
    view = Viewport(cursor=0, top=0, page=4, moved=False)
    after = follow(view, shown("abcdefghij"), shown(now))
    assert (after.cursor, after.top) == (0, 0)


def test_rows_scrolled_to_stay_in_sight_though_nobody_moved_the_cursor() -> None:
    view = Viewport(cursor=0, top=4, page=3, moved=False)
    after = follow(view, shown("abcdefghij"), shown("xyabcdefghij"))
    assert (after.cursor, after.top) == (0, 6)


def test_with_the_cursor_out_of_sight_the_first_row_on_the_screen_keeps_its_place() -> None:
    view = Viewport(cursor=0, top=4, page=3, moved=True)
    after = follow(view, shown("abcdefghij"), shown("xyabcdefghij"))
    assert (after.cursor, after.top) == (2, 6)


@given(
    st.lists(st.sampled_from("abcdefghijklmnop"), unique=True),
    st.lists(st.sampled_from("abcdefghijklmnop"), unique=True),
    st.integers(0, 15),
    st.integers(0, 15),
    st.integers(0, 6),
    st.booleans(),
)
def test_following_keeps_the_key_and_stays_inside(  # noqa: PLR0917 - hypothesis passes them so
    before: list[str],
    now: list[str],
    cursor: int,
    top: int,
    page: int,
    put: bool,  # noqa: FBT001 - the same
) -> None:
    old, new = shown("".join(before)), shown("".join(now))
    view = Viewport(min(cursor, max(len(before) - 1, 0)), min(top, max(len(before) - page, 0)), page, put)
    after = follow(view, old, new)
    assert 0 <= after.cursor <= max(len(now) - 1, 0)
    assert 0 <= after.top <= max(len(now) - page, 0) or after.top == view.top == 0
    if before and put and before[view.cursor] in now:
        assert now[after.cursor] == before[view.cursor]
