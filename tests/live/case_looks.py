"""Looks at one judged job: what flinktop's judgement asks of a cluster, asked again and again and kept."""

import json
import re
import urllib.error
from pathlib import Path
from typing import Any

from flinktop.engine.clock import Clock
from flinktop.flink import checkpoints, exceptions, jobs, metrics, taskmanagers, vertices
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.endpoint import Query
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.rescale import RESOURCE_REQUIREMENTS
from tests.judgement.recording import NO_ANSWER, TIMED_OUT, Writer
from tests.live.cluster import Answer, Cluster
from tests.live.recorder import neutral

AGGREGATES = "min,max,avg,sum"
TASK_METRICS = (
    "numRecordsIn",
    "numRecordsOut",
    "numRecordsInPerSecond",
    "numRecordsOutPerSecond",
    "busyTimeMsPerSecond",
    "backPressuredTimeMsPerSecond",
    "idleTimeMsPerSecond",
    "isBackPressured",
    "currentInputWatermark",
    "Shuffle.Netty.Input.Buffers.inPoolUsage",
    "Shuffle.Netty.Input.Buffers.inputQueueLength",
    "Shuffle.Netty.Output.Buffers.outPoolUsage",
    "Shuffle.Netty.Output.Buffers.outputQueueLength",
)
OPERATOR_METRICS = (
    "currentOutputWatermark",
    "currentInputWatermark",
    "pendingRecords",
    "currentEmitEventTimeLag",
    "watermarkLag",
    "sourceIdleTime",
    "numLateRecordsDropped",
    "numRecordsInErrors",
    "numRecordsSendErrors",
    "numRecordsIn",
    "numRecordsOut",
    "watermarkAlignmentDrift",
)
PROCESS_METRICS = re.compile(
    r"Status\.JVM\.Memory\.(Heap|NonHeap|Direct|Metaspace)\..*"
    r"|Status\.JVM\.GarbageCollector\..*\.(Count|Time|TimeMsPerSecond)"
    r"|Status\.JVM\.CPU\.Time|Status\.Shuffle\.Netty\..*"
    r"|numRegisteredTaskManagers|numPendingTaskManagers|numRunningJobs|taskSlots(Available|Total)"
)
_PATIENCE = 8.0
"""Seconds that an answer may take."""
_TRACE_LINES = 40
_COMPLETED = 3
"""How many completed checkpoints are looked into."""
_CHECKPOINT_TIMES = 2
"""How often the details of one checkpoint are asked."""


def wanted(listed: list[str]) -> list[str]:
    """Those ids of a vertex's subtasks that a judgement needs."""
    return [
        name
        for name in listed
        if name in TASK_METRICS or ("." in name and name.rpartition(".")[2] in OPERATOR_METRICS)
    ]


