"""Work beside polling: it has what it needs, ends with the engine, and fails alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

import pytest

from flinktop.engine.host import Port
from flinktop.engine.side_work import Surroundings
from flinktop.flink.connection import Connection
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock, settle


@pytest.fixture
def port() -> Port:
    return Port(
        Connection("http://flink.test"), ManualClock(), transport=FixtureCluster("2.3.0"), name="prod"
    )


async def test_it_gets_what_it_needs_and_its_news_are_news_of_the_engine(port: Port) -> None:
    seen: list[Surroundings] = []
    news: list[None] = []

    async def work(around: Surroundings) -> None:
        seen.append(around)
        around.changed()

    await port.start_inline()
    await settle()
    port.take_changes()
    port.on_change(lambda: news.append(None))
    port.take_changes()
    before = len(news)
    port.run_beside("key", work)
    await settle()
    (around,) = seen
    assert (around.target.cluster, around.connection.url) == ("prod", "http://flink.test")
    assert around.clock is port.clock
    assert around.judged() is port.judged
    assert len(news) > before
    await port.engine.stop()


async def test_it_ends_with_the_engine_and_when_it_is_told_to(port: Port) -> None:
    ended: list[str] = []

    def work(name: str) -> Callable[[Surroundings], Coroutine[None, None, None]]:
        async def wait(_around: Surroundings) -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append(name)

        return wait

    await port.start_inline()
    for name in ("one", "two"):
        port.run_beside(name, work(name))
    await settle()
    port.end_beside("one")
    port.end_beside("nobody")
    await settle()
    assert ended == ["one"]
    await port.engine.stop()
    assert ended == ["one", "two"]


async def test_what_it_raises_is_logged_and_ends_nothing_else(
    port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_around: Surroundings) -> None:
        raise ZeroDivisionError("division by zero")

    await port.start_inline()
    with caplog.at_level(logging.ERROR):
        port.run_beside("key", fail)
        await settle()
    assert "work beside the engine has failed" in caplog.text
    assert port.failure is None
    await port.engine.stop()
