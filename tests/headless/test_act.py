"""A command in this process, on a JobManager that acts: jars that come and go, exit codes, the question."""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.command_line import read_args
from flinktop.engine.acts.verdict import Result
from flinktop.engine.operation import Operation, State
from flinktop.flink.connection import Connection
from flinktop.headless.act import run_act
from flinktop.headless.args import ActArgs
from flinktop.headless.follow import JarRun
from flinktop.model.kubernetes import KubernetesState, OperatorState
from flinktop.settings import Profile
from tests.engine.acting import JOB
from tests.fixture_cluster import FIXTURES
from tests.headless.served import Done, Served, served

UPLOAD, RUN, DELETE = "POST jars/upload", "POST jars/0_job.jar/run", "DELETE jars/0_job.jar"


@dataclass
class Commands:
    """The command line, without a process of its own for each."""

    at: Served
    printed: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def run(
        self,
        *line: str,
        typed: str | None = None,
        read_only: bool = False,
        kubernetes: KubernetesState | None = None,
    ) -> Done:
        words = read_args(list(line))[3]
        assert isinstance(words, ActArgs)
        self.patch.setattr(os, "isatty", lambda _descriptor: typed is not None)
        self.patch.setattr(sys, "stdin", io.StringIO(typed))
        profile = Profile("prod", Connection(self.at.url, read_only=read_only), None, None)
        code = run_act(profile, self.at.home / "operations.db", words, kubernetes=kubernetes)
        out, err = self.printed.readouterr()
        return Done(code, out, err)

    def json(self, *line: str, code: int, read_only: bool = False) -> dict[str, Any]:
        done = self.run(*line, "--yes", "--json", read_only=read_only)
        assert done.code == code, done
        told: dict[str, Any] = json.loads(done.out)
        return told


@pytest.fixture
def commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Commands]:
    with served(tmp_path) as at:
        yield Commands(at, capsys, monkeypatch)


@pytest.fixture
def jar(tmp_path: Path) -> str:
    with zipfile.ZipFile(tmp_path / "job.jar", "w") as archive:
        archive.writestr("a/Main.class", "x")
    return str(tmp_path / "job.jar")


@pytest.mark.deep
def test_what_the_operator_would_undo_is_refused(commands: Commands) -> None:
    operator = OperatorState(kind="FlinkDeployment", name="orders", wanted="running")
    known = KubernetesState(context="c", namespace="shop", operator=operator)
    done = commands.run("cancel", JOB, "--yes", kubernetes=known)
    assert done.code == 4
    assert "is managed by FlinkDeployment shop/orders: the operator would undo it" in done.err
    assert not commands.at.jobmanager.acts()
    assert commands.run("savepoint", JOB, "--yes", kubernetes=known).code == 0


# -- what becomes of a jar -----------------------------------------------------------------------------


@pytest.mark.deep
def test_a_jar_stays_after_a_run_that_succeeded(commands: Commands, jar: str) -> None:
    done = commands.run("submit", jar, "--yes")
    assert (done.code, commands.at.jobmanager.acts()) == (0, [UPLOAD, RUN])
    assert done.out.endswith(
        "  jar        0_job.jar stays on the JobManager, for running it again from a savepoint\n"
    )
    assert list(commands.at.jobmanager.jars) == ["0_job.jar"]


@pytest.mark.deep
def test_a_jar_is_deleted_again_after_a_run_that_failed(commands: Commands, jar: str) -> None:
    commands.at.jobmanager.main_throws = "no topic orders"
    done = commands.run("submit", jar, "--yes")
    assert (done.code, commands.at.jobmanager.acts()) == (1, [UPLOAD, RUN, DELETE])
    assert "0_job.jar was deleted from the JobManager again" in done.err
    assert done.err.endswith("no topic orders\n")
    assert commands.at.jobmanager.jars == {}


@pytest.mark.deep
def test_a_well_known_failure_is_explained_below_its_reason(commands: Commands, jar: str) -> None:
    commands.at.jobmanager.errors = json.loads((FIXTURES / "2.3.0" / "POST.jars.jar.run.json").read_bytes())[
        "errors"
    ]
    failed = commands.run("submit", jar, "--yes")
    assert failed.code == 1
    *_, reason, means, what_next = failed.err.splitlines()
    assert reason.endswith("was not found in the jar file.")
    assert means == "flinktop: means: The jar has no class no.such.Class that could be run."
    assert what_next.startswith("flinktop: next: Correct the name of the class")
    told = commands.json("submit", jar, code=1)
    assert told["failure"]["id"] == "main-class-missing"


@pytest.mark.deep
def test_the_deletion_is_printed_as_json(commands: Commands, jar: str) -> None:
    commands.at.jobmanager.main_throws = "no topic orders"
    told = commands.json("submit", jar, code=1)
    assert (told["kind"], told["state"]) == ("run-jar", "failed")
    assert (told["upload"]["state"], told["deletion"]["kind"]) == ("done", "delete-jar")


