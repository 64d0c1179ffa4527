"""Which live tests run one after the other, as they share a cluster, and which of them begin first."""

import pytest

LAST_ON_ITS_CLUSTER = "test_rates_are_those_of_flink"
"""It waits until a job has run for two minutes: others use them."""
TURNS = (
    "side by side",
    "Flink 2.3.0",
    "Flink 1.9.3",
    "Flink 1.20.5",
    "lost TaskManager",
    "tests.live.test_acts 2.3.0",
    "tests.live.test_acts 1.20.5",
    "tests.live.test_acts 1.9.3",
    "tests.live.test_cuts 1.20.5",
    "tests.local.test_real_flink",
    "tests.live.test_cuts 1.9.3",
    "too few slots",
)
"""Groups that take minutes, in this order, and behind them all others: both workers end at the same time.

pytest-xdist gives a worker its next group when two tests are left of the one it has: a group of a single test
takes the next one with it.
"""


def group_of(item: pytest.Function) -> str:
    """A name for the cluster that a test uses."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    if "release" in params and "cluster" in item.fixturenames:
        return f"Flink {params['release']}"
    return f"{item.module.__name__} {params.get('cluster', '')}".rstrip()


def turn_of(item: pytest.Item) -> tuple[int, str, bool]:
    """Where a live test comes among all of them, those of a group one after the other; others come first."""
    mark = item.get_closest_marker("xdist_group")
    if mark is None:
        return -1, "", False
    group = str(mark.args[0])
    turn = TURNS.index(group) if group in TURNS else len(TURNS)
    return turn, group, item.name.startswith(LAST_ON_ITS_CLUSTER)


def write_group(item: pytest.Item) -> None:
    """Write the group behind the id of a test, where `--dist loadgroup` reads it.

    pytest-xdist 3.8 writes it to an attribute that pytest reads no more from 9.2 on.
    """
    mark = item.get_closest_marker("xdist_group")
    if mark is None or not item.config.getoption("loadgroup", default=False):
        return
    ending = f"@{mark.args[0]}"
    if not item.nodeid.endswith(ending):
        item._id = item.id.parse(f"{item.nodeid}{ending}")
