"""Clusters on Kubernetes on the screen: their pods, the last log of one, what the operator says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flinktop.model.kubernetes import ContainerEnd, KubernetesState
from flinktop.ui import keys
from flinktop.ui.panels.kubernetes_text import DescribedView, PodLogView
from flinktop.ui.screens.help import HelpScreen
from flinktop.ui.screens.kubernetes_text import DescribedScreen, PodLogScreen
from tests.ui.day import Day, monitor
from tests.ui.kubernetes_day import GB, FakeKubectl, deployment, oom, pod, state

pytestmark = pytest.mark.deep

GONE, WAITING = "orders-taskmanager-1-7", "orders-taskmanager-1-9"


def known(day: Day, *, restarted: bool = False) -> KubernetesState:
    """The recorded TaskManager's pod, one that is Pending, and one that was killed and is gone."""
    clock = day.clock
    taskmanager = day.cluster.document("taskmanagers")["taskmanagers"][0]["id"]
    more: dict[str, Any] = {"restarts": 2, "ended": oom(clock, 120)} if restarted else {}
    why = "0/5 nodes are available: 5 Insufficient memory."
    return state(
        [
            pod(clock, "orders-7d9", "jobmanager"),
            pod(clock, taskmanager, **more),
            pod(clock, WAITING, phase="Pending", ready=False, node="", pending=why),
            pod(
                clock,
                GONE,
                phase="Failed",
                ready=False,
                ended=oom(clock, 70, 4 * GB),
                gone=clock.wall() - 60,
            ),
        ],
        deployment(clock, "orders"),
    )


async def open_taskmanagers(day: Day, found: KubernetesState | None = None) -> None:
    day.port.set_kubernetes(found if found is not None else known(day))
    await day.press("M")
    await day.wait(4)


# -- TaskManagers --------------------------------------------------------------------------------------


async def test_pods_stand_beside_what_flink_says() -> None:
    async with monitor("1.20.5") as day:
        await open_taskmanagers(day, known(day, restarted=True))
        for title in ("POD", "RESTARTS", "LAST END"):
            assert title in day.text
        taskmanager = day.cluster.document("taskmanagers")["taskmanagers"][0]["id"]
        line = next(one for one in day.lines if taskmanager[:8] in one)
        assert "Running" in line
        assert "OOMKilled 2 m" in line
        assert "OOMKilled (limit " in line


async def test_pods_that_flink_does_not_list_are_rows_that_differ() -> None:
    async with monitor("1.20.5") as day:
        await open_taskmanagers(day)
        keys = day.table.shown_keys()
        assert (keys[0], keys[-1]) == (WAITING, GONE)
        assert "Pending: 0/5 nodes are" in day.text
        assert "Pending" in day.line("1-9")
        assert "Gone" in day.line("1-7")
        assert not [target for target in day.asked() if GONE in target or WAITING in target]


async def test_without_kubernetes_nothing_differs() -> None:
    async with monitor("1.20.5") as day:
        await day.press("M")
        await day.wait(4)
        assert "RESTARTS" not in day.text
        await day.press("i")
        assert not isinstance(day.app.screen, DescribedScreen)


async def test_rows_of_pods_are_there_before_flink_answers() -> None:
    async with monitor("1.20.5") as day:
        day.cluster.hangs = lambda path: path.endswith("taskmanagers")
        await open_taskmanagers(day)
        await day.sees(WAITING[:10])


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_size_shows_which_pod_waits(size: tuple[int, int]) -> None:
    async with monitor("1.20.5", size) as day:
        await open_taskmanagers(day)
        await day.sees("Pending: 0/5")
        assert ("NODE" in day.text) is (size[0] == 200)


# -- texts ---------------------------------------------------------------------------------------------


async def test_l_opens_the_last_log_of_a_pod_that_is_gone() -> None:
    async with monitor("1.20.5") as day:
        kubectl = day.port.engine.kubectl = FakeKubectl()
        await open_taskmanagers(day)
        await day.press("G", "l")
        await day.sees("Fatal error")
        assert isinstance(day.app.screen, PodLogScreen)
        assert kubectl.asked == [f"logs shop {GONE} flink-main-container"]
        assert "errors 1" in day.text
        await day.press("v", "v")
        await day.settled()
        assert " up" not in day.text
        await day.press("r")
        await day.settled()
        assert len(kubectl.asked) == 2


async def test_a_container_that_was_restarted_has_a_previous_log() -> None:
    async with monitor("1.20.5") as day:
        kubectl = day.port.engine.kubectl = FakeKubectl()
        crashing = pod(
            day.clock,
            GONE,
            ready=False,
            restarts=4,
            waiting="CrashLoopBackOff",
            ended=ContainerEnd(reason="Error", exit_code=1, at=day.clock.wall() - 5),
        )
        await open_taskmanagers(day, state([crashing]))
        await day.press("g", "l")
        await day.sees("Fatal error")
        assert kubectl.asked == [f"logs shop {GONE} flink-main-container previous"]


