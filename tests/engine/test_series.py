"""Numbers over time: rings that wrap, gaps, and series whose job has long gone."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.engine.series import (
    LENGTH,
    MOST,
    ROW_POINTS,
    ROW_SECONDS,
    WEIGHT,
    Ring,
    SeriesName,
    SeriesStore,
    cluster_series,
    job_series,
    vertex_series,
)

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


@pytest.mark.parametrize("added", [3, LENGTH, LENGTH + 5])
@pytest.mark.parametrize("most", [1, 2, LENGTH])
def test_a_shortened_ring_keeps_its_newest_points(added: int, most: int) -> None:
    ring = Ring()
    for number in range(added):
        ring.add(float(number), 0.0)
    ring.keep(most)
    kept = min(most, added, LENGTH)
    assert len(ring) == kept
    for number in range(added, added + LENGTH + 3):
        ring.add(float(number), 0.0)
        assert ring.last() == (float(number), 0.0)
        first = max(added - kept, number + 1 - LENGTH)
        assert [at for at, _ in (ring.points()[0], ring.points()[-1])] == [float(first), float(number)]


def fill(store: SeriesStore, name: SeriesName, until: float, points: int = LENGTH) -> None:
    for number in range(points):
        store.add(name, until - points + number, 1.0)


def test_series_of_jobs_not_seen_for_longest_are_thinned_first() -> None:
    store = SeriesStore()
    jobs = [f"{number:03}" for number in range(MOST // (2 * LENGTH + WEIGHT) + 20)]
    for number, job in enumerate(jobs):
        fill(store, job_series(job, "in"), 1e6 + number)
        fill(store, vertex_series(job, "v", "mean-busy"), 1e6 + number)
        fill(store, job_series(job, "busy"), 1e6 + number, points=2)
    fill(store, cluster_series("in"), 0.0)
    store.make_room({jobs[0]})
    assert store.weight <= MOST
    # A job that somebody has looked into, the cluster, and what was seen last are as they were.
    for kept in (job_series(jobs[0], "in"), vertex_series(jobs[0], "v", "mean-busy"), cluster_series("in")):
        assert len(store.points(kept)) == LENGTH
    assert len(store.points(job_series(jobs[-1], "in"))) == LENGTH
    # Of a job that was seen long ago its line in the list is left.
    rate = store.points(job_series(jobs[1], "in"))
    assert [rate[0][0], rate[-1][0]] == [1e6 + 1 - ROW_POINTS, 1e6]
    assert len(store.points(job_series(jobs[1], "busy"))) == 1
    assert store.points(vertex_series(jobs[1], "v", "mean-busy")) == ()


def test_if_all_jobs_are_opened_the_longest_series_are_shortened() -> None:
    store = SeriesStore()
    count = MOST // LENGTH + 10
    for number in range(count):
        fill(store, vertex_series("a", f"{number}", "mean-busy"), 1e6)
    fill(store, job_series("a", "in"), 1e6, points=100)
    store.make_room({"a"})
    assert store.weight <= MOST
    assert len(store) == count + 1
    assert len(store.points(job_series("a", "in"))) == 100
    assert len(store.points(vertex_series("a", "0", "mean-busy"))) >= LENGTH // 2


def test_below_the_limit_no_points_are_dropped() -> None:
    store = SeriesStore()
    for number in range(50):
        fill(store, vertex_series(f"{number}", "v", "mean-busy"), 1e6)
    assert store.weight == 50 * (LENGTH + WEIGHT)
    store.make_room()
    assert store.weight == 50 * (LENGTH + WEIGHT)


def test_a_thinned_rate_keeps_only_what_its_row_in_a_list_shows() -> None:
    store = SeriesStore()
    rate = job_series("old", "in")
    for at in range(0, 4000, 100):
        store.add(rate, float(at), 1.0)
    for number in range(MOST // (LENGTH + WEIGHT) + 2):
        fill(store, vertex_series(f"{number}", "v", "mean-busy"), 4000.0 + number / 1000)
    store.make_room()
    points = store.points(rate)
    assert points[-1][0] == 3900.0
    assert 4000.0 - ROW_SECONDS <= points[0][0] <= 4000.0 - ROW_SECONDS + 100.0


def test_the_newest_point_of_a_job_stays_however_old_it_is() -> None:
    ring = Ring()
    ring.add(1.0, 5.0)
    ring.add(2.0, 6.0)
    ring.keep(10, since=100.0)
    assert ring.points() == ((2.0, 6.0),)
