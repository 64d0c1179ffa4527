"""Starts a program of one's own, in a process group of its own, and ends all of that group."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flinktop.flink.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LAUNCHER: Final = str(Path(__file__).with_name("launcher.py"))
_REASONS: Final = {
    errno.ENOENT: "was not found",
    errno.EACCES: "may not be run",
    errno.ENOEXEC: "is no program: a script begins with a line such as #!/bin/sh",
    errno.E2BIG: "was given more than the system lets a program be given",
}


class NotStarted(Exception):  # noqa: N818 -- the name says what happened
    """A program can't be run; the text is a sentence."""


class Child:
    """A program that runs, with what it has started in its group."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.pid = process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, without releasing its number: that is its group's as well."""
        if self.process.returncode is not None:
            return True
        if not hasattr(os, "waitid"):
            return self.process.poll() is not None
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.pid, flags) is not None
        except ChildProcessError:
            return True

    def signal(self, number: int) -> None:
        """Send a signal to the whole group, unless it was released."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def release(self) -> int:
        """Kill what is left of the group, and return the exit code; below 0: minus the signal."""
        self.signal(signal.SIGKILL)
        return self.process.wait()


def start(
    words: Sequence[str], environ: Mapping[str, str], *, foreground: bool = False, **options: Any
) -> Child:
    """Start a program. `options` are those of `subprocess.Popen`: its input and outputs.

    The calling thread must live as long as the program: the kernel ends it with that thread. In the
    `foreground` it gets the terminal, and a hang-up at the end; else no terminal, and it is killed.
    Raises NotStarted.
    """
    name = clean(words[0])
    if _is_nowhere(words[0], environ):
        raise NotStarted(f"The command {name} was not found.")
    report, its_report = os.pipe()
    death = signal.SIGHUP if foreground else signal.SIGKILL
    launcher = [sys.executable, "-IS", _LAUNCHER, str(its_report), str(os.getpid())]
    own_group: dict[str, Any] = {"process_group": 0} if foreground else {"start_new_session": True}
    try:
        process = subprocess.Popen(
            [*launcher, str(int(death)), str(int(foreground)), *words],
            env=dict(environ),
            pass_fds=(its_report,),
            **own_group,
            **options,
        )
    except (OSError, ValueError) as error:
        os.close(report)
        os.close(its_report)
        raise NotStarted(sentence_of("command", name, error)) from None
    os.close(its_report)
    with os.fdopen(report, "rb") as file:
        # Ends when the program has taken the launcher's place.
        found = file.read()
    if found:
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        number = int(found)
        raise NotStarted(sentence_of("command", name, OSError(number, os.strerror(number))))
    return Child(process)


def _is_nowhere(program: str, environ: Mapping[str, str]) -> bool:
    """Whether there is no such program; a directory of PATH that may not be read hides that it is in none."""
    if "/" in program:
        return not Path(program).exists()
    return (
        shutil.which(program, path=environ.get("PATH")) is None
        and shutil.which(program, mode=os.F_OK, path=environ.get("PATH")) is None
    )


def sentence_of(what: str, name: str, error: Exception) -> str:
    """Why a program (`what` it is, and its name) could not be started."""
    number = getattr(error, "errno", None)
    if number == errno.EACCES and "/" not in name and shutil.which(name) is None:
        # A directory of PATH that may not be read hides that it is in none.
        number = errno.ENOENT
    reason = _REASONS.get(number or 0) or f"could not be started: {getattr(error, 'strerror', None) or error}"
    return f"The {what} {name} {reason}."


def ended_words(code: int) -> str:
    """How a program ended, as the rest of a sentence; "" for success."""
    if code >= 0:
        return f"ended with status {code}" if code else ""
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was ended by {name}"
