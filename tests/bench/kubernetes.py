"""What clusters found in Kubernetes cost, beside as many that the config names.

    python -m tests.bench.kubernetes [--clusters 100] [--seconds 60] [--settle 30]

`flinktop kubernetes` runs in a pty of 120x40 with the real kubectl on an API server of the tests in another
process, with that many FlinkDeployments whose services lead to the same Flink of one job; at the same time
`flinktop --all` on as many clusters of one job, and on one. Over --seconds, --settle after all are live: CPU
(user and system) and RSS of flinktop, and of its kubectl beside it; requests that the API server has taken,
those for clusters and its own. At most 10 a second may be sent to it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from tests.bench.fleet import SCREEN, Site, on_screen, say
from tests.bench.report import summary, table
from tests.bench.stopwatch import TICKS, Program, measure_together
from tests.kubernetes.apiserver.__main__ import fill
from tests.kubernetes.apiserver.server import ApiServer
from tests.terminal.kubernetes import NAMESPACE, environment, kubectls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.report import Summary

MOST_REQUESTS: Final = 600.0
"""A minute, to one API server."""
LOOK_SECONDS: Final = 1.0


class Look(Struct):
    """What was seen of the API server and of kubectl at a moment."""

    at: float  # s, monotonic
    proxied: int  # requests for clusters so far
    own: int  # other requests so far
    cpu: float  # s of kubectl
    rss: float  # MB of kubectl


def serve(clusters: int, url: str) -> None:
    """Serve that many FlinkDeployments until stdin ends; each line of it is answered by what was asked."""
    with tempfile.TemporaryDirectory() as directory, ApiServer(Path(directory)) as server:
        fill(server, clusters, url)
        say(json.dumps(str(server.kubeconfig(server.context(namespace=NAMESPACE)))))
        for _ in sys.stdin:
            proxied = sum("/proxy/" in one.target for one in tuple(server.asked))
            say(json.dumps([proxied, len(server.asked) - proxied]))


class Served:
    """An API server in a process of its own, looked at every second together with its kubectl."""

    def __init__(self, clusters: int, url: str) -> None:
        words = ["--clusters", str(clusters), "--serve", url]
        command = [sys.executable, "-m", "tests.bench.kubernetes", *words]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.kubeconfig = Path(self._read())
        self.looks: list[Look] = []
        self._end = threading.Event()
        self._looking = threading.Thread(target=self._look_on, name="looks")
        self._looking.start()

    def stop(self) -> None:
        self._end.set()
        self._looking.join()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def between(self, since: float, until: float) -> Look:
        """What came in a stretch of time, of a minute; the memory at its end."""
        # Without kubectl flinktop has ended, or not begun.
        within = [look for look in self.looks if since <= look.at <= until and look.rss]
        first, last = within[0], within[-1]
        minutes = (last.at - first.at) / 60.0
        return Look(
            at=last.at,
            proxied=round((last.proxied - first.proxied) / minutes),
            own=round((last.own - first.own) / minutes),
            cpu=(last.cpu - first.cpu) / minutes,
            rss=last.rss,
        )

    def _look_on(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            assert self._process.stdin is not None
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            proxied, own = self._read()
            cpu, rss = cost(kubectls(self.kubeconfig))
            self.looks.append(Look(time.monotonic(), proxied, own, cpu, rss))

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def cost(processes: Sequence[int]) -> tuple[float, float]:
    """CPU so far (s) and RSS (MB) of processes."""
    cpu = rss = 0.0
    for number in processes:
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            cpu += (int(stat[11]) + int(stat[12])) / TICKS
            rss += int(stat[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return cpu, rss


def compared(clusters: int, arguments: argparse.Namespace) -> tuple[list[Summary], Look]:
    """Run `flinktop kubernetes` on so many deployments, beside plain fleets of as many and of one."""
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = Site([f"live={clusters}"])
        stack.callback(site.stop)
        urls = [url for _, url in site.clusters]
        served = Served(clusters, urls[0])
        stack.callback(served.stop)
        around = [f"{name}={value}" for name, value in environment(served.kubeconfig).items()]
        command = ["env", *around, sys.executable, "-m", "flinktop", "kubernetes"]
        programs = [
            Program(f"{clusters} in Kubernetes", command, f"{clusters} of {clusters} live"),
            on_screen(f"{clusters} of the config", urls, f"{clusters} of {clusters} live", home, ()),
            on_screen("1 of the config", urls[:1], "RUNNING +orders", home, ()),
        ]
        seen = measure_together(
            programs,
            size=SCREEN,
            seconds=arguments.seconds,
            keys=0,
            home=home,
            settle=arguments.settle,
        )
        now = time.monotonic()
        rows = [summary(program.name, [one]) for program, one in zip(programs, seen, strict=True)]
        return rows, served.between(now - arguments.seconds, now)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What clusters found in Kubernetes cost.")
    parser.add_argument("--clusters", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--settle", type=float, default=30.0)
    parser.add_argument("--serve", metavar="URL", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.clusters, arguments.serve)
        return
    rows, look = compared(arguments.clusters, arguments)
    say(table("clusters on the screen", rows))
    say(
        f"\nkubectl: {look.cpu:.2f} CPU s a minute, {look.rss:.1f} MB\n"
        f"API server: {look.proxied} requests a minute for clusters, {look.own} of its own "
        f"({MOST_REQUESTS:g} allowed)"
    )
    raise SystemExit(0 if look.proxied + look.own <= MOST_REQUESTS else 1)


if __name__ == "__main__":
    main()
