"""One line about the whole cluster: TaskManagers, slots, jobs by state, machines, restarts, checkpoints."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flinktop.engine.series import cluster_series
from flinktop.engine.sweep import RESTART_IDS
from flinktop.facts.freshness import OLD_SECONDS
from flinktop.facts.unanswered import blank
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.metrics import JOBS_METRICS, TASKMANAGERS_METRICS
from flinktop.model import format as fmt
from flinktop.model import heap, states
from flinktop.ui.live import RARELY
from flinktop.ui.panels.frame import Line
from flinktop.ui.panels.meter import meter_parts
from flinktop.ui.panels.parts import Part, cells, cut_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.store import Reading
    from flinktop.flink.cluster import ClusterOverview
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobsOverview
    from flinktop.flink.metrics import Aggregated
    from flinktop.ui.panels.frame import Part

METER_CELLS = 8
GAP = "   "
ENDED = "ENDED"
"""What stands for FINISHED and CANCELED together; no state of Flink's."""
FORMS = (
    (True, False, 4),
    (True, False, 3),
    (True, False, 2),
    (False, False, 2),
    (False, True, 2),
    (False, True, 1),
    (False, True, 0),
)
"""From all that there is to the least: with a meter, in short words, how many of what stands at the right."""


def slots_parts(overview: ClusterOverview, *, meter: bool, short: bool = False) -> list[Part]:
    """TaskManagers and slots; what is blocked only where something is."""
    used, total = overview.slots_used, overview.slots_total
    none = "bad" if overview.taskmanagers == 0 else "strong"
    parts: list[Part] = [(_label(short=short), "muted"), (fmt.number(overview.taskmanagers), none)]
    if overview.taskmanagers_blocked:
        parts.append((f" ({overview.taskmanagers_blocked} blocked)", "warn"))
    full = bool(total) and overview.slots_available == 0
    parts += [(f"{GAP}slots ", "muted"), (fmt.part(used, total), "warn" if full else "strong")]
    if used is not None and total and meter:
        tone = "warn" if full else "first"
        parts.append((" ", ""))
        parts += meter_parts(used / total, METER_CELLS, tone)
    if overview.slots_free_and_blocked:
        parts.append((f" {overview.slots_free_and_blocked} blocked", "warn"))
    return parts


def _label(*, short: bool) -> str:
    return "TM " if short else "TaskManagers "


def state_parts(jobs: JobsOverview, *, short: bool = False) -> list[Part]:
    """Jobs by state, the worst first; in short those that ended as they should are one number."""
    counts = Counter(ENDED if short and states.tone(job.state) == "muted" else job.state for job in jobs.jobs)
    parts: list[Part] = [("jobs ", "muted")]
    if not counts:
        parts.append(("none", "strong"))
    worst_first = sorted(
        counts, key=lambda state: (state == ENDED, -states.severity(state), state != "RUNNING", state)
    )
    for number, state in enumerate(worst_first):
        tone = "muted" if state == ENDED else states.tone(state)
        parts.append((f"{'  ' if number else ''}{counts[state]} {state.lower()}", tone))
    return parts


def heap_parts(metrics: Aggregated | None, blank: Part = (fmt.UNKNOWN, "muted")) -> list[Part]:
    """How full the fullest heap is; `blank` where that is not known."""
    fullest = heap.heap(metrics) if metrics is not None else None
    if fullest is None:
        return [("heap ", "muted"), blank]
    words = "heap " if fullest.worst else "heap of all "
    tone = "warn" if fullest.share >= heap.FULL else "strong"
    return [(words, "muted"), (f"{fmt.per_mille(1000 * fullest.share)} %", tone)]


def gc_parts(rate: float | None, blank: Part = (fmt.UNKNOWN, "muted")) -> list[Part]:
    """How long the worst TaskManager collects garbage; `blank` where that is not known."""
    if rate is None or rate != rate:  # noqa: PLR0124 -- NaN is a gap
        return [("GC ", "muted"), blank]
    return [("GC ", "muted"), (f"{fmt.count(rate)} ms/s", heap.gc_tone(rate) or "strong")]


