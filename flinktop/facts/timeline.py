"""Rows of the timeline by their states over time, rescales (2.3+, adaptive scheduler), and the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.flink.rescale import RESCALES_HISTORY, RESCALES_SUMMARY
from flinktop.model import format as fmt
from flinktop.model import states, subtask_names, timeline
from flinktop.model.scheduler import ADAPTIVE
from flinktop.model.timeline import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.facts.known import Known
    from flinktop.flink.jobs import Job
    from flinktop.flink.rescale import Rescale
    from flinktop.flink.vertices import SubtasksTimes, Vertex


DAY = 86_400.0
_OUTCOMES = {"COMPLETED": ("○", "good"), "FAILED": ("✕", "bad")}


class Window(Struct, frozen=True):
    """The time range drawn (s since 1970), and the UTC offset of its labels."""

    since: float
    until: float
    offset: float | None

    def clock(self, at: float) -> str:
        """A time on the axis: to the second, or with its date if the window is long."""
        if self.until - self.since >= DAY:
            return fmt.moment(at, self.offset)[5:16]
        return fmt.clock(at, self.offset)


class TimelineRow(Struct, frozen=True):
    """One row of the timeline."""

    key: str
    label: str  # untrusted text, with mark and indentation
    state: str
    tone: str
    intervals: tuple[Interval, ...]
    words: str = ""  # text instead of a bar

    @classmethod
    def of(cls, key: str, label: str, state: str, intervals: tuple[Interval, ...]) -> TimelineRow:
        return cls(key, label, f"{states.mark(state)} {state}", states.tone(state), intervals)

    @property
    def start(self) -> float | None:
        """Seconds since 1970."""
        return self.intervals[0].start / 1000.0 if self.intervals else None

    def seconds(self, until: float) -> float | None:
        """Seconds from its start to its end, or to `until` (s since 1970) if it has not ended."""
        if not self.intervals:
            return None
        end = self.intervals[-1].end
        return (end / 1000.0 if end is not None else until) - self.intervals[0].start / 1000.0


def subtask_rows(times: SubtasksTimes, detail: Vertex | None, vertex: str, indent: str) -> list[TimelineRow]:
    """The subtasks of a vertex by their states (`…/subtasktimes`), each with its concurrent attempts.

    Concurrent attempts are only in the vertex's own answer (`detail`).
    """
    attempts = {one.subtask: one for one in detail.subtasks} if detail is not None else {}
    rows: list[TimelineRow] = []

    def add(number: str, name: str, where: str, state: str, intervals: tuple[Interval, ...]) -> None:
        label = f"{indent}{name}{f'  {where}' if where else ''}"
        rows.append(TimelineRow.of(f"subtask {vertex} {number}", label, state, intervals))

    for one in times.subtasks:
        found = timeline.intervals(one.timestamps)
        name = subtask_names.named(one.subtask, len(times.subtasks))
        add(str(one.subtask), name, one.where, found[-1].state if found else "CREATED", found)
        of_subtask = attempts.get(one.subtask)
        others = of_subtask.other_concurrent_attempts if of_subtask is not None else None
        for number, other in enumerate(others or ()):
            name = f"  attempt {fmt.number(other.attempt)}"
            add(f"{one.subtask}.{number}", name, other.where, other.status, timeline.of_attempt(other))
    return rows


def window_of(
    bounds: Sequence[float], now: float, chosen: float | None, offset: float | None, *, ended: float | None
) -> Window:
    """The window around `bounds` (s since 1970, as `now` and `ended`).

    `chosen`: the last seconds that the user wants to see; None and infinity mean all.
    """
    # The cluster's clock is estimated from its answers: newer times may be a little ahead of it.
    until = max(ended if ended is not None else now, max(bounds, default=0.0))
    since = min(bounds, default=until - 1.0)
    if chosen is not None:
        since = max(since, until - chosen)
    return Window(since, max(until, since + 1.0), offset)


def has_rescales(known: Known, job: Job) -> bool:
    """Whether the job can have a history of rescales."""
    return known.features.has(2, 3) and job.scheduler_type == ADAPTIVE


def interval(one: Rescale) -> tuple[Interval, ...]:
    """A rescale from its cause to its end."""
    if one.start is None:
        return ()
    state = {"COMPLETED": "RUNNING", "FAILED": "FAILED", "IGNORED": "CANCELED"}.get(
        one.terminal_state or "", "DEPLOYING"
    )
    return (Interval(state, one.start, one.end),)


def outcome(one: Rescale) -> tuple[str, str]:
    """The outcome as symbol and word, and its tone."""
    if one.terminal_state is None:
        return "◐ in progress", "info"
    shape, tone = _OUTCOMES.get(one.terminal_state, ("○", "muted"))
    return f"{shape} {one.terminal_state.lower()}", tone


def plain_words(constant: str | None) -> str:
    """Flink's constants as words: `UPDATE_REQUIREMENT` is `update requirement`."""
    return (constant or "").replace("_", " ").lower()


