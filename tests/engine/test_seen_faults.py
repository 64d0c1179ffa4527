"""Faults that are remembered: each counted once, the first one never forgotten, within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.engine.clock import Clock
from flinktop.engine.engine import Engine
from flinktop.engine.seen_faults import (
    COUNTED,
    GROUPS,
    KEEP_SECONDS,
    KEPT,
    MOST,
    MOST_BYTES,
    MOST_CONCURRENT,
    SeenFaults,
)
from flinktop.flink.connection import Connection
from flinktop.flink.exceptions import EXCEPTIONS, Fault, FaultHistory, JobExceptions
from flinktop.flink.jobs import JOBS_OVERVIEW, JobOverview, JobsOverview
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock

JOB = "a" * 32


def fault(at: int, trace: str = "a.B: x\n\tat p.Q.r(Q.java:1)", attempt: int = 0) -> Fault:
    return Fault("a.B", trace, at, f"Map (1/2) - execution #{attempt}")


def told(*faults: Fault) -> JobExceptions:
    return JobExceptions(history=FaultHistory(tuple(faults)))


def tell(seen: SeenFaults, *faults: Fault, at: float = 0.0) -> None:
    seen.arrived(EXCEPTIONS(job=JOB), told(*faults), at)


def test_a_repeated_fault_is_counted_once() -> None:
    seen = SeenFaults()
    tell(seen, fault(2), fault(1))
    tell(seen, fault(3), fault(2), fault(1))
    [group] = seen.of(JOB)
    assert (group.count, group.first.timestamp, group.latest.timestamp) == (3, 1, 3)


def test_the_first_fault_stays_when_flink_has_dropped_it_and_hundreds_have_followed() -> None:
    seen = SeenFaults()
    for newest in range(16, 400):
        tell(seen, *(fault(at) for at in range(newest, newest - 16, -1)))
    [group] = seen.of(JOB)
    assert group.count == 399
    assert group.first.timestamp == 1
    assert [one.timestamp for one in group.kept] == [*range(399, 399 - KEPT, -1), 1]


def test_a_larger_answer_may_bring_an_earlier_first() -> None:
    seen = SeenFaults()
    tell(seen, fault(30))
    tell(seen, fault(30), fault(20), fault(10))
    [group] = seen.of(JOB)
    assert (group.count, group.first.timestamp) == (3, 10)


def test_an_answer_without_faults_forgets_nothing() -> None:
    seen = SeenFaults()
    tell(seen, fault(1))
    tell(seen)
    assert seen.of(JOB)[0].count == 1


def test_memory_is_bounded_and_the_start_of_the_loop_stays() -> None:
    seen = SeenFaults()
    for number in range(COUNTED + 500):
        tell(seen, fault(number + 1, f"a.B{number}: x\n\tat p.Q.r(Q.java:{number})"))
    groups = seen.of(JOB)
    assert len(groups) == GROUPS
    assert groups[0].latest.timestamp == COUNTED + 500
    assert len(seen._jobs[JOB].counted) <= COUNTED


def test_a_job_that_flink_no_longer_lists_is_forgotten_after_a_while() -> None:
    seen = SeenFaults()
    tell(seen, fault(1), at=0.0)
    listed = JobsOverview((JobOverview(JOB, state="RUNNING"),))
    seen.arrived(JOBS_OVERVIEW(), listed, 100.0)
    seen.arrived(JOBS_OVERVIEW(), JobsOverview(), 100.0 + KEEP_SECONDS)
    assert seen.of(JOB)
    seen.arrived(JOBS_OVERVIEW(), JobsOverview(), 101.0 + KEEP_SECONDS)
    assert not seen.of(JOB)


async def run_for(clock: ManualClock, seconds: int) -> None:
    for _ in range(seconds):
        await clock.advance(1.0)


def restarts(count: int) -> list[dict[str, Any]]:
    return [{"id": "numRestarts", "value": str(count)}]


@pytest.mark.deep
async def test_only_restarting_jobs_are_polled_for_exceptions_and_not_for_ever() -> None:
    cluster = FixtureCluster("1.20.5")
    calm, failing = cluster.job("steady"), cluster.job("failing")
    listed = cluster.document("jobs/overview")
    for job in listed["jobs"]:
        job["state"] = "RUNNING" if job["jid"] in (calm, failing) else "FINISHED"
    cluster.changed["jobs/overview"] = listed
    cluster.changed[f"jobs/{calm}/metrics"] = restarts(0)
    cluster.changed[f"jobs/{failing}/metrics"] = restarts(3)
    clock: Clock = ManualClock()
    engine = Engine(Connection("http://flink.test"), clock, transport=cluster, jitter=lambda: 1.0)
    engine.start()
    try:
        assert isinstance(clock, ManualClock)
        await run_for(clock, 60)
        asked = [line for line in cluster.asked if line.endswith("/exceptions")]
        assert asked
        assert all(failing in line for line in asked)
        assert engine.recorders.faults.of(failing)[0].count == len(
            cluster.document(f"jobs/{failing}/exceptions")["exceptionHistory"]["entries"]
        )
        await run_for(clock, 1000)
        since = len(cluster.asked)
        await run_for(clock, 200)
        assert not [line for line in cluster.asked[since:] if line.endswith("/exceptions")]
    finally:
        await engine.stop()


def test_jobs_that_were_not_opened_share_the_limit() -> None:
    seen = SeenFaults({"open"})
    jobs = ["open", *(f"{number}" for number in range(200))]
    for job in jobs:
        kinds = [
            fault(100 * kind + at, f"a.B{kind}: x\n\tat p.Q.r{kind}(Q.java:1)")
            for kind in range(8)
            for at in range(6)
        ]
        seen.arrived(EXCEPTIONS(job=job), told(*kinds), 1.0)
    seen.arrived(JOBS_OVERVIEW(), JobsOverview(tuple(JobOverview(job, state="RUNNING") for job in jobs)), 2.0)

    def kept(job: str) -> int:
        return sum(len(group.kept) for group in seen.of(job))

    assert kept("open") == 48
    assert sum(map(kept, jobs[1:])) <= MOST
    for job in jobs[1:]:
        # The newest kind is there, with its first fault and its newest, and how many there were.
        assert any(group.latest.timestamp == 705 for group in seen.of(job))
        assert all(group.count == 6 for group in seen.of(job))


def test_an_identical_stack_trace_is_kept_once() -> None:
    seen = SeenFaults()
    for at in (1, 2, 3):
        tell(seen, fault(at, str(b"a.B: x\n\tat p.Q.r(Q.java:1)", "ascii")))
    [group] = seen.of(JOB)
    assert len({id(one.stacktrace) for one in group.kept}) == 1


def test_what_is_kept_of_faults_has_a_bound_in_bytes() -> None:
    seen = SeenFaults()
    long = "x" * 60_000
    for job in range(20):
        for at in range(1, 40):
            trace = f"a.B{at % 7}: {at} {long}\n\tat p.Q{at % 7}.r(Q.java:1)"
            beside = tuple(Fault("c.D", f"c.D: {at}{number}{long}", at) for number in range(4))
            one = Fault("a.B", trace, at, concurrent_exceptions=beside)
            seen.arrived(EXCEPTIONS(job=f"{job:032x}"), told(one), 0.0)
    listed = tuple(JobOverview(f"{job:032x}") for job in range(20))
    seen.arrived(JOBS_OVERVIEW(), JobsOverview(listed), 1.0)
    stacks = {
        id(text): len(text)
        for job in range(20)
        for group in seen.of(f"{job:032x}")
        for kept in group.kept
        for text in (kept.stacktrace, *(one.stacktrace for one in kept.concurrent_exceptions))
    }
    assert sum(stacks.values()) < 2 * MOST_BYTES
    for job in range(20):
        newest = seen.of(f"{job:032x}")[0]
        assert newest.latest.timestamp == 39


def test_concurrent_failures_are_kept_up_to_a_limit() -> None:
    seen = SeenFaults()
    beside = tuple(Fault("c.D", f"c.D: {number} {'x' * 10_000}", 5) for number in range(1000))
    tell(seen, Fault("a.B", "a.B: x", 5, concurrent_exceptions=beside))
    [group] = seen.of(JOB)
    kept = group.latest.concurrent_exceptions
    assert kept == beside[: len(kept)]
    assert 50 < len(kept) <= MOST_CONCURRENT // 10_000
