"""The thread on which plotext draws."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future
from functools import cache, partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class DrawingThread(Executor):
    """One thread that does one thing after the other, and that nobody waits for when the process ends."""

    def __init__(self) -> None:
        """Start it; it ends with the process."""
        self._asked: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        threading.Thread(target=self._work, name="flinktop-chart", daemon=True).start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do this after what was asked before."""
        future: Future[T] = Future()
        self._asked.put((future, partial(fn, *args, **kwargs)))
        return future

    def _work(self) -> None:
        while True:
            future, work = self._asked.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 -- it is raised where the result is awaited
                future.set_exception(error)
            else:
                future.set_result(result)


@cache
def drawing_thread() -> DrawingThread:
    """The one thread that calls plotext, started by the first chart.

    One for the process, because plotext has one figure for the process.
    """
    return DrawingThread()
