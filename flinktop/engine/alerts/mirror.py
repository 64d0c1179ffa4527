"""Alerts as the journal has them: of the last start, or of the flinktop that decides at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flinktop.engine.alerts.alerts import FLAPS_WITHIN, SAME_WITHIN
from flinktop.engine.alerts.quiet import muted_still
from flinktop.engine.alerts.state import Channel, Recent, Sent, Track
from flinktop.judgement.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Collection

    from flinktop.engine.alerts.alert import Alert
    from flinktop.engine.alerts.state import Alerts, Moment
    from flinktop.engine.alerts.stored import Stored


def mirrored(state: Alerts, stored: Stored, at: Moment) -> Alerts:
    """The alerts as another flinktop has decided."""
    tracks = {}
    for place, alert in stored.open.items():
        known = state.tracks.get(place)
        if known is None or not known.raised or known.alert.raised != alert.raised:
            tracks[place] = _restored(alert, at)
        else:
            milder = alert.severity is not Severity.CRITICAL and known.alert.severity is Severity.CRITICAL
            since = at.now if milder else known.milder
            is_critical = alert.severity is Severity.CRITICAL
            tracks[place] = replace(known, alert=alert, milder=None if is_critical else since)
    past = state.past if stored.past is None else stored.past
    state = replace(state, tracks=tracks, past=past, recent={})
    return replace(state, mutes=muted_still(state, at.wall))


def taken_over(state: Alerts, stored: Stored, at: Moment) -> Alerts:
    """The alerts as they were left, for the flinktop that decides from now on."""
    state = mirrored(state, stored, at)
    tracks = {place: replace(track, restored=at.now) for place, track in state.tracks.items()}
    recent = {}
    for alert in reversed(state.past):
        ago = at.wall - (alert.cleared or 0.0)
        if 0.0 <= ago < SAME_WITHIN:
            recent[alert.key[1:]] = Recent(alert, at.now - ago, _ups(alert, at))
    return replace(state, tracks=tracks, recent=recent)


def quieted(state: Alerts, stored: Stored, held: Collection[Channel]) -> Alerts:
    """With what other flinktops have acknowledged and muted, and told channels that are not `held` here."""
    sent = dict(state.sent)
    for channel in Channel:
        if channel not in held:
            sent[channel] = replace(sent.get(channel, Sent()), told=stored.told.get(channel, {}))
    return replace(state, acknowledged=stored.acknowledged, mutes=stored.mutes, sent=sent)


def _restored(alert: Alert, at: Moment) -> Track:
    return Track(
        alert=alert,
        raised=True,
        since=at.now,
        critical=at.now if alert.severity is Severity.CRITICAL else None,
        changed=at.now,
        ups=_ups(alert, at),
        restored=at.now,
    )


def _ups(alert: Alert, at: Moment) -> tuple[float, ...]:
    """When it was raised lately, on the engine's clock; times ahead are of a clock that was set back."""
    ages = (max(0.0, at.wall - time) for time in alert.times)
    return tuple(at.now - age for age in ages if age < FLAPS_WITHIN)
