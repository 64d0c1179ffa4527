"""What was asked of a real cluster, on the screen: asked for by keys, and told after flinktop was killed."""

import re
import signal
from pathlib import Path

import pytest

from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import State
from tests.live.cluster import Cluster
from tests.live.submission import NAMES
from tests.terminal.monitor import LIVE, STARTS, log_of, monitor, open_job, wait_until
from tests.terminal.pty import Pty

pytestmark = pytest.mark.live

ENDS = 90.0
"""Seconds that a savepoint of a job under backpressure may take."""


def take_savepoint(pty: Pty) -> None:
    """On a job's screen: the menu, its second row, the question, yes."""
    pty.press("a")
    pty.wait_for("Stop with savepoint")
    pty.press("j")
    pty.press("enter")
    pty.wait_for("[ Take savepoint ]")
    pty.wait_for(re.compile(r"state +RUNNING"))
    pty.press("tab")
    pty.wait_until_ready("Take savepoint")
    pty.press("enter")


def test_a_savepoint_is_followed_though_flinktop_is_killed(
    cluster: Cluster, jobs: dict[str, str], tmp_path: Path
) -> None:
    name = NAMES["slow"]
    before = {path.name for path in (cluster.directory / "savepoints").glob("savepoint-*")}
    ledger = Ledger(tmp_path / "state" / "flinktop" / "operations.db")
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        open_job(pty, name)
        pty.wait_for(re.compile(r"RUNNING for"))
        take_savepoint(pty)
        # What comes of one that is killed before Flink has it is tested where links are cut.
        taken = {State.ACCEPTED, State.RUNNING, State.DONE}
        wait_until("taken", lambda: any(one.state in taken for one in ledger.operations()), STARTS)
        pty.signal(signal.SIGKILL)
    with monitor(tmp_path, cluster.url, columns=80, rows=24) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("O")
        pty.wait_for(re.compile(r"● DONE +savepoint "), ENDS)
        [one] = ledger.operations()
        path = one.result.savepoint
        assert path is not None
        made = {path.name for path in (cluster.directory / "savepoints").glob("savepoint-*")} - before
        assert made == {path.rpartition("/")[2]}, "asked for once"
        pty.press("enter")
        pty.wait_for(re.compile(rf"operation +{one.id}"))
        told = "".join(pty.text.split())
        assert path in told
        assert jobs["slow"] in told
        pty.press("enter")
        pty.wait_for(re.compile(rf"last savepoint \d+ \w+ ago +\S*{re.escape(path[-20:])}"))
    ledger.close()
    log = log_of(tmp_path)
    assert "Traceback" not in log
