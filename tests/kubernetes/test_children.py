"""Whatever ends the program that uses kubectl, no kubectl is left."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.depth import in_depth
from tests.kubernetes.standing import StandIn
from tests.tunnel.standing import wait_until

PROGRAM = """
import asyncio, os, signal, sys
from flinktop.engine.clock import Clock
from flinktop.kubernetes.api import ApiServer
from flinktop.kubernetes.errors import KubernetesError
from flinktop.kubernetes.kubectl import Kubectl
from flinktop.kubernetes.reach import ClusterWay
import httpx

async def use():
    api = ApiServer(Kubectl("prod", sys.argv[1]), Clock())
    ways = [ClusterWay(api, "flink", "a", 8081, reach=reach) for reach in ("proxy", "port-forward")]
    for way in ways:
        try:
            await way.handle_async_request(httpx.Request("GET", "http://a:8081/config"))
        except httpx.TransportError:
            pass
    log = asyncio.create_task(api.kubectl.logs("flink", "a"))
    await asyncio.sleep(0)
    print("open", flush=True)
    line = await asyncio.to_thread(sys.stdin.readline)
    if line.strip() == "close":
        log.cancel()
        for way in ways:
            await way.aclose()
        await api.close()
    else:
        exec(line)

asyncio.run(use())
"""


@contextmanager
def user_of(stand_in: StandIn) -> Iterator[subprocess.Popen[str]]:
    """A program that runs kubectl proxy, port-forward and logs, and does a line of Python before it ends."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(stand_in.program)],
        text=True,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "open\n"
            wait_until("three kubectl run", lambda: len(stand_in.runs) == 3, 10.0)
            yield program
        finally:
            program.kill()


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    made = StandIn(tmp_path / "stand-in")
    # Nobody answers behind them.
    made.put(api=1, pod=1, hangs="")
    return made


def left_by(stand_in: StandIn, program: subprocess.Popen[str], sockets: Path) -> None:
    """The program is gone; kubectl and its socket follow."""
    program.wait(10.0)
    stand_in.wait_until_gone(5.0)
    wait_until("the socket is gone", lambda: not list(sockets.glob("flinktop-*")), 5.0)


@pytest.mark.deep
@pytest.mark.parametrize(
    "number", in_depth([signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], [signal.SIGKILL])
)
def test_a_signal(stand_in: StandIn, tmp_path: Path, number: signal.Signals) -> None:
    with user_of(stand_in) as program:
        assert len(list(tmp_path.glob("flinktop-*"))) == 1
        program.send_signal(number)
        left_by(stand_in, program, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("last", ["close", "pass", "os._exit(0)", "raise ValueError", "os.abort()"])
def test_another_end(stand_in: StandIn, tmp_path: Path, last: str) -> None:
    with user_of(stand_in) as program:
        assert program.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            program.stdin.write(f"{last}\n")
            program.stdin.flush()
        left_by(stand_in, program, tmp_path)
