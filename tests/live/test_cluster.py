"""The real clusters themselves: they come up, and the jobs do what the other live tests count on."""

import pytest

from tests.live.cluster import Cluster
from tests.live.submission import wait_for

pytestmark = pytest.mark.live


def test_has_its_release_its_slots_and_three_running_jobs(cluster: Cluster, jobs: dict[str, str]) -> None:
    assert cluster.get("config")["flink-version"] == cluster.text
    assert cluster.get("overview")["taskmanagers"] == 1
    assert cluster.get("overview")["slots-total"] == 8
    assert set(jobs) == {"steady", "slow", "failing"}
    for kind in ("steady", "slow"):
        job = cluster.get(f"jobs/{jobs[kind]}")
        assert job["state"] == "RUNNING"
        assert len(job["vertices"]) >= 2
        assert {vertex["status"] for vertex in job["vertices"]} == {"RUNNING"}


def test_the_slow_job_is_held_back(cluster: Cluster, jobs: dict[str, str]) -> None:
    source = cluster.get(f"jobs/{jobs['slow']}")["vertices"][0]["id"]

    def held_back() -> bool:
        path = f"jobs/{jobs['slow']}/vertices/{source}/backpressure"
        return bool(cluster.get(path).get("backpressure-level") == "high")

    wait_for("backpressure at the source", held_back, 120)


def test_the_failing_job_restarts(cluster: Cluster, jobs: dict[str, str]) -> None:
    count = "numRestarts" if cluster.release >= (1, 10) else "fullRestarts"

    def restarted() -> bool:
        metrics = cluster.get(f"jobs/{jobs['failing']}/metrics?get={count}")
        return bool(metrics and int(metrics[0]["value"]) >= 1)

    wait_for("a restart", restarted, 120)
