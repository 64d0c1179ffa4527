"""A table of what a query answers, under a few lines of words: what most tabs are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.content import Content
from textual.widget import Widget

from flinktop.facts.unanswered import why_empty
from flinktop.ui.live import Panel
from flinktop.ui.panels.parts import Part, assemble, cut_line
from flinktop.ui.widgets.table import Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.engine.store import Reading

R = TypeVar("R")


class Words(Widget):
    """Some lines, each on one row and cut to the width; nothing at all where there are none."""

    DEFAULT_CSS = "Words { height: auto; padding: 0 1; display: none; }"

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self._ascii = ascii_only
        self._lines: list[list[Part]] = []

    def set_lines(self, lines: Sequence[list[Part]]) -> None:
        """Show these lines."""
        fixed = list(lines)
        if fixed == self._lines:
            return
        grown = len(fixed) != len(self._lines)
        self._lines = fixed
        self.display = bool(fixed)
        self.refresh(layout=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 -- Textual's
        """One row for each line."""
        return len(self._lines)

    def render(self) -> Content:
        """The lines as they stand."""
        width = self.content_size.width
        return Content("\n").join(assemble(cut_line(line, width)) for line in self._lines)


class AnswerTable(Panel, Generic[R]):
    """Words above, rows below. Subclasses say what is watched and make the rows."""

    DEFAULT_CSS = "AnswerTable { height: 1fr; } AnswerTable LiveTable { height: 1fr; }"
    ASKING: ClassVar[str] = "loading…"
    """What stands in the place of the rows before anything has come."""

    def columns(self) -> list[Column[R]]:
        """The columns from left to right."""
        raise NotImplementedError

    def row_key(self, row: R) -> str:
        """Names a row."""
        raise NotImplementedError

    def matches(self, row: R, text: str) -> bool:
        """Whether a row has every word of the filter's text in one of its cells."""
        cells = [column.cell(row)[0].casefold() for column in self.columns()]
        return all(any(word in cell for cell in cells) for word in text.casefold().split())

    def is_old(self, row: R) -> bool:
        """Whether a row is shown faded."""
        return bool(getattr(row, "old", False))

    def compose(self) -> ComposeResult:
        """Words and table."""
        ascii_only = self.app.settings.ascii
        yield Words(ascii_only=ascii_only)
        yield LiveTable(
            self.columns(),
            row_key=self.row_key,
            match=self.matches,
            dim=self.is_old,
            ascii=ascii_only,
            empty=self.ASKING,
            id=f"{self.id}-rows" if self.id else None,
        )

    @property
    def table(self) -> LiveTable[R]:
        """The table itself."""
        return self.query_one(LiveTable)

    def set_words(self, lines: Sequence[list[Part]]) -> None:
        """Show these lines above the rows."""
        self.query_one(Words).set_lines([line for line in lines if line])

    def explain(self, reading: Reading[Any] | None, nothing: str) -> None:
        """Say in the place of the rows why there are none.

        Args:
            reading: What is known of the query that they come from.
            nothing: What an answer without anything in it means.
        """
        self.table.set_empty(why_empty(self.port, reading, self.ASKING, nothing))
