"""One alert in full: its times, what to do, the evidence, and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from flinktop.engine.journal.event import Question
from flinktop.facts.alerts import (
    MARKS,
    AlertState,
    began,
    by_cluster_clock,
    job_words,
    lasted,
    state_of,
    until_words,
)
from flinktop.facts.events import OF_FINDINGS, look, newest
from flinktop.flink.text import clean
from flinktop.judgement.finding import figure
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.live import Panel
from flinktop.ui.panels.alerts import is_same
from flinktop.ui.panels.operations import LABEL_CELLS, FactsScroll, laid_out
from flinktop.ui.panels.parts import assemble
from flinktop.ui.panels.verdicts import TONES, mark
from flinktop.ui.widgets.celltext import wrap

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.alerts.alert import Alert
    from flinktop.flink.endpoint import Query
    from flinktop.ui.panels.alerts import AlertRow
    from flinktop.ui.panels.operations import Fact
    from flinktop.ui.panels.parts import Line

MOST_CALLS = 8  # lines of an alert's history
MOST_LINES = 6  # lines of its sentence
RAISED_LATER = 60.0  # seconds from which on it is shown that it was raised after it began
NONE_CHOSEN = "no alert is selected"


class AlertDetail(Panel):
    """One alert: its sentence, its times, what to do, its evidence, and what happened to it."""

    BOX = "Alert"
    DEFAULT_CSS = "AlertDetail { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._row: AlertRow | None = None
        self._lines: list[Line] = []

    def compose(self) -> ComposeResult:
        with FactsScroll():
            yield Static(id="facts", markup=False)

    def choose(self, row: AlertRow | None) -> None:
        """Show an alert as it is now."""
        if row is not self._row:
            other = row is None or self._row is None or not is_same(row, self._row)
            self._row = row
            if row is not None:
                self.port = row.port
            if self.is_mounted:
                if other:
                    self.query_one(VerticalScroll).scroll_home(animate=False)
                self.update()

    def facts_changed(self, changes: frozenset[Query[object]]) -> None:
        if self._row is not None:
            self.update()
        else:
            super().facts_changed(changes)

    def show(self) -> None:
        lines = self._of(self._row) if self._row is not None else [[(NONE_CHOSEN, "muted")]]
        if lines != self._lines:
            self._lines = lines
            self.query_one("#facts", Static).update(Content("\n").join(map(assemble, lines)))

    def _of(self, row: AlertRow) -> list[Line]:
        alert, scroll = row.alert, self.query_one(FactsScroll)
        width = max(scroll.size.width - 2 - scroll.scrollbar_size_vertical, LABEL_CELLS + 8)
        tone = TONES[alert.severity] if alert.is_open else ""
        words = wrap(f"{mark(alert.severity)} {clean(alert.finding.words)}", width, MOST_LINES)
        facts = [*self._times(alert), *self._finding(alert), *self._evidence(alert), *self._history(alert)]
        if row.cluster:
            facts = [("cluster", clean(row.cluster), ""), *facts]
        return [*([(line, tone)] for line in words), *laid_out(facts, width)]

    def _times(self, alert: Alert) -> list[Fact]:
        known = self.port
        state, since = state_of(alert, known.clock.wall()), began(known, alert)
        of_job = bool(alert.job or alert.job_name)
        of: Fact = ("job", f"{job_words(alert)}  {alert.job}", "") if of_job else ("of", "the cluster", "")
        length = f"{'lasted' if alert.cleared is not None else 'for'} {fmt.duration(lasted(known, alert))}"
        found: list[Fact] = [
            ("state", f"{MARKS[state]} {state}, {alert.severity}", ""),
            of,
            ("since", f"{self._moment(since)}, {length}", ""),
        ]
        if by_cluster_clock(known, alert.raised) - since >= RAISED_LATER:
            found.append(("raised", self._here(alert.raised), ""))
        if alert.cleared is not None:
            why = f", {clean(alert.why_cleared)}" if alert.why_cleared else ""
            found.append(("cleared", f"{self._here(alert.cleared)}{why}", ""))
        if alert.acknowledged is not None:
            found.append(("acknowledged", self._here(alert.acknowledged), ""))
        if state is AlertState.MUTED and alert.muted is not None:
            found.append(("muted", until_words(alert.muted, self._here), ""))
        return [*found, ("called", self._called(alert), "")]

    def _called(self, alert: Alert) -> str:
        if alert.called is not None:
            return self._here(alert.called)
        if alert.flapping:
            return "no: it comes and goes too often"
        return "not yet" if alert.calls else "no: shown only; [[alerts]] in the config says what calls"

    @staticmethod
    def _finding(alert: Alert) -> list[Fact]:
        finding, culprit = alert.finding, alert.finding.culprit
        found: list[Fact] = [("next", clean(finding.next), "strong")] if finding.next else []
        if culprit.vertex_name or culprit.vertex:
            subtasks = (
                f", subtasks {subtask_names.ranges(sorted(culprit.subtasks), None)}"
                if culprit.subtasks
                else ""
            )
            found.append(("vertex", clean(f"{culprit.vertex_name or culprit.vertex}{subtasks}"), ""))
        if culprit.taskmanager is not None:
            found.append(("on", clean(culprit.taskmanager) or "the JobManager", ""))
        return found

    def _evidence(self, alert: Alert) -> list[Fact]:
        found: list[Fact] = []
        for one in alert.finding.evidence:
            value = figure(one, self.near)
            found.append(
                (
                    "evidence" if not found else "",
                    f"{clean(one.what)}: {value}" if value else clean(one.what),
                    "",
                )
            )
        return found

    def _history(self, alert: Alert) -> list[Fact]:
        """When it was raised, escalated and cleared, the newest first, as the journal has it."""
        journal = self.port.journal
        answered = journal.seen(self._question(alert)) if journal is not None else None
        events = [one for one in (answered.events if answered else ()) if one.finding == alert.finding.kind]
        found: list[Fact] = []
        for number, event in enumerate(events[:MOST_CALLS]):
            words = f"{self._moment(newest(event) / 1000.0)}  {look(event).word}: {clean(event.words)}"
            found.append(("history" if not number else "", words, ""))
        return found

    def _question(self, alert: Alert) -> Question:
        return Question(
            cluster=self.port.connection.url,
            job=alert.job,
            kinds=tuple(sorted(OF_FINDINGS)),
            text="" if alert.job else str(alert.finding.kind),
            most=50,
        )

    def _here(self, at: float) -> str:
        return self._moment(by_cluster_clock(self.port, at))

    def _moment(self, at: float) -> str:
        return fmt.moment(at, self.zone_offset())
