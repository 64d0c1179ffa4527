"""/jobs and /applications: lists, one job with its vertices and plan, configuration and result."""

from __future__ import annotations

import base64
from collections import Counter
from typing import TYPE_CHECKING, Any

from flinktop.demo.flow import Totals
from flinktop.demo.life import JOB_STATES, TASK_STATES, Run
from flinktop.demo.numbers import identity
from flinktop.demo.request import texts
from flinktop.flink import applications, jobs
from flinktop.flink.exceptions import EXCEPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.demo.flow import JobPlan
    from flinktop.demo.request import Replies, Request
    from flinktop.demo.specs import VertexSpec
    from flinktop.demo.world import JobMoment, VertexMoment

MAX_PARALLELISM = 128
USUAL = 20  # default number of exceptions in an answer (1.10+)


def counts(states: Counter[str]) -> dict[str, int]:
    """Numbers of tasks by state, including 0."""
    return {state: states[state] for state in TASK_STATES}


def _head(job: JobMoment) -> dict[str, Any]:
    return {
        "jid": job.id,
        "name": job.spec.name,
        "state": job.state,
        "schedulerType": job.scheduler,
        **job.since,
        "pending-operators": 0,
    }


def job_row(job: JobMoment) -> dict[str, Any]:
    """One job of the list; here its states are in lower case."""
    if job.settled is not None:
        counted = Counter({job.settled: sum(job.plan.shape)})
    else:
        counted = sum((vertex.states for vertex in job.vertices), Counter())
    tasks = {state.lower(): count for state, count in counts(counted).items()}
    return {
        **_head(job),
        "jobType": job.spec.kind,
        "last-modification": job.moment.stamp(max(job.entered.values())),
        "tasks": {"total": sum(counted.values()), **tasks},
    }


def _job(request: Request) -> dict[str, Any]:
    job, moment = request.job, request.moment
    document = {
        **_head(job),
        "application-id": job.id,
        "isStoppable": False,
        "job-type": job.spec.kind,
        "maxParallelism": -1,
        "now": moment.now,
        "timestamps": moment.stamps(job.entered, JOB_STATES),
        "vertices": [_vertex(vertex) for vertex in job.vertices],
        "status-counts": counts(Counter(vertex.state for vertex in job.vertices)),
        "plan": _plan(job),
    }
    return document | ({"stream-graph": _stream_graph(job.plan)} if job.spec.kind == "BATCH" else {})


def _vertex(vertex: VertexMoment) -> dict[str, Any]:
    return {
        "id": vertex.id,
        "slotSharingGroupId": identity("slots", vertex.job.id),
        "name": vertex.spec.name,
        "maxParallelism": MAX_PARALLELISM,
        "parallelism": vertex.spec.parallelism,
        "status": vertex.state,
        **vertex.since,
        "tasks": counts(vertex.states),
        "metrics": io_metrics(vertex, vertex.subtasks, vertex.job.totals[vertex.plan.place]),
    }


def io_metrics(vertex: VertexMoment, subtasks: Sequence[int], totals: Totals) -> dict[str, Any]:
    """Totals of a vertex or of some subtasks; incomplete until this run's metrics have been fetched."""
    job = vertex.job
    if len(subtasks) < len(vertex.subtasks):
        totals = Totals(*(sum(vertex.plan.part(total, one) for one in subtasks) for total in totals))
    known = job.measured or job.ended
    document: dict[str, Any] = {}
    for name, total in (
        ("read-bytes", totals.bytes_in),
        ("write-bytes", totals.bytes_out),
        ("read-records", totals.records_in),
        ("write-records", totals.records_out),
    ):
        document |= {name: total if known else 0, f"{name}-complete": known}
    # Not computed if not reported.
    if job.moment.release.has("accumulated-busy-time"):
        spent = [vertex.times(subtask) for subtask in subtasks] if known else []
        document["accumulated-backpressured-time"] = sum(int(times.backpressured) for times in spent)
        document["accumulated-idle-time"] = sum(int(times.idle) for times in spent)
        document["accumulated-busy-time"] = float(sum(int(times.busy) for times in spent))
    return document


# -- plans -------------------------------------------------------------------------------------------


def _plan(job: JobMoment) -> dict[str, Any]:
    nodes = job.moment.world.recall(("plan", job.plan.place), lambda: _nodes(job))
    return {"jid": job.id, "name": job.spec.name, "type": job.spec.kind, "nodes": nodes}


