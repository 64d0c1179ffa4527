"""The last question before an act: what it is done to, what is lost, what comes after, and how to do it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from flinktop.engine.acts.act import Line, Risk
from flinktop.engine.acts.checkpoint import Checkpoint
from flinktop.engine.acts.dispose import Dispose
from flinktop.engine.acts.savepoint import Savepoint
from flinktop.engine.acts.stop import Stop
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.ui.act_button import ActButton
from flinktop.ui.act_names import name_of
from flinktop.ui.dialog import Dialog, DialogBox, label_cells, lines_content
from flinktop.ui.panels.typed_name import TypedName
from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.form import Choice, LineField, Option, PressButton

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from flinktop.engine.acts.act import Act
    from flinktop.engine.acts.facts import Facts
    from flinktop.flink.endpoint import Query

CHROME = 4
"""Lines of the box that do not scroll, beside the reason: its border, a blank line, its buttons."""
MOST_REASON = 3
DRAIN = (
    Option("", "no", "the job can be resumed later"),
    Option("yes", "yes", "windows and timers fire now"),
)
FORMS = (
    Option("", "default", "as the cluster: canonical"),
    Option("CANONICAL", "canonical", "for any state backend"),
    Option("NATIVE", "native", "faster, for the same one only"),
)
KINDS = (
    Option("", "as configured"),
    Option("yes", "full", "the whole state, not an increment"),
)


def queries_of(job: str | None) -> tuple[Query[Any], ...]:
    """What acts on a job are judged by; without a job, the list of jobs."""
    if job is None:
        return (JOBS_OVERVIEW(),)
    return JOBS_OVERVIEW(), JOB(job=job), CHECKPOINTS(job=job), CHECKPOINT_CONFIG(job=job)


def _whose_name(act: Act, name: str) -> str:
    if act.job_id is not None:
        return "the job's id" if name == act.job_id else "the job's name"
    return "the savepoint's name" if isinstance(act, Dispose) else "the cluster's name"


class ConfirmScreen(Dialog[bool]):
    """Asks before an act. What it is done to never changes; the words about it are those of this second.

    Nothing is done by a letter: the button with the act's name has to be gone to and, a moment later,
    pressed. Where a name has to be typed, and while something is against the act, that button is off.
    """

    DEFAULT_CSS = """
    ConfirmScreen #words { height: auto; }
    ConfirmScreen .row { height: 1; width: 1fr; }
    ConfirmScreen .row > .label { width: 14; color: $text-muted; }
    ConfirmScreen #options { height: auto; margin-top: 1; }
    ConfirmScreen #scrolled { height: auto; width: 1fr; }
    ConfirmScreen #reason { height: auto; color: $warning; }
    ConfirmScreen .-changes { color: $warning; }
    ConfirmScreen .-loses { color: $error; }
    """

    def __init__(self, act: Act) -> None:
        """Ask before `act`; what can be chosen of it begins as it is."""
        super().__init__()
        self._act = act
        self._fields: dict[str, Choice | LineField] = {}

    def watched(self) -> Iterable[Query[Any]]:
        """What the act is judged by."""
        return queries_of(self._act.job_id)

    @property
    def facts(self) -> Facts:
        """What is known now."""
        return self.port.facts(self._act.job_id)

    # -- what stands there -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """What is done to what; its options; the name to type; and below, always seen, the buttons."""
        name = name_of(self._act).label
        with Vertical(classes="dialog") as box:
            box.border_title = name
            with DialogBox(id="scrolled"):
                yield Static(id="words", markup=False)
                if rows := tuple(self._options()):
                    yield Vertical(*rows, id="options")
                if self._act.must_be_typed(self.facts):
                    yield TypedName()
            yield Static(id="reason", markup=False)
            with Horizontal(classes="buttons"):
                yield PressButton("Back", id="back")
                button = ActButton(name, id="do")
                if self._act.risk is not Risk.SAFE:
                    button.add_class(f"-{self._act.risk}")
                yield button

    def _options(self) -> Iterable[Horizontal]:
        """A row for each thing that can be chosen of this act."""
        act = self._act
        if isinstance(act, Savepoint):
            placeholder = "the cluster's savepoint directory"
            yield self._row("directory", "directory", LineField(act.directory or "", placeholder=placeholder))
            if isinstance(act, Stop):
                yield self._row("drain", "drain", self._choice(DRAIN, "yes" if act.drain else ""))
            yield self._row("form", "format", self._choice(FORMS, act.form or ""))
        elif isinstance(act, Checkpoint):
            yield self._row("full", "type", self._choice(KINDS, "yes" if act.full else ""))

    def _choice(self, options: tuple[Option, ...], value: str) -> Choice:
        choice = Choice(options, ascii=self.app.settings.ascii)
        choice.value = value
        return choice

    def _row(self, name: str, label: str, field: Choice | LineField) -> Horizontal:
        self._fields[name] = field
        return Horizontal(
            Static(label, classes="label", markup=False), field, classes="row", id=f"row-{name}"
        )

    def on_mount(self) -> None:
        """The way back has the focus."""
        super().on_mount()
        self.query_one("#back").focus()

    def on_resize(self) -> None:
        """Break the lines anew, once this size is laid out."""
        self.call_after_refresh(self.news)

    def renew(self) -> None:
        """Say what is known now, and whether it can be done."""
        if not self.query("#do"):
            return
        facts, act = self.facts, self.chosen
        width = self.words_width
        lines = [*act.consequence(facts)]
        if act.job_id is not None and facts.job is None:
            # The cluster does not tell of it: it is named as it was when this was opened.
            lines[1:1] = [Line("job", act.subject), Line("id", act.job_id)]
        self.query_one("#words", Static).update(lines_content(lines, width))
        for label in self.query(".label"):
            label.styles.width = label_cells(lines)
        for row in self.query("#row-form"):
            row.display = facts.features.has(1, 15)
        for name in self.query(TypedName):
            wanted = act.name_to_type(facts)
            name.ask(_whose_name(act, wanted), wanted, protected=facts.protected)
        reason = self._why_not(act, facts)
        against = wrap(f"Not now: {reason}", width, MOST_REASON) if reason is not None else []
        said = self.query_one("#reason", Static)
        said.update("\n".join(against))
        said.display = bool(against)
        scrolled = self.query_one("#scrolled")
        scrolled.styles.max_height = max(3, self.app.size.height - CHROME - len(against))
        self._allow(reason is None and self._typed_right)

    def _allow(self, allowed: bool) -> None:  # noqa: FBT001 -- a state, not an option
        """Switch the act's button on or off; the focus stays on what it was on, or goes back."""
        button = self.query_one("#do")
        if button.disabled is allowed:
            button.disabled = not allowed
            if not allowed and self.focused is None:
                self.query_one("#back").focus()

    # -- what was chosen -------------------------------------------------------------------------------

    @property
    def chosen(self) -> Act:
        """The act with its options as they stand."""
        told: dict[str, Any] = {}
        for name, field in self._fields.items():
            value = field.value.strip()
            told[name] = bool(value) if name in ("drain", "full") else value or None
        return replace(self._act, **told) if told else self._act  # type: ignore[type-var]  # acts are dataclasses

    def _why_not(self, act: Act, facts: Facts) -> str | None:
        """Why it can't be done now; nothing is asked of a cluster of which only old words are known."""
        error = self.port.link.error
        lost = f"the cluster does not answer: {error.reason}" if error is not None else None
        return act.why_not(facts) or lost

    @property
    def _typed_right(self) -> bool:
        return all(name.is_right for name in self.query(TypedName))

    @on(Input.Changed)
    @on(Choice.Changed)
    def _changed(self) -> None:
        self.renew()

    @on(Input.Submitted, "#typed")
    def _name_typed(self) -> None:
        """Go on to the act's button once it is on; else stay where the name is typed."""
        self.renew()
        if not (button := self.query_one("#do")).disabled:
            self.set_focus(button)

    @on(PressButton.Pressed, "#back")
    def _back(self) -> None:
        self.action_leave()

    @on(PressButton.Pressed, "#do")
    def _do(self) -> None:
        act, facts = self.chosen, self.facts
        if self._why_not(act, facts) is not None or not self._typed_right:
            self.renew()
            return
        self.app.submit(act, act.name_to_type(facts) if act.must_be_typed(facts) else None)
        self.app.close_dialogs()
