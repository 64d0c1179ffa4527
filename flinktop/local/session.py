"""A local Flink for as long as someone looks at it: starts the keeper, tells how far it is, ends it.

The keeper (`keeper.py`) is a process of its own in a session of its own: ctrl+c at the terminal does not
reach it, and when flinktop dies in any way, the end of the pipe between them tells it to go.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import flinktop
from flinktop.local.directories import sweep
from flinktop.local.environment import inherited
from flinktop.local.packages import LocalError, find_home
from flinktop.local.processes import FlinkHome
from flinktop.local.samples import SAMPLES, Sample

__all__ = ["LocalError", "LocalFlink", "LocalSession", "open_local"]

_PATIENCE = 8.0  # seconds the keeper has to end everything; it needs 2 at worst


@dataclass(frozen=True, slots=True)
class LocalFlink:
    """A local Flink that is up: how it is reached, and how its sample jobs were run."""

    url: str
    cert: Path | None  # the client certificate to show, and the only authority to trust; None: without TLS
    key: Path | None
    jar: str  # the id of the jar of the samples
    jobs: Mapping[str, Sample]  # the samples by the ids of their jobs


class LocalSession(AbstractContextManager[LocalFlink]):
    """A local Flink; entering starts it and says how it is reached, leaving ends it."""

    def __init__(
        self, home: FlinkHome, progress: Callable[[str], None], *, tls: bool = True, kept: Path | None = None
    ) -> None:
        self._home = home
        self._tls = tls
        self._kept = kept
        self._progress = progress
        self._keeper: subprocess.Popen[str] | None = None
        self._ending = threading.Lock()

    def __enter__(self) -> LocalFlink:
        """Start it, telling each step; LocalError when it did not start: what was started is ended."""
        try:
            self._keeper = self._start()
            return self._listen(self._keeper)
        except BaseException:
            self.kill(_PATIENCE)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill(_PATIENCE)

    def kill(self, seconds: float = 1.0) -> None:
        """End it, from any thread and at any time, and wait for that at most `seconds`.

        The keeper goes on by itself when `seconds` are over (it needs 2 at worst), except that after
        8 seconds it is killed, its JVMs with it. May be called more than once.
        """
        keeper = self._keeper
        # Whoever comes second has nothing to wait for that the first does not wait for.
        if keeper is None or not self._ending.acquire(timeout=seconds):
            return
        try:
            if keeper.stdin is not None:
                with contextlib.suppress(OSError):
                    keeper.stdin.close()
            with contextlib.suppress(OSError):
                keeper.send_signal(signal.SIGTERM)
            try:
                keeper.wait(seconds)
            except subprocess.TimeoutExpired:
                if seconds < _PATIENCE:
                    return
                keeper.kill()
                keeper.wait()
                sweep()
        finally:
            self._ending.release()

    def _start(self) -> subprocess.Popen[str]:
        home = self._home
        paths = {"lib": str(home.lib), "java": str(home.java)}
        kept = None if self._kept is None else str(self._kept)
        words = {"release": home.release, "tls": self._tls, "kept": kept, **paths}
        # Our own package and no other of that name: the working directory is not looked into (-P).
        ours = str(Path(flinktop.__file__).parent.parent)
        environment = inherited(python=True)
        path = os.pathsep.join(filter(None, (ours, environment.get("PYTHONPATH"))))
        try:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "flinktop.local.keeper", json.dumps(words)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**environment, "PYTHONPATH": path},
                start_new_session=True,
            )
        except OSError as error:
            raise LocalError(f"Cannot start {sys.executable}: {error.strerror or error}") from error

    def _listen(self, keeper: subprocess.Popen[str]) -> LocalFlink:
        other: deque[str] = deque(maxlen=12)
        # After its last line the keeper writes no more.
        with keeper.stdout or contextlib.nullcontext(()) as lines:
            for text in lines:
                try:
                    line = json.loads(text)
                except ValueError:
                    line = None
                if not isinstance(line, dict):
                    other.append(text.rstrip())
                elif "url" in line:
                    return _local_flink(line)
                elif "error" in line:
                    raise LocalError(str(line["error"]))
                elif "progress" in line:
                    self._progress(str(line["progress"]))
        output = "".join(f"\n{text}" for text in other)
        raise LocalError(f"The process that starts the local Flink ended before it was up.{output}")


def _local_flink(line: Mapping[str, Any]) -> LocalFlink:
    """What the keeper says of itself when all is up."""
    samples = {sample.name: sample for sample in SAMPLES}
    jobs = {job: samples[name] for job, name in line["jobs"].items()}
    cert, key = (Path(line[name]) if name in line else None for name in ("cert", "key"))
    return LocalFlink(line["url"], cert, key, line["jar"], jobs)


def open_local(
    progress: Callable[[str], None], *, tls: bool = True, kept: Path | None = None
) -> LocalSession:
    """A real Flink 2.3 on this machine with three sample jobs; a context manager that says how it is reached.

    `progress` is told each step as a sentence while it starts. Everything is ended on leaving, also when
    flinktop is killed; the logs of a start that failed are copied to `kept`. Without `tls` every user of this
    machine may run code on it. Raises LocalError when something is missing.
    """
    return LocalSession(find_home(), progress, tls=tls, kept=kept)
