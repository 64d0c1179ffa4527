"""The messages that widgets send to their panels and screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.widget import Widget


class WidgetMessage(Message, bubble=True):
    """Something that happened in a widget."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        # Textual takes the running widget for the sender, and stops bubbling at a parent that is the sender:
        # a panel that sets rows of its table would keep the message from its screen.
        self.set_sender(widget)

    @property
    def control(self) -> Widget:
        return self.widget


class KeyMessage(WidgetMessage):
    """Something that happened to a row or a box."""

    def __init__(self, widget: Widget, key: str) -> None:
        super().__init__(widget)
        self.key = key


class KeysMessage(WidgetMessage):
    """Other rows or boxes are on the screen now: their keys in reading order."""

    def __init__(self, widget: Widget, keys: tuple[str, ...]) -> None:
        super().__init__(widget)
        self.keys = keys


class Opened(KeyMessage, namespace="live_table"):
    """A row was opened with enter or a second click."""


class Moved(WidgetMessage, namespace="live_table"):
    """The cursor is on another row; `key` is None when no row is left."""

    def __init__(self, widget: Widget, key: str | None) -> None:
        super().__init__(widget)
        self.key = key


class VisibleChanged(KeysMessage, namespace="live_table"):
    """Other rows are on the screen now."""


class FilterChanged(WidgetMessage, namespace="live_table"):
    """The table has another filter text, whether other rows are on the screen or not."""


class BoxOpened(KeyMessage, namespace="graph_canvas"):
    """A box of a graph was opened with enter or a second click."""


class BoxMoved(KeyMessage, namespace="graph_canvas"):
    """The user has selected another box of a graph."""


class VisibleBoxesChanged(KeysMessage, namespace="graph_canvas"):
    """Other boxes of a graph are on the screen now."""


class Scrolled(WidgetMessage):
    """Other lines of a text are on the screen now."""


class Searched(WidgetMessage):
    """The search text of a text or a flame graph, or the place of its matches, has changed."""
