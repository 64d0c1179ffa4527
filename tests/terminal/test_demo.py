"""`flinktop demo` in a terminal: from the first screen into a job and out again, and nothing in the log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from flinktop.demo.names import RELEASES
from tests.terminal.monitor import LIVE, STARTS, log_of, monitor, open_job

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.deep


def test_the_demo_opens_and_closes(tmp_path: Path) -> None:
    release = RELEASES[-1]
    with monitor(tmp_path, "demo", "mixed", "--flink", release, columns=120, rows=40) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for(re.compile(rf"DEMO .* Flink {re.escape(release)}"), STARTS)
        pty.wait_for("clickstream-sessions")
        open_job(pty, "clickstream-sessions")
        pty.wait_for(re.compile(r"Sink: sessions into"), STARTS)
        pty.press("escape")
        # The filter that led to the job still holds.
        pty.wait_for(re.compile(r"/clickstream-sessions +\? help"))
        pty.press("ctrl+c")
        pty.wait_for("Leave flinktop?")
        pty.press("ctrl+c")
        assert pty.process.wait(STARTS) == 0
    assert "Traceback" not in log_of(tmp_path)
    assert "dropped" not in log_of(tmp_path)


@pytest.mark.parametrize(
    "environ", [{"TERM": "linux"}, pytest.param({"PYTHONIOENCODING": "latin-1"}, marks=pytest.mark.deep)]
)
def test_a_terminal_without_the_characters_gets_ascii_and_is_told(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with monitor(tmp_path, "demo", columns=80, rows=24, environ=environ) as pty:
        pty.wait_for("ASCII only: the ", STARTS)
        assert pty.wait_for(LIVE, STARTS).isascii()
