"""A thousand jobs of which one turns ill, answered over httpx as cheaply as a manual clock allows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from flinktop.engine.engine import Engine
from flinktop.engine.sweep import SECONDS, figures_of
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from tests.manual_clock import ManualClock

ROWS = 30
"""Jobs on an overview of 120x40."""
VERTEX = "cbc357ccb763df2852fee8c4fc7d55f2"
FETCH = 10.0
"""Seconds between two fetches of metrics by the JobManager."""
DAY_MS = 86_400_000


@dataclass
class OneJob:
    """How a job is: a healthy one has run for a day; times are of the clock (s)."""

    state: str = "RUNNING"
    tasks: str = "running"
    counters: dict[str, float] = field(default_factory=dict)
    """What differs from a job that never failed."""
    failures: list[float] = field(default_factory=list)
    failed_checkpoints: list[float] = field(default_factory=list)
    changed: float | None = None
    started: float | None = None
    completes: bool = True
    """Whether any of its checkpoints has completed."""


class Thousand(httpx.AsyncBaseTransport):
    """Answers as Flink does; an unknown id is 404, and empties what is asked of a group."""

    def __init__(self, clock: ManualClock, jobs: int = 1000, release: str = "1.20.5") -> None:
        self.clock = clock
        self.release = release
        self.ids = [f"{number:032x}" for number in range(jobs)]
        self.jobs = {job: OneJob() for job in self.ids}
        self.asked: list[tuple[float, str]] = []
        self.restarts = "numRestarts" if release != "1.9.3" else "fullRestarts"
        self._fetched: dict[str, dict[str, float]] = {}
        self._fetched_at = -FETCH
        self._started = self._now - DAY_MS

    # -- what happens ------------------------------------------------------------------------------------

    def start(self, *, completes: bool = True) -> int:
        """One more job is started; its number."""
        self.ids.append(f"{len(self.ids):032x}")
        self.jobs[self.ids[-1]] = OneJob(started=self.clock.now(), completes=completes)
        return len(self.ids) - 1

    def fail(self, number: int) -> None:
        """The job ends FAILED."""
        self._of(number).state = "FAILED"

    def wait_for_slots(self, number: int) -> None:
        """Its subtasks are scheduled and do not run."""
        self._of(number).tasks = "scheduled"

    def restart(self, number: int) -> None:
        """It has failed, and runs again."""
        job = self._of(number)
        job.failures.append(self.clock.now())
        job.counters[self.restarts] = job.counters.get(self.restarts, 0) + 1

    def fail_checkpoint(self, number: int) -> None:
        job = self._of(number)
        job.failed_checkpoints.append(self.clock.now())
        job.counters["numberOfFailedCheckpoints"] = job.counters.get("numberOfFailedCheckpoints", 0) + 1

    def vanish(self, number: int) -> None:
        """The JobManager forgets it."""
        del self.jobs[self.ids[number]]

    def _of(self, number: int) -> OneJob:
        job = self.jobs[self.ids[number]]
        job.changed = job.changed if job.changed is not None else self.clock.now()
        return job

    # -- what is answered --------------------------------------------------------------------------------

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode().lstrip("/")
        self.asked.append((self.clock.now(), target))
        status, body = self._answer(target)
        text = body if isinstance(body, str) else json.dumps(body)
        return httpx.Response(
            status, text=text, headers={"content-type": "application/json"}, request=request
        )

    def _answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        params, path = dict(parse_qsl(parts.query)), parts.path.split("/")
        match path:
            case ["config"]:
                return 200, {"flink-version": self.release, "refresh-interval": 3000}
            case ["overview" | "taskmanagers"]:
                return 200, {"taskmanagers": 1 if path == ["overview"] else []}
            case ["jobs", "overview"]:
                return 200, {"jobs": [self._row(job) for job in self.jobs]}
            case ["jobs", "metrics"]:
                return 200, self._sums(params)
            case ["jobs", job, *rest] if job in self.jobs:
                return self._about(job, "/".join(rest), params)
        return 404, {"errors": ["Not found."]}

    def _about(self, job: str, what: str, params: dict[str, str]) -> tuple[int, Any]:
        match what:
            case "":
                return 200, self._detail(job)
            case "metrics":
                known = self._metrics(job)
                names = params.get("get", "").split(",")
                return 200, [{"id": name, "value": str(known[name])} for name in names if name in known]
            case "checkpoints":
                return 200, self._checkpoints(job)
            case "checkpoints/config":
                return 200, {"mode": "exactly_once", "interval": 10_000, "timeout": 600_000}
            case "exceptions":
                return 200, self._exceptions(job)
        return 404, {"errors": ["Not found."]}

    @property
    def _now(self) -> int:
        return self._ms(self.clock.now())

    def _ms(self, at: float) -> int:
        return round(1000.0 * (self.clock.wall() - self.clock.now() + at))

    def _begun(self, job: str) -> int:
        failures = self.jobs[job].failures
        return self._ms(failures[-1] + 1.0) if failures else self._started_at(job)

    def _started_at(self, job: str) -> int:
        started = self.jobs[job].started
        return self._ms(started) if started is not None else self._now - DAY_MS

    def _row(self, job: str) -> dict[str, Any]:
        known = self.jobs[job]
        ended = known.state == "FAILED"
        return {
            "jid": job,
            "name": f"job {job[-4:]}",
            "state": known.state,
            "start-time": self._started if known.started is None else self._ms(known.started),
            "end-time": self._ms(known.changed) if ended and known.changed is not None else -1,
            "duration": self._now - self._started_at(job),
            "last-modification": self._now,
            "tasks": {"total": 2, **({"failed": 2} if ended else {known.tasks: 2})},
        }

    def _detail(self, job: str) -> dict[str, Any]:
        known = self.jobs[job]
        task = "FAILED" if known.state == "FAILED" else known.tasks.upper()
        begun = self._ms(known.changed) if task != "RUNNING" and known.changed is not None else None
        vertex = {
            "id": VERTEX,
            "name": "Source: orders -> Sink: print",
            "parallelism": 2,
            "status": task,
            "start-time": begun or self._begun(job),
            "tasks": {task: 2},
            "metrics": {
                "read-records": 0,
                "read-records-complete": True,
                "write-records": 0,
                "write-records-complete": True,
                "accumulated-backpressured-time": 0,
                "accumulated-idle-time": 0,
                "accumulated-busy-time": 0.0,
            },
        }
        return {
            **self._row(job),
            "now": self._now,
            "timestamps": {"RUNNING": begun or self._begun(job)},
            "vertices": [vertex],
            "status-counts": {task: 1},
            "plan": {"jid": job, "name": "job", "type": "STREAMING", "nodes": [{"id": VERTEX}]},
        }

    def _metrics(self, job: str) -> dict[str, float]:
        """As the JobManager fetched them last."""
        if self.clock.now() - self._fetched_at >= FETCH:
            self._fetched_at = self.clock.now()
            self._fetched = {one: dict(known.counters) for one, known in self.jobs.items() if known.counters}
        return {self.restarts: 0, "numberOfFailedCheckpoints": 0, **self._fetched.get(job, {})}

    def _sums(self, params: dict[str, str]) -> list[dict[str, Any]]:
        jobs = [job for job in params["jobs"].split(",") if job in self.jobs]
        known = [self._metrics(job) | {"uptime": self._now - self._begun(job)} for job in jobs]
        found = []
        for name in params["get"].split(","):
            values = [one[name] for one in known if name in one]
            if not values:
                return []
            found.append({"id": name, "sum": float(sum(values)), "min": float(min(values))})
        return found

    def _checkpoints(self, job: str) -> dict[str, Any]:
        """A checkpoint every 10 s; those that failed are the newest."""
        failed = [self._ms(at) for at in self.jobs[job].failed_checkpoints]
        last = min([self._now, *failed]) - 1000
        count = 5 if self.jobs[job].completes else 0
        done = [self._checkpoint(n, last - 10_000 * n, "COMPLETED") for n in range(count)]
        bad = [self._checkpoint(-1 - n, at, "FAILED") for n, at in enumerate(failed)]
        history = [*reversed(bad), *done]
        return {
            "counts": {
                "completed": 20 * count,
                "failed": len(bad),
                "total": 20 * count + len(bad),
                "in_progress": 0,
            },
            "latest": {"completed": done[0] if done else None, "failed": bad[-1] if bad else None},
            "history": history,
        }

    def _checkpoint(self, number: int, at: int, status: str) -> dict[str, Any]:
        found = {
            "id": 1000 - number,
            "status": status,
            "is_savepoint": False,
            "checkpoint_type": "CHECKPOINT",
            "trigger_timestamp": at - 500,
            "latest_ack_timestamp": at,
            "end_to_end_duration": 500,
            "state_size": 1000,
            "num_subtasks": 2,
            "num_acknowledged_subtasks": 2,
        }
        if status == "FAILED":
            found |= {
                "failure_timestamp": at,
                "failure_message": "Checkpoint expired before completing.",
                "num_acknowledged_subtasks": 0,
            }
        return found

    def _exceptions(self, job: str) -> dict[str, Any]:
        entries = [
            {
                "exceptionName": "java.io.IOException",
                "stacktrace": "java.io.IOException: broken pipe",
                "timestamp": self._ms(at),
                "taskName": "Source: orders -> Sink: print (1/2) - execution #0",
                "location": "tm:1",
                "endpoint": "tm:1",
                "taskManagerId": "tm",
                "concurrentExceptions": [],
            }
            for at in reversed(self.jobs[job].failures)
        ]
        newest = entries[0] if entries else {}
        return {
            "root-exception": newest.get("stacktrace"),
            "timestamp": newest.get("timestamp"),
            "all-exceptions": [],
            "exceptionHistory": {"entries": entries, "truncated": False},
        }


@dataclass
class Watched:
    """An engine in front of it, with the rows of an overview on the screen."""

    cluster: Thousand
    engine: Engine

    async def seconds(self, seconds: float) -> None:
        await self.cluster.clock.advance(seconds)

    def kind(self, number: int) -> str | None:
        """What is said of a job."""
        verdict = self.engine.judge.judged.verdicts.get(self.cluster.ids[number])
        return verdict.kind if verdict is not None else None

    async def until(self, number: int, kinds: Iterable[str], most: float = 300.0) -> float:
        """Seconds until one of these is said of it; `most` if it is not."""
        began, wanted = self.cluster.clock.now(), set(kinds)
        while self.kind(number) not in wanted and self.cluster.clock.now() - began < most:
            await self.seconds(1.0)
        return self.cluster.clock.now() - began

    def judged_a_minute(self) -> int:
        """The most requests of the judge in any minute: those that no row asks for."""
        return self.engine.judge.budget.spent


def watching(cluster: Thousand, rows: int = ROWS) -> Watched:
    """Start an engine whose screen shows the first rows."""
    engine = Engine(Connection("http://jm:8081"), cluster.clock, transport=cluster, jitter=lambda: 1.0)
    engine.start()
    engine.poller.watch(JOBS_OVERVIEW())
    engine.poller.watch(OVERVIEW())
    for job in cluster.ids[:rows]:
        for query in figures_of(job):
            engine.poller.watch(query, SECONDS, passing=True)
    return Watched(cluster, engine)
