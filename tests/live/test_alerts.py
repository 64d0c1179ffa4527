"""Alerts of jobs on a real Flink: each calls once, in time, also beside a terminal that nobody reads."""

from __future__ import annotations

import contextlib
import json
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from flinktop.engine.clock import Clock
from tests.live.record_cases import Stage
from tests.live.submission import wait_for
from tests.terminal.monitor import LIVE, STARTS, command, drag, environment, monitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.live.cluster import Cluster

pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize(
        "release", [pytest.param("1.20.5", marks=pytest.mark.long), "2.3.0"], indirect=True
    ),
]

SETTLED = 35.0
"""Seconds after which what stood at the start has been called about."""
CALLS_WITHIN = 15.0
"""Seconds from Flink's own report of what is wrong until the hook is called about it."""
CLEARS_WITHIN = 60.0
STALLED = 60.0
"""Seconds for which one terminal is not read, all the more so before anything happens."""
STALLED_LATER = 2.0
"""Seconds by which a call may be later there, in the mean of the turns."""
BETWEEN_LOOKS = 3.0
"""Seconds between two looks: in a single turn two flinktops that look at the same may differ by that."""
TURNS, APART = 3, 10.0
"""How often jobs are started, and seconds between: more changes at once would be one summary."""
DECLINED, FAILED = "alerts declined", "alerts failed"
CONFIG = """
[notify]
command = [{python}, {hook}, {called}]

[[alerts]]
jobs = "alerts *"
severity = "warning"
"""
HOOK = """
import json, os, sys, time
began = time.time()
directory = sys.argv[1]
text = sys.stdin.read()
name = os.path.join(directory, str(time.time_ns()))
with open(name + ".part", "w", encoding="utf-8") as file:
    json.dump({"began": began, "document": json.loads(text)}, file)
os.rename(name + ".part", name + ".json")
"""


@dataclass(frozen=True)
class Called:
    """A call of the hook."""

    began: float  # s since 1970
    event: str
    job: str
    kind: str


@dataclass(frozen=True)
class Watching:
    """One flinktop with a state directory and a hook of its own."""

    home: Path

    @classmethod
    def prepared(cls, home: Path) -> Watching:
        called = home / "called"
        called.mkdir(parents=True)
        (home / "hook.py").write_text(HOOK, encoding="utf-8")
        config = home / "config" / "flinktop" / "config.toml"
        config.parent.mkdir(parents=True)
        places = {"python": sys.executable, "hook": str(home / "hook.py"), "called": str(called)}
        quoted = {name: json.dumps(value) for name, value in places.items()}
        config.write_text(CONFIG.format(**quoted), encoding="utf-8")
        return cls(home)

    def calls(self, job: str = "") -> list[Called]:
        """The calls about a job, or about all jobs of this test, oldest first."""
        found = []
        for path in sorted((self.home / "called").glob("*.json")):
            one = json.loads(path.read_text(encoding="utf-8"))
            document = one["document"]
            assert document["version"] == 1
            of = document["job"]
            for name, finding in _findings(document):
                if name.startswith("alerts ") and name.startswith(job):
                    found.append(Called(one["began"], document["event"], name, finding["kind"]))
            assert of is None or len(of["id"]) == 32
        return found

    def when(self, event: str, job: str, kind: str) -> float | None:
        """When the hook was called first about something."""
        return next((one.began for one in self.calls(job) if (one.event, one.kind) == (event, kind)), None)


