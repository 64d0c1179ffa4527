"""/jobs/:jobid/vertices: subtasks and attempts, times, backpressure, watermarks and flame graph."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flinktop.demo.flow import Times
from flinktop.demo.life import KEPT_FAULTS, TASK_STATES, Run, Task
from flinktop.demo.numbers import fraction
from flinktop.demo.replies.jobs import MAX_PARALLELISM, accumulators, counts, io_metrics
from flinktop.demo.request import Replies, Request, missing, quantile, texts
from flinktop.flink import vertices as to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.demo.flow import VertexPlan
    from flinktop.demo.world import Moment, TaskManager, VertexMoment

TIMED_STATES = ("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING")
"""The states with a reported duration (1.16+)."""
LOW, HIGH = 0.1, 0.5  # ratios from which on a subtask's backpressure is low, and high


def _vertex(request: Request) -> dict[str, Any]:
    vertex = request.vertex
    rows = [_attempt(vertex, subtask, vertex.job.run) for subtask in vertex.subtasks]
    for row in rows:
        row["start_time"] = row["start-time"]
        if not request.moment.release.since(1, 10):
            row["host"] = row["endpoint"]
    return {
        "id": vertex.id,
        "name": vertex.spec.name,
        "parallelism": vertex.spec.parallelism,
        "maxParallelism": MAX_PARALLELISM,
        "now": request.moment.now,
        "subtasks": rows,
        "aggregated": _aggregated(rows),
    }


def _attempt(vertex: VertexMoment, subtask: int, run: Run) -> dict[str, Any]:
    job, moment = vertex.job, vertex.job.moment
    task, taskmanager = vertex.task(subtask, run), job.taskmanager(subtask)
    totals = job.totals if run == job.run else job.plan.totals(run.flows, run.ends)
    return {
        "subtask": subtask,
        "status": task.state,
        "attempt": run.number,
        **_where(taskmanager),
        **moment.since(task.deployed, task.ended),
        "metrics": io_metrics(vertex, (subtask,), totals[vertex.plan.place]),
        "taskmanager-id": taskmanager.id,
        "status-duration": _durations(moment, task),
    }


def _where(taskmanager: TaskManager) -> dict[str, str]:
    return {"host": taskmanager.host, "endpoint": taskmanager.endpoint}


def _durations(moment: Moment, task: Task) -> dict[str, int]:
    """Milliseconds in each state."""
    ends = [at for _, at in task.entered[1:]] + [moment.seconds]
    spent = {state: round((end - at) * 1000) for (state, at), end in zip(task.entered, ends, strict=True)}
    return {state: spent.get(state, -1) for state in TIMED_STATES}


def _aggregated(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = [name for name in rows[0]["metrics"] if not name.endswith("-complete")]
    return {
        "metrics": {name: _spread([int(row["metrics"][name]) for row in rows]) for name in names},
        "status-duration": {
            state: _spread([row["status-duration"][state] for row in rows]) for state in TIMED_STATES
        },
    }


def _spread(values: Sequence[int]) -> dict[str, int]:
    ordered, total = sorted(values), sum(values)
    ends = {"min": ordered[0], "max": ordered[-1], "avg": total // len(ordered), "sum": total}
    shares = (("median", 0.5), ("p25", 0.25), ("p75", 0.75), ("p95", 0.95))
    return ends | {name: int(quantile(ordered, share)) for name, share in shares}


def _single(request: Request) -> dict[str, Any]:
    row = _attempt(request.vertex, request.subtask, _run(request))
    return {**row, "start_time": row["start-time"]}


def _run(request: Request) -> Run:
    """The run with the attempt number of a request; the newest without one."""
    text, job = request.ids.get("attempt"), request.job
    if text is None:
        return job.run
    if not text.isdigit() or not job.run.number - KEPT_FAULTS < int(text) <= job.run.number:
        raise missing(f"Invalid attempt num {text}")
    return job.life.run(int(text))


def _accumulators(request: Request) -> dict[str, Any]:
    vertex = request.vertex
    return {"id": vertex.id, "user-accumulators": accumulators(vertex, vertex.subtasks)}


def _attempt_accumulators(request: Request) -> dict[str, Any]:
    vertex, subtask, attempt = request.vertex, request.subtask, request.ids["attempt"]
    _run(request)
    return {
        "subtask": subtask,
        "attempt": int(attempt),
        "id": f"{request.job.id}_{vertex.id}_{subtask}_{attempt}",
        "user-accumulators": accumulators(vertex, (subtask,)),
    }


def _subtasks_accumulators(request: Request) -> dict[str, Any]:
    job, vertex = request.job, request.vertex
    rows = [
        {
            "subtask": subtask,
            "attempt": job.run.number,
            **_where(job.taskmanager(subtask)),
            "user-accumulators": accumulators(vertex, (subtask,)),
        }
        for subtask in vertex.subtasks
    ]
    return {"id": vertex.id, "parallelism": len(rows), "subtasks": rows}


def _subtask_times(request: Request) -> dict[str, Any]:
    job, vertex, moment = request.job, request.vertex, request.moment
    rows = []
    for subtask, task in enumerate(vertex.tasks):
        entered = dict(task.entered)
        begun, until = entered.get("SCHEDULED"), task.ended if task.ended is not None else moment.seconds
        rows.append(
            {
                "subtask": subtask,
                **_where(job.taskmanager(subtask)),
                "duration": round((until - begun) * 1000) if begun is not None else -1,
                "timestamps": moment.stamps(entered, TASK_STATES),
            }
        )
    return {"id": vertex.id, "name": vertex.spec.name, "now": moment.now, "subtasks": rows}


def _taskmanagers(request: Request) -> dict[str, Any]:
    job, vertex = request.job, request.vertex
    by_taskmanager: dict[TaskManager, list[dict[str, Any]]] = {}
    for subtask in vertex.subtasks:
        by_taskmanager.setdefault(job.taskmanager(subtask), []).append(_attempt(vertex, subtask, job.run))
    rows = [
        {
            "host": taskmanager.endpoint,
            "endpoint": taskmanager.endpoint,
            "status": vertex.state,
            **vertex.since,
            "metrics": _summed([row["metrics"] for row in attempts]),
            "status-counts": counts(Counter(row["status"] for row in attempts)),
            "taskmanager-id": taskmanager.id,
            "aggregated": _aggregated(attempts),
        }
        for taskmanager, attempts in by_taskmanager.items()
    ]
    return {"id": vertex.id, "name": vertex.spec.name, "now": request.moment.now, "taskmanagers": rows}


def _summed(metrics: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        name: (all if name.endswith("-complete") else sum)(one[name] for one in metrics)
        for name in metrics[0]
    }


def _backpressure(request: Request) -> dict[str, Any]:
    """Levels and ratios; up to 1.12 the server would sample stacks instead."""
    vertex, rows, highest = request.vertex, [], 0.0
    tasks = vertex.tasks if request.job.settled != "RUNNING" else ()
    over = {subtask for subtask, task in enumerate(tasks) if task.ended is not None}
    for subtask in vertex.subtasks:
        # Flink drops the metrics of an ended task, and answers 0 for them.
        times = Times(0.0, 0.0, 0.0) if subtask in over else vertex.lately(subtask)
        ratio = round(times.backpressured / 1000, 3)
        highest = max(highest, ratio)
        rows.append(
            {
                "subtask": subtask,
                **_level(ratio),
                "ratio": ratio,
                "idleRatio": round(times.idle / 1000, 3),
                "busyRatio": round(times.busy / 1000, 3),
            }
        )
    return {
        "status": "ok",
        **_level(highest),
        "end-timestamp": request.moment.stamp(request.moment.fetched),
        "subtasks": rows,
    }


def _level(ratio: float) -> dict[str, str]:
    level = "ok" if ratio <= LOW else "low" if ratio <= HIGH else "high"
    return {"backpressureLevel": level, "backpressure-level": level}


def _watermarks(request: Request) -> list[dict[str, str]]:
    vertex = request.vertex
    if not vertex.spec.inputs or not request.job.measured:
        return []
    return [
        {"id": f"{subtask}.currentInputWatermark", "value": str(vertex.watermark(subtask, coming=True))}
        for subtask in vertex.subtasks
    ]


# -- flame graphs (1.13+) ------------------------------------------------------------------------------


def _flamegraph(request: Request) -> dict[str, Any]:
    vertex = request.vertex
    if request.job.ended:
        return {"endTimestamp": -1}
    samples, times = 100 * len(vertex.subtasks), vertex.lately(0)
    kind = request.params.get("type", "full").lower()
    working = 0 if kind == "off_cpu" else int(samples * times.busy / 1000)
    blocked = 0 if kind == "on_cpu" else int(samples * times.backpressured / 1000)
    waiting = 0 if kind == "on_cpu" else samples - int(samples * (times.busy + times.backpressured) / 1000)
    names = texts()["waiting"]
    frames = [*_stack(vertex.plan, working), _frame(names[0], blocked), _frame(names[1], waiting)]
    for caller in texts()["callers"]:
        frames = [_frame(caller, working + blocked + waiting, frames)]
    return {"endTimestamp": request.moment.stamp(request.moment.fetched), "data": frames[0]}


def _frame(name: str, value: int, children: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    return {"name": name, "value": value, "children": [child for child in children if child["value"]]}


def _stack(vertex: VertexPlan, working: int) -> list[dict[str, Any]]:
    """The stack of a working thread, operator by operator."""
    found: list[dict[str, Any]] = []
    for place, operator in reversed(list(enumerate(vertex.spec.operators))):
        own = int(working * (0.3 + 0.4 * fraction(vertex.seed, place, 21)))
        name = "".join(letter for letter in operator.title() if letter.isalnum())
        state = [_frame("org.rocksdb.RocksDB.get", own)] if vertex.spec.state and not place else []
        inner = [*state, *found]
        found = [_frame(f"com.example.{name}.processElement", working, inner)]
        working = min(working, sum(child["value"] for child in inner) + own)
    return found


REPLIES: Replies = {
    to.VERTEX: _vertex,
    to.VERTEX_ACCUMULATORS: _accumulators,
    to.VERTEX_BACKPRESSURE: _backpressure,
    to.VERTEX_WATERMARKS: _watermarks,
    to.VERTEX_TASKMANAGERS: _taskmanagers,
    to.SUBTASK_TIMES: _subtask_times,
    to.SUBTASKS_ACCUMULATORS: _subtasks_accumulators,
    to.SUBTASK: _single,
    to.ATTEMPT: _single,
    to.ATTEMPT_ACCUMULATORS: _attempt_accumulators,
    to.FLAMEGRAPH: _flamegraph,
}
