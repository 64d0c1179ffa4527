"""A cluster of many jobs, one of them of many vertices: the demo's world behind a real port.

    python -m tests.bench.wide [--jobs N] [--vertices N]

serves it until ctrl+c or SIGTERM, and prints its address. Each vertex has ten subtasks, and the numbers move
as a real cluster's do.
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
HEALTHY = Fate(started=-86_400.0)


class WideCluster(DemoCluster):
    """`jobs` running jobs, and another one that has `vertices` vertices."""

    def __init__(self, jobs: int = 1000, vertices: int = 500) -> None:
        many = tuple(
            replace(spec, name=f"job {number:04} of many", fate=HEALTHY)
            for number, spec in enumerate(many_jobs(jobs), 1)
        )
        own = Cluster((*many, wide_job(WIDE_NAME, vertices)), slots_each=32)
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
