"""One checkpoint: state, kind, times, sizes, where it lies, why it failed, who is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import CheckpointFacts, checkpoint_facts, late_subtasks, vertex_names
from flinktop.facts.freshness import error_of
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.panels.checkpoint_lines import (
    CheckpointLines,
    Line,
    OneLine,
    faded_if_gone,
    figure,
    plain_line,
    watch_checkpoint,
    when_line,
)
from flinktop.ui.panels.checkpoint_overview import full_size
from flinktop.ui.panels.frame import Part, cut, zone_offset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.model.checkpoints import Late

    LateSubtasks = Callable[[str], tuple[int, ...] | None]
    """The subtasks of a vertex that have not acknowledged, ascending; None where they are not known."""

NAMED = 4
"""Late vertices that the header names."""
LONGEST_NAME = 40


def state_line(checkpoint: Checkpoint, *, gone: bool) -> Line:
    """State, kind, format, and whether its files are still there."""
    lost = gone and judge.is_under_way(checkpoint)
    state = "outcome not seen" if lost else judge.state(checkpoint.status)
    line: Line = [
        (state, "warn" if lost else judge.tone(checkpoint.status)),
        (f"  {judge.title(checkpoint)}", "strong"),
        *figure("type", judge.kind(checkpoint)),
    ]
    if checkpoint.savepoint_format is not None:
        line += figure("format", checkpoint.savepoint_format.lower())
    if checkpoint.status == judge.COMPLETED:
        line += figure("files", "discarded" if checkpoint.discarded else "kept")
    return line


def sizes_line(checkpoint: Checkpoint) -> Line:
    """Bytes written, of the whole state, and in flight; "–" where the release does not tell."""  # noqa: RUF002 -- ABSENT
    line = [
        *figure("written", fmt.size(checkpoint.written), gap=False),
        *figure("full size", full_size(checkpoint)),
        *figure("in flight: processed", bytes_or_absent(checkpoint.processed_data)),
        *figure("persisted", bytes_or_absent(checkpoint.persisted_data)),
    ]
    if checkpoint.alignment_buffered > 0:
        # Counted up to 1.10; the field is 0 in later releases.
        line += figure("buffered in alignment", fmt.size(checkpoint.alignment_buffered))
    return line


def bytes_or_absent(value: float | None) -> str:
    """Bytes; "–" where the release does not tell."""  # noqa: RUF002 -- ABSENT
    return fmt.size(value) if value is not None else fmt.ABSENT


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
    return [
        ("slowest vertex ", "muted"),
        (f"{names.get(vertex, vertex)}: ", ""),
        (f"{fmt.milliseconds(took)} of {fmt.milliseconds(checkpoint.duration)}", ""),
    ]


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
    acknowledged = fmt.part(one.num_acknowledged_subtasks, one.num_subtasks)
    latest = one.acknowledged_at
    lines: list[Line | Part] = [
        one_line("state", lambda: state_line(one, gone=facts.gone)),
        one_line(
            "time",
            lambda: [
                *when_line(one, now, offset),
                *figure("acknowledged", acknowledged),
                *figure(
                    "latest at", fmt.near(latest / 1000.0, offset, now) if latest is not None else fmt.ABSENT
                ),
            ],
        ),
        one_line("size", lambda: sizes_line(one)),
    ]
    if one.external_path:
        lines.append([("path ", "muted"), (one.external_path, "")])
    if one.status == judge.FAILED:
        lines.append((f"Failed: {one.failure_message or 'Flink gave no reason'}", "bad"))
    if facts.tasks_of is not None and (late := who_is_late(facts.tasks_of, names, late_subtasks)) is not None:
        lines.append(late)
    return lines


class CheckpointHeader(CheckpointLines):
    """The header of one checkpoint."""

    DEFAULT_CSS = "CheckpointHeader { max-height: 60%; }"

    def __init__(self, job: str, checkpoint: int) -> None:
        super().__init__()
        self._job = job
        self._checkpoint = checkpoint

    def on_mount(self) -> None:
        """Watch the details while they may change, and the history that tells what came after."""
        self.watch_query("checkpoints", CHECKPOINTS(job=self._job), self.news)
        self.watch_query("job", JOB(job=self._job), self.news)
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        super().on_mount()

    def _details(self, _reading: Reading[Any]) -> None:
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        self.tick()

    def _late_subtasks(self, vertex: str) -> tuple[int, ...] | None:
        """Which subtasks are late, as far as the table below has asked for them."""
        facts = checkpoint_facts(self.port, self._job, self._checkpoint)
        share = facts.tasks_of.tasks.get(vertex) if facts.tasks_of is not None else None
        return (
            late_subtasks(self.port, self._job, self._checkpoint, vertex, share)
            if share is not None
            else None
        )

    def described(self) -> list[Line | Part]:
        """What is known; faded when Flink has dropped it."""
        port = self.port
        facts = checkpoint_facts(port, self._job, self._checkpoint)
        reading = port.reading(CHECKPOINT(job=self._job, checkpoint=self._checkpoint))
        if facts.checkpoint is None:
            if (error := error_of(reading, port.lost)) is not None:
                return [(f"checkpoint {self._checkpoint}: {error.reason}", "bad")]
            return [[(f"loading checkpoint {self._checkpoint}", "muted")]]
        lines = header_lines(
            facts,
            vertex_names(port, self._job),
            port.known_time(),
            zone_offset(self),
            late_subtasks=self._late_subtasks,
            one_line=self.one_line,
        )
        return faded_if_gone(port, lines, reading, gone=facts.gone)
