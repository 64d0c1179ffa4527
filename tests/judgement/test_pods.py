"""Findings with what Kubernetes knows: why a TaskManager is gone, why slots do not come."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flinktop.judgement.finding import Finding
from flinktop.judgement.lost import Running, cluster_lost
from flinktop.judgement.remembered import OfCluster, cluster_memory, of_cluster
from flinktop.judgement.verdict import judge_cluster
from flinktop.model.kubernetes import Component, ContainerEnd, KubernetesState, OperatorState, Pod
from flinktop.model.look import ClusterLook
from tests.judgement.looks_failures import (
    MAP,
    NOW,
    SECOND,
    SOURCE,
    ago,
    cluster,
    findings,
    job,
    line,
    process,
    taskmanager,
    times,
    vertex,
    watched_cluster,
)

GB = 1024**3


def pod(name: str = "b", component: Component = "taskmanager", **more: Any) -> Pod:
    usual = {"phase": "Running", "ready": True, "node": "node-7", "created": (NOW - 3_600_000) / 1000}
    return Pod(name=name, component=component, **{**usual, **more})


def ended(reason: str, code: int | None = 137, seconds: float = 15, **more: Any) -> ContainerEnd:
    return ContainerEnd(reason=reason, exit_code=code, at=ago(seconds) / 1000, **more)


def state(*pods: Pod, **more: Any) -> KubernetesState:
    return KubernetesState(context="prod", namespace="shop", pods=pods, **more)


def lost(*pods: Pod) -> Finding:
    """The finding about TaskManager b, gone 10 s ago, where these pods are known."""
    known = state(*pods)
    looks = [
        cluster(taskmanagers=[taskmanager(one) for one in names], now=NOW - ago_s * SECOND, kubernetes=known)
        for ago_s, names in ((20, "ab"), (10, "a"), (0, "a"))
    ]
    (found,) = watched_cluster(looks)[0]
    assert found.kind == "taskmanager-lost"
    return found


def figures(found: Finding) -> dict[str, object]:
    return {one.what: one.value for one in found.evidence}


# -- taskmanager-lost ----------------------------------------------------------------------------------


def test_a_lost_taskmanager_was_oomkilled() -> None:
    found = lost(pod(ended=ended("OOMKilled", memory_limit=2 * GB), restarts=3, phase="Failed", ready=False))
    assert found.words.endswith(
        "is gone with 2 slots in use; its container ended: OOMKilled (limit 2.0 GB), exit code 137"
    )
    assert "taskmanager.memory.jvm-overhead.fraction" in found.next
    assert figures(found)["container ended"] == "OOMKilled"
    assert figures(found)["exit code"] == "137"
    assert figures(found)["container restarts"] == 3
    assert figures(found)["node"] == "node-7"
    assert figures(found)["container memory limit"] == 2 * GB


@pytest.mark.parametrize(
    ("given", "words", "step"),
    [
        pytest.param(
            {"ended": ended("Evicted", None, message="The node was low on resource: memory."), "gone": NOW},
            "its pod ended: Evicted: The node was low on resource: memory.",
            "its node ran short",
            id="evicted",
        ),
        pytest.param(
            {"ended": ended("Error", 143)},
            "its container ended: Error, exit code 143 (SIGTERM)",
            "who stopped it",
        ),
        pytest.param(
            {"ended": ended("Error", 137)},
            "its container ended: Error, exit code 137 (SIGKILL)",
            "short of memory",
        ),
        pytest.param({"ended": ended("Error", 239)}, "exit code 239", "after a fatal error"),
        pytest.param({"ended": ended("Error", 1)}, "its container ended: Error, exit code 1", "the last log"),
        pytest.param(
            {"ended": ended("StartError", 128, message="exec: no such file")},
            "ended: StartError, exit code 128: exec: no such file",
            "the last log",
        ),
        pytest.param(
            {"ended": ended("OOMKilled"), "waiting": "CrashLoopBackOff", "ready": False},
            "its container ended: OOMKilled, exit code 137; now CrashLoopBackOff",
            "jvm-overhead",
        ),
        pytest.param({"gone": NOW / 1000}, "its pod is gone too", "who removed its pod"),
        pytest.param(
            {"ready": False, "phase": "Pending", "pending": "0/3 nodes are available: Insufficient memory"},
            "its pod is Pending: 0/3 nodes are available: Insufficient memory",
            "no node has room",
        ),
        pytest.param({}, "its pod is Running and ready on node-7", "the network between"),
        pytest.param(
            {"ended": ended("OOMKilled", seconds=7200)}, "its pod is Running and ready", "the network between"
        ),
    ],
)
def test_the_pod_says_why_it_is_gone_and_what_to_do(given: dict[str, Any], words: str, step: str) -> None:
    found = lost(pod(**given))
    assert words in found.words
    assert step in found.next


def test_without_its_pod_the_finding_is_as_ever() -> None:
    assert lost() == lost(pod("another"))
    assert lost().words.endswith("is gone with 2 slots in use")


def test_it_is_found_by_its_address_also_when_that_was_given_to_another_pod() -> None:
    first = pod("tm-1", ip="b", ended=ended("OOMKilled"), gone=ago(12) / 1000)
    assert "OOMKilled" in lost(first).words
    second = pod("tm-2", ip="b", created=ago(5) / 1000)
    assert "OOMKilled" in lost(second, first).words


def test_what_its_pod_told_is_remembered_after_kubernetes_has_forgotten_it() -> None:
    def look(seconds: float, names: str, *pods: Pod) -> ClusterLook:
        known = state(*pods)
        found = [taskmanager(one) for one in names]
        return cluster(taskmanagers=found, now=NOW - seconds * SECOND, kubernetes=known)

    killed = pod(ended=ended("OOMKilled", seconds=45), phase="Failed", ready=False)
    again = pod(created=NOW / 1000)
    looks = [look(50, "ab", pod()), look(40, "a", pod()), look(30, "a", killed), look(20, "a")]
    (found,), memory = watched_cluster([*looks, look(10, "a", again)])
    assert "OOMKilled" in found.words
    kept = of_cluster(memory, {}, Running(), NOW)
    kept = msgspec.json.decode(msgspec.json.encode(kept), type=OfCluster)
    restored, _, _ = cluster_memory(kept, NOW + 5 * SECOND)
    (found,), _ = judge_cluster(look(-10, "a"), restored)
    assert "OOMKilled" in found.words


def test_a_silent_taskmanager_has_a_pod_too() -> None:
    known = state(pod(ended=ended("OOMKilled", memory_limit=GB), ready=False, phase="Failed"))
    silent = taskmanager("b", heartbeat=40)
    ((found,), _) = watched_cluster([cluster(taskmanagers=[silent], kubernetes=known)])
    assert "has sent no heartbeat" in found.words
    assert "OOMKilled (limit 1.0 GB)" in found.words


# -- no-slots ------------------------------------------------------------------------------------------


def waits(known: KubernetesState | None) -> Finding:
    entered = [times(n, CREATED=90, SCHEDULED=90) for n in range(2)]
    tasks = {"SCHEDULED": 2, "RUNNING": 2}
    vertices = line(map=vertex(MAP, tasks, inputs=(SOURCE,), times=entered))
    (found,) = findings(job(vertices=vertices, free_slots=0, kubernetes=known))
    assert found.kind == "no-slots"
    return found


@pytest.mark.parametrize(
    ("known", "words", "step"),
    [
        pytest.param(
            state(
                pod(
                    "tm-2", phase="Pending", ready=False, pending="0/3 nodes are available: Insufficient cpu"
                ),
                pod("tm-1"),
            ),
            "a TaskManager pod is Pending: 0/3 nodes are available: Insufficient cpu",
            "add nodes",
            id="no room",
        ),
        pytest.param(
            state(*(pod(f"tm-{n}", phase="Pending", ready=False, waiting="ImagePullBackOff") for n in "12")),
            "2 TaskManager pods wait, one is Pending: ImagePullBackOff",
            "the name of the image",
            id="image",
        ),
        pytest.param(
            state(
                pod(
                    "tm-1", ready=False, waiting="CrashLoopBackOff", ended=ended("Error", 1, message="no jar")
                )
            ),
            "a TaskManager pod is CrashLoopBackOff, last ended: Error, exit code 1: no jar",
            "the last log",
            id="it crashes",
        ),
        pytest.param(
            state(not_created="pods is forbidden: exceeded quota: team, requested: limits.memory=4Gi"),
            "Kubernetes refuses to make pods: pods is forbidden: exceeded quota",
            "raise the quota",
            id="quota",
        ),
        pytest.param(
            state(pod("jm", "jobmanager")), "there is no TaskManager pod", "add TaskManagers", id="none"
        ),
    ],
)
def test_the_pods_say_why_slots_do_not_come(known: KubernetesState, words: str, step: str) -> None:
    found = waits(known)
    assert words in found.words
    assert step in found.next
    assert (found.kind, found.severity, found.since) == (
        waits(None).kind,
        waits(None).severity,
        waits(None).since,
    )


@pytest.mark.parametrize(
    "known", [state(), state(pod("tm-1")), state(pod("x", gone=1.0, ready=False), pod("y"))]
)
def test_pods_that_run_add_nothing_to_missing_slots(known: KubernetesState) -> None:
    assert waits(known) == waits(None)


# -- cluster-lost --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "words", "step"),
    [
        (state(pod("jm", "jobmanager")), "its JobManager pod is ready", "the way to it"),
        (state(), "there is no JobManager pod", "events of its deployment"),
        (state(missing=("pods may not be listed",)), "", "look whether the JobManager runs"),
        (
            state(
                pod(
                    "jm",
                    "jobmanager",
                    ready=False,
                    waiting="CrashLoopBackOff",
                    restarts=7,
                    ended=ended("OOMKilled", memory_limit=GB),
                )
            ),
            (
                "its JobManager pod is CrashLoopBackOff, 7 restarts, last ended: OOMKilled (limit 1.0 GB),"
                " exit code 137"
            ),
            "jobmanager.memory.process.size",
        ),
        (
            state(operator=OperatorState(kind="FlinkDeployment", name="orders", wanted="suspended")),
            "the FlinkDeployment orders is suspended",
            "when spec.job.state is running",
        ),
        (state(deleted=NOW / 1000), "it was deleted from Kubernetes", "nothing is to be done"),
    ],
)
def test_the_jobmanagers_pod_says_why_nothing_answers(known: KubernetesState, words: str, step: str) -> None:
    found = cluster_lost(NOW - 61_000, NOW, ["orders"], "refused", kubernetes=known)
    plain = cluster_lost(NOW - 61_000, NOW, ["orders"], "refused")
    assert found is not None
    assert plain is not None
    assert found.words == (f"{plain.words}; {words}" if words else plain.words)
    assert step in found.next
    assert cluster_lost(NOW - 59_000, NOW, [], "refused", kubernetes=known) is None


# -- memory --------------------------------------------------------------------------------------------


def full(known: KubernetesState | None, who: str = "b") -> Finding:
    looks = [
        cluster(process(who, NOW - ago_s * SECOND, heap=930), now=NOW - ago_s * SECOND, kubernetes=known)
        for ago_s in (130, 60, 0)
    ]
    (found,) = watched_cluster(looks)[0]
    assert found.kind == "memory"
    return found


def test_memory_names_the_limit_of_the_container_and_earlier_kills() -> None:
    gone = pod("tm-0", ended=ended("OOMKilled"), gone=NOW / 1000)
    found = full(state(pod(memory_limit=2 * GB), gone))
    assert figures(found)["container memory limit"] == 2 * GB
    assert figures(found)["TaskManager pods OOMKilled before"] == 1
    assert found.next == full(None).next

    found = full(state(pod(memory_limit=2 * GB, ended=ended("OOMKilled", seconds=7200))))
    assert found.words == full(None).words + "; its container was OOMKilled before"
    assert "taskmanager.memory.process.size" in found.next


def test_so_does_that_of_the_jobmanager() -> None:
    found = full(state(pod("jm", "jobmanager", memory_limit=GB)), who="")
    assert figures(found)["container memory limit"] == GB


# -- foreign text --------------------------------------------------------------------------------------


def test_text_of_kubernetes_is_short_and_without_control_characters() -> None:
    evil = "[red]\x1b[31m\x07" + "x" * 5000
    end = ContainerEnd(reason=evil, message=evil, exit_code=1, at=ago(15) / 1000)
    found = lost(pod(ended=end, waiting=evil, node=evil, phase=evil))
    for text in (found.words, found.next, *(str(one.value) for one in found.evidence)):
        assert "\x1b" not in text
        assert len(text) < 1000
