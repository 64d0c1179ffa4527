"""Judges the jobs of a cluster as answers come, remembers what must last, and asks for closer looks.

It asks at most `ASKS_A_MINUTE` requests a minute beside those that rows and the sweep want, whatever the
number of jobs: on a cluster of many jobs all are watched by `/jobs/overview` and by sums over groups of jobs,
and only suspects are looked at closely.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.answers import Answers
from flinktop.engine.sums import EVERY as SUMS_SECONDS
from flinktop.engine.sums import Sums
from flinktop.engine.sweep import figures_of
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG
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
from flinktop.judgement.lost import Running, cluster_lost, lost_jobs
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
    from flinktop.model.look import ClusterLook

ASKS_A_MINUTE: Final = 30
MOST_A_ROUND: Final = 25
"""Jobs that are judged in a round; of more the others wait for the next."""
KEPT: Final = 10
"""Of these so many are kept, of more than `FEW` jobs, for first looks at what turns ill."""
MOST_SUMS: Final = 15
"""Of these at most for the sums of groups of jobs."""
FEW: Final = 20
"""Jobs of which the sweep asks each often enough; of more, sums are watched."""
SUSPECT_SECONDS: Final = 300.0
"""How long a job whose sum has moved is looked at closely."""
WEIGHTS: Final = {asking.SUSPECTED: 4.0, asking.BELOW: 2.0, asking.USUAL: 1.0}
"""So much more than a usual look one at a suspect is wanted."""
AS_FIRST, LATEST = 3.2, 20.0
"""Intervals after which a look again is wanted as much as a first one; and the most that count."""
WAITED_MS: Final = 60_000.0
"""After so long a first look is wanted twice as much."""
MOST_AT_ONCE: Final = 2
"""Requests of a round."""
YOUNG_MS: Final = 30_000.0
"""A job that started so lately is no suspect because its tasks do not all run yet."""
SETTLES_MS: Final = 5_000.0
"""A job is judged again after so long at the earliest: its answers come one after the other."""
FORGET_MS: Final = 180_000.0
"""A job without a finding that was not answered for so long is forgotten, except for its verdict."""
MOST_ASKED: Final = 10_000
"""Queries of which it is remembered when they were sent."""
_MINUTE: Final = 60.0
_BEGINNING: Final = frozenset({"INITIALIZING", "CREATED", "RUNNING"})


class Judged(Struct, frozen=True):
    """What is known to be wrong; replaced as a whole, so that it can be read from any thread."""

    verdicts: Mapping[str, Verdict] = {}  # by job
    findings: tuple[Finding, ...] = ()  # of the cluster itself

    @property
    def ill(self) -> int:
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
        self._send = send
        self._time = cluster_time
        self._memories: dict[str, Memory] = {}
        self._cluster = Memory()
        self._dirty: dict[str, None] = {}  # jobs with answers that were not judged yet, oldest first
        self._judged_at: dict[str, float] = {}  # by job (ms)
        self._asks: dict[str, tuple[Ask, ...]] = {}  # the closer looks that a job needs
        self._cluster_asks: tuple[Ask, ...] = ()
        self._findings: tuple[Finding, ...] = ()  # of the cluster, while it answers
        self._new = True  # whether something of the cluster itself was answered since the last round
        self._listed: dict[str, JobOverview] = {}
        self._suspects: dict[str, float] = {}  # by job until when (ms)
        self._asked: dict[Query[Any], float] = {}  # when it was sent or answered last (ms)
        self._unanswered: set[Query[Any]] = set()  # those that it asked itself
        self._sent: list[float] = []  # times of the asks of the last minute (ms)
        self._sums_sent: list[float] = []  # those of them that were for the sums of whole groups
        self._live = 0  # jobs that have not ended
        self._since: dict[Query[Any], float] = {}  # since when it is wanted (ms)
        self._sums = Sums()

    # -- answers ---------------------------------------------------------------------------------------

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        """Take an answer that came at `at` (s since 1970 by the cluster's clock)."""
        then = at * 1000.0
        self._asked[query] = then
        if query.endpoint is JOBS_METRICS:
            for job in self._sums.take(query, value):
                self._suspects[job] = then + SUSPECT_SECONDS * 1000.0
            return
        self.answers.take(query, value, then)
        if query.endpoint is JOBS_OVERVIEW:
            self._new = True
            self._list(value.jobs)
        elif (of := dict(query.ids).get("job")) is not None:
            self._answered(query, of)
        else:
            self._new = True

    def failed(self, query: Query[Any], error: FlinkError) -> None:
        """Take why a request failed."""
        self._asked[query] = self._time() * 1000.0
        if query.endpoint is JOBS_METRICS:
            self._sums.failed(query)
            return
        self.answers.fail(query, error)
        if (job := dict(query.ids).get("job")) is not None:
            self._answered(query, job)

    def _answered(self, query: Query[Any], job: str) -> None:
        self._dirty[job] = None
        if query in self._unanswered:
            # What it wants to know next hangs on this answer: don't wait for others.
            self._unanswered.discard(query)
            self._judged_at.pop(job, None)

    def _list(self, jobs: Iterable[JobOverview]) -> None:
        listed = {job.jid: job for job in jobs}
        for jid, job in listed.items():
            before = self._listed.get(jid)
            if before is None or (job.state, job.tasks) != (before.state, before.tasks):
                self._dirty[jid] = None
        self._listed = listed
        self._memories = {job: memory for job, memory in self._memories.items() if job in listed}
        self._judged_at = {job: at for job, at in self._judged_at.items() if job in listed}
        self._asks = {job: found for job, found in self._asks.items() if job in listed}
        taskmanagers = self.answers.newest(TASKMANAGERS)
        known = {one.id for one in taskmanagers.value.taskmanagers} if taskmanagers is not None else set()
        self.answers.keep(listed.keys(), known)
        live = [jid for jid, job in listed.items() if not states.is_terminal(job.state)]
        self._live = len(live)
        self._sums.watch([job for job in live if job not in self._suspects])

    # -- a round ---------------------------------------------------------------------------------------

    def round(self, silent: float | None = None, error: str = "") -> None:
        """Judge what was answered, and ask for what is wanted.

        `silent`: for how long (s) a cluster has not answered that answered before, and why.
        """
        now = self.answers.now = self._time() * 1000.0
        verdicts = {job: one for job, one in self.judged.verdicts.items() if job in self._listed}
        for listed in self._settled(now):
            verdicts[listed.jid] = self._judge(listed)
        if self._new:
            self._findings = self._judge_cluster()
        lost = self._lost(now, silent, error) if silent is not None else ()
        self.judged = Judged(verdicts, (*lost, *self._findings))
        self._forget(now)
        self._ask(now)

    def _settled(self, now: float) -> list[JobOverview]:
        """The jobs that are judged in this round; one of which nothing was answered yet takes no turn."""
        found: list[JobOverview] = []
        for job in tuple(self._dirty):
            listed = self._listed.get(job)
            if listed is None or not self._is_known(listed):
                del self._dirty[job]
            elif len(found) < MOST_A_ROUND and now - self._judged_at.get(job, 0.0) >= SETTLES_MS:
                del self._dirty[job]
                found.append(listed)
        return found

    def _is_known(self, listed: JobOverview) -> bool:
        """Whether enough was answered for a verdict."""
        ids = {"job": listed.jid}
        read = self.answers.newest(JOB, **ids) or self.answers.error(JOB, **ids)
        return read is not None or states.is_terminal(listed.state)

    def _judge(self, listed: JobOverview) -> Verdict:
        self._judged_at[listed.jid] = self.answers.now
        rules = self._policy.about(listed.name)
        look = job_look(self.answers, listed, ruling.limits(rules))
        verdict, memory = judge_job(look, self._memories.get(listed.jid, Memory()), rules=rules)
        self._memories[listed.jid], self._asks[listed.jid] = memory, asks(look, memory)
        return verdict

    def _judge_cluster(self) -> tuple[Finding, ...]:
        rules = self._policy.about(None)
        self._new, look = False, cluster_look(self.answers, ruling.limits(rules))
        findings, self._cluster = judge_cluster(look, self._cluster, rules=rules)
        self._cluster_asks = cluster_asks(look, self._cluster)
        lost, self._running = lost_jobs(look, self._running)
        lost = ruling.applied(rules, lost)
        return ordered((*findings, *lost, *self._missing(look)))

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
                kind, _, words = finding.words.partition(": ")
                yield replace(finding, words=f"{kind}: {verdict.name}: {words}")

    def _lost(self, now: float, silent: float, error: str) -> tuple[Finding, ...]:
        names = [job.name for job in self._listed.values() if not states.is_terminal(job.state)]
        found = cluster_lost(now - silent * 1000.0, now, names, error)
        return ruling.applied(self._policy.about(None), (found,)) if found is not None else ()

    def _forget(self, now: float) -> None:
        """Forget the answers of jobs that nobody looks at closely, and when queries were sent long ago."""
        if len(self._unanswered) > ASKS_A_MINUTE:
            self._unanswered.intersection_update(
                {query for query in self._unanswered if now - self._asked.get(query, 0.0) < FORGET_MS}
            )
        if len(self._asked) > MOST_ASKED:
            self._asked = {query: at for query, at in self._asked.items() if now - at < FORGET_MS}
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

    def _ask(self, now: float) -> None:
        """Send what is due, the most wanted first, within the budget."""
        for times in (self._sent, self._sums_sent):
            times[:] = [at for at in times if now - at < _MINUTE * 1000.0]
        wanted = tuple(self._wanted())
        self._since = {one.query: self._since.get(one.query, now) for one in wanted}
        due = [(-urgency, -one.size, one) for one in wanted if (urgency := self._urgency(one, now))]
        # Of several that are wanted alike always the same: sets have no order of their own.
        due.sort(key=lambda one: (one[0], one[1], one[2].query.endpoint.path, one[2].query.ids))
        sent = 0
        for _, _, one in due:
            if sent < MOST_AT_ONCE and self._has_room(one, now):
                sent += 1
                self._asked[one.query] = now
                self._unanswered.add(one.query)
                self._sent.append(now)
                if self._is_sum(one):
                    self._sums_sent.append(now)
                self._send(one.query)

    def _has_room(self, ask: Ask, now: float) -> bool:
        """Whether the budget allows for one more request.

        Sums have a share of it. First looks at suspects take of the rest what they need; others share evenly
        what is left of the minute, so that there is always something left for what turns ill now.
        """
        left = ASKS_A_MINUTE - len(self._sent)
        if self._is_sum(ask):
            return left > 0
        left -= self._sums_share
        if ask.rank == asking.SUSPECTED and (ask.query not in self._asked or ask.every == 0):
            return left > 0
        left -= KEPT if self._live > FEW else 0
        if left <= 0 or not self._sent:
            return left > 0
        return now - self._sent[-1] >= (self._sent[0] + _MINUTE * 1000.0 - now) / left

    @property
    def _sums_share(self) -> int:
        """Requests of a minute that are kept for the sums of all groups of jobs."""
        wanted = math.ceil(self._sums.groups * _MINUTE / SUMS_SECONDS) if self._live > FEW else 0
        return max(0, min(MOST_SUMS, wanted) - len(self._sums_sent))

    def _is_time_for_a_sum(self, now: float) -> bool:
        """Groups take turns, so that they leave room for others in each part of a minute."""
        pause = max(SUMS_SECONDS / max(self._sums.groups, 1), _MINUTE / MOST_SUMS)
        return not self._sums_sent or now - self._sums_sent[-1] >= (pause - 1.0) * 1000.0

    @staticmethod
    def _is_sum(ask: Ask) -> bool:
        return ask.query.endpoint is JOBS_METRICS and ask.rank != asking.SUSPECTED

    def _urgency(self, ask: Ask, now: float) -> float:
        """How much a query is wanted; 0 before it is due.

        What was asked lately can wait for what was never asked; in the end it comes first: what was seen once
        must be seen again to be said, and a few ill jobs hide no other.
        """
        weight, asked = WEIGHTS[ask.rank], self._asked.get(ask.query)
        if self._is_sum(ask) and self._sums_share:
            due = asked is None or (now - asked >= ask.every * 1000.0 and self._is_time_for_a_sum(now))
            return math.inf if due else 0.0
        if asked is None:
            return weight * (1.0 + (now - self._since[ask.query]) / WAITED_MS)
        late = (now - asked) / max(ask.every * 1000.0, 1.0)
        return weight * (min(late, LATEST) / AS_FIRST) ** 2 if late >= 1.0 else 0.0

    def _wanted(self) -> Iterator[Ask]:
        if not self.answers.features.history_server:  # it has none of these
            yield Ask(TASKMANAGERS(), asking.USUAL, 15.0, math.inf)
            yield Ask(JOBMANAGER_CONFIG(), asking.USUAL, 3600.0, math.inf)
            yield Ask(OVERVIEW(), asking.USUAL, 30.0, math.inf)
        yield from self._cluster_asks
        if self._live > FEW:
            yield from self._sums.asks(self.answers.features)
        for job in self._listed.values():
            if job.jid in self._suspects or self._is_suspicious(job):
                # What is said already is not looked at as often as what may have to be said.
                rank, every = (asking.BELOW, 30.0) if self._is_said(job.jid) else (asking.SUSPECTED, 10.0)
                yield from (Ask(query, rank, every) for query in figures_of(job.jid))
                yield Ask(EXCEPTIONS(job=job.jid), asking.SUSPECTED, 30.0)
                yield Ask(CHECKPOINT_CONFIG(job=job.jid), asking.BELOW, 600.0)
            if (memory := self._memories.get(job.jid)) is not None and memory.held:
                # What has been seen must be seen again to last: off the screen it would be read too seldom.
                lasting = all(one.raised for one in memory.held.values())
                rank, every = (asking.BELOW, 30.0) if lasting else (asking.SUSPECTED, 10.0)
                yield Ask(JOB(job=job.jid), rank, every)
            known = self.answers.newest(JOB, job=job.jid)
            if known is not None and self.answers.now - known.at <= OLD:
                yield from self._asks.get(job.jid, ())

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
        running = job.tasks.get("running", 0) + job.tasks.get("finished", 0)
        return job.state != "RUNNING" or running < job.tasks.get("total", 0)
