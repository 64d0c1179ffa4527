"""Alerts as the journal keeps them: small values by key, for the next start and for other flinktops.

One flinktop writes what is open and what was; what the user has acknowledged or muted is written by whichever
one the user has told, and what a channel was told by the one that holds the channel.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.alerts.alert import Alert, Mute
from flinktop.engine.alerts.state import Channel, Told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.engine.alerts.state import Alerts, Place

log = logging.getLogger(__name__)
T = TypeVar("T")

NOW: Final = "alerts"
PAST: Final = "alerts-past"
"""Names in the journal: of what is open, acknowledged, muted and told, and of what was."""
VERSION: Final = "past"
"""Key of a number that changes with what was."""
WORDS_SECONDS: Final = 60.0
"""How often the words of an open alert are written, if nothing else of it changes."""
_OPEN, _TOLD, _MUTE, _ACKNOWLEDGED = "open", "told", "mute", "ack"


class _Acknowledged(Struct, frozen=True):
    job: str
    kind: str
    wall: float


class _Told(Struct, frozen=True):
    channel: Channel
    job: str
    kind: str
    told: Told


class Stored(Struct, frozen=True, kw_only=True):
    """What the journal has of a cluster's alerts."""

    open: Mapping[Place, Alert] = {}
    past: tuple[Alert, ...] | None = ()  # newest first; None: not read
    past_version: bytes = b""
    acknowledged: Mapping[Place, float] = {}
    mutes: tuple[Mute, ...] = ()  # oldest first
    told: Mapping[Channel, Mapping[Place, Told]] = {}


def parsed(now: Mapping[str, bytes], past: Mapping[str, bytes] | None) -> Stored:
    """What the journal's values say; what a newer flinktop wrote and this one can't read is left out."""
    opened, acknowledged, mutes = {}, {}, []
    told: dict[Channel, dict[Place, Told]] = {channel: {} for channel in Channel}
    for key, value in now.items():
        what = key.partition("|")[0]
        if what == _OPEN and (alert := _decoded(value, Alert)) is not None:
            opened[alert.key[1:]] = alert
        elif what == _ACKNOWLEDGED and (ack := _decoded(value, _Acknowledged)) is not None:
            acknowledged[ack.job, ack.kind] = ack.wall
        elif what == _MUTE and (mute := _decoded(value, Mute)) is not None:
            mutes.append(mute)
        elif what == _TOLD and (one := _decoded(value, _Told)) is not None:
            told[one.channel][one.job, one.kind] = one.told
    alerts = None
    if past is not None:
        read = (_decoded(value, Alert) for value in past.values())
        alerts = tuple(sorted((one for one in read if one is not None), key=_cleared, reverse=True))
    return Stored(
        open=opened,
        past=alerts,
        past_version=past_version(now),
        acknowledged=acknowledged,
        mutes=tuple(sorted(mutes, key=lambda one: one.at)),
        told=told,
    )


class KeptOpen:
    """What is open, by key, as it was written: figures in a finding's words change all the time."""

    def __init__(self) -> None:
        self._written: dict[Place, tuple[Alert, float, bytes]] = {}

    def values(self, state: Alerts, now: float) -> dict[str, bytes]:
        """The values at `now` (s, by the engine's clock)."""
        written = {place: self._value(place, track.alert, now) for place, track in state.open}
        self._written = written
        return {_key(_OPEN, place): value for place, (_, _, value) in written.items()}

    def _value(self, place: Place, alert: Alert, now: float) -> tuple[Alert, float, bytes]:
        known = self._written.get(place)
        if known is not None and (
            now - known[1] < WORDS_SECONDS
            and replace(alert, finding=known[0].finding) == known[0]
            and alert.severity is known[0].severity
        ):
            return known
        return alert, now, _encoded(alert)


def past_values(past: Iterable[Alert]) -> dict[str, bytes]:
    """What was, by key."""
    return {f"{one.raised * 1000:.0f}|{'|'.join(one.key[1:])}": _encoded(one) for one in past}


def quiet_values(state: Alerts) -> dict[str, bytes]:
    """What is acknowledged and muted, by key."""
    found = {
        _key(_ACKNOWLEDGED, place): _encoded(_Acknowledged(*place, wall))
        for place, wall in state.acknowledged.items()
    }
    return found | {_key(_MUTE, one.key[1:]): _encoded(one) for one in state.mutes}


def told_values(state: Alerts, channel: Channel) -> dict[str, bytes]:
    """What a channel was told, by key."""
    sent = state.sent.get(channel)
    return {
        _key(f"{_TOLD}|{channel}", place): _encoded(_Told(channel, *place, replace(one, now=None)))
        for place, one in (sent.told.items() if sent is not None else ())
    }


def past_version(now: Mapping[str, bytes]) -> bytes:
    """A value that changes with what was."""
    return now.get(VERSION, b"")


def next_version(now: Mapping[str, bytes]) -> bytes:
    """The value after a change of what was."""
    number = past_version(now)
    return str(int(number) + 1 if number.isdigit() else 1).encode()


def is_open_key(key: str) -> bool:
    """Whether a value is about what is open: the flinktop that decides writes it."""
    return key.startswith(f"{_OPEN}|")


def is_quiet_key(key: str) -> bool:
    """Whether a value is about what is acknowledged or muted: all write it."""
    return key.startswith((f"{_MUTE}|", f"{_ACKNOWLEDGED}|"))


def is_told_key(key: str, channel: Channel) -> bool:
    """Whether a value is about what a channel was told: who holds it writes it."""
    return key.startswith(f"{_TOLD}|{channel}|")


def _key(what: str, place: tuple[str, ...]) -> str:
    return "|".join((what, *place))


def _cleared(alert: Alert) -> float:
    return alert.cleared if alert.cleared is not None and math.isfinite(alert.cleared) else 0.0


def _encoded(value: Struct) -> bytes:
    # JSON has no infinity.
    return msgspec.msgpack.encode(value)


def _decoded(value: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.msgpack.decode(value, type=kind)
    except (msgspec.DecodeError, ValueError):
        log.debug("a %s in the journal can't be read", kind.__name__)
        return None
