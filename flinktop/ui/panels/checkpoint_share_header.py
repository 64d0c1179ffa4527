"""One vertex in one checkpoint: who acknowledged, what took longest, and what the shapes stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.facts.checkpoints import checkpoint_facts, vertex_names
from flinktop.flink.checkpoints import CHECKPOINT_SUBTASKS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.panels.checkpoint_header import bytes_or_absent
from flinktop.ui.panels.checkpoint_lines import (
    CheckpointLines,
    Line,
    faded_if_gone,
    figure,
    watch_checkpoint,
    when_line,
)
from flinktop.ui.panels.checkpoint_subtasks import subtasks_every
from flinktop.ui.panels.frame import Part, zone_offset

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import Checkpoint, CheckpointSubtasks, Measured


def share_line(share: Measured) -> Line:
    """The vertex's own figures."""
    took = fmt.milliseconds(share.duration) if share.duration is not None else fmt.ABSENT
    full = share.full_size
    return [
        *figure("acknowledged", fmt.part(share.num_acknowledged_subtasks, share.num_subtasks), gap=False),
        *figure("took", took),
        *figure("written", fmt.size(share.written)),
        *figure("full size", bytes_or_absent(full)),
        *figure("in flight: processed", bytes_or_absent(share.processed_data)),
        *figure("persisted", bytes_or_absent(share.persisted_data)),
    ]


def words_line(share: CheckpointSubtasks, *, under_way: bool) -> list[Line]:
    """Who has not acknowledged, and which phase of which subtask took longest."""
    lines: list[Line] = []
    if late := judge.late_subtasks(share.subtasks):
        words = subtask_names.missing(len(late), share.num_subtasks or len(share.subtasks), late)
        verb = "not acknowledged yet: " if under_way else "not acknowledged: "
        lines.append([(verb, "muted"), (words, "info" if under_way else "bad")])
    if words := judge.slowest_words(share.subtasks, share.num_subtasks):
        lines.append([("slowest ", "muted"), (words, "")])
    return lines


class CheckpointShareHeader(CheckpointLines):
    """The header of one vertex in one checkpoint."""

    def __init__(self, job: str, checkpoint: int, vertex: str) -> None:
        super().__init__()
        self._job = job
        self._checkpoint = checkpoint
        self._vertex = vertex

    def on_mount(self) -> None:
        """Watch what the table below watches too."""
        self.watch_query("job", JOB(job=self._job), self.news)
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        self._follow()
        super().on_mount()

    def _details(self, _reading: Reading[Any]) -> None:
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        self._follow()
        self.tick()

    def _told(self, _reading: Reading[Any]) -> None:
        self._follow()
        self.tick()

    def _follow(self) -> None:
        query = CHECKPOINT_SUBTASKS(job=self._job, checkpoint=self._checkpoint, vertex=self._vertex)
        every = subtasks_every(self.port, self._job, self._checkpoint, self._vertex)
        self.watch_query("subtasks", query, self._told, every=every)

    def described(self) -> list[Line | Part]:
        """What is known; faded when Flink has dropped it."""
        port = self.port
        query = CHECKPOINT_SUBTASKS(job=self._job, checkpoint=self._checkpoint, vertex=self._vertex)
        reading = port.reading(query)
        facts = checkpoint_facts(port, self._job, self._checkpoint)
        share = reading.value if reading is not None else None
        known = facts.tasks_of.tasks.get(self._vertex) if facts.tasks_of is not None else None
        name = vertex_names(port, self._job).get(self._vertex, self._vertex)
        lines: list[Line | Part] = [[(name, "strong")]]
        if facts.checkpoint is not None:
            lines.append(self._checkpoint_line(facts.checkpoint))
        if (figures := share or known) is not None:
            lines.append(share_line(figures))
        if share is not None:
            under_way = facts.checkpoint is None or judge.is_under_way(facts.checkpoint)
            lines += words_line(share, under_way=under_way)
        gone = reading is not None and isinstance(reading.error, NotFound)
        return faded_if_gone(port, lines, reading, gone=gone)

    def _checkpoint_line(self, told: Checkpoint) -> Line:
        return [
            (judge.state(told.status), judge.tone(told.status)),
            (f"  {judge.title(told)}   ", ""),
            *when_line(told, self.port.known_time(), zone_offset(self)),
        ]
