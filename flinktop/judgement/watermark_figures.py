"""The watermarks that a vertex's subtasks take in and send out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.flink.metrics import watermark
from flinktop.flink.numbers import LONG_MAX, subtask_index
from flinktop.judgement import operator_figures, subtask_load
from flinktop.judgement.trails import Sample
from flinktop.model import rates, watermarks
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK

if TYPE_CHECKING:
    from flinktop.model.look import JobLook, VertexLook


class Span(Struct, frozen=True):
    """The lowest and the highest watermark of a vertex's subtasks, and when that was answered (ms)."""

    lowest: float  # NO_WATERMARK where one has none, ENDED where all have ended
    highest: float
    at: float


def _is_now(look: JobLook, one: VertexLook, at: float) -> bool:
    return at >= subtask_load.started(look, one) + subtask_load.YOUNG


def taken_in(look: JobLook, one: VertexLook) -> Span | None:
    """What a vertex's subtasks take in."""
    taken = one.metrics.get(rates.WATERMARK_ID)
    if taken is not None and taken.value.min is not None and _is_now(look, one, taken.at):
        return Span(_mark(taken.value.min), _mark(taken.value.max), taken.at)
    if one.watermarks is not None and _is_now(look, one, one.watermarks.at):
        found = watermarks.marks(one.watermarks.value).values()
        if found:
            return Span(min(found), max(found), one.watermarks.at)
    return None


def sent_out(look: JobLook, one: VertexLook) -> Span | None:
    """What leaves a vertex's subtasks."""
    name = operator_figures.output_watermark(one)
    taken = one.metrics.get(name) if name is not None else None
    if taken is None or taken.value.min is None or not _is_now(look, one, taken.at):
        return None
    return Span(_mark(taken.value.min), _mark(taken.value.max), taken.at)


def by_subtask(look: JobLook, one: VertexLook) -> dict[int, Sample]:
    """The watermark that leaves each running subtask."""
    name = operator_figures.output_watermark(one)
    only, found = subtask_load.running(one), {}
    for metric, taken in one.by_subtask.items() if name is not None else ():
        first, _, rest = metric.partition(".")
        index = subtask_index(first)
        if rest != name or index is None or taken.value.value is None or not _is_now(look, one, taken.at):
            continue
        if only is None or not only or index in only:
            number = taken.value.number
            if number is not None:
                found[index] = Sample(taken.at, _exact(taken.value.value))
    return found


def _mark(value: float | None) -> float:
    found = watermark(value)
    return NO_WATERMARK if found is None else ENDED if found >= LONG_MAX else float(found)


def _exact(text: str) -> float:
    try:
        number: int | float = int(text)
    except ValueError:
        number = float(text)
    return _mark(number)
