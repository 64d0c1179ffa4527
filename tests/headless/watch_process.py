"""`flinktop watch` as a process of its own, as systemd or a container would start it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Self

SIGNALS_AS_USUAL = ("env", "--default-signal=INT,HUP")
"""Begins a command line: whoever runs the tests in the background ignores these signals, and so would it."""
PATIENCE = 60.0
"""Seconds after which a watcher that does not do what a test waits for is killed."""


class WatchProcess:
    """A watcher from `with` on; killed at the end, if it has not ended."""

    def __init__(
        self,
        home: Path,
        *args: str,
        stdout: int | IO[Any] = subprocess.PIPE,
        stderr: int | IO[Any] = subprocess.PIPE,
        shell: str = "",
        signals_as_here: bool = False,
        **environment: str,
    ) -> None:
        """Start it with a home of its own; `shell` is put behind its command line, as `>&-`.

        `signals_as_here`: it ignores the signals that the test ignores.
        """
        words = [
            *(() if signals_as_here else SIGNALS_AS_USUAL),
            sys.executable,
            "-m",
            "flinktop",
            "watch",
            *args,
        ]
        if shell:
            words = ["sh", "-c", f'exec "$@" {shell}', "sh", *words]
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={"HOME": str(home), "PATH": os.environ["PATH"], **environment},
            cwd=Path(__file__).parents[2],
        )
        self.read: list[str] = []
        self._killer = threading.Timer(PATIENCE, self.process.kill)

    def __enter__(self) -> Self:
        self._killer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._killer.cancel()
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def wait_for(self, words: str) -> str:
        """The next line of stdout with these words."""
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            self.read.append(raw.decode())
            if words in self.read[-1]:
                return self.read[-1]
        raise AssertionError(f"it has ended, and said {self.read} {self.errors()}")

    def wait_for_file(self, path: Path) -> None:
        """Until it has written a file."""
        self.wait_until(path.exists)

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """Until something is so that it does not say."""
        while not reached():
            # With a pause: who reads its files all the time keeps it from writing them.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
            assert self.process.returncode is None, self.errors()

    def errors(self) -> str:
        """All of stderr, of one that ends."""
        return self.process.stderr.read().decode() if self.process.stderr is not None else ""

    def complaint(self, words: str) -> str:
        """The next line of stderr with these words."""
        assert self.process.stderr is not None
        for raw in self.process.stderr:
            if words in (line := raw.decode()):
                return line
        raise AssertionError(f"it has ended without '{words}'")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def rest(self) -> list[str]:
        """What else it says until it ends."""
        assert self.process.stdout is not None
        return [line.decode() for line in self.process.stdout]

    def listens_at(self) -> str:
        """The address of its metrics, as it says it."""
        found = re.search(r"http://\S+(?=/metrics)", self.wait_for("/metrics"))
        assert found is not None
        return found[0]


def fetch(url: str) -> tuple[int, str]:
    """Status and body."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 -- of the watcher
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def documents(lines: list[str]) -> list[dict[str, Any]]:
    """Lines of --json."""
    return [json.loads(line) for line in lines]
