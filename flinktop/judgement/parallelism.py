"""How far a vertex whose subtasks are all busy would have to be scaled, as an estimate with its figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from flinktop.judgement import reach, subtask_load, trails
from flinktop.judgement.wording import percent
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.judgement.subtask_load import Load
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

WANTED_BUSY: Final = 0.8
"""The busy share that a vertex should have, so that it can catch up after a pause."""
_MOST_HELD: Final = 0.95
"""Above that share of backpressure it can't be told how much more a source would send."""


def advice(
    look: JobLook,
    trails_: Mapping[str, Trail],
    one: VertexLook,
    loads: Mapping[int, Load],
    rates: Mapping[int, float],
) -> str:
    """What to do about a vertex whose subtasks are equally busy."""
    now = max(one.vertex.parallelism, len(loads), 1)
    limit = one.vertex.max_parallelism if (one.vertex.max_parallelism or 0) > 0 else None
    if limit is not None and limit <= now:
        return (
            f"its subtasks are equally busy, and its maximal parallelism is {limit}:"
            " make what it does cheaper, or give it keys and a higher maximal parallelism"
        )
    spent = sum(load.busy for load in loads.values() if load.busy is not None)
    more, is_least = _wanted(look, trails_, one)
    if more is None or spent <= 0:
        return "its subtasks are equally busy: raise its parallelism, or make what it does cheaper"
    needed = max(now + 1, math.ceil(spent * more / WANTED_BUSY))
    parts = [
        _true_rate(spent, rates),
        f"its sources would send {'over ' if is_least else ''}{more:.1f} times as much",
    ]
    if limit is not None:
        parts.append(f"maximal parallelism {limit}")
    parts.append(_slots(look, one, min(needed, limit or needed) - now))
    figures = ", ".join(part for part in parts if part)
    if limit is not None and needed > limit:
        return (
            f"its subtasks are equally busy: raise its parallelism from {now} to its maximum of {limit},"
            f" which is not enough at {percent(WANTED_BUSY)} busy (estimate: {needed}; {figures})"
        )
    return (
        f"its subtasks are equally busy: raise its parallelism from {now} to"
        f" {'at least' if is_least else 'about'} {needed} for {percent(WANTED_BUSY)} busy"
        f" (estimate: {figures})"
    )


def _true_rate(spent: float, rates: Mapping[int, float]) -> str:
    total = sum(rates.values())
    return f"a subtask that is always busy reads {fmt.count(total / spent)} records/s" if total > 0 else ""


def _wanted(look: JobLook, trails_: Mapping[str, Trail], one: VertexLook) -> tuple[float | None, bool]:
    """How many times the present records its sources would send unless held back; whether it may be more."""
    whole, sent, is_least = 0.0, 0.0, False
    for source in reach.sources_above(look, one.id):
        shares = [
            load.backpressured
            for load in subtask_load.loads(look, source).values()
            if load.backpressured is not None
        ]
        if not shares:
            return None, False
        share = sum(shares) / len(shares)
        is_least = is_least or share > _MOST_HELD
        rate = (trails.rates(trails_, f"sent in all {source.id}") or (0.0,))[-1] or 1.0
        sent += rate
        whole += rate / (1.0 - min(share, _MOST_HELD))
    return (whole / sent, is_least) if sent > 0 else (None, False)


def _slots(look: JobLook, one: VertexLook, more: int) -> str:
    """The slots that are missing: subtasks of one slot sharing group use the same slots."""
    if look.free_slots is None or more <= 0:
        return ""
    group = one.vertex.slot_sharing_group_id
    widest = max(
        (each.vertex.parallelism for each in look.vertices if each.vertex.slot_sharing_group_id == group),
        default=one.vertex.parallelism,
    )
    needed = max(0, one.vertex.parallelism + more - max(widest, one.vertex.parallelism))
    return f"needs {needed} more slots, {look.free_slots} are free"
