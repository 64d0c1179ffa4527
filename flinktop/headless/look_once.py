"""Looks at one cluster for as long as it takes to judge it once.

Flink fetches its metrics when they are asked for, every 10 s at most, and the request that makes it fetch
them gets the old ones. So each of three looks begins with such a request, and reads a moment later.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from flinktop.engine.sums import GROUP
from flinktop.engine.sweep import figures_of
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.errors import (
    FlinkError,
    NotFlink,
    NotReady,
    Refused,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, JobsOverview
from flinktop.flink.metrics import JOB_METRICS, JOBMANAGER_METRICS, Metric
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.headless.find_job import find_jobs
from flinktop.headless.judge_once import JudgeOnce, is_suspicious
from flinktop.headless.requests import PATIENCE, Requests
from flinktop.headless.status_report import ClusterStatus, Look
from flinktop.headless.suspects import Suspects
from flinktop.headless.timed_answers import TimedAnswers
from flinktop.judgement import rules as ruling
from flinktop.judgement.ask import METRICS_SECONDS, USUAL
from flinktop.judgement.lost import cluster_lost
from flinktop.judgement.remembered import Remembered
from flinktop.judgement.verdict import Memory, judge_cluster
from flinktop.model import states
from flinktop.model.look import ClusterLook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import httpx

    from flinktop.engine.clock import Clock
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobOverview
    from flinktop.flink.local_end import LocalEnd
    from flinktop.flink.login import Login
    from flinktop.flink.metrics import Aggregated
    from flinktop.headless.status_args import StatusArgs
    from flinktop.judgement.ask import Ask
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.rules import Rules
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.settings import Profile

log = logging.getLogger(__name__)

LOOKS: Final = 3
FETCH: Final = 10.1
"""Seconds between two looks: Flink fetches metrics that are older than 10 s."""
FETCHES_WITHIN: Final = 0.8
"""Seconds that the JobManager is given to fetch metrics from its TaskManagers."""
OF_A_TASKMANAGER: Final = 0.01
"""Seconds more for each of them, at most `LONGEST_FETCH` in all."""
LONGEST_FETCH: Final = 3.0
THREE_LOOKS_TAKE: Final = 21.0
GRACE: Final = 1.5
"""Seconds after the time to wait in which the last look may still end."""
FEW: Final = 20
"""Jobs that are all looked at closely; of more only suspects are."""
MOST_COARSE: Final = 300
"""Requests on a cluster of many jobs, in all."""
FOR_HALVES: Final = 130
"""Of these in the first look to find suspects by halving groups of jobs."""
FOR_MOVED: Final = 20
"""The same in a later look, for those that restart meanwhile."""
OF_A_COARSE_LOOK: Final = 30
OF_A_SUSPECT: Final = 5
OF_A_FAILED_JOB: Final = 2
MOST_CLOSE: Final = 2000
MOST_FAILED: Final = 20
"""Failed jobs whose cause is asked for, the newest first."""
AT_ONCE: Final = 32
"""Of many clusters so many are waited for at the same time that have not answered yet."""
FIRST_TURN: Final = (0.3, 1.0)
"""Least and most seconds of the first turn of each of them."""
LATER_TURNS: Final = (4.0, 8.0)
"""Seconds of the others."""
PAUSE: Final = 2.0
"""Seconds until a cluster that answered a flinktop before, and does not answer now, is asked again …"""
LONGEST_TRY: Final = 10.0
"""… for so long."""
LATELY_MS: Final = 3_600_000.0
"""A cluster that answered a flinktop within this time, and does not answer, is lost."""
ROUNDS: Final = 5
"""Times that a look asks for what the answers of the round before have shown to be wanted."""
TOLERANCE: Final = 2.0
AT_LEISURE: Final = 60.0
"""What a monitor, which goes on looking, asks for this rarely (s) is asked for in each of three looks."""
_METRICS: Final = (
    "Status.JVM.Memory.Heap.Used",
    "Status.JVM.Memory.Heap.Max",
    "Status.JVM.Memory.Metaspace.Used",
    "Status.JVM.Memory.Metaspace.Max",
    "numPendingTaskManagers",
)


class Turns:
    """The turns of many clusters that have not answered yet: their connections are limited in number."""

    def __init__(self, clusters: int, seconds: float) -> None:
        """Of so many clusters each has a turn in the first half of `seconds`."""
        self.free = asyncio.Semaphore(AT_ONCE)
        least, most = FIRST_TURN
        self.first_seconds = max(least, min(most, 0.5 * seconds * AT_ONCE / clusters))


class OneCluster:
    """One cluster, looked at until it can be judged."""

    def __init__(
        self,
        profile: Profile,
        args: StatusArgs,
        rules: Rules,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        login: Login | None = None,
        tunnel: LocalEnd | None = None,
        lanes: asyncio.Semaphore | None = None,
        remembered: Remembered | None = None,
        turns: Turns | None = None,
        kubernetes: KubernetesState | None = None,
    ) -> None:
        """`rules` are all of the config file; `transport` replaces the network.

        `login`, `tunnel` and `lanes`, the limit of requests in flight, are shared with others who ask the
        cluster.
        `remembered` is what a flinktop remembers of the cluster. `turns` are those of many clusters.
        `kubernetes` is what Kubernetes knows of it.
        """
        self._turns = turns
        self._profile = profile
        self._args = args
        self._rules = rules
        self._clock = clock
        self._began = clock.now()
        self._triggered: float | None = None  # when Flink was made to fetch its metrics for the first look
        self._timed = TimedAnswers(clock)
        self._answers = self._timed.answers
        self._answers.kubernetes = kubernetes
        self._judge = JudgeOnce(profile.name, rules, profile.expect, args.job)
        self._requests = Requests(
            profile.connection,
            clock,
            taken=self._timed.take,
            failed=self._timed.fail,
            transport=transport,
            login=login,
            tunnel=tunnel,
            lanes=lanes,
        )
        self._asked: dict[Query[Any], float] = {}  # when it was sent last (clock, s)
        self._suspects: dict[str, None] = {}
        self._finder: Suspects | None = None
        self._coarse = False
        self._remembered = remembered or Remembered()
        self.looks = 0  # that have ended
        self._cut_short = False  # the last of them, by the time to wait

    async def status(self) -> ClusterStatus:
        """What is known of the cluster when the time to wait is over, or it needs no longer look."""
        try:
            error = await self._open()
            while error is not None and self._is_worth_another_try(error):
                await self._clock.sleep(PAUSE)
                error = await self._open()
            if error is not None:
                return self._lost(error)
            self._judge.restore(self._remembered, self._timed.now())
            while self.looks < self._wanted_looks and (self.looks == 0 or await self._next()):
                await self._look()
                self.looks += 1
            if (error := self._answers.error(JOBS_OVERVIEW)) is not None:
                return self._lost(error)
            return self._status()
        finally:
            await self._requests.close()

    def _is_worth_another_try(self, error: FlinkError) -> bool:
        """Whether it may be that the JobManager has just restarted: for a while, it is asked again.

        Only where it would be said that the cluster is lost, since it answered a flinktop before.
        """
        link = self._remembered.link
        most = min(self._args.wait, LONGEST_TRY)
        return (
            link is not None
            and link.vain is None
            and self._findings_when_lost(error) != ()
            and self._clock.now() + PAUSE - self._began <= most
        )

    # -- time ------------------------------------------------------------------------------------------

    @property
    def _wanted_looks(self) -> int:
        if self._answers.features.history_server:
            return 1  # all is over there
        return LOOKS if self._args.wait >= THREE_LOOKS_TAKE else 1

    @property
    def _end(self) -> float:
        return self._began + self._args.wait + GRACE

    def _trigger_at(self, look: int) -> float:
        """When the metrics are asked for that a look reads (clock, s)."""
        return (self._began if self._triggered is None else self._triggered) + look * FETCH

    @property
    def _slot_end(self) -> float:
        """Until when the present look may ask."""
        last = self._triggered is None or self.looks + 1 >= self._wanted_looks
        return self._end if last else min(self._end, self._trigger_at(self.looks + 1))

    @property
    def _fetches_within(self) -> float:
        overview = self._answers.newest(OVERVIEW)
        number = (overview.value.taskmanagers or 0) if overview is not None else 0
        left = max(FETCHES_WITHIN, self._args.wait - self._trigger_at(LOOKS - 1) + self._began)
        return min(LONGEST_FETCH, left, FETCHES_WITHIN + OF_A_TASKMANAGER * number)

    # -- answers ---------------------------------------------------------------------------------------

    async def _ask(self, queries: Iterable[Query[Any]], *, patience: float | None = None) -> None:
        wanted = tuple(dict.fromkeys(queries))
        for query in wanted:
            self._asked[query] = self._clock.now()
        given = {} if patience is None else {"patience": patience}
        await self._requests.ask(wanted, self._slot_end, **given)

    # -- the looks -------------------------------------------------------------------------------------

    async def _open(self) -> FlinkError | None:
        """Ask what the cluster is, and make it fetch its metrics; why it can't be asked, or None."""
        # Alone: a login that is refused must not be sent four times. A command that prints it may take long.
        if self._turns is None:
            await self._ask((CONFIG(),), patience=self._args.wait + GRACE)
        else:
            await self._ask_in_turn(self._turns)
        refused = self._answers.error(CONFIG)
        if isinstance(refused, Unreachable | Unauthorized | NotReady | NotFlink):
            return refused
        self._triggered = self._clock.now()
        await asyncio.gather(
            self._ask((JOBS_OVERVIEW(),), patience=PATIENCE),
            self._ask((OVERVIEW(), JOBMANAGER_METRICS(get=_METRICS))),
        )
        if (config := self._timed.early(CONFIG())) is not None:
            # Who the server is decides whether its jobs tell the time.
            self._answers.take(CONFIG(), config, 0.0)
        missing = self._answers.error(JOBS_OVERVIEW)
        if missing is not None and missing.status == HTTPStatus.NOT_FOUND and self._timed.is_archive:
            # A HistoryServer of 1.9 has no list of jobs before the first one is archived.
            self._timed.take(JOBS_OVERVIEW(), JobsOverview())
        if (listed := self._timed.early(JOBS_OVERVIEW())) is None:
            return missing
        await self._learn_time(listed.jobs)
        return None

    async def _ask_in_turn(self, turns: Turns) -> None:
        """Ask what the cluster is, for a short time, and again for longer when the others have had a turn.

        What does not answer holds up nobody for long, and what is slow to answer is not given up.
        """
        for patience in (turns.first_seconds, *LATER_TURNS):
            async with turns.free:
                error = self._answers.error(CONFIG)
                if error is not None and self._clock.now() + turns.first_seconds > self._end:
                    break
                await self._ask((CONFIG(),), patience=patience)
            if not isinstance(self._answers.error(CONFIG), TimedOut):
                break

    async def _learn_time(self, jobs: Sequence[JobOverview]) -> None:
        """Learn the cluster's time from a job; without any this machine's is taken for it."""
        if not self._timed.is_archive:
            live = [job for job in jobs if not states.is_terminal(job.state)]
            for job in (*live, *jobs)[:2]:
                if not self._timed.is_timed:
                    await self._ask((JOB(job=job.jid),))
        self._timed.take_time_of_this_machine()
        self._asked.clear()

    async def _next(self) -> bool:
        """Wait for the next look and make Flink fetch metrics; False if there is no time for it."""
        at = max(self._clock.now(), self._trigger_at(self.looks))
        if at + FETCHES_WITHIN > self._end:
            return False
        await self._clock.sleep(at - self._clock.now())
        return True

    async def _look(self) -> None:
        began = self._clock.now()
        if self.looks:
            await self._ask((JOBMANAGER_METRICS(get=_METRICS),), patience=1.0)
            began = self._clock.now()
        if not self._timed.is_archive and self._args.wait > FETCHES_WITHIN:
            settled = max(began, self._trigger_at(self.looks)) + self._fetches_within
            await self._clock.sleep(max(0.0, min(settled, self._end) - self._clock.now()))
        await self._list()
        jobs = self._jobs()
        closely = await self._close_ones(jobs)
        first = self._first_of(closely)
        room = max(0, self._room)
        await self._ask(first[:room])
        self._give_up(first[room:])
        if self._coarse:
            self._leave_alone(jobs)
        for _ in range(ROUNDS):
            wanted = self._due(closely)
            self._cut_short = bool(wanted) and self._clock.now() >= self._slot_end
            if not wanted or self._cut_short:
                break
            await self._ask(wanted)
        self._timed.now()
        self._judge.judge(self._answers, jobs, {job.jid for job in closely}, coarse=self._coarse)

    async def _list(self) -> None:
        """Ask for what is asked of every cluster; the list of jobs twice, as all rests on it."""
        if self._timed.is_archive:
            return
        rarely = () if self.looks else (JOBMANAGER_CONFIG(),)
        always = (JOBS_OVERVIEW(), OVERVIEW(), TASKMANAGERS(), JOBMANAGER_METRICS(get=_METRICS))
        await self._ask((*always, *rarely))
        if self._answers.error(JOBS_OVERVIEW) is not None:
            await self._ask((JOBS_OVERVIEW(),))

    def _jobs(self) -> tuple[JobOverview, ...]:
        """The jobs that are judged."""
        taken = self._answers.newest(JOBS_OVERVIEW)
        jobs = taken.value.jobs if taken is not None else ()
        return jobs if self._args.job is None else find_jobs(jobs, self._args.job)

    @property
    def _room(self) -> int:
        return self._most - self._requests.sent

    @property
    def _most(self) -> int:
        return MOST_COARSE if self._coarse else MOST_CLOSE

    async def _close_ones(self, jobs: Sequence[JobOverview]) -> tuple[JobOverview, ...]:
        """The jobs that are looked at closely; of many those that do not run as they should."""
        live = [job for job in jobs if not states.is_terminal(job.state)]
        failed = sorted((job for job in jobs if job.state == "FAILED"), key=lambda job: -job.end_time)
        self._coarse = len(live) > FEW
        if not self._coarse:
            return (*live, *failed[:MOST_FAILED])
        known = {job.jid: job for job in live}
        await self._find_suspects(tuple(known))
        stuck = (job.jid for job in live if is_suspicious(job) or job.jid in self._judge.remembered)
        # Flink's own times and history tell what is wrong: one look is enough, the next is for others.
        wanted = dict.fromkeys((*stuck, *self._suspects))
        new = [known[job] for job in wanted if job in known and not self._is_read(job)]
        failed = failed[: MOST_FAILED // 2]
        most = (self._room - self._reserve - len(failed) * OF_A_FAILED_JOB) // OF_A_SUSPECT
        return (*new[: max(0, most)], *failed)

    async def _find_suspects(self, live: Sequence[str]) -> None:
        groups = len(live) // GROUP + 1
        most = groups + (FOR_HALVES if self.looks == 0 else FOR_MOVED)
        if self.looks == 0 or groups <= FOR_MOVED:
            finder = self._finder = self._finder or Suspects(self._answers.features)
            room = min(most, self._room - self._reserve)
            found = await finder.find(live, self._ask_sums, room)
            self._suspects = dict.fromkeys((*found, *self._suspects))

    @property
    def _reserve(self) -> int:
        """Requests that are kept for the looks after this one."""
        return OF_A_COARSE_LOOK * (self._wanted_looks - self.looks - 1)

    def _is_read(self, job: str) -> bool:
        return self._answers.newest(JOB, job=job) is not None

    async def _ask_sums(self, queries: Sequence[Query[Aggregated]]) -> dict[Query[Aggregated], Aggregated]:
        for query in queries:
            self._timed.sums.pop(query, None)
        await self._ask(queries)
        return {query: self._timed.sums[query] for query in queries if query in self._timed.sums}

    def _first_of(self, jobs: Iterable[JobOverview]) -> tuple[Query[Any], ...]:
        """What is asked of each of these jobs in any case."""
        wanted: list[Query[Any]] = []
        for job in jobs:
            ids = {"job": job.jid}
            if states.is_terminal(job.state):
                if self._answers.newest(EXCEPTIONS, **ids) is None:
                    wanted += (JOB(job=job.jid), EXCEPTIONS(job=job.jid))
                continue
            wanted += (*figures_of(job.jid), EXCEPTIONS(job=job.jid))
            if self._answers.newest(CHECKPOINT_CONFIG, **ids) is None:
                wanted.append(CHECKPOINT_CONFIG(job=job.jid))
        return tuple(wanted)

    def _give_up(self, queries: Iterable[Query[Any]]) -> None:
        """Note that there is no room for these: what was not asked for is unknown, and not healthy."""
        for query in queries:
            url = f"{self._profile.connection.url}/{query.target.partition('?')[0]}"
            self._timed.fail(
                query, Refused("GET", url, f"not requested: {self._most} requests are the limit")
            )

    def _leave_alone(self, jobs: Iterable[JobOverview]) -> None:
        """Give up the suspects that there is no room for; what is known of them are the sums' figures."""
        finder = self._finder
        restarting = finder.restarting if finder is not None else ()
        for job in (one.jid for one in jobs if is_suspicious(one) or one.jid in restarting):
            if JOB(job=job) in self._asked:
                continue
            if finder is not None and (figures := finder.figures.get(job)) is not None:
                query = JOB_METRICS(job=job, get=("numRestarts", "uptime"))
                uptime = str(figures.uptime) if figures.uptime is not None else None
                found = (Metric("numRestarts", str(figures.restarts)), Metric("uptime", uptime))
                self._timed.take(query, found)
            self._give_up((JOB(job=job),))

    def _due(self, jobs: Iterable[JobOverview]) -> tuple[Query[Any], ...]:
        """What the subjects want to know more closely, the most wanted first, within the budget."""
        self._timed.now()
        wanted = self._judge.asks(self._answers, jobs)
        if self._coarse:
            wanted = [one for one in wanted if one.rank < USUAL]
        due = [one.query for one in wanted if self._is_due(one)]
        room = self._room - (self._reserve if self._coarse else 0)
        return tuple(dict.fromkeys(due))[: max(0, room)]

    def _is_due(self, ask: Ask) -> bool:
        sent = self._asked.get(ask.query)
        if sent is None:
            return True
        every = METRICS_SECONDS if ask.every <= AT_LEISURE else ask.every
        return self._clock.now() - sent >= every - TOLERANCE

    # -- what is said ----------------------------------------------------------------------------------

    def _status(self) -> ClusterStatus:
        look = Look.CLOSE
        if self._cut_short or self.looks < self._wanted_looks or self._args.wait < THREE_LOOKS_TAKE:
            look = Look.BRIEF
        if self._coarse:
            look = Look.COARSE
        if self._timed.is_archive:
            look = Look.CLOSE
        now = self._timed.now()
        listed = self._answers.newest(JOBS_OVERVIEW)
        return ClusterStatus(
            target=self._profile.name,
            url=self._profile.connection.url,
            release=self._answers.features.version or None,
            look=look,
            findings=self._judge.findings,
            verdicts=self._judge.verdicts,
            at=now,
            age=max(0.0, now - listed.at) / 1000.0 if listed is not None else None,
            has_job=self._args.job is None or bool(self._judge.verdicts),
        )

    def _lost(self, error: FlinkError) -> ClusterStatus:
        return ClusterStatus(
            target=self._profile.name,
            url=self._profile.connection.url,
            error=error.reason,
            findings=(*self._findings_when_lost(error), *self._operator_errors()),
            has_job=False,
        )

    def _operator_errors(self) -> tuple[Finding, ...]:
        """What Kubernetes tells of a cluster that does not answer itself."""
        if self._answers.kubernetes is None:
            return ()
        look = ClusterLook(now=1000.0 * self._clock.wall(), kubernetes=self._answers.kubernetes)
        found = judge_cluster(look, Memory(), rules=ruling.about(self._rules, self._profile.name, None))[0]
        return tuple(replace(one, since=None) for one in found)

    def _findings_when_lost(self, error: FlinkError) -> tuple[Finding, ...]:
        """That the cluster is lost, if it answered a flinktop lately."""
        link, cluster = self._remembered.link, self._remembered.cluster
        if link is None or not isinstance(error, Unreachable | NotReady):
            return ()
        now = 1000.0 * self._clock.wall() + link.ahead
        if now - link.answered > LATELY_MS:
            return ()
        names = cluster.running.names.values() if cluster is not None else ()
        known = self._answers.kubernetes
        found = cluster_lost(link.answered, now, names, error.reason, kubernetes=known)
        rules = ruling.about(self._rules, self._profile.name, None)
        return ruling.applied(rules, (found,)) if found is not None else ()
