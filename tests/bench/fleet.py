"""What a fleet of clusters of one job each costs, and how fresh it is beside bad clusters.

    python -m tests.bench.fleet [--clusters 200] [--against 1] [--seconds 120] [--settle 60]
                                [--bad-days | --screen [--keys 40]]

The clusters are behind real ports in another process, the engines run here without a terminal, all off the
screen, with a journal on the disk. Each fleet is measured in a process of its own: CPU (user and system) and
requests over --seconds after --settle; RSS at the end. The first minute costs more: everything is asked of
each cluster for 30 s.

With --bad-days: 20 clusters, of which 3 refuse connections, 2 drop packets, 3 hang, 2 answer HTML and 1 is
slow, beside one that is alone. The age of the data is that of the last answer, looked at every 0.2 s.

With --screen: the whole `flinktop --all` in a pty of 120x40 on --clusters, a tenth of them and one; figures
as `python -m tests.bench` has them. Keys are compared with those of one cluster of 8 recorded jobs: a cluster
of one job has no second row to go to. --clusters must be 20 at least.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, structs
from msgspec import json as msgspec_json

from flinktop.engine.alerts.policy import AlertPolicy
from flinktop.engine.clock import Clock
from flinktop.engine.fleet import Fleet, Member, OneLedger
from flinktop.engine.host import Port
from flinktop.engine.journal.journal import Journal
from flinktop.flink.connection import Connection
from flinktop.flink.tls_contexts import TlsContexts
from tests.bench.__main__ import served
from tests.bench.memory import resident
from tests.bench.report import summary, table
from tests.bench.stopwatch import Program
from tests.bench.stopwatch import measure as watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.stopwatch import Figures as Seen

MOST_CPU: Final = 12.0
MOST_MB: Final = 1.0
MOST_DELAY: Final = 1.5
"""What is allowed: CPU s a minute of 200 clusters, MB for each more than one, and how many times as long a
key may take as with one cluster."""
SCREEN: Final = (120, 40)
ARROWS: Final = ("down", "up")
LOOK_SECONDS: Final = 0.2
BAD_DAY: Final = ("live=9", "slow=1", "html=2", "hanging=3", "refusing=3", "lost=2")


class Figures(Struct):
    """One fleet; of a minute, and of what is alive in it."""

    clusters: int
    cpu: float  # s
    rss: float  # MB
    requests: float  # a cluster
    age: float  # s, median
    worst_age: float
    judged: int  # clusters with a verdict
    threads: int
    stop: float = 0.0  # s that it took


class Site:
    """The clusters in a process of their own."""

    def __init__(self, words: Sequence[str]) -> None:
        command = [sys.executable, "-m", "tests.bench.fleet_site", *words]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.clusters: list[tuple[str, str]] = self._read()

    def asked(self) -> list[int]:
        """Requests to each so far."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        counts: list[int] = self._read()
        return counts

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def fleet_of(clusters: Sequence[tuple[str, str]], journal: Journal, home: Path) -> Fleet:
    contexts, ledger = TlsContexts(), OneLedger(home / "operations")
    return Fleet(
        [
            Member(
                f"{kind} {number}",
                Port(
                    Connection(url),
                    Clock(),
                    name=f"{kind} {number}",
                    ledger=ledger,
                    journal=lambda: journal,
                    alerting=AlertPolicy,
                    contexts=contexts,
                    rings=True,
                ),
            )
            for number, (kind, url) in enumerate(clusters)
        ]
    )


def measure(words: Sequence[str], settle: float, seconds: float) -> Figures:
    """Watch a site for so long."""
    site, home = Site(words), Path(tempfile.mkdtemp())
    journal = Journal(home / "journal", Clock())
    fleet = fleet_of(site.clusters, journal, home)
    fleet.on_change(fleet.take_changes)
    fleet.start()
    try:
        time.sleep(settle)
        live = [number for number, (kind, _) in enumerate(site.clusters) if kind == "live"]
        asked, cpu, began = site.asked(), time.process_time(), time.monotonic()
        ages: list[float] = []
        while time.monotonic() - began < seconds:
            time.sleep(LOOK_SECONDS)
            ages += [age(fleet.members[number].port) for number in live]
        minutes = (time.monotonic() - began) / 60.0
        cpu = time.process_time() - cpu
        sent = [after - before for after, before in zip(site.asked(), asked, strict=True)]
        figures = Figures(
            clusters=len(fleet),
            cpu=cpu / minutes,
            rss=resident(),
            requests=statistics.mean(sent[number] for number in live) / minutes,
            age=statistics.median(ages),
            worst_age=max(ages),
            judged=sum(bool((it := one.port.judged) and it.verdicts) for one in fleet.members),
            threads=threading.active_count(),
        )
        began = time.monotonic()
        fleet.stop()
        return structs.replace(figures, stop=time.monotonic() - began)
    finally:
        fleet.stop()
        journal.close(2.0)
        site.stop()


