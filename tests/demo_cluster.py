"""The demo's cluster where a test expects a recorded one: its world moves with the test's clock."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flinktop.demo.past import past
from flinktop.demo.transport import DemoTransport
from flinktop.demo.world import World
from tests.fixture_cluster import Answer, FixtureCluster

if TYPE_CHECKING:
    from flinktop.demo.past import Seen
    from flinktop.demo.scenarios import Cluster
    from flinktop.engine.clock import Clock
    from flinktop.engine.host import Port


@cache
def _past(scenario: str, release: str, born: float) -> tuple[Seen, ...]:
    """The last minutes of a scenario, which are the same for each test that begins at this time."""
    return tuple(past(World(scenario=scenario, version=release, born=born)))


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
        self.world = World(scenario=scenario, version=release, born=clock.wall(), own=own)
        opened = clock.now()
        self._transport = DemoTransport(self.world, lambda: clock.now() - opened)

    def remembered(self, port: Port) -> None:
        """Give an engine that has not started yet what it would have seen in the last minutes."""
        now, world = port.now(), self.world
        own = world.own is not None
        for query, value, ago in past(world) if own else _past(world.scenario, world.version, world.born):
            port.engine.arrived(query, value, now - ago)

    def _recorded(self, path: str, params: tuple[tuple[str, str], ...]) -> Answer:
        status, body, _ = self._transport.answer("GET", f"/{path}?{urlencode(params)}")
        return status, body
