"""What Kubernetes says, in words: tables."""

from __future__ import annotations

import pytest

from flinktop.model import kubernetes_words as words
from flinktop.model.kubernetes import ContainerEnd, KubernetesState, OperatorState, Pod

NOW = 1_700_000_000.0
GI = 1024**3
OOM = ContainerEnd(reason="OOMKilled", exit_code=137, at=NOW - 180, memory_limit=2 * GI)
STABLE = OperatorState(
    kind="FlinkDeployment",
    name="orders",
    lifecycle="STABLE",
    job_status="RUNNING",
    job_id="a" * 32,
    wanted="running",
    upgrade_mode="savepoint",
    savepoint="s3://b/sp",
    savepoint_at=NOW - 7200,
)


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (OOM, "OOMKilled (limit 2.0 GB), exit code 137, 3 m ago"),
        (ContainerEnd(reason="OOMKilled", exit_code=137), "OOMKilled, exit code 137"),
        (ContainerEnd(reason="Error", exit_code=137, at=NOW - 5), "Error, exit code 137 (SIGKILL), 5 s ago"),
        (ContainerEnd(reason="Error", exit_code=1, memory_limit=GI), "Error, exit code 1"),
        (ContainerEnd(reason="Error", exit_code=143), "Error, exit code 143 (SIGTERM)"),
        (ContainerEnd(reason="Error", exit_code=239), "Error, exit code 239"),
        (ContainerEnd(reason="Error", exit_code=137, signal=9), "Error, exit code 137 (SIGKILL)"),
        (ContainerEnd(reason="Completed", exit_code=0, at=NOW), "Completed, 0 s ago"),
        (ContainerEnd(reason="Completed", exit_code=0, at=NOW + 60), "Completed, 0 s ago"),
        (
            ContainerEnd(reason="Evicted", at=NOW - 60, message="The node was low on resource: memory."),
            "Evicted, 1 m ago: The node was low on resource: memory.",
        ),
        (ContainerEnd(reason=""), "ended"),
    ],
)
def test_why_a_container_ended(end: ContainerEnd, text: str) -> None:
    assert words.ended(end, NOW) == text


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (OOM, "OOMKilled"),
        (ContainerEnd(reason="Error", exit_code=1), "exit 1"),
        (ContainerEnd(reason="Evicted", exit_code=137), "Evicted"),
        (ContainerEnd(reason="Completed", exit_code=0), "Completed"),
    ],
)
def test_a_column_has_two_words(end: ContainerEnd, text: str) -> None:
    assert words.short_end(end) == text


def pod(**fields: object) -> Pod:
    return Pod(**{"name": "orders-taskmanager-1-1", "component": "taskmanager", **fields})  # type: ignore[arg-type]


UNSCHEDULABLE = "0/5 nodes are available: 5 Insufficient memory"


@pytest.mark.parametrize(
    ("given", "status", "line"),
    [
        (pod(phase="Running", ready=True), "Running", "Running"),
        (pod(phase="Running"), "NotReady", "NotReady"),
        (
            pod(phase="Running", ready=True, restarts=3, ended=OOM),
            "Running",
            "Running, 3 restarts, last ended: OOMKilled (limit 2.0 GB), exit code 137, 3 m ago",
        ),
        (pod(phase="Running", ready=True, restarts=1), "Running", "Running, 1 restart"),
        (pod(phase="Pending", pending=UNSCHEDULABLE), "Pending", f"Pending: {UNSCHEDULABLE}"),
        (pod(phase="Pending", created=NOW - 240), "Pending", "Pending for 4 m"),
        (pod(phase="Pending", created=NOW - 3, waiting="ContainerCreating"), "Starting", "Pending for 3 s"),
        (pod(phase="Pending"), "Pending", "Pending"),
        (pod(phase="Pending", waiting="ImagePullBackOff"), "ImagePullBackOff", "Pending: ImagePullBackOff"),
        (
            pod(phase="Running", waiting="CrashLoopBackOff", restarts=7),
            "CrashLoopBackOff",
            "CrashLoopBackOff, 7 restarts",
        ),
        (
            pod(phase="Failed", ended=OOM),
            "OOMKilled",
            "Failed: OOMKilled (limit 2.0 GB), exit code 137, 3 m ago",
        ),
        (pod(phase="Failed"), "Failed", "Failed"),
        (pod(phase="Failed", gone=NOW - 60), "Gone", "gone 1 m ago"),
        (
            pod(phase="Failed", gone=NOW - 60, ended=OOM),
            "Gone",
            "gone 1 m ago: OOMKilled (limit 2.0 GB), exit code 137, 3 m ago",
        ),
        (pod(), "…", "…"),
    ],
)
def test_a_pod_in_a_word_and_in_a_line(given: Pod, status: str, line: str) -> None:
    assert words.status(given) == status
    assert words.pod_line(given, NOW) == line


def test_without_a_clock_no_ages_are_said() -> None:
    assert words.pod_line(pod(phase="Pending", created=NOW)) == "Pending"
    assert words.pod_line(pod(gone=NOW, ended=OOM)) == "gone: OOMKilled (limit 2.0 GB), exit code 137"


def test_the_pods_of_a_cluster_are_counted_by_their_part() -> None:
    state = KubernetesState(
        context="c",
        namespace="n",
        pods=(
            Pod(name="jm", component="jobmanager", phase="Running", ready=True),
            *(Pod(name=f"tm{n}", component="taskmanager", phase="Running", ready=True) for n in range(3)),
            Pod(name="tm4", component="taskmanager", phase="Pending"),
            Pod(name="tm5", component="taskmanager", phase="Running", gone=NOW),
            Pod(name="done", component="taskmanager", phase="Succeeded"),
        ),
    )
    assert words.pods_line(state) == "JM 1/1 · TM 3/4 · 1 Pending"
    assert words.pods_line(KubernetesState(context="c", namespace="n")) == ""


@pytest.mark.parametrize(
    ("operator", "line"),
    [
        (STABLE, "operator: STABLE · last savepoint 2 h ago · upgrade mode savepoint"),
        (OperatorState(kind="FlinkDeployment", name="x"), "operator: …"),
        (OperatorState(kind="FlinkDeployment", name="x", deleting=True), "operator: DELETING"),
        (
            OperatorState(kind="FlinkDeployment", name="x", lifecycle="UPGRADING", error="no", savepoint="s"),
            "operator: UPGRADING · error · has a savepoint",
        ),
        (
            OperatorState(kind="FlinkDeployment", name="x", lifecycle="STABLE", wanted="suspended"),
            "operator: STABLE · to be suspended",
        ),
        (
            OperatorState(kind="FlinkDeployment", name="x", lifecycle="SUSPENDED", wanted="suspended"),
            "operator: SUSPENDED",
        ),
    ],
)
def test_what_the_operator_knows_in_a_line(operator: OperatorState, line: str) -> None:
    assert words.operator_line(operator, NOW) == line


def test_an_error_of_the_operator_names_its_object() -> None:
    broken = OperatorState(kind="FlinkSessionJob", name="etl", error="jar not found")
    assert words.operator_error(broken) == "FlinkSessionJob etl: jar not found"
    assert words.operator_error(STABLE) == ""
    assert words.managed(STABLE) == "managed by the Flink Kubernetes operator (FlinkDeployment orders)"
