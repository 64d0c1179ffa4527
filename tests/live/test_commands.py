"""The real commands on real Flink: run a jar, save it, stop it, run it again from there, cancel it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.cluster import Cluster
from tests.live.submission import job_jar, wait_for_state, words

pytestmark = pytest.mark.live

REPOSITORY = Path(__file__).parents[2]


def test_a_job_from_its_jar_to_its_end(cluster: Cluster, tmp_path: Path) -> None:
    def flinktop(*line: str, code: int = 0) -> Any:
        """What a command has printed as JSON."""
        program = line.index("--") if "--" in line else len(line)
        mine = ["--target", cluster.url, "--yes", "--json"] if line[0] != "operations" else ["--json"]
        done = subprocess.run(
            [sys.executable, "-m", "flinktop", *line[:program], *mine, *line[program:]],
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == code, done
        return json.loads(done.stdout)

    jar, program = str(job_jar(cluster)), words(cluster, "steady", {"name": "by command", "parallelism": 1})
    job = flinktop("submit", jar, "--", *program)["result"]["job"]
    wait_for_state(cluster, job, "RUNNING")
    saved = flinktop("savepoint", "by command", "--directory", (tmp_path / "saved").as_uri())
    assert saved["result"]["savepoint"].endswith(next((tmp_path / "saved").iterdir()).name)
    stopped = flinktop("stop", job[:8])
    assert stopped["result"]["job_state"] == "FINISHED"
    path = stopped["result"]["savepoint"]
    again = flinktop("submit", jar, "--savepoint", path, "--", *program)["result"]
    assert again["facts"] == [f"restored from {path}"]
    assert cluster.get(f"jobs/{again['job']}/checkpoints")["latest"]["restored"]["external_path"] == path
    assert flinktop("cancel", again["job"], "--read-only", code=4)["state"] == "refused"
    # By its name: the one that lives is meant.
    assert flinktop("cancel", "by command")["result"]["job_state"] == "CANCELED"
    assert flinktop("cancel", again["job"], code=4)["reason"] == "the job has ended (CANCELED)"
    # A run that comes to nothing leaves no jar, one that succeeded does.
    kept = [one["id"] for one in cluster.get("jars")["files"]]
    failed = flinktop("submit", jar, "--class", "no.Such", code=1)
    assert "no.Such" in failed["reason"]
    assert failed["deletion"]["state"] == "done"
    assert sorted(one["id"] for one in cluster.get("jars")["files"]) == sorted(kept)
    assert len(kept) >= 2
    told = [(one["kind"], one["state"]) for one in flinktop("operations")]
    done = ("cancel", "run-jar", "upload", "stop", "savepoint", "run-jar", "upload")
    assert told == [
        ("delete-jar", "done"), ("run-jar", "failed"), ("upload", "done"), *((kind, "done") for kind in done)
    ]  # fmt: skip
