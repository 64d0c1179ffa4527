"""Checkpoints in words: states, kinds, phases, subtasks that are late, the slowest phase."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.flink.numbers import positive
from flinktop.model import format as fmt
from flinktop.model import subtask_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.checkpoints import Checkpoint, CheckpointConfig, CheckpointSubtask, Measured

COMPLETED, FAILED, IN_PROGRESS = "COMPLETED", "FAILED", "IN_PROGRESS"
PHASES = ("start delay", "alignment", "sync", "async")  # of a subtask's share, in order of time
REST = "no phase"  # time in none of the phases: the task's mailbox, the acknowledgement's way

_TONES = {COMPLETED: "good", FAILED: "bad", IN_PROGRESS: "info"}
_MARKS = {COMPLETED: "●", FAILED: "✕", IN_PROGRESS: "◐"}
_KINDS = {
    "CHECKPOINT": "checkpoint",
    "UNALIGNED_CHECKPOINT": "unaligned",
    "SAVEPOINT": "savepoint",
    "SYNC_SAVEPOINT": "sync savepoint",
}


def is_under_way(checkpoint: Measured) -> bool:
    """Whether it may still complete."""
    return checkpoint.status == IN_PROGRESS


def tone(status: str) -> str:
    """The style name of a checkpoint's state."""
    return _TONES.get(status, "warn")


def state(status: str) -> str:
    """A checkpoint's state as a shape and a word; also one unknown to flinktop (later releases)."""
    return f"{_MARKS.get(status, '▲')} {status.replace('_', ' ') or fmt.UNKNOWN}"


def kind(checkpoint: Checkpoint) -> str:
    """checkpoint, unaligned, savepoint or sync savepoint; before 1.12 only checkpoint or savepoint."""
    known = checkpoint.checkpoint_type
    if known:
        return _KINDS.get(known, known.replace("_", " ").lower())
    return "savepoint" if checkpoint.is_savepoint else "checkpoint"


def title(checkpoint: Checkpoint) -> str:
    """The name of a checkpoint in a sentence: "savepoint 3"."""
    number = checkpoint.id if checkpoint.id >= 0 else fmt.UNKNOWN
    return f"{'savepoint' if checkpoint.is_savepoint else 'checkpoint'} {number}"


def ended_at(checkpoint: Checkpoint) -> int | None:
    """When it completed or failed (ms since 1970); None while in progress."""
    if checkpoint.status == FAILED:
        return positive(checkpoint.failure_timestamp)
    return checkpoint.acknowledged_at if checkpoint.status == COMPLETED else None


def tail(path: str, cells: int, mark: str = "…") -> str:
    """The end of a path, which distinguishes checkpoints, in at most so many characters."""
    if len(path) <= cells:
        return path
    return mark + path[len(path) - max(cells - 1, 0) :] if cells > 0 else ""


# -- who is late --------------------------------------------------------------------------------------


class Late(Struct, frozen=True):
    """A vertex with subtasks that have not acknowledged."""

    vertex: str
    missing: int
    subtasks: int


def late_vertices(checkpoint: Checkpoint, order: Sequence[str] = ()) -> tuple[Late, ...]:
    """The vertices that have not fully acknowledged, in the order of the job graph."""
    at = {vertex: number for number, vertex in enumerate(order)}
    late = (
        Late(vertex, share.missing, share.num_subtasks)
        for vertex, share in checkpoint.tasks.items()
        if share.missing and share.num_subtasks is not None
    )
    return tuple(sorted(late, key=lambda one: at.get(one.vertex, len(at))))


def is_acknowledged(subtask: CheckpointSubtask) -> bool:
    """Whether a subtask has acknowledged."""
    return subtask.status == "completed"


def late_subtasks(subtasks: Iterable[CheckpointSubtask]) -> tuple[int, ...]:
    """The indices of subtasks that have not acknowledged, or were told to abort.

    Up to 1.14 what a subtask reports when it aborts counts as completed.
    """
    return tuple(sorted(one.index for one in subtasks if not is_acknowledged(one) or one.aborted))


# -- phases -------------------------------------------------------------------------------------------


