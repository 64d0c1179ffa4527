"""One cluster of `flinktop watch`: its engine, what the log says of it, and what Prometheus is told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.engine.acts.target import Target
from flinktop.engine.alerts.document import links_of, note
from flinktop.engine.alerts.policy import policy as alert_policy
from flinktop.engine.engine import Engine
from flinktop.engine.judge import Judged
from flinktop.engine.sweep import FEW
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.errors import LoginRefused, NotReady
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.headless.alert_changes import Known, changes
from flinktop.headless.judge_once import is_suspicious, listed_look
from flinktop.headless.status_report import ClusterStatus
from flinktop.headless.watch_lines import Line, What
from flinktop.judgement.finding import Finding, Kind
from flinktop.judgement.rules import Policy, as_rules
from flinktop.judgement.verdict import Memory, Verdict, judge_job
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    import httpx

    from flinktop.engine.alerts.alert import Alert
    from flinktop.engine.alerts.hook import HookRunner
    from flinktop.engine.clock import Clock
    from flinktop.engine.journal.journal import Journal
    from flinktop.flink.endpoint import Query
    from flinktop.settings import Profile, Settings

log = logging.getLogger(__name__)

LOST_SECONDS: Final = 10.0
"""A cluster that answered before is called lost after so long: a connection that drops is opened again."""
LIST_SECONDS: Final = 5.0
"""Between two requests for the list of jobs, by which a job that fails is noticed."""
CHECKPOINT_SECONDS, CHECKPOINTS_A_MINUTE = 5.0, 120
"""Least time between two requests for the checkpoints of a job, and how many of them are sent at most.

On a cluster of few jobs. In the rotation of background requests they would come too seldom to call in time.
"""
JOB_SECONDS, JOBS_A_MINUTE = 10.0, 60
"""The same for what is asked of each job: without it its checkpoints can't be judged."""
_KNOWN_WHEN_LOST: Final = frozenset({Kind.CLUSTER_LOST, Kind.OPERATOR_ERROR})
MOST_REASONS: Final = 5
"""Different reasons of one outage that are said."""


