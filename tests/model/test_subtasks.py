"""Rates from totals that move by steps, the order of subtasks, how numbers spread."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.vertices import Attempt, IoMetrics
from flinktop.model.subtasks import BANDS, Progress, add_reading, attention, band, heat, summary


def attempt(
    subtask: int = 0,
    read: int = 0,
    *,
    times: tuple[float, float, float | None] | None = None,
    number: int = 0,
    known: bool = True,
) -> Attempt:
    """A subtask that has read so many records; `times` are idle, backpressured and busy in ms."""
    idle, backpressured, busy = times or (None, None, None)
    totals = IoMetrics(
        read_records=read,
        read_records_complete=known,
        write_records=read * 2,
        write_records_complete=known,
        accumulated_idle_time=idle,
        accumulated_backpressured_time=backpressured,
        accumulated_busy_time=busy,
    )
    return Attempt(subtask=subtask, attempt=number, start_time=1000, metrics=totals)


def looked(*answers: tuple[float, Attempt]) -> Progress:
    """What is known after these answers: time and subtask."""
    progress: Progress | None = None
    for at, one in answers:
        progress = add_reading(progress, at, [one])
    assert progress is not None
    return progress


def test_a_rate_needs_two_moves_and_the_first_sight_is_none() -> None:
    known = looked((0, attempt(read=0)), (10, attempt(read=1000)))
    assert known.moved(0).taken is None
    known = add_reading(known, 20, [attempt(read=2000)])
    assert known.moved(0).taken == pytest.approx(100.0)
    assert known.moved(0).sent == pytest.approx(200.0)


def test_answers_without_a_change_give_no_rate() -> None:
    steps = [(float(at), attempt(read=at // 10 * 1000)) for at in range(0, 62, 3)]
    assert looked(*steps).moved(0).taken == pytest.approx(100.0, rel=0.05)


def test_totals_that_stand_still_for_a_minute_are_a_rate_of_none() -> None:
    known = looked((0, attempt(read=5)), (10, attempt(read=6)), *((at, attempt(read=6)) for at in (40, 75)))
    assert known.moved(0).taken == 0.0


def test_a_restart_is_no_rate() -> None:
    known = looked((0, attempt(read=0)), (10, attempt(read=1000)), (20, attempt(read=300, number=1)))
    assert known.moved(0).taken is None


def test_a_counter_that_falls_or_is_not_known_is_no_rate() -> None:
    falling = looked((0, attempt(read=0)), (10, attempt(read=1000)), (20, attempt(read=900)))
    assert falling.moved(0).taken is None
    unknown = looked((0, attempt(read=0)), (10, attempt(read=10)), (20, attempt(read=20, known=False)))
    assert unknown.moved(0).taken is None


def test_a_subtask_that_was_not_there_has_no_rate() -> None:
    known = add_reading(
        looked((0, attempt(read=0)), (10, attempt(read=10))), 20, [attempt(read=20), attempt(1, 5)]
    )
    assert known.moved(0).taken is not None
    assert known.moved(1).taken is None
    assert known.moved(7).taken is None


def test_times_are_exact_shares_however_late_the_answers() -> None:
    known = looked(
        (0, attempt(times=(0, 0, 0))),
        (12, attempt(times=(2000, 1000, 7000))),
        # Flink fetched 10 s later; it took four more until it was asked.
        (26, attempt(times=(4000, 2000, 14000))),
    )
    moved = known.moved(0)
    assert (moved.idle, moved.backpressured, moved.busy) == (200.0, 100.0, 700.0)


def test_a_legacy_source_does_not_measure_when_it_is_busy() -> None:
    known = looked(
        (0, attempt(times=(0, 0, None))),
        (10, attempt(times=(0, 2500, None))),
        (20, attempt(times=(0, 5000, None))),
    )
    moved = known.moved(0)
    assert moved.busy is None
    assert moved.backpressured == pytest.approx(250.0)


def test_releases_without_accumulated_times_have_none() -> None:
    known = looked(*((at, attempt(read=int(at))) for at in (0.0, 10.0, 20.0)))
    assert known.moved(0).busy is None
    assert known.moved(0).idle is None


def test_a_minute_is_kept_and_no_more() -> None:
    steps = [(at * 10.0, attempt(read=at * 100 if at < 20 else 2000 + at * 1000)) for at in range(31)]
    known = looked(*steps)
    assert known.moves[-1][0] - known.moves[0][0] <= 70
    # Only the last minute counts.
    assert known.moved(0).taken == pytest.approx(100.0)


# -- order -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("busy", "backpressured", "over_mean", "expected"),
    [
        (700.0, 100.0, None, 700.0),
        (None, 300.0, 9.0, 300.0),
        (None, None, 1.0, 400.0),
        (None, None, 5.0, 1000.0),
        (None, None, None, None),
    ],
)
def test_heat_is_measured_time_else_the_share_of_records(
    busy: float | None, backpressured: float | None, over_mean: float | None, expected: float | None
) -> None:
    assert heat(busy, backpressured, over_mean) == expected


def test_a_value_that_trembles_at_a_border_does_not_move_its_row() -> None:
    for start in (1, 2):
        stayed = start
        for value in (505.0, 495.0, 510.0, 490.0):
            stayed = band(value, stayed)
            assert stayed == start


def test_a_value_that_leaves_its_band_for_good_moves_its_row() -> None:
    assert band(560.0, 1) == 2
    assert band(440.0, 2) == 1
    assert band(950.0, 0) == len(BANDS)
    assert band(10.0, len(BANDS)) == 0


@given(st.floats(0, 1000), st.integers(0, len(BANDS)))
def test_a_band_is_never_far_from_the_plain_one(value: float, before: int) -> None:
    assert abs(band(value, before) - band(value, sum(value >= border for border in BANDS))) <= 1


def test_a_value_that_is_not_known_keeps_its_row_where_it_is() -> None:
    assert band(None, 3) == 3


def test_failed_and_not_running_come_first_then_hot_ones_and_ended_ones_last() -> None:
    order = [
        attention("FAILED", 0, 9),
        attention("DEPLOYING", 0, 8),
        attention("RUNNING", 4, 7),
        attention("RUNNING", 1, 2),
        attention("RUNNING", 1, 5),
        attention("FINISHED", 0, 1),
    ]
    assert all(one < other for one, other in pairwise(order))


# -- spread ------------------------------------------------------------------------------------------


def test_a_summary_is_of_all_or_of_none() -> None:
    found = summary([1.0, 2.0, 6.0])
    assert found is not None
    assert (found.least, found.mean, found.most) == (1.0, 3.0, 6.0)
    assert summary([1.0, None]) is None
    assert summary([]) is None