def _nodes(job: JobMoment) -> tuple[dict[str, Any], ...]:
    """The vertices; sinks come first, as with the default scheduler. The keys are those of all releases."""
    nodes = []
    exchange = "blocking" if job.spec.kind == "BATCH" else "pipelined_bounded"
    for vertex in reversed(job.plan.vertices):
        node: dict[str, Any] = {
            "id": vertex.id,
            "operator": "",
            "parallelism": vertex.spec.parallelism,
            "operator_strategy": "",
            "description": _described(vertex.spec, lines=job.moment.release.since(1, 15)),
            "optimizer_properties": {},
        }
        fed = [(job.plan.vertices[edge.source].id, edge.ship, exchange) for edge in vertex.spec.inputs]
        nodes.append(node | _inputs(fed))
    return tuple(nodes)


def _inputs(fed: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """The key of a node's inputs, which sources don't have."""
    rows = [
        {"num": order, "id": source, "ship_strategy": ship, "exchange": exchange}
        for order, (source, ship, exchange) in enumerate(fed)
    ]
    return {"inputs": rows} if rows else {}


def _escaped(name: str) -> str:
    """As html.escape, whose module would load 0.4 MB."""
    for letter, instead in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;")):
        name = name.replace(letter, instead)
    return name


def _described(spec: VertexSpec, *, lines: bool) -> str:
    """The operators in HTML: from 1.15 a tree of what they do, before that a chain of their names."""
    if not lines:
        return " -&gt; ".join(_escaped(name) for name in spec.operators)
    first, *rest = (_escaped(spec.described.get(name, name)) for name in spec.operators)
    return f"{first}<br/>" + "".join(f"{'   ' * depth}+- {name}<br/>" for depth, name in enumerate(rest))


def _stream_graph(plan: JobPlan) -> dict[str, Any]:
    """The graph by operator, which the adaptive batch scheduler (2.0+) adds to the plan."""
    nodes: list[dict[str, Any]] = []
    lasts: list[str] = []
    for vertex in plan.vertices:
        fed = [(lasts[edge.source], edge.ship, "BATCH") for edge in vertex.spec.inputs]
        for name in vertex.spec.operators:
            node = {
                "id": str(len(nodes) + 1),
                "parallelism": vertex.spec.parallelism,
                "operator": name,
                "description": name,
                "job_vertex_id": vertex.id,
            }
            nodes.append(node | _inputs(fed))
            fed = [(str(len(nodes)), "FORWARD", "UNDEFINED")]
        lasts.append(str(len(nodes)))
    return {"nodes": nodes}


# -- configuration, accumulators, result -------------------------------------------------------------


def _config(request: Request) -> dict[str, Any]:
    spec = request.job.spec
    delay = "PT10S" if request.moment.release.since(1, 20) else "10000 ms"
    execution = {
        "execution-mode": "PIPELINED",
        "restart-strategy": f"Restart with fixed delay ({delay}). #2147483647 restart attempts.",
        "job-parallelism": spec.slots,
        "object-reuse-mode": False,
        "user-config": spec.settings,
    }
    return {"jid": request.job.id, "name": spec.name, "execution-config": execution}


def accumulators(vertex: VertexMoment, subtasks: Sequence[int]) -> list[dict[str, str]]:
    """Accumulators in the code of some subtasks."""
    totals = vertex.job.totals[vertex.plan.place]
    total = totals.records_in or totals.records_out
    value = str(sum(vertex.plan.part(total, subtask) for subtask in subtasks))
    return [{"name": name, "type": "LongCounter", "value": value} for name in vertex.spec.counts]


def _all_accumulators(job: JobMoment) -> list[dict[str, str]]:
    return [row for vertex in job.vertices for row in accumulators(vertex, vertex.subtasks)]


def _serialized(rows: Sequence[dict[str, str]]) -> dict[str, str]:
    return {row["name"]: _in_java(row["value"]) for row in rows}


def _in_java(value: str) -> str:
    return base64.b64encode(b"\xac\xed\x00\x05" + value.encode()).decode()


def _accumulators(request: Request) -> dict[str, Any]:
    found = _all_accumulators(request.job)
    serialized = found if request.params.get("includeSerializedValue") == "true" else []
    return {
        "job-accumulators": [],
        "user-task-accumulators": found,
        "serialized-user-task-accumulators": _serialized(serialized),
    }


def _execution_result(request: Request) -> dict[str, Any]:
    job = request.job
    if not job.ended:
        return {"status": {"id": "IN_PROGRESS"}}
    since = job.since
    result: dict[str, Any] = {
        "id": job.id,
        "application-status": "SUCCEEDED" if job.state == "FINISHED" else job.state,
        "accumulator-results": _serialized(_all_accumulators(job)),
        "net-runtime": since.pop("duration"),
        "name": job.spec.name,
        "application-id": job.id,
        **since,
    }
    if job.state == "FAILED":
        name, trace = _trace(job)
        cause = {"class": name, "stack-trace": trace, "serialized-throwable": _in_java(name)}
        result["failure-cause"] = cause
    return {"status": {"id": "COMPLETED"}, "job-execution-result": result}


# -- exceptions --------------------------------------------------------------------------------------


def _exceptions(request: Request) -> dict[str, Any]:
    """The history, and up to 1.20 the failure of the current execution."""
    job = request.job
    most = request.params.get("maxExceptions", "")
    runs = job.life.faults(job.run, request.moment.seconds)
    listed = runs[: int(most) if most.isdigit() else USUAL]
    # A running execution has no failure of its own.
    present = failure_of(job, runs[0]) if runs and job.state != "RUNNING" else None
    return {
        "root-exception": present and present["stacktrace"],
        "timestamp": present and present["timestamp"],
        "all-exceptions": [_old(present)] if present else [],
        "truncated": False,
        "exceptionHistory": {
            "entries": [_entry(job, run, failure_of(job, run)) for run in listed],
            "truncated": len(listed) < len(runs),
        },
    }


def _trace(job: JobMoment) -> tuple[str, str]:
    lines = texts()["faults"][job.spec.fate.fault]
    return lines[0].partition(":")[0], "\n".join((*lines, ""))


def failure_of(job: JobMoment, run: Run) -> dict[str, Any]:
    """The failure that ended a run, as the newest releases report it."""
    vertex, (name, trace) = job.plan.vertices[job.spec.fate.culprit], _trace(job)
    subtask = job.life.culprit(run, vertex.spec.parallelism)
    taskmanager = job.taskmanager(subtask)
    return {
        "exceptionName": name,
        "stacktrace": trace,
        "timestamp": job.moment.stamp(run.ends),
        "failureLabels": {},
        "taskName": f"{vertex.spec.name} ({subtask + 1}/{vertex.spec.parallelism})",
        "location": taskmanager.endpoint,
        "endpoint": taskmanager.endpoint,
        "taskManagerId": taskmanager.id,
    }


def _old(fault: dict[str, Any]) -> dict[str, Any]:
    same = ("location", "endpoint", "timestamp", "taskManagerId")
    listed = {name: fault[name] for name in same}
    return {"exception": fault["stacktrace"], "task": fault["taskName"], **listed}


def _entry(job: JobMoment, run: Run, fault: dict[str, Any]) -> dict[str, Any]:
    if not (job.ended and job.state == "FAILED" and run.ends >= job.life.ended_at):
        return {**fault, "concurrentExceptions": []}
    # A failure without a restart is the scheduler's, with the task's own as a concurrent one.
    given_up = "\n".join(texts()["given up"])
    return {
        "exceptionName": given_up.partition(":")[0],
        "stacktrace": given_up + fault["stacktrace"],
        "timestamp": fault["timestamp"],
        "failureLabels": {},
        "concurrentExceptions": [fault],
    }


# -- applications (2.3+): each job is one of its own ---------------------------------------------------


def _application(job: JobMoment) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": f"SingleJobApplication({job.spec.name})",
        **job.since,
        "status": job.state if job.ended else "RUNNING",
    }


