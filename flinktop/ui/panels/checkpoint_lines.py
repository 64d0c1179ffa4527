"""What the panels of checkpoints share: lines of headers, columns of sizes, and texts of empty tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from flinktop.facts import freshness
from flinktop.facts.checkpoints import SubtaskShare, is_off
from flinktop.flink.checkpoints import CHECKPOINTS, Checkpoint, Measured
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.panels.columns import number, text
from flinktop.ui.panels.parts import MUTED_GAP, Line, pair, spaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Column

OFF = "checkpoints are off for this job"
DROPPED = "Flink no longer has the details of this checkpoint: its history keeps only the newest."

R = TypeVar("R")


Sizes = Measured | SubtaskShare
"""What reports bytes written, of the whole state (1.15+), and in flight, processed and persisted (1.12+)."""


def in_flight(sizes: Sizes) -> str:
    """In-flight bytes that were processed and persisted during the alignment; "" before 1.12."""
    both = (sizes.processed_data, sizes.persisted_data)
    return "/".join(size_words(one) for one in both) if both != (None, None) else ""


def size_columns(of: Callable[[R], Sizes], drops: tuple[int, int, int]) -> tuple[Column[R], ...]:
    """Bytes written, of the whole state, and in flight; `drops` is when each column is dropped."""
    written, full, flying = drops
    return (
        number("written", "WRITTEN", 7, lambda row: of(row).written, fmt.size, drop=written),
        number("full", "FULL", 6, lambda row: of(row).full_size, fmt.size, drop=full),
        text(
            "in_flight",
            "IN FLIGHT",
            13,
            lambda row: in_flight(of(row)),
            sort=lambda row: of(row).processed_data,
            align="right",
            descending=True,
            drop=flying,
        ),
    )


def acknowledged_column(
    of: Callable[[R], Measured], under_way: Callable[[R], bool], *, drop: int = 0
) -> Column[R]:
    """How many subtasks of how many have acknowledged."""

    def sort(row: R) -> int | None:
        missing = of(row).missing
        return -missing if missing is not None else None

    return text(
        "acknowledged",
        "ACKED",
        9,
        lambda row: fmt.part(of(row).num_acknowledged_subtasks, of(row).num_subtasks),
        tone=lambda row: acknowledged_tone(of(row).missing, under_way=under_way(row)),
        sort=sort,
        align="right",
        drop=drop,
    )


def acknowledged_tone(missing: int | None, *, under_way: bool) -> str:
    """The tone of the number of acknowledgements."""
    return "" if not missing else "info" if under_way else "bad"


def why_empty(port: Port, job: str, waiting: str, nothing: str) -> str:
    """The text of a table of a job's checkpoints without rows."""
    if is_off(port, job):
        return OFF
    return freshness.why_empty(port, port.reading(CHECKPOINTS(job=job)), waiting, nothing)


def figure(label: str, words: str, tone: str = "") -> Line:
    """A value after its label; one that is absent or not known is muted."""
    return pair(label, words, "muted" if words in (fmt.ABSENT, fmt.UNKNOWN) else tone)


def figures(*groups: Line) -> Line:
    """Values in one line with gaps between them; empty ones are left out."""
    return spaced(*groups, gap=MUTED_GAP)


def size_words(value: float | None) -> str:
    """Bytes; "–" if the release does not report them."""  # noqa: RUF002 -- ABSENT
    return fmt.size(value) if value is not None else fmt.ABSENT


def size_figures(sizes: Sizes) -> tuple[Line, ...]:
    """Bytes written, of the whole state, and in flight."""
    return (
        figure("written", fmt.size(sizes.written)),
        figure("full size", size_words(sizes.full_size)),
        figure("in flight: processed", size_words(sizes.processed_data)),
        figure("persisted", size_words(sizes.persisted_data)),
    )


def time_since(epoch_ms: int, now: float) -> str:
    """How long ago a time (ms since 1970) was at `now` (s); "–" for a -1 of Flink's."""  # noqa: RUF002 -- ABSENT
    return fmt.duration(max(0.0, now - epoch_ms / 1000.0)) if epoch_ms >= 0 else fmt.ABSENT


def age_words(epoch_ms: int | None, now: float) -> str:
    """How long ago a time (ms since 1970) was at `now` (s)."""
    return f"{time_since(epoch_ms, now)} ago" if epoch_ms is not None and epoch_ms >= 0 else fmt.UNKNOWN


def when_line(checkpoint: Checkpoint, now: float, offset: float | None) -> Line:
    """When it was triggered, and how long it took or has taken."""
    triggered = checkpoint.trigger_timestamp
    if judge.is_under_way(checkpoint):
        lasted = pair("for", time_since(triggered, now), "info")
    else:
        known = checkpoint.duration is not None
        lasted = pair("took", fmt.milliseconds(checkpoint.duration) if known else fmt.ABSENT)
    begun = pair("triggered", fmt.near(triggered / 1000.0, offset, now))
    return figures([*begun, (f", {age_words(triggered, now)}", "muted")], lasted)


def faded(lines: list[Line | Part], sentence: str) -> list[Line | Part]:
    """The last known lines, faded, under the sentence that says why they are no longer reported."""
    return [
        (sentence, "bad"),
        *(
            [(words, "stale") for words, _ in line] if isinstance(line, list) else (line[0], "stale")
            for line in lines
        ),
    ]


def faded_if_dropped(
    port: Port, lines: list[Line | Part], reading: Reading[Any] | None, *, dropped: bool
) -> list[Line | Part]:
    """The lines as they are, or faded under a sentence when Flink no longer reports them."""
    if reading is None or (reading.error is None and port.lost is None):
        return lines
    if dropped:
        return faded(lines, f"{DROPPED} esc goes back.")
    if reading.at is None:
        return lines
    age = fmt.duration(port.now() - reading.at)
    return faded(lines, f"This checkpoint can't be read now. Last update {age} ago.")
