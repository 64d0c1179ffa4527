"""Jobs that wait for slots, start slowly or run below the parallelism that they want."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.rescale import RESOURCE_REQUIREMENTS
from flinktop.flink.vertices import SUBTASK_TIMES
from flinktop.judgement import places, pods, task_times
from flinktop.judgement.ask import SUSPECTED, USUAL, Ask
from flinktop.judgement.checkpoint_record import last_completed
from flinktop.judgement.failure_chain import RECENT_MS, failures, known
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.trails import Note, trail
from flinktop.model import checkpoints as model
from flinktop.model import format as fmt
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flinktop.judgement.task_times import Waiting
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook

_WAIT_MS: Final = 30_000.0
_START_MS: Final = 120_000.0
_LARGE_MS: Final = 600_000.0
"""So long restoring a large state may take."""
_LARGE: Final = 1024**3  # bytes
_COMING_MS: Final = 300_000.0
"""So long TaskManagers that were asked for may be on their way."""
_VERTICES_ASKED: Final = 3
_WAITS: Final = "scheduling.waits"
_COUNTED_MS: Final = 15_000.0
"""After this time a restart is in the counter that Flink fetches every 10 s."""
_HAS_SLOT = frozenset({"DEPLOYING", "INITIALIZING", "RUNNING", "CANCELING", "RECONCILING"})


def notes(look: JobLook) -> Iterator[Note]:
    """The figures to remember until the next look."""
    if look.adaptive is True and not states.is_terminal(look.state):
        at = look.job.at if look.job is not None else look.now
        yield Note(_WAITS, at, _waits_whole(look, task_times.counts(look)), keep=900.0)


def signs(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """What this look shows."""
    if states.is_terminal(look.state) or look.state in {"CANCELLING", "FAILING"}:
        return
    for found in (_no_slots(look, trails), _slow_start(look), _under_scaled(look)):
        if found is not None:
            yield found


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The closer looks that are wanted."""
    del trails
    if look.job is None or states.is_terminal(look.state):
        return
    job = look.job.value
    since = job.timestamps.get("RUNNING", 0)
    stands = look.streaming or not any(task_times.counts(look).get(one) for one in _HAS_SLOT)
    if look.state == "RUNNING" and stands and since > 0 and look.now - since > _WAIT_MS:
        waiting = sorted(
            ((count, one.id) for one in look.vertices if (count := task_times.not_running(one)) > 0),
            reverse=True,
        )
        for count, vertex in waiting[:_VERTICES_ASKED]:
            yield Ask(SUBTASK_TIMES(job=look.listed.jid, vertex=vertex), SUSPECTED, 30.0, size=float(count))
    if _can_rescale(look):
        yield Ask(RESOURCE_REQUIREMENTS(job=look.listed.jid), USUAL, every=120.0)


# -- no slots ------------------------------------------------------------------------------------------


def _no_slots(look: JobLook, trails: Mapping[str, Trail]) -> Sign | None:
    counts = task_times.counts(look)
    if _waits_whole(look, counts):
        return _waiting_sign(look, sum(counts.values()), _waiting_since(look, trails))
    waiting = {state: counts.get(state, 0) for state in ("CREATED", "SCHEDULED")}
    if look.state == "RESTARTING":
        waiting["CREATED"] = 0  # before the delay of the restart is over
    if not look.streaming:
        # Stages of a batch job wait for each other; it is unhealthy only if none has a slot.
        if look.state != "RUNNING" or not waiting["SCHEDULED"] or any(counts.get(one) for one in _HAS_SLOT):
            return None
    elif look.state not in {"RUNNING", "RESTARTING"}:
        return None
    number = sum(waiting.values())
    if not number:
        return None
    times = [since for one in task_times.waiting(look, ("CREATED", "SCHEDULED")) for since in one.since]
    return _waiting_sign(look, number, min(times) if times else None)


def _waits_whole(look: JobLook, counts: Mapping[str, int]) -> bool:
    """Whether the adaptive scheduler waits before it makes tasks: CREATED, up to 1.14 INITIALIZING."""
    if look.adaptive is not True or any(
        count for state, count in counts.items() if state not in {"CREATED", "SCHEDULED"}
    ):
        return False
    return look.state == "CREATED" or (look.state == "INITIALIZING" and not look.features.has(1, 15))


