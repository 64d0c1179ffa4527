"""The time in which no flinktop looked at a cluster."""

from __future__ import annotations

from typing import Final

from flinktop.engine.journal.event import Event, EventKind
from flinktop.judgement.finding import Severity
from flinktop.model import format as fmt

LEAST_MS: Final = 60_000.0
"""A shorter time is no gap."""


def gap(last: float | None, now: float) -> Event | None:
    """The gap between the last look and now (ms since 1970); None if there was no look before, or none.

    It stands at its end: what was filled in is older.
    """
    if last is None or now - last <= LEAST_MS:
        return None
    began, ended = fmt.near(last / 1000.0, None, now / 1000.0), fmt.clock(now / 1000.0, None)
    lasted = fmt.duration((now - last) / 1000.0)
    return Event(
        at=now,
        cluster="",
        kind=EventKind.GAP,
        words=f"not watched from {began} to {ended} ({lasted}): filled in from what Flink still has",
        # Flinktops that open the cluster together read the same last look.
        key=f"gap {last / 1000.0:.0f}",
        severity=Severity.INFO,
    )
