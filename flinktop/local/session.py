"""A local Flink for the lifetime of a monitor: starts the keeper, reports its progress, ends it.

The keeper (`keeper.py`) is a process in a session of its own: ctrl+c at the terminal does not reach it,
and when flinktop ends in any way, the closed pipe between them makes it end.
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

_PATIENCE = 8.0  # seconds the keeper has to end everything; it needs at most 2


@dataclass(frozen=True, slots=True)
class LocalFlink:
    """A running local Flink: its address, credentials and sample jobs."""

    url: str
    cert: Path | None  # the client certificate and the only trusted authority; None: without TLS
    key: Path | None
    jar: str  # the id of the samples' jar
    jobs: Mapping[str, Sample]  # the samples by job id


class LocalSession(AbstractContextManager[LocalFlink]):
    """A context manager: entering starts a local Flink and returns its address, leaving ends it."""

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
        """Start it, reporting each step. Raises LocalError if it fails; everything started is ended."""
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
        """End it, from any thread and at any time, waiting at most `seconds`.

        The keeper continues to end by itself after `seconds` (it needs at most 2), except that after
        8 seconds it is killed, with its JVMs. May be called more than once.
        """
        keeper = self._keeper
        # A second caller only has to wait for the first one.
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
        # Our own package and no other of that name: -P keeps the working directory off the path.
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
        # The keeper writes nothing after its last line.
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
    """The keeper's last line as a value."""
    samples = {sample.name: sample for sample in SAMPLES}
    jobs = {job: samples[name] for job, name in line["jobs"].items()}
    cert, key = (Path(line[name]) if name in line else None for name in ("cert", "key"))
    return LocalFlink(line["url"], cert, key, line["jar"], jobs)


def open_local(
    progress: Callable[[str], None], *, tls: bool = True, kept: Path | None = None
) -> LocalSession:
    """A real Flink 2.3 on this machine with three sample jobs, as a context manager.

    `progress` gets each step as a sentence during the start. Leaving ends everything, also if flinktop is
    killed; the logs of a failed start are copied to `kept`. Without `tls` every user of this machine may
    run code on it. Raises LocalError if something is missing.
    """
    return LocalSession(find_home(), progress, tls=tls, kept=kept)
