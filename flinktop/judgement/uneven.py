"""Why some subtasks of a vertex work more than others: their input, their TaskManager, or their records."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.judgement.finding import Evidence
from flinktop.judgement.subtask_load import lower_median
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flinktop.judgement.subtask_load import Load
    from flinktop.model.look import VertexLook

MORE: Final = 1.2
"""A hot subtask that takes in so many times the median has more input."""
MUCH_MORE: Final = 3.0
"""The same where it is worth a word although nothing waits for it yet."""


_DEAR: Final = 5.0
"""A record of the hot subtask that costs so many times more than its input is larger: then it is the cost."""


class Cause(Struct, frozen=True):
    """Why these subtasks are busier."""

    words: str  # a clause, without the subtasks
    next: str
    taskmanager: str | None = None
    evidence: tuple[Evidence, ...] = ()


_KEYS = (
    "look at the keys of its input: spread a hot key, add a salt or aggregate before the exchange;"
    " more subtasks will not help while one key has most of the records"
)
_COSTS = "look at a flame graph or a thread dump of the busy subtasks: large state of some keys, slow calls"


def cause(
    one: VertexLook, hot: Collection[int], loads: Mapping[int, Load], rates: Mapping[int, float]
) -> Cause:
    """The cause, from present rates of records in, from what a record costs, and from where the subtasks run.

    `loads` are those of all running subtasks; `rates` is {} while they are not known. More input is not the
    cause where the records of the hot subtask cost far more than those of the others: hashing alone spreads
    a hundred keys unevenly by a third.
    """
    known = {index: rate for index, rate in rates.items() if index in loads}
    if not known or any(index not in known for index in hot):
        return Cause(
            "why is not known yet", "open the vertex and compare what its subtasks take in and where they run"
        )
    middle = lower_median(list(known.values())) or 0.0
    most = max(known[index] for index in hot)
    evidence: tuple[Evidence, ...] = (
        Evidence("records in, highest of the busy subtasks", round(most, 1), "1/s"),
        Evidence("records in, median of the subtasks", round(middle, 1), "1/s"),
    )
    more = most / middle if middle > 0 else math.inf
    dearer = _dearer(hot, loads, known)
    if dearer is not None:
        evidence = (*evidence, Evidence("time for a record, times the median", round(dearer, 1)))
    shared = _shared(hot, loads, _places(one, loads))
    has_more = more > MORE
    if has_more and (dearer is None or dearer <= more or (shared is None and dearer <= _DEAR * more)):
        return Cause(f"it takes in {times(most, middle)}the median", _KEYS, evidence=evidence)
    takes = (
        f"takes in only {times(most, middle)}the median" if has_more else "takes in no more than the others"
    )
    if shared is not None:
        taskmanager, name = shared
        return Cause(
            f"all on TaskManager {name}, which {takes}",
            f"look at TaskManager {name} and its host: load, garbage collection, disks, other processes",
            taskmanager=taskmanager,
            evidence=evidence,
        )
    return Cause(f"it {takes}: its records cost more", _COSTS, evidence=evidence)


def _dearer(hot: Collection[int], loads: Mapping[int, Load], rates: Mapping[int, float]) -> float | None:
    """How many times the median's time a record of the hot subtasks takes; None if that can't be told."""
    spent: dict[int, float] = {}
    for index, rate in rates.items():
        busy = loads[index].busy
        if rate > 0 and busy is not None:
            spent[index] = busy / rate
    middle = lower_median([cost for index, cost in spent.items() if index not in hot])
    highest = max((spent[index] for index in hot if index in spent), default=None)
    return highest / middle if highest is not None and middle else None


def times(most: float, middle: float) -> str:
    """How many times the median, for a sentence."""
    if middle <= 0:
        return f"{fmt.count(most)} records/s and far more than "
    ratio = most / middle
    return f"{ratio:.1f} times " if ratio < 10 else f"{fmt.count(ratio)} times "  # noqa: PLR2004 -- decimals


def _places(one: VertexLook, loads: Mapping[int, Load]) -> dict[int, tuple[str | None, str]]:
    """The TaskManager of each running subtask: its id, if the release tells it, and a name for it."""
    return {
        attempt.subtask: (attempt.taskmanager_id, attempt.taskmanager_id or attempt.where)
        for attempt in (one.subtasks.value.subtasks if one.subtasks is not None else ())
        if attempt.subtask in loads and (attempt.taskmanager_id or attempt.where)
    }


def _shared(
    hot: Collection[int], loads: Mapping[int, Load], places: Mapping[int, tuple[str | None, str]]
) -> tuple[str | None, str] | None:
    """The TaskManager that all busy subtasks are on, and none of the others."""
    where = {places.get(index) for index in hot}
    place = next(iter(where), None)
    if len(hot) < 2 or len(where) != 1 or place is None:  # noqa: PLR2004 -- a single one shares nothing
        return None
    others = [places.get(index) for index in loads if index not in hot]
    return place if others and place not in others and None not in others else None
