"""A cluster that does not answer, and answers again."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from flinktop.engine.journal.episodes import rounded
from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity
from flinktop.model import format as fmt
from flinktop.model import redaction

AFTER_MS: Final = 15_000.0
"""A cluster that is silent for a shorter time is not lost."""


class Outage(Struct, frozen=True):
    """An outage that was recorded and goes on."""

    since: float | None = None  # the last answer before it, ms since 1970; None if there is none


def remembered(kept: bytes | None) -> Outage:
    """The outage that went on when flinktop ended, as `kept` has written it."""
    text = (kept or b"").decode("ascii", "replace")
    return Outage(float(text)) if text.isdecimal() else Outage()


def kept(now: Outage) -> bytes | None:
    """What is to be remembered until the next start; None for nothing."""
    return f"{now.since:.0f}".encode() if now.since is not None else None


def after(before: Outage, silent: float | None, error: str, now: float) -> tuple[Outage, tuple[Event, ...]]:
    """The outage at `now` (ms since 1970).

    `silent`: for how long (ms) a cluster has not answered that answered before, and why; None if it does.
    The end of an outage has the key of its beginning.
    """
    if silent is not None and before.since is None and silent >= AFTER_MS:
        since = now - silent
        return Outage(since), (
            Event(
                at=since,
                cluster="",
                kind=EventKind.CLUSTER_LOST,
                words=f"cluster does not answer: {redaction.text(clean(error)) or 'no reason given'}",
                key=f"lost {rounded(since)}",
                severity=Severity.CRITICAL,
            ),
        )
    if silent is None and before.since is not None:
        lasted = fmt.duration(max(0.0, now - before.since) / 1000.0)
        return Outage(), (
            Event(
                at=now,
                cluster="",
                kind=EventKind.CLUSTER_BACK,
                words=f"cluster answers again after {lasted}",
                key=f"back {rounded(before.since)}",
            ),
        )
    return before, ()
