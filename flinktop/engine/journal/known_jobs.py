"""What is known last of each job, kept up to date so that one that has vanished can still be shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal.configuration import merged
from flinktop.engine.journal.event import KnownJob
from flinktop.flink.text import clean
from flinktop.model import redaction, states

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from flinktop.engine.journal.jobs import Listed
    from flinktop.flink.checkpoints import CheckpointStats
    from flinktop.flink.jobs import Job
    from flinktop.judgement.verdict import Verdict

WRITE_MS: Final = 30_000.0
"""A job is written at most so often; a change of its state at once."""
SEEN_MS: Final = 600_000.0
"""A job of which nothing has changed is written so often: that it was seen."""
MOST_SEEN: Final = 64
"""Of those so many at once."""
MOST_NAMES: Final = 2000
"""Names of jobs that have ended of which the last job is remembered."""


class _Written(Struct, frozen=True):
    job: KnownJob
    at: float


class KnownJobs:
    """The known jobs of one cluster. Times are ms since 1970."""

    def __init__(self, cluster: str, cluster_name: str, known: Iterable[KnownJob] = ()) -> None:
        """`known` are those that the journal has."""
        self._cluster = cluster
        self._cluster_name = cluster_name
        self.is_urgent = False
        """Whether a job is new or has changed its state, and was not written since."""
        self._seen = 0.0  # the newest list of jobs; in `_jobs` it is not kept up to date
        self._jobs: dict[str, KnownJob] = {}
        self._written: dict[str, _Written] = {}
        self._past: dict[str, KnownJob] = {}  # by name: the newest that has ended or is gone
        self._earlier = {one.job: one for one in known}  # until they are listed
        for one in sorted(self._earlier.values(), key=lambda one: one.start):
            self._remember(one)

    def get(self, job: str) -> KnownJob | None:
        """What is known of a job that is listed, or was a moment ago."""
        return self._jobs.get(job)

    def before(self, job: KnownJob) -> KnownJob | None:
        """The newest job of the same name that ended before this one started."""
        found = self._past.get(job.name)
        if found is None or found.job == job.job or found.start >= job.start:
            return None
        lives = self._jobs.get(found.job)
        return found if lives is None or states.is_terminal(lives.state) else None

    # -- what is known of one --------------------------------------------------------------------------

    def seen(self, at: float) -> None:
        """Take that the list of jobs is the same as before."""
        self._seen = at

    def listed(self, jobs: Mapping[str, Listed], at: float, release: str) -> None:
        """Take the list of jobs, by the release of the cluster."""
        self._seen = at
        for job, row in jobs.items():
            known = self._jobs.get(job)
            if known is None:
                self._jobs[job] = known = self._begun(job, row, at)
                self.is_urgent = True
            same = known.state == row.state and known.start == row.start and known.end == row.end
            if not same or known.name != row.name:
                known = replace(known, state=row.state, name=row.name, start=row.start, end=row.end)
                self._jobs[job] = known
                self.is_urgent = True
            if release and not known.release:
                self._jobs[job] = replace(known, release=release)

    def _begun(self, job: str, row: Listed, at: float) -> KnownJob:
        found = self._earlier.pop(job, None)
        if found is not None and found.start == row.start:
            self._written[job] = _Written(found, found.seen)
            return found
        return KnownJob(
            cluster=self._cluster,
            cluster_name=self._cluster_name,
            job=job,
            name=row.name,
            state=row.state,
            seen=at,
            start=row.start,
            end=row.end,
        )

    def detailed(self, job: Job) -> None:
        """Take /jobs/:jobid."""
        known = self._jobs.get(job.jid)
        if known is None:
            return
        names = tuple(clean(one.name) for one in job.vertices)
        parallelism = max((one.parallelism for one in job.vertices), default=-1)
        if names and names != known.vertices:
            known = replace(known, vertices=names)
        if parallelism > 0 and parallelism != known.parallelism:
            known = replace(known, parallelism=parallelism)
        self._jobs[job.jid] = known

    def checkpointed(self, job: str, stats: CheckpointStats) -> None:
        """Take its checkpoints: the newest that completed, or savepoint."""
        known = self._jobs.get(job)
        found = [one for one in (stats.latest.completed, stats.latest.savepoint) if one is not None]
        newest = max(found, key=lambda one: one.latest_ack_timestamp, default=None)
        if known is None or newest is None or newest.latest_ack_timestamp == known.checkpointed:
            return
        path = redaction.text(clean(newest.external_path or ""))
        # One that is only in the JobManager's memory has no path, and is of no use afterwards.
        if path and "<checkpoint-not-externally-addressable>" not in path:
            at = float(max(newest.latest_ack_timestamp, 0))
            self._jobs[job] = replace(known, checkpoint=path, checkpointed=at)

    def restarted(self, job: str, restarts: int) -> None:
        """Take its number of restarts."""
        known = self._jobs.get(job)
        if known is not None and known.restarts != restarts:
            self._jobs[job] = replace(known, restarts=restarts)

    def configured(self, job: str, configuration: dict[str, str]) -> None:
        """Take its configuration or a part of it, without secrets: see configuration.merged."""
        known = self._jobs.get(job)
        if known is not None and known.configuration != (found := merged(known.configuration, configuration)):
            self._jobs[job] = replace(known, configuration=found)

    def judged(self, verdict: Verdict) -> None:
        """Take its verdict."""
        known = self._jobs.get(verdict.job)
        if known is None:
            return
        words = redaction.text(clean(verdict.words))
        if (known.words, known.severity) != (words, verdict.severity):
            self._jobs[verdict.job] = replace(known, words=words, severity=verdict.severity)

    # -- writing ---------------------------------------------------------------------------------------

    def due(self, listed: Container[str], missing: Container[str], now: float) -> list[KnownJob]:
        """Those to be written now; they count as written. Those neither listed nor missing are forgotten."""
        self.is_urgent = False
        found = self._forgotten([job for job in self._jobs if job not in listed and job not in missing])
        seen = 0
        for job, known in self._jobs.items():
            if job not in listed:
                continue  # it stays as it was when it was seen last
            written = self._written.get(job)
            since = now - written.at if written is not None else math.inf
            if written is not None and written.job is known:
                if since < SEEN_MS or seen >= MOST_SEEN:
                    continue
                seen += 1
            elif written is not None and written.job.state == known.state and since < WRITE_MS:
                continue
            found.append(replace(known, seen=self._seen))
        for known in found:
            if known.job in self._jobs:
                self._jobs[known.job] = known
                self._written[known.job] = _Written(known, now)
            if states.is_terminal(known.state):
                self._remember(known)
        return found

    def _forgotten(self, over: Iterable[str]) -> list[KnownJob]:
        """Forget these jobs; those of them that were not written as they are known last."""
        found = []
        for job in over:
            known, written = self._jobs.pop(job), self._written.pop(job, None)
            self._remember(known)
            if written is None or written.job is not known:
                found.append(known)
        return found

    def _remember(self, job: KnownJob) -> None:
        newest = self._past.get(job.name)
        if newest is None or newest.start <= job.start:
            self._past.pop(job.name, None)
            self._past[job.name] = job
        while len(self._past) > MOST_NAMES:
            del self._past[next(iter(self._past))]
