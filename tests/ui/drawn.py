"""What flinktop makes of an answer, without a screen: the cells of its rows and the lines of its headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flinktop.engine.host import Port
from flinktop.engine.store import Reading
from flinktop.facts import checkpoints, jobs, metric_scopes, rescales, subtasks
from flinktop.facts.checkpoint_subtasks import statistics_of
from flinktop.facts.processes import taskmanager_facts
from flinktop.facts.timeline import TimelineRow, subtask_rows, window_of
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
from flinktop.ui.panels import (
    accumulators,
    applications,
    attempts_table,
    checkpoint_header,
    checkpoint_history,
    checkpoint_overview,
    checkpoint_share_header,
    checkpoint_subtasks,
    checkpoint_summary,
    checkpoint_trends,
    checkpoint_vertices,
    cluster_line,
    files_table,
    jars_table,
    job_configuration,
    job_exceptions,
    job_header,
    job_timeline,
    jobs_table,
    memory_table,
    metrics_table,
    process_header,
    profiler_table,
    slots_table,
    state_times,
    subtask_header,
    subtask_summary,
    subtasks_table,
    taskmanagers_table,
    vertex_backpressure,
    vertex_header,
    vertex_taskmanagers,
    vertex_watermarks,
    vertices_table,
)
from flinktop.ui.panels.job_graph_box import box
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.one_by_one import MadeRows

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
    assert not (isinstance(rows, MadeRows) and rows.odd), rows.odd
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


Draw = Callable[[Port, Query[Any], Any], Drawn]


def _jobs(port: Port, _query: Query[Any], value: Any) -> Drawn:
    rows = [jobs_table.JobRow(job, port) for job in value.jobs]
    rows.sort(key=lambda row: row.order)
    yield from cells("job", rows, jobs_table.columns(port, lambda: 0.0, ascii=False), "jid")
    yield "all", cluster_line.state_parts(value)


def _overview(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield "slots", cluster_line.slots_parts(value, meter=True)
    yield "jobmanager", process_header.jobmanager_line(value)


def _job(port: Port, query: Query[Any], value: Any) -> Drawn:
    job, name = value, dict(query.ids)["job"]
    now = port.known_time()
    rows = vertices_table.vertex_rows(job, port, {})
    yield from cells("vertex", rows, vertices_table.columns(port, ascii=False), "id")
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
    yield "configuration", job_configuration.items(job, None)
    yield "totals", rates.totals(job)
    yield "savepoint", job_header.savepoint_line(port, name, 100)
    yield "result", job_header.result_line(name, port)
    bounds = [one.start / 1000.0 for one in timeline.intervals(job.timestamps)]
    yield "window", window_of(bounds, now, None, 0.0, ended=None)


def _checkpoints(port: Port, query: Query[Any], value: Any) -> Drawn:
    job = dict(query.ids)["job"]
    columns = checkpoint_history.columns(port, lambda: 0.0)
    for row in checkpoint_history.history_rows(port, job):
        assert row.checkpoint.id >= 0
        name = f"checkpoint {row.checkpoint.id}"
        yield from ((name, told) for _, told in cells(name, [row], columns, "gone"))
    yield "stats", checkpoint_overview.stats_lines(port, job, 0.0)
    yield "last", job_header.checkpoint_line(job, port, ended=False)
    yield "restored", job_header.restored_line(job, port, 0.0)
    summary = checkpoints.measures(value)
    yield from cells("summary", summary, checkpoint_summary.columns(), "name")
    yield "points", checkpoint_trends.completed_points(port, job, "duration", lambda one: one.duration)
    yield "failed", checkpoint_trends.failed_points(port, job)


def _checkpoint_config(port: Port, query: Query[Any], value: Any) -> Drawn:
    job = dict(query.ids)["job"]
    yield "settings", items(value)
    yield "stats", checkpoint_overview.stats_lines(port, job, 0.0)
    yield "last", job_header.checkpoint_line(job, port, ended=False)


def _checkpoint(port: Port, query: Query[Any], _value: Any) -> Drawn:
    ids = dict(query.ids)
    number = int(ids["checkpoint"])
    rows = checkpoint_vertices.vertex_shares(port, ids["job"], number)
    yield from cells("vertex", rows, checkpoint_vertices.columns(port, lambda: 0.0, ascii=False), "vertex")
    facts = checkpoints.checkpoint_facts(port, ids["job"], number)
    yield (
        "header",
        checkpoint_header.header_lines(facts, {}, port.known_time(), 0.0, late_subtasks=lambda _vertex: None),
    )
    for vertex, share in (facts.tasks_of.tasks if facts.tasks_of is not None else {}).items():
        yield f"share {vertex}", checkpoint_share_header.share_line(share)


def _checkpoint_subtasks(port: Port, _query: Query[Any], value: Any) -> Drawn:
    share = value
    columns = checkpoint_subtasks.columns(port, lambda: 0.0, ascii=False)
    rows = checkpoint_subtasks.share_rows(share, under_way=False)
    yield from cells("subtask", rows, columns, "name")
    yield from cells("sum", statistics_of(share, rows, percentiles=True), columns, "name")
    yield "share", checkpoint_share_header.share_line(share)
    yield "words", checkpoint_share_header.words_line(share, under_way=False)


def _vertex(port: Port, _query: Query[Any], value: Any) -> Drawn:
    book = subtasks.SubtaskHistory(port, "job", "vertex")
    book.take_totals(Reading(value, port.now()))
    if value.subtasks:
        yield "now", of_subtasks(value)
    around = subtasks.VertexContext()
    rows = [book.facts(one, around) for one in book.attempts.values()]
    columns = subtasks_table.columns(lambda: 0.0, port.known_time)
    yield from cells("subtask", rows, columns, "index")
    yield "skew", vertex_header.skew_parts(value, None)
    below = subtask_summary.summary_rows(
        tuple(book.attempts.values()), value.aggregated, {}, around, port.known_time()
    )
    yield from cells("sum", below, subtask_summary.summary_columns(columns), "label")


def _attempt(port: Port, _query: Query[Any], value: Any) -> Drawn:
    columns = attempts_table.columns(lambda: 0.0, port.known_time, subtasks.VertexContext)
    yield from cells("attempt", [value], columns, "attempt")
    yield "state", subtask_header.state_line(value)


def _accumulators(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    told = [one for part in getattr(value, "subtasks", (value,)) for one in _told_by(part)]
    rows = accumulators.rows_of(told, "job", 0)
    yield from cells("", rows, accumulators.columns("OF", serialized=True), "key")


def _told_by(part: Any) -> Iterable[Any]:
    found: Iterable[Any] = getattr(part, "user_accumulators", ()) or getattr(
        part, "user_task_accumulators", ()
    )
    return found


def _backpressure(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    rows = vertex_backpressure.pressure_rows(value)
    yield from cells("subtask", rows, vertex_backpressure.columns(ascii=False), "key")


def _watermarks(port: Port, _query: Query[Any], value: Any) -> Drawn:
    marks = watermarks.marks(value)
    rows = vertex_watermarks.mark_rows(marks, len(marks), port.known_time(), {})
    yield from cells("subtask", rows, vertex_watermarks.columns(lambda: 0.0, port.known_time), "index")


def _vertex_taskmanagers(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    rows = vertex_taskmanagers.taskmanager_rows(value, source=False, sink=False)
    yield from cells("process", rows, vertex_taskmanagers.columns(), "key")


def _times(port: Port, _query: Query[Any], value: Any) -> Drawn:
    now = port.known_time()
    for one in value.subtasks:
        rows = state_times.state_rows(one.timestamps, now)
        columns = state_times.columns(lambda: 0.0, port.known_time, ascii=False)
        yield from cells(f"{one.subtask}", rows, columns, "state")
    timed = subtask_rows(value, None, "v", "")
    yield from _timeline(timed, now)
    timeline.span(timeline.intervals(one.timestamps) for one in value.subtasks)


def _timeline(rows: Sequence[TimelineRow], now: float) -> Drawn:
    bounds = [row.start for row in rows if row.start is not None]
    window = window_of(bounds, now, None, 0.0, ended=None)
    columns = job_timeline.columns("VERTEX", lambda: window, ascii=False)
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
    yield from cells("metric", rows, metrics_table.columns(lambda: 0.0, lambda: now, alone=True), "metric")
    for metric in value:
        metric_scopes.plain_text(metric, 0.0, now)
        metric_reading.reading(metric.id, metric.number, 0.0, now)
    known = processes.figures(value)
    yield "process", process_header.figures_line(None)
    yield "memory", [made() for _, made in memory.jobmanager_sections({}, known)]


def _aggregated(port: Port, _query: Query[Any], value: Any) -> Drawn:
    now = port.known_time()
    for metric in value:
        numbers = (metric.min, metric.avg, metric.max, metric.sum, metric.skew)
        yield f"metric {metric.id}", [metric_scopes.number_text(metric.id, one, 0.0, now) for one in numbers]
        for one in numbers:
            metric_reading.reading(metric.id, one, 0.0, now)
    yield "heap", cluster_line.heap_parts(value)
    yield "together", cluster_line.together_parts(value)
    found = rates.by_id(value)
    mark = found.get(rates.WATERMARK_ID)
    if mark is not None:
        yield "watermark", vertex_header.watermark_parts(mark.min, 0.0, now)


def _taskmanagers(port: Port, _query: Query[Any], value: Any) -> Drawn:
    rows = [taskmanager_facts(port, one, port.known_time()) for one in value.taskmanagers]
    rows.sort(key=lambda row: (-row.worst[0], -row.worst[1], row.name))
    yield from cells("process", rows, taskmanagers_table.TaskManagersTable.COLUMNS, "id")


def _taskmanager(port: Port, _query: Query[Any], value: Any) -> Drawn:
    details = value
    heartbeat = processes.heartbeat_age(details.last_heartbeat, port.known_time())
    yield "state", process_header.taskmanager_line(details, heartbeat)
    yield "place", process_header.place_lines(details, 80)
    parts = [part for _, made in memory.taskmanager_sections(details, None) for part in made()]
    yield from cells("memory", parts, memory_table.MemoryTable.COLUMNS, "name")
    slots = slots_table.slot_rows(details, {})
    yield from cells("slot", slots, slots_table.SlotsTable.COLUMNS, "number")


def _exceptions(port: Port, query: Query[Any], _value: Any) -> Drawn:
    groups = port.faults(dict(query.ids)["job"])
    rows = job_exceptions.fault_rows(groups)
    yield from cells("fault", rows, job_exceptions.columns(str), "key")


def _jars(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("jar", value.files, jars_table.columns(lambda: 0.0), "id")


def _files(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("file", value.logs, files_table.columns(lambda: 0.0), "name")


def _profiler(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("run", value.runs, profiler_table.columns(lambda: 0.0), "trigger_time")


def _applications(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("application", value.applications, applications.columns(lambda: 0.0), "id")


def _application(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield from cells("job", value.jobs, applications.job_columns(lambda: 0.0), "jid")


def _rescales(port: Port, _query: Query[Any], value: Any) -> Drawn:
    one_or_many = value if isinstance(value, tuple) else (value,)
    rows: list[TimelineRow] = []
    for one in one_or_many:
        rows += [rescales.rescale_row(one, "")]
        rows += rescales.detail_rows(one)
    yield from _timeline(rows, port.known_time())


def _rescale_summary(port: Port, query: Query[Any], _value: Any) -> Drawn:
    yield "summary", rescales.summary_parts(port, dict(query.ids)["job"])


def _rescale_config(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield "items", job_configuration.rescale_items(value)


def _job_config(_port: Port, _query: Query[Any], value: Any) -> Drawn:
    yield "items", job_configuration.items(None, value)


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
