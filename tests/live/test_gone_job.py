"""A job that failed before a restart of its JobManager without high availability, opened from the journal."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest

from flinktop.local import processes
from flinktop.local.rest import Rest
from tests.live.cluster import running
from tests.live.record_cases import Stage
from tests.live.submission import wait_for_state
from tests.terminal.monitor import LIVE, STARTS, monitor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.terminal.pty import Pty

pytestmark = [pytest.mark.live, pytest.mark.long]

COMES_BACK = 120.0
JUDGED = 60.0
LOOKS = 15.0
NAME = "gone orders"


def leave(pty: Pty) -> None:
    """Leave by the keys."""
    pty.press("ctrl+c")
    pty.wait_for("Leave flinktop?")
    pty.press("ctrl+c")
    assert pty.left().code == 0


@pytest.mark.parametrize("release", ["1.20.5", "2.3.0"])
def test_a_failed_job_is_opened_after_its_jobmanager_has_gone(release: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(running(release))
        stage = Stage(cluster, stack)
        words = ("--restarts", "0", "--parallelism", "1", "orders | source rate=20", "parse | map fail=2")
        job = stage.run(NAME, words)
        wait_for_state(cluster, job, "FAILED")
        with monitor(tmp_path, cluster.url) as pty:
            pty.wait_for(LIVE, STARTS)
            pty.wait_for(re.compile(rf"FAILED +{NAME}.*failed: parse"), JUDGED)
            leave(pty)
        cluster.jobmanager.kill()
        cluster.jobmanager.wait()
        stage.start_jobmanager()
        processes.wait_until_ready(Rest(cluster.url), [stage.jobmanager], COMES_BACK)
        assert not cluster.get("jobs/overview")["jobs"]
        with monitor(tmp_path, cluster.url) as pty:
            pty.wait_for(LIVE, STARTS)
            pty.press("T")
            pty.wait_for(re.compile(rf"failure +{NAME}"), LOOKS)
            assert "failed: parse" in pty.text
            pty.press("/")
            pty.wait_for(re.compile(r"^\W*/", re.MULTILINE))
            pty.write("kind:failure")
            pty.press("enter")
            pty.wait_until_gone(re.compile(rf"ended +{NAME}"), LOOKS)
            pty.press("enter")
            opened = pty.wait_for(re.compile(rf"\A[^\n]*▸ {NAME} ▸ "), LOOKS)
            assert "IllegalStateException: no user of key-" in opened
            assert "at JudgedStage" in opened, "its stack"
            pty.press("escape")
            pty.wait_for(re.compile(r"\A[^\n]*▸ timeline *[●◐ ]"), LOOKS)
            pty.press("escape")
            pty.wait_for(re.compile(rf"ended +{NAME}"), LOOKS)
            pty.press("/")
            pty.wait_for(re.compile(r"^\W*/", re.MULTILINE))
            pty.write("kind:ended")
            pty.press("enter")
            pty.wait_until_gone(re.compile(rf"failure +{NAME}"), LOOKS)
            # The selected event is shown in full below the list.
            pty.wait_for("ended: job ended FAILED", LOOKS)
            pty.press("enter")
            screen = pty.wait_for(re.compile(r"last seen"), LOOKS)
            assert NAME in screen
            assert "FAILED" in screen
            leave(pty)
