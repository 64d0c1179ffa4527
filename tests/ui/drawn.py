"""What flinktop makes of an answer, without a screen: the cells of its rows and the lines of its headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

from flinktop.engine.host import Port
from flinktop.engine.store import Reading
from flinktop.facts import checkpoints, jobs, metric_scopes, subtasks
from flinktop.facts.checkpoints import statistics_of
from flinktop.facts.processes import taskmanager_facts
from flinktop.facts.timeline import (
    TimelineRow,
    detail_rows,
    rescale_row,
    subtask_rows,
    summary_parts,
    window_of,
)
from flinktop.facts.vertices import vertices_of
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.endpoint import Query
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.metrics import JOB_METRICS
from flinktop.model import (
    flame,
    memory,
    metric_reading,
    processes,
    rates,
    timeline,
    watermarks,
)
from flinktop.model.checkpoints import items
from flinktop.model.graph_layout import Measures
from flinktop.model.vertex_now import of_subtasks, vertex_now
from flinktop.ui.live import Panel
from flinktop.ui.panels import (
    accumulators,
    applications,
    attempts,
    checkpoint_header,
    checkpoint_history,
    checkpoint_overview,
    checkpoint_shares,
    cluster_line,
    configuration,
    jars_table,
    job_exceptions,
    job_header,
    job_timeline,
    jobs_table,
    metrics_table,
    process,
    process_files,
    subtask_summary,
    subtasks_table,
    taskmanagers,
    vertex_header,
    vertex_parts,
    vertices,
)
from flinktop.ui.panels.job_graph_box import box
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.guarded_rows import GuardedRows

Drawn = Iterator[tuple[str, Any]]
Rows = dict[str, Any]
"""What is drawn, by the key of a row or the name of a line."""
OF_JOB_ROWS = (JOB, CHECKPOINTS, CHECKPOINT_CONFIG, JOB_METRICS)
"""What else a row of the jobs table is made of."""


def drawn(port: Port, query: Query[Any]) -> Rows:
    """All rows and lines that the answer to a query is drawn as, by what the port knows."""
    reading = port.reading(query)
    assert reading is not None
    found: Rows = {}
    draw = DRAWS.get(query.endpoint.path)
    if draw is not None and reading.value is not None:
        found |= dict(draw(port, query, reading.value))
    overview = port.reading(JOBS_OVERVIEW())
    if query.endpoint in OF_JOB_ROWS and overview is not None and overview.value is not None:
        found |= dict(_jobs(port, query, overview.value))
    return found


def cells(name: str, rows: Sequence[Any], columns: Iterable[Column[Any]], key: str) -> Drawn:
    """What a table says of each row, and what it is sorted by."""
    assert not (isinstance(rows, GuardedRows) and rows.failed), rows.failed
    columns = tuple(columns)
    for row in rows:
        told = []
        for column in columns:
            text, tone = column.cell(row)
            assert isinstance(text, str)
            assert isinstance(tone, str)
            told.append(text)
            if column.sort is not None:
                column.sort(row)
            if column.stripes is not None:
                for width in (1, 20):
                    column.stripes(row, width)
        yield f"{name} {getattr(row, key)}", told


def stand_in(port: Any, **more: Any) -> Any:
    """What a method of a panel needs of it; its times are UTC."""
    panel: Any = SimpleNamespace(port=port, zone_offset=lambda: 0.0, ascii=False, **more)
    panel.near = partial(Panel.near, panel)
    panel.one_line = lambda _name, make: make()
    return panel


def columns_of(kind: Any, port: Any, **more: Any) -> Sequence[Column[Any]]:
    """The columns of a table."""
    columns: Sequence[Column[Any]] = kind.columns(stand_in(port, **more))
    return columns


Draw = Callable[[Port, Query[Any], Any], Drawn]


def _jobs(port: Port, _query: Query[Any], value: Any) -> Drawn:
    rows = [jobs_table.JobRow(job, port) for job in value.jobs]
    rows.sort(key=lambda row: row.order)
    yield from cells("job", rows, columns_of(jobs_table.JobsTable, port, _archive=False), "jid")
    yield "all", cluster_line.state_parts(value)


def _overview(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield "slots", cluster_line.slots_parts(value, meter=True)
    yield "jobmanager", process.jobmanager_line(value)


def _job(port: Port, query: Query[Any], value: Any) -> Drawn:
    job, name = value, dict(query.ids)["job"]
    now = port.known_time()
    rows = vertices.vertex_rows(job, port, {})
    yield from cells("vertex", rows, columns_of(vertices.VerticesTable, port, _ended=(False, False)), "id")
    restarts = jobs.restarts_of(port, name)
    told = restarts if restarts is not None else ("…", "muted")
    yield "state", job_header.state_line(job, told, now, time=str)
    for vertex in vertices_of(job, port, {}, old=False).values():
        yield f"box {vertex.id}", box(vertex, Measures(30, 6), 0, 0, ascii=False)
    for vertex in job.vertices:
        yield (
            f"header {vertex.id}",
            vertex_header.state_line(job, vertex, vertex_now(vertex, 0.0)),
        )
        yield f"times {vertex.id}", timeline.of_vertex(vertex)
    yield "configuration", configuration.items(job, None)
    yield "totals", rates.totals(job)
    yield "savepoint", job_header.savepoint_line(port, name, 100)
    yield "result", job_header.result_line(name, port)
    bounds = [one.start / 1000.0 for one in timeline.intervals(job.timestamps)]
    yield "window", window_of(bounds, now, None, 0.0, ended=None)


def _checkpoints(port: Port, query: Query[Any], value: Any) -> Drawn:
    job = dict(query.ids)["job"]
    columns = columns_of(checkpoint_history.CheckpointHistory, port)
    for row in checkpoint_history.history_rows(port, job):
        assert row.checkpoint.id >= 0
        name = f"checkpoint {row.checkpoint.id}"
        yield from ((name, told) for _, told in cells(name, [row], columns, "dropped"))
    yield "stats", checkpoint_overview.CheckpointOverview.of_stats(stand_in(port, job=job))
    yield "last", job_header.checkpoint_line(job, port, ended=False)
    yield "restored", job_header.restored_line(job, port, 0.0)
    summary = checkpoints.measures(value)
    yield from cells("summary", summary, checkpoint_overview.CheckpointSummary.COLUMNS, "name")
    yield "points", checkpoints.completed_points(port, job, "duration", lambda one: one.duration)
    yield "failed", checkpoints.failed_points(port, job)


def _checkpoint_config(port: Port, query: Query[Any], value: Any) -> Drawn:
    job = dict(query.ids)["job"]
    yield "settings", items(value)
    yield "stats", checkpoint_overview.CheckpointOverview.of_stats(stand_in(port, job=job))
    yield "last", job_header.checkpoint_line(job, port, ended=False)


def _checkpoint(port: Port, query: Query[Any], _value: Any) -> Drawn:
    ids = dict(query.ids)
    number = int(ids["checkpoint"])
    rows = checkpoint_shares.vertex_shares(port, ids["job"], number)
    yield from cells("vertex", rows, columns_of(checkpoint_shares.CheckpointVertices, port), "vertex")
    facts = checkpoints.checkpoint_facts(port, ids["job"], number)
    if facts.checkpoint is not None:
        of_checkpoint = checkpoint_header.CheckpointHeader.of_checkpoint
        yield "header", of_checkpoint(stand_in(port), facts, facts.checkpoint, {}, lambda _vertex: None)
    for vertex, share in (facts.tasks_of.tasks if facts.tasks_of is not None else {}).items():
        yield f"share {vertex}", checkpoint_header.share_line(share)


def _checkpoint_subtasks(port: Port, _query: Query[Any], value: Any) -> Drawn:
    share = value
    columns = columns_of(checkpoint_shares.CheckpointShares, port)
    rows = checkpoint_shares.share_rows(share, under_way=False)
    yield from cells("subtask", rows, columns, "name")
    yield from cells("sum", statistics_of(share, rows, percentiles=True), columns, "name")
    yield "share", checkpoint_header.share_line(share)
    yield "words", checkpoint_header.words_line(share, under_way=False)


def _vertex(port: Port, _query: Query[Any], value: Any) -> Drawn:
    book = subtasks.SubtaskHistory(port, "job", "vertex")
    book.take_totals(Reading(value, port.now()))
    if value.subtasks:
        yield "now", of_subtasks(value)
    around = subtasks.VertexContext()
    rows = [book.facts(one, around) for one in book.attempts.values()]
    columns = columns_of(subtasks_table.SubtasksTable, port)
    yield from cells("subtask", rows, columns, "index")
    yield "skew", vertex_header.skew_parts(value, None)
    below = subtask_summary.summary_rows(
        tuple(book.attempts.values()), value.aggregated, {}, around, port.known_time()
    )
    yield from cells("sum", below, subtask_summary.summary_columns(columns), "label")


def _attempt(port: Port, _query: Query[Any], value: Any) -> Drawn:
    columns = columns_of(attempts.AttemptsTable, port, _vertex_context=subtasks.VertexContext)
    yield from cells("attempt", [value], columns, "attempt")
    yield "state", vertex_header.attempt_line(value)


def _accumulators(port: Port, _query: Query[Any], value: Any) -> Drawn:
    told = [one for part in getattr(value, "subtasks", (value,)) for one in _told_by(part)]
    rows = accumulators.rows_of(told, "job", 0)
    yield from cells("", rows, columns_of(accumulators.Accumulators, port, OF="OF", SERIALIZED=True), "key")


def _told_by(part: Any) -> Iterable[Any]:
    found: Iterable[Any] = getattr(part, "user_accumulators", ()) or getattr(
        part, "user_task_accumulators", ()
    )
    return found


def _backpressure(port: Port, _query: Query[Any], value: Any) -> Drawn:
    rows = vertex_parts.pressure_rows(value)
    yield from cells("subtask", rows, columns_of(vertex_parts.VertexPressure, port), "key")


def _watermarks(port: Port, _query: Query[Any], value: Any) -> Drawn:
    marks = watermarks.marks(value)
    rows = vertex_parts.mark_rows(marks, len(marks), port.known_time(), {})
    yield from cells(
        "subtask", rows, columns_of(vertex_parts.VertexWatermarks, port, _now=port.known_time()), "index"
    )


def _vertex_taskmanagers(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    rows = vertices.taskmanager_rows(value, source=False, sink=False)
    yield from cells("process", rows, vertices.VertexTaskManagersTable.COLUMNS, "key")


def _times(port: Port, _query: Query[Any], value: Any) -> Drawn:
    now = port.known_time()
    for one in value.subtasks:
        rows = attempts.state_rows(one.timestamps, now)
        columns = columns_of(attempts.StateTimes, port)
        yield from cells(f"{one.subtask}", rows, columns, "state")
    timed = subtask_rows(value, None, "v", "")
    yield from _timeline(port, timed)
    timeline.span(timeline.intervals(one.timestamps) for one in value.subtasks)


def _timeline(port: Port, rows: Sequence[TimelineRow]) -> Drawn:
    now = port.known_time()
    bounds = [row.start for row in rows if row.start is not None]
    window = window_of(bounds, now, None, 0.0, ended=None)
    columns = columns_of(job_timeline.TimelineTable, port, TITLE="VERTEX", window=window)
    yield from cells("time", rows, columns, "key")


def _flame(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield "missing", value.missing
    if value.data is not None:
        graph = flame.pieces(value.data)
        yield "trunk", flame.trunk(graph)
        yield "hottest", flame.hottest(graph, 5)
        for width in (1, 10, 100):
            flame.rows(graph, 0, width)


def _metrics(port: Port, _query: Query[Any], value: Any) -> Drawn:
    now = port.known_time()
    scope = metric_scopes.Scope(subtask=0)
    rows = [
        metrics_table.ExploredRow(one.id, one.id, 0, scope, one.id, sample=metric_scopes.Sample(now, one))
        for one in value
    ]
    yield from cells(
        "metric", rows, columns_of(metrics_table.MetricsTable, port, ALONE=True, PINS=True), "metric"
    )
    for metric in value:
        metric_scopes.plain_text(metric, 0.0, now)
        metric_reading.reading(metric.id, metric.number, 0.0, now)
    known = processes.figures(value)
    yield "process", process.figures_line(None)
    yield "memory", [made() for _, made in memory.jobmanager_sections({}, known)]


def _aggregated(port: Port, _query: Query[Any], value: Any) -> Drawn:
    now = port.known_time()
    for metric in value:
        numbers = (metric.min, metric.avg, metric.max, metric.sum, metric.skew)
        yield f"metric {metric.id}", [metric_scopes.number_text(metric.id, one, 0.0, now) for one in numbers]
        for one in numbers:
            metric_reading.reading(metric.id, one, 0.0, now)
    yield "heap", cluster_line.heap_parts(value)
    yield "together", cluster_line.job_metric_parts(value)
    found = rates.by_id(value)
    mark = found.get(rates.WATERMARK_ID)
    if mark is not None:
        yield "watermark", vertex_header.watermark_parts(mark.min, 0.0, now)


def _taskmanagers(port: Port, _query: Query[Any], value: Any) -> Drawn:
    rows = [taskmanager_facts(port, one, port.known_time()) for one in value.taskmanagers]
    rows.sort(key=lambda row: (-row.worst[0], -row.worst[1], row.name))
    yield from cells("process", rows, taskmanagers.TaskManagersTable.COLUMNS, "id")


def _taskmanager(port: Port, _query: Query[Any], value: Any) -> Drawn:
    details = value
    heartbeat = processes.heartbeat_age(details.last_heartbeat, port.known_time())
    yield "state", process.taskmanager_line(details, heartbeat)
    yield "place", process.place_lines(details, 80)
    parts = [part for _, made in memory.taskmanager_sections(details, None) for part in made()]
    yield from cells("memory", parts, process.MemoryTable.COLUMNS, "name")
    slots = taskmanagers.slot_rows(details, {})
    yield from cells("slot", slots, taskmanagers.SlotsTable.COLUMNS, "number")


def _exceptions(port: Port, query: Query[Any], _value: Any) -> Drawn:
    groups = port.faults(dict(query.ids)["job"])
    rows = job_exceptions.fault_rows(groups)
    yield from cells("fault", rows, columns_of(job_exceptions.ExceptionsTable, port), "key")


def _jars(port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("jar", value.files, columns_of(jars_table.JarsTable, port), "id")


def _files(port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("file", value.logs, columns_of(process_files.FilesTable, port), "name")


def _profiler(port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("run", value.runs, columns_of(process_files.ProfilerTable, port), "trigger_time")


def _applications(port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells(
        "application", value.applications, columns_of(applications.ApplicationsTable, port), "id"
    )


def _application(port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("job", value.jobs, columns_of(applications.ApplicationJobs, port), "jid")


def _rescales(port: Port, _query: Query[Any], value: Any) -> Drawn:
    one_or_many = value if isinstance(value, tuple) else (value,)
    rows: list[TimelineRow] = []
    for one in one_or_many:
        rows += [rescale_row(one, "")]
        rows += detail_rows(one)
    yield from _timeline(port, rows)


def _rescale_summary(port: Port, query: Query[Any], _value: Any) -> Drawn:
    yield "summary", summary_parts(port, dict(query.ids)["job"])


def _rescale_config(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield "items", configuration.rescale_items(value)


def _job_config(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield "items", configuration.items(None, value)


def _result(port: Port, query: Query[Any], _value: Any) -> Drawn:
    yield "result", job_header.result_line(dict(query.ids)["job"], port)


_VERTEX = "jobs/{job}/vertices/{vertex}"
DRAWS: dict[str, Draw] = {
    "jobs/overview": _jobs,
    "overview": _overview,
    "jobs/{job}": _job,
    "jobs/{job}/config": _job_config,
    "jobs/{job}/accumulators": _accumulators,
    "jobs/{job}/execution-result": _result,
    "jobs/{job}/exceptions": _exceptions,
    "jobs/{job}/metrics": _metrics,
    "jobs/{job}/checkpoints": _checkpoints,
    "jobs/{job}/checkpoints/config": _checkpoint_config,
    "jobs/{job}/checkpoints/details/{checkpoint}": _checkpoint,
    "jobs/{job}/checkpoints/details/{checkpoint}/subtasks/{vertex}": _checkpoint_subtasks,
    _VERTEX: _vertex,
    f"{_VERTEX}/accumulators": _accumulators,
    f"{_VERTEX}/backpressure": _backpressure,
    f"{_VERTEX}/watermarks": _watermarks,
    f"{_VERTEX}/taskmanagers": _vertex_taskmanagers,
    f"{_VERTEX}/subtasktimes": _times,
    f"{_VERTEX}/flamegraph": _flame,
    f"{_VERTEX}/metrics": _metrics,
    f"{_VERTEX}/jm-operator-metrics": _metrics,
    f"{_VERTEX}/subtasks/metrics": _aggregated,
    f"{_VERTEX}/subtasks/accumulators": _accumulators,
    f"{_VERTEX}/subtasks/{{subtask}}": _attempt,
    f"{_VERTEX}/subtasks/{{subtask}}/metrics": _metrics,
    f"{_VERTEX}/subtasks/{{subtask}}/attempts/{{attempt}}": _attempt,
    f"{_VERTEX}/subtasks/{{subtask}}/attempts/{{attempt}}/accumulators": _accumulators,
    "jobs/metrics": _aggregated,
    "jobmanager/metrics": _metrics,
    "jobmanager/logs": _files,
    "jobmanager/profiler": _profiler,
    "taskmanagers": _taskmanagers,
    "taskmanagers/metrics": _aggregated,
    "taskmanagers/{taskmanager}": _taskmanager,
    "taskmanagers/{taskmanager}/metrics": _metrics,
    "taskmanagers/{taskmanager}/logs": _files,
    "taskmanagers/{taskmanager}/profiler": _profiler,
    "jars": _jars,
    "applications/overview": _applications,
    "applications/{application}": _application,
    "jobs/{job}/rescales/history": _rescales,
    "jobs/{job}/rescales/details/{rescale}": _rescales,
    "jobs/{job}/rescales/summary": _rescale_summary,
    "jobs/{job}/rescales/config": _rescale_config,
}
"""By an endpoint's path. What is not here has no number that is drawn."""
