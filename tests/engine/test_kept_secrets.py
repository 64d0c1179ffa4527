"""Secrets in the paths of acts: sent as they are, kept and shown nowhere, in nobody's way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from flinktop.engine.acts import history
from flinktop.engine.acts.cluster_acts import Dispose
from flinktop.engine.acts.job_acts import Savepoint
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.operation import State
from flinktop.flink.checkpoints import CheckpointStats
from flinktop.flink.decode import decode
from flinktop.flink.jars import RunOptions
from flinktop.headless.output import as_object, result_lines
from tests.engine.acting import JOB, JobManager
from tests.engine.test_acts import target
from tests.engine.test_operations import at_work, once
from tests.manual_clock import ManualClock

DIRECTORY = "s3://KEY:hush@bucket/mine"
SHOWN = "s3://******@bucket/mine/savepoint-1"


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5"])
async def test_a_savepoint_below_a_path_with_a_secret_is_found_after_a_take_over(
    tmp_path: Path, release: str
) -> None:
    jobmanager = JobManager(ManualClock(), release)
    jobmanager.fault = once("POST", "cut after")
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders", DIRECTORY))
    assert jobmanager.sent[0][1]["target-directory"] == DIRECTORY
    async with at_work(tmp_path, jobmanager, pid=2, alive=lambda _pid: False) as at:
        done = await at.until_ended()
        assert (done.state, done.result.savepoint) == (State.DONE, SHOWN)
        printed = msgspec.json.encode(as_object(done)).decode()
        assert "hush" not in f"{result_lines(done)} {printed} {at.operations.view.all}"
    assert b"hush" not in (tmp_path / "state" / "operations.db").read_bytes()


async def test_the_path_in_flinks_answer_is_shown_without_its_secret_at_once(tmp_path: Path) -> None:
    async with at_work(tmp_path) as at:
        await at.do(Savepoint(JOB, "orders", DIRECTORY))
        assert (await at.until_ended()).result.savepoint == SHOWN
        assert "hush" not in repr([one.result for one in at.operations.view.all])


async def test_a_reason_that_repeats_the_arguments_is_kept_without_their_secrets(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.jars["0_job.jar"] = "job.jar"
    jobmanager.main_throws = "Can't parse --db.password hush for jdbc:mysql://h/db?password=hush"
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(RunJar("0_job.jar", "job.jar", RunOptions(arguments=("--db.password", "hush"))))
        failed = await at.until_ended()
        assert failed.state is State.FAILED
        assert "Can't parse --db.password ******" in failed.reason
        assert "hush" not in failed.reason
    assert b"hush" not in (tmp_path / "state" / "operations.db").read_bytes()


def test_a_savepoint_of_another_operation_is_not_taken_for_ours() -> None:
    stats = decode(
        b'{"counts": {"total": 2}, "latest": {}, "history": ['
        b'{"id": 1, "status": "COMPLETED", "is_savepoint": true, "trigger_timestamp": 10,'
        b' "external_path": "s3://KEY:hush@bucket/mine/savepoint-1"},'
        b'{"id": 2, "status": "COMPLETED", "is_savepoint": true, "trigger_timestamp": 11,'
        b' "external_path": "s3://KEY:hush@bucket/mine/savepoint-2"}]}',
        CheckpointStats,
    ).value
    found = history.find(stats, {"now": 5}, frozenset({SHOWN}))
    assert found.one is not None
    assert found.one.id == 2
    of_both = history.find(stats, {"now": 5}, frozenset(), directory="s3://******@bucket/other")
    assert len(of_both.several) == 2
    assert "hush" not in str(of_both.several)


@pytest.mark.parametrize(
    "act", [Dispose(SHOWN), RunJar("x", options=RunOptions(savepoint=SHOWN))], ids=["dispose", "run"]
)
def test_a_redacted_path_is_not_sent(act: Dispose | RunJar) -> None:
    assert "was kept as ******, as it looked like a secret: give it whole" in (act.why_not(target()) or "")


def test_the_dialog_before_an_act_has_no_secret() -> None:
    for act in (
        Savepoint(JOB, "orders", DIRECTORY),
        Dispose(f"{DIRECTORY}/savepoint-1"),
        RunJar("x", options=RunOptions(savepoint=f"{DIRECTORY}/savepoint-1")),
    ):
        said = " ".join(line.text for line in act.consequence(target()))
        assert "s3://******@bucket/mine" in said
        assert "hush" not in said
