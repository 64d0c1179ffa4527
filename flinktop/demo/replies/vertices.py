"""/jobs/:jobid/vertices: subtasks and attempts, their times, backpressure, watermarks and flame graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.flow import Times
from flinktop.demo.life import KEPT_FAULTS, TASK_STATES, Run, Task
from flinktop.demo.noise import fraction
from flinktop.demo.replies.answer import Asked, missing, quantile, subtask_of, vertex_of
from flinktop.demo.replies.jobs import accumulators_of, aggregate, io_metrics, states_of, vertex_span
from flinktop.flink.numbers import LONG_MAX, LONG_MIN

if TYPE_CHECKING:
    from flinktop.demo.flow import VertexPlan
    from flinktop.demo.world import JobMoment, Machine, Moment

LIVED = ("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING")
"""The states whose time is told (1.16+)."""
LOW, HIGH = 0.1, 0.5
"""Shares of time from which on a subtask is called backpressured a little, and much."""


def vertex(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/vertices/:vertexid."""
    job, one = vertex_of(moment, asked)
    rows = [attempt_document(moment, job, one, subtask) for subtask in range(one.spec.parallelism)]
    for row in rows:
        row["start_time"] = row["start-time"]
    return moment.release.keep(
        "vertex",
        {
            "id": one.id,
            "name": one.spec.name,
            "parallelism": one.spec.parallelism,
            "maxParallelism": one.spec.max_parallelism,
            "now": moment.now,
            "subtasks": rows,
            "aggregated": aggregated(rows) if moment.release.since(1, 16) else None,
        },
    )


def attempt_document(
    moment: Moment, job: JobMoment, one: VertexPlan, subtask: int, run: Run | None = None
) -> dict[str, Any]:
    """One attempt of a subtask: the newest, or that of an earlier run."""
    chosen = run or job.run
    task = job.task(one, subtask, chosen)
    machine = job.machine(subtask)
    begun, ended = -1, -1
    if task is not None and task.deployed:
        begun = moment.stamp(task.started)
        ended = moment.stamp(task.ended) if task.ended is not None else -1
    totals = job.totals[one.place]
    if chosen is not None and job.run is not None and chosen.number != job.run.number:
        totals = job.plan.totals(chosen.flows, chosen.ends)[one.place]
    return moment.release.keep(
        "attempt",
        {
            "subtask": subtask,
            "status": task.state if task is not None else "CREATED",
            "attempt": chosen.number if chosen is not None else 0,
            "host": f"{machine.endpoint}" if not moment.release.since(1, 10) else machine.host,
            "endpoint": machine.endpoint,
            "start-time": begun,
            "end-time": ended,
            "duration": -1 if begun < 0 else (moment.now if ended < 0 else ended) - begun,
            "metrics": io_metrics(moment, job, one, totals, range(subtask, subtask + 1)),
            "taskmanager-id": machine.id,
            "status-duration": _lived(moment, task),
        },
    )


def _lived(moment: Moment, task: Task | None) -> dict[str, int]:
    """Milliseconds in each state."""
    if task is None:
        return dict.fromkeys(LIVED, -1)
    entered = dict(task.entered)
    ends = [at for _, at in task.entered[1:]] + [moment.seconds]
    spent = {state: round((end - at) * 1000) for (state, at), end in zip(task.entered, ends, strict=True)}
    return {state: spent[state] if state in entered else -1 for state in LIVED}


