"""A JobManager that acts: takes savepoints, cancels jobs, runs jars, on a manual clock and a bad link."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from flinktop.engine.acts.target import Target
from flinktop.engine.lane import Lane
from flinktop.engine.ledger import Ledger, Owner
from flinktop.engine.operation import Operation
from flinktop.engine.operations import Operations
from flinktop.flink.connection import Connection
from tests.manual_clock import ManualClock, settle

JOB = "a" * 32
URL = "http://flink.test:8081"
FORGETS_AFTER = 300.0
"""Seconds for which Flink remembers the result of an asynchronous operation."""
CACHED = 3.0
"""Seconds for which it answers from the cache of a job's checkpoints."""
HISTORY = 10
HANGS = 10.0
"""Seconds after which a request that hangs is given up."""


@dataclass
class Savepoint:
    """One that was triggered."""

    id: int
    trigger: str
    job: str
    triggered: float
    ends: float
    path: str
    fails: str | None = None
    cancels: bool = False
    stops: bool = False
    aborted: bool = False
    """A restart of the JobManager came before its end."""

    def status(self, now: float) -> str:
        if self.aborted:
            return "ABORTED"
        if now < self.ends:
            return "IN_PROGRESS"
        return "FAILED" if self.fails else "COMPLETED"


@dataclass
class Job:
    """One job."""

    name: str
    state: str = "RUNNING"
    subtasks: int = 4
    parallelism: int = 2
    bounds: tuple[int, int] = (1, 2)


Fault = Callable[[str, str], str]
"""By verb and path: "", "refused", "hangs", "nothing behind" (a proxy can't connect), "cut before",
"cut after", "late 20", a status such as "502" with which a proxy answers in Flink's place, or "after 502"
with which it does so after Flink has acted."""


