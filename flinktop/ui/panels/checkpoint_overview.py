"""The health of a job's checkpoints, statistics of completed ones, and their configuration."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import CheckpointMeasure, is_off, measures, not_reported
from flinktop.facts.freshness import blind_seconds, failure, why_stale
from flinktop.facts.jobs import LastCheckpoint, job_state, last_checkpoint
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.model.checkpoints import Item, items
from flinktop.ui.live import RARELY, Asks
from flinktop.ui.panels.checkpoint_lines import (
    OFF,
    age_words,
    faded,
    figure,
    figures,
    size_words,
    time_since,
    why_empty,
)
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.parts import Line, LinesPanel
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.engine.host import Port
    from flinktop.flink.checkpoints import Checkpoint, CheckpointConfig, CheckpointStats, Restored
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Cell

STATISTICS = (
    ("min", "MIN", 0),
    ("avg", "AVG", 0),
    ("max", "MAX", 0),
    ("p50", "P50", 1),
    ("p90", "P90", 3),
    ("p95", "P95", 4),
    ("p99", "P99", 2),
    ("p999", "P99.9", 5),
)
"""Field, title, and which is dropped first where there is no room; the percentiles from 1.14."""
MOST_WORDS = 3  # lines of a sentence above the table


def counts_line(stats: CheckpointStats) -> Line:
    """How many there were in each state since the job's start."""
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
    """The last completed checkpoint, its age against the interval, and whether that is too long, in words."""
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
    """A checkpoint in progress."""
    since = time_since(checkpoint.trigger_timestamp, now)
    acknowledged = fmt.part(checkpoint.num_acknowledged_subtasks, checkpoint.num_subtasks)
    return figure(
        "in progress", f"{judge.title(checkpoint)} for {since}, {acknowledged} acknowledged", "info"
    )


def failure_line(failed: Checkpoint, now: float) -> Line:
    """The last failed checkpoint, and why."""
    return [
        *figure("last failed", f"{judge.title(failed)}, {age_words(judge.ended_at(failed), now)}: "),
        (failed.failure_message or "Flink gave no reason", "bad"),
    ]


def restored_line(restored: Restored, now: float, offset: float | None) -> Line:
    """Which checkpoint or savepoint the job was restored from, when, and its path."""
    kind = "savepoint" if restored.is_savepoint else "checkpoint"
    at = fmt.near(restored.restore_timestamp / 1000.0, offset, now)
    return [
        *figure("restored from", f"{kind} {restored.id} at {at}"),
        (f", {age_words(restored.restore_timestamp, now)}", "muted"),
        (f"   {restored.external_path or 'path not reported'}", "muted"),
    ]


class CheckpointOverview(LinesPanel):
    """The header of a job's checkpoints; faded when Flink no longer reports them."""

    def asks(self) -> Asks:
        job = self.job
        return {CHECKPOINTS(job=job): 0.0, CHECKPOINT_CONFIG(job=job): RARELY, JOB(job=job): 0.0}

    def lines(self) -> list[Line | Part]:
        port = self.port
        lines = self.of_stats()
        reading, known = port.reading(CHECKPOINTS(job=self.job)), port.reading(JOB(job=self.job))
        if is_off(port, self.job) or reading is None or reading.value is None:
            return lines
        forgotten = known is not None and isinstance(known.error, NotFound)
        stale = why_stale(port, reading, "The checkpoints")
        if not forgotten and not stale:
            return lines
        words = "Flink no longer knows this job; esc goes back." if forgotten else stale
        age = fmt.duration(port.now() - reading.at) if reading.at is not None else fmt.UNKNOWN
        return faded(lines, f"{words} Last update {age} ago.")

    def of_stats(self) -> list[Line | Part]:
        port, job, one_line = self.port, self.job, self.one_line
        reading = port.reading(CHECKPOINTS(job=job))
        if is_off(port, job):
            return [[(OFF, ""), ("; not an error", "muted")]]
        if reading is None or reading.value is None:
            if (error := failure(port, CHECKPOINTS(job=job))) is None:
                return [[("loading checkpoints…", "muted")]]
            return [(f"The checkpoints can't be read: {error.reason}", "bad")]
        stats, now = reading.value, port.known_time() - blind_seconds(port, reading)
        last = last_checkpoint(port, job, ended=states.is_terminal(job_state(port, job)))
        lines: list[Line | Part] = [
            one_line("checkpoints", lambda: counts_line(stats)),
            one_line("last completed", lambda: last_good_line(last)),
        ]
        under_way = [one for one in stats.history if judge.is_under_way(one)][:2]
        lines += [one_line("in progress", partial(under_way_line, one, now)) for one in under_way]
        if (failed := stats.latest.failed) is not None:
            lines.append(one_line("last failed", lambda: failure_line(failed, now)))
        if (restored := stats.latest.restored) is not None:
            offset = self.zone_offset()
            lines.append(one_line("restored from", lambda: restored_line(restored, now, offset)))
        return lines


