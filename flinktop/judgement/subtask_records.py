"""Records that went in and out of each subtask, by the totals of the last answers about its vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flinktop.judgement.trails import Note, Sample, trail

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

_RECENT: Final = 120_000.0
"""ms: totals that are further back say nothing of the present rate."""
_STILL: Final = 15_000.0
"""ms that totals must stand still: Flink fetches them every 10 s, so two answers may be of one fetch."""
_STILL_FETCHES: Final = 3

TAKEN, SENT = "taken", "sent"


def notes(look: JobLook) -> Iterator[Note]:
    """What each subtask took in, sent and spent, and which attempt that is of."""
    for one in look.vertices:
        if one.subtasks is None:
            continue
        attempts = {
            attempt.subtask: attempt
            for attempt in one.subtasks.value.subtasks
            if attempt.subtask >= 0 and attempt.status.upper() == "RUNNING"
        }
        if not attempts:
            continue
        known = [attempts.get(index) for index in range(max(attempts) + 1)]
        figures: dict[str, tuple[Any, ...]] = {
            TAKEN: tuple(each.metrics.records_in if each is not None else None for each in known),
            SENT: tuple(each.metrics.records_out if each is not None else None for each in known),
            "spent": tuple(
                each.metrics.accumulated_busy_time if each is not None else None for each in known
            ),
            "runs": tuple((each.attempt, each.start_time) if each is not None else None for each in known),
        }
        for name, values in figures.items():
            yield Note(f"{name} {one.id}", one.subtasks.at, values)


def rates(one: VertexLook, trails: Mapping[str, Trail], figure: str = TAKEN) -> dict[int, float]:
    """Records a second in (or out) of each subtask over the last fetches; {} where that is not known."""
    samples, runs = _samples(one, trails, figure), _samples(one, trails, "runs")
    if not samples or len(samples) != len(runs):
        return {}
    found = {}
    for index in range(len(samples[-1].value)):
        first = _first_of_run(runs, index)
        ends = [(sample.at, _at(sample, index)) for sample in samples[first:]]
        (since, before), (until, now) = ends[0], ends[-1]
        values = [value for _, value in ends if value is not None]
        if before is None or now is None or until <= since or len(values) < len(ends):
            continue
        if values == sorted(values):  # a counter that fell is of another attempt
            found[index] = 1000.0 * (now - before) / (until - since)
    return found


def emitted(one: VertexLook, trails: Mapping[str, Trail], figure: str = SENT) -> dict[int, float]:
    """The newest totals of each subtask."""
    samples = _samples(one, trails, figure)
    return (
        {index: value for index, value in enumerate(samples[-1].value) if value is not None}
        if samples
        else {}
    )


def still_since(one: VertexLook, trails: Mapping[str, Trail], subtasks: Collection[int]) -> float | None:
    """Since when no record has gone in or out of any of these subtasks (ms); None if some have.

    None too where the totals are not counted, or where the other figures do not move either: then it is
    Flink's fetch that hangs.
    """
    taken, sent = _samples(one, trails, TAKEN), _samples(one, trails, SENT)
    spent, runs = _samples(one, trails, "spent"), _samples(one, trails, "runs")
    if not subtasks or not len(taken) == len(sent) == len(spent) == len(runs) >= _STILL_FETCHES:
        return None
    first = len(taken) - 1
    for position in range(len(taken) - 2, -1, -1):
        same = all(
            _at(each[position], index) == _at(each[-1], index)
            for index in subtasks
            for each in (taken, sent, runs)
        )
        if not same:
            break
        first = position
    since, until = taken[first].at, taken[-1].at
    if len(taken) - first < _STILL_FETCHES or until - since < _STILL:
        return None
    counted = all(
        _at(taken[-1], index) is not None
        and _at(sent[-1], index) is not None
        and (_at(taken[-1], index) or _at(sent[-1], index))
        for index in subtasks
    )
    fetches = all(
        _at(spent[-1], index) is None or _at(spent[first], index) != _at(spent[-1], index)
        for index in subtasks
    )
    return since if counted and fetches else None


def _samples(one: VertexLook, trails: Mapping[str, Trail], figure: str) -> tuple[Sample, ...]:
    """The last samples, () if there are none of the newest answer."""
    found = trail(trails, f"{figure} {one.id}")
    if one.subtasks is None or not found or found[-1].at != one.subtasks.at:
        return ()
    return tuple(sample for sample in found if found[-1].at - sample.at <= _RECENT)


def _first_of_run(runs: tuple[Sample, ...], index: int) -> int:
    first = len(runs) - 1
    while first > 0 and _at(runs[first - 1], index) == _at(runs[-1], index):
        first -= 1
    return first


def _at(sample: Sample, index: int) -> Any:
    return sample.value[index] if index < len(sample.value) else None
