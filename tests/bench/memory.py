"""What flinktop keeps in memory of many jobs, while somebody scrolls, sorts and opens jobs for an hour.

    python -m tests.bench.memory [--jobs 1000] [--minutes 30] [--each 5] [--tall] [--by-type] [--lines]

The app runs here, on Textual's headless driver that draws every screen, its engine on a manual clock, as fast
as it can; the cluster runs in a process of its own behind a loopback port, and is told the same time. After
--minutes of simulated time the first figure is taken, after as many again the second: how much came to it.

Every simulated second a key is pressed: pages and arrows through all rows and back, every order in both
directions, now and then a job, some of its tabs and a vertex are opened. RSS is VmRSS of this process alone.
Once a minute flinktop collects and trims; what is free again by then comes and goes within that minute, up to
5 MB. So each line has two figures: as it was met, and right behind what flinktop does each minute. The first
must stay within what is allowed; what comes to it is told by the second.

With --tall a job of 5,000 subtasks a vertex stands among them. Whoever opens such a vertex needs 22 MB more
while it is open, and 12 MB of them stay: Python's allocator gives back only what is free as a whole MB.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import subprocess
import sys
import tracemalloc
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from textual import events

from flinktop.engine.host import Port
from flinktop.flink.connection import Connection
from flinktop.settings import Paths, Profile, Settings
from flinktop.ui.app import FlinkTop
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.spare_memory import EVERY, exempt_loaded_modules
from tests.manual_clock import ManualClock
from tests.ui.day import LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_MB, MOST_GROWTH_MB = 110.0, 0.5
"""What is allowed after --minutes, and what may come to it in as many again."""
CALM_TURNS = 8
SIZE = (140, 45)
PAGE = 20
"""Pages after which an arrow or an edge comes in between."""
OPENED = (
    "enter", "down", "tab", "down", "tab", "tab", "c", "down", "tab", "escape",
    "2", "down", "enter", "tab", "tab", "escape", "3", "4", "5", "escape",
)  # fmt: skip
"""What is pressed at a job, beginning and ending in the list of jobs."""
DEPTH = 6
"""Presses of escape that lead back from wherever it leads."""


class ServedCluster:
    """The wide cluster in a process of its own, at the time that it is told."""

    def __init__(self, jobs: int, *, tall: bool) -> None:
        words = [sys.executable, "-m", "tests.bench.wide", "--jobs", str(jobs), "--vertices", "60", "--told"]
        if not tall:
            words.append("--no-tall")
        self._server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._read()

    def tell(self, seconds: float) -> None:
        """It is so many seconds after the beginning."""
        assert self._server.stdin is not None
        self._server.stdin.write(f"{seconds}\n")
        self._server.stdin.flush()
        self._read()

    def stop(self) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()

    def _read(self) -> str:
        assert self._server.stdout is not None
        return self._server.stdout.readline().strip()


@contextmanager
def served(jobs: int, *, tall: bool) -> Iterator[ServedCluster]:
    cluster = ServedCluster(jobs, tall=tall)
    try:
        yield cluster
    finally:
        cluster.stop()


def keys() -> Iterator[str]:
    """What a person presses, a key a second, for ever."""
    for turn in itertools.count():
        yield from ("g", *["pagedown"] * PAGE, "down", "down", *["pagedown"] * PAGE)
        yield from ("G", *["pageup"] * PAGE, "up", *["pageup"] * PAGE)
        yield from ("S", "pagedown", "s", "pagedown", "pagedown", *["down"] * (turn % 7))
        yield from OPENED
        yield "escape"


def resident() -> float:
    """MB of this process in memory."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def kept(app: FlinkTop) -> float:
    """The same right behind what flinktop does each minute."""
    for _ in range(EVERY):
        app.tick()
    return resident()


class Bench:
    """The app, its clock and its cluster."""

    def __init__(self, app: FlinkTop, port: Port, clock: ManualClock, cluster: ServedCluster) -> None:
        self.app = app
        self.port = port
        self.clock = clock
        self.cluster = cluster
        self.pressed = 0

    async def second(self, key: str) -> None:
        """Press a key, and let a second pass for everybody."""
        self.pressed += 1
        if key == "escape" and isinstance(self.app.screen, OverviewScreen):
            key = "down"
        # Not the pilot's: it waits for an idle process after each key.
        event = events.Key(key, key if len(key) == 1 else LETTERS.get(key))
        event.set_sender(self.app)
        assert self.app._driver is not None
        self.app._driver.send_message(event)
        await self.settled()
        self.cluster.tell(self.clock.now() + 1.0 - 1000.0)
        await self.clock.advance(1.0)
        await self.settled()
        self.app.tick()
        await self.settled()

    async def settled(self) -> None:
        """Nothing is under way or due now, and no message waits."""
        calm = 0
        while calm < CALM_TURNS:
            flying = self.port.engine.poller.in_flight
            await asyncio.sleep(0.0005 if flying else 0)
            waits = not self.port.engine.poller.idle() or any(
                not node._message_queue.empty()
                for node in (self.app, *self.app.screen.walk_children(with_self=True))
            )
            calm = 0 if waits else calm + 1

    def line(self, minutes: int) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.counts().items())
        figures = f"{resident():6.1f} MB, kept {kept(self.app):6.1f}"
        return f"{minutes:4} min  {figures}  {self.pressed} keys, {counts}"

    def counts(self) -> dict[str, int]:
        """How many there are of what the engine keeps."""
        engine = self.port.engine
        rings = engine.series._rings.values()
        return {
            "requests": engine.http.requests,
            "readings": len(engine.store),
            "series": len(engine.series),
            "points": sum(len(ring.points()) for ring in rings),
            "watched": len(engine.poller._watched),
            "seen checkpoints": sum(len(job.seen) for job in engine.recorders.checkpoints._jobs.values()),
            "fault groups": sum(len(job.groups) for job in engine.recorders.faults._jobs.values()),
            "objects": len(gc.get_objects()),
        }


