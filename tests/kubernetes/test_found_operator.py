"""What the operator says of a FlinkDeployment and a FlinkSessionJob."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flinktop.kubernetes.objects import FlinkObject, read
from flinktop.kubernetes.operator import error_text, state_of
from flinktop.model.kubernetes import OperatorState
from tests.kubernetes import objects
from tests.kubernetes.objects import CREATED, Object


def state(given: Object) -> OperatorState:
    found = read(json.dumps(given).encode(), FlinkObject)
    assert found is not None
    return state_of(given["kind"], found)


def test_a_deployment_that_is_well() -> None:
    given = objects.deployment(savepoint="s3://b/savepoint-1", savepoint_at=CREATED + 60, job_id="a" * 32)
    assert state(given) == OperatorState(
        kind="FlinkDeployment",
        name="orders",
        lifecycle="STABLE",
        job_status="RUNNING",
        job_id="a" * 32,
        job_name="orders",
        wanted="running",
        upgrade_mode="savepoint",
        savepoint="s3://b/savepoint-1",
        savepoint_at=CREATED + 60,
    )


def test_a_session_cluster_has_no_job_of_its_own() -> None:
    found = state(objects.deployment("session", application=False))
    assert (found.wanted, found.upgrade_mode, found.job_id, found.lifecycle) == ("", "", "", "STABLE")
    job = state(objects.session_job(upgrade_mode="last-state", wanted="suspended", lifecycle="SUSPENDED"))
    assert (job.kind, job.wanted, job.upgrade_mode) == ("FlinkSessionJob", "suspended", "last-state")


def test_before_the_operator_has_looked() -> None:
    found = state(objects.deployment(reconciled=False))
    assert (found.lifecycle, found.job_status, found.error, found.wanted) == ("", "", "", "running")


def test_what_is_left_out_has_the_defaults_of_the_operator() -> None:
    given = objects.changed(objects.deployment(), spec__job={"jarURI": "local:///x.jar"})
    found = state(given)
    assert (found.wanted, found.upgrade_mode) == ("running", "stateless")


def test_an_old_operator_has_no_lifecycle_state() -> None:
    given = objects.deployment(lifecycle="UPGRADING")
    del given["status"]["lifecycleState"]
    assert state(given).lifecycle == "UPGRADING"


def test_it_is_about_to_be_deleted() -> None:
    assert state(objects.deployment(deleting=CREATED + 5)).deleting
    assert not state(objects.deployment()).deleting


@pytest.mark.parametrize(
    ("path", "savepoint"),
    [
        ("s3://b/savepoint-2", "s3://b/savepoint-2"),
        ("KUBERNETES_OPERATOR_LAST_STATE", ""),  # a mark, no path
        (None, ""),
    ],
)
def test_newer_operators_know_of_the_savepoint_of_the_upgrade(path: str | None, savepoint: str) -> None:
    given = objects.changed(objects.deployment(), status__jobStatus__upgradeSavepointPath=path)
    found = state(given)
    assert (found.savepoint, found.savepoint_at) == (savepoint, None)


# -- its error -----------------------------------------------------------------------------------------


def exception(
    message: str | None, *causes: str, kind: str = "a.b.ReconciliationException", **metadata: Any
) -> str:
    rows = [{"type": "x.y.Z", "message": cause, "additionalMetadata": {}} for cause in causes]
    given = {"type": kind, "message": message, "additionalMetadata": metadata, "throwableList": rows}
    return json.dumps({name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, ""),
        ("", ""),
        ("  ", ""),
        ("Job Not Found", "Job Not Found"),
        ("java.lang.IllegalStateException: no jar", "no jar"),
        (exception("no jar"), "no jar"),
        (exception("no jar", "no jar"), "no jar"),
        (
            exception("org.apache.flink.util.FlinkException: it failed.", "java.io.IOException: disk full"),
            "it failed; cause: disk full",
        ),
        (exception("a.b.C: a.b.D$E: no", "a.b.D$E: no"), "no"),
        (exception(None, "disk full"), "disk full"),
        (exception(None, kind="x.y.TimeoutException"), "TimeoutException"),
        (
            exception("[flink-main-container] back-off", reason="CrashLoopBackOff"),
            "CrashLoopBackOff: [flink-main-container] back-off",
        ),
        (exception("ImagePullBackOff of flink:x", reason="ImagePullBackOff"), "ImagePullBackOff of flink:x"),
        ("{broken", "{broken"),
        ('{"other": 1}', '{"other": 1}'),
        ("[1]", "[1]"),
        (exception("line one\nline two\ttabbed"), "line one line two tabbed"),
        (exception("cannot log in: password=hunter2"), "cannot log in: password=******"),
    ],
)
def test_an_error_is_its_message(given: str | None, text: str) -> None:
    assert error_text(given) == text


def test_a_long_error_is_cut() -> None:
    assert len(error_text(exception("x" * 100_000))) < 1100


def test_the_error_of_a_deployment() -> None:
    found = state(objects.deployment(error="jar not found", lifecycle="FAILED"))
    assert found.error == "jar not found"
    assert found.is_wrong