@pytest.mark.parametrize("refused", ["there is no pod [b]x[/b] any more in shop", ""])
async def test_why_there_is_no_log_is_said(refused: str) -> None:
    async with monitor("1.20.5") as day:
        day.port.engine.kubectl = FakeKubectl(refused) if refused else None
        await open_taskmanagers(day)
        await day.press("G", "l")
        await day.sees(refused or "this cluster is not read by kubectl")


async def test_the_log_of_a_deleted_pod_is_gone_and_what_still_helps_is_said() -> None:
    async with monitor("1.20.5") as day:
        day.port.engine.kubectl = FakeKubectl(f'kubectl failed: pods "{GONE}" not found', "absent")
        await open_taskmanagers(day)
        await day.press("G", "l")
        await day.sees(f"The log is gone: pod {GONE} was deleted, and its log with it.")
        for words in ("your log store", "the JobManager's log (J, then l)", "kubectl get events -n shop"):
            assert words in day.text


async def test_i_describes_a_pod_in_the_pager() -> None:
    async with monitor("1.20.5") as day:
        kubectl = day.port.engine.kubectl = FakeKubectl()
        await open_taskmanagers(day)
        await day.press("g", "i")
        await day.sees("Namespace:    shop")
        assert isinstance(day.app.screen, DescribedScreen)
        assert kubectl.asked == [f"describe pod shop {WAITING}"]
        assert "hunter2" not in day.text
        assert "restarting [red]" in day.text
        await day.press("slash", *"Backoff", "enter")
        await day.press("r")
        await day.settled()
        assert len(kubectl.asked) == 2


async def test_enter_on_a_pod_alone_describes_it_or_shows_its_last_log() -> None:
    async with monitor("1.20.5") as day:
        day.port.engine.kubectl = FakeKubectl()
        await open_taskmanagers(day)
        await day.press("g", "enter")
        assert day.app.screen.query(DescribedView)
        await day.press("escape", "G", "enter")
        assert day.app.screen.query(PodLogView)
        await day.press("escape", "G", "d")
        await day.sees("only its pod is known")


async def test_i_describes_the_deployment_from_the_cluster_and_the_job() -> None:
    async with monitor("1.20.5") as day:
        kubectl = day.port.engine.kubectl = FakeKubectl()
        day.port.set_kubernetes(known(day))
        await day.press("i")
        await day.sees("Namespace:    shop")
        await day.press("escape", "enter", "i")
        await day.sees("Namespace:    shop")
        await day.press("escape", "J", "i")
        await day.sees("orders-7d9")
        deployed = "describe flinkdeployment shop orders"
        assert kubectl.asked == [deployed, deployed, "describe pod shop orders-7d9"]


async def test_help_has_the_key_to_describe_where_it_does_something() -> None:
    async with monitor("1.20.5") as day:
        await day.press("question_mark")
        assert "what kubectl describes" not in " ".join(day.text.split())
        await day.press("escape")
        day.port.set_kubernetes(known(day))
        await day.press("question_mark")
        screen = day.app.screen
        assert isinstance(screen, HelpScreen)
        assert keys.DESCRIBE in screen.commands


# -- one TaskManager -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "end"),
    [((80, 24), "OOMKilled 2 m ago"), ((120, 40), "OOMKilled (limit 2.0 GB), exit code 137, 2 m ago")],
)
async def test_the_screen_of_a_taskmanager_shows_its_pod(size: tuple[int, int], end: str) -> None:
    async with monitor("1.20.5", size) as day:
        kubectl = day.port.engine.kubectl = FakeKubectl()
        taskmanager = day.cluster.document("taskmanagers")["taskmanagers"][0]["id"]
        await open_taskmanagers(
            day, state([pod(day.clock, taskmanager, restarts=2, ended=oom(day.clock, 120))])
        )
        await day.press("enter")
        await day.wait(4)
        line = day.line("last end")
        for words in ("pod Running", "restarts 2", end, "node ip-10-0-"):
            assert words in line
        await day.press("i")
        await day.sees("Namespace:    shop")
        assert kubectl.asked == [f"describe pod shop {taskmanager}"]


# -- the operator --------------------------------------------------------------------------------------


async def test_the_jobs_header_says_what_the_operator_knows() -> None:
    async with monitor("1.20.5") as day:
        day.port.set_kubernetes(known(day))
        await day.press("enter")
        await day.wait(3)
        line = day.line("managed by")
        for part in ("FlinkDeployment shop/orders", "STABLE", "job RUNNING", "upgrade mode savepoint", "2 h"):
            assert part in line


async def test_an_act_that_the_operator_would_undo_is_off_with_the_reason(tmp_path: Path) -> None:
    async with monitor("1.20.5", acts=True, state=tmp_path) as day:
        day.port.set_kubernetes(known(day))
        await day.press("a")
        await day.wait(1)
        assert "is managed by FlinkDeployment shop/orders" in " ".join(day.text.split())
        await day.press("enter")
        await day.wait(1)
        assert "the operator would undo it" in " ".join(day.text.replace("│", " ").split())
        assert not [line for line in day.cluster.asked if not line.startswith("GET")]
