"""What all dialogs before an act share: the box, the watched queries, and how it stays live."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from rich.cells import cell_len
from textual import getters, on
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from flinktop.ui.live import cannot_show
from flinktop.ui.live_app import LiveApp, OfCluster
from flinktop.ui.steady import Modal
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.celltext import safe, wrap
from flinktop.ui.widgets.form import Choice, LineField, PressButton

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget

    from flinktop.engine.acts.form import Line
    from flinktop.flink.endpoint import Query

log = logging.getLogger(__name__)
T = TypeVar("T")

LABEL = 14  # least width of the labels in a dialog (cells), so that values are aligned
EDGES = 5  # cells that border, padding and scroll bar of a box take
LEAST_WORDS, MOST_LINES, MOST_REASON = 12, 20, 3
READY_SECONDS = 0.4
"""Seconds from when a question is visible, or its button gets the focus, until an answer counts.

A terminal without bracketed paste sends pasted text as keys, some of which open a dialog.
"""
LOOK_SECONDS = 0.1  # between two checks whether the time has come
STEP = 5  # lines that a dialog scrolls at once


def lines_content(lines: Iterable[Line], width: int = 0) -> Content:
    """An act's description: labels in a column, and texts wrapped at `width` cells (0: not here)."""
    lines = tuple(lines)
    labels = label_cells(lines)
    parts: list[Content] = []
    for line in lines:
        room = max(width - labels, LEAST_WORDS)
        first, *more = wrap(line.text, room, MOST_LINES) if width else [safe(line.text)]
        tone = TONES[line.tone]
        parts.append(Content.assemble((line.label.ljust(labels), TONES["muted"]), (first, tone)))
        parts += [Content.assemble(" " * labels, (text, tone)) for text in more]
    return Content("\n").join(parts)


def label_cells(lines: Iterable[Line]) -> int:
    """Width of the label column that these lines need (cells)."""
    return max([LABEL, *(cell_len(line.label) + 2 for line in lines)])


class ActButton(PressButton):
    """Ignores enter just after it got the focus, and clicks just after its dialog opened.

    It is dim while it ignores them.
    """

    DEFAULT_CSS = """
    ActButton.-waiting:focus { text-style: dim; }
    """
    app = getters.app(LiveApp)
    _opened = float("-inf")
    _focused = float("-inf")

    @property
    def ready(self) -> bool:
        """Whether an enter that is pressed now counts."""
        return self.app.clock.now() - self._focused >= READY_SECONDS

    def refresh_state(self) -> None:
        self.set_class(not self.ready, "-waiting")

    def on_mount(self) -> None:
        self._opened = self._focused = self.app.clock.now()

    def on_focus(self) -> None:
        self._focused = self.app.clock.now()
        self._wait()

    def _wait(self) -> None:
        self.refresh_state()
        if not self.ready:
            self.set_timer(LOOK_SECONDS, self._wait)

    def action_press(self) -> None:
        if self.app.typed_at - self._focused >= READY_SECONDS:
            super().action_press()

    def on_click(self) -> None:
        """A click also gives it the focus, so it has to come a moment after the dialog."""
        if self.app.typed_at - self._opened >= READY_SECONDS:
            super().action_press()


