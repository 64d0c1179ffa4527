"""Widgets whose size follows from what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.widget import Widget


def redraw(widget: Widget, *, grown: bool) -> None:
    """Draw a widget again, and lay it out anew where its size may have `grown` or shrunk.

    Textual 8 counts one change until it has asked for a layout: where another widget's layout measures it
    before that, and it changes again, the size of the change before would stay in its cache.
    """
    if grown:
        widget._layout_updates += 1  # noqa: SLF001 -- no other way leads past that cache
    widget.refresh(layout=grown)
