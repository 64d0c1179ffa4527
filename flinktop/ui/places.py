"""Where a person can go, as values; the module that draws a place is imported when it is first seen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.command import Provider
    from textual.screen import Screen

    from flinktop.engine.acts.act import Act
    from flinktop.engine.host import Port
    from flinktop.flink.jars import RunOptions
    from flinktop.flink.machine import Machine
    from flinktop.ui.keys import Command
    from flinktop.ui.written_view import View


@dataclass(frozen=True, slots=True)
class Place:
    """A screen or dialog with what it is about: its fields are the arguments of the screen, in order."""


@dataclass(frozen=True, slots=True)
class OverviewPlace(Place):
    """All jobs of the cluster."""


@dataclass(frozen=True, slots=True)
class JobPlace(Place):
    """A job, on one of its tabs."""

    job: str
    tab: str = ""


@dataclass(frozen=True, slots=True)
class VertexPlace(Place):
    """A vertex, on one of its tabs."""

    job: str
    vertex: str
    tab: str = ""


@dataclass(frozen=True, slots=True)
class VertexPlanPlace(Place):
    """What the operators of a vertex do."""

    job: str
    vertex: str


@dataclass(frozen=True, slots=True)
class SubtaskPlace(Place):
    """A subtask, on one of its tabs."""

    job: str
    vertex: str
    subtask: int
    """From 0."""
    tab: str = ""


@dataclass(frozen=True, slots=True)
class FaultPlace(Place):
    """An exception of a group that happened `at` (ms since 1970), or one that happened beside it."""

    job: str
    group: str
    at: int
    beside: int = -1


@dataclass(frozen=True, slots=True)
class CheckpointsPlace(Place):
    """The checkpoints of a job."""

    job: str


@dataclass(frozen=True, slots=True)
class CheckpointPlace(Place):
    """A checkpoint by its number."""

    job: str
    checkpoint: int


@dataclass(frozen=True, slots=True)
class CheckpointVertexPlace(Place):
    """The subtasks of a vertex in a checkpoint."""

    job: str
    checkpoint: int
    vertex: str


@dataclass(frozen=True, slots=True)
class TaskManagersPlace(Place):
    """All TaskManagers."""


@dataclass(frozen=True, slots=True)
class TaskManagerPlace(Place):
    """A TaskManager; its threads searched for a text, its log opened at a time (s since 1970)."""

    taskmanager: str
    tab: str = ""
    search: str = ""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class JobManagerPlace(Place):
    """The JobManager, on one of its tabs."""

    tab: str = ""


@dataclass(frozen=True, slots=True)
class LogFilePlace(Place):
    """A file of a process's log directory."""

    machine: Machine
    name: str


@dataclass(frozen=True, slots=True)
class JarsPlace(Place):
    """Jars, applications and datasets."""

    tab: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationPlace(Place):
    """An application (2.3+)."""

    application: str


@dataclass(frozen=True, slots=True)
class OperationsPlace(Place):
    """The operations log."""


@dataclass(frozen=True, slots=True)
class OperationPlace(Place):
    """An operation by its id."""

    number: str


@dataclass(frozen=True, slots=True)
class ActionsPlace(Place):
    """The menu of actions."""

    actions: tuple[Any, ...]
    """`Action` values, which know places themselves."""


@dataclass(frozen=True, slots=True)
class ConfirmPlace(Place):
    """The question before an act."""

    act: Act


@dataclass(frozen=True, slots=True)
class RescalePlace(Place):
    """The form for the parallelism of a job."""

    job: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class RunJarPlace(Place):
    """The form for running a jar, or again a job (`of`)."""

    jar: str = ""
    options: RunOptions | None = None
    name: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class PlanPreviewPlace(Place):
    """The plan of a jar."""

    jar: str
    name: str
    options: RunOptions | None = None


@dataclass(frozen=True, slots=True)
class UploadPlace(Place):
    """The form for uploading a jar."""

    path: str = ""