def _findings(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of jobs and what was found; of a summary each."""
    if document.get("alerts"):
        for one in document["alerts"]:
            yield (one["job"] or {}).get("name", ""), one["finding"]
    else:
        yield (document["job"] or {}).get("name", ""), document["finding"]


@contextlib.contextmanager
def watcher(it: Watching, url: str) -> Iterator[subprocess.Popen[str]]:
    """`flinktop watch`, ended by SIGTERM."""
    process = subprocess.Popen(
        command("watch", url, "--json"),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment(it.home)},
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        lines, _ = process.communicate(timeout=10)
        (it.home / "lines").write_text(lines, encoding="utf-8")
    assert process.returncode == 0


def declining(file: Path) -> tuple[str, ...]:
    """The arguments of a job whose checkpoints fail while a file exists."""
    return (
        "--checkpoint", "2000", "--tolerate", "100000", "--parallelism", "1",
        "orders | source rate=20", f"enrich | map by=rebalance decline=1 while={file}", "write | sink",
    )  # fmt: skip


def failing(file: Path) -> tuple[str, ...]:
    """The arguments of a job that fails for good while a file exists."""
    return (
        "--restarts", "0", "--parallelism", "1",
        "orders | source rate=20", f"write | sink by=rebalance fail=3 while={file}",
    )  # fmt: skip


def has_failed_checkpoint(cluster: Cluster, job: str) -> bool:
    """Whether Flink reports a failed checkpoint of a job."""
    answer = cluster.ask("GET", f"jobs/{job}/checkpoints")
    # An initializing job has none yet.
    return answer.status == 200 and any(one["status"] == "FAILED" for one in answer.json()["history"])


def has_failed(cluster: Cluster, job: str) -> bool:
    answer = cluster.ask("GET", f"jobs/{job}")
    return answer.status == 200 and bool(answer.json()["state"] == "FAILED")


@dataclass
class Turn:
    """Two jobs of their own: one whose checkpoints fail, and one that ends FAILED."""

    declined: str
    failed: str
    ran: list[str] = field(default_factory=list)
    told: dict[str, float] = field(default_factory=dict)
    """When Flink reported what is wrong, by kind (s since 1970)."""

    @classmethod
    def named(cls, number: int) -> Turn:
        return cls(f"{DECLINED} {number}", f"{FAILED} {number}")

    @property
    def raised(self) -> tuple[tuple[str, str], ...]:
        """Kinds of findings, and of which job each is."""
        return ("failed", self.failed), ("checkpoints-failing", self.declined)

    def go(self, stage: Stage, everybody: Iterable[Watching], trouble: Path) -> None:
        """Start the jobs, and wait until everybody has called about both."""
        cluster, clock = stage.cluster, Clock()
        self.ran.append(stage.run(self.declined, declining(trouble)))
        self.ran.append(stage.run(self.failed, failing(trouble)))
        reports: dict[str, Callable[[], bool]] = {
            "failed": lambda: has_failed(cluster, self.ran[1]),
            "checkpoints-failing": lambda: has_failed_checkpoint(cluster, self.ran[0]),
        }

        def has_reported() -> bool:
            for kind, has in reports.items():
                if kind not in self.told and has():
                    self.told[kind] = clock.wall()
            return len(self.told) == len(reports)

        wait_for("both reports of Flink", has_reported)
        wait_for("calls of everybody", lambda: self.called("raised", everybody), CALLS_WITHIN + 15.0)

    def late(self, it: Watching) -> dict[str, float]:
        """Seconds from each report to the call about it, which must have come once."""
        found = {}
        for kind, job in self.raised:
            events = [one.event for one in it.calls(job) if one.kind == kind and one.event != "escalated"]
            assert events in (["raised"], ["raised", "cleared"]), f"{it.home.name}: {it.calls()}"
            found[kind] = (it.when("raised", job, kind) or 0.0) - self.told[kind]
        return found

    def called(self, event: str, everybody: Iterable[Watching]) -> bool:
        return all(it.when(event, job, kind) for it in everybody for kind, job in self.raised)


def cancel(cluster: Cluster, jobs: Iterable[str]) -> None:
    for job in jobs:
        cluster.ask("PATCH", f"jobs/{job}?mode=cancel")


def is_little(kind: str, behind: list[float], record_property: Any) -> None:
    """Hold how much later the stalled one called (s), turn by turn, to what is allowed."""
    told = f"{', '.join(f'{one:.1f} s' for one in behind)} later"
    record_property(f"{kind}, stalled", told)
    assert statistics.mean(behind) <= STALLED_LATER, f"{kind}: {told}"
    assert max(behind) <= STALLED_LATER + BETWEEN_LOOKS, f"{kind}: {told}"


def test_each_calls_once_whether_the_terminal_is_read_or_not(
    cluster: Cluster, jobs: dict[str, str], tmp_path: Path, record_property: Any
) -> None:
    assert jobs
    read, stalled, daemon = (Watching.prepared(tmp_path / name) for name in ("read", "stalled", "watch"))
    everybody = (read, stalled, daemon)
    trouble = tmp_path / "trouble"
    turns = [Turn.named(number) for number in range(TURNS)]
    last = turns[-1]
    with contextlib.ExitStack() as stack:
        stage = Stage(cluster, stack)
        stack.callback(lambda: cancel(cluster, [job for turn in turns for job in turn.ran]))
        first = stack.enter_context(monitor(read.home, cluster.url))
        second = stack.enter_context(monitor(stalled.home, cluster.url))
        stack.enter_context(watcher(daemon, cluster.url))
        for pty in (first, second):
            pty.wait_for(LIVE, STARTS)
        with second.unread():
            # The program is held up as soon as the kernel takes no more.
            drag(second)
            began = time.monotonic()
            time.sleep(SETTLED)
            assert not any(it.calls() for it in everybody)
            trouble.touch()
            for turn in turns:
                turn.go(stage, everybody, trouble)
                if turn is not last:
                    cancel(cluster, turn.ran)
                    time.sleep(APART)
            trouble.unlink()
            last.ran.append(stage.run(last.failed, failing(trouble)))
            wait_for("all of it cleared", lambda: last.called("cleared", everybody), CLEARS_WITHIN)
            time.sleep(max(0.0, STALLED - (time.monotonic() - began)))
            unread = time.monotonic() - began
        first.wait_for(LIVE)
        second.wait_for(LIVE, STARTS)

    record_property("terminal not read", f"{unread:.0f} s")
    assert all(it.when("cleared", job, kind) for it in everybody for kind, job in last.raised)
    behind = dict[str, list[float]]()
    for turn in turns:
        for it in everybody:
            for kind, late in turn.late(it).items():
                record_property(f"{kind}, {it.home.name}", f"{late:.1f} s after Flink's report")
                assert late <= CALLS_WITHIN, f"{it.home.name}: {kind} {late:.1f} s"
        without = turn.late(read)
        for kind, late in turn.late(stalled).items():
            behind.setdefault(kind, []).append(late - without[kind])
    for kind, some in behind.items():
        is_little(kind, some, record_property)
    lines = [json.loads(line) for line in (daemon.home / "lines").read_text("utf-8").splitlines()]
    assert {"raised", "cleared"} <= {line.get("event") for line in lines}
