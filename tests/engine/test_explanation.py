"""What a failed act means: recognised by what Flink says, kept with the operation, without secrets."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flinktop.engine.acts.job_acts import Savepoint, Stop
from flinktop.engine.acts.run_jar import PlanJar, RunJar
from flinktop.engine.acts.verdict import explanation
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import Operation, State
from flinktop.model.redaction import HIDDEN
from tests.engine.acting import JOB, Job, JobManager
from tests.engine.test_operations import RELEASES, at_work
from tests.fixture_cluster import FIXTURES
from tests.manual_clock import ManualClock

FORBIDDEN = "Failed to create savepoint directory at file:/forbidden"
NOT_MAPPED = (
    "Failed to rollback to checkpoint/savepoint file:/s/1. Cannot map checkpoint/savepoint state for "
    "operator 1a2b to the new program, because the operator is not available in the new program."
)


def errors_of(release: str) -> list[str]:
    """What a release has answered to a run with a class that is not there."""
    body = json.loads((FIXTURES / release / "POST.jars.jar.run.json").read_bytes())
    return list(body["errors"])


def known(operation: Operation) -> str | None:
    return operation.explanation.id if operation.explanation is not None else None


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("act", [Savepoint(JOB, "orders"), Stop(JOB, "orders")], ids=["savepoint", "stop"])
async def test_a_savepoint_below_a_forbidden_directory_is_explained_also_after_a_restart(
    tmp_path: Path, release: str, act: Savepoint
) -> None:
    jobmanager = JobManager(ManualClock(), release)
    jobmanager.fails = FORBIDDEN
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(act)
        failed = await at.until_ended()
        assert (failed.state, known(failed)) == (State.FAILED, "savepoint-directory-failed")
        assert failed.explanation is not None
        assert "savepoint at file:/forbidden: it may not write there" in failed.explanation.means
        assert FORBIDDEN in failed.reason
        [kept] = Ledger(tmp_path / "state" / "operations.db").operations()
        assert kept.explanation == failed.explanation
        assert "explanation" not in kept.notes


async def test_a_savepoint_that_is_found_in_the_history_is_explained_by_its_message(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock(), "1.14.6")
    jobmanager.fails = "Checkpoint expired before completing."
    jobmanager.fault = lambda method, path: "cut after" if method == "POST" and "savepoints" in path else ""
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        failed = await at.until_ended()
        assert (failed.state, known(failed)) == (State.FAILED, "checkpoint-expired")


async def test_a_failure_that_nobody_knows_has_no_explanation(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fails = "the moon is full"
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        failed = await at.until_ended()
        assert (failed.state, known(failed)) == (State.FAILED, None)


@pytest.mark.parametrize("release", RELEASES)
async def test_a_run_that_flink_refuses_is_explained(tmp_path: Path, release: str) -> None:
    jobmanager = JobManager(ManualClock(), release)
    jobmanager.jars["1_a.jar"] = "a.jar"
    jobmanager.errors = errors_of(release)
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(RunJar("1_a.jar", "a.jar"))
        failed = await at.until_ended()
        assert (failed.state, known(failed)) == (State.FAILED, "main-class-missing")
        assert failed.explanation is not None
        assert failed.explanation.means == "The jar has no class no.such.Class that could be run."


@pytest.mark.parametrize(
    ("exceptions", "id"),
    [
        (f"java.lang.IllegalStateException: {NOT_MAPPED}", "state-not-mapped"),
        ("java.lang.NoSuchMethodError: 'void a.B.c()'", "method-missing"),
        ("java.lang.LinkageError: loader constraint violation: x", "loader-constraint"),
    ],
)
async def test_what_main_throws_is_explained(tmp_path: Path, exceptions: str, id: str) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.jars["1_a.jar"] = "a.jar"
    thrown = f"a.Wrapper: The main method caused an error\n\tat a.B(C.java:1)\nCaused by: {exceptions}\n"
    jobmanager.errors = ["Internal server error.", f"<Exception on server side:\n{thrown}\tat a.B(C.java:2)"]
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(RunJar("1_a.jar", "a.jar"))
        assert known(await at.until_ended()) == id
        at.operations.ask(PlanJar("1_a.jar"), "2" * 32)
        await at.quiet()
        answer = at.operations.answers["2" * 32]
        assert answer.explanation is not None
        assert answer.explanation.id == id


async def test_a_refused_run_that_has_started_its_job_all_the_same_is_done_and_not_explained(
    tmp_path: Path,
) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.jars["1_a.jar"] = "a.jar"
    jobmanager.errors = errors_of("1.20.5")
    async with at_work(tmp_path, jobmanager) as at:
        number = "1" * 32
        jobmanager.jobs[number] = Job("started anyway")
        at.operations.submit(RunJar("1_a.jar", "a.jar"), number)
        done = await at.until_ended()
        assert (done.state, known(done), done.reason) == (State.DONE, None, "")


async def test_the_sentences_are_kept_without_secrets(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fails = "Failed to create savepoint directory at s3://AKIAKEY:hush@bucket/x?token=hush"
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        failed = await at.until_ended()
        assert failed.explanation is not None
        assert HIDDEN in failed.explanation.means
        assert b"hush" not in (tmp_path / "state" / "operations.db").read_bytes()


@pytest.mark.parametrize(
    "odd",
    [
        "null",
        "[]",
        "3",
        '"x"',
        '{"id": 1}',
        '{"id": "x", "name": "y", "means": null, "next": "z"}',
        '{"means": Infinity}',
    ],
)
async def test_an_explanation_that_cannot_be_read_is_none_and_harms_nothing(tmp_path: Path, odd: str) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fails = FORBIDDEN
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        await at.until_ended()
    path = tmp_path / "state" / "operations.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE operations SET notes = ?", (f'{{"explanation": {odd}}}',))
    [kept] = Ledger(path).operations()
    assert kept.explanation is None
    assert kept.state is State.FAILED
    assert FORBIDDEN in kept.reason


def test_nothing_is_nothing_known() -> None:
    for said in ("", "\n", "\0", "[b]x[/b]", "NaN", "Caused by: ", "Internal server error."):
        assert explanation(said) is None


def test_an_error_of_ours_is_no_explanation_but_no_end_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_trace: str) -> None:
        raise KeyError("topic")

    monkeypatch.setattr("flinktop.known.recognise.of_trace", broken)
    assert explanation("java.io.IOException: x") is None
