"""The real commands on a JobManager that acts: what they print, how they end, what they never send."""

from __future__ import annotations

import signal
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinktop.headless.args import ACTS
from tests.engine.acting import JOB
from tests.headless.served import PATIENCE, Served, served
from tests.house.test_startup import importers

pytestmark = pytest.mark.deep

PATH = "file:/savepoints/savepoint-1"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as at:
        yield at


def test_a_savepoint_is_taken_and_remembered(at: Served) -> None:
    done = at.flinktop("savepoint", "orders [v1]", "--yes")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"savepoint of orders [v1] ({JOB}): done\n  savepoint  {PATH}\n"
    told = at.flinktop("operations", at_home=True)
    assert (told.code, PATH in told.out, "orders [v1]" in told.out) == (0, True, True)
    (one,) = at.flinktop("operations", "--json", at_home=True).json()
    assert (one["state"], one["kind"], one["result"]["savepoint"]) == ("done", "savepoint", PATH)
    assert at.jobmanager.acts() == [f"POST jobs/{JOB}/savepoints"]


def test_a_stop_is_printed_as_json(at: Served) -> None:
    done = at.flinktop("stop", JOB[:5], "--yes", "--drain", "--json", "--directory", "s3://a")
    assert done.code == 0
    told = done.json()
    assert (told["kind"], told["state"], told["job"]) == ("stop", "done", JOB)
    assert told["result"]["savepoint"] == "s3://a/savepoint-1"
    assert told["result"]["job_state"] == "FINISHED"
    assert at.jobmanager.savepoints[0].stops


def test_a_job_is_cancelled_by_a_cluster_of_the_config(at: Served) -> None:
    at.configure(f'default = "prod"\n[clusters.prod]\nurl = "{at.url}"\n')
    done = at.flinktop("cancel", "orders [v1]", "--yes", at_home=True)
    assert (done.code, done.out) == (0, f"cancel of orders [v1] ({JOB}): done\n  job state  CANCELED\n")


def test_a_failure_has_its_reason_on_stderr(at: Served) -> None:
    at.jobmanager.fails = "no space left on device"
    failed = at.flinktop("savepoint", JOB, "--yes")
    assert (failed.code, failed.out) == (1, "")
    assert failed.err.endswith("no space left on device\n")
    told = at.flinktop("savepoint", JOB, "--yes", "--json")
    assert (told.code, told.json()["state"]) == (1, "failed")


@pytest.mark.long
def test_without_wait_it_prints_how_to_see_the_outcome(at: Served) -> None:
    at.jobmanager.takes = 600.0
    left = at.flinktop("savepoint", JOB, "--yes", "--no-wait")
    assert left.code == 0
    assert "five minutes after its end, unless rest.async.store-duration" in left.err
    assert left.out.splitlines()[0].endswith((": accepted", ": running"))
    # What it left is under way: another one would be a second savepoint.
    again = at.flinktop("stop", JOB, "--yes")
    assert again.code == 4
    assert again.err.endswith("refused\nflinktop: savepoint of this job is in progress\n")
    at.jobmanager.takes = at.jobmanager.savepoints[0].ends = 0.0
    assert at.flinktop("stop", JOB, "--yes").code == 0
    first, second = at.flinktop("operations", "--json", at_home=True).json()
    assert (first["kind"], second["kind"], second["state"]) == ("stop", "savepoint", "done")
    assert second["result"]["savepoint"] == PATH


def test_a_lost_answer_is_followed(at: Served) -> None:
    left = ["cut after"]
    at.jobmanager.fault = lambda method, _path: left.pop() if left and method == "POST" else ""
    done = at.flinktop("savepoint", JOB, "--yes")
    assert (done.code, len(at.jobmanager.savepoints)) == (0, 1)
    assert "the answer was lost" in done.err
    assert PATH in done.out


def test_an_operation_of_a_killed_command_is_continued(at: Served) -> None:
    at.jobmanager.takes = 600.0
    killed = at.start("savepoint", JOB, "--yes")
    assert killed.stderr is not None
    assert "in progress" in killed.stderr.readline()
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=PATIENCE)
    (row,) = at.flinktop("operations", "--json", at_home=True).json()
    assert row["state"] == "running"
    at.jobmanager.takes = at.jobmanager.savepoints[0].ends = 0.0
    # Any command that acts on the job looks after what the killed one left.
    assert at.flinktop("stop", JOB, "--yes").code == 0
    rows = at.flinktop("operations", "--json", at_home=True).json()
    assert [one["state"] for one in rows] == ["done", "done"]
    assert len(at.jobmanager.savepoints) == 2


