"""What is known of a checkpoint by its details and the history, of its vertices, and how often to ask."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flinktop.engine.seen_checkpoints import SeenCheckpoint
from flinktop.engine.store import Reading
from flinktop.facts.checkpoints import (
    ONCE,
    checkpoint_facts,
    is_off,
    late_subtasks,
    measures,
    neighbour,
    not_reported,
    seconds_between,
    vertex_share,
)
from flinktop.facts.jobs import LastCheckpoint, last_checkpoint
from flinktop.flink.checkpoints import (
    CHECKPOINT,
    CHECKPOINT_CONFIG,
    CHECKPOINT_SUBTASKS,
    CHECKPOINTS,
    Checkpoint,
    CheckpointConfig,
    CheckpointCounts,
    CheckpointStats,
    CheckpointSubtask,
    CheckpointSubtasks,
    CheckpointVertex,
    LatestCheckpoints,
)
from flinktop.flink.errors import NotFound, Unreachable
from flinktop.flink.jobs import JOB, Job
from tests.facts.given import Given

MISSING = NotFound("GET", "http://flink.test")
DETAILS = CHECKPOINT(job="j", checkpoint=7)
SHARES = CHECKPOINT_SUBTASKS(job="j", checkpoint=7, vertex="v")
HALF = CheckpointVertex(num_subtasks=4, num_acknowledged_subtasks=2, end_to_end_duration=50)
ALL = CheckpointVertex(num_subtasks=4, num_acknowledged_subtasks=4, end_to_end_duration=200)


def checkpoint(status: str = "COMPLETED", number: int = 7, **vertices: CheckpointVertex) -> Checkpoint:
    return Checkpoint(id=number, status=status, tasks=vertices)


def seen(*ones: Checkpoint, gone: bool = False) -> tuple[SeenCheckpoint, ...]:
    return tuple(SeenCheckpoint(one, dropped=gone) for one in ones)


def test_the_history_has_the_end_of_one_whose_details_were_in_progress() -> None:
    known = Given(seen=seen(checkpoint("COMPLETED")))
    assert checkpoint_facts(known, "j", 7).checkpoint == checkpoint("COMPLETED")
    known.answer(DETAILS, checkpoint("IN_PROGRESS", v=HALF))
    found = checkpoint_facts(known, "j", 7)
    assert found.checkpoint == checkpoint("COMPLETED")
    assert found.tasks == {"v": HALF}
    known.seen = seen(checkpoint("IN_PROGRESS"))
    found = checkpoint_facts(known, "j", 7)
    assert found.checkpoint is not None
    assert found.checkpoint.tasks
    assert not found.dropped


def test_of_an_unseen_checkpoint_nothing_is_known() -> None:
    known = Given()
    known.readings[DETAILS] = Reading(error=MISSING)
    found = checkpoint_facts(known, "j", 7)
    assert (found.checkpoint, found.tasks, found.dropped, found.longest) == (None, {}, True, 0)


@pytest.mark.parametrize(
    ("details", "history", "wanted"),
    [
        (None, "", 0.0),
        (None, "IN_PROGRESS", 0.0),
        (None, "COMPLETED", ONCE),
        (Reading(checkpoint("IN_PROGRESS"), 1.0), "IN_PROGRESS", 0.0),
        (Reading(checkpoint("COMPLETED"), 1.0), "COMPLETED", ONCE),
        (Reading(error=MISSING), "IN_PROGRESS", ONCE),
    ],
)
def test_what_no_longer_changes_is_polled_once(
    details: Reading[Checkpoint] | None, history: str, wanted: float
) -> None:
    known = Given(seen=seen(checkpoint(history)) if history else ())
    if details is not None:
        known.readings[DETAILS] = details
    assert seconds_between(known, "j", 7, details) == wanted


def test_late_subtasks_are_polled_once_more_when_it_has_ended() -> None:
    known = Given()
    known.answer(DETAILS, checkpoint("FAILED"))
    before = Reading(CheckpointSubtasks(num_subtasks=4, num_acknowledged_subtasks=2), known.now() - 5)
    assert seconds_between(known, "j", 7, before) == 0.0
    assert seconds_between(known, "j", 7, replace(before, at=known.now())) == ONCE


def test_late_subtasks() -> None:
    known = Given()
    assert late_subtasks(known, "j", 7, "v", ALL) is None
    assert late_subtasks(known, "j", 7, "v", HALF) is None
    none = CheckpointVertex(num_subtasks=2, num_acknowledged_subtasks=0)
    assert late_subtasks(known, "j", 7, "v", none) == (0, 1)
    known.answer(
        SHARES,
        CheckpointSubtasks(
            subtasks=(
                CheckpointSubtask(index=0, status="completed"),
                CheckpointSubtask(index=3, status="pending"),
            )
        ),
    )
    assert late_subtasks(known, "j", 7, "v", HALF) == (3,)


def test_a_vertexs_part_of_a_checkpoint() -> None:
    known = Given()
    known.answer(DETAILS, checkpoint("IN_PROGRESS", v=HALF, w=ALL))
    facts = checkpoint_facts(known, "j", 7)
    found = vertex_share(known, "j", facts, "v", "map")
    assert (found.name, found.part, found.missing, found.under_way, found.old) == (
        "map",
        0.25,
        2,
        True,
        False,
    )
    known.lost = Unreachable("GET", "http://flink.test")
    assert vertex_share(known, "j", facts, "v", "map").old


@pytest.mark.parametrize(
    ("age", "interval", "overdue"),
    [
        (None, 60.0, False),
        (100.0, None, False),
        (170.0, 60.0, False),
        (250.0, 60.0, True),
        (20.0, 1.0, False),
        (40.0, 1.0, True),
    ],
)
def test_whether_the_last_checkpoint_is_overdue(
    age: float | None,
    interval: float | None,
    overdue: bool,  # noqa: FBT001 -- a case
) -> None:
    known = Given()
    at = int((known.known_time() - age) * 1000) if age is not None else -1
    completed = Checkpoint(id=7, latest_ack_timestamp=at) if age is not None else None
    known.answer(CHECKPOINTS(job="j"), CheckpointStats(latest=LatestCheckpoints(completed=completed)))
    found = last_checkpoint(known, "j", ended=False)
    assert (found.completed, found.interval, found.periodic) == (completed, None, True)
    configured = int(interval * 1000) if interval is not None else None
    known.answer(CHECKPOINT_CONFIG(job="j"), CheckpointConfig(interval=configured))
    found = last_checkpoint(known, "j", ended=False)
    assert found.age == (pytest.approx(age, abs=0.01) if age is not None else None)
    assert (found.interval, found.periodic, found.overdue) == (interval, interval is not None, overdue)
    assert not last_checkpoint(known, "j", ended=True).overdue


def test_the_age_of_the_last_checkpoint_stands_still_while_it_cant_be_read() -> None:
    known = Given()
    completed = Checkpoint(id=7, latest_ack_timestamp=int((known.known_time() - 10) * 1000))
    stats = CheckpointStats(latest=LatestCheckpoints(completed=completed))
    known.readings[CHECKPOINTS(job="j")] = Reading(stats, known.now() - 5, error=MISSING)
    assert last_checkpoint(known, "j", ended=False).age == pytest.approx(5.0, abs=0.01)
    assert last_checkpoint(Given(), "j", ended=False) == LastCheckpoint()


def test_the_next_newer_and_older() -> None:
    known = Given(seen=seen(checkpoint(number=9), checkpoint(number=7), checkpoint(number=4)))
    assert [neighbour(known, "j", 7, by) for by in (1, -1)] == [9, 4]
    assert neighbour(known, "j", 9, 1) is None
    assert neighbour(known, "j", 5, 1) is None


def test_a_404_for_a_known_job_means_checkpointing_is_off() -> None:
    known = Given()
    assert not is_off(known, "j")
    known.readings[CHECKPOINTS(job="j")] = Reading(error=MISSING)
    assert is_off(known, "j")
    known.readings[JOB(job="j")] = Reading(Job("j"), error=MISSING)
    assert not is_off(known, "j")


def test_measures_and_those_that_need_a_later_release() -> None:
    assert measures(CheckpointStats()) == []
    assert not_reported(CheckpointStats()) == ""
    done = CheckpointStats(counts=CheckpointCounts(completed=1))
    assert measures(done)[0].name == "end-to-end duration"
    assert "percentiles (1.14+)" in not_reported(done)
