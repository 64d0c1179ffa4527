"""What a graph canvas tells its screen; the screen knows them as Widget.Opened and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.widget import Widget


class GraphMessage(Message, bubble=True):
    """Something that happened on a canvas."""

    def __init__(self, canvas: Widget) -> None:
        super().__init__()
        self.canvas = canvas

    @property
    def control(self) -> Widget:
        return self.canvas


class Opened(GraphMessage, namespace="graph_canvas"):
    """A box was opened with enter or a second click."""

    def __init__(self, canvas: Widget, key: str) -> None:
        super().__init__(canvas)
        self.key = key


class Moved(GraphMessage, namespace="graph_canvas"):
    """The person has selected another box."""

    def __init__(self, canvas: Widget, key: str) -> None:
        super().__init__(canvas)
        self.key = key


class VisibleChanged(GraphMessage, namespace="graph_canvas"):
    """Other boxes are on the screen now: their keys in the order of the picture."""

    def __init__(self, canvas: Widget, keys: tuple[str, ...]) -> None:
        super().__init__(canvas)
        self.keys = keys
