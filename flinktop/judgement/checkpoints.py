"""Checkpoints that fail, are overdue or slow, are off, or whose state grows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINT_SUBTASKS
from flinktop.judgement import checkpoint_record as record
from flinktop.judgement import checkpoint_sizes, past_checkpoints, places
from flinktop.judgement.ask import SUSPECTED, Ask
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.trails import Note, trail
from flinktop.judgement.well_known import known as well_known
from flinktop.model import checkpoints as model
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.model.median import median

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

IN_A_ROW: Final = 3
"""So many failed checkpoints in a row are critical."""
_LONG_OVERDUE = 10  # times the usual time between two
_LEAST_MS: Final = 10_000.0
"""Less than this between two is taken as this: nothing is overdue within 30 s."""
_FIRST_MS: Final = 40_000.0
"""The same before the first has completed: of how long it takes nothing is known, and it may write much."""
_MISSED_MS: Final = 60_000.0
"""Within this time Flink misses a TaskManager that can't be reached (`heartbeat.timeout`), and restarts."""
_RUNS: Final = "checkpoints.runs"
_VERTICES_ASKED: Final = 3
_MANY: Final = 1 << 30  # subtasks: where their number is not reported
_NEWER: Final = 5  # of those that failed in a row
_DETAILS_MS: Final = 600_000.0


def notes(look: JobLook) -> Iterator[Note]:
    """The figures to remember until the next look."""
    if look.job is not None and look.state == "RUNNING":
        yield Note(_RUNS, look.job.at, float(_all_run(look)), keep=900.0)


def remembered(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Note]:
    """What is remembered of the checkpoints that failed in a row."""
    yield from past_checkpoints.notes(look, trails)


