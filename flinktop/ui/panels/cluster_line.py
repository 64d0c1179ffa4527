"""One line about the whole cluster: TaskManagers, slots, jobs by state, processes, restarts, checkpoints."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.engine.series import cluster_series
from flinktop.engine.sweep import RESTART_IDS
from flinktop.facts.freshness import OLD_SECONDS, blank
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.metrics import JOBS_METRICS, TASKMANAGERS_METRICS
from flinktop.model import format as fmt
from flinktop.model import heap, states
from flinktop.ui.live import RARELY, Asks
from flinktop.ui.panels.parts import (
    GAP,
    MUTED_GAP,
    Line,
    LinesPanel,
    Part,
    cells,
    faded,
    meter_parts,
    pair,
    spaced,
)
from flinktop.ui.panels.verdicts import cluster_parts, unhealthy_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.cluster import ClusterOverview
    from flinktop.flink.endpoint import Endpoint, Query
    from flinktop.flink.jobs import JobsOverview
    from flinktop.flink.metrics import Aggregated

CHECKPOINT = "lastCheckpointDuration"
METER_CELLS = 8
ENDED = "ENDED"  # FINISHED and CANCELED together; not a state of Flink


class Form(Struct, frozen=True):
    """How much of the line there is room for."""

    more: int  # parts at the right
    meter: bool = False
    short: bool = False  # whether its words are short
    labelled: bool = True  # whether the states are said to be those of jobs


FORMS = (
    Form(4, meter=True),
    Form(3, meter=True),
    Form(2, meter=True),
    Form(2),
    Form(2, short=True),
    Form(1, short=True),
    Form(1, short=True, labelled=False),
    Form(0, short=True),
    Form(0, short=True, labelled=False),
)
"""From the longest form to the shortest."""


def slots_parts(overview: ClusterOverview, *, meter: bool, short: bool = False) -> Line:
    """TaskManagers and slots; blocked ones only if there are any."""
    used, total = overview.slots_used, overview.slots_total
    parts = pair(
        _label(short=short),
        fmt.number(overview.taskmanagers),
        "bad" if overview.taskmanagers == 0 else "strong",
    )
    if overview.taskmanagers_blocked:
        parts.append((f" ({overview.taskmanagers_blocked} blocked)", "warn"))
    full = bool(total) and overview.slots_available == 0
    parts = spaced(parts, pair("slots", fmt.part(used, total), "warn" if full else "strong"), gap=MUTED_GAP)
    if used is not None and total and meter:
        parts += [(" ", ""), *meter_parts(used / total, METER_CELLS, "warn" if full else "first")]
    if overview.slots_free_and_blocked:
        parts.append((f" {overview.slots_free_and_blocked} blocked", "warn"))
    return parts


def _label(*, short: bool) -> str:
    return "TM" if short else "TaskManagers"


def state_parts(
    jobs: JobsOverview, unhealthy: Sequence[Part] = (), *, short: bool = False, labelled: bool = True
) -> Line:
    """How many jobs are unhealthy, then jobs by state, the worst first.

    The short form has one number for jobs that ended normally.
    """
    if not jobs.jobs:
        return pair("jobs", "none", "strong")
    counts = Counter(ENDED if short and states.tone(job.state) == "muted" else job.state for job in jobs.jobs)
    worst_first = sorted(
        counts, key=lambda state: (state == ENDED, -states.severity(state), state != "RUNNING", state)
    )
    parts: Line = [*unhealthy]
    for state in worst_first:
        tone = "muted" if state == ENDED else states.tone(state)
        parts.append((f"{'  ' if parts else ''}{counts[state]} {state.lower()}", tone))
    return [("jobs ", "muted"), *parts] if labelled else parts


def heap_parts(metrics: Aggregated | None, blank: Part = (fmt.UNKNOWN, "muted")) -> Line:
    """How full the fullest heap is; `blank` where that is not known."""
    fullest = heap.heap(metrics) if metrics is not None else None
    if fullest is None:
        return pair("heap", *blank)
    tone = "warn" if fullest.share >= heap.FULL else "strong"
    label = "heap" if fullest.worst else "heap of all"
    return pair(label, f"{fmt.per_mille(1000 * fullest.share)} %", tone)


def gc_parts(rate: float | None, blank: Part = (fmt.UNKNOWN, "muted")) -> Line:
    """The garbage collection time of the worst TaskManager; `blank` where that is not known."""
    if rate is None or rate != rate:  # noqa: PLR0124 -- NaN is a gap
        return pair("GC", *blank)
    return pair("GC", f"{fmt.count(rate)} ms/s", heap.gc_tone(rate) or "strong")


def job_metric_ids(known: Iterable[str]) -> tuple[str, ...]:
    """The ids of the jobs' metrics on restarts and checkpoints; () if there are none.

    `/jobs/metrics` returns nothing at all when one requested id exists in no job.
    """
    have = set(known)
    # One of the names for restarts is enough; the older is a gauge of the same.
    restarts = next((name for name in RESTART_IDS if name in have), None)
    return tuple(name for name in (restarts, CHECKPOINT) if name in have)


def job_metric_parts(metrics: Aggregated | None) -> list[Line]:
    """How often all jobs together have restarted, and how long the slowest of their last checkpoints took."""
    found: list[Line] = []
    known = {metric.id: metric for metric in metrics or ()}
    restarts = next((known[name].sum for name in RESTART_IDS if name in known), None)
    if restarts is not None:
        found.append(pair("restarts", fmt.count(restarts), "warn" if restarts else "strong"))
    slowest = known[CHECKPOINT].max if CHECKPOINT in known else None
    # -1 before the first.
    if slowest is not None and slowest >= 0:
        found.append(pair("slowest checkpoint", fmt.milliseconds(slowest), "strong"))
    return found


class ClusterLine(LinesPanel):
    """The cluster in one line.

    From `/overview`, `/jobs/overview`, `/taskmanagers/metrics` and `/jobs/metrics`.
    """

    def asks(self) -> Asks:
        """Both overviews, and first the lists of metrics.

        Flink's first list is empty, as is one without TaskManagers.
        """
        asks: Asks = {OVERVIEW(): 0.0, JOBS_OVERVIEW(): 0.0}
        taskmanagers, jobs = self._taskmanagers_query(), self._jobs_query()
        answered = self.port.value(taskmanagers) if taskmanagers is not None else None
        emptied = answered is not None and not answered
        asks[TASKMANAGERS_METRICS()] = RARELY if taskmanagers is not None and not emptied else 0.0
        asks[JOBS_METRICS()] = RARELY if jobs is not None else 0.0
        return asks | {query: 0.0 for query in (taskmanagers, jobs) if query is not None}

    def _listed(self, endpoint: Endpoint[Aggregated]) -> Iterable[str]:
        return [metric.id for metric in self.port.value(endpoint()) or ()]

    def _taskmanagers_query(self) -> Query[Aggregated] | None:
        """One request for the metrics that TaskManagers have; None while these are not known."""
        ids = heap.ids_to_request(self._listed(TASKMANAGERS_METRICS))
        return TASKMANAGERS_METRICS(get=ids) if ids else None

    def _jobs_query(self) -> Query[Aggregated] | None:
        ids = job_metric_ids(self._listed(JOBS_METRICS))
        return JOBS_METRICS(get=ids) if ids else None

    def lines(self) -> Sequence[Line]:
        width = self.content_size.width
        found = self._right()
        line: Line = []
        for form in FORMS:
            left = self._left(form)
            right = [part for parts in found[: form.more] for part in (GAP, *parts)]
            room = width - cells(left) - cells(right)
            line = [*left, (" " * max(0, room), ""), *right]
            if room >= 0:
                break
        return faded([line]) if self.port.lost is not None else [line]

    def _left(self, form: Form) -> Line:
        meter, short = form.meter, form.short
        overview, jobs = self.port.reading(OVERVIEW()), self.port.reading(JOBS_OVERVIEW())
        parts: Line = []
        if overview is not None and (taskmanagers := overview.value) is not None:
            parts += self.one_line("slots", lambda: slots_parts(taskmanagers, meter=meter, short=short))
        elif self.port.features.history_server:
            parts += [("a HistoryServer: jobs that have ended", "info")]
        else:
            unknown = blank(self.port, OVERVIEW())
            parts = spaced(pair(_label(short=short), *unknown), pair("slots", *unknown), gap=MUTED_GAP)
        judged = self.port.judged
        if judged is not None and judged.findings:
            parts += [GAP, *cluster_parts(judged.findings)]
        if jobs is not None and (listed := jobs.value) is not None:
            unhealthy = unhealthy_parts(judged)
            states = partial(state_parts, listed, unhealthy, short=short, labelled=form.labelled)
            parts += [GAP, *self.one_line("jobs", states)]
        return parts

    def _right(self) -> list[Line]:
        """Figures of processes and jobs, most important first; a cluster without TaskManagers has none."""
        overview = self.port.value(OVERVIEW())
        if overview is None or overview.taskmanagers == 0:
            return []
        query = self._taskmanagers_query()
        unknown = blank(self.port, query or TASKMANAGERS_METRICS())
        metrics, old = self._answer(query)
        collected = self.port.latest(cluster_series("gc"))
        taskmanagers = [
            self.one_line("heap", lambda: heap_parts(metrics, unknown)),
            self.one_line("GC", lambda: gc_parts(collected[1] if collected is not None else None, unknown)),
        ]
        of_jobs, past = self._answer(self._jobs_query())
        jobs = job_metric_parts(of_jobs)
        return [*(faded(taskmanagers) if old else taskmanagers), *(faded(jobs) if past else jobs)]

    def _answer(self, query: Query[Aggregated] | None) -> tuple[Aggregated | None, bool]:
        """The answer, and whether it is too old to rely on."""
        reading = self.port.reading(query) if query is not None else None
        if reading is None:
            return None, False
        return reading.value, reading.at is not None and self.port.now() - reading.at > OLD_SECONDS
