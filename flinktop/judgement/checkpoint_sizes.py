"""Checkpoints that take long, and a state that only grows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINT_SUBTASKS
from flinktop.judgement import checkpoint_record as record
from flinktop.judgement import places
from flinktop.judgement.ask import USUAL, Ask
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.model import checkpoints as model
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.flink.checkpoints import Checkpoint, CheckpointSubtask
    from flinktop.model.look import JobLook

_IN_A_ROW: Final = 3  # slow ones raise the finding, quick ones clear it
_SLOW: Final = 0.5  # of the interval
_LEAST_COUNT, _LEAST_GROWTH, _LEAST_BYTES = 8, 1.5, 10 * 1024 * 1024


def signs(look: JobLook) -> Iterator[Sign]:
    """What this look shows."""
    for found in (_slow(look), _growing(look)):
        if found is not None:
            yield found


def asks(look: JobLook) -> Iterator[Ask]:
    """The closer looks that are wanted."""
    slow, growing = _is_slow(look), _growth(look) is not None
    done = record.completed(look)
    if not done or not (slow or growing):
        return
    job, number = look.listed.jid, str(done[0].id)
    yield Ask(CHECKPOINT(job=job, checkpoint=number), USUAL, every=600.0)
    vertex = _slowest_vertex(look, done[0]) if slow else None
    if vertex is not None:
        yield Ask(CHECKPOINT_SUBTASKS(job=job, checkpoint=number, vertex=vertex), USUAL, every=600.0)


# -- slow ----------------------------------------------------------------------------------------------


def _is_slow(look: JobLook) -> bool:
    """Whether three in a row were slow, and since then not three in a row quick."""
    config = look.checkpoint_config.value if look.checkpoint_config is not None else None
    if config is None or config.interval is None:
        return False
    is_slow, row = False, 0
    for one in reversed(record.completed(look)):
        if one.duration is None:
            continue
        other = (one.duration > _SLOW * config.interval) is not is_slow
        row = row + 1 if other else 0
        if row >= _IN_A_ROW:
            is_slow, row = not is_slow, 0
    return is_slow


def _slow(look: JobLook) -> Sign | None:
    done = record.completed(look)
    config = look.checkpoint_config.value if look.checkpoint_config is not None else None
    if not _is_slow(look) or config is None or config.interval is None or look.state != "RUNNING":
        return None
    known = _newest_with_details(look)
    vertex = _slowest_vertex(look, known) if known is not None else None
    shares = (
        look.checkpoint_subtasks.get((known.id, vertex)) if known is not None and vertex is not None else None
    )
    whole = shares is not None and shares.value.status == model.COMPLETED
    subtask = model.slowest(shares.value.subtasks) if shares is not None and whole else None
    culprit = _culprit(look, vertex, subtask)
    took = [one.duration for one in done[:_IN_A_ROW] if one.duration is not None]
    words = f"checkpoint-slow: the last {len(took)} took {fmt.milliseconds(min(took))} to "
    words += (
        f"{fmt.milliseconds(max(took))}, over half of the interval of {fmt.milliseconds(config.interval)}"
    )
    phase = ""
    if subtask is not None:
        phase, part = model.longest(model.phase_times(subtask))
        words += f"; slowest {places.words(culprit, places.parallelism(look, vertex))}, "
        words += f"{phase} {fmt.milliseconds(part)}"
    elif vertex is not None:
        words += f"; slowest {places.words(culprit)}"
    evidence = [
        *(Evidence("duration", one, "ms") for one in took),
        Evidence("interval", config.interval, "ms"),
        *(_phases(subtask) if subtask is not None else ()),
    ]
    return _sign(
        look,
        Finding(
            kind=Kind.CHECKPOINT_SLOW,
            severity=Severity.INFO,
            words=words,
            next=_step(phase),
            culprit=culprit,
            evidence=tuple(evidence),
        ),
    )


_STEPS: Final = (  # by phase, in their order
    "the barriers are late: look for backpressure above this vertex, or use unaligned checkpoints",
    "the barriers of its inputs come unevenly: look for skew or backpressure in its inputs",
    "the task stands still for its snapshot: look at the state backend and at timers",
    "its state is written slowly: look at the size of its state and the checkpoint storage",
)


def _step(phase: str) -> str:
    if phase not in model.PHASES:
        return "open the checkpoint: which phase of which subtask takes longest"
    return _STEPS[model.PHASES.index(phase)]


def _newest_with_details(look: JobLook) -> Checkpoint | None:
    """The newest whose details are known since it completed: before, they are of those that were quick."""
    known = (
        look.checkpoint_details[one.id].value
        for one in record.completed(look)
        if one.id in look.checkpoint_details
    )
    return next((one for one in known if one.status == model.COMPLETED), None)


def _slowest_vertex(look: JobLook, checkpoint: Checkpoint) -> str | None:
    taken = look.checkpoint_details.get(checkpoint.id)
    shares = taken.value.tasks if taken is not None else checkpoint.tasks
    known = {vertex: one.duration for vertex, one in shares.items() if one.duration is not None}
    return max(known, key=lambda vertex: known[vertex] or 0, default=None)


def _phases(subtask: CheckpointSubtask) -> Iterator[Evidence]:
    for name, part in zip(model.PHASES, model.phase_times(subtask).parts, strict=True):
        if part is not None:
            yield Evidence(name, part, "ms")


# -- growing -------------------------------------------------------------------------------------------


def _growth(look: JobLook) -> tuple[int, ...] | None:
    """The sizes of full checkpoints, oldest first, if they grow all through the history (1.15+)."""
    found = [one.full_size for one in reversed(record.completed(look))]
    sizes = tuple(size for size in found if size is not None and size >= 0)
    if len(sizes) < _LEAST_COUNT or len(sizes) < len(found):
        return None
    grows = all(a < b for a, b in pairwise(sizes))
    enough = sizes[-1] > _LEAST_GROWTH * sizes[0] and sizes[-1] - sizes[0] > _LEAST_BYTES
    return sizes if grows and enough else None


def _growing(look: JobLook) -> Sign | None:
    sizes, done = _growth(look), record.completed(look)
    if sizes is None:
        return None
    known = _newest_with_details(look)
    shares = {vertex: one.state_size or 0 for vertex, one in known.tasks.items()} if known is not None else {}
    vertex = max(shares, key=lambda one: shares[one], default=None)
    culprit = _culprit(look, vertex, None)
    lasts = max(0, done[0].trigger_timestamp - done[-1].trigger_timestamp)
    words = f"state-growing: full checkpoints grew from {fmt.size(sizes[0])} to {fmt.size(sizes[-1])}"
    words += f" over {len(sizes)} checkpoints in {fmt.milliseconds(lasts)}"
    if vertex is not None:
        words += f"; most is held by {places.words(culprit)}"
    evidence = [
        Evidence("oldest full checkpoint", sizes[0], "bytes"),
        Evidence("newest full checkpoint", sizes[-1], "bytes"),
        Evidence("checkpoints", len(sizes)),
    ]
    if vertex is not None:
        evidence.append(Evidence("state of that vertex", shares[vertex], "bytes"))
    return _sign(
        look,
        Finding(
            kind=Kind.STATE_GROWING,
            severity=Severity.INFO,
            words=words,
            next="if it should stay bounded: set a time-to-live for its state, or look at what it keys by",
            culprit=culprit,
            evidence=tuple(evidence),
            since=float(done[-1].trigger_timestamp) if done[-1].trigger_timestamp > 0 else None,
        ),
    )


def _culprit(look: JobLook, vertex: str | None, subtask: CheckpointSubtask | None) -> Culprit:
    found = look.vertex(vertex) if vertex is not None else None
    return Culprit(
        vertex=vertex,
        vertex_name=found.name if found is not None else None,
        subtasks=(subtask.index,) if subtask is not None else (),
    )


def _sign(look: JobLook, finding: Finding) -> Sign:
    return Sign(finding=finding, fetched=look.checkpoints.at if look.checkpoints else look.now, lasted=True)
