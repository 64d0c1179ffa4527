from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.ui.widgets.spark import bar, skyline, spark


@pytest.mark.parametrize(
    ("values", "width", "text"),
    [
        ([], 4, "    "),
        ([0, 0], 2, "▁▁"),
        ([0, 7], 2, "▁█"),
        ([1, 2, 3, 4, 5, 6, 7], 7, "▂▃▄▅▆▇█"),
        ([1, None, math.nan, math.inf, 1], 5, "█   █"),
        ([9, 9, 0, 5], 2, "▁█"),
        ([1], 3, "  █"),
        ([-5, 10], 2, "▁█"),
        ([1e308, 5e307], 2, "█▅"),
        ([1], 0, ""),
    ],
)
def test_spark(values: list[float | None], width: int, text: str) -> None:
    assert spark(values, width) == text


def test_spark_in_ascii() -> None:
    text = spark([0, 1, 2, None, 3], 5, ascii=True)
    assert text.isascii()
    assert text[0] == "."
    assert text[3:] == " @"


def test_spark_against_a_fixed_top() -> None:
    assert spark([50, 200], 2, top=100) == "▅█"


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=50), st.integers(0, 40), st.booleans())
def test_spark_has_its_width_whatever_comes(values: list[float | None], width: int, plain: bool) -> None:  # noqa: FBT001 - hypothesis passes it so
    assert len(spark(values, width, ascii=plain)) == width


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0, "    "),
        (1, "████"),
        (0.5, "██  "),
        (0.001, "▏   "),
        (0.999, "███▉"),
        (7, "████"),
        (-1, "    "),
        (None, "    "),
    ],
)
def test_bar(fraction: float | None, text: str) -> None:
    assert bar(fraction, 4) == text


def test_a_skyline_is_a_line_over_several_rows() -> None:
    assert skyline([4, 8, 12, 16, 16], 6, 2) == ("   ▄██", " ▄█   ")
    assert skyline([0, None, math.nan, 16], 4, 2) == ("   █", "▁   ")
    # A steep rise or fall is joined.
    assert skyline([1, 32, 1], 3, 4) == (" █ ", " █ ", " █ ", "▁ ▁")
    assert skyline([4, 8], 2, 2, ascii=True) == (" #", "# ")
    assert skyline([], 3, 2) == ("   ", "   ")
    assert skyline([1.0], 0, 2) == ()
    assert skyline([1e308, -1e308, math.inf], 3, 2)[0] == "█  "


def test_bar_in_ascii() -> None:
    assert bar(0.5, 4, ascii=True) == "##.."
    assert bar(math.nan, 4) == "    "