def age(port: Port) -> float:
    """Seconds since a cluster's last answer."""
    answered = port.link().answered
    return port.now() - answered if answered is not None else float("inf")


def apart(words: Sequence[str], arguments: argparse.Namespace) -> Figures:
    """Measure in a process of its own."""
    times = ["--settle", str(arguments.settle), "--seconds", str(arguments.seconds)]
    command = [sys.executable, "-m", "tests.bench.fleet", *times, "--measure", *words]
    return msgspec_json.decode(subprocess.check_output(command), type=Figures)


def on_screen(urls: Sequence[str], ready: str, arguments: argparse.Namespace) -> Seen:
    """Run flinktop on these clusters in a terminal; one is opened at once."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        config = home / "config.toml"
        tables = [f'[clusters.c{at:03}]\nurl = "{url}"' for at, url in enumerate(urls)]
        config.write_text("\n".join(tables), encoding="utf-8")
        words = [sys.executable, "-m", "flinktop", "--all", "--config", str(config)]
        return watch(
            Program(f"{len(urls)}", words, ready, ARROWS),
            size=SCREEN,
            seconds=arguments.seconds,
            keys=arguments.keys,
            home=home,
            settle=arguments.settle,
        )


def of_many(count: int, arguments: argparse.Namespace) -> Seen:
    """Run flinktop on so many clusters of one job."""
    site = Site([f"live={count}"])
    try:
        ready = f"{count} of {count} live" if count > 1 else "RUNNING +orders"
        return on_screen([url for _, url in site.clusters], ready, arguments)
    finally:
        site.stop()


def screens(arguments: argparse.Namespace) -> bool:
    """Measure fleets on the screen, and print; whether they cost what they may."""
    with served("tests.fixture_server", "1.20.5", "--moving") as url:
        usual = on_screen([url], "steady", arguments)
    one, some, many = (
        of_many(count, arguments) for count in (1, arguments.clusters // 10, arguments.clusters)
    )
    rows = {
        "1 of 8 jobs": usual,
        "1": one,
        str(arguments.clusters // 10): some,
        str(arguments.clusters): many,
    }
    say(table("clusters on the screen", [summary(name, [seen]) for name, seen in rows.items()]))
    each = (many.rss - one.rss) / (arguments.clusters - 1)
    cpu, allowed = many.cpu_per_minute, MOST_CPU * arguments.clusters / 200
    if not many.delays or not usual.delays:
        say("\nno key was answered: the machine is too busy to measure")
        return False
    later = statistics.median(many.delays) / statistics.median(usual.delays)
    good = cpu <= max(allowed, one.cpu_per_minute) and each <= MOST_MB and later <= MOST_DELAY
    say(
        f"\n{cpu:.1f} CPU s a minute ({allowed:g} allowed), {each:.2f} MB for each cluster more "
        f"({MOST_MB:g} allowed), keys {later:.2f} x ({MOST_DELAY:g} allowed): "
        f"{'good' if good else 'TOO MUCH'}"
    )
    return good


def row(name: str, one: Figures) -> str:
    return (
        f"| {name} | {one.cpu:.2f} | {one.rss:.1f} | {one.requests:.1f} | {one.age:.1f} | "
        f"{one.worst_age:.1f} | {one.judged} | {one.threads} | {one.stop:.2f} |"
    )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a fleet of clusters costs.")
    parser.add_argument("--clusters", type=int, default=200)
    parser.add_argument("--against", type=int, default=1, help="clusters of the fleet it is compared with")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--settle", type=float, default=60.0)
    parser.add_argument("--bad-days", action="store_true", help="20 clusters, most of them bad, beside one")
    parser.add_argument("--screen", action="store_true", help="the whole flinktop in a terminal")
    parser.add_argument("--keys", type=int, default=40, help="to press with --screen")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    if arguments.measure:
        figures = measure(arguments.measure, arguments.settle, arguments.seconds)
        sys.stdout.buffer.write(msgspec_json.encode(figures))
        return
    if arguments.screen:
        raise SystemExit(0 if screens(arguments) else 1)
    say("| fleet | CPU s/min | RSS MB | requests/min | age s | worst age s | judged | threads | stop s |")
    say("|---|" + "---:|" * 8)
    if arguments.bad_days:
        for name, words in (("one alone", ("live=1",)), ("9 live of 20", BAD_DAY)):
            say(row(name, apart(words, arguments)))
        return
    few, many = (apart((f"live={count}",), arguments) for count in (arguments.against, arguments.clusters))
    for one in (few, many):
        say(row(f"{one.clusters} clusters", one))
    each = (many.rss - few.rss) / max(1, many.clusters - few.clusters)
    allowed = MOST_CPU * arguments.clusters / 200
    good = many.cpu <= max(allowed, few.cpu) and each <= MOST_MB
    say(
        f"\n{many.cpu:.1f} CPU s a minute ({allowed:g} allowed), {each:.2f} MB for each cluster more "
        f"({MOST_MB:g} allowed): {'good' if good else 'TOO MUCH'}"
    )
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
