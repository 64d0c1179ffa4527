"""A monitor in a terminal, through a tunnel: what it shows of it, and that nothing of it is left behind."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fixture_server import FixtureServer
from tests.terminal.monitor import LIVE, QUESTION, STARTS, log_of, monitor
from tests.terminal.pty import Pty
from tests.tunnel.standing import StandIn, wait_until

WAYS = ("quit", "SIGTERM", "SIGHUP", "kill -9", "the terminal is gone")


@contextmanager
def behind(
    server: FixtureServer, home: Path, day: str = "well", columns: int = 120
) -> Iterator[tuple[Pty, StandIn]]:
    """A monitor of a cluster that a tunnel leads to."""
    stand_in = StandIn(home, server.port, day)
    config = home / "config" / "flinktop" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f'[clusters.prod]\nurl = "http://jobmanager:8081"\n{stand_in.toml}')
    with monitor(home, "prod", columns=columns) as pty:
        yield pty, stand_in


def leave(pty: Pty, way: str) -> None:
    match way:
        case "quit":
            pty.press("ctrl+c")
            pty.wait_for(QUESTION)
            pty.press("ctrl+c")
        case "SIGTERM" | "SIGHUP":
            pty.signal(signal.Signals[way])
        case "kill -9":
            pty.process.kill()
        case _:
            pty.hang_up()
    pty.process.wait(10.0)


def left(server: FixtureServer, home: Path, way: str, delay: float | None = None) -> None:
    """Leave in one way, when it is live, or a moment (s) after the tunnel was started; nothing is left."""
    with behind(server, home) as (pty, stand_in):
        before = len(stand_in.starts)
        if delay is None or way == "quit":
            pty.wait_for(LIVE, STARTS)
        else:
            wait_until("a start", lambda: len(stand_in.starts) > before, STARTS)
            threading.Event().wait(delay)
        leave(pty, way)
        stand_in.wait_until_gone()


@pytest.mark.deep
@pytest.mark.parametrize("way", ["quit", "SIGHUP", "kill -9"])
def test_nothing_is_left(server: FixtureServer, tmp_path: Path, way: str) -> None:
    left(server, tmp_path, way)


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_ever_left(server: FixtureServer, tmp_path: Path, way: str) -> None:
    for number in range(50):
        # Every other time in the middle of the start.
        left(server, tmp_path, way, delay=number / 100 if number % 2 else None)


@pytest.mark.deep
def test_it_is_killed_and_comes_back(server: FixtureServer, tmp_path: Path) -> None:
    with behind(server, tmp_path) as (pty, stand_in):
        pty.wait_for(LIVE, STARTS)
        stand_in.kill()
        pty.wait_for(re.compile("✕ tunnel ended, retry in [01] s|◐ tunnel starting"))
        pty.wait_for(LIVE)
        assert len(stand_in.starts) == 2
    assert "the tunnel to prod was ended by signal 9" in log_of(tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("columns", [80, 120])
def test_why_it_does_not_open(server: FixtureServer, tmp_path: Path, columns: int) -> None:
    with behind(server, tmp_path, "denied", columns) as (pty, stand_in):
        pty.wait_for("✕ tunnel ended, retry in ", STARTS)
        pty.wait_for("http://jobmanager:8081: the tunnel to prod ended (255): me@bastion:")
        pty.wait_for("No tunnel to http://jobmanager:8081.")
        tries = len(stand_in.starts)
        pty.press("r")
        stand_in.wait_until_started(tries + 1)


@pytest.mark.long
def test_a_prompt_that_waits_and_one_that_hangs(server: FixtureServer, tmp_path: Path) -> None:
    with behind(server, tmp_path, "once prompt") as (pty, _):
        pty.wait_for("◐ tunnel starting", STARTS)
        pty.wait_for("the tunnel to prod was not open within 15 s: me@bastion's password:", 30.0)
        pty.wait_for(LIVE, 30.0)
    with behind(server, tmp_path, "once hanging") as (pty, stand_in):
        pty.wait_for(LIVE, 120.0)
        assert len(stand_in.starts) == 2