def test_ctrl_c_leaves_the_operation_to_others(at: Served) -> None:
    at.jobmanager.takes = 600.0
    # Tests that a shell started in the background are deaf to it, and so is what they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = at.start("savepoint", JOB, "--yes")
    signal.signal(signal.SIGINT, before)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert "what was sent continues" in err
    with sqlite3.connect(at.home / ".local/state/flinktop/operations.db") as ledger:
        assert ledger.execute("SELECT state, owner FROM operations").fetchall() == [("running", None)]
    ledger.close()


# -- a jar ---------------------------------------------------------------------------------------------


def test_a_jar_is_uploaded_and_run(at: Served, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "job.jar", "w") as archive:
        archive.writestr("a/Main.class", "x")
    jar = str(tmp_path / "job.jar")
    done = at.flinktop("submit", jar, "--yes", "--class", "a.Main", "--", "--in", "a, b", "--yes")
    assert done.code == 0, done.err
    assert "uploaded as 0_job.jar" in done.err
    assert at.jobmanager.acts() == ["POST jars/upload", "POST jars/0_job.jar/run"]
    assert "0_job.jar stays on the JobManager" in done.out
    at.jobmanager.main_throws = "no topic orders"
    failed = at.flinktop("submit", jar, "--yes")
    assert (failed.code, "no topic orders" in failed.err, "\tat" in failed.err) == (1, True, False)
    none = at.flinktop("submit", str(tmp_path / "none.jar"), "--yes")
    assert (none.code, "No such file" in none.err) == (2, True)
    zero = at.flinktop("submit", jar, "--yes", "--parallelism", "0")
    assert (zero.code, "'0' is not a parallelism: it is a number, 1 or more" in zero.err) == (2, True)


def test_a_job_graph_is_submitted(at: Served, tmp_path: Path) -> None:
    (tmp_path / "graph").write_bytes(b"x")
    done = at.flinktop("submit", str(tmp_path / "graph"), "--job-graph", "--yes", "--json")
    assert (done.code, done.json()["result"]["job"]) == (0, "b" * 32)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--job-graph", "--parallelism", "2"), "--parallelism goes with a jar that is run"),
        (("--job-graph", "--", "a"), "arguments of a program goes with a jar"),
        (("--jar", "x"), "--jar goes with --job-graph"),
        (("--conf", "a"), "--conf is written KEY=VALUE"),
        (("--job-graph", "--artifact", "a="), "--artifact is written NAME=FILE"),
    ],
)
def test_options_that_conflict(at: Served, words: tuple[str, ...], said: str) -> None:
    done = at.flinktop("submit", "x.jar", "--yes", *words)
    assert (done.code, said in done.err) == (2, True)
    assert at.jobmanager.acts() == []


# -- what is refused -----------------------------------------------------------------------------------


def test_nothing_is_sent_without_confirmation(at: Served) -> None:
    asked = at.flinktop("cancel", JOB)
    assert (asked.code, asked.err) == (4, "flinktop: no terminal to ask for confirmation: --yes is needed\n")
    for text, code in (("no\n", 4), ("\n", 4)):
        said = at.typed(text, "cancel", JOB)
        assert said.code == code
    assert at.jobmanager.acts() == []
    done = at.typed("yes\n", "cancel", JOB)
    assert done.code == 0
    assert "orders [v1]" in done.err
    assert JOB in done.err
    assert "Continue?" in done.err


def test_a_protected_cluster_wants_the_name(at: Served) -> None:
    at.configure(f'default = "prod"\n[clusters.prod]\nurl = "{at.url}"\nprotected = true\n')
    for words in (("--yes",), ("--yes", "--confirm", "orders"), ("--confirm", "orders [v1]")):
        refused = at.flinktop("savepoint", JOB, *words, at_home=True)
        assert refused.code == 4, words
    assert at.typed("yes\n", "savepoint", JOB).code == 4
    assert at.jobmanager.acts() == []
    assert at.typed("orders [v1]\n", "savepoint", JOB).code == 0
    done = at.flinktop("savepoint", JOB, "--yes", "--confirm", "orders [v1]", at_home=True)
    assert (done.code, len(at.jobmanager.savepoints)) == (0, 2)


