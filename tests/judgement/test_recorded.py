"""What is found in the answers that real clusters of each release gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.decode import decode_answer
from flinktop.flink.endpoint import Endpoint, Query
from flinktop.flink.errors import FlinkError, NotFound
from flinktop.flink.exceptions import EXCEPTIONS, Fault, FaultHistory, JobExceptions
from flinktop.flink.features import Features, features
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.metrics import JOB_METRICS
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.judgement.finding import Finding, Kind
from flinktop.judgement.verdict import Memory, asks, cluster_asks, judge_cluster, judge_job
from flinktop.model.faults import bounded
from flinktop.model.kubernetes import KubernetesState
from flinktop.model.look import Taken, cluster_look, job_look
from tests.fixture_cluster import FixtureCluster

T = TypeVar("T")

RELEASES = ("1.9.3", "1.14.6", "1.20.5", "2.3.0")
JUDGED = {
    Kind.FAILED,
    Kind.RESTART_LOOP,
    Kind.RESTARTING,
    Kind.NO_SLOTS,
    Kind.SLOW_START,
    Kind.UNDER_SCALED,
    Kind.CHECKPOINTS_FAILING,
    Kind.CHECKPOINT_OVERDUE,
    Kind.CHECKPOINTS_OFF,
    Kind.STATE_GROWING,
}


class Recorded:
    """The answers of a recorded cluster, as if each came when the job was looked at."""

    def __init__(self, release: str) -> None:
        self.cluster = FixtureCluster(release)
        self.features: Features = Features()
        self.kubernetes: KubernetesState | None = None
        self.now = 0.0
        config = self.answer(CONFIG())
        assert config is not None
        self.features = features(config.value)

    def newest(self, endpoint: Endpoint[T], /, **ids: str) -> Taken[T] | None:
        params: dict[str, Any] = {}
        if endpoint is JOB_METRICS:
            params = {"get": ["numRestarts", "fullRestarts", "numRescales"]}
        return self.answer(endpoint(**ids, **params))

    def answer(self, query: Query[T], /) -> Taken[T] | None:
        status, body = self.cluster.answer(query.target)
        return Taken(decode_answer(body, query).value, self.now) if status == 200 else None

    def error(self, endpoint: Endpoint[Any], /, **ids: str) -> FlinkError | None:
        status, _ = self.cluster.answer(endpoint(**ids).target)
        return NotFound("GET", endpoint.path, status=404) if status == 404 else None

    def metrics(self, endpoint: Endpoint[Any], /, **ids: str) -> Mapping[str, Taken[Any]]:
        found = self.newest(endpoint, **ids)
        return {one.id: Taken(one, self.now) for one in found.value} if found is not None else {}

    def listed(self, endpoint: Endpoint[Any], /, **ids: str) -> tuple[str, ...] | None:
        found = self.answer(endpoint(**ids))
        return tuple(one.id for one in found.value) if found is not None else None


def found_in(release: str, name: str) -> tuple[Finding, ...]:
    """What one look at a recorded job finds, of the kinds of this test."""
    recorded = Recorded(release)
    job = recorded.cluster.job(name)
    known = recorded.newest(JOB, job=job)
    assert known is not None
    recorded.now = float(known.value.now)
    everything = recorded.newest(JOBS_OVERVIEW)
    assert everything is not None
    listed = next(one for one in everything.value.jobs if one.jid == job)
    look = job_look(recorded, listed)
    verdict, memory = judge_job(look, Memory())
    asks(look, memory)
    return tuple(one for one in verdict.findings if one.kind in JUDGED)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ["steady", "finishing", "batch", "slow"])
def test_healthy_jobs_have_nothing(release: str, name: str) -> None:
    assert [one.words for one in found_in(release, name)] == []


@pytest.mark.parametrize("release", RELEASES)
def test_the_failed_job_says_why(release: str) -> None:
    (found,) = found_in(release, "failed")
    assert found.kind == "failed"
    assert "IllegalStateException" in found.words or "NumberFormatException" in found.words
    assert found.culprit.vertex is not None
    assert found.culprit.subtasks


@pytest.mark.parametrize("release", RELEASES)
def test_the_failing_job_is_a_loop(release: str) -> None:
    """It fails every 18 s; 1.9 counts alone."""
    found = found_in(release, "failing")
    assert found[0].kind == "restart-loop"
    if release != "1.9.3":
        assert found[0].culprit.subtasks
        assert "all the same" in [one.value for one in found[0].evidence]


@pytest.mark.parametrize("release", RELEASES)
def test_the_cluster_is_well(release: str) -> None:
    recorded = Recorded(release)
    listed = recorded.newest(TASKMANAGERS)
    assert listed is not None
    recorded.now = float(max(one.last_heartbeat for one in listed.value.taskmanagers)) + 5000
    look = cluster_look(recorded)
    found, memory = judge_cluster(look, Memory())
    assert [one.words for one in found] == []
    assert cluster_asks(look, memory)


def test_what_is_recorded_is_what_a_look_needs() -> None:
    for release in RELEASES:
        recorded = Recorded(release)
        job = recorded.cluster.job("steady")
        queries: tuple[Query[Any], ...] = (
            JOB(job=job),
            CHECKPOINTS(job=job),
            CHECKPOINT_CONFIG(job=job),
            EXCEPTIONS(job=job),
        )
        for query in queries:
            assert recorded.answer(query) is not None, (release, query.target)
        assert recorded.newest(OVERVIEW) is not None
        assert recorded.newest(JOBMANAGER_CONFIG) is not None


def test_of_endless_exceptions_as_much_is_judged_as_tells_what_happened() -> None:
    trace = "java.lang.A: a\n" + "\tat x.Y.z(Y.java:1)\n" * 50_000 + "Caused by: java.lang.B: the reason\n"
    fault = Fault(stacktrace=trace, timestamp=1)
    whole = JobExceptions(history=FaultHistory((replace(fault, concurrent_exceptions=(fault,) * 99),) * 999))
    kept = bounded(whole)
    assert kept.history is not None
    assert len(kept.history.entries) <= 64
    assert kept.history.entries[0].stacktrace.endswith("the reason\n")
    assert sum(len(one.stacktrace) for one in kept.history.entries) < 3_000_000
    assert len(kept.history.entries[0].concurrent_exceptions) <= 32
    assert bounded(JobExceptions()) == JobExceptions()
