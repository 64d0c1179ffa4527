"""What a wall shows of clusters: the worst first, what does not answer, and when all is well."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.judge import Judged
from flinktop.engine.link import Link
from flinktop.engine.series import cluster_series
from flinktop.facts.fleet import (
    AWAY_SECONDS,
    UNREACHABLE,
    ClusterFacts,
    ClusterState,
    FleetFacts,
    FleetJob,
    cluster_facts,
    cluster_jobs,
    fleet_facts,
)
from flinktop.facts.verdicts import JobVerdict
from flinktop.facts.wall import WallFacts, sums, wall
from flinktop.flink.errors import FlinkError, LoginRefused, Unreachable
from flinktop.flink.jobs import JOBS_OVERVIEW, JobOverview, JobsOverview
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.verdict import Verdict
from tests.facts.given import Given

GONE = Unreachable("GET", "http://h:8081/jobs/overview", "nothing is listening on that port")


@dataclass
class Linked(Given):
    """A cluster with its connection."""

    connection_state: Link = field(default_factory=Link)
    failure: str | None = None

    def link(self) -> Link:
        return self.connection_state

    def answers(self, seconds_ago: float = 0.0) -> None:
        self.connection_state = Link(answered=self.now() - seconds_ago)
        self.lost = None

    def fails(self, error: FlinkError, seconds: float) -> None:
        """Nothing but this error has come for so long."""
        link = self.connection_state
        self.connection_state = replace(link, error=error, since=self.now() - seconds)
        self.lost = error

    def lists(self, **jobs: str) -> None:
        """The jobs by name, each with its state."""
        self.answer(JOBS_OVERVIEW(), JobsOverview(tuple(JobOverview(one, one, jobs[one]) for one in jobs)))

    def says(self, *verdicts: Verdict, of_cluster: tuple[Finding, ...] = ()) -> None:
        self.judged = Judged({one.job: one for one in verdicts}, of_cluster)

    def on_wall(self) -> WallFacts:
        findings = self.judged.findings if self.judged is not None else ()
        facts = fleet_facts([(cluster_facts(self, "prod"), cluster_jobs(self, "prod"))])
        return wall(facts, {"prod": findings}, self.cluster_time())


def said(
    job: str, severity: Severity = Severity.OK, kind: str = "healthy", since: float | None = None
) -> Verdict:
    known = kind in {str(one) for one in Kind}
    found = (Finding(kind=Kind(kind), severity=severity, words=kind, since=since),) if known else ()
    return Verdict(
        job=job, name=job, state="RUNNING", severity=severity, kind=kind, words=kind, findings=found
    )


def cluster(name: str, state: ClusterState = ClusterState.LIVE, **rest: Any) -> ClusterFacts:
    return ClusterFacts(**{"name": name, "url": f"http://{name}", "state": state, "kind": "healthy", **rest})


def job(name: str, cluster: str, severity: Severity, kind: Kind, **rest: Any) -> FleetJob:
    verdict = JobVerdict(str(kind), severity, f"{kind}: words")
    return FleetJob(cluster=cluster, jid=name, name=name, state="RUNNING", verdict=verdict, **rest)


# -- one cluster -----------------------------------------------------------------------------------------


def test_unhealthy_jobs_come_worst_first_and_what_is_only_worth_knowing_does_not() -> None:
    known = Linked()
    known.answers()
    known.lists(a="RUNNING", b="RUNNING", c="RUNNING", d="FINISHED", e="RESTARTING")
    known.says(
        said("a", Severity.WARNING, "skew", since=5000.0),
        said("b", Severity.INFO, "catching-up"),
        said("c", Severity.UNKNOWN, "unknown"),
        said("d", kind="finished"),
        said("e", Severity.CRITICAL, "restart-loop"),
    )
    found = known.on_wall()
    assert [(line.name, line.kind) for line in found.lines] == [
        ("e", "restart-loop"),
        ("a", "skew"),
        ("c", "unknown"),
    ]
    assert [line.since for line in found.lines] == [None, 5.0, None]
    assert (found.jobs, found.running, found.unhealthy) == (4, 3, 3)
    assert not found.well


def test_findings_of_the_cluster_and_of_jobs_that_are_gone_are_lines() -> None:
    known = Linked()
    known.answers()
    known.lists(a="RUNNING")
    memory = Finding(kind=Kind.MEMORY, severity=Severity.WARNING, words="memory: heap 93 %", since=1000.0)
    gone = Finding(
        kind=Kind.JOB_LOST, severity=Severity.CRITICAL, words="job-lost", job="x", job_name="billing"
    )
    lost = Finding(kind=Kind.CLUSTER_LOST, severity=Severity.CRITICAL, words="cluster-lost")
    known.says(said("a"), of_cluster=(memory, gone, lost))
    assert [(line.name, line.kind, line.since) for line in known.on_wall().lines] == [
        ("billing", "job-lost", None),
        ("prod", "memory", 1.0),
    ]


def test_all_is_well_only_when_everything_is_known() -> None:
    known = Linked()
    assert known.on_wall().connecting == ("prod",)
    assert not known.on_wall().known
    assert not known.on_wall().well
    known.answers()
    assert not known.on_wall().well
    known.lists(a="RUNNING", b="RUNNING", c="FAILED")
    assert not known.on_wall().well
    known.says(said("a"))
    assert (known.on_wall().unjudged, known.on_wall().well) == (1, False)
    known.says(said("a"), said("b", kind="idle"))
    assert known.on_wall().well
    assert known.on_wall().known
    assert not known.on_wall().blind


def test_a_cluster_that_does_not_answer_is_the_first_line_and_what_was_known_stays() -> None:
    known = Linked()
    known.answers(seconds_ago=AWAY_SECONDS - 5.0)
    known.lists(a="RUNNING")
    known.says(said("a", Severity.CRITICAL, "restart-loop"))
    known.fails(GONE, AWAY_SECONDS - 5.0)
    # It may be a short one.
    assert (known.on_wall().blind, known.on_wall().age) == (False, AWAY_SECONDS - 5.0)
    known.answers(seconds_ago=60.0)
    known.fails(GONE, 55.0)
    found = known.on_wall()
    assert found.blind
    assert [(line.name, line.kind) for line in found.lines] == [("prod", UNREACHABLE), ("a", "restart-loop")]
    assert found.lines[0].words == "nothing is listening on that port"
    assert found.lines[0].since == pytest.approx(known.cluster_time() - 60.0)
    assert (found.rate, found.age) == (None, None)


def test_a_cluster_that_never_answered_or_refuses_the_login_is_unreachable_at_once() -> None:
    known = Linked()
    known.fails(GONE, 2.0)
    assert known.on_wall().blind
    known.answers()
    known.fails(LoginRefused("GET", "http://h", "login refused", status=401), 1.0)
    assert known.on_wall().blind
    assert known.on_wall().lines[0].words.startswith("login refused (check")


def test_throughput_is_that_of_the_cluster() -> None:
    known = Linked()
    known.answers()
    assert known.on_wall().rate is None
    known.series.add(cluster_series("in"), known.now(), 1500.0)
    assert known.on_wall().rate == 1500.0
    known.series.add(cluster_series("in"), known.now() + 1.0, math.nan)
    assert known.on_wall().rate is None


# -- a fleet ---------------------------------------------------------------------------------------------


NOW = 10_000.0
AWAY = ClusterState.UNREACHABLE
FLEET = FleetFacts(
    clusters=(
        cluster("dev", AWAY, reason="refused", since=200.0, jobs={"RUNNING": 9}, ill=1),
        cluster("eu", jobs={"RUNNING": 3, "FAILED": 1}, ill=2),
        cluster("us", jobs={"RUNNING": 1, "RESTARTING": 1}),
        cluster("test", AWAY, since=100.0),
        cluster("new", ClusterState.CONNECTING, kind=""),
    ),
    jobs=(
        job("billing", "eu", Severity.CRITICAL, Kind.FAILED),
        job("orders", "eu", Severity.WARNING, Kind.SKEW, since=50.0),
        job("search", "dev", Severity.CRITICAL, Kind.FAILED),
    ),
    rate=10.0,
    age=7.0,
)


def test_clusters_that_do_not_answer_share_one_line_before_the_warnings() -> None:
    memory = Finding(kind=Kind.MEMORY, severity=Severity.CRITICAL, words="memory: heap")
    found = wall(FLEET, {"us": (memory,), "dev": (memory,)}, NOW)
    # Of jobs of a cluster that does not answer nothing is said.
    assert [(line.name, line.kind, line.cluster) for line in found.lines] == [
        ("us", "memory", ""),
        ("billing", "failed", "eu"),
        ("", UNREACHABLE, ""),
        ("orders", "skew", "eu"),
    ]
    assert (found.lines[2].clusters, found.lines[2].since) == (("dev", "test"), NOW - 200.0)
    assert (found.jobs, found.running, found.unhealthy) == (5, 4, 2)
    assert (found.clusters, found.answering, found.connecting) == (5, 2, ("new",))
    assert not found.blind


def test_one_cluster_that_does_not_answer_is_named_with_its_reason() -> None:
    (line,) = wall(FleetFacts(clusters=(FLEET.clusters[0], cluster("d"))), {}, NOW).lines
    assert (line.name, line.words, line.since) == ("dev", "refused", NOW - 200.0)


def test_a_cluster_that_has_hung_since_the_start_does_not_answer() -> None:
    hangs = cluster("a", ClusterState.CONNECTING, kind=UNREACHABLE, words="no answer yet", since=30.0)
    found = wall(FleetFacts(clusters=(hangs,)), {}, NOW)
    assert found.blind
    assert found.connecting == ()
    assert (found.lines[0].words, found.lines[0].since) == ("no answer yet", NOW - 30.0)


def test_a_fleet_of_which_nothing_answers_is_blind_and_says_what_it_knew() -> None:
    found = wall(FleetFacts(clusters=(FLEET.clusters[0], FLEET.clusters[3]), jobs=FLEET.jobs), {}, NOW)
    assert found.blind
    assert [line.name for line in found.lines] == ["", "search"]
    assert (found.jobs, found.unhealthy) == (9, 1)
    assert not wall(FleetFacts(clusters=(FLEET.clusters[0], cluster("d"))), {}, NOW).blind


# -- over time -------------------------------------------------------------------------------------------


def test_rates_of_several_clusters_are_added_by_column() -> None:
    one = ((0.0, 1.0), (10.0, 3.0), (60.0, 5.0))
    other = ((65.0, 10.0), (130.0, math.nan))
    # A column of 30 s: means, the last value for a minute, and nothing where nobody knows.
    assert sums([one, other], 0.0, 240.0, 8) == [2.0, 2.0, 15.0, 15.0, 15.0, None, None, None]
    assert sums([], 0.0, 60.0, 3) == [None] * 3
