"""Records what real clusters answer: the fixtures that the client is tested with.

    python tests/live/record.py [RELEASE…]

For each release a cluster gets jobs that run, lag, fail and restart, finish, take savepoints; then every GET
that flinktop knows is asked. Some three minutes a release.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.live.cluster import running
from tests.live.recorder import Recorder
from tests.live.releases import RECORDED, parse_release
from tests.live.tour import Tour


def record(text: str) -> None:
    """Record one release."""
    began = time.monotonic()
    recorder = Recorder(text)
    with running(text, slots=10) as cluster:
        came = time.monotonic() - began
        tour = Tour(cluster, recorder)
        tour.start_jobs()
        tour.savepoints()
        tour.wait_until_telling()
        tour.reads()
        tour.errors()
        tour.history()
        tour.ends()
    if parse_release(text) >= (1, 18):
        with running(text, extra={"jobmanager.scheduler": "adaptive"}) as cluster:
            Tour(cluster, recorder).rescaling()
    size = recorder.close()
    took = time.monotonic() - began
    print(f"{text}: up in {came:.0f} s, recorded in {took:.0f} s, {size // 1024} KiB")  # noqa: T201  a script


def main() -> None:
    """Record the releases that are named, or all."""
    parser = argparse.ArgumentParser(description="Record fixtures from real clusters.")
    parser.add_argument("release", nargs="*", default=RECORDED)
    for text in parser.parse_args().release:
        record(text)


if __name__ == "__main__":
    main()
