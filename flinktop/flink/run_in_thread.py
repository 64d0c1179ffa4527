"""Blocking work on daemon threads, which do not delay the exit of flinktop."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

T = TypeVar("T")


async def run_in_thread(work: Callable[[], T]) -> T:
    """Run `work` on a daemon thread, so that a hanging command can't delay the exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if not done.done():
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(cast("T", result))

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended in the meantime
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="flinktop-secret", daemon=True).start()
    return await done


class Loop(asyncio.SelectorEventLoop):
    """asyncio's loop, without blocking name lookups at its end.

    asyncio itself looks names up on pool threads, and waits for them when the loop and the process end:
    half a minute and more if a name server does not answer.
    """

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 -- asyncio's name
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        return await run_in_thread(lambda: socket.getaddrinfo(host, port, family, type, proto, flags))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end on a new loop."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(work)
