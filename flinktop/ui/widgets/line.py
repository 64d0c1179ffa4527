"""Paints one line of a table: cells and their style names become a strip of exactly the given width."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from flinktop.ui.widgets.celltext import clip, fit
from flinktop.ui.widgets.columns import Cell, ColumnSpan, Stripes
from flinktop.ui.widgets.styles import STYLES, colour_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Cells = tuple[Cell | Stripes, ...]

NO_CURSOR, CURSOR, FOCUSED_CURSOR = 0, 1, 2
RULE = 3  # cells of the line before a heading
_UP, _DOWN = ("▲", "▼"), ("^", "v")


class LinePainter:
    """Turns cells into strips; `style_of` returns the full Rich style of a widget's component class."""

    OWN: tuple[str, ...] = ("header", "sorted", "axis")
    """Styles besides those that all widgets have."""

    def __init__(self, style_of: Callable[[str], Style], *, ascii: bool = False) -> None:
        self._style_of = style_of
        self._ascii = ascii
        self._styles: dict[tuple[str, int, bool], Style] = {}

    def forget(self) -> None:
        """Read all styles again: the theme has changed."""
        self._styles.clear()

    def style(self, name: str, cursor: int = NO_CURSOR, *, dim: bool = False) -> Style:
        """The style called `name`, on the cursor's row or on a dimmed one; unknown names are plain."""
        if (known := self._styles.get((name, cursor, dim))) is None:
            known = self._styles[name, cursor, dim] = self._compose(name, cursor, dim=dim)
        return known

    def row(
        self, spans: Sequence[ColumnSpan[Any]], cells: Cells, width: int, cursor: int, *, dim: bool
    ) -> Strip:
        """A row of the table; `cells` are in the order of `spans`."""
        runs: list[tuple[int, str, Style]] = []
        for where, cell in zip(spans, cells, strict=True):
            if isinstance(cell, Stripes):
                runs += self._stripes(where, cell, cursor, dim=dim)
            else:
                text, name = cell
                column = where.column
                shown = fit(text, where.width, column.align, middle=column.middle)
                runs.append((where.gap, shown, self.style(name, cursor, dim=dim)))
        return _strip(runs, width, self.style("", cursor, dim=dim))

    def header(
        self, spans: Sequence[ColumnSpan[Any]], width: int, sorted_by: str | None, *, descending: bool
    ) -> Strip:
        """The titles, with a mark next to the sorted one."""
        plain, marked = self.style("header"), self.style("sorted")
        runs: list[tuple[int, str, Style]] = []
        for where in spans:
            column = where.column
            if column.key == sorted_by:
                runs.append((where.gap, self._marked(where, descending=descending), marked))
            else:
                runs.append((where.gap, fit(column.title, where.width, column.align), plain))
        return _strip(runs, width, plain)

    def text(self, text: str, width: int, name: str = "muted") -> Strip:
        return _strip([(1, fit(text, max(width - 1, 0)), self.style(name))], width, self.style(""))

    def runs(self, runs: Iterable[Cell], width: int) -> Strip:
        """Texts in their styles after a blank cell."""
        base = self.style("")
        return _strip([(1, "", base), *((0, text, self.style(name)) for text, name in runs)], width, base)

    def ruled(self, cells: Cells, width: int) -> Strip:
        """Texts within a line across the whole width."""
        texts = [cell for cell in cells if not isinstance(cell, Stripes)]
        runs = [(0, f" {text} ", self.style(name)) for text, name in texts]
        rest = max(0, width - RULE - sum(cell_len(text) for _, text, _ in runs))
        rule = self.style("muted")
        return _strip([(0, "─" * RULE, rule), *runs, (0, "─" * rest, rule)], width, self.style(""))

    def blank(self, width: int) -> Strip:
        return Strip.blank(width, self.style(""))

    def _stripes(
        self, where: ColumnSpan[Any], cell: Stripes, cursor: int, *, dim: bool
    ) -> Iterator[tuple[int, str, Style]]:
        """The runs of a cell in several styles, and blanks up to its width."""
        gap, room = where.gap, where.width
        for text, name in cell.runs:
            shown = clip(text, room)
            yield gap, shown, self.style(name, cursor, dim=dim)
            gap, room = 0, room - cell_len(shown)
        yield gap, " " * room, self.style("", cursor, dim=dim)

    def _marked(self, where: ColumnSpan[Any], *, descending: bool) -> str:
        marks = _DOWN if self._ascii else _UP
        mark = marks[1] if descending else marks[0]
        title = fit(where.column.title, where.width - 1).rstrip()
        return fit(
            f"{title}{mark}" if where.column.align == "left" else f"{mark}{title}",
            where.width,
            where.column.align,
        )

    def _compose(self, name: str, cursor: int, *, dim: bool) -> Style:
        plain = "stale" if dim else name if name in STYLES or name in self.OWN else "cell"
        style = self._style_of(f"style--{plain}")
        if not dim and (colour := colour_of(name)) is not None:
            style += Style(color=colour, bold=True)
        if not cursor:
            return style
        bar = self._style_of(f"style--{'cursor' if cursor == FOCUSED_CURSOR else 'resting'}")
        style += Style(bgcolor=bar.bgcolor, bold=bar.bold, underline=bar.underline)
        return _reversed(style) if cursor == FOCUSED_CURSOR else style


def _reversed(style: Style) -> Style:
    """The same style by the terminal's reverse attribute, which is visible without colours too."""
    if style.bgcolor is None or style.bgcolor.is_default or style.color is None or style.color.is_default:
        # One bar over the whole row, not a patch for each coloured cell.
        return Style(reverse=True, bold=style.bold)
    return style + Style(color=style.bgcolor, bgcolor=style.color, reverse=True)


def _strip(runs: Sequence[tuple[int, str, Style]], width: int, base: Style) -> Strip:
    """Runs of (blank cells before, text, style), blank to the end; neighbours of one style are joined."""
    pieces = [piece for gap, text, style in runs for piece in ((" " * gap, base), (text, style)) if piece[0]]
    joined = groupby(pieces, key=itemgetter(1))
    segments = [Segment("".join(text for text, _ in run), style) for style, run in joined]
    used = sum(segment.cell_length for segment in segments)
    if used < width:
        segments.append(Segment(" " * (width - used), base))
    return Strip(segments, max(used, width)).crop(0, width) if used > width else Strip(segments, width)