def aggregated(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Totals and times in each state over attempts (1.16+)."""
    names = [name for name in rows[0]["metrics"] if not name.endswith("-complete")]
    return {
        "metrics": {name: _spread([int(row["metrics"][name]) for row in rows]) for name in names},
        "status-duration": {
            state: _spread([row["status-duration"][state] for row in rows]) for state in LIVED
        },
    }


def _spread(values: list[int]) -> dict[str, int]:
    ordered = sorted(values)
    return {
        "min": ordered[0],
        "max": ordered[-1],
        "avg": sum(ordered) // len(ordered),
        "sum": sum(ordered),
        "median": int(quantile(ordered, 0.5)),
        "p25": int(quantile(ordered, 0.25)),
        "p75": int(quantile(ordered, 0.75)),
        "p95": int(quantile(ordered, 0.95)),
    }


def subtask(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/subtasks/:subtaskindex: the present attempt."""
    job, one = vertex_of(moment, asked)
    return _single(moment, attempt_document(moment, job, one, subtask_of(one, asked)))


def attempt(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/attempts/:attempt."""
    job, one = vertex_of(moment, asked)
    index = subtask_of(one, asked)
    return _single(moment, attempt_document(moment, job, one, index, run_of(job, asked)))


def _single(moment: Moment, document: dict[str, Any]) -> dict[str, Any]:
    if not moment.release.since(1, 10):
        document["host"] = document["host"].partition(":")[0]
    return moment.release.keep("single-attempt", {**document, "start_time": document["start-time"]})


def run_of(job: JobMoment, asked: Asked) -> Run:
    """The run that an attempt's number names.

    Raises:
        Refusal: there was none, or the server has forgotten it.
    """
    text = asked.ids["attempt"]
    newest = job.run.number if job.run is not None else 0
    if not text.isdigit() or not newest - KEPT_FAULTS < int(text) <= newest:
        raise missing(f"Invalid attempt num {text}")
    return job.life.run(int(text))


def attempt_accumulators(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/attempts/:attempt/accumulators."""
    job, one = vertex_of(moment, asked)
    index, run = subtask_of(one, asked), run_of(job, asked)
    return {
        "subtask": index,
        "attempt": run.number,
        "id": f"{job.plan.id}_{one.id}_{index}_{run.number}",
        "user-accumulators": accumulators_of(job, one, range(index, index + 1)),
    }


def accumulators(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/vertices/:vertexid/accumulators."""
    job, one = vertex_of(moment, asked)
    return {"id": one.id, "user-accumulators": accumulators_of(job, one, range(one.spec.parallelism))}


def subtasks_accumulators(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/subtasks/accumulators."""
    job, one = vertex_of(moment, asked)
    rows = [
        {
            "subtask": index,
            "attempt": job.restarts,
            **_where(moment, job.machine(index)),
            "user-accumulators": accumulators_of(job, one, range(index, index + 1)),
        }
        for index in range(one.spec.parallelism)
    ]
    return {"id": one.id, "parallelism": one.spec.parallelism, "subtasks": rows}


def _where(moment: Moment, machine: Machine) -> dict[str, Any]:
    return moment.release.keep("where", {"host": machine.host, "endpoint": machine.endpoint})


def subtask_times(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/subtasktimes."""
    job, one = vertex_of(moment, asked)
    rows = []
    for index in range(one.spec.parallelism):
        task = job.task(one, index)
        entered = dict(task.entered) if task is not None else {}
        begun = entered.get("SCHEDULED")
        until = task.ended if task is not None and task.ended is not None else moment.seconds
        stamps = {state: moment.stamp(entered[state]) if state in entered else 0 for state in TASK_STATES}
        rows.append(
            {
                "subtask": index,
                **_where(moment, job.machine(index)),
                "duration": round((until - begun) * 1000) if begun is not None else -1,
                "timestamps": moment.release.keep("task-states", stamps),
            }
        )
    return {"id": one.id, "name": one.spec.name, "now": moment.now, "subtasks": rows}


def taskmanagers(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/vertices/:vertexid/taskmanagers."""
    job, one = vertex_of(moment, asked)
    rows_by_machine: dict[str, list[dict[str, Any]]] = {}
    machines: dict[str, Machine] = {}
    for index in range(one.spec.parallelism):
        machine = job.machine(index)
        machines[machine.id] = machine
        rows_by_machine.setdefault(machine.id, []).append(attempt_document(moment, job, one, index))
    begun, ended, duration = vertex_span(moment, job, one, aggregate(states_of(job, one)))
    rows = []
    for named, attempts in rows_by_machine.items():
        states = [row["status"] for row in attempts]
        counts = {state: states.count(state) for state in TASK_STATES}
        row = {
            "host": machines[named].endpoint,
            "endpoint": machines[named].endpoint,
            "status": aggregate(states_of(job, one)),
            "start-time": begun,
            "end-time": ended,
            "duration": duration,
            "metrics": _summed([row["metrics"] for row in attempts]),
            "status-counts": moment.release.keep("task-states", counts),
            "taskmanager-id": named,
            "aggregated": aggregated(attempts) if moment.release.since(1, 16) else None,
        }
        rows.append(moment.release.keep("vertex-taskmanager", row))
    return {"id": one.id, "name": one.spec.name, "now": moment.now, "taskmanagers": rows}


def _summed(metrics: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        name: all(one[name] for one in metrics)
        if name.endswith("-complete")
        else sum(one[name] for one in metrics)
        for name in metrics[0]
    }


def backpressure(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/backpressure: levels and shares of time; up to 1.12 the server would sample stacks instead."""
    job, one = vertex_of(moment, asked)
    rows = []
    for index in range(one.spec.parallelism):
        task = job.task(one, index, job.run)
        # Flink drops the metrics of a task that has ended, and answers 0 for them.
        ended = task is not None and task.ended is not None
        times = Times(0.0, 0.0, 0.0) if ended else job.lately(one, index)
        ratio = round(times.backpressured / 1000, 3)
        level = _level(ratio)
        row = {
            "subtask": index,
            "backpressureLevel": level,
            "ratio": ratio,
            "idleRatio": round(times.idle / 1000, 3),
            "busyRatio": round(times.busy / 1000, 3),
            "backpressure-level": level,
        }
        rows.append(moment.release.keep("backpressure", row))
    level = _level(max(row["ratio"] for row in rows))
    document = {
        "status": "ok",
        "backpressureLevel": level,
        "end-timestamp": moment.stamp(moment.fetched),
        "subtasks": rows,
        "backpressure-level": level,
    }
    return moment.release.keep("backpressure", document)


def _level(ratio: float) -> str:
    return "ok" if ratio <= LOW else "low" if ratio <= HIGH else "high"


def mark_of(moment: Moment, mark: float | None, *, over: bool = False) -> int:
    """A watermark in ms since 1970: Long.MIN while there is none, Long.MAX after the end of the input."""
    if over:
        return LONG_MAX
    return LONG_MIN if mark is None else moment.stamp(mark)


def watermarks(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """…/watermarks (1.10+): [] for sources."""
    job, one = vertex_of(moment, asked)
    if not one.spec.inputs or not job.measured:
        return []
    value = str(mark_of(moment, job.watermark(one, coming=True), over=job.ended))
    return [{"id": f"{index}.currentInputWatermark", "value": value} for index in range(one.spec.parallelism)]


def flamegraph(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/flamegraph (1.13+): where the threads of a vertex were when they were looked at."""
    job, one = vertex_of(moment, asked)
    if job.ended or job.run is None:
        return {"endTimestamp": -1}
    samples = 100 * one.spec.parallelism
    times = job.lately(one, 0)
    kind = asked.params.get("type", "full").lower()
    working = 0 if kind == "off_cpu" else int(samples * times.busy / 1000)
    blocked = 0 if kind == "on_cpu" else int(samples * times.backpressured / 1000)
    waiting = 0 if kind == "on_cpu" else samples - int(samples * (times.busy + times.backpressured) / 1000)
    leaves = [
        *_stack(one, working),
        _frame(
            "org.apache.flink.runtime.io.network.buffer.LocalBufferPool.requestMemorySegmentBlocking", blocked
        ),
        _frame("org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailboxImpl.take", waiting),
    ]
    total = working + blocked + waiting
    loop = _frame(
        "org.apache.flink.streaming.runtime.tasks.mailbox.MailboxProcessor.runMailboxLoop", total, leaves
    )
    invoke = _frame("org.apache.flink.streaming.runtime.tasks.StreamTask.invoke", total, [loop])
    run = _frame("org.apache.flink.runtime.taskmanager.Task.doRun", total, [invoke])
    return {
        "endTimestamp": moment.stamp(moment.fetched),
        "data": _frame("root", total, [_frame("java.lang.Thread.run", total, [run])]),
    }


def _frame(name: str, value: int, children: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "children": [child for child in children or () if child["value"]]}


def _stack(one: VertexPlan, working: int) -> list[dict[str, Any]]:
    """What a working thread does, operator by operator."""
    found: list[dict[str, Any]] = []
    for place, operator in reversed(list(enumerate(one.spec.operators))):
        own = int(working * (0.3 + 0.4 * fraction(one.seed, place, 21)))
        name = "".join(letter for letter in operator.title() if letter.isalnum())
        below = _frame("org.rocksdb.RocksDB.get", own) if one.spec.state and not place else None
        inner = [child for child in (below, *found) if child is not None]
        found = [_frame(f"com.example.{name}.processElement", working, inner)]
        working = min(working, sum(child["value"] for child in inner) + own)
    return found
