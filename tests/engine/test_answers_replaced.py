"""Acts behind a proxy that answers in Flink's place, before or after Flink has acted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.cluster_acts import CancelApplication, DeleteDataset, Dispose, Shutdown
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.job_acts import Cancel, Checkpoint, Savepoint, SavepointAndCancel, Stop
from flinktop.engine.acts.kinds import KINDS
from flinktop.engine.acts.profile import Profile
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.run_jar import RunJar, SubmitGraph
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import Operation, State
from tests.engine.acting import JOB, JobManager, desk, process
from tests.engine.acting import Savepoint as Made
from tests.engine.test_acts import jar_at
from tests.engine.test_operations import once
from tests.manual_clock import ManualClock

pytestmark = pytest.mark.deep

ID = "1" * 32
STATUSES = ("200", "302", "401", "403", "404", "413", "429", "500", "502", "503", "504")
UNCLEAR = ("dispose", "submit-graph", "shutdown")
"""Kinds whose outcome can't be seen without Flink's answer."""
SOON = 15.0
"""Seconds within which a refusal is said."""
SAVED = "file:/savepoints/savepoint-1"


def act_of(kind: str, directory: Path) -> Act:
    """An act of this kind that Flink would do."""
    graph = directory / "job.graph"
    graph.write_bytes(b"x")
    acts: dict[str, Callable[[], Act]] = {
        "stop": lambda: Stop(JOB),
        "savepoint": lambda: Savepoint(JOB),
        "savepoint-cancel": lambda: SavepointAndCancel(JOB),
        "checkpoint": lambda: Checkpoint(JOB),
        "rescale": lambda: Rescale(JOB, bounds={"v1": (1, 4)}),
        "cancel": lambda: Cancel(JOB),
        "upload": lambda: UploadJar(jar_at(directory / "job.jar")),
        "run-jar": lambda: RunJar("x"),
        "delete-jar": lambda: DeleteJar("0_old.jar"),
        "submit-graph": lambda: SubmitGraph(str(graph)),
        "dispose": lambda: Dispose("file:/old"),
        "cancel-application": lambda: CancelApplication("app"),
        "shutdown": lambda: Shutdown("prod"),
        "profile": lambda: Profile(seconds=5),
        "delete-dataset": lambda: DeleteDataset("d1"),
    }
    return acts[kind]()


def jobmanager_of(release: str = "2.3.0") -> JobManager:
    """A JobManager on which every act can be done."""
    jobmanager = JobManager(ManualClock(), release)
    jobmanager.flags = {"web-rescale": True}
    jobmanager.jars["0_old.jar"] = "old.jar"
    jobmanager.datasets = ["d1"]
    jobmanager.applications["app"] = "RUNNING"
    jobmanager.savepoints.append(Made(1, "0" * 32, JOB, 1.0, 1.0, "file:/old"))
    return jobmanager


async def ended(
    kind: str, jobmanager: JobManager, fault: str, directory: Path, *, verbs: str = "POST PUT PATCH DELETE"
) -> tuple[Operation, float]:
    """The end of an act whose first request has a fault, and after how many seconds it was known."""
    left = [fault]
    jobmanager.fault = lambda method, path: (
        left.pop() if left and method in verbs.split() and ("resource" in path or method != "GET") else ""
    )
    at = desk(jobmanager, Ledger(directory / "operations.db", process(1)))
    act, began = act_of(kind, directory), jobmanager.clock.now()
    typed = {"dispose": "old", "shutdown": "prod"}.get(kind)
    try:
        await at.do(act, ID, typed)
        operation = await at.until_ended()
        assert not left
        return operation, jobmanager.clock.now() - began
    finally:
        await at.operations.stop()


def test_every_kind_of_act_is_covered(tmp_path: Path) -> None:
    assert {act_of(kind, tmp_path).kind for kind in KINDS} == set(KINDS)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("kind", KINDS)
async def test_an_act_that_flink_did_is_not_reported_failed(tmp_path: Path, kind: str, status: str) -> None:
    jobmanager = jobmanager_of()
    operation, _ = await ended(kind, jobmanager, f"after {status}", tmp_path)
    # A page in the place of "done" is as good as that, when the cluster is gone afterwards.
    unclear = kind in UNCLEAR and (kind, status) != ("shutdown", "200")
    assert operation.state is (State.LOST if unclear else State.DONE), operation
    assert len(jobmanager.acts()) == 1
    if kind in {"stop", "savepoint", "savepoint-cancel"}:
        assert operation.result.savepoint == "file:/savepoints/savepoint-2"
    if kind == "submit-graph":
        assert "b" * 32 in operation.reason


@pytest.mark.parametrize("release", ["1.9.3", "1.14.6"])
@pytest.mark.parametrize("status", ["401", "500"])
@pytest.mark.parametrize("kind", ["stop", "savepoint", "savepoint-cancel"])
async def test_a_savepoint_is_found_on_older_releases(
    tmp_path: Path, kind: str, status: str, release: str
) -> None:
    operation, _ = await ended(kind, JobManager(ManualClock(), release), f"after {status}", tmp_path)
    assert (operation.state, operation.result.savepoint) == (State.DONE, SAVED)


@pytest.mark.parametrize("status", STATUSES[1:])
@pytest.mark.parametrize("kind", KINDS)
async def test_an_act_that_never_reached_flink_is_not_reported_done(
    tmp_path: Path, kind: str, status: str
) -> None:
    jobmanager = jobmanager_of()
    operation, seconds = await ended(kind, jobmanager, status, tmp_path)
    assert jobmanager.acts() == []
    if int(status) >= 500:
        assert operation.state in {State.FAILED, State.LOST}
        return
    assert operation.state is (State.LOST if kind == "dispose" else State.FAILED), operation
    assert seconds <= SOON
    assert operation.reason


@pytest.mark.parametrize("fault", ["refused", "nothing behind"])
@pytest.mark.parametrize("kind", KINDS)
async def test_an_act_that_was_never_sent_is_reported_at_once(tmp_path: Path, kind: str, fault: str) -> None:
    operation, seconds = await ended(kind, jobmanager_of(), fault, tmp_path)
    assert (operation.state, seconds) == (State.FAILED, 0.0)
    assert operation.reason.startswith("it was not sent: ")


@pytest.mark.parametrize("fault", ["502", "500", "403"])
async def test_a_failed_request_before_an_act_sends_nothing(tmp_path: Path, fault: str) -> None:
    jobmanager = jobmanager_of()
    operation, seconds = await ended("rescale", jobmanager, fault, tmp_path, verbs="GET")
    assert (operation.state, seconds, jobmanager.acts()) == (State.FAILED, 0.0, [])
    assert operation.reason.startswith("it was not sent: ")


async def test_a_main_that_throws_after_its_job_was_submitted_has_started_it(tmp_path: Path) -> None:
    jobmanager = jobmanager_of()
    run = jobmanager._run

    def throws(_jar: str, sent: Any) -> tuple[int, Any]:
        run(_jar, sent)
        return 400, {"errors": ["Could not execute application."]}

    jobmanager._run = throws  # type: ignore[method-assign]  # a program that goes on after execute()
    operation, _ = await ended("run-jar", jobmanager, "", tmp_path)
    assert (operation.state, operation.result.job, operation.result.job_state) == (State.DONE, ID, "RUNNING")


@pytest.mark.parametrize("status", ["401", "500"])
async def test_taking_an_operation_over_gives_the_same_outcome(tmp_path: Path, status: str) -> None:
    for number, fault in enumerate((f"after {status}", status)):
        jobmanager, path = JobManager(ManualClock()), tmp_path / f"{number}.db"
        jobmanager.fault = once("POST", fault)
        first = desk(jobmanager, Ledger(path, process(1)))
        await first.do(Savepoint(JOB), ID)
        assert not first.operation(ID).state.final
        await first.operations.cancel_all()
        second = desk(jobmanager, Ledger(path, process(2), lambda pid: pid == 2))
        await second.quiet()
        operation = await second.until_ended()
        wanted = State.DONE if number == 0 else State.FAILED if status == "401" else State.LOST
        assert operation.state is wanted, operation
        await second.operations.stop()


# One of each family: a page, a redirect, no leave, not there, too often, a gateway's own.
@pytest.mark.parametrize("status", ["200", "302", "403", "404", "429", "503"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "shutdown"])
async def test_ten_minutes_of_proxy_answers_do_not_end_following(
    tmp_path: Path, kind: str, status: str
) -> None:
    jobmanager = jobmanager_of()
    jobmanager.takes = 300.0
    at = desk(jobmanager, Ledger(tmp_path / "operations.db", process(1)))
    jobmanager.fault = lambda method, _path: (
        f"after {status}" if method == "GET" and len(jobmanager.acts()) else ""
    )
    await at.do(act_of(kind, tmp_path), ID, {"dispose": "old"}.get(kind))
    await at.advance(600.0, 10.0)
    assert not at.operation(ID).state.final, at.operation(ID)
    jobmanager.fault = lambda _method, _path: ""
    jobmanager.jobs[JOB].parallelism = 4
    await at.advance(10.0)
    assert at.operation(ID).state is State.DONE, at.operation(ID)
    await at.operations.stop()


@pytest.mark.parametrize("lasts", [600, 607])
@pytest.mark.parametrize("fault", ["refused", "hangs", "503", "401", "404", "cut after"])
async def test_a_followed_operation_is_queried_within_ten_seconds_of_a_faults_end(
    tmp_path: Path, fault: str, lasts: int
) -> None:
    jobmanager = JobManager(ManualClock())
    at = desk(jobmanager, Ledger(tmp_path / "operations.db", process(1)))
    await at.do(Savepoint(JOB), ID)
    jobmanager.fault = lambda _method, _path: fault
    await at.advance(lasts, 5.0)
    jobmanager.fault = lambda _method, _path: ""
    assert not at.operation(ID).state.final
    await at.advance(10.0)
    assert at.operation(ID).state is State.DONE
    await at.operations.stop()


@pytest.mark.long
async def test_hours_without_a_cluster_overflow_nothing(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    at = desk(jobmanager, Ledger(tmp_path / "operations.db", process(1)))
    await at.do(Savepoint(JOB), ID)
    jobmanager.fault = lambda _method, _path: "refused"
    asked = jobmanager.requests
    await at.advance(2.5 * 3600.0, 600.0)
    assert jobmanager.requests - asked > 1024
    jobmanager.fault = lambda _method, _path: ""
    await at.advance(10.0)
    assert at.operation(ID).state is State.DONE
    assert at.operations.base(JOB).under_way == ()
    await at.operations.stop()
