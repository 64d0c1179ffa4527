"""Which calls about alerts are shown one by one, and which together, so that a bad minute stays readable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.alerts.alert import Call

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.alerts.alert import Alert, AlertKey, Change

FEW: Final = 2
"""So many calls of one kind are shown one by one; a third message of something else still has room."""
QUIET_SECONDS: Final = 10.0
"""Calls that are no further apart belong together."""
UPDATE_SECONDS: Final = 5.0
"""For so long a message about many calls stays as it is."""


class Due(Struct, frozen=True):
    """What is to be shown now.

    Attributes:
        call: A call as it came, or one with the alerts of all calls that belong together.
        new: What of it was not shown before.
        replaces: Whether it takes the place of all messages of its kind.
    """

    call: Call
    new: Call
    replaces: bool = False


class GatheredCalls:
    """Gathers calls by what has happened: raised, escalated and cleared alerts apart. Times are in s."""

    def __init__(self) -> None:
        self._groups: dict[Change, _Group] = {}

    def add(self, calls: Iterable[Call], now: float) -> None:
        """Take new calls."""
        for call in calls:
            group = self._groups.get(call.change)
            if group is None or now - group.newest > QUIET_SECONDS:
                left = group.waiting if group is not None else []
                group = self._groups[call.change] = _Group()
                for one in left:
                    group.add(one, now)
            group.add(call, now)

    def due(self, now: float) -> list[Due]:
        """What is to be shown now; the rest waits for a later call of this."""
        found: list[Due] = []
        for change, group in list(self._groups.items()):
            found += group.due(now)
            if not group.waiting and now - group.newest > QUIET_SECONDS:
                del self._groups[change]
        return found


class _Group:
    """Calls about the same change that belong together."""

    def __init__(self) -> None:
        self.newest = 0.0
        self.waiting: list[Call] = []
        self._count = 0
        self._alerts: dict[tuple[str, AlertKey], Alert] = {}  # by cluster and alert
        self._updated: float | None = None

    def add(self, call: Call, now: float) -> None:
        self.newest = now
        self.waiting.append(call)
        self._count += 1
        self._alerts.update(((one.target, one.key), one) for one in call.alerts)

    def due(self, now: float) -> list[Due]:
        if not self.waiting:
            return []
        if self._count <= FEW:
            new, self.waiting = self.waiting, []
            return [Due(call, call) for call in new]
        if self._updated is not None and now - self._updated < UPDATE_SECONDS:
            return []
        self._updated = now
        new, self.waiting = self.waiting, []
        whole = Call(new[-1].change, worst_first(self._alerts.values()), new[-1].at)
        alerts = worst_first(alert for call in new for alert in call.alerts)
        return [Due(whole, Call(whole.change, alerts, whole.at), replaces=True)]


def worst_first(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """The alerts, the most severe first."""
    return tuple(sorted(alerts, key=lambda one: one.severity.rank))
