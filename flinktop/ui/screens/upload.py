"""Uploading a jar: which file, what it is, its progress, and running it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from flinktop.engine.acts.form import Line
from flinktop.engine.acts.jar_files import UploadJar, why_no_jar
from flinktop.engine.operation import State
from flinktop.facts.operations import explanation_of
from flinktop.model import format as fmt
from flinktop.model.typed_names import is_typed
from flinktop.ui.act_dialog import FieldRow
from flinktop.ui.dialog import LABEL, ActButton, Dialog, lines_content
from flinktop.ui.panels.parts import assemble, meter_parts
from flinktop.ui.places import RunJarPlace
from flinktop.ui.theme import TONES
from flinktop.ui.typed_path import Candidate, absolute, candidates, completed, expanded, is_file, why_unusable
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.form import LineField, PressButton

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult

    from flinktop.engine.operation import Operation

LISTED = 6  # candidates that are listed below the path
METER = 30


class PathField(LineField):
    """The path of a file; tab completes it, and leaves it when there is nothing to complete."""

    def complete(self) -> bool:
        """Complete the path as far as it is certain; whether there is anything left to choose from."""
        found = candidates(self.value)
        whole = completed(self.value, found)
        if whole != self.value:
            self.fill(whole)
            return True
        return bool(found) and not is_file(expanded(self.value))

    async def action_submit(self) -> None:
        button = self.screen.query_one("#upload")
        if button.disabled or self.screen.query_one("#typed-row").display:
            self.screen.focus_next()
        else:
            self.screen.set_focus(button)


class UploadScreen(Dialog[None]):
    """Requests a file, describes it, sends it, and offers to run it.

    If it is closed in the meantime, the upload goes on in its lane.
    """

    DEFAULT_CSS = """
    UploadScreen #candidates { margin-left: 14; color: $text-muted; height: auto; }
    UploadScreen #problem { color: $warning; height: auto; display: none; }
    UploadScreen #sending { display: none; height: auto; }
    UploadScreen.-sending #asking { display: none; }
    UploadScreen.-sending #sending { display: block; }
    UploadScreen #asking { height: auto; }
    """
    TITLE_WORDS = "Upload a jar"

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self._path = path
        self._operation: str | None = None
        self._seen: tuple[str, str | None] = ("", None)

    def body(self) -> ComposeResult:
        with Vertical(id="asking"):
            placeholder = "path of a .jar; tab completes it"
            yield FieldRow("file", PathField(self._path, placeholder=placeholder, id="path"))
            yield Static(id="candidates", markup=False)
            yield Static(id="consequence", classes="words", markup=False)
            yield FieldRow("type its name", LineField(id="typed"), id="typed-row")
            yield Static(id="problem", markup=False)
            with Horizontal(classes="buttons"):
                yield PressButton("Back", id="back")
                yield ActButton("Upload", id="upload", disabled=True)
        with Vertical(id="sending"):
            yield Static(id="progress", classes="words", markup=False)
            with Horizontal(classes="buttons"):
                yield PressButton("Run it", id="run")
                yield PressButton("Choose another file", id="again")
                yield PressButton("Close", id="close")

    def on_mount(self) -> None:
        self._look()
        path = self.query_one(PathField)
        path.cursor_position = len(path.value)
        super().on_mount()
        self.set_focus(path)

    @property
    def act(self) -> UploadJar:
        """The upload of the file that is named now."""
        return UploadJar(str(absolute(expanded(self.query_one(PathField).value.strip()))))

    def renew(self) -> None:
        operation = self.port.operation(self._operation) if self._operation is not None else None
        if operation is not None:
            self._show_operation(operation)
        elif self._operation is None:
            self._show_question()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look()
        self._show_question()

    def _look(self) -> None:
        """Check the named file: at most once for each letter."""
        value = self.query_one(PathField).value.strip()
        self._seen = value, self._why_no_jar(expanded(value)) if value else ""
        listed = self._candidates(candidates(value))
        shown = self.query_one("#candidates", Static)
        shown.display = bool(listed)
        shown.update(listed)

    @staticmethod
    def _why_no_jar(path: Path) -> str | None:
        try:
            if path.is_dir():
                return ""
            if not path.exists():
                return f"there is no file {path.name}"
            # Reading from a pipe would wait for a writer.
            return why_no_jar(path) if path.is_file() else f"{path.name} is not a file"
        except (OSError, ValueError) as error:
            return f"{path.name} can't be read: {why_unusable(error)}"

    def _candidates(self, found: tuple[Candidate, ...]) -> Content:
        value = self._seen[0]
        if not found or (len(found) == 1 and value.rpartition("/")[2] == found[0].name):
            return Content("")
        lines = [
            f"{clip(one.name, 44):<44}" + (f"{fmt.size(one.size):>10}" if one.size is not None else "")
            for one in found[:LISTED]
        ]
        if len(found) > LISTED:
            lines.append(f"and {len(found) - LISTED} more")
        return Content("\n".join(lines))

    def _show_question(self) -> None:
        value, wrong = self._seen
        act, target = self.act, self.port.target()
        wanted = act.required_name(target)
        self.query_one("#typed-row").display = wanted is not None
        typed = self.query_one("#typed", LineField)
        typed.placeholder = wanted or ""
        right = wanted is None or is_typed(typed.value, wanted)
        named = bool(value) and wrong is None
        visible = {"file": named and value != act.path, "size": named}
        lines = [line for line in act.consequence(target) if visible.get(line.label, True)]
        self.query_one("#consequence", Static).update(lines_content(lines, self.words_width))
        problem = act.why_not(target) or wrong or ""
        widget = self.query_one("#problem", Static)
        widget.display = bool(problem)
        widget.update(problem)
        self.query_one("#upload").disabled = not (named and right and act.why_not(target) is None)

    def action_leave(self) -> None:
        if self._operation is None:
            super().action_leave()
        else:
            self.app.close_dialogs()

    @on(PressButton.Pressed, "#upload")
    def _upload(self) -> None:
        act = self.act
        self._operation = self.port.submit(act, act.required_name(self.port.target()))
        self.add_class("-sending")
        self.query_one("#progress", Static).update("starting…")
        self._offer(run=False, again=False)
        self.set_focus(self.query_one("#close"))

    def _show_operation(self, operation: Operation) -> None:
        head = lines_content(
            (Line("file", operation.subject, "strong"), Line("cluster", operation.cluster_name))
        )
        known = [Line(label, words, "strong") for label, words in explanation_of(operation)]
        below = "\n" + lines_content(known, self.words_width) if known else ""
        self.query_one("#progress", Static).update(head + "\n" + self._state(operation) + below)
        done = operation.state is State.DONE
        before = self.query_one("#run").display
        self._offer(run=done and operation.result.jar is not None, again=operation.state.final and not done)
        if done and not before:
            self.set_focus(self.query_one("#run"))
        self.query_one("#close", PressButton).set_label("Close" if operation.state.final else "Hide")

    def _state(self, operation: Operation) -> Content:
        label = (f"{'state':<{LABEL}}", TONES["muted"])
        if operation.state is State.DONE:
            return Content.assemble(label, ("uploaded", TONES["good"]), f"   {operation.result.jar}")
        if operation.state.final:
            return Content.assemble(label, (f"{operation.state}: {operation.reason}", TONES["bad"]))
        if operation.progress is None:
            return Content.assemble(label, operation.words or "waiting for other uploads")
        sent, size = operation.progress
        share = sent / size if size else 1.0
        meter = assemble(meter_parts(share, METER, "info"))
        words = f"   {int(share * 100):3d} %   {fmt.size(sent)} of {fmt.size(size)}"
        if sent == size:
            words += "   sent; the cluster stores it"
        return Content.assemble(label, meter, words)

    def _offer(self, *, run: bool, again: bool) -> None:
        self.query_one("#run").display = run
        self.query_one("#again").display = again

    @on(PressButton.Pressed, "#again")
    def _again(self) -> None:
        self._operation = None
        self.remove_class("-sending")
        self._look()
        self._show_question()
        self.set_focus(self.query_one(PathField))

    @on(PressButton.Pressed, "#run")
    def _run(self) -> None:
        operation = self.port.operation(self._operation) if self._operation is not None else None
        if operation is not None and operation.result.jar is not None:
            app, jar = self.app, operation.result.jar
            app.close_dialogs()
            app.go(RunJarPlace(jar, name=operation.subject))
