"""Which pod a TaskManager is, and what of the operator runs a job."""

from typing import Any

import pytest

from flinktop.model.kubernetes import KubernetesState, OperatorState, Pod


def known(
    *pods: Pod, operator: OperatorState | None = None, jobs: tuple[OperatorState, ...] = ()
) -> KubernetesState:
    return KubernetesState(context="c", namespace="n", pods=pods, operator=operator, session_jobs=jobs)


@pytest.mark.parametrize(
    ("taskmanager", "host", "found"),
    [
        ("orders-taskmanager-1-1", "", "orders-taskmanager-1-1"),
        ("orders-taskmanager-1-1", "10.0.0.9:6122", "orders-taskmanager-1-1"),
        ("10.0.0.7:6122-a1b2c3", "", "tm-7"),
        ("f" * 32, "10.0.0.7:6122", "tm-7"),
        ("f" * 32, "[fd00::7]:6122", "tm-v6"),
        ("f" * 32, "tm-7.tm-headless:6122", "tm-7"),
        ("f" * 32, "10.0.0.8:6122", None),
        ("", "", None),
    ],
)
def test_a_taskmanager_is_found_by_its_name_or_its_address(
    taskmanager: str, host: str, found: str | None
) -> None:
    state = known(
        Pod(name="no-address"),
        Pod(name="orders-taskmanager-1-1", ip="10.0.0.5"),
        Pod(name="tm-7", ip="10.0.0.7"),
        Pod(name="tm-v6", ip="fd00::7"),
    )
    pod = state.pod_of(taskmanager, host)
    assert (pod.name if pod is not None else None) == found


def test_of_pods_that_had_an_address_one_after_the_other_it_is_the_one_of_then() -> None:
    state = known(
        Pod(name="new", ip="10.0.0.7", created=200.0),
        Pod(name="old", ip="10.0.0.7", created=100.0, gone=190.0),
    )
    assert state.pod_of("", "10.0.0.7:1").name == "new"  # type: ignore[union-attr]
    assert state.pod_of("", "10.0.0.7:1", before=150.0).name == "old"  # type: ignore[union-attr]


def deployment(**more: Any) -> OperatorState:
    return OperatorState(kind="FlinkDeployment", name="orders", **more)


def session_job(**more: Any) -> OperatorState:
    return OperatorState(kind="FlinkSessionJob", name="clicks", **more)


def test_a_deployment_with_a_job_runs_every_job_of_its_cluster() -> None:
    state = known(operator=deployment(wanted="running", job_id="a"))
    assert state.manager_of("a") is state.manager_of("b") is state.operator


def test_a_session_cluster_runs_those_of_its_session_jobs() -> None:
    of_id, of_name = session_job(job_id="a"), session_job(job_name="clicks")
    state = known(operator=deployment(), jobs=(of_id, of_name))
    assert state.manager_of("a") is of_id
    assert state.manager_of("b", "clicks") is of_name
    assert state.manager_of("b", "others") is None
    assert state.manager_of("") is None
    assert known().manager_of("a") is None
