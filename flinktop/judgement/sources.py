"""What sources and sinks report of themselves: records pending, silence, errors; late records of windows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from flinktop.judgement import (
    event_time,
    event_time_plan,
    lost_records,
    operator_figures,
    reach,
    subtask_load,
)
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.trails import Note, Sample, trail
from flinktop.judgement.wording import names, short
from flinktop.model import format as fmt
from flinktop.model import rates, subtask_figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.judgement.ask import Ask
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

_AS_TIME: Final = 0.8
"""Seconds of lag a second from which on it grows as fast as time, as far as fetches of 10 s tell."""
_KEEP: Final = 150.0  # seconds
_QUIET_KEEP: Final = 900.0  # seconds
_RECENT: Final = 45_000.0  # ms
_QUIET_RECENT: Final = 150_000.0  # ms: silence of ten minutes is seen with few looks
_FETCHES: Final = 2


def notes(look: JobLook) -> Iterator[Note]:
    """What is pending, what was read, lags, errors and late records, by vertex."""
    if not reach.flows(look) or look.job is None:
        return
    for one in look.vertices:
        if not one.inputs:
            yield from _source_notes(look, one)
        yield from lost_records.notes(one)
        if one.metrics:
            yield Note(f"figures {one.id}", max(taken.at for taken in one.metrics.values()), 0)


def _source_notes(look: JobLook, one: VertexLook) -> Iterator[Note]:
    # Figures that are compared are of one answer: another may be of another fetch.
    pending, read, lag = operator_figures.total(one, operator_figures.PENDING), _read(one), _event_lag(one)
    if pending is not None:
        yield Note(f"pending {one.id}", pending[0], (pending[1], read[1] if read else None), _KEEP)
    if lag is not None:
        yield Note(
            f"event lag {one.id}", lag[0], (lag[1], read[1] if read else None, _lowest_mark(one)), _KEEP
        )
    sent = read if read is not None else _sent(look, one)
    if sent is not None:
        yield Note(f"emitted {one.id}", sent[0], sent[1], _QUIET_KEEP)


def signs(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """A sign for each source that lags, catches up or is silent, and for each vertex that loses records."""
    if not reach.flows(look):
        return
    aligned = [one for one in reach.sources(look) if _is_aligned(one)]
    for one in reach.sources(look):
        if one.vertex.status.upper() == "FINISHED":
            continue
        if one not in aligned:
            yield from _pending(look, trails, one, aligned)
        yield from _silent(look, trails, one, aligned)
    for one in look.vertices:
        yield from lost_records.signs(trails, one)


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The figures of all operators, also those for `event_time`: one request for each vertex has both."""
    if reach.flows(look):
        yield from operator_figures.asks(
            look,
            trails,
            closely={one.id for one in reach.sources(look) if _is_late(look, trails, one)},
            suspects=event_time.suspects(look),
            takers=event_time_plan.takers(look),
        )


def _is_late(look: JobLook, trails: Mapping[str, Trail], one: VertexLook) -> bool:
    """Whether a source has so much before it that every fetch of Flink is wanted."""
    samples = _distinct(look, trail(trails, f"pending {one.id}"))
    if samples and samples[-1].value[0] > 0:
        rate = _rate(samples)
        return not rate or samples[-1].value[0] / rate > look.limits.lag_seconds / 2
    lags = _distinct(look, trail(trails, f"event lag {one.id}"))
    return bool(lags) and lags[-1].value[0] > 1000.0 * look.limits.lag_seconds / 2


def shrinking(look: JobLook, trails: Mapping[str, Trail], vertex: str) -> float | None:
    """Records a second by which what is pending at the sources of a vertex shrinks; None if it does not.

    Sources that don't tell what they have pending are left out.
    """
    whole = 0.0
    for one in reach.sources_above(look, vertex):
        if not operator_figures.named(one, operator_figures.PENDING):
            continue
        samples = _distinct(look, trail(trails, f"pending {one.id}"))[-3:]
        if len(samples) <= _FETCHES:
            return None
        whole += 1000.0 * (samples[0].value[0] - samples[-1].value[0]) / (samples[-1].at - samples[0].at)
    return whole if whole > 0 else None


# -- pending records and lag -------------------------------------------------------------------------------


