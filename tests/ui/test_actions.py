"""The menu of actions: what can be done to the selected thing, in which order, and why something can't."""

from __future__ import annotations

import string
from typing import Any

import pytest
from textual.screen import Screen

from flinktop.engine.acts.run_jar import RunJar
from flinktop.ui.screens.actions import Action, ActionsScreen, on_job
from flinktop.ui.screens.application import ApplicationScreen
from flinktop.ui.screens.checkpoint import CheckpointScreen
from flinktop.ui.screens.checkpoints import CheckpointsScreen
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.jars import JarsScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.process_screen import JobManagerScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.vertex import VertexScreen
from tests.engine.acting import Savepoint
from tests.ui.acting import ActingDay, RecordedJobManager, acting
from tests.ui.day import Day, monitor

DEEP = pytest.mark.deep
ON_A_JOB = [
    "Stop with savepoint", "Take savepoint", "Savepoint, then cancel", "Trigger checkpoint",
    "Change parallelism", "Run again from savepoint", "Cancel the job",
]  # fmt: skip
ON_A_JAR = ["Run jar", "Preview plan", "Upload jar", "Delete jar"]
ON_A_CLUSTER = ["Upload jar", "Run jar", "Shut the cluster down"]
NAME = "steady [test] <b>作业</b>"


def menu(ui: Day) -> dict[str, Action]:
    """The rows of the menu that is open."""
    screen = ui.app.screen
    assert isinstance(screen, ActionsScreen)
    actions = (row.action for row in screen.table.shown_rows())
    return {action.title: action for action in actions if isinstance(action, Action)}


def seen(ui: Day) -> type[Screen[Any]]:
    """Which screen or dialog is seen."""
    return type(ui.app.screen)


@pytest.mark.deep
async def test_a_job_can_be_stopped_first_and_cancelled_last() -> None:
    async with acting(size=(80, 24)) as ui:
        await ui.press("a")
        assert list(menu(ui)) == ON_A_JOB
        assert ui.line("job steady") == f"job {NAME}"
        assert ui.line("Stop with").split("  ")[-1].strip() == "ends FINISHED, can be run again from it"
        assert "none: the savepoint holds everything read so far" in ui.text
        # A column is short at this size: what matters comes first.
        assert "needs jobmanager.scheduler: adaptive" in ui.line("Change parallelism")
        # What is off can be selected, says why below, and says it again when it is chosen all the same.
        await ui.press("down", "down", "down", "down")
        assert "not now" in ui.text
        assert "FLINK-12312" in " ".join(ui.text.split())
        await ui.press("enter")
        assert seen(ui) is ActionsScreen
        assert ui.notes[-1].startswith("Change parallelism: needs jobmanager.scheduler: adaptive")
        # Letters do nothing but close it.
        await ui.press(*(set(string.printable[:62]) - set("aqjkgG")))
        assert seen(ui) is ActionsScreen
        await ui.press("escape")
        assert seen(ui) is OverviewScreen
        assert ui.acts() == []


@DEEP
async def test_the_menu_stays_with_the_job_it_was_opened_on() -> None:
    async with acting(size=(80, 24), jobs=("steady", "slow")) as ui:
        key = ui.table.cursor_key
        assert key is not None
        name = ui.jobmanager.jobs[key].name
        await ui.press("a")
        del ui.jobmanager.jobs[key]
        await ui.wait(4)
        assert ui.line("job ") == f"job {name}"
        assert menu(ui)["Stop with savepoint"].reason == "the cluster does not know this job any more"
        assert "the cluster does not know this job any more" in ui.text
        assert menu(ui)["Run again from savepoint"].reason is None


def places(ui: ActingDay) -> dict[str, tuple[Screen[None], str, list[str]]]:
    """By name: a screen, what its menu is about, and the rows of that."""
    job = ui.job
    vertex = ui.jobmanager._job(job, {})[1]["vertices"][0]["id"]
    savepoint = next(iter(ui.jobmanager.savepoints), None)
    number = savepoint.id if savepoint else 0
    again = ["Run again from this"]
    return {
        "vertex": (VertexScreen(job, vertex), f"job {NAME}", ON_A_JOB),
        "subtask": (SubtaskScreen(job, vertex, 0), f"job {NAME}", ON_A_JOB),
        "savepoint": (CheckpointsScreen(job), f"job {NAME}", [*ON_A_JOB, *again, "Delete savepoint"]),
        "one": (CheckpointScreen(job, number), f"job {NAME}", [*ON_A_JOB, *again, "Delete savepoint"]),
        "checkpoint": (CheckpointScreen(job, 15), f"job {NAME}", [*ON_A_JOB, *again]),
        "jar": (JarsScreen(), "jar test-", ON_A_JAR),
        "dataset": (JarsScreen("datasets"), "dataset d1", ["Delete dataset"]),
        "applications": (JarsScreen("applications"), "application Single", ["Cancel application"]),
        "application": (ApplicationScreen(job), "application Single", ["Cancel application"]),
        "JobManager": (JobManagerScreen(), "cluster test-cluster", ON_A_CLUSTER),
    }


def with_savepoint(jobmanager: RecordedJobManager) -> None:
    """A savepoint was made just now, and a dataset kept."""
    job = next(iter(jobmanager.jobs))
    now, wall = jobmanager.clock.now(), jobmanager.clock.wall()
    jobmanager.savepoints.append(Savepoint(101, "t", job, wall, now, "file:/savepoints/savepoint-1"))
    jobmanager.datasets = ["d1"]


