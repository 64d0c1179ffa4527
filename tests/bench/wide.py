"""A cluster of many jobs, of many vertices and of many subtasks: the demo's world behind a real port.

    python -m tests.bench.wide [--jobs N] [--vertices N] [--subtasks N] [--told]

serves it until ctrl+c or SIGTERM, and prints its address. Its numbers move as a real cluster's do. With
--told its time is what is written to its stdin, in seconds since the beginning, each on a line that is
answered by an empty one; it ends when its stdin does.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import TYPE_CHECKING

from msgspec.structs import replace

from flinktop.demo.scenarios import Cluster, many_jobs, wide_job
from flinktop.demo.specs import Fate
from flinktop.engine.clock import Clock
from tests.demo_cluster import DemoCluster
from tests.fixture_server import FixtureServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.clock import Clock

RELEASE = "1.20.5"
WIDE_NAME = "wide"
"""The name of the job of many vertices."""
TALL_NAME = "tall"
"""The name of the job of many subtasks, which stands beside many jobs."""
HEALTHY = Fate(started=-86_400.0)


class WideCluster(DemoCluster):
    """`jobs` running jobs, one that has `vertices` vertices, and one whose vertices have `subtasks` subtasks.

    The last is left out where there are no jobs to stand beside, or no subtasks.
    """

    def __init__(
        self, jobs: int = 1000, vertices: int = 500, clock: Clock | None = None, *, subtasks: int = 5000
    ) -> None:
        many = tuple(
            replace(spec, name=f"job {number:04} of many", fate=HEALTHY)
            for number, spec in enumerate(many_jobs(jobs), 1)
        )
        wide = [wide_job(WIDE_NAME, vertices)]
        if jobs and subtasks:
            job = wide_job(TALL_NAME, 4)
            job_vertices = tuple(replace(one, parallelism=subtasks) for one in job.vertices)
            wide.append(replace(job, vertices=job_vertices))
        own = Cluster((*many, *wide), slots_each=32)
        super().__init__("wide-job", RELEASE, clock or Clock(), own=own)


class ToldClock(Clock):
    """A clock that another process moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._opened = super().wall()

    def now(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return self._opened + self.seconds

    def follow(self, lines: Iterable[str]) -> None:
        """Take each line's time, and say so."""
        for line in lines:
            self.seconds = float(line)
            sys.stdout.write("\n")
            sys.stdout.flush()


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--vertices", type=int, default=500)
    parser.add_argument("--subtasks", type=int, default=5000, help="of each vertex of one job; 0: none")
    parser.add_argument("--told", action="store_true", help="the time comes from stdin")
    arguments = parser.parse_args()
    clock = ToldClock() if arguments.told else Clock()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    world = WideCluster(arguments.jobs, arguments.vertices, clock, subtasks=arguments.subtasks)
    with FixtureServer(world) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        if isinstance(clock, ToldClock):
            clock.follow(sys.stdin)
        else:
            end.wait()


if __name__ == "__main__":
    main()
