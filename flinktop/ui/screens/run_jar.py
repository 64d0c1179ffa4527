"""Running a jar: a form with its options, a preview of its plan, and the confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Input, Static, TextArea

from flinktop.engine.acts.form import Line
from flinktop.engine.acts.run_jar import PlanJar, RunJar
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.jars import JARS, RunOptions
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.dialog import Dialog, lines_content
from flinktop.ui.panels.run_form import RunForm
from flinktop.ui.places import ConfirmPlace, PlanPreviewPlace
from flinktop.ui.screens.pick import PickClass, PickJar, PickRestore
from flinktop.ui.widgets.form import Choice, LineField, PressButton

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from flinktop.flink.endpoint import Query
    from flinktop.flink.jars import Jar, JarEntry


class RunJarScreen(Dialog[None]):
    """The options for running a jar, or the job `of` again. Only the plan's request is sent from here."""

    DEFAULT_CSS = """
    RunJarScreen > .dialog { width: 100; }
    RunJarScreen #choose { display: none; }
    RunJarScreen #keys { color: $text-muted; height: 1; }
    """
    CELLS = 100
    TITLE_WORDS = "Run a jar"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+o", "list", "list", show=False)]

    def __init__(
        self, jar: str = "", options: RunOptions | None = None, name: str = "", of: str = ""
    ) -> None:
        super().__init__()
        self._jar = jar
        self._jar_name = name
        self._missing = ""
        self._of = of
        self._options = options or RunOptions()
        self._entries: tuple[JarEntry, ...] | None = None

    def body(self) -> ComposeResult:
        yield Static(id="head", classes="words", markup=False)
        yield PressButton("Choose the jar", id="choose")
        yield RunForm(self.port.features, self._options, ascii=self.app.settings.ascii)
        yield Static(id="reason", markup=False)
        with Horizontal(classes="buttons"):
            yield PressButton("Back", id="back")
            yield PressButton("Preview plan", id="plan")
            yield PressButton("Run", id="run")
        yield Static("tab next field   ctrl+o list   esc back", id="keys", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one("#entry_class" if self._jar else "#choose"))

    def watched(self) -> Iterable[Query[Any]]:
        """The jars, the free slots, and the jobs, which include the one to be run again."""
        return (JARS(), OVERVIEW(), JOBS_OVERVIEW())

    def renew(self) -> None:
        if not self.query("#head"):
            return
        jar = self._listed() or self._same_name()
        if jar is not None and jar.entry != self._entries:
            self._entries = jar.entry
            self._jar_name = jar.name
            self.query_one(RunForm).suggest(jar.entry)
        lines = [self.port.target().cluster_line]
        lines.append(Line("jar", self._jar_name or self._jar or "none selected", "" if self._jar else "warn"))
        if jar is not None and self._missing:
            lines.append(self._other_jar(jar))
        lines += self._warnings()
        self.query_one("#head", Static).update(lines_content(lines, self.words_width))
        missing = bool(self._jar) and jar is None and self._jars() is not None
        self.query_one("#choose").display = not self._jar or missing
        self._check(missing=missing)

    def _warnings(self) -> list[Line]:
        """Warnings that the job to be run again has not ended, or that none of its state is restored."""
        listed = self.port.value(JOBS_OVERVIEW())
        jobs = listed.jobs if listed is not None else ()
        found = [
            Line("job", f"{job.name} is {job.state}: a second copy would start", "warn")
            for job in jobs
            if job.jid == self._of and not states.is_terminal(job.state)
        ]
        if self._of and not self.query_one(RunForm).restores:
            found.append(Line("state", "nothing is restored: the job starts with empty state", "warn"))
        return found

    def _check(self, *, missing: bool) -> None:
        """Switch the buttons on or off, and show why they are off."""
        act, reason = self._act()
        if not self._jar:
            act, reason = None, "choose the jar first"
        elif missing:
            act, reason = None, "this jar is not on the cluster any more: choose another, or upload it again"
        no_plan = reason
        if act is not None:
            target = self.port.target()
            reason, no_plan = act.why_not(target), PlanJar(self._jar, act.options).why_not(target)
        self.show_reason(reason or "")
        for button, off in (("#run", reason), ("#plan", no_plan)):
            self.query_one(button).disabled = off is not None
        if self.focused is None:
            self.set_focus(self.query_one("#back"))

    def _jars(self) -> tuple[Jar, ...] | None:
        answer = self.port.value(JARS())
        return answer.files if answer is not None else None

    def _listed(self) -> Jar | None:
        return next((jar for jar in self._jars() or () if jar.id == self._jar), None)

    def _same_name(self) -> Jar | None:
        """The newest jar of the same name if the chosen one is gone: it was uploaded again."""
        same = [jar for jar in self._jars() or () if self._jar and jar.name == self._jar_name]
        found = max(same, key=lambda jar: jar.uploaded, default=None)
        if found is not None:
            self._missing, self._jar = self._missing or self._jar, found.id
        return found

    def _other_jar(self, jar: Jar) -> Line:
        """That another jar replaces the chosen one; its contents may differ."""
        words = f"{self._missing} is gone: this is the newest of that name"
        if jar.uploaded > 0:
            age = fmt.span(max(0.0, self.port.known_time() - jar.uploaded / 1000.0))
            words += f", uploaded {age} ago"
        return Line("other jar", words, "warn")

    def _act(self) -> tuple[RunJar | None, str | None]:
        try:
            return RunJar(self._jar, self._jar_name, self.query_one(RunForm).options()), None
        except ValueError as error:
            return None, str(error)

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Choice.Changed)
    def _changed(self) -> None:
        self.query_one(RunForm).refresh_fields()
        self.renew()

    def action_list(self) -> None:
        field = self.focused
        if isinstance(field, LineField) and field.id == "entry_class":
            self.app.push_screen(PickClass(self._entries or ()), field.fill)
        elif isinstance(field, LineField) and field.id == "savepoint":
            self.app.push_screen(PickRestore(), field.fill)

    @on(PressButton.Pressed, "#choose")
    def _choose(self) -> None:
        self.app.push_screen(PickJar(), self._take_jar)

    def _take_jar(self, jar: str | None) -> None:
        if jar is not None:
            self._jar, self._entries, self._missing = jar, None, ""
            self.renew()
            self.go_to(self.query_one("#entry_class"))

    @on(PressButton.Pressed, "#plan, #run")
    def _go_on(self, event: PressButton.Pressed) -> None:
        act, _ = self._act()
        if act is not None:
            plan = event.widget.id == "plan"
            self.app.go(PlanPreviewPlace(act.jar, act.name, act.options) if plan else ConfirmPlace(act))
