"""The dialog of an incident bundle: how far it is, then where it was written and what is missing in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from flinktop.bundle.making import Making, State, Step
from flinktop.engine.acts.form import Line
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.ui.dialog import Dialog, label_cells, lines_content
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.form import PressButton

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from flinktop.bundle.beside import BundleBeside

_TONES = {State.WAITING: "muted", State.RUNNING: "info", State.DONE: "", State.MISSING: "warn"}
_UNDER_WAY = "esc closes this; the bundle goes on in the background"
_WRITTEN = "y copies the path   B makes a new one   esc closes"
_NOT_WRITTEN = "B makes a new one   esc closes"


def part_line(step: Step) -> Line:
    """One part: how far it is, how large, or why it is missing."""
    words = clean(step.words)
    if step.state is State.MISSING:
        words = f"missing: {words}"
    elif step.state is State.RUNNING:
        words = words or "under way"
    elif step.state is State.WAITING:
        words = "waiting"
    return Line(str(step.part), words, _TONES.get(step.state, ""))


def outcome_lines(making: Making, width: int) -> list[Line]:
    """How it ended; [] before. The path is shown whole, `width` cells a line."""
    if making.state is State.DONE:
        path = clean(str(making.path))
        parts = [path[at : at + width] for at in range(0, len(path), width)]
        return [Line("written", fmt.size(making.size), "good"), *(Line("", part, "good") for part in parts)]
    if making.state is State.FAILED:
        return [Line("not written", making.reason, "bad")]
    return [Line("stopped", "nothing was written", "warn")] if making.state is State.STOPPED else []


class BundleScreen(Dialog[None]):
    """Shows a bundle while it is made, and its end. Closing it does not stop the bundle."""

    TITLE_WORDS = "Incident bundle"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy the path"),
        Binding("B", "anew", "new bundle"),
    ]

    def __init__(self, bundle: Any) -> None:
        """`bundle` is a BundleBeside."""
        super().__init__()
        self._bundle: BundleBeside = bundle

    def body(self) -> ComposeResult:
        yield Static(id="words", classes="words", markup=False)
        yield Static(id="hint", classes="words", markup=False)
        with Horizontal(classes="buttons"):
            yield PressButton("Close", id="close")
            yield PressButton("Stop", id="stop")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one("#close"))

    def renew(self) -> None:
        making = self._bundle.making
        if self._bundle.ended:
            self._bundle.seen = True
        head = Line("job", f"{clean(making.subject.name)} ({clean(making.subject.job)})", "strong")
        lines = [head, *map(part_line, making.steps)]
        # Half of the cells: letters of the path may be two cells wide.
        room = self.words_width - label_cells(lines)
        path = str(making.path)
        lines += outcome_lines(making, max(1, room if path.isascii() else room // 2))
        self.query_one("#words", Static).update(lines_content(lines, self.words_width))
        hint = _UNDER_WAY if not self._bundle.ended else _NOT_WRITTEN
        hint = _WRITTEN if making.state is State.DONE else hint
        self.query_one("#hint", Static).update(Content.styled(hint, TONES["info"]))
        stop = self.query_one("#stop")
        if stop.display == self._bundle.ended:
            stop.display = not self._bundle.ended
            if self.focused is stop:
                self.set_focus(self.query_one("#close"))

    @on(PressButton.Pressed, "#stop")
    def _stop(self) -> None:
        self.port.end_beside(self._bundle)

    def action_copy(self) -> None:
        if self._bundle.making.state is State.DONE:
            self.app.copy_text(str(self._bundle.making.path))

    def action_anew(self) -> None:
        """Make another one, once this one has ended."""
        if self._bundle.ended:
            job = self._bundle.making.subject.job
            self.dismiss()
            self.app.open_bundle(job)
