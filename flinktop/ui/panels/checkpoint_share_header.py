"""One vertex in one checkpoint: who acknowledged, what took longest, and what the shapes stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import checkpoint_facts, details_asks, subtasks_asks, vertex_names
from flinktop.flink.checkpoints import CHECKPOINT_SUBTASKS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.panels.checkpoint_lines import faded_if_gone, figure, figures, size_figures, when_line
from flinktop.ui.panels.lines_panel import Line, LinesPanel, spaced

if TYPE_CHECKING:
    from flinktop.flink.checkpoints import CheckpointSubtasks, Measured
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part


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
        share, told = reading.value if reading is not None else None, facts.checkpoint
        lines: list[Line | Part] = [[(vertex_names(port, self.job).get(vertex, vertex), "strong")]]
        if told is not None:
            state = (judge.state(told.status), judge.tone(told.status))
            when = when_line(told, port.known_time(), self.zone_offset())
            lines.append(spaced([state, (f"  {judge.title(told)}", "")], when))
        if (measured := share or facts.tasks.get(vertex)) is not None:
            lines.append(share_line(measured))
        if share is not None:
            lines += words_line(share, under_way=told is None or judge.is_under_way(told))
        gone = reading is not None and isinstance(reading.error, NotFound)
        return faded_if_gone(port, lines, reading, gone=gone)
