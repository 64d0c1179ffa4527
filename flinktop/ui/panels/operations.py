"""Everything that was requested of clusters from here, newest first, and one operation in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from flinktop.engine.operation import State
from flinktop.facts.operations import (
    duration_words,
    explanation_of,
    followed_by,
    is_here,
    now_words,
    options,
    outcome,
    progress_words,
    severity,
    state_tone,
    state_words,
    took,
    two_facts,
)
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model.checkpoints import tail
from flinktop.ui.live import Panel
from flinktop.ui.panels.columns import near, text
from flinktop.ui.panels.parts import assemble, meter_parts
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.text_rows import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.engine.operation import Operation
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Cell


JOB_CELLS = 8  # of a job's id: enough to distinguish jobs
LEAST_FOR_BOTH = 40  # cells that subject and result have together before the duration is shown
SIMULATED = "Demo: actions are disabled, so there are no operations."
NOTHING = "No operations from this flinktop yet."
Fact = tuple[str, str, str]  # label, words and tone
LABEL_CELLS = 13
METER_CELLS = 24
AGE_FROM = 60.0  # seconds from which on the age of an operation is shown next to its time
MOST_LINES = 200  # lines of one value: a reason is a sentence, a Java stack has an end
FORGOTTEN = "flinktop no longer has this operation: refused operations are not recorded; esc goes back."
NONE_CHOSEN = "no operation is selected"


def matches(row: Operation, text: str, when: str) -> bool:
    """Whether a row contains the text, word by word; `state:failed` searches the state alone."""
    texts = (row.label, row.subject, row.job or "", row.cluster_name, row.by, when, outcome(row)[0])
    cells = [cell.casefold() for cell in (*texts, row.state)]
    return all(
        word.removeprefix("state:") in row.state
        if word.startswith("state:")
        else any(word in cell for cell in cells)
        for word in text.casefold().split()
    )


class OperationsTable(TablePanel["Operation"]):
    """The ledger, with the operations that this flinktop follows or refused."""

    KEY = "id"
    BOX = "Operations"
    TABLE = "operations"
    follows_operations = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._several_clusters = False

    def columns(self) -> Sequence[Column[Operation]]:
        def seconds(one: Operation) -> float | None:
            return took(one, self.port.clock.wall())

        def shown_took(one: Operation) -> Cell:
            so_far = seconds(one)
            if so_far is None:
                return fmt.ABSENT, "muted"
            if one.state.final:
                return duration_words(one, so_far), ""
            # A tenth would repaint the line at every update.
            return duration_words(one, float(int(so_far))), "info"

        def result(one: Operation, width: int) -> Stripes:
            shown, tone, is_path = outcome(one)
            # The end of a path identifies a savepoint.
            return Stripes(((tail(shown, width, mark=fmt.UNKNOWN) if is_path else shown, tone),))

        def cluster(one: Operation, width: int) -> Stripes:
            name = clean(one.cluster_name)
            # Without a name the port says most.
            return Stripes(((tail(name, width, mark=fmt.UNKNOWN) if ":" in name else name, ""),))

        of_clusters: Column[Operation] = Column(
            "cluster",
            "CLUSTER",
            15,
            lambda one: (clean(one.cluster_name), ""),
            sort=lambda one: one.cluster_name.casefold(),
            drop=1,
            stripes=cluster,
            usual=self._several_clusters,
        )
        return (
            Column(
                "state",
                "STATE",
                10,
                lambda one: (state_words(one), state_tone(one)),
                sort=lambda one: (-severity(one), one.state),
            ),
            text("what", "WHAT", 19, lambda one: clean(one.label), tone="strong", sort=True),
            text("on", "ON", 12, lambda one: clean(one.subject), blank="", sort=True, flex=True),
            Column(
                "job",
                "JOB",
                JOB_CELLS,
                lambda one: (one.job or "", "muted"),
                sort=lambda one: one.job or "",
                drop=4,
                # No mark of the cut: ids are shown by their beginnings everywhere.
                stripes=lambda one, width: Stripes((((one.job or "")[:width], "muted"),)),
            ),
            of_clusters,
            near(
                "when",
                "WHEN",
                lambda one: one.planned,
                self._planned,
                tone="muted",
                descending=True,
                drop=2,
            ),
            Column(
                "took",
                "TOOK",
                7,
                shown_took,
                sort=seconds,
                align="right",
                descending=True,
                drop=3,
                leaves=LEAST_FOR_BOTH,
            ),
            text("by", "BY", 16, lambda one: clean(one.by), tone="muted", blank="", sort=True, drop=5),
            Column(
                "result",
                "RESULT OR REASON",
                16,
                lambda one: outcome(one)[:2],
                sort=lambda one: outcome(one)[0],
                flex=True,
                stripes=result,
            ),
            text("id", "ID", 32, lambda one: one.id, tone="muted", sort=True, usual=False),
        )

    def _planned(self, at: float) -> str:
        return fmt.near(at, self.zone_offset(), self.port.clock.wall())

    def rows(self) -> Sequence[Operation]:
        return self.port.operations()

    def matches(self, row: Operation, text: str) -> bool:
        return matches(row, text, self._planned(row.planned))

    @property
    def operation(self) -> Operation | None:
        """The operation under the cursor, as it is now."""
        key = self.table.cursor_key
        return self.port.operation(key) if key is not None else None

    def words(self) -> Sequence[list[Part]]:
        problem = self.port.target().ledger_error if self.port.operations() else None
        return [[(f"Actions are disabled: {problem}.", "warn")]] if problem else []

    def empty(self) -> str:
        if self.profile.demo:
            return SIMULATED
        target = self.port.target()
        if target.ledger_error is not None:
            return f"Every action is recorded in the ledger first, and {target.ledger_error}."
        if target.read_only:
            return f"{NOTHING}\nThis cluster is opened read-only."
        return f"{NOTHING}\nPress a on a job, a jar or the cluster for its actions."

    def show(self) -> None:
        operations = self.port.operations()
        several = not all(is_here(self.port, one) for one in operations)
        if several != self._several_clusters:
            self._several_clusters = several
            self.table.set_columns(self.shown_columns())
        super().show()
        self.wants_tick = any(not one.state.final for one in operations)


def facts_of(operation: Operation, wall: float, offset: float | None, followed: str) -> list[Fact]:
    """What is known about an operation except its name and state, at this machine's time (s since 1970)."""
    result = operation.result
    now = now_words(operation)
    found: list[Fact] = [("now", now, "info")] if now else []
    if operation.reason and operation.state.final:
        label = {State.REFUSED: "refused", State.LOST: "lost", State.UNKNOWN: "unknown"}.get(
            operation.state, "failed"
        )
        found.append((label, clean(operation.reason), state_tone(operation)))
    found += [(label, words, "strong") for label, words in explanation_of(operation)]
    found += two_facts(operation)
    for label, value in (
        ("path", result.savepoint),
        ("job started", result.job if result.job != operation.job else None),
        ("jar", result.jar),
        ("application", result.application if result.application != result.job else None),
        ("checkpoint", result.checkpoint),
        ("job is", result.job_state if not two_facts(operation) else None),
    ):
        if value is not None:
            found.append((label, clean(str(value)), "strong" if label == "path" else ""))
    found += [("", clean(fact), "") for fact in result.facts]
    found += [("job", operation.job, "")] if operation.job is not None else []
    if operation.cluster_name != operation.cluster:
        found.append(("cluster", clean(operation.cluster_name), ""))
    found.append(("address", clean(operation.cluster), ""))
    if operation.act is not None:
        found += [(name, value, "") for name, value in options(operation.act)]
    found += _times(operation, wall, offset)
    if followed:
        found.append(("followed by", followed, ""))
    if operation.trigger is not None:
        found.append(("trigger", clean(operation.trigger), "muted"))
    found.append(("operation", operation.id, "muted"))
    return found


