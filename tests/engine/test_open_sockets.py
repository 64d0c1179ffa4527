"""Clusters that take connections and never answer: each holds one, however many there are."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from flinktop.engine.clock import Clock
from flinktop.engine.engine import Engine
from flinktop.flink.connection import Connection
from flinktop.headless.watched_cluster import WatchedCluster
from tests.flink.sites import listening
from tests.headless.looked import profile
from tests.headless.test_watch import settings

pytestmark = pytest.mark.deep

CLUSTERS = 3
STARTS = 30.0
SECONDS = 1.0
"""Off the screen the first requests follow each other after a quarter of that."""

Started = tuple[Callable[[], None], Callable[[float], Awaitable[None]]]


class Hanging:
    """A server that reads what it is sent."""

    def __init__(self) -> None:
        self.open = self.most = 0
        self.taken = asyncio.Event()

    async def talk(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        self.taken.set()
        try:
            await reader.read()
        finally:
            self.open -= 1


def off_screen(url: str, _home: Path) -> Started:
    engine = Engine(Connection(url), Clock())

    def start() -> None:
        engine.set_pace(on_screen=False)
        engine.start()

    return start, engine.stop


def watched(url: str, home: Path) -> Started:
    cluster = WatchedCluster(
        dataclasses.replace(profile(), connection=Connection(url)), settings(home), Clock()
    )
    return cluster.start, cluster.stop


@asynccontextmanager
async def running(make: Callable[[str, Path], Started], url: str, home: Path) -> AsyncIterator[None]:
    start, stop = make(url, home)
    start()
    try:
        yield
    finally:
        await stop(0.1)


@pytest.mark.parametrize("make", [off_screen, watched])
async def test_a_cluster_that_never_answers_holds_one_connection(
    make: Callable[[str, Path], Started], tmp_path: Path
) -> None:
    servers = [Hanging() for _ in range(CLUSTERS)]
    async with AsyncExitStack() as stack:
        for server in servers:
            port = await stack.enter_async_context(listening(server.talk))
            await stack.enter_async_context(running(make, f"http://127.0.0.1:{port}", tmp_path))
        for server in servers:
            await asyncio.wait_for(server.taken.wait(), STARTS)
        await asyncio.sleep(SECONDS)
        assert [(server.open, server.most) for server in servers] == [(1, 1)] * CLUSTERS
