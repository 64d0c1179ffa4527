"""The job graph of a jar before it runs: shows first what that costs, then requests and draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from flinktop.engine.acts.form import Line
from flinktop.engine.acts.run_jar import PlanJar
from flinktop.facts.operations import explained
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import Plan
from flinktop.model import format as fmt
from flinktop.ui.act_dialog import ActDialog, TypedName
from flinktop.ui.dialog import ActButton, lines_content
from flinktop.ui.panels.job_graph import PlanGraph
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.celltext import safe
from flinktop.ui.widgets.form import PressButton

if TYPE_CHECKING:
    from textual.app import ComposeResult


class PlanPreviewScreen(ActDialog[None]):
    """Requests the plan of a jar and draws it; on a protected cluster the cluster's name is typed first.

    If it is closed before the answer has come, nothing is drawn; main() keeps running.
    """

    DEFAULT_CSS = """
    PlanPreviewScreen.-drawn > .dialog { width: 100%; height: 100%; overflow-y: hidden; }
    PlanPreviewScreen #plan-head { height: auto; }
    PlanPreviewScreen PlanGraph { display: none; }
    PlanPreviewScreen.-drawn PlanGraph { display: block; }
    PlanPreviewScreen.-drawn .buttons { display: none; }
    """
    TITLE_WORDS = "Plan"

    def __init__(self, jar: str, name: str, options: RunOptions | None = None) -> None:
        super().__init__()
        self._jar_name = name
        self._question = PlanJar(jar, options or RunOptions())
        self._request: str | None = None
        self._requested_at = 0.0
        self._finished = False

    def body(self) -> ComposeResult:
        yield Static(id="plan-head", markup=False)
        if self._question.required_name(self.port.target()) is not None:
            yield TypedName()
        with Horizontal(classes="buttons"):
            yield PressButton("Back", id="back")
            yield ActButton("Run main() to get the plan", id="do")
        yield PlanGraph()

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one("#back"))

    def renew(self) -> None:
        if self._finished:
            return
        if self._request is None:
            self._show_question()
            return
        answer = self.port.answer(self._request)
        if answer is None or answer.pending:
            seconds = fmt.duration(self.port.now() - self._requested_at)
            waits = (
                f"waiting for {seconds}: main() runs on the JobManager; esc closes this, main() keeps running"
            )
            self._show_lines(Line("plan", waits))
        elif isinstance(answer.value, Plan):
            self._finished = True
            self._draw(answer.value)
        else:
            self._finished = True
            known = explained(answer.explanation)
            self._show_lines(
                Line("plan", f"no plan: {answer.reason}", "bad"),
                *(Line(label, words, "strong") for label, words in known),
            )

    def _show_lines(self, *lines: Line) -> None:
        head = (Line("cluster", self.port.target().cluster), Line("jar", self._jar_name))
        self.query_one("#plan-head", Static).update(lines_content([*head, *lines], self.words_width))

    def _show_question(self) -> None:
        target = self.port.target()
        refusal = self._question.why_not(target)
        for name in self.query(TypedName):
            name.display = refusal is None
            name.ask(self._question, target)
        self.allow(refusal is None and self.typed_right)
        if refusal is not None:
            self._show_lines(Line("off", refusal, "warn"))
        else:
            self._show_lines(*self._question.consequence(target))

    @on(PressButton.Pressed, "#do")
    def _ask(self) -> None:
        if not self.typed_right:
            return
        self._request = self.port.ask(self._question, self._question.required_name(self.port.target()))
        self._requested_at = self.port.now()
        for widget in self.query("#do, #typed-name"):
            widget.display = False
        self.set_focus(self.query_one("#back"))
        self.renew()

    def _draw(self, plan: Plan) -> None:
        self.add_class("-drawn")
        kind = f"   {plan.type}" if plan.type else ""
        words = Content.assemble(
            (safe(plan.name) or "a job", TONES["strong"]), kind,
            f"   {len(plan.nodes)} vertices",
            ("   arrows move, esc closes", TONES["muted"]),
        )  # fmt: skip
        self.query_one("#plan-head", Static).update(words)
        graph = self.query_one(PlanGraph)
        graph.set_plan(plan)
        self.set_focus(graph.canvas)
