"""Bars of time in a cell of a table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flinktop.ui.widgets import gantt
from flinktop.ui.widgets.gantt import Stretch


def drawn(*stretches: Stretch, since: float = 0, until: float = 10, width: int = 10) -> str:
    return "".join(text for text, _ in gantt.bar(stretches, since, until, width).runs)


def test_a_stretch_takes_the_cells_of_its_time() -> None:
    assert drawn(Stretch(2, 5, "#", "good")) == "  ###     "
    assert drawn(Stretch(0, 10, "#", "good")) == "#" * 10


def test_stretches_that_follow_each_other_meet() -> None:
    assert drawn(Stretch(0, 3, "a", ""), Stretch(3, 7, "b", "x"), Stretch(7, 10, "c", "")) == "aaabbbbccc"


def test_a_moment_has_one_cell_at_the_very_end_too() -> None:
    assert drawn(Stretch(4.5, 4.5, "!", "bad")) == "    !     "
    assert drawn(Stretch(10, 10, "!", "bad")) == "         !"


def test_what_begins_before_the_window_is_marked_and_what_lies_outside_is_not_drawn() -> None:
    assert drawn(Stretch(-5, 3, "#", "good")) == "◂##       "
    assert drawn(Stretch(-5, -3, "#", "good"), Stretch(11, 12, "#", "good")) == " " * 10


def test_no_window_is_no_bar() -> None:
    assert gantt.bar([Stretch(0, 1, "#", "")], 5, 5, 10).runs == ()
    assert gantt.bar([Stretch(0, 1, "#", "")], 0, 5, 0).runs == ()


def test_the_axis_has_round_times_at_their_places() -> None:
    axis = gantt.axis(0, 100, 50, lambda at: f"{at:.0f}")
    [(text, style)] = axis.runs
    assert style == "muted"
    assert len(text) == 50
    assert text.startswith("'0")
    assert text.index("'30") == 15


@given(
    st.lists(st.tuples(st.floats(-1e12, 1e12), st.floats(0, 1e12)), max_size=8),
    st.floats(-1e12, 1e12),
    st.floats(0, 1e12),
    st.integers(0, 120),
)
def test_a_bar_is_as_wide_as_its_place_whatever_the_times(
    pairs: list[tuple[float, float]], since: float, length: float, width: int
) -> None:
    stretches = [Stretch(start, start + more, "#", "good") for start, more in pairs]
    text = drawn(*stretches, since=since, until=since + length, width=width)
    assert len(text) in (0, width)
    axis = gantt.axis(since, since + length, width, lambda at: f"{at:.0f}")
    assert all(len(text) == width for text, _ in axis.runs)