@pytest.mark.deep
def test_a_jar_that_cannot_be_deleted_is_reported(commands: Commands, jar: str) -> None:
    commands.at.jobmanager.main_throws = "no topic orders"
    not_now = (400, {"errors": ["not now"]})
    commands.patch.setattr(commands.at.jobmanager, "_delete", lambda _jar, _sent: not_now)
    done = commands.run("submit", jar, "--yes")
    assert (done.code, "0_job.jar is still on the JobManager: not now" in done.err) == (1, True)


def test_a_jar_stays_after_a_run_with_unknown_outcome() -> None:
    made = Operation("1" * 32, "http://a:1", "a", "upload", None, "job.jar", state=State.DONE)
    upload = replace(made, result=Result(jar="0_job.jar"))
    lost = JarRun(replace(made, kind="run-jar", state=State.LOST), upload)
    assert lost.of_the_jar == "0_job.jar stays on the JobManager, as its job may have been started"
    assert JarRun(lost.run, replace(made, state=State.FAILED)).of_the_jar is None


@pytest.mark.deep
def test_json_of_a_jar_has_one_shape(commands: Commands, jar: str) -> None:
    ran = commands.json("submit", jar, code=0)
    assert (ran["kind"], ran["state"], ran["deletion"]) == ("run-jar", "done", None)
    assert ran["upload"]["result"]["jar"] == "0_job.jar"
    away = commands.json("submit", f"{jar}.none.jar", code=2)
    refused = commands.json("submit", jar, code=4, read_only=True)
    full = (400, {"errors": ["the disk is full"]})
    commands.patch.setattr(commands.at.jobmanager, "_upload", lambda _sent: full)
    failed = commands.json("submit", jar, code=1)
    assert [one["state"] for one in (away, refused, failed)] == ["usage", "refused", "failed"]
    for one in (away, refused, failed):
        assert (one.keys(), one["kind"], one["id"]) == (ran.keys(), "run-jar", None)
    assert (away["upload"], refused["upload"]) == (None, None)
    assert (failed["reason"], failed["upload"]["reason"]) == (
        "upload jar: the disk is full",
        "the disk is full",
    )


# -- wrong words ---------------------------------------------------------------------------------------


def test_an_unusable_file_is_a_usage_error(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "text.jar").write_text("no archive")
    (tmp_path / "job.zip").write_text("no archive")
    for name, said in (
        ("none.jar", "none.jar can't be read: No such file"),
        ("text.jar", "text.jar is not a jar: it is not a zip archive"),
        ("job.zip", "is not a .jar file"),
        (".", "Is a directory"),
    ):
        done = commands.run("submit", str(tmp_path / name), "--yes")
        assert (done.code, said in done.err) == (2, True), done
    graph = commands.run("submit", str(tmp_path / "none"), "--job-graph", "--yes")
    assert (graph.code, "can't be read" in graph.err) == (2, True)
    assert commands.at.jobmanager.lines == []


def test_options_that_need_a_savepoint(commands: Commands, jar: str) -> None:
    for words in (["--allow-non-restored-state"], ["--claim-mode", "CLAIM"]):
        done = commands.run("submit", jar, *words, "--yes")
        assert (done.code, done.err) == (2, f"flinktop: {words[0]} goes with --savepoint\n")
    assert commands.at.jobmanager.lines == []


def test_an_ambiguous_id_prefix_does_nothing(commands: Commands) -> None:
    ended = "aaaa" + "0" * 28
    commands.at.jobmanager.jobs[ended] = commands.at.jobmanager.jobs[JOB].__class__("old", "FINISHED")
    told = commands.json("cancel", "aaaa", code=2)
    assert (told["kind"], told["state"], told["id"], told["subject"]) == ("cancel", "usage", None, "aaaa")
    assert all(one in told["reason"] for one in (JOB, ended))
    assert commands.at.jobmanager.acts() == []


# -- the question --------------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize(
    "answer", ["y\n", *(pytest.param(text, marks=pytest.mark.deep) for text in ("yes\n", " Yes \n"))]
)
def test_yes_is_yes(commands: Commands, answer: str) -> None:
    assert commands.run("cancel", JOB, typed=answer).code == 0


@pytest.mark.deep
def test_anything_else_is_no(commands: Commands) -> None:
    for answer in ("n\n", "", "yess\n"):
        done = commands.run("cancel", JOB, typed=answer)
        assert (done.code, "not confirmed; nothing was sent" in done.err) == (4, True)
    assert commands.at.jobmanager.acts() == []


def test_the_confirmation_names_what_happens_to_the_jar(commands: Commands, jar: str) -> None:
    done = commands.run("submit", jar, typed="n\n")
    assert "the jar stays on the JobManager when the run succeeds, else it is deleted" in done.err
    assert "\n  id " not in done.err


def test_without_a_terminal_it_is_refused(commands: Commands, jar: str) -> None:
    done = commands.run("submit", jar)
    assert (done.code, "--yes is needed" in done.err) == (4, True)
