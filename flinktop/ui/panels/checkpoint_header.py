"""One checkpoint, or one vertex in it: state, kind, times, sizes, path, failure, late subtasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import (
    CheckpointFacts,
    checkpoint_facts,
    details_asks,
    late_subtasks,
    subtasks_asks,
    vertex_names,
)
from flinktop.facts.freshness import error_of
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINT_SUBTASKS, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.panels.checkpoint_lines import (
    faded_if_dropped,
    figure,
    figures,
    size_figures,
    when_line,
)
from flinktop.ui.panels.parts import Line, LinesPanel, Part, spaced
from flinktop.ui.widgets.celltext import clip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flinktop.flink.checkpoints import Checkpoint, CheckpointSubtasks, Measured
    from flinktop.model.checkpoints import Late
    from flinktop.ui.live import Asks

    LateSubtasks = Callable[[str], tuple[int, ...] | None]
    """The subtasks of a vertex that have not acknowledged, ascending; None where they are not known."""

NAMED = 4  # late vertices that the header names
LONGEST_NAME = 40


def state_line(checkpoint: Checkpoint, *, dropped: bool) -> Line:
    """State, kind, format, and whether its files are still there."""
    lost = dropped and judge.is_under_way(checkpoint)
    state = "outcome not seen" if lost else judge.state(checkpoint.status)
    tone = "warn" if lost else judge.tone(checkpoint.status)
    style = checkpoint.savepoint_format
    completed = checkpoint.status == judge.COMPLETED
    return figures(
        [(state, tone), (f"  {judge.title(checkpoint)}", "strong")],
        figure("type", judge.kind(checkpoint)),
        figure("format", style.lower()) if style is not None else [],
        figure("files", "discarded" if checkpoint.discarded else "kept") if completed else [],
    )


def time_line(checkpoint: Checkpoint, now: float, offset: float | None) -> Line:
    """When it was triggered, how long it took, who acknowledged, and when the last did."""
    latest = checkpoint.acknowledged_at
    return figures(
        when_line(checkpoint, now, offset),
        figure("acknowledged", fmt.part(checkpoint.num_acknowledged_subtasks, checkpoint.num_subtasks)),
        figure("latest at", fmt.near(latest / 1000.0, offset, now) if latest is not None else fmt.ABSENT),
    )


def sizes_line(checkpoint: Checkpoint) -> Line:
    """Bytes written, of the whole state, and in flight."""
    # Counted up to 1.10; the field is 0 in later releases.
    buffered = checkpoint.alignment_buffered
    return figures(
        *size_figures(checkpoint),
        figure("buffered in alignment", fmt.size(buffered)) if buffered > 0 else [],
    )


def who_is_late(
    checkpoint: Checkpoint, names: Mapping[str, str], late_subtasks: LateSubtasks
) -> Line | Part | None:
    """The vertices with missing acknowledgements, as a sentence; of a complete checkpoint the slowest."""
    late = judge.late_vertices(checkpoint, list(names))
    if late:

        def words_of(one: Late) -> str:
            which = subtask_names.missing(one.missing, one.subtasks, late_subtasks(one.vertex))
            return f"{clip(names.get(one.vertex, one.vertex), LONGEST_NAME)}, {which}"

        words = "; ".join(words_of(one) for one in late[:NAMED])
        more = f" and {len(late) - NAMED} more vertices" if len(late) > NAMED else ""
        if judge.is_under_way(checkpoint):
            return f"Not acknowledged yet: {words}{more}", "info"
        return f"Not acknowledged: {words}{more}", "bad"
    known = [
        (share.duration, vertex) for vertex, share in checkpoint.tasks.items() if share.duration is not None
    ]
    if not known:
        return None
    took, vertex = max(known)
    of = f"{fmt.milliseconds(took)} of {fmt.milliseconds(checkpoint.duration)}"
    return figure("slowest vertex", f"{names.get(vertex, vertex)}: {of}")


class CheckpointHeader(LinesPanel):
    """The header of one checkpoint; faded when Flink has dropped it."""

    DEFAULT_CSS = "CheckpointHeader { max-height: 60%; }"

    def __init__(self, job: str, checkpoint: int) -> None:
        super().__init__(job)
        self.checkpoint = checkpoint

    def asks(self) -> Asks:
        """The details while they may change, and the history, for later checkpoints."""
        queries = details_asks(self.port, self.job, self.checkpoint)
        return queries | {CHECKPOINTS(job=self.job): 0.0, JOB(job=self.job): 0.0}

    def lines(self) -> list[Line | Part]:
        port, number = self.port, self.checkpoint
        facts = checkpoint_facts(port, self.job, number)
        reading = port.reading(CHECKPOINT(job=self.job, checkpoint=number))
        if facts.checkpoint is None:
            if (error := error_of(reading, port.lost)) is not None:
                return [(f"checkpoint {number}: {error.reason}", "bad")]
            return [[(f"loading checkpoint {number}", "muted")]]

        def late(vertex: str) -> tuple[int, ...] | None:
            """Which subtasks are late, if the table below has requested them."""
            share = facts.tasks.get(vertex)
            return late_subtasks(port, self.job, number, vertex, share) if share is not None else None

        lines = self.of_checkpoint(facts, facts.checkpoint, vertex_names(port, self.job), late)
        return faded_if_dropped(port, lines, reading, dropped=facts.dropped)

    def of_checkpoint(
        self, facts: CheckpointFacts, one: Checkpoint, names: Mapping[str, str], late: LateSubtasks
    ) -> list[Line | Part]:
        """Everything known about one checkpoint except its table."""
        now, offset = self.port.known_time(), self.zone_offset()
        lines: list[Line | Part] = [
            self.one_line("state", lambda: state_line(one, dropped=facts.dropped)),
            self.one_line("time", lambda: time_line(one, now, offset)),
            self.one_line("size", lambda: sizes_line(one)),
        ]
        if one.external_path:
            lines.append(figure("path", one.external_path))
        if one.status == judge.FAILED:
            lines.append((f"Failed: {one.failure_message or 'Flink gave no reason'}", "bad"))
        if facts.tasks_of is not None and (words := who_is_late(facts.tasks_of, names, late)) is not None:
            lines.append(words)
        return lines


def share_line(share: Measured) -> Line:
    """The vertex's own figures."""
    took = fmt.milliseconds(share.duration) if share.duration is not None else fmt.ABSENT
    return figures(
        figure("acknowledged", fmt.part(share.num_acknowledged_subtasks, share.num_subtasks)),
        figure("took", took),
        *size_figures(share),
    )


