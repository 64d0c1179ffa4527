"""From a jar on this machine to a job that goes on from its own savepoint, by keys alone."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flinktop.model.run_text import arguments_text
from tests.live.cluster import Cluster
from tests.live.submission import job_jar, wait_for, wait_for_state, words
from tests.terminal.monitor import LIVE, STARTS, filter_line, log_of, monitor, open_job
from tests.terminal.pty import Pty

pytestmark = pytest.mark.live

NAME = "by keys [v1]"
ENDS = 60.0
"""Seconds that an act may take on a busy machine."""


@contextmanager
def cleaned(cluster: Cluster) -> Iterator[None]:
    """Whatever comes, no job of ours is left."""
    try:
        yield
    finally:
        for job in jobs_named(cluster):
            if job["state"] not in ("FINISHED", "CANCELED", "FAILED"):
                cluster.ask("PATCH", f"jobs/{job['jid']}?mode=cancel", b"")


def jobs_named(cluster: Cluster) -> list[dict[str, Any]]:
    return [job for job in cluster.get("jobs/overview")["jobs"] if job["name"] == NAME]


def running(cluster: Cluster) -> str:
    """The id of the one job of ours that runs, as soon as all of it does."""
    wait_for("a job", lambda: len(running_ids(cluster)) == 1, ENDS)
    [job] = running_ids(cluster)
    wait_for_state(cluster, job, "RUNNING")
    return job


def running_ids(cluster: Cluster) -> list[str]:
    return [job["jid"] for job in jobs_named(cluster) if job["state"] == "RUNNING"]


def savepoints(cluster: Cluster, job: str) -> list[str]:
    """Paths of the savepoints that Flink tells of a job, newest first."""
    history = cluster.get(f"jobs/{job}/checkpoints")["history"]
    return [one["external_path"] for one in history if one["is_savepoint"] and one["status"] == "COMPLETED"]


def choose(pty: Pty, label: str) -> None:
    """In the menu of actions, go to a row and open its dialog."""
    pty.press("a")
    text = pty.wait_for(re.compile(rf"ACTION +EFFECT[\s\S]*{re.escape(label)} "))
    rows = text.split("ACTION ", 1)[1].splitlines()[1:]
    at = next(number for number, row in enumerate(rows) if label in row)
    pty.press(*["down"] * at, "enter")


def confirm(pty: Pty, button: str) -> None:
    """Press the button beside the safe one, which has the focus."""
    pty.wait_for(re.compile(rf"\[ Back \] +\[ {re.escape(button)} \]"))
    pty.press("tab")
    pty.wait_until_ready(button)
    pty.press("enter")
    pty.wait_until_gone("[ Back ]")


def paste(pty: Pty, text: str) -> None:
    """As a terminal hands on what is pasted."""
    pty.write(f"\x1b[200~{text}\x1b[201~")


def to_overview(pty: Pty) -> None:
    pty.press("escape")
    pty.wait_for("LAST CKPT")


def go_to_jars(pty: Pty) -> None:
    pty.press(":")
    pty.wait_for("Search for commands")
    pty.write("jars")
    pty.wait_for("Jars that were uploaded.")
    pty.press("enter")
    pty.wait_for("[1 Jars]")


def upload(pty: Pty, jar: Path) -> None:
    """Upload a jar from a list with jars in it, and open its form."""
    choose(pty, "Upload jar")
    pty.wait_for("Upload a jar")
    # What tab completes is the rest of the name.
    pty.write(str(jar.with_suffix(".j")))
    pty.wait_for(re.compile(rf"{re.escape(jar.name)} +[\d.]+ kB"))
    pty.press("tab")
    pty.wait_for(re.compile(r"size +[\d.]+ kB"))
    pty.press("tab", "tab")
    pty.wait_until_ready("Upload")
    pty.press("enter")
    pty.wait_for(re.compile(r"state +uploaded"), ENDS)
    pty.press("enter")
    pty.wait_for("Run a jar")
    pty.wait_for("(from manifest)")


def preview(pty: Pty) -> None:
    """From the form's field of arguments look at the plan, and come back to its button."""
    pty.press("shift+tab", "shift+tab", "shift+tab", "enter")
    pty.wait_for("[ Run main() to get the plan ]")
    pty.press("tab")
    pty.wait_until_ready("Run main() to get the plan")
    pty.press("enter")
    pty.wait_for(re.compile(r"[2-9] vertices"), ENDS)
    pty.press("escape")
    pty.wait_for("[ Preview plan ]")


