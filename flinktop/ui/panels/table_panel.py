"""A table of a query's answer, under a few lines of text: the panel of most tabs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import events, on
from textual.content import Content
from textual.widget import Widget

from flinktop.facts.freshness import OLD_SECONDS, is_old, missing_words, why_empty
from flinktop.ui import keys
from flinktop.ui.live import Asks, Panel
from flinktop.ui.panels.parts import Part, assemble, cut_line
from flinktop.ui.widgets.columns import chosen, usual
from flinktop.ui.widgets.growth import redraw
from flinktop.ui.widgets.messages import VisibleChanged
from flinktop.ui.widgets.painted_view import MOVES
from flinktop.ui.widgets.table import Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Endpoint, Query

R = TypeVar("R")


FOR_ROWS = frozenset(
    (
        *(key for one in MOVES for key in one.key.split(",")),
        *(key for one in (keys.OPEN, keys.ACTIONS, keys.COPY, keys.WRITE) for key in one.keys),
    )
)
"""Keys that act on the rows or on the selected one."""


class Words(Widget):
    """Some lines, each on one row and cut to the width; empty without lines."""

    DEFAULT_CSS = "Words { height: auto; padding: 0 1; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[list[Part]] = []

    def set_lines(self, lines: Sequence[list[Part]]) -> None:
        fixed = list(lines)
        if fixed == self._lines:
            return
        grown = len(fixed) != len(self._lines)
        self._lines = fixed
        self.display = bool(fixed)
        redraw(self, grown=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 -- Textual's
        return len(self._lines)

    def render(self) -> Content:
        width = self.content_size.width
        return Content("\n").join(assemble(cut_line(line, width)) for line in self._lines)


class TablePanel(Panel, Generic[R]):
    """Text above, rows below.

    Where the rows come from one query a subclass sets its `ENDPOINT` and makes the rows of an answer in
    `rows_of`; else it defines `asks`, `rows`, and in `empty` why there are none. Cells are made when they are
    drawn: rows that are not on the screen cost nothing.
    """

    DEFAULT_CSS = "TablePanel { height: 1fr; } TablePanel LiveTable { height: 1fr; }"
    ENDPOINT: ClassVar[Endpoint[Any] | None] = None
    """The source of the rows; the ids in its path are attributes of the panel."""
    KEY: ClassVar[str] = "key"  # the attribute of a row that identifies it in the program
    COLUMNS: ClassVar[Sequence[Column[Any]]] = ()
    """The columns from left to right, where they are always the same."""
    LOADING: ClassVar[str] = "loading…"  # shown instead of the rows before the first answer
    NOTHING: ClassVar[str] = ""  # the text for an empty answer
    EVERY: ClassVar[float] = 0.0
    """Seconds between two polls of the source; 0 is the cluster's own refresh interval."""
    MISSING: ClassVar[str] = ""  # what a cluster without the endpoint lacks, in the plural
    TABLE: ClassVar[str] = ""
    """Its name in the config's [columns]; "" where columns can't be chosen."""
    TABLE_ID: ClassVar[str] = ""  # the table's id; by default the panel's with "-rows"
    FADES: ClassVar[bool] = True  # whether rows of an old answer are faded
    scroll_asks_at_once = True
    """Whether rows that come into sight are requested at once, or at the next second."""
    first_ask_at_once = True  # whether the first rows are, regardless of the others

    def __init__(self, job: str = "", vertex: str = "", subtask: int = 0, *, id: str | None = None) -> None:
        super().__init__(job, vertex, subtask, id=id)
        self.visible_keys: tuple[str, ...] = ()
        """The keys of the rows on the screen that are requested."""
        self._scrolled_to: tuple[str, ...] = ()  # the keys of the rows that are there now
        self._hidden: tuple[Column[R], ...] = ()
        """The usual columns that the config leaves out: the filter looks at them, too."""
        self.old = False  # whether the answer of the source is too old to rely on

    def columns(self) -> Sequence[Column[R]]:
        """The columns that it can have, from left to right, as things are now."""
        return self.COLUMNS

    def shown_columns(self) -> Sequence[Column[R]]:
        """Those of `columns` that the config chooses for this table, else the usual ones."""
        columns = self.columns()
        choice = self.app.settings.columns.get(self.TABLE)
        if choice is None:
            return usual(columns)
        shown = chosen(columns, choice.show, choice.row_name)
        keys = {column.key for column in shown}
        self._hidden = tuple(column for column in usual(columns) if column.key not in keys)
        return shown

    def source(self) -> Query[Any] | None:
        """The query that rows come from; None if there are several."""
        return self._of_endpoint

    @cached_property
    def _of_endpoint(self) -> Query[Any] | None:
        if self.ENDPOINT is None:
            return None
        return self.ENDPOINT(**{name: getattr(self, name) for name in self.ENDPOINT.names})

    def key(self, row: R) -> str:
        return str(getattr(row, self.KEY))

    def rows_of(self, answer: Any) -> Sequence[R] | None:
        """Rows of the answer of the source; None leaves the shown rows."""
        raise NotImplementedError

    def rows(self) -> Sequence[R] | None:
        """The rows in their own order; None leaves the shown rows."""
        return self.rows_of(self.answer) if self.answer is not None else None

    def words(self) -> Sequence[list[Part]]:
        """The lines above the rows; empty ones are left out."""
        return ()

    def empty(self) -> str:
        return self.missing or self.why_empty(self.reading)

    @property
    def reading(self) -> Reading[Any] | None:
        source = self.source()
        return self.port.reading(source) if source is not None else None

    @property
    def answer(self) -> Any:
        """The last answer of the source; None before the first."""
        return self.reading.value if self.reading is not None else None

    @property
    def missing(self) -> str:
        """Why this cluster has nothing of the kind; "" if it should have."""
        source = self.source()
        if not self.MISSING or source is None:
            return ""
        return missing_words(self.port, source.endpoint, self.MISSING)

    def why_empty(self, reading: Reading[Any] | None, nothing: str | None = None) -> str:
        """Why a query has no rows; `nothing` is the text for an empty answer."""
        return why_empty(self.port, reading, self.LOADING, self.NOTHING if nothing is None else nothing)

    def matches(self, row: R, text: str) -> bool:
        """Whether every word of the filter text occurs in one of the row's cells, visible or not."""
        columns = (*self.table.columns, *self._hidden)
        cells = [column.cell(row)[0].casefold() for column in columns]
        return all(any(word in cell for cell in cells) for word in text.casefold().split())

    def is_dim(self, row: R) -> bool:
        return bool(getattr(row, "old", self.old))

    def heading(self, row: R) -> str:  # noqa: ARG002 -- for subclasses
        """The text of a row that is a heading of those below it; "" of all others."""
        return ""

    def compose(self) -> ComposeResult:
        yield Words()
        yield LiveTable(
            self.shown_columns(),
            row_key=self.key,
            match=self.matches,
            dim=self.is_dim,
            heading=self.heading,
            ascii=self.ascii,
            empty=self.LOADING,
            id=self.TABLE_ID or (f"{self.id}-rows" if self.id else None),
        )

    @property
    def table(self) -> LiveTable[R]:
        return self.query_one(LiveTable)

    def asks(self) -> Asks:
        source = self.source()
        return {} if source is None or self.missing else {source: self.EVERY}

    def show(self) -> None:
        table = self.table
        table.set_empty(self.empty())
        self.old = self.FADES and is_old(self.port, self.reading, max(OLD_SECONDS, 2 * self.EVERY))
        rows = self.rows()
        if rows is None or not table.set_rows(rows):
            # Ages, time zone and staleness change the cells of unchanged rows.
            table.redraw_cells()
        self.query_one(Words).set_lines([line for line in self.words() if line])

    @property
    def awaits_rows(self) -> bool:
        """Whether other rows will be here in a moment, such as those of a filter that was just typed."""
        return False

    def ready_for(self, event: events.Event) -> bool:
        """Keys for rows wait for rows that will be here in a moment; all others are handled at once."""
        return not (isinstance(event, events.Key) and event.key in FOR_ROWS and self.awaits_rows)

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._scrolled_to = event.keys
        if self.scroll_asks_at_once or (self.first_ask_at_once and not self.visible_keys):
            self.tick()
        else:
            self.wants_tick = True

    def tick(self) -> None:
        self.visible_keys = self._scrolled_to
        super().tick()