def words_line(share: CheckpointSubtasks, *, under_way: bool) -> list[Line]:
    """Who has not acknowledged, and which phase of which subtask took longest."""
    lines: list[Line] = []
    if late := judge.late_subtasks(share.subtasks):
        words = subtask_names.missing(len(late), share.num_subtasks or len(share.subtasks), late)
        verb, tone = ("not acknowledged yet:", "info") if under_way else ("not acknowledged:", "bad")
        lines.append(figure(verb, words, tone))
    if words := judge.slowest_words(share.subtasks, share.num_subtasks):
        lines.append(figure("slowest", words))
    return lines


class CheckpointShareHeader(LinesPanel):
    """The header of one vertex in one checkpoint; faded when Flink has dropped it."""

    def __init__(self, job: str, checkpoint: int, vertex: str) -> None:
        super().__init__(job, vertex)
        self.checkpoint = checkpoint

    def asks(self) -> Asks:
        place = self.port, self.job, self.checkpoint
        return {JOB(job=self.job): 0.0, **details_asks(*place), **subtasks_asks(*place, self.vertex)}

    def lines(self) -> list[Line | Part]:
        port, vertex = self.port, self.vertex
        query = CHECKPOINT_SUBTASKS(job=self.job, checkpoint=self.checkpoint, vertex=vertex)
        reading, facts = port.reading(query), checkpoint_facts(port, self.job, self.checkpoint)
        share, whole = reading.value if reading is not None else None, facts.checkpoint
        lines: list[Line | Part] = [[(vertex_names(port, self.job).get(vertex, vertex), "strong")]]
        if whole is not None:
            state = (judge.state(whole.status), judge.tone(whole.status))
            when = when_line(whole, port.known_time(), self.zone_offset())
            lines.append(spaced([state, (f"  {judge.title(whole)}", "")], when))
        if (measured := share or facts.tasks.get(vertex)) is not None:
            lines.append(share_line(measured))
        if share is not None:
            lines += words_line(share, under_way=whole is None or judge.is_under_way(whole))
        dropped = reading is not None and isinstance(reading.error, NotFound)
        return faded_if_dropped(port, lines, reading, dropped=dropped)