def _pending(
    look: JobLook, trails: Mapping[str, Trail], one: VertexLook, aligned: list[VertexLook]
) -> Iterator[Sign]:
    samples = _distinct(look, trail(trails, f"pending {one.id}"))
    if not samples:
        if not operator_figures.values(one, operator_figures.PENDING):
            yield from _lagging(look, trails, one, aligned)
        return
    if len(samples) < _FETCHES:
        return
    (before, now), newest = samples[-2:], samples[-1]
    step, seconds = now.value[0] - before.value[0], (now.at - before.at) / 1000.0
    rate = _rate(samples)
    if rate is None or seconds <= 0:
        return
    left = newest.value[0] / rate if rate > 0 else math.inf
    evidence = [
        Evidence("records pending", newest.value[0]),
        Evidence("records read", round(rate, 1), "1/s"),
    ]
    if step > 0 and newest.value[0] > 0 and left > look.limits.lag_seconds:
        grows = (now.value[0] - samples[0].value[0]) / ((now.at - samples[0].at) / 1000.0)
        evidence.append(Evidence("records pending, growth", round(grows, 1), "1/s"))
        takes = f"{fmt.duration(left)} to read" if math.isfinite(left) else "and none is read"
        yield Sign(
            finding=Finding(
                kind=Kind.SOURCE_LAG,
                severity=Severity.WARNING,
                words=f"source-lag: {short(one.name)} has {fmt.count(newest.value[0])} records pending,"
                f" {takes}, and {fmt.count(grows)} more every second",
                next="nothing after it holds the job back: raise its parallelism up to its partitions, or"
                " look at what limits its reading (fetch sizes, quotas, the network)",
                culprit=_culprit(one),
                evidence=(*evidence, *_busy(look, one), *_held(aligned)),
            ),
            fetched=newest.at,
            fetches=_FETCHES,
            begun=before.at,
        )
        return
    most = max(sample.value[0] for sample in samples)
    if step < 0 and (most / rate if rate > 0 else math.inf) > look.limits.lag_seconds:
        shrinks = -step / seconds
        rest = newest.value[0] / shrinks
        evidence.append(Evidence("records pending, shrinking by", round(shrinks, 1), "1/s"))
        evidence.append(Evidence("time left", round(rest, 1), "s"))
        yield Sign(
            finding=Finding(
                kind=Kind.CATCHING_UP,
                severity=Severity.INFO,
                words=f"catching-up: {short(one.name)} has {fmt.count(newest.value[0])} records pending and"
                f" about {fmt.duration(rest)} left at this pace",
                next="wait: what is pending shrinks",
                culprit=_culprit(one),
                evidence=tuple(evidence),
            ),
            fetched=newest.at,
            fetches=_FETCHES,
            begun=before.at,
        )


def _lagging(
    look: JobLook, trails: Mapping[str, Trail], one: VertexLook, aligned: list[VertexLook]
) -> Iterator[Sign]:
    """By the event time of what is read, for sources that don't tell what they have pending."""
    samples = _distinct(look, trail(trails, f"event lag {one.id}"))
    if len(samples) < _FETCHES:
        return
    before, now = samples[-2:]
    (lag_before, sent_before, mark_before), (lag, sent, mark) = before.value, now.value
    seconds = (now.at - before.at) / 1000.0
    reads = sent is not None and sent_before is not None and sent > sent_before
    stands = mark is not None and mark_before is not None and mark <= mark_before
    pace = (lag - lag_before) / 1000.0 / seconds
    if not reads or stands or pace < _AS_TIME or lag <= 1000.0 * look.limits.lag_seconds:
        return
    yield Sign(
        finding=Finding(
            kind=Kind.SOURCE_LAG,
            severity=Severity.WARNING,
            words=f"source-lag: {short(one.name)} emits records that are {fmt.duration(lag / 1000.0)} old,"
            f" and this grows by {pace:.1f} s every second",
            next="nothing after it holds the job back: raise its parallelism up to its partitions, or"
            " look at what limits its reading",
            culprit=_culprit(one),
            evidence=(
                Evidence("event-time lag, highest subtask", round(lag), "ms"),
                Evidence("event-time lag, growth", round(1000.0 * pace), "ms/s"),
                *_busy(look, one),
                *_held(aligned),
            ),
        ),
        fetched=now.at,
        fetches=_FETCHES,
        begun=before.at,
    )


