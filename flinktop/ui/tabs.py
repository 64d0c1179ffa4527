"""The tabs of screens: key, texts, and the panels of each, which are imported when first shown."""

from __future__ import annotations

from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from flinktop.ui.command import Command


class TabPanel(Struct, frozen=True):
    """A panel of a tab."""

    id: str
    panel: str
    """Its module in ui/panels and its class: "jars_table.JarsTable"."""
    width: int = 0
    """Least columns of a terminal with room for it."""
    height: int = 0
    """Least lines, likewise."""


class Tab(Command, frozen=True):
    """The command that shows a tab by its number."""

    panels: tuple[TabPanel, ...] = ()
    """From top to bottom; the one with the tab's name gets the focus, or the first."""
    opens: bool = True
    """Whether enter opens the selected row there."""

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.id.removeprefix("tab_")


_SHORT = {
    "Timeline": "Time",
    "Configuration": "Config",
    "Exceptions": "Except",
    "Accumulators": "Acc",
    "History": "Hist",
    "Backpressure": "Pressure",
    "Watermarks": "WM",
    "TaskManagers": "TMs",
    "Flame graph": "Flame",
    "Memory": "Mem",
    "Log list": "Files",
    "Profiler": "Profile",
}
"""Names of tabs where there is no room for the whole ones."""


def _tab(
    label: str,
    help: str,  # noqa: A002 -- a field of Command
    *panels: TabPanel | str,
    opens: bool = True,
    name: str = "",
) -> Tab:
    """A tab; its name is the first word of its label, a panel without an id is its only one."""
    name = name or label.partition(" ")[0].lower()
    return Tab(
        f"tab_{name}",
        (),
        label,
        help,
        "tab",
        shown=False,
        action=f"show_tab('{name}')",
        short=_SHORT.get(label, label),
        panels=tuple(TabPanel(name, one) if isinstance(one, str) else one for one in panels),
        opens=opens,
    )


_tab_to_read = partial(_tab, opens=False)


def _numbered(*tabs: Tab) -> tuple[Tab, ...]:
    """The tabs of a screen with their keys, from 1 on."""
    return tuple(replace(one, keys=(str(number),)) for number, one in enumerate(tabs, 1))


