"""How a job's checkpoints are doing: counts, the last good one, the last failure, where it was restored."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import is_off
from flinktop.facts.freshness import blind_seconds, failure
from flinktop.facts.unanswered import why_stale
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.live import RARELY
from flinktop.ui.panels.checkpoint_lines import (
    OFF,
    CheckpointLines,
    Line,
    OneLine,
    age_words,
    faded,
    figure,
    plain_line,
    time_since,
)
from flinktop.ui.panels.frame import Part, zone_offset

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.flink.checkpoints import Checkpoint, CheckpointConfig, CheckpointStats, Restored


def counts_line(stats: CheckpointStats) -> Line:
    """How many there were of each state since the job's start."""
    counts = stats.counts
    line = [
        *figure("triggered", fmt.number(counts.total), gap=False),
        *figure("completed", fmt.number(counts.completed), "good" if counts.completed else ""),
        *figure("in progress", fmt.number(counts.in_progress), "info" if counts.in_progress else ""),
        *figure("failed", fmt.number(counts.failed), "bad" if counts.failed else ""),
        *figure("restored", fmt.number(counts.restored)),
    ]
    if counts.failed and stats.latest.failed is None:
        words = "one left no record: it" if counts.failed == 1 else "ones left no record: they"
        line.append((f"   the failed {words} never had an id", "muted"))
    return line


def last_good_line(
    stats: CheckpointStats, config: CheckpointConfig | None, now: float, *, ended: bool
) -> Line:
    """The last that completed, its age against the interval, and whether that is too long, in words."""
    interval = config.interval / 1000.0 if config is not None and config.interval is not None else None
    good = stats.latest.completed
    every = f" / {fmt.duration(interval)}" if interval is not None else ""
    if good is None or good.acknowledged_at is None:
        periodic = "" if config is None or interval is not None else "; checkpoints are not periodic"
        return figure("last completed", f"none yet{every}{periodic}", gap=False)
    age = max(0.0, now - good.acknowledged_at / 1000.0)
    late = "" if ended else judge.overdue_words(age, interval)
    return [
        *figure("last completed", f"{judge.title(good)}, ", gap=False),
        (f"{fmt.duration(age)} ago{every}", "bad" if late else ""),
        (f"   {late}" if late else "", "bad"),
        *figure("took", fmt.milliseconds(good.duration)),
        *figure("written", fmt.size(good.written)),
        *figure("full size", full_size(good)),
    ]


def full_size(checkpoint: Checkpoint) -> str:
    """The whole state's size; "–" before 1.15."""  # noqa: RUF002 -- ABSENT
    return fmt.size(checkpoint.full_size) if checkpoint.full_size is not None else fmt.ABSENT


def under_way_line(checkpoint: Checkpoint, now: float) -> Line:
    """One that is in progress."""
    since = time_since(checkpoint.trigger_timestamp, now)
    acknowledged = fmt.part(checkpoint.num_acknowledged_subtasks, checkpoint.num_subtasks)
    return [
        ("in progress ", "muted"),
        (f"{judge.title(checkpoint)} for {since}, ", "info"),
        (f"{acknowledged} acknowledged", "info"),
    ]


def failure_line(failed: Checkpoint, now: float) -> Line:
    """The last that failed, and why."""
    return [
        ("last failed ", "muted"),
        (f"{judge.title(failed)}, {age_words(judge.ended_at(failed), now)}: ", ""),
        (failed.failure_message or "Flink gave no reason", "bad"),
    ]


def restored_line(restored: Restored, now: float, offset: float | None) -> Line:
    """Which checkpoint or savepoint the job was restored from, when, and where that lies."""
    kind = "savepoint" if restored.is_savepoint else "checkpoint"
    at = restored.restore_timestamp / 1000.0
    return [
        ("restored from ", "muted"),
        (f"{kind} {restored.id} at {fmt.near(at, offset, now)}", ""),
        (f", {age_words(restored.restore_timestamp, now)}", "muted"),
        (f"   {restored.external_path or 'path not reported'}", "muted"),
    ]


def stats_lines(
    port: Port, job: str, offset: float | None, *, one_line: OneLine = plain_line
) -> list[Line | Part]:
    """All of it, from what the engine knows; `one_line` makes each line on its own."""
    reading, configured = port.reading(CHECKPOINTS(job=job)), port.reading(CHECKPOINT_CONFIG(job=job))
    known = port.reading(JOB(job=job))
    if is_off(port, job):
        return [[(OFF, ""), ("; not an error", "muted")]]
    if reading is None or reading.value is None:
        if (error := failure(port, CHECKPOINTS(job=job))) is None:
            return [[("loading checkpoints…", "muted")]]
        return [(f"The checkpoints can't be read: {error.reason}", "bad")]
    stats, now = reading.value, port.known_time() - blind_seconds(port, reading)
    config = configured.value if configured is not None else None
    ended = known is not None and known.value is not None and states.is_terminal(known.value.state)
    lines: list[Line | Part] = [
        one_line("checkpoints", lambda: counts_line(stats)),
        one_line("last completed", lambda: last_good_line(stats, config, now, ended=ended)),
    ]
    under_way = [one for one in stats.history if judge.is_under_way(one)][:2]
    lines += [one_line("in progress", partial(under_way_line, one, now)) for one in under_way]
    if (failed := stats.latest.failed) is not None:
        lines.append(one_line("last failed", lambda: failure_line(failed, now)))
    if (restored := stats.latest.restored) is not None:
        lines.append(one_line("restored from", lambda: restored_line(restored, now, offset)))
    return lines


class CheckpointOverview(CheckpointLines):
    """The header of a job's checkpoints."""

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job

    def on_mount(self) -> None:
        """Watch the checkpoints, their configuration, and whether the job lives."""
        self.watch_query("checkpoints", CHECKPOINTS(job=self._job), self.news)
        self.watch_query("configuration", CHECKPOINT_CONFIG(job=self._job), self.news, every=RARELY)
        self.watch_query("job", JOB(job=self._job), self.news)
        super().on_mount()

    def described(self) -> list[Line | Part]:
        """What is known; faded when it is no longer told."""
        port = self.port
        lines = stats_lines(port, self._job, zone_offset(self), one_line=self.one_line)
        reading, known = port.reading(CHECKPOINTS(job=self._job)), port.reading(JOB(job=self._job))
        if is_off(port, self._job) or reading is None or reading.value is None:
            return lines
        gone = known is not None and isinstance(known.error, NotFound)
        words = why_stale(port, reading, "The checkpoints")
        if not gone and not words:
            return lines
        words = "Flink no longer knows this job; esc goes back." if gone else words
        age = fmt.duration(port.now() - reading.at) if reading.at is not None else fmt.UNKNOWN
        return faded(lines, f"{words} Last update {age} ago.")
