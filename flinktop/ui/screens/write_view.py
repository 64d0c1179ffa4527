"""The dialog that names the file to which the current view is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from flinktop.model import format as fmt
from flinktop.ui.live_app import LiveApp
from flinktop.ui.steady import Modal
from flinktop.ui.theme import TONES
from flinktop.ui.typed_path import absolute, expanded, why_unusable, with_ending
from flinktop.ui.written_view import JSON_ENDING, View, write

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

TEXT_ENDING = ".txt"


class WriteView(Modal[None]):
    """Writes the view as it was when the dialog was opened: later updates are not in it."""

    DEFAULT_CSS = """
    WriteView Input { border: none; height: 1; padding: 0; background: $panel; }
    WriteView #problem { color: $error; display: none; }
    """
    app = getters.app(LiveApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back"),
        Binding("down,up", "other_kind", "text or JSON"),
    ]

    def __init__(self, view: View, path: Path) -> None:
        super().__init__()
        self._view = view
        self._path = path

    def compose(self) -> ComposeResult:
        keys = f"enter writes   ↑ ↓ {TEXT_ENDING} or {JSON_ENDING}   esc back"
        with Vertical(classes="dialog") as box:
            box.border_title = "Write this view to a file"
            yield Input(str(self._path), compact=True, select_on_focus=False)
            yield Static("", id="problem", markup=False)
            yield Static(Content.styled(f"\n{keys}", TONES["info"]))

    def action_other_kind(self) -> None:
        line = self.query_one(Input)
        endings = (TEXT_ENDING, JSON_ENDING)
        to, other = endings if line.value.endswith(JSON_ENDING) else endings[::-1]
        line.value = with_ending(line.value, to, other)
        line.cursor_position = len(line.value)

    @on(Input.Submitted)
    def _write(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        if not typed:
            self._show_problem("Type the name of a file.")
            return
        path = expanded(typed)
        try:
            size = write(self._view, path)
        except FileExistsError:
            self._show_problem(f"{path} is there already: choose another name.")
        except (OSError, ValueError) as error:
            self._show_problem(f"{path} could not be written: {why_unusable(error)}.")
        else:
            self.app.notify(f"Wrote {fmt.size(size)} to {absolute(path)}", markup=False)
            self.dismiss()

    def _show_problem(self, words: str) -> None:
        problem = self.query_one("#problem", Static)
        problem.display = True
        problem.update(words)
