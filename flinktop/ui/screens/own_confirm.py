"""The question before a command of one's own that may change something, on a protected cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Horizontal
from textual.widgets import Static

from flinktop.engine.acts.form import Line
from flinktop.flink.text import clean
from flinktop.ui.act_dialog import ActDialog, TypedName
from flinktop.ui.dialog import ActButton, lines_content
from flinktop.ui.own_commands.entries import shown_words
from flinktop.ui.widgets.form import PressButton

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be run, on which cluster, and what runs it."""

    name: str
    words: tuple[str, ...]
    cluster: str
    run: Callable[[], None]

    def name_to_type(self, _target: object) -> str:
        """The cluster's name, as before an act on the whole cluster."""
        return self.cluster

    def whose_name(self, _target: object) -> str:
        """What `name_to_type` is the name of."""
        return "the cluster's name"


class OwnConfirm(ActDialog[None]):
    """Shows the whole command; the cluster's name has to be typed before it runs."""

    TITLE_WORDS = "Run a command of your own"

    def __init__(self, question: Any) -> None:
        """`question` is a Question."""
        super().__init__()
        self._question: Question = question

    def body(self) -> ComposeResult:
        yield Static(id="words", classes="words", markup=False)
        yield TypedName()
        with Horizontal(classes="buttons"):
            yield PressButton("Back", id="back")
            yield ActButton("Run", id="do")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one("#back"))

    def renew(self) -> None:
        if not self.query("#do"):
            return
        question = self._question
        lines = (
            Line("command", clean(question.name), "strong"),
            Line("cluster", question.cluster),
            Line("runs", clean(shown_words(question.words))),
            Line("effect", 'not known to flinktop: in the config it has no "reads = true"', "warn"),
        )
        self.query_one("#words", Static).update(lines_content(lines, self.words_width))
        self.query_one(TypedName).ask(question, self.port.target())
        self.allow(self.typed_right)

    @on(PressButton.Pressed, "#do")
    def _do(self) -> None:
        if self.typed_right:
            self.dismiss()
            self._question.run()
