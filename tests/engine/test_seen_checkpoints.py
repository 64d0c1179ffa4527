"""Checkpoints outlive Flink's history of ten."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.engine.seen_checkpoints import KEEP_SECONDS, KEPT, MOST, SeenCheckpoints
from flinktop.engine.series import SeriesStore, job_series
from flinktop.flink.checkpoints import (
    CHECKPOINT,
    CHECKPOINTS,
    Checkpoint,
    CheckpointStats,
    CheckpointVertex,
    LatestCheckpoints,
)
from flinktop.flink.jobs import JOBS_OVERVIEW, JobOverview, JobsOverview

JOB = "j"
EPOCH = 1_700_000_000.0
"""The cluster's time at 0 of the engine's clock (s)."""


def completed(number: int, **more: Any) -> Checkpoint:
    """A checkpoint triggered every 10 s that took 1 s."""
    triggered = int((EPOCH + number * 10) * 1000)
    told: dict[str, Any] = {
        "status": "COMPLETED",
        "trigger_timestamp": triggered,
        "latest_ack_timestamp": triggered + 1000,
        "end_to_end_duration": 1000 + number,
        "state_size": 500 + number,
    }
    return Checkpoint(id=number, **(told | more))


def failed(number: int, **more: Any) -> Checkpoint:
    return completed(number, status="FAILED", failure_message="expired", **more)


class Told:
    """What has been told so far, at one answer every ten seconds."""

    def __init__(self) -> None:
        self.series = SeriesStore()
        self.seen = SeenCheckpoints(self.series)
        self.at = 0.0

    def history(
        self, *history: Checkpoint, latest: LatestCheckpoints | None = None, behind: float | None = EPOCH
    ) -> None:
        self.at += 10.0
        stats = CheckpointStats(latest=latest or LatestCheckpoints(), history=history)
        self.seen.arrived(CHECKPOINTS(job=JOB), stats, self.at, behind)

    def details(self, checkpoint: Checkpoint) -> None:
        query = CHECKPOINT(job=JOB, checkpoint=checkpoint.id)
        self.seen.arrived(query, checkpoint, self.at, EPOCH)

    def jobs(self, *jobs: str, after: float) -> None:
        self.at += after
        overview = JobsOverview(tuple(JobOverview(jid=job, state="RUNNING") for job in jobs))
        self.seen.arrived(JOBS_OVERVIEW(), overview, self.at, EPOCH)

    def ids(self) -> list[int]:
        return [one.checkpoint.id for one in self.seen.of(JOB)]

    def points(self, measure: str) -> list[tuple[float, float]]:
        return list(self.series.points(job_series(JOB, measure)))


def test_nothing_is_known_of_a_job_that_was_not_seen() -> None:
    assert Told().seen.of(JOB) == ()


def test_what_leaves_the_history_stays_and_is_marked_dropped() -> None:
    told = Told()
    told.history(failed(2), completed(1))
    told.history(completed(4), completed(3))
    assert [(one.checkpoint.id, one.dropped) for one in told.seen.of(JOB)] == [
        (4, False),
        (3, False),
        (2, True),
        (1, True),
    ]
    assert told.seen.of(JOB)[2].checkpoint.failure_message == "expired"


def test_one_that_comes_back_is_not_dropped() -> None:
    told = Told()
    told.history(completed(1))
    told.history()
    told.history(completed(1))
    assert not told.seen.of(JOB)[0].dropped


def test_the_newest_state_is_kept() -> None:
    told = Told()
    told.history(completed(1, status="IN_PROGRESS", latest_ack_timestamp=-1))
    told.history(completed(1))
    assert [one.checkpoint.status for one in told.seen.of(JOB)] == ["COMPLETED"]


def test_the_latest_of_each_kind_are_seen_though_the_history_has_dropped_them() -> None:
    told = Told()
    told.history(completed(9), latest=LatestCheckpoints(savepoint=completed(3, is_savepoint=True)))
    assert [(one.checkpoint.id, one.dropped) for one in told.seen.of(JOB)] == [(9, False), (3, True)]


def test_only_so_many_are_kept_and_the_oldest_go() -> None:
    told = Told()
    for number in range(1, KEPT + 31):
        told.history(completed(number))
    assert told.ids() == list(range(KEPT + 30, 30, -1))


def test_a_history_longer_than_what_is_kept_is_cut() -> None:
    told = Told()
    told.history(*(completed(number) for number in range(KEPT + 50, 0, -1)))
    told.history(*(completed(number) for number in range(KEPT + 51, 0, -1)))
    assert len(told.ids()) == KEPT
    assert told.ids()[0] == KEPT + 51
    assert len(told.points("checkpoint-duration")) == KEPT + 1


def test_a_job_submitted_anew_under_its_old_id_counts_from_one_again() -> None:
    told = Told()
    told.history(completed(2), completed(1))
    again = completed(
        1, trigger_timestamp=int((EPOCH + 900) * 1000), latest_ack_timestamp=int((EPOCH + 901) * 1000)
    )
    told.history(again)
    assert told.ids() == [1, 2]
    assert not told.seen.of(JOB)[0].dropped
    assert told.points("checkpoint-duration")[-1][0] == pytest.approx(901.0)


def test_details_of_a_failed_one_are_kept_after_it_was_dropped() -> None:
    told = Told()
    told.history(failed(1))
    told.details(failed(1, tasks={"v": CheckpointVertex(num_subtasks=4, num_acknowledged_subtasks=1)}))
    told.history(completed(2), failed(1))
    told.history(completed(3))
    kept = told.seen.of(JOB)[-1]
    assert kept.dropped
    assert kept.checkpoint.tasks["v"].num_acknowledged_subtasks == 1


def test_details_of_what_completed_or_is_unknown_are_not_kept() -> None:
    told = Told()
    told.history(completed(1))
    told.details(completed(1, tasks={"v": CheckpointVertex()}))
    told.details(failed(7, tasks={"v": CheckpointVertex()}))
    assert told.ids() == [1]
    assert not told.seen.of(JOB)[0].checkpoint.tasks


def test_each_completed_one_is_a_point_once_at_its_completion_on_the_engines_clock() -> None:
    told = Told()
    told.history(failed(3), completed(2), completed(1))
    told.history(completed(4), failed(3), completed(2))
    assert told.points("checkpoint-duration") == [(11.0, 1001.0), (21.0, 1002.0), (41.0, 1004.0)]
    assert told.points("checkpoint-size") == [(11.0, 501.0), (21.0, 502.0), (41.0, 504.0)]


def test_what_was_written_is_drawn_not_the_full_size() -> None:
    told = Told()
    told.history(completed(1, checkpointed_size=7))
    assert told.points("checkpoint-size") == [(11.0, 7.0)]


def test_points_wait_for_the_clusters_clock() -> None:
    told = Told()
    told.history(completed(1), behind=None)
    assert told.points("checkpoint-duration") == []
    told.seen.arrived(CHECKPOINTS(job=JOB), CheckpointStats(history=(completed(1),)), 20.0, EPOCH)
    assert told.points("checkpoint-duration") == [(11.0, 1001.0)]


def test_a_repeated_answer_is_drawn_as_soon_as_the_clock_is_known() -> None:
    told = Told()
    same = CheckpointStats(history=(completed(1),))
    told.seen.arrived(CHECKPOINTS(job=JOB), same, 10.0, None)
    told.seen.arrived(CHECKPOINTS(job=JOB), same, 20.0, EPOCH)
    assert told.points("checkpoint-duration") == [(11.0, 1001.0)]


def test_a_late_point_does_not_break_the_order_of_the_series() -> None:
    told = Told()
    told.history(completed(3))
    told.history(completed(3), completed(2))
    assert [at for at, _ in told.points("checkpoint-duration")] == [31.0]


def test_a_job_that_flink_no_longer_lists_is_forgotten_after_a_while() -> None:
    told = Told()
    told.history(completed(1))
    told.jobs(JOB, after=5 * KEEP_SECONDS)
    assert told.ids() == [1]
    told.jobs(after=KEEP_SECONDS - 1)
    assert told.ids() == [1]
    told.jobs(after=2)
    assert told.ids() == []


def test_savepoints_are_seen_but_not_in_the_series() -> None:
    told = Told()
    told.history(completed(2), completed(1, is_savepoint=True))
    assert told.ids() == [2, 1]
    assert [value for _, value in told.points("checkpoint-size")] == [502.0]


@pytest.mark.deep
def test_jobs_that_were_not_opened_share_the_limit() -> None:
    opened = {"open"}
    seen = SeenCheckpoints(SeriesStore(), opened)
    jobs = ["open", *(f"{number}" for number in range(500))]
    for first in range(1, 100, 10):
        history = tuple(completed(number) for number in range(first + 9, first - 1, -1))
        for job in jobs:
            seen.arrived(CHECKPOINTS(job=job), CheckpointStats(history=history), 1.0, EPOCH)
    seen.arrived(
        JOBS_OVERVIEW(), JobsOverview(tuple(JobOverview(job, state="RUNNING") for job in jobs)), 2.0, EPOCH
    )
    assert len(seen.of("open")) == 100
    assert sum(len(seen.of(job)) for job in jobs[1:]) <= MOST
    assert [one.checkpoint.id for one in seen.of("7")] == list(range(100, 100 - len(seen.of("7")), -1))
    assert seen.of("7")
