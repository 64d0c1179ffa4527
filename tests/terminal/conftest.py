"""The recorded cluster that the terminal tests watch."""

from collections.abc import Iterator

import pytest

from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer


@pytest.fixture
def server() -> Iterator[FixtureServer]:
    """A recorded 1.20.5 whose counters grow, on a port of its own."""
    with FixtureServer(FixtureCluster("1.20.5"), moves=True) as server:
        yield server
