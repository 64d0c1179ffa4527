"""The clusters of a fleet, the worst first: whether each answers, its verdict, jobs, slots, throughput."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from flinktop.engine.series import cluster_series
from flinktop.facts.fleet import OLD_SECONDS, ClusterFacts, ClusterState, urgency
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.panels.columns import TREND, number, text
from flinktop.ui.panels.fleet_pods import LEGEND, has_operator
from flinktop.ui.panels.fleet_pods import columns as of_pods
from flinktop.ui.panels.fleet_search import none_found
from flinktop.ui.panels.fleet_table import FleetTable, cluster_stripes, cluster_tone, words_match
from flinktop.ui.panels.verdicts import LEAST_WORDS, TONES, mark
from flinktop.ui.widgets.celltext import clip, wrap
from flinktop.ui.widgets.columns import Column, Stripes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.ui.widgets.columns import Cell

NAME, LONG_NAME = 16, 22  # cells of a cluster's name at least, and where there is room
VERDICT, LONG_VERDICT = 17, 36  # cells of its verdict, likewise
JOBS, LONG_JOBS = 9, 14  # cells of the jobs by state: where there are pods too, and else
STATE = 12
ROOM, MORE_ROOM = 34, 46
"""Cells that name and verdict keep together next to the first figures, and next to the others."""
DROPS: Final = {
    "release": 9,
    "group": 8,
    "trend": 7,
    "slots": 6,
    "age": 5,
    "in": 4,
    "operator": 3,
    "pods": 2,
    "jobs": 1,
}
"""The order in which columns are dropped where there is little room, the highest first."""
MOST_EMPTY: Final = 4  # lines that say why there is no cluster
FIRST_FIGURES: Final = ("age", "in")
OF_KUBERNETES: Final = ("pods", "operator")
LEAST_ROOM: Final = 28
"""The same next to these: on a small screen they say more than the end of a verdict."""
TONES_OF_STATES: Final = ("bad", "warn", "info", "good", "muted")
"""The tones of states of jobs, the worst first."""


def state_cell(row: ClusterFacts) -> Cell:
    """Whether the cluster answers, and for how long it has not."""
    if row.state is ClusterState.LIVE:
        return "● live", "good"
    if row.state is ClusterState.CONNECTING:
        return "◐ connecting", "info"
    # What answered before is lost; the reason of the others says more.
    return (f"✕ lost {fmt.span(row.since)}" if row.age is not None else "✕ no answer"), "bad"


def verdict_words(row: ClusterFacts) -> str:
    """What is said of the cluster or of its worst job."""
    if not row.kind:
        return fmt.UNKNOWN
    words = clean(row.words)
    if row.job_name and clean(row.job_name) not in words:
        words = f"{clean(row.job_name)}: {words}"
    return f"{mark(row.severity)} {words}"


def verdict_note(row: ClusterFacts) -> str:
    """What stands right of the verdict: when the cluster is asked again, or how many more are unhealthy."""
    if row.state is not ClusterState.LIVE:
        return f"retry {row.retry:.0f} s" if row.retry is not None else ""
    more = row.ill - bool(row.job_name)
    return f"+{more} more" if row.ill and more else ""


def verdict_cell(row: ClusterFacts) -> Cell:
    """The verdict as text alone."""
    note = verdict_note(row)
    tone = TONES[row.severity] if row.kind else "muted"
    return f"{verdict_words(row)}{f' ({note})' if note else ''}", tone


def verdict_stripes(row: ClusterFacts, width: int) -> Stripes:
    """The verdict in `width` cells; its end is cut, its note is not.

    When a cluster is asked again is written only where there is room: why it is unreachable says more.
    """
    words, note = verdict_words(row), verdict_note(row)
    tone = TONES[row.severity] if row.kind else "muted"
    room = width - cell_len(note) - 1
    least = LEAST_WORDS if row.state is ClusterState.LIVE else cell_len(words)
    if not note or room < least:
        return Stripes(((words, tone),))
    return Stripes(((f"{clip(words, room)} ", tone), (note, "muted")))


def job_states(row: ClusterFacts, width: int | None = None) -> list[Cell]:
    """The jobs by state, the worst first; by mark alone where words take more than `width` cells."""
    worst_first = sorted(row.jobs, key=lambda state: (TONES_OF_STATES.index(states.tone(state)), state))
    words = [(f"{row.jobs[state]} {state.lower()}", states.tone(state)) for state in worst_first]
    if width is None or sum(cell_len(text) + 1 for text, _ in words) - 1 <= width:
        return words
    by_tone: Counter[str] = Counter()
    for state, count in row.jobs.items():
        by_tone[states.tone(state)] += count
    return [(f"{states.mark('', tone)}{by_tone[tone]}", tone) for tone in TONES_OF_STATES if by_tone[tone]]


def jobs_cell(row: ClusterFacts) -> Cell:
    """The jobs by state as text alone."""
    found = " ".join(text for text, _ in job_states(row))
    return found or (fmt.UNKNOWN if row.age is None else "none"), "muted"


def jobs_stripes(row: ClusterFacts, width: int) -> Stripes:
    """The same in `width` cells, each state in its tone."""
    found = job_states(row, width)
    if not found:
        return Stripes((jobs_cell(row),))
    return Stripes(
        tuple((f"{' ' if number else ''}{words}", tone) for number, (words, tone) in enumerate(found))
    )


class FleetClusters(FleetTable[ClusterFacts]):
    """One row for each cluster."""

    KEY = "name"
    BOX = "Clusters"
    TABLE = "clusters"
    _lines = 0  # as many as it takes at the most
    _on_kubernetes = False  # whether one of them is
    _operated = False  # whether the Flink Kubernetes operator manages one of them

    def columns(self) -> Sequence[Column[ClusterFacts]]:
        def age_tone(seconds: float) -> str:
            return "warn" if seconds > OLD_SECONDS else "muted"

        def trend(row: ClusterFacts) -> Cell:
            return self.trend_of(row.name, cluster_series("in")), "trend"

        def slots(row: ClusterFacts) -> Cell:
            if row.slots_total is None:
                return fmt.UNKNOWN, "muted"
            full = row.slots_used == row.slots_total and row.slots_total > 0
            return fmt.part(row.slots_used, row.slots_total), "warn" if full else ""

        def free(row: ClusterFacts) -> int | None:
            if row.slots_total is None or row.slots_used is None:
                return None
            return row.slots_total - row.slots_used

        unknown: Cell = (fmt.UNKNOWN, "muted")
        found: list[Column[ClusterFacts]] = [
            replace(
                text(
                    "cluster",
                    "CLUSTER",
                    NAME,
                    lambda row: clean(row.shown),
                    tone=lambda row: cluster_tone(row.colour),
                    sort=True,
                    flex=True,
                    comfort=LONG_NAME,
                ),
                stripes=lambda row, width: cluster_stripes(row.shown, width, cluster_tone(row.colour)),
            ),
            Column(
                "state",
                "STATE",
                STATE,
                state_cell,
                sort=lambda row: (list(ClusterState).index(row.state), -(row.since or 0.0)),
                descending=True,
            ),
            Column(
                "verdict",
                "VERDICT",
                VERDICT,
                verdict_cell,
                sort=urgency,
                flex=True,
                comfort=LONG_VERDICT,
                weight=4,
                stripes=verdict_stripes,
            ),
            Column(
                "jobs",
                "JOBS",
                JOBS if self._on_kubernetes else LONG_JOBS,
                jobs_cell,
                sort=lambda row: sum(row.jobs.values()) if row.age is not None else None,
                stripes=jobs_stripes,
                descending=True,
                flex=self._on_kubernetes,
                comfort=LONG_JOBS,
                weight=0,
            ),
            *(of_pods(self._wall, operator=self._operated) if self._on_kubernetes else ()),
            Column("slots", "SLOTS", 7, slots, sort=free, align="right"),
            number("in", "IN/s", 6, lambda row: row.rate, blank=unknown),
            Column("trend", "IN/s, 30 m", TREND, trend),
            number(
                "age", "AGE", 5, lambda row: row.age, fmt.span, tone=age_tone, blank=(fmt.ABSENT, "muted")
            ),
            text("release", "FLINK", 8, lambda row: clean(row.release), tone="muted", sort=True),
            text(
                "group",
                "GROUP",
                10,
                lambda row: clean(row.group),
                tone="muted",
                sort=True,
                usual=any(row.group for row in self.facts().clusters),
            ),
            number("taskmanagers", "TM", 4, lambda row: row.taskmanagers, str, usual=False),
            text("url", "URL", 24, lambda row: clean(row.url), tone="muted", sort=True, usual=False),
        ]
        return [_placed(column, found) for column in found]

    def _wall(self) -> float:
        return self.app.clock.wall()

    def show(self) -> None:
        clusters = self.facts().clusters
        on_kubernetes = any(row.kubernetes is not None for row in clusters)
        operated = any(map(has_operator, clusters))
        if (on_kubernetes, operated) != (self._on_kubernetes, self._operated):
            self._on_kubernetes, self._operated = on_kubernetes, operated
            self.table.set_columns(self.shown_columns())
        super().show()

    def legend(self) -> Sequence[tuple[str, str]]:
        """What the columns of Kubernetes mean."""
        return LEGEND[: self._on_kubernetes + self._operated]

    def rows(self) -> Sequence[ClusterFacts]:
        return self.facts().clusters

    def is_dim(self, row: ClusterFacts) -> bool:
        """A cluster that does not answer is no less urgent: its figures are marked by their age."""
        return row.state is ClusterState.LIVE and row.old

    def matches(self, row: ClusterFacts, text: str) -> bool:
        """By words; `state:`, `verdict:`, `group:`, `cluster:` and `job:` search that alone."""
        fields = {
            "state": str(row.state),
            "verdict": f"{row.kind} {row.severity}",
            "group": row.group.casefold(),
            "cluster": row.name.casefold(),
            "job": row.job_name.casefold(),
        }
        others = f"{row.url}\n{verdict_words(row)}\n{jobs_cell(row)[0]}\n{row.release}".casefold()
        return words_match(text, fields, others)

    def empty(self) -> str:
        searches = self.app.fleet.searches if self.app.fleet is not None else ()
        return none_found([one.state for one in searches]) or self.LOADING

    def fit_height(self) -> None:
        """Take no more lines than there are rows: the worst jobs have the others."""
        rows = len(self.table.shown_keys())
        if not rows:
            rows = len(wrap(self.empty(), self.table.size.width - 2, MOST_EMPTY))
        lines = 1 + max(1, rows) + (2 if self.boxed else 0)
        if self.is_mounted and lines != self._lines:
            self._lines = lines
            self.styles.max_height = lines

    def copied(self) -> str | None:
        row = self.table.cursor_row
        return row.url if row is not None else None


def _placed(column: Column[ClusterFacts], found: Sequence[Column[ClusterFacts]]) -> Column[ClusterFacts]:
    """The column with its turn to be dropped, and the room that flexible ones of `found` keep beside it."""
    if column.key not in DROPS:
        return column
    others = [one for one in found if one.flex and one.key not in ("cluster", "verdict")]
    if column.key == "jobs":
        leaves = 0
    elif column.key in OF_KUBERNETES:
        leaves = LEAST_ROOM + sum(one.width for one in others)
    else:
        room = ROOM if column.key in FIRST_FIGURES else MORE_ROOM
        leaves = room + sum(one.comfort for one in others)
    return replace(column, drop=DROPS[column.key], leaves=leaves)
