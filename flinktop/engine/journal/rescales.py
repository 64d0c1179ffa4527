"""Jobs whose parallelism changed while they lived: rescales of the adaptive scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.text import clean
from flinktop.judgement import places
from flinktop.judgement.finding import Severity
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.engine.journal.jobs import Listed
    from flinktop.flink.jobs import Job
    from flinktop.flink.rescale import Rescale

_MOST_NAMED: Final = 50


def parallelisms(job: Job) -> dict[str, int]:
    """The parallelism of each vertex by its id; {} while it is not decided, and if the job does not run."""
    if job.state != "RUNNING" or "BATCH" in (job.job_type, job.plan.type):
        return {}
    found = {one.id: one.parallelism for one in job.vertices}
    return found if all(one > 0 for one in found.values()) else {}


def rescaled(before: Mapping[str, int], job: Job) -> Event | None:
    """The change since the parallelisms `before` of the same vertices; None if there is none.

    Each rescale makes an execution graph of its own, whose start is its time.
    """
    now, running = parallelisms(job), job.timestamps.get("RUNNING", 0)
    if not before or before.keys() != now.keys() or before == now or running <= 0:
        return None
    changes = {(before[vertex], now[vertex]) for vertex in now if before[vertex] != now[vertex]}
    lines = [
        f"{places.short(one.name)}: {before[one.id]} -> {one.parallelism}"
        for one in job.vertices
        if before[one.id] != one.parallelism
    ]
    if len(changes) == 1:
        (old, new), *_ = changes
        what = f"parallelism {old} -> {new}"
        what += "" if len(lines) == len(now) else f" of {len(lines)} of {len(now)} vertices"
    else:
        what = f"the parallelism of {len(lines)} of {len(now)} vertices changed"
    return _event(job, running, what, "\n".join(lines[:_MOST_NAMED]))


def rescaled_meanwhile(before: int, job: Job) -> Event | None:
    """The change since the greatest parallelism `before`, which is all that is known of an earlier look."""
    greatest, running = max(parallelisms(job).values(), default=before), job.timestamps.get("RUNNING", 0)
    if greatest == before or running <= 0:
        return None
    return _event(job, running, f"parallelism {before} -> {greatest}", "")


def _event(job: Job, running: int, what: str, details: str) -> Event:
    return Event(
        at=float(running),
        cluster="",
        kind=EventKind.RESCALED,
        words=f"job was rescaled: {what}",
        key=f"rescaled {job.jid} {running}",
        job=job.jid,
        job_name=job.name,
        severity=Severity.INFO,
        details=details,
    )


def failed(job: str, known: Listed, history: Iterable[Rescale], at: float) -> tuple[Event, ...]:
    """The failed ones of Flink's history of rescales (2.3+), which came at `at` (ms since 1970)."""
    return tuple(
        Event(
            at=float(one.end or one.start or at),
            cluster="",
            kind=EventKind.RESCALED,
            words=redaction.text(
                clean(f"rescale failed: {_words(one.terminated_reason) or 'no reason given'}")
            ),
            key=f"rescale-failed {job} {one.rescale_uuid}",
            job=job,
            job_name=known.name,
            severity=Severity.WARNING,
            details=f"cause: {_words(one.trigger_cause)}" if one.trigger_cause else "",
        )
        for one in history
        if one.terminal_state == "FAILED" and one.rescale_uuid
    )


def _words(text: str | None) -> str:
    """A constant of Flink in words."""
    return clean((text or "").replace("_", " ").lower())