def rescale_row(one: Rescale, mark: str) -> TimelineRow:
    """One rescale."""
    state, tone = outcome(one)
    return TimelineRow(
        f"rescale {one.rescale_uuid}",
        f"{mark} rescale: {plain_words(one.trigger_cause)}",
        state,
        tone,
        interval(one),
    )


def detail_rows(one: Rescale) -> list[TimelineRow]:
    """The rows of an expanded rescale: parallelism of each vertex, slots, scheduler states."""
    key = f"detail {one.rescale_uuid}"
    rows: list[TimelineRow] = []

    def add(what: str, label: str, words: str) -> None:
        rows.append(TimelineRow(f"{key} {what}", f"    {label}", "", "", (), words=words))

    if one.terminated_reason:
        add("reason", "reason", plain_words(one.terminated_reason))
    for vertex in (one.vertices or {}).values():
        changed = _change(vertex.pre_rescale_parallelism, vertex.post_rescale_parallelism)
        wanted = _wanted(vertex.desired_parallelism, vertex.sufficient_parallelism)
        name = vertex.job_vertex_name or vertex.job_vertex_id
        add(vertex.job_vertex_id, name, f"parallelism {changed}, {wanted}")
    for slots in (one.slots or {}).values():
        changed = _change(slots.pre_rescale_slots, slots.post_rescale_slots)
        wanted = _wanted(slots.desired_slots, slots.minimal_required_slots)
        name = slots.slot_sharing_group_name or slots.slot_sharing_group_id
        add(slots.slot_sharing_group_id, f"slots of {name}", f"slots {changed}, {wanted}")
    for number, state in enumerate(one.scheduler_states or ()):
        kind = "FAILED" if state.exception else "RUNNING" if state.state == "Executing" else "DEPLOYING"
        intervals = (Interval(kind, state.entered, state.left),) if state.entered is not None else ()
        text = state.exception.partition("\n")[0] if state.exception else "scheduler"
        tone = "bad" if state.exception else "muted"
        rows.append(TimelineRow(f"{key} {number}", f"    {state.state}", text, tone, intervals))
    return rows


def _wanted(desired: int | None, least: int | None) -> str:
    return f"desired {fmt.number(desired)}, at least {fmt.number(least)}"


def _change(before: int | None, after: int | None) -> str:
    return f"{fmt.number(before)} to {fmt.number(after)}" if before != after else fmt.number(after)


def summary_parts(known: Known, job: str) -> list[tuple[str, str]]:
    """Counts and durations of rescales (`…/rescales/summary`), or why there are none."""
    summary = known.value(RESCALES_SUMMARY(job=job))
    history = known.reading(RESCALES_HISTORY(job=job))
    if history is not None and history.value is None and history.error is not None:
        return [
            ("rescales ", "muted"),
            ("no history is kept on this cluster (web.adaptive-scheduler.rescale-history.size)", ""),
        ]
    if summary is None:
        return []
    counts = summary.rescales_counts
    parts: list[tuple[str, str]] = [("rescales ", "muted")]
    for word, count, tone in (
        ("completed", counts.completed, ""),
        ("in progress", counts.in_progress, "info" if counts.in_progress else ""),
        ("failed", counts.failed, "bad" if counts.failed else ""),
        ("ignored", counts.ignored, ""),
    ):
        parts += [(f"{word} ", "muted"), (f"{fmt.number(count)}   ", tone)]
    for word in ("min", "avg", "max", "p50", "p99"):
        value: float | None = getattr(summary.all, word)
        if value is not None:
            parts += [(f"{word} ", "muted"), (f"{fmt.milliseconds(value)}   ", "")]
    return parts
