"""The facts of several clusters: whether each answers, what is worst, and the order of all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from flinktop.engine.judge import Judged
from flinktop.engine.link import Link
from flinktop.engine.series import cluster_series, job_series
from flinktop.facts.fleet import ClusterState, cluster_facts, cluster_jobs, fleet_facts
from flinktop.flink.connection import Connection
from flinktop.flink.errors import Unauthorized, Unreachable
from flinktop.flink.jobs import JOBS_OVERVIEW, JobOverview, JobsOverview
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.verdict import Verdict
from flinktop.model.kubernetes import KubernetesState, Pod
from tests.engine.acting import URL
from tests.facts.given import Given

if TYPE_CHECKING:
    from flinktop.flink.errors import FlinkError

NOW = 1000.0


def refused() -> FlinkError:
    return Unreachable("GET", URL, "connection refused: nothing is listening on that port")


def job(name: str, state: str = "RUNNING") -> JobOverview:
    return JobOverview(jid=f"{name}-id", name=name, state=state)


def verdict(name: str, severity: Severity, kind: str = "", since: float | None = None) -> Verdict:
    found = Finding(kind=Kind.BOTTLENECK, severity=severity, words=f"{kind}: words", since=since)
    return Verdict(
        job=f"{name}-id",
        name=name,
        state="RUNNING",
        severity=severity,
        kind=kind or "healthy",
        words=f"{kind or 'healthy'}: words",
        findings=() if severity is Severity.OK else (found,),
    )


def cluster(*verdicts: Verdict, link: Link | None = None, findings: tuple[Finding, ...] = ()) -> Given:
    """One that answered just now and has a running job for each verdict."""
    known = Given(connected=link or Link(answered=NOW, since=NOW - 60.0))
    known.answer(JOBS_OVERVIEW(), JobsOverview(tuple(job(one.name) for one in verdicts)))
    known.judged = Judged({one.job: one for one in verdicts}, findings)
    return known


OK = verdict("orders", Severity.OK)
BAD = verdict("billing", Severity.CRITICAL, "restart-loop", since=1_699_999_900_000.0)
SLOW = verdict("clicks", Severity.WARNING, "bottleneck")


def facts(known: Given, name: str = "c", **rest: Any) -> Any:
    return cluster_facts(known, name, **rest)


def test_a_cluster_is_as_ill_as_its_worst_job() -> None:
    found = facts(cluster(OK, SLOW, BAD), colour="red", group="prod", protected=True)
    assert (found.state, found.severity, found.kind) == (ClusterState.LIVE, Severity.CRITICAL, "restart-loop")
    assert (found.job_name, found.words, found.ill) == ("billing", "restart-loop: words", 2)
    assert dict(found.jobs) == {"RUNNING": 3}
    assert (found.colour, found.group, found.protected, found.age) == ("red", "prod", True, 0.0)


def test_what_is_wrong_with_the_cluster_itself_counts_too() -> None:
    lost = Finding(kind=Kind.TASKMANAGER_LOST, severity=Severity.CRITICAL, words="taskmanager-lost: one")
    found = facts(cluster(SLOW, findings=(lost,)))
    assert (found.kind, found.job_name) == ("taskmanager-lost", "")


def test_one_that_is_well_says_so_once_all_its_jobs_were_judged() -> None:
    assert facts(cluster(OK)).kind == "healthy"
    assert facts(cluster()).words == "no jobs"
    unjudged = cluster(OK)
    unjudged.judged = Judged()
    assert (facts(unjudged).kind, facts(unjudged).severity) == ("", Severity.OK)


@pytest.mark.parametrize(
    ("link", "state", "severity", "since"),
    [
        pytest.param(Link(), ClusterState.CONNECTING, Severity.OK, 0.0, id="its engine has not started yet"),
        pytest.param(Link(since=NOW - 3), ClusterState.CONNECTING, Severity.OK, 3.0, id="just asked"),
        pytest.param(
            Link(since=NOW - 12), ClusterState.CONNECTING, Severity.UNKNOWN, 12.0, id="no answer yet"
        ),
        pytest.param(
            Link(since=NOW - 2, error=refused()), ClusterState.UNREACHABLE, Severity.UNKNOWN, 2.0, id="dead"
        ),
        pytest.param(
            Link(answered=NOW - 20, since=NOW - 2, error=refused()),
            ClusterState.LIVE,
            Severity.OK,
            None,
            id="a connection broke off",
        ),
        pytest.param(
            Link(answered=NOW - 20, since=NOW - 12, error=refused()),
            ClusterState.UNREACHABLE,
            Severity.UNKNOWN,
            20.0,
            id="lost",
        ),
        pytest.param(
            Link(answered=NOW - 20, since=NOW - 1, error=Unauthorized("GET", URL, "no", status=403)),
            ClusterState.UNREACHABLE,
            Severity.UNKNOWN,
            1.0,
            id="access denied",
        ),
    ],
)
def test_whether_it_answers(link: Link, state: ClusterState, severity: Severity, since: float | None) -> None:
    found = facts(cluster(link=link))
    assert (found.state, found.since) == (state, since)
    assert found.severity is severity or (state is ClusterState.LIVE and found.severity is Severity.OK)


def test_one_that_is_lost_says_why_and_when_it_is_asked_again() -> None:
    found = facts(cluster(OK, link=Link(since=NOW - 60, error=refused(), retry_at=NOW + 8)))
    assert found.reason == "connection refused: nothing is listening on that port"
    assert (found.retry, found.kind, found.words) == (8.0, "unreachable", found.reason)
    known = cluster(BAD, link=Link(answered=NOW - 60, since=NOW - 60, error=refused()))
    # What was known to be worse is no better now.
    assert facts(known).kind == "restart-loop"


def test_one_that_is_lost_says_first_what_its_pod_does() -> None:
    known = cluster(link=Link(answered=None, since=NOW - 60.0, error=refused()))
    jobmanager = Pod(name="jm", component="jobmanager", phase="Pending", pending="no node has room")
    known.kubernetes = KubernetesState(context="c", namespace="n", pods=(jobmanager,))
    assert facts(known).words == (
        "its JobManager pod is Pending: no node has room; "
        "connection refused: nothing is listening on that port"
    )


def test_an_engine_that_has_failed_is_unreachable() -> None:
    known = cluster(OK)
    known.failure = "the engine ended by itself: MemoryError()"
    assert (facts(known).state, facts(known).reason) == (ClusterState.UNREACHABLE, known.failure)


def test_critical_then_warning_then_unreachable_then_what_is_well() -> None:
    dead = Link(since=NOW - 60, error=refused())
    given = {
        "well": cluster(OK),
        "dead-b": cluster(link=dead),
        "slow": cluster(SLOW),
        "dead-a": cluster(link=dead),
        "bad": cluster(BAD),
    }
    found = fleet_facts((facts(one, name), cluster_jobs(one, name)) for name, one in given.items())
    # Of equals none moves: they stay as they were given.
    assert [one.name for one in found.clusters] == ["bad", "slow", "dead-b", "dead-a", "well"]
    assert [one.name for one in found.jobs] == ["billing", "clicks", "orders"]


def test_rates_of_clusters_that_answer_are_added_and_the_oldest_age_counts() -> None:
    first, second = cluster(OK), cluster(OK, link=Link(answered=NOW - 7))
    gone = cluster(OK, link=Link(answered=NOW - 90, since=NOW - 80, error=refused()))
    for known, rate in ((first, 10.0), (second, 5.0), (gone, 100.0)):
        known.series.add(cluster_series("in"), NOW, rate)
    found = fleet_facts((facts(one, str(n)), ()) for n, one in enumerate((first, second, gone)))
    assert (found.rate, found.age) == (15.0, 7.0)
    assert fleet_facts(()).rate is None


def test_a_job_of_a_fleet() -> None:
    known = cluster(BAD)
    known.connection = replace(known.connection, read_only=True)
    known.series.add(job_series("billing-id", "in"), NOW, 12.0)
    (found,) = cluster_jobs(known, "prod", group="eu")
    assert (found.cluster, found.jid, found.group, found.rate) == ("prod", "billing-id", "eu", 12.0)
    assert found.since == 1_699_999_900.0
    assert found.verdict is not None
    assert found.verdict.kind == "restart-loop"
    assert facts(known).read_only
    assert cluster_jobs(Given(connection=Connection(URL)), "prod") == []
