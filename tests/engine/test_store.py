"""Readings: kept while somebody watches, dropped some time after nobody does."""

from __future__ import annotations

import pytest

from flinktop.engine.store import KEEP_SECONDS, MOST_LEFT, Reading, Store
from flinktop.flink.cluster import CONFIG, OVERVIEW, ClusterOverview
from flinktop.flink.errors import BadReply, Unreachable
from flinktop.flink.exceptions import EXCEPTIONS, JobExceptions
from flinktop.flink.jobs import JOB, Job, JobVertex


def test_a_query_never_sent_has_no_reading() -> None:
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


def test_off_screen_readings_are_dropped_in_the_end() -> None:
    store = Store()
    store.put(OVERVIEW(), Reading(at=0.0))
    store.put(CONFIG(), Reading(at=0.0))
    store.mark_left(OVERVIEW(), 100.0)
    store.forget_old(100.0 + KEEP_SECONDS)
    assert len(store) == 2
    store.forget_old(101.0 + KEEP_SECONDS)
    assert store.get(OVERVIEW()) is None
    assert store.get(CONFIG()) is not None


def test_what_is_watched_again_stays() -> None:
    store = Store()
    store.put(OVERVIEW(), Reading(at=0.0))
    store.mark_left(OVERVIEW(), 0.0)
    store.forget_old(10 * KEEP_SECONDS, wanted={OVERVIEW()})
    assert store.get(OVERVIEW()) is not None


def test_an_answer_that_comes_after_it_was_left_is_dropped_too() -> None:
    store = Store()
    store.mark_left(OVERVIEW(), 0.0)
    store.put(OVERVIEW(), Reading(at=1.0))
    store.forget_old(10 * KEEP_SECONDS)
    assert len(store) == 0


def job(jid: str) -> Job:
    vertex = JobVertex(id="v", name="Source")
    return Job(
        jid=jid,
        name="name",
        state="RUNNING",
        now=9,
        timestamps={"RUNNING": 5, "CREATED": 1},
        vertices=(vertex,),
    )


def test_background_answers_are_kept_in_brief_and_have_no_full_value() -> None:
    store = Store()
    store.put(JOB(job="a"), Reading(job("a"), at=1.0), seen=False)
    brief = store.brief(JOB(job="a"))
    assert brief is not None
    assert brief.at == 1.0
    assert brief.value == Job(jid="a", state="RUNNING", now=9, timestamps={"RUNNING": 5})
    whole = store.get(JOB(job="a"))
    assert whole is not None
    assert (whole.value, whole.at) == (None, None)


def test_an_endpoint_with_an_empty_brief_form_keeps_only_the_time() -> None:
    store = Store()
    store.put(EXCEPTIONS(job="a"), Reading(JobExceptions(timestamp=7), at=1.0), seen=False)
    brief = store.brief(EXCEPTIONS(job="a"))
    assert brief is not None
    assert (brief.value, brief.at) == (None, 1.0)


def test_without_a_brief_form_the_whole_answer_is_kept() -> None:
    store = Store()
    store.put(OVERVIEW(), Reading(ClusterOverview(taskmanagers=3), at=1.0), seen=False)
    assert store.get(OVERVIEW()) == Reading(ClusterOverview(taskmanagers=3), at=1.0)


def test_a_failure_keeps_what_is_kept_in_brief() -> None:
    store = Store()
    query = JOB(job="a")
    error = Unreachable("GET", "http://h/jobs/a", "connection refused")
    store.put(query, Reading(job("a"), at=1.0), seen=False)
    store.fail(query, error, 0.1)
    store.fail(query, error, 0.2)
    brief, whole = store.brief(query), store.get(query)
    assert brief is not None
    assert brief.value is not None
    assert (brief.brief, brief.failures, brief.error) == (True, 2, error)
    assert whole is not None
    assert (whole.value, whole.failures, whole.error) == (None, 2, error)


def test_coming_back_in_time_finds_the_whole_answer_despite_background_polls() -> None:
    store = Store()
    query = JOB(job="a")
    store.put(query, Reading(job("a"), at=1.0))
    store.mark_left(query, 100.0)
    store.mark_passed(query)
    store.put(query, Reading(job("a"), at=101.0), seen=False)
    store.forget_old(100.0 + KEEP_SECONDS, wanted={query})
    assert store.get(query) == Reading(job("a"), at=101.0)
    store.forget_old(101.0 + KEEP_SECONDS, wanted={query})
    brief = store.brief(query)
    assert brief is not None
    assert brief.brief
    assert brief.at == 101.0


def test_a_visible_reading_that_was_left_long_ago_stays_whole() -> None:
    store = Store()
    query = JOB(job="a")
    store.put(query, Reading(job("a"), at=1.0))
    store.mark_left(query, 0.0)
    store.forget_old(10 * KEEP_SECONDS, wanted={query}, seen={query})
    assert store.get(query) == Reading(job("a"), at=1.0)


def test_a_reading_seen_in_passing_is_shortened_at_once() -> None:
    store = Store()
    store.put(JOB(job="a"), Reading(job("a"), at=1.0))
    store.mark_passed(JOB(job="a"))
    brief = store.brief(JOB(job="a"))
    assert brief is not None
    assert brief.brief


def test_a_limited_number_of_off_screen_readings_is_kept_whole() -> None:
    store = Store()
    queries = [JOB(job=f"{number}") for number in range(MOST_LEFT + 20)]
    for query in queries:
        store.put(query, Reading(job("a"), at=1.0))
        store.mark_left(query, 1.0)
    store.mark_left(queries[0], 2.0)
    store.forget_old(3.0)
    assert len(store) == MOST_LEFT
    assert store.get(queries[0]) is not None
    assert store.get(queries[1]) is None


def test_a_kept_error_has_its_text_and_no_traceback() -> None:
    def fails() -> None:
        body = bytes(1_000_000)
        try:
            int(body)
        except ValueError as error:
            raise BadReply("GET", "http://a/b", "not Flink's") from error

    with pytest.raises(BadReply) as caught:
        fails()
    kept = Store().fail(OVERVIEW(), caught.value, 0.0).error
    assert str(kept) == "GET http://a/b: not Flink's"
    assert kept is not None
    assert (kept.__traceback__, kept.__cause__, kept.__context__) == (None, None, None)
