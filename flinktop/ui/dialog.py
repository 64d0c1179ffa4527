"""What every dialog before an act has in common: its box, what it watches, and how it stays live."""

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
from flinktop.ui.live_app import LiveApp
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
    from flinktop.engine.host import Port
    from flinktop.flink.endpoint import Query

log = logging.getLogger(__name__)
T = TypeVar("T")

LABEL = 14  # cells of the labels in a dialog at the least, so that values stand below each other
EDGES = 5  # cells that border, padding and scroll bar of a box take
LEAST_WORDS, MOST_LINES, MOST_REASON = 12, 20, 3
READY_SECONDS = 0.4
"""From when a question is seen, or its button gets the focus, until an answer counts.

A terminal without bracketed paste hands over pasted text as keys, some of which open a dialog.
"""
LOOK_SECONDS = 0.1  # between two looks whether it is time
STEP = 5  # lines that a dialog scrolls by at once


def lines_content(lines: Iterable[Line], width: int = 0) -> Content:
    """What an act says beforehand: labels in a column, and words, wrapped at `width` cells (0: not here)."""
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
    """Cells of the column of labels that these lines need."""
    return max([LABEL, *(cell_len(line.label) + 2 for line in lines)])


class ActButton(PressButton):
    """Takes no enter in the first moment after it got the focus, and no click after its dialog opened.

    It is dim for as long as it takes none.
    """

    DEFAULT_CSS = """
    ActButton.-waiting:focus { text-style: dim; }
    """
    app = getters.app(LiveApp)
    _opened = float("-inf")
    _focused = float("-inf")

    @property
    def ready(self) -> bool:
        """Whether it takes an enter that is pressed now."""
        return self.app.port.now() - self._focused >= READY_SECONDS

    def look(self) -> None:
        self.set_class(not self.ready, "-waiting")

    def on_mount(self) -> None:
        self._opened = self._focused = self.app.port.now()

    def on_focus(self) -> None:
        self._focused = self.app.port.now()
        self._wait()

    def _wait(self) -> None:
        self.look()
        if not self.ready:
            self.set_timer(LOOK_SECONDS, self._wait)

    def action_press(self) -> None:
        if self.app.typed_at - self._focused >= READY_SECONDS:
            super().action_press()

    def on_click(self) -> None:
        """A click gives it the focus itself: it has to come a moment after the dialog."""
        if self.app.typed_at - self._opened >= READY_SECONDS:
            super().action_press()


class DialogBox(VerticalScroll, can_focus=False, inherit_bindings=False):
    """What scrolls in a dialog. It takes no keys: up and down go from field to field."""

    DEFAULT_CSS = "DialogBox { scrollbar-size-vertical: 1; }"