_PINS = TabPanel("pins", "pinned_charts.PinnedCharts")
_METRICS = (TabPanel("metrics", "metrics_table.MetricsExplorer"), _PINS)
JOB_TABS = _numbered(
    _tab(
        "Graph",
        "The job's graph, and its vertices where there is room.",
        TabPanel("graph", "job_graph.JobGraph"),
        TabPanel("vertices", "vertices.VerticesTable", height=40),
    ),
    _tab(
        "Vertices",
        "The job's vertices.",
        TabPanel("vertices", "vertices.VerticesTable"),
        TabPanel("throughput", "time_chart.Throughput"),
    ),
    _tab_to_read(
        "Charts", "The job over time: records/s, busy, lag, restarts, checkpoints.", "job_charts.JobCharts"
    ),
    _tab(
        "Exceptions",
        "Why the job failed: root causes, repeats, how a restart loop began.",
        TabPanel("exceptions", "job_exceptions.ExceptionsTable"),
        TabPanel("stack", "job_exceptions.FaultStack", height=32),
    ),
    _tab(
        "Timeline", "States of vertices and subtasks over time; rescales (2.3+).", "job_timeline.JobTimeline"
    ),
    _tab_to_read("Configuration", "The job's configuration.", "configuration.JobConfiguration"),
    _tab(
        "Accumulators", "Accumulators: counters of the job's own code.", "accumulators.JobAccumulatorsTable"
    ),
    _tab("Metrics", "Every metric of the job, its vertices and subtasks: search, pin, chart.", *_METRICS),
    _tab(
        "History",
        "What happened to the job, newest first, from the journal; also of a job that is gone.",
        TabPanel("history", "timeline.JobEvents"),
        TabPanel("event", "timeline.EventDetail", height=32),
    ),
)
VERTEX_TABS = _numbered(
    _tab(
        "Subtasks",
        "The vertex's subtasks, problems first.",
        TabPanel("subtasks", "subtasks_table.SubtasksTable"),
        TabPanel("vertex-charts", "job_charts.VertexCharts", 120, 40),
    ),
    _tab("Backpressure", "Busy, backpressured and idle time by subtask.", "vertex_parts.VertexPressure"),
    _tab(
        "Watermarks",
        "The watermark of each subtask, and which one holds back.",
        "vertex_parts.VertexWatermarks",
    ),
    _tab("TaskManagers", "The vertex by TaskManager.", "vertices.VertexTaskManagersTable"),
    _tab(
        "Accumulators",
        "Accumulators of the job's code, by vertex and subtask.",
        "accumulators.VertexAccumulatorsTable",
    ),
    _tab("Metrics", "Every metric of the vertex and its subtasks: search, pin, chart.", *_METRICS),
    _tab("Timeline", "States of each subtask over time.", "job_timeline.VertexTimeline"),
    _tab_to_read(
        "Flame graph", "Where the threads of the vertex spend their time (1.13+).", "flame_graph.FlamePanel"
    ),
    _tab_to_read(
        "Charts",
        "The vertex and the selected subtask over time.",
        TabPanel("vertex-charts", "job_charts.VertexCharts"),
        TabPanel("subtask-charts", "job_charts.VertexCharts", 100, 24),
    ),
)
SUBTASK_TABS = _numbered(
    _tab(
        "Attempts",
        "Every attempt of the subtask, with its times.",
        TabPanel("attempts", "attempts.AttemptsTable"),
        TabPanel("states", "attempts.StateTimes", height=16),
        TabPanel("charts", "job_charts.VertexCharts", height=40),
    ),
    _tab("Metrics", "All metrics of the subtask.", TabPanel("metrics", "metrics_table.MetricsTable"), _PINS),
    _tab("Charts", "The subtask over time.", "job_charts.VertexCharts"),
    _tab(
        "Accumulators", "Accumulators of the job's code, by attempt.", "accumulators.AttemptAccumulatorsTable"
    ),
    _tab(
        "Flame graph", "Where the threads of the subtask spend their time (1.17+).", "flame_graph.FlamePanel"
    ),
)
CHECKPOINTS_TABS = _numbered(
    _tab(
        "History",
        "The newest checkpoints and savepoints.",
        TabPanel("charts", "checkpoint_history.CheckpointTrends", 120, 40),
        TabPanel("history", "checkpoint_history.CheckpointHistory"),
    ),
    _tab_to_read(
        "Charts", "Duration and size of checkpoints over time.", "checkpoint_history.CheckpointTrends"
    ),
    _tab_to_read(
        "Summary",
        "Minimum, average, maximum and percentiles of durations and sizes.",
        "checkpoint_overview.CheckpointSummary",
    ),
    _tab_to_read(
        "Configuration", "How checkpoints are configured.", "checkpoint_overview.CheckpointSettings"
    ),
)
_PROCESS_TABS = (
    _tab_to_read(
        "Memory",
        "Each part of its memory: configured and used.",
        TabPanel("memory", "process.MemoryTable"),
        TabPanel("charts", "process.ProcessCharts", 180),
    ),
    _tab_to_read(
        "Charts", "Heap, garbage collection, processor and threads over time.", "process.ProcessCharts"
    ),
    _tab_to_read("Metrics", "All of its metrics.", "metrics_table.ProcessMetrics"),
)
_LOG_TABS = (
    _tab("Log", "The newest 2 MB of its log.", "log_view.LogView"),
    _tab("Stdout", "Standard output of its programs.", "log_view.StdoutView"),
    _tab("Log list", "All files of its log directory (1.11+).", "process_files.FilesTable", name="files"),
    _tab_to_read("Threads", "Stack traces of all its threads.", "thread_view.ThreadView"),
    _tab("Profiler", "Runs of Flink's profiler (1.19+), and their results.", "process_files.ProfilerTable"),
)
TASKMANAGER_TABS = _numbered(
    *_PROCESS_TABS,
    _tab("Slots", "Its slots, by job.", "taskmanagers.SlotsTable"),
    *_LOG_TABS,
)
JOBMANAGER_TABS = _numbered(
    *_PROCESS_TABS,
    _tab_to_read(
        "Configuration",
        "The cluster's configuration, and the JVM's.",
        "configuration.ClusterConfiguration",
    ),
    *_LOG_TABS,
)
JARS_TABS = _numbered(
    _tab("Jars", "Jars that were uploaded, with the classes that can be run.", "jars_table.JarsTable"),
    _tab(
        "Applications",
        "Applications: jobs that were submitted together (2.3+).",
        "applications.ApplicationsTable",
    ),
    _tab(
        "Datasets",
        "Cached intermediate results of batch programs (1.11+).",
        "datasets_table.DatasetsTable",
    ),
)
APPLICATION_TABS = _numbered(
    _tab("Jobs", "The jobs of the application.", "applications.ApplicationJobs"),
    _tab("Exceptions", "Why it failed.", "applications.ApplicationFaults"),
    _tab(
        "Configuration", "The configuration it was submitted with.", "applications.ApplicationConfiguration"
    ),
)
FLEET_TABS = _numbered(
    _tab(
        "Clusters",
        "The clusters, problems first, and the worst jobs of all of them.",
        TabPanel("clusters", "fleet_clusters.FleetClusters"),
        TabPanel("worst", "fleet_jobs.WorstJobs", height=16),
    ),
    _tab("Jobs", "All jobs of all clusters.", "fleet_jobs.FleetJobs"),
)
