"""The thread that engines run on: one event loop, for one engine or for hundreds.

Each engine is a task of its own on it. One that fails or hangs when it is stopped ends and delays no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Any, Final

from flinktop.flink.run_in_thread import run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

log = logging.getLogger(__name__)

LAST_SECONDS: Final = 2.0
"""How long the thread waits at its end for engines that have not ended; then they are cancelled."""


class EngineThread:
    """A daemon thread with an event loop. Every method is for other threads."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        """Set by `start`."""
        self._thread: threading.Thread | None = None
        self._end: asyncio.Event | None = None
        self._error: OSError | None = None  # why it could not begin
        self._engines: dict[asyncio.Task[None], Callable[[BaseException], None]] = {}

    def start(self) -> None:
        """Start the thread, once.

        Raises RuntimeError if there can be no more threads, OSError if there can be no event loop.
        """
        ready = threading.Event()
        thread = threading.Thread(target=self._run, args=(ready,), name="flinktop-engine", daemon=True)
        thread.start()
        self._thread = thread
        ready.wait()
        if self._error is not None:
            raise self._error

    def begin(
        self, work: Callable[[], Coroutine[Any, Any, None]], failed: Callable[[BaseException], None]
    ) -> None:
        """Run an engine's work; `failed` is called on the thread with an error that has ended it.

        Does nothing when the thread is ending.
        """

        def create() -> None:
            if self._end is None or self._end.is_set():
                return
            task = asyncio.get_running_loop().create_task(work())
            self._engines[task] = failed
            task.add_done_callback(self._ended)

        self._call(create)

    def begin_to_stop(self) -> None:
        """Ask the thread to end as soon as its engines have, which are told by others."""
        if self._end is not None:
            self._call(self._end.set)

    def join(self, seconds: float) -> None:
        """Wait at most so long until the thread has ended."""
        if self._thread is not None:
            self._thread.join(seconds)

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def _call(self, work: Callable[[], object]) -> None:
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self.loop.call_soon_threadsafe(work)

    # -- the thread ----------------------------------------------------------------------------------

    def _run(self, ready: threading.Event) -> None:
        try:
            run(self._live(ready))
        except BaseException as error:
            if self.loop is None and isinstance(error, OSError):
                self._error = error
            # Else what ends a loop is no Exception, and ends all engines that run on it.
            log.critical("the engine's thread has ended by itself", exc_info=True)
            engines, self._engines = self._engines, {}
            for failed in engines.values():
                failed(error)
        finally:
            ready.set()

    async def _live(self, ready: threading.Event) -> None:
        self.loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        ready.set()
        await self._end.wait()
        if self._engines:
            await asyncio.wait(self._engines, timeout=LAST_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return  # the loop ends: either an error says so to the engines, or nobody waits any more
        failed, error = self._engines.pop(task), task.exception()
        if isinstance(error, Exception):
            log.critical("an engine has failed", exc_info=error)
            failed(error)
