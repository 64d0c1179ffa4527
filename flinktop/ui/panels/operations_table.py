"""Everything that was asked of clusters from here, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.operations import duration_words, outcome, severity, state_tone, state_words, took
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model.checkpoints import tail
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column, Stripes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.operation import Operation
    from flinktop.ui.panels.parts import Part

JOB_CELLS = 8  # of a job's id: enough to tell jobs apart
LEAST_FOR_BOTH = 40  # cells that subject and result have together before how long it took gets a place
SIMULATED = "Demo: actions are disabled, so there are no operations."
NOTHING = "No operations from this flinktop yet."


def columns(
    wall: Callable[[], float], offset: Callable[[], float | None], *, clusters: bool
) -> tuple[Column[Operation], ...]:
    """The columns; how it is, what it was, what it was done to and what came of it stay longest.

    Args:
        wall: gives this machine's time (s since 1970).
        offset: gives the zone of times, seconds from UTC.
        clusters: whether there are several clusters to tell apart.
    """

    def shown_took(one: Operation) -> tuple[str, str]:
        seconds = took(one, wall())
        if seconds is None:
            return fmt.ABSENT, "muted"
        if one.state.final:
            return duration_words(one, seconds), ""
        # A tenth would repaint the line at every look.
        return duration_words(one, float(int(seconds))), "info"

    def result(one: Operation, width: int) -> Stripes:
        shown, tone, is_path = outcome(one)
        # Of a path the end tells savepoints apart.
        return Stripes(((tail(shown, width, mark=fmt.UNKNOWN) if is_path else shown, tone),))

    def cluster(one: Operation, width: int) -> Stripes:
        name = clean(one.cluster_name)
        # Of one without a name the port tells most.
        return Stripes(((tail(name, width, mark=fmt.UNKNOWN) if ":" in name else name, ""),))

    of_clusters: Column[Operation] = Column(
        "cluster",
        "CLUSTER",
        15,
        lambda one: (clean(one.cluster_name), ""),
        sort=lambda one: one.cluster_name.casefold(),
        drop=1,
        stripes=cluster,
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
        text("name", "ON", 12, lambda one: clean(one.subject), blank="", sort=True, flex=True),
        Column(
            "job",
            "JOB",
            JOB_CELLS,
            lambda one: (one.job or "", "muted"),
            sort=lambda one: one.job or "",
            drop=4,
            # No sign of the cut: ids are told by their beginnings everywhere.
            stripes=lambda one, width: Stripes((((one.job or "")[:width], "muted"),)),
        ),
        *((of_clusters,) if clusters else ()),
        text(
            "when",
            "WHEN",
            11,
            lambda one: fmt.near(one.planned, offset(), wall()),
            tone="muted",
            sort=lambda one: one.planned,
            align="right",
            descending=True,
            drop=2,
        ),
        Column(
            "took",
            "TOOK",
            7,
            shown_took,
            sort=lambda one: took(one, wall()),
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
    )


def matches(row: Operation, text: str, when: str) -> bool:
    """Whether a row has the text, word by word; `state:failed` looks at the state alone."""
    told = (row.label, row.subject, row.job or "", row.cluster_name, row.by, when, outcome(row)[0])
    cells = [cell.casefold() for cell in (*told, row.state)]
    return all(
        word.removeprefix("state:") in row.state
        if word.startswith("state:")
        else any(word in cell for cell in cells)
        for word in text.casefold().split()
    )


class OperationsTable(TablePanel["Operation"]):
    """The ledger, with what this flinktop follows or was refused."""

    BOX = "Operations"
    follows_operations = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._several_clusters = False

    def columns(self) -> Sequence[Column[Operation]]:
        return columns(self.port.clock.wall, self.zone_offset, clusters=self._several_clusters)

    def key(self, row: Operation) -> str:
        return row.id

    def rows(self) -> Sequence[Operation]:
        return self.port.operations()

    def matches(self, row: Operation, text: str) -> bool:
        return matches(row, text, fmt.near(row.planned, self.zone_offset(), self.port.clock.wall()))

    @property
    def operation(self) -> Operation | None:
        """The one under the cursor, as it is now."""
        key = self.table.cursor_key
        return self.port.operation(key) if key is not None else None

    def words(self) -> Sequence[list[Part]]:
        trouble = self.port.target().ledger_trouble if self.port.operations() else None
        return [[(f"Actions are disabled: {trouble}.", "warn")]] if trouble else []

    def empty(self) -> str:
        if self.app.profile.demo:
            return SIMULATED
        target = self.port.target()
        if target.ledger_trouble is not None:
            return f"Every action is recorded in the ledger first, and {target.ledger_trouble}."
        if target.read_only:
            return f"{NOTHING}\nThis cluster is opened read-only."
        return f"{NOTHING}\nPress a on a job, a jar or the cluster for its actions."

    def show(self) -> None:
        operations = self.port.operations()
        several = len({one.cluster for one in operations} | {self.port.connection.url}) > 1
        if several != self._several_clusters:
            self._several_clusters = several
            self.table.set_columns(self.columns())
        super().show()
        self.wants_tick = any(not one.state.final for one in operations)
