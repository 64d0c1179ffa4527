"""Texts about an operation: state, duration, outcome, and what to copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from flinktop.engine.operation import State
from flinktop.flink.connection import cluster_key
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model import states

if TYPE_CHECKING:
    from flinktop.engine.acts.act import Act
    from flinktop.engine.acts.verdict import Explanation
    from flinktop.engine.operation import Operation
    from flinktop.facts.known import Known

_LOOKS = {
    **dict.fromkeys((State.PLANNED, State.SENT, State.ACCEPTED, State.RUNNING), ("◐", "info")),
    State.DONE: ("●", "good"),
    State.FAILED: ("✕", "bad"),
    State.LOST: ("▲", "warn"),
    State.REFUSED: ("○", "warn"),
    State.UNKNOWN: ("?", "warn"),
}
_NOW = {
    State.PLANNED: "checking with the cluster whether it can be done",
    State.SENT: "sent; Flink has not answered yet",
    State.ACCEPTED: "accepted by Flink",
    State.RUNNING: "in progress",
}
TARGET_FIELDS = frozenset({"job", "name"})  # fields of an act that are shown as its target


def state_words(operation: Operation) -> str:
    """The state as a symbol and a word."""
    return f"{_LOOKS[operation.state][0]} {operation.state.upper()}"


def state_tone(operation: Operation) -> str:
    """The style name of the state."""
    return _LOOKS[operation.state][1]


def severity(operation: Operation) -> int:
    """How much attention the state needs: 3 failed, 2 lost or refused, 1 in progress, 0 done."""
    return {"bad": 3, "warn": 2, "info": 1}.get(state_tone(operation), 0)


def is_here(known: Known, operation: Operation) -> bool:
    """Whether it is of the open cluster."""
    return cluster_key(operation.cluster) == cluster_key(known.connection.url)


def under_way(known: Known) -> tuple[Operation, ...]:
    """Unfinished operations of this cluster, newest first."""
    return tuple(one for one in known.operations() if not one.state.final and is_here(known, one))


def took(operation: Operation, wall: float) -> float | None:
    """Seconds from sending to end, or until now (`wall`, s since 1970); None if it was not sent."""
    if operation.state.final:
        return operation.ended - operation.sent if operation.ended and operation.sent else None
    return max(0.0, wall - operation.planned)


def duration_words(operation: Operation, seconds: float) -> str:
    """How long it took, or has been in progress."""
    return fmt.milliseconds(seconds * 1000.0) if operation.state.final else fmt.duration(seconds)


def now_words(operation: Operation) -> str:
    """What it is doing now; "" once it has ended."""
    if operation.state.final:
        return ""
    if (share := progress_words(operation)) and not operation.words:
        return share
    return clean(operation.words) or _NOW[operation.state]


def progress_words(operation: Operation) -> str:
    """The progress of an upload; "" if there is none."""
    if operation.progress is None:
        return ""
    sent, size = operation.progress
    return f"{100 * sent // max(size, 1)} % of {fmt.size(size)}"


def made(operation: Operation) -> str:
    """Its main result: the savepoint's path, else the id of a job, jar or application."""
    result = operation.result
    return clean(result.savepoint or result.job or result.jar or result.application or "")


def outcome(operation: Operation) -> tuple[str, str, bool]:
    """The last cell of its row in a table: text, tone, and whether it is a path."""
    result = operation.result
    if not operation.state.final:
        return now_words(operation), "info", False
    if operation.state is not State.DONE:
        return clean(operation.reason) or "no reason is known", state_tone(operation), False
    if result.savepoint:
        return clean(result.savepoint), "", True
    outcomes = [f"job {result.job}"] if result.job and result.job != operation.job else []
    outcomes += [f"jar {result.jar}"] if result.jar else []
    outcomes += [f"checkpoint {result.checkpoint}"] if result.checkpoint is not None else []
    outcomes += [f"the job is {result.job_state}"] if result.job_state else []
    outcomes += result.facts
    return clean(", ".join(outcomes)), "", False


def explained(known: Explanation | None) -> tuple[tuple[str, str], ...]:
    """What a well-known failure means and what to do first, after their labels; () for any other."""
    return () if known is None else (("means", clean(known.means)), ("next", clean(known.next)))


def explanation_of(operation: Operation) -> tuple[tuple[str, str], ...]:
    """The same of an operation that has not gone well."""
    went_well = not operation.state.final or operation.state is State.DONE
    return () if went_well else explained(operation.explanation)


def worth_copying(operation: Operation) -> str:
    """The savepoint's path, else the id of the result or of its job, else why it failed."""
    return made(operation) or clean(operation.job or operation.reason)


def followed_by(known: Known, operation: Operation) -> str:
    """Which flinktop follows it; "" when it has ended."""
    if operation.state.final:
        return ""
    if operation.ours:
        return "this flinktop"
    if is_here(known, operation):
        return "another flinktop follows it; this one takes over when that one ends"
    return "a flinktop that opens its cluster follows it"


def options(act: Act) -> tuple[tuple[str, str], ...]:
    """Names and values of an act's options, without what looks like a secret."""
    chosen = _chosen(act.without_secrets())
    return tuple((name.replace("_", " "), clean(_written(value))) for name, value in chosen)


def _written(value: Any) -> str:
    if value is True:
        return "yes"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_written(one)}" for key, one in value.items())
    if isinstance(value, tuple | list):
        between = " to " if all(isinstance(one, int) for one in value) else " "
        return between.join(_written(one) for one in value)
    return str(value)


def _chosen(of: Any) -> list[tuple[str, Any]]:
    """The non-empty fields of a dataclass, including those of nested dataclasses."""
    found: list[tuple[str, Any]] = []
    for field in fields(of):
        value = getattr(of, field.name)
        if is_dataclass(value):
            found += _chosen(value)
        elif value not in (None, "", (), {}, False) and field.name not in TARGET_FIELDS:
            found.append((field.name, value))
    return found


def two_facts(operation: Operation) -> tuple[tuple[str, str, str], ...]:
    """Label, text and tone of savepoint and job state, for an act with both results; else ()."""
    ends_job = operation.act is not None and operation.act.ends_job
    if not ends_job or operation.state is State.REFUSED:
        return ()
    final, result = operation.state.final, operation.result
    saved, saved_tone = "made", "good"
    if result.savepoint is None:
        saved, saved_tone = ("none, as far as is known", "bad") if final else ("not yet", "muted")
    state = result.job_state
    if state is None:
        return ("savepoint", saved, saved_tone), ("job is", fmt.UNKNOWN, "muted")
    tone = "good" if states.is_terminal(state) and state != "FAILED" else "bad" if final else "info"
    return ("savepoint", saved, saved_tone), ("job is", clean(state), tone)
