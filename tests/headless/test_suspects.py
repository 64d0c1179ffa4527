"""Suspects among many jobs: what restarts or fails checkpoints is found by few requests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flinktop.flink.endpoint import Query
from flinktop.flink.features import Features
from flinktop.flink.metrics import Aggregated, AggregatedMetric
from flinktop.headless.suspects import Suspects

LONG = 3_600_000.0
SHORT = 30_000.0


class Jobs:
    """Jobs with counters, and Flink's answers about groups of them; what was asked is counted."""

    def __init__(self, number: int, *, checkpoints: bool = True, uptime: bool = True) -> None:
        self.names = [f"{one:032x}" for one in range(number)]
        self.restarts = dict.fromkeys(self.names, 0.0)
        self.failed = dict.fromkeys(self.names if checkpoints else (), 0.0)
        self.uptime = dict.fromkeys(self.names if uptime else (), LONG)
        self.requests: list[str] = []
        self.counter = "numRestarts"

    def restarted(self, number: int, times: float = 5, up: float = SHORT) -> str:
        name = self.names[number]
        self.restarts[name] += times
        self.uptime[name] = up
        return name

    async def ask(self, queries: Sequence[Query[Aggregated]]) -> Mapping[Query[Aggregated], Aggregated]:
        return {query: self._answer(query) for query in queries}

    def _answer(self, query: Query[Aggregated]) -> Aggregated:
        params = dict(query.params)
        self.requests.append(params["jobs"])
        assert len(query.target) < 3800
        known = {
            self.counter: self.restarts,
            "numberOfFailedCheckpoints": self.failed,
            "uptime": self.uptime,
        }
        found = []
        for name in params["get"].split(","):
            values = [known[name][job] for job in params["jobs"].split(",") if job in known.get(name, {})]
            if not values:
                return ()  # as Flink answers when no job has it
            found.append(AggregatedMetric(name, min=min(values), sum=sum(values)))
        return tuple(found)


def find(jobs: Jobs, room: int = 100, finder: Suspects | None = None) -> list[str]:
    suspects = finder or Suspects(Features((1, 20, 5)))
    return list(asyncio.run(suspects.find(jobs.names, jobs.ask, room)))


def test_without_restarts_a_request_for_each_hundred_is_enough() -> None:
    jobs = Jobs(1000)
    assert find(jobs) == []
    assert len(jobs.requests) == 10


def test_a_job_that_restarted_lately_is_found_by_few_requests() -> None:
    jobs = Jobs(1000)
    name = jobs.restarted(577)
    assert find(jobs) == [name]
    assert len(jobs.requests) <= 10 + 7


def test_the_most_restarted_come_first() -> None:
    jobs = Jobs(300)
    names = [jobs.restarted(number, times) for number, times in ((20, 3), (150, 400), (250, 30))]
    assert find(jobs) == [names[1], names[2], names[0]]
    # Where there is little room it is those that are found.
    assert find(jobs, room=31)[:1] == [names[1]]


def test_restarts_of_long_ago_are_no_suspicion() -> None:
    jobs = Jobs(500)
    for number in range(500):
        jobs.restarted(number, 7, up=LONG)
    name = jobs.restarted(123, 1)
    assert find(jobs, room=60) == [name]


def test_failed_checkpoints_come_after_restarts() -> None:
    jobs = Jobs(200)
    jobs.failed[jobs.names[5]] = 1000.0
    name = jobs.restarted(150, 1)
    assert find(jobs) == [name, jobs.names[5]]


@pytest.mark.parametrize(("checkpoints", "uptime"), [(False, True), (False, False)])
def test_an_id_that_no_job_has_is_left_out(*, checkpoints: bool, uptime: bool) -> None:
    jobs = Jobs(200, checkpoints=checkpoints, uptime=uptime)
    jobs.restarts[jobs.names[42]] = 3.0
    if uptime:
        jobs.uptime[jobs.names[42]] = SHORT
    assert find(jobs) == [jobs.names[42]]


def test_the_oldest_release_has_another_counter() -> None:
    jobs = Jobs(100)
    jobs.counter = "fullRestarts"
    name = jobs.restarted(9)
    assert find(jobs, finder=Suspects(Features((1, 9, 3)))) == [name]


def test_what_moves_between_two_looks_comes_first() -> None:
    jobs, finder = Jobs(400), Suspects(Features((1, 20, 5)))
    often = jobs.restarted(10, 500)
    assert find(jobs, finder=finder) == [often]
    jobs.failed[jobs.names[300]] += 1
    moved = jobs.names[300]
    assert find(jobs, finder=finder) == [moved]
    assert find(jobs, finder=finder) == []


def test_room_is_kept_to() -> None:
    jobs = Jobs(2000)
    for number in range(2000):
        jobs.restarted(number)
    find(jobs, room=50)
    assert len(jobs.requests) <= 50 + 8


def test_a_request_that_failed_is_no_suspicion() -> None:
    jobs = Jobs(200)
    jobs.restarted(5)

    async def fails(_queries: Sequence[Query[Aggregated]]) -> Mapping[Query[Aggregated], Aggregated]:
        return {}

    found = asyncio.run(Suspects(Features()).find(jobs.names, fails, 50))
    assert found == ()


@pytest.mark.deep
@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(0, 349), max_size=12), st.sets(st.integers(0, 349), max_size=12))
def test_all_are_found_where_there_is_room(restarted: Iterable[int], failed: Iterable[int]) -> None:
    jobs = Jobs(350)
    wanted = {jobs.restarted(number, number + 1) for number in restarted}
    for number in failed:
        jobs.failed[jobs.names[number]] = 2.0
        wanted.add(jobs.names[number])
    found = find(jobs, room=2000)
    assert set(found) == wanted
    assert len(found) == len(wanted)