@dataclass(frozen=True, slots=True)
class WritePlace(Place):
    """The question where to write a view."""

    view: View
    path: Path


@dataclass(frozen=True, slots=True)
class PalettePlace(Place):
    """Commands, jobs and TaskManagers by their names."""


@dataclass(frozen=True, slots=True)
class HelpPlace(Place):
    """The keys of a screen."""

    commands: Sequence[Command]


@dataclass(frozen=True, slots=True)
class LeavePlace(Place):
    """The question before leaving."""


SCREENS: Final[dict[type[Place], tuple[str, str]]] = {
    PalettePlace: ("palette", "Palette"),
    OverviewPlace: ("screens.overview", "OverviewScreen"),
    JobPlace: ("screens.job", "JobScreen"),
    VertexPlace: ("screens.vertex", "VertexScreen"),
    VertexPlanPlace: ("screens.vertex_plan", "VertexPlanScreen"),
    SubtaskPlace: ("screens.subtask", "SubtaskScreen"),
    FaultPlace: ("screens.fault", "FaultScreen"),
    CheckpointsPlace: ("screens.checkpoints", "CheckpointsScreen"),
    CheckpointPlace: ("screens.checkpoint", "CheckpointScreen"),
    CheckpointVertexPlace: ("screens.checkpoint_vertex", "CheckpointVertexScreen"),
    TaskManagersPlace: ("screens.taskmanagers", "TaskManagersScreen"),
    TaskManagerPlace: ("screens.taskmanager", "TaskManagerScreen"),
    JobManagerPlace: ("screens.jobmanager", "JobManagerScreen"),
    LogFilePlace: ("screens.log_file", "LogFileScreen"),
    JarsPlace: ("screens.jars", "JarsScreen"),
    ApplicationPlace: ("screens.application", "ApplicationScreen"),
    OperationsPlace: ("screens.operations", "OperationsScreen"),
    OperationPlace: ("screens.operation", "OperationScreen"),
    ActionsPlace: ("screens.actions", "ActionsScreen"),
    ConfirmPlace: ("screens.confirm", "ConfirmScreen"),
    RescalePlace: ("screens.rescale", "RescaleScreen"),
    RunJarPlace: ("screens.run_jar", "RunJarScreen"),
    PlanPreviewPlace: ("screens.plan_preview", "PlanPreviewScreen"),
    UploadPlace: ("screens.upload", "UploadScreen"),
    WritePlace: ("screens.write_view", "WriteView"),
    HelpPlace: ("screens.help", "HelpScreen"),
    LeavePlace: ("screens.leave", "LeaveScreen"),
}
"""The module of ui that draws a place, and the screen in it."""


def screen_of(place: Place) -> Screen[Any]:
    """A new screen for a place."""
    module, name = SCREENS[type(place)]
    screen: Screen[Any] = getattr(import_module(f"flinktop.ui.{module}"), name)(
        *(getattr(place, field.name) for field in fields(place))
    )
    return screen


def is_at(screen: Screen[Any], place: type[Place]) -> bool:
    """Whether a screen shows such a place."""
    return type(screen).__name__ == SCREENS[place][1]


def commands_here() -> type[Provider]:
    """What the palette offers; a function, so that its module is imported when the palette is opened."""
    commands: type[Provider] = import_module("flinktop.ui.palette").Commands
    return commands


def job_actions(port: Port, job: str, name: str = "") -> tuple[Any, ...]:
    """What can be done to a job, as `Action` values; acts are imported when they are first asked for."""
    actions: tuple[Any, ...] = import_module("flinktop.ui.actions").on_job(port, job, name)
    return actions


def cluster_actions(port: Port) -> tuple[Any, ...]:
    """What can be done to the whole cluster, likewise."""
    actions: tuple[Any, ...] = import_module("flinktop.ui.actions").on_cluster(port)
    return actions
