"""The recorder: from answers, verdicts and operations to events and known jobs of the journal.

It asks nothing of the cluster beyond what is asked anyway, except for the configuration of a job when it
starts and the checkpoints of a job that has ended: within the judge's budget, one at a time. What happened
while no flinktop looked comes from the first answers: Flink keeps 16 exceptions and 10 checkpoints of a job,
the times of its states and some jobs that have ended. The same happening has the same key, so that nothing
is recorded twice.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal import (
    checkpoints,
    configuration,
    failures,
    findings,
    jobs,
    operations,
    outages,
    rescales,
    restarts,
    taskmanagers,
)
from flinktop.engine.journal.checkpoints import Checkpoints, Interval
from flinktop.engine.journal.episodes import Episodes, placed, remembered
from flinktop.engine.journal.event import EventKind, Question
from flinktop.engine.journal.failures import Failures
from flinktop.engine.journal.findings import Findings
from flinktop.engine.journal.jobs import Jobs
from flinktop.engine.journal.known_jobs import KnownJobs
from flinktop.engine.journal.looks import Looks, Moment
from flinktop.engine.journal.outbox import Outbox
from flinktop.engine.journal.own_requests import OwnRequests
from flinktop.engine.journal.taskmanagers import TaskManagers
from flinktop.engine.sweep import restarts_in
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINT_CONFIG, CHECKPOINT_SUBTASKS, CHECKPOINTS
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobs import JOB, JOB_CONFIG, JOBS_OVERVIEW
from flinktop.flink.metrics import JOB_METRICS
from flinktop.flink.rescale import RESCALES_HISTORY
from flinktop.flink.taskmanagers import TASKMANAGERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flinktop.engine.journal.event import Event, KnownJob
    from flinktop.engine.journal.journal import Journal
    from flinktop.engine.judge import Judged
    from flinktop.engine.operation import Operation
    from flinktop.flink.endpoint import Query
    from flinktop.flink.features import Features
    from flinktop.judgement.ask import Ask
    from flinktop.model.look import JobLook

NAME: Final = "recorder"
"""Under which the journal keeps what is remembered between two starts."""
CONFIG_WAIT_MS: Final = 120_000.0
"""So long a job's configuration waits for that of its checkpoints before it is compared."""
WRITE_MS: Final = 10_000.0
"""Between two looks at which known jobs are to be written; one that has changed its state is at once."""
MARGIN_MS: Final = 3_600_000.0
"""Jobs seen so long before the last look at the cluster were there at that look."""
RECENT_MS: Final = 86_400_000.0
"""What happened last before this does not go on: a repeat is a new row of the journal."""
MOST_WAITING: Final = 1000
"""Answers that wait for the journal to be read."""
MOST_OPERATIONS: Final = 5000
_COUNTED: Final = (
    EventKind.FAILURE,
    EventKind.RESTARTED,
    EventKind.JOB_STATE,
    EventKind.CHECKPOINT_FAILED,
    EventKind.CHECKPOINT_SLOW,
    EventKind.RAISED,
    EventKind.ESCALATED,
    EventKind.CLEARED,
)
_OUTAGE, _TASKMANAGERS, _FINDING = "outage", "taskmanagers", "finding\n"


class Before(Struct, frozen=True):
    """What the journal knows of a cluster at the start; times are ms since 1970."""

    looked: float | None = None  # by the clock of the machine that looked
    jobs: tuple[KnownJob, ...] = ()
    kept: dict[str, bytes] = {}
    events: tuple[Event, ...] = ()  # the last ones that are counted


def read_before(journal: Journal, cluster: str, now: float) -> Before:
    """Read what the journal knows; blocks."""
    question = Question(cluster=cluster, kinds=_COUNTED, since=now - RECENT_MS, most=2000)
    return Before(
        journal.last_seen(cluster),
        journal.read_jobs(cluster),
        journal.kept(NAME, cluster),
        journal.read(question),
    )


class _Own(Struct):
    """What is remembered of one job beside its state."""

    failures: Failures = Failures()
    checkpoints: Checkpoints = Checkpoints()
    interval: Interval = Interval()
    restarts: float | None = None
    parallelisms: dict[str, int] = {}
    configured: float | None = None  # when its own configuration was answered
    is_compared: bool = False


