"""What `.ci/run` says when a step fails or takes too long, and that its limits hold together."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 80 * 60


def step(*words: str) -> subprocess.CompletedProcess[str]:
    shell = 'source "$1"; shift; step "$@"'
    return subprocess.run(
        ["bash", "-c", shell, "bash", str(ROOT / ".ci" / "step.sh"), *words],  # noqa: S607 -- the bash of .ci/run
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_step_that_passes_says_how_long_it_took() -> None:
    ran = step("greeting", "60", "echo", "hello")
    assert ran.returncode == 0
    assert re.fullmatch(r"\n== greeting\nhello\n== greeting: \d+ s\n", ran.stdout)


def test_a_step_that_fails_is_named_with_its_exit_status() -> None:
    ran = step("types", "60", "bash", "-c", "exit 3")
    assert ran.returncode == 3
    assert "== types: FAILED with exit status 3" in ran.stdout


def test_a_step_over_its_limit_is_ended_and_named() -> None:
    ran = step("slow tests", "0.2", "sleep", "60")
    assert ran.returncode != 0
    assert "== slow tests: FAILED, it was ended at its time limit of 0.2 s" in ran.stdout


def test_all_limits_together_stay_under_eighty_minutes() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    limits = [int(seconds) for seconds in re.findall(r'^step "[^"]+" (\d+) ', text, re.MULTILINE)]
    assert len(limits) == len(re.findall(r"^step ", text, re.MULTILINE)) > 5
    assert sum(limits) < LONGEST_SECONDS


def test_failures_are_printed_as_they_come() -> None:
    runs = re.findall(r"^step .*\bpytest .*", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert runs
    assert all("--instafail" in run for run in runs)