class ClusterLine(Line):
    """The cluster in one line.

    From `/overview`, `/jobs/overview`, `/taskmanagers/metrics` and `/jobs/metrics`.
    """

    DEFAULT_CSS = "ClusterLine { padding: 0 1; }"

    def on_mount(self) -> None:
        """Watch both overviews at the cluster's own rate, and the metrics of TaskManagers and jobs."""
        self.watch_query("overview", OVERVIEW(), self._news)
        self.watch_query("jobs", JOBS_OVERVIEW(), self._news)
        self._ask_metrics()
        self._ask_jobs()
        super().on_mount()

    def _news(self, _reading: Reading[Any]) -> None:
        self.tick()

    def _metrics_query(self) -> Query[Aggregated] | None:
        """One request for the metrics that TaskManagers have; None while that is not known."""
        listed = self.port.reading(TASKMANAGERS_METRICS())
        ids = heap.ids_to_ask(metric.id for metric in listed.value) if listed and listed.value else ()
        return TASKMANAGERS_METRICS(get=ids) if ids else None

    def _ask_metrics(self, _reading: Reading[Aggregated] | None = None) -> None:
        """First which metrics there are: Flink's first list is empty, as is one without TaskManagers."""
        query = self._metrics_query()
        told = self.port.reading(query) if query is not None else None
        gone = told is not None and told.value is not None and not told.value
        every = RARELY if query is not None and not gone else 0.0
        self.watch_query("metric ids", TASKMANAGERS_METRICS(), self._ask_metrics, every=every)
        if query is not None:
            self.watch_query("metrics", query, self._ask_metrics)
        if self.is_mounted:
            self.tick()

    def _jobs_query(self) -> Query[Aggregated] | None:
        listed = self.port.reading(JOBS_METRICS())
        return together_query(metric.id for metric in listed.value) if listed and listed.value else None

    def _ask_jobs(self, _reading: Reading[Aggregated] | None = None) -> None:
        """First which metrics there are, as of the TaskManagers."""
        query = self._jobs_query()
        self.watch_query(
            "job metric ids", JOBS_METRICS(), self._ask_jobs, every=RARELY if query is not None else 0.0
        )
        if query is not None:
            self.watch_query("job metrics", query, self._news)

    def tick(self) -> None:
        """Lay the line out from what is known."""
        width = self.content_size.width
        found = self._right()
        line: list[Part] = []
        for meter, short, more in FORMS:
            left = self._left(meter=meter, short=short)
            right = [part for parts in found[:more] for part in ((GAP, ""), *parts)]
            blank = width - cells(left) - cells(right)
            line = [*left, (" " * max(0, blank), ""), *right]
            if blank >= 0:
                break
        if self.port.lost is not None:
            line = [(text, "stale") for text, _ in line]
        self.set_parts(cut_line(line, width))

    def _left(self, *, meter: bool, short: bool) -> list[Part]:
        """TaskManagers, slots, jobs by state."""
        overview, jobs = self.port.reading(OVERVIEW()), self.port.reading(JOBS_OVERVIEW())
        parts: list[Part] = []
        if overview is not None and (told := overview.value) is not None:
            parts += self.one_line("slots", lambda: slots_parts(told, meter=meter, short=short))
        elif self.port.features.history_server:
            parts += [("a HistoryServer: jobs that have ended", "info")]
        else:
            unknown = blank(self.port, OVERVIEW())
            parts += [(_label(short=short), "muted"), unknown, (f"{GAP}slots ", "muted"), unknown]
        if jobs is not None and (listed := jobs.value) is not None:
            parts += [(GAP, ""), *self.one_line("jobs", lambda: state_parts(listed, short=short))]
        return parts

    def _right(self) -> list[list[Part]]:
        """Of machines and jobs, the more important first; a cluster without TaskManagers has none."""
        overview = self.port.reading(OVERVIEW())
        if overview is None or overview.value is None or overview.value.taskmanagers == 0:
            return []
        query = self._metrics_query()
        reading = self.port.reading(query) if query is not None else None
        collected = self.port.latest(cluster_series("gc"))
        unknown = blank(self.port, query or TASKMANAGERS_METRICS())
        found = [
            self.one_line(
                "heap", lambda: heap_parts(reading.value if reading is not None else None, unknown)
            ),
            self.one_line("GC", lambda: gc_parts(collected[1] if collected is not None else None, unknown)),
        ]
        found = self._faded(found, reading)
        jobs_query = self._jobs_query()
        jobs = self.port.reading(jobs_query) if jobs_query is not None else None
        return found + self._faded(together_parts(jobs.value if jobs is not None else None), jobs)

    def _faded(self, found: list[list[Part]], reading: Reading[Aggregated] | None) -> list[list[Part]]:
        if reading is None or reading.at is None or self.port.now() - reading.at <= OLD_SECONDS:
            return found
        return [[(text, "stale") for text, _ in parts] for parts in found]


CHECKPOINT = "lastCheckpointDuration"


def together_query(known: Iterable[str]) -> Query[Aggregated] | None:
    """One request for what jobs have in all (`/jobs/metrics`); None while none has such a metric.

    It answers nothing at all when it is asked for one that no job has.
    """
    have = set(known)
    # One of the names for restarts is enough; the older is a gauge of the same.
    restarts = next((name for name in RESTART_IDS if name in have), None)
    ids = tuple(name for name in (restarts, CHECKPOINT) if name in have)
    return JOBS_METRICS(get=ids) if ids else None


def together_parts(metrics: Aggregated | None) -> list[list[Part]]:
    """How often they have restarted, all together, and what the slowest of their last checkpoints took."""
    found: list[list[Part]] = []
    told = {metric.id: metric for metric in metrics or ()}
    restarts = next((told[name].sum for name in RESTART_IDS if name in told), None)
    if restarts is not None:
        found.append([("restarts ", "muted"), (fmt.count(restarts), "warn" if restarts else "strong")])
    slowest = told[CHECKPOINT].max if CHECKPOINT in told else None
    # -1 before the first.
    if slowest is not None and slowest >= 0:
        found.append([("slowest checkpoint ", "muted"), (fmt.milliseconds(slowest), "strong")])
    return found
