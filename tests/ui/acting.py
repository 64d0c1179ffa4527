"""A day with flinktop on which something is done: a recorded cluster whose JobManager acts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

from tests.engine.acting import Job, JobManager
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock
from tests.ui.day import Day, monitor

STEADY = "steady"
"""Beginning of the name of the recorded job that all tests may act on."""


class RecordedJobManager(JobManager):
    """Answers what is looked at as it was recorded, and what is done as it is now.

    The jobs are recorded ones under their own ids and names; what was done to them is put over the recording.
    """

    def __init__(self, recording: FixtureCluster, jobs: tuple[str, ...]) -> None:
        """Keep the jobs whose names begin so; time starts when the first of them was recorded."""
        self.recording = recording
        ids = [recording.job(name) for name in jobs]
        began = recording.document(f"jobs/{ids[0]}")["now"]
        super().__init__(ManualClock(began / 1000.0), recording.release)
        self.began = began
        listed = {one["jid"]: one for one in recording.document("jobs/overview")["jobs"]}
        self.jobs = {number: Job(listed[number]["name"], listed[number]["state"]) for number in ids}
        self.listed = {number: listed[number] for number in ids}
        """What the list says of each recorded job."""
        self.jars = {jar["id"]: jar["name"] for jar in recording.document("jars")["files"]}
        self.requirements: dict[str, dict[str, Any]] = {}
        """Resource requirements that were put, by job."""

    def _elsewhere(self, target: str) -> tuple[int, Any]:
        status, body = self.recording.answer(f"/{target}")
        return status, body

    def _routes(self) -> tuple[tuple[str, str, Callable[..., tuple[int, Any]]], ...]:
        recorded = {"overview", "jobmanager/config", "jobs/(\\w+)/checkpoints/config"}
        own = (("GET", "jobs/(\\w+)/checkpoints/config", self._checkpoint_config),)
        return (*own, *(route for route in super()._routes() if route[1] not in recorded))

    def _checkpoint_config(self, number: str, _sent: Any) -> tuple[int, Any]:
        return self._elsewhere(f"jobs/{number}/checkpoints/config")

    def _config(self, _sent: Any) -> tuple[int, Any]:
        told = self.recording.document("config")
        told["features"] = told.get("features", {}) | self.flags
        return 200, told

    def _jobs(self, _sent: Any) -> tuple[int, Any]:
        return 200, {"jobs": [self._listed(number, job) for number, job in self.jobs.items()]}

    def _listed(self, number: str, job: Job) -> dict[str, Any]:
        began = {"jid": number, "start-time": self.began, "end-time": -1, "last-modification": self.began}
        told: dict[str, Any] = {**self.listed.get(number, began), "name": job.name}
        if told.get("state") != job.state:
            ended = job.state not in ("RUNNING", "CREATED", "RESTARTING", "INITIALIZING")
            total = told.get("tasks", {"total": job.subtasks})["total"]
            running = total if job.state == "RUNNING" else 0
            told |= {"state": job.state, "tasks": {"total": total, "running": running}}
            told |= {"end-time": self.now_ms} if ended else {}
        told["duration"] = self.now_ms - told["start-time"]
        return told

    def _job(self, number: str, sent: Any) -> tuple[int, Any]:
        if number not in self.jobs or number not in self.listed:
            return super()._job(number, sent)
        job = self.jobs[number]
        told = self.recording.document(f"jobs/{number}")
        told |= {"name": job.name, "state": job.state, "now": self.now_ms}
        told["duration"] = self.now_ms - told["start-time"]
        for vertex in told["vertices"]:
            wanted = self.requirements.get(number, {}).get(vertex["id"])
            if wanted is not None:
                vertex["parallelism"] = wanted["parallelism"]["upperBound"]
        return 200, told

    def _checkpoints(self, number: str) -> tuple[int, Any]:
        status, told = super()._checkpoints(number)
        if status != 200 or number not in self.listed:
            return status, told
        recorded_status, body = self.recording.answer(f"/jobs/{number}/checkpoints")
        if recorded_status != 200:
            return recorded_status, body
        recorded = json.loads(body)
        recorded["history"] = (told["history"] + recorded["history"])[:10]
        recorded["counts"]["total"] += told["counts"]["total"]
        if told["latest"]["savepoint"] is not None:
            recorded["latest"]["savepoint"] = told["latest"]["savepoint"]
        return 200, recorded

    def _requirements(self, number: str, sent: Any) -> tuple[int, Any]:
        vertices = self._job(number, sent)[1]["vertices"]
        told = {
            vertex["id"]: {"parallelism": {"lowerBound": 1, "upperBound": vertex["parallelism"]}}
            for vertex in vertices
        }
        return 200, told | self.requirements.get(number, {})

    def _require(self, number: str, sent: Any) -> tuple[int, Any]:
        self.requirements[number] = sent
        return 200, {}

    def _jars(self, _sent: Any) -> tuple[int, Any]:
        recorded = self.recording.document("jars")
        files = {jar["id"]: jar for jar in recorded["files"]}
        entry = [{"name": "TestJob", "description": None}]
        recorded["files"] = [
            files.get(jar) or {"id": jar, "name": name, "uploaded": self.now_ms, "entry": entry}
            for jar, name in self.jars.items()
        ]
        return 200, recorded

    def _plan(self, _jar: str, _sent: Any) -> tuple[int, Any]:
        number = next(iter(self.listed))
        return self._main_threw() or self._elsewhere(f"jobs/{number}/plan")

    def _application(self, number: str, _sent: Any) -> tuple[int, Any]:
        if number in self.applications:
            told = self.recording.document(f"applications/{number}")
            return 200, told | {"status": self.applications[number]}
        return self._elsewhere(f"applications/{number}")


class ActingCluster(FixtureCluster):
    """The wire to it: notes every request; a test may break the link or change an answer."""

    def __init__(self, release: str = "1.20.5", jobs: tuple[str, ...] = (STEADY,)) -> None:
        super().__init__(release)
        self.jobmanager = RecordedJobManager(self, jobs)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        if self.failure is not None:
            raise self.failure
        return await self.jobmanager.handle_async_request(request)


@dataclass
class ActingDay(Day):
    """A day on a cluster that acts."""

    @property
    def jobmanager(self) -> RecordedJobManager:
        """What it was asked to do, and how its jobs are."""
        return cast(ActingCluster, self.cluster).jobmanager

    @property
    def job(self) -> str:
        """The id of the first job."""
        return next(iter(self.jobmanager.jobs))

    def acts(self) -> list[str]:
        """What reached the cluster that was no GET: verb and path."""
        return self.jobmanager.acts()

    @property
    def notes(self) -> list[str]:
        """What has been said in toasts, oldest first."""
        return [one.message for one in self.app._notifications]


@asynccontextmanager
async def acting(
    release: str = "1.20.5",
    size: tuple[int, int] = (120, 40),
    *,
    jobs: tuple[str, ...] = (STEADY,),
    prepare: Callable[[RecordedJobManager], None] = lambda _jobmanager: None,
    state: Path | None = None,
    **options: Any,
) -> AsyncIterator[ActingDay]:
    """Flinktop opened on a cluster to which things can be done, with a ledger of its own.

    Args:
        release: whose recording it is.
        size: of the terminal.
        jobs: beginnings of the names of the recorded jobs that it has.
        prepare: changes the JobManager before flinktop is opened: its flags, jars, faults.
        state: where the ledger is kept; a directory of its own otherwise.
        options: as `monitor`'s: protected, read_only, ascii_only, theme.
    """
    cluster = ActingCluster(release, jobs)
    prepare(cluster.jobmanager)
    with tempfile.TemporaryDirectory(prefix="flinktop-acting-") as own:
        async with monitor(
            release,
            size,
            cluster=cluster,
            clock=cluster.jobmanager.clock,
            state=state or Path(own),
            acts=True,
            **options,
        ) as day:
            yield ActingDay(day.app, day.cluster, day.clock, day.port, day.pilot)
