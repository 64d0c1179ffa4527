"""What is known of a job in a list: its state, rates, checkpoints, restarts, and how old all that is."""

from __future__ import annotations

import pytest
from msgspec import structs
from msgspec.structs import replace

from flinktop.engine.lags import JobLag
from flinktop.engine.series import job_series
from flinktop.engine.store import Reading
from flinktop.engine.sweep import restarts_query
from flinktop.facts.freshness import ABSENT, OLD_SECONDS, Figure
from flinktop.facts.jobs import JobFacts, job_facts
from flinktop.flink.checkpoints import (
    CHECKPOINT_CONFIG,
    CHECKPOINTS,
    Checkpoint,
    CheckpointConfig,
    CheckpointStats,
    LatestCheckpoints,
)
from flinktop.flink.errors import NotFound, Unreachable
from flinktop.flink.features import Features
from flinktop.flink.jobs import JOB, Job, JobOverview
from flinktop.flink.metrics import Metric
from tests.facts.given import Given

BEGUN = 1_700_000_000
RUNNING = JobOverview("j", "orders", "RUNNING", start_time=(BEGUN - 100) * 1000, tasks={"running": 2})
DONE = JobOverview(
    "j", "orders", "FINISHED", start_time=(BEGUN - 100) * 1000, end_time=BEGUN * 1000, duration=100_000
)
MISSING = NotFound("GET", "http://flink.test", "Checkpointing has not been enabled")
GONE = Unreachable("GET", "http://flink.test", "nothing listens there")


def facts(known: Given, job: JobOverview = RUNNING) -> JobFacts:
    return job_facts(job, known)


def answered(known: Given, *, seconds: float = 60, interval: int | None = 60_000) -> None:
    """The job was read, with a checkpoint that completed some seconds ago."""
    now = int(known.known_time() * 1000)
    job = Job("j", "orders", "RUNNING", timestamps={"RUNNING": now - 30_000}, now=now)
    known.answer(JOB(job="j"), job)
    done = Checkpoint(status="COMPLETED", latest_ack_timestamp=now - int(seconds * 1000))
    known.answer(CHECKPOINTS(job="j"), CheckpointStats(latest=LatestCheckpoints(completed=done)))
    known.answer(CHECKPOINT_CONFIG(job="j"), CheckpointConfig(interval=interval))
    known.answer(restarts_query("j"), (Metric("numRestarts", "3"),))


def test_before_the_first_answer_nothing_is_known_but_the_list() -> None:
    found = facts(Given())
    assert (found.name, found.state, found.checkpoints, found.old) == ("orders", "RUNNING", "unknown", True)
    assert (found.sent, found.restarts, found.uptime) == (None, None, None)
    assert found.busy == found.lag == Figure()
    assert found.start == BEGUN - 100
    assert not found.failed


async def test_facts_from_its_answers() -> None:
    known = Given()
    answered(known)
    for measure, value in (("in", 12.0), ("out", 7.0), ("busy", 900.0), ("backpressured", 40.0)):
        known.series.add(job_series("j", measure), known.now(), value)
    known.lags["j"] = JobLag(5.0)
    found = facts(known)
    assert (found.sent, found.taken) == (12.0, 7.0)
    assert (found.busy.value, found.backpressured.value, found.lag.value) == (900.0, 40.0, 5.0)
    assert (found.restarts, found.uptime, found.age, found.interval) == (3, 30.0, 60.0, 60.0)
    assert (found.checkpoints, found.overdue, found.old) == ("some", False, False)
    await known.clock.advance(OLD_SECONDS + 1)
    assert facts(known).old


def test_one_that_has_ended_has_no_rates_and_does_not_grow_old() -> None:
    known = Given()
    known.series.add(job_series("j", "in"), known.now(), 12.0)
    found = facts(known, DONE)
    assert (found.sent, found.tasks, found.uptime, found.ended, found.old) == (None, None, 100.0, True, False)
    assert found.busy == found.lag == ABSENT
    assert found.end == BEGUN


def test_since_when_it_is_in_its_state_is_known_once_the_details_are_as_new_as_the_list() -> None:
    known = Given()
    answered(known)
    later = int(known.known_time() * 1000) + 1
    assert facts(known, structs.replace(RUNNING, state="FAILING")).uptime is None
    assert facts(known, structs.replace(RUNNING, last_modification=later)).uptime is None


@pytest.mark.parametrize(
    ("reading", "config", "wanted"),
    [
        (None, None, "unknown"),
        (Reading(error=MISSING), None, "off"),
        (Reading(error=GONE), None, "failed"),
        (Reading(CheckpointStats(), 1.0), None, "none"),
        (Reading(CheckpointStats(), 1.0), CheckpointConfig(interval=60_000), "none"),
        (Reading(CheckpointStats(), 1.0), CheckpointConfig(), "off"),
    ],
)
def test_whether_it_has_checkpoints(
    reading: Reading[CheckpointStats] | None, config: CheckpointConfig | None, wanted: str
) -> None:
    known = Given()
    if reading is not None:
        known.readings[CHECKPOINTS(job="j")] = reading
    if config is not None:
        known.answer(CHECKPOINT_CONFIG(job="j"), config)
    assert facts(known).checkpoints == wanted


async def test_an_overdue_checkpoint_and_one_without_newer_answers() -> None:
    known = Given()
    answered(known, seconds=500)
    assert facts(known).overdue
    query = CHECKPOINTS(job="j")
    known.readings[query] = replace(known.readings[query], error=GONE)
    await known.clock.advance(9)
    found = facts(known)
    assert (found.checkpoints_stale, found.age) == (True, 500.0)


def test_failed_and_absent_figures_are_distinguished() -> None:
    known = Given()
    known.readings[JOB(job="j")] = known.readings[restarts_query("j")] = Reading(error=GONE)
    found = facts(known)
    assert found.failed == {"job", "restarts"}
    assert found.busy == found.lag == Figure(failed=True)
    known.features = Features(release=(1, 15, 4))
    assert facts(known).busy.absent
    known.lags["j"] = JobLag(None)
    assert facts(known).lag == ABSENT


def test_legacy_sources_alone_have_no_busy_time() -> None:
    known = Given()
    known.series.add(job_series("j", "backpressured"), known.now(), 40.0)
    assert facts(known).busy.absent
