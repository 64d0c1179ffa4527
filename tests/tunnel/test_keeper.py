"""Whatever ends the program that uses a tunnel, nothing of the tunnel is left."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.depth import in_depth
from tests.tunnel.standing import StandIn

PROGRAM = """
import asyncio, json, sys
from flinktop.tunnel.tunnel import Tunnel
async def use():
    tunnel = Tunnel(json.loads(sys.stdin.readline()))
    await tunnel.port()
    print("open", flush=True)
    exec(await asyncio.to_thread(sys.stdin.readline))
asyncio.run(use())
"""


@contextmanager
def user_of(stand_in: StandIn) -> Iterator[subprocess.Popen[str]]:
    """A program that has opened a tunnel, and does a line of Python before it ends."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        text=True,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as program:
        try:
            assert program.stdout is not None
            give(program, json.dumps(stand_in.command))
            assert program.stdout.readline() == "open\n"
            yield program
        finally:
            program.kill()


def give(program: subprocess.Popen[str], line: str) -> None:
    assert program.stdin is not None
    program.stdin.write(f"{line}\n")
    program.stdin.flush()


def left_by(stand_in: StandIn, program: subprocess.Popen[str]) -> None:
    """The program is gone; its tunnel follows."""
    program.wait(10.0)
    stand_in.wait_until_gone()


@pytest.mark.parametrize("day", in_depth(["well", "child", "stubborn", "loud"], ["child"]))
def test_killed(tmp_path: Path, day: str) -> None:
    stand_in = StandIn(tmp_path, 1, day)
    with user_of(stand_in) as program:
        program.kill()
        left_by(stand_in, program)


@pytest.mark.parametrize(
    "last",
    in_depth(["pass", "import os; os._exit(0)", "raise ValueError", "import os; os.abort()"], ["pass"]),
)
def test_ended_without_closing_it(tmp_path: Path, last: str) -> None:
    stand_in = StandIn(tmp_path, 1)
    with user_of(stand_in) as program:
        give(program, last)
        left_by(stand_in, program)


def test_a_child_of_the_program_does_not_hold_it_open(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, 1)
    last = "import subprocess, os; print(subprocess.Popen(['sleep', '60']).pid, flush=True); os._exit(0)"
    with user_of(stand_in) as program:
        assert program.stdout is not None
        give(program, last)
        other = int(program.stdout.readline())
        try:
            left_by(stand_in, program)
        finally:
            os.kill(other, signal.SIGKILL)


@pytest.mark.parametrize("number", in_depth([signal.SIGTERM, signal.SIGHUP, signal.SIGINT], [signal.SIGTERM]))
def test_a_signal_to_the_keeper_itself(tmp_path: Path, number: signal.Signals) -> None:
    stand_in = StandIn(tmp_path, 1)
    with user_of(stand_in):
        os.kill(stand_in.keeper, number)
        stand_in.wait_until_gone()
