"""What is known of the backpressure of a subtask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import first_minute, split

if TYPE_CHECKING:
    from flinktop.flink.vertices import SubtaskBackpressure

WORST_FIRST = {"high": 0, "low": 1, "ok": 2}


class PressureFacts(Struct, frozen=True):
    """One subtask, or one of several attempts of it that run at once; shares are 0 to 1."""

    key: str
    index: int
    attempt: int | None
    level: str
    backpressured: float | None
    busy: float | None
    idle: float | None
    unmeasured: bool = False
    """Whether the shares are not known yet: Flink says busy of a subtask that it has not measured."""


def pressure_facts(one: SubtaskBackpressure, index: int, suffix: str, *, young: bool) -> PressureFacts:
    """One subtask or attempt; `young`: its vertex is in its first minute."""
    unmeasured = young and first_minute.is_unmeasured(*split.times(one))
    return PressureFacts(
        key=f"{index}{suffix}",
        index=index,
        attempt=one.attempt_number,
        level=one.level,
        backpressured=one.ratio if not unmeasured else None,
        busy=one.busy_ratio if not unmeasured else None,
        # A legacy source measures neither: of its busy time Flink says NaN, of its idle time 0.
        idle=one.idle_ratio if one.busy_ratio is not None and not unmeasured else None,
        unmeasured=unmeasured,
    )