def signs(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """What this look shows."""
    if look.job is None or not look.streaming or _ends(look):
        return
    for found in (_failing(look, trails), _overdue(look, trails), _off(look)):
        if found is not None:
            yield found
    yield from checkpoint_sizes.signs(look)


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The closer looks that are wanted."""
    if look.job is None or not look.streaming or _ends(look):
        return
    failed = past_checkpoints.failed_in_a_row(look)
    if failed:
        told = _looked_into(look, failed)
        yield from _asks_of(look, told, every=600.0)
        if told.id in look.checkpoint_details and told not in failed[:_NEWER]:
            # Before it leaves Flink's history, with who failed it.
            yield from _asks_of(look, failed[0], every=600.0)
    elif _overdue(look, trails) is not None:
        under_way = record.in_progress(look)
        if under_way is not None:
            yield from _asks_of(look, under_way, every=20.0)
    else:
        yield from checkpoint_sizes.asks(look)


def _ends(look: JobLook) -> bool:
    return states.is_terminal(look.state) or look.state in {"CANCELLING", "FAILING"}


def _asks_of(look: JobLook, checkpoint: Checkpoint, *, every: float) -> Iterator[Ask]:
    """Who did not acknowledge: by vertex, then the subtasks of those that miss most."""
    job, number = look.listed.jid, str(checkpoint.id)
    yield Ask(CHECKPOINT(job=job, checkpoint=number), SUSPECTED, every, size=float(1 << 40))
    found = record.late(look, checkpoint)
    # The first in the graph is the one that the others wait for.
    first, rest = found[:1], sorted(found[1:], key=lambda one: -one.missing)
    for n, one in enumerate((*first, *rest)[:_VERTICES_ASKED]):
        query = CHECKPOINT_SUBTASKS(job=job, checkpoint=number, vertex=one.vertex)
        yield Ask(query, SUSPECTED, every, size=float(1 << 39) if n == 0 else float(one.missing))


# -- failing -------------------------------------------------------------------------------------------


def _looked_into(look: JobLook, failed: Sequence[Checkpoint]) -> Checkpoint:
    """Of checkpoints that failed in a row one to look at closely: that fewest subtasks did not acknowledge.

    Where one subtask declines, others may not have had the time to acknowledge. One whose details are known
    is preferred: to ask for those of another may take longer than until the next has failed.
    """
    details = look.checkpoint_details
    known = [one for one in failed if one.id in details and look.now - details[one.id].at <= _DETAILS_MS]
    return min(known or failed, key=lambda one: (one.missing or _MANY, -one.id))


def _failing(look: JobLook, trails: Mapping[str, Trail]) -> Sign | None:
    found, past = past_checkpoints.failed_in_a_row(look), past_checkpoints.of(trails)
    if not found or past is None or _is_about_to_restart(look, found):
        return None
    newest, closer, count = found[0], _looked_into(look, found), past.count
    culprit = record.named_in(look, newest) or record.culprit(look, closer) or Culprit()
    more = " or more" if past.cut or past.missed else ""
    times = "the last checkpoint" if count == 1 else f"the last {count}{more} checkpoints"
    failure = well_known(newest.failure_message or "")
    words = f"checkpoints-failing: {times} failed: {record.reason(newest)}"
    if failure is not None and not failure.failure.id.startswith(_OF_CHECKPOINTS):
        words += f" ({failure.failure.name})"
    words += _missing_words(look, culprit)
    others = tuple(
        dict.fromkeys(why for one in found[1:] if (why := record.reason(one)) != record.reason(newest))
    )
    evidence = [
        Evidence("failed in a row", count),
        Evidence("newest failed checkpoint", newest.id),
        *_last_completed_evidence(look),
        *_late_evidence(look, closer),
        *(Evidence("earlier reason", why) for why in others[:3]),
    ]
    if failure is not None:
        evidence.append(Evidence(failure.failure.name, failure.means))
    return _sign(
        look,
        Finding(
            kind=Kind.CHECKPOINTS_FAILING,
            severity=Severity.CRITICAL if count >= IN_A_ROW else Severity.WARNING,
            words=words,
            next=(
                failure.next
                if failure is not None
                else "open the checkpoint, and the log of the TaskManager that declined it"
            ),
            culprit=culprit,
            evidence=tuple(evidence),
            since=past.since,
        ),
    )


_OF_CHECKPOINTS: Final = "checkpoint-"
"""How the ids of failures begin whose name says no more than the reason."""


def _is_about_to_restart(look: JobLook, failed: Sequence[Checkpoint]) -> bool:
    """Whether they failed as the job has just started, or since Flink can't reach a TaskManager.

    For that it soon restarts the job.
    """
    first = model.ended_at(failed[-1]) or failed[-1].trigger_timestamp
    return all(map(record.untriggered, failed)) and look.now - first <= _MISSED_MS


# -- overdue -------------------------------------------------------------------------------------------


def _overdue(look: JobLook, trails: Mapping[str, Trail]) -> Sign | None:
    config = look.checkpoint_config.value if look.checkpoint_config is not None else None
    if (
        look.job is None
        or look.checkpoints is None
        or look.without_checkpoints
        or config is None
        or config.interval is None
        or look.state != "RUNNING"
        or not _all_run(look)
    ):
        return None
    since = _counted_from(look, trails)
    if since is None:
        return None
    took = [one.duration for one in record.completed(look) if one.duration is not None]
    usual = median(took) if took else 0.0
    between = max(float(config.interval), max(0, config.min_pause or 0) + usual)
    under_way, savepoint = record.in_progress(look), record.savepoint_in_progress(look)
    is_first = under_way is not None and not took and record.last_completed(look) is None
    usually = max(_FIRST_MS if is_first else _LEAST_MS, between)
    allowed, age = look.limits.overdue_factor * usually, look.now - since
    if age <= allowed:
        return None
    worst = age > max(allowed, _LONG_OVERDUE * usually)
    severity = Severity.CRITICAL if worst else Severity.WARNING
    ended = _ended_sources(look)
    culprit = Culprit()
    words = f"checkpoint-overdue: none completed for {fmt.duration(age / 1000.0)}"
    words += f", expected every {fmt.milliseconds(between)}"
    step = "open the checkpoints: whether any is triggered"
    if ended:
        culprit = Culprit(
            vertex=ended[0].id, vertex_name=ended[0].name, subtasks=_finished_subtasks(ended[0])
        )
        words += f"; {places.listed(one.name for one in ended)} has finished, and with it the checkpoints"
        step = "keep the source running, or allow checkpoints after tasks finish (1.14+)"
    elif under_way is not None:
        culprit = record.culprit(look, under_way) or Culprit()
        words += f"; checkpoint {under_way.id} is in progress for "
        words += fmt.duration(max(0.0, look.now - under_way.trigger_timestamp) / 1000.0)
        words += _missing_words(look, culprit)
        step = (
            "open the checkpoint in progress: the subtasks that have not acknowledged, and their backpressure"
        )
    if savepoint is not None:
        words += f"; savepoint {savepoint.id} is in progress"
    evidence = [
        Evidence("time without a completed checkpoint", round(age), "ms"),
        Evidence("expected within", round(allowed), "ms"),
        Evidence("interval", config.interval, "ms"),
        *([Evidence("median duration", round(usual), "ms")] if took else []),
        *_last_completed_evidence(look),
        *(_late_evidence(look, under_way) if under_way is not None else ()),
    ]
    if look.backlog_interval:
        severity = Severity.INFO
        evidence.append(Evidence("another interval is configured while a source reads a backlog"))
    return _sign(
        look,
        Finding(
            kind=Kind.CHECKPOINT_OVERDUE,
            severity=severity,
            words=words,
            next=step,
            culprit=culprit,
            evidence=tuple(evidence),
            since=since + allowed,
        ),
    )


def _counted_from(look: JobLook, trails: Mapping[str, Trail]) -> float | None:
    """The last checkpoint's completion, or when the tasks were all running if that is later."""
    if look.job is None:
        return None
    running = look.job.value.timestamps.get("RUNNING", 0)
    if running <= 0:
        return None
    starts = [running, *(one.vertex.start_time for one in look.vertices)]
    last = record.last_completed(look)
    ended = model.ended_at(last) if last is not None else None
    samples = trail(trails, _RUNS)
    for before, after in pairwise(samples):
        if not before.value and after.value:
            starts.append(int(after.at))
    return float(max([*starts, ended or 0]))


def _all_run(look: JobLook) -> bool:
    """Whether every task runs or has finished: before, none can take part in a checkpoint."""
    counts = [pair for one in look.vertices for pair in one.vertex.tasks.items()]
    known = sum(count for _, count in counts) > 0
    return known and not any(
        count and state.upper() not in {"RUNNING", "FINISHED"} for state, count in counts
    )


def _ended_sources(look: JobLook) -> tuple[VertexLook, ...]:
    """Sources with finished subtasks, where that ends checkpoints: up to 1.13, in 1.14 by default."""
    config = look.checkpoint_config.value if look.checkpoint_config is not None else None
    goes_on = config.checkpoints_after_tasks_finish if config is not None else None
    if goes_on or (goes_on is None and look.features.has(1, 15)):
        return ()
    finished = [one for one in look.vertices if _finished(one)]
    return tuple(one for one in finished if not one.inputs) or tuple(finished)


def _finished(vertex: VertexLook) -> int:
    return sum(count for state, count in vertex.vertex.tasks.items() if state.upper() == "FINISHED")


def _finished_subtasks(vertex: VertexLook) -> tuple[int, ...]:
    if _finished(vertex) == vertex.vertex.parallelism:
        return tuple(range(vertex.vertex.parallelism))
    known = vertex.subtasks.value.subtasks if vertex.subtasks is not None else ()
    return tuple(sorted({one.subtask for one in known if one.status == "FINISHED" and one.subtask >= 0}))


# -- off -----------------------------------------------------------------------------------------------


def _off(look: JobLook) -> Sign | None:
    config = look.checkpoint_config.value if look.checkpoint_config is not None else None
    is_off = look.without_checkpoints or (
        config is not None and bool(config.mode) and config.interval is None
    )
    if not is_off or look.state != "RUNNING":
        return None
    return _sign(
        look,
        Finding(
            kind=Kind.CHECKPOINTS_OFF,
            severity=Severity.INFO,
            words="checkpoints-off: no periodic checkpoints; a failure loses the state of the job",
            next="set execution.checkpointing.interval if its state or its place in the sources matters",
        ),
    )


# -- what they share -----------------------------------------------------------------------------------


def _sign(look: JobLook, finding: Finding) -> Sign:
    return Sign(finding=finding, fetched=look.checkpoints.at if look.checkpoints else look.now, lasted=True)


def _missing_words(look: JobLook, culprit: Culprit) -> str:
    who = places.words(culprit, places.parallelism(look, culprit.vertex))
    return f"; not acknowledged by {who}" if who else ""


def _last_completed_evidence(look: JobLook) -> Sequence[Evidence]:
    last = record.last_completed(look)
    at = model.ended_at(last) if last is not None else None
    if at is None:
        return (Evidence("last completed checkpoint", "none"),)
    return (Evidence("last completed checkpoint ago", max(0, round((look.now - at) / 1000.0)), "s"),)


def _late_evidence(look: JobLook, checkpoint: Checkpoint) -> Iterator[Evidence]:
    """How many acknowledgements are missing, in all and of each vertex."""
    if checkpoint.missing is not None and checkpoint.num_subtasks:
        yield Evidence("acknowledgements missing", f"{checkpoint.missing} of {checkpoint.num_subtasks}")
    for one in record.late(look, checkpoint)[:_VERTICES_ASKED]:
        vertex = look.vertex(one.vertex)
        name = places.short(vertex.name if vertex is not None else one.vertex)
        yield Evidence(f"missing of {name}", f"{one.missing} of {one.subtasks}")
