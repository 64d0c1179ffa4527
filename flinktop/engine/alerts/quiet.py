"""Alerts that don't call: acknowledged until they clear, or muted for a time. Pure functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.engine.alerts.alert import Mute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.alerts.alert import Alert, AlertKey
    from flinktop.engine.alerts.state import Alerts, Place, Track

LONGEST: Final = 30 * 24 * 3600.0
"""s for which something is muted at most, if not until it clears."""
MOST_MUTES: Final = 200


def covers(key: AlertKey, alert: Alert, job_name: str = "") -> bool:
    """Whether a key means an alert; `job_name` is that of the key's job."""
    _, job, kind = key
    if kind and kind != str(alert.finding.kind):
        return False
    if not job:
        return True
    return alert.job == job or alert.job_name == (job_name or job)


def acknowledge(state: Alerts, key: AlertKey, wall: float) -> Alerts:
    """No more calls about these open alerts until they clear."""
    found = {place: wall for place, track in state.open if covers(key, track.alert)}
    return replace(state, acknowledged={**found, **state.acknowledged})


def mute(state: Alerts, key: AlertKey, seconds: float, wall: float) -> Alerts:
    """No calls about these alerts for so long (s); infinity: until none of them is open."""
    alerts = [track.alert for _, track in state.open]
    if math.isnan(seconds) or seconds <= 0:
        return unmute(state, key)
    name = next((one.job_name for one in alerts if key[1] and one.job == key[1]), "")
    if math.isinf(seconds) and not any(covers(key, one, name) for one in alerts):
        return state
    length = seconds if math.isinf(seconds) else min(seconds, LONGEST)
    one = Mute(key=(state.cluster, *key[1:]), job_name=name, seconds=length, at=wall)
    others = (other for other in state.mutes if other.key[1:] != one.key[1:])
    return replace(state, mutes=(*others, one)[-MOST_MUTES:])


def unmute(state: Alerts, key: AlertKey) -> Alerts:
    """End every mute of these alerts, also one of their whole job or kind."""
    alerts = [track.alert for _, track in state.open if covers(key, track.alert)]
    left = tuple(
        one
        for one in state.mutes
        if one.key[1:] != key[1:] and not any(covers(one.key, alert, one.job_name) for alert in alerts)
    )
    return replace(state, mutes=left)


def muted_until(state: Alerts, alert: Alert) -> float | None:
    """Until when an alert is muted (s since 1970), infinity until it clears; None if it is not."""
    ends = [one.until for one in state.mutes if covers(one.key, alert, one.job_name)]
    return max(ends, default=None)


def acknowledged_still(
    acknowledged: Mapping[Place, float], tracks: Mapping[Place, Track]
) -> dict[Place, float]:
    """What is acknowledged and open."""
    return {place: at for place, at in acknowledged.items() if place in tracks and tracks[place].raised}


def muted_still(state: Alerts, wall: float) -> tuple[Mute, ...]:
    """The mutes that are not over. One whose end is further away than it was to last ends in that time.

    The clock has been set back then: no mute lasts for ever.
    """
    alerts = [track.alert for _, track in state.open]
    left = []
    for one in state.mutes:
        if math.isinf(one.seconds):
            over = not any(covers(one.key, alert, one.job_name) for alert in alerts)
        else:
            over = one.until <= wall
        if not over:
            left.append(replace(one, at=wall) if one.at > wall else one)
    return tuple(left)
