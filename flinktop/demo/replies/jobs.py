"""/jobs: the lists, one job with its vertices, its configuration, result and accumulators."""

from __future__ import annotations

import base64
from collections import Counter
from typing import TYPE_CHECKING, Any

from flinktop.demo.faults import FAULTS, name_of
from flinktop.demo.life import JOB_STATES, TASK_STATES
from flinktop.demo.noise import identity
from flinktop.demo.replies.answer import Asked, Refusal, job_of
from flinktop.demo.replies.plan import plan_document, stream_graph

if TYPE_CHECKING:
    from flinktop.demo.flow import Totals, VertexPlan
    from flinktop.demo.world import JobMoment, Moment


ENDS = ("FINISHED", "CANCELED", "FAILED")


def jobs(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """/jobs."""
    return {"jobs": [{"id": job.plan.id, "status": job.state} for job in moment.jobs]}


def overview(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """/jobs/overview."""
    return {"jobs": [job_row(moment, job) for job in moment.jobs]}


def job_row(moment: Moment, job: JobMoment) -> dict[str, Any]:
    """One job of the list; its tasks are counted in lower case here."""
    begun, ended = span(moment, job)
    counted = tasks_by_state(job)
    tasks = {state.lower(): counted.get(state, 0) for state in TASK_STATES}
    return moment.release.keep(
        "jobs-overview",
        {
            "jid": job.plan.id,
            "name": job.plan.spec.name,
            "jobType": job.plan.spec.kind,
            "schedulerType": scheduler(moment, job),
            "start-time": begun,
            "end-time": ended,
            "duration": (moment.now if ended < 0 else ended) - begun,
            "state": job.state,
            "last-modification": moment.stamp(max(job.life.entered(moment.seconds).values())),
            "tasks": {"total": sum(counted.values()), **moment.release.keep("task-states", tasks)},
            "pending-operators": 0,
        },
    )


def scheduler(moment: Moment, job: JobMoment) -> str:
    """By Flink's names."""
    if job.plan.spec.kind == "BATCH":
        return "AdaptiveBatch"
    return "Adaptive" if job.plan.spec.adaptive and moment.release.since(1, 18) else "Default"


def span(moment: Moment, job: JobMoment) -> tuple[int, int]:
    """When a job began and ended (ms since 1970), -1 while it has not."""
    ended = moment.stamp(job.life.over) if job.ended else -1
    return moment.stamp(job.plan.spec.fate.started), ended


def states_of(job: JobMoment, vertex: VertexPlan) -> Counter[str]:
    """A vertex's subtasks by state."""
    settled = job.settled
    if settled is not None:
        return Counter({settled: vertex.spec.parallelism})
    tasks = (job.task(vertex, subtask) for subtask in range(vertex.spec.parallelism))
    return Counter(task.state if task is not None else "CREATED" for task in tasks)


def tasks_by_state(job: JobMoment) -> Counter[str]:
    """All subtasks of a job by state."""
    if job.settled is not None:
        return Counter({job.settled: sum(job.plan.shape)})
    counted: Counter[str] = Counter()
    for vertex in job.plan.vertices:
        counted.update(states_of(job, vertex))
    return counted


def aggregate(states: Counter[str]) -> str:
    """The state of a vertex, from those of its subtasks: the worst of them."""
    order = (
        "FAILED",
        "CANCELING",
        "CANCELED",
        "CREATED",
        "SCHEDULED",
        "DEPLOYING",
        "INITIALIZING",
        "RUNNING",
    )
    return next((state for state in order if states.get(state)), "FINISHED")


def job(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid."""
    return job_document(moment, job_of(moment, asked))


def job_document(moment: Moment, job: JobMoment) -> dict[str, Any]:
    """One job with its vertices and its plan."""
    release = moment.release
    begun, ended = span(moment, job)
    entered = job.life.entered(moment.seconds)
    totals = job.totals
    vertices = [_vertex_row(moment, job, vertex, totals[vertex.place]) for vertex in job.plan.vertices]
    counted = Counter(vertex["status"] for vertex in vertices)
    stamps = {state: moment.stamp(entered[state]) if state in entered else 0 for state in JOB_STATES}
    document = release.keep(
        "job",
        {
            "jid": job.plan.id,
            "application-id": job.plan.id,
            "name": job.plan.spec.name,
            "isStoppable": False,
            "state": job.state,
            "job-type": job.plan.spec.kind,
            "schedulerType": scheduler(moment, job),
            "start-time": begun,
            "end-time": ended,
            "duration": (moment.now if ended < 0 else ended) - begun,
            "maxParallelism": -1,
            "now": moment.now,
            "timestamps": release.keep("job-states", stamps),
            "vertices": vertices,
            "status-counts": release.keep(
                "task-states", {state: counted.get(state, 0) for state in TASK_STATES}
            ),
            "plan": plan_document(moment, job.plan),
            "pending-operators": 0,
        },
    )
    if job.plan.spec.kind == "BATCH" and release.since(2, 0):
        document["stream-graph"] = stream_graph(job.plan)
    return document


def _vertex_row(moment: Moment, job: JobMoment, vertex: VertexPlan, totals: Totals) -> dict[str, Any]:
    states = states_of(job, vertex)
    begun, ended, duration = vertex_span(moment, job, vertex, aggregate(states))
    return moment.release.keep(
        "vertex-of-job",
        {
            "id": vertex.id,
            "slotSharingGroupId": identity("slots", job.plan.id),
            "name": vertex.spec.name,
            "maxParallelism": vertex.spec.max_parallelism,
            "parallelism": vertex.spec.parallelism,
            "status": aggregate(states),
            "start-time": begun,
            "end-time": ended,
            "duration": duration,
            "tasks": moment.release.keep(
                "task-states", {state: states.get(state, 0) for state in TASK_STATES}
            ),
            "metrics": io_metrics(moment, job, vertex, totals, range(vertex.spec.parallelism)),
        },
    )


def vertex_span(moment: Moment, job: JobMoment, vertex: VertexPlan, state: str) -> tuple[int, int, int]:
    """Start, end and duration of a vertex in ms; -1 where it is not so far."""
    if job.settled == "RUNNING" and job.run is not None:
        key = ("begun", job.plan.place, vertex.place, job.run.number)
        begun = moment.world.memory.recall(key, lambda: _begun(job, vertex))
        return moment.stamp(begun or 0.0), -1, moment.now - moment.stamp(begun or 0.0)
    begun = _begun(job, vertex)
    if begun is None:
        return -1, -1, -1
    tasks = (job.task(vertex, subtask) for subtask in range(vertex.spec.parallelism))
    over = [task.ended for task in tasks if task is not None and task.ended is not None]
    ended = max(over) if over and state in ENDS else None
    end = moment.stamp(ended) if ended is not None else -1
    return moment.stamp(begun), end, (moment.now if end < 0 else end) - moment.stamp(begun)


def _begun(job: JobMoment, vertex: VertexPlan) -> float | None:
    """When the first subtask of a vertex was deployed; None while none is."""
    tasks = (job.task(vertex, subtask) for subtask in range(vertex.spec.parallelism))
    return min((task.started for task in tasks if task is not None and task.deployed), default=None)


def io_metrics(
    moment: Moment, job: JobMoment, vertex: VertexPlan, totals: Totals, subtasks: range
) -> dict[str, Any]:
    """Totals of a vertex or of some subtasks; incomplete until this run's metrics have been fetched."""
    whole = len(subtasks) == vertex.spec.parallelism

    def share(total: int) -> int:
        return total if whole else sum(job.plan.part(vertex, total, subtask) for subtask in subtasks)

    known = job.measured or job.ended
    document: dict[str, Any] = {}
    for name, total in (
        ("read-bytes", totals.bytes_in),
        ("write-bytes", totals.bytes_out),
        ("read-records", totals.records_in),
        ("write-records", totals.records_out),
    ):
        document[name] = share(total) if known else 0
        document[f"{name}-complete"] = known
    if moment.release.since(1, 16):
        spent = [job.times(vertex, subtask) for subtask in subtasks] if known else []
        document["accumulated-backpressured-time"] = sum(int(times.backpressured) for times in spent)
        document["accumulated-idle-time"] = sum(int(times.idle) for times in spent)
        document["accumulated-busy-time"] = float(sum(int(times.busy) for times in spent))
    return document


def job_config(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/config."""
    job = job_of(moment, asked)
    delay = "PT10S" if moment.release.since(1, 20) else "10000 ms"
    execution = {
        "execution-mode": "PIPELINED",
        "restart-strategy": f"Restart with fixed delay ({delay}). #2147483647 restart attempts.",
        "job-parallelism": job.plan.spec.slots,
        "object-reuse-mode": False,
        "user-config": dict(job.plan.spec.settings),
    }
    return {
        "jid": job.plan.id,
        "name": job.plan.spec.name,
        "execution-config": moment.release.keep("execution-config", execution),
    }


def accumulators(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/accumulators."""
    job = job_of(moment, asked)
    found = [
        row
        for vertex in job.plan.vertices
        for row in accumulators_of(job, vertex, range(vertex.spec.parallelism))
    ]
    serialized: dict[str, str] = {}
    if asked.params.get("includeSerializedValue") == "true":
        serialized = {row["name"]: _in_java(row["value"]) for row in found}
    return {
        "job-accumulators": [],
        "user-task-accumulators": found,
        "serialized-user-task-accumulators": serialized,
    }


def accumulators_of(job: JobMoment, vertex: VertexPlan, subtasks: range) -> list[dict[str, str]]:
    """What the code of some subtasks has counted."""
    totals = job.totals[vertex.place]
    total = totals.records_in or totals.records_out
    value = sum(job.plan.part(vertex, total, subtask) for subtask in subtasks)
    return [{"name": name, "type": "LongCounter", "value": str(value)} for name in vertex.spec.counts]


def _in_java(value: str) -> str:
    return base64.b64encode(b"\xac\xed\x00\x05" + value.encode()).decode()


def execution_result(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/execution-result."""
    job = job_of(moment, asked)
    if not job.ended:
        return {"status": {"id": "IN_PROGRESS"}}
    begun, ended = span(moment, job)
    status = {"FINISHED": "SUCCEEDED"}.get(job.state, job.state)
    counted = [row for v in job.plan.vertices for row in accumulators_of(job, v, range(v.spec.parallelism))]
    result: dict[str, Any] = {
        "id": job.plan.id,
        "application-status": status,
        "accumulator-results": {row["name"]: _in_java(row["value"]) for row in counted},
        "net-runtime": ended - begun,
        "name": job.plan.spec.name,
        "application-id": job.plan.id,
        "start-time": begun,
        "end-time": ended,
    }
    if status == "FAILED":
        trace = FAULTS[job.plan.spec.fate.fault]
        result["failure-cause"] = {
            "class": name_of(trace),
            "stack-trace": trace,
            "serialized-throwable": _in_java(name_of(trace)),
        }
    return {"status": {"id": "COMPLETED"}, "job-execution-result": moment.release.keep("job-result", result)}


def status(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/status (1.16+)."""
    return {"status": job_of(moment, asked).state}


def rescaling(_moment: Moment, _asked: Asked) -> Any:
    """/jobs/:jobid/rescaling/:triggerid: what every release says."""
    raise Refusal(503, "Rescaling is temporarily disabled. See FLINK-12312.")