class WatchedCluster:
    """Watches one cluster. Lives on the running loop, beside others."""

    def __init__(
        self,
        profile: Profile,
        settings: Settings,
        clock: Clock,
        *,
        journal: Journal | None = None,
        hooks: HookRunner | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        answered: Callable[[], None] = lambda: None,
        sparing: bool = False,
    ) -> None:
        """`journal` and `hooks` are those of all clusters.

        `sparing`: it is asked as seldom as a monitor asks clusters off its screen (engine/pace.py).
        `answered` is called after each answer or failure; `transport` replaces the network.
        """
        self.profile = profile
        self._clock = clock
        self._sparing = sparing
        self._links = settings.own.links if settings.own is not None else ()
        self._answered = answered
        self.engine = Engine(
            profile.connection,
            clock,
            refresh=profile.refresh,
            transport=transport,
            changed=self._changed,
            cluster=Target(profile.name, profile.connection.url, read_only=True),
            policy=Policy(profile.name, as_rules(settings.findings), profile.expect),
            journal=(lambda: journal) if journal is not None else None,
            alerting=lambda: alert_policy(settings.alerts, settings.notify, profile.name),
            hooks=lambda: hooks,
            # Nothing is ever done to a cluster from here: there is nobody who could confirm it.
            ledger=None,
        )
        self.engine.poller.one_of_many = True
        self._watched: dict[Query[Any], float] = {}  # queries about jobs, and s between two of each
        self._lost = False  # whether it was said
        self._lost_at = 0.0
        self._reasons: set[str] = set()  # of the present outage, that were said
        self._crashes = 0
        self._began = clock.wall()
        self._alerts = Known()

    def start(self) -> None:
        """Start polling."""
        self.engine.start()
        if self._sparing:
            self.engine.set_pace(on_screen=False)
            return
        self.engine.poller.watch(JOBS_OVERVIEW(), LIST_SECONDS, passing=True)

    async def stop(self, seconds: float) -> None:
        """Stop polling, waiting at most so long (s) for the answers under way."""
        await self.engine.stop(seconds)

    @property
    def was_asked(self) -> bool:
        """Whether the list of jobs was answered, or something has failed: the first round is over."""
        reading = self.engine.store.brief(JOBS_OVERVIEW())
        listed = reading is not None and (reading.at is not None or reading.error is not None)
        return listed or self.engine.poller.link.error is not None

    def _changed(self, query: Query[Any]) -> None:
        if query.endpoint is JOBS_OVERVIEW and not self._sparing:
            self._watch_jobs()
        self._answered()

    def _watch_jobs(self) -> None:
        """Keep what alerts rest on fresh for each job, while there are few."""
        live = self.engine.sweep.live
        wanted: dict[Query[Any], float] = {}
        if len(live) <= FEW:
            minutes = 60.0 * len(live)
            for job in live:
                wanted[CHECKPOINTS(job=job)] = max(CHECKPOINT_SECONDS, minutes / CHECKPOINTS_A_MINUTE)
                wanted[JOB(job=job)] = max(JOB_SECONDS, minutes / JOBS_A_MINUTE)
        for query, seconds in self._watched.items():
            if wanted.get(query) != seconds:
                self.engine.poller.unwatch(query, seconds, passing=True)
        for query, seconds in wanted.items():
            if self._watched.get(query) != seconds:
                self.engine.poller.watch(query, seconds, passing=True)
        self._watched = wanted

    # -- what the log says -----------------------------------------------------------------------------

    def news(self) -> Iterator[Line]:
        """What has happened since the last call."""
        yield from self._link_news()
        yield from self._alert_news()
        if self.engine.crashes > self._crashes:
            self._crashes = self.engine.crashes
            yield self._line(
                What.NOTE, "a part of flinktop failed and was restarted; the log has the details"
            )

    def _link_news(self) -> Iterator[Line]:
        why = self.lost
        if why is None:
            if self._lost:
                away = fmt.duration(self._clock.now() - self._lost_at)
                yield self._line(What.BACK, f"it answers again after {away}")
            self._lost = False
            self._reasons.clear()
            return
        error = self.engine.poller.link.error
        kind = type(error).__name__
        if not self._lost:
            self._lost, self._lost_at = True, self.engine.poller.link.since
        if kind not in self._reasons and len(self._reasons) < MOST_REASONS:
            self._reasons.add(kind)
            # These say themselves whether they are retried.
            again = (
                "" if isinstance(error, LoginRefused | NotReady) else "; it is asked again until it answers"
            )
            yield self._line(What.LOST, f"it can't be asked: {why}{again}")

    def _alert_news(self) -> Iterator[Line]:
        view = self.engine.alerts
        if view is None or view is self._alerts.view:
            return
        before, self._alerts = self._alerts, Known(view, first=False)
        for what, alert in changes(before, view, self._began):
            yield self._alert_line(what, alert)

    def _alert_line(self, what: What, alert: Alert) -> Line:
        words, happened = alert.finding.words, alert.raised
        if what is What.CLEARED:
            happened = alert.cleared if alert.cleared is not None else self._clock.wall()
            lasted = fmt.duration(happened - alert.raised)
            words += f" (after {lasted}{f': {alert.why_cleared}' if alert.why_cleared else ''})"
        elif what is What.OPEN:
            words += f" (raised {fmt.duration(self._began - alert.raised)} before this start)"
        elif what is What.ESCALATED:
            happened = self._clock.wall()
        return replace(
            self._line(what, words),
            job=alert.job,
            job_name=alert.job_name,
            finding=alert.finding,
            happened=happened,
            note=note(alert),
            links=links_of(alert, self.profile.connection.url, self._links, self._clock.wall()),
        )

    @property
    def lost(self) -> str | None:
        """Why the cluster can't be asked, one sentence; None while it can, or has just failed to answer."""
        link = self.engine.poller.link
        if link.error is None:
            return None
        short = link.answered is not None and self._clock.now() - link.answered < LOST_SECONDS
        return None if short else link.error.reason

    def _line(self, what: What, words: str) -> Line:
        profile = self.profile
        url = profile.connection.url
        return Line(at=self._clock.wall(), what=what, words=words, target=profile.name, url=url)

    # -- what Prometheus is told -----------------------------------------------------------------------

    def status(self) -> ClusterStatus:
        """What is known now, as `flinktop status` has it; of a cluster that can't be asked only that."""
        profile, engine = self.profile, self.engine
        listed = engine.store.brief(JOBS_OVERVIEW())
        answered = listed.at if listed is not None else None
        age = self._clock.now() - answered if answered is not None else None
        error = self.lost or ("it has not answered yet" if answered is None else None)
        judged = engine.judged or Judged()
        if error is None:
            findings = tuple(one for one in judged.findings if one.is_of_cluster)
            verdicts = (*judged.verdicts.values(), *_absent(judged.findings), *self._coarse(judged))
        else:
            # What else was wrong is not known any more.
            findings = tuple(one for one in judged.findings if one.kind in _KNOWN_WHEN_LOST)
            verdicts = ()
        return ClusterStatus(
            target=profile.name,
            url=profile.connection.url,
            error=error,
            release=engine.features.version or None,
            findings=findings,
            verdicts=verdicts,
            at=engine.cluster_time() * 1000.0,
            age=age,
        )

    def _coarse(self, judged: Judged) -> Iterator[Verdict]:
        """On a cluster of many jobs those of which nothing was suspected, and none was looked at closely."""
        if len(self.engine.sweep.live) <= FEW:
            return
        answers = self.engine.judge.answers
        for job in self.engine.judge.listed.values():
            if job.jid not in judged.verdicts and not is_suspicious(job):
                yield judge_job(listed_look(answers, job), Memory(), coarse=True)[0]


def _absent(findings: Iterable[Finding]) -> Iterator[Verdict]:
    """Jobs that should be there and are not, each as an entry of its own."""
    for one in findings:
        if not one.is_of_cluster:
            yield Verdict(
                job=one.job,
                name=one.job_name,
                state="",
                severity=one.severity,
                kind=str(one.kind),
                words=one.words,
                findings=(one,),
            )