def _waiting_since(look: JobLook, trails: Mapping[str, Trail]) -> float | None:
    """Since when a whole job waits; None if one look can't tell, as after a rescale."""
    found = failures(known(look.exceptions.value)) if look.exceptions is not None else ()
    if not found:
        begun = look.job.value.timestamps.get("INITIALIZING", 0) if look.job is not None else 0
        begun = begun if begun > 0 else look.listed.start_time
        return float(begun) if begun > 0 and _never_ran(look, trails) else None
    at = found[-1].at
    stats = look.checkpoints.value if look.checkpoints is not None else None
    restored = stats.latest.restored.restore_timestamp if stats is not None and stats.latest.restored else 0
    last = last_completed(look)
    ran = (model.ended_at(last) or 0) if last is not None else 0
    if max(ran, restored) > at:
        return None
    # Without a checkpoint it may have run since, and be in a rescale now.
    return at if ran > 0 or restored > 0 or look.now - at <= RECENT_MS else None


def _never_ran(look: JobLook, trails: Mapping[str, Trail]) -> bool:
    """Whether a job that waits has done so since its start: nothing counts, and that for a while."""
    samples = trail(trails, _WAITS)
    waits = bool(samples) and all(one.value for one in samples)
    if not waits or samples[-1].at - samples[0].at < _COUNTED_MS or look.exceptions is None:
        return False
    restarts, rescales = look.metrics.get("numRestarts"), look.metrics.get("numRescales")
    if any(one is not None and one.value for one in (restarts, rescales)):
        return False
    stats = look.checkpoints.value if look.checkpoints is not None else None
    # A job that is recovered by another JobManager has restored a checkpoint.
    is_new = stats is not None and not stats.counts.total and stats.latest.completed is None
    return is_new or (look.without_checkpoints and restarts is not None)


def _waiting_sign(look: JobLook, number: int, since: float | None) -> Sign | None:
    age = look.now - since if since is not None else None
    if age is not None and age <= _WAIT_MS:
        return None
    needed, there, free = _slots_needed(look), _slots_there(look), look.free_slots
    coming = look.pending_taskmanagers or 0
    on_their_way = coming > 0 and (age is None or age <= _COMING_MS)
    words = "no-slots: "
    words += f"{number} tasks wait for slots" if number else "the job waits for slots"
    words += f" for {fmt.duration(age / 1000.0)}" if age is not None else ""
    words += f"; it needs {needed[0]}{' or more' if needed[1] else ''}" if needed is not None else ""
    if there == 0:
        words += "; there are no slots at all"
    elif there is not None:
        words += f"; the TaskManagers have {there}{f', {free} free' if free is not None else ''}"
    elif free is not None:
        words += f"; {free} are free"
    step = "add TaskManagers or slots, lower the parallelism, or end another job"
    if free is not None and free > 0:
        words += ", which do not suit it" if needed is not None and free >= needed[0] else ""
        step = "free slots are left: too few, or their resources or slot sharing groups do not suit"
    if on_their_way:
        words += f"; {coming} TaskManagers are on their way"
    evidence = [
        Evidence("tasks waiting", number),
        *([Evidence("slots needed, at least" if needed[1] else "slots needed", needed[0])] if needed else []),
        *([Evidence("slots there", there)] if there is not None else []),
        *([Evidence("free slots", free)] if free is not None else []),
        *([Evidence("TaskManagers on their way", coming)] if coming else []),
    ]
    finding = Finding(
        kind=Kind.NO_SLOTS,
        severity=Severity.WARNING if on_their_way else Severity.CRITICAL,
        words=words,
        next=step,
        evidence=tuple(evidence),
        since=since,
    )
    finding = pods.no_slots(look.kubernetes).added(finding)
    return Sign(finding=finding, fetched=_looked_at(look), lasted=since is not None)


def _slots_needed(look: JobLook) -> tuple[int, bool] | None:
    """How many slots the job needs, and whether it may be more; None if unknown.

    Each slot sharing group needs as many as its widest vertex. The groups are reported from 1.20 on.
    """
    widths: dict[str | None, int] = {}
    for one in look.vertices:
        group = one.vertex.slot_sharing_group_id
        widths[group] = max(widths.get(group, 0), one.vertex.parallelism)
    needed = sum(width for width in widths.values() if width > 0)
    if needed <= 0:
        return None
    return (needed, False) if None not in widths else (max(widths.values()), True)


def _slots_there(look: JobLook) -> int | None:
    if look.slots is not None:
        return look.slots
    found = [one.slots_number for one in look.taskmanagers.values()]
    return sum(one for one in found if one is not None) if found and None not in found else None


# -- slow start ----------------------------------------------------------------------------------------


