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
            f"its subtasks are about equally busy, and its maximal parallelism is {limit}:"
            " make what it does cheaper, or give it keys and a higher maximal parallelism"
        )
    spent = sum(load.busy for load in loads.values() if load.busy is not None)
    share, more = _held_back(look, trails_, one)
    if share is None or spent <= 0:
        return "its subtasks are about equally busy: raise its parallelism, or make what it does cheaper"
    is_known = share <= _MOST_HELD
    wanted = max(now + 1, math.ceil(spent * more / WANTED_BUSY) if is_known else 2 * now)
    needed = min(wanted, limit or wanted)
    would = (
        f"its sources would send up to {more:.1f} times as much"
        if is_known
        else f"its sources wait {percent(share)} of the time, so how much more they'd send can't be told"
    )
    figures = [
        _true_rate(spent, rates),
        would,
        f"maximal parallelism {limit}" if limit is not None else "",
        _slots(look, one, needed - now),
    ]
    goal = f"to about {needed} for {percent(WANTED_BUSY)} busy" if is_known else f"to {needed} and look again"
    if needed < wanted:
        goal = f"to its maximum of {needed}, though {wanted} would be needed for {percent(WANTED_BUSY)} busy"
    return (
        f"its subtasks are about equally busy: raise its parallelism from {now} {goal}"
        f" (estimate: {', '.join(filter(None, figures))})"
    )


def _true_rate(spent: float, rates: Mapping[int, float]) -> str:
    total = sum(rates.values())
    return f"a subtask that is always busy reads {fmt.count(total / spent)} records/s" if total > 0 else ""


def _held_back(look: JobLook, trails_: Mapping[str, Trail], one: VertexLook) -> tuple[float | None, float]:
    """The share of time that its sources wait, and how many times as much they would send without."""
    whole, sent, most = 0.0, 0.0, None
    for source in reach.sources_above(look, one.id):
        shares = [
            load.backpressured
            for load in subtask_load.loads(look, source).values()
            if load.backpressured is not None
        ]
        if not shares:
            return None, 1.0
        share = sum(shares) / len(shares)
        most = share if most is None else max(most, share)
        rate = (trails.rates(trails_, f"sent in all {source.id}") or (0.0,))[-1] or 1.0
        sent += rate
        whole += rate / (1.0 - min(share, _MOST_HELD))
    return most, whole / sent if sent > 0 else 1.0


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
