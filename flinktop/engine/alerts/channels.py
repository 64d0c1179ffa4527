"""What a channel is to be told: how the alerts differ from what it was told before. Pure functions.

Whoever holds the channel works it out from the alerts as they are, so nothing is said twice and nothing is
left out when another flinktop takes over. Many changes at once are said as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.alerts.alert import Alert, Call, Change
from flinktop.engine.alerts.quiet import muted_until
from flinktop.engine.alerts.state import Channel, Sent, Told
from flinktop.judgement.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flinktop.engine.alerts.state import Alerts, Moment, Place, Track

MANY: Final = 5
"""More changes than that within `TOGETHER` are one summary."""
TOGETHER: Final = 10.0
"""s. Also how long many changes wait at most while they become more, and s between two summaries."""
LATELY: Final = 120.0
"""s after a summary in which the next one waits longer for its changes to be all:"""
MOST_PATIENCE: Final = 90.0
MILDER_FOR: Final = 300.0
"""s for which an alert must be milder, so that it calls again when it becomes as bad as before."""


class _Due(Struct, frozen=True):
    change: Change
    place: Place
    alert: Alert


def due(
    state: Alerts, channel: Channel, at: Moment, *, repeat: float | None = None
) -> tuple[Alerts, tuple[Call, ...]]:
    """What a channel is to be told now, and the state after it was.

    `repeat`: after so many seconds an alert that is still open is said again.
    """
    sent = _forgotten(state, state.sent.get(channel, Sent()), at)
    changes = list(_changes(state, sent, at, repeat))
    times = tuple(one for one in sent.times if at.now - one[0] < TOGETHER)
    sent = replace(sent, times=times)
    at_once = state.settled and not sent.opened
    if at_once:
        sent = replace(sent, opened=True)
    if not changes:
        sent = replace(sent, waits=None, waiting=0)
        calls: tuple[Call, ...] = ()
    elif at_once:
        calls = _summaries(changes, at)
    elif sent.waits is None and len(changes) + sum(count for _, count in times) <= MANY:
        calls = tuple(Call(one.change, (one.alert,), at.wall) for one in changes)
    else:
        sent, calls = _many(sent, changes, at)
    if calls:
        sent = _after(sent, changes, at)
    return replace(state, sent={**state.sent, channel: sent}), calls


def not_told(state: Alerts, channel: Channel, calls: Iterable[Call]) -> Alerts:
    """The state if these calls did not reach the channel after all."""
    sent = state.sent.get(channel, Sent())
    told = dict(sent.told)
    for call in calls:
        for alert in call.alerts:
            place = _place(alert)
            if call.change is Change.RAISED:
                told.pop(place, None)
            elif call.change is Change.CLEARED:
                told[place] = Told(alert.severity, call.at)
            elif call.change is Change.ESCALATED:
                told[place] = Told(Severity.WARNING, call.at)
    return replace(state, sent={**state.sent, channel: replace(sent, told=told)})


def _many(sent: Sent, changes: list[_Due], at: Moment) -> tuple[Sent, tuple[Call, ...]]:
    """Wait while many changes become more, then say them as one."""
    begun = sent.waits if sent.waits is not None else at.now
    lately = sent.summary is not None and begun - sent.summary < LATELY
    more = len(changes) > sent.waiting
    waits = more and at.now - begun < (MOST_PATIENCE if lately else TOGETHER)
    rests = sent.summary is not None and at.now - sent.summary < TOGETHER
    if rests or waits:
        return replace(sent, waits=begun, waiting=len(changes)), ()
    return replace(sent, waits=None, waiting=0, summary=at.now), _summaries(changes, at)


def _summaries(changes: Iterable[_Due], at: Moment) -> tuple[Call, ...]:
    """One call for each kind of change."""
    found: dict[Change, list[Alert]] = {}
    for one in changes:
        found.setdefault(one.change, []).append(one.alert)
    return tuple(Call(change, tuple(alerts), at.wall) for change, alerts in found.items())


def _changes(state: Alerts, sent: Sent, at: Moment, repeat: float | None) -> Iterator[_Due]:
    """What the channel does not know yet, the worst first."""
    opened = sorted(
        state.open, key=lambda one: (one[1].alert.severity.rank, one[1].alert.raised, one[1].alert.job_name)
    )
    for place, track in opened:
        told, quiet = sent.told.get(place), place in state.acknowledged
        if track.alert.calls and not quiet and muted_until(state, track.alert) is None:
            waits = not state.settled and (track.standing or track.restored is not None)
            change = _raised(waits=waits) if told is None else _changed(track.alert, told, at, repeat)
            if change is not None:
                yield _Due(change, place, track.alert)
    was = {_place(alert): alert for alert in reversed(state.past)}
    for place in sent.told:
        if not _is_open(state, place) and place in was:
            yield _Due(Change.CLEARED, place, was[place])


def _raised(*, waits: bool) -> Change | None:
    """What stands at the start is said as one, when all of it is known."""
    return None if waits else Change.RAISED


def _changed(alert: Alert, told: Told, at: Moment, repeat: float | None) -> Change | None:
    """What is to be said of an open alert that was said before; None for nothing."""
    if alert.flapping:
        return None
    if alert.severity.rank < told.severity.rank:
        return Change.ESCALATED
    if repeat is None:
        return None
    since = at.now - told.now if told.now is not None else at.wall - told.wall
    # Before this start by a clock that was set back since.
    return Change.REPEATED if since >= repeat or since < 0 else None


def _after(sent: Sent, changes: Iterable[_Due], at: Moment) -> Sent:
    """What the channel knows after it was told of changes."""
    told, count = dict(sent.told), 0
    for one in changes:
        count += 1
        if one.change is Change.CLEARED:
            del told[one.place]
        else:
            told[one.place] = Told(one.alert.severity, at.wall, at.now)
    return replace(sent, told=told, times=(*sent.times, (at.now, count)))


def _forgotten(state: Alerts, sent: Sent, at: Moment) -> Sent:
    """Without what can't be said any more; an alert that is milder for long may become worse again."""
    past = {_place(alert) for alert in state.past}
    told = {
        place: _milder(state.tracks[place], one, at) if _is_open(state, place) else one
        for place, one in sent.told.items()
        if _is_open(state, place) or place in past
    }
    return replace(sent, told=told)


def _milder(track: Track, told: Told, at: Moment) -> Told:
    long = track.milder is not None and at.now - track.milder >= MILDER_FOR
    return replace(told, severity=track.alert.severity) if long else told


def _is_open(state: Alerts, place: Place) -> bool:
    return place in state.tracks and state.tracks[place].raised


def _place(alert: Alert) -> Place:
    return alert.key[1:]
