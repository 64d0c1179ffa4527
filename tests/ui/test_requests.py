"""Each screen and each tab asks the cluster for no more in its first minute than is written down."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from flinktop import ui
from flinktop.bundle.beside import BundleBeside
from flinktop.engine.acts.job_acts import Stop
from flinktop.engine.acts.profile import Profile
from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.jars import RunOptions
from flinktop.flink.process import Process
from flinktop.judgement.finding import Culprit, Kind
from flinktop.own_commands.runs import Run
from flinktop.ui.palette import Palette
from flinktop.ui.screens.actions import ActionsScreen, on_cluster
from flinktop.ui.screens.alerts import AlertsScreen
from flinktop.ui.screens.application import ApplicationScreen
from flinktop.ui.screens.bundle import BundleScreen
from flinktop.ui.screens.checkpoint import CheckpointScreen, CheckpointVertexScreen
from flinktop.ui.screens.checkpoints import CheckpointsScreen
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.event import EventScreen
from flinktop.ui.screens.fault import FaultScreen
from flinktop.ui.screens.fleet import FleetScreen
from flinktop.ui.screens.fleet_alerts import FleetAlertsScreen
from flinktop.ui.screens.help import HelpScreen
from flinktop.ui.screens.jars import JarsScreen
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.kubernetes_text import DescribedScreen, PodLogScreen
from flinktop.ui.screens.leave import LeaveScreen
from flinktop.ui.screens.log_screen import LogFileScreen
from flinktop.ui.screens.mute import MuteScreen
from flinktop.ui.screens.operations import OperationScreen, OperationsScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.own_confirm import OwnConfirm, Question
from flinktop.ui.screens.own_link import OwnLinkDialog
from flinktop.ui.screens.own_output import OutputScreen
from flinktop.ui.screens.pick import PickClass, PickJar, PickRestore
from flinktop.ui.screens.plan_preview import PlanPreviewScreen
from flinktop.ui.screens.process_screen import JobManagerScreen, TaskManagerScreen
from flinktop.ui.screens.profile_start import ProfileStart
from flinktop.ui.screens.rescale import RescaleScreen
from flinktop.ui.screens.run_jar import RunJarScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.screens.taskmanagers import TaskManagersScreen
from flinktop.ui.screens.timeline import TimelineScreen
from flinktop.ui.screens.upload import UploadScreen
from flinktop.ui.screens.vertex import VertexScreen
from flinktop.ui.screens.vertex_plan import VertexPlanScreen
from flinktop.ui.screens.wall import WallScreen
from flinktop.ui.screens.why import WhyScreen
from flinktop.ui.screens.write_view import WriteView
from flinktop.ui.steady import SteadyScreen
from flinktop.ui.written_view import View
from tests.demo_cluster import DemoCluster
from tests.manual_clock import ManualClock
from tests.ui.day import Day, monitor
from tests.ui.judged import asks_nothing, finding, say, verdict
from tests.ui.requests import KEPT, Counts, Page, Watch, lines, more, read

JOB = "orders-enrichment"
SIZES = ((80, 24), (120, 40))
SMALL = (OverviewScreen, JobScreen, TaskManagersScreen)
"""Screens with the most to leave out on a small terminal, where the others are tried in long tests."""
SECONDS, STEP = 60, 3


class Ids:
    """Of the demo's cluster: a job, a vertex that has inputs, a checkpoint, a TaskManager, a jar."""

    def __init__(self, day: Day) -> None:
        documents = day.cluster.document
        self.job = day.cluster.job(JOB)
        self.vertex = documents(f"jobs/{self.job}")["vertices"][2]["id"]
        self.checkpoint = documents(f"jobs/{self.job}/checkpoints")["history"][0]["id"]
        self.taskmanager = documents("taskmanagers")["taskmanagers"][0]["id"]
        self.jar = documents("jars")["files"][0]["id"]
        self.application = documents("applications/overview")["applications"][0]["id"]
        newest = documents(f"jobs/{self.job}/exceptions")["exceptionHistory"]["entries"]
        self.failed_at = newest[0]["timestamp"] if newest else 0
        self.port = day.port


def happened(ids: Ids) -> Event:
    """A failure of the job, as the journal has it."""
    return Event(
        kind=EventKind.FAILURE, at=1000.0, cluster=ids.port.connection.url, words="no", key="", job=ids.job
    )


