"""How a job's checkpoints are doing: counts, the last good one, the last failure, where it was restored."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import is_off
from flinktop.facts.freshness import blind_seconds, failure
from flinktop.facts.jobs import LastCheckpoint, last_checkpoint
from flinktop.facts.unanswered import why_stale
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.live import RARELY, Asks
from flinktop.ui.panels.checkpoint_lines import (
    OFF,
    OneLine,
    age_words,
    faded,
    figure,
    figures,
    plain_line,
    size_words,
    time_since,
)
from flinktop.ui.panels.lines_panel import Line, LinesPanel

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.flink.checkpoints import Checkpoint, CheckpointStats, Restored
    from flinktop.ui.panels.parts import Part


def counts_line(stats: CheckpointStats) -> Line:
    """How many there were of each state since the job's start."""
    counts = stats.counts
    words = "one left no record: it" if counts.failed == 1 else "ones left no record: they"
    unknown = bool(counts.failed) and stats.latest.failed is None
    return figures(
        figure("triggered", fmt.number(counts.total)),
        figure("completed", fmt.number(counts.completed), "good" if counts.completed else ""),
        figure("in progress", fmt.number(counts.in_progress), "info" if counts.in_progress else ""),
        figure("failed", fmt.number(counts.failed), "bad" if counts.failed else ""),
        figure("restored", fmt.number(counts.restored)),
        [(f"the failed {words} never had an id", "muted")] if unknown else [],
    )


def last_good_line(last: LastCheckpoint) -> Line:
    """The last that completed, its age against the interval, and whether that is too long, in words."""
    every = f" / {fmt.duration(last.interval)}" if last.interval is not None else ""
    good = last.completed
    if good is None or last.age is None:
        periodic = "" if last.periodic else "; checkpoints are not periodic"
        return figure("last completed", f"none yet{every}{periodic}")
    tone, late = "", ""
    if last.overdue and last.interval is not None:
        tone = "bad"
        late = f"   overdue: {fmt.count(last.age // last.interval)} intervals without a completed one"
    age = (f"{fmt.duration(last.age)} ago{every}", tone)
    return figures(
        [*figure("last completed", f"{judge.title(good)}, "), age, (late, tone)],
        figure("took", fmt.milliseconds(good.duration)),
        figure("written", fmt.size(good.written)),
        figure("full size", size_words(good.full_size)),
    )


def under_way_line(checkpoint: Checkpoint, now: float) -> Line:
    """One that is in progress."""
    since = time_since(checkpoint.trigger_timestamp, now)
    acknowledged = fmt.part(checkpoint.num_acknowledged_subtasks, checkpoint.num_subtasks)
    return figure(
        "in progress", f"{judge.title(checkpoint)} for {since}, {acknowledged} acknowledged", "info"
    )


def failure_line(failed: Checkpoint, now: float) -> Line:
    """The last that failed, and why."""
    return [
        *figure("last failed", f"{judge.title(failed)}, {age_words(judge.ended_at(failed), now)}: "),
        (failed.failure_message or "Flink gave no reason", "bad"),
    ]


def restored_line(restored: Restored, now: float, offset: float | None) -> Line:
    """Which checkpoint or savepoint the job was restored from, when, and where that lies."""
    kind = "savepoint" if restored.is_savepoint else "checkpoint"
    at = fmt.near(restored.restore_timestamp / 1000.0, offset, now)
    return [
        *figure("restored from", f"{kind} {restored.id} at {at}"),
        (f", {age_words(restored.restore_timestamp, now)}", "muted"),
        (f"   {restored.external_path or 'path not reported'}", "muted"),
    ]


def stats_lines(
    port: Port, job: str, offset: float | None, *, one_line: OneLine = plain_line
) -> list[Line | Part]:
    """All of it, from what the engine knows; `one_line` makes each line on its own."""
    reading, known = port.reading(CHECKPOINTS(job=job)), port.value(JOB(job=job))
    if is_off(port, job):
        return [[(OFF, ""), ("; not an error", "muted")]]
    if reading is None or reading.value is None:
        if (error := failure(port, CHECKPOINTS(job=job))) is None:
            return [[("loading checkpoints…", "muted")]]
        return [(f"The checkpoints can't be read: {error.reason}", "bad")]
    stats, now = reading.value, port.known_time() - blind_seconds(port, reading)
    ended = known is not None and states.is_terminal(known.state)
    lines: list[Line | Part] = [
        one_line("checkpoints", lambda: counts_line(stats)),
        one_line("last completed", lambda: last_good_line(last_checkpoint(port, job, ended=ended))),
    ]
    under_way = [one for one in stats.history if judge.is_under_way(one)][:2]
    lines += [one_line("in progress", partial(under_way_line, one, now)) for one in under_way]
    if (failed := stats.latest.failed) is not None:
        lines.append(one_line("last failed", lambda: failure_line(failed, now)))
    if (restored := stats.latest.restored) is not None:
        lines.append(one_line("restored from", lambda: restored_line(restored, now, offset)))
    return lines


class CheckpointOverview(LinesPanel):
    """The header of a job's checkpoints; faded when they are no longer told."""

    def asks(self) -> Asks:
        job = self.job
        return {CHECKPOINTS(job=job): 0.0, CHECKPOINT_CONFIG(job=job): RARELY, JOB(job=job): 0.0}

    def lines(self) -> list[Line | Part]:
        port = self.port
        lines = stats_lines(port, self.job, self.zone_offset(), one_line=self.one_line)
        reading, known = port.reading(CHECKPOINTS(job=self.job)), port.reading(JOB(job=self.job))
        if is_off(port, self.job) or reading is None or reading.value is None:
            return lines
        gone = known is not None and isinstance(known.error, NotFound)
        stale = why_stale(port, reading, "The checkpoints")
        if not gone and not stale:
            return lines
        words = "Flink no longer knows this job; esc goes back." if gone else stale
        age = fmt.duration(port.now() - reading.at) if reading.at is not None else fmt.UNKNOWN
        return faded(lines, f"{words} Last update {age} ago.")
