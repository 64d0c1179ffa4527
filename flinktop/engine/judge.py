"""Judges the jobs of a cluster as answers come, remembers what must last, and asks for closer looks.

It asks a bounded number of requests a minute (`budget`) beside those that rows and the sweep want, whatever
the number of jobs: on a cluster of many all are watched by `/jobs/overview` and by sums over groups of jobs,
and only suspects are looked at closely.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.answers import Answers
from flinktop.engine.budget import ASKS_A_MINUTE, Budget
from flinktop.engine.sums import Sums
from flinktop.engine.sweep import FEW, figures_of
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS, CheckpointStats
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.metrics import JOBS_METRICS
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.judgement import ask as asking
from flinktop.judgement import rules as ruling
from flinktop.judgement.ask import Ask
from flinktop.judgement.expected import judge_expected
from flinktop.judgement.finding import Severity
from flinktop.judgement.lost import Running, cluster_lost, lost_jobs, still_lost
from flinktop.judgement.remembered import (
    DAY_MS,
    OfCluster,
    OfJob,
    Remembered,
    cluster_memory,
    is_another,
    is_another_start,
    job_memory,
    of_cluster,
    of_job,
    standing_findings,
    standing_verdict,
)
from flinktop.judgement.rules import Policy
from flinktop.judgement.verdict import Memory, asks, cluster_asks, judge_cluster, judge_job, ordered
from flinktop.model import states
from flinktop.model.look import OLD, cluster_look, job_look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flinktop.flink.endpoint import Query
    from flinktop.flink.errors import FlinkError
    from flinktop.flink.jobs import JobOverview
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.verdict import Verdict
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.model.look import ClusterLook, JobLook

MOST_A_ROUND: Final = 25
"""Jobs that are judged in a round; of more the others wait for the next."""
SUSPECT_SECONDS: Final = 300.0
"""How long a job whose sum has moved is looked at closely."""
YOUNG_MS: Final = 30_000.0
"""A job that started so lately is no suspect because its tasks do not all run yet."""
JUST_FAILED_MS: Final = 30_000.0
"""What failed so lately is news: a job, or a checkpoint of a job of which none was known before."""
CACHED_MS: Final = 3_200.0
"""After this nothing that Flink answers is from before."""
SETTLES_MS: Final = 5_000.0
"""A job is judged again after so long at the earliest: its answers come one after the other."""
SETTLES_VERTEX_MS: Final = 60.0
"""And, as the judgement of a large job takes longer, at the earliest after this for each of its vertices."""
MOST_SETTLES_MS: Final = 30_000.0
MOST_KEPT: Final = 1000
"""Jobs that are remembered without being judged."""
FORGET_MS: Final = 180_000.0
"""A job without a finding that was not answered for so long is forgotten, except for its verdict."""
_BEGINNING: Final = frozenset({"INITIALIZING", "CREATED", "RUNNING"})


class Judged(Struct, frozen=True):
    """What is known to be wrong; replaced as a whole, so that it can be read from any thread."""

    verdicts: Mapping[str, Verdict] = {}  # by job
    findings: tuple[Finding, ...] = ()  # of the cluster itself

    @property
    def unhealthy(self) -> int:
        """Jobs with a finding of severity warning or worse, or unknown."""
        return sum(one.severity.rank < Severity.INFO.rank for one in self.verdicts.values())


class Judge:
    """The judgement of one cluster. Lives on the engine's loop; `judged` is for any thread."""

    def __init__(
        self,
        send: Callable[[Query[Any]], None],
        cluster_time: Callable[[], float],
        policy: Policy = Policy(),  # noqa: B008 -- frozen
    ) -> None:
        """Ask with `send`, which sends a query once; `cluster_time` is in s since 1970."""
        self._policy = policy
        self._expected: dict[str, Memory] = {}
        self._running = Running()
        self.judged = Judged()
        self.answers = Answers()
        self._time = cluster_time
        self._memories: dict[str, Memory] = {}
        self._kept: dict[str, OfJob] = {}
        """What is remembered of jobs that were not judged since the start, or are not listed now."""
        self._cluster = Memory()
        self._dirty: dict[str, None] = {}  # jobs with answers that were not judged yet, oldest first
        self._judged_at: dict[str, float] = {}  # by job (ms)
        self._asks: dict[str, tuple[Ask, ...]] = {}  # the closer looks that a job needs
        self._cluster_asks: tuple[Ask, ...] = ()
        self._absent: tuple[Finding, ...] = ()  # of jobs that are lost or missing
        self._findings: tuple[Finding, ...] = ()  # of the cluster, while it answers
        self._new = True  # whether something of the cluster itself was answered since the last round
        self._listed: dict[str, JobOverview] = {}
        self._odd: frozenset[str] = frozenset()
        """Jobs that failed or do not run with all their tasks, by the list: few, of thousands."""
        self._suspects: dict[str, float] = {}  # by job until when (ms)
        self.budget = Budget(send)
        self._live = 0  # jobs that have not ended
        self._changed: set[str] = set()
        self.hurries = False
        """Whether a job or a checkpoint has failed since the last round: that is judged at once."""
        self._sums = Sums()
        self.also: Callable[[], Iterable[Ask]] = tuple
        """What else is to be asked within the budget; called in each round."""

    @property
    def listed(self) -> Mapping[str, JobOverview]:
        """The jobs of the last list, by id."""
        return self._listed

    @property
    def is_worried(self) -> bool:
        """Whether something is ill or unknown, or was seen that may become a finding."""
        memories = (self._cluster, *self._memories.values())
        return (
            self.judged.unhealthy > 0
            or any(one.severity.rank < Severity.INFO.rank for one in self.judged.findings)
            or any(not one.raised for memory in memories for one in memory.held.values())
        )

    @property
    def has_many(self) -> bool:
        """Whether so many jobs run that all are watched by sums."""
        return self._live > FEW

    def allow(self, a_minute: int | None) -> None:
        """Ask for so many closer looks a minute at most; None: as many as for a cluster on the screen."""
        self.budget.a_minute = ASKS_A_MINUTE if a_minute is None else a_minute

    def take_changed(self) -> frozenset[str]:
        """The jobs of which answers since the last call told that they came, went or changed their state.

        "" stands for a number of TaskManagers that has changed.
        """
        changed, self._changed = frozenset(self._changed), set()
        return changed

    # -- what outlives flinktop ------------------------------------------------------------------------

    def restore(self, before: Remembered, now: float | None = None) -> None:
        """Take up what was remembered when flinktop was ended; to be called before the first round.

        `now` is the cluster's time (ms since 1970) where no answer has told it yet.
        """
        now = self._time() * 1000.0 if now is None else now
        self._kept = dict(before.jobs)
        if before.cluster is not None:
            rules = self._policy.about(None)
            self._cluster, self._expected, self._running = cluster_memory(before.cluster, now)
            self._absent = self._standing_absent(now)
            standing = ruling.applied(rules, standing_findings(self._cluster, now))
            self._findings = ordered((*standing, *self._absent))
            self._new = False
            self.judged = Judged(findings=self._findings)

    def _standing_absent(self, now: float) -> tuple[Finding, ...]:
        """The jobs that were lost or missing, before the jobs are listed."""
        missing = [
            _named(finding, name)
            for name, memory in self._expected.items()
            for finding in ruling.applied(self._policy.about(name), standing_findings(memory, now))
        ]
        return (*ruling.applied(self._policy.about(None), still_lost(self._running, now)), *missing)

    def of_jobs(self) -> Iterator[tuple[str, OfJob]]:
        """What is to be remembered of jobs, by their ids."""
        now = self._time() * 1000.0
        yield from self._kept.items()
        for job, memory in self._memories.items():
            if (listed := self._listed.get(job)) is not None:
                yield job, of_job(memory, now, started=listed.start_time)

    def of_cluster(self) -> OfCluster:
        """What is to be remembered of the cluster."""
        return of_cluster(self._cluster, self._expected, self._running, self._time() * 1000.0)

    # -- answers ---------------------------------------------------------------------------------------

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        """Take an answer that came at `at` (s since 1970 by the cluster's clock)."""
        then = at * 1000.0
        self.budget.answered(query, then)
        if query.endpoint is JOBS_METRICS:
            for job in self._sums.take(query, value):
                self._suspects[job] = then + SUSPECT_SECONDS * 1000.0
            return
        self._note_change(query, value)
        if query.endpoint is CHECKPOINTS and self._fails_anew(query, value, then):
            # It is judged by this answer alone.
            self._judged_at.pop(dict(query.ids)["job"], None)
            self.hurries = True
        self.answers.take(query, value, then)
        if query.endpoint is JOBS_OVERVIEW:
            self._new = True
            self._list(value.jobs)
        elif (of := dict(query.ids).get("job")) is not None:
            self._answered(query, of)
        else:
            self._new = True

    def _note_change(self, query: Query[Any], value: Any) -> None:
        if query.endpoint is JOB:
            job = self.answers.newest(JOB, job=value.jid)
            seen = (job.value.state, job.value.timestamps) if job is not None else None
            if seen is not None and seen != (value.state, value.timestamps):
                self._changed.add(value.jid)
        elif query.endpoint is OVERVIEW:
            overview = self.answers.newest(OVERVIEW)
            if overview is not None and value.taskmanagers != overview.value.taskmanagers:
                self._changed.add("")

    def _fails_anew(self, query: Query[Any], stats: CheckpointStats, now: float) -> bool:
        """Whether more checkpoints of a job have failed than at its last answer; at the first, just now."""
        before = self.answers.newest(CHECKPOINTS, **dict(query.ids))
        if before is not None:
            return (stats.counts.failed or 0) > (before.value.counts.failed or 0)
        newest = stats.latest.failed
        return newest is not None and now - (newest.failure_timestamp or 0) < JUST_FAILED_MS

    def know_kubernetes(self, state: KubernetesState | None) -> None:
        """Take what Kubernetes knows of the cluster; the next round judges by it."""
        before, self.answers.kubernetes = self.answers.kubernetes, state
        self._new = True
        for job, listed in self._listed.items():
            was, now = (
                one.manager_of(job, listed.name) if one is not None else None for one in (before, state)
            )
            if was != now:
                self._dirty[job] = None
                self._judged_at.pop(job, None)

    def failed(self, query: Query[Any], error: FlinkError) -> None:
        """Take why a request failed."""
        self.budget.answered(query, self._time() * 1000.0)
        if query.endpoint is JOBS_METRICS:
            self._sums.failed(query)
            return
        self.answers.fail(query, error)
        if (job := dict(query.ids).get("job")) is not None:
            self._answered(query, job)

    def _answered(self, query: Query[Any], job: str) -> None:
        self._dirty[job] = None
        if self.budget.take_own(query) and self._settles(job) <= SETTLES_MS:
            # What it wants to know next hangs on this answer: don't wait for others.
            self._judged_at.pop(job, None)
            # Why a job has failed is waited for before that is called about.
            listed = self._listed.get(job)
            self.hurries |= query.endpoint is EXCEPTIONS and listed is not None and listed.state == "FAILED"

    def look(self, job: str) -> JobLook | None:
        """A look at a job with the newest answers; None if it is not listed."""
        listed = self._listed.get(job)
        return job_look(self.answers, listed) if listed is not None else None

    def _list(self, jobs: Iterable[JobOverview]) -> None:
        listed = {job.jid: job for job in jobs}
        self._changed |= self._listed.keys() - listed.keys()
        for jid, job in listed.items():
            before = self._listed.get(jid)
            if before is None or (job.state, job.tasks) != (before.state, before.tasks):
                self._dirty[jid] = None
            if before is None or job.state != before.state or (_runs_whole(before) and not _runs_whole(job)):
                self._changed.add(jid)
            if before is not None and is_another_start(before, job):
                self._memories.pop(jid, None)
            if before is not None and job.state != before.state:
                # Its state is told by the list alone: other answers need not be waited for.
                self._judged_at.pop(jid, None)
                self.hurries |= job.state == "FAILED"
        self._judge_replaced(listed)
        self._set_aside(listed)
        self._listed = listed
        self._odd = frozenset(
            jid
            for jid, job in listed.items()
            if not _runs_whole(job) and (job.state == "FAILED" or not states.is_terminal(job.state))
        )
        self._memories = {job: memory for job, memory in self._memories.items() if job in listed}
        self._judged_at = {job: at for job, at in self._judged_at.items() if job in listed}
        self._asks = {job: found for job, found in self._asks.items() if job in listed}
        taskmanagers = self.answers.newest(TASKMANAGERS)
        known = {one.id for one in taskmanagers.value.taskmanagers} if taskmanagers is not None else set()
        self.answers.keep(listed.keys(), known)
        live = [jid for jid, job in listed.items() if not states.is_terminal(job.state)]
        self._live = len(live)
        self._sums.watch([job for job in live if job not in self._suspects])

    def _judge_replaced(self, listed: Mapping[str, JobOverview]) -> None:
        """Judge failed jobs again of whose name another one has been started."""
        new = {job.name for jid, job in listed.items() if jid not in self._listed} if self._listed else set()
        if not new:
            return
        for jid, job in listed.items():
            if job.state == "FAILED" and job.name in new:
                self._dirty[jid] = None
                self._judged_at.pop(jid, None)

    def _set_aside(self, listed: Mapping[str, JobOverview]) -> None:
        """Keep what is remembered of jobs that are not listed any more: one may come back with its id."""
        now = self._time() * 1000.0
        for jid, memory in self._memories.items():
            before, job = self._listed.get(jid), listed.get(jid)
            if before is not None and job is None:
                kept = of_job(memory, now, started=before.start_time)
                if not kept.is_empty:
                    self._kept[jid] = replace(kept, listed=False)
        if len(self._kept) > MOST_KEPT:
            newest = sorted(self._kept.items(), key=lambda one: -one[1].at)
            self._kept = dict(newest[:MOST_KEPT])

    # -- a round ---------------------------------------------------------------------------------------

    def round(self, silent: float | None = None, error: str = "", *, asked: float | None = None) -> None:
        """Judge what was answered, and ask for what is wanted.

        `silent`: for how long (s) a cluster has not answered that answered before, and why; `asked`: for how
        long it was asked since, if that is less.
        """
        now = self.answers.now = self._time() * 1000.0
        self.hurries = False
        verdicts = {job: one for job, one in self.judged.verdicts.items() if job in self._listed}
        for listed in self._settled(now):
            verdicts[listed.jid] = self._judge(listed)
        verdicts |= self._standing(verdicts, now)
        if self._new:
            self._findings = self._judge_cluster()
        lost = self._lost(now, silent, error, asked) if silent is not None else ()
        self.judged = Judged(verdicts, (*lost, *self._findings))
        self._forget(now)
        self.budget.forget(now)
        if self.budget.a_minute:
            self.budget.spend(self._wanted(), now, groups=self._sums.groups if self._live > FEW else 0)

    def _settled(self, now: float) -> list[JobOverview]:
        """The jobs that are judged in this round; one of which nothing was answered yet takes no turn."""
        found: list[JobOverview] = []
        for job in tuple(self._dirty):
            listed = self._listed.get(job)
            if listed is None or not self._is_known(listed):
                del self._dirty[job]
            elif len(found) < MOST_A_ROUND and now - self._judged_at.get(job, 0.0) >= self._settles(job):
                del self._dirty[job]
                found.append(listed)
        return found

    def _settles(self, job: str) -> float:
        """How long (ms) after a judgement a job is judged again at the earliest."""
        known = self.answers.newest(JOB, job=job)
        vertices = len(known.value.vertices) if known is not None else 0
        return min(max(SETTLES_MS, SETTLES_VERTEX_MS * vertices), MOST_SETTLES_MS)

    def _is_known(self, listed: JobOverview) -> bool:
        """Whether enough was answered for a verdict."""
        ids = {"job": listed.jid}
        read = self.answers.newest(JOB, **ids) or self.answers.error(JOB, **ids)
        return read is not None or states.is_terminal(listed.state)

    def _judge(self, listed: JobOverview) -> Verdict:
        self._judged_at[listed.jid] = self.answers.now
        rules = self._policy.about(listed.name)
        look = job_look(self.answers, listed, ruling.limits(rules))
        verdict, memory = judge_job(look, self._memory(listed), rules=rules)
        self._memories[listed.jid], self._asks[listed.jid] = memory, asks(look, memory)
        return verdict

    def _memory(self, listed: JobOverview) -> Memory:
        memory = self._memories.get(listed.jid)
        if memory is not None:
            return memory
        kept = self._kept.pop(listed.jid, None)
        if kept is None or is_another(listed, kept):
            return Memory()
        return job_memory(kept, self.answers.now)

    def _standing(self, known: Mapping[str, Verdict], now: float) -> dict[str, Verdict]:
        """Verdicts on listed jobs that were not read since flinktop was started, by what is remembered."""
        found = {}
        for job, kept in self._kept.items():
            listed = self._listed.get(job)
            if listed is None or job in known:
                continue
            verdict = standing_verdict(listed, kept, now, self._policy.about(listed.name))
            if verdict is not None:
                found[job] = verdict
        return found

    def _judge_cluster(self) -> tuple[Finding, ...]:
        rules = self._policy.about(None)
        self._new, look = False, cluster_look(self.answers, ruling.limits(rules))
        findings, self._cluster = judge_cluster(look, self._cluster, rules=rules)
        self._cluster_asks = cluster_asks(look, self._cluster)
        lost, self._running = lost_jobs(look, self._running)
        if look.jobs is not None:
            self._absent = (*ruling.applied(rules, lost), *self._missing(look))
        return ordered((*findings, *self._absent))

    def _missing(self, look: ClusterLook) -> Iterator[Finding]:
        """The expected jobs that do not run, named."""
        if look.jobs is None or look.features.history_server:
            return
        rules = {name: self._policy.about(name) for name in self._policy.expected}
        missing, self._expected = judge_expected(
            self._policy.expected, look.jobs, look.now, self._expected, rules=rules
        )
        for verdict in missing:
            for finding in verdict.findings:
                yield _named(finding, verdict.name, verdict.job)

    def _lost(self, now: float, silent: float, error: str, asked: float | None) -> tuple[Finding, ...]:
        names = [job.name for job in self._listed.values() if not states.is_terminal(job.state)]
        found = cluster_lost(
            now - silent * 1000.0,
            now,
            names or self._running.names.values(),
            error,
            asked=now - asked * 1000.0 if asked is not None else None,
            kubernetes=self.answers.kubernetes,
        )
        return ruling.applied(self._policy.about(None), (found,)) if found is not None else ()

    def _forget(self, now: float) -> None:
        """Forget the answers of jobs that nobody looks at closely, and what is remembered for too long."""
        for job in [job for job, kept in self._kept.items() if now - kept.at > DAY_MS]:
            del self._kept[job]
        for job in [job for job, until in self._suspects.items() if until < now]:
            del self._suspects[job]
        if len(self._listed) <= FEW:
            return
        for job, memory in tuple(self._memories.items()):
            taken = self.answers.newest(JOB, job=job)
            if not memory.held and (taken is None or now - taken.at > FORGET_MS):
                del self._memories[job]
                self._asks.pop(job, None)
                self.answers.forget_job(job)

    # -- closer looks ----------------------------------------------------------------------------------

    def _wanted(self) -> Iterator[Ask]:
        if not self.answers.features.history_server:  # it has none of these
            yield Ask(TASKMANAGERS(), asking.USUAL, 15.0, math.inf)
            yield Ask(JOBMANAGER_CONFIG(), asking.USUAL, 3600.0, math.inf)
            yield Ask(OVERVIEW(), asking.USUAL, 30.0, math.inf)
        yield from self._cluster_asks
        yield from self.also()
        if self._live > FEW:
            yield from self._sums.asks(self.answers.features)
        wanted = self._odd.union(self._suspects, self._memories, self._asks, self._kept)
        for job in [job for jid, job in self._listed.items() if jid in wanted]:
            if job.jid in self._suspects or job.jid in self._kept or self._is_suspicious(job):
                # What is said already is not looked at as often as what may have to be said.
                rank, every = (asking.BELOW, 30.0) if self._is_said(job.jid) else (asking.URGENT, 10.0)
                yield from (Ask(query, rank, every) for query in figures_of(job.jid))
                yield Ask(EXCEPTIONS(job=job.jid), asking.URGENT, 30.0)
                yield Ask(CHECKPOINT_CONFIG(job=job.jid), asking.BELOW, 600.0)
            if self._lacks_cause(job):
                yield Ask(EXCEPTIONS(job=job.jid), asking.URGENT, 0.0)
            if (memory := self._memories.get(job.jid)) is not None and memory.held:
                # What has been seen must be seen again to last: off the screen it would be read too seldom.
                lasting = all(one.raised for one in memory.held.values())
                rank, every = (asking.BELOW, 30.0) if lasting else (asking.SUSPECTED, 10.0)
                yield Ask(JOB(job=job.jid), rank, every)
            known = self.answers.newest(JOB, job=job.jid)
            if known is not None and self.answers.now - known.at <= OLD:
                yield from self._asks.get(job.jid, ())

    def _lacks_cause(self, job: JobOverview) -> bool:
        """Whether a job has just failed, and its exceptions came from Flink's cache: from before its end."""
        read = self.answers.newest(EXCEPTIONS, job=job.jid)
        verdict = self.judged.verdicts.get(job.jid)
        return (
            job.state == "FAILED"
            and CACHED_MS <= self.answers.now - job.end_time < JUST_FAILED_MS
            and read is not None
            and read.at - job.end_time < CACHED_MS
            and verdict is not None
            and any(one.unread for one in verdict.findings)
        )

    def _is_said(self, job: str) -> bool:
        verdict = self.judged.verdicts.get(job)
        return verdict is not None and verdict.severity.rank < Severity.INFO.rank

    def _is_suspicious(self, job: JobOverview) -> bool:
        """Whether the list alone shows that it does not run as it should."""
        if states.is_terminal(job.state):
            return job.state == "FAILED" and self.answers.newest(EXCEPTIONS, job=job.jid) is None
        known = self.answers.newest(JOB, job=job.jid)
        if known is not None and known.value.plan.type == "BATCH":
            return job.state != "RUNNING"  # its tasks take turns
        if job.state in _BEGINNING and 0.0 <= self.answers.now - job.start_time < YOUNG_MS:
            return False
        return not _runs_whole(job)


def _runs_whole(job: JobOverview) -> bool:
    """Whether by the list a job runs, and all its tasks do or did."""
    running = job.tasks.get("running", 0) + job.tasks.get("finished", 0)
    return job.state == "RUNNING" and running >= job.tasks.get("total", 0)


def _named(finding: Finding, name: str, job: str = "") -> Finding:
    """A finding about an expected job, with its name."""
    kind, _, words = finding.words.partition(": ")
    return replace(finding, words=f"{kind}: {name}: {words}", job=job, job_name=name)
