"""Why some subtasks of a vertex work more than others: their input, their TaskManager, or their records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.judgement.finding import Evidence
from flinktop.judgement.subtask_load import lower_median
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flinktop.model.look import VertexLook

MORE: Final = 1.2
"""A hot subtask that takes in so many times the median has more input."""
MUCH_MORE: Final = 3.0
"""The same where it is worth a word although nothing waits for it yet."""


class Cause(Struct, frozen=True):
    """Why these subtasks are busier."""

    words: str  # a clause, without the subtasks
    next: str
    taskmanager: str | None = None
    evidence: tuple[Evidence, ...] = ()


def cause(
    one: VertexLook, hot: Collection[int], counted: Collection[int], rates: Mapping[int, float]
) -> Cause:
    """The cause, from present rates of records in and from where the subtasks run.

    `counted` are the running subtasks; `rates` is {} while they are not known.
    """
    places = {
        attempt.subtask: attempt.taskmanager_id or attempt.where
        for attempt in (one.subtasks.value.subtasks if one.subtasks is not None else ())
        if attempt.subtask in counted
    }
    known = {index: rate for index, rate in rates.items() if index in counted}
    if not known or any(index not in known for index in hot):
        return Cause(
            "why is not known yet", "open the vertex and compare what its subtasks take in and where they run"
        )
    middle = lower_median(list(known.values())) or 0.0
    most = max(known[index] for index in hot)
    evidence = (
        Evidence("records in, highest of the busy subtasks", round(most, 1), "1/s"),
        Evidence("records in, median of the subtasks", round(middle, 1), "1/s"),
    )
    if most > MORE * middle:
        return Cause(
            f"it takes in {times(most, middle)}the median",
            "look at the keys of its input: spread a hot key, add a salt or aggregate before the exchange;"
            " more subtasks will not help while one key has most of the records",
            evidence=evidence,
        )
    shared = _shared(hot, counted, places)
    if shared is not None:
        return Cause(
            f"with as much input as the others, all on TaskManager {shared}",
            f"look at TaskManager {shared} and its host: load, garbage collection, disks, other processes",
            taskmanager=shared if any(_id(one, index) == shared for index in hot) else None,
            evidence=evidence,
        )
    return Cause(
        "with no more input than the others: its records cost more",
        "look at a flame graph or a thread dump of the busy subtasks: large state of some keys, slow calls",
        evidence=evidence,
    )


def times(most: float, middle: float) -> str:
    """How many times the median, for a sentence."""
    if middle <= 0:
        return f"{fmt.count(most)} records/s and far more than "
    ratio = most / middle
    return f"{ratio:.1f} times " if ratio < 10 else f"{fmt.count(ratio)} times "  # noqa: PLR2004 -- decimals


def _shared(hot: Collection[int], counted: Collection[int], places: Mapping[int, str]) -> str | None:
    """The TaskManager that all busy subtasks are on, and none of the others."""
    where = {places.get(index, "") for index in hot}
    if len(hot) < 2 or len(where) != 1 or "" in where:  # noqa: PLR2004 -- a single one shares nothing
        return None
    place = next(iter(where))
    others = [places.get(index, "") for index in counted if index not in hot]
    return place if others and place not in others and "" not in others else None


def _id(one: VertexLook, index: int) -> str | None:
    found = one.subtasks.value.subtasks if one.subtasks is not None else ()
    return next((each.taskmanager_id for each in found if each.subtask == index), None)
