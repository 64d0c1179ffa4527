"""Tunnels of the real ssh to a real sshd on loopback."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.link import TunnelLink
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.tunnel.sshd import Sshd, sshd, why_not
from tests.tunnel.standing import wait_until

pytestmark = [pytest.mark.deep, pytest.mark.skipif(bool(why_not()), reason=why_not())]


@pytest.fixture
def server() -> Iterator[Sshd]:
    with sshd() as server:
        yield server


@pytest.fixture
def flink() -> Iterator[FixtureServer]:
    with FixtureServer(FixtureCluster("1.20.5")) as server:
        yield server


@contextmanager
def through(command: tuple[str, ...]) -> Iterator[Port]:
    """An engine that asks a cluster through ssh; no ssh is left at its end."""
    port = Port(Connection("http://jobmanager:8081", tunnel=command), Clock(), refresh=0.5, name="prod")
    port.start_thread()
    try:
        port.watch(JOBS_OVERVIEW())
        yield port
    finally:
        port.stop(5.0)
        wait_until("no ssh is left", lambda: not ssh_of(command), 5.0)


def ssh_of(command: tuple[str, ...]) -> list[int]:
    """The processes of this command: its key has a directory of its own."""
    key = command[command.index("-i") + 1]
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text(errors="replace").split("\0")
        except OSError:
            continue
        if words[0] == "ssh" and key in words:
            found.append(int(process.name))
    return found


def answers(port: Port) -> None:
    """Wait until it is asked through an open tunnel, and answers."""
    wait_until("it answers", lambda: port.tunnel == TunnelLink() and port.link().error is None, 30.0)
    before = port.link().answered or 0.0
    wait_until("it answers again", lambda: (port.link().answered or 0.0) > before, 30.0)


def test_killed_it_comes_back(server: Sshd, flink: FixtureServer) -> None:
    command = server.command(flink.port)
    with through(command) as port:
        answers(port)
        for _ in range(2):
            (ssh,) = ssh_of(command)
            os.kill(ssh, signal.SIGKILL)
            wait_until("it is noticed", lambda: port.tunnel != TunnelLink(), 10.0)
            answers(port)


def test_the_far_end_goes_and_comes_back(server: Sshd, flink: FixtureServer) -> None:
    with through(server.command(flink.port)) as port:
        answers(port)
        server.stop()
        wait_until("why", lambda: "Connection refused" in reason(port), 30.0)
        assert reason(port).startswith("the tunnel to prod ended (255): ssh: connect to host 127.0.0.1 port ")
        server.start()
        port.refresh()
        answers(port)


def test_a_cluster_that_is_not_there(server: Sshd, flink: FixtureServer) -> None:
    flink.stop()
    with through(server.command(flink.port)) as port:
        wait_until("why", lambda: bool(reason(port)), 30.0)
        said = "open failed: connect failed: Connection refused"
        wait_until("its own words", lambda: said in reason(port), 10.0)
        assert reason(port).startswith("the tunnel is open, but does not lead to the cluster: channel ")
        flink.start()
        answers(port)


def test_a_key_that_is_not_accepted(server: Sshd, flink: FixtureServer, tmp_path: Path) -> None:
    command = list(server.command(flink.port))
    command[command.index("-i") + 1] = str(tmp_path / "none")
    with through(tuple(command)) as port:
        wait_until("why", lambda: bool(reason(port)), 30.0)
        denied = f"the tunnel to prod ended (255): {server.user}@127.0.0.1: Permission denied (publickey)"
        assert reason(port).startswith(denied)


def test_a_question_that_nobody_answers(server: Sshd, flink: FixtureServer) -> None:
    """Without BatchMode: ssh would ask whether the host's key is right."""
    command = tuple(
        word.replace("BatchMode=yes", "BatchMode=no").replace("accept-new", "ask")
        for word in server.command(flink.port)
    )
    with through(command) as port:
        wait_until("why", lambda: bool(reason(port)), 30.0)
        assert reason(port).startswith("the tunnel to prod ended (255): Host key verification failed")


def reason(port: Port) -> str:
    error = port.link().error
    return error.reason if error is not None else ""
