"""One checkpoint: state, kind, times, sizes, where it lies, why it failed, who is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import (
    CheckpointFacts,
    checkpoint_facts,
    details_asks,
    late_subtasks,
    vertex_names,
)
from flinktop.facts.freshness import error_of
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.panels.checkpoint_lines import (
    OneLine,
    faded_if_gone,
    figure,
    figures,
    plain_line,
    size_figures,
    when_line,
)
from flinktop.ui.panels.lines_panel import Line, LinesPanel
from flinktop.ui.panels.parts import Part, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.model.checkpoints import Late
    from flinktop.ui.live import Asks

    LateSubtasks = Callable[[str], tuple[int, ...] | None]
    """The subtasks of a vertex that have not acknowledged, ascending; None where they are not known."""

NAMED = 4
"""Late vertices that the header names."""
LONGEST_NAME = 40


def state_line(checkpoint: Checkpoint, *, gone: bool) -> Line:
    """State, kind, format, and whether its files are still there."""
    lost = gone and judge.is_under_way(checkpoint)
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
    """The vertices that have not acknowledged whole, as a sentence; of a complete one the slowest."""
    late = judge.late_vertices(checkpoint, list(names))
    if late:

        def words_of(one: Late) -> str:
            which = subtask_names.missing(one.missing, one.subtasks, late_subtasks(one.vertex))
            return f"{cut(names.get(one.vertex, one.vertex), LONGEST_NAME)}, {which}"

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


def header_lines(
    facts: CheckpointFacts,
    names: Mapping[str, str],
    now: float,
    offset: float | None,
    *,
    late_subtasks: LateSubtasks,
    one_line: OneLine = plain_line,
) -> list[Line | Part]:
    """Everything that is known of one checkpoint but its table; `one_line` makes each line on its own."""
    one = facts.checkpoint
    if one is None:
        return []
    lines: list[Line | Part] = [
        one_line("state", lambda: state_line(one, gone=facts.gone)),
        one_line("time", lambda: time_line(one, now, offset)),
        one_line("size", lambda: sizes_line(one)),
    ]
    if one.external_path:
        lines.append(figure("path", one.external_path))
    if one.status == judge.FAILED:
        lines.append((f"Failed: {one.failure_message or 'Flink gave no reason'}", "bad"))
    if facts.tasks_of is not None and (late := who_is_late(facts.tasks_of, names, late_subtasks)) is not None:
        lines.append(late)
    return lines


class CheckpointHeader(LinesPanel):
    """The header of one checkpoint; faded when Flink has dropped it."""

    DEFAULT_CSS = "CheckpointHeader { max-height: 60%; }"

    def __init__(self, job: str, checkpoint: int) -> None:
        super().__init__(job)
        self.checkpoint = checkpoint

    def asks(self) -> Asks:
        """The details while they may change, and the history that tells what came after."""
        asked = details_asks(self.port, self.job, self.checkpoint)
        return asked | {CHECKPOINTS(job=self.job): 0.0, JOB(job=self.job): 0.0}

    def lines(self) -> list[Line | Part]:
        port, number = self.port, self.checkpoint
        facts = checkpoint_facts(port, self.job, number)
        reading = port.reading(CHECKPOINT(job=self.job, checkpoint=number))
        if facts.checkpoint is None:
            if (error := error_of(reading, port.lost)) is not None:
                return [(f"checkpoint {number}: {error.reason}", "bad")]
            return [[(f"loading checkpoint {number}", "muted")]]

        def late(vertex: str) -> tuple[int, ...] | None:
            """Which subtasks are late, as far as the table below has asked for them."""
            share = facts.tasks.get(vertex)
            return late_subtasks(port, self.job, number, vertex, share) if share is not None else None

        lines = header_lines(
            facts,
            vertex_names(port, self.job),
            port.known_time(),
            self.zone_offset(),
            late_subtasks=late,
            one_line=self.one_line,
        )
        return faded_if_gone(port, lines, reading, gone=facts.gone)