SCREENS: dict[type[Screen[Any]], Callable[[Ids], Screen[Any]]] = {
    OverviewScreen: lambda _: OverviewScreen(),
    JobScreen: lambda ids: JobScreen(ids.job),
    WhyScreen: lambda ids: WhyScreen(ids.job, cluster=True),
    VertexScreen: lambda ids: VertexScreen(ids.job, ids.vertex),
    SubtaskScreen: lambda ids: SubtaskScreen(ids.job, ids.vertex, 0),
    CheckpointsScreen: lambda ids: CheckpointsScreen(ids.job),
    CheckpointScreen: lambda ids: CheckpointScreen(ids.job, ids.checkpoint),
    CheckpointVertexScreen: lambda ids: CheckpointVertexScreen(ids.job, ids.checkpoint, ids.vertex),
    FaultScreen: lambda ids: FaultScreen(ids.job, "", ids.failed_at),
    TaskManagersScreen: lambda _: TaskManagersScreen(),
    TaskManagerScreen: lambda ids: TaskManagerScreen(ids.taskmanager),
    JobManagerScreen: lambda _: JobManagerScreen(),
    LogFileScreen: lambda ids: LogFileScreen(Process(ids.taskmanager), "taskmanager.log"),
    JarsScreen: lambda _: JarsScreen(),
    ApplicationScreen: lambda ids: ApplicationScreen(ids.application),
    OperationsScreen: lambda _: OperationsScreen(),
    OperationScreen: lambda _: OperationScreen("none"),
    Palette: lambda _: Palette(),
    HelpScreen: lambda _: HelpScreen(()),
    LeaveScreen: lambda _: LeaveScreen(),
    WriteView: lambda _: WriteView(View("test", "", "", (), ""), Path("view.txt")),
    ActionsScreen: lambda ids: ActionsScreen(on_cluster(ids.port)),
    ConfirmScreen: lambda ids: ConfirmScreen(Stop(ids.job)),
    RescaleScreen: lambda ids: RescaleScreen(ids.job),
    RunJarScreen: lambda ids: RunJarScreen(ids.jar),
    PickJar: lambda _: PickJar(),
    PickClass: lambda _: PickClass(()),
    PickRestore: lambda _: PickRestore(),
    PlanPreviewScreen: lambda ids: PlanPreviewScreen(ids.jar, "", RunOptions()),
    ProfileStart: lambda ids: ProfileStart(Profile(ids.taskmanager)),
    UploadScreen: lambda _: UploadScreen(),
    AlertsScreen: lambda _: AlertsScreen(),
    WallScreen: lambda _: WallScreen(),
    TimelineScreen: lambda _: TimelineScreen(),
    EventScreen: lambda ids: EventScreen(happened(ids)),
    MuteScreen: lambda _: MuteScreen(None),
    VertexPlanScreen: lambda ids: VertexPlanScreen(ids.job, ids.vertex),
    OutputScreen: lambda _: OutputScreen(Run("mine", ("true",), background=False, began=0.0)),
    OwnLinkDialog: lambda _: OwnLinkDialog("mine", "https://wiki/"),
    OwnConfirm: lambda _: OwnConfirm(Question("mine", ("true",), "test", lambda: None)),
    # What the bundle itself asks has its own limits: see tests/bundle.
    BundleScreen: lambda ids: BundleScreen(
        BundleBeside(ids.job, JOB, cluster="test", url="", directory=Path(), wall=0.0, journal=None)
    ),
}


def kinds(of: type[Screen[Any]] = SteadyScreen) -> Iterator[type[Screen[Any]]]:
    """All kinds of screens that there are, without those that others are made of."""
    below = of.__subclasses__()
    if not below:
        yield of
    for one in below:
        yield from kinds(one)


def test_every_screen_is_among_them() -> None:
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        importlib.import_module(module.name)
    found = {kind for kind in kinds() if kind.__module__.startswith("flinktop.")}
    # Those of several clusters ask for nothing: engines off the screen keep their own pace. Two ask kubectl.
    others = {FleetScreen, FleetAlertsScreen, PodLogScreen, DescribedScreen}
    assert found - others == set(SCREENS) - {AlertsScreen}


