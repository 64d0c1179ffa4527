"""Where event time stands still: the subtask whose watermark holds the others back, or all of a vertex's.

Watermarks are judged where they are taken in. What leaves a subtask is the watermark of the last operator of
its chain; what a vertex takes in is the lowest of all its inputs, without those that are marked idle.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.judgement import event_time_plan, operator_figures, reach, subtask_load, watermark_figures
from flinktop.judgement.ask import METRICS_SECONDS, SUSPECTED, Ask
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.trails import Note, trail
from flinktop.judgement.wording import names, short, some
from flinktop.model import format as fmt
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from flinktop.judgement.holds import Key
    from flinktop.judgement.trails import Sample, Trail
    from flinktop.model.look import JobLook, VertexLook

BEHIND: Final = 30_000.0
"""ms behind the foremost subtask from which on one holds the others back."""
BEHIND_AT_ONCE: Final = 60_000.0
"""The same where nobody looks again."""
STILL: Final = 60_000.0
"""ms for which all watermarks of a vertex must stand still, or must not have come, while records pass."""
_KEEP: Final = 180.0  # seconds
_AT_ONCE: Final = 25_000.0  # ms between answers whose watermarks can be compared
_OFTEN: Final = 8  # fetches after which a finding is raised
_MOST_ASKED: Final = 500  # subtasks up to which each one's watermark is asked


def notes(look: JobLook) -> Iterator[Note]:
    """What is taken in and sent out, and the records that pass meanwhile."""
    if not reach.flows(look) or look.job is None:
        return
    for one in look.vertices:
        span = watermark_figures.taken_in(look, one)
        if span is not None:
            value = (span.lowest, span.highest, one.vertex.metrics.records_in)
            yield Note(f"marks in {one.id}", span.at, value, _KEEP)
        sent = watermark_figures.sent_out(look, one)
        if sent is not None:
            yield Note(f"marks out {one.id}", sent.at, (sent.lowest, sent.highest), _KEEP)
        for index, sample in watermark_figures.by_subtask(look, one).items():
            yield Note(f"mark {index} {one.id}", sample.at, sample.value, _KEEP)


# -- signs -------------------------------------------------------------------------------------------------


def signs(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """A sign for each vertex that waits for a watermark, the first on each way from the sources."""
    if not reach.flows(look):
        return
    if not any(one.metrics or one.watermarks is not None for one in look.vertices):
        return
    found, shown = look.by_id, event_time_plan.shows_event_time(look)
    needs = event_time_plan.needing(look)
    waiting: set[str] = set()  # what is stuck, and all below it
    named: set[str] = set()
    for one in look.vertices:
        if any(each in waiting for each in one.inputs):
            waiting.add(one.id)
        if not one.inputs or event_time_plan.assigns_watermarks(one) or one.id in waiting:
            continue
        sign = _held_back(look, trails, one, shown)
        if sign is None and not _is_seen_by_subtask(look, found, one):
            sign = _standing(look, trails, one, shown)
            if sign is None and one.id in needs:
                sign = _never_seen(look, trails, one)
        if sign is not None:
            waiting.add(one.id)
            if sign.finding.culprit.vertex not in named:
                named.add(sign.finding.culprit.vertex or "")
                yield sign


def suspects(look: JobLook) -> frozenset[str]:
    """The vertices whose watermarks differ much, what takes those in and what is below."""
    found, wide = look.by_id, set()
    for one in look.vertices:
        if not one.inputs or event_time_plan.assigns_watermarks(one):
            continue
        if _is_uneven(look, found, one):
            wide |= {one.id, *one.inputs, *one.outputs}
    return frozenset(wide & found.keys())


def _is_uneven(look: JobLook, found: Mapping[str, VertexLook], one: VertexLook) -> bool:
    spans = [watermark_figures.sent_out(look, found[each]) for each in one.inputs if each in found]
    known = [span for span in spans if span is not None]
    foremost = max(
        (mark for span in known for mark in (span.lowest, span.highest) if math.isfinite(mark)),
        default=None,
    )
    lowest = min((span.lowest for span in known), default=ENDED)
    return foremost is not None and foremost - lowest > BEHIND and _merges(one)


def _is_seen_by_subtask(look: JobLook, found: Mapping[str, VertexLook], one: VertexLook) -> bool:
    """Whether the watermark of each subtask above is asked, so that it is known which one holds it back."""
    above = [found[each] for each in one.inputs if each in found]
    return _is_uneven(look, found, one) and all(0 < each.vertex.parallelism <= _MOST_ASKED for each in above)


def _merges(one: VertexLook) -> bool:
    """Whether a subtask of it takes in from several: one to one, none can hold back others."""
    inputs = one.node.inputs if one.node is not None else ()
    return len(one.inputs) > 1 or any(each.ship_strategy.upper() != "FORWARD" for each in inputs)


def unseen(look: JobLook, trails: Mapping[str, Trail]) -> frozenset[Key]:
    """The signs of which it is not known whether they are still there: their figures are old by now."""
    if not reach.flows(look):
        return frozenset()
    found = look.by_id
    old = {one.id for one in look.vertices if _is_out_of_sight(look, trails, found, one)}
    return frozenset((Kind.WATERMARK_STUCK, vertex, "") for vertex in old | reach.all_above(found, old))


def _is_out_of_sight(
    look: JobLook, trails: Mapping[str, Trail], found: Mapping[str, VertexLook], one: VertexLook
) -> bool:
    """Whether its subtasks' watermarks were known and are old now, and no others say that all is well."""
    if one.vertex.status.upper() != "RUNNING" or not trail(trails, f"mark 0 {one.id}"):
        return False
    takers = [found[each] for each in one.outputs if each in found]
    above = [found[each] for taker in takers for each in taker.inputs if each in found]
    spans = [watermark_figures.sent_out(look, each) for each in above]
    is_well = None not in spans and not any(_is_uneven(look, found, taker) for taker in takers)
    return not watermark_figures.by_subtask(look, one) and not is_well


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The watermark of each subtask of those whose watermarks differ; `sources` asks for all others."""
    if not reach.flows(look):
        return
    found = look.by_id
    above = {
        each
        for one in look.vertices
        if one.inputs and not event_time_plan.assigns_watermarks(one) and _is_uneven(look, found, one)
        for each in one.inputs
    }
    for one in look.vertices:
        name = operator_figures.output_watermark(one) if one.id in above else None
        if name is None or not 0 < one.vertex.parallelism <= _MOST_ASKED:
            continue
        every = METRICS_SECONDS if len(trail(trails, f"mark 0 {one.id}")) < _OFTEN else 20.0
        each = [f"{index}.{name}" for index in range(one.vertex.parallelism)]
        for part in VERTEX_METRICS(job=look.listed.jid, vertex=one.id, get=each).parts():
            yield Ask(part, SUSPECTED, every)


def _held_back(
    look: JobLook, trails: Mapping[str, Trail], one: VertexLook, shown: frozenset[str]
) -> Sign | None:
    """(a): a subtask above is behind the others or has no watermark, and does not move."""
    found = look.by_id
    if not _merges(one):
        return None
    marks = {
        (each, index): sample
        for each in one.inputs
        if each in found
        for index, sample in watermark_figures.by_subtask(look, found[each]).items()
        if sample.value != ENDED
    }
    newest = max((sample.at for sample in marks.values()), default=0.0)
    marks = {key: sample for key, sample in marks.items() if newest - sample.at <= _AT_ONCE}
    foremost = max((sample.value for sample in marks.values()), default=NO_WATERMARK)
    if not math.isfinite(foremost):
        return None
    lowest = min(sample.value for sample in marks.values())
    if foremost - lowest <= BEHIND or not _waits(look, found, one, lowest):
        return None
    still = {
        key: since
        for key, sample in marks.items()
        if foremost - sample.value > BEHIND
        and (since := _still_since(trails, *key, subtask_load.started(look, found[key[0]]))) is not None
    }
    if not still:
        return None
    first = min(still, key=lambda key: (marks[key].value, one.inputs.index(key[0]), key[1]))
    lows = tuple(sorted(index for each, index in still if each == first[0]))
    origin, subtasks = _origin(look, found, first[0], lows, marks[first].value)
    culprit = found[origin]
    behind = foremost - marks[first].value
    which = f", {some(subtasks, culprit.vertex.parallelism)}" if subtasks else ""
    has = "have" if len(subtasks) > 1 else "has"
    state = (
        f"{has} no watermark while others have one"
        if not math.isfinite(behind)
        else f"{'is' if has == 'has' else 'are'} {fmt.duration(behind / 1000.0)} behind the foremost"
        f" and {'does' if has == 'has' else 'do'} not move"
    )
    return Sign(
        finding=Finding(
            kind=Kind.WATERMARK_STUCK,
            severity=_severity(found, shown, one.id, origin),
            words=f"watermark-stuck: {short(culprit.name)}{which} {state};"
            f" {short(one.name)} waits for {'it' if has == 'has' else 'them'}",
            next=_next(trails, culprit, subtasks),
            culprit=Culprit(vertex=culprit.id, vertex_name=culprit.name, subtasks=subtasks),
            evidence=(
                Evidence("watermark of the foremost subtask", round(foremost), "ms"),
                Evidence("behind it", round(behind) if math.isfinite(behind) else None, "ms"),
                Evidence("waits for it", short(one.name)),
            ),
        ),
        fetched=marks[first].at,
        fetches=2,
        begun=still[first],
        one_look=behind > BEHIND_AT_ONCE,
    )


def _next(trails: Mapping[str, Trail], one: VertexLook, subtasks: Sequence[int]) -> str:
    sent = trail(trails, f"emitted {one.id}")[-_SAMPLES:]
    if len(subtasks) >= one.vertex.parallelism and len(sent) == _SAMPLES and sent[0].value < sent[1].value:
        return (
            "records come from there all the same: compare their timestamps with those of the other sources,"
            " and look at the watermark strategy"
        )
    still = "it still gets" if len(subtasks) == 1 else "they still get"
    return (
        f"see whether {still} records: what is idle needs withIdleness in its watermark strategy"
        " (table.exec.source.idle-timeout in SQL)"
    )


def _waits(look: JobLook, found: Mapping[str, VertexLook], one: VertexLook, lowest: float) -> bool:
    """Whether a watermark holds back what takes it in.

    What is marked idle holds back nothing: the vertex, or one below it, is further then.
    """
    own = watermark_figures.taken_in(look, one)
    if own is None or own.lowest > lowest:
        return False
    below = [watermark_figures.taken_in(look, found[each]) for each in reach.below(found, one.id)]
    return not any(span is not None and lowest < span.lowest < ENDED for span in below)


def _origin(
    look: JobLook, found: Mapping[str, VertexLook], vertex: str, subtasks: tuple[int, ...], mark: float
) -> tuple[str, tuple[int, ...]]:
    """Where a watermark comes from that some subtasks only hand on, with the subtasks there.

    All subtasks of a vertex are behind alike where one above them is; one to one, each is as far as its own.
    """
    seen = {vertex}
    while True:
        one = found[vertex]
        if event_time_plan.makes_watermarks(one) or (_merges(one) and len(subtasks) < one.vertex.parallelism):
            return vertex, subtasks
        spans = {
            each: span
            for each in one.inputs
            if each in found
            and each not in seen
            and (span := watermark_figures.sent_out(look, found[each])) is not None
            and span.lowest <= mark
        }
        above = min(spans, key=lambda each: spans[each].lowest, default=None)
        if above is None:
            return vertex, subtasks
        if _merges(one):
            whole = range(max(found[above].vertex.parallelism, 0))
            known = watermark_figures.by_subtask(look, found[above])
            low = [index for index in whole if index in known and known[index].value <= mark]
            subtasks = tuple(low or (whole if spans[above].highest <= mark else ()))
        vertex = above
        seen.add(vertex)


def _standing(
    look: JobLook, trails: Mapping[str, Trail], one: VertexLook, shown: frozenset[str]
) -> Sign | None:
    """(b): all watermarks that a vertex takes in stand still while records pass."""
    samples, span = trail(trails, f"marks in {one.id}"), watermark_figures.taken_in(look, one)
    if span is None or not samples or not math.isfinite(span.lowest) or not math.isfinite(span.highest):
        return None
    same = _tail(samples, lambda value: value[:2] == (span.lowest, span.highest))
    if len(same) < _SAMPLES or not _pass(same):
        return None
    lasted, behind = same[-1].at - same[0].at, look.now - span.lowest
    found = look.by_id
    above = reach.sources_above(look, one.id)
    culprit = _furthest_back(look, above) or one
    return Sign(
        finding=Finding(
            kind=Kind.WATERMARK_STUCK,
            severity=_severity(found, shown, one.id, *(each.id for each in above)),
            words=f"watermark-stuck: all watermarks that {short(one.name)} takes in stand still for"
            f" {fmt.duration(lasted / 1000.0)} while records pass; they come from"
            f" {names(each.name for each in above) if above else 'above it'}",
            next="compare the timestamps of the records that the sources read with the watermark: they are"
            " not newer than it, or a watermark generator has stopped",
            culprit=Culprit(vertex=culprit.id, vertex_name=culprit.name),
            evidence=(
                Evidence("watermark taken in", round(span.lowest), "ms"),
                Evidence("stands still for", round(lasted / 1000.0, 1), "s"),
                Evidence("records in meanwhile", same[-1].value[2] - same[0].value[2]),
                Evidence("behind the cluster's clock", round(behind), "ms"),
            ),
        ),
        fetched=span.at,
        lasted=lasted >= STILL,
        fetches=len(same),
        begun=same[0].at,
        # A watermark that stands still for a minute is at least so far behind.
        one_look=behind > STILL,
    )


def _never_seen(look: JobLook, trails: Mapping[str, Trail], one: VertexLook) -> Sign | None:
    """(c): no watermark has come to a vertex that needs them, though records do."""
    samples, span = trail(trails, f"marks in {one.id}"), watermark_figures.taken_in(look, one)
    if span is None or span.highest != NO_WATERMARK or not samples:
        return None
    same = _tail(samples, lambda value: value[1] == NO_WATERMARK)
    if len(same) < _SAMPLES or not _pass(same):
        return None
    lasted, taken = same[-1].at - same[0].at, same[-1].value[2]
    pace = (taken - same[0].value[2]) / lasted if lasted > 0 else 0.0
    above = reach.sources_above(look, one.id)
    culprit = _furthest_back(look, above) or one
    # At the present pace so many records have come for so long.
    coming = min(taken / pace if pace > 0 else 0.0, look.now - subtask_load.started(look, one))
    return Sign(
        finding=Finding(
            kind=Kind.WATERMARK_STUCK,
            severity=Severity.WARNING,
            words=f"watermark-stuck: {short(one.name)} works with event time and takes in records, but no"
            f" watermark has come from {names(each.name for each in above) if above else 'above it'}",
            next="give the sources a watermark strategy, and look for one that emits no records and is not"
            " marked idle",
            culprit=Culprit(vertex=culprit.id, vertex_name=culprit.name),
            evidence=(
                Evidence("records in", taken),
                Evidence("no watermark for", round(max(lasted, coming) / 1000.0, 1), "s"),
                Evidence("waits for it", short(one.name)),
            ),
        ),
        fetched=span.at,
        lasted=max(lasted, coming) >= STILL,
        fetches=len(same),
        begun=same[0].at,
        one_look=False,
    )


def _furthest_back(look: JobLook, sources: Sequence[VertexLook]) -> VertexLook | None:
    """The source with the lowest watermark, as far as they are known; else the first."""
    spans = {one.id: watermark_figures.sent_out(look, one) for one in sources}
    lowest = {one: span.lowest for one, span in spans.items() if span is not None}
    return min(sources, key=lambda one: lowest.get(one.id, ENDED), default=None)


_SAMPLES: Final = 2


def _still_since(trails: Mapping[str, Trail], vertex: str, subtask: int, started: float) -> float | None:
    """Since when a subtask's watermark has been the same; None if it has just changed or was seen once.

    What was seen before the vertex `started` (ms since 1970) is of another attempt.

    Where the lowest of all was as low before, it was this one's, as watermarks never fall.
    """
    samples = [one for one in trail(trails, f"mark {subtask} {vertex}") if one.at >= started]
    if not samples:
        return None
    mark = samples[-1].value
    same = _tail(samples, lambda value: value == mark)
    sent = [one for one in trail(trails, f"marks out {vertex}") if started <= one.at < same[0].at]
    before = _tail(sent, lambda span: span[0] == mark)
    if before and same[-1].at - before[0].at >= METRICS_SECONDS * 1000.0:
        return before[0].at
    return same[0].at if len(same) >= _SAMPLES else None


def _tail(samples: Sequence[Sample], holds: Callable[[Any], bool]) -> Sequence[Sample]:
    """The last samples for all of which something holds."""
    first = len(samples)
    while first > 0 and holds(samples[first - 1].value):
        first -= 1
    return samples[first:]


def _pass(samples: Sequence[Sample]) -> bool:
    """Whether records came in all the time, as far as Flink's fetches tell."""
    counts = [sample.value[2] for sample in samples]
    return None not in counts and counts == sorted(counts) and counts[-1] > counts[0]


def _severity(found: Mapping[str, VertexLook], shown: frozenset[str], *vertices: str) -> Severity:
    """A warning where something that uses event time waits, else worth a word."""
    reached = {each for one in vertices for each in (one, *reach.below(found, one))}
    return Severity.WARNING if reached & shown else Severity.INFO
