"""One run of a command with an end: its output, bounded in size and time; it never outlives flinktop.

Its keeper is a process whose standard input is a pipe from flinktop: when that ends, whatever has ended
flinktop, or when it gets SIGTERM, SIGINT or SIGHUP, it ends the command with its process group.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final, Literal, NamedTuple

from flinktop.tunnel.environment import of_command

Kept = Literal["beginning", "end"]

GRACE: Final = 0.5
"""Seconds for the command to end by itself."""
MOST_ERRORS: Final = 16 * 1024
"""Bytes of the end of what it prints on standard error that are kept."""
NOT_STARTED: Final = 126
"""The exit code if it can't be started, as a shell's; why is on standard error."""
_READ: Final = 65536
_LOOK_SECONDS: Final = 0.02
_END_SECONDS: Final = 0.25
"""Between two looks whether it has ended although its outputs are open."""
BY_SIGNAL: Final = 128
"""The exit code of a command that a signal has ended, less the signal's number, as a shell's."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PROGRAM: Final = "import sys; sys.path.insert(0, sys.argv[1]); from flinktop.tunnel.once import main; main()"


class Ended(NamedTuple):
    """How a run has ended."""

    code: int | None  # 128 + N: by signal N; None: it was ended here, after its time or by `Once.stop`
    output: bytes
    errors: bytes  # the end of what it has printed on standard error
    is_cut: bool = False  # there was more output than was kept


class Once:
    """One run of a command. `run` blocks; `stop` is for any thread."""

    def __init__(
        self, command: Sequence[str], *, seconds: float, most: int, kept: Kept = "beginning"
    ) -> None:
        """`most` is the number of bytes of its output that are kept, of its beginning or its end."""
        self._command = tuple(command)
        self._seconds = seconds
        self._most = most
        self._kept = kept
        self._hears = self._says = -1
        self._stopped = False

    def stop(self) -> None:
        """End the run soon."""
        self._stopped = True
        if (says := self._says) >= 0:
            with contextlib.suppress(OSError):
                os.write(says, b".")

    def run(self) -> Ended:
        """Run it to its end. Raises OSError if its keeper can't be started."""
        hears, says = self._hears, self._says = os.pipe()
        try:
            return self._run()
        finally:
            self._hears = self._says = -1
            os.close(says)
            os.close(hears)

    def _run(self) -> Ended:
        ours = str(Path(__file__).parents[2])
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, ours, json.dumps(self._command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=of_command(),
            start_new_session=True,
        )
        with keeper:
            in_time = False
            try:
                out, err, is_cut, in_time = self._read(keeper)
            finally:
                if keeper.stdin is not None:
                    with contextlib.suppress(OSError):
                        keeper.stdin.close()
        return Ended(keeper.returncode if in_time else None, out, err, is_cut)

    def _read(self, keeper: subprocess.Popen[bytes]) -> tuple[bytes, bytes, bool, bool]:
        """What it prints; whether some was left out; whether it has ended in time."""
        assert keeper.stdout is not None and keeper.stderr is not None  # noqa: S101, PT018 -- for the checker
        out, err = keeper.stdout.fileno(), keeper.stderr.fileno()
        texts = {out: bytearray(), err: bytearray()}
        is_cut = False
        waiting = {out, err}
        deadline = time.monotonic() + self._seconds
        while waiting and not self._stopped and (left := deadline - time.monotonic()) > 0:
            ready = select.select([*waiting, self._hears], [], [], min(left, _END_SECONDS))[0]
            if not ready and keeper.poll() is not None:
                # What it has started, and what left its group, holds its outputs open.
                waiting.clear()
            for one in waiting.intersection(ready):
                data = os.read(one, _READ)
                if not data:
                    waiting.discard(one)
                elif one == err:
                    texts[err] = (texts[err] + data)[-MOST_ERRORS:]
                else:
                    is_cut = self._keep(texts[out], data) or is_cut
        return bytes(texts[out]), bytes(texts[err]), is_cut, not waiting and not self._stopped

    def _keep(self, text: bytearray, data: bytes) -> bool:
        """Add to the output; whether something was left out."""
        text += data
        over = len(text) - self._most
        if over <= 0:
            return False
        if self._kept == "end":
            del text[:over]
        else:
            del text[self._most :]
        return True


def main() -> None:
    """Run the command of the last argument, and exit as it does."""
    command = json.loads(sys.argv[-1])
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    for number in (*_SIGNALS, signal.SIGCHLD):
        signal.signal(number, _noted)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except (OSError, ValueError) as error:
        os.write(2, f"{getattr(error, 'strerror', None) or error}\n".encode())
        os._exit(NOT_STARTED)
    while not _has_ended(child):
        ready = select.select([0, wake], [], [])[0]
        if 0 in ready or (wake in ready and not set(os.read(wake, 4096)).isdisjoint(_SIGNALS)):
            _end(child)
            break
    # What it has left behind, too.
    _signal(child.pid, signal.SIGKILL)
    code = child.wait()
    os._exit(code if code >= 0 else BY_SIGNAL - code)


def _has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended; its number, which is its group's as well, is not released."""
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(child: subprocess.Popen[bytes]) -> None:
    _signal(child.pid, signal.SIGTERM)
    # One that was stopped would not get it.
    _signal(child.pid, signal.SIGCONT)
    deadline = time.monotonic() + GRACE
    while not _has_ended(child) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """The wake-up pipe has its number."""
