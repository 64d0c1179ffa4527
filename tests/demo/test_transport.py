"""The demo in the place of the network: through the client, with faults, and for orders."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from flinktop.demo.names import DEFAULT, RELEASES, SHOWS
from flinktop.demo.past import AFTER_FETCH, MOST_JOBS, past
from flinktop.demo.releases import COMMITS, Release
from flinktop.demo.scenarios import MAKERS
from flinktop.demo.transport import DemoTransport
from flinktop.demo.world import World
from flinktop.flink import jobs as orders
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.connection import Connection
from flinktop.flink.decode import read
from flinktop.flink.errors import BadReply, NotReady, Rejected, Unreachable
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from tests.demo.faults import Faults, FaultyTransport
from tests.demo.hostile import HOSTILE, hostile_cluster
from tests.flink.shapes import control_characters

pytestmark = pytest.mark.deep

ADDRESS = Connection("http://demo:8081")


def http(world: World | None = None, faults: Faults | None = None, **options: Any) -> Http:
    transport = FaultyTransport(world or World(), lambda: 0.0, faults or Faults(), **options)
    return Http(ADDRESS, transport=transport)


async def test_the_client_reads_it() -> None:
    overview = (await read(http(), JOBS_OVERVIEW())).value
    assert {job.state for job in overview.jobs} >= {"RUNNING", "FINISHED", "FAILED", "CANCELED"}


async def test_it_takes_no_orders() -> None:
    with pytest.raises(Rejected, match="The demo cluster is read-only"):
        await orders.cancel(http(), World().plans[0].id)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("/no/such/route", "Unable to load requested file /no/such/route."),
        ("/jobs/00000000000000000000000000000000", "Job 00000000000000000000000000000000 not found"),
        ("/taskmanagers/gone", "No TaskExecutor registered under gone"),
    ],
)
def test_missing_things(target: str, told: str) -> None:
    status, body, _ = DemoTransport(World(), lambda: 0.0).answer("GET", target)
    assert status in (404, 500)
    assert told in json.loads(body)["errors"][0]


def test_paths_may_begin_with_the_version_of_the_api() -> None:
    transport = DemoTransport(World(), lambda: 0.0)
    assert transport.answer("GET", "/v1/config") == transport.answer("GET", "/config")


def test_it_moves_with_the_clock_it_was_given() -> None:
    now = [0.0]
    transport = DemoTransport(World(), lambda: now[0])
    path = f"/jobs/{World().plans[0].id}"
    stamps = []
    for now[0] in (0.0, 0.5, 60.0):
        stamps.append(json.loads(transport.answer("GET", path)[1])["now"])
    assert [later - stamps[0] for later in stamps] == [0, 500, 60_000]


# -- faults ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (Faults(unavailable=1.0), NotReady),
        (Faults(drop=1.0), Unreachable),
        (Faults(cut=1.0), BadReply),
    ],
)
async def test_faults_are_errors_of_the_client(faults: Faults, error: type[Exception]) -> None:
    with pytest.raises(error):
        await read(http(faults=faults), JOBS_OVERVIEW())


async def test_numbers_that_are_none() -> None:
    plan = World().plans[0]
    query = VERTEX_BACKPRESSURE(job=plan.id, vertex=plan.vertices[0].id)
    good = (await read(http(), query)).value
    bad = await read(http(faults=Faults(nan=1.0)), query)
    assert all(subtask.ratio is not None for subtask in good.subtasks)
    assert all(subtask.ratio is None and subtask.busy_ratio is None for subtask in bad.value.subtasks)
    assert bad.drift == ()


async def test_slow_answers_wait() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    await read(http(faults=Faults(slow=2.5), sleep=sleep), JOBS_OVERVIEW())
    assert waited == [2.5]


async def test_a_share_of_faults_is_the_same_each_time() -> None:
    async def outcomes() -> list[int]:
        transport = FaultyTransport(World(), lambda: 0.0, Faults(unavailable=0.3))
        async with httpx.AsyncClient(transport=transport) as client:
            return [(await client.get("http://demo/config")).status_code for _ in range(60)]

    first = await outcomes()
    assert first == await outcomes()
    assert 8 <= first.count(503) <= 30


async def test_hostile_names_come_out_clean() -> None:
    world = World(own=hostile_cluster())
    assert {plan.spec.name for plan in world.plans} == set(HOSTILE)
    for plan in world.plans:
        job = await read(http(world), JOB(job=plan.id))
        assert job.drift == ()
        assert control_characters(job.value) == []


# -- scenarios ---------------------------------------------------------------------------------------


def test_every_scenario_has_a_name_and_words() -> None:
    assert list(MAKERS) == list(SHOWS)
    assert DEFAULT in SHOWS
    assert set(RELEASES) == set(COMMITS)
    with pytest.raises(ValueError, match=r"2\.3\.0, not 3\.0\.0"):
        Release("3.0.0")


@pytest.mark.parametrize("scenario", SHOWS)
def test_a_scenario_shows_what_it_describes(scenario: str) -> None:
    world = World(scenario=scenario)
    live = [job for job in world.at(0.0).jobs if not job.ended]
    vertices = [vertex for job in live for vertex in job.plan.vertices]
    shown = {
        "mixed": len(live) > 8 and len({job.state for job in world.at(0.0).jobs}) > 3,
        "healthy": all(job.state == "RUNNING" and not job.life.fate.cycle for job in live),
        "idle": not live,
        "backpressure": any(vertex.spec.held > 0.5 for vertex in vertices),
        "restart-loop": sum(job.run.number > 16 for job in live) == 2,
        "failing-checkpoints": all(job.checkpoints and job.checkpoints.failed_at(0.0) > 50 for job in live),
        "skew": any(max(vertex.weights) > sum(vertex.weights) / 2 for vertex in vertices if vertex.spec.hot),
        "stuck-watermark": sum(vertex.spec.stuck is not None for vertex in vertices) == 2,
        "many-jobs": len(world.plans) == 1000,
        "wide-job": (len(world.plans[0].vertices), sum(world.plans[0].shape)) == (500, 5000),
    }
    assert shown[scenario]


@pytest.mark.parametrize(
    ("scenario", "release"), [*((scenario, RELEASES[0]) for scenario in SHOWS), (DEFAULT, "1.9.3")]
)
def test_the_past_is_oldest_first(scenario: str, release: str) -> None:
    world = World(scenario=scenario, version=release)
    seen = list(past(world, minutes=4))
    ages = [ago for _, _, ago in seen]
    assert ages == sorted(ages, reverse=True)
    assert ages[0] == 240.0 - AFTER_FETCH
    assert all(isinstance(value, tuple) or type(value) is query.endpoint.reply for query, value, _ in seen)
    jobs = {dict(query.ids)["job"] for query, _, _ in seen if query.endpoint is JOB}
    live = sum(not job.ended for job in world.at(0.0).jobs)
    assert len(jobs) == min(MOST_JOBS, live)
    assert any(query.endpoint is CHECKPOINTS for query, _, _ in seen) == bool(live)
