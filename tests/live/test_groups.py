"""Live tests of one cluster are run by one worker, one after the other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

@pytest.mark.parametrize("release", ["2.3.0", "1.20.5"])
@pytest.mark.parametrize("number", range(6))
@pytest.mark.live
def test_something(cluster: str, number: int, worker_id: str) -> None:
    print(f"{cluster} by {worker_id}")

@pytest.fixture
def cluster(release: str) -> str:
    return release
"""


@pytest.mark.deep
def test_a_cluster_has_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    # Without a group of their own they would be handed out one by one.
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-rP", "-n", "2", "--dist", "loadgroup"),
            *("--no-loadscope-reorder", "-p", "tests.conftest", "-m", "live", "-c", os.devnull),
            *("--import-mode", "importlib", "-o", "markers=live", f"--rootdir={tmp_path}", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    lines = [line for line in ran.stdout.splitlines() if " by gw" in line]
    assert len(lines) == 12, ran.stdout + ran.stderr
    assert len(set(lines)) == 2, lines
