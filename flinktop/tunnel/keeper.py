"""The process that keeps one tunnel: starts its command, watches it, and starts it again.

Its standard input is a pipe from flinktop: it ends with its command when that pipe ends, whatever has ended
flinktop, or when it gets SIGTERM, SIGINT or SIGHUP. Lines on it are orders: `again` (nothing comes through:
start the command again) and `now` (do not wait for the end of the pause). Each line on its standard output
is the state of the tunnel, see `state`; when nobody reads them, only the newest ones are kept.
"""

import contextlib
import os
import random
import selectors
import shutil
import signal
import sys
import time
from types import FrameType
from typing import Final, NamedTuple

from flinktop.tunnel.child import Child
from flinktop.tunnel.listener import free_port
from flinktop.tunnel.place import Place
from flinktop.tunnel.state import Limits, Order, State, Why, as_line

MOST_TAKEN: Final = 5
"""Ports that are tried in a row, if other programs take them."""
_LOOKS: Final = (0.02, 0.25)
"""Seconds between two tries to connect, at first and at most."""
_WORDS_EVERY: Final = (0.1, 5.0)
"""Seconds between two reports of what the command prints, at first and at most."""
_FLOOD: Final = 65536
_FLOOD_PAUSE: Final = 0.02
"""A command that prints without end is read at 3 MB/s at most: then it waits for its reader."""
_UNSENT_SECONDS: Final = 0.5
_MOST_UNSENT: Final = 4
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Closed(Exception):  # noqa: N818 -- the name says what happened
    """Flinktop has gone, or a signal asks for the end."""


class _End(NamedTuple):
    """How a run has ended."""

    why: Why
    code: int | None = None
    words: str = ""
    lasted: float = 0.0  # seconds during which it took connections