class PhaseTimes(Struct, frozen=True):
    """The time of one subtask's share: ms by phase, None if not reported."""

    start_delay: float | None = None  # until the first barrier arrives; 1.11+
    alignment: float | None = None  # from the first barrier to the last
    sync: float | None = None  # while the task is stopped
    asynchronous: float | None = None  # while it continues to work
    total: float | None = None  # from the trigger to the acknowledgement

    @property
    def parts(self) -> tuple[float | None, ...]:
        return self.start_delay, self.alignment, self.sync, self.asynchronous

    @property
    def counted(self) -> float:
        """The sum of the phases; those of an unaligned checkpoint overlap, so it may exceed the total."""
        return sum(part for part in self.parts if part is not None)

    @property
    def rest(self) -> float:
        return max(0.0, (self.total or 0.0) - self.counted)

    @property
    def length(self) -> float:
        return max(self.total or 0.0, self.counted)


def phase_times(subtask: CheckpointSubtask) -> PhaseTimes:
    """The phases of one subtask; all None until it has acknowledged."""
    if not is_acknowledged(subtask):
        return PhaseTimes()
    return PhaseTimes(
        positive(subtask.start_delay),
        positive(subtask.alignment.duration),
        positive(subtask.checkpoint.sync),
        positive(subtask.checkpoint.async_),
        subtask.duration,
    )


def longest(times: PhaseTimes) -> tuple[str, float]:
    """The longest phase, or REST, and its ms."""
    parts = [(name, part) for name, part in zip(PHASES, times.parts, strict=True) if part is not None]
    return max([*parts, (REST, times.rest)], key=lambda part: part[1])


def slowest(subtasks: Iterable[CheckpointSubtask]) -> CheckpointSubtask | None:
    """The acknowledged subtask that took longest."""
    done = [subtask for subtask in subtasks if subtask.duration is not None and is_acknowledged(subtask)]
    return max(done, key=lambda subtask: subtask.end_to_end_duration, default=None)


def slowest_words(subtasks: Sequence[CheckpointSubtask], of: int | None) -> str:
    """The slowest subtask's longest phase: "alignment of subtask 3 (4/8): 4.2 s of 5.0 s"; "" if none."""
    subtask = slowest(subtasks)
    if subtask is None:
        return ""
    name, took = longest(phase_times(subtask))
    who = subtask_names.named(subtask.index, of)
    where = f"{name} of {who}"
    if name == REST:
        unreported = subtask.start_delay is None
        why = "start delay (1.11+) or" if unreported else "mailbox or"
        where = f"{why} the acknowledgement's way, {who}"
    return f"{where}: {fmt.milliseconds(took)} of {fmt.milliseconds(subtask.duration)}"


def stacked(parts: Sequence[float | None], scale: float, cells: int) -> tuple[int, ...]:
    """How many of `cells` each part takes if `scale` takes all of them.

    The ends of the parts are rounded, not the parts, so that bars of equal sums are equally long. In a bar
    too short for a cell the greatest part takes one cell: nothing vanishes.
    """
    known = [max(0.0, part) if part is not None and math.isfinite(part) else 0.0 for part in parts]
    if cells <= 0 or scale <= 0 or not any(known):
        return (0,) * len(known)
    ends: list[int] = []
    sum_so_far = 0.0
    for part in known:
        sum_so_far += part
        ends.append(math.floor(min(1.0, sum_so_far / scale) * cells + 0.5))
    lengths = [end - before for end, before in zip(ends, [0, *ends], strict=False)]
    if not any(lengths):
        lengths[known.index(max(known))] = 1
    return tuple(lengths)


def quantile(values: Sequence[float], share: float) -> float | None:
    """A percentile (`share` from 0 to 1) by the formula of Flink's own summaries; None without values.

    Flink answers "NaN" for the percentiles of a checkpoint's subtasks in 1.14 to 2.3, so they are computed
    from the subtasks.
    """
    ordered = sorted(values)
    if not ordered:
        return None
    at = share * (len(ordered) + 1)
    if at < 1:
        return ordered[0]
    if at >= len(ordered):
        return ordered[-1]
    below = ordered[int(at) - 1]
    return below + (at - int(at)) * (ordered[int(at)] - below)


