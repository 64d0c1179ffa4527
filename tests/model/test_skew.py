"""Skew as Flink computes it, and who takes the most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.model.skew import skew, spread


@pytest.mark.parametrize(
    ("values", "percent"),
    [
        ([], 0.0),
        ([0.0, 0.0], 0.0),
        ([7.0], 0.0),
        ([5.0, 5.0, 5.0], 0.0),
        ([48_000.0, 274_000.0], 70.19),
        ([1.0, 3.0], 50.0),
        ([0.0, 0.0, 0.0, 12.0], 100.0),
        ([0.0, 10.0], 100.0),
    ],
)
def test_skew_is_the_mean_deviation_over_the_mean(values: list[float], percent: float) -> None:
    assert skew(values) == pytest.approx(percent, abs=0.005)


@given(st.lists(st.floats(0, 1e15), min_size=1, max_size=50))
def test_skew_is_a_percentage_whatever_the_values(values: list[float]) -> None:
    assert 0.0 <= skew(values) <= 100.0


@given(st.lists(st.floats(1, 1e9), min_size=2, max_size=20), st.floats(0.5, 1000))
def test_skew_does_not_depend_on_the_unit(values: list[float], unit: float) -> None:
    assert skew([value * unit for value in values]) == pytest.approx(skew(values), abs=1e-6)


@pytest.mark.parametrize("counts", [{}, {0: 5.0}, {0: 0.0, 1: 0.0}])
def test_no_spread_without_two_subtasks_or_records(counts: dict[int, float]) -> None:
    assert spread(counts) is None


def test_who_takes_the_most_is_named_with_its_share() -> None:
    found = spread({0: 10.0, 1: 20.0, 2: 10.0, 3: 60.0})
    assert found is not None
    assert (found.top, found.share, found.over_mean) == (3, 0.6, 2.4)
    assert found.percent == pytest.approx(70.0)


def test_over_the_mean_goes_on_where_flinks_figure_has_ended() -> None:
    few = spread({index: 100.0 if index == 2 else 0.0 for index in range(4)})
    many = spread({index: 100.0 if index == 2 else 0.0 for index in range(400)})
    assert few is not None
    assert many is not None
    assert few.percent == many.percent == 100.0
    assert (few.over_mean, many.over_mean) == (4.0, 400.0)


def test_of_several_the_lowest_index_is_named() -> None:
    found = spread({2: 10.0, 1: 10.0, 0: 4.0})
    assert found is not None
    assert found.top == 1