def _one_application(request: Request) -> dict[str, Any]:
    job, since = request.job, request.job.since
    states = ("CREATED", "RUNNING", "FAILING", "FAILED", "CANCELING", "CANCELED", "FINISHED")
    stamps = dict.fromkeys(states, 0) | dict.fromkeys(states[:2], since["start-time"])
    if job.ended:
        stamps[job.state] = since["end-time"]
    return {**_application(job), "timestamps": stamps, "jobs": [job_row(job)]}


def _application_exceptions(request: Request) -> dict[str, Any]:
    job, entries = request.job, []
    if job.ended and job.state == "FAILED":
        fault = failure_of(job, job.life.faults(job.run, request.moment.seconds)[0])
        same = ("exceptionName", "stacktrace", "timestamp")
        entries = [{**{name: fault[name] for name in same}, "jobId": job.id}]
    return {"exceptionHistory": {"entries": entries}}


REPLIES: Replies = {
    jobs.JOBS: lambda request: {"jobs": [{"id": job.id, "status": job.state} for job in request.moment.jobs]},
    jobs.JOBS_OVERVIEW: lambda request: {"jobs": [job_row(job) for job in request.moment.jobs]},
    jobs.JOB: _job,
    jobs.PLAN: lambda request: {"plan": _plan(request.job)},
    jobs.JOB_CONFIG: _config,
    jobs.JOB_ACCUMULATORS: _accumulators,
    jobs.EXECUTION_RESULT: _execution_result,
    jobs.JOB_STATUS: lambda request: {"status": request.job.state},
    EXCEPTIONS: _exceptions,
    applications.APPLICATIONS_OVERVIEW: lambda request: {
        "applications": [{**_application(job), "jobs": {job.state: 1}} for job in request.moment.jobs]
    },
    applications.APPLICATION: _one_application,
    applications.APPLICATION_EXCEPTIONS: _application_exceptions,
}
