"""Which vertices work with event time, and where watermarks begin, by what the plan says."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from flinktop.model.look import JobLook, VertexLook

_TEXT: Final = 50_000  # characters of a description that are read
_ASSIGNS = re.compile(r"watermarks?\b|WatermarkAssigner", re.IGNORECASE)
_SQL_ASSIGNS = re.compile(r"WatermarkAssigner\(|watermark=\[")
_ROWTIME = re.compile(r"isRowTime=true|\browtime\b", re.IGNORECASE)
_TIME_COLUMN = re.compile(
    r"time_col=\[([^\]]{1,200})\]|GroupWindow\('[^,']{0,200}'?, ([^,)]{1,200})"
    r"|orderBy=\[([^\],\s]{1,200}) ASC"
)
_SQL_WINDOW = re.compile(r"Window|IntervalJoin|OverAggregate|Match|TemporalJoin|TemporalSort")
_DECLARED = re.compile(r"rowtime=\[([^\]]{1,200})\]|watermark=\[-?\(?`?(\w{1,200})")


class _Shown(Struct, frozen=True):
    """What a description shows."""

    event_time: bool  # of itself, whatever the columns are
    declares: frozenset[str]  # columns that are event time from here on
    columns: frozenset[str]  # by which windows and joins are made
    assigns: bool  # in SQL


@lru_cache(maxsize=8192)
def _shown(description: str) -> _Shown:
    text = description[:_TEXT]
    in_sql = _SQL_WINDOW.search(text) is not None
    return _Shown(
        ("EventTime" in text and "Window" in text) or (in_sql and _ROWTIME.search(text) is not None),
        frozenset((found[1] or found[2]).strip() for found in _DECLARED.finditer(text)),
        frozenset(
            next(filter(None, found.groups()), "").strip() for found in _TIME_COLUMN.finditer(text) if in_sql
        ),
        _SQL_ASSIGNS.search(text) is not None,
    )


def _of(one: VertexLook) -> _Shown:
    return _shown(one.node.description if one.node is not None else "")


def shows_event_time(look: JobLook) -> frozenset[str]:
    """The vertices whose plan shows that they work with event time or, in SQL, declare it."""
    return needing(look) | {one.id for one in look.vertices if _of(one).assigns}


def needing(look: JobLook) -> frozenset[str]:
    """Those that wait for watermarks: windows and joins on event time."""
    declared: frozenset[str] = frozenset().union(*(_of(one).declares for one in look.vertices))
    return frozenset(
        one.id for one in look.vertices if _of(one).event_time or not declared.isdisjoint(_of(one).columns)
    )


def takers(look: JobLook) -> frozenset[str]:
    """Those whose watermarks are always read: they need them, or come after one that makes them."""
    return needing(look) | {each for one in look.vertices if makes_watermarks(one) for each in one.outputs}


def makes_watermarks(one: VertexLook) -> bool:
    """Whether watermarks begin in it: in a source, or an operator that assigns them."""
    return not one.inputs or assigns_watermarks(one)


def assigns_watermarks(one: VertexLook) -> bool:
    """Whether an operator of a vertex with inputs makes watermarks itself: those it takes in end there."""
    description = one.node.description if one.node is not None else ""
    return bool(one.inputs) and _assigns(one.name, description)


@lru_cache(maxsize=8192)
def _assigns(name: str, description: str) -> bool:
    return any(_ASSIGNS.search(text[:_TEXT]) is not None for text in (name, description))