def _statistic(field: str, row: CheckpointMeasure) -> str:
    value = getattr(row.spread, field) if row.spread is not None else None
    if value is None:
        return ""
    return fmt.milliseconds(value) if row.is_time else fmt.size(value)


class CheckpointSummary(TablePanel[CheckpointMeasure]):
    """Flink's summary of a job's completed checkpoints, below a note on what the release lacks."""

    ENDPOINT = CHECKPOINTS
    KEY = "name"
    BOX = "Completed checkpoints"
    TABLE = "checkpoint_summary"
    LOADING = "loading checkpoints…"
    NOTHING = "no checkpoint has completed yet"
    FADES = False
    COLUMNS = (
        text("measure", "MEASURE", 21, attrgetter("name"), tone="strong", flex=True),
        *(
            text(field, title, 7, partial(_statistic, field), align="right", drop=drop)
            for field, title, drop in STATISTICS
        ),
    )

    def asks(self) -> Asks:
        return super().asks() | {JOB(job=self.job): 0.0}

    def rows_of(self, answer: CheckpointStats) -> Sequence[CheckpointMeasure]:
        return measures(answer)

    def empty(self) -> str:
        return why_empty(self.port, self.job, self.LOADING, self.NOTHING)

    def words(self) -> Sequence[list[Part]]:
        sentence = not_reported(self.answer) if self.answer is not None else ""
        if not sentence:
            return ()
        sentence = f"{sentence}; this cluster runs {self.port.features.version}."
        return [[(line, "muted")] for line in wrap(sentence, self.content_size.width - 2, MOST_WORDS)]


def value_cell(item: Item, port: Port) -> Cell:
    """The value of an item as text, or that the release does not report it."""
    if item.words is not None:
        return item.words, ""
    if port.features.has(*item.since):
        return fmt.ABSENT, "muted"
    major, minor = item.since
    return f"{fmt.ABSENT} Flink {major}.{minor}+", "muted"


class CheckpointSettings(TablePanel[Item]):
    """Every item of the configuration, including those that the release does not report."""

    ENDPOINT = CHECKPOINT_CONFIG
    KEY = "field"
    BOX = "Configuration"
    TABLE = "checkpoint_settings"
    LOADING = "loading configuration…"
    EVERY = RARELY
    FADES = False

    def columns(self) -> Sequence[Column[Item]]:
        return (
            text(
                "setting", "SETTING", 28, lambda item: item.name, tone="strong", sort=lambda item: item.name
            ),
            Column("value", "VALUE", 43, lambda item: value_cell(item, self.port), flex=True),
            text("field", "FIELD IN REST API", 43, lambda item: item.field, tone="muted", drop=1),
        )

    def asks(self) -> Asks:
        return super().asks() | {CHECKPOINTS(job=self.job): 0.0, JOB(job=self.job): 0.0}

    def rows_of(self, answer: CheckpointConfig) -> Sequence[Item]:
        return items(answer)

    def empty(self) -> str:
        error = self.reading.error if self.reading is not None else None
        off = isinstance(error, NotFound) and is_off(self.port, self.job)
        return OFF if off else super().empty()
