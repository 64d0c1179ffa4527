"""How busy and how backpressured each running subtask of a vertex is (`…/backpressure`, 1.13+)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.judgement.trails import Note, trail
from flinktop.model.look import OLD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

HOT, FREE, HELD_BACK = 0.9, 0.1, 0.2
"""Shares of time: above the first a subtask is busy, below the second it is not backpressured itself, above
the third an input is backpressured."""
YOUNG: Final = 10_000.0
"""ms after its start in which the figures of a task may still be those of the attempt before."""


class Load(Struct, frozen=True):
    """Shares of a subtask's time, 0 to 1, all from one answer; busy is None for a legacy source."""

    subtask: int
    busy: float | None
    backpressured: float | None
    attempt: int | None = None

    @property
    def is_hot(self) -> bool:
        """Whether it works all the time and nothing after it holds it back."""
        return (
            self.busy is not None
            and self.busy > HOT
            and self.backpressured is not None
            and self.backpressured < FREE
        )


def fetched(one: VertexLook) -> float:
    """When Flink fetched the figures of the newest answer (ms); 0 without one."""
    if one.backpressure is None:
        return 0.0
    end = one.backpressure.value.end_timestamp
    return float(end) if end is not None and end > 0 else one.backpressure.at


def started(look: JobLook, one: VertexLook) -> float:
    """When the present run of a vertex's tasks began (ms)."""
    running = look.job.value.timestamps.get("RUNNING", 0) if look.job is not None else 0
    return float(max(running, one.vertex.start_time, 0))


def running(one: VertexLook) -> frozenset[int] | None:
    """The subtasks that run; None if all of them do. Empty where it is not known which."""
    counts = {state.upper(): count for state, count in one.vertex.tasks.items() if state.lower() != "total"}
    if counts and counts.get("RUNNING", 0) == sum(counts.values()):
        return None
    if one.subtasks is None:
        return frozenset()
    return frozenset(
        attempt.subtask
        for attempt in one.subtasks.value.subtasks
        if attempt.subtask >= 0 and attempt.status.upper() == "RUNNING"
    )


def loads(look: JobLook, one: VertexLook) -> dict[int, Load]:
    """The load of each running subtask, by its index; {} where it is not known, old, or of a run before."""
    answer = one.backpressure
    if answer is None or answer.value.status.lower() != "ok":
        return {}
    at = fetched(one)
    if look.now - at > OLD or at < started(look, one) + YOUNG:
        return {}
    only = running(one)
    return {
        part.subtask: Load(part.subtask, part.busy_ratio, part.ratio, part.attempt_number)
        for part in answer.value.subtasks
        if part.subtask >= 0 and (only is None or part.subtask in only)
    }


def is_withheld(one: VertexLook) -> bool:
    """Whether Flink was asked for the load of a vertex's subtasks and did not tell it."""
    answer = one.backpressure
    return answer is not None and (answer.value.status.lower() != "ok" or not answer.value.subtasks)


def backpressured(found: Mapping[int, Load]) -> float | None:
    """The highest share of time that a subtask waits for those after it; None if it is unknown."""
    return max((one.backpressured for one in found.values() if one.backpressured is not None), default=None)


def median_busy(found: Mapping[int, Load]) -> float | None:
    """The median busy share, of an even number the lower middle one."""
    return lower_median([one.busy for one in found.values() if one.busy is not None])


def lower_median(values: list[float]) -> float | None:
    """The median; of an even number of values the lower middle one."""
    return sorted(values)[(len(values) - 1) // 2] if values else None


# -- attempts ------------------------------------------------------------------------------------------


def notes(look: JobLook) -> Iterator[Note]:
    """The attempts that figures are of, where the answer tells them."""
    for one in look.vertices:
        found = loads(look, one)
        if found:
            tries = tuple((index, load.attempt) for index, load in sorted(found.items()))
            yield Note(f"tries {one.id}", fetched(one), tries)


def is_continued(trails: Mapping[str, Trail], one: VertexLook) -> bool:
    """Whether no subtask was restarted since the fetch before."""
    by_index = [dict(sample.value) for sample in trail(trails, f"tries {one.id}")[-2:]]
    # Releases whose figures don't tell the attempt tell it with the subtasks.
    by_place = [dict(enumerate(sample.value)) for sample in trail(trails, f"runs {one.id}")[-2:]]
    return not any(_is_restarted(*pair) for pair in (by_index, by_place) if len(pair) > 1)


def _is_restarted(before: Mapping[int, object], now: Mapping[int, object]) -> bool:
    return any(
        run is not None and before.get(index) is not None and before[index] != run
        for index, run in now.items()
    )