# -- configuration, item by item, in words --------------------------------------------------------------

UNLIMITED = 2**31 - 1  # Flink's value for "no limit"
_MODES = {"exactly_once": "exactly once", "at_least_once": "at least once"}


class Item(Struct, frozen=True):
    """One line of the configuration."""

    name: str
    field: str  # its name in Flink's REST API
    words: str | None  # None if the release does not report it
    since: tuple[int, int] = (1, 9)  # the first release that reports it


def items(config: CheckpointConfig) -> tuple[Item, ...]:
    """All items, also those of later releases."""
    unaligned = config.unaligned_checkpoints
    return (
        Item("mode", "mode", _MODES.get(config.mode, config.mode) or None),
        Item("interval", "interval", _interval(config)),
        Item("timeout", "timeout", _stretch(config.timeout)),
        Item("minimum pause", "min_pause", _stretch(config.min_pause)),
        Item("maximum concurrent", "max_concurrent", _number(config.max_concurrent)),
        Item("retained after the job", "externalization", _kept(config)),
        Item("state backend", "state_backend", config.state_backend, (1, 10)),
        Item("storage", "checkpoint_storage", config.checkpoint_storage, (1, 13)),
        Item("unaligned", "unaligned_checkpoints", _switch(unaligned), (1, 12)),
        Item("aligned checkpoint timeout", "aligned_checkpoint_timeout", _aligned(config), (1, 14)),
        Item("tolerable failed checkpoints", "tolerable_failed_checkpoints", _tolerated(config), (1, 12)),
        Item(
            "checkpoints after tasks finish",
            "checkpoints_after_tasks_finish",
            _switch(config.checkpoints_after_tasks_finish),
            (1, 14),
        ),
        Item("changelog", "state_changelog_enabled", _switch(config.state_changelog_enabled), (1, 16)),
        Item(
            "changelog materialization",
            "changelog_periodic_materialization_interval",
            _of_changelog(config, _stretch(config.changelog_periodic_materialization_interval)),
            (1, 16),
        ),
        Item(
            "changelog storage", "changelog_storage", _of_changelog(config, config.changelog_storage), (1, 16)
        ),
    )


def _interval(config: CheckpointConfig) -> str:
    if config.interval is None:
        return "not periodic: only when triggered"
    return fmt.exact(config.interval)


def _stretch(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return "none" if milliseconds <= 0 else fmt.exact(milliseconds)


def _number(value: int | None) -> str | None:
    if value is None:
        return None
    return str(value) if value < UNLIMITED else "unlimited"


def _switch(value: bool | None) -> str | None:  # noqa: FBT001 -- Flink's value
    if value is None:
        return None
    return "on" if value else "off"


def _kept(config: CheckpointConfig) -> str:
    kept = config.externalization
    if not kept.enabled:
        return "no: deleted when the job ends"
    if kept.delete_on_cancellation:
        return "when it fails; deleted when it is cancelled"
    return "when it fails and when it is cancelled"


def _aligned(config: CheckpointConfig) -> str | None:
    timeout = config.aligned_checkpoint_timeout
    if timeout is None:
        return None
    if not config.unaligned_checkpoints:
        return f"{'none' if timeout <= 0 else fmt.exact(timeout)}, without effect: unaligned is off"
    return "none: unaligned from the start" if timeout <= 0 else f"{fmt.exact(timeout)}, then unaligned"


def _tolerated(config: CheckpointConfig) -> str | None:
    tolerated = config.tolerable_failed_checkpoints
    if tolerated is None:
        return None
    if tolerated <= 0:
        return "none: a failed checkpoint fails the job"
    return f"{tolerated} in a row" if tolerated < UNLIMITED else "unlimited"


def _of_changelog(config: CheckpointConfig, words: str | None) -> str | None:
    """The words, with a note if the item has no effect because the changelog is off."""
    if words is None or config.state_changelog_enabled:
        return words
    return f"{words}, without effect: changelog is off"