class DialogBox(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The scrolling part of a dialog. It takes no keys: up and down go from field to field."""

    DEFAULT_CSS = "DialogBox { scrollbar-size-vertical: 1; }"


class Dialog(Modal[T], OfCluster):
    """A box over the screen: arrows and tab move, enter presses what has the focus, esc closes it.

    Its subject does not change while it is open; the texts about it do, on news and each second.
    """

    DEFAULT_CSS = """
    Dialog > .dialog { max-height: 100%; padding: 0 1; }
    /* Of stacked dialogs only the last one is visible. */
    Dialog.-behind { background: transparent; }
    Dialog .words { height: auto; width: 1fr; }
    Dialog .buttons { height: 1; width: 1fr; margin-top: 1; }
    Dialog #reason { height: auto; width: 1fr; color: $warning; }
    Dialog > .dialog > .complaint { display: none; color: $error; height: auto; width: 1fr; }
    Dialog.-broken > .dialog > * { display: none !important; }
    Dialog.-broken > .dialog > .complaint { display: block !important; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="close"),
        # Handled before the next key is looked at: what is typed after it is for the next field.
        Binding("tab", "field(1)", "Next field", show=False, priority=True),
        Binding("shift+tab", "field(-1)", "Previous field", show=False, priority=True),
        Binding("up", "line(-1)", "Up", show=False, priority=True),
        Binding("down", "line(1)", "Down", show=False, priority=True),
        Binding("left", "sideways(-1)", "Left", show=False, priority=True),
        Binding("right", "sideways(1)", "Right", show=False, priority=True),
        Binding("pageup", "scroll(-1)", "Up", show=False),
        Binding("pagedown", "scroll(1)", "Down", show=False),
    ]
    CELLS: ClassVar[int] = 84  # largest width of the box (cells)
    TITLE_WORDS: ClassVar[str] = ""  # title in the upper edge of the box; our own words

    def __init__(self) -> None:
        super().__init__()
        self._queries: frozenset[Query[Any]] = frozenset()
        self._focused_before: Widget | None = None
        self._fault: str | None = None
        """Why it can't show anything now."""

    @property
    def words_width(self) -> int:
        """Cells that texts in the box may take."""
        return min(self.app.size.width, self.CELLS) - EDGES

    def compose(self) -> ComposeResult:
        with DialogBox(classes="dialog") as box:
            box.border_title = self.TITLE_WORDS
            yield from self.body()

    def body(self) -> ComposeResult:
        yield from ()

    def watched(self) -> Iterable[Query[Any]]:
        """The queries to watch while the dialog is open; called again on news, so that they may change."""
        return ()

    def renew(self) -> None:
        """Show what is known now: there is news, or a second has passed."""

    def news(self) -> None:
        """Update the watched queries and show what is known; does nothing while the dialog closes."""
        if not self.alive:
            return
        try:
            self._show()
        except Exception as error:  # noqa: BLE001 -- whatever it is, the screens behind it live
            self._cannot_show(error)
        else:
            self._can_show()

    def _show(self) -> None:
        now = frozenset(self.watched())
        for query in now - self._queries:
            self.port.watch(query)
        for query in self._queries - now:
            self.port.unwatch(query)
        self._queries = now
        for button in self.query(ActButton):
            button.refresh_state()
        self.renew()

    def _cannot_show(self, error: Exception) -> None:
        """Show the error and hide the contents: nobody may confirm what is not shown."""
        if self.app.raise_errors:
            raise error
        sentence = f"{cannot_show(error)}\nesc goes back"
        if sentence != self._fault:
            log.error("the dialog %s cannot show its facts", type(self).__name__, exc_info=error)
            self._focused_before = self._focused_before or self.focused
            self._fault = sentence
        box = self.query(".dialog").first()
        for widget in box.query(".complaint").results(Static):
            widget.update(sentence)
            break
        else:
            box.mount(Static(sentence, classes="complaint", markup=False))
        self.add_class("-broken")

    def _can_show(self) -> None:
        if self._fault is not None:
            self._fault = None
            self.remove_class("-broken")
            if self.focused is None and (before := self._focused_before) is not None:
                self.call_after_refresh(self.go_to, before)

    def show_reason(self, reason: str) -> int:
        """Show why the act is not possible, if so; returns the number of lines that this takes."""
        lines = wrap(reason, self.words_width, MOST_REASON) if reason else []
        widget = self.query_one("#reason", Static)
        widget.update("\n".join(lines))
        widget.display = bool(lines)
        return len(lines)

    def on_resize(self) -> None:
        self.call_after_refresh(self.news)

    @on(PressButton.Pressed, "#back, #close")
    def _back(self) -> None:
        self.action_leave()

    def on_mount(self) -> None:
        # Older notifications would cover it.
        self.app.clear_notifications()
        self.news()

    def on_unmount(self) -> None:
        for query in self._queries:
            self.port.unwatch(query)
        self._queries = frozenset()

    def on_screen_suspend(self, _event: events.ScreenSuspend) -> None:
        """Another dialog covers this one."""
        self._focused_before = self.focused
        self._show_box("hidden")
        self.add_class("-behind")

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        """It is on top (again), with the focus where it was; what is hidden loses the focus."""
        self.remove_class("-behind")
        self._show_box("visible")
        before = self._focused_before
        if before is not None and before.is_attached and before.focusable:
            self.set_focus(before)

    def go_to(self, field: Widget) -> None:
        """Give a field the focus: now, or when this dialog is on top again."""
        if self.has_class("-behind"):
            self._focused_before = field
        else:
            self.set_focus(field)

    def _show_box(self, visibility: Literal["visible", "hidden"]) -> None:
        # Not by the style sheet: its rules apply only some time later, and hidden widgets take no focus.
        for box in self.query(".dialog"):
            box.styles.visibility = visibility

    def action_scroll(self, by: int) -> None:
        for box in self.query(DialogBox):
            box.scroll_relative(y=by * STEP, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "line":
            return isinstance(self.focused, LineField | PressButton | Choice)
        if action == "sideways":
            return isinstance(self.focused, PressButton)
        return super().check_action(action, parameters)

    def action_field(self, by: int) -> None:
        if by < 0 or not (isinstance(self.focused, LineField) and self.focused.complete()):
            self.action_sideways(by)

    def action_line(self, by: int) -> None:
        self.action_sideways(by)

    def action_sideways(self, by: int) -> None:
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_leave(self) -> None:
        self.dismiss(None)
