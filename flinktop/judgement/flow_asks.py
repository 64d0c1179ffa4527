"""The closer looks at where records are held up: first at what holds up others, and at what waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.vertices import VERTEX, VERTEX_BACKPRESSURE
from flinktop.judgement import buffer_pools, reach, slow_vertices, subtask_load
from flinktop.judgement.ask import BELOW, METRICS_SECONDS, SUSPECTED, USUAL, Ask
from flinktop.judgement.trails import trail
from flinktop.model import rates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

_USUALLY: Final = 30.0
"""Seconds between looks at a source that is not held up, and at what is known to hold up others."""
_MEANS_MS: Final = 45_000.0
"""After so long a subtask that was always busy is still shown at 75 %."""
_KNOWN: Final = 30.0
"""Seconds between looks at what has been looked at often, as long as nothing else has changed."""
_ENOUGH: Final = 4
"""Looks after which a finding is raised."""
_MANY: Final = 500
"""Subtasks from which on the answer about a vertex is so large that it is asked for less often."""


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The backpressure of what is held up and of what may hold it up; the subtasks of what does.

    From 1.16 on the totals of the job's vertices show what is held up; before, and until there are two of
    them, the sources are asked, and then step by step what is below those that are held up.
    """
    if not reach.flows(look):
        return
    if not slow_vertices.has_shares(look):
        yield from buffer_pools.asks(look, trails)
        return
    if _is_young(look):
        return
    suspects = slow_vertices.suspected(look, trails)
    ranks = _ranks(look, trails, suspects)
    if not any(len(trail(trails, f"backpressured {one.id}")) > 1 for one in look.vertices):
        ranks = _sources(look, trails) | ranks
    for one in look.vertices:
        if one.id in ranks:
            rank, size = ranks[one.id]
            few = len(trail(trails, f"tries {one.id}")) < _ENOUGH
            every = METRICS_SECONDS if few and rank < USUAL else _USUALLY if rank != BELOW else _KNOWN
            yield Ask(VERTEX_BACKPRESSURE(job=look.listed.jid, vertex=one.id), rank, every, size)
    yield from _closer(look, trails, suspects, ranks.keys())


def _is_young(look: JobLook) -> bool:
    """Whether its shares can't tell yet: from 1.17 on they are means over a minute, with zeros before."""
    started = max((subtask_load.started(look, one) for one in look.vertices), default=0.0)
    return look.now - started < (_MEANS_MS if look.features.has(1, 17) else subtask_load.YOUNG)


def _ranks(
    look: JobLook, trails: Mapping[str, Trail], suspects: Mapping[str, float]
) -> dict[str, tuple[int, float]]:
    """Rank and size of the suspects and of what is next below them, where the cause is."""
    found = {}
    for one in look.vertices:
        if one.id in suspects:
            last = not one.outputs or any(each not in suspects for each in one.outputs)
            # Where the totals tell that it waits, what it waits for matters more.
            told = (slow_vertices.mean_share(one, trails) or 0.0) > subtask_load.HELD_BACK
            found[one.id] = SUSPECTED if last and not told else BELOW, suspects[one.id]
        elif any(each in suspects for each in one.inputs):
            found[one.id] = SUSPECTED, max(suspects[each] for each in one.inputs if each in suspects)
    return found


def _sources(look: JobLook, trails: Mapping[str, Trail]) -> dict[str, tuple[int, float]]:
    """The sources: what is below one is looked at when it is held up."""
    return {one.id: (_rank_of_source(look, trails, one), 1.0) for one in reach.sources(look) if one.outputs}


def _rank_of_source(look: JobLook, trails: Mapping[str, Trail], one: VertexLook) -> int:
    if look.features.has(1, 16) or trail(trails, f"tries {one.id}"):
        return USUAL
    # Flink may have been asked before it had fetched any figures.
    return SUSPECTED if one.backpressure is None else BELOW


def _closer(
    look: JobLook, trails: Mapping[str, Trail], suspects: Mapping[str, float], asked: Collection[str]
) -> Iterator[Ask]:
    """The subtasks of vertices that hold up others, or that take in unevenly."""
    job = look.listed.jid
    loads = {one.id: subtask_load.loads(look, one) for one in look.vertices}
    slow = {one.id for one in slow_vertices.bottlenecks(look, trails, loads)}
    for one in look.vertices:
        known = len(trail(trails, f"taken {one.id}")) >= _ENOUGH and not _stands_still(trails, one)
        every = 60.0 if one.vertex.parallelism > _MANY else _KNOWN if known else METRICS_SECONDS
        ended = one.id in asked and subtask_load.running(one) is not None
        if one.id in slow or ended:
            size = max((suspects.get(each, 0.0) for each in one.inputs), default=0.0)
            yield Ask(VERTEX(job=job, vertex=one.id), SUSPECTED, every, size)
        elif _may_be_uneven(one):
            yield Ask(VERTEX(job=job, vertex=one.id), BELOW, every)
            if one.id not in asked:
                yield Ask(VERTEX_BACKPRESSURE(job=job, vertex=one.id), BELOW, every)


def _stands_still(trails: Mapping[str, Trail], one: VertexLook) -> bool:
    """Whether the vertex as a whole has taken in no record since the answer before."""
    last = trail(trails, f"taken in all {one.id}")[-2:]
    return len(last) > 1 and last[0].value == last[1].value


_ROUGHLY: Final = 1.4


def _may_be_uneven(one: VertexLook) -> bool:
    """Whether one subtask takes in much more than the mean and is busy (Flink's meters of a minute)."""
    records = one.metrics.get(rates.RATE_IDS[0] if one.inputs else rates.RATE_IDS[1])
    busy = one.metrics.get(rates.BUSY_ID)
    if records is None or busy is None or one.vertex.parallelism < 2:  # noqa: PLR2004 -- one is even
        return False
    most, mean, spent = records.value.max, records.value.avg, busy.value.max
    return most is not None and mean is not None and most > _ROUGHLY * mean and (spent or 0.0) > 500.0  # noqa: PLR2004 -- half of its time
