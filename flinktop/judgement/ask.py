"""A closer look that a judgement wants: a query and how much it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query

URGENT, SUSPECTED, BELOW, USUAL = range(4)
"""Ranks: of what the list of jobs or a sum shows to be unhealthy, of what looks so, of what is next to it, of
what is looked at anyway. The lowest is asked first.
"""
METRICS_SECONDS: Final = 10.0
"""Flink fetches its metrics no more often."""


class Ask(Struct, frozen=True):
    """One query; it is sent again when its newest answer is `every` seconds old."""

    query: Query[Any]
    rank: int = USUAL
    every: float = METRICS_SECONDS
    size: float = 0.0  # of asks of one rank the largest first: ms/s of backpressure and the like
