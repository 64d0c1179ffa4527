"""An incident bundle of a job that fails again and again on a real Flink, read back."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.cluster import Cluster
from tests.live.submission import submit, wait_for, wait_for_state

OTHERS = [pytest.param(one, marks=pytest.mark.long) for one in ("1.9.3", "1.14.6", "1.20.5")]
pytestmark = [pytest.mark.live, pytest.mark.parametrize("release", [*OTHERS, "2.3.0"], indirect=True)]

REPOSITORY = Path(__file__).parents[2]
NAME = "bundled [test] 作业"
WAIT = {"2.3.0": "25"}
"""How long the verdict may take by release; others are looked at once."""


@pytest.fixture
def job(cluster: Cluster) -> Iterator[str]:
    """A job that fails every few seconds."""
    job = submit(cluster, "failing", name=NAME, restarts=1000, restart_delay=2, fail_after=10, parallelism=1)
    yield job
    cluster.ask("PATCH", f"jobs/{job}?mode=cancel")
    wait_for_state(cluster, job, "CANCELED")


def test_a_bundle_of_a_failing_job_has_what_its_release_has(
    cluster: Cluster, release: str, job: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.zip"
    # After its restart, 1.9 remembers nothing of it.
    wait_for("a failure", lambda: b"\\tat " in cluster.ask("GET", f"jobs/{job}/exceptions").body)
    options = ["--target", cluster.url, "-o", str(path), "--wait", WAIT.get(release, "0")]
    done = subprocess.run(
        [sys.executable, "-m", "flinktop", "bundle", job, *options],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{path}\n"), done
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        files = {name.rpartition("/")[2]: packed.read(name).decode() for name in packed.namelist()}
    for name, text in files.items():
        if name.endswith(".json"):
            json.loads(text)
    readme = files["README.txt"]
    gaps = " ".join(readme.partition("Not in this bundle")[2].partition("Notes")[0].split())
    assert f"Flink {release}" in readme
    assert "flinktop failed" not in readme
    # What the job throws, and its own frames.
    (cluster_seen,) = json.loads(files["verdict.json"])["clusters"]
    assert [one["id"] for one in cluster_seen["jobs"]] == [job]
    exceptions = files["exceptions.txt"]
    assert f"Exceptions of {NAME}" in exceptions
    if cluster.release >= (1, 13):
        assert "\tat " in exceptions
        assert "\nfirst failure  " in readme
        assert "around the first failure" in " ".join(readme.partition("Notes")[2].split())
    assert " INFO " in files["jobmanager.log"]
    assert job in files["jobmanager.log"]
    assert " INFO " in files["taskmanager.log"]
    assert "restart strategy" in files["configuration.txt"]
    assert "checkpoints.json" in files or "checkpoints:" in gaps
    if cluster.release >= (1, 11):
        assert '" Id=' in files["threads.txt"]
    else:
        assert "thread dump: needs Flink 1.11" in gaps
    if cluster.release >= (1, 13):
        # Its tasks may not live long enough for samples.
        assert "flamegraph.txt" in files or "flame graph:" in gaps
    else:
        assert "flame graph: needs Flink 1.13" in gaps
    if cluster.release >= (1, 16):
        assert "JVM of the JobManager" in files["configuration.txt"]
    assert "journal: no flinktop of this user has kept one yet" in gaps
