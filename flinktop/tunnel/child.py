"""The command of a tunnel as a running process, in a session of its own and without a terminal."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from flinktop.tunnel.place import Place

MOST_OUTPUT: Final = 4096
"""Bytes of the end of its output that are kept."""
_READ: Final = 65536
_LOOK_SECONDS: Final = 0.01
_CHATTER: Final = re.compile(
    rb"(?m)^(?:Handling connection for|Forwarding from|Starting to serve on"
    rb"|E\d{4} [\d:.]{8,20} +\d{1,9} proxy_server\.go:\d{1,5}\]) .*$"
)
"""What kubectl prints while all is well, and the errors that its proxy gives as answers, too."""
_IN_USE: Final = re.compile(
    rb"address already in use|only one usage of each socket|port is already allocated|cannot listen to port",
    re.IGNORECASE,
)


class Child:
    """One run of the command. Its output is one stream, of which the end is kept."""

    def __init__(self, command: Sequence[str], place: Place) -> None:
        """Start it at this place. Raises OSError or ValueError if it can't be started."""
        self.place = place
        self._tail = b""
        self.printed = 0  # bytes so far, without what says that all is well
        self._process = subprocess.Popen(
            [place.filled(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Without a terminal it can neither ask nor draw over the screen.
            start_new_session=True,
        )
        self.group = self._process.pid
        pipe = self._process.stdout
        self.output = pipe.fileno() if pipe is not None else -1
        os.set_blocking(self.output, False)

    @property
    def has_ended(self) -> bool:
        """Whether it has ended; its number is not released before `end`, as it is its group's as well."""
        if self._process.returncode is not None:
            return True
        if not hasattr(os, "waitid"):
            return self._process.poll() is not None
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, flags) is not None

    @property
    def code(self) -> int | None:
        """Its exit code, after `end`."""
        return self._process.returncode

    def read(self) -> int:
        """Take what it has printed; the number of bytes, 0 at the end of its output."""
        try:
            data = os.read(self.output, _READ)
        except BlockingIOError:
            return -1
        except OSError:
            return 0
        self._tail = (self._tail + data)[-MOST_OUTPUT:]
        self.printed += len(_CHATTER.sub(b"", data).strip())
        return len(data)

    @property
    def words(self) -> str:
        """The last line that it has printed, also one that is not ended yet, as that of a prompt."""
        lines = _CHATTER.sub(b"", self._tail).decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    @property
    def found_port_taken(self) -> bool:
        """Whether it has said that another program has its port."""
        return _IN_USE.search(self._tail) is not None

    def end(self, grace: float) -> None:
        """End it with its whole process group: gently, and after `grace` seconds by force."""
        try:
            if not self.has_ended:
                self._signal(signal.SIGTERM)
                # One that was stopped would not get it.
                self._signal(signal.SIGCONT)
            deadline = time.monotonic() + grace
            while not self.has_ended and time.monotonic() < deadline:
                self.read()
                time.sleep(_LOOK_SECONDS)
        finally:
            # What it has left behind, too.
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._read_rest()
            if self._process.stdout is not None:
                self._process.stdout.close()

    def _read_rest(self) -> None:
        """Take what is still in the pipe; a process that left the group may hold it open and go on."""
        for _ in range(16):
            if self.read() <= 0:
                return

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
