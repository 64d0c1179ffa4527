"""Alerts as rows: their state, since when they stand and how long, and which of them nobody has seen to."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from flinktop.flink.text import clean
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flinktop.engine.alerts.alert import Alert, Mute
    from flinktop.facts.known import Known


class AlertState(StrEnum):
    """What has become of an alert."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    CLEARED = "cleared"

    @property
    def rank(self) -> int:
        """0 for what nobody has seen to yet."""
        return _STATES.index(self)


_STATES = tuple(AlertState)
MARKS: Final[Mapping[AlertState, str]] = {
    AlertState.OPEN: "▲",
    AlertState.ACKNOWLEDGED: "◐",
    AlertState.MUTED: "⏸",
    AlertState.CLEARED: "○",
}
"""The shape before each state."""


def state_of(alert: Alert, wall: float) -> AlertState:
    """The state of an alert at this machine's time (s since 1970)."""
    if not alert.is_open:
        return AlertState.CLEARED
    if alert.muted is not None and alert.muted > wall:
        return AlertState.MUTED
    return AlertState.ACKNOWLEDGED if alert.acknowledged is not None else AlertState.OPEN


def unheard(alerts: Iterable[Alert], wall: float) -> list[Alert]:
    """The alerts that are open, and neither acknowledged nor muted."""
    return [one for one in alerts if state_of(one, wall) is AlertState.OPEN]


def by_cluster_clock(known: Known, at: float) -> float:
    """A time by this machine's clock as one by the cluster's (both s since 1970)."""
    return at + known.cluster_time() - known.clock.wall()


def began(known: Known, alert: Alert) -> float:
    """When it began: what is wrong, if Flink says that, else the alert (cluster's clock, s since 1970)."""
    raised, since = by_cluster_clock(known, alert.raised), alert.finding.since
    return min(raised, since / 1000.0) if since is not None and since > 0 else raised


def began_here(known: Known, alert: Alert) -> float:
    """The same by this machine's clock, in tenths of a second: to order alerts of several clusters."""
    since = alert.finding.since
    if since is None or since <= 0:
        return alert.raised
    # Rounded, so that what began at the same time stays in one order.
    return min(alert.raised, since / 1000.0 + round(known.clock.wall() - known.cluster_time(), 1))


def lasted(known: Known, alert: Alert) -> float:
    """How long it has stood, or stood (s)."""
    over = by_cluster_clock(known, alert.cleared) if alert.cleared is not None else known.cluster_time()
    return max(0.0, over - began(known, alert))


def is_match(alert: Alert, text: str, wall: float, **more: str) -> bool:
    """Whether each word is in its sentence or names; state:, severity:, kind: and job: search that alone.

    `more` are other fields, which are searched likewise.
    """
    fields = {
        "state": str(state_of(alert, wall)),
        "severity": str(alert.severity),
        "kind": str(alert.finding.kind),
        "job": f"{alert.job_name}\n{alert.job}".casefold(),
        **{name: found.casefold() for name, found in more.items()},
    }
    culprit = alert.finding.culprit
    texts = (
        *fields.values(),
        clean(alert.finding.words).casefold(),
        (culprit.vertex_name or "").casefold(),
        (culprit.taskmanager or "").casefold(),
    )
    for word in text.casefold().split():
        field, colon, wanted = word.partition(":")
        if colon and field in fields:
            if wanted not in fields[field]:
                return False
        elif not any(word in one for one in texts):
            return False
    return True


def until_words(until: float, write: Callable[[float], str]) -> str:
    """Until when something is muted; `write` writes a time (s since 1970)."""
    return "until it clears" if math.isinf(until) else f"until {write(until)}"


def mute_words(mute: Mute) -> str:
    """Which alerts are muted."""
    _, job, kind = mute.key
    name = clean(mute.job_name or job)
    if not kind:
        return f"all alerts of {name}" if job else "all alerts"
    return f"{kind} of {name}" if job else f"all {kind} alerts"


def job_words(alert: Alert) -> str:
    """The name of its job; "cluster" for the cluster itself."""
    return clean(alert.job_name or alert.job) or "cluster"


def called_words(alert: Alert, write: Callable[[float], str]) -> str:
    """When it called last, or why it has not."""
    if alert.called is not None:
        return write(alert.called)
    if alert.flapping:
        return "flapping"
    return fmt.ABSENT if alert.calls else "no"
