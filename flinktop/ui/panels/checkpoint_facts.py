"""What is known of one checkpoint, from its details and from the history, and how often to ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.flink.checkpoints import CHECKPOINT
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.panels.checkpoint_lines import Line, age_words, faded, time_since

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.flink.endpoint import Query
    from flinktop.ui.live import Panel
    from flinktop.ui.panels.frame import Part

ONCE = 600.0
"""Seconds between two looks at what no longer changes."""
DROPPED = "Flink no longer has the details of this checkpoint: its history keeps only the newest."


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """One checkpoint as it is known best."""

    told: Checkpoint | None
    """From the details, else from the history; None while neither is there."""
    tasks_of: Checkpoint | None
    """The one whose vertices are known."""
    gone: bool
    """Whether Flink has said that it no longer has the details."""


def checkpoint_facts(port: Port, job: str, number: int) -> CheckpointFacts:
    """What `…/checkpoints/details/:checkpointid` and the history have told of a checkpoint."""
    reading = port.reading(CHECKPOINT(job=job, checkpoint=number))
    details = reading.value if reading is not None else None
    seen = next((one for one in port.checkpoints(job) if one.checkpoint.id == number), None)
    gone = reading is not None and isinstance(reading.error, NotFound)
    listed = seen.checkpoint if seen is not None else None
    told = details
    # The details of one that has ended are asked for once: the history tells what came after.
    if listed is not None and (details is None or not judge.is_under_way(listed)):
        told = listed
    with_tasks = next((one for one in (details, listed) if one is not None and one.tasks), None)
    return CheckpointFacts(told, with_tasks, gone)


def seconds_between(port: Port, job: str, number: int, reading: Reading[Any] | None) -> float:
    """Seconds between two looks at what `reading` tells of a checkpoint; 0 is the cluster's interval."""
    details = port.reading(CHECKPOINT(job=job, checkpoint=number))
    for told in (details, reading):
        if told is not None and isinstance(told.error, NotFound):
            return ONCE
    if details is None or details.value is None:
        listed = next((one.checkpoint for one in port.checkpoints(job) if one.checkpoint.id == number), None)
        return ONCE if listed is not None and not judge.is_under_way(listed) else 0.0
    if judge.is_under_way(details.value):
        return 0.0
    return 0.0 if reading is not None and _told_before_the_end(reading, details) else ONCE


def _told_before_the_end(reading: Reading[Any], details: Reading[Checkpoint]) -> bool:
    """Whether subtasks were told last when the checkpoint was not known to have ended."""
    share = reading.value
    if share is None or reading.at is None or details.at is None or reading.at >= details.at:
        return False
    return bool(share.missing)


def watch_checkpoint(panel: Panel, job: str, number: int, show: Any) -> None:
    """Keep the details fresh while the checkpoint is in progress; of one that has ended ask once."""
    query: Query[Checkpoint] = CHECKPOINT(job=job, checkpoint=number)
    every = seconds_between(panel.port, job, number, panel.port.reading(query))
    panel.watch_query("checkpoint", query, show, every=every)


def vertex_names(port: Port, job: str) -> dict[str, str]:
    """The names of a job's vertices by id, in the order of its graph."""
    reading = port.reading(JOB(job=job))
    if reading is None or reading.value is None:
        return {}
    return {vertex.id: vertex.name for vertex in reading.value.vertices}


def neighbour(port: Port, job: str, number: int, by: int) -> int | None:
    """The id of the next newer (1) or older (-1) checkpoint that was seen; None at the end."""
    ids = [seen.checkpoint.id for seen in port.checkpoints(job)]
    if number not in ids:
        return None
    at = ids.index(number) - by
    return ids[at] if 0 <= at < len(ids) else None


def when_line(checkpoint: Checkpoint, now: float, offset: float | None) -> Line:
    """When it was triggered, how long it took, who acknowledged."""
    triggered = checkpoint.trigger_timestamp
    line: Line = [
        ("triggered ", "muted"),
        (fmt.near(triggered / 1000.0, offset, now), ""),
        (f", {age_words(triggered, now)}", "muted"),
    ]
    if judge.is_under_way(checkpoint):
        line += [("   for ", "muted"), (time_since(triggered, now), "info")]
    else:
        took = fmt.milliseconds(checkpoint.duration) if checkpoint.duration is not None else fmt.ABSENT
        line += [("   took ", "muted"), (took, "")]
    return line


def faded_if_gone(
    port: Port, lines: list[Line | Part], reading: Reading[Any] | None, *, gone: bool
) -> list[Line | Part]:
    """The lines as they are, or faded under a sentence when Flink no longer tells them."""
    if reading is None or (reading.error is None and port.lost is None):
        return lines
    if gone:
        return faded(lines, f"{DROPPED} esc goes back.")
    if reading.at is None:
        return lines
    age = fmt.duration(port.now() - reading.at)
    return faded(lines, f"This checkpoint can't be read now. Last update {age} ago.")
