"""Calls when something turns ill: keeps the alerts of a cluster, and hands out what is to be called about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flinktop.engine.alerts.alert import AlertsView

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.alerts.alert import AlertKey, Call


class Caller:
    """The alerts of one cluster. Lives on the engine's loop; `view` is for any thread."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called whenever `view` has changed."""
        self.view = AlertsView()
        self._changed = changed

    def take_calls(self) -> tuple[Call, ...]:
        """The calls that this terminal has not shown yet, each once."""
        calls, self.view = self.view.calls, replace(self.view, calls=())
        return calls

    def acknowledge(self, key: AlertKey) -> None:
        """No more calls about these open alerts until they clear."""

    def mute(self, key: AlertKey, seconds: float) -> None:
        """No calls about these alerts for so long; infinity: until none of them is open."""

    def unmute(self, key: AlertKey) -> None:
        """End every mute of these alerts, also one of their whole job or kind."""
