"""What outlives flinktop of what a judgement must remember: as values, and how they are taken up again.

What was raised stays until it is seen to be gone, unless nobody has looked for long; a sign that was not yet
a finding must be seen again. Counts and first times are kept as long as what they are about goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.judgement import holds, past_checkpoints, past_failures, restart_counter, taskmanagers
from flinktop.judgement.failures import where, where_note
from flinktop.judgement.finding import Culprit, Finding  # noqa: TC001 -- the types of a Struct's fields
from flinktop.judgement.holds import LONGEST_UNSEEN, Held
from flinktop.judgement.lost import Running, after_absence
from flinktop.judgement.past_checkpoints import PastCheckpoints  # noqa: TC001 -- the same
from flinktop.judgement.past_failures import PastFailures  # noqa: TC001 -- the same
from flinktop.judgement.process_figures import CPU_TIME
from flinktop.judgement.restart_counter import Run  # noqa: TC001 -- the same
from flinktop.judgement.taskmanagers import Listed, Lost  # noqa: TC001 -- the same
from flinktop.judgement.trails import Note, after, noted_at
from flinktop.judgement.verdict import Memory, judge_held
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flinktop.flink.jobs import JobOverview
    from flinktop.judgement.holds import Key
    from flinktop.judgement.rules import Rules
    from flinktop.judgement.verdict import Verdict

AWAY_MS: Final = 600_000.0
"""A finding that stood before a longer time without looks must be seen again."""
DAY_MS: Final = 86_400_000.0
"""What was remembered of a job or a cluster for so long is dropped."""
_LATELY_MS: Final = 30_000.0


class Standing(Struct, frozen=True, kw_only=True):
    """A sign that was seen, and may be a finding. Times are ms since 1970."""

    finding: Finding
    vertex: str = ""  # with the next its key, see holds.Key
    taskmanager: str = ""
    first: float
    last: float = 0.0  # the last look that found it; 0: the last one of all
    fetches: int = 1
    raised: bool = False


class OfJob(Struct, frozen=True, kw_only=True):
    """What is kept of a job. Times are ms since 1970 by the cluster's clock."""

    at: float  # the last look
    started: int = 0
    listed: bool = True  # whether it was listed up to the last look of all
    standing: tuple[Standing, ...] = ()
    failures: PastFailures | None = None
    checkpoints: PastCheckpoints | None = None
    restarts: Run | None = None
    where: Culprit | None = None  # the task that was seen FAILED

    @property
    def is_empty(self) -> bool:
        return not (self.standing or self.failures or self.checkpoints or self.restarts)


class OfCluster(Struct, frozen=True, kw_only=True):
    """What is kept of the cluster itself."""

    at: float  # the last look
    standing: tuple[Standing, ...] = ()
    missing: dict[str, tuple[Standing, ...]] = {}  # expected jobs that do not run, by name
    listed: Listed | None = None
    lost: tuple[Lost, ...] = ()
    running: Running = Running()


class OfLink(Struct, frozen=True, kw_only=True):
    """Whether the cluster answered. Times are ms since 1970 by the cluster's clock."""

    at: float  # until when flinktop ran
    answered: float  # the last answer
    vain: float | None = None  # since when it is asked in vain
    ahead: float = 0.0  # ms that its clock was ahead of this machine's


class Remembered(Struct, frozen=True, kw_only=True):
    """All that is kept of one cluster."""

    jobs: dict[str, OfJob] = {}  # by id
    cluster: OfCluster | None = None
    link: OfLink | None = None

    def until_the_end(self) -> Remembered:
        """With the times up to which all this was so: it is written only when it changes."""
        link = self.link
        if link is None:
            return self
        cluster = self.cluster
        if cluster is not None:
            listed, running = cluster.listed, cluster.running
            cluster = replace(
                cluster,
                at=max(cluster.at, link.at),
                listed=replace(listed, at=max(listed.at, link.answered)) if listed is not None else None,
                running=replace(running, at=max(running.at, link.answered)),
            )
        jobs = {
            job: replace(one, at=max(one.at, link.at)) if one.listed else one
            for job, one in self.jobs.items()
        }
        return replace(self, jobs=jobs, cluster=cluster)


# -- what is kept ------------------------------------------------------------------------------------------


def of_job(memory: Memory, now: float, *, started: int = 0) -> OfJob:
    """What to keep of a job's memory after a look at `now` (ms since 1970)."""
    return OfJob(
        at=now,
        started=started,
        standing=_standing(memory.held, now),
        failures=past_failures.of(memory.trails),
        checkpoints=past_checkpoints.of(memory.trails),
        restarts=restart_counter.run(memory.trails),
        where=where(memory.trails),
    )


