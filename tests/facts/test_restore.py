"""What a job can be restored and run again from, by its checkpoints and the ledger."""

from __future__ import annotations

from flinktop.engine.acts.cluster_acts import Dispose
from flinktop.engine.acts.run_jar import RunAgain, RunJar
from flinktop.engine.acts.verdict import Result
from flinktop.engine.operation import State
from flinktop.engine.store import Reading
from flinktop.facts.restore import (
    MOST_JOBS,
    last_savepoint,
    rerun,
    restore_path,
    restore_points,
    run_of,
    to_ask,
)
from flinktop.flink.checkpoints import (
    CHECKPOINT_CONFIG,
    CHECKPOINTS,
    Checkpoint,
    CheckpointConfig,
    CheckpointStats,
    Externalization,
    LatestCheckpoints,
)
from flinktop.flink.errors import Unreachable
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import JOBS_OVERVIEW, JobOverview, JobsOverview
from tests.engine.test_ledger import NOW, operation
from tests.facts.given import Given

GONE = Unreachable("GET", "http://flink.test")
OLD = operation(2, State.DONE, result=Result(savepoint="s3://old"), sent=NOW - 20)
NEW = operation(3, State.DONE, result=Result(savepoint="s3://new"), sent=NOW - 10)


def completed(path: str, seconds_ago: float, *, savepoint: bool = True) -> Checkpoint:
    at = int((NOW - seconds_ago) * 1000)
    return Checkpoint(status="COMPLETED", is_savepoint=savepoint, trigger_timestamp=at, external_path=path)


def with_job(known: Given, *history: Checkpoint, state: str = "FAILED", kept: bool = True) -> None:
    """The cluster has job j, and has told its checkpoints."""
    known.answer(JOBS_OVERVIEW(), JobsOverview((JobOverview("j", "orders", state=state),)))
    last = next((one for one in history if not one.is_savepoint), None)
    known.answer(
        CHECKPOINTS(job="j"), CheckpointStats(latest=LatestCheckpoints(completed=last), history=history)
    )
    config = CheckpointConfig(externalization=Externalization(enabled=kept))
    known.answer(CHECKPOINT_CONFIG(job="j"), config)


def path_of(known: Given, job: str = "j") -> str | None:
    found = last_savepoint(known, job)
    return found.path if found is not None else None


def test_the_last_savepoint_by_the_ledger() -> None:
    gone = operation(4, State.DONE, act=Dispose("s3://new"), job=None)
    kept = operation(5, State.FAILED, act=Dispose("s3://old"), job=None)
    assert path_of(Given(ledger=(NEW, OLD))) == "s3://new"
    assert path_of(Given(ledger=(kept, gone, NEW, OLD))) == "s3://old"
    assert path_of(Given(ledger=(NEW,)), "k") is None


def test_the_last_savepoint_by_history_and_ledger() -> None:
    known = Given(ledger=(NEW, OLD))
    with_job(known, completed("s3://seen", 15))
    assert path_of(known) == "s3://new"
    with_job(known, completed("s3://seen", 5))
    assert path_of(known) == "s3://seen"
    # Also when the list of jobs has yet to come.
    del known.readings[JOBS_OVERVIEW()]
    known.ledger = ()
    assert path_of(known) == "s3://seen"


def test_the_age_of_a_savepoint_where_clocks_differ() -> None:
    known = Given(ledger=(NEW,), ahead=-7200.0)
    found = last_savepoint(known, "j")
    assert found is not None
    assert known.known_time() - found.made == 10.0


def test_a_deleted_savepoint_is_no_restore_point() -> None:
    known = Given(ledger=(operation(4, State.DONE, act=Dispose("s3://seen"), job=None),))
    with_job(known, completed("s3://seen", 5), completed("<checkpoint-not-externally-addressable>", 1))
    assert restore_points(known) == ()
    assert restore_path(known, "j") is None


def test_a_job_is_run_again_from_its_savepoint_or_what_it_left() -> None:
    known = Given()
    with_job(known, completed("s3://chk-9", 1, savepoint=False), completed("s3://sp", 9))
    assert restore_path(known, "j") == "s3://sp"
    with_job(known, completed("s3://chk-9", 1, savepoint=False))
    assert restore_path(known, "j") == "s3://chk-9"
    with_job(known, completed("s3://chk-9", 1, savepoint=False), kept=False)
    assert restore_path(known, "j") is None


def test_what_another_cluster_made_is_named_after_it() -> None:
    elsewhere = operation(6, State.DONE, cluster="http://other:1", job="k", result=Result(savepoint="s3://k"))
    points = restore_points(Given(ledger=(elsewhere, NEW, OLD)))
    assert [(one.path, one.cluster) for one in points] == [
        ("s3://new", ""),
        ("s3://old", ""),
        ("s3://k", "prod"),
    ]


def test_each_job_is_queried_once_and_only_a_few() -> None:
    known = Given()
    jobs = tuple(
        JobOverview(str(number), state="RUNNING", start_time=number) for number in range(MOST_JOBS + 5)
    )
    known.answer(JOBS_OVERVIEW(), JobsOverview(jobs))
    assert len(to_ask(known)) == 2 * MOST_JOBS
    newest = str(MOST_JOBS + 4)
    known.answer(CHECKPOINTS(job=newest), CheckpointStats())
    known.readings[CHECKPOINT_CONFIG(job=newest)] = Reading(error=GONE)
    assert len(to_ask(known)) == 2 * MOST_JOBS - 2
    known.lost = GONE
    assert not to_ask(known)


def test_how_a_job_was_started() -> None:
    act = RunJar("1_a.jar", "a.jar", RunOptions(arguments=("--password", "x"), job_id="j", parallelism=2))
    run = operation(1, State.DONE, act=act, job=None, result=Result(job="j"))
    known = Given(ledger=(NEW, run))
    assert run_of(known, "j") == act
    assert run_of(known, "k") is None
    assert run_of(Given(runs={"k": act}), "k") == act
    again = rerun(known, "j")
    assert (again.jar, again.name) == ("1_a.jar", "a.jar")
    assert (again.options.savepoint, again.options.job_id, again.options.parallelism) == ("s3://new", None, 2)
    assert "x" not in again.options.arguments
    assert rerun(known, "j", "s3://old").options.savepoint == "s3://old"
    assert rerun(known, "k") == RunAgain("", of="k")