class Recorder:
    """Records one cluster. Lives on the engine's loop; times are ms since 1970 by the cluster's clock."""

    def __init__(
        self,
        journal: Journal,
        cluster: str,
        cluster_name: str,
        *,
        features: Callable[[], Features | None],
        look: Callable[[str], JobLook | None],
    ) -> None:
        """`features`: None while it is not known what the server is. `look` makes a look at a listed job."""
        self.journal = journal
        self.cluster = cluster
        self.cluster_name = cluster_name
        self._features = features
        self._look = look
        self._before: Before | None = None
        self._waiting: dict[Query[Any], tuple[Any, Moment]] = {}  # the newest answer of each
        self._jobs = Jobs()
        self._own: dict[str, _Own] = {}
        self._episodes: dict[str, Episodes] = {}  # of before the start, until a job is seen
        self._known = KnownJobs(cluster, cluster_name)
        self._taskmanagers = TaskManagers()
        self._findings = Findings()
        self._looks = Looks()
        self._requests = OwnRequests()
        self._outbox = Outbox(journal, cluster, cluster_name)
        self._operations: dict[str, None] = {}
        self._all_operations: tuple[Operation, ...] | None = None
        self._list: object = None  # the newest of each, to see that an answer is the same as before
        self._processes: object = None
        self._written_at = -math.inf
        self._now = 0.0
        self._answers: dict[int, Callable[[Query[Any], Any, float], None]] = {
            id(JOBS_OVERVIEW): self._list_jobs,
            id(JOB): self._detail,
            id(EXCEPTIONS): self._fail,
            id(CHECKPOINTS): self._checkpoint,
            id(CHECKPOINT): self._explain,
            id(CHECKPOINT_SUBTASKS): self._explain,
            id(CHECKPOINT_CONFIG): self._configure,
            id(JOB_CONFIG): self._configure,
            id(JOB_METRICS): self._restart,
            id(TASKMANAGERS): self._list_taskmanagers,
            id(RESCALES_HISTORY): self._rescale,
        }

    # -- life ------------------------------------------------------------------------------------------

    def begin(self, before: Before, now: float) -> None:
        """Begin to record, with what the journal knows; answers that came meanwhile are taken then."""
        self._before = before
        looked = before.looked
        self._looks = Looks(looked, outages.remembered(before.kept.get(_OUTAGE)))
        since = looked - MARGIN_MS if looked is not None else now
        self._episodes = remembered(before.events)
        self._jobs = jobs.remembered(before.jobs, since, self._episodes)
        self._known = KnownJobs(self.cluster, self.cluster_name, before.jobs)
        self._taskmanagers = taskmanagers.remembered(before.kept.get(_TASKMANAGERS))
        kept = (value for key, value in before.kept.items() if key.startswith(_FINDING))
        self._findings = findings.remembered(kept, now, self._episodes)

    def end(self) -> None:
        """Keep what is known last of the jobs: flinktop ends."""
        if found := self._known.due(self._jobs.listed, self._jobs.missing, math.inf):
            self.journal.keep_jobs(found)

    @property
    def has_begun(self) -> bool:
        """Whether the journal was read."""
        return self._before is not None

    @property
    def _is_ready(self) -> bool:
        """Whether answers can be taken: the journal was read, and the server is known."""
        return self._before is not None and self._features() is not None

    def arrived(self, query: Query[Any], value: Any, now: float, wall: float, *, anchored: bool) -> None:
        """Take an answer that came at `now` by the cluster's clock, and at `wall` by this machine's (ms).

        `anchored`: whether the cluster's clock is known; else `now` is this machine's.
        """
        if id(query.endpoint) not in self._answers:
            return
        at = Moment(now, wall, anchored=anchored)
        if not self._is_ready:
            self._waiting.pop(query, None)
            self._waiting[query] = value, at
            while len(self._waiting) > MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
            return
        self._take_waiting()
        self._take(query, value, at)

    def _take_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for query, (value, at) in waiting.items():
            self._take(query, value, at)

    def _take(self, query: Query[Any], value: Any, moment: Moment) -> None:
        features = self._features()
        if features is None or features.history_server:
            return  # an archive forgets nothing, and nothing happens there
        self._note_look(moment)
        self._now = at = moment.at
        self._requests.answered(query)
        self._answers[id(query.endpoint)](query, value, at)

    def failed(self, query: Query[Any]) -> None:
        """Take that a request failed."""
        self._requests.failed(query)

    def _add(self, events: Iterable[Event]) -> None:
        self._outbox.add(events, self._now)

    def _note_look(self, moment: Moment) -> None:
        """Note that the cluster was looked at, and say when it was not."""
        self._add(self._looks.answered(moment))
        if (looked := self._looks.to_note(moment)) is not None:
            self.journal.looked(self.cluster, looked)

    # -- a round ---------------------------------------------------------------------------------------

    def round(self, judged: Judged, silent: float | None, error: str, now: float) -> None:
        """Take a round of the judge at `now` (ms), and what has waited long enough.

        `silent`: for how long (s) a cluster has not answered that answered before, and why.
        """
        features = self._features()
        if self._before is None or features is None or features.history_server:
            return
        self._take_waiting()
        if self._jobs.at is None:
            return
        self._now = now
        self._note_outage(silent, error, now)
        if silent is None:
            self._wait_no_longer(now)
        self._judge(judged, now)
        self._outbox.add_ours(now)
        if self._known.is_urgent or now - self._written_at >= WRITE_MS:
            self._written_at = now
            if found := self._known.due(self._jobs.listed, self._jobs.missing, now):
                self.journal.keep_jobs(found)

    def _note_outage(self, silent: float | None, error: str, now: float) -> None:
        outage, events = self._looks.silent(silent, error, now)
        if outage is not None:
            self._add(events)
            self.journal.keep(NAME, self.cluster, _OUTAGE, outages.kept(outage))

    def _wait_no_longer(self, now: float) -> None:
        self._jobs, events = jobs.gone(self._jobs, now)
        self._add(events)
        processes, events = taskmanagers.gone(self._taskmanagers, now)
        self._keep_taskmanagers(processes, events)
        for job, own in self._own.items():
            if own.checkpoints.waiting and (look := self._look(job)) is not None:
                own.checkpoints, events = checkpoints.told(own.checkpoints, look, now)
                self._add(events)
            self._compare(job, own, now)

    def _judge(self, judged: Judged, now: float) -> None:
        before = self._findings
        for job, verdict in judged.verdicts.items():
            if before.verdicts.get(job) is not verdict:
                self._known.judged(verdict)
        self._findings, events = findings.judged(before, judged.verdicts, judged.findings, now)
        if self._findings is not before:
            self._add(events)
            for key, value in findings.kept(before, self._findings):
                self.journal.keep(NAME, self.cluster, f"{_FINDING}{key}", value)

    # -- answers ---------------------------------------------------------------------------------------

    def _list_jobs(self, _query: Query[Any], value: Any, at: float) -> None:
        if value is self._list:
            # Nothing has changed but the time at which it was so.
            self._jobs = replace(self._jobs, at=at)
            self._known.seen(at)
            return
        self._list = value
        before = self._jobs
        self._jobs, events = jobs.listed(before, value, at)
        self._add(events)
        features = self._features()
        self._known.listed(self._jobs.listed, at, features.version if features is not None else "")
        for job in [
            job for job in self._own if job not in self._jobs.listed and job not in self._jobs.missing
        ]:
            del self._own[job]
        if events or before.at is None:
            self._requests.choose(before, self._jobs, self._known)

    def _detail(self, _query: Query[Any], value: Any, at: float) -> None:
        known = self._jobs.listed.get(value.jid)
        if known is None:
            return
        after, events = jobs.detailed(known, value, at)
        if after is not known:
            self._jobs = replace(self._jobs, listed={**self._jobs.listed, value.jid: after})
            self._add(events)
        own = self._of(value.jid)
        was = self._known.get(value.jid)
        found = (
            rescales.rescaled(own.parallelisms, value)
            if own.parallelisms or was is None or was.parallelism is None
            else rescales.rescaled_meanwhile(was.parallelism, value)
        )
        if found is not None:
            self._add((found,))
        own.parallelisms = rescales.parallelisms(value) or own.parallelisms
        self._known.detailed(value)

    def _fail(self, query: Query[Any], value: Any, at: float) -> None:
        job = dict(query.ids)["job"]
        if job not in self._jobs.listed:
            return
        own = self._of(job)
        new = failures.fresh(own.failures, value)
        if new and (look := self._look(job)) is not None:
            own.failures, events = failures.answered(own.failures, value, new, look, at)
            self._add(events)

    def _checkpoint(self, query: Query[Any], value: Any, at: float) -> None:
        job = dict(query.ids)["job"]
        if job not in self._jobs.listed:
            return
        self._known.checkpointed(job, value)
        own = self._of(job)
        look = partial(self._look, job)
        own.checkpoints, events = checkpoints.answered(own.checkpoints, value, at, own.interval, look)
        self._add(events)

    def _explain(self, query: Query[Any], _value: Any, at: float) -> None:
        """Take who did not acknowledge a checkpoint: it is in the look at the job."""
        job = dict(query.ids)["job"]
        own = self._own.get(job)
        if own is not None and own.checkpoints.waiting and (look := self._look(job)) is not None:
            own.checkpoints, events = checkpoints.told(own.checkpoints, look, at)
            self._add(events)

    def _restart(self, query: Query[Any], value: Any, at: float) -> None:
        job = dict(query.ids)["job"]
        known, count = self._jobs.listed.get(job), restarts_in(value)
        if known is None or count is None:
            return
        own = self._of(job)
        before, own.restarts = own.restarts, count
        self._known.restarted(job, int(count))
        if before is None or count <= before or not self._counts_restarts(job):
            return
        episodes, group, _ = placed(own.failures.episodes, "restarted", at)
        own.failures = replace(own.failures, episodes=episodes)
        self._add(restarts.counted(job, known, (before, count), at, group))

    def _counts_restarts(self, job: str) -> bool:
        features, look = self._features(), self._look(job)
        adaptive = look.adaptive if look is not None else None
        return features is not None and restarts.are_counted(features, adaptive=adaptive)

    def _rescale(self, query: Query[Any], value: Any, at: float) -> None:
        job = dict(query.ids)["job"]
        known = self._jobs.listed.get(job)
        if known is not None:
            self._add(rescales.failed(job, known, value, at))

    def _list_taskmanagers(self, _query: Query[Any], value: Any, at: float) -> None:
        if value is not self._processes:
            self._processes = value
            self._keep_taskmanagers(*taskmanagers.answered(self._taskmanagers, value.taskmanagers, at))

    def _keep_taskmanagers(self, after: TaskManagers, events: tuple[Event, ...]) -> None:
        before, self._taskmanagers = self._taskmanagers, after
        if events or before.listed is None:
            self._add(events)
            if after.listed is not None:
                self.journal.keep(NAME, self.cluster, _TASKMANAGERS, taskmanagers.kept(after))

    # -- configuration ---------------------------------------------------------------------------------

    def _configure(self, query: Query[Any], value: Any, at: float) -> None:
        job = dict(query.ids)["job"]
        if job not in self._jobs.listed:
            return
        own = self._of(job)
        if query.endpoint is JOB_CONFIG:
            own.configured = own.configured or at
            self._known.configured(job, configuration.of_job(value))
        else:
            own.interval = Interval(is_known=True, length=value.interval)
            self._known.configured(job, configuration.of_checkpoints(value))
        self._compare(job, own, at)

    def _compare(self, job: str, own: _Own, now: float) -> None:
        """Compare a job's configuration, once it is known, with that of the job of its name before it."""
        known = self._known.get(job)
        if own.configured is None or own.is_compared or known is None:
            return
        if not configuration.is_whole(known.configuration) and now - own.configured < CONFIG_WAIT_MS:
            return
        own.is_compared = True
        before = self._known.before(known)
        if before is not None and (found := configuration.changed(before, known)) is not None:
            self._add((found,))

    def asks(self, now: float) -> Iterator[Ask]:
        """What the recorder wants to know at `now` (ms): one query at a time."""
        return self._requests.asks(now)

    # -- operations ------------------------------------------------------------------------------------

    def operated(self, found: tuple[Operation, ...], ahead: float) -> None:
        """Take all operations; `ahead` is how many seconds the cluster's clock is ahead of ours."""
        if found is self._all_operations:
            return
        self._all_operations = found
        new, events = operations.ended(self._operations, found, self.cluster, ahead)
        self._operations.update(dict.fromkeys(new))
        while len(self._operations) > MOST_OPERATIONS:
            del self._operations[next(iter(self._operations))]
        self._add(events)

    def _of(self, job: str) -> _Own:
        own = self._own.get(job)
        if own is None:
            episodes = self._episodes.pop(job, {})
            own = self._own[job] = _Own(
                failures=Failures(episodes=episodes), checkpoints=Checkpoints(episodes=episodes)
            )
            known = self._known.get(job)
            if known is not None and known.restarts is not None:
                own.restarts = float(known.restarts)
        return own
