"""A job in a few lines: state, uptime, restarts, last completed checkpoint, where it was restored from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content

from flinktop.engine.sweep import SECONDS, restarts_query
from flinktop.facts.freshness import blind_seconds, failure
from flinktop.facts.jobs import restarts_of
from flinktop.facts.restore import last_savepoint
from flinktop.facts.unanswered import blank, why_stale
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import EXECUTION_RESULT, JOB
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model import health, states, tasks
from flinktop.model.checkpoints import tail
from flinktop.model.parallelism import unknown_words
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.frame import Part, assemble, cut_line, zone_offset
from flinktop.ui.panels.result_line import result_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.host import Port
    from flinktop.engine.operation import Operation
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import CheckpointStats
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.model.tasks import Tasks

WIDE = 120
"""Columns of a terminal with room for when a job started."""
FEW_ROWS = 3
"""With fewer rows than this the state stands before the name."""


def state_line(
    job: Job,
    restarts: int | Part,
    cluster_now: float,
    *,
    time: Callable[[float], str] | None = None,
) -> list[Part]:
    """State and since when, how long it runs, how often it restarted.

    `restarts` is their number, or what stands in its place. `time` writes a time (s since 1970): that of the
    start and of the end, where there is room for them.
    """
    found = tasks.tasks_of(job)
    tone = tasks.state_tone(job.state, found)
    parts: list[Part] = [(states.words(job.state, tone), tone)]
    entered = job.timestamps.get(job.state, 0)
    if entered > 0:
        span = fmt.duration(cluster_now - entered / 1000.0)
        parts.append((f" {span} ago" if states.is_terminal(job.state) else f" for {span}", "muted"))
    if states.is_terminal(job.state):
        parts += [("   ran ", "muted"), (fmt.elapsed(job.duration), "")]
        for word, at in (("   started ", job.start_time), ("   ended ", job.end_time)):
            if time is not None and at > 0:
                parts += [(word, "muted"), (time(at / 1000.0), "")]
    else:
        if found is not None:
            parts += _tasks_parts(job, found)
        begun = job.start_time >= 0
        ago = f"{fmt.duration(cluster_now - job.start_time / 1000.0)} ago" if begun else fmt.ABSENT
        parts += [("   started ", "muted"), (ago, "")]
        if begun and time is not None:
            parts += [(" at ", "muted"), (time(job.start_time / 1000.0), "")]
        known = (fmt.count(restarts), "warn" if restarts else "") if isinstance(restarts, int) else restarts
        parts += [("   restarts ", "muted"), known]
    parallelism = max((vertex.parallelism for vertex in job.vertices), default=0)
    if parallelism > 0:
        parts += [("   parallelism ", "muted"), (str(parallelism), "")]
    if any(vertex.parallelism < 0 for vertex in job.vertices):
        words = f"{unknown_words(job)} for some vertices"
        parts += [("   parallelism ", "muted"), (words, "info")]
    if job.pending_operators:
        parts += [("   pending operators ", "muted"), (str(job.pending_operators), "info")]
    return parts


def _tasks_parts(job: Job, found: Tasks) -> list[Part]:
    """How many tasks run; what the others do, where they should run."""
    tone = tasks.tone(job.state, found, batch="BATCH" in (job.job_type, job.plan.type))
    parts: list[Part] = [("   tasks ", "muted"), (found.words, tone)]
    if tone:
        waiting = ", ".join(f"{count} {state.lower()}" for state, count in found.waiting)
        parts.append((f" ({waiting})", tone))
    return parts


def checkpoint_line(job: str, port: Port, *, ended: bool) -> list[Part]:
    """Age of the last completed checkpoint against the interval, and how many have failed."""
    # What the list of jobs knew is shown until the first whole answer, which may never come.
    reading = port.brief(CHECKPOINTS(job=job))
    if reading is not None and isinstance(reading.error, NotFound) and reading.value is None:
        return [("checkpoints ", "muted"), ("off for this job", "")]
    if reading is None or reading.value is None:
        error = failure(port, CHECKPOINTS(job=job))
        words = f" can't be read: {error.reason}" if error is not None else ""
        return [("last checkpoint ", "muted"), blank(port, CHECKPOINTS(job=job)), (words, "bad")]
    stats = reading.value
    configured = port.brief(CHECKPOINT_CONFIG(job=job))
    interval = None
    if configured is not None and configured.value is not None and configured.value.interval is not None:
        interval = configured.value.interval / 1000.0
    off = configured is not None and configured.value is not None and interval is None
    blind = blind_seconds(port, reading)
    parts = _last_good(stats, interval, port.known_time() - blind, ended=ended, periodic_off=off)
    if blind and reading.error is not None:
        words = f"{fmt.FAILED} as of {fmt.duration(blind)} ago: {reading.error.reason}"
        return [*((text, "stale") for text, _ in parts), (f"   {words}", "bad")]
    if stats.counts.failed:
        # Behind the age: on a narrow terminal the line's end is cut.
        parts[2:2] = [("   failed ", "muted"), (str(stats.counts.failed), "warn")]
    return parts


def restored_line(job: str, port: Port, offset: float | None) -> list[Part]:
    """Which checkpoint or savepoint the job was restored from; [] when from none."""
    reading = port.reading(CHECKPOINTS(job=job))
    restored = reading.value.latest.restored if reading is not None and reading.value is not None else None
    if restored is None:
        return []
    kind = "savepoint" if restored.is_savepoint else "checkpoint"
    when = fmt.near(restored.restore_timestamp / 1000.0, offset, port.known_time())
    return [
        ("restored from ", "muted"),
        (f"{kind} {restored.id} at {when}", ""),
        (f"  {restored.external_path or ''}", "muted"),
    ]


def savepoint_line(port: Port, job: str, width: int, *, ascii_only: bool) -> list[Part]:
    """Age and path of its last savepoint, the path cut at its beginning; [] when there is none."""
    found = last_savepoint(port, job)
    if found is None:
        return []
    label, age = "last savepoint ", f"{fmt.duration(max(0.0, port.known_time() - found.made))} ago"
    room = width - len(label) - len(age) - 3
    path = tail(clean(found.path), room, mark="~" if ascii_only else fmt.UNKNOWN)
    return [(label, "muted"), (age, ""), ("   ", ""), (path, "muted")]


def _last_good(
    stats: CheckpointStats, interval: float | None, cluster_now: float, *, ended: bool, periodic_off: bool
) -> list[Part]:
    completed = stats.latest.completed
    every = f" / {fmt.duration(interval)}" if interval is not None else ""
    if (completed is None or completed.acknowledged_at is None) and periodic_off:
        return [("checkpoints ", "muted"), ("not periodic, none taken yet", "")]
    if completed is None or completed.acknowledged_at is None:
        return [("last checkpoint ", "muted"), (f"none yet{every}", "")]
    age = max(0.0, cluster_now - completed.acknowledged_at / 1000.0)
    late = not ended and health.overdue(age, interval)
    words = f"{fmt.duration(age)} ago{every}"
    parts: list[Part] = [
        ("last checkpoint ", "muted"),
        (words + ("  overdue" if late else ""), "bad" if late else ""),
        ("   took ", "muted"),
        (fmt.milliseconds(completed.duration), ""),
    ]
    if completed.state_size is not None:
        parts += [("   size ", "muted"), (fmt.size(completed.state_size), "")]
    return parts


class JobHeader(Panel):
    """A few lines above everything else on a job's screen, each on one row and cut to the width."""

    DEFAULT_CSS = "JobHeader { height: auto; max-height: 6; padding: 0 1; }"

    def __init__(self, job: str) -> None:
        super().__init__()
        self._job = job
        self._lines: list[list[Part]] = [[(fmt.UNKNOWN, "muted")]]
        self._operations: tuple[Operation, ...] = ()

    def on_mount(self) -> None:
        """Watch the job, its checkpoints and its restarts."""
        self.watch_query("job", JOB(job=self._job), self._job_told)
        self.watch_query("checkpoints", CHECKPOINTS(job=self._job), self._news)
        self.watch_query("configuration", CHECKPOINT_CONFIG(job=self._job), self._news, every=RARELY)
        self.watch_query("restarts", restarts_query(self._job), self._news, every=SECONDS)
        super().on_mount()

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """A savepoint that was asked for from here is told at once."""
        super().facts_changed(changes)
        if self.port.operations() is not self._operations:
            self._operations = self.port.operations()
            self.shielded(self.tick)

    def on_resize(self) -> None:
        """A path is cut anew."""
        self.shielded(self.tick)

    def _job_told(self, reading: Reading[Job]) -> None:
        if reading.value is not None and states.is_terminal(reading.value.state):
            self.watch_query("result", EXECUTION_RESULT(job=self._job), self._news, every=RARELY)
        self.tick()

    def _news(self, _reading: Reading[Any]) -> None:
        self.tick()

    def tick(self) -> None:
        """Ages move on."""
        lines = self._described(self.port.reading(JOB(job=self._job)))
        if lines != self._lines:
            grown = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=grown)

    def _described(self, reading: Reading[Job] | None) -> list[list[Part]]:
        if reading is None or reading.value is None:
            if (error := failure(self.port, JOB(job=self._job))) is None:
                return [[("loading job…", "muted")]]
            unknown = isinstance(error, NotFound)
            words = f"no job {self._job}" if unknown else f"the job {self._job} can't be read"
            return [[(f"{words}: {error.reason}", "bad")]]
        job = reading.value
        ascii_only = self.app.settings.ascii
        known = restarts_of(self.port, self._job)
        restarts = known if known is not None else blank(self.port, restarts_query(self._job))
        ended = states.is_terminal(job.state)
        cluster_now, offset = self.port.known_time(), zone_offset(self)
        time = partial(fmt.near, offset=offset, now=cluster_now) if self.app.size.width >= WIDE else None
        lines: list[list[Part]] = [
            [(job.name, "strong"), ("   ", ""), (job.jid, "muted")],
            self.one_line("state", lambda: state_line(job, restarts, cluster_now, time=time)),
            self.one_line("checkpoints", lambda: checkpoint_line(self._job, self.port, ended=ended)),
        ]
        if ended and (result := self.one_line("result", lambda: result_line(self._job, self.port))):
            lines.insert(2, result)
        # Before what it was restored from: on a short screen the last lines give way.
        width = self.content_size.width
        lines += filter(
            None,
            (
                self.one_line(
                    "savepoint",
                    lambda: savepoint_line(self.port, self._job, width, ascii_only=ascii_only),
                ),
                self.one_line("restored from", lambda: restored_line(self._job, self.port, offset)),
            ),
        )
        age = fmt.duration(self.port.now() - reading.at) if reading.at is not None else fmt.UNKNOWN
        gone = isinstance(reading.error, NotFound)
        if gone or reading.error is not None or self.port.lost is not None:
            lines = [[(text, "stale") for text, _ in line] for line in lines]
            stale = why_stale(self.port, reading, "The job")
            words = "Flink no longer knows this job; esc goes back." if gone else stale
            lines.insert(0, [(f"{words} Last update {age} ago.", "bad")])
        return lines

    def render(self) -> Content:
        """The lines; where there is room for one only, the state."""
        width = self.content_size.width
        lines = self._lines
        if self.size.height < FEW_ROWS and len(lines) > 1:
            lines = [lines[1], lines[0], *lines[2:]]
        return Content("\n").join(assemble(cut_line(line, width)) for line in lines)
