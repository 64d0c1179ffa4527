"""When the trouble began: the first failure of the restart loop that lasts, by Flink and by the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.engine.journal.event import EventKind
from flinktop.model import faults as judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.engine.journal.event import Event
    from flinktop.flink.exceptions import Fault


class FirstFailure(Struct, frozen=True):
    """The first failure, or the only one."""

    at: float  # ms since 1970
    taskmanager: str | None = None
    task: str | None = None


def first_failure(faults: Sequence[Fault], events: Iterable[Event]) -> FirstFailure | None:
    """The first failure of the loop that the newest one belongs to; None if nothing has failed.

    The journal remembers failures that Flink has dropped: those that are near enough to belong to the loop.
    """
    dated = [one for one in faults if one.timestamp > 0]
    first: FirstFailure | None = None
    if dated:
        fault = judge.loop_start(judge.groups(dated)) or dated[0]
        first = FirstFailure(float(fault.timestamp), placed(fault.task_manager_id), fault.task_name)
    failures = sorted(
        (one for one in events if one.kind is EventKind.FAILURE and one.at > 0), key=lambda one: -one.at
    )
    for event in failures:
        last = max(event.at, event.last)
        if first is None or (event.at < first.at and first.at - last <= judge.LOOP_SECONDS * 1000.0):
            first = FirstFailure(event.at, event.taskmanager, event.vertex_name or None)
    return first


def placed(taskmanager: str | None) -> str | None:
    """The id of a TaskManager; None for a task that was not deployed."""
    return taskmanager if taskmanager and not taskmanager.startswith("(unassigned") else None
