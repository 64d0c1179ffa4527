"""Long text to read: only the rows on the screen are drawn; with search, wrapping and sideways scrolling."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from flinktop.ui.widgets.columns import Cell
from flinktop.ui.widgets.messages import Scrolled, Searched
from flinktop.ui.widgets.painted_view import MOVES, TextView
from flinktop.ui.widgets.styles import component_classes
from flinktop.ui.widgets.text_rows import Run, TextRows, cells, folded, marked_segments, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.style import Style

__all__ = ["Cell", "Pager"]

SIDEWAYS = 20
"""Cells that a step to the left or right moves."""
MARGIN = 1
MARK, CHOSEN_MARK = "◆", "▸"
"""In the margin of a marked line, and of the chosen one of them."""
_CONTEXT = 3
"""Fraction of the page above a match that was out of sight."""


class Pager(TextView):
    """Lines of text, scrolled both ways, with a search whose matches are marked.

    Lines are given as cells: a text and the name of its style; `paint` splits a visible one into several.
    Setting new lines keeps the line at the top in its place, by its key if there are keys; a view at the end
    of a pager that `follows` stays there. Where it is `wrapped` a long line continues in the next row.
    Some lines may be marked in the margin.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = component_classes("match", "found")
    DEFAULT_CSS = """
    Pager {
        & > .style--match { color: $foreground; background: $block-cursor-background; text-style: bold; }
        & > .style--found { color: $background; background: $warning; text-style: bold; }
        &:nocolor, &:ansi {
            & > .style--match { color: ansi_default; background: ansi_default; text-style: bold underline; }
            & > .style--found { color: ansi_default; background: ansi_default; text-style: bold reverse; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("left", "sideways(-1)", "Left", show=False),
        Binding("right", "sideways(1)", "Right", show=False),
    ]

    def __init__(
        self,
        lines: Sequence[Cell] = (),
        *,
        follows: bool = False,
        paint: Callable[[Cell], Sequence[Cell]] | None = None,
        empty: str = "…",
        wrapped: bool = False,
        ascii: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(empty=empty, ascii=ascii, id=id)
        self.follows = follows
        self._paint = paint
        self.wrapped = wrapped
        self._lines: tuple[Cell, ...] = ()
        self._texts: tuple[str, ...] = ()
        self._keys: tuple[int, ...] | None = None
        self._longest = 0
        self._rows = TextRows((), None)
        self._left = 0
        self._search = ""
        self._pattern: re.Pattern[str] | None = None
        self._matches: tuple[int, ...] = ()
        self._found: int | None = None
        self._began = 0
        self._marks: frozenset[int] = frozenset()
        self._chosen_mark: int | None = None
        self._shows: tuple[int, int] | None = None  # the lines on the screen at the last look
        self._ended = True  # whether the last row was on the screen at the last look
        self.set_lines(lines)

    # What it shows

    def set_lines(self, lines: Sequence[Cell], keys: Sequence[int] | None = None) -> None:
        """Show these lines: texts without line ends.

        `keys` are increasing numbers, one for each line, that stay the same for a line; the line at the top
        and the current match are kept by key, without keys by place.
        """
        fixed = tuple(lines)
        named = tuple(keys) if keys is not None else None
        if fixed == self._lines and named == self._keys:
            return
        top, part = self._top
        kept = self._key_of(top)
        found = self._key_of(self._found) if self._found is not None else None
        ended = self._ended
        self._lines, self._keys = fixed, named
        self._texts = tuple(shown(text) for text, _ in fixed)
        self._longest = max((cells(text) for text in self._texts), default=0)
        self._lay_out()
        self._found = self._place_of(found) if found is not None and self._texts else None
        self._match_anew()
        if self.follows and ended:
            self._scroll(self._last_top)
        else:
            self._scroll(self._rows.row_of(self._place_of(kept)) + part)
        if self.size.height:
            self._ended = self.at_end
        self.refresh()
        self._post_if_scrolled()

    def set_marks(self, lines: Iterable[int], chosen: int | None = None) -> None:
        """Mark these lines in the margin, one of them as the chosen one."""
        fixed = frozenset(lines)
        if (fixed, chosen) != (self._marks, self._chosen_mark):
            self._marks, self._chosen_mark = fixed, chosen
            self.refresh()

    @property
    def is_empty(self) -> bool:
        return not self._lines

    @property
    def lines(self) -> tuple[Cell, ...]:
        return self._lines

    @property
    def visible_lines(self) -> range:
        """The lines that are at least partly on the screen."""
        if not self._lines:
            return range(0)
        first, _ = self._top
        last, _ = self._rows.line_at(min(self._row + self._page, self._rows.height) - 1)
        return range(first, last + 1)

    @property
    def visible_text(self) -> str:
        """The lines that are at least partly on the screen, whole."""
        return "\n".join(self._lines[line][0] for line in self.visible_lines)

    @property
    def at_end(self) -> bool:
        """Whether the last row is on the screen."""
        return self._row >= self._last_top

    def show_end(self) -> None:
        self._scroll(self._last_top)

    def show_line(self, line: int) -> None:
        """Scroll to a line, with some lines above it if it was out of sight."""
        row = self._rows.row_of(line)
        if not self._row <= row < self._row + self._page:
            self._scroll(row - self._page // _CONTEXT)

    def toggle_wrap(self) -> None:
        """Wrap long lines, or cut them at the edge of the screen; the line at the top stays there."""
        top, _ = self._top
        self.wrapped = not self.wrapped
        self._left = 0
        self._lay_out()
        self._scroll(self._rows.row_of(top))
        self.refresh()
        self._post_if_scrolled()

    # Search

    @property
    def filter(self) -> str:
        """The search text, regardless of case; empty for none."""
        return self._search

    @filter.setter  # noqa: A003 - what it is called in every table
    def filter(self, text: str) -> None:
        if text == self._search:
            return
        if not self._search:
            self._began = self._top[0]
        self._search = text
        self._pattern = re.compile(re.escape(shown(text)), re.IGNORECASE) if text else None
        self._found = None
        self._match_anew()
        if self._matches:
            # From the reader's place on; if nothing follows, the nearest match before.
            after = bisect_left(self._matches, self._began)
            self._find(min(after, len(self._matches) - 1))
        self.refresh()
        self._post_changes()

    def step_match(self, by: int) -> None:
        """Go to the next or the previous match; after the last comes the first."""
        if not self._matches:
            return
        if self._found is None:
            top, _ = self._top
            at = bisect_left(self._matches, top) + min(by, 0)
        else:
            at = bisect_left(self._matches, self._found)
            passed = at >= len(self._matches) or self._matches[at] != self._found
            at += by if by < 0 or not passed else by - 1
        self._find(at % len(self._matches))
        self.refresh()
        self._post_changes()

    @property
    def search_label(self) -> str:
        """Which matching line is shown: "3 of 17 /text"; the text may be long."""
        if not self._search:
            return ""
        if not self._matches:
            return f"not found /{self._search}"
        at = f"{bisect_left(self._matches, self._found) + 1} of " if self._found is not None else ""
        return f"{at}{len(self._matches)} /{self._search}"

    def _match_anew(self) -> None:
        wanted = shown(self._search).casefold()
        texts = self._texts if wanted else ()
        self._matches = tuple(at for at, text in enumerate(texts) if wanted in text.casefold())

    def _find(self, at: int) -> None:
        self._found = line = self._matches[at]
        self.show_line(line)
        spans = self._spans(self._texts[line])
        if not self.wrapped and spans:
            start = cells(self._texts[line][: spans[0][0]])
            if not self._left <= start < self._left + self._text_width - SIDEWAYS // 2:
                self._left = (
                    max(0, start - self._text_width // 2) if start >= self._text_width - SIDEWAYS // 2 else 0
                )

    def _spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in self._pattern.finditer(text)] if self._pattern else []

    def _post_changes(self) -> None:
        if self.is_mounted:
            self.post_message(Searched(self))

    # Painting

    def render_line(self, y: int) -> Strip:
        width = self._width
        if not self._lines:
            return self._words(self._empty, y, self._page)
        row = self._row + y
        if row >= self._rows.height:
            return self._painter.blank(width)
        line, part = self._rows.line_at(row)
        strip = Strip(list(self._segments(line, part)))
        left = 0 if self.wrapped else self._left
        blank = self._painter.style("")
        strip = strip.crop(left, left + self._text_width).adjust_cell_length(self._text_width, blank)
        margin = self._margin(line) if part == 0 else Segment(" " * MARGIN, blank)
        return Strip([margin, *strip], width)

    def _margin(self, line: int) -> Segment:
        if line not in self._marks:
            return Segment(" " * MARGIN, self._painter.style(""))
        mark, style = (CHOSEN_MARK, "bad") if line == self._chosen_mark else (MARK, "warn")
        return Segment(mark, self._painter.style(style))

    def _segments(self, line: int, part: int) -> list[Segment]:
        """One row of a line, in its styles."""
        text = self._texts[line]
        start, end = 0, len(text)
        if self.wrapped:
            pieces = folded(text, self._text_width)
            start = sum(len(piece) for piece in pieces[:part])
            end = start + len(pieces[part])
        elif text.isascii():
            # Of a line of a million letters only the visible ones are drawn.
            end = min(end, self._left + self._text_width)
        runs = self._paint(self._lines[line]) if self._paint is not None else (self._lines[line],)
        styled: list[Run] = []
        at = 0
        for run, name in runs:
            # Tabs before a run change its place: only the first run of a line may contain any.
            length = len(shown(run))
            styled.append((at, at + length, self._painter.style(name)))
            at += length
        marked = self._marked(found=line == self._found)
        return marked_segments(text[:end], styled, [(at, to, marked) for at, to in self._spans(text)], start)

    def _marked(self, *, found: bool) -> Style:
        return self.get_component_rich_style("style--found" if found else "style--match")

    # Place

    @property
    def _text_width(self) -> int:
        return max(self._width - MARGIN, 1)

    @property
    def _page(self) -> int:
        return max(self.size.height, 1)

    @property
    def _row(self) -> int:
        return self.scroll_offset.y

    @property
    def _last_top(self) -> int:
        return max(self._rows.height - self._page, 0)

    @property
    def _top(self) -> tuple[int, int]:
        """The line in the first row of the screen, and which of its rows that is."""
        return self._rows.line_at(self._row) if self._lines else (0, 0)

    def _key_of(self, line: int) -> int:
        if self._keys is None or not self._keys:
            return line
        return self._keys[min(line, len(self._keys) - 1)]

    def _place_of(self, key: int) -> int:
        """The line with this key, or the first after it."""
        at = bisect_left(self._keys, key) if self._keys is not None else key
        return max(0, min(at, len(self._lines) - 1))

    def _lay_out(self) -> None:
        self._rows = TextRows(self._texts, self._text_width if self.wrapped and self.size.width else None)
        self.virtual_size = Size(0, self._rows.height)

    def _scroll(self, row: int) -> None:
        wanted = max(0, min(row, self._last_top))
        if wanted != self._row and self.is_attached:
            self.scroll_to(y=wanted, animate=False, force=True)
            # A scroll bar that appears with these lines has not been laid out yet.
            self.call_after_refresh(self._place_bar)

    def _place_bar(self) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y

    # Keys, size

    def action_step(self, by: int) -> None:
        self._scroll(self._row + by)

    def action_page(self, by: int) -> None:
        """Move by a screen; one row of the last stays visible."""
        self._scroll(self._row + by * max(self._page - 1, 1))

    def action_edge(self, to: int) -> None:
        self._scroll(0 if to < 0 else self._last_top)

    def action_sideways(self, by: int) -> None:
        most = max(self._longest - self._text_width, 0)
        wanted = 0 if self.wrapped else max(0, min(self._left + by * SIDEWAYS, most))
        if wanted != self._left:
            self._left = wanted
            self.refresh()

    def on_resize(self) -> None:
        """Wrap to the new width; the line at the top stays there, and the end stays the end."""
        ended = self.follows and self._ended
        top, _ = self._top
        self._lay_out()
        self._scroll(self._last_top if ended else self._rows.row_of(top))
        self._ended = self.at_end
        self._post_if_scrolled()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._ended = self.at_end
        self._post_if_scrolled()

    def _post_if_scrolled(self) -> None:
        visible = self.visible_lines
        shows = visible.start, visible.stop
        if shows != self._shows and self.is_mounted:
            self._shows = shows
            self.post_message(Scrolled(self))
