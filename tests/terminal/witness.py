"""Flinktop in a pty that is asked what it is doing when a test waits for it in vain."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.terminal import telling
from tests.terminal.monitor import environment
from tests.terminal.pty import Pty

ROOT: Final = Path(__file__).parents[2]
START: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from tests.terminal.telling import main; main()"
)
TAKES: Final = 10.0
"""Seconds that telling may take: of a program that is busy the stacks say what with."""


@contextlib.contextmanager
def witnessed(
    home: Path, *words: str, columns: int = 120, rows: int = 40, cwd: Path | None = None
) -> Iterator[Pty]:
    """Flinktop with these words, in a terminal of its own; a failed assertion says what it was doing."""
    command = [sys.executable, "-c", START, str(ROOT), *words]
    environ = environment(home, {telling.FILE: str(_file(home))})
    with Pty(command, columns=columns, rows=rows, environ=environ, cwd=cwd) as pty:
        try:
            yield pty
        except AssertionError as error:
            raise AssertionError(f"{error}\n{told(pty, home)}") from error


def told(pty: Pty, home: Path) -> str:
    """What flinktop in this pty, with this home, is doing: its threads, its screens, and what is waiting."""
    if pty.process.poll() is not None:
        return "flinktop has ended"
    pty.signal(signal.SIGUSR2)
    pace, deadline, text = threading.Event(), time.monotonic() + TAKES, ""
    while not text.endswith(telling.END) and time.monotonic() < deadline:
        pace.wait(0.1)
        text = _file(home).read_text(encoding="utf-8", errors="replace")
    return text


def _file(home: Path) -> Path:
    return home / ".told"
