"""The median."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.model.median import median

VALUES = st.lists(st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12), min_size=1)


@given(VALUES)
def test_it_is_that_of_statistics(values: list[float]) -> None:
    assert median(values) == statistics.median(values)


def test_no_values_have_none() -> None:
    with pytest.raises(ValueError, match="no values"):
        median(iter(()))