class JobManager(httpx.AsyncBaseTransport):
    """Answers like Flink where acts are concerned; everything it did is kept for the test to look at."""

    def __init__(self, clock: ManualClock, release: str = "1.20.5") -> None:
        self.clock = clock
        self.release = release
        self.version = tuple(int(part) for part in release.split("."))
        self.jobs = {JOB: Job("orders [v1]")}
        self.savepoints: list[Savepoint] = []
        self.takes = 5.0
        """Seconds that a savepoint takes."""
        self.fails: str | None = None
        """Why the next savepoints fail."""
        self.jars: dict[str, str] = {}
        self.applications: dict[str, str] = {}
        self.datasets: list[str] = []
        self.runs: list[dict[str, Any]] = []
        """Of the profiler."""
        self.gone = False
        """Shut down: nothing listens."""
        self.main_throws: str | None = None
        self.errors: list[str] | None = None
        """What a run or a plan is answered with instead of a job or a graph, with status 500."""
        self.starts_as = "RUNNING"
        """State of a job that has been started."""
        self.fault: Fault = lambda _method, _path: ""
        self.lines: list[str] = []
        """Verbs and paths that came here."""
        self.sent: list[tuple[str, Any]] = []
        """What came that was no GET: verb and path, and its JSON; {} for anything else."""
        self.flags: dict[str, bool] = {}
        self.restarts = 0
        self.requests = 0
        self._known: dict[str, Any] = {}
        """Operations by trigger, as far as this JobManager remembers."""
        self._counted = 0
        self._file = ""
        """Name of the file that came last."""
        self._history_since = 0
        self._arrivals: list[tuple[float, str, str, bytes]] = []
        self._cache: dict[str, tuple[float, tuple[int, Any]]] = {}

    # -- the wire --------------------------------------------------------------------------------------

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().lstrip("/")
        body = await request.aread()
        self.requests += 1
        self.catch_up()
        fault = self.fault(request.method, path)
        if self.gone or fault == "refused":
            raise httpx.ConnectError("connection refused", request=request)
        if fault == "nothing behind":
            return httpx.Response(503, text="no healthy upstream", request=request)
        if fault == "hangs":
            await self.clock.sleep(HANGS)
            raise httpx.ReadTimeout("late", request=request)
        if fault == "cut before":
            raise httpx.ReadError("cut", request=request)
        if fault.startswith("late "):
            self._arrivals.append((self.clock.now() + float(fault[5:]), request.method, path, body))
            raise httpx.ReadTimeout("late", request=request)
        if fault.isdigit():
            return httpx.Response(int(fault), text="<html><title>Bad Gateway</title></html>", request=request)
        status, answer = self._answer(request.method, path, body)
        if fault == "cut after":
            raise httpx.ReadError("cut", request=request)
        if fault.startswith("after "):
            page = "<html><title>Sorry</title></html>"
            return httpx.Response(int(fault[6:]), text=page, request=request)
        if isinstance(answer, bytes):
            return httpx.Response(status, content=answer, request=request)
        return httpx.Response(status, json=answer, request=request)

    def catch_up(self) -> None:
        """Take in what has been under way, and let time do its work."""
        due = [one for one in self._arrivals if one[0] <= self.clock.now()]
        self._arrivals = [one for one in self._arrivals if one[0] > self.clock.now()]
        for _at, method, path, body in due:
            self._answer(method, path, body)
        for savepoint in self.savepoints:
            done = savepoint.status(self.clock.now()) == "COMPLETED"
            job = self.jobs[savepoint.job]
            if done and job.state == "RUNNING" and (savepoint.cancels or savepoint.stops):
                job.state = "CANCELED" if savepoint.cancels else "FINISHED"

    def restart(self) -> None:
        """The JobManager dies and comes back, with its jobs and without its memory."""
        self.restarts += 1
        for savepoint in self.savepoints:
            savepoint.aborted = savepoint.aborted or savepoint.status(self.clock.now()) == "IN_PROGRESS"
        self._known.clear()
        self._cache.clear()
        self._history_since = len(self.savepoints)

    @property
    def now_ms(self) -> int:
        return int(self.clock.wall() * 1000)

    def acts(self) -> list[str]:
        """What came that was no GET."""
        return [line for line in self.lines if not line.startswith("GET")]

    # -- answers ---------------------------------------------------------------------------------------

    def _answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        path = target.partition("?")[0]
        self.lines.append(f"{method} {target}")
        sent = json.loads(body) if body[:1] == b"{" else {}
        if method != "GET":
            self.sent.append((f"{method} {target}", sent))
        named = re.search(rb'filename="([^"]+)"', body[:1000])
        self._file = named[1].decode() if named else "job.jar"
        for verb, pattern, answer in self._routes():
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return answer(*found.groups(), sent)
        return self._elsewhere(target)

    def _elsewhere(self, _target: str) -> tuple[int, Any]:
        """The answer to what it knows nothing of."""
        return 404, _error("Unable to load requested file /x.")

    def _routes(self) -> tuple[tuple[str, str, Callable[..., tuple[int, Any]]], ...]:
        return (
            ("GET", "config", self._config),
            ("GET", "overview", lambda _sent: (200, {"slots-available": 3})),
            ("GET", "jobs", self._job_ids),
            ("GET", "jobs/overview", self._jobs),
            ("GET", "jobmanager/config", lambda _sent: (200, [])),
            ("GET", "jobs/(\\w+)", self._job),
            ("PATCH", "jobs/(\\w+)", self._cancel),
            ("GET", "jobs/(\\w+)/checkpoints", self._cached_checkpoints),
            ("GET", "jobs/(\\w+)/checkpoints/config", lambda _job, _sent: (200, {"externalization": {}})),
            ("GET", "jobs/(\\w+)/execution-result", self._result),
            ("POST", "jobs/(\\w+)/savepoints", lambda job, sent: self._savepoint(job, sent, stops=False)),
            ("POST", "jobs/(\\w+)/stop", lambda job, sent: self._savepoint(job, sent, stops=True)),
            ("GET", "jobs/(\\w+)/savepoints/(\\w+)", self._status),
            ("POST", "jobs/(\\w+)/checkpoints", self._checkpoint),
            ("GET", "jobs/(\\w+)/checkpoints/(\\w+)", lambda _job, trigger, _sent: self._of(trigger)),
            ("GET", "jobs/(\\w+)/resource-requirements", self._requirements),
            ("PUT", "jobs/(\\w+)/resource-requirements", self._require),
            ("POST", "savepoint-disposal", self._dispose),
            ("GET", "savepoint-disposal/(\\w+)", lambda trigger, _sent: self._of(trigger)),
            ("GET", "datasets", self._list_datasets),
            ("DELETE", "datasets/(\\w+)", self._delete_dataset),
            ("GET", "datasets/delete/(\\w+)", lambda trigger, _sent: self._of(trigger)),
            ("GET", "jars", self._jars),
            ("POST", "jars/upload", self._upload),
            ("DELETE", "jars/(.+)", self._delete),
            ("POST", "jars/([^/]+)/run", self._run),
            ("POST", "jars/([^/]+)/plan", self._plan),
            ("GET", "jars/([^/]+)/plan", self._plan),
            ("POST", "jobs", self._submit),
            ("DELETE", "cluster", self._shutdown),
            ("GET", "jobmanager/profiler", lambda _sent: (200, {"profilingList": self.runs})),
            ("POST", "jobmanager/profiler", self._profile),
            ("GET", "applications/(\\w+)", self._application),
            ("POST", "applications/(\\w+)/cancel", self._cancel_application),
        )

    def _config(self, _sent: Any) -> tuple[int, Any]:
        return 200, {"flink-version": self.release, "refresh-interval": 3000, "features": self.flags}

    def _jobs(self, _sent: Any) -> tuple[int, Any]:
        jobs = [
            {
                "jid": number,
                "name": job.name,
                "state": job.state,
                "tasks": {"total": job.subtasks, "running": job.subtasks if job.state == "RUNNING" else 0},
            }
            for number, job in self.jobs.items()
        ]
        return 200, {"jobs": jobs}

    def _job_ids(self, _sent: Any) -> tuple[int, Any]:
        return 200, {"jobs": [{"id": number, "status": job.state} for number, job in self.jobs.items()]}

    def _job(self, number: str, _sent: Any) -> tuple[int, Any]:
        if number not in self.jobs:
            return 404, _error(f"Job {number} not found")
        job = self.jobs[number]
        vertex = {"id": "v1", "name": "Map", "parallelism": job.parallelism, "maxParallelism": 128}
        told = {"jid": number, "name": job.name, "state": job.state, "now": self.now_ms, "vertices": [vertex]}
        return 200, told

    def _cancel(self, number: str, _sent: Any) -> tuple[int, Any]:
        job = self.jobs.get(number)
        if job is None:
            return 404, _error("Job could not be found.")
        if job.state in ("FINISHED", "FAILED"):
            return 409, _error(f"Job cancellation failed because the job has already reached {job.state}.")
        job.state = "CANCELED"
        return 202, {}

    def _result(self, number: str, _sent: Any) -> tuple[int, Any]:
        result = {"id": number, **_cause("no space left on device")}
        return 200, {"status": {"id": "COMPLETED"}, "job-execution-result": result}

    # -- savepoints ------------------------------------------------------------------------------------

    def _savepoint(self, number: str, sent: Any, *, stops: bool) -> tuple[int, Any]:
        mandatory = "drain" if stops else "cancel-job"
        if self.version < (1, 13) and mandatory not in sent:
            return 400, _error("Request did not match expected format.")
        if self.version < (1, 15) and {"formatType", "triggerId"} & set(sent):
            return 400, _error("Request did not match expected format.")
        trigger = sent.get("triggerId") or f"{len(self.savepoints) + 1:032x}"
        if trigger in self._known:
            return 202, {"request-id": trigger}
        directory = sent.get("targetDirectory" if stops else "target-directory") or "file:/savepoints"
        count = len(self.savepoints) + 1
        self._counted += 1
        savepoint = Savepoint(
            id=100 + count,
            trigger=trigger,
            job=number,
            triggered=self.clock.wall(),
            ends=self.clock.now() + self.takes,
            path=f"{directory}/savepoint-{count}",
            fails=self.fails,
            cancels=bool(sent.get("cancel-job")),
            stops=stops,
        )
        self.savepoints.append(savepoint)
        self._known[trigger] = savepoint
        return 202, {"request-id": trigger}

    def _status(self, _job: str, trigger: str, _sent: Any) -> tuple[int, Any]:
        savepoint = self._known.get(trigger)
        if savepoint is None or self.clock.now() > savepoint.ends + FORGETS_AFTER:
            return 404, _error(f"There is no savepoint operation with triggerId={trigger}")
        status = savepoint.status(self.clock.now())
        if status == "IN_PROGRESS":
            return 200, {"status": {"id": "IN_PROGRESS"}, "operation": None}
        failed = _cause(savepoint.fails or "aborted")
        operation = {"location": savepoint.path} if status == "COMPLETED" else failed
        return 200, {"status": {"id": "COMPLETED"}, "operation": operation}

    def _cached_checkpoints(self, number: str, _sent: Any) -> tuple[int, Any]:
        kept = self._cache.get(number)
        if kept is None or self.clock.now() - kept[0] > CACHED:
            kept = self._cache[number] = (self.clock.now(), self._checkpoints(number))
        return kept[1]

    def _checkpoints(self, number: str) -> tuple[int, Any]:
        if number not in self.jobs:
            return 404, _error(f"Job {number} not found")
        now = self.clock.now()
        told = [
            {
                "className": "x",
                "id": one.id,
                "status": one.status(now),
                "is_savepoint": True,
                "trigger_timestamp": int(one.triggered * 1000),
                "external_path": one.path if one.status(now) == "COMPLETED" else None,
                "failure_message": one.fails,
            }
            for one in self.savepoints[self._history_since :]
            if one.job == number
        ]
        latest = next((one for one in reversed(told) if one["status"] == "COMPLETED"), None)
        counts = {"total": len(told)}
        return 200, {"counts": counts, "latest": {"savepoint": latest}, "history": told[::-1][:HISTORY]}

    def _checkpoint(self, _job: str, sent: Any) -> tuple[int, Any]:
        self._known[sent["triggerId"]] = {"checkpointId": 7}
        return 202, {"request-id": sent["triggerId"]}

    def _dispose(self, sent: Any) -> tuple[int, Any]:
        there = next((one for one in self.savepoints if one.path == sent["savepoint-path"]), None)
        trigger = f"{len(self._known) + 500:032x}"
        self._known[trigger] = {} if there else _cause("Could not dispose savepoint: no such file")
        if there is not None:
            self.savepoints.remove(there)
        return 200, {"request-id": trigger}

    def _list_datasets(self, _sent: Any) -> tuple[int, Any]:
        return 200, {"dataSets": [{"id": one, "isComplete": True} for one in self.datasets]}

    def _delete_dataset(self, dataset: str, _sent: Any) -> tuple[int, Any]:
        trigger = f"{len(self._known) + 700:032x}"
        self._known[trigger] = {} if dataset in self.datasets else _cause("no such dataset")
        self.datasets = [one for one in self.datasets if one != dataset]
        return 202, {"request-id": trigger}

    def _of(self, trigger: str) -> tuple[int, Any]:
        if trigger not in self._known:
            return 404, _error("Operation not found under key: x")
        return 200, {"status": {"id": "COMPLETED"}, "operation": self._known[trigger]}

    # -- the rest --------------------------------------------------------------------------------------

    def _requirements(self, number: str, _sent: Any) -> tuple[int, Any]:
        low, high = self.jobs[number].bounds
        return 200, {"v1": {"parallelism": {"lowerBound": low, "upperBound": high}}}

    def _require(self, number: str, sent: Any) -> tuple[int, Any]:
        wanted = sent["v1"]["parallelism"]
        self.jobs[number].bounds = (wanted["lowerBound"], wanted["upperBound"])
        return 200, {}

    def _jars(self, _sent: Any) -> tuple[int, Any]:
        return 200, {"files": [{"id": jar, "name": name, "uploaded": 1} for jar, name in self.jars.items()]}

    def _upload(self, _sent: Any) -> tuple[int, Any]:
        jar = f"{len(self.jars)}_{self._file}"
        self.jars[jar] = self._file
        return 200, {"filename": f"/tmp/{jar}", "status": "success"}

    def _delete(self, jar: str, _sent: Any) -> tuple[int, Any]:
        if self.jars.pop(jar, None) is None:
            return 400, _error(f"File {jar} does not exist")
        return 200, {}

    def _plan(self, _jar: str, _sent: Any) -> tuple[int, Any]:
        return self._main_threw() or (200, {"plan": {"name": "planned"}})

    def _main_threw(self) -> tuple[int, Any] | None:
        if self.errors is not None:
            return 500, {"errors": self.errors}
        if self.main_throws is None:
            return None
        return 400, _error(
            "org.apache.flink.runtime.rest.handler.RestHandlerException: Could not execute application.\n"
            f"\tat x.Y(Z.java:1)\nCaused by: java.lang.IllegalStateException: {self.main_throws}\n"
        )

    def _run(self, _jar: str, sent: Any) -> tuple[int, Any]:
        if (threw := self._main_threw()) is not None:
            return threw
        self.jobs[sent["jobId"]] = Job("run", self.starts_as)
        return 200, {"jobid": sent["jobId"]}

    def _submit(self, _sent: Any) -> tuple[int, Any]:
        number = "b" * 32
        self.jobs[number] = Job("submitted")
        return 202, {"jobUrl": f"/jobs/{number}"}

    def _profile(self, sent: Any) -> tuple[int, Any]:
        run = {
            "status": "FINISHED",
            "triggerTime": self.now_ms,
            "duration": sent["duration"],
            "outputFile": "x",
        }
        self.runs.append(run)
        return 202, run

    def _shutdown(self, _sent: Any) -> tuple[int, Any]:
        self.gone = True
        return 200, {}

    def _application(self, number: str, _sent: Any) -> tuple[int, Any]:
        if number not in self.applications:
            return 404, _error("not found")
        return 200, {"id": number, "status": self.applications[number]}

    def _cancel_application(self, number: str, _sent: Any) -> tuple[int, Any]:
        self.applications[number] = "CANCELED"
        return 202, {}


