"""A job in a few lines: state, uptime, restarts, verdict, last checkpoint, where it was restored from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flinktop.engine.journal.event import EventKind, Question
from flinktop.engine.sweep import SECONDS, restarts_query
from flinktop.facts.freshness import blank, blind_seconds, failure, why_stale
from flinktop.facts.jobs import LastCheckpoint, is_gone, job_name, known_job, last_checkpoint, restarts_of
from flinktop.facts.restore import last_savepoint
from flinktop.facts.verdicts import job_verdict
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import EXECUTION_RESULT, JOB
from flinktop.flink.text import clean
from flinktop.model import faults, kubernetes_words, states, tasks
from flinktop.model import format as fmt
from flinktop.model.checkpoints import tail
from flinktop.model.scheduler import unknown_parallelism
from flinktop.ui.live import RARELY, Asks
from flinktop.ui.panels.parts import (
    GAP,
    MUTED_GAP,
    Line,
    LinesPanel,
    cells,
    faded,
    fit,
    pair,
    right_cells,
    spaced,
)
from flinktop.ui.panels.verdicts import TONES, mark, verdict_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.host import Port
    from flinktop.engine.journal.event import KnownJob
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.model.tasks import Tasks
    from flinktop.ui.panels.parts import Part

WIDE = 120  # columns of a terminal with room for when a job started
_RESULT_TONES = {"SUCCEEDED": "good", "FAILED": "bad", "CANCELED": "muted"}


def state_line(
    job: Job,
    restarts: int | Part,
    cluster_now: float,
    *,
    time: Callable[[float], str] | None = None,
) -> Line:
    """State and since when, how long it runs, how often it restarted.

    `restarts` is their number, or a text instead. `time` writes a time (s since 1970): the start and the end,
    where there is room for them.
    """
    found = tasks.tasks_of(job)
    tone = tasks.state_tone(job.state, found)
    state: Line = [(states.words(job.state, tone), tone)]
    entered = job.timestamps.get(job.state, 0)
    if entered > 0:
        span = fmt.duration(cluster_now - entered / 1000.0)
        state.append((f" {span} ago" if states.is_terminal(job.state) else f" for {span}", "muted"))
    groups = [state]
    if states.is_terminal(job.state):
        groups.append(pair("ran", fmt.elapsed(job.duration)))
        if time is not None:
            ends = (("started", job.start_time), ("ended", job.end_time))
            groups += [pair(label, time(at / 1000.0)) for label, at in ends if at > 0]
    else:
        if found is not None:
            groups.append(_tasks_parts(job, found))
        begun = job.start_time >= 0
        started = pair(
            "started",
            f"{fmt.duration(cluster_now - job.start_time / 1000.0)} ago" if begun else fmt.ABSENT,
        )
        if begun and time is not None:
            started += [(" at ", "muted"), (time(job.start_time / 1000.0), "")]
        known = (fmt.count(restarts), "warn" if restarts else "") if isinstance(restarts, int) else restarts
        groups += [started, pair("restarts", *known)]
    parallelism = max((vertex.parallelism for vertex in job.vertices), default=0)
    if parallelism > 0:
        groups.append(pair("parallelism", str(parallelism)))
    if any(vertex.parallelism < 0 for vertex in job.vertices):
        groups.append(pair("parallelism", f"{unknown_parallelism(job)} for some vertices", "info"))
    if job.pending_operators:
        groups.append(pair("pending operators", str(job.pending_operators), "info"))
    return spaced(*groups, gap=MUTED_GAP)


def _tasks_parts(job: Job, found: Tasks) -> Line:
    """How many tasks run; the states of the others, where they should run."""
    tone = tasks.tone(job.state, found, batch="BATCH" in (job.job_type, job.plan.type))
    parts = pair("tasks", found.words, tone)
    if tone:
        waiting = ", ".join(f"{count} {state.lower()}" for state, count in found.waiting)
        parts.append((f" ({waiting})", tone))
    return parts


def checkpoint_line(job: str, port: Port, *, ended: bool) -> Line:
    """Age of the last completed checkpoint against the interval, and how many have failed."""
    # The list of jobs provides it until the first whole answer, which may never come.
    reading = port.brief(CHECKPOINTS(job=job))
    if reading is not None and isinstance(reading.error, NotFound) and reading.value is None:
        return pair("checkpoints", "off for this job")
    if reading is None or reading.value is None:
        error = failure(port, CHECKPOINTS(job=job))
        words = f" can't be read: {error.reason}" if error is not None else ""
        return [*pair("last checkpoint", *blank(port, CHECKPOINTS(job=job))), (words, "bad")]
    failed, blind = reading.value.counts.failed, blind_seconds(port, reading)
    good = _last_good(last_checkpoint(port, job, ended=ended))
    if blind and reading.error is not None:
        words = f"{fmt.FAILED} as of {fmt.duration(blind)} ago: {reading.error.reason}"
        return [*faded([spaced(*good, gap=MUTED_GAP)])[0], GAP, (words, "bad")]
    if failed:
        # After the age: on a narrow terminal the line's end is cut.
        good.insert(1, pair("failed", str(failed), "warn"))
    return spaced(*good, gap=MUTED_GAP)


def _last_good(last: LastCheckpoint) -> list[Line]:
    every = f" / {fmt.duration(last.interval)}" if last.interval is not None else ""
    if last.completed is None:
        if not last.periodic:
            return [pair("checkpoints", "not periodic, none taken yet")]
        return [pair("last checkpoint", f"none yet{every}")]
    words = f"{fmt.duration(last.age)} ago{every}{'  overdue' if last.overdue else ''}"
    groups = [
        pair("last checkpoint", words, "bad" if last.overdue else ""),
        pair("took", fmt.milliseconds(last.completed.duration)),
    ]
    if last.completed.state_size is not None:
        groups.append(pair("size", fmt.size(last.completed.state_size)))
    return groups


def restored_line(job: str, port: Port, offset: float | None) -> Line:
    """Which checkpoint or savepoint the job was restored from; [] when from none."""
    stats = port.value(CHECKPOINTS(job=job))
    restored = stats.latest.restored if stats is not None else None
    if restored is None:
        return []
    kind = "savepoint" if restored.is_savepoint else "checkpoint"
    when = fmt.near(restored.restore_timestamp / 1000.0, offset, port.known_time())
    path = (f"  {restored.external_path or ''}", "muted")
    return [*pair("restored from", f"{kind} {restored.id} at {when}"), path]


def savepoint_line(port: Port, job: str, width: int) -> Line:
    """Age and path of its last savepoint, the path cut at its beginning; [] when there is none."""
    found = last_savepoint(port, job)
    if found is None:
        return []
    label, age = "last savepoint", f"{fmt.duration(max(0.0, port.known_time() - found.made))} ago"
    path = tail(clean(found.path), width - len(label) - len(age) - 4, mark=fmt.UNKNOWN)
    return [*pair(label, age), GAP, (path, "muted")]


def operator_line(job: str, port: Port) -> Line:
    """What of the Flink Kubernetes operator runs it, and what that says of it; [] where nothing does."""
    state = port.kubernetes
    manager = state.manager_of(job, job_name(port, job)) if state is not None else None
    if state is None or manager is None:
        return []
    now, lifecycle = port.clock.wall(), kubernetes_words.lifecycle(manager)
    groups: list[Line] = [
        pair("managed by", clean(f"{manager.kind} {state.namespace}/{manager.name}")),
        [(clean(lifecycle), "bad" if manager.is_wrong else "warn" if manager.deleting else "")],
    ]
    if manager.error:
        groups.append([("error", "bad")])
    if manager.job_status:
        groups.append(pair("job", clean(manager.job_status)))
    if manager.wanted not in ("", "running"):
        groups.append(pair("spec", clean(manager.wanted), "warn"))
    if manager.upgrade_mode:
        groups.append(pair("upgrade mode", clean(manager.upgrade_mode)))
    if manager.savepoint_at is not None:
        groups.append(pair("last savepoint", kubernetes_words.ago(manager.savepoint_at, now)))
    return spaced(*groups, gap=MUTED_GAP)


def result_line(job: str, port: Port) -> Line:
    """The result in `/jobs/:jobid/execution-result`; [] while it is not known, or the job has not ended."""
    answer = port.value(EXECUTION_RESULT(job=job))
    result = answer.job_execution_result if answer is not None else None
    if result is None:
        return []
    status, cause = result.application_status, result.failure_cause
    groups = [pair("result", status, _RESULT_TONES.get(status, "warn"))]
    if result.net_runtime is not None:
        groups.append(pair("ran", fmt.milliseconds(result.net_runtime)))
    if result.accumulator_results:
        groups.append(pair("accumulators", str(len(result.accumulator_results))))
    if cause is not None:
        groups.append(pair("cause", faults.root(cause.stack_trace).sentence or cause.sentence, "bad"))
    return spaced(*groups, gap=MUTED_GAP)


class JobHeader(LinesPanel):
    """A few lines above everything else on a job's screen."""

    DEFAULT_CSS = "JobHeader { max-height: 8; }"
    STATE_FIRST = True
    follows_operations = True

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        if is_gone(self.port, self.job):
            # What the journal knows of it comes without an answer of Flink.
            self.update()
        else:
            super().facts_changed(changes)

    def asks(self) -> Asks:
        """The job, its checkpoints and its restarts; for one that has ended its result."""
        reading = self.port.reading(JOB(job=self.job))
        asks: Asks = {
            JOB(job=self.job): 0.0,
            CHECKPOINTS(job=self.job): 0.0,
            CHECKPOINT_CONFIG(job=self.job): RARELY,
            restarts_query(self.job): SECONDS,
        }
        if reading is not None and reading.value is not None and states.is_terminal(reading.value.state):
            asks[EXECUTION_RESULT(job=self.job)] = RARELY
        return asks

    def lines(self) -> Sequence[Line]:
        name, port = self.job, self.port
        reading = port.reading(JOB(job=name))
        if reading is None or reading.value is None:
            error = failure(port, JOB(job=name))
            if error is None and not is_gone(port, name):
                return [[("loading job…", "muted")]]
            if (remembered := known_job(port, name)) is not None:
                return self._remembered(remembered)
            if error is None:
                return [[("loading job…", "muted")]]
            unknown = isinstance(error, NotFound)
            words = f"no job {name}" if unknown else f"the job {name} can't be read"
            return [[(f"{words}: {error.reason}", "bad")]]
        job = reading.value
        known = restarts_of(port, name)
        restarts = known if known is not None else blank(port, restarts_query(name))
        ended = states.is_terminal(job.state)
        cluster_now, offset, width = port.known_time(), self.zone_offset(), self.content_size.width
        time = partial(fmt.near, offset=offset, now=cluster_now) if self.app.size.width >= WIDE else None
        lines = [
            [(job.name, "strong"), GAP, (job.jid, "muted")],
            self.one_line("state", lambda: state_line(job, restarts, cluster_now, time=time)),
            self.one_line("verdict", lambda: verdict_line(job_verdict(port, name), width)),
            self.one_line("operator", lambda: operator_line(name, port)),
            self.one_line("result", lambda: result_line(name, port)) if ended else [],
            self.one_line("checkpoints", lambda: checkpoint_line(name, port, ended=ended)),
            # Before the restored checkpoint: on a short screen the last lines are dropped.
            self.one_line("savepoint", lambda: savepoint_line(port, name, width)),
            self.one_line("restored from", lambda: restored_line(name, port, offset)),
        ]
        forgotten = isinstance(reading.error, NotFound)
        if forgotten or reading.error is not None or port.lost is not None:
            age = fmt.duration(port.now() - reading.at) if reading.at is not None else fmt.UNKNOWN
            stale = why_stale(port, reading, "The job")
            words = "Flink no longer knows this job; 9 shows its history." if forgotten else stale
            lines = [[(f"{words} Last update {age} ago.", "bad")], *faded(lines)]
        return lines

    def _remembered(self, job: KnownJob) -> Sequence[Line]:
        """What the journal knows last of a job that Flink does not know, or while no cluster answers."""
        port, offset, now = self.port, self.zone_offset(), self.port.known_time()

        def when(at: float) -> str:
            return fmt.near(at / 1000.0, offset, now)

        def ago(at: float) -> str:
            return f"{when(at)}, {fmt.duration(max(0.0, now - at / 1000.0))} ago"

        gone = "Flink no longer knows this job" if port.lost is None else "the cluster does not answer"
        state: Line = [(f"last seen {ago(job.seen)}", "bad"), (f" ({gone})", "muted")]
        tone = states.tone(job.state)
        verdict: Line = pair("then", f"{states.mark(job.state)} {clean(job.state)}", tone)
        if job.words:
            verdict += [GAP, (f"{mark(job.severity)} {clean(job.words)}", TONES[job.severity])]
        checkpoint: Line = []
        if job.checkpoint:
            key: Line = [("y: copy", "info")]
            age = ago(job.checkpointed) if job.checkpointed > 0 else "at"
            checkpoint = [*pair("last checkpoint", age), GAP]
            room = self.content_size.width - cells(checkpoint) - right_cells(key)
            path = tail(clean(job.checkpoint), room, mark=fmt.UNKNOWN)
            checkpoint = fit([*checkpoint, (path, "strong")], key, self.content_size.width)
        ran = [pair("started", when(job.start))] if job.start > 0 else []
        ran += [pair("ended", when(job.end))] if job.end > 0 else []
        ran += (
            [pair("restarts", fmt.count(job.restarts), "warn" if job.restarts else "")]
            if job.restarts is not None
            else []
        )
        ran += [pair("parallelism", str(job.parallelism))] if job.parallelism is not None else []
        ran += [pair("Flink", clean(job.release))] if job.release else []
        return [
            [(clean(job.name), "strong"), GAP, (job.job, "muted")],
            state,
            verdict,
            checkpoint,
            spaced(*ran, gap=MUTED_GAP),
            self._first_failure(job, when),
        ]

    def _first_failure(self, job: KnownJob, when: Callable[[float], str]) -> Line:
        """The first failure that the journal has of it."""
        journal = self.port.journal
        question = Question(cluster=job.cluster, job=job.job, kinds=(EventKind.FAILURE,))
        answered = journal.seen(question) if journal is not None else None
        if answered is None or not answered.events:
            return []
        first = min(answered.events, key=lambda event: event.at)
        label = "earliest known failure" if answered.more else "first failure"
        return [*pair(label, when(first.at)), GAP, (clean(first.words), "bad")]
