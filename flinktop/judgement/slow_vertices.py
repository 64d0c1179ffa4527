"""Which vertices hold up what is above them, and which wait for what is below them (1.13+)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from flinktop.judgement import reach, subtask_load
from flinktop.judgement.subtask_load import HELD_BACK
from flinktop.judgement.trails import LAST, trail

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flinktop.judgement.subtask_load import Load
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, VertexLook

Loads = dict[str, dict[int, "Load"]]  # by vertex and subtask

GROWS: Final = 200.0
"""ms/s of backpressure over all subtasks of a vertex from which on it is looked at closely."""


def has_shares(look: JobLook) -> bool:
    """Whether the release tells how busy a subtask is."""
    return look.features.has(1, 13)


def bottlenecks(look: JobLook, trails: Mapping[str, Trail], loads: Loads) -> tuple[VertexLook, ...]:
    """The vertices that hold up what is above them, in topological order."""
    found = look.by_id
    slow = {
        one.id: [
            each for each in one.inputs if each in found and waits(found[each], trails, loads.get(each, {}))
        ]
        for one in look.vertices
        if any(load.is_hot for load in loads.get(one.id, {}).values())
    }
    slow = {one: waiting for one, waiting in slow.items() if waiting}
    slow = {one: waiting for one, waiting in slow.items() if not _is_below_another(found, one, slow)}
    first: set[str] = set()
    for waiting in {each for inputs in slow.values() for each in inputs}:
        behind = [one for one, inputs in slow.items() if waiting in inputs]
        # In steps, so that of two that are alike it is always the first.
        first.add(max(behind, key=lambda one: round(20 * busiest(loads[one]))))
    return tuple(one for one in look.vertices if one.id in first)


def _is_below_another(found: Mapping[str, VertexLook], one: str, others: Collection[str]) -> bool:
    """Whether records come to it from another of these; in an iteration each is above the other."""
    return any(each in others and one not in reach.above(found, each) for each in reach.above(found, one))


def suspected(look: JobLook, trails: Mapping[str, Trail]) -> dict[str, float]:
    """Vertices that wait for those below them, with ms/s of it over their subtasks."""
    found = {}
    for one in look.vertices:
        loads = subtask_load.loads(look, one)
        shares = [load.backpressured for load in loads.values() if load.backpressured is not None]
        size = 1000.0 * sum(shares) if max(shares, default=0.0) > HELD_BACK else 0.0
        size = max(size, _growth(look, trails, one) or 0.0)
        if size > GROWS or (shares and max(shares) > HELD_BACK):
            found[one.id] = size
    return found


def _growth(look: JobLook, trails: Mapping[str, Trail], one: VertexLook) -> float | None:
    """ms/s of backpressure over the subtasks of a vertex: of the last fetches, else since it started."""
    samples = trail(trails, f"backpressured {one.id}")
    if len(samples) > 1:
        steps = [samples[-1].value - sample.value for sample in samples[:-1]]
        if any(step < 0 for step in steps):
            return None
        return max(
            1000.0 * float(step) / (samples[-1].at - sample.at)
            for step, sample in zip(steps, samples[:-1], strict=True)
        )
    spent = one.vertex.metrics.accumulated_backpressured_time
    lasted = look.now - subtask_load.started(look, one)
    return 1000.0 * spent / lasted if spent is not None and lasted > 0 else None


def busiest(found: Mapping[int, Load]) -> float:
    """The highest busy share of those subtasks that nothing holds back; 0 if there are none."""
    return max((load.busy or 0.0 for load in found.values() if load.is_hot), default=0.0)


def waits(one: VertexLook, trails: Mapping[str, Trail], found: Mapping[int, Load]) -> bool:
    """Whether a subtask waits for those after it: by its own share, else by the mean of all."""
    share = subtask_load.backpressured(found) if found else mean_share(one, trails)
    return (share or 0.0) > HELD_BACK


def mean_share(one: VertexLook, trails: Mapping[str, Trail]) -> float | None:
    """The mean share of time that the subtasks of a vertex wait, by its totals of the last fetches (1.16+).

    Where it is over a limit, so is that of one of them. None if it is unknown, or the totals have fallen.
    """
    samples = trail(trails, f"backpressured {one.id}")
    if len(samples) < LAST or any(b.value < a.value for a, b in pairwise(samples)):
        return None
    first, last = samples[-LAST], samples[-1]
    return float(last.value - first.value) / (last.at - first.at) / max(one.vertex.parallelism, 1)
