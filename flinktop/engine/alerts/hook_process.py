"""One run of the command of `[notify]`, bounded in time, input and output.

The command gets no shell, no terminal and nothing of the cluster on its command line or in its environment.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING, Final, Self

from flinktop.flink.secrets import environment
from flinktop.flink.text import clean
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.clock import Clock

LOOK_SECONDS: Final = 0.05
"""How often it is looked whether the command has ended, or is to be ended."""
MOST_ERROR: Final = 4096
"""Bytes of the end of its error output that are kept."""
MOST_LINE: Final = 200
"""Letters of its last line that are shown."""
_READ: Final = 65536


def run(
    command: Sequence[str], document: bytes, seconds: float, clock: Clock, left: Callable[[float], bool]
) -> str:
    """Run a command with a document on its standard input; returns why it failed, a sentence, or "".

    It has `seconds`. `left` waits for so long (s) and tells whether flinktop is leaving. At the end of either
    the whole process group is killed, as is what the command leaves running when it ends by itself.
    """
    name = _name(command)
    try:
        with _input(document) as given:
            process = subprocess.Popen(
                list(command),
                stdin=given,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environment(),
                # Without a terminal it can't write over the screen.
                start_new_session=True,
            )
    except FileNotFoundError:
        return f"The command {name} was not found."
    except (OSError, ValueError) as error:
        if isinstance(error, PermissionError) and "/" not in command[0] and shutil.which(command[0]) is None:
            # A directory of PATH that may not be read hides that it is in none.
            return f"The command {name} was not found."
        return f"The command {name} could not be started: {getattr(error, 'strerror', None) or error}."
    deadline = clock.now() + seconds
    end = ""
    with _Errors(process.stderr) as errors:
        try:
            while not _has_ended(process):
                # A read for each look: one that floods its output waits for its reader.
                errors.read()
                if left(LOOK_SECONDS):
                    end = "was ended because flinktop was left"
                    break
                if clock.now() >= deadline:
                    end = f"did not end within {seconds:g} s and was killed"
                    break
        finally:
            _kill(process)
        errors.read()
        code = process.returncode
        end = end or (
            f"was ended by signal {-code}" if code < 0 else f"ended with status {code}" if code else ""
        )
        last = errors.last_line
    return f"The command {name} {end}{f': {last}' if last else ''}." if end else ""


class _Errors:
    """The end of a command's error output."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._pipe = pipe
        self._end = b""

    def __enter__(self) -> Self:
        if self._pipe is not None:
            os.set_blocking(self._pipe.fileno(), False)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pipe is not None:
            self._pipe.close()

    def read(self) -> None:
        """Take what is there."""
        with contextlib.suppress(OSError):
            if self._pipe is not None:
                self._end = (self._end + os.read(self._pipe.fileno(), _READ))[-MOST_ERROR:]

    @property
    def last_line(self) -> str:
        """The last line that is not empty, without secrets."""
        lines = self._end.decode(errors="replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        plain = redaction.text(clean(last)).rstrip(".")
        return plain if len(plain) <= MOST_LINE else f"{plain[: MOST_LINE - 1]}…"


def _name(command: Sequence[str]) -> str:
    """Its first word only: the others may be secrets."""
    return clean(command[0])


def _input(document: bytes) -> IO[bytes]:
    """A file with the document, which the command reads when it likes, or not at all."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("flinktop-alert"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by the caller
    file.write(document)
    file.seek(0)
    return file


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended, without releasing its number: that is its group's as well."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, flags) is not None


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
