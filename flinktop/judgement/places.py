"""Where something is: a vertex by the name of its task, a TaskManager by its address, and both in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.error_text import shorten
from flinktop.flink.text import clean
from flinktop.judgement.finding import Culprit
from flinktop.model import faults, processes, subtask_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flinktop.flink.exceptions import Fault
    from flinktop.flink.jobs import JobVertex
    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.model.look import JobLook

MOST_NAME: Final = 60
"""Characters of a name in a sentence; the culprit has it whole."""
MOST_REASON: Final = 240


def short(name: str, most: int = MOST_NAME) -> str:
    """A name, in one line and cut for a sentence."""
    return shorten(" ".join(clean(name[: 4 * most]).split()), most)


def vertices_named(look: JobLook, name: str) -> tuple[JobVertex, ...]:
    """The vertices with this name; several if the job's code names them alike."""
    wanted = name.strip()
    return tuple(one.vertex for one in look.vertices if one.vertex.name.strip() == wanted)


def of_fault(look: JobLook, fault: Fault) -> Culprit:
    """The task and the TaskManager of an exception."""
    task = faults.task(fault.task_name)
    taskmanager = fault.task_manager_id or at_address(look.taskmanagers, fault.where)
    if task is None:
        return Culprit(taskmanager=taskmanager or None)
    found = vertices_named(look, task.name)
    return Culprit(
        # Of several vertices of one name Flink does not say which it was.
        vertex=found[0].id if len(found) == 1 else None,
        vertex_name=found[0].name if found else task.name,
        subtasks=(task.subtask,) if task.subtask is not None and task.subtask >= 0 else (),
        taskmanager=taskmanager or None,
    )


def failed_tasks(look: JobLook) -> Culprit | None:
    """The only vertex with FAILED tasks: after a failure, until they are deployed again.

    The adaptive scheduler names no task in its exceptions.
    """
    found = [
        one
        for one in look.vertices
        if any(count > 0 for state, count in one.vertex.tasks.items() if state.upper() == "FAILED")
    ]
    if len(found) != 1:
        return None
    (vertex,) = found
    attempts = vertex.subtasks.value.subtasks if vertex.subtasks is not None else ()
    failed = [one for one in attempts if one.status == "FAILED" and one.subtask >= 0]
    where = {one.taskmanager_id for one in failed}
    return Culprit(
        vertex=vertex.id,
        vertex_name=vertex.name,
        subtasks=tuple(sorted({one.subtask for one in failed})),
        taskmanager=where.pop() if len(where) == 1 else None,
    )


def at_address(known: Mapping[str, TaskManager], address: str) -> str | None:
    """The id of the only TaskManager at host and port of a task (that of its data), or at the host."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        host, port = address, ""
    if not host:
        return None
    exact = [one.id for one in known.values() if port and one.data_port == int(port[:9])]
    there = [one.id for one in known.values() if processes.address(one).rpartition(":")[0] == host]
    found = [one for one in exact if one in there] or (exact if len(exact) == 1 else there)
    return found[0] if len(found) == 1 else None


def words(culprit: Culprit, of: int | None = None) -> str:
    """ "Map (2/4)", "Map, subtasks 0-2 (1-3/4)"; "" if neither vertex nor subtask is known."""  # noqa: D210 -- a quoted example stands first
    if culprit.vertex_name is None:
        return ""
    name = short(culprit.vertex_name)
    return f"{name}{', ' + subtasks(culprit.subtasks, of) if culprit.subtasks else ''}"


def subtasks(indices: Sequence[int], of: int | None = None) -> str:
    """Subtasks in words: "subtask 1 (2/4)", "subtasks 0-2 (1-3/4)"."""
    if len(indices) == 1:
        return subtask_names.named(indices[0], of)
    return f"subtasks {subtask_names.ranges(sorted(set(indices)), of)}"


def parallelism(look: JobLook, vertex: str | None) -> int | None:
    """How many subtasks a vertex has; None if unknown."""
    found = look.vertex(vertex) if vertex is not None else None
    return found.vertex.parallelism if found is not None and found.vertex.parallelism > 0 else None


def listed(names: Iterable[str], most: int = 3) -> str:
    """Names of a list in words: "a, b and 4 more"."""
    found = [short(name) for name in names]
    more = len(found) - most
    return ", ".join(found[:most]) + (f" and {more} more" if more > 0 else "")
