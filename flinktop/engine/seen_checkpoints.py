"""All checkpoints seen of a job, also those that Flink has dropped from its history of ten."""

from collections.abc import Container, Sequence
from typing import Any

from msgspec import Struct, field, structs
from msgspec.structs import replace

from flinktop.engine.series import SeriesStore, job_series
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINTS, Checkpoint, CheckpointStats
from flinktop.flink.endpoint import Query
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model.checkpoints import COMPLETED, FAILED

KEPT = 200  # maximum checkpoints kept per job
MOST = 3000
"""Checkpoints kept of all jobs that were not opened, shared evenly. Each takes about 1 kB."""
KEEP_SECONDS = 600.0  # how long those of a job are kept after Flink has dropped it: as long as readings


class SeenCheckpoint(Struct, frozen=True):
    """One checkpoint or savepoint as last reported."""

    checkpoint: Checkpoint  # with its vertices if it has failed and its details were fetched
    dropped: bool = False  # whether Flink no longer has it in its history


class _Job(Struct):
    seen: dict[int, SeenCheckpoint] = field(default_factory=dict)
    """Newest first; replaced as a whole: other threads read it."""
    drawn: set[tuple[int, int]] = field(default_factory=set)
    """Checkpoints in the series, by trigger time and id: a resubmitted job counts from 1 again."""
    undrawn: bool = False
    drawn_until: float = float("-inf")  # the newest point's time (engine's clock, s)
    answer: CheckpointStats | None = None
    """The newest answer of an opened job: the same answer comes repeatedly."""
    listed: float = 0.0  # when Flink last listed the job (engine's clock, s)


class SeenCheckpoints:
    """Seen checkpoints by job. Written by the engine's thread only; reading is safe from any thread."""

    def __init__(self, series: SeriesStore, opened: Container[str] = ()) -> None:
        """Add completed checkpoints to `series`; keep more of the jobs in `opened`."""
        self._series = series
        self._opened = opened
        self._jobs: dict[str, _Job] = {}

    def of(self, job: str) -> tuple[SeenCheckpoint, ...]:
        """The checkpoints seen of a job, newest first; at most KEPT, fewer if it was not opened."""
        known = self._jobs.get(job)
        return tuple(known.seen.values()) if known is not None else ()

    def arrived(self, query: Query[Any], value: Any, at: float, behind: float | None) -> None:
        """Record an answer; see Recorders.of. Points are added once the clocks' difference is known."""
        if query.endpoint is CHECKPOINTS:
            self._stats(dict(query.ids)["job"], value, at, behind)
        elif query.endpoint is CHECKPOINT:
            self._details(dict(query.ids)["job"], value)
        elif query.endpoint is JOBS_OVERVIEW:
            self._listed({job.jid for job in value.jobs}, at)

    def _stats(self, job: str, stats: CheckpointStats, at: float, behind: float | None) -> None:
        known = self._jobs.setdefault(job, _Job(listed=at))
        known.listed = at
        if known.answer is not stats:
            known.answer = stats if job in self._opened else None
            known.undrawn = True
            self._merge(job, known, stats)
        if behind is not None and known.undrawn:
            known.undrawn = False
            self._draw(job, known, behind)

    def _merge(self, job: str, known: _Job, stats: CheckpointStats) -> None:
        # One without an id could not be requested or distinguished.
        listed = {one.id: one for one in stats.history if one.id >= 0}
        # Flink still reports these, but has no details of them any more.
        latest = (stats.latest.completed, stats.latest.savepoint, stats.latest.failed)
        reported = {one.id: one for one in latest if one is not None and one.id >= 0} | listed
        seen = {
            number: before if number in listed or before.dropped else replace(before, dropped=True)
            for number, before in known.seen.items()
        }
        for number, one in reported.items():
            seen[number] = SeenCheckpoint(_with_tasks(one, seen.get(number)), number not in listed)
        newest = sorted(seen.values(), key=lambda one: _age(one.checkpoint))
        self._keep(known, newest[: min(KEPT, max(self._share(job), len(reported)))])

    @staticmethod
    def _keep(known: _Job, newest: Sequence[SeenCheckpoint]) -> None:
        known.seen = {seen.checkpoint.id: seen for seen in newest}
        known.drawn &= {_age(seen.checkpoint) for seen in newest}

    def _share(self, job: str) -> int:
        return KEPT if job in self._opened else min(KEPT, MOST // max(1, len(self._jobs)))

    def _make_room(self) -> None:
        """Keep no more than its share of each job that was not opened."""
        for job, known in self._jobs.items():
            if job not in self._opened:
                known.answer = None
                if len(known.seen) > (share := self._share(job)) and not known.undrawn:
                    self._keep(known, tuple(known.seen.values())[:share])

    def _details(self, job: str, details: Checkpoint) -> None:
        """Keep the vertices of a failed one; those of others are needed only while they are open."""
        known = self._jobs.get(job)
        before = known.seen.get(details.id) if known is not None else None
        if known is None or before is None or details.status != FAILED or before.checkpoint.tasks:
            return
        if _age(before.checkpoint) == _age(details):
            known.seen = {**known.seen, details.id: replace(before, checkpoint=details)}

    def _listed(self, jobs: set[str], at: float) -> None:
        for job, known in list(self._jobs.items()):
            if job in jobs:
                known.listed = at
            elif at - known.listed > KEEP_SECONDS:
                del self._jobs[job]
        self._make_room()

    def _draw(self, job: str, known: _Job, behind: float) -> None:
        """Add each completed checkpoint to the series once, at its completion time.

        Savepoints are left out: they are full, and triggered by hand.
        """
        done = [
            (seen.checkpoint.acknowledged_at / 1000.0 - behind, seen.checkpoint)
            for seen in known.seen.values()
            if seen.checkpoint.status == COMPLETED
            and not seen.checkpoint.is_savepoint
            and seen.checkpoint.acknowledged_at is not None
            and _age(seen.checkpoint) not in known.drawn
        ]
        for at, checkpoint in sorted(done, key=lambda one: one[0]):
            known.drawn.add(_age(checkpoint))
            # A series is in order of time: one that is reported after a later one is left out.
            if at > known.drawn_until:
                known.drawn_until = at
                self._series.add(job_series(job, "checkpoint-duration"), at, checkpoint.duration)
                self._series.add(job_series(job, "checkpoint-size"), at, checkpoint.written)


def _age(checkpoint: Checkpoint) -> tuple[int, int]:
    """Identity and sort key, newest first: by time, as ids may begin at 1 again."""
    return -checkpoint.trigger_timestamp, -checkpoint.id


def _with_tasks(newest: Checkpoint, before: SeenCheckpoint | None) -> Checkpoint:
    """The newest report of a checkpoint, with the vertices from its earlier details."""
    if before is None or before.checkpoint.status != newest.status or _age(before.checkpoint) != _age(newest):
        return newest
    return structs.replace(newest, tasks=before.checkpoint.tasks)
