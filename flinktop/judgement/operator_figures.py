"""Metrics of operators and tasks that are asked for a vertex as a whole, and the asks for them.

An unknown id empties the whole answer, so only ids are asked that the vertex lists. One request for each
vertex has them all: what a source has pending, watermarks, errors, late records, and the rates that show
uneven input.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.judgement.ask import SUSPECTED, USUAL, Ask
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
UNEVEN: Final = (rates.RATE_IDS[0], rates.BUSY_ID)
AGGREGATES: Final = "min,max,avg,sum"
_LISTS: Final = 600.0  # seconds: the list changes with the job only
_LONGEST: Final = 200  # characters of an id that is asked for
_MOST: Final = 40  # ids of one vertex

_ASSIGNS = re.compile(r"watermarks?\b|WatermarkAssigner|Timestamps/Watermarks", re.IGNORECASE)


def named(one: VertexLook, metric: str) -> tuple[str, ...]:
    """The listed ids of a metric of the vertex's operators, with their operators."""
    found = (name for name in one.listed or () if name.endswith(f".{metric}") and len(name) <= _LONGEST)
    return tuple(sorted(found))[:_MOST]


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
    return subtask_figures.output_watermark(one.name, named(one, subtask_figures.OUTPUT_WATERMARK))


def assigns_watermarks(one: VertexLook) -> bool:
    """Whether an operator of a vertex with inputs makes watermarks itself: those it takes in end there."""
    text = one.name if one.node is None else f"{one.name} {one.node.description}"
    return bool(one.inputs) and _ASSIGNS.search(text[:20_000]) is not None


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
    if one.inputs and one.vertex.parallelism > 1:
        found += UNEVEN
    return tuple(name for name in dict.fromkeys(found) if name in listed)


def asks(
    look: JobLook,
    trails: Mapping[str, Trail],
    suspects: Collection[str],
    takers: Collection[str],
    sources: Collection[VertexLook],
) -> Iterator[Ask]:
    """The lists of ids, and the figures of each vertex: of sources and suspects with every fetch of Flink.

    `takers` are vertices whose watermarks matter more than those of the others.
    """
    job = look.listed.jid
    for one in look.vertices:
        is_source = one in sources
        size = 2.0 if is_source else 1.0 if one.id in takers else 0.0
        rank = SUSPECTED if one.id in suspects else USUAL
        ids = wanted(look, one)
        # Flink's first answer has no metrics yet; an operator that is gone empties the other one.
        unsure = not one.listed or (bool(ids) and not any(name in one.metrics for name in ids))
        yield Ask(SUBTASKS_METRICS(job=job, vertex=one.id), rank, 30.0 if unsure else _LISTS, size)
        if ids:
            few = len(trail(trails, f"figures {one.id}")) <= 1
            every = 10.0 if is_source or few or one.id in suspects else 30.0 if one.id in takers else 60.0
            query = SUBTASKS_METRICS(job=job, vertex=one.id, get=list(ids), agg=AGGREGATES)
            for part in query.parts():
                yield Ask(part, rank, every, size)