def test_a_job_without_a_visible_name_is_confirmed_by_its_id(at: Served) -> None:
    at.configure(f'default = "prod"\n[clusters.prod]\nurl = "{at.url}"\nprotected = true\n')
    at.jobmanager.jobs[JOB].name = " "
    for text in ("\n", " \n"):
        assert at.typed(text, "savepoint", JOB).code == 4
    assert at.flinktop("savepoint", JOB, "--yes", "--confirm", " ", at_home=True).code == 4
    assert at.jobmanager.acts() == []
    assert at.flinktop("savepoint", JOB, "--yes", "--confirm", JOB, at_home=True).code == 0


@pytest.mark.parametrize("command", ACTS)
def test_read_only_sends_nothing(at: Served, tmp_path: Path, command: str) -> None:
    with zipfile.ZipFile(tmp_path / "job.jar", "w") as archive:
        archive.writestr("a/Main.class", "x")
    what = str(tmp_path / "job.jar") if command == "submit" else JOB
    refused = at.flinktop(command, what, "--yes", "--read-only")
    assert (refused.code, refused.err) == (4, "flinktop: this cluster is opened read-only\n")
    at.configure(f'default = "prod"\n[clusters.prod]\nurl = "{at.url}"\nread_only = true\n')
    told = at.flinktop(command, what, "--yes", "--json", at_home=True)
    assert (told.code, told.json()["state"]) == (4, "refused")
    assert at.jobmanager.acts() == []
    assert not (tmp_path / ".local/state/flinktop/operations.db").exists()


def test_unknown_and_ambiguous_jobs(at: Served) -> None:
    nobody = at.flinktop("stop", JOB, "--yes", "--target", "http://127.0.0.1:1")
    assert (nobody.code, "connection refused" in nobody.err) == (3, True)
    told = at.flinktop("stop", JOB, "--yes", "--json", "--target", "http://127.0.0.1:1")
    assert (told.code, told.json()["state"]) == (3, "unreachable")
    assert at.flinktop("stop", "nope", "--yes").code == 2
    assert at.flinktop("stop", JOB, "--yes", "--target", "nope").code == 2
    at.jobmanager.jobs[JOB].state = "RESTARTING"
    refused = at.flinktop("stop", JOB, "--yes")
    assert (refused.code, refused.err) == (4, "flinktop: the job is RESTARTING: it must be RUNNING\n")


def test_a_ledger_that_cannot_be_written_is_a_reason(at: Served) -> None:
    (at.home / ".local" / "state").mkdir(parents=True)
    (at.home / ".local" / "state" / "flinktop").write_text("a file")
    refused = at.flinktop("savepoint", JOB, "--yes")
    assert refused.code == 4
    assert "recorded in the ledger first" in refused.err
    assert at.jobmanager.acts() == []


def test_an_empty_ledger_and_a_broken_one(at: Served) -> None:
    empty = at.flinktop("operations", at_home=True)
    assert (empty.code, empty.out) == (0, "No operations from this flinktop yet.\n")
    assert at.flinktop("operations", "--json", at_home=True).json() == []
    (at.home / ".local/state/flinktop").mkdir(parents=True, exist_ok=True)
    (at.home / ".local/state/flinktop/operations.db").write_text("no database" * 200)
    broken = at.flinktop("operations", at_home=True)
    assert (broken.code, broken.out, "Traceback" in broken.err) == (0, empty.out, False)
    assert "not a database" in broken.err
    assert "It is kept as operations.damaged-" in broken.err


@pytest.mark.parametrize(
    "words", [["operations"], ["savepoint", "x", "--target", "http://127.0.0.1:1", "--yes"]]
)
def test_no_command_loads_the_terminal(tmp_path: Path, words: list[str]) -> None:
    _code, asked = importers(words, tmp_path)
    assert any(name.startswith("flinktop.headless.") for name in asked)
    assert not [name for name in asked if name.split(".")[0] in {"textual", "rich", "plotext"}]
    assert "flinktop.ui" not in asked
