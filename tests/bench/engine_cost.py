"""What the engine costs without a terminal: CPU milliseconds a request.

    python -m tests.bench.engine_cost URL [--seconds N] [--job NAME]

watches what the overview and a job's screen watch, as fast as two requests in flight allow, and prints the
requests it made and the CPU it took.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import threading
import time

from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.sweep import figures_of
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW

WARM_UP = 3.0


def cost(url: str, job: str, seconds: float) -> dict[str, float]:
    """Requests made in that time, and ms of CPU for each."""
    port = Port(Connection(url), Clock())
    port.start_thread()
    listed, news = threading.Event(), threading.Event()
    port.on_change(news.set)
    port.watch(JOBS_OVERVIEW())
    port.watch(OVERVIEW())
    while not listed.is_set():
        news.wait(10.0)
        news.clear()
        if JOBS_OVERVIEW() in port.take_changes():
            listed.set()
    reading = port.reading(JOBS_OVERVIEW())
    if reading is None or reading.value is None:
        raise SystemExit(f"{url} lists no jobs")
    jid = next(one.jid for one in reading.value.jobs if one.name.startswith(job))
    for query in figures_of(jid):
        port.watch(query)
    port.engine.poller.refresh = 0.01
    time.sleep(WARM_UP)
    sent, cpu = port.engine.http.requests, time.process_time()
    time.sleep(seconds)
    sent, cpu = port.engine.http.requests - sent, time.process_time() - cpu
    port.stop()
    return {"requests": sent, "ms": cpu * 1000 / max(sent, 1)}


def main() -> None:
    """Print it as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--job", default="steady")
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    sys.stdout.write(json.dumps(cost(arguments.url, arguments.job, arguments.seconds)) + "\n")


if __name__ == "__main__":
    main()