def done(pty: Pty, what: str) -> None:
    """An act has come to its end, as a toast says."""
    pty.wait_for(f"{what}: done", ENDS)


def start(pty: Pty, cluster: Cluster, jar: Path) -> str:
    """From the overview upload a jar, look at its plan and run it; the id of its job."""
    go_to_jars(pty)
    pty.wait_for(job_jar(cluster).name)
    upload(pty, jar)
    pty.press("down")
    paste(pty, arguments_text(words(cluster, "steady", {"name": NAME, "parallelism": 1, "rate": 50})))
    pty.wait_for(NAME)
    preview(pty)
    pty.press("tab", "enter")
    confirm(pty, "Run jar")
    done(pty, "run jar")
    to_overview(pty)
    return running(cluster)


def stop(pty: Pty, cluster: Cluster, job: str) -> str:
    """On the screen of a job take a savepoint, and stop it with another; the path of that."""
    choose(pty, "Take savepoint")
    confirm(pty, "Take savepoint")
    done(pty, "savepoint")
    choose(pty, "Stop with savepoint")
    confirm(pty, "Stop with savepoint")
    done(pty, "stop with savepoint")
    wait_for_state(cluster, job, "FINISHED")
    wait_for("both savepoints", lambda: len(savepoints(cluster, job)) == 2)
    return savepoints(cluster, job)[0]


def run_again(pty: Pty, cluster: Cluster, path: str) -> str:
    """On the screen of the job that was stopped run it again from its savepoint; the id of the new one."""
    choose(pty, "Run again from savepoint")
    pty.wait_for("Run a jar")
    pty.wait_for(re.compile(rf"restores +\S*{re.escape(path[-20:])}"))
    pty.wait_for(NAME)
    pty.press("shift+tab", "enter")
    confirm(pty, "Run jar")
    done(pty, "run jar")
    return running(cluster)


def cancel(pty: Pty) -> None:
    """On the overview, filtered by our name, cancel the job that runs."""
    typed = filter_line(f"{NAME} state:running")
    pty.press("/")
    pty.wait_for(filter_line(NAME))
    pty.write(" state:running")
    pty.wait_for(typed)
    pty.press("enter")
    pty.wait_until_gone(typed)
    pty.wait_for(re.compile(rf"RUNNING +{re.escape(NAME)}"))
    choose(pty, "Cancel the job")
    confirm(pty, "Cancel the job")


# Between the two it is the keys on recorded answers and the acts over the wire, each tried for itself.
@pytest.mark.parametrize("release", ["1.9.3", "2.3.0"], indirect=True)
def test_a_jar_becomes_a_job_that_goes_on_from_its_savepoint(cluster: Cluster, tmp_path: Path) -> None:
    jar = shutil.copy(job_jar(cluster), tmp_path / "by-keys.jar")
    with cleaned(cluster), monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        job = start(pty, cluster, Path(jar))
        open_job(pty, NAME)
        pty.wait_for("RUNNING for")
        path = stop(pty, cluster, job)
        again = run_again(pty, cluster, path)
        assert again != job
        restored = cluster.get(f"jobs/{again}/checkpoints")["latest"]["restored"]
        assert (restored["is_savepoint"], restored["external_path"]) == (True, path)
        to_overview(pty)
        cancel(pty)
        wait_for_state(cluster, again, "CANCELED")
    assert "Traceback" not in log_of(tmp_path)
