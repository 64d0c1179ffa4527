"""What is remembered of a cluster's alerts from round to round: values only.

Durations are measured on the engine's clock, which never jumps; times that are shown or kept on disk are by
this machine's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.engine.alerts.alert import Alert, Mute  # noqa: TC001 -- the types of a Struct's fields
from flinktop.judgement.finding import Finding, Severity  # noqa: TC001 -- likewise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Place = tuple[str, str]
"""Job (id, or the name of one that is missing; "" for the cluster itself) and kind of finding."""


class Moment(Struct, frozen=True):
    """A time on three clocks."""

    now: float  # the engine's, s
    wall: float  # this machine's, s since 1970
    minute: int = 0  # of the day, local time


class Track(Struct, frozen=True, kw_only=True):
    """A finding that is seen, or an alert that is open. Times are on the engine's clock (s)."""

    alert: Alert  # as it is, or will be when it is raised
    found: Finding | None = None  # as the judge gave it last
    raised: bool = False
    since: float  # when it was seen first
    critical: float | None = None  # since when it is critical
    milder: float | None = None  # since when it is not critical any more
    changed: float  # when it came or went last
    gone: float | None = None  # since when it is not seen; None while it is
    ups: tuple[float, ...] = ()  # when it was raised
    standing: bool = False  # whether it stood already when flinktop began to look
    restored: float | None = None  # when it was read from the journal, if it was not seen since


class Recent(Struct, frozen=True):
    """An alert that was cleared a moment ago, at `at` on the engine's clock (s)."""

    alert: Alert
    at: float
    ups: tuple[float, ...]


class Channel(StrEnum):
    """Who is told of alerts."""

    HOOK = "hook"  # the command of `[notify]`
    TERMINAL = "terminal"


class Told(Struct, frozen=True):
    """What was said of an open alert: how bad it was, and when."""

    severity: Severity
    wall: float  # s since 1970
    now: float | None = None  # on the engine's clock (s); None: by another flinktop, or before this start


class Sent(Struct, frozen=True, kw_only=True):
    """What a channel was told. Times are on the engine's clock (s)."""

    told: Mapping[Place, Told] = {}  # of alerts that are open for it
    opened: bool = False  # whether it was told what stood at the start
    times: tuple[tuple[float, int], ...] = ()  # when it was told of how many alerts, lately
    waits: float | None = None  # since when many changes wait to be told as one
    waiting: int = 0  # how many they were in the last round
    summary: float | None = None  # when it was told of many last


class Alerts(Struct, frozen=True, kw_only=True):
    """What is remembered of a cluster's alerts."""

    cluster: str = ""  # its address
    target: str = ""  # its name in the config, or its address
    tracks: Mapping[Place, Track] = {}
    past: tuple[Alert, ...] = ()  # newest first
    recent: Mapping[Place, Recent] = {}
    acknowledged: Mapping[Place, float] = {}  # s since 1970
    mutes: tuple[Mute, ...] = ()  # oldest first
    sent: Mapping[Channel, Sent] = {}
    first: float | None = None  # when the first round was, on the engine's clock (s)
    settled: bool = False  # whether what stood at the start is known

    @property
    def open(self) -> Iterator[tuple[Place, Track]]:
        return ((place, track) for place, track in self.tracks.items() if track.raised)
