"""The name that is typed before what can't be taken back, and before anything on a protected cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from flinktop.model.typed_names import is_typed
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.celltext import safe
from flinktop.ui.widgets.form import LineField

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.acts.act import Request
    from flinktop.engine.acts.target import Target


class NameField(LineField):
    """A field that enter does not leave by itself: whoever asks for the name says where to."""

    async def action_submit(self) -> None:
        """Tell that the name is there."""
        await Input.action_submit(self)


class TypedName(Vertical):
    """Says which name is typed and why, and takes it; enter in it is an `Input.Submitted`."""

    DEFAULT_CSS = """
    TypedName { height: auto; margin-top: 1; }
    TypedName #type-words { height: auto; color: $text-muted; }
    TypedName .row { height: 1; width: 1fr; }
    TypedName .row > .label { width: 14; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__(id="typed-name")
        self._wanted: str | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="type-words", markup=False)
        with Horizontal(classes="row"):
            yield Static("name", classes="label", markup=False)
            yield NameField(id="typed")

    def ask(self, request: Request, target: Target) -> None:
        """Ask for the name that this wants on this target."""
        self._wanted = name = request.name_to_type(target)
        why = "This cluster is protected" if target.protected else "This can't be undone"
        whose = request.whose_name(target)
        words = Content.assemble(f"{why}: type {whose} to confirm: ", (safe(name), TONES["strong"]))
        self.query_one("#type-words", Static).update(words)

    @property
    def is_right(self) -> bool:
        """Whether the name that is asked for stands in the field."""
        typed = self.query_one("#typed", LineField).value
        return self._wanted is not None and is_typed(typed, self._wanted)
