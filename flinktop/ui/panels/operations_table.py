"""Everything that was asked of clusters from here, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.facts.operations import duration_words, outcome, severity, state_tone, state_words, took
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model.checkpoints import tail
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from typing import Any

    from flinktop.engine.host import Port
    from flinktop.engine.operation import Operation
    from flinktop.flink.endpoint import Query

JOB_CELLS = 8
"""Of a job's id: enough to tell jobs apart."""
LEAST_FOR_BOTH = 40
"""Cells that subject and result have together before how long it took gets a place."""
SIMULATED = "Demo: actions are disabled, so there are no operations."
NOTHING = "No operations from this flinktop yet."


@dataclass(frozen=True, slots=True)
class OperationRow:
    """What one line says of an operation."""

    operation: Operation
    when: str
    """When it was asked for."""
    took: float | None
    """Seconds; whole ones while it is under way: a tenth would repaint the line at every look."""


def columns(*, clusters: bool) -> list[Column[OperationRow]]:
    """The columns; how it is, what it was, what it was done to and what came of it stay longest.

    Args:
        ascii_only: Whether marks are plain ASCII.
        clusters: Whether there are several clusters to tell apart.
    """
    mark = fmt.UNKNOWN

    def shown_took(row: OperationRow) -> tuple[str, str]:
        if row.took is None:
            return fmt.ABSENT, "muted"
        return duration_words(row.operation, row.took), "" if row.operation.state.final else "info"

    def painted_result(row: OperationRow, width: int) -> Stripes:
        text, tone, is_path = outcome(row.operation)
        # Of a path the end tells savepoints apart.
        shown = tail(text, width, mark=mark) if is_path else text
        return Stripes(((shown, tone),))

    def painted_cluster(row: OperationRow, width: int) -> Stripes:
        name = clean(row.operation.cluster_name)
        # Of one without a name the port tells most.
        return Stripes(((tail(name, width, mark=mark) if ":" in name else name, ""),))

    found: list[Column[OperationRow]] = [
        Column(
            "state",
            "STATE",
            10,
            lambda row: (state_words(row.operation), state_tone(row.operation)),
            sort=lambda row: (-severity(row.operation), row.operation.state),
        ),
        Column(
            "what",
            "WHAT",
            19,
            lambda row: (clean(row.operation.label), "strong"),
            sort=lambda row: row.operation.label,
        ),
        Column(
            "name",
            "ON",
            12,
            lambda row: (clean(row.operation.subject), ""),
            sort=lambda row: row.operation.subject.casefold(),
            flex=True,
        ),
        Column(
            "job",
            "JOB",
            JOB_CELLS,
            lambda row: (row.operation.job or "", "muted"),
            sort=lambda row: row.operation.job or "",
            drop=4,
            # No sign of the cut: ids are told by their beginnings everywhere.
            stripes=lambda row, width: Stripes((((row.operation.job or "")[:width], "muted"),)),
        ),
        Column(
            "when",
            "WHEN",
            11,
            lambda row: (row.when, "muted"),
            sort=lambda row: row.operation.planned,
            align="right",
            descending=True,
            drop=2,
        ),
        Column(
            "took",
            "TOOK",
            7,
            shown_took,
            sort=lambda row: row.took,
            align="right",
            descending=True,
            drop=3,
            leaves=LEAST_FOR_BOTH,
        ),
        Column(
            "by",
            "BY",
            16,
            lambda row: (clean(row.operation.by), "muted"),
            sort=lambda row: row.operation.by,
            drop=5,
        ),
        Column(
            "result",
            "RESULT OR REASON",
            16,
            lambda row: outcome(row.operation)[:2],
            sort=lambda row: outcome(row.operation)[0],
            flex=True,
            stripes=painted_result,
        ),
    ]
    if clusters:
        one = Column[OperationRow](
            "cluster",
            "CLUSTER",
            15,
            lambda row: (clean(row.operation.cluster_name), ""),
            sort=lambda row: row.operation.cluster_name.casefold(),
            drop=1,
            stripes=painted_cluster,
        )
        found.insert(4, one)
    return found


def matches(row: OperationRow, text: str) -> bool:
    """Whether a row has the text, word by word; `state:failed` looks at the state alone."""
    one = row.operation
    told = (one.label, one.subject, one.job or "", one.cluster_name, one.by, row.when, outcome(one)[0])
    cells = [cell.casefold() for cell in (*told, one.state)]
    for word in text.casefold().split():
        if word.startswith("state:"):
            if word.removeprefix("state:") not in one.state:
                return False
        elif not any(word in cell for cell in cells):
            return False
    return True


def nothing_words(port: Port, *, demo: bool) -> str:
    """Why the table is empty."""
    if demo:
        return SIMULATED
    facts = port.target()
    if facts.ledger_trouble is not None:
        return f"Every action is recorded in the ledger first, and {facts.ledger_trouble}."
    if facts.read_only:
        return f"{NOTHING}\nThis cluster is opened read-only."
    return f"{NOTHING}\nPress a on a job, a jar or the cluster for its actions."


class OperationsTable(AnswerTable[OperationRow]):
    """The ledger, with what this flinktop follows or was refused."""

    BOX = "Operations"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._told: tuple[Operation, ...] | None = None
        self._clusters = False

    def columns(self) -> list[Column[OperationRow]]:
        """The cluster's name only where there are several."""
        return columns(clusters=self._clusters)

    def row_key(self, row: OperationRow) -> str:
        """The operation's id."""
        return row.operation.id

    def matches(self, row: OperationRow, text: str) -> bool:
        """By every word of what is known, not of what there is room for."""
        return matches(row, text)

    @property
    def operation(self) -> Operation | None:
        """The one under the cursor, as it is now."""
        key = self.table.cursor_key
        return self.port.operation(key) if key is not None else None

    def on_mount(self) -> None:
        """Show what is known."""
        super().on_mount()
        self.tick()

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """Show news of operations, too."""
        super().facts_changed(changes)
        if self.port.operations() is not self._told:
            self.shielded(self.tick)

    def tick(self) -> None:
        """What is under way takes longer; times in another zone."""
        operations = self._told = self.port.operations()
        clusters = len({one.cluster for one in operations} | {self.port.connection.url}) > 1
        if clusters != self._clusters:
            self._clusters = clusters
            self.table.set_columns(self.columns())
        wall, offset = self.port.clock.wall(), zone_offset(self)
        trouble = self.port.target().ledger_trouble if operations else None
        self.set_words([[(f"Actions are disabled: {trouble}.", "warn")]] if trouble else [])
        self.table.set_empty(nothing_words(self.port, demo=self.app.profile.demo))
        self.table.set_rows(
            one_by_one(operations, lambda one: _row(one, wall, offset), key=lambda one: one.id)
        )
        self.wants_tick = any(not one.state.final for one in operations)


def _row(operation: Operation, wall: float, offset: float | None) -> OperationRow:
    lasted = took(operation, wall)
    when = fmt.near(operation.planned, offset, wall)
    if lasted is not None and not operation.state.final:
        lasted = float(int(lasted))
    return OperationRow(operation, when, lasted)
