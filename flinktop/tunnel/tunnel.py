"""A tunnel as flinktop uses it: opened with the first request, and ended with flinktop by its keeper."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from flinktop.tunnel.environment import of_command
from flinktop.tunnel.place import PORT, SOCKET, Place, private_socket
from flinktop.tunnel.state import Limits, Order, State, from_line

FAILURES: Final = 3
"""Requests without an answer, at least, before a tunnel is called silent."""
LONGEST_SILENCE: Final = 600.0
"""The most seconds between two starts because of silence: perhaps it is the cluster that is silent."""
_OVERTIME: Final = 5.0
"""Seconds beyond the keeper's own limit after which a request no longer waits for it."""
_READ: Final = 65536
_PROGRAM: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from flinktop.tunnel.keeper import main; main()"
)


class TunnelDown(Exception):  # noqa: N818 -- the name says what happened
    """The tunnel can't be used at the moment."""

    def __init__(self, state: State) -> None:
        super().__init__(state.why)
        self.state = state


class Tunnel:
    """One tunnel, for all connections to one cluster. Not thread-safe, but `state` is.

    It may be used on several event loops, one after the other.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        limits: Limits = Limits(),  # noqa: B008 -- frozen
        changed: Callable[[State], object] = lambda _state: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is started before `port` or `socket`.

        `command` is an argument list with `{port}` in it, or with `{socket}`: then it takes connections at a
        unix socket in a directory of the owner's alone. `changed` is called with each new state, on the loop
        that uses the tunnel.
        """
        self.state = State()
        self.retry_at: float | None = None  # by `now` (s), when it is down
        self.words_at = 0.0  # by `now` (s), when the command printed its last words
        self._order = Order(tuple(command), limits)
        self._has_socket = any(SOCKET in word for word in command) and not any(
            PORT in word for word in command
        )
        self._limits = limits
        self._changed = changed
        self._now = now
        self._keeper: subprocess.Popen[bytes] | None = None
        self._lost_keepers = 0
        self._begun = b""  # a line of the keeper that is not ended yet
        self._loop: asyncio.AbstractEventLoop | None = None  # that reads the keeper's output
        self._waiting: set[asyncio.Future[None]] = set()
        self._vain = 0  # requests without an answer since the last one
        self._vain_since = 0.0
        self._silence = limits.silent
        self._closed = False

    async def port(self) -> int:
        """The port of 127.0.0.1 that leads to the cluster; waits while the tunnel starts.

        Raises TunnelDown if it does not start, at the latest some seconds after its limit.
        """
        return (await self._opened()).port

    async def socket(self) -> str:
        """The path of its unix socket, the same until its keeper is started anew. Else as `port`."""
        await self._opened()
        return self._order.place.socket

    async def _opened(self) -> State:
        self._open()
        until = self._now() + self._limits.start + _OVERTIME
        while self.state.kind in ("idle", "starting"):
            if (left := until - self._now()) <= 0 or self._closed:
                raise TunnelDown(self.state._replace(kind="down", why="late"))
            await self._news(left)
        if self.state.kind != "up":
            raise TunnelDown(self.state)
        return self.state

    async def words_after(self, moment: float, seconds: float) -> str:
        """What the command has printed since a moment (by `now`, s), waiting at most `seconds`; or ""."""
        until = self._now() + seconds
        while self.words_at < moment and self._keeper is not None and (left := until - self._now()) > 0:
            await self._news(left)
        return self.state.words if self.words_at >= moment else ""

    def answered(self) -> None:
        """An answer has come through it."""
        self._vain = 0
        self._silence = self._limits.silent

    def unanswered(self) -> None:
        """No answer has come to a request that was sent through it: if that lasts, it is started again."""
        now = self._now()
        if not self._vain:
            self._vain_since = now
        self._vain += 1
        if self._vain >= FAILURES and now - self._vain_since >= self._silence and self.state.kind == "up":
            self._vain = 0
            self._silence = min(LONGEST_SILENCE, 2.0 * self._silence)
            self._give_order(b"again\n")

    def start_again(self) -> None:
        """Start a tunnel that is open again: it no longer does what it is for."""
        if self.state.kind == "up":
            self._give_order(b"again\n")

    def try_now(self) -> None:
        """Start a tunnel that is down without waiting for the end of the pause."""
        if self.state.kind == "down":
            self._give_order(b"now\n")
            if self._keeper is None:
                self.retry_at = self._now()

    async def close(self, seconds: float) -> None:
        """End the command, and wait at most so long (s) for that; the keeper needs no more help."""
        self._closed = True
        keeper = self._keeper
        if keeper is None:
            return
        if keeper.stdin is not None:
            with contextlib.suppress(OSError):
                keeper.stdin.close()
        until = self._now() + seconds
        self._listen()
        while self._keeper is not None and (left := until - self._now()) > 0:
            await self._news(left)
        if self._keeper is not None:
            self._forget_keeper()

    # -- the keeper ------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Start the keeper, unless it runs or was ended just now."""
        if self._closed:
            raise TunnelDown(State("down", why="keeper"))
        if self._keeper is None and (self.retry_at is None or self._now() >= self.retry_at):
            try:
                self._keeper = self._started()
            except OSError as error:
                self._lose_keeper(State("down", why="unstartable", words=error.strerror or str(error)))
                return
            self._begun = b""
            self._put(State("starting"))
        self._listen()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._has_socket:
            # The keeper removes the directory, whatever ends flinktop.
            self._order = self._order._replace(place=Place(socket=private_socket()))
        # Our own package and no other of that name; without the site's packages it starts in half the time.
        ours = str(Path(__file__).parents[2])
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, ours, self._order.as_text()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=of_command(),
            # The terminal's signals are for flinktop, and what it does with them.
            start_new_session=True,
        )
        if keeper.stdout is not None:
            os.set_blocking(keeper.stdout.fileno(), False)
        return keeper

    def _listen(self) -> None:
        """Read the keeper's lines on the running loop."""
        loop = asyncio.get_running_loop()
        if self._keeper is None or self._keeper.stdout is None or self._loop is loop:
            return
        loop.add_reader(self._keeper.stdout.fileno(), self._read)
        self._loop = loop
        # What has come while no loop was running.
        self._read()

    def _read(self) -> None:
        keeper = self._keeper
        if keeper is None or keeper.stdout is None:
            return
        try:
            data = os.read(keeper.stdout.fileno(), _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose_keeper(State("down", why="keeper"))
            return
        *lines, self._begun = (self._begun + data).split(b"\n")
        for state in filter(None, map(from_line, lines)):
            self._put(state)

    def _put(self, state: State) -> None:
        now = self._now()
        before, self.state = self.state, state
        self.retry_at = now + state.pause if state.kind == "down" else None
        if state.kind == "up":
            self._lost_keepers = 0
            if before.kind != "up":
                self._vain = 0
        if state.words and (state.words, state.printed) != (before.words, before.printed):
            self.words_at = now
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        if not self._closed:
            self._changed(state)

    def _lose_keeper(self, state: State) -> None:
        """The keeper has ended, or could not be started; a later request starts another one."""
        group, down = self.state.group, self.state.kind == "down"
        if self._keeper is not None:
            self._forget_keeper()
        if self._closed:
            self._put(State())
            return
        if group and not down:
            # It was killed, and could not end its command.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        self._order.place.remove()
        limits, self._lost_keepers = self._limits, self._lost_keepers + 1
        pause = min(limits.longest, limits.shortest * 2.0 ** min(self._lost_keepers - 1, 20))
        self._put(state._replace(pause=pause))

    def _forget_keeper(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        for pipe in (keeper.stdin, keeper.stdout):
            if pipe is None:
                continue
            if pipe is keeper.stdout and self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(pipe.fileno())
            with contextlib.suppress(OSError):
                pipe.close()
        self._loop = None
        if keeper.poll() is None:
            # It is about to end; nobody else takes note of that.
            threading.Thread(target=keeper.wait, name="flinktop-tunnel-end", daemon=True).start()

    def _give_order(self, order: bytes) -> None:
        if self._keeper is not None and self._keeper.stdin is not None:
            with contextlib.suppress(OSError):
                os.write(self._keeper.stdin.fileno(), order)

    async def _news(self, seconds: float) -> None:
        """Wait for the keeper's next line, at most so long (s)."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait({future}, timeout=seconds)
        finally:
            self._waiting.discard(future)
