"""When a cluster was looked at: the gaps between looks, and outages, which are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal import gaps, outages
from flinktop.engine.journal.outages import Outage

if TYPE_CHECKING:
    from flinktop.engine.journal.event import Event

LOOKED_MS: Final = 3_000.0
"""Between two notes that the cluster was looked at."""


class Moment(Struct, frozen=True):
    """When an answer came; ms since 1970."""

    at: float  # by the cluster's clock, or the estimate of it
    wall: float  # by this machine's
    anchored: bool = True  # whether the cluster's clock is known


class Looks:
    """The looks at one cluster. Times are ms since 1970."""

    def __init__(self, looked: float | None = None, outage: Outage = Outage()) -> None:  # noqa: B008 -- frozen
        """`looked` is the last look before the start, by the clock of the machine that looked."""
        self._noted_at = looked
        self._outage = outage
        self._newest: Moment | None = None  # the newest answer

    def answered(self, moment: Moment) -> tuple[Event, ...]:
        """Take an answer; the gap before it, if there is one.

        Between two starts this machine's clock tells how long that was. Later the cluster's does, if it is
        known: this machine's may be set anew, and both stand still in the engine while the machine sleeps.
        """
        before, self._newest = self._newest, moment
        if before is None:
            return _gap(self._noted_at, moment)
        if self._outage.since is not None:
            return ()
        both = before.anchored and moment.anchored
        lasted = moment.at - before.at if both else moment.wall - before.wall
        return _gap(moment.wall - lasted, moment)

    def to_note(self, moment: Moment) -> float | None:
        """When the cluster was looked at, by this machine's clock, if that is to be noted again."""
        if self._noted_at is not None and abs(moment.wall - self._noted_at) < LOOKED_MS:
            return None
        self._noted_at = moment.wall
        return moment.wall

    def silent(
        self, seconds: float | None, error: str, now: float
    ) -> tuple[Outage | None, tuple[Event, ...]]:
        """Take for how long a cluster has not answered, and why; None if it does.

        Returns the outage if that has begun or ended, and what to say of it.
        """
        before = self._outage
        self._outage, events = outages.after(
            before, 1000.0 * seconds if seconds is not None else None, error, now
        )
        if self._outage is before:
            return None, ()
        if self._outage.since is None and self._newest is not None:
            # What was said is no gap.
            newest = self._newest
            self._newest = replace(newest, at=now, wall=newest.wall + now - newest.at)
        return self._outage, events


def _gap(last: float | None, moment: Moment) -> tuple[Event, ...]:
    found = gaps.gap(last, moment.wall)
    return (replace(found, at=moment.at),) if found is not None else ()
