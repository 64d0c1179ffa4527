"""Why a job is ill: its findings, their evidence, and the way to what is to blame."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.ui.screens.checkpoint import CheckpointScreen
from flinktop.ui.screens.checkpoints import CheckpointsScreen
from flinktop.ui.screens.fault import FaultScreen
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.process_screen import JobManagerScreen, TaskManagerScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.taskmanagers import TaskManagersScreen
from flinktop.ui.screens.vertex import VertexScreen
from flinktop.ui.screens.why import WhyScreen
from tests.ui.day import Day, monitor
from tests.ui.judged import finding, say, verdict

JOB = "clickstream-sessions"
S = TypeVar("S")


@dataclass
class Ill:
    """A day on the demo with a job of which a test says what is wrong."""

    day: Day
    job: str
    vertex: dict[str, Any]
    taskmanager: str
    since: float
    """Half an hour ago (ms since 1970)."""

    async def has(self, *findings: Finding, of_cluster: tuple[Finding, ...] = ()) -> None:
        await say(self.day, [verdict(self.day, self.job, *findings)], of_cluster)

    def at(self, *subtasks: int, taskmanager: str | None = None) -> Culprit:
        name, number = self.vertex["name"], self.vertex["id"]
        return Culprit(vertex=number, vertex_name=name, subtasks=subtasks, taskmanager=taskmanager)

    def here(self, kind: type[S]) -> S:
        """The screen, which is of this kind."""
        screen: object = self.day.app.screen
        assert isinstance(screen, kind)
        return screen

    async def open(self, name: str = JOB) -> WhyScreen:
        """Find a job in the overview and press `v`."""
        await self.day.press("slash", *name, "enter", "v")
        await self.day.wait(3)
        return self.here(WhyScreen)


@asynccontextmanager
async def ill(size: tuple[int, int] = (120, 40)) -> AsyncIterator[Ill]:
    async with monitor("2.3.0", size, demo="mixed") as day:
        job = day.cluster.job(JOB)
        vertex = day.cluster.document(f"jobs/{job}")["vertices"][-1]
        taskmanager = day.cluster.document("taskmanagers")["taskmanagers"][0]["id"]
        yield Ill(day, job, vertex, taskmanager, (day.port.cluster_time() - 1800) * 1000.0)


@pytest.mark.deep
@pytest.mark.parametrize(
    "size",
    [
        pytest.param((80, 24), marks=pytest.mark.deep),
        (120, 40),
        pytest.param((200, 60), marks=pytest.mark.deep),
    ],
)
async def test_it_shows_each_finding_with_its_evidence(size: tuple[int, int]) -> None:
    async with ill(size) as it:
        evidence = (
            Evidence("busy, highest subtask", 1000, "ms/s"),
            Evidence("last checkpoint took", 42_000, "ms"),
            Evidence("state", 5 * 1024**2, "bytes"),
            Evidence("cause", "[b]disk[/b]"),
        )
        first = finding(
            Kind.BOTTLENECK,
            words="[i]Sink[/i], 4 of 4 subtasks 100 % busy",
            since=it.since,
            culprit=it.at(0, 1, 2, 3),
            evidence=evidence,
            next="open the vertex: raise its parallelism",
        )
        second = finding(Kind.CHECKPOINT_SLOW, Severity.INFO, evidence=(Evidence("interval", 60, "s"),))
        await it.has(first, second)
        await it.open()
        text = it.day.text
        assert "▲ bottleneck: [i]Sink[/i], 4 of 4 subtasks 100 % busy" in text
        assert "30 m ago" in text
        assert "next: open the vertex: raise its parallelism" in text
        assert it.day.line("busy, highest subtask").split("│")[0].split()[-2:] == ["1000", "ms/s"]
        assert it.day.line("last checkpoint took").split("│")[0].split()[-2:] == ["42", "s"]
        if size[1] > 24:
            assert "5.0 MB" in text
            assert "cause: [b]disk[/b]" in text
        assert "busy" in it.day.line("━ busy")
        await it.day.press("j")
        assert "busy, highest subtask" not in it.day.text
        assert it.day.line("interval ").split("│")[0].split()[-2:] == ["1", "m"]
        assert "Checkpoint duration" in it.day.text
        assert "Busiest subtask" not in it.day.text


@pytest.mark.deep
async def test_findings_of_the_cluster_are_listed_from_the_overview_and_not_from_a_job() -> None:
    async with ill() as it:
        memory = finding(Kind.MEMORY, words="heap 93 % full", culprit=Culprit(taskmanager=it.taskmanager))
        await it.has(finding(Kind.SKEW), of_cluster=(memory,))
        await it.open()
        assert "cluster" in it.day.line("memory: heap 93 % full")
        await it.day.press("j")
        assert "Fullest heap" in it.day.text
        await it.day.press("enter")
        it.here(TaskManagerScreen)
        await it.day.press("escape", "escape", "enter")
        it.here(JobScreen)
        await it.day.press("v")
        assert "skew" in it.day.text
        assert "memory" not in it.day.text


@pytest.mark.deep
async def test_when_nothing_is_wrong_it_says_so_and_how_old_that_is() -> None:
    async with ill() as it:
        await it.has()
        screen = await it.open()
        assert f"nothing is wrong with {JOB}; judged from figures" in it.day.text
        assert "EVIDENCE" not in it.day.text
        await it.has(finding(Kind.SKEW, words="it has come"))
        assert "skew: it has come" in it.day.text
        assert "EVIDENCE" in it.day.text
        await it.has()
        assert "nothing is wrong" in it.day.text
        assert screen is it.day.app.screen


@pytest.mark.deep
async def test_the_way_to_a_vertex_its_subtask_and_its_taskmanager() -> None:
    async with ill() as it:
        await it.has(finding(Kind.SKEW, since=it.since, culprit=it.at(2)))
        await it.open()
        assert f"enter vertex {it.vertex['name'][:20]}" in it.day.text
        await it.day.press("enter")
        vertex = it.here(VertexScreen)
        assert vertex.vertex == it.vertex["id"]
        await it.day.press("escape", "u")
        subtask = it.here(SubtaskScreen)
        assert (subtask.vertex, subtask.subtask) == (it.vertex["id"], 2)
        await it.day.press("escape", "h")
        machine = it.here(TaskManagerScreen)
        document = it.day.cluster.document(f"jobs/{it.job}/vertices/{it.vertex['id']}")
        assert machine.taskmanager == document["subtasks"][2]["taskmanager-id"]
        await it.day.press("escape", "d")
        assert it.here(TaskManagerScreen).tab == "threads"
        # The first clears the search for the subtask's threads.
        await it.day.press("escape", "escape", "escape")
        it.here(OverviewScreen)


@pytest.mark.deep
async def test_the_log_opens_at_the_time_of_the_finding_and_the_failure_at_its_exception() -> None:
    async with ill() as it:
        it.job = it.day.cluster.job("inventory-sync")
        entries = it.day.cluster.document(f"jobs/{it.job}/exceptions")["exceptionHistory"]["entries"]
        at = entries[0]["timestamp"]
        culprit = Culprit(taskmanager=it.taskmanager)
        loop = finding(Kind.RESTART_LOOP, Severity.CRITICAL, since=float(at), culprit=culprit)
        await it.has(loop)
        await it.open("inventory-sync")
        await it.day.wait(10)
        assert "Restarts" in it.day.text
        await it.day.press("enter")
        fault = it.here(FaultScreen)
        assert fault._at == at
        await it.day.press("escape", "e")
        it.here(FaultScreen)
        await it.day.press("escape", "l")
        log = it.here(TaskManagerScreen)
        assert (log.tab, log._at) == ("log", at / 1000.0)


@pytest.mark.deep
async def test_the_way_to_a_checkpoint() -> None:
    async with ill() as it:
        await it.has(finding(Kind.CHECKPOINT_SLOW, Severity.INFO, culprit=it.at()))
        await it.open()
        newest = it.day.cluster.document(f"jobs/{it.job}/checkpoints")["latest"]["completed"]["id"]
        assert f"enter checkpoint {newest}" in it.day.text
        await it.day.press("enter")
        checkpoint = it.here(CheckpointScreen)
        assert checkpoint.checkpoint == newest
        await it.day.press("escape", "V")
        it.here(VertexScreen)
        await it.day.press("escape")
        await it.has(finding(Kind.SKEW, culprit=it.at()))
        await it.day.press("c")
        it.here(CheckpointsScreen)


@pytest.mark.deep
async def test_a_finding_without_a_culprit_leads_to_the_job_or_the_taskmanagers() -> None:
    async with ill() as it:
        await it.has(finding(Kind.CHECKPOINTS_OFF, Severity.INFO), finding(Kind.NO_SLOTS, Severity.CRITICAL))
        await it.open()
        await it.day.press("j", "enter")
        it.here(TaskManagersScreen)
        await it.day.press("escape")
        await it.has(
            finding(Kind.RECORD_ERRORS), of_cluster=(finding(Kind.MEMORY, culprit=Culprit(taskmanager="")),)
        )
        await it.day.press("g", "enter")
        it.here(JobScreen)
        await it.day.press("escape", "j", "l")
        it.here(JobManagerScreen)


@pytest.mark.deep
async def test_keys_that_lead_nowhere_do_nothing_and_are_not_offered() -> None:
    async with ill() as it:
        await it.has(finding(Kind.RECORD_ERRORS))
        screen = await it.open()
        await it.day.press("V", "u", "h", "e", "l", "d")
        assert it.day.app.screen is screen
        await it.day.press("colon", *"subtask")
        await it.day.settled()
        assert "The first subtask" not in it.day.text


@pytest.mark.deep
async def test_keys_typed_ahead_lead_to_the_same_place() -> None:
    async with ill() as it:
        await it.has(finding(Kind.SKEW, culprit=it.at(1)))
        await it.day.press("slash", *JOB, "enter")
        await it.day.type_ahead("v", "enter")
        it.here(VertexScreen)
        await it.day.type_ahead("escape", "u", "escape", "escape")
        it.here(OverviewScreen)


@pytest.mark.deep
async def test_stepping_to_the_next_job_of_the_list() -> None:
    async with ill() as it:
        await it.day.press("v")
        first = it.here(WhyScreen)
        await it.day.press("greater_than_sign")
        second = it.here(WhyScreen)
        assert second.job != first.job
        assert second.choice.cluster


@pytest.mark.deep
async def test_in_a_log_v_still_chooses_the_level() -> None:
    async with ill() as it:
        await it.day.press("M", "enter", "5")
        await it.day.wait(12)
        screen = it.here(TaskManagerScreen)
        await it.day.press("v")
        assert it.day.app.screen is screen


@pytest.mark.deep
async def test_the_graph_marks_the_vertex_to_blame() -> None:
    async with ill((200, 60)) as it:
        await it.has(finding(Kind.SKEW, Severity.WARNING, culprit=it.at(1)))
        await it.day.press("slash", *JOB, "enter", "enter")
        await it.day.wait(12)
        assert it.day.text.count("▲ skew") == 2
        [edge] = [line for line in it.day.lines if "▲ skew" in line and "x4" in line]
        assert edge.rindex("▲ skew") > edge.rindex("x6")
        await it.has()
        assert "▲ skew" not in it.day.text


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.deep)])
async def test_the_breadcrumb_names_the_job_whichever_way_one_came(size: tuple[int, int]) -> None:
    async with ill(size=size) as it:
        await it.has(finding(Kind.SKEW, culprit=it.at()))
        await it.open()
        assert f"{JOB} ▸ why" in it.day.lines[0]
        await it.day.press("c")
        await it.day.wait(3)
        it.here(CheckpointsScreen)
        assert f"{JOB} ▸ why ▸ checkpoints" in it.day.lines[0]
        await it.day.press("escape", "escape", "enter")
        await it.day.wait(3)
        it.here(JobScreen)
        await it.day.press("v")
        await it.day.wait(3)
        await it.day.press("c")
        await it.day.wait(3)
        assert f"{JOB} ▸ why ▸ checkpoints" in it.day.lines[0]
        assert it.day.lines[0].count(JOB) == 1
