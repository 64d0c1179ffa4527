"""What a fleet of clusters of one job each costs, and how fresh it is beside bad clusters.

    python -m tests.bench.fleet [--clusters 200] [--against 1] [--seconds 120] [--settle 60]
                                [--bad-days | --screen [--keys 40]]

The clusters are behind real ports in another process, the engines run here without a terminal, all off the
screen, with a journal on the disk. Each fleet is measured in a process of its own: CPU (user and system) and
requests over --seconds after --settle; RSS at the end. The first minute costs more: everything is asked of
each cluster for 30 s.

With --bad-days: 20 clusters, of which 3 refuse connections, 2 drop packets, 3 hang, 2 answer HTML and 1 is
slow, beside one that is alone. The age of the data is that of the last answer, looked at every 0.2 s. It
ends with how many times as old the data of the live ones are as those of the one alone, and what is allowed.

With --screen: the whole `flinktop --all` in a pty of 120x40 on --clusters, a tenth of them and one, all at
the same time; figures as `python -m tests.bench` has them. Keys are compared with those of one cluster of 8
recorded jobs, pressed in turn with them: a cluster of one job has no second row to go to. It ends with what
is allowed, line by line, and takes --settle and --seconds and half a minute.
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
from contextlib import ExitStack
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
from tests.bench.report import quantile, summary, table
from tests.bench.stopwatch import Program, measure_together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.stopwatch import Figures as Seen

MOST_CPU: Final = 12.0
MOST_MB: Final = 1.0
MOST_DELAY: Final = 1.5
MOST_AGE: Final = 1.5
"""What is allowed: CPU s a minute of 200 clusters, MB for each more than one, how many times as long a key
may take as with one cluster, and how many times as old the data of live clusters may be beside bad ones."""
LEAST_KEYS: Final = 20
"""Answered keys from which on their delays say something."""
USUAL: Final = "1 of 8 jobs"
SCREEN: Final = (120, 40)
ARROWS: Final = ("down", "up")
COLUMNS: Final = (
    "CPU s/min",
    "RSS MB",
    "requests/min",
    "age s",
    "age 95 % s",
    "worst age s",
    "judged",
    "threads",
    "stop s",
)
LOOK_SECONDS: Final = 0.2
BAD_DAY: Final = ("live=9", "slow=1", "html=2", "hanging=3", "refusing=3", "lost=2")


class Figures(Struct):
    """One fleet; of a minute, and of what is alive in it."""

    clusters: int
    cpu: float  # s
    rss: float  # MB
    requests: float  # a cluster
    age: float  # s, median
    late_age: float  # s, of 95 % of the looks it is no higher
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
            late_age=quantile(sorted(ages), 0.95) or 0.0,
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


def on_screen(name: str, urls: Sequence[str], ready: str, home: Path, keys: Sequence[str]) -> Program:
    """The whole flinktop on these clusters; one is opened at once."""
    config = home / f"{len(name)}-{len(urls)}.toml"
    tables = [f'[clusters.c{at:03}]\nurl = "{url}"' for at, url in enumerate(urls)]
    config.write_text("\n".join(tables), encoding="utf-8")
    words = [sys.executable, "-m", "flinktop", "--all", "--config", str(config)]
    return Program(name, words, ready, keys)


def screens(arguments: argparse.Namespace) -> bool:
    """Measure fleets on the screen at the same time, and print; whether they cost what they may."""
    counts = (1, max(2, arguments.clusters // 10), arguments.clusters)
    with (
        served("tests.fixture_server", "1.20.5", "--moving") as url,
        tempfile.TemporaryDirectory() as directory,
        ExitStack() as sites,
    ):
        programs = [on_screen(USUAL, [url], "steady", Path(directory), ARROWS)]
        for count in counts:
            site = Site([f"live={count}"])
            sites.callback(site.stop)
            ready = f"{count} of {count} live" if count > 1 else "RUNNING +orders"
            urls, keys = [address for _, address in site.clusters], ARROWS if count > 1 else ()
            programs.append(on_screen(str(count), urls, ready, Path(directory), keys))
        seen = measure_together(
            programs,
            size=SCREEN,
            seconds=arguments.seconds,
            keys=arguments.keys,
            home=Path(directory),
            settle=arguments.settle,
        )
    rows = [summary(program.name, [one]) for program, one in zip(programs, seen, strict=True)]
    say(f"{table('clusters on the screen', rows)}\n")
    usual, one, *fleets = seen
    good = [say_bounds(count, fleet, one, usual) for count, fleet in zip(counts[1:], fleets, strict=True)]
    return all(good)


def say_bounds(count: int, fleet: Seen, one: Seen, usual: Seen) -> bool:
    """Print what a fleet of so many clusters may cost, and whether it does; `usual` answers keys."""
    allowed = MOST_CPU * count / 200
    # One cluster alone costs what the program does.
    cpu = fleet.cpu_per_minute - (one.cpu_per_minute if count < 200 else 0.0)
    more = "" if count == 200 else " more than one"
    found = [
        bound(f"{count} clusters, CPU s a minute{more}", cpu, allowed),
        bound(f"{count} clusters, MB for each more than one", (fleet.rss - one.rss) / (count - 1), MOST_MB),
    ]
    if len(fleet.delays) < LEAST_KEYS or len(usual.delays) < LEAST_KEYS:
        say(f"{count} clusters, keys: {fleet.missed} were not answered, too many to measure")
        return False
    for name, share in (("median", 0.5), ("95 %", 0.95)):
        slow, fast = (quantile(sorted(it.delays), share) or 0.0 for it in (fleet, usual))
        found.append(
            bound(f"{count} clusters, delay of keys by the usual one, {name}", slow / fast, MOST_DELAY)
        )
    return all(found)


def fresh(beside: Figures, alone: Figures) -> bool:
    """Print how old the data of live clusters are beside bad ones, by one alone; whether they may be."""
    what = "age of live clusters' data beside bad ones by one alone"
    return all(
        [
            bound(f"{what}, median", beside.age / alone.age, MOST_AGE),
            bound(f"{what}, 95 %", beside.late_age / alone.late_age, MOST_AGE),
        ]
    )


def bound(what: str, value: float, most: float) -> bool:
    """Print a figure with what it may be; whether it is no more."""
    good = value <= most
    say(f"{what}: {value:.3g}, {most:g} allowed: {'good' if good else 'TOO MUCH'}")
    return good


def row(name: str, one: Figures) -> str:
    return (
        f"| {name} | {one.cpu:.2f} | {one.rss:.1f} | {one.requests:.1f} | {one.age:.1f} | "
        f"{one.late_age:.1f} | {one.worst_age:.1f} | {one.judged} | {one.threads} | {one.stop:.2f} |"
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
    parser.add_argument("--keys", type=int, default=100, help="to press with --screen")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    if arguments.measure:
        figures = measure(arguments.measure, arguments.settle, arguments.seconds)
        sys.stdout.buffer.write(msgspec_json.encode(figures))
        return
    if arguments.screen:
        raise SystemExit(0 if screens(arguments) else 1)
    say(f"| fleet | {' | '.join(COLUMNS)} |")
    say("|---|" + "---:|" * len(COLUMNS))
    if arguments.bad_days:
        alone, beside = apart(("live=1",), arguments), apart(BAD_DAY, arguments)
        say(f"{row('one alone', alone)}\n{row('9 live of 20', beside)}\n")
        raise SystemExit(0 if fresh(beside, alone) else 1)
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
