"""Since when tasks have been in a state that is not RUNNING, by Flink's own times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.model.look import VertexLook  # noqa: TC001 -- the type of a Struct's field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flinktop.flink.vertices import SubtaskTimes
    from flinktop.model.look import JobLook

_ORDER: Final = ("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING")
_OVER: Final = ("CANCELING", "CANCELED", "FAILED", "FINISHED", "RECONCILING")
_WAITING: Final = ("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING")


class Waiting(Struct, frozen=True):
    """The subtasks of a vertex that are in certain states."""

    vertex: VertexLook
    state: str  # that of the one that has waited longest
    subtasks: tuple[int, ...]
    since: tuple[float, ...]  # of each, ms since 1970; at least one


def counts(look: JobLook) -> Mapping[str, int]:
    """Tasks by state, in upper case."""
    found: dict[str, int] = {}
    for one in look.vertices:
        for state, count in one.vertex.tasks.items():
            if count and state.lower() != "total":
                found[state.upper()] = found.get(state.upper(), 0) + count
    return found


def not_running(vertex: VertexLook) -> int:
    """How many tasks of a vertex do not run yet."""
    return sum(count for state, count in vertex.vertex.tasks.items() if count and state.upper() in _WAITING)


def waiting(look: JobLook, wanted: Sequence[str]) -> tuple[Waiting, ...]:
    """The vertices with subtasks in one of these states, as far as their times were asked."""
    found = []
    entered = look.job.value.timestamps if look.job is not None else {}
    begun = max((entered.get(state, 0) for state in ("CREATED", "RESTARTING", "RUNNING")), default=0)
    for one in look.vertices:
        # Times from before a restart are those of other attempts.
        if (
            one.times is None
            or one.times.at < begun
            or not any(one.vertex.tasks.get(state) for state in wanted)
        ):
            continue
        there: dict[int, tuple[float, str]] = {}
        for subtask in one.times.value.subtasks:
            state = _state(subtask)
            since = _since(subtask, wanted)
            if state in wanted and since > 0 and subtask.subtask >= 0:
                there[subtask.subtask] = (since, state)
        if there:
            indices = tuple(sorted(there))
            _, state = min(there.values())
            found.append(Waiting(one, state, indices, tuple(there[index][0] for index in indices)))
    return tuple(found)


def _state(subtask: SubtaskTimes) -> str:
    """The last state that it entered; "" for one that has ended."""
    times = {state.upper(): at for state, at in subtask.timestamps.items()}
    if any(times.get(state, 0) > 0 for state in _OVER):
        return ""
    entered = [state for state in _ORDER if times.get(state, 0) > 0]
    return entered[-1] if entered else ""


def _since(subtask: SubtaskTimes, wanted: Sequence[str]) -> float:
    """When it entered the first of these states; 0 if unknown."""
    times = {state.upper(): at for state, at in subtask.timestamps.items()}
    return float(min((at for state in wanted if (at := times.get(state, 0)) > 0), default=0))
