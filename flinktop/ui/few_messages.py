"""How many messages are on the screen at a time: they cover rows, and nobody reads a dozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from textual.notifications import Notification, Notify
from textual.widgets._toast import ToastRack

if TYPE_CHECKING:
    from textual.app import App

    from flinktop.ui.calling import Toast

MOST_SHOWN: Final = 3
_SEVERITIES: Final = ("information", "warning", "error")


@dataclass
class AlertMessage(Notification):
    """A message about alerts."""

    kind: str = ""
    replaces: bool = False
    """Whether it takes the place of those of its kind."""


def show_toast(app: App[Any], toast: Toast) -> None:
    """Show a message about alerts."""
    text = toast.text(app.size.width)
    message = AlertMessage(
        text, severity=toast.severity, timeout=toast.seconds, kind=toast.kind, replaces=toast.replaces
    )
    app.post_message(Notify(message))


def make_room(app: App[Any], new: Notification) -> None:
    """Remove what a new message replaces, and the least severe and oldest where there are too many."""
    shown = list(app._notifications)  # noqa: SLF001 -- Textual has no other list of them
    replaced = [one for one in shown if _replaces(new, one)]
    rest = sorted(
        (one for one in shown if one not in replaced), key=lambda one: _SEVERITIES.index(one.severity)
    )
    for one in (*replaced, *rest[: max(0, len(rest) + 1 - MOST_SHOWN)]):
        _remove(app, one)


def _replaces(new: Notification, old: Notification) -> bool:
    if not (isinstance(new, AlertMessage) and new.replaces):
        return False
    return isinstance(old, AlertMessage) and old.kind == new.kind


def _remove(app: App[Any], message: Notification) -> None:
    app._unnotify(message, refresh=False)  # noqa: SLF001 -- as Textual's own toast does
    name = ToastRack._toast_id(message)  # noqa: SLF001 -- the only name of the container
    for screen in app.screen_stack:
        for rack in screen.children:
            if isinstance(rack, ToastRack):
                # Textual itself would leave the container behind.
                for holder in rack.children:
                    if holder.id == name:
                        holder.remove()
