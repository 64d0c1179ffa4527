"""Whether a reading is loading, failed, stale or fresh, and whether what it says is old."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flinktop.engine.store import Reading
from flinktop.facts.freshness import (
    OLD_SECONDS,
    Freshness,
    answered_at,
    blank,
    blind_seconds,
    error_of,
    failure,
    freshness,
    is_old,
    is_past,
    why_empty,
    why_stale,
)
from flinktop.flink.errors import FlinkError, NotFound, Unreachable
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, JobsOverview
from tests.facts.given import Given

GONE = Unreachable("GET", "http://flink.test", "nothing listens there")
MISSING = NotFound("GET", "http://flink.test", "no such job")
ANSWER = Reading(JobsOverview(()), 1000.0)


@pytest.mark.parametrize(
    ("reading", "lost", "wanted"),
    [
        (None, None, Freshness.LOADING),
        (Reading(), None, Freshness.LOADING),
        (None, GONE, Freshness.FAILED),
        (Reading(error=MISSING), None, Freshness.FAILED),
        (ANSWER, None, Freshness.FRESH),
        (ANSWER, GONE, Freshness.STALE),
        (replace(ANSWER, error=MISSING), None, Freshness.STALE),
    ],
)
def test_the_freshness_of_a_reading(
    reading: Reading[JobsOverview] | None, lost: FlinkError | None, wanted: Freshness
) -> None:
    assert freshness(reading, lost) is wanted
    assert (error_of(reading, lost) is None) == (wanted in (Freshness.LOADING, Freshness.FRESH))


def test_its_own_error_is_named_before_that_of_the_cluster() -> None:
    assert error_of(Reading(error=MISSING), GONE) is MISSING


async def test_an_answer_of_long_ago_is_old() -> None:
    known = Given()
    known.answer(JOBS_OVERVIEW(), JobsOverview(()))
    reading = known.reading(JOBS_OVERVIEW())
    assert reading is not None
    assert not is_old(known, reading)
    await known.clock.advance(OLD_SECONDS)
    assert not is_old(known, reading)
    assert answered_at(known, reading) == known.cluster_time() - OLD_SECONDS
    await known.clock.advance(1)
    assert is_old(known, reading)
    assert is_past(known, reading.at)
    assert not is_old(known, reading, 60)


def test_an_answer_whose_poll_fails_is_old_and_a_missing_one_is_not() -> None:
    known = Given()
    failed = Reading(JobsOverview(()), known.now(), error=MISSING)
    assert is_old(known, failed)
    assert not is_past(known, failed.at)
    known.lost = GONE
    assert is_old(known, ANSWER)
    assert is_past(known, known.now())
    assert not is_old(known, None)
    assert not is_old(known, Reading(error=GONE))


async def test_time_stops_while_polls_fail() -> None:
    known = Given()
    failed = Reading(JobsOverview(()), known.now(), error=MISSING)
    await known.clock.advance(7)
    assert blind_seconds(known, failed) == 7
    assert blind_seconds(known, replace(failed, error=None)) == 0
    known.lost = GONE
    assert blind_seconds(known, failed) == 0


def test_the_first_of_several_failures_is_the_reason() -> None:
    known = Given()
    known.readings[JOB(job="a")] = Reading(error=MISSING)
    assert failure(known, None, JOBS_OVERVIEW()) is None
    assert failure(known, None, JOBS_OVERVIEW(), JOB(job="a")) is MISSING
    assert blank(known, JOBS_OVERVIEW()) == ("…", "muted")
    assert blank(known, JOB(job="a")) == ("!", "bad")


def test_the_sentence_instead_of_rows() -> None:
    known = Given()
    assert why_empty(known, None, "loading…", "none") == "loading…"
    assert why_empty(known, ANSWER, "loading…", "none") == "none"
    assert why_empty(known, Reading(error=MISSING), "loading…") == MISSING.reason
    assert why_stale(known, ANSWER, "The job") == ""
    assert why_stale(known, Reading(error=MISSING), "The job").startswith("The job can't be read now: ")
    known.lost = GONE
    assert why_stale(known, ANSWER, "The job") == "The cluster does not answer."