PLACES = (
    ("savepoint", "1.20.5"), ("vertex", "1.9.3"), ("subtask", "1.20.5"), ("one", "1.20.5"),
    ("checkpoint", "1.20.5"), ("jar", "1.9.3"), ("jar", "2.3.0"), ("dataset", "1.20.5"),
    ("applications", "2.3.0"), ("application", "2.3.0"), ("JobManager", "1.20.5"),
)  # fmt: skip


@DEEP
@pytest.mark.parametrize(("place", "release"), PLACES)
async def test_every_place_has_its_actions(place: str, release: str) -> None:
    async with acting(release, prepare=with_savepoint) as ui:
        screen, about, rows = places(ui)[place]
        ui.app.push_screen(screen)
        await ui.settled()
        await ui.wait(3)
        await ui.press("a")
        assert list(menu(ui)) == rows
        assert ui.line(about)
        await ui.press("end")
        assert "afterwards  " in ui.text or "not now  " in ui.text
        assert ui.acts() == []


@DEEP
@pytest.mark.parametrize(
    ("release", "label", "reason"),
    [
        ("1.9.3", "Trigger checkpoint", "needs Flink 1.17 or later (this cluster runs 1.9.3)"),
        (
            "1.9.3",
            "Change parallelism",
            "PATCH /rescaling is disabled in every release since 1.9 (FLINK-12312)",
        ),
        ("1.14.6", "Change parallelism", "(this cluster runs 1.14.6)"),
        ("2.3.0", "Change parallelism", "needs jobmanager.scheduler: adaptive"),
    ],
)
async def test_what_a_release_lacks_says_so(release: str, label: str, reason: str) -> None:
    async with acting(release) as ui:
        await ui.press("a")
        assert reason in (menu(ui)[label].reason or "")


def again(ui: Day) -> str:
    """What the menu's row of running it again says."""
    return ui.line("Run again from savepoint").split("  ")[-1].strip()


@DEEP
@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_running_it_again_shows_what_is_known_about_the_job(size: tuple[int, int]) -> None:
    async with acting(size=size) as ui:
        number = ui.port.submit(RunJar(next(iter(ui.jobmanager.jars)), "test-job.jar"))
        await ui.wait(6)
        # A job that was started elsewhere, and one from here; both run.
        for job, how in ((ui.job, "not started by flinktop"), (number, "same jar and options as last time")):
            ui.app.push_screen(ActionsScreen(on_job(ui.port, job, "x")))
            await ui.settled()
            await ui.wait(3)
            await ui.press("end", "up")
            assert again(ui).startswith("still RUNNING; starts a secon")
            shown = " ".join(ui.text.replace("│", "").split())
            assert "it is RUNNING: a second copy would start" in shown
            assert how in shown
            assert ("no known savepoint" in shown) == (job == number)
            # It ends while the menu is open.
            ui.jobmanager.jobs[job].state = "FAILED"
            await ui.wait(6)
            wanted = "a form, filled with how it was run" if job == number else "opens a form for its jar"
            assert again(ui)[:20] == wanted[:20]
            assert "second copy" not in ui.text
            await ui.press("escape")


@DEEP
async def test_a_job_that_has_ended_can_only_be_run_again() -> None:
    def ended(jobmanager: RecordedJobManager) -> None:
        next(iter(jobmanager.jobs.values())).state = "FINISHED"

    async with acting(prepare=ended) as ui:
        await ui.press("a")
        assert [label for label, row in menu(ui).items() if row.reason is None] == [
            "Run again from savepoint"
        ]
        assert menu(ui)["Cancel the job"].reason == "the job has ended (FINISHED)"


@DEEP
async def test_switched_off_by_the_operator() -> None:
    async with acting(prepare=lambda it: it.flags.update({"web-cancel": False, "web-submit": False})) as ui:
        await ui.press("a")
        off = {label: row.reason for label, row in menu(ui).items() if row.reason is not None}
        assert "web.cancel.enable: false" in (off["Stop with savepoint"] or "")
        assert "web.cancel.enable: false" in (off["Cancel the job"] or "")
        assert "web.submit.enable: false" in (off["Run again from savepoint"] or "")
        assert "Take savepoint" not in off


@DEEP
async def test_a_history_server_has_jobs_that_have_ended() -> None:
    async with acting("2.3.0", prepare=lambda it: it.flags.update({"web-history": True})) as ui:
        await ui.press("a")
        reasons = {row.reason for row in menu(ui).values()}
        assert reasons == {"this is a HistoryServer: its jobs have ended"}


@DEEP
async def test_the_palette_knows_what_can_be_done() -> None:
    async with acting(size=(100, 30)) as ui:
        await ui.press("colon", *"stop with")
        await ui.sees("Stop with savepoint")
        await ui.press("down", "enter")
        assert seen(ui) is ConfirmScreen
        assert NAME in ui.text
        assert ui.acts() == []


@DEEP
async def test_nothing_can_be_done_to_a_simulated_cluster() -> None:
    async with monitor(demo="healthy", size=(80, 24)) as day:
        await day.press("a")
        assert day.line("not now").endswith("demo: actions disabled")
        assert "ends at once, without a savepoint" in day.text
        await day.press("enter")
        assert seen(day) is ActionsScreen


async def test_what_can_be_done_to_the_cluster_is_found_from_everywhere() -> None:
    async with acting(size=(80, 24)) as ui:
        await ui.press("colon", *"shut")
        await ui.wait(1)
        assert "Shut" in ui.text
