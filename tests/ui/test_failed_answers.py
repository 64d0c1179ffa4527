"""What could not be had is said to have failed: neither unknown, nor on its way for ever."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx
import pytest

from flinktop.flink.errors import Rejected, Unreachable
from tests.depth import in_depth
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.kubernetes_day import state
from tests.ui.test_job import open_job

pytestmark = pytest.mark.deep

LOST = Unreachable("GET", "http://h", "connection refused")
WRONG = Rejected("GET", "http://h", "no such method", status=500)
NO_METHOD = {
    "errors": [
        "Internal server error.",
        """<Exception on server side:
java.util.concurrent.CompletionException: java.lang.NoSuchMethodError: \
org.apache.commons.math3.stat.descriptive.rank.Percentile.withNaNStrategy

End of exception on server side>""",
    ]
}
"""A release whose checkpoint statistics need a newer library than lies on its class path."""
UNKNOWN = re.compile(r"(?:^|\s)…(?:\s|$)")
PLACES: dict[str, tuple[str, ...]] = {
    "overview": (),
    "job": ("enter",),
    "job's charts": ("enter", "3"),
    "exceptions": ("enter", "4"),
    "job's timeline": ("enter", "5"),
    "job's configuration": ("enter", "6"),
    "job's accumulators": ("enter", "7"),
    "job's metrics": ("enter", "8"),
    "checkpoints": ("enter", "c"),
    "vertex": ("enter", "tab", "enter"),
    "backpressure": ("enter", "tab", "enter", "2"),
    "watermarks": ("enter", "tab", "enter", "3"),
    "TaskManagers of a vertex": ("enter", "tab", "enter", "4"),
    "TaskManagers": ("M",),
    "JobManager": ("J",),
    "log": ("J", "5"),
}


def only(cluster: FixtureCluster, allowed: Callable[[str], bool], *, status: int = 500) -> None:
    """Have every other path fail."""
    recorded = cluster.answer

    def answer(target: str) -> tuple[int, bytes]:
        path = target.partition("?")[0].strip("/")
        return recorded(target) if allowed(path) else (status, json.dumps(NO_METHOD).encode())

    cluster.answer = answer  # type: ignore[method-assign]  # this one cluster's


async def open_place(day: Day, keys: tuple[str, ...]) -> None:
    for key in keys:
        await day.press(key)
        await day.wait(2)


async def test_checkpoints_that_can_never_be_read() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    cluster.changed[f"jobs/{job}/checkpoints"] = (500, NO_METHOD)
    reason = "NoSuchMethodError: org.apache.commons.math3"
    async with monitor(cluster=cluster) as day:
        await day.wait(6)
        assert "! error" in day.line("steady [test]")
        assert "● live" in day.lines[0]
        await open_job(day, "steady")
        await day.wait(3)
        assert "last checkpoint ! can't be read: " in day.text
        assert reason in day.line("last checkpoint")
        await day.press("c")
        await day.wait(3)
        assert f"The checkpoints can't be read: {reason}" in " ".join(day.text.split())
        assert "loading" not in day.text
        assert "loading" not in day.text


@pytest.mark.long
async def test_checkpoints_that_can_be_read_no_more_do_not_grow_old_by_themselves() -> None:
    async with monitor("1.20.5") as day:
        before = day.line("steady [test]")
        job = day.cluster.job("steady")
        day.cluster.changed[f"jobs/{job}/checkpoints"] = (500, NO_METHOD)
        await day.wait(240)
        line = day.line("steady [test]")
        assert re.search(r"! \d+ s / ", line), line
        assert "▲" not in line, before
        await open_job(day, "steady")
        await day.wait(3)
        assert "overdue" not in day.line("last checkpoint")
        assert re.search(r"! as of \d m ago: ", day.line("last checkpoint"))


@pytest.mark.parametrize("release", ["1.20.5", pytest.param("1.14.6", marks=pytest.mark.long)])
@pytest.mark.parametrize("place", in_depth(PLACES, fast=["overview", "job", "log"]))
async def test_nothing_is_on_its_way_for_ever(place: str, release: str) -> None:
    cluster = FixtureCluster(release)
    job = f"jobs/{cluster.job('steady')}"
    allowed = ["config", "jobs/overview", *([] if place == "overview" else ["overview", "taskmanagers", job])]
    only(cluster, lambda path: path in allowed)
    async with monitor(cluster=cluster, size=(160, 50)) as day:
        day.table.cursor_key = cluster.job("steady")
        await open_place(day, PLACES[place])
        await day.wait(12)
        assert "● live" in day.lines[0]
        shown = [line.strip("│ ") for line in day.lines]
        assert not [line for line in shown if "loading " in line]
        assert not [line for line in shown if UNKNOWN.search(line)]


@pytest.mark.parametrize("size", in_depth([(80, 24), (120, 40)], fast=[(80, 24)]))
@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("late")], ids=["refused", "late"]
)
async def test_no_cluster_at_the_address(size: tuple[int, int], error: Exception) -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.failure = error
    async with monitor(cluster=cluster, size=size) as day:
        await day.wait(3)
        assert "✕ no answer" in day.lines[0]
        assert "No Flink cluster answers at http://flink.test:8081." in day.text
        for command in ("flinktop demo", "flinktop local", "flinktop http://host:port"):
            assert command in day.text
        assert "loading" not in day.text
        assert "loading" not in day.text
        cluster.failure = None
        await day.wait(12)
        assert "● live" in day.lines[0]
        assert "flinktop demo" not in day.text
        assert "steady [test]" in day.text


async def test_a_cluster_in_kubernetes_is_named_and_not_its_address() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.failure = httpx.ConnectError("refused")
    async with monitor(cluster=cluster, size=(110, 24)) as day:
        day.port.set_kubernetes(state([]))
        await day.wait(3)
        assert "The Flink cluster test in namespace shop (context prod-eu) does not answer." in day.text
        assert "Press i to see what kubectl describes" in day.text
        assert "http://" not in day.text


async def test_who_is_kept_out_is_not_sent_elsewhere() -> None:
    cluster = FixtureCluster("1.20.5")
    only(cluster, lambda _path: False, status=401)
    async with monitor(cluster=cluster) as day:
        await day.wait(3)
        assert "✕ login refused" in day.lines[0]
        assert "flinktop demo" not in day.text
        assert "loading" not in day.text
        assert "loading" not in day.text


async def test_a_screen_opened_while_the_cluster_is_lost_waits_for_nothing() -> None:
    async with monitor("1.20.5") as day:
        day.cluster.failure = httpx.ReadTimeout("timed out")
        await day.wait(12)
        await day.press("M")
        await day.wait(3)
        assert "loading " not in day.text
        assert "loading" not in day.text
