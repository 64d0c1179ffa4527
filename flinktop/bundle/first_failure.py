"""When the trouble began: the first failure of the restart loop that lasts, by Flink and by the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.journal.event import EventKind
from flinktop.model import faults as judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.engine.journal.event import Event
    from flinktop.flink.exceptions import Fault


RECENT: Final = 3_600_000.0
"""Ms after its newest failure in which the trouble of a job that runs again may still be that failure."""


class FirstFailure(Struct, frozen=True, kw_only=True):
    """The first failure of the newest series, or the only one; times are ms since 1970."""

    at: float
    newest: float
    taskmanager: str | None = None

    def matters(self, state: str, now: float | None) -> bool:
        """Whether a job in this state is looked at because of it, and not because of something since."""
        return state != "RUNNING" or now is None or now - self.newest <= RECENT


def first_failure(faults: Sequence[Fault], events: Iterable[Event]) -> FirstFailure | None:
    """The first failure of the loop that the newest one belongs to; None if nothing has failed.

    The journal remembers failures that Flink has dropped: those that are near enough to belong to the loop.
    """
    dated = [one for one in faults if one.timestamp > 0]
    first: FirstFailure | None = None
    if dated:
        fault = judge.loop_start(judge.groups(dated)) or dated[0]
        first = FirstFailure(
            at=float(fault.timestamp),
            newest=float(max(one.timestamp for one in dated)),
            taskmanager=placed(fault.task_manager_id),
        )
    failures = sorted(
        (one for one in events if one.kind is EventKind.FAILURE and one.at > 0), key=lambda one: -one.at
    )
    for event in failures:
        last = max(event.at, event.last)
        if first is None or (event.at < first.at and first.at - last <= judge.LOOP_SECONDS * 1000.0):
            newest = first.newest if first is not None else last
            first = FirstFailure(at=event.at, newest=newest, taskmanager=event.taskmanager)
    return first


def placed(taskmanager: str | None) -> str | None:
    """The id of a TaskManager; None for a task that was not deployed."""
    return taskmanager if taskmanager and not taskmanager.startswith("(unassigned") else None
