"""What Flink's history of checkpoints says: which failures count, who was late, whether any completed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flinktop.flink.error_text import java_sentence, shorten
from flinktop.judgement.finding import Culprit
from flinktop.judgement.places import MOST_REASON, vertices_named
from flinktop.model import checkpoints as model
from flinktop.model import faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.model.look import JobLook

_ABORTED: Final = re.compile(
    # Tasks that did not run yet, or do not run any more.
    r"Not all required tasks are currently running|tasks not ready|task is closing|unknown task"
    r"|not in state RUNNING|already finished|input stream is finished"
    # A restart, a rescale, the end of the job.
    r"|Coordinator is suspending|Coordinator is shut|CheckpointCoordinator shutdown|scheduler is shut"
    r"|[Tt]he job has failed|Task has failed|FailoverRegion is restarting|TaskExecutor is shutting down"
    r"|[Rr]escal"
    # A later checkpoint took its place, or it was never to start.
    r"|subsumed|barrier from newer checkpoint|minimum time between checkpoints|queued checkpoint requests"
)
_UNTRIGGERED: Final = re.compile(
    r"Trigger checkpoint failure"
    # Up to 1.12 of what follows a task that does not run yet.
    r"|received cancellation from one of its inputs"
)
_TASK = re.compile(r"(?:for operator|Task name with subtask ?:) (.{1,1000}?\(\d{1,9}/\d{1,9}\)(?:#\d{1,9})?)")
_MOST: Final = 4000  # characters of a message that are searched


def judged(look: JobLook) -> tuple[Checkpoint, ...]:
    """The checkpoints of the history without savepoints and those that count for nothing, newest first."""
    return tuple(
        one for one in look.history if one.status != model.FAILED or counts(one) or _declined(look, one)
    )


def completed(look: JobLook) -> tuple[Checkpoint, ...]:
    """The completed ones, newest first."""
    return tuple(one for one in judged(look) if one.status == model.COMPLETED)


def last_completed(look: JobLook) -> Checkpoint | None:
    """The newest that completed, also where the history has lost it."""
    found = completed(look)
    stats = look.checkpoints.value if look.checkpoints is not None else None
    latest = stats.latest.completed if stats is not None else None
    both = [*found[:1], *([latest] if latest is not None and not latest.is_savepoint else [])]
    return max(both, key=lambda one: one.id, default=None)


def counts(checkpoint: Checkpoint) -> bool:
    """Whether a failed checkpoint is a failure, and not aborted because of something else."""
    return _ABORTED.search((checkpoint.failure_message or "")[:_MOST]) is None


def untriggered(checkpoint: Checkpoint) -> bool:
    """Whether a task could not even begin, as when its TaskManager can't be reached."""
    return _UNTRIGGERED.search((checkpoint.failure_message or "")[:_MOST]) is not None


def _declined(look: JobLook, checkpoint: Checkpoint) -> bool:
    """Whether one that failed with the job, as is said, was only declined: its tasks run on since before.

    1.9 says no more of one that is declined.
    """
    starts = [one.vertex.start_time for one in look.vertices]
    return (
        not look.features.has(1, 10)
        and "The job has failed" in (checkpoint.failure_message or "")[:_MOST]
        and look.state == "RUNNING"
        and all(0 < start < checkpoint.trigger_timestamp for start in starts)
    )


def reason(checkpoint: Checkpoint) -> str:
    """Why a checkpoint failed, in one sentence."""
    words = java_sentence((checkpoint.failure_message or "")[:_MOST]).rstrip(".")
    return shorten(words, MOST_REASON) or "Flink gives no reason"


def in_progress(look: JobLook) -> Checkpoint | None:
    """The oldest checkpoint that is under way."""
    found = [one for one in judged(look) if model.is_under_way(one)]
    return found[-1] if found else None


def savepoint_in_progress(look: JobLook) -> Checkpoint | None:
    """The newest savepoint that is under way."""
    history = look.checkpoints.value.history if look.checkpoints is not None else ()
    return next((one for one in history if one.is_savepoint and model.is_under_way(one)), None)


def fruitless(look: JobLook, start: float, end: float) -> bool:
    """Whether it is known that no checkpoint completed between two times (ms since 1970)."""
    if look.without_checkpoints:
        return True
    if look.checkpoints is None:
        return False
    stats = look.checkpoints.value
    ends = [at for one in completed(look) if (at := model.ended_at(one)) is not None]
    last = last_completed(look)
    if last is not None and (at := model.ended_at(last)) is not None:
        ends.append(at)
    if any(start < at < end for at in ends):
        return False
    oldest = min((one.trigger_timestamp for one in stats.history), default=None)
    reaches = oldest is not None and oldest <= start
    whole = stats.counts.total is not None and len(stats.history) >= stats.counts.total
    return reaches or whole or all(at <= start for at in ends)


# -- who did not acknowledge ---------------------------------------------------------------------------


def named_in(look: JobLook, checkpoint: Checkpoint) -> Culprit | None:
    """The task that a failure's message names."""
    found = _TASK.search((checkpoint.failure_message or "")[:_MOST])
    task = faults.task(found[1]) if found is not None else None
    if task is None or task.subtask is None:
        return None
    same = vertices_named(look, task.name)
    return Culprit(
        vertex=same[0].id if len(same) == 1 else None,
        vertex_name=same[0].name if same else task.name,
        subtasks=(task.subtask,) if task.subtask >= 0 else (),
    )


def late(look: JobLook, checkpoint: Checkpoint) -> tuple[model.Late, ...]:
    """The vertices whose acknowledgement is missing, in the order of the job graph."""
    details = look.checkpoint_details.get(checkpoint.id)
    if details is None:
        return ()
    return model.late_vertices(details.value, [one.id for one in look.vertices])


def culprit(look: JobLook, checkpoint: Checkpoint) -> Culprit | None:
    """The first vertex in the graph that has not acknowledged, with its subtasks: those below wait for it."""
    found = late(look, checkpoint)
    if not found:
        return None
    first = found[0]
    vertex = look.vertex(first.vertex)
    shares = look.checkpoint_subtasks.get((checkpoint.id, first.vertex))
    subtasks = model.late_subtasks(shares.value.subtasks) if shares is not None else ()
    if not subtasks and first.missing == first.subtasks:
        subtasks = tuple(range(first.subtasks))
    return Culprit(
        vertex=first.vertex,
        vertex_name=vertex.name if vertex is not None else None,
        subtasks=tuple(dict.fromkeys(subtasks)),
    )


def latecomers(look: JobLook, *, before: float) -> Culprit | None:
    """Who failed the last checkpoint that failed up to a time (ms since 1970)."""
    failed: Sequence[Checkpoint] = [one for one in judged(look) if one.status == model.FAILED]
    for one in failed:
        if (one.failure_timestamp or one.trigger_timestamp) <= before + 1000:
            return named_in(look, one) or culprit(look, one)
    # In a loop the first are lost; a later one that failed for want of the fewest tells most.
    known = [one for one in failed if one.id in look.checkpoint_details and one.missing]
    least = min(known, key=lambda one: one.missing or 0, default=None)
    return culprit(look, least) if least is not None else None
