"""The places that a user can go to, as values; the module that draws a place is imported when first shown."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import astuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.command import Provider
    from textual.screen import Screen

    from flinktop.engine.acts.act import Act
    from flinktop.engine.alerts.alert import Alert
    from flinktop.engine.host import Port
    from flinktop.engine.journal.event import Event
    from flinktop.flink.jars import RunOptions
    from flinktop.flink.process import Process
    from flinktop.ui.command import Command


class Place(Struct, frozen=True):
    """A screen or dialog with its subject: its fields are the arguments of the screen, in order."""


class FleetPlace(Place, frozen=True):
    """All clusters, if there are several."""


class FleetAlertsPlace(Place, frozen=True):
    """The alerts of all clusters, if there are several."""


class OverviewPlace(Place, frozen=True):
    """All jobs of the cluster."""


class WallPlace(Place, frozen=True):
    """What is wrong, in large type."""


class JobPlace(Place, frozen=True):
    """A job, on one of its tabs."""

    job: str
    tab: str = ""


class WhyPlace(Place, frozen=True):
    """What is wrong with a job ("" for none), and with the cluster itself."""

    job: str = ""
    cluster: bool = False


class VertexPlace(Place, frozen=True):
    """A vertex, on one of its tabs."""

    job: str
    vertex: str
    tab: str = ""


class VertexPlanPlace(Place, frozen=True):
    """What the operators of a vertex do."""

    job: str
    vertex: str


class SubtaskPlace(Place, frozen=True):
    """A subtask, on one of its tabs."""

    job: str
    vertex: str
    subtask: int
    """From 0."""
    tab: str = ""


class FaultPlace(Place, frozen=True):
    """An exception of a group that happened `at` (ms since 1970), or one that happened together with it."""

    job: str
    group: str
    at: int
    concurrent: int = -1


class CheckpointsPlace(Place, frozen=True):
    """The checkpoints of a job."""

    job: str


class CheckpointPlace(Place, frozen=True):
    """A checkpoint by its number."""

    job: str
    checkpoint: int


class CheckpointVertexPlace(Place, frozen=True):
    """The subtasks of a vertex in a checkpoint."""

    job: str
    checkpoint: int
    vertex: str


class TaskManagersPlace(Place, frozen=True):
    """All TaskManagers."""


class TaskManagerPlace(Place, frozen=True):
    """A TaskManager; its threads searched for a text, its log opened at a time (s since 1970)."""

    taskmanager: str
    tab: str = ""
    search: str = ""
    at: float | None = None


class JobManagerPlace(Place, frozen=True):
    """The JobManager, on one of its tabs."""

    tab: str = ""


class LogFilePlace(Place, frozen=True):
    """A file of a process's log directory."""

    process: Process
    name: str


class PodLogPlace(Place, frozen=True):
    """The last log of a pod's container."""

    what: Any
    """A `PodLog`, whose module is imported when the first one is read."""


class DescribedPlace(Place, frozen=True):
    """What kubectl describes of something."""

    what: Any
    """A `Described`, likewise."""


class JarsPlace(Place, frozen=True):
    """Jars, applications and datasets."""

    tab: str = ""


class ApplicationPlace(Place, frozen=True):
    """An application (2.3+)."""

    application: str


class OperationsPlace(Place, frozen=True):
    """The operations log."""


class OperationPlace(Place, frozen=True):
    """An operation by its id."""

    number: str


class AlertsPlace(Place, frozen=True):
    """What is wrong and calls, and what was."""


class TimelinePlace(Place, frozen=True):
    """What happened on the cluster, filtered by a text."""

    filter: str = ""


class EventPlace(Place, frozen=True):
    """An event of the journal, as it was read."""

    event: Event


class MutePlace(Place, frozen=True):
    """The menu that mutes an alert, its job or its kind; without one it ends what is muted."""

    alert: Alert | None


class ActionsPlace(Place, frozen=True):
    """The menu of actions."""

    actions: tuple[Any, ...]
    """`Action` values, whose module imports this one."""


class ConfirmPlace(Place, frozen=True):
    """The question before an act."""

    act: Act


class RescalePlace(Place, frozen=True):
    """The form for the parallelism of a job."""

    job: str
    name: str = ""


class RunJarPlace(Place, frozen=True):
    """The form for running a jar, or for running a job again (`of`)."""

    jar: str = ""
    options: RunOptions | None = None
    name: str = ""
    of: str = ""


class PlanPreviewPlace(Place, frozen=True):
    """The plan of a jar."""

    jar: str
    name: str
    options: RunOptions | None = None


class UploadPlace(Place, frozen=True):
    """The form for uploading a jar."""

    path: str = ""


class WritePlace(Place, frozen=True):
    """The dialog for writing a view to a file."""

    view: Any
    """A `View`, whose module imports this one."""
    path: Path


class BundlePlace(Place, frozen=True):
    """The dialog of an incident bundle."""

    bundle: Any
    """A `BundleBeside`, whose room is imported when the first one is begun."""


class OutputPlace(Place, frozen=True):
    """The output of a command of one's own."""

    run: Any
    """A `Run`, whose room is imported when the first one is begun."""


class OwnLinkPlace(Place, frozen=True):
    """The dialog of a link of one's own."""

    name: str
    url: str