def _times(operation: Operation, wall: float, offset: float | None) -> list[Fact]:
    requested, age = fmt.moment(operation.planned, offset), wall - operation.planned
    # Not by the second: each update would repaint the whole text.
    found = [("requested", f"{requested}, {fmt.duration(age)} ago" if age >= AGE_FROM else requested, "")]
    found += [("by", clean(operation.by), "")] if operation.by else []
    if operation.sent is not None:
        found.append(("sent", fmt.moment(operation.sent, offset), ""))
    elif operation.state is State.REFUSED:
        found.append(("sent", "never: nothing was sent to the cluster", ""))
    if operation.ended is not None:
        found.append(("ended", fmt.moment(operation.ended, offset), ""))
    return found


def laid_out(facts: list[Fact], width: int) -> list[list[Part]]:
    """The facts as lines: labels on the left, texts wrapped next to them, nothing cut off."""
    room = max(width - LABEL_CELLS, 1)
    lines: list[list[Part]] = []
    for label, words, tone in facts:
        for number, row in enumerate(_broken(words, room)):
            lines.append([(f"{label if not number else '':<{LABEL_CELLS}}", "muted"), (row, tone)])
    return lines


def _broken(words: str, room: int) -> list[str]:
    """A text in rows; a word too long for a row, such as a path, is broken within it."""
    if any(cell_len(word) > room for word in words.split(" ")):
        return folded(words, room)
    return wrap(words, room, MOST_LINES)


