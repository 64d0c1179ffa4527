"""Operations from flinktops, when they have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.journal.event import Event, EventKind
from flinktop.engine.operation import State
from flinktop.flink.connection import cluster_key
from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from flinktop.engine.operation import Operation

_RECORDED = frozenset({State.DONE, State.FAILED, State.LOST})


def ended(
    known: Container[str], operations: Iterable[Operation], cluster: str, ahead: float
) -> tuple[tuple[str, ...], tuple[Event, ...]]:
    """The operations of a cluster that have ended and are not `known` by their id, oldest first.

    `ahead`: how many seconds the cluster's clock is ahead of this machine's.
    """
    key = cluster_key(cluster)
    new = [
        one
        for one in operations
        if one.state in _RECORDED and one.id not in known and cluster_key(one.cluster) == key
    ]
    new.sort(key=lambda one: one.ended or one.planned)
    return tuple(one.id for one in new), tuple(_event(one, ahead) for one in new)


def _event(operation: Operation, ahead: float) -> Event:
    operation = operation.without_secrets()
    label = operation.label[:1].upper() + operation.label[1:]
    reason = clean(operation.reason)
    end = {
        State.DONE: "done",
        State.FAILED: f"failed: {reason or 'no reason given'}",
        State.LOST: f"outcome unknown: {reason or 'no reason given'}",
    }[operation.state]
    return Event(
        at=1000.0 * ((operation.ended or operation.planned) + ahead),
        cluster="",
        kind=EventKind.OPERATION,
        words=redaction.text(clean(f"{label} of {operation.subject or 'the cluster'}: {end}")),
        key=f"operation {operation.id}",
        job=operation.job or "",
        job_name=clean(operation.subject) if operation.job else "",
        severity=Severity.OK if operation.state is State.DONE else Severity.WARNING,
        details="\n".join(_details(operation)),
    )


def _details(operation: Operation) -> list[str]:
    result = operation.result
    lines = [
        f"{name}: {value}"
        for name, value in (
            ("by", operation.by),
            ("savepoint", result.savepoint),
            ("checkpoint", result.checkpoint),
            ("job", result.job if result.job != operation.job else None),
            ("jar", result.jar),
            ("application", result.application),
            ("state of the job", result.job_state),
        )
        if value not in (None, "")
    ]
    lines += result.facts
    known = operation.explanation
    if operation.state is not State.DONE and known is not None:
        lines += [f"means: {known.means}", f"next: {known.next}"]
    return [redaction.text(clean(line)) for line in lines]
