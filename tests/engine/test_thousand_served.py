"""A demo of a thousand jobs behind a socket, by real time: when is one named that turns ill off the screen?

    pytest -m long tests/engine/test_thousand_served.py -s

prints the seconds from the change of the server's figures to the verdict.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from flinktop.demo.scenarios import Cluster, many_jobs
from flinktop.demo.specs import CheckpointSpec, Fate, JobSpec
from flinktop.demo.world import World
from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.sweep import SECONDS, figures_of
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from tests.demo_cluster import DemoCluster
from tests.engine.thousand import ROWS
from tests.fixture_server import FixtureServer

pytestmark = pytest.mark.long

JOBS = 1000
ILL_AT = 100.0
"""Seconds after which they turn ill: all groups of jobs have been asked for by then."""
BORN = -86_400.0
PATIENCE = 150.0


@dataclass(frozen=True)
class Ill:
    """One job that turns ill."""

    place: int
    kinds: frozenset[str]
    within: float  # seconds
    made: Callable[[JobSpec], JobSpec]


def _fated(**fate: object) -> Callable[[JobSpec], JobSpec]:
    return lambda spec: replace(spec, fate=replace(Fate(BORN), **fate))


def _failing(spec: JobSpec) -> JobSpec:
    reason = "Could not materialize checkpoint 1 for operator Sink (1/2)."
    fails = CheckpointSpec(20, 2, failing=1.0, failing_since=ILL_AT, reason=reason)
    return replace(spec, fate=Fate(BORN), checkpoints=fails)


LOOP = tuple(ILL_AT + 40.0 * number for number in range(8))
CASES = {
    "failed": Ill(321, frozenset({"failed"}), 15, _fated(ended=ILL_AT, end="FAILED", fault="broker")),
    "waits": Ill(
        555,
        frozenset({"restarting", "starting", "no-slots"}),
        15,
        _fated(stumbles=(ILL_AT,), waits=1e6, fault="lost"),
    ),
    "loop": Ill(777, frozenset({"restarting", "restart-loop"}), 90, _fated(stumbles=LOOP, fault="broker")),
    "checkpoints": Ill(888, frozenset({"checkpoints-failing"}), 90, _failing),
}


@pytest.mark.parametrize("name", CASES)
def test_one_of_a_thousand_is_named_in_time(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    ill = CASES[name]
    specs = [replace(spec, fate=Fate(BORN)) for spec in many_jobs(JOBS)]
    specs[ill.place] = ill.made(specs[ill.place])
    clock = Clock()
    cluster = DemoCluster("healthy", "1.20.5", clock, own=Cluster(tuple(specs), slots_each=32))
    opened = clock.now()
    plans = cluster.world.plans
    turned = _turned(cluster.world, ill.place)
    with FixtureServer(cluster) as server:
        port = Port(Connection(server.url), clock)
        port.start_thread()
        try:
            port.watch(JOBS_OVERVIEW())
            port.watch(OVERVIEW())
            for plan in plans[:ROWS]:
                for query in figures_of(plan.id):
                    port.watch(query, SECONDS, passing=True)
            while (now := clock.now() - opened) < ILL_AT + PATIENCE:
                verdict = port.verdict(plans[ill.place].id)
                if now > ILL_AT and verdict is not None and verdict.kind in ill.kinds:
                    break
                time.sleep(0.25)
            began = time.monotonic()
            rate = len(server.asked_between(began - 60.0, began))
        finally:
            port.stop()
    figures = f"{name}: {now - turned:.1f} s, {rate} requests in the last minute"
    record_property("figures", figures)
    print(figures)  # noqa: T201 -- what it is run for
    assert now - turned <= ill.within


def _turned(world: World, place: int) -> float:
    """When the figures change (s of the demo's clock): a checkpoint must have been triggered to fail."""
    taken = world.checkpoints[place]
    if taken is None or taken.spec.failing_since != ILL_AT:
        return ILL_AT
    after = (taken.taken(taken.count_at(ILL_AT) + number) for number in range(1, 9))
    return next(one.ends for one in after if one.failure is not None)