def of_cluster(memory: Memory, missing: Mapping[str, Memory], running: Running, now: float) -> OfCluster:
    """The same of a cluster; `missing` are the memories of expected jobs."""
    return OfCluster(
        at=now,
        standing=_standing(memory.held, now),
        missing={name: found for name, one in missing.items() if (found := _standing(one.held, now))},
        listed=taskmanagers.last_listed(memory.trails),
        lost=taskmanagers.last_lost(memory.trails),
        running=running,
    )


def _standing(held: Mapping[Key, Held], now: float) -> tuple[Standing, ...]:
    return tuple(
        Standing(
            finding=one.finding,
            vertex=vertex,
            taskmanager=taskmanager,
            first=one.first,
            # What was seen in the last look is so with each look: kept as such, it does not change.
            last=one.last if now - one.last > _LATELY_MS else 0.0,
            fetches=one.fetches,
            raised=one.raised,
        )
        for (_, vertex, taskmanager), one in held.items()
    )


# -- how it is taken up again ------------------------------------------------------------------------------


def job_memory(kept: OfJob, now: float, *, one_look: bool = False) -> Memory:
    """The memory of a job that is looked at from `now` (ms) on.

    With `one_look` nobody looks again: what stood long ago must be seen to be said.
    """
    held = _held(kept.standing, kept.at, now, one_look=one_look)
    return Memory(held, after({}, _job_notes(kept, now), now))


def _job_notes(kept: OfJob, now: float) -> Iterator[Note]:
    at = noted_at(kept.at, now)
    if kept.failures is not None:
        yield past_failures.note(kept.failures, at)
    if kept.checkpoints is not None:
        yield past_checkpoints.note(kept.checkpoints, at)
    if kept.restarts is not None:
        yield from restart_counter.remembered(kept.restarts, now)
    if kept.where is not None and kept.failures is not None:
        yield where_note(kept.where, at)


def cluster_memory(
    kept: OfCluster, now: float, *, one_look: bool = False
) -> tuple[Memory, dict[str, Memory], Running]:
    """The memory of a cluster, those of expected jobs by name, and what is remembered of jobs that ran."""
    notes: list[Note] = []
    if kept.listed is not None:
        notes += taskmanagers.remembered(kept.listed, kept.lost, now)
    if kept.running.processor_time is not None:
        notes.append(Note(CPU_TIME, noted_at(kept.running.at, now), kept.running.processor_time))
    memory = Memory(_held(kept.standing, kept.at, now, one_look=one_look), after({}, notes, now))
    missing = {
        name: Memory(_held(standing, kept.at, now, one_look=one_look))
        for name, standing in kept.missing.items()
    }
    return memory, missing, after_absence(kept.running, now)


def _held(standing: Iterable[Standing], at: float, now: float, *, one_look: bool) -> dict[Key, Held]:
    """What is held again after a time without looks, from `at` until `now` (ms)."""
    away = max(0.0, now - at)
    if away > AWAY_MS:
        return {}
    is_short = away <= LONGEST_UNSEEN
    # A monitor waits for the figures of what stood; a command has no time for that.
    waits = is_short or not one_look
    return {
        (one.finding.kind, one.vertex, one.taskmanager): Held(
            finding=one.finding,
            first=one.first,
            last=one.last or (now if waits else at),
            fetched=now if one.raised and waits else at,
            fetches=one.fetches,
            raised=one.raised,
            # One that was about to be cleared goes on being so.
            restored=waits and not one.last,
        )
        for one in standing
        if one.raised or is_short
    }


def standing_verdict(listed: JobOverview, kept: OfJob, now: float, rules: Rules = ()) -> Verdict | None:
    """What stood of a job that has not been read since flinktop was started; None if nothing did."""
    held = job_memory(kept, now).held
    if not held or states.is_terminal(listed.state) or is_another(listed, kept):
        return None
    return judge_held(listed, held, now, rules)


def standing_findings(memory: Memory, now: float) -> tuple[Finding, ...]:
    """The findings of a cluster that stood, before it has answered."""
    return holds.raised(memory.held, now)


def is_another(listed: JobOverview, kept: OfJob) -> bool:
    """Whether a job only has the id of the one that is remembered, as all do in application mode."""
    return _is_shared(listed.jid) and listed.start_time != kept.started


def is_another_start(before: JobOverview, listed: JobOverview) -> bool:
    """The same of one that was listed before."""
    return _is_shared(listed.jid) and listed.start_time != before.start_time


def _is_shared(job: str) -> bool:
    return job.strip("0") == ""