class OwnConfirmPlace(Place, frozen=True):
    """The question before a command of one's own on a protected cluster."""

    question: Any
    """A `Question`, whose module imports this one."""


class PalettePlace(Place, frozen=True):
    """Commands, jobs and TaskManagers by name."""


class HelpPlace(Place, frozen=True):
    """The keys of a screen."""

    commands: Sequence[Command]
    legend: Sequence[tuple[str, str]] = ()


class LeavePlace(Place, frozen=True):
    """The question before leaving."""


SCREENS: Final[dict[type[Place], tuple[str, str]]] = {
    PalettePlace: ("palette", "Palette"),
    FleetPlace: ("screens.fleet", "FleetScreen"),
    FleetAlertsPlace: ("screens.fleet_alerts", "FleetAlertsScreen"),
    OverviewPlace: ("screens.overview", "OverviewScreen"),
    WallPlace: ("screens.wall", "WallScreen"),
    JobPlace: ("screens.job", "JobScreen"),
    WhyPlace: ("screens.why", "WhyScreen"),
    VertexPlace: ("screens.vertex", "VertexScreen"),
    VertexPlanPlace: ("screens.vertex_plan", "VertexPlanScreen"),
    SubtaskPlace: ("screens.subtask", "SubtaskScreen"),
    FaultPlace: ("screens.fault", "FaultScreen"),
    CheckpointsPlace: ("screens.checkpoints", "CheckpointsScreen"),
    CheckpointPlace: ("screens.checkpoint", "CheckpointScreen"),
    CheckpointVertexPlace: ("screens.checkpoint", "CheckpointVertexScreen"),
    TaskManagersPlace: ("screens.taskmanagers", "TaskManagersScreen"),
    TaskManagerPlace: ("screens.process_screen", "TaskManagerScreen"),
    JobManagerPlace: ("screens.process_screen", "JobManagerScreen"),
    LogFilePlace: ("screens.log_screen", "LogFileScreen"),
    PodLogPlace: ("screens.kubernetes_text", "PodLogScreen"),
    DescribedPlace: ("screens.kubernetes_text", "DescribedScreen"),
    JarsPlace: ("screens.jars", "JarsScreen"),
    ApplicationPlace: ("screens.application", "ApplicationScreen"),
    OperationsPlace: ("screens.operations", "OperationsScreen"),
    OperationPlace: ("screens.operations", "OperationScreen"),
    AlertsPlace: ("screens.alerts", "AlertsScreen"),
    TimelinePlace: ("screens.timeline", "TimelineScreen"),
    EventPlace: ("screens.event", "EventScreen"),
    MutePlace: ("screens.mute", "MuteScreen"),
    ActionsPlace: ("screens.actions", "ActionsScreen"),
    ConfirmPlace: ("screens.confirm", "ConfirmScreen"),
    RescalePlace: ("screens.rescale", "RescaleScreen"),
    RunJarPlace: ("screens.run_jar", "RunJarScreen"),
    PlanPreviewPlace: ("screens.plan_preview", "PlanPreviewScreen"),
    UploadPlace: ("screens.upload", "UploadScreen"),
    WritePlace: ("screens.write_view", "WriteView"),
    BundlePlace: ("screens.bundle", "BundleScreen"),
    OutputPlace: ("screens.own_output", "OutputScreen"),
    OwnLinkPlace: ("screens.own_link", "OwnLinkDialog"),
    OwnConfirmPlace: ("screens.own_confirm", "OwnConfirm"),
    HelpPlace: ("screens.help", "HelpScreen"),
    LeavePlace: ("screens.leave", "LeaveScreen"),
}
"""The module of ui that draws a place, and the screen in it."""


def screen_of(place: Place) -> Screen[Any]:
    """A new screen for a place."""
    module, name = SCREENS[type(place)]
    screen: Screen[Any] = getattr(import_module(f"flinktop.ui.{module}"), name)(*astuple(place))
    return screen


def is_at(screen: Screen[Any], place: type[Place]) -> bool:
    """Whether a screen shows such a place."""
    return type(screen).__name__ == SCREENS[place][1]


def is_of_fleet(screen: Screen[Any]) -> bool:
    """Whether a screen is of several clusters; that of one which is opened lies over it."""
    return is_at(screen, FleetPlace) or is_at(screen, FleetAlertsPlace)


def commands_here() -> type[Provider]:
    """The palette's commands; a function, so that its module is imported when the palette is opened."""
    commands: type[Provider] = import_module("flinktop.ui.palette").Commands
    return commands


def job_actions(port: Port, job: str, name: str = "") -> tuple[Any, ...]:
    """The actions on a job, as `Action` values; acts are imported when they are first needed."""
    actions: tuple[Any, ...] = import_module("flinktop.ui.screens.actions").on_job(port, job, name)
    return actions


def cluster_actions(port: Port) -> tuple[Any, ...]:
    """The actions on the whole cluster, likewise."""
    actions: tuple[Any, ...] = import_module("flinktop.ui.screens.actions").on_cluster(port)
    return actions


def write_place(screen: Screen[Any]) -> WritePlace:
    """The dialog that writes what a screen shows now to a file."""
    written = import_module("flinktop.ui.written_view")
    view = written.view_of(screen)
    return WritePlace(view, written.proposed_path(view))
