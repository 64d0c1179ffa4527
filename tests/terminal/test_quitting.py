"""Quitting while something hangs: the process ends in time, with its exit code and the terminal restored."""

from __future__ import annotations

import re
import socket
import sqlite3
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.fixture_server import FixtureServer
from tests.monkey.cluster import ServedCluster
from tests.monkey.faults import Weather
from tests.terminal.monitor import LIVE, QUESTION, STARTS, log_of, monitor, session_of, wait_until
from tests.terminal.pty import Pty

pytestmark = pytest.mark.deep

IN_TIME = 8.0
"""Seconds: more than the three that it may take, on a machine that is busy with other things."""
BEFORE_THE_APP = """
        import sys

        class Finder:
            def find_spec(self, name, path, target=None):
                if name == "flinktop.ui.app":
                    sys.meta_path.remove(self)
                    change()

        sys.meta_path.insert(0, Finder())
        """
"""Calls what `change` is when the app is imported."""
FOOTER = re.compile(r"\? help")


def quits(pty: Pty) -> None:
    """Quit as a person does."""
    pty.press("ctrl+c")
    pty.wait_for(QUESTION)
    pty.press("ctrl+c")
    left = pty.left(IN_TIME)
    assert (left.code, left.modes, left.termios) == (0, (), ())
    assert not session_of(pty)
    assert "Traceback" not in pty.text


def ask_for_a_savepoint(pty: Pty) -> None:
    """All but the last key of a savepoint."""
    pty.wait_for("steady", STARTS)
    pty.press("/")
    pty.write("steady\r")
    pty.wait_for("/steady")
    pty.press("a")
    pty.wait_for("Take savepoint")
    pty.press("down", "enter")
    pty.wait_for("[ Take savepoint ]")
    pty.wait_for(re.compile(r"state +RUNNING"))
    pty.press("tab")
    pty.wait_until_ready("Take savepoint")


@pytest.fixture
def cluster() -> Iterator[ServedCluster]:
    """A cluster that acts and answers at once, until it is told to hang."""
    weather = Weather(0)
    weather.calm = True
    with ServedCluster(0, weather) as cluster:
        yield cluster


def broken(home: Path, program: str) -> dict[str, str]:
    """An environment in which Python runs this before anything else."""
    (home / "sitecustomize.py").write_text(textwrap.dedent(program), encoding="utf-8")
    return {"PYTHONPATH": str(home)}


@pytest.mark.deep
def test_no_connection_is_accepted(tmp_path: Path) -> None:
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listening.getsockname()
        for _ in range(3):
            # What is queued already keeps the kernel from taking more.
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 -- the standard library's
            waiting.connect_ex(address)
        with monitor(tmp_path, f"http://127.0.0.1:{address[1]}") as pty:
            pty.wait_for(FOOTER, STARTS)
            quits(pty)


@pytest.mark.deep
def test_the_first_request_hangs(server: FixtureServer, tmp_path: Path) -> None:
    with server.holding(), monitor(tmp_path, server.url) as pty:
        server.wait_until(lambda asked: len(asked) > 0, STARTS)
        pty.wait_for(FOOTER, STARTS)
        quits(pty)


@pytest.mark.deep
def test_every_request_hangs_in_the_middle_of_its_answer(cluster: ServedCluster, tmp_path: Path) -> None:
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        cluster.weather.hangs = True
        cluster.taken.clear()
        pty.press("enter")
        assert cluster.taken.wait(STARTS)
        quits(pty)


def test_a_name_is_never_looked_up(tmp_path: Path) -> None:
    around = broken(
        tmp_path,
        """
        import socket, time
        socket.getaddrinfo = lambda *_words, **_more: time.sleep(60)
        """,
    )
    with monitor(tmp_path, "http://flink.test:8081", environ=around) as pty:
        pty.wait_for(FOOTER, STARTS)
        quits(pty)


@pytest.mark.deep
def test_an_act_is_under_way(cluster: ServedCluster, tmp_path: Path) -> None:
    with monitor(tmp_path, cluster.url) as pty:
        ask_for_a_savepoint(pty)
        cluster.weather.hangs = True
        cluster.taken.clear()
        pty.press("enter")
        assert cluster.taken.wait(STARTS)
        quits(pty)


@pytest.mark.deep
def test_a_file_is_on_its_way(cluster: ServedCluster, tmp_path: Path) -> None:
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("J")
        pty.wait_for("JobManager")
        cluster.weather.hangs = True
        cluster.taken.clear()
        pty.press("5")
        assert cluster.taken.wait(STARTS)
        quits(pty)


@pytest.mark.deep
def test_the_ledger_is_locked_by_another(cluster: ServedCluster, tmp_path: Path) -> None:
    ledger = tmp_path / "state" / "flinktop" / "operations.db"
    with monitor(tmp_path, cluster.url) as pty:
        ask_for_a_savepoint(pty)
        pty.press("enter")
        wait_until("it is written down", ledger.exists)
        with closing(sqlite3.connect(ledger)) as other:
            other.execute("BEGIN EXCLUSIVE")
            quits(pty)


def test_the_screens_do_not_close(server: FixtureServer, tmp_path: Path) -> None:
    around = broken(
        tmp_path,
        """
        async def hang(self):
            import asyncio
            await asyncio.sleep(3600)

        def change():
            from textual.app import App
            App._shutdown = hang
        """
        + BEFORE_THE_APP,
    )
    with monitor(tmp_path, server.url, environ=around) as pty:
        pty.wait_for(LIVE, STARTS)
        quits(pty)
    assert "the app does not end by itself" in log_of(tmp_path)


def test_ctrl_c_while_the_engine_ends(server: FixtureServer, tmp_path: Path) -> None:
    around = broken(
        tmp_path,
        """
        import signal
        # As at a shell, whatever whoever runs the tests ignores.
        signal.signal(signal.SIGINT, signal.default_int_handler)

        def change():
            import time
            from flinktop.engine.host import Port

            def stop(self, seconds):
                print("ending", flush=True)
                time.sleep(2.0)

            Port.stop = stop
        """
        + BEFORE_THE_APP,
    )
    with monitor(tmp_path, server.url, environ=around) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("ctrl+c")
        pty.wait_for(QUESTION)
        pty.press("ctrl+c")
        pty.wait_for("ending")
        pty.press("ctrl+c", "ctrl+c")
        assert pty.left(IN_TIME).code == 0
        assert "Traceback" not in pty.text
