"""What the ledger knows of a job: how it was started, and its savepoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.acts.dispose import Dispose
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.operation import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.operation import Operation


def run_of(operations: Iterable[Operation], job: str) -> RunJar | None:
    """The act that started a job from here; None for a job that was started otherwise."""
    for operation in operations:
        if operation.result.job == job and isinstance(operation.act, RunJar):
            return operation.act
    return None


def savepoints(operations: Iterable[Operation]) -> tuple[tuple[str, Operation], ...]:
    """Paths of the savepoints that were made and not disposed of from here, newest first."""
    known = tuple(operations)
    disposed = {
        operation.act.path
        for operation in known
        if isinstance(operation.act, Dispose) and operation.state is State.DONE
    }
    return tuple(
        (operation.result.savepoint, operation)
        for operation in known
        if operation.result.savepoint is not None and operation.result.savepoint not in disposed
    )


def last_savepoint(operations: Iterable[Operation], job: str) -> str | None:
    """Path of the newest savepoint of a job that was made from here."""
    return next((path for path, operation in savepoints(operations) if operation.job == job), None)
