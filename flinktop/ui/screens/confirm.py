"""The last question before an act: its target, what is lost, what happens afterwards, and its options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from flinktop.engine.acts.act import Risk
from flinktop.engine.acts.target import target_queries
from flinktop.ui.act_dialog import ActDialog, ActForm, TypedName
from flinktop.ui.dialog import ActButton, DialogBox, label_cells, lines_content
from flinktop.ui.widgets.form import PressButton

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from flinktop.engine.acts.act import Act
    from flinktop.engine.acts.target import Target
    from flinktop.flink.endpoint import Query

CHROME = 4  # lines of the box that do not scroll, besides the reason: its border, a blank line, its buttons


class ConfirmScreen(ActDialog[bool]):
    """Asks before an act. The target never changes; the texts about it are those of this second.

    No letter does anything: the button with the act's name has to get the focus and, a moment later, be
    pressed. That button is off while a name has to be typed or the act is not possible.
    """

    DEFAULT_CSS = """
    ConfirmScreen #words { height: auto; }
    ConfirmScreen #options { height: auto; margin-top: 1; }
    ConfirmScreen #scrolled { height: auto; width: 1fr; }
    ConfirmScreen .-changes { color: $warning; }
    ConfirmScreen .-loses { color: $error; }
    """

    def __init__(self, act: Act) -> None:
        super().__init__()
        self._act = act
        self._form = ActForm(act.form_fields, act, ascii=self.app.settings.ascii, id="options")

    def watched(self) -> Iterable[Query[Any]]:
        return target_queries(self._act.job_id)

    @property
    def target(self) -> Target:
        return self.port.target(self._act.job_id)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = self._act.title
            with DialogBox(id="scrolled"):
                yield Static(id="words", markup=False)
                if self._act.form_fields:
                    yield self._form
                if self._act.required_name(self.target) is not None:
                    yield TypedName()
            yield Static(id="reason", markup=False)
            with Horizontal(classes="buttons"):
                yield PressButton("Back", id="back")
                button = ActButton(self._act.title, id="do")
                if self._act.risk is not Risk.SAFE:
                    button.add_class(f"-{self._act.risk}")
                yield button

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#back").focus()

    def renew(self) -> None:
        if not self.query("#do"):
            return
        target, act = self.target, self.chosen
        lines = act.consequence(target)
        self.query_one("#words", Static).update(lines_content(lines, self.words_width))
        for label in self.query(".label"):
            label.styles.width = label_cells(lines)
        for field, row in self._form.rows.items():
            row.display = target.features.has(*field.since)
        self.ask_name(act, target)
        reason = self._why_not(act, target)
        below = CHROME + self.show_reason(f"Not now: {reason}" if reason is not None else "")
        self.query_one("#scrolled").styles.max_height = max(3, self.app.size.height - below)
        self.allow(reason is None and self.typed_right)

    @property
    def chosen(self) -> Act:
        """The act with its current options."""
        return replace(self._act, **self._form.values())  # type: ignore[type-var]  # acts are dataclasses

    def _why_not(self, act: Act, target: Target) -> str | None:
        """Why the act is not possible now; never to a cluster whose data are stale."""
        error = self.port.link().error
        lost = f"the cluster does not answer: {error.reason}" if error is not None else None
        return act.why_not(target) or lost

    @on(PressButton.Pressed, "#do")
    def _do(self) -> None:
        act, target = self.chosen, self.target
        if self._why_not(act, target) is not None or not self.typed_right:
            self.renew()
            return
        self.app.submit(self.port, act, act.required_name(target))
        self.app.close_dialogs()
