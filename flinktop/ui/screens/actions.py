"""The menu of what can be done to the selected thing: each act with what comes of it, or why it is off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from flinktop.engine.acts.act import Line
from flinktop.ui.dialog import Dialog, lines_content
from flinktop.ui.screens.confirm import queries_of
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.columns import Cell, Column
from flinktop.ui.widgets.table import LiveTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.content import Content

    from flinktop.flink.endpoint import Query
    from flinktop.ui.actions import Action

CHROME = 5
"""Lines of the box beside the rows and what is said below them: border, name, header, blank line."""
LEAST_EXPLAINED = 4
SIMULATED = "demo: actions disabled"


@dataclass(frozen=True, slots=True)
class _Row:
    action: Action
    reason: str | None
    words: str


class ActionsScreen(Dialog[None]):
    """Chooses what to do. Enter opens the dialog of the selected act; no letter does anything."""

    DEFAULT_CSS = """
    ActionsScreen > .dialog { padding: 0; }
    ActionsScreen #on { height: 1; padding: 0 1; }
    ActionsScreen #explained { height: auto; padding: 0 1; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,a", "leave", "back", show=False)]

    def __init__(self, actions: tuple[Action, ...]) -> None:
        """Offer these; what they are about does not change while the menu is open."""
        super().__init__()
        self._actions = {action.label: action for action in actions}
        self._on = actions[0].on

    def watched(self) -> Iterable[Query[Any]]:
        """What the acts are judged by."""
        return dict.fromkeys(query for action in self._actions.values() for query in queries_of(action.job))

    def compose(self) -> ComposeResult:
        """What it is about, a row for each act, and what the selected one does."""
        with Vertical(classes="dialog") as box:
            box.border_title = "Actions"
            yield Static(id="on", markup=False)
            yield LiveTable(
                (
                    Column("label", "ACTION", max(map(cell_len, self._actions)), _label),
                    Column("words", "EFFECT", 16, _words, flex=True),
                ),
                row_key=lambda row: row.action.label,
                dim=lambda row: row.reason is not None,
                ascii=self.app.settings.ascii,
            )
            yield Static(id="explained", markup=False)

    @property
    def table(self) -> LiveTable[_Row]:
        """The rows."""
        return self.query_one(LiveTable)

    def on_resize(self) -> None:
        """Break the lines anew, once this size is laid out."""
        self.call_after_refresh(self.news)

    def renew(self) -> None:
        """Say which acts can be done now."""
        if not self.query("#explained"):
            return
        self.query_one("#on", Static).update(clip(self._on, self.words_width))
        self.table.set_rows(
            [_Row(action, self._reason(action), action.words) for action in self._actions.values()]
        )
        height = self.app.size.height - CHROME
        # As many lines as any of them takes: nothing moves when another row is selected.
        longest = max(self._explained(action).plain.count("\n") + 1 for action in self._actions.values())
        below = min(max(longest, LEAST_EXPLAINED), max(height - len(self._actions), LEAST_EXPLAINED))
        self.query_one("#explained").styles.height = below
        self.table.styles.height = 1 + max(1, min(len(self._actions), height - below))
        self._explain()

    @on(LiveTable.Moved)
    def _explain(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.query_one("#explained", Static).update(self._explained(row.action))

    def _explained(self, action: Action) -> Content:
        """What an act does, or why it can't be done now."""
        reason = self._reason(action)
        lines = (Line("not now", reason, "warn"),) if reason is not None else action.explain()
        return lines_content(lines, self.words_width)

    def _reason(self, action: Action) -> str | None:
        return SIMULATED if self.app.profile.demo else action.reason

    @on(LiveTable.Opened)
    def _open(self) -> None:
        row = self.table.cursor_row
        if row is None:
            return
        if (reason := self._reason(row.action)) is not None:
            self.app.notify(f"{row.action.label}: {reason}", markup=False, severity="warning")
            self.renew()
        else:
            row.action.begin(self.app)


def _label(row: _Row) -> Cell:
    return row.action.label, "" if row.reason is None else "muted"


def _words(row: _Row) -> Cell:
    return (row.words if row.reason in (None, SIMULATED) else row.reason or "", "muted")
