"""A subtask's attempts on the screen: through a restart loop, and where several run at once."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.ui.panels.attempts import AttemptsTable
from flinktop.ui.panels.vertices import VertexTaskManagersTable
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.process_screen import TaskManagerScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.vertex import VertexScreen
from tests.ui.day import Day, monitor
from tests.ui.meters import Metered

pytestmark = pytest.mark.deep

WIDE = (160, 50)
BESIDE = {
    "subtask": 0,
    "status": "RUNNING",
    "attempt": 1,
    "endpoint": "other-host:4242",
    "start-time": 1795320625999,
    "end-time": -1,
    "duration": 4000,
    "metrics": {},
    "taskmanager-id": "other-host:4242-abcdef",
    "status-duration": {"DEPLOYING": 10, "INITIALIZING": 5, "RUNNING": 3985},
}


class Looping(Metered):
    """A job whose subtask has been restarted so often; Flink keeps the last 16 of its attempts."""

    def __init__(self, release: str, present: int) -> None:
        super().__init__(release)
        self.ids = self.job("steady"), str(self.vertex(self.job("steady"), 1)["id"])
        self.path = f"jobs/{self.ids[0]}/vertices/{self.ids[1]}"
        self.restart(present)

    def restart(self, present: int, status: str = "RUNNING") -> None:
        """The subtask is in this attempt now."""
        one = self.document(f"{self.path}/subtasks/0")
        start = one["start-time"] + 1000 * present
        self.changed[f"{self.path}/subtasks/0"] = {
            **one,
            "attempt": present,
            "status": status,
            "start-time": start,
        }
        for number in range(present):
            kept = {**one, "attempt": number, "status": "FAILED", "start-time": start - 1000}
            gone = (404, {"errors": [f"Attempt {number} not found in subtask"]})
            self.changed[f"{self.path}/subtasks/0/attempts/{number}"] = (
                kept if number >= present - 16 else gone
            )

    def enter_states(self, deployed: int) -> None:
        """The times of the subtask's states are those of the attempt that was deployed then."""
        times = self.document(f"{self.path}/subtasktimes")
        times["subtasks"][0]["timestamps"] = {"CREATED": deployed - 7000, "DEPLOYING": deployed}
        self.changed[f"{self.path}/subtasktimes"] = times


def attempts(day: Day) -> list[tuple[int | None, str]]:
    """Number and state of each row."""
    return [(row.attempt, row.status) for row in day.app.screen.query_one(AttemptsTable).table._rows]


async def test_a_restart_loop_keeps_its_rows_and_says_what_flink_has_dropped() -> None:
    cluster = Looping("1.20.5", present=20)
    async with monitor(cluster=cluster, size=WIDE) as day:
        day.app.push_screen(SubtaskScreen(*cluster.ids, 0))
        await day.settled()
        await day.wait(20)
        assert [number for number, _ in attempts(day)] == list(range(20, 3, -1))
        await day.sees("Attempts 0-3: not kept by Flink.")
        assert "loading earlier" not in day.text
        since = len(cluster.asked)
        cluster.restart(21, "DEPLOYING")
        await day.wait(1)
        assert len(attempts(day)) >= 17
        await day.wait(8)
        assert attempts(day)[:2] == [(21, "DEPLOYING"), (20, "FAILED")]
        # The one that Flink has dropped for it is still known here.
        assert [number for number, _ in attempts(day)] == list(range(21, 3, -1))
        asked = [target for target in day.asked(since) if "/attempts/" in target]
        assert [target.rpartition("/")[2] for target in asked] == ["20"]


async def test_states_of_an_attempt_before_are_not_those_of_the_present_one() -> None:
    cluster = Looping("1.20.5", present=3)
    start = cluster.changed[f"{cluster.path}/subtasks/0"]["start-time"]
    cluster.enter_states(start)
    async with monitor(cluster=cluster, size=WIDE) as day:
        day.app.push_screen(SubtaskScreen(*cluster.ids, 0))
        await day.settled()
        await day.wait(8)
        await day.sees("CREATED")
        cluster.restart(4, "DEPLOYING")
        await day.wait(5)
        assert "CREATED" not in day.text
        await day.sees("loading the states of the present attempt")
        cluster.enter_states(start + 1000)
        await day.wait(5)
        assert "CREATED" in day.text


class Speculative(Metered):
    """A batch job of which one subtask's attempt has another beside it."""

    def __init__(self, release: str) -> None:
        super().__init__(release)
        self.ids = self.job("batch"), str(self.document(f"jobs/{self.job('batch')}")["vertices"][0]["id"])
        path = f"jobs/{self.ids[0]}/vertices/{self.ids[1]}"

        def with_another(document: dict[str, Any]) -> dict[str, Any]:
            document["subtasks"][0]["other-concurrent-attempts"] = [BESIDE]
            return document

        self.changed[path] = with_another
        self.changed[f"{path}/subtasks/0"] = self.document(path)["subtasks"][0] | {
            "other-concurrent-attempts": [BESIDE]
        }


async def test_attempts_that_run_at_once_are_on_every_tab_of_the_vertex() -> None:
    cluster = Speculative("2.3.0")
    async with monitor(cluster=cluster, size=WIDE) as day:
        day.app.push_screen(VertexScreen(*cluster.ids))
        await day.settled()
        await day.wait(4)
        assert "other-host:4242" in day.line(" 0.0 ")
        await day.press("4")
        await day.wait(4)
        assert "subtask 0 (1/" in day.line("other-host:4242")
        assert " attempt 1 " in day.line("other-host:4242")
        taskmanagers = day.app.screen.query_one(VertexTaskManagersTable)
        taskmanagers.table.cursor_key = "other-host:4242-abcdef 0.1"
        await day.press("enter")
        screen = day.app.screen
        assert isinstance(screen, TaskManagerScreen)
        assert screen.taskmanager == "other-host:4242-abcdef"
        await day.press("escape", "7")
        await day.wait(4)
        assert "RUNNING" in day.line("  attempt 1 ")
        await day.press("1")
        day.table.cursor_key = "0.0"
        await day.press("enter")
        await day.wait(4)
        assert isinstance(day.app.screen, SubtaskScreen)
        assert [number for number, _ in attempts(day)] == [1, 0]
        assert "other-host:4242" in day.text


async def test_a_concurrent_attempt_is_visible_on_a_narrow_terminal_too() -> None:
    cluster = Speculative("2.3.0")
    async with monitor(cluster=cluster, size=(80, 24)) as day:
        day.app.push_screen(VertexScreen(*cluster.ids, "taskmanagers"))
        await day.settled()
        await day.wait(4)
        assert " attempt 1 " in day.line("other-host:4242")


async def test_on_a_batch_jobs_timeline_an_opened_vertex_has_them_too() -> None:
    cluster = Speculative("2.3.0")
    async with monitor(cluster=cluster, size=WIDE) as day:
        day.app.push_screen(JobScreen(cluster.ids[0], "timeline"))
        await day.settled()
        await day.wait(4)
        day.table.cursor_key = f"vertex {cluster.ids[1]}"
        await day.press("enter")
        await day.wait(4)
        assert "other" in day.line("  attempt 1 ")
        day.table.cursor_key = f"subtask {cluster.ids[1]} 0.0"
        await day.press("enter")
        assert isinstance(day.app.screen, SubtaskScreen)
