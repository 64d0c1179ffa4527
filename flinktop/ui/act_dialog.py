"""Dialogs that ask before an act: its fields, a name that may have to be typed first, a button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from flinktop.model.typed_names import is_typed
from flinktop.ui.dialog import Dialog
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.celltext import safe
from flinktop.ui.widgets.form import Choice, LineField, LinesField

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from flinktop.engine.acts.act import Request
    from flinktop.engine.acts.form import Field
    from flinktop.engine.acts.target import Target

T = TypeVar("T")


class FieldRow(Horizontal):
    """A label and its field."""

    DEFAULT_CSS = """
    FieldRow { height: auto; width: 1fr; }
    FieldRow > .label { width: auto; min-width: 14; padding-right: 1; color: $text-muted; }
    """

    def __init__(self, label: str, field: Widget, *, id: str | None = None) -> None:
        super().__init__(Static(label, classes="label", markup=False), field, classes="row", id=id)


class ActForm(Vertical):
    """The fields that an act declares, with initial values from `begin`."""

    DEFAULT_CSS = "ActForm { height: auto; }"

    def __init__(self, fields: Iterable[Field], begin: object, *, ascii: bool, id: str | None = None) -> None:
        self._ascii = ascii
        self.widgets = {one: self._widget(one, one.text(getattr(begin, one.name))) for one in fields}
        self.rows = {
            one: FieldRow(one.label, widget, id=f"row-{one.name}") for one, widget in self.widgets.items()
        }
        super().__init__(*self.rows.values(), id=id)

    def _widget(self, field: Field, text: str) -> Choice | LineField | LinesField:
        if field.choices:
            options = {one.label: one.words for one in field.choices}
            return Choice(options, text, ascii=self._ascii, id=field.name)
        return (LinesField if field.lines else LineField)(text, placeholder=field.placeholder, id=field.name)

    def texts(self) -> dict[str, str]:
        """The texts in the fields, by field name."""
        return {
            one.name: widget.text if isinstance(widget, LinesField) else widget.value
            for one, widget in self.widgets.items()
        }

    def values(self) -> dict[str, Any]:
        """The values of the requested fields, by name. Raises ValueError."""
        texts = self.texts()
        return {
            one.name: one.value(texts[one.name])
            for one in self.widgets
            if not one.of or texts[one.of].strip()
        }

    def refresh_fields(self) -> None:
        """Show the fields that are requested."""
        texts = self.texts()
        for one, row in self.rows.items():
            if one.of:
                row.display = bool(texts[one.of].strip())


class NameField(LineField):
    """A field that enter does not leave: the dialog that asks for the name decides where to go."""

    async def action_submit(self) -> None:
        await Input.action_submit(self)


class Named(Protocol):
    """What a name has to be typed for."""

    def name_to_type(self, target: Target, /) -> str: ...
    def whose_name(self, target: Target, /) -> str: ...


class TypedName(Vertical):
    """Shows which name has to be typed and why, and takes it; enter in it sends `Input.Submitted`."""

    DEFAULT_CSS = """
    TypedName { height: auto; margin-top: 1; }
    TypedName #type-words { height: auto; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__(id="typed-name")
        self._wanted: str | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="type-words", markup=False)
        yield FieldRow("name", NameField(id="typed"))

    def ask(self, request: Named, target: Target) -> None:
        """Ask for the name that this request needs on this target."""
        self._wanted = name = request.name_to_type(target)
        why = "This cluster is protected" if target.protected else "This can't be undone"
        whose = request.whose_name(target)
        words = Content.assemble(f"{why}: type {whose} to confirm: ", (safe(name), TONES["strong"]))
        self.query_one("#type-words", Static).update(words)

    @property
    def is_right(self) -> bool:
        """Whether the field contains the requested name."""
        typed = self.query_one("#typed", LineField).value
        return self._wanted is not None and is_typed(typed, self._wanted)


class ActDialog(Dialog[T]):
    """A dialog whose button starts an act; a name may have to be typed first."""

    def ask_name(self, request: Request, target: Target) -> None:
        """Show which name has to be typed first, if any."""
        for name in self.query(TypedName):
            name.ask(request, target)

    @property
    def typed_right(self) -> bool:
        """Whether the requested name is typed, if one is needed."""
        return all(name.is_right for name in self.query(TypedName))

    def allow(self, allowed: bool) -> None:  # noqa: FBT001 -- a state, not an option
        """Switch the button on or off; the focus stays where it was, or goes back."""
        self.query_one("#do").disabled = not allowed
        if not allowed and self.focused is None:
            self.set_focus(self.query_one("#back"))

    @on(Input.Changed)
    @on(Choice.Changed)
    def _changed(self) -> None:
        self.renew()

    @on(Input.Submitted, "#typed")
    def _name_typed(self) -> None:
        """Go on to the button once it is on; otherwise stay in the name field."""
        self.renew()
        if not (button := self.query_one("#do")).disabled:
            self.set_focus(button)
