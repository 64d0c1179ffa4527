"""What is remembered of figures, and what is made of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flinktop.judgement import trails
from flinktop.judgement.trails import MOST, Note


def noted(*values: Any, keep: float = 0.0, every: float = 10.0) -> dict[str, trails.Trail]:
    """After a look at a figure every so many seconds."""
    found: dict[str, trails.Trail] = {}
    for number, value in enumerate(values):
        at = number * every * 1000.0
        found = trails.after(found, [Note("it", at, value, keep)], at)
    return found


def test_an_answer_that_is_seen_twice_is_one_sample() -> None:
    once = trails.after({}, [Note("it", 5.0, 1.0)], 5.0)
    assert trails.after(once, [Note("it", 5.0, 2.0)], 9.0) == once


def test_the_last_few_are_kept_and_older_changes_for_their_time() -> None:
    assert len(noted(*range(20))["it"]) == trails.LAST
    kept = noted(0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2, keep=600.0)["it"]
    assert [sample.value for sample in kept] == [0, 1, 2, 2, 2, 2, 2]


def test_a_counter_that_falls_tells_nothing() -> None:
    assert trails.risen(noted(3, 5), "it") == 2
    assert trails.risen(noted(5, 3), "it") is None
    assert trails.risen(noted(None, 3), "it") is None
    assert trails.risen(noted(5), "it") is None
    assert trails.rates(noted(5, 3, 9), "it") == ()
    assert trails.rates(noted(10, 30, 40), "it") == (2.0, 1.0)


def test_gaps_are_between_the_last_samples() -> None:
    assert trails.gaps(noted(100, 90, 95), "it") == (-10.0, 5.0)
    assert trails.gaps(noted(100, None, 95), "it") == ()
    assert trails.gaps({}, "it") == ()


def test_what_is_noted_no_more_is_forgotten() -> None:
    before = noted(1, 2)
    assert trails.after(before, [], 600_000.0) == before
    assert not trails.after(before, [], 2_000_000.0)


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True)), max_size=80), st.floats(0, 3600))
def test_no_trail_grows_without_end(values: list[float | None], keep: float) -> None:
    found = noted(*values, keep=keep)
    assert len(found.get("it", ())) <= MOST