def by_type() -> str:
    """The most frequent types, with the bytes of the objects themselves."""
    found, sizes = Counter[str](), Counter[str]()
    for one in gc.get_objects():
        name = f"{type(one).__module__}.{type(one).__qualname__}"
        found[name] += 1
        sizes[name] += sys.getsizeof(one)
    return "\n".join(f"{size / 1e6:8.2f} MB {found[name]:8} {name}" for name, size in sizes.most_common(30))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def watch(jobs: int, minutes: int, each: int, *, tall: bool, types: bool, lines: bool) -> bool:
    """Scroll for twice so many minutes, printing a line every five; whether both figures are allowed."""
    clock = ManualClock()
    with served(jobs, tall=tall) as cluster:
        connection = Connection(cluster.url)
        nowhere = Path("/nonexistent/flinktop")
        paths = Paths(nowhere / "config.toml", nowhere, nowhere / "flinktop.log")
        settings = Settings((), None, "dark", False, False, False, False, paths, ())  # noqa: FBT003
        port = Port(connection, clock, jitter=lambda: 1.0, name="many jobs")
        exempt_loaded_modules()
        app = FlinkTop(port, settings, Profile("many jobs", connection, None, None))
        await port.start_inline()
        try:
            # How long an answer took is the only time that is not the manual clock's.
            with mock.patch("flinktop.flink.wire.perf_counter", clock.now):
                async with app.run_test(size=SIZE, notifications=True):
                    bench = Bench(app, port, clock, cluster)
                    await bench.settled()
                    say(bench.line(0))
                    first = await scroll(bench, minutes, each, 0)
                    if types:
                        say(by_type())
                    before = tracemalloc.take_snapshot() if lines else None
                    second = await scroll(bench, minutes, each, minutes)
                    if types:
                        say(by_type())
                    if before is not None:
                        for one in tracemalloc.take_snapshot().compare_to(before, "lineno")[:40]:
                            say(str(one))
        finally:
            await port.engine.stop()
    met, growth = first.met, second.kept - first.kept
    good = met <= MOST_MB and growth < MOST_GROWTH_MB
    say(
        f"{jobs} jobs: {met:.1f} MB after {minutes} minutes ({MOST_MB:g} allowed), {first.kept:.1f} kept, "
        f"{growth:+.2f} MB in {minutes} more ({MOST_GROWTH_MB:g} allowed; as met {second.met - met:+.2f}): "
        f"{'good' if good else 'TOO MUCH'}"
    )
    return good


@dataclass(frozen=True)
class Figures:
    """MB as they were met, and right behind what flinktop does each minute."""

    met: float
    kept: float


async def scroll(bench: Bench, minutes: int, each: int, since: int) -> Figures:
    """Scroll for so many minutes; the figures at the end, back in the list of jobs."""
    typed = keys()
    for second in range(1, minutes * 60 + 1):
        await bench.second(next(typed))
        if second % (60 * each) == 0:
            say(bench.line(since + second // 60))
    for key in (*["escape"] * DEPTH, "g"):
        await bench.second(key)
    return Figures(resident(), kept(bench.app))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What flinktop keeps in memory of many jobs.")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--minutes", type=int, default=30, help="simulated, to each of the two figures")
    parser.add_argument("--each", type=int, default=5, help="minutes between two lines")
    parser.add_argument("--tall", action="store_true", help="and a job of 5,000 subtasks a vertex")
    parser.add_argument("--by-type", action="store_true", help="print what types the memory is made of")
    parser.add_argument("--lines", action="store_true", help="print which lines' memory grew; costs memory")
    arguments = parser.parse_args()
    if arguments.lines:
        tracemalloc.start()
    good = asyncio.run(
        watch(
            arguments.jobs,
            arguments.minutes,
            arguments.each,
            tall=arguments.tall,
            types=arguments.by_type,
            lines=arguments.lines,
        )
    )
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
