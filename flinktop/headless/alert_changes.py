"""What has changed among the alerts of a cluster between two looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.engine.alerts.alert import Alert, AlertsView
from flinktop.headless.watch_lines import What

if TYPE_CHECKING:
    from collections.abc import Iterator


class Known(Struct, frozen=True):
    """The alerts as they were at the last look."""

    view: AlertsView = AlertsView()
    first: bool = True  # whether there was no look yet


def changes(before: Known, view: AlertsView, began: float) -> Iterator[tuple[What, Alert]]:
    """What has happened, oldest first; `began` is when the watcher started (s since 1970).

    What was open before it started is OPEN, and cleared ones of before are nothing.
    """
    were_open = {(one.key, one.raised): one for one in before.view.open}
    were_past = {_identity(one) for one in before.view.past}
    is_past = {(one.key, one.raised) for one in view.past}
    is_open = {(one.key, one.raised) for one in view.open}
    for alert in reversed(view.past):
        if _identity(alert) in were_past or (before.first and (alert.cleared or 0.0) < began):
            continue
        stood = before.first and alert.raised < began
        if (alert.key, alert.raised) not in were_open and not stood:
            # It came and went between two looks.
            yield What.RAISED, alert
        yield What.CLEARED, alert
    for key, alert in were_open.items():
        if key not in is_open and key not in is_past:
            yield What.CLEARED, alert  # more have cleared since than are kept
    for alert in reversed(view.open):
        known = were_open.get((alert.key, alert.raised))
        if known is None:
            yield What.OPEN if before.first and alert.raised < began else What.RAISED, alert
        elif alert.severity.rank < known.severity.rank:
            yield What.ESCALATED, alert


def _identity(alert: Alert) -> tuple[object, ...]:
    return alert.key, alert.raised, alert.cleared
