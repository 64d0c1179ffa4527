"""One real cluster per release, shared by all live tests of that release, with three jobs running on it."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.live.cluster import Cluster, running
from tests.live.groups import group_of
from tests.live.submission import NAMES, submit, wait_for_state

RELEASES = ("1.9.3", pytest.param("1.14.6", marks=pytest.mark.long), "1.20.5", "2.3.0")
KINDS = ("steady", "slow", "failing")


class Shared:
    """The cluster that is up, until the last test that uses it has ended: the next ones have the machine."""

    def __init__(self) -> None:
        self._up = contextlib.ExitStack()
        self._release: str | None = None
        self._cluster: Cluster | None = None

    def of(self, release: str) -> Cluster:
        """The cluster of a release, with its jobs running; another one ends."""
        if self._release != release:
            self.end()
            self._release = release
            cluster = self._up.enter_context(running(release))
            for job in [submit(cluster, kind) for kind in KINDS]:
                wait_for_state(cluster, job, "RUNNING")
            self._cluster = cluster
        # Where it did not come up once, no other test waits for it.
        assert self._cluster is not None, f"Flink {release} could not be started"
        return self._cluster

    def end(self) -> None:
        self._release = self._cluster = None
        self._up.close()


SHARED = pytest.StashKey[Shared]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Behind the last test of a group its cluster ends."""
    yield
    shared = item.config.stash.get(SHARED, None)
    if shared is not None and _group(nextitem) != _group(item):
        shared.end()


def _group(item: pytest.Item | None) -> str | None:
    return group_of(item) if isinstance(item, pytest.Function) else None


@pytest.fixture(scope="session", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest) -> Iterator[Shared]:
    shared = request.config.stash[SHARED] = Shared()
    yield shared
    shared.end()


@pytest.fixture
def cluster(release: str, shared: Shared) -> Cluster:
    """The cluster of a release; its tests run together, so that one is up at a time."""
    return shared.of(release)


@pytest.fixture
def jobs(cluster: Cluster) -> dict[str, str]:
    """The ids of the cluster's jobs by their kind: steady, slow, failing."""
    kinds = {name: kind for kind, name in NAMES.items()}
    listed = cluster.get("jobs/overview")["jobs"]
    return {kinds[job["name"]]: job["jid"] for job in listed if job["name"] in kinds}
