"""Errors of the Flink Kubernetes operator: of the job that it runs, else of the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.flink.jobs import JobOverview
from flinktop.judgement.finding import Finding, Severity
from flinktop.judgement.verdict import Memory, judge_cluster, judge_job
from flinktop.model.kubernetes import KubernetesState, OperatorState
from flinktop.model.look import ClusterLook, JobLook, Taken
from tests.judgement.looks_failures import JOB, NOW, SECOND, cluster, job

OTHER = "b" * 32


def deployment(**more: Any) -> OperatorState:
    usual = {"kind": "FlinkDeployment", "name": "orders", "lifecycle": "UPGRADING"}
    return OperatorState(**{**usual, **more})


def session_job(name: str, **more: Any) -> OperatorState:
    return OperatorState(**{"kind": "FlinkSessionJob", "name": name, "wanted": "running", **more})


def state(
    operator: OperatorState | None = None, *session_jobs: OperatorState, **more: Any
) -> KubernetesState:
    return KubernetesState(
        context="prod", namespace="shop", operator=operator, session_jobs=session_jobs, **more
    )


def of_job(known: KubernetesState | None, **more: Any) -> list[Finding]:
    verdict, _ = judge_job(job(kubernetes=known, **more), Memory())
    return [one for one in verdict.findings if one.kind == "operator-error"]


def listed(*jobs: JobOverview, age: float = 0.0) -> Taken[tuple[JobOverview, ...]]:
    return Taken(jobs, NOW - age * SECOND)


def of_cluster(known: KubernetesState | None, **more: Any) -> list[Finding]:
    found, _ = judge_cluster(cluster(kubernetes=known, **more), Memory())
    return [one for one in found if one.kind == "operator-error"]


RUNNING = JobOverview(jid=JOB, name="orders", state="RUNNING")


@pytest.mark.parametrize("job_id", [JOB, "", OTHER])
def test_an_error_of_a_deployment_with_a_job_is_its_jobs(job_id: str) -> None:
    known = state(deployment(error="Could not upgrade: no savepoint", wanted="running", job_id=job_id))
    (found,) = of_job(known)
    assert found.words == "operator-error: FlinkDeployment shop/orders: Could not upgrade: no savepoint"
    assert found.severity is Severity.WARNING
    assert "kubectl describe flinkdeployment/orders -n shop" in found.next
    assert {one.what: one.value for one in found.evidence} == {
        "lifecycle": "UPGRADING",
        "spec.job.state": "running",
    }
    assert not of_cluster(known, jobs=listed(RUNNING))


def test_it_is_the_clusters_where_flink_lists_no_such_job() -> None:
    known = state(deployment(error="no JobManager", wanted="running", job_id=JOB))
    assert len(of_cluster(known)) == 1
    assert len(of_cluster(known, jobs=listed())) == 1
    ended = JobOverview(jid=OTHER, name="orders", state="FINISHED")
    assert len(of_cluster(known, jobs=listed(ended))) == 1
    assert len(of_cluster(known, jobs=listed(RUNNING, age=400))) == 1, "nobody knows whether it still runs"


def test_an_error_of_a_session_cluster_is_the_clusters() -> None:
    known = state(deployment(error="quota"))
    assert not of_job(known)
    assert len(of_cluster(known, jobs=listed(RUNNING))) == 1


def test_an_error_of_a_session_job_is_that_jobs_or_one_of_the_cluster() -> None:
    known = state(
        deployment(), session_job("a", error="x", job_id=JOB), session_job("b", error="y", job_id=OTHER)
    )
    (found,) = of_job(known)
    assert found.words == "operator-error: FlinkSessionJob shop/a: x"
    (found,) = of_cluster(known, jobs=listed(RUNNING))
    assert found.words == "operator-error: FlinkSessionJob shop/b: y"
    (found,) = of_cluster(known, jobs=listed())
    assert found.words == "operator-error: FlinkSessionJob shop/a: x; and 1 more"


def test_one_that_failed_for_good_is_an_error_too() -> None:
    known = state(deployment(lifecycle="FAILED", wanted="running", job_id=JOB))
    (found,) = of_job(known)
    assert found.words == "operator-error: FlinkDeployment shop/orders: FAILED: its job has failed for good"


def test_of_a_job_that_failed_it_is_evidence() -> None:
    known = state(deployment(lifecycle="FAILED", wanted="running", job_id=JOB))
    verdict, _ = judge_job(job(state="FAILED", kubernetes=known), Memory())
    assert [one.kind for one in verdict.findings] == ["failed"]
    assert any("operator-error" in one.what for one in verdict.findings[0].evidence)


@pytest.mark.parametrize("known", [None, state(), state(deployment(wanted="running", lifecycle="STABLE"))])
def test_without_an_error_there_is_none(known: KubernetesState | None) -> None:
    assert not of_job(known)
    assert not of_cluster(known)


def test_it_is_gone_half_a_minute_after_the_operator_has_succeeded() -> None:
    def look(seconds: float, error: str) -> ClusterLook:
        return cluster(now=NOW + seconds * SECOND, kubernetes=state(deployment(error=error)))

    memory = Memory()
    seen = []
    for seconds, error in ((0, "x"), (10, ""), (29, ""), (31, "")):
        found, memory = judge_cluster(look(seconds, error), memory)
        seen.append([one.kind for one in found])
    assert seen == [["operator-error"], ["operator-error"], ["operator-error"], []]


def test_the_message_is_one_short_line_without_secrets() -> None:
    error = (
        "org.apache.flink.kubernetes.operator.exception.ReconciliationException: "
        "password=hunter2 \x1b[31m" + "x" * 9000 + "\n\tat org.apache.flink.A.b(A.java:1)"
    )
    (found,) = of_job(state(deployment(error=error, wanted="running")))
    assert "hunter2" not in found.words
    assert "\x1b" not in found.words
    assert "org.apache" not in found.words
    assert len(found.words) < 400


def test_a_look_at_a_job_alone_needs_no_kubernetes() -> None:
    look: JobLook = job()
    assert look.kubernetes is None
