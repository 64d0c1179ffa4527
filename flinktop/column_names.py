"""The tables of flinktop and their columns, as the config's [columns] and `flinktop columns` name them.

The same names as the columns have in `ui/panels`, which a test holds equal; here they are known without the
terminal.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from flinktop.allowed import NotAllowed, near, shown


class ColumnName(NamedTuple):
    """A column of a table."""

    name: str
    title: str
    """In the header of the table; "" for none."""
    shows: str
    usual: bool = True
    """Whether it is shown where the config chooses no columns, as far as there is room."""


class TableName(NamedTuple):
    """A table of flinktop."""

    name: str
    shows: str
    row_name: str
    """The column that says which row it is: if it is chosen, it is dropped from no table however narrow."""
    columns: tuple[ColumnName, ...]

    @property
    def usual(self) -> tuple[str, ...]:
        """The columns that it shows where the config chooses none."""
        return tuple(column.name for column in self.columns if column.usual)


class ChosenColumns(NamedTuple):
    """The columns that the config chooses for a table."""

    show: tuple[str, ...]
    row_name: str
    """As in TableName."""


def table_named(name: str) -> TableName:
    """The table with this name. Raises NotAllowed for another name."""
    for table in TABLES:
        if table.name == name:
            return table
    names = [table.name for table in TABLES]
    raise NotAllowed(
        f"there is no table '{shown(name)}'{near(name, names)} (they are listed by: flinktop columns)"
    )


def chosen_columns(table: TableName, names: tuple[str, ...]) -> ChosenColumns:
    """The columns with these names. Raises NotAllowed for an unknown one, and for one that is there twice."""
    known = {column.name for column in table.columns}
    for at, name in enumerate(names):
        if name not in known:
            raise NotAllowed(
                f"must hold columns of the table {table.name}, not '{shown(name)}'"
                f"{_near(name, table.columns)} (they are listed by: flinktop columns {table.name})"
            )
        if name in names[:at]:
            raise NotAllowed(f"must not hold '{name}' twice")
    return ChosenColumns(names, table.row_name)


def _near(name: str, columns: Iterable[ColumnName]) -> str:
    """The column with this title, else those with similar names, as allowed.near says them."""
    wanted = name.casefold().strip(" %")
    titled = [one.name for one in columns if one.title and one.title.casefold().strip(" %") == wanted]
    return f"; did you mean {titled[0]!r}?" if titled else near(name, [one.name for one in columns])


_C = ColumnName
TABLES: Final = (
    TableName(
        "jobs",
        "jobs of the cluster",
        "job",
        (
            _C("state", "STATE", "state"),
            _C("job", "JOB", "name"),
            _C("verdict", "VERDICT", "the worst finding about it"),
            _C("tasks", "TASKS", "tasks that run, of all"),
            _C("in", "IN/s", "records/s that its sources send"),
            _C("out", "OUT/s", "records/s that its sinks receive"),
            _C("trend", "IN/s, 30 m", "records/s that its sources sent, over 30 minutes"),
            _C("busy", "BUSY%", "busy time of its busiest vertex"),
            _C("backpressured", "BKPR%", "backpressured time of its most backpressured vertex"),
            _C("lag", "WM LAG", "watermark lag of its latest sink"),
            _C("checkpoint", "LAST CKPT", "age of the last completed checkpoint / interval"),
            _C("restarts", "RST", "restarts"),
            _C("uptime", "UP", "time in its state, or that it ran"),
            _C("started", "STARTED", "when it started"),
            _C("ended", "ENDED", "when it ended"),
            _C("id", "ID", "job id", usual=False),
            _C("parallelism", "PAR", "highest parallelism of its vertices", usual=False),
            _C("interval", "INTERVAL", "checkpoint interval", usual=False),
            _C("type", "TYPE", "streaming or batch (Flink 2.3+)", usual=False),
        ),
    ),
    TableName(
        "clusters",
        "clusters of a fleet",
        "cluster",
        (
            _C("cluster", "CLUSTER", "name"),
            _C("state", "STATE", "whether it answers"),
            _C("verdict", "VERDICT", "the worst finding about it and its jobs"),
            _C("jobs", "JOBS", "jobs by state"),
            _C("pods", "PODS", "pods that are ready, of all; the worst; restarts (on Kubernetes)"),
            _C("operator", "OPERATOR", "lifecycle state by the Flink Kubernetes operator, or error"),
            _C("slots", "SLOTS", "slots used, of all"),
            _C("in", "IN/s", "records/s that the sources of all its jobs send"),
            _C("trend", "IN/s, 30 m", "the same over 30 minutes"),
            _C("age", "AGE", "age of its newest answer"),
            _C("release", "FLINK", "release of Flink"),
            _C("group", "GROUP", "group; usual where the config has groups"),
            _C("taskmanagers", "TM", "TaskManagers", usual=False),
            _C("url", "URL", "address", usual=False),
        ),
    ),
    TableName(
        "fleet_jobs",
        "jobs of all clusters of a fleet",
        "job",
        (
            _C("cluster", "CLUSTER", "name of the cluster"),
            _C("state", "STATE", "state"),
            _C("job", "JOB", "name"),
            _C("verdict", "VERDICT", "the worst finding about it"),
            _C("tasks", "TASKS", "tasks that run, of all"),
            _C("in", "IN/s", "records/s that its sources send"),
            _C("trend", "IN/s, 30 m", "the same over 30 minutes"),
            _C("since", "LASTED", "how long the worst finding has lasted"),
            _C("age", "AGE", "age of the data"),
            _C("group", "GROUP", "group of the cluster", usual=False),
            _C("id", "ID", "job id", usual=False),
        ),
    ),
    TableName(
        "vertices",
        "vertices of a job; once it has ended, totals instead of rates",
        "vertex",
        (
            _C("state", "STATE", "state"),
            _C("vertex", "VERTEX", "name"),
            _C("parallelism", "PAR", "parallelism; running/all while only some subtasks run"),
            _C("in", "IN/s", "records/s received"),
            _C("out", "OUT/s", "records/s sent"),
            _C("trend", "RATE, 30 m", "its main rate over 30 minutes"),
            _C("total_in", "IN", "records received"),
            _C("total_out", "OUT", "records sent"),
            _C("bytes_in", "BYTES IN", "bytes received", usual=False),
            _C("bytes_out", "BYTES OUT", "bytes sent", usual=False),
            _C("duration", "RAN", "how long it has run, or ran", usual=False),
            _C("busy", "BUSY%", "busy time of the busiest subtask"),
            _C("backpressured", "BKPR%", "backpressured time of the most backpressured subtask"),
            _C("idle", "IDLE%", "idle time of the least idle subtask", usual=False),
            _C("lag", "WM LAG", "lag of the lowest watermark"),
            _C("skew", "SKEW%", "skew of records/s over the subtasks"),
            _C("over_mean", "MAX/AVG", "records/s of the fastest subtask, relative to the mean"),
            _C("id", "ID", "vertex id", usual=False),
        ),
    ),
    TableName(
        "subtasks",
        "subtasks of a vertex",
        "subtask",
        (
            _C("subtask", "#", "index, from 0"),
            _C("state", "STATE", "state"),
            _C("attempt", "ATTEMPT", "number of the attempt, from 0"),
            _C("host", "HOST", "host that it runs on"),
            _C("in", "IN/s", "records/s received"),
            _C("out", "OUT/s", "records/s sent"),
            _C("total_in", "IN", "records received"),
            _C("total_out", "OUT", "records sent"),
            _C("bytes_in", "BYTES IN", "bytes received"),
            _C("bytes_out", "BYTES OUT", "bytes sent"),
            _C("busy", "BUSY%", "busy time"),
            _C("backpressured", "BKPR%", "backpressured time"),
            _C("idle", "IDLE%", "idle time"),
            _C("watermark", "WATERMARK", "watermark"),
            _C("lag", "WM LAG", "watermark lag"),
            _C("in_state", "IN STATE", "time in its state"),
            _C("taskmanager", "TASKMANAGER", "id of its TaskManager", usual=False),
            _C("started", "STARTED", "when the attempt started", usual=False),
        ),
    ),
    TableName(
        "attempts",
        "attempts of a subtask",
        "attempt",
        (
            _C("attempt", "ATTEMPT", "number, from 0"),
            _C("state", "STATE", "state, or how it ended"),
            _C("started", "STARTED", "when it started"),
            _C("ended", "ENDED", "when it ended"),
            _C("duration", "DURATION", "how long it has run, or ran"),
            _C("host", "HOST", "host that it ran on"),
            _C("total_in", "IN", "records received"),
            _C("total_out", "OUT", "records sent"),
            _C("scheduled", "SCHEDULED", "time in the state SCHEDULED"),
            _C("deploying", "DEPLOYING", "time in the state DEPLOYING"),
            _C("initializing", "INITIALIZ.", "time in the state INITIALIZING"),
            _C("running", "RUNNING", "time in the state RUNNING"),
            _C("taskmanager", "TASKMANAGER", "id of its TaskManager", usual=False),
        ),
    ),
    TableName(
        "subtask_states",
        "states of the present attempt of a subtask",
        "state",
        (
            _C("state", "STATE", "state"),
            _C("entered", "ENTERED", "when it entered the state"),
            _C("in_state", "IN STATE", "time in the state"),
            _C("share", "SHARE", "share of its life, as a bar"),
        ),
    ),
    TableName(
        "vertex_taskmanagers",
        "TaskManagers that a vertex runs on",
        "host",
        (
            _C("state", "STATE", "state of the subtasks there"),
            _C("host", "HOST", "host"),
            _C("taskmanager", "TASKMANAGER", "id of the TaskManager"),
            _C("subtasks", "SUBTASKS", "subtasks by state"),
            _C("total_in", "IN", "records received"),
            _C("total_out", "OUT", "records sent"),
            _C("bytes_in", "IN B", "bytes received"),
            _C("bytes_out", "OUT B", "bytes sent"),
            _C("busy", "BUSY%", "busy time"),
            _C("duration", "DURATION", "how long it has run, or ran"),
        ),
    ),
    TableName(
        "backpressure",
        "how the subtasks of a vertex spend their time",
        "subtask",
        (
            _C("subtask", "SUBTASK", "index, from 0"),
            _C("level", "LEVEL", "Flink's verdict: ok, low or high"),
            _C("backpressured", "BKPR%", "backpressured time"),
            _C("busy", "BUSY%", "busy time"),
            _C("idle", "IDLE%", "idle time"),
            _C("attempt", "ATTEMPT", "number of the attempt, from 0"),
            _C("time", "TIME", "all three as a bar"),
        ),
    ),
    TableName(
        "watermarks",
        "watermarks of the subtasks of a vertex",
        "subtask",
        (
            _C("subtask", "SUBTASK", "index, from 0"),
            _C("watermark", "WATERMARK", "watermark as a time"),
            _C("lag", "WM LAG", "watermark lag"),
            _C("behind", "BEHIND", "how far it is behind the highest watermark"),
            _C("holds", "", "whether it holds back the others"),
            _C("raw", "RAW", "watermark as Flink sends it"),
        ),
    ),
    TableName(
        "accumulators",
        "accumulators of a job, a vertex or a subtask",
        "accumulator",
        (
            _C("scope", "SCOPE", "the vertex or the subtask; of a vertex's table alone"),
            _C("host", "HOST", "host of the subtask; of a vertex's table alone"),
            _C("accumulator", "ACCUMULATOR", "name"),
            _C("value", "VALUE", "value"),
            _C("type", "TYPE", "type"),
            _C("serialized", "SERIALIZED", "bytes of the serialized value; of a job's table alone"),
        ),
    ),
    TableName(
        "metrics",
        "metrics of a job, a vertex, a subtask or a process",
        "metric",
        (
            _C("pinned", "", "whether it is pinned; not of a process"),
            _C("metric", "METRIC", "id, below its scope and operator"),
            _C("raw", "RAW", "value as Flink sends it"),
            _C("min", "MIN", "least of the subtasks; of a job's and a vertex's table alone"),
            _C("avg", "AVG", "mean of the subtasks; likewise"),
            _C("max", "MAX", "highest of the subtasks; likewise"),
            _C("value", "VALUE", "value with its unit"),
            _C("sum", "SUM", "sum over the subtasks; likewise"),
        ),
    ),
    TableName(
        "findings",
        "findings about a job or the cluster",
        "finding",
        (
            _C("severity", "SEVERITY", "severity"),
            _C("scope", "SCOPE", "job or cluster, where both are listed"),
            _C("finding", "FINDING", "the finding as a sentence"),
            _C("since", "SINCE", "since when"),
        ),
    ),
    TableName(
        "exceptions",
        "exceptions of a job, repeats grouped",
        "cause",
        (
            _C("latest", "LATEST", "when it happened last"),
            _C("times", "TIMES", "how often"),
            _C("cause", "ROOT CAUSE", "root cause"),
            _C("task", "TASK", "task"),
            _C("subtask", "SUBTASK", "subtask"),
            _C("taskmanager", "TASKMANAGER", "TaskManager"),
            _C("first", "FIRST", "when it happened first"),
            _C("labels", "LABELS", "labels of failure enrichers"),
        ),
    ),
    TableName(
        "job_timeline",
        "states of a job's vertices or a vertex's subtasks over time",
        "name",
        (
            _C("name", "VERTEX", "vertex or subtask"),
            _C("state", "STATE", "state"),
            _C("started", "STARTED", "when it started"),
            _C("duration", "DURATION", "how long it has run, or ran"),
            _C("bar", "OVER TIME", "states over time; the axis stands below"),
        ),
    ),
    TableName(
        "checkpoints",
        "checkpoints of a job",
        "id",
        (
            _C("id", "ID", "number"),
            _C("state", "STATE", "state"),
            _C("type", "TYPE", "checkpoint, savepoint …"),
            _C("triggered", "TRIGGERED", "when it was triggered"),
            _C("age", "AGE", "how long ago that was"),
            _C("acknowledged", "ACKED", "subtasks that acknowledged, of all"),
            _C("duration", "DURATION", "end-to-end duration"),
            _C("written", "WRITTEN", "bytes written"),
            _C("full", "FULL", "bytes of the whole state"),
            _C("in_flight", "IN FLIGHT", "in-flight data, processed/persisted"),
            _C("files", "FILES", "whether its files are kept"),
            _C("path", "PATH OR REASON", "path, or why it failed"),
        ),
    ),
    TableName(
        "checkpoint_summary",
        "statistics of a job's completed checkpoints",
        "measure",
        (
            _C("measure", "MEASURE", "what is measured"),
            _C("min", "MIN", "minimum"),
            _C("avg", "AVG", "mean"),
            _C("max", "MAX", "maximum"),
            _C("p50", "P50", "median"),
            _C("p90", "P90", "90th percentile"),
            _C("p95", "P95", "95th percentile"),
            _C("p99", "P99", "99th percentile"),
            _C("p999", "P99.9", "99.9th percentile"),
        ),
    ),
    TableName(
        "checkpoint_settings",
        "checkpoint configuration of a job",
        "setting",
        (
            _C("setting", "SETTING", "name"),
            _C("value", "VALUE", "value"),
            _C("field", "FIELD IN REST API", "name in Flink's REST API"),
        ),
    ),
    TableName(
        "checkpoint_vertices",
        "vertices in one checkpoint",
        "vertex",
        (
            _C("vertex", "VERTEX", "name"),
            _C("acknowledged", "ACKED", "subtasks that acknowledged, of all"),
            _C("latest", "LATEST", "when the last subtask acknowledged"),
            _C("duration", "DURATION", "end-to-end duration"),
            _C("bar", "", "duration as a bar"),
            _C("written", "WRITTEN", "bytes written"),
            _C("full", "FULL", "bytes of the whole state"),
            _C("in_flight", "IN FLIGHT", "in-flight data, processed/persisted"),
            _C("missing", "NOT ACKNOWLEDGED", "subtasks that have not acknowledged"),
        ),
    ),
    TableName(
        "checkpoint_subtasks",
        "subtasks of a vertex in one checkpoint",
        "subtask",
        (
            _C("shape", "", "mark of the state"),
            _C("subtask", "SUBTASK", "index, from 0"),
            _C("state", "STATE", "state"),
            _C("phases", "PHASES", "the phases as a bar"),
            _C("start", "START", "start delay"),
            _C("alignment", "ALIGN", "alignment"),
            _C("sync", "SYNC", "synchronous part"),
            _C("async", "ASYNC", "asynchronous part"),
            _C("total", "TOTAL", "end-to-end duration"),
            _C("acknowledged", "ACKED", "when it acknowledged"),
            _C("written", "WRITTEN", "bytes written"),
            _C("full", "FULL", "bytes of the whole state"),
            _C("in_flight", "IN FLIGHT", "in-flight data, processed/persisted"),
            _C("barriers", "BARRIERS", "aligned or unaligned"),
        ),
    ),
    TableName(
        "taskmanagers",
        "TaskManagers of the cluster",
        "taskmanager",
        (
            _C("taskmanager", "TASKMANAGER", "name"),
            _C("verdict", "VERDICT", "what is wrong with it"),
            _C("heartbeat", "BEAT", "age of the last heartbeat"),
            _C("slots", "SLOTS", "slots used, of all"),
            _C("tasks", "TASKS", "tasks (Flink 2.3+)"),
            _C("pod", "POD", "state of its pod (on Kubernetes, as the next three)"),
            _C("restarts", "RESTARTS", "restarts of its container"),
            _C("last_end", "LAST END", "why its container ended last, and how long ago"),
            _C("node", "NODE", "node of its pod"),
            _C("heap", "HEAP%", "heap used"),
            _C("gc", "GC ms/s", "time in garbage collections"),
            _C("cpu", "CPU%", "CPU load of the JVM"),
            _C("managed", "MNGD%", "managed memory used"),
            _C("network", "NETW%", "network buffers used"),
            _C("threads", "THREADS", "threads"),
            _C("heap_limit", "HEAP", "heap that it has"),
            _C("managed_limit", "MANAGED", "managed memory that it has"),
            _C("cores", "CORES", "CPU cores of the machine"),
            _C("machine", "MACHINE", "memory of the machine"),
            _C("address", "ADDRESS", "host and port"),
            _C("free", "FREE", "free slots", usual=False),
            _C("id", "ID", "id", usual=False),
        ),
    ),
    TableName(
        "slots",
        "slots of a TaskManager",
        "job",
        (
            _C("slot", "SLOT", "number"),
            _C("job", "JOB", "job that has it"),
            _C("tasks", "TASKS", "tasks in it (Flink 2.3+)"),
            _C("cpu", "CPU", "CPU cores"),
            _C("heap", "HEAP", "task heap"),
            _C("off_heap", "OFF-HEAP", "task off-heap memory"),
            _C("managed", "MANAGED", "managed memory"),
            _C("network", "NETWORK", "network memory"),
        ),
    ),
    TableName(
        "memory",
        "memory of a process",
        "part",
        (
            _C("part", "PART", "part of the memory"),
            _C("configured", "CONFIGURED", "configured"),
            _C("used", "USED", "used"),
            _C("max", "MAX", "limit"),
            _C("share", "%", "used of the limit"),
            _C("meter", "", "the same as a bar"),
            _C("note", "", "note"),
        ),
    ),
    TableName(
        "files",
        "log files of a process",
        "file",
        (
            _C("file", "FILE", "name"),
            _C("size", "SIZE", "size"),
            _C("modified", "MODIFIED", "when it was written last"),
        ),
    ),
    TableName(
        "profiler",
        "profiler runs of a process",
        "file",
        (
            _C("started", "STARTED", "when it started"),
            _C("duration", "DURATION", "how long it samples"),
            _C("mode", "MODE", "mode"),
            _C("status", "STATUS", "status"),
            _C("file", "FILE", "file of the result, or why there is none"),
        ),
    ),
    TableName(
        "configuration",
        "configuration of the cluster",
        "setting",
        (
            _C("scope", "SCOPE", "what it is a setting of"),
            _C("setting", "SETTING", "name"),
            _C("value", "VALUE", "value"),
        ),
    ),
    TableName(
        "job_configuration",
        "configuration of a job",
        "setting",
        (
            _C("scope", "SCOPE", "what it is a setting of"),
            _C("setting", "SETTING", "name"),
            _C("value", "VALUE", "value"),
        ),
    ),
    TableName(
        "applications",
        "applications of the cluster (Flink 2.3+)",
        "application",
        (
            _C("state", "STATE", "state"),
            _C("application", "APPLICATION", "name"),
            _C("jobs", "JOBS", "jobs by state"),
            _C("started", "STARTED", "when it started"),
            _C("duration", "DURATION", "how long it has run, or ran"),
            _C("id", "ID", "application id", usual=False),
        ),
    ),
    TableName(
        "application_jobs",
        "jobs of an application",
        "job",
        (
            _C("state", "STATE", "state"),
            _C("job", "JOB", "name"),
            _C("started", "STARTED", "when it started"),
            _C("duration", "DURATION", "how long it has run, or ran"),
            _C("id", "ID", "job id", usual=False),
        ),
    ),
    TableName(
        "application_configuration",
        "configuration of an application",
        "setting",
        (
            _C("setting", "SETTING", "name"),
            _C("value", "VALUE", "value"),
        ),
    ),
    TableName(
        "jars",
        "uploaded jars",
        "jar",
        (
            _C("jar", "JAR", "name"),
            _C("classes", "ENTRY CLASS", "entry classes"),
            _C("uploaded", "UPLOADED", "when it was uploaded"),
            _C("id", "ID", "id"),
        ),
    ),
    TableName(
        "datasets",
        "cluster datasets",
        "dataset",
        (
            _C("dataset", "DATASET", "id"),
            _C("complete", "COMPLETE", "whether it is complete"),
        ),
    ),
    TableName(
        "operations",
        "operations from this flinktop",
        "on",
        (
            _C("state", "STATE", "state"),
            _C("what", "WHAT", "what was done"),
            _C("on", "ON", "job, jar or savepoint"),
            _C("job", "JOB", "job id"),
            _C("cluster", "CLUSTER", "cluster; usual where there are several"),
            _C("when", "WHEN", "when"),
            _C("took", "TOOK", "how long it took"),
            _C("by", "BY", "user and machine"),
            _C("result", "RESULT OR REASON", "result, or why it failed"),
            _C("id", "ID", "id of the operation", usual=False),
        ),
    ),
    TableName(
        "alerts",
        "alerts of the cluster",
        "alert",
        (
            _C("state", "STATE", "open, muted, cleared …"),
            _C("severity", "SEVERITY", "severity"),
            _C("since", "SINCE", "when it began"),
            _C("lasted", "LASTED", "how long it has lasted, or did"),
            _C("job", "JOB", "job"),
            _C("alert", "ALERT", "the finding as a sentence"),
            _C("called", "CALLED", "when it called last"),
            _C("kind", "KIND", "kind of the finding", usual=False),
        ),
    ),
    TableName(
        "fleet_alerts",
        "alerts of all clusters of a fleet",
        "alert",
        (
            _C("state", "STATE", "open, muted, cleared …"),
            _C("severity", "SEVERITY", "severity"),
            _C("since", "SINCE", "when it began"),
            _C("lasted", "LASTED", "how long it has lasted, or did"),
            _C("cluster", "CLUSTER", "name of the cluster"),
            _C("job", "JOB", "job"),
            _C("alert", "ALERT", "the finding as a sentence"),
            _C("called", "CALLED", "when it called last"),
            _C("kind", "KIND", "kind of the finding", usual=False),
        ),
    ),
    TableName(
        "timeline",
        "events of the cluster or of a job",
        "what",
        (
            _C("when", "WHEN", "when it happened last"),
            _C("remembered", "", "whether only flinktop still knows it"),
            _C("event", "EVENT", "kind of event"),
            _C("job", "JOB", "job; not in a job's own history"),
            _C("times", "TIMES", "how often it happened"),
            _C("first", "FIRST", "when it happened first"),
            _C("what", "WHAT", "the event as a sentence"),
            _C("severity", "SEVERITY", "severity", usual=False),
            _C("vertex", "VERTEX", "vertex", usual=False),
            _C("taskmanager", "TASKMANAGER", "TaskManager", usual=False),
        ),
    ),
)
