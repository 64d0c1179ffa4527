"""What is wrong and calls, and what was: the alerts of the cluster, and one of them in full."""

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
    called_words,
    is_match,
    job_words,
    lasted,
    mute_words,
    state_of,
    until_words,
)
from flinktop.facts.events import OF_FINDINGS, look, newest
from flinktop.flink.text import clean
from flinktop.judgement.finding import figure
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.live import Panel
from flinktop.ui.panels.columns import TIME, text
from flinktop.ui.panels.operations import LABEL_CELLS, FactsScroll, laid_out
from flinktop.ui.panels.parts import assemble
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.panels.verdicts import TONES, mark
from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.engine.alerts.alert import Alert, AlertsView
    from flinktop.flink.endpoint import Query
    from flinktop.ui.panels.operations import Fact
    from flinktop.ui.panels.parts import Line
    from flinktop.ui.widgets.columns import Cell

COMFORT = 36  # cells of a sentence before the names of jobs take more than they need
STATE = 14  # cells of the longest state with its mark
MOST_PROBLEMS, MOST_MUTES = 3, 3  # lines above the alerts
MOST_CALLS = 8  # lines of an alert's history
MOST_LINES = 6  # lines of its sentence
RAISED_LATER = 60.0  # seconds from which on it is shown that it was raised after it began
NONE = "No alerts: nothing has been raised on this cluster."
NOT_JUDGED = "No alerts yet: the cluster has not answered."
NONE_CHOSEN = "no alert is selected"


def key_of(alert: Alert) -> str:
    """The key of its row: an alert that was raised before has its own."""
    return "\n".join((*alert.key, str(alert.raised)))


class AlertsTable(TablePanel["Alert"]):
    """The alerts: first what is open, then what was, each the newest first."""

    BOX = "Alerts"
    TABLE = "alerts"
    FADES = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: AlertsView | None = None
        self._rows: dict[str, Alert] = {}

    def key(self, row: Alert) -> str:
        return key_of(row)

    def columns(self) -> Sequence[Column[Alert]]:
        def state(alert: Alert) -> Cell:
            found = state_of(alert, self._wall)
            tone = TONES[alert.severity] if found is AlertState.OPEN else "muted"
            return f"{MARKS[found]} {found}", tone

        def severity(alert: Alert) -> Cell:
            tone = TONES[alert.severity] if alert.is_open else "muted"
            return f"{mark(alert.severity)} {alert.severity}", tone

        def tone(alert: Alert) -> str:
            return "strong" if state_of(alert, self._wall) is AlertState.OPEN else ""

        def length(alert: Alert) -> str:
            return fmt.span(lasted(self.port, alert))

        return (
            Column("state", "STATE", STATE, state, sort=lambda alert: state_of(alert, self._wall).rank),
            Column("severity", "SEVERITY", 10, severity, sort=lambda alert: alert.severity.rank, drop=3),
            text(
                "since",
                "SINCE",
                TIME,
                lambda alert: self.near(began(self.port, alert) * 1000.0),
                tone="muted",
                sort=lambda alert: began(self.port, alert),
                descending=True,
            ),
            text(
                "lasted",
                "LASTED",
                6,
                length,
                sort=lambda alert: lasted(self.port, alert),
                align="right",
                descending=True,
                drop=2,
            ),
            text(
                "job",
                "JOB",
                14,
                job_words,
                tone=lambda alert: "" if alert.job or alert.job_name else "muted",
                sort=True,
                flex=True,
                comfort=24,
                drop=1,
            ),
            text(
                "alert",
                "ALERT",
                24,
                lambda alert: f"{mark(alert.severity)} {clean(alert.finding.words)}",
                tone=tone,
                sort=True,
                flex=True,
                comfort=COMFORT,
            ),
            text(
                "called",
                "CALLED",
                TIME,
                lambda alert: called_words(alert, self._near_here),
                tone="muted",
                sort=lambda alert: alert.called,
                descending=True,
                drop=4,
            ),
            text("kind", "KIND", 18, lambda alert: str(alert.finding.kind), sort=True, usual=False),
        )

    @property
    def _wall(self) -> float:
        return self.port.clock.wall()

    def _near_here(self, at: float) -> str:
        """A time by this machine's clock (s since 1970)."""
        return self.near(by_cluster_clock(self.port, at) * 1000.0)

    @property
    def selected(self) -> Alert | None:
        """The alert under the cursor."""
        return self.table.cursor_row if self.is_mounted else None

    def alert(self, key: str | None) -> Alert | None:
        """An alert by the key of its row."""
        return self._rows.get(key) if key is not None else None

    def copied(self) -> str | None:
        alert = self.selected
        return clean(f"{job_words(alert)}: {alert.finding.words}") if alert is not None else None

    def matches(self, row: Alert, text: str) -> bool:
        """By words and names; `state:`, `severity:`, `kind:` and `job:` search that alone."""
        return is_match(row, text, self._wall)

    def facts_changed(self, changes: frozenset[Query[object]]) -> None:
        if self.port.alerts is not self._view:
            self.update()
        else:
            super().facts_changed(changes)

    def rows(self) -> Sequence[Alert] | None:
        view = self.port.alerts
        if view is self._view:
            return None
        before, self._view = self._view, view
        if before is not None and (before.open, before.past) == (view.open, view.past):
            return None
        rows = [
            *sorted(view.open, key=lambda alert: began(self.port, alert), reverse=True),
            *sorted(view.past, key=lambda alert: alert.cleared or 0.0, reverse=True),
        ]
        self._rows = {key_of(alert): alert for alert in rows}
        return rows

    def empty(self) -> str:
        unknown = self.port.judged is None or self.port.link().answered is None
        return NOT_JUDGED if unknown else NONE

    def words(self) -> Sequence[Line]:
        """What went wrong with calling, and what is muted."""
        view = self._view
        if view is None:
            return []
        lines: list[Line] = [[(f"▲ {clean(one)}", "warn")] for one in view.problems[:MOST_PROBLEMS]]
        if more := view.problems[MOST_PROBLEMS:]:
            lines.append([(f"and {len(more)} more problems with calls: see :log", "warn")])
        mutes = [one for one in view.mutes if one.until > self._wall]
        for mute in mutes[:MOST_MUTES]:
            until = until_words(mute.until, self._near_here)
            lines.append([(f"{MARKS[AlertState.MUTED]} muted: {mute_words(mute)}, {until}", "muted")])
        if more_mutes := mutes[MOST_MUTES:]:
            lines.append([(f"and {len(more_mutes)} more are muted", "muted")])
        return lines