class Keeper:
    """Keeps the tunnel of one order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._limits: Limits = order.limits
        self._selector = selectors.DefaultSelector()
        self._orders: set[bytes] = set()
        self._begun = b""  # a line on standard input that is not ended yet
        self._unsent: list[bytes] = []
        self._child: Child | None = None
        self._wake, waker = os.pipe()
        for end in (self._wake, waker, 1):
            os.set_blocking(end, False)
        for number in (*_SIGNALS, signal.SIGCHLD):
            signal.signal(number, _noted)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        self._selector.register(0, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)

    def run(self) -> None:
        """Keep the tunnel until flinktop has gone."""
        failures = taken = 0
        with contextlib.suppress(Closed), self._order.place.cleared():
            while True:
                end = self._run_once()
                taken = taken + 1 if end.why == "taken" else 0
                if 0 < taken < MOST_TAKEN:
                    continue
                taken = 0
                failures = 1 if end.lasted >= self._limits.good else failures + 1
                self._rest(end, self._pause(failures))

    def _pause(self, failures: int) -> float:
        """Seconds until the next start; with a jitter, so that many tunnels don't start in step."""
        doubled = self._limits.shortest * 2.0 ** min(failures - 1, 20)
        return min(self._limits.longest, doubled) * random.uniform(0.8, 1.2)  # noqa: S311 -- no secret

    def _rest(self, end: _End, pause: float) -> None:
        self._say(State("down", why=end.why, code=end.code, words=end.words, pause=pause))
        self._orders.clear()
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0 and b"now" not in self._orders:
            self._wait(left)

    # -- one run ---------------------------------------------------------------------------------------

    def _run_once(self) -> _End:
        self._orders.clear()
        try:
            place = self._order.place
            if place.socket:
                place.remove_socket()
            else:
                place = Place(free_port())
            self._say(State("starting", port=place.port))
            child = self._child = Child(self._order.command, place)
        except FileNotFoundError:
            return _End("missing")
        except (OSError, ValueError) as error:
            program = self._order.command[0]
            if isinstance(error, PermissionError) and "/" not in program and shutil.which(program) is None:
                # A directory of PATH that may not be read hides that it is in none.
                return _End("missing")
            return _End("unstartable", words=getattr(error, "strerror", None) or str(error))
        self._selector.register(child.output, selectors.EVENT_READ)
        up_at = None
        try:
            self._say(State("starting", port=place.port, group=child.group))
            why = self._wait_until_up(child)
            if not why:
                up_at = time.monotonic()
                self._say_up(child)
                why = self._watch(child)
        finally:
            lasted = time.monotonic() - up_at if up_at is not None else 0.0
            self._drop_output(child)
            self._child = None
            ended = child.has_ended
            child.end(self._limits.grace)
        return _End(why, child.code if ended else None, child.words, lasted)

    def _wait_until_up(self, child: Child) -> Why:
        """Wait until the command takes connections; why it does not, or ""."""
        deadline = time.monotonic() + self._limits.start
        pause, doubtful = _LOOKS[0], None
        while True:
            self._wait(pause)
            if child.found_port_taken:
                return "taken"
            if child.has_ended:
                return "ended"
            if child.place.takes_connections() and not child.has_ended:
                owner = child.place.whose(child.group)
                if owner == "stranger":
                    return "taken"
                now = time.monotonic()
                doubtful = doubtful or now
                # Another process may have opened it for the command, as the master of a shared connection.
                if owner != "user" or now - doubtful >= self._limits.settle:
                    return ""
            if time.monotonic() >= deadline:
                return "late"
            pause = min(_LOOKS[1], 1.5 * pause)

    def _watch(self, child: Child) -> Why:
        """Wait until the command must be started again; why."""
        said, pause = child.printed, _WORDS_EVERY[0]
        owned = child.place.whose(child.group) == "child"
        self._orders.clear()
        while True:
            self._wait(None if child.printed == said else 0.0)
            if child.has_ended:
                return "ended"
            if not owned and child.found_port_taken:
                return "taken"
            if b"again" in self._orders:
                return "silent"
            if child.printed != said:
                said, printed_at = child.printed, time.monotonic()
                self._say_up(child)
                while time.monotonic() - printed_at < pause and not child.has_ended:
                    self._wait(pause)
                # One that prints without end is reported ever less often.
                pause = min(_WORDS_EVERY[1], 2.0 * pause) if child.printed != said else _WORDS_EVERY[0]

    def _say_up(self, child: Child) -> None:
        words, printed = child.words, child.printed
        self._say(State("up", port=child.place.port, group=child.group, words=words, printed=printed))

    # -- what arrives ----------------------------------------------------------------------------------

    def _wait(self, seconds: float | None) -> None:
        """Wait for at most so long (s) until something happens. Raises Closed."""
        if self._unsent:
            seconds = _UNSENT_SECONDS if seconds is None else min(seconds, _UNSENT_SECONDS)
        for key, _ in self._selector.select(seconds):
            if key.fd == 0:
                self._read_orders()
            elif key.fd == self._wake:
                if not set(os.read(self._wake, 4096)).isdisjoint(_SIGNALS):
                    raise Closed
            elif self._child is not None:
                taken = self._child.read()
                if not taken:
                    self._drop_output(self._child)
                elif taken >= _FLOOD:
                    time.sleep(_FLOOD_PAUSE)
        self._send()

    def _drop_output(self, child: Child) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(child.output)

    def _read_orders(self) -> None:
        try:
            data = os.read(0, 4096)
        except OSError:
            data = b""
        if not data:
            raise Closed
        *lines, self._begun = (self._begun + data).split(b"\n")
        self._orders.update(lines)

    # -- what is said ----------------------------------------------------------------------------------

    def _say(self, state: State) -> None:
        self._unsent = [*self._unsent, as_line(state)][-_MOST_UNSENT:]
        self._send()

    def _send(self) -> None:
        while self._unsent:
            try:
                os.write(1, self._unsent[0])
            except BlockingIOError:
                return
            except OSError:
                raise Closed from None
            self._unsent.pop(0)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """The wake-up pipe has its number."""


def main() -> None:
    """Keep the tunnel of the order in the last argument."""
    Keeper(Order.from_text(sys.argv[-1])).run()
