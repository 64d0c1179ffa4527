"""The notification when an operation of this flinktop ends: once, and longer when it did not go well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from flinktop.engine.operation import State
from flinktop.facts.operations import explanation_of, outcome, two_facts
from flinktop.flink.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.operation import Operation

LONGEST = 400  # letters of a reason: the operations screen shows more
LONGEST_EXPLAINED = 200  # of one that is followed by what it means
Severity = Literal["information", "warning", "error"]
_NOTICES: dict[State, tuple[Severity, float]] = {
    State.DONE: ("information", 8.0),
    State.FAILED: ("error", 30.0),
    State.LOST: ("warning", 30.0),
    State.REFUSED: ("warning", 20.0),
    State.UNKNOWN: ("warning", 30.0),
}
"""Severity of each end, and for how many seconds its notification is shown."""


class Ending(Struct, frozen=True):
    """The notification of an operation that has ended."""

    title: str
    words: str  # includes foreign text
    severity: Severity
    seconds: float


class OperationNews:
    """Which operations have ended since the last call: those that this flinktop sent, or took over."""

    def __init__(self) -> None:
        self._seen: Iterable[Operation] | None = None
        self._notified: set[str] = set()

    def ended(self, operations: tuple[Operation, ...]) -> list[Ending]:
        """The new notifications of `Port.operations`, the oldest first; the same tuple again has none."""
        if operations is self._seen:
            return []
        self._seen = operations
        # Requests of others, and operations that ended before this start, are not `ours`.
        news = [one for one in operations if one.ours and one.state.final and one.id not in self._notified]
        self._notified.update(one.id for one in news)
        return [ending(one) for one in reversed(news)]


def ending(operation: Operation) -> Ending:
    """The notification of an operation that has ended."""
    severity, seconds = _NOTICES[operation.state]
    text, _, _ = outcome(operation)
    lines = [clean(operation.subject)]
    known = explanation_of(operation)
    most = LONGEST_EXPLAINED if known else LONGEST
    if text:
        lines.append(text if len(text) <= most else f"{text[:most]} … (O: full text)")
    lines += [f"{label}: {words}" for label, words in known]
    if operation.state is State.DONE:
        lines += [f"the job is {words}" for label, words, _ in two_facts(operation) if label == "job is"]
    elif operation.result.savepoint:
        lines.append(f"the savepoint was completed anyway: {clean(operation.result.savepoint)}")
    return Ending(f"{operation.label}: {operation.state}", "\n".join(lines), severity, seconds)
