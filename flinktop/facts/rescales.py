"""Rescales of a job as rows of its timeline (2.3+, adaptive scheduler): when, why, with which outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.timeline import TimelineRow
from flinktop.flink.rescale import RESCALES_HISTORY, RESCALES_SUMMARY
from flinktop.model import format as fmt
from flinktop.model.scheduler import ADAPTIVE
from flinktop.model.timeline import Interval

if TYPE_CHECKING:
    from flinktop.facts.known import Known
    from flinktop.flink.jobs import Job
    from flinktop.flink.rescale import Rescale

_OUTCOMES = {"COMPLETED": ("○", "good"), "FAILED": ("✕", "bad")}


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
    """How it ended, by a shape, a word and a tone."""
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
    """What an opened rescale consists of: parallelism of each vertex, slots, what the scheduler did."""
    key = f"detail {one.rescale_uuid}"
    rows: list[TimelineRow] = []

    def say(what: str, label: str, words: str) -> None:
        rows.append(TimelineRow(f"{key} {what}", f"    {label}", "", "", (), words=words))

    if one.terminated_reason:
        say("reason", "reason", plain_words(one.terminated_reason))
    for vertex in (one.vertices or {}).values():
        changed = _change(vertex.pre_rescale_parallelism, vertex.post_rescale_parallelism)
        wanted = _wanted(vertex.desired_parallelism, vertex.sufficient_parallelism)
        name = vertex.job_vertex_name or vertex.job_vertex_id
        say(vertex.job_vertex_id, name, f"parallelism {changed}, {wanted}")
    for slots in (one.slots or {}).values():
        changed = _change(slots.pre_rescale_slots, slots.post_rescale_slots)
        wanted = _wanted(slots.desired_slots, slots.minimal_required_slots)
        name = slots.slot_sharing_group_name or slots.slot_sharing_group_id
        say(slots.slot_sharing_group_id, f"slots of {name}", f"slots {changed}, {wanted}")
    for number, state in enumerate(one.scheduler_states or ()):
        kind = "FAILED" if state.exception else "RUNNING" if state.state == "Executing" else "DEPLOYING"
        intervals = (Interval(kind, state.entered, state.left),) if state.entered is not None else ()
        said = state.exception.partition("\n")[0] if state.exception else "scheduler"
        tone = "bad" if state.exception else "muted"
        rows.append(TimelineRow(f"{key} {number}", f"    {state.state}", said, tone, intervals))
    return rows


def _wanted(desired: int | None, least: int | None) -> str:
    return f"desired {fmt.number(desired)}, at least {fmt.number(least)}"


def _change(before: int | None, after: int | None) -> str:
    return f"{fmt.number(before)} to {fmt.number(after)}" if before != after else fmt.number(after)


def summary_parts(known: Known, job: str) -> list[tuple[str, str]]:
    """How many rescales ended how, and how long they took (`…/rescales/summary`); or why that is not told."""
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
