"""Pods beside what Flink says of TaskManagers, and those that Flink does not list."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.facts.pods import is_bad, others, pod_of, problems
from flinktop.flink.taskmanagers import TaskManager
from flinktop.model.kubernetes import ContainerEnd, KubernetesState, Pod
from tests.facts.given import Given

OOM: dict[str, Any] = {"reason": "OOMKilled", "exit_code": 137}


def pod(name: str, **more: Any) -> Pod:
    return Pod(name=name, component="taskmanager", **{"phase": "Running", "ready": True, **more})


def given(*pods: Pod) -> Given:
    return Given(kubernetes=KubernetesState(context="c", namespace="n", pods=pods))


def taskmanager(name: str, host: str = "") -> TaskManager:
    return TaskManager(id=name, path=f"pekko.tcp://flink@{host}:6122/user" if host else "")


def test_pods_that_flink_lists_are_no_rows_of_their_own() -> None:
    known = given(pod("tm-1"), pod("tm-2", ip="10.0.0.2"), pod("tm-3"), pod("tm-4", phase="Succeeded"))
    listed = [taskmanager("tm-1"), taskmanager("f" * 32, "10.0.0.2")]
    assert [one.id for one in others(known, listed)] == ["tm-3"]
    (row,) = others(known, listed)
    assert (row.is_listed, row.known, row.slots) == (False, None, None)
    assert row.problems[0].words.endswith("not registered with Flink")
    assert others(Given(), listed) == ()


def test_a_taskmanager_whose_pod_is_gone_before_flink_has_noticed_is_one_row() -> None:
    known = given(pod("tm-1", gone=10.0))
    assert others(known, [taskmanager("tm-1")]) == ()
    assert problems(pod_of(known, taskmanager("tm-1")), 20.0)[0].bad


def test_what_waits_comes_first_and_what_is_gone_last() -> None:
    known = given(
        pod("gone", gone=10.0),
        pod("starting", ready=False, waiting="ContainerCreating"),
        pod("crashing", ready=False, waiting="CrashLoopBackOff"),
    )
    assert [one.id for one in others(known, [])] == ["crashing", "starting", "gone"]


def test_a_restart_is_a_problem_for_an_hour() -> None:
    one = pod("tm-1", restarts=1, ended=ContainerEnd(at=1000.0, **OOM))
    assert [found.words for found in problems(one, 1060.0)] == [
        "OOMKilled, exit code 137, 1 m ago; its container was started again"
    ]
    assert problems(one, 1000.0 + 3601.0) == ()
    assert problems(pod("tm-1", ended=ContainerEnd(reason="Completed", exit_code=0, at=1000.0)), 1060.0) == ()
    assert problems(None, 0.0) == ()


def test_why_it_ended_comes_first_where_there_is_little_room() -> None:
    end = ContainerEnd(at=10.0, memory_limit=2 << 30, **OOM)
    why = "OOMKilled (limit 2.0 GB), exit code 137, "
    failed, gone = pod("tm-1", phase="Failed", ended=end), pod("tm-1", gone=10.0, ended=end)
    assert problems(failed, 20.0)[0].words.startswith(why)
    assert problems(gone, 20.0)[0].words == f"{why}10 s ago; its pod is gone"
    assert problems(pod("tm-1", gone=10.0), 20.0)[0].words == "its pod: gone 10 s ago"
    assert [one.problems[0].words[: len(why)] for one in others(given(failed), [])] == [why]


@pytest.mark.parametrize(
    ("one", "bad"),
    [
        (pod("a"), False),
        (pod("a", phase="Pending", ready=False, pending="no room"), False),
        (pod("a", ready=False, waiting="PodInitializing"), False),
        (pod("a", ready=False, waiting="ImagePullBackOff"), True),
        (pod("a", ready=False, phase="Failed", ended=ContainerEnd(**OOM)), True),
        (pod("a", gone=1.0, ended=ContainerEnd(**OOM)), True),
        (pod("a", gone=1.0), False),
        (pod("a", gone=1.0, ended=ContainerEnd(reason="Completed", exit_code=0)), False),
    ],
)
def test_which_pods_are_bad(one: Pod, bad: bool) -> None:  # noqa: FBT001
    assert is_bad(one) is bad
