"""Whether records flow through a job, and which vertices are above and below another in its graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.model.look import JobLook, VertexLook


def flows(look: JobLook) -> bool:
    """Whether records should pass through a job: it runs, and is no batch job, whose subtasks come and go."""
    return (
        look.job is not None
        and look.streaming
        and states.is_running(look.state)
        and not look.features.history_server
    )


def above(found: Mapping[str, VertexLook], start: str) -> set[str]:
    """All vertices from which records come to one; an iteration's own vertices are not above themselves."""
    return _reached({one.id: one.inputs for one in found.values()}, start)


def all_above(found: Mapping[str, VertexLook], starts: Iterable[str]) -> set[str]:
    """All vertices from which records come to at least one of these, in one walk over the graph."""
    reached: set[str] = set()
    left = [each for start in starts if start in found for each in found[start].inputs]
    while left:
        one = left.pop()
        if one in found and one not in reached:
            reached.add(one)
            left.extend(found[one].inputs)
    return reached


def below(found: Mapping[str, VertexLook], start: str) -> set[str]:
    """All vertices to which records go from one."""
    return _reached({one.id: one.outputs for one in found.values()}, start)


def sources(look: JobLook) -> tuple[VertexLook, ...]:
    """The vertices without inputs; none where the plan is not known."""
    return tuple(one for one in look.vertices if one.node is not None and not one.inputs)


def sources_above(look: JobLook, start: str) -> tuple[VertexLook, ...]:
    """The sources whose records come to a vertex; itself if it is one."""
    reached = {*above(look.by_id, start), start}
    return tuple(one for one in sources(look) if one.id in reached)


def _reached(edges: Mapping[str, Iterable[str]], start: str) -> set[str]:
    found: set[str] = set()
    left = list(edges.get(start, ()))
    while left:
        one = left.pop()
        if one not in found and one != start and one in edges:
            found.add(one)
            left.extend(edges[one])
    return found