def _error(text: str) -> dict[str, Any]:
    return {"errors": [text]}


def _cause(text: str) -> dict[str, Any]:
    trace = f"java.util.concurrent.CompletionException: a.B: wrapped\nCaused by: java.io.IOException: {text}"
    return {"failure-cause": {"class": "a.B", "stack-trace": trace}}


@dataclass
class Desk:
    """One flinktop at work on a JobManager: its operations on a manual clock."""

    jobmanager: JobManager
    ledger: Ledger | None
    operations: Operations
    touched: list[Any] = field(default_factory=list)

    async def quiet(self) -> None:
        """Let everything run until nothing moves without the clock."""
        while True:
            before = self.jobmanager.requests
            await settle()
            if any(thread.name == "flinktop-secret" for thread in threading.enumerate()):
                # The credentials of a connection are read on a thread.
                continue
            if self.jobmanager.requests == before:
                return

    async def advance(self, seconds: float, step: float = 0.5) -> None:
        """Move on in small steps, as answers take turns of the loop."""
        end = self.jobmanager.clock.now() + seconds
        await self.quiet()
        while self.jobmanager.clock.now() < end:
            await self.jobmanager.clock.advance(min(step, end - self.jobmanager.clock.now()))
            await self.quiet()

    def operation(self, number: str) -> Operation:
        return next(one for one in self.operations.view.all if one.id == number)

    async def do(self, act: Any, number: str = "1" * 32, typed: str | None = None) -> Operation:
        """Submit an act and let it come as far as it can without time."""
        self.operations.submit(act, number, typed)
        await self.quiet()
        return self.operation(number)

    async def until_ended(self, number: str = "1" * 32, seconds: float = 3600.0) -> Operation:
        """Move on until an operation has ended."""
        await self.quiet()
        end = self.jobmanager.clock.now() + seconds
        while not self.operation(number).state.final:
            assert self.jobmanager.clock.now() < end, self.operation(number)
            await self.advance(2.0, 1.0)
        return self.operation(number)


def desk(
    jobmanager: JobManager,
    ledger: Ledger | None,
    *,
    read_only: bool = False,
    protected: bool = False,
    resume: bool = True,
) -> Desk:
    """Operations of one flinktop, started."""
    touched: list[Any] = []
    operations = Operations(
        Lane(Connection(URL, read_only=read_only), transport=jobmanager),
        ledger,
        jobmanager.clock,
        Target("prod", URL, read_only=read_only, protected=protected),
        touched=touched.append,
        resume=resume,
    )
    operations.start()
    return Desk(jobmanager, ledger, operations, touched)


def process(number: int) -> Owner:
    """A flinktop of its own."""
    return Owner("here", number, f"{number:08x}")