class AlertDetail(Panel):
    """One alert: its sentence, its times, what to do, its evidence, and what happened to it."""

    BOX = "Alert"
    DEFAULT_CSS = "AlertDetail { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._alert: Alert | None = None
        self._lines: list[Line] = []

    def compose(self) -> ComposeResult:
        with FactsScroll():
            yield Static(id="facts", markup=False)

    def choose(self, alert: Alert | None) -> None:
        """Show an alert as it is now."""
        if alert is not self._alert:
            other = alert is None or self._alert is None or key_of(alert) != key_of(self._alert)
            self._alert = alert
            if self.is_mounted:
                if other:
                    self.query_one(VerticalScroll).scroll_home(animate=False)
                self.update()

    def facts_changed(self, changes: frozenset[Query[object]]) -> None:
        if self._alert is not None:
            self.update()
        else:
            super().facts_changed(changes)

    def show(self) -> None:
        alert = self._alert
        lines = self._of(alert) if alert is not None else [[(NONE_CHOSEN, "muted")]]
        if lines != self._lines:
            self._lines = lines
            self.query_one("#facts", Static).update(Content("\n").join(map(assemble, lines)))

    def _of(self, alert: Alert) -> list[Line]:
        scroll = self.query_one(FactsScroll)
        width = max(scroll.size.width - 2 - scroll.scrollbar_size_vertical, LABEL_CELLS + 8)
        tone = TONES[alert.severity] if alert.is_open else ""
        words = wrap(f"{mark(alert.severity)} {clean(alert.finding.words)}", width, MOST_LINES)
        facts = [*self._times(alert), *self._finding(alert), *self._evidence(alert), *self._history(alert)]
        return [*([(row, tone)] for row in words), *laid_out(facts, width)]

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
