"""The bottleneck by the fill of the network buffer pools, for releases without busy times (up to 1.12).

The bottleneck is the first vertex whose inputs have no free buffer to send with, while it has itself (a sink
sends nothing). The fill of its own input pool confirms that and names the subtasks, but only for input from
other TaskManagers: local channels use no buffers of the reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.metrics import SUBTASKS_METRICS, VERTEX_METRICS
from flinktop.flink.numbers import subtask_index
from flinktop.flink.vertices import VERTEX
from flinktop.judgement import reach, sources, subtask_load, subtask_records, uneven
from flinktop.judgement.ask import SUSPECTED, USUAL, Ask
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.trails import Note, trail
from flinktop.judgement.wording import names, percent, short, some

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

OUT: Final = "Shuffle.Netty.Output.Buffers.outPoolUsage"
IN: Final = "Shuffle.Netty.Input.Buffers.inPoolUsage"
FULL, LOW = 0.95, 0.75
"""Shares of a pool in use: from the first on none is left to send with, below the second enough are left.

Each channel keeps the buffer that is being filled: with many of them half of the pool is always in use."""
_USUALLY: Final = 20.0  # seconds between looks at a source that has buffers left
_CLOSER: Final = 30.0  # seconds between looks at the subtasks of a vertex that holds up others
_MOST_NAMED: Final = 200  # subtasks up to which each one's pool is asked


def signs(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """A sign for each vertex that holds up others."""
    for one in bottlenecks(look):
        waiting = [each for each in look.vertices if each.id in one.inputs and _is_full(look, each)]
        if waiting:
            yield _sign(look, trails, one, waiting)


def notes(look: JobLook) -> Iterator[Note]:
    """How full the output pools are."""
    for one in look.vertices:
        if (share := _share(look, one, OUT)) is not None:
            yield Note(f"pools {one.id}", one.metrics[OUT].at, share)


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The pools of the sources; where those are full, step by step of what is below them."""
    job, slow = look.listed.jid, {one.id for one in bottlenecks(look)}
    full = {one.id for one in look.vertices if _is_full(look, one)}
    for place, one in enumerate(look.vertices):
        ids = [*([OUT] if one.outputs else ()), *([IN] if one.inputs else ())]
        pools = SUBTASKS_METRICS(job=job, vertex=one.id, get=ids, agg="min,max")
        if one.id in full or any(each in full for each in one.inputs):
            yield Ask(pools, SUSPECTED, size=float(-place))
        elif not one.inputs and one.outputs and one.node is not None:
            seen = trail(trails, f"pools {one.id}")
            yield Ask(pools, USUAL if seen else SUSPECTED, _USUALLY, 1.0)
        if one.id in slow:
            yield Ask(VERTEX(job=job, vertex=one.id), SUSPECTED, _CLOSER, size=float(-place))
            if 1 < one.vertex.parallelism <= _MOST_NAMED:
                each = [f"{index}.{IN}" for index in range(one.vertex.parallelism)]
                named = VERTEX_METRICS(job=job, vertex=one.id, get=each)
                yield Ask(named, SUSPECTED, _CLOSER, size=float(-place))


def unseen(look: JobLook) -> set[str]:
    """The vertices whose output buffers, or whose inputs', are not known by now."""
    found = look.by_id
    unknown = {one.id for one in look.vertices if one.outputs and _share(look, one, OUT) is None}
    return {
        one.id
        for one in look.vertices
        if one.id in unknown or any(each in unknown for each in one.inputs if each in found)
    }


def bottlenecks(look: JobLook) -> tuple[VertexLook, ...]:
    """The vertices that hold up what is above them, in topological order."""
    found = look.by_id
    full = {one.id for one in look.vertices if _is_full(look, one)}
    slow = {
        one.id
        for one in look.vertices
        if any(each in full for each in one.inputs)
        and (not one.outputs or _is_low(look, one))
        and subtask_load.running(one) is None
    }
    first = {
        one
        for one in slow
        if not any(each in slow and one not in reach.above(found, each) for each in reach.above(found, one))
    }
    return tuple(one for one in look.vertices if one.id in first and not _is_outdone(look, one, first))


def _is_outdone(look: JobLook, one: VertexLook, first: Collection[str]) -> bool:
    """Whether another vertex behind the same input has a full input pool, and this one has not.

    An input that sends to several waits for the slowest of them.
    """
    own = _share(look, one, IN)
    rivals = (
        each
        for each in look.vertices
        if each.id in first and each.id != one.id and set(each.inputs) & set(one.inputs)
    )
    return (own or 0.0) < FULL and any((_share(look, each, IN) or 0.0) >= FULL for each in rivals)


