"""From something that runs, or has failed, to the log and the threads of the TaskManager it ran on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.facts.faults import unnamed_task
from flinktop.facts.subtasks import runs_on
from flinktop.facts.vertices import vertex_of
from flinktop.model import threads
from flinktop.ui.places import TaskManagerPlace
from flinktop.ui.screens.cluster_screen import ClusterScreen

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.flink.exceptions import Fault


@dataclass(frozen=True, slots=True)
class Location:
    """Where something runs."""

    taskmanager: str | None
    """The id of the TaskManager; None where that is not known."""
    search: str = ""
    """Text that the names of its threads contain."""
    since: str = "1.10"
    """The first release that reports it."""
    at: float | None = None
    """When it happened (s since 1970): where its log is opened; None for the log's end."""


class RunsOnTaskManager(ClusterScreen):
    """A screen of something that runs on a TaskManager."""

    def location(self) -> Location | None:
        """Where the selected thing runs; None where there is nothing."""
        raise NotImplementedError

    def action_log(self) -> None:
        self._open("log")

    def action_threads(self) -> None:
        self._open("threads")

    def _open(self, tab: str) -> None:
        if (found := self.location()) is None:
            return
        if found.taskmanager is None:
            version = self.port.features.version
            needed = f"Needs Flink {found.since} or later (this cluster runs {version})."
            self.app.notify(f"It is not known on which TaskManager this runs. {needed}", markup=False)
            return
        search = found.search if tab == "threads" else ""
        self.app.go(TaskManagerPlace(found.taskmanager, tab, search, found.at))


class FaultOnTaskManager(RunsOnTaskManager):
    """A screen of the faults of a job."""

    def location_of(self, fault: Fault, at: int) -> Location | None:
        """Where a fault happened, `at` (ms since 1970) where it has no time; None if Flink names no task."""
        if fault.task_name is None and not fault.task_manager_id:
            words = unnamed_task(self.port, self.job)
            words = f"{words[:1].upper()}{words[1:]}: no TaskManager is known. J opens the JobManager."
            self.app.notify(words, markup=False)
            return None
        at = fault.timestamp if fault.timestamp > 0 else at
        task, slash, _ = (fault.task_name or "").rpartition("/")
        placed = fault.task_manager_id or ""
        known = placed if placed and not placed.startswith("(unassigned") else None
        search = f"{task}/" if slash else fault.task_name or ""
        return Location(known, search, "1.17", at / 1000.0 if at > 0 else None)


def of_subtask(port: Port, job: str, vertex: str, subtask: int) -> Location:
    """Where the current attempt of a subtask runs."""
    known = vertex_of(port, job, vertex)
    name = known[1].name if known is not None else ""
    return Location(runs_on(port, job, vertex, subtask), threads.of_task(name, subtask) if name else "")
