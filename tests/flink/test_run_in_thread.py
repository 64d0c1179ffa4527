"""What blocks holds nobody up at the end."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from flinktop.flink.run_in_thread import run

AN_AGE = 5.0


def test_a_loop_ends_though_a_name_is_still_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, over, ended = threading.Event(), threading.Event(), threading.Event()

    def look_up(*_words: Any) -> list[Any]:
        begun.set()
        over.wait(AN_AGE)
        ended.set()
        return []

    async def ask() -> None:
        asking = asyncio.create_task(asyncio.get_running_loop().getaddrinfo("flink.test", 8081))
        while not begun.is_set():  # noqa: ASYNC110 -- it is set on another thread
            await asyncio.sleep(0)
        asking.cancel()

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    run(ask())
    assert not ended.is_set()
    over.set()


def test_a_name_that_is_not_known_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_words: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def ask() -> None:
        await asyncio.get_running_loop().getaddrinfo("flink.test", 8081)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(socket.gaierror, match="not known"):
        run(ask())
