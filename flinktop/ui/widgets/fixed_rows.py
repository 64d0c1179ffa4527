"""A few rows under a table that do not scroll: sums, means, extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.widget import Widget

from flinktop.ui.widgets.columns import Column, Layout
from flinktop.ui.widgets.growth import redraw
from flinktop.ui.widgets.guarded_rows import CellErrors, shielded
from flinktop.ui.widgets.line import NO_CURSOR, LinePainter
from flinktop.ui.widgets.styles import component_classes, style_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.geometry import Size
    from textual.strip import Strip

R = TypeVar("R")


class FixedRows(Widget, Generic[R]):
    """Rows above or below a LiveTable, in columns of the same widths; it is as high as it has rows."""

    COMPONENT_CLASSES: ClassVar[set[str]] = component_classes()
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    FixedRows {
        height: auto;
        background: transparent;
    }
    """ + style_rules("FixedRows")

    def __init__(self, columns: Sequence[Column[R]], *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._layout = Layout(shielded(columns, CellErrors(self)))
        self._rows: tuple[R, ...] = ()
        # A LiveTable reserves one cell for its scroll bar, even while it needs none.
        self._bar_width = 0 if ascii else 1
        self._painter = LinePainter(self.get_component_rich_style, ascii=ascii)

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show these rows; unchanged lines are not repainted."""
        fixed = tuple(rows)
        if fixed == self._rows:
            return
        grown = len(fixed) != len(self._rows)
        self._rows = fixed
        redraw(self, grown=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 -- Textual's
        return len(self._rows)

    def render_line(self, y: int) -> Strip:
        width = max(self.size.width - self._bar_width, 0)
        if y >= len(self._rows):
            return self._painter.blank(self.size.width)
        spans = self._layout.at(width)
        row = self._rows[y]
        cells = tuple(span.shown(row) for span in spans)
        strip = self._painter.row(spans, cells, width, NO_CURSOR, dim=False)
        return strip.adjust_cell_length(self.size.width, self._painter.style(""))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter.forget()
