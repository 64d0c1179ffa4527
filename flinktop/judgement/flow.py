"""Where records are held up: the vertex that hangs, is too slow, or whose work is uneven.

The graph is walked from the sources. What is above a bottleneck is backpressured, what is below it idles; it
is itself busy and not backpressured. From 1.13 both figures of a subtask are in one answer of
`…/backpressure`; up to 1.12 the fill of the buffer pools is used (`buffer_pools`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.judgement import (
    buffer_pools,
    flow_asks,
    parallelism,
    reach,
    slow_vertices,
    sources,
    subtask_load,
    subtask_records,
    uneven,
)
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import ONE_OF, Sign
from flinktop.judgement.trails import Note
from flinktop.judgement.wording import names, percent, short, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.judgement.ask import Ask
    from flinktop.judgement.holds import Key
    from flinktop.judgement.subtask_load import Load
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

UNEVEN: Final = 0.6
"""Median busy share below which a few busy subtasks are no lack of parallelism."""
_HALF_BUSY: Final = 0.5


def notes(look: JobLook) -> Iterator[Note]:
    """Totals of vertices (`/jobs/:jobid`), of subtasks, and the attempts that figures are of."""
    if not reach.flows(look) or look.job is None:
        return
    for one in look.vertices:
        totals = one.vertex.metrics
        for name, value in (
            ("backpressured", totals.accumulated_backpressured_time),
            ("sent in all", totals.records_out),
            ("taken in all", totals.records_in),
        ):
            if value is not None:
                yield Note(f"{name} {one.id}", look.job.at, value)
    yield from subtask_records.notes(look)
    if slow_vertices.has_shares(look):
        yield from subtask_load.notes(look)
    else:
        yield from buffer_pools.notes(look)


def signs(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """A sign for each vertex that holds up others, or would soon."""
    if not reach.flows(look):
        return
    if not slow_vertices.has_shares(look):
        yield from buffer_pools.signs(look, trails)
        return
    loads = {one.id: subtask_load.loads(look, one) for one in look.vertices}
    held_up = set()
    for one in slow_vertices.bottlenecks(look, trails, loads):
        held_up.add(one.id)
        if subtask_load.is_continued(trails, one):
            yield _sign(look, trails, one, loads)
    for one in look.vertices:
        if one.id not in held_up and subtask_load.is_continued(trails, one):
            yield from _hot_input(trails, one, loads[one.id])


def unseen(look: JobLook, trails: Mapping[str, Trail]) -> frozenset[Key]:
    """The signs of which it is not known whether they are still there: their figures are old by now."""
    if not reach.flows(look):
        return frozenset()
    running = {one.id for one in look.vertices if one.vertex.status.upper() == "RUNNING"}
    old = _of_old_loads(look, trails) if slow_vertices.has_shares(look) else buffer_pools.unseen(look)
    return frozenset((kind, vertex, "") for vertex in old & running for kind in ONE_OF)


def _of_old_loads(look: JobLook, trails: Mapping[str, Trail]) -> set[str]:
    """The vertices whose busy times, or whose inputs' backpressure, are not known by now."""
    loads = {one.id: subtask_load.loads(look, one) for one in look.vertices}
    found = look.by_id
    return {
        one.id
        for one in look.vertices
        if not loads[one.id]
        or any(
            not loads[each] and slow_vertices.mean_share(found[each], trails) is None
            for each in one.inputs
            if each in found
        )
    }


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The backpressure of what is held up and of what may hold it up; the subtasks of what does."""
    return flow_asks.asks(look, trails)


def missing(look: JobLook) -> str | None:
    """Which figures of the flow could not be read though the release has them; None if none is missing."""
    if not reach.flows(look):
        return None
    for one in look.vertices:
        if not _is_settled(look, one):
            continue
        totals = one.vertex.metrics
        if not (totals.read_records_complete and totals.write_records_complete):
            return f"the records of {short(one.name)} could not be read"
        if look.features.release is not None and look.features.has(1, 16):
            if totals.accumulated_backpressured_time is None:
                return f"the backpressure of {short(one.name)} could not be read"
        elif look.features.release is None or one.inputs or not one.outputs:
            continue
        elif slow_vertices.has_shares(look) and subtask_load.is_withheld(one):
            return f"the backpressure of {short(one.name)} could not be read"
    return None


# -- what one vertex shows ---------------------------------------------------------------------------------


def _sign(look: JobLook, trails: Mapping[str, Trail], one: VertexLook, loads: slow_vertices.Loads) -> Sign:
    own = loads[one.id]
    hot = sorted(index for index, load in own.items() if load.is_hot)
    rates = subtask_records.rates(one, trails)
    waiting = [
        each
        for each in look.vertices
        if each.id in one.inputs and slow_vertices.waits(each, trails, loads[each.id])
    ]
    evidence = [
        Evidence("busy, highest subtask", _ms(slow_vertices.busiest(own)), "ms/s"),
        Evidence("busy, median of the subtasks", _ms(subtask_load.median_busy(own)), "ms/s"),
        *(
            Evidence(f"backpressured, input {short(each.name)}", _ms(share), "ms/s")
            for each in waiting
            if (share := subtask_load.backpressured(loads[each.id])) is not None
        ),
        *(
            Evidence(
                f"backpressured, input {short(each.name)}, mean of the subtasks",
                _ms(slow_vertices.mean_share(each, trails)),
                "ms/s",
            )
            for each in waiting
            if not loads[each.id]
        ),
    ]
    if rates:
        evidence.append(Evidence("records in", round(sum(rates.values()), 1), "1/s"))
    busy = f"{short(one.name)}, {some(hot, len(own))} {percent(slow_vertices.busiest(own))} busy"
    shrinks = sources.shrinking(look, trails, one.id)
    severity = Severity.INFO if shrinks is not None else Severity.WARNING
    if shrinks is not None:
        evidence.append(Evidence("pending at its sources, shrinking by", round(shrinks, 1), "1/s"))
    still = subtask_records.still_since(one, trails, hot)
    middle = subtask_load.median_busy(own)
    if still is not None:
        return _stalled(one, hot, busy, still, evidence)
    if middle is not None and middle < UNEVEN:
        cause = uneven.cause(one, hot, own, rates)
        return Sign(
            finding=Finding(
                kind=Kind.SKEW,
                severity=severity,
                words=f"skew: {busy}, the median {percent(middle)}; {cause.words}",
                next=cause.next,
                culprit=_culprit(one, hot, cause.taskmanager),
                evidence=(*evidence, *cause.evidence),
            ),
            fetched=subtask_load.fetched(one),
        )
    inputs = "its input" if len(one.inputs) == 1 else "its inputs"
    held_back = (
        f"{inputs} backpressured"
        if len(waiting) == len(one.inputs)
        else (f"input {names(each.name for each in waiting)} backpressured")
    )
    return Sign(
        finding=Finding(
            kind=Kind.BOTTLENECK,
            severity=severity,
            words=f"bottleneck: {busy}, {held_back}",
            next=parallelism.advice(look, trails, one, own, rates),
            culprit=_culprit(one, hot),
            evidence=tuple(evidence),
        ),
        fetched=subtask_load.fetched(one),
    )


def _stalled(one: VertexLook, hot: list[int], busy: str, still: float, evidence: list[Evidence]) -> Sign:
    places = {
        attempt.taskmanager_id
        for attempt in (one.subtasks.value.subtasks if one.subtasks is not None else ())
        if attempt.subtask in hot
    }
    where = next(iter(places)) if len(places) == 1 else None
    seconds = ((one.subtasks.at if one.subtasks is not None else still) - still) / 1000.0
    return Sign(
        finding=Finding(
            kind=Kind.STALLED,
            severity=Severity.WARNING,
            words=f"stalled: {busy}, and no record goes in or out of {'it' if len(hot) == 1 else 'them'}",
            next=f"open a thread dump of {f'TaskManager {where}' if where else 'its TaskManagers'} and look"
            f" for the thread of {short(one.name)} ({hot[0] + 1}/{max(one.vertex.parallelism, hot[0] + 1)}):"
            " what does it wait for?",
            culprit=_culprit(one, hot, where),
            evidence=(*evidence, Evidence("no record in or out for", round(seconds, 1), "s")),
        ),
        fetched=subtask_load.fetched(one),
        fetches=3,
        begun=still,
    )


def _hot_input(trails: Mapping[str, Trail], one: VertexLook, own: Mapping[int, Load]) -> Iterator[Sign]:
    """A subtask that takes in far more than the others, though nothing waits for it yet."""
    figure = subtask_records.TAKEN if one.inputs else subtask_records.SENT
    rates = subtask_records.rates(one, trails, figure)
    if not one.inputs:
        ever = subtask_records.emitted(one, trails)
        rates = {index: rate for index, rate in rates.items() if ever.get(index)}
    known = {index: rate for index, rate in rates.items() if index in own}
    if len(known) < 2:  # noqa: PLR2004 -- a single one can't be uneven
        return
    middle = subtask_load.lower_median(list(known.values())) or 0.0
    hot = sorted(
        index
        for index, rate in known.items()
        if rate > uneven.MUCH_MORE * middle and rate > 0 and (own[index].busy or 0.0) > _HALF_BUSY
    )
    if not hot:
        return
    most = max(hot, key=lambda index: known[index])
    does = "takes in" if one.inputs else "sends"
    yield Sign(
        finding=Finding(
            kind=Kind.SKEW,
            severity=Severity.INFO,
            explains=False,  # nothing waits for it
            words=f"skew: {short(one.name)}, {some(hot, len(own))} {does}"
            f" {uneven.times(known[most], middle)}the median and is {percent(own[most].busy or 0.0)} busy",
            next="look at the keys of its input: this subtask will be the first to hold up the job"
            if one.inputs
            else "look at how the source's partitions are spread over its subtasks",
            culprit=_culprit(one, hot),
            evidence=(
                Evidence(
                    f"records {'in' if one.inputs else 'out'}, subtask {most}", round(known[most], 1), "1/s"
                ),
                Evidence("the same, median of the subtasks", round(middle, 1), "1/s"),
                Evidence("busy, that subtask", _ms(own[most].busy), "ms/s"),
            ),
        ),
        fetched=subtask_load.fetched(one),
        fetches=2,
    )


def _culprit(one: VertexLook, hot: list[int], taskmanager: str | None = None) -> Culprit:
    return Culprit(vertex=one.id, vertex_name=one.name, subtasks=tuple(hot), taskmanager=taskmanager)


def _ms(share: float | None) -> float | None:
    return round(1000.0 * share, 1) if share is not None else None


_SETTLED: Final = 60_000.0


def _is_settled(look: JobLook, one: VertexLook) -> bool:
    """Whether all subtasks of a vertex have run for a minute: then Flink has their figures."""
    tasks = one.vertex.tasks.items()
    counts = {state.upper(): count for state, count in tasks if count and state.lower() != "total"}
    every = counts.get("RUNNING", 0) == sum(counts.values()) > 0
    return every and look.now - subtask_load.started(look, one) >= _SETTLED
