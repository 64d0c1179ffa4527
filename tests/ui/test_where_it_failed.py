"""Where an exception happened: its task, or that Flink names none; its TaskManager's log at its time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from flinktop.ui import keys
from flinktop.ui.screens.process_screen import JobManagerScreen, TaskManagerScreen
from flinktop.ui.screens.taskmanagers import TaskManagersScreen
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.test_job import open_job

pytestmark = pytest.mark.deep

RELEASE = "2.3.0"


def newest(cluster: FixtureCluster) -> dict[str, Any]:
    """The newest exception of the job that fails."""
    path = f"jobs/{cluster.job('failing')}/exceptions"
    found: dict[str, Any] = cluster.document(path)["exceptionHistory"]["entries"][0]
    return found


def write_log(cluster: FixtureCluster, *seconds: int) -> None:
    """The TaskManager of the newest exception logs at these times before and after it."""
    fault = newest(cluster)
    began = fault["timestamp"] / 1000.0
    lines = [
        f"{datetime.fromtimestamp(began + at, UTC):%Y-%m-%d %H:%M:%S},000 INFO  A [] - at {at}."
        for at in seconds
    ]
    body = "\n".join(lines).encode()
    path = f"taskmanagers/{fault['taskManagerId']}"
    cluster.recorded = cluster.recorded | {f"{path}/log": {(): (200, body)}}
    listed = {"logs": [{"name": "flink-taskexecutor-0-host.log", "size": len(body), "mtime": 1}]}
    cluster.recorded |= {f"{path}/logs": {(): (200, json.dumps(listed).encode())}}


async def open_exceptions(day: Day) -> None:
    """The exceptions of the job that fails."""
    await open_job(day, "failing")
    await day.press("4")
    await day.wait(3)


async def test_l_on_an_exception_opens_its_taskmanagers_log_at_its_time() -> None:
    cluster = FixtureCluster(RELEASE)
    write_log(cluster, *range(-300, 301))
    async with monitor(cluster=cluster, size=(120, 40)) as day:
        await open_exceptions(day)
        await day.press("l")
        await day.wait(3)
        screen = day.app.screen
        assert isinstance(screen, TaskManagerScreen)
        assert screen.taskmanager == newest(cluster)["taskManagerId"]
        await day.sees("at 0.")
        assert "at -3." in day.text
        assert "at 300." not in day.text
        # A read that finds more lines does not take the person away from there.
        write_log(cluster, *range(-300, 303))
        await day.wait(25)
        assert "at 0." in day.text
        assert "at 302." not in day.text
        # From the exception's own screen it is the same place.
        await day.press("escape", "enter", "l")
        await day.wait(3)
        await day.sees("at 0.")


@pytest.mark.deep
async def test_a_time_before_the_start_of_the_log_is_reported() -> None:
    cluster = FixtureCluster(RELEASE)
    # So many lines that the first are not kept.
    write_log(cluster, *range(1000, 80_000))
    async with monitor(cluster=cluster, size=(120, 40)) as day:
        await open_exceptions(day)
        await day.press("l")
        await day.wait(3)
        await day.sees("is before the part that is kept")


async def test_an_adaptive_schedulers_failure_without_a_task_is_not_the_jobs() -> None:
    cluster = FixtureCluster(RELEASE)
    job = cluster.job("failing")

    def unnamed(document: dict[str, Any]) -> dict[str, Any]:
        for entry in document["exceptionHistory"]["entries"]:
            for name in ("taskName", "endpoint", "taskManagerId"):
                entry.pop(name, None)
        return document

    def adaptive(document: dict[str, Any]) -> dict[str, Any]:
        return document | {"schedulerType": "Adaptive"}

    cluster.changed[f"jobs/{job}/exceptions"] = unnamed
    cluster.changed[f"jobs/{job}"] = adaptive
    async with monitor(cluster=cluster, size=(120, 40)) as day:
        await open_exceptions(day)
        await day.sees("Flink does not say which task")
        await day.press("l")
        await day.sees("Flink does not say which task: no TaskManager is known")
        assert not isinstance(day.app.screen, TaskManagerScreen)
        await day.press("enter")
        await day.wait(1)
        # Not the notice at the bottom, which says it as well.
        assert any("Flink does not say which task" in line for line in day.lines[:8])
    cluster.changed[f"jobs/{job}"] = lambda document: document | {"schedulerType": "Default"}
    async with monitor(cluster=cluster, size=(120, 40)) as day:
        await open_exceptions(day)
        await day.sees("job-level failure")


@pytest.mark.deep
@pytest.mark.usefixtures("quiet_judge")
async def test_before_2_3_the_configuration_names_the_scheduler_and_is_requested_once() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("failing")

    def unnamed(document: dict[str, Any]) -> dict[str, Any]:
        for entry in document["exceptionHistory"]["entries"]:
            entry.pop("taskName", None)
        return document

    cluster.changed[f"jobs/{job}/exceptions"] = unnamed
    cluster.changed["jobmanager/config"] = [{"key": "jobmanager.scheduler", "value": "default"}]
    async with monitor(cluster=cluster, size=(120, 40)) as day:
        await open_exceptions(day)
        await day.wait(12)
        await day.sees("job-level failure")
        assert day.asked().count("jobmanager/config") == 1
    async with monitor("1.20.5", (120, 40)) as day:
        await open_exceptions(day)
        await day.wait(12)
        assert "jobmanager/config" not in day.asked()


def test_taskmanagers_and_jobmanager_have_their_keys_on_every_screen() -> None:
    for commands in keys.SCREENS:
        own = {key for command in commands for key in command.keys if command.app}
        assert {"M", "J"} <= own, [command.id for command in commands]


def place(day: Day) -> type:
    """Which screen is seen."""
    return type(day.app.screen)


async def test_from_a_job_and_from_a_log_they_are_a_key_away() -> None:
    async with monitor(RELEASE, (120, 40)) as day:
        await open_job(day, "steady")
        await day.press("M")
        assert place(day) is TaskManagersScreen
        await day.press("M")
        await day.press("J")
        assert place(day) is JobManagerScreen
        await day.press("escape", "escape")
        assert "steady" in day.lines[0]
        await day.press("colon", *"taskmanagers", "enter")
        assert place(day) is TaskManagersScreen
