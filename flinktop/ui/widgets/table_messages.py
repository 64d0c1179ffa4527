"""What a live table tells its screen; the screen knows them as LiveTable.Opened and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.widget import Widget


class TableMessage(Message, bubble=True):
    """Something that happened in a table."""

    def __init__(self, table: Widget) -> None:
        super().__init__()
        self.table = table
        # Textual takes whoever runs now for the sender, and ends the way up at a parent that is the sender:
        # a panel that hands its table rows would keep the news from its screen.
        self.set_sender(table)

    @property
    def control(self) -> Widget:
        return self.table


class Opened(TableMessage, namespace="live_table"):
    """A row was opened with enter or a second click."""

    def __init__(self, table: Widget, key: str) -> None:
        super().__init__(table)
        self.key = key


class Moved(TableMessage, namespace="live_table"):
    """The cursor stands on another row; `key` is None when no row is left."""

    def __init__(self, table: Widget, key: str | None) -> None:
        super().__init__(table)
        self.key = key


class VisibleChanged(TableMessage, namespace="live_table"):
    """Other rows are on the screen now: their keys from top to bottom."""

    def __init__(self, table: Widget, keys: tuple[str, ...]) -> None:
        super().__init__(table)
        self.keys = keys
