"""A cluster of many jobs, of many vertices and of many subtasks: the demo's world behind a real port.

    python -m tests.bench.wide [--jobs N] [--vertices N]

serves it until ctrl+c or SIGTERM, and prints its address. Its numbers move as a real cluster's do.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from dataclasses import replace

from flinktop.demo.scenarios import Cluster, many_jobs, wide_job
from flinktop.demo.specs import Fate
from flinktop.engine.clock import SystemClock
from tests.demo_cluster import DemoCluster
from tests.fixture_server import FixtureServer

RELEASE = "1.20.5"
WIDE_NAME = "wide"
"""The name of the job of many vertices."""
TALL_NAME, TALL_SUBTASKS = "tall", 5000
"""The name of the job of many subtasks, which stands beside many jobs; how many a vertex has."""
HEALTHY = Fate(started=-86_400.0)


class WideCluster(DemoCluster):
    """`jobs` running jobs, one that has `vertices` vertices, and one whose vertices have 5,000 subtasks."""

    def __init__(self, jobs: int = 1000, vertices: int = 500) -> None:
        many = tuple(
            replace(spec, name=f"job {number:04} of many", fate=HEALTHY)
            for number, spec in enumerate(many_jobs(jobs), 1)
        )
        tall = wide_job(TALL_NAME, 4)
        tall = replace(tall, vertices=tuple(replace(one, parallelism=TALL_SUBTASKS) for one in tall.vertices))
        own = Cluster((*many, wide_job(WIDE_NAME, vertices), tall)[: None if jobs else -1], slots_each=32)
        super().__init__("wide-job", RELEASE, SystemClock(), own=own)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--vertices", type=int, default=500)
    arguments = parser.parse_args()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    with FixtureServer(WideCluster(arguments.jobs, arguments.vertices)) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        end.wait()


if __name__ == "__main__":
    main()
