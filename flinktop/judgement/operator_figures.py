"""Metrics of operators and tasks that are asked for a vertex as a whole, and the asks for them.

An unknown id empties the whole answer, so only ids are asked that the vertex lists. One request for each
vertex has them all: what a source has pending, watermarks, errors, late records, and the rates that show
uneven input.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.judgement import event_time_plan
from flinktop.judgement.ask import BELOW, METRICS_SECONDS, SUSPECTED, USUAL, Ask
from flinktop.judgement.holds import ENOUGH_IN_ONE_LOOK
from flinktop.judgement.trails import trail
from flinktop.model import rates, subtask_figures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from flinktop.flink.metrics import AggregatedMetric
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, Taken, VertexLook

PENDING: Final = "pendingRecords"
EVENT_LAG: Final = "currentEmitEventTimeLag"
DRIFT: Final = "watermarkAlignmentDrift"
ERRORS_IN: Final = "numRecordsInErrors"
ERRORS_OUT: Final = ("numRecordsSendErrors", "numRecordsOutErrors")  # the first from 1.15, the second in 1.14
LATE: Final = "numLateRecordsDropped"
SENT: Final = "numRecordsOut"
_OF_SOURCE: Final = (PENDING, EVENT_LAG, DRIFT, ERRORS_IN)
AGGREGATES: Final = "min,max,avg,sum"
_LISTS: Final = 600.0  # seconds: the list changes with the job only
_LISTED_AFTER: Final = 25_000.0
"""ms since the last task started: earlier a list may hold only some of the metrics, and would be believed."""
_UNANSWERED: Final = 150_000.0  # ms
_LONGEST: Final = 200  # characters of an id that is asked for
_MOST: Final = 40  # ids of one vertex


def named(one: VertexLook, metric: str) -> tuple[str, ...]:
    """The listed ids of a metric of the vertex's operators, with their operators."""
    return _named(one.listed, metric) if one.listed else ()


@lru_cache(maxsize=4096)
def _named(listed: tuple[str, ...], metric: str) -> tuple[str, ...]:
    end = f".{metric}"
    return tuple(sorted(name for name in listed if name.endswith(end) and len(name) <= _LONGEST))[:_MOST]


def values(one: VertexLook, metric: str) -> tuple[Taken[AggregatedMetric], ...]:
    """What is known of a metric of its operators."""
    return tuple(taken for name, taken in one.metrics.items() if name.endswith(f".{metric}"))


def total(one: VertexLook, metric: str) -> tuple[float, float] | None:
    """The time and the sum over operators and subtasks; None if one of them is not known."""
    found = values(one, metric)
    sums = [taken.value.sum for taken in found]
    known = [each for each in sums if each is not None and each >= 0]
    if not found or len(known) < len(sums):
        return None
    return max(taken.at for taken in found), sum(known)


def sent_id(one: VertexLook) -> str | None:
    """The counter of records of a source's first operator: what comes after it may filter them."""
    found = named(one, SENT)
    chain = rates.as_in_ids(one.name)
    places = [(chain.find(name.removesuffix(f".{SENT}")), name) for name in found]
    return min((each for each in places if each[0] >= 0), default=(0, None))[1]


def output_watermark(one: VertexLook) -> str | None:
    """The id of the watermark that leaves the vertex: of the last operator of its chain."""
    found = named(one, subtask_figures.OUTPUT_WATERMARK)
    return subtask_figures.output_watermark(one.name, found) if found else None


def wanted(look: JobLook, one: VertexLook) -> tuple[str, ...]:
    """The ids to ask of a vertex, () until it is known which it has."""
    listed = frozenset(one.listed or ())
    found: list[str] = []
    if not one.inputs:
        found += [name for metric in _OF_SOURCE for name in named(one, metric)]
        sent = sent_id(one)
        found += [sent] if sent is not None else []
    if not one.outputs:
        found += [name for metric in ERRORS_OUT for name in named(one, metric)]
    if len(look.vertices) == 1:
        chain = rates.chained_ids(one.vertex, listed)
        found += [chain.counters[0], *chain.counters[1]] if chain is not None else []
    if one.inputs:
        found.append(rates.WATERMARK_ID)
    mark = output_watermark(one) if one.outputs else None
    found += [mark] if mark is not None else []
    found += named(one, LATE)
    if one.vertex.parallelism > 1:
        found.append(rates.RATE_IDS[0] if one.inputs else rates.RATE_IDS[1])
    found.append(rates.BUSY_ID)
    return tuple(name for name in dict.fromkeys(found) if name in listed)


def asks(
    look: JobLook,
    trails: Mapping[str, Trail],
    *,
    closely: Collection[str],
    suspects: Collection[str],
    takers: Collection[str],
) -> Iterator[Ask]:
    """The lists of ids, and the figures of each vertex.

    `suspects` are vertices whose watermarks look wrong, `closely` are others that every fetch of Flink is
    wanted of, `takers` those whose watermarks matter more than those of the rest.
    """
    job = look.listed.jid
    started = max((one.vertex.start_time for one in look.vertices), default=0)
    if look.now - started < _LISTED_AFTER:
        return
    waits = bool(event_time_plan.needing(look))
    for one in look.vertices:
        size = 2.0 if not one.inputs else 1.0 if one.id in takers else 0.0
        ids, seen = wanted(look, one), trail(trails, f"figures {one.id}")
        # Only these figures tell that a watermark stands still: until they are known they come first.
        first = waits and size > 0 and len(seen) < ENOUGH_IN_ONE_LOOK
        rank = BELOW if one.id in closely or first else USUAL
        if one.id in suspects or (first and not one.inputs):
            rank = SUSPECTED
        # An operator that is gone empties the answer.
        unsure = bool(ids) and (not seen or look.now - seen[-1].at > _UNANSWERED)
        # Flink's first answer has no metrics yet: the fetch that it starts takes a moment.
        every = 5.0 if not one.listed else 120.0 if unsure else _LISTS
        yield Ask(SUBTASKS_METRICS(job=job, vertex=one.id), rank, every, size if one.listed is None else -1.0)
        if ids:
            enough = ENOUGH_IN_ONE_LOOK if size > 0 else 2 if named(one, LATE) else 1
            fast = len(seen) < enough or one.id in suspects or one.id in closely
            every = METRICS_SECONDS if fast else 30.0 if size > 0 else 60.0
            query = SUBTASKS_METRICS(job=job, vertex=one.id, get=list(ids), agg=AGGREGATES)
            for part in query.parts():
                yield Ask(part, rank, every, size)
