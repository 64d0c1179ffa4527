"""One real cluster per release, shared by all live tests of that release, with three jobs running on it."""

from collections.abc import Iterator

import pytest

from tests.live.cluster import Cluster, running
from tests.live.submission import NAMES, submit, wait_for_state

RELEASES = ("1.9.3", pytest.param("1.14.6", marks=pytest.mark.long), "1.20.5", "2.3.0")
KINDS = ("steady", "slow", "failing")


@pytest.fixture(scope="session", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def cluster(release: str) -> Iterator[Cluster]:
    """The cluster of a release; pytest runs its tests together, so that one is up at a time."""
    with running(release) as cluster:
        for job in [submit(cluster, kind) for kind in KINDS]:
            wait_for_state(cluster, job, "RUNNING")
        yield cluster


@pytest.fixture(scope="session")
def jobs(cluster: Cluster) -> dict[str, str]:
    """The ids of the cluster's jobs by their kind: steady, slow, failing."""
    kinds = {name: kind for kind, name in NAMES.items()}
    listed = cluster.get("jobs/overview")["jobs"]
    return {kinds[job["name"]]: job["jid"] for job in listed if job["name"] in kinds}
