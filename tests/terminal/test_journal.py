"""The journal of a monitor: what it has seen is in its file when it has gone."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from flinktop.engine.clock import Clock
from flinktop.engine.journal.event import EventKind, Question
from flinktop.engine.journal.journal import Journal
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.terminal.monitor import LIVE, STARTS, drag, log_of, monitor


def journal_of(home: Path) -> Journal:
    """The journal that a monitor has left."""
    return Journal(home / "state" / "flinktop" / "journal.db", Clock(), inline=True)


def holds_all(home: Path, cluster: FixtureCluster, url: str) -> None:
    listed = cluster.document("jobs/overview")["jobs"]
    journal = journal_of(home)
    try:
        started = journal.read(Question(kinds=(EventKind.JOB_STARTED,)))
        assert {one.job for one in started} == {one["jid"] for one in listed}
        assert len(journal.read_jobs(url)) == len(listed)
        assert journal.last_seen(url) is not None
    finally:
        journal.close(1.0)


@pytest.mark.deep
def test_what_a_monitor_has_seen_is_there_after_a_signal(tmp_path: Path) -> None:
    cluster = FixtureCluster("1.20.5")
    with FixtureServer(cluster) as server:
        with monitor(tmp_path, server.url) as pty:
            pty.wait_for(LIVE, STARTS)
            pty.wait_for("steady", STARTS)
            pty.signal(signal.SIGTERM)
            pty.left()
        holds_all(tmp_path, cluster, server.url)


@pytest.mark.deep
def test_it_is_there_though_nobody_reads_the_terminal(tmp_path: Path) -> None:
    cluster = FixtureCluster("1.20.5")
    with FixtureServer(cluster) as server:
        with monitor(tmp_path, server.url, columns=200, rows=60) as pty:
            pty.wait_for(LIVE, STARTS)
            with pty.unread():
                unread = time.monotonic()
                drag(pty)
                server.wait_until_polled_at(unread + 4.0, 24.0)
                pty.signal(signal.SIGTERM)
                assert pty.process.wait(5.0) == 128 + signal.SIGTERM
        assert "the app does not end by itself" in log_of(tmp_path), "it was not stalled at all"
        holds_all(tmp_path, cluster, server.url)


@pytest.mark.deep
def test_the_demo_leaves_none(tmp_path: Path) -> None:
    with monitor(tmp_path, "demo") as pty:
        pty.wait_for("DEMO", STARTS)
        pty.signal(signal.SIGTERM)
        pty.left()
    assert not list(tmp_path.rglob("journal.db*"))
