"""What a subtask is and how it is: which of how many, state, attempt, where it runs, what it does now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flinktop.facts.freshness import Freshness, freshness
from flinktop.facts.subtasks import (
    context_asks,
    present_asks,
    present_facts,
    present_reading,
    subtask_figures,
    vertex_context,
)
from flinktop.facts.vertices import vertex_of
from flinktop.model import busy, processes, states, subtask_names, subtasks
from flinktop.model import format as fmt
from flinktop.ui.panels.columns import figure_cell
from flinktop.ui.panels.lines_panel import LinesPanel, faded, pair, spaced
from flinktop.ui.panels.vertex_header import (
    job_parts,
    lasting,
    rate_groups,
    totals_line,
    trouble_line,
    watermark_parts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.vertices import Attempt
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.lines_panel import Line


def state_line(attempt: Attempt) -> Line:
    """State and for how long, which attempt, where."""
    state: Line = [(f"{states.mark(attempt.status)} {attempt.status}", states.tone(attempt.status))]
    state += lasting(attempt.status, attempt.seconds)
    number = pair("attempt", fmt.number(attempt.attempt), "warn" if attempt.attempt else "")
    where, taskmanager = attempt.where, attempt.taskmanager_id or ""
    if taskmanager and processes.is_name(taskmanager):
        # The name of a pod or a container is what people look for.
        at = f" at {where}" if where else ""
        return spaced(state, number, [*pair("on", taskmanager), (at, "muted")])
    on = pair("on", where) if where else []
    return spaced(state, number, on, pair("TaskManager", taskmanager) if taskmanager else [])


def _percent(value: float) -> str:
    return f"{fmt.per_mille(value)} %"


class SubtaskHeader(LinesPanel):
    """A few lines above everything else on a subtask's screen."""

    DEFAULT_CSS = "SubtaskHeader { max-height: 4; }"
    STATE_FIRST = True

    def __init__(self, job: str, vertex: str, subtask: int) -> None:
        super().__init__(job, vertex)
        self.subtask = subtask
        self._progress: subtasks.Progress | None = None
        """How its totals move."""

    def asks(self) -> Asks:
        ids = (self.port, self.job, self.vertex)
        context = vertex_context(*ids)
        query = subtask_figures(self.job, self.vertex, self.subtask, context) if context is not None else None
        asks = context_asks(*ids) | present_asks(*ids, self.subtask)
        return asks | ({query: 0.0} if query is not None else {})

    def lines(self) -> Sequence[Line]:
        reading = present_reading(self.port, self.job, self.vertex, self.subtask)
        known = vertex_of(self.port, self.job, self.vertex)
        name = subtask_names.named(self.subtask, known[1].parallelism if known is not None else None)
        lines: list[Line] = [[(name, "strong"), *(pair(" of", known[1].name) if known is not None else [])]]
        if reading is not None and (attempt := reading.value) is not None:
            if reading.at is not None and (self._progress is None or reading.at > self._progress.seen):
                self._progress = subtasks.look(self._progress, reading.at, [attempt])
            lines.append(self.one_line("state", lambda: state_line(attempt)))
            ended = states.is_terminal(attempt.status)
            lines.append(self.one_line("flow", partial(self._totals, attempt) if ended else self._flow))
        elif freshness(reading, self.port.lost) is Freshness.LOADING:
            lines.append([("loading subtask…", "muted")])
        if known is not None:
            lines[-1] = spaced(lines[-1], job_parts(known[0]))
        gone = "The vertex no longer has this subtask"
        trouble = trouble_line(self.port, self.job, self.vertex, reading, gone)
        return [trouble, *faded(lines)] if trouble else lines

    def _totals(self, attempt: Attempt) -> Line:
        context = vertex_context(self.port, self.job, self.vertex)
        source, sink = (context.source, context.sink) if context is not None else (False, False)
        return totals_line(attempt.metrics, source=source, sink=sink)

    def _flow(self) -> Line:
        """Rates, times and watermark; what is not measured is not the same as not known."""
        facts = present_facts(self.port, self.job, self.vertex, self.subtask, self._progress)
        if facts is None:
            return []
        mark = facts.mark
        if mark.absent or mark.value is None:
            watermark = pair("watermark", *mark.blank)
        else:
            answered = mark.value / 1000.0 + (facts.lag.value or 0.0)
            watermark = watermark_parts(mark.value, self.zone_offset(), answered, facts.lag.tone)
        times = (("busy", facts.busy), ("backpressured", facts.backpressured), ("idle", facts.idle))
        groups = [
            pair(word, *figure_cell(time, _percent, busy.tone if word != "idle" else None))
            for word, time in times
        ]
        return spaced(*rate_groups(facts.taken, facts.sent), *groups, watermark)