class Dialog(Modal[T]):
    """A box before the screen: arrows and tab move, enter presses what has the focus, esc closes it.

    What it is about does not change while it is open; the words about it do, on news and each second.
    """

    DEFAULT_CSS = """
    Dialog > .dialog { max-height: 100%; padding: 0 1; }
    /* Of dialogs that stand on each other the last one alone is seen. */
    Dialog.-behind { background: transparent; }
    Dialog .words { height: auto; width: 1fr; }
    Dialog .buttons { height: 1; width: 1fr; margin-top: 1; }
    Dialog #reason { height: auto; width: 1fr; color: $warning; }
    Dialog > .dialog > .complaint { display: none; color: $error; height: auto; width: 1fr; }
    Dialog.-broken > .dialog > * { display: none !important; }
    Dialog.-broken > .dialog > .complaint { display: block !important; }
    """
    app = getters.app(LiveApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="close"),
        # Before the next key is looked at: what is typed behind it is for the next field.
        Binding("tab", "field(1)", "Next field", show=False, priority=True),
        Binding("shift+tab", "field(-1)", "Previous field", show=False, priority=True),
        Binding("up", "line(-1)", "Up", show=False, priority=True),
        Binding("down", "line(1)", "Down", show=False, priority=True),
        Binding("left", "beside(-1)", "Left", show=False, priority=True),
        Binding("right", "beside(1)", "Right", show=False, priority=True),
        Binding("pageup", "scroll(-1)", "Up", show=False),
        Binding("pagedown", "scroll(1)", "Down", show=False),
    ]
    CELLS: ClassVar[int] = 84  # cells that the box takes at the most
    TITLE_WORDS: ClassVar[str] = ""  # words of ours in the upper edge of the box

    def __init__(self) -> None:
        super().__init__()
        self._asked_for: frozenset[Query[Any]] = frozenset()
        self._focused_before: Widget | None = None
        self._fault: str | None = None
        """Why it can't show anything now."""

    @property
    def port(self) -> Port:
        return self.app.port

    @property
    def words_width(self) -> int:
        """Cells that words in the box may take."""
        return min(self.app.size.width, self.CELLS) - EDGES

    def compose(self) -> ComposeResult:
        with DialogBox(classes="dialog") as box:
            box.border_title = self.TITLE_WORDS
            yield from self.body()

    def body(self) -> ComposeResult:
        yield from ()

    def watched(self) -> Iterable[Query[Any]]:
        """What is asked while the dialog is open; asked anew on news, so that it may change."""
        return ()

    def renew(self) -> None:
        """There is news, or a second has passed."""

    def news(self) -> None:
        """Ask for what is watched now, and show what is known; one that is being closed does neither."""
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
        for query in now - self._asked_for:
            self.port.watch(query)
        for query in self._asked_for - now:
            self.port.unwatch(query)
        self._asked_for = now
        for button in self.query(ActButton):
            button.look()
        self.renew()

    def _cannot_show(self, error: Exception) -> None:
        """Say so in its place, and hide everything else: nothing is done by what is not seen."""
        if self.app.raise_faults:
            raise error
        sentence = f"{cannot_show(error)}\nesc goes back"
        if sentence != self._fault:
            log.error("the dialog %s cannot show its facts", type(self).__name__, exc_info=error)
            self._focused_before = self._focused_before or self.focused
            self._fault = sentence
        box = self.query(".dialog").first()
        for said in box.query(".complaint").results(Static):
            said.update(sentence)
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
        """Say what stands against it, if anything does; the number of lines that it takes."""
        lines = wrap(reason, self.words_width, MOST_REASON) if reason else []
        said = self.query_one("#reason", Static)
        said.update("\n".join(lines))
        said.display = bool(lines)
        return len(lines)

    def on_resize(self) -> None:
        self.call_after_refresh(self.news)

    @on(PressButton.Pressed, "#back, #close")
    def _back(self) -> None:
        self.action_leave()

    def on_mount(self) -> None:
        # What was said before would stand in front of it.
        self.app.clear_notifications()
        self.news()

    def on_unmount(self) -> None:
        for query in self._asked_for:
            self.port.unwatch(query)
        self._asked_for = frozenset()

    def on_screen_suspend(self, _event: events.ScreenSuspend) -> None:
        """Another dialog stands before this one."""
        self._focused_before = self.focused
        self._show_box("hidden")
        self.add_class("-behind")

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        """It is the foremost (again), and the person where they were: what is hidden loses the focus."""
        self.remove_class("-behind")
        self._show_box("visible")
        before = self._focused_before
        if before is not None and before.is_attached and before.focusable:
            self.set_focus(before)

    def go_to(self, field: Widget) -> None:
        """Give a field the focus: at once, or when this dialog is the foremost again."""
        if self.has_class("-behind"):
            self._focused_before = field
        else:
            self.set_focus(field)

    def _show_box(self, visibility: Literal["visible", "hidden"]) -> None:
        # Not by the style sheet: what it says holds only some time later, and what is hidden takes no focus.
        for box in self.query(".dialog"):
            box.styles.visibility = visibility

    def action_scroll(self, by: int) -> None:
        for box in self.query(DialogBox):
            box.scroll_relative(y=by * STEP, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "line":
            return isinstance(self.focused, LineField | PressButton | Choice)
        if action == "beside":
            return isinstance(self.focused, PressButton)
        return super().check_action(action, parameters)

    def action_field(self, by: int) -> None:
        if by < 0 or not (isinstance(self.focused, LineField) and self.focused.complete()):
            self.action_beside(by)

    def action_line(self, by: int) -> None:
        self.action_beside(by)

    def action_beside(self, by: int) -> None:
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_leave(self) -> None:
        self.dismiss(None)