def shortened(value: Any) -> Any:
    """The document with its long stack traces cut after some lines, their causes kept."""
    if isinstance(value, dict):
        return {key: shortened(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shortened(member) for member in value]
    if isinstance(value, str) and value.count("\n\tat ") and value.count("\n") > _TRACE_LINES:
        lines = value.split("\n")
        causes = [line for line in lines[_TRACE_LINES:] if line.startswith("Caused by: ")]
        return "\n".join([*lines[:_TRACE_LINES], *causes, ""])
    return value


class Looks:
    """The recording of one case, kept in memory until it is written.

    `jobs` are those of the case; /jobs/overview is cut to them. What is asked but not kept (`warm`) makes
    Flink fetch metrics and sample backpressure, which it does only when somebody asks.
    """

    def __init__(self, cluster: Cluster, case: str) -> None:
        self.cluster = cluster
        self.case = case
        self.jobs: list[str] = []
        self.clock = Clock()
        self.began = self.clock.wall()
        self._keeping = True
        self._adaptive = False
        self._writer = Writer(case, cluster.text, self.began)
        self._once: dict[str, str] = {}
        self._details: dict[str, int] = {}
        self._completed = 0

    def seconds(self) -> float:
        """Since the recording began."""
        return self.clock.wall() - self.began

    def warm(self) -> None:
        """Ask everything and keep nothing."""
        self._keeping = False
        try:
            self.look()
        finally:
            self._keeping = True

    def look(self) -> None:
        """Ask everything once; of a cluster that does not answer only whether it does."""
        if self._ask(CONFIG()).status == NO_ANSWER:
            return
        for query in (OVERVIEW(), jobs.JOBS_OVERVIEW()):
            self._ask(query)
        settings = self._json(self._ask(JOBMANAGER_CONFIG())) or []
        self._adaptive = {"key": "jobmanager.scheduler", "value": "adaptive"} in settings
        self._process(metrics.JOBMANAGER_METRICS())
        found = self._json(self._ask(taskmanagers.TASKMANAGERS())) or {}
        for taskmanager in found.get("taskmanagers", []):
            self._ask(taskmanagers.TASKMANAGER(taskmanager=taskmanager["id"]))
            self._process(metrics.TASKMANAGER_METRICS(taskmanager=taskmanager["id"]))
        for job in self.jobs:
            self._job(job)

    def write(self, directory: Path) -> int:
        """Write the file of the case; its bytes."""
        return self._writer.write(directory / f"{self.cluster.text}-{self.case}.jsonl")

    def _process(self, listing: Query[Any]) -> None:
        """The metrics of a JobManager or TaskManager."""
        names = [name for name in self._listed(listing) if PROCESS_METRICS.fullmatch(name)]
        self._parts(listing.endpoint(**dict(listing.ids), get=names))

    def _job(self, job: str) -> None:
        answer = self._ask(jobs.JOB(job=job))
        if answer.status == 404:  # the JobManager does not know it any more
            return
        if self._adaptive and self.cluster.release >= (1, 18):
            self._ask(RESOURCE_REQUIREMENTS(job=job))
        for query in (
            jobs.JOB_CONFIG(job=job),
            exceptions.EXCEPTIONS(job=job),
            checkpoints.CHECKPOINT_CONFIG(job=job),
        ):
            self._ask(query)
        stats = self._json(self._ask(checkpoints.CHECKPOINTS(job=job))) or {}
        names = self._listed(metrics.JOB_METRICS(job=job))
        self._parts(metrics.JOB_METRICS(job=job, get=names))
        known = (self._json(answer) or {}).get("vertices", [])
        for vertex in known:
            self._vertex(job, vertex["id"], vertex["parallelism"])
        for checkpoint in stats.get("history", []):
            if checkpoint["status"] != "COMPLETED":
                self._checkpoint(job, checkpoint["id"], checkpoint["status"])
        done = [one["id"] for one in stats.get("history", []) if one["status"] == "COMPLETED"]
        if done and self._completed < _COMPLETED and self._keeping:
            self._completed += 1
            self._parts_of(job, done[0])

    def _vertex(self, job: str, vertex: str, parallelism: int) -> None:
        ids = {"job": job, "vertex": vertex}
        self._ask(vertices.VERTEX(**ids))
        self._ask(vertices.VERTEX_BACKPRESSURE(**ids))
        self._times(vertices.SUBTASK_TIMES(**ids))
        if self.cluster.release >= (1, 10):
            self._ask(vertices.VERTEX_WATERMARKS(**ids))
        names = wanted(self._listed(metrics.SUBTASKS_METRICS(**ids)))
        self._parts(metrics.SUBTASKS_METRICS(**ids, agg=AGGREGATES, get=names))
        own = [f"{subtask}.{name}" for subtask in range(parallelism) for name in names]
        self._parts(metrics.VERTEX_METRICS(**ids, get=own))

    def _times(self, query: Query[Any]) -> None:
        """Kept when a subtask entered a state; what else changes is only the time that it is."""
        answer = self._answer(query)
        times = [subtask["timestamps"] for subtask in (self._json(answer) or {}).get("subtasks", [])]
        state = json.dumps([answer.status, times])
        waiting = any(not entered.get("RUNNING") for entered in times)
        if self._keeping and (waiting or self._once.get(query.target) != state):
            self._once[query.target] = state
            self._keep(query.target, answer)

    def _checkpoint(self, job: str, checkpoint: int, status: str) -> None:
        """What is missing of one that is in progress or failed."""
        seen = f"{job} {checkpoint} {status}"
        if not self._keeping or self._details.get(seen, 0) >= _CHECKPOINT_TIMES:
            return
        self._details[seen] = self._details.get(seen, 0) + 1
        query = checkpoints.CHECKPOINT(job=job, checkpoint=checkpoint)
        details = self._json(self._ask(query)) or {}
        for vertex, part in details.get("tasks", {}).items():
            if part["num_acknowledged_subtasks"] < part["num_subtasks"]:
                self._ask(checkpoints.CHECKPOINT_SUBTASKS(job=job, checkpoint=checkpoint, vertex=vertex))

    def _parts_of(self, job: str, checkpoint: int) -> None:
        """Which vertex and subtask had how much of a completed one, and took how long."""
        details = self._json(self._ask(checkpoints.CHECKPOINT(job=job, checkpoint=checkpoint))) or {}
        for vertex in details.get("tasks", {}):
            self._ask(checkpoints.CHECKPOINT_SUBTASKS(job=job, checkpoint=checkpoint, vertex=vertex))

    def _listed(self, query: Query[Any]) -> list[str]:
        """The ids that a path lists; the list is kept when it is new."""
        answer = self._answer(query)
        listed = [metric["id"] for metric in self._json(answer) or []]
        state = json.dumps(sorted(listed))
        if self._keeping and self._once.get(query.target) != state:
            self._once[query.target] = state
            self._keep(query.target, answer)
        return sorted(listed)

    def _parts(self, query: Query[Any]) -> None:
        """Ask in as many requests as Flink's limit of a request line makes necessary."""
        for part in query.parts():
            self._ask(part)

    def _ask(self, query: Query[Any]) -> Answer:
        answer = self._answer(query)
        if self._keeping:
            self._keep(query.target, answer)
        return answer

    def _answer(self, query: Query[Any]) -> Answer:
        try:
            return self.cluster.ask("GET", query.target, seconds=_PATIENCE)
        except TimeoutError:
            return Answer(NO_ANSWER, TIMED_OUT.encode())
        except OSError as error:  # URLError is one, and tells the reason in its own way
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            words = TIMED_OUT if isinstance(reason, TimeoutError) else getattr(reason, "strerror", None)
            return Answer(NO_ANSWER, (words or type(reason).__name__).encode())

    def _keep(self, target: str, answer: Answer) -> None:
        at = self.seconds()
        text = answer.body.decode("utf-8", errors="replace")
        if answer.status in {NO_ANSWER, 503}:
            pass  # no JSON
        elif target == "jobs/overview":
            found = json.loads(text)
            found["jobs"] = [job for job in found["jobs"] if job["jid"] in self.jobs]
            text = json.dumps(found, separators=(",", ":"))
        elif "exceptions" in target or "checkpoints" in target:
            text = json.dumps(shortened(json.loads(text)), separators=(",", ":"))
        text = neutral(self.cluster, text)
        self._writer.add(at, neutral(self.cluster, target), answer.status, text)

    @staticmethod
    def _json(answer: Answer) -> Any:
        return json.loads(answer.body) if answer.status == 200 else None