def _silent(
    look: JobLook, trails: Mapping[str, Trail], one: VertexLook, aligned: list[VertexLook]
) -> Iterator[Sign]:
    samples = trail(trails, f"emitted {one.id}")
    if len(samples) < _FETCHES or one in aligned or look.now - samples[-1].at > _QUIET_RECENT:
        return
    if samples[-1].value != samples[-2].value or not any(sample.value > 0 for sample in samples):
        return
    yield Sign(
        finding=Finding(
            kind=Kind.NO_DATA,
            severity=Severity.INFO,
            words=f"no-data: {short(one.name)} has sent no records for 10 minutes",
            next="look at whether anything is written to where it reads from",
            culprit=_culprit(one),
            evidence=(Evidence("records sent so far", max(sample.value for sample in samples)),),
        ),
        fetched=samples[-1].at,
    )


# -- figures -----------------------------------------------------------------------------------------------


def _read(one: VertexLook) -> tuple[float, float] | None:
    """The time and how many records a source's first operator has sent on."""
    name = operator_figures.sent_id(one)
    taken = one.metrics.get(name) if name is not None else None
    return (taken.at, taken.value.sum) if taken is not None and taken.value.sum is not None else None


def _sent(look: JobLook, one: VertexLook) -> tuple[float, float] | None:
    """The same of the vertex, as long as its operators are not known."""
    if look.job is None or not one.outputs or operator_figures.sent_id(one) is not None:
        return None
    sent = one.vertex.metrics.records_out
    return (look.job.at, float(sent)) if sent is not None else None


def _event_lag(one: VertexLook) -> tuple[float, float] | None:
    """The time and the highest lag of what a source emits, ms."""
    if one.inputs:
        return None
    found = [
        (taken.at, taken.value.max)
        for taken in operator_figures.values(one, operator_figures.EVENT_LAG)
        if taken.value.max is not None
    ]
    highest = max(found, key=lambda each: each[1], default=None)
    # Records without a timestamp are older than Flink, or of the far future.
    return highest if highest is not None and 0 <= highest[1] < _NO_LAG else None


_NO_LAG: Final = 30 * 365 * 86_400_000.0


def _lowest_mark(one: VertexLook) -> float | None:
    """The lowest watermark that leaves a source; None if it has none, or its input has ended."""
    found = operator_figures.values(one, subtask_figures.OUTPUT_WATERMARK)
    marks = [taken.value.min for taken in found if taken.value.min is not None]
    known = [mark for mark in marks if abs(mark) < _NO_MARK]
    return min(known, default=None)


_NO_MARK: Final = 9.2e18


def _is_aligned(one: VertexLook) -> bool:
    """Whether watermark alignment holds a source back, since it is ahead of the others (1.15+)."""
    found = operator_figures.values(one, operator_figures.DRIFT)
    return any(0 < (taken.value.max or 0.0) < _NO_MARK for taken in found)


def _distinct(look: JobLook, samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """Samples of different fetches of Flink, () if they are old.

    Two answers are of one fetch where nothing has changed, even if they came ten seconds apart.
    """
    found: list[Sample] = []
    for sample in samples:
        if not found or sample.value != found[-1].value:
            found.append(sample)
    return tuple(found) if found and look.now - found[-1].at <= _RECENT else ()


def _rate(samples: tuple[Sample, ...]) -> float | None:
    """Records read a second; None if that is unknown or the source was restarted."""
    values: list[Any] = [sample.value[1] for sample in samples]
    if None in values or values != sorted(values):
        return None
    seconds = (samples[-1].at - samples[0].at) / 1000.0
    return float(values[-1] - values[0]) / seconds if seconds > 0 else None


def _busy(look: JobLook, one: VertexLook) -> Iterator[Evidence]:
    """How busy its subtasks are: a source that works all the time is what limits the job."""
    loads = subtask_load.loads(look, one).values()
    busy = max((1000.0 * load.busy for load in loads if load.busy is not None), default=None)
    mean = one.metrics.get(rates.BUSY_ID)
    busy = mean.value.max if busy is None and mean is not None else busy
    if busy is not None:
        yield Evidence(f"busy, highest subtask of {short(one.name)}", round(busy, 1), "ms/s")


def _held(aligned: list[VertexLook]) -> Iterator[Evidence]:
    if aligned:
        yield Evidence("sources held back by watermark alignment", names(one.name for one in aligned))


def _culprit(one: VertexLook) -> Culprit:
    return Culprit(vertex=one.id, vertex_name=one.name)
