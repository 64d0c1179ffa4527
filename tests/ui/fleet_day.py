"""A person's day with several clusters: the app on recorded, simulated and dead ones."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from flinktop.demo.scenarios import Cluster, known_jobs
from flinktop.engine.fleet import Fleet, Member, SearchState
from flinktop.engine.host import Port
from flinktop.flink.connection import Connection
from flinktop.settings import Paths, Profile, Settings
from flinktop.ui.fleet_app import FleetTop
from tests.demo_cluster import DemoCluster
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock
from tests.ui.day import Day, by_hand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from flinktop.alert_rules import Notify
    from flinktop.own_keys import OwnKeys

RELEASE = "1.20.5"


class Dead(FixtureCluster):
    """Nothing listens there."""

    def __init__(self) -> None:
        super().__init__(RELEASE)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        raise httpx.ConnectError("All connection attempts failed") from ConnectionRefusedError()


def simulated(scenario: str, clock: ManualClock) -> DemoCluster:
    return DemoCluster(scenario, RELEASE, clock)


def of_one_job(name: str, clock: ManualClock, release: str = RELEASE) -> DemoCluster:
    """A cluster in application mode: one job of the demo, by its name."""
    return DemoCluster("healthy", release, clock, own=Cluster((known_jobs()[name],), spare_slots=0))


def company(clock: ManualClock) -> tuple[dict[str, FixtureCluster], dict[str, Profile]]:
    """What a company may run, one cluster in each state, with the settings of each: for pictures."""
    slow = of_one_job("search-index-updater", clock)
    slow.hangs = lambda _path: True
    clusters: dict[str, FixtureCluster] = {
        "orders-eu": of_one_job("orders-enrichment", clock),
        "orders-us": of_one_job("orders-enrichment", clock, "2.3.0"),
        "fraud-scoring": of_one_job("payments-fraud-scoring", clock),
        "inventory": simulated("restart-loop", clock),
        "notifications": simulated("skew", clock),
        "telemetry-edge": Dead(),
        "search": slow,
        "analytics-staging": simulated("healthy", clock),
    }
    groups = {"analytics-staging": ("blue", "staging")}
    profiles = {}
    for name in clusters:
        colour, group = groups.get(name, ("red", "prod"))
        profiles[name] = Profile(name, Connection(f"http://{name}.test:8081"), None, colour, group=group)
    return clusters, profiles


class SaysSo:
    """A search for clusters that says what a test tells it to."""

    def __init__(self, state: SearchState) -> None:
        self.state = state
        self.tried = 0

    async def run(self, fleet: Fleet) -> None:
        """Nothing is searched: the test adds and removes."""

    def search_now(self) -> None:
        self.tried += 1

    def begin_to_stop(self) -> None:
        pass


@dataclass
class FleetDay(Day):
    """The app, its clusters and their clock."""

    clusters: dict[str, FixtureCluster]
    fleet: Fleet
    ended: list[Port]  # engines of clusters that were removed

    @property
    def served(self) -> Sequence[tuple[Port, FixtureCluster]]:
        return [(one.port, self.clusters[one.name]) for one in self.fleet.members]

    def port_of(self, name: str) -> Port:
        return self.fleet[name].port

    async def add(self, name: str, cluster: FixtureCluster) -> None:
        """A cluster is found."""
        self.clusters[name] = cluster
        profile = Profile(name, Connection(f"http://{name}.test:8081"), None, None)
        port = Port(profile.connection, self.clock, transport=cluster, jitter=lambda: 1.0, name=name)
        self.fleet.add(Member(name, port, profile))
        port.set_pace(on_screen=False)
        await port.start_inline()
        await self.settled()
        await self.wait(4)

    async def remove(self, name: str) -> None:
        """A cluster is gone."""
        self.ended.append(self.port_of(name))
        self.fleet.remove(name)
        await self.wait(2)


@asynccontextmanager
async def fleet_of(
    clusters: Mapping[str, FixtureCluster],
    clock: ManualClock,
    size: tuple[int, int] = (120, 40),
    *,
    state: Path = Path("/nonexistent/flinktop"),
    profiles: Mapping[str, Profile] | None = None,
    acts: bool = False,
    notify: Notify | None = None,
    own: OwnKeys | None = None,
    theme: str = "dark",
    ascii_only: bool = False,
    minutes: int = 2,
    searches: Sequence[SaysSo] = (),
) -> AsyncIterator[FleetDay]:
    """Flinktop opened on these clusters, by name; `profiles` are the settings of some of them.

    The simulated ones have so many `minutes` in their charts.
    """
    settings = Settings(
        profiles=(),
        default=None,
        theme=theme,
        ascii=ascii_only,
        no_color=False,
        mouse=False,
        debug=False,
        paths=Paths(state / "config.toml", state, state / "flinktop.log"),
        notes=(),
        notify=notify,
        own=own,
    )
    members = []
    for name, cluster in clusters.items():
        connection = Connection(f"http://{name}.test:8081")
        profile = (profiles or {}).get(name) or Profile(name, connection, None, None)
        profile = replace(profile, connection=replace(connection, read_only=profile.connection.read_only))
        port = Port(
            profile.connection,
            clock,
            transport=cluster,
            jitter=lambda: 1.0,
            name=name,
            protected=profile.protected,
            ledger=settings.paths.operations if acts else None,
            rings=notify is not None,
        )
        if isinstance(cluster, DemoCluster) and not cluster.hangs("overview"):
            cluster.remembered(port, minutes)
        members.append(Member(name, port, profile))
    fleet = Fleet(members, searches)
    app = FleetTop(fleet, settings, clock)
    app.raise_errors = True
    for one in members:
        one.port.set_pace(on_screen=False)
        await one.port.start_inline()
    ended: list[Port] = []
    try:
        with by_hand(clock):
            async with app.run_test(size=size, notifications=True) as pilot:
                first = members[0] if members else None
                cluster = clusters[first.name] if first is not None else Dead()
                port = first.port if first is not None else Port(Connection("http://none.test"), clock)
                day = FleetDay(
                    app, cluster, clock, port, pilot, clusters=dict(clusters), fleet=fleet, ended=ended
                )
                await day.settled()
                await day.wait(6)
                yield day
    finally:
        for port in {*ended, *(member.port for member in fleet.members)}:
            await port.engine.stop()
