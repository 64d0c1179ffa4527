"""Tunnels of the stand-in: their commands, their starts, and what is left of them."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flinktop.tunnel.state import Limits
from tests.tunnel import stand_in

QUICK = Limits(start=5.0, settle=0.2, grace=0.3, shortest=0.05, longest=0.2, good=60.0, silent=0.3)
"""As usual, but in a hurry."""
HASTY = QUICK._replace(start=0.5)
"""For what does not open at all."""


class StandIn:
    """The stand-in's tunnel to one port, with a file of its own by which its processes are known."""

    def __init__(self, directory: Path, target: int, day: str = "well") -> None:
        self.file = directory / f"starts of {day}"
        program = str(Path(stand_in.__file__))
        self.command = (sys.executable, "-IS", program, "{port}", str(target), day, str(self.file))

    @property
    def toml(self) -> str:
        """The line of a config file."""
        words = ", ".join(f"'{word}'" for word in self.command)
        return f"tunnel = [{words}]\n"

    @property
    def starts(self) -> list[int]:
        """The process numbers of all starts so far."""
        return [int(line) for line in self.file.read_text().split()] if self.file.exists() else []

    @property
    def running(self) -> list[int]:
        """Its processes and their keeper."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                ended = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "ZX"
                words = (process / "cmdline").read_text(errors="replace")
                if not ended and str(self.file) in words:
                    found.append(int(process.name))
        return found

    @property
    def keeper(self) -> int:
        """The process number of the keeper."""
        (keeper,) = (
            one for one in self.running if b"tunnel.keeper" in Path(f"/proc/{one}/cmdline").read_bytes()
        )
        return keeper

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to what was started last."""
        os.kill(self.starts[-1], number)

    def wait_until_started(self, times: int = 1, seconds: float = 20.0) -> None:
        wait_until(f"{times} starts", lambda: len(self.starts) >= times, seconds)

    def wait_until_gone(self, seconds: float = 5.0) -> None:
        wait_until("nothing runs any more", lambda: not self.running, seconds)


def wait_until(what: str, happened: Callable[[], bool], seconds: float) -> None:
    """Wait for what tells nobody that it has happened: looked for every 20 ms."""
    pace, deadline = threading.Event(), time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        pace.wait(0.02)


async def happens(what: str, happened: Callable[[], bool], seconds: float = 10.0) -> None:
    """The same on a loop that goes on."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        await asyncio.sleep(0.02)
