"""The demo's cluster where a test expects a recorded one: its world moves with the test's clock."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flinktop.demo.past import past
from flinktop.demo.transport import DemoTransport
from flinktop.demo.world import World
from tests.fixture_cluster import Answer, FixtureCluster

if TYPE_CHECKING:
    from collections.abc import Hashable

    from flinktop.demo.past import Seen
    from flinktop.demo.scenarios import Cluster
    from flinktop.engine.clock import Clock
    from flinktop.engine.host import Port


MOST_ANSWERS, LONGEST = 2048, 20_000
"""How many answers are remembered, and of how many bytes at the most."""


@lru_cache(maxsize=16)
def _world(scenario: str, release: str, born: float) -> World:
    """The same for each test that begins at this time: nobody can change it."""
    return World(scenario=scenario, version=release, born=born)


@cache
def _past(scenario: str, release: str, born: float, minutes: int) -> tuple[Seen, ...]:
    """The last minutes of a scenario."""
    return tuple(past(_world(scenario, release, born), minutes))


_answers: dict[Hashable, Answer] = {}
"""What a scenario answered at a time, which most tests begin with."""


class DemoCluster(FixtureCluster):
    """Answers GETs as the simulated cluster does; a test may change any answer or break the link."""

    def __init__(
        self,
        scenario: str,
        release: str,
        clock: Clock,
        *,
        own: Cluster | None = None,
    ) -> None:
        super().__init__(release)
        born, opened = clock.wall(), clock.now()
        self.world = (
            World(scenario=scenario, version=release, born=born, own=own)
            if own is not None
            else _world(scenario, release, born)
        )
        self._transport = DemoTransport(self.world, lambda: clock.now() - opened)

    def remembered(self, port: Port, minutes: int) -> None:
        """Give an engine that has not started yet what it would have seen in the last minutes."""
        now, world = port.now(), self.world
        own = world.own is not None
        seen = past(world, minutes) if own else _past(world.scenario, world.version, world.born, minutes)
        for query, value, ago in seen:
            port.engine.arrived(query, value, now - ago)

    def _recorded(self, path: str, params: tuple[tuple[str, str], ...]) -> Answer:
        transport = self._transport
        key = (transport.world, transport._now(), path, params) if transport.world.own is None else None
        if key is not None and (known := _answers.get(key)) is not None:
            return known
        status, body, _ = transport.answer("GET", f"/{path}?{urlencode(params)}")
        if key is not None and len(body) < LONGEST:
            if len(_answers) == MOST_ANSWERS:
                _answers.clear()
            _answers[key] = status, body
        return status, body
