"""What is known of an attempt of a subtask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.facts.figure import ABSENT, Figure
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from flinktop.facts.subtasks import VertexContext
    from flinktop.flink.vertices import Attempt

PHASES = (
    ("SCHEDULED", "SCHEDULED"),
    ("DEPLOYING", "DEPLOYING"),
    ("INITIALIZING", "INITIALIZ."),
    ("RUNNING", "RUNNING"),
)
"""States whose time an attempt tells (1.16+), and what their columns are called."""


class AttemptFacts(Struct, frozen=True):
    """One attempt."""

    number: int | None
    state: str
    started: str
    ended: str
    start: int
    """ms since 1970; -1 not yet."""
    end: int
    host: str
    seconds: float | None
    taken: Figure
    sent: Figure
    spent: tuple[int | None, ...]
    """Milliseconds in each of `PHASES`; None where the release does not tell."""
    old: bool = False

    @property
    def name(self) -> str:
        """Where it ran."""
        return self.host


def attempt_facts(attempt: Attempt, context: VertexContext, cluster_now: float, *, old: bool) -> AttemptFacts:
    """An attempt; times are written in the zone of `context`."""

    def time(value: int) -> str:
        return fmt.near(value / 1000.0, context.offset, cluster_now) if value > 0 else fmt.ABSENT

    spent = attempt.status_duration
    return AttemptFacts(
        number=attempt.attempt,
        state=attempt.status,
        started=time(attempt.start_time),
        ended=time(attempt.end_time),
        start=attempt.start_time,
        end=attempt.end_time,
        host=attempt.where,
        seconds=attempt.duration / 1000.0 if attempt.duration >= 0 else None,
        taken=ABSENT if context.source else Figure(attempt.metrics.records_in),
        sent=ABSENT if context.sink else Figure(attempt.metrics.records_out),
        spent=tuple(spent.get(state) if spent is not None else None for state, _ in PHASES),
        old=old,
    )
