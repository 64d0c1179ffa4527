"""Pauses between retries: they grow, and no number of failures makes them longer than their limit."""

import pytest

from flinktop.engine.link import BACKGROUND, FOLLOWED, UNDER_WAY, WATCHED, BackOff

MOST_JITTER = 1.2


@pytest.mark.parametrize("back_off", [WATCHED, BACKGROUND, FOLLOWED, UNDER_WAY])
@pytest.mark.parametrize("failures", [1023, 1024, 1025, 1_000_000, 10**30])
def test_any_number_of_failures_has_a_pause(back_off: BackOff, failures: int) -> None:
    assert back_off.after(failures) == back_off.longest


@pytest.mark.parametrize("back_off", [WATCHED, BACKGROUND, FOLLOWED, UNDER_WAY])
def test_pauses_double_up_to_the_limit(back_off: BackOff) -> None:
    pauses = [back_off.after(failures) for failures in range(1, 100)]
    assert pauses == sorted(pauses)
    assert pauses[0] == back_off.first
    assert pauses[1] == 2 * back_off.first
    assert pauses[-1] == back_off.longest
    assert back_off.after(0) == back_off.after(-5) == back_off.first


def test_jitter_moves_every_pause() -> None:
    assert WATCHED.after(1_000_000, 0.8) < WATCHED.longest < WATCHED.after(1_000_000, MOST_JITTER)


@pytest.mark.parametrize("back_off", [WATCHED, FOLLOWED])
def test_visible_queries_are_retried_within_ten_seconds(back_off: BackOff) -> None:
    assert back_off.after(1_000_000, MOST_JITTER) < 10.0
