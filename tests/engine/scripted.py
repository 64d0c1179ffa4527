"""A cluster that answers as the test says, and a poller in front of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from flinktop.engine.poller import Poller
from flinktop.engine.store import Store
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import FlinkError
from flinktop.flink.http import Http, Reply
from tests.manual_clock import ManualClock, settle

Answer = dict[str, Any] | list[Any] | FlinkError | bytes


@dataclass
class Cluster:
    """Answers by target; `gate` holds answers back until the test lets them go."""

    clock: ManualClock
    answers: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict)
    default: Answer = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    in_flight: int = 0
    most_in_flight: int = 0
    cancelled: int = 0
    seconds: float = 0.01
    """How long an answer is said to have taken."""
    delay: float = 0.0
    """How long it takes on the clock."""
    url: str = "http://cluster.test"

    async def get(self, query: Query[Any]) -> Reply:
        target = query.target
        self.asked.append((self.clock.now(), target))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.delay:
                await self.clock.sleep(self.delay)
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        answer = self.answers.get(target, self.default)
        if callable(answer):
            answer = answer()
        if isinstance(answer, FlinkError):
            raise answer
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Reply(body, 200, self.seconds)

    def times(self, target: str) -> list[float]:
        """When a target was asked for, in seconds since the clock's start."""
        return [round(at - 1000.0, 3) for at, asked in self.asked if asked == target]


@dataclass
class Bench:
    """A running poller with what it needs."""

    clock: ManualClock
    cluster: Cluster
    store: Store
    poller: Poller
    changes: list[str] = field(default_factory=list)


@asynccontextmanager
async def polling(cluster: Cluster | None = None) -> AsyncIterator[Bench]:
    """A poller on a manual clock, running."""
    clock = cluster.clock if cluster is not None else ManualClock()
    cluster = cluster or Cluster(clock)
    store = Store()
    changes: list[str] = []
    poller = Poller(
        cast(Http, cluster),
        store,
        clock,
        lambda: 1.0,
        lambda query: changes.append(query.target),
        lambda *_: None,
    )
    task = asyncio.get_running_loop().create_task(poller.run())
    await settle()
    try:
        yield Bench(clock, cluster, store, poller, changes)
    finally:
        task.cancel()
        if cluster.gate is not None:
            cluster.gate.set()
        await poller.drain(1.0)