def _slow_start(look: JobLook) -> Sign | None:
    if not look.streaming or look.state != "RUNNING":
        return None
    found = task_times.waiting(look, ("DEPLOYING", "INITIALIZING"))
    slow = [one for one in found if look.now - min(one.since) > _START_MS]
    if not slow:
        return None
    worst = min(slow, key=lambda one: min(one.since))
    since = min(worst.since)
    age = look.now - since
    restoring = _restores_much(look)
    culprit = Culprit(vertex=worst.vertex.id, vertex_name=worst.vertex.name, subtasks=worst.subtasks)
    words = f"slow-start: {places.words(culprit, worst.vertex.vertex.parallelism)}"
    words += f" {worst.state} for {fmt.duration(age / 1000.0)}"
    if len(slow) > 1:
        words += f", and tasks of {len(slow) - 1} more vertices"
    words += f"; {restoring}" if restoring else ""
    finding = Finding(
        kind=Kind.SLOW_START,
        severity=Severity.INFO if restoring and age <= _LARGE_MS else Severity.WARNING,
        words=words,
        next=(
            "it restores state or opens its operators: look at its TaskManager's log and thread dump"
            if worst.state == "INITIALIZING"
            else "it loads the job's jars: look at the logs of its TaskManager and of the JobManager"
        ),
        culprit=culprit,
        evidence=tuple(_start_evidence(slow, age)),
        since=since,
    )
    return Sign(finding=finding, fetched=_looked_at(look), lasted=True)


def _start_evidence(slow: Sequence[Waiting], age: float) -> Iterator[Evidence]:
    yield Evidence("longest in that state", round(age / 1000.0), "s")
    for one in slow[:_VERTICES_ASKED]:
        yield Evidence(f"{one.state}, {places.short(one.vertex.name)}", len(one.subtasks))


def _restores_much(look: JobLook) -> str:
    """What is restored, in words, if it is large or its size is not known; "" if not."""
    if look.without_checkpoints:
        return ""
    if look.checkpoints is None:
        return "whether it restores state is not known"
    stats = look.checkpoints.value
    restored = stats.latest.restored
    if restored is None:
        return ""
    what = f"{'savepoint' if restored.is_savepoint else 'checkpoint'} {restored.id}"
    for one in (*stats.history, stats.latest.completed, stats.latest.savepoint):
        if one is None or one.id != restored.id or restored.id < 0:
            continue
        size = one.state_size
        # Up to 1.14 the size of an incremental checkpoint is not that of the state.
        if one.full_size is None and not one.is_savepoint:
            size = None if size is None or size <= _LARGE else size
        if size is not None and size >= 0:
            return f"it restores {what} of {fmt.size(size)}" if size > _LARGE else ""
    return f"it restores {what} of unknown size"


# -- under-scaled --------------------------------------------------------------------------------------


def _can_rescale(look: JobLook) -> bool:
    """Whether a job has a parallelism that it wants: in reactive mode it takes all that there is."""
    return (
        look.features.web_rescale
        and look.features.has(1, 18)
        and look.adaptive is not False
        and look.streaming
        and look.state == "RUNNING"
    )


def _under_scaled(look: JobLook) -> Sign | None:
    if not _can_rescale(look) or look.requirements is None or look.job is None:
        return None
    wanted = look.requirements.value
    below = [
        (one, wanted[one.id].parallelism.upper_bound)
        for one in look.vertices
        if one.id in wanted and 0 < one.vertex.parallelism < wanted[one.id].parallelism.upper_bound
    ]
    if not below:
        return None
    worst, most = max(below, key=lambda pair: pair[1] - pair[0].vertex.parallelism)
    words = (
        f"under-scaled: {places.short(worst.name)} runs with {worst.vertex.parallelism} of {most} subtasks"
    )
    words += f", and {len(below) - 1} more vertices below what they want" if len(below) > 1 else ""
    words += f"; {look.free_slots} slots are free" if look.free_slots is not None else ""
    evidence = [
        Evidence(f"{places.short(one.name)}, of {upper} wanted", one.vertex.parallelism)
        for one, upper in below[:10]
    ]
    if look.free_slots is not None:
        evidence.append(Evidence("free slots", look.free_slots))
    finding = Finding(
        kind=Kind.UNDER_SCALED,
        severity=Severity.INFO,
        words=words,
        next="add TaskManagers or slots, or lower the wanted parallelism",
        culprit=Culprit(vertex=worst.id, vertex_name=worst.name),
        evidence=tuple(evidence),
    )
    return Sign(finding=finding, fetched=look.job.at)


def _looked_at(look: JobLook) -> float:
    return look.job.at if look.job is not None else look.now
