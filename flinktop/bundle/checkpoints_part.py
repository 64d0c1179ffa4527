"""The last checkpoints; the newest completed and the newest failed one by vertex and subtask, with phases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from flinktop.bundle.collection import Progress, merged, moment
from flinktop.bundle.contents import (
    CHECKPOINTS_JSON,
    CHECKPOINTS_TEXT,
    COMPLETED_JSON,
    FAILED_JSON,
    Gap,
    Made,
    Part,
)
from flinktop.flink.checkpoints import (
    CHECKPOINT,
    CHECKPOINT_CONFIG,
    CHECKPOINT_SUBTASKS,
    CHECKPOINTS,
    Checkpoint,
    CheckpointSubtasks,
)
from flinktop.flink.errors import FlinkError, NotFound
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flinktop.bundle.asking import Answered
    from flinktop.bundle.collection import Collection
    from flinktop.flink.checkpoints import (
        CheckpointConfig,
        CheckpointStats,
        CheckpointSubtask,
        CheckpointVertex,
    )
    from flinktop.flink.jobs import Job

MOST_VERTICES: Final = 30
"""Vertices of a checkpoint whose subtasks are requested: one request each."""
MOST_SUBTASKS: Final = 100
"""Subtasks of a vertex in the text: those that are late, then the slowest; the JSON file has all."""
OFF: Final = "checkpoints are off for this job"


class Detail(Struct, frozen=True):
    """One checkpoint with the subtasks of its vertices."""

    checkpoint: Checkpoint
    subtasks: dict[str, CheckpointSubtasks]  # by vertex
    document: dict[str, Any]
    gaps: tuple[Gap, ...]
    left_out: int  # vertices whose subtasks were not requested


async def make(collection: Collection) -> Made:
    """The files of the checkpoints."""
    job = collection.subject.job
    try:
        answered = await collection.asking.get(CHECKPOINTS(job=job))
    except FlinkError as error:
        why = OFF if isinstance(error, NotFound) and error.by_flink and error.expected else error.reason
        return Made(gaps=(Gap("checkpoints", why),))
    documents, gaps = await collection.answers(CHECKPOINTS(job=job), CHECKPOINT_CONFIG(job=job))
    config = await collection.value(CHECKPOINT_CONFIG(job=job))
    made = merged(Made(gaps=gaps), await collection.json(CHECKPOINTS_JSON, documents))
    details: list[Detail] = []
    for kind, number in ((COMPLETED_JSON, _newest(answered.value, "COMPLETED")),
                         (FAILED_JSON, _newest(answered.value, "FAILED"))):  # fmt: skip
        if number is None:
            made = merged(made, Made(notes=(f"There is no {kind.name}: Flink's history has none.",)))
            continue
        try:
            detail = await _detail(collection, number)
        except FlinkError as error:
            made = merged(made, Made(gaps=(Gap(f"checkpoint {number} in detail", error.reason),)))
            continue
        details.append(detail)
        made = merged(made, Made(gaps=detail.gaps), await collection.json(kind, detail.document))
        if detail.left_out:
            words = f"{kind.name} has the subtasks of the {MOST_VERTICES} vertices that took longest; "
            made = merged(made, Made(notes=(f"{words}{detail.left_out} more were left out.",)))
    text = await collection.text(
        CHECKPOINTS_TEXT, _lines(collection, await collection.job(), answered.value, config, details)
    )
    return merged(text, made)


def _newest(stats: CheckpointStats, status: str) -> int | None:
    """The number of the newest checkpoint of this status; savepoints count only where nothing else does."""
    latest = stats.latest.completed if status == "COMPLETED" else stats.latest.failed
    known = [one for one in stats.history if one.status == status and one.id >= 0]
    of_flink = next((one.id for one in known if not one.is_savepoint), None)
    if of_flink is not None:
        return of_flink
    if latest is not None and latest.id >= 0:
        return latest.id
    return known[0].id if known else None


async def _detail(collection: Collection, number: int) -> Detail:
    """One checkpoint with its subtasks. Raises FlinkError if there are no details of it."""
    job, query = collection.subject.job, CHECKPOINT(job=collection.subject.job, checkpoint=number)
    answered = await collection.asking.get(query)
    vertices = sorted(answered.value.tasks.items(), key=_slowest_first)
    wanted = {
        vertex: CHECKPOINT_SUBTASKS(job=job, checkpoint=number, vertex=vertex)
        for vertex, _ in vertices[:MOST_VERTICES]
    }
    done = 0

    async def one(vertex: str) -> Answered[CheckpointSubtasks] | FlinkError:
        nonlocal done
        try:
            return await collection.asking.get(wanted[vertex])
        except FlinkError as error:
            return error
        finally:
            done += 1
            words = f"checkpoint {number}, {done} of {len(wanted)} vertices"
            collection.progress(Progress(Part.CHECKPOINTS, words))

    found = dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))
    document: dict[str, Any] = {f"/{query.target}": answered.raw}
    subtasks: dict[str, CheckpointSubtasks] = {}
    gaps: list[Gap] = []
    for vertex, answer in found.items():
        if isinstance(answer, FlinkError):
            gaps.append(Gap(f"subtasks of vertex {vertex} in checkpoint {number}", answer.reason))
        else:
            document[f"/{wanted[vertex].target}"] = answer.raw
            subtasks[vertex] = answer.value
    left_out = max(0, len(vertices) - MOST_VERTICES)
    return Detail(answered.value, subtasks, document, tuple(gaps), left_out)


def _slowest_first(item: tuple[str, CheckpointVertex]) -> tuple[bool, float]:
    """Vertices with subtasks that have not acknowledged come first, then those that took longest."""
    share = item[1]
    return not share.missing, -(share.duration or 0.0)


# -- the text ------------------------------------------------------------------------------------------


def _lines(
    collection: Collection,
    job: Job | None,
    stats: CheckpointStats,
    config: CheckpointConfig | None,
    details: Sequence[Detail],
) -> Iterator[str]:
    subject, counts = collection.subject, stats.counts
    yield f"Checkpoints of {subject.name} ({subject.job})"
    yield (
        f"{fmt.number(counts.completed)} completed, {fmt.number(counts.failed)} failed, "
        f"{fmt.number(counts.in_progress)} in progress, {fmt.number(counts.restored)} restores"
    )
    if (restored := stats.latest.restored) is not None:
        what = "savepoint" if restored.is_savepoint else "checkpoint"
        yield (
            f"restored from {what} {restored.id} at {moment(restored.restore_timestamp)}: "
            f"{restored.external_path or 'path not reported'}"
        )
    if config is not None:
        yield ""
        yield from (f"  {item.name:32}{item.words}" for item in judge.items(config) if item.words is not None)
    yield ""
    yield from _history(stats.history)
    names = {vertex.id: vertex.name for vertex in job.vertices} if job is not None else {}
    for detail in details:
        yield ""
        yield from _detail_lines(detail, names)


def _history(history: Sequence[Checkpoint]) -> Iterator[str]:
    if not history:
        yield "Flink's history has no checkpoints."
        return
    yield "The newest in Flink's history:"
    for one in history:
        size = f"{fmt.size(one.written)} written" if one.written is not None else ""
        yield (
            f"  {judge.title(one):18}{one.status:13}{moment(one.trigger_timestamp)}  "
            f"{fmt.milliseconds(one.duration):>8}  {size}"
        ).rstrip()
        if one.failure_message:
            yield from (f"      {line}" for line in one.failure_message.splitlines())
        if one.external_path:
            yield f"      {one.external_path}"


def _detail_lines(detail: Detail, names: dict[str, str]) -> Iterator[str]:
    checkpoint = detail.checkpoint
    title, kind = judge.title(checkpoint), judge.kind(checkpoint)
    yield (
        f"{title[:1].upper()}{title[1:]}{'' if title.startswith(kind) else f', {kind}'}: "
        f"{checkpoint.status}, triggered at {moment(checkpoint.trigger_timestamp)}, "
        f"took {fmt.milliseconds(checkpoint.duration)}"
    )
    if checkpoint.failure_message:
        yield f"  failed at {moment(checkpoint.failure_timestamp)}:"
        yield from (f"    {line}" for line in checkpoint.failure_message.splitlines())
    for vertex, share in sorted(checkpoint.tasks.items(), key=_slowest_first):
        yield ""
        yield f"  {names.get(vertex, vertex)}"
        acknowledged = fmt.part(share.num_acknowledged_subtasks, share.num_subtasks)
        yield (
            f"    {acknowledged} subtasks acknowledged, slowest {fmt.milliseconds(share.duration)}, "
            f"{fmt.size(share.written)} written"
        )
        answer = detail.subtasks.get(vertex)
        if answer is not None:
            yield from (f"    {line}" for line in _subtasks(answer.subtasks, share.num_subtasks))


def _subtasks(subtasks: Sequence[CheckpointSubtask], of: int | None) -> Iterator[str]:
    if slowest := judge.slowest_words(subtasks, of):
        yield f"slowest: {slowest}"
    late = set(judge.late_subtasks(subtasks))
    chosen = sorted(subtasks, key=lambda one: (one.index not in late, -(one.duration or 0.0), one.index))
    yield (
        f"{'SUBTASK':>7}  {'':12}{'TOTAL':>9}{'START':>9}{'ALIGN':>9}{'SYNC':>9}{'ASYNC':>9}{'WRITTEN':>9}"
    )
    for one in chosen[:MOST_SUBTASKS]:
        if not judge.is_acknowledged(one):
            yield f"{one.index:>7}  not acknowledged"
            continue
        times = judge.phase_times(one)
        shown = (times.total, times.start_delay, times.alignment, times.sync, times.asynchronous)
        cells = "".join(f"{_cell(one):>9}" for one in shown)
        state = "aborted" if one.aborted else ""
        yield f"{one.index:>7}  {state:12}{cells}{fmt.size(one.written):>9}"
    if len(chosen) > MOST_SUBTASKS:
        yield f"        {len(chosen) - MOST_SUBTASKS} more that were faster"


def _cell(milliseconds: float | None) -> str:
    return fmt.ABSENT if milliseconds is None else fmt.milliseconds(milliseconds)
