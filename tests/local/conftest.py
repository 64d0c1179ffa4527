"""A Java that only sleeps, and a way to know when all of them are gone."""

import contextlib
import json
import os
import select
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import flinktop
from flinktop.local.processes import FlinkHome

PATIENCE = 20.0
REPOSITORY = Path(flinktop.__file__).parent.parent


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def settings_of(directory: Path) -> dict[str, str]:
    """The Flink configuration of a cluster below a directory."""
    lines = (directory / "conf" / "config.yaml").read_text().splitlines()
    return {key: json.loads(value) for key, value in (line.split(": ", 1) for line in lines)}


class SleepingJava:
    """A home whose Java tells its process id through a named pipe, which ends when the last one is gone."""

    def __init__(self, directory: Path) -> None:
        pipe = directory / "alive"
        os.mkfifo(pipe)
        self.reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.sleeps = f"exec 3>'{pipe}'\necho $$ >&3\nexec sleep 600"
        java = script(directory / "bin" / "java", self.sleeps)
        self.home = FlinkHome(release=(2, 3, 0), lib=directory / "lib", java=java)
        # Where the keepers of this test make their directories.
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        # With TLS a key would be made first, and this Java makes none.
        self.tls = False
        self.environment = {**os.environ, "TMPDIR": str(self.temporary), "PYTHONPATH": str(REPOSITORY)}

    @property
    def word(self) -> str:
        home = self.home
        paths = {"lib": str(home.lib), "java": str(home.java)}
        return json.dumps({"release": home.release, "tls": self.tls, **paths})

    def makes_keys(self, what: str) -> None:
        """Have it run `what` where it is to make a key in the directory $to, and sleep where it is Flink."""
        makes = f'case "$*" in *flinktop.Keys*) for to; do :; done\n{what}\nexit;; esac'
        script(self.home.java, f"{makes}\n{self.sleeps}")
        self.tls = True

    def started(self, count: int = 2) -> list[int]:
        """Wait for this many; their process ids."""
        told = b""
        while told.count(b"\n") < count:
            told += self._read()
        return [int(number) for number in told.split()]

    def wait_until_all_ended(self) -> None:
        while self._read():
            pass

    def directories(self) -> list[Path]:
        return list(self.temporary.iterdir())

    def _read(self) -> bytes:
        while True:
            ready, _, _ = select.select([self.reader], [], [], PATIENCE)
            assert ready, "some Java process lives on"
            # The pipe had ended, and in this moment the next process has opened it, which says nothing yet.
            with contextlib.suppress(BlockingIOError):
                return os.read(self.reader, 4096)


@pytest.fixture
def java(tmp_path: Path) -> Iterator[SleepingJava]:
    sleeping = SleepingJava(tmp_path)
    yield sleeping
    os.close(sleeping.reader)


def run_python(
    words: list[str], environment: Mapping[str, str], *, keep_input: bool = True
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE if keep_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=dict(environment),
    )


def wait_for_end(process: int) -> None:
    """Wait until a process that need not be our child has ended."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([handle], [], [], PATIENCE)
        assert ready, f"process {process} lives on"
    finally:
        os.close(handle)
