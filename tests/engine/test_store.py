"""Readings: kept while somebody watches, dropped some time after nobody does."""

from __future__ import annotations

from flinktop.engine.store import KEEP_SECONDS, Reading, Store
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.errors import Unreachable
from flinktop.flink.jobs import JOB


def test_what_was_never_asked_is_none() -> None:
    assert Store().get(OVERVIEW()) is None


def test_a_query_made_twice_is_the_same_key() -> None:
    store = Store()
    store.put(JOB(job="a"), Reading(at=1.0))
    assert store.get(JOB(job="a")) == Reading(at=1.0)
    assert store.get(JOB(job="b")) is None


def test_a_failure_without_a_value_is_not_the_same_as_not_yet() -> None:
    store = Store()
    error = Unreachable("GET", "http://h/config", "connection refused")
    store.put(CONFIG(), Reading(error=error, failures=1))
    reading = store.get(CONFIG())
    assert reading is not None
    assert (reading.value, reading.at, reading.error) == (None, None, error)


def test_what_is_left_is_dropped_in_the_end() -> None:
    store = Store()
    store.put(OVERVIEW(), Reading(at=0.0))
    store.put(CONFIG(), Reading(at=0.0))
    store.left(OVERVIEW(), 100.0)
    store.forget_old(100.0 + KEEP_SECONDS)
    assert len(store) == 2
    store.forget_old(101.0 + KEEP_SECONDS)
    assert store.get(OVERVIEW()) is None
    assert store.get(CONFIG()) is not None


def test_what_is_watched_again_stays() -> None:
    store = Store()
    store.put(OVERVIEW(), Reading(at=0.0))
    store.left(OVERVIEW(), 0.0)
    store.wanted(OVERVIEW())
    store.forget_old(10 * KEEP_SECONDS)
    assert store.get(OVERVIEW()) is not None


def test_an_answer_that_comes_after_it_was_left_is_dropped_too() -> None:
    store = Store()
    store.left(OVERVIEW(), 0.0)
    store.put(OVERVIEW(), Reading(at=1.0))
    store.forget_old(10 * KEEP_SECONDS)
    assert len(store) == 0
