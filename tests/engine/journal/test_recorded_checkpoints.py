"""Failed and slow checkpoints and savepoints as events."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.engine.journal import checkpoints
from flinktop.engine.journal.checkpoints import WAIT_MS, Checkpoints, Interval
from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.checkpoints import (
    CHECKPOINTS,
    Checkpoint,
    CheckpointConfig,
    CheckpointStats,
    CheckpointVertex,
    LatestCheckpoints,
)
from flinktop.flink.features import Features
from flinktop.flink.jobs import Job, JobOverview, JobVertex
from flinktop.judgement.finding import Severity
from flinktop.model.look import JobLook, Taken, VertexLook
from tests.engine.journal.recorded import RELEASES, answer, job_named, keys, look_at

ID = "a" * 32
NOW = 1_700_000_000_000
MINUTE = 60_000
EVERY_MINUTE = Interval(is_known=True, length=MINUTE)
VERTEX = JobVertex(id="v1", name="Sink: Kafka", parallelism=2)


def one(number: int, status: str = "COMPLETED", took: int = 500, **given: Any) -> Checkpoint:
    """A checkpoint of a job that takes one each minute; the time after NOW tells its number."""
    triggered = NOW + number * MINUTE
    usual: dict[str, Any] = {
        "id": number,
        "status": status,
        "trigger_timestamp": triggered,
        "latest_ack_timestamp": triggered + took,
        "end_to_end_duration": took,
        "num_subtasks": 2,
        "num_acknowledged_subtasks": 2,
    }
    if status == "FAILED":
        usual |= {
            "failure_timestamp": triggered + took,
            "failure_message": "Checkpoint expired before completing.",
            "num_acknowledged_subtasks": 1,
        }
    return Checkpoint(**usual | given)


def stats(*history: Checkpoint, **latest: Any) -> CheckpointStats:
    newest = tuple(sorted(history, key=lambda one: -one.id))
    return CheckpointStats(history=newest, latest=LatestCheckpoints(**latest))


def look(
    answer: CheckpointStats, details: Checkpoint | None = None, interval: int | None = MINUTE
) -> JobLook:
    at = float(NOW)
    return JobLook(
        listed=JobOverview(ID, name="orders", state="RUNNING"),
        now=at,
        features=Features(release=(1, 20, 5)),
        job=Taken(Job(jid=ID, state="RUNNING", vertices=(VERTEX,)), at),
        vertices=(VertexLook(vertex=VERTEX),),
        checkpoints=Taken(answer, at),
        checkpoint_config=Taken(CheckpointConfig(mode="exactly_once", interval=interval), at),
        checkpoint_details={details.id: Taken(details, at)} if details is not None else {},
    )


def taken(
    before: Checkpoints,
    answer: CheckpointStats,
    at: float = NOW,
    interval: Interval = EVERY_MINUTE,
    details: Checkpoint | None = None,
) -> tuple[Checkpoints, list[Event]]:
    found = look(answer, details, interval.length)
    after, events = checkpoints.answered(before, answer, at, interval, lambda: found)
    return after, list(events)


@pytest.mark.parametrize("release", RELEASES)
def test_healthy_checkpoints_tell_nothing(release: str) -> None:
    recorded = answer(release, CHECKPOINTS(job=job_named(release, "steady")))
    found = look_at(release, "steady", checkpoints=Taken(recorded, float(NOW)))
    _, events = checkpoints.answered(Checkpoints(), recorded, NOW, EVERY_MINUTE, lambda: found)
    assert [one.kind for one in events if one.kind is not EventKind.SAVEPOINT] == []


@pytest.mark.parametrize("name", ["failed", "failing"])
@pytest.mark.parametrize("release", RELEASES)
def test_one_that_a_failure_aborted_is_no_failed_checkpoint(release: str, name: str) -> None:
    recorded = answer(release, CHECKPOINTS(job=job_named(release, name)))
    given = {"checkpoints": Taken(recorded, float(NOW)), "features": Features(release=(1, 20, 5))}
    found = look_at(release, name, **given)
    known, events = checkpoints.answered(Checkpoints(), recorded, NOW, EVERY_MINUTE, lambda: found)
    _, late = checkpoints.told(known, found, NOW + WAIT_MS)
    assert not any(one.kind is EventKind.CHECKPOINT_FAILED for one in (*events, *late))


def test_a_failed_one_waits_for_who_was_late() -> None:
    answered = stats(one(1), one(2, "FAILED", MINUTE))
    known, events = taken(Checkpoints(), answered)
    assert events == []
    assert len(known.waiting) == 1
    task = CheckpointVertex(id=2, num_subtasks=2, num_acknowledged_subtasks=1)
    details = one(2, "FAILED", MINUTE, tasks={"v1": task})
    known, [event] = checkpoints.told(known, look(answered, details), NOW + 1000)
    assert (event.kind, event.checkpoint, event.severity) == (
        EventKind.CHECKPOINT_FAILED, 2, Severity.WARNING,
    )  # fmt: skip
    assert event.at == NOW + 3 * MINUTE
    assert event.words == (
        "checkpoint 2 failed: Checkpoint expired before completing; not acknowledged by Sink: Kafka"
    )
    assert (event.vertex, event.vertex_name) == ("v1", "Sink: Kafka")
    assert checkpoints.told(known, look(answered, details), NOW + WAIT_MS)[1] == ()


def test_it_does_not_wait_for_ever() -> None:
    answered = stats(one(2, "FAILED", MINUTE))
    known, _ = taken(Checkpoints(), answered)
    assert checkpoints.told(known, look(answered), NOW + WAIT_MS - 1)[1] == ()
    _, [event] = checkpoints.told(known, look(answered), NOW + WAIT_MS)
    assert event.words.endswith("; 1 of 2 subtasks did not acknowledge")


def test_one_that_names_its_task_waits_for_nothing() -> None:
    message = "Could not materialize checkpoint 2 for operator Sink: Kafka (2/2)#0."
    _, [event] = taken(Checkpoints(), stats(one(2, "FAILED", failure_message=message)))
    assert (event.vertex, event.subtask) == ("v1", 1)
    assert event.details == message


def test_failures_of_one_reason_are_one_row() -> None:
    reasons = [f"Checkpoint {number} was declined by node {number}7." for number in (1, 2, 3)]
    failed = [one(n, "FAILED", failure_message=why, num_acknowledged_subtasks=2)
              for n, why in enumerate(reasons, 1)]  # fmt: skip
    other = one(4, "FAILED", failure_message="The disk is full.", num_acknowledged_subtasks=2)
    _, events = taken(Checkpoints(), stats(*failed, other))
    assert len(events) == 4
    assert len({event.group for event in events}) == 2


def test_an_answer_again_tells_nothing_new() -> None:
    answered = stats(one(1), one(2, took=40_000), one(3, "FAILED", num_acknowledged_subtasks=2))
    known, events = taken(Checkpoints(), answered)
    assert len(events) == 2
    assert taken(known, answered)[1] == []


def test_it_looks_at_the_job_only_if_there_is_something_to_record() -> None:
    def never() -> JobLook:
        raise AssertionError

    answered = stats(*(one(number) for number in range(10)))
    after, events = checkpoints.answered(Checkpoints(), answered, NOW, EVERY_MINUTE, never)
    assert events == ()
    assert len(after.done) == 10


def test_one_that_takes_over_half_of_its_interval_is_slow() -> None:
    _, events = taken(Checkpoints(), stats(one(1, took=30_000), one(2, took=30_001)))
    assert [event.words for event in events] == ["checkpoint 2 took 30 s; over half of its interval of 1 m"]
    assert (events[0].kind, events[0].severity) == (EventKind.CHECKPOINT_SLOW, Severity.INFO)


def test_one_that_takes_three_times_the_median_is_slow() -> None:
    history = [one(number, took=2000) for number in range(1, 6)]
    _, events = taken(Checkpoints(), stats(*history, one(6, took=6001)))
    assert [event.words for event in events] == ["checkpoint 6 took 6.0 s; the median of the others is 2.0 s"]
    assert taken(Checkpoints(), stats(*history, one(6, took=6000)))[1] == []


def test_a_quick_one_is_not_slow_whatever_others_take() -> None:
    assert taken(Checkpoints(), stats(*(one(n, took=10) for n in range(5)), one(6, took=900)))[1] == []


def test_whether_it_is_slow_waits_for_its_interval() -> None:
    answered = stats(one(1, took=40_000))
    known, events = taken(Checkpoints(), answered, interval=Interval())
    assert events == []
    known, events = taken(known, answered)
    assert len(events) == 1
    assert taken(known, answered)[1] == []


def test_slow_ones_that_follow_each_other_are_one_row_though_their_interval_is_long() -> None:
    hour = 60 * MINUTE
    slow = [one(60 * number, took=45 * MINUTE) for number in (1, 2, 3)]
    _, events = taken(Checkpoints(), stats(*slow), interval=Interval(is_known=True, length=hour))
    assert len(events) == 3
    assert len({event.group for event in events}) == 1


def test_a_savepoint_tells_its_path_without_a_secret() -> None:
    path = "s3://KEY:SECRET@bucket/savepoints/savepoint-1"
    _, [event] = taken(Checkpoints(), stats(one(1, is_savepoint=True, external_path=path, took=50_000)))
    assert event.kind is EventKind.SAVEPOINT
    assert event.words == "savepoint 1 completed: s3://******@bucket/savepoints/savepoint-1"
    assert event.severity is Severity.OK


def test_one_that_the_history_has_dropped_is_known_as_the_newest() -> None:
    known = stats(*(one(number) for number in range(20, 30)), savepoint=one(3, is_savepoint=True))
    _, [event] = taken(Checkpoints(), known)
    assert (event.kind, event.checkpoint) == (EventKind.SAVEPOINT, 3)


def test_a_failed_savepoint_says_why() -> None:
    failed = one(1, "FAILED", is_savepoint=True, failure_message="No space left on device")
    _, [event] = taken(Checkpoints(), stats(failed))
    assert event.words == "savepoint 1 failed: No space left on device"
    assert event.severity is Severity.WARNING


def test_numbers_that_begin_anew_are_other_checkpoints() -> None:
    again = one(1, "FAILED", trigger_timestamp=NOW + 99 * MINUTE, num_acknowledged_subtasks=2)
    known, first = taken(Checkpoints(), stats(one(1, "FAILED", num_acknowledged_subtasks=2)))
    _, second = taken(known, stats(again))
    assert len({*keys(first), *keys(second)}) == 2


def test_nothing_is_taken_for_recorded_while_the_job_is_not_known() -> None:
    answered = stats(one(2, took=40_000))
    known, events = checkpoints.answered(Checkpoints(), answered, NOW, EVERY_MINUTE, lambda: None)
    assert (known, events) == (Checkpoints(), ())
