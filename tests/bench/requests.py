"""What the job screen asks of the JobManager, counted on the wire.

    python -m tests.bench.requests [--seconds 60] [--vertices 5,500] [--sizes 120x40,80x24,200x60]

flinktop runs in a pty on a cluster with one job of so many vertices; after the screen has settled, requests
are counted in stretches of ten seconds: those for metrics, and the others per refresh interval. Beside it
stands what Flink's own page asks for on the same job, which is known from its code: one request for the job
and two for each vertex (its metrics, its watermarks) every refresh interval.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.wide import WIDE_NAME, WideCluster
from tests.fixture_server import Asked, FixtureServer
from tests.terminal.monitor import LIVE, STARTS, monitor, open_job

STRETCH, REFRESH = 10.0, 3.0
SETTLE = 15.0
TABS = {"Graph": "1", "Vertices": "2", "Charts": "3"}
_VERTEX = re.compile(r"/vertices/(\w+)/subtasks/metrics")


@dataclass(frozen=True, slots=True)
class Counted:
    """The worst and the mean of the stretches of one run."""

    name: str
    vertices: int
    """Whose metrics were asked for in a stretch, at the most."""
    metrics: tuple[float, int]
    """Mean and most in ten seconds."""
    others: tuple[float, int]
    """Mean and most in a refresh interval."""
    page: float
    """Flink's own page, in ten seconds."""


def is_metrics(one: Asked) -> bool:
    return "/metrics" in one.target


def stretches(asked: list[Asked], since: float, until: float, length: float) -> list[list[Asked]]:
    """Requests by stretches of time, each whole."""
    count = int((until - since) / length)
    return [
        [one for one in asked if since + number * length <= one.at < since + (number + 1) * length]
        for number in range(count)
    ]


def spread(counts: list[int]) -> tuple[float, int]:
    return sum(counts) / len(counts), max(counts)


def count(vertices: int, size: tuple[int, int], tab: str, seconds: float) -> Counted:
    """Watch one tab of a job for so long."""
    with (
        FixtureServer(WideCluster(0, vertices)) as server,
        tempfile.TemporaryDirectory() as home,
        monitor(Path(home), server.url, columns=size[0], rows=size[1]) as pty,
    ):
        pty.wait_for(LIVE, STARTS)
        pty.wait_for(WIDE_NAME)
        open_job(pty, WIDE_NAME)
        pty.press(TABS[tab])
        pty.wait_for(f"[{TABS[tab]} {tab}]")
        threading.Event().wait(SETTLE)
        since = time.monotonic()
        threading.Event().wait(seconds)
        until = time.monotonic()
        asked = server.asked_between(since, until)
    tens = stretches(asked, since, until, STRETCH)
    return Counted(
        f"{tab}, {vertices} vertices, {size[0]}x{size[1]}",
        max(len({found[1] for one in ten if (found := _VERTEX.search(one.target))}) for ten in tens),
        spread([sum(map(is_metrics, ten)) for ten in tens]),
        spread(
            [sum(not is_metrics(one) for one in part) for part in stretches(asked, since, until, REFRESH)]
        ),
        (1 + 2 * vertices) / REFRESH * STRETCH,
    )


def row(counted: Counted) -> str:
    mean, most = counted.metrics
    other_mean, other_most = counted.others
    return (
        f"| {counted.name} | {counted.vertices} | {mean:.1f} | {most} | {counted.vertices + 2} | "
        f"{other_mean:.1f} | {other_most} | {counted.page:,.0f} |"
    )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the job screen asks of the JobManager.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--vertices", default="5,500")
    parser.add_argument("--sizes", default="120x40,80x24,200x60")
    parser.add_argument("--tabs", default=",".join(TABS))
    arguments = parser.parse_args()
    say(
        "| job screen | vertices asked | metrics/10 s | most | allowed | others/3 s | most (4 allowed) | "
        "Flink's page, all/10 s |\n|---|" + "---:|" * 7
    )
    for size in arguments.sizes.split(","):
        columns, rows = map(int, size.split("x"))
        for tab in arguments.tabs.split(","):
            for vertices in map(int, arguments.vertices.split(",")):
                say(row(count(vertices, (columns, rows), tab, arguments.seconds)))


if __name__ == "__main__":
    main()
