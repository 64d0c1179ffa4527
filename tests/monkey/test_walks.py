"""A few of the monkey's walks: none ends flinktop, hangs it, blanks it or keeps it from quitting."""

from __future__ import annotations

import pytest

from tests.monkey.inline import inline
from tests.monkey.result import Result
from tests.monkey.terminal import in_terminal

INLINE = range(8)
IN_A_TERMINAL = range(8)
IN_TIME = 8.0
"""Seconds: more than the three that quitting may take, on a machine that is busy with other things."""


def is_good(result: Result) -> None:
    assert result.good, f"seed {result.seed}: {result.outcome}, {result.keys} keys\n{result.detail}"


@pytest.mark.deep
@pytest.mark.parametrize("seed", INLINE)
def test_a_walk(seed: int) -> None:
    is_good(inline(seed))


@pytest.mark.deep
@pytest.mark.parametrize("seed", IN_A_TERMINAL)
def test_a_walk_in_a_terminal(seed: int) -> None:
    is_good(in_terminal(seed, quits_within=IN_TIME))
