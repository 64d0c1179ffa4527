"""The dialog before a job is rescaled: the parallelism bounds of each vertex (1.18+, adaptive scheduler)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from flinktop.engine.acts.form import Line
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.target import target_queries
from flinktop.facts.freshness import why_empty
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.rescale import RESOURCE_REQUIREMENTS
from flinktop.model import format as fmt
from flinktop.ui.dialog import Dialog, lines_content
from flinktop.ui.panels.bounds_table import BoundsForm, BoundsTable, bounds_rows
from flinktop.ui.places import ConfirmPlace
from flinktop.ui.widgets.form import PressButton
from flinktop.ui.widgets.messages import Moved, Opened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from flinktop.engine.acts.target import Target
    from flinktop.flink.endpoint import Query

KEYS = "digits + - change it   left right minimum, maximum   enter continues"
CHROME = 9  # rows of the box besides the table and the reason: border, texts, keys, buttons, and blank ones
LEAST_ROWS = 3


class RescaleScreen(Dialog[None]):
    """Changes the bounds of a job's vertices; enter goes on to the confirmation."""

    TITLE_WORDS = "Change parallelism"
    DEFAULT_CSS = """
    RescaleScreen #words, RescaleScreen #keys { height: auto; width: 1fr; }
    RescaleScreen #keys { color: $text-muted; }
    RescaleScreen BoundsTable { margin-top: 1; }
    """

    def __init__(self, job: str, name: str = "") -> None:
        super().__init__()
        self.job = job
        self._job_name = name
        self.form = BoundsForm()

    @property
    def target(self) -> Target:
        return self.port.target(self.job)

    @property
    def act(self) -> Rescale:
        """The act for the confirmation."""
        return Rescale(self.job, self._job_name, self.form.bounds())

    def watched(self) -> Iterable[Query[Any]]:
        queries = (*target_queries(self.job), OVERVIEW())
        available = self.act.unavailable(self.target) is None
        return (*queries, RESOURCE_REQUIREMENTS(job=self.job)) if available else queries

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = self.TITLE_WORDS
            yield Static(id="words", markup=False)
            yield BoundsTable(self.form, ascii=self.app.settings.ascii, id="bounds")
            yield Static(KEYS, id="keys", markup=False)
            yield Static(id="reason", markup=False)
            with Horizontal(classes="buttons"):
                yield PressButton("Back", id="back")
                yield PressButton("Continue", id="do")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(BoundsTable).focus()

    def renew(self) -> None:
        if not self.query("#do"):
            return
        target, table = self.target, self.query_one(BoundsTable)
        self.query_one("#words", Static).update(lines_content(self._lines(target), self.words_width))
        self._load_bounds(table)
        vertices = target.job.vertices if target.job is not None else ()
        rows = bounds_rows(vertices, self.form, table.at)
        table.set_rows(rows)
        if rows and table.at is not None and all(row.at is None for row in rows):
            # The cursor has its place only now.
            table.set_rows(bounds_rows(vertices, self.form, table.at))
        room = self.app.size.height - CHROME - self.show_reason(self.reason(target))
        table.styles.height = max(LEAST_ROWS, min(len(rows) + 1, room))
        self.query_one("#do").disabled = self.act.why_not(target) is not None

    def reason(self, target: Target) -> str:
        """Why it is not possible; "" when it is, or nothing has been changed yet."""
        if (reason := self.act.unavailable(target)) is not None:
            return f"Not now: {reason}"
        return self.act.why_not(target) or "" if self.form.bounds() else ""

    def _load_bounds(self, table: BoundsTable) -> None:
        reading = self.port.reading(RESOURCE_REQUIREMENTS(job=self.job))
        if reading is not None and reading.value is not None:
            self.form.load(reading.value)
            table.set_empty("no vertex of this job has bounds")
        else:
            available = self.act.unavailable(self.target) is None
            loading = "loading bounds of its vertices…" if available else ""
            table.set_empty(why_empty(self.port, reading, loading))

    def _lines(self, target: Target) -> tuple[Line, ...]:
        job = target.job
        name = (job.name if job is not None else "") or self._job_name or self.job
        state = job.state if job is not None and job.state else fmt.UNKNOWN
        free = fmt.UNKNOWN if target.slots_free is None else str(target.slots_free)
        return Line("job", name), Line("state", f"{state}, {free} slots free")

    @on(BoundsTable.Edited)
    @on(Moved)
    def _edited(self) -> None:
        self.renew()

    @on(Opened)
    @on(PressButton.Pressed, "#do")
    def _go_on(self) -> None:
        if self.app.screen is not self:
            # Enter, pressed again before the confirmation was there.
            return
        act = self.act
        if act.why_not(self.target) is None:
            self.app.go(ConfirmPlace(act))
        elif not self.form.bounds():
            self.app.notify("No parallelism has been changed yet.", markup=False)
