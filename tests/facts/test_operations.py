"""An operation in words: what came of it, what of it is worth copying, what was chosen, how long it took."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flinktop.engine.acts.job_acts import Savepoint, Stop
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.acts.verdict import Result
from flinktop.engine.operation import Operation, State
from flinktop.facts.operations import options, outcome, took, two_facts, worth_copying
from flinktop.flink.jars import RunOptions
from flinktop.model.redaction import HIDDEN

URL = "http://flink.test:8081"
JOB = "a" * 32
NAME = "steady [/b] <i>"
BASE = Operation(
    id="1" * 32,
    cluster=URL,
    cluster_name="test-cluster",
    kind="savepoint",
    act=Savepoint(JOB, NAME),
    subject=NAME,
    job=JOB,
    by="ann@desk",
    planned=1000.0,
)


@pytest.mark.parametrize(
    ("operation", "told", "path"),
    [
        (replace(BASE, state=State.DONE, result=Result(savepoint="s3://b/sp-1")), "s3://b/sp-1", True),
        (replace(BASE, state=State.FAILED, reason="disk full"), "disk full", False),
        (replace(BASE, state=State.LOST, reason="forgotten"), "forgotten", False),
        (replace(BASE, state=State.REFUSED, reason="read-only"), "read-only", False),
        (replace(BASE, state=State.DONE, result=Result(job="b" * 32)), f"job {'b' * 32}", False),
        (replace(BASE, state=State.DONE, result=Result(jar="1_a.jar")), "jar 1_a.jar", False),
        (replace(BASE, state=State.DONE, result=Result(checkpoint=7)), "checkpoint 7", False),
        (replace(BASE, state=State.DONE, result=Result(job_state="CANCELED")), "the job is CANCELED", False),
        (replace(BASE, state=State.RUNNING, words="in progress"), "in progress", False),
        (replace(BASE, state=State.SENT, progress=(1 << 20, 4 << 20)), "25 % of 4.0 MB", False),
        (replace(BASE, state=State.ACCEPTED), "accepted by Flink", False),
    ],
)
def test_its_outcome_in_a_row(operation: Operation, told: str, path: bool) -> None:  # noqa: FBT001 -- a table
    assert outcome(operation)[::2] == (told, path)


@pytest.mark.parametrize(
    ("result", "copied"),
    [
        (Result(savepoint="s3://b/sp", job="b" * 32), "s3://b/sp"),
        (Result(job="b" * 32), "b" * 32),
        (Result(jar="1_a.jar"), "1_a.jar"),
        (Result(), JOB),
    ],
)
def test_a_path_is_copied_before_an_id(result: Result, copied: str) -> None:
    assert worth_copying(replace(BASE, result=result, reason="why")) == copied


def test_where_there_is_no_id_the_reason_is_copied() -> None:
    assert worth_copying(replace(BASE, job=None, state=State.FAILED, reason="disk full")) == "disk full"


def test_both_results_of_a_stop_are_shown() -> None:
    stop = replace(BASE, kind="stop", act=Stop(JOB, NAME), state=State.FAILED)
    assert two_facts(BASE) == ()
    made = replace(stop, result=Result(savepoint="s3://b/sp", job_state="RUNNING"))
    assert two_facts(made) == (("savepoint", "made", "good"), ("job is", "RUNNING", "bad"))
    neither = two_facts(replace(stop, result=Result(job_state="RUNNING")))
    assert neither[0] == ("savepoint", "none, as far as is known", "bad")
    ended = replace(stop, state=State.DONE, result=Result(savepoint="s3://b/sp", job_state="FINISHED"))
    assert [tone for *_, tone in two_facts(ended)] == ["good", "good"]


def test_options_are_shown_without_secrets() -> None:
    run = RunJar("1_a.jar", "a.jar", RunOptions(arguments=("--password", "swordfish"), parallelism=4))
    told = dict(options(run))
    assert told == {"jar": "1_a.jar", "arguments": f"--password {HIDDEN}", "parallelism": "4"}
    assert dict(options(Stop(JOB, NAME, drain=True, form="NATIVE"))) == {"drain": "yes", "form": "NATIVE"}
    assert dict(options(Rescale(JOB, NAME, {"v1": (1, 4)}))) == {"bounds": "v1: 1 to 4"}


def test_its_duration_counts_from_when_it_was_sent() -> None:
    ended = replace(BASE, state=State.DONE, sent=1002.0, ended=1007.0)
    assert took(ended, 5000.0) == 5.0
    assert took(replace(BASE, state=State.REFUSED, ended=1001.0), 5000.0) is None
    assert took(replace(BASE, state=State.RUNNING, sent=1002.0), 1041.0) == 41.0
