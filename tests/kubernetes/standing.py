"""The stand-in for kubectl as a program of a directory of its own, and what is left of its runs."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from flinktop.kubernetes.kubectl import Kubectl
from tests.kubernetes import kubectl_stand_in
from tests.tunnel.standing import wait_until


class StandIn:
    """A program that behaves as the files of its directory say."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self.program = directory / "kubectl"
        program = Path(kubectl_stand_in.__file__)
        self.program.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {program} {directory} "$@"\n')
        self.program.chmod(0o755)

    def kubectl(self, context: str | None = "prod", seconds: float = 10.0) -> Kubectl:
        return Kubectl(context, str(self.program), seconds)

    def put(self, **files: str | int) -> None:
        """Write files that say what it does; `_` in a name is `-`."""
        for name, content in files.items():
            (self.directory / name.replace("_", "-")).write_text(str(content))

    def take(self, name: str) -> None:
        (self.directory / name).unlink()

    @property
    def runs(self) -> list[str]:
        """The arguments of all runs so far."""
        return [line.partition(" ")[2] for line in self._lines]

    def runs_of(self, verb: str) -> int:
        return sum(verb in run.split() for run in self.runs)

    @property
    def newest(self) -> int:
        """The process number of the last run."""
        return int(self._lines[-1].partition(" ")[0])

    @property
    def running(self) -> list[int]:
        """Its processes and their keepers."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                ended = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "ZX"
                if not ended and str(self.directory) in (process / "cmdline").read_text(errors="replace"):
                    found.append(int(process.name))
        return found

    def wait_until_gone(self, seconds: float = 5.0) -> None:
        wait_until("no kubectl runs any more", lambda: not self.running, seconds)

    @property
    def _lines(self) -> list[str]:
        file = self.directory / "runs"
        return file.read_text().splitlines() if file.exists() else []