async def first_minute(kind: type[Screen[Any]], tab: str, size: tuple[int, int]) -> Page:
    """What a screen that was just opened asks for, on this tab."""
    clock = ManualClock()
    cluster = DemoCluster("mixed", "2.3.0", clock)
    with asks_nothing():
        async with monitor("2.3.0", size, cluster=cluster, clock=clock) as day:
            if kind is WhyScreen:
                ids = Ids(day)
                culprit = Culprit(vertex=ids.vertex, subtasks=(0,))
                await say(day, [verdict(day, ids.job, finding(Kind.BOTTLENECK, culprit=culprit))])
            return await _first_minute(day, kind, tab)


async def _first_minute(day: Day, kind: type[Screen[Any]], tab: str) -> Page:
    screen = SCREENS[kind](Ids(day))
    if isinstance(screen, TabbedScreen):
        screen.tab = tab
    watch = Watch(day)
    day.app.push_screen(screen)
    await day.settled()
    watch.look()
    for _ in range(SECONDS // STEP):
        await day.clock.advance(STEP)
        await day.settled()
        day.app.tick()
        await day.settled()
        watch.look()
    assert day.app.screen is screen
    return watch.page


def cases() -> Iterator[Any]:
    """Each screen in each size."""
    for size in SIZES:
        named = "x".join(map(str, size))
        for kind in SCREENS:
            hurry = size != SIZES[0] or kind in SMALL
            marks = pytest.mark.deep(cases=8) if hurry else pytest.mark.long
            yield pytest.param(kind, named, size, marks=marks, id=f"{kind.__name__}-{named}")


@pytest.mark.parametrize(("kind", "named", "size"), list(cases()))
async def test_no_more_is_requested_than_recorded(
    kind: type[Screen[Any]],
    named: str,
    size: tuple[int, int],
    *,
    write_goldens: bool,
    record_property: Callable[[str, object], None],
) -> None:
    tabs = [command.id.removeprefix("tab_") for command in getattr(kind, "TABS", ())]
    pages = {f"{named} {tab}".rstrip(): await first_minute(kind, tab, size) for tab in tabs or [""]}
    file = KEPT / f"{kind.__name__}.txt"
    if write_goldens:
        write(file, pages)
    kept = {
        page: asked
        for page, asked in read(file.read_text(encoding="utf-8").splitlines()).items()
        if page.split()[0] == named
    }
    assert not list(more(kept, pages))
    assert set(kept) == set(pages)
    if kept != pages:
        told = f"{kind.__name__} at {named} asks for less than is written down: --write-goldens"
        record_property("figures", told)


def write(file: Path, pages: Mapping[str, Page]) -> None:
    """Write down the pages of one size; those of the others stay."""
    file.parent.mkdir(exist_ok=True)
    known = read(file.read_text(encoding="utf-8").splitlines()) if file.exists() else {}
    sizes = {page.split()[0] for page in pages}
    others = {page: asked for page, asked in known.items() if page.split()[0] not in sizes}
    file.write_text("".join(f"{line}\n" for line in lines({**others, **pages})), encoding="utf-8")


def test_writing_down_one_size_leaves_the_other(tmp_path: Path) -> None:
    one, other = ({"jobs/*": Counts(number, 1, 3.0, 0)} for number in (1, 2))
    file = tmp_path / "kept" / "Screen.txt"
    for pages in ({"80x24 log": one, "80x24 threads": one}, {"120x40 log": one}, {"80x24 log": other}):
        write(file, pages)
    assert read(file.read_text().splitlines()) == {"120x40 log": one, "80x24 log": other}


def test_more_of_anything_is_found() -> None:
    kept = {"80x24": {"jobs/*": Counts(20, 1, 3.0, 0)}}
    assert not list(more(kept, {"80x24": {}}))
    assert not list(more(kept, {"80x24": {"jobs/*": Counts(10, 1, 6.0, 0)}}))
    for counts in (
        Counts(21, 1, 3.0, 0),
        Counts(20, 2, 3.0, 0),
        Counts(20, 1, 2.0, 0),
        Counts(20, 1, 3.0, 1),
    ):
        assert list(more(kept, {"80x24": {"jobs/*": counts}}))
    assert list(more(kept, {"80x24": {"overview": Counts(1, 1, 3.0, 0)}}))
    assert list(more(kept, {"120x40": {"jobs/*": Counts(1, 1, 3.0, 0)}}))


def test_what_is_kept_is_read_as_it_was_written() -> None:
    pages = {"80x24 log": {"jobs/*?x=1": Counts(20, 1, 3.5, 4), "POST a": Counts(1, 1, float("inf"), 0)}}
    assert read(lines(pages)) == pages