class FactsScroll(VerticalScroll):
    """Scrolls by the keys of every text here."""

    DEFAULT_CSS = "FactsScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "Bottom", show=False),
    ]


class OperationDetail(Panel):
    """An operation by its id."""

    BOX = "Operation"
    follows_operations = True
    DEFAULT_CSS = "OperationDetail { height: 1fr; }"

    def __init__(self, number: str | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._number = number
        self._lines: list[list[Part]] = []

    def compose(self) -> ComposeResult:
        with FactsScroll():
            yield Static(id="facts", markup=False)

    def choose(self, number: str | None) -> None:
        if number != self._number:
            self._number = number
            if self.is_mounted:
                self.query_one(FactsScroll).scroll_home(animate=False)
                self.update()

    @property
    def operation(self) -> Operation | None:
        return self.port.operation(self._number) if self._number is not None else None

    def show(self) -> None:
        operation = self.operation
        lines = self._of(operation) if operation is not None else [[(self._nothing(), "muted")]]
        if lines != self._lines:
            self._lines = lines
            self.query_one("#facts", Static).update(Content("\n").join(map(assemble, lines)))
        self.wants_tick = operation is not None and not operation.state.final

    def _nothing(self) -> str:
        return FORGOTTEN if self._number is not None else NONE_CHOSEN

    def _of(self, operation: Operation) -> list[list[Part]]:
        wall = self.port.clock.wall()
        scroll = self.query_one(FactsScroll)
        width = max(scroll.size.width - 2 - scroll.scrollbar_size_vertical, LABEL_CELLS + 8)
        lasted = took(operation, wall)
        state: list[Part] = [(state_words(operation), state_tone(operation))]
        if lasted is not None:
            word = "took" if operation.state.final else "for"
            state += [(f"   {word} ", "muted"), (duration_words(operation, lasted), "")]
        head = [
            [(row, "strong")] for row in _broken(clean(f"{operation.label} of {operation.subject}"), width)
        ]
        lines = [*head, state, *self._progress(operation)]
        facts = facts_of(operation, wall, self.zone_offset(), followed_by(self.port, operation))
        return [*lines, *laid_out(facts, width)]

    def _progress(self, operation: Operation) -> list[list[Part]]:
        if operation.progress is None:
            return []
        sent, size = operation.progress
        drawn = meter_parts(sent / size if size else None, METER_CELLS, "info")
        return [[*drawn, (f"  {progress_words(operation)}", "")]]
