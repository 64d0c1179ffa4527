"""What Kubernetes may know of clusters, for screens: pods in every state, and the operator's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flinktop.kubernetes.errors import Kind, KubectlError
from flinktop.model.kubernetes import Component, ContainerEnd, KubernetesState, OperatorState, Pod
from tests.manual_clock import ManualClock

GB = 1024**3
NODES = ("ip-10-0-1-17.eu-west-1", "ip-10-0-2-4.eu-west-1")


class FakeKubectl:
    """Answers logs and descriptions with a text; what was asked is kept."""

    def __init__(self, refused: str = "", kind: Kind = "failed") -> None:
        self.asked: list[str] = []
        self.refused = refused
        self.kind = kind

    async def logs(self, namespace: str, pod: str, container: str = "", *, previous: bool = False) -> bytes:
        self.asked.append(f"logs {namespace} {pod} {container}{' previous' if previous else ''}")
        if self.refused:
            raise KubectlError(self.kind, self.refused)
        return (
            b"2026-11-28 19:00:00,000 INFO  org.apache.flink.runtime.Task [] - up\n"
            b"2026-11-28 19:05:00,000 ERROR org.apache.flink.runtime.Task [] - Fatal error\n"
            b"java.lang.OutOfMemoryError: Metaspace\n"
        )

    async def describe(self, kind: str, namespace: str, name: str) -> bytes:
        self.asked.append(f"describe {kind} {namespace} {name}")
        if self.refused:
            raise KubectlError(self.kind, self.refused)
        return (
            f"Name:         {name}\nNamespace:    {namespace}\nEnvironment:\n  DB_PASSWORD:  hunter2\n"
            "Events:\n  Type     Reason   Age  Message\n  Warning  BackOff  10s  \x1b[31mrestarting [red]\n"
        ).encode()


def pod(clock: ManualClock, name: str, component: Component = "taskmanager", **more: Any) -> Pod:
    """A pod that runs and was made an hour ago; times in `more` are those of the clock."""
    usual: dict[str, Any] = {
        "uid": name,
        "phase": "Running",
        "ready": True,
        "node": NODES[len(name) % 2],
        "container": "flink-main-container",
        "memory_limit": 2 * GB,
        "created": clock.wall() - 3600,
    }
    return Pod(name=name, component=component, **{**usual, **more})


def oom(clock: ManualClock, ago: float, limit: int = 2 * GB) -> ContainerEnd:
    return ContainerEnd(reason="OOMKilled", exit_code=137, at=clock.wall() - ago, memory_limit=limit)


def state(pods: Iterable[Pod], operator: OperatorState | None = None, **more: Any) -> KubernetesState:
    return KubernetesState(
        context="prod-eu",
        namespace="shop",
        service="orders-rest",
        pods=tuple(pods),
        operator=operator,
        **more,
    )


def deployment(clock: ManualClock, name: str, **more: Any) -> OperatorState:
    """A FlinkDeployment with a job that runs."""
    usual: dict[str, Any] = {
        "lifecycle": "STABLE",
        "job_status": "RUNNING",
        "wanted": "running",
        "upgrade_mode": "savepoint",
        "savepoint": "s3://flink/savepoints/1",
        "savepoint_at": clock.wall() - 7200,
    }
    return OperatorState(kind="FlinkDeployment", name=name, **{**usual, **more})


def company_states(clock: ManualClock) -> dict[str, KubernetesState]:
    """Of the company's clusters that run on Kubernetes: one in each state."""

    def running(name: str, taskmanagers: int, **more: Any) -> list[Pod]:
        return [
            pod(clock, f"{name}-7c9d6f5b4-x2x8q", "jobmanager"),
            *(pod(clock, f"{name}-taskmanager-1-{n}", **more) for n in range(1, taskmanagers + 1)),
        ]

    pending = pod(
        clock,
        "inventory-taskmanager-1-4",
        phase="Pending",
        ready=False,
        node="",
        pending="0/12 nodes are available: 12 Insufficient memory.",
    )
    crashing = pod(
        clock,
        "search-6f7d9c-9k2lp",
        "jobmanager",
        ready=False,
        waiting="CrashLoopBackOff",
        restarts=7,
        ended=ContainerEnd(reason="Error", exit_code=1, at=clock.wall() - 40),
    )
    return {
        "orders-eu": state(running("orders", 2), deployment(clock, "orders-enrichment")),
        "orders-us": state(
            running("orders-us", 2, restarts=1, ended=oom(clock, 900)),
            deployment(clock, "orders-us", lifecycle="UPGRADING"),
        ),
        "fraud-scoring": state(
            running("fraud", 2),
            deployment(
                clock, "fraud-scoring", lifecycle="DEPLOYED", error="Could not find the savepoint of the job."
            ),
        ),
        "inventory": state([*running("inventory", 3), pending], deployment(clock, "inventory")),
        "search": state([crashing], deployment(clock, "search", lifecycle="CREATED", job_status="")),
    }