def _sign(look: JobLook, trails: Mapping[str, Trail], one: VertexLook, waiting: Sequence[VertexLook]) -> Sign:
    own, taken = _share(look, one, OUT), _share(look, one, IN)
    subtasks = _full_subtasks(look, one)
    evidence = [
        *(
            Evidence(
                f"output buffers in use, input {short(each.name)}", _percent(_share(look, each, OUT)), "%"
            )
            for each in waiting
        ),
    ]
    if one.outputs:
        evidence.append(Evidence("its own output buffers in use", _percent(own), "%"))
    if taken is not None:
        evidence.append(Evidence("its input buffers in use", _percent(taken), "%"))
    rates = subtask_records.rates(one, trails)
    if rates:
        evidence.append(Evidence("records in", round(sum(rates.values()), 1), "1/s"))
    shrinks = sources.shrinking(look, trails, one.id)
    if shrinks is not None:
        evidence.append(Evidence("pending at its sources, shrinking by", round(shrinks, 1), "1/s"))
    which = f", {some(subtasks, one.vertex.parallelism)} with full input buffers" if subtasks else ""
    culprit = Culprit(vertex=one.id, vertex_name=one.name, subtasks=tuple(subtasks))
    hot = subtasks or sorted(rates)
    still = subtask_records.still_since(one, trails, hot)
    fetched = max(
        (metric.at for each in waiting if (metric := each.metrics.get(OUT)) is not None), default=0.0
    )
    if still is not None:
        return Sign(
            finding=Finding(
                kind=Kind.STALLED,
                severity=Severity.WARNING,
                words=f"stalled: {short(one.name)}{which}, no record goes in or out of it, and"
                f" {names(each.name for each in waiting)} can't send to it",
                next="look at the stacks of its TaskManagers (jstack on the host, or a thread dump from"
                " 1.11 on): what do its threads wait for?",
                culprit=culprit,
                evidence=tuple(evidence),
            ),
            fetched=fetched,
            fetches=3,
            begun=still,
        )
    return Sign(
        finding=Finding(
            kind=Kind.BOTTLENECK,
            severity=Severity.INFO if shrinks is not None else Severity.WARNING,
            words=f"bottleneck: {short(one.name)}{which}, {names(each.name for each in waiting)}"
            f" {'has' if len(waiting) == 1 else 'have'} no buffers left to send to it"
            f" (output buffers {percent(max(_share(look, each, OUT) or 0.0 for each in waiting))} in use)",
            next=_next(rates),
            culprit=culprit,
            evidence=tuple(evidence),
        ),
        fetched=fetched,
    )


def _next(rates: Mapping[int, float]) -> str:
    middle = subtask_load.lower_median(list(rates.values()))
    most = max(rates.values(), default=0.0)
    if middle is not None and most > uneven.MORE * middle and len(rates) > 1:
        top = max(rates, key=lambda index: (rates[index], -index))
        return (
            f"its subtask {top} takes in {uneven.times(most, middle)}the median: look at the keys of its"
            " input first, more subtasks will not help while one key has most of the records"
        )
    if len(rates) > 1:
        return "its subtasks take in about the same: raise its parallelism, or make what it does cheaper"
    return (
        "compare what its subtasks take in; if it is the same, raise its parallelism,"
        " or make what it does cheaper"
    )


def _share(look: JobLook, one: VertexLook, metric: str) -> float | None:
    """The highest fill of a pool over the subtasks; None where it is not known or of a run before."""
    taken = one.metrics.get(metric)
    if taken is None or taken.at < subtask_load.started(look, one) + subtask_load.YOUNG:
        return None
    return taken.value.max


def _is_full(look: JobLook, one: VertexLook) -> bool:
    return bool(one.outputs) and (_share(look, one, OUT) or 0.0) >= FULL


def _is_low(look: JobLook, one: VertexLook) -> bool:
    share = _share(look, one, OUT)
    return share is not None and share < LOW


def _full_subtasks(look: JobLook, one: VertexLook) -> list[int]:
    found = []
    since = subtask_load.started(look, one) + subtask_load.YOUNG
    for name, taken in one.by_subtask.items():
        first, _, metric = name.partition(".")
        index = subtask_index(first)
        if metric == IN and index is not None and taken.at >= since and (taken.value.number or 0.0) >= FULL:
            found.append(index)
    return sorted(set(found))


def _percent(share: float | None) -> float | None:
    return round(100.0 * share, 1) if share is not None else None
