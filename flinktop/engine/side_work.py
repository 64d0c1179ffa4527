"""Work beside polling that a screen begins: it goes on when the screen is left, and ends with the engine."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import httpx

    from flinktop.engine.acts.target import Target
    from flinktop.engine.clock import Clock
    from flinktop.engine.judge import Judged
    from flinktop.engine.text_reader import TextReader
    from flinktop.flink.connection import Connection
    from flinktop.flink.local_end import LocalEnd
    from flinktop.flink.login import Login

log = logging.getLogger(__name__)


class Surroundings(Struct, frozen=True, kw_only=True):
    """What side work may use of its engine, on the engine's loop; its connections are its own."""

    connection: Connection
    transport: httpx.AsyncBaseTransport | None
    login: Login
    tunnel: LocalEnd | None
    clock: Clock
    target: Target
    kubectl: TextReader | None = None  # None: the cluster is not known to Kubernetes
    one_transfer: asyncio.Lock  # held during the transfer of a file
    cluster_time: Callable[[], float]  # s since 1970
    judged: Callable[[], Judged | None]
    changed: Callable[[], None]  # to be called when there is news to show


class SideWork:
    """The work that is under way. Lives on the engine's loop."""

    def __init__(self) -> None:
        self._running: dict[object, asyncio.Task[None]] = {}

    def begin(
        self,
        key: object,
        work: Callable[[Surroundings], Coroutine[None, None, None]],
        surroundings: Surroundings,
    ) -> None:
        """Begin some work; `key` is what `end` names it by."""
        task = asyncio.get_running_loop().create_task(work(surroundings))
        self._running[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))

    def end(self, key: object) -> None:
        """Cancel some work, if it has not ended."""
        if (task := self._running.get(key)) is not None:
            task.cancel()

    async def close(self) -> None:
        """Cancel everything, and wait until it has ended."""
        tasks = tuple(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, key: object, task: asyncio.Task[None]) -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work beside the engine has failed", exc_info=error)
