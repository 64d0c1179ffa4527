"""flinktop itself in a pty: how it is started, and what is left of it when it has gone."""

import contextlib
import os
import re
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.terminal.pty import Pty

LIVE = re.compile(r"[●*] live")
QUESTION = "Leave flinktop?"
STARTS = 30.0
"""Seconds that flinktop may take to open on a machine that is busy with other things."""


def environment(home: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """A person's environment whose files all lie below `home`."""
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        # A plain program on a plain terminal: nothing of whoever runs the tests.
        "TZ": "UTC",
        **(environ or {}),
    }


def command(*words: str) -> list[str]:
    """The words that start flinktop."""
    return [sys.executable, "-m", "flinktop", *words]


@contextlib.contextmanager
def monitor(
    home: Path,
    *words: str,
    columns: int = 120,
    rows: int = 40,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Pty]:
    """Flinktop with these words, in a terminal of its own."""
    started, around = command(*words), environment(home, environ)
    with Pty(started, columns=columns, rows=rows, environ=around, cwd=cwd) as pty:
        yield pty


def filter_line(text: str) -> re.Pattern[str]:
    """The line of a filter with this text; a notification may stand over its end, and that of the text."""
    line = f" / {text}".rstrip()
    cut = "|".join(re.escape(line[:length]) for length in range(4, len(line)))
    whole = rf"{re.escape(line)} *(?:▌.*)?"
    return re.compile(rf"^(?:{whole}|(?:{cut})▌.*)$" if cut else rf"^{whole}$", re.MULTILINE)


def open_job(pty: Pty, name: str) -> None:
    """From the overview, filter for a name and open the one job that is left, as a person who looks."""
    typed = filter_line(name)
    pty.press("/")
    pty.wait_for(filter_line(""))
    pty.write(name)
    pty.wait_for(typed)
    pty.press("enter")
    pty.wait_until_gone(typed)
    pty.press("enter")
    pty.wait_for(re.compile(rf"^ flinktop .* [▸>] {re.escape(name)}"))


def drag(pty: Pty, times: int = 60) -> None:
    """Change the size again and again, as a window's corner that is dragged: much is painted."""
    pace = threading.Event()
    for number in range(times):
        pty.resize(200 - number % 2, 60)
        pace.wait(0.05)


def log_of(home: Path) -> str:
    """What flinktop has logged."""
    return "".join(path.read_text(encoding="utf-8") for path in home.glob("state/**/*.log"))


def session_of(pty: Pty, word: str = "") -> list[int]:
    """What runs in the terminal's session and has the word on its command line: numbers of processes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _parent, _group, session, *_ = _numbers(process)
            words = (process / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
            if int(session) == pty.process.pid and state != "Z" and (not word or word in words):
                found.append(int(process.name))
    return found


def cpu_seconds(pty: Pty) -> float:
    """Processor time that the program has used so far (s)."""
    numbers = _numbers(Path(f"/proc/{pty.process.pid}"))
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def children_cpu_seconds() -> float:
    """Processor time of all programs that were started from here and have ended (s)."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wait_until(what: str, happened: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for what tells nobody that it has happened: looked for every 20 ms."""
    pace, deadline = threading.Event(), time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        pace.wait(0.02)


def _numbers(process: Path) -> list[str]:
    """The fields of /proc/…/stat from the state on; the name before them may hold anything."""
    return (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
