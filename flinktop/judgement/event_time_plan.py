"""Which vertices work with event time, and where watermarks begin, by what the plan says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flinktop.judgement import operator_figures

if TYPE_CHECKING:
    from flinktop.model.look import JobLook, VertexLook

_TEXT: Final = 50_000  # characters of a description that are read
_WINDOW = re.compile(r"EventTime")
_ASSIGNER = re.compile(r"WatermarkAssigner\(|watermark=\[")
_ROWTIME = re.compile(r"isRowTime=true|\bROWTIME\b|rowtime\b", re.IGNORECASE)
_TIME_COLUMN = re.compile(
    r"time_col=\[([^\]]{1,200})\]|GroupWindow\('[^']{0,200}', ([^,)]{1,200}),|orderBy=\[([^\]\s]{1,200}) ASC"
)
_SQL_WINDOW = re.compile(
    r"Window|IntervalJoin|OverAggregate|MatchRecognize|Match\(|TemporalJoin|TemporalSort"
)
_DECLARED = re.compile(r"rowtime=\[([^\]]{1,200})\]|watermark=\[-?\(?`?(\w{1,200})")


def shows_event_time(look: JobLook) -> frozenset[str]:
    """The vertices whose plan shows that they work with event time or make it."""
    columns = _declared(look)
    return frozenset(one.id for one in look.vertices if _uses(one, columns) or _ASSIGNER.search(_text(one)))


def needing(look: JobLook) -> frozenset[str]:
    """Those that wait for watermarks: windows and joins on event time."""
    columns = _declared(look)
    return frozenset(one.id for one in look.vertices if _uses(one, columns))


def _declared(look: JobLook) -> frozenset[str]:
    """The columns that SQL declares as event time."""
    return frozenset(
        (found[1] or found[2]).strip() for one in look.vertices for found in _DECLARED.finditer(_text(one))
    )


def _uses(one: VertexLook, columns: frozenset[str]) -> bool:
    text = _text(one)
    if _WINDOW.search(text) and "Window" in text:
        return True
    if not _SQL_WINDOW.search(text):
        return False
    named = {next(filter(None, found.groups()), "").strip() for found in _TIME_COLUMN.finditer(text)}
    return bool(named & columns) or _ROWTIME.search(text) is not None


def _text(one: VertexLook) -> str:
    return one.node.description[:_TEXT] if one.node is not None else ""


def takers(look: JobLook) -> frozenset[str]:
    """Those whose watermarks are always read: they need them, or come after one that makes them."""
    after = {each for one in look.vertices if not one.inputs or makes_watermarks(one) for each in one.outputs}
    return frozenset(after) | needing(look)


def makes_watermarks(one: VertexLook) -> bool:
    """Whether watermarks begin in it: in a source, or an operator that assigns them."""
    return not one.inputs or operator_figures.assigns_watermarks(one)
