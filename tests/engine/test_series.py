"""Numbers over time: rings that wrap, gaps, and series whose job has long gone."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.engine.series import LENGTH, Ring, SeriesStore, cluster_series, job_series, vertex_series

NAME = job_series("a", "in")


def test_an_empty_ring_has_no_points() -> None:
    ring = Ring()
    assert ring.last() is None
    assert ring.points() == ()


@pytest.mark.parametrize("added", [1, LENGTH - 1, LENGTH, LENGTH + 1, 2 * LENGTH, 3 * LENGTH + 7])
def test_a_ring_keeps_the_newest_points_in_order(added: int) -> None:
    ring = Ring()
    for number in range(added):
        ring.add(float(number), number * 2.0)
    kept = range(max(0, added - LENGTH), added)
    assert ring.points() == tuple((float(number), number * 2.0) for number in kept)
    assert ring.last() == (added - 1.0, (added - 1) * 2.0)


@given(st.lists(st.none() | st.floats(), max_size=50))
def test_gaps_are_single_and_between_numbers(values: list[float | None]) -> None:
    store = SeriesStore()
    for at, value in enumerate(values):
        store.add(NAME, float(at), value)
    points = store.points(NAME)
    kept = [
        (float(at), value) for at, value in enumerate(values) if value is not None and not math.isnan(value)
    ]
    assert [point for point in points if not math.isnan(point[1])] == kept
    gaps = [math.isnan(value) for _, value in points]
    assert not any(one and other for one, other in pairwise(gaps))
    assert not gaps or not gaps[0]


def test_points_from_a_time_on() -> None:
    store = SeriesStore()
    for at in range(10):
        store.add(NAME, float(at), 1.0)
    assert [at for at, _ in store.points(NAME, 7.0)] == [7.0, 8.0, 9.0]
    assert store.points(NAME, 10.0) == ()
    assert store.points(job_series("b", "in")) == ()


def test_latest() -> None:
    store = SeriesStore()
    assert store.latest(NAME) is None
    store.add(NAME, 1.0, 5.0)
    store.add(NAME, 2.0, None)
    latest = store.latest(NAME)
    assert latest is not None
    assert latest[0] == 2.0
    assert math.isnan(latest[1])


def test_series_without_new_points_are_forgotten() -> None:
    store = SeriesStore()
    store.add(NAME, 100.0, 1.0)
    store.add(job_series("b", "in"), 200.0, 1.0)
    store.forget_before(200.0)
    assert len(store) == 1
    assert store.points(NAME) == ()
    assert store.latest(job_series("b", "in")) == (200.0, 1.0)


def test_names_of_different_things_differ() -> None:
    assert len({cluster_series("in"), job_series("in", "in"), vertex_series("in", "in", "in")}) == 3


def test_reading_while_another_thread_writes_gives_whole_points() -> None:
    store = SeriesStore()
    begun, done = threading.Event(), threading.Event()

    def write() -> None:
        for number in range(4 * LENGTH):
            store.add(NAME, float(number), float(number))
            begun.set()
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    while not done.is_set():
        points = store.points(NAME)
        assert all(at == value for at, value in points)
        assert [at for at, _ in points] == sorted(at for at, _ in points)
    writer.join()
