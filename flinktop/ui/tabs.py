"""The tabs of screens: key, words, and the panels that each shows, which are imported when first seen."""

from __future__ import annotations

from msgspec import Struct

from flinktop.ui.command import Command


class TabPanel(Struct, frozen=True):
    """A panel of a tab."""

    id: str
    panel: str
    """Its module in ui/panels and its class: "jars_table.JarsTable"."""
    width: int = 0
    """Columns of a terminal from which on there is room for it."""
    height: int = 0
    """Lines, likewise."""


class Tab(Command, frozen=True):
    """The command that shows a tab by its number."""

    panels: tuple[TabPanel, ...] = ()
    """From top to bottom; the one with the tab's name is focused, or the first."""
    opens: bool = True
    """Whether enter opens what is selected there."""

    @property
    def name(self) -> str:
        """Its name towards the program."""
        return self.id.removeprefix("tab_")


def tab(
    number: int,
    name: str,
    label: str,
    help: str,  # noqa: A002 -- a field of Command
    short: str = "",
    *,
    panels: tuple[TabPanel, ...] | str,
    opens: bool = True,
) -> Tab:
    """A tab; `short` is its name where the whole one has no room, `panels` may be its one panel."""
    return Tab(
        f"tab_{name}",
        (str(number),),
        label,
        help,
        "tab",
        shown=False,
        action=f"show_tab('{name}')",
        short=short or label,
        panels=(TabPanel(name, panels),) if isinstance(panels, str) else panels,
        opens=opens,
    )


_METRICS = (
    TabPanel("metrics", "metrics_table.MetricsExplorer"),
    TabPanel("pins", "pinned_charts.PinnedCharts"),
)
JOB_TABS = (
    tab(
        *(1, "graph", "Graph", "The job's graph, and its vertices where there is room."),
        panels=(
            TabPanel("graph", "job_graph.JobGraph"),
            TabPanel("vertices", "vertices_table.VerticesTable", height=40),
        ),
    ),
    tab(
        *(2, "vertices", "Vertices", "The job's vertices."),
        panels=(
            TabPanel("vertices", "vertices_table.VerticesTable"),
            TabPanel("throughput", "throughput.Throughput"),
        ),
    ),
    tab(
        *(3, "charts", "Charts", "The job over time: records/s, busy, lag, restarts, checkpoints."),
        panels="job_charts.JobCharts",
        opens=False,
    ),
    tab(
        *(
            4,
            "exceptions",
            "Exceptions",
            "Why the job failed: root causes, repeats, how a restart loop began.",
        ),
        panels=(
            TabPanel("exceptions", "job_exceptions.ExceptionsTable"),
            TabPanel("stack", "fault_stack.FaultStack", height=32),
        ),
    ),
    tab(
        *(5, "timeline", "Timeline", "States of vertices and subtasks over time; rescales (2.3+).", "Time"),
        panels="job_timeline.JobTimeline",
    ),
    tab(
        *(6, "configuration", "Configuration", "The job's configuration.", "Config"),
        panels="job_configuration.JobConfiguration",
        opens=False,
    ),
    tab(
        *(7, "accumulators", "Accumulators", "Accumulators: counters of the job's own code.", "Accum"),
        panels="accumulators.JobAccumulatorsTable",
    ),
    tab(
        *(8, "metrics", "Metrics", "Every metric of the job, its vertices and subtasks: search, pin, chart."),
        panels=_METRICS,
    ),
)
VERTEX_TABS = (
    tab(
        *(1, "subtasks", "Subtasks", "The vertex's subtasks, problems first."),
        panels=(
            TabPanel("subtasks", "subtasks_table.SubtasksTable"),
            TabPanel("vertex-charts", "vertex_charts.VertexCharts", 120, 40),
        ),
    ),
    tab(
        *(2, "backpressure", "Backpressure", "Busy, backpressured and idle time by subtask.", "Pressure"),
        panels="vertex_backpressure.VertexPressure",
    ),
    tab(
        *(3, "watermarks", "Watermarks", "The watermark of each subtask, and which one holds back.", "WM"),
        panels="vertex_watermarks.VertexWatermarks",
    ),
    tab(
        *(4, "taskmanagers", "TaskManagers", "The vertex by TaskManager.", "TMs"),
        panels="vertex_taskmanagers.VertexTaskManagersTable",
    ),
    tab(
        *(
            5,
            "accumulators",
            "Accumulators",
            "Accumulators of the job's code, by vertex and subtask.",
            "Accum",
        ),
        panels="accumulators.VertexAccumulatorsTable",
    ),
    tab(
        *(6, "metrics", "Metrics", "Every metric of the vertex and its subtasks: search, pin, chart."),
        panels=_METRICS,
    ),
    tab(
        *(7, "timeline", "Timeline", "States of each subtask over time.", "Time"),
        panels="job_timeline.VertexTimeline",
    ),
    tab(
        *(8, "flame", "Flame graph", "Where the threads of the vertex spend their time (1.13+).", "Flame"),
        panels="flame_graph.FlamePanel",
        opens=False,
    ),
    tab(
        *(9, "charts", "Charts", "The vertex and the selected subtask over time."),
        panels=(
            TabPanel("vertex-charts", "vertex_charts.VertexCharts"),
            TabPanel("subtask-charts", "vertex_charts.VertexCharts", 100, 24),
        ),
        opens=False,
    ),
)
SUBTASK_TABS = (
    tab(
        *(1, "attempts", "Attempts", "Every attempt of the subtask, with its times."),
        panels=(
            TabPanel("attempts", "attempts_table.AttemptsTable"),
            TabPanel("states", "state_times.StateTimes", height=16),
            TabPanel("charts", "vertex_charts.VertexCharts", height=40),
        ),
    ),
    tab(
        *(2, "metrics", "Metrics", "All metrics of the subtask."),
        panels=(
            TabPanel("metrics", "metrics_table.MetricsTable"),
            TabPanel("pins", "pinned_charts.PinnedCharts"),
        ),
    ),
    tab(3, "charts", "Charts", "The subtask over time.", panels="vertex_charts.VertexCharts"),
    tab(
        *(4, "accumulators", "Accumulators", "Accumulators of the job's code, by attempt.", "Accum"),
        panels="accumulators.AttemptAccumulatorsTable",
    ),
    tab(
        *(5, "flame", "Flame graph", "Where the threads of the subtask spend their time (1.17+).", "Flame"),
        panels="flame_graph.FlamePanel",
    ),
)
CHECKPOINTS_TABS = (
    tab(
        *(1, "history", "History", "The newest checkpoints and savepoints."),
        panels=(
            TabPanel("charts", "checkpoint_trends.CheckpointTrends", 120, 40),
            TabPanel("history", "checkpoint_history.CheckpointHistory"),
        ),
    ),
    tab(
        *(2, "charts", "Charts", "Duration and size of checkpoints over time."),
        panels="checkpoint_trends.CheckpointTrends",
        opens=False,
    ),
    tab(
        *(3, "summary", "Summary", "Minimum, average, maximum and percentiles of durations and sizes."),
        panels="checkpoint_summary.CheckpointSummary",
        opens=False,
    ),
    tab(
        *(4, "configuration", "Configuration", "How checkpoints are configured.", "Config"),
        panels="checkpoint_settings.CheckpointSettings",
        opens=False,
    ),
)
_LOG_TABS = (
    tab(5, "log", "Log", "The newest 2 MB of its log.", panels="log_view.LogView"),
    tab(6, "stdout", "Stdout", "Standard output of its programs.", panels="log_view.StdoutView"),
    tab(
        *(7, "files", "Log list", "All files of its log directory (1.11+).", "Files"),
        panels="files_table.FilesTable",
    ),
    tab(
        *(8, "threads", "Threads", "Stack traces of all its threads."),
        panels="thread_view.ThreadView",
        opens=False,
    ),
    tab(
        *(9, "profiler", "Profiler", "Runs of Flink's profiler (1.19+), and their results.", "Profile"),
        panels="profiler_table.ProfilerTable",
    ),
)
_PROCESS_TABS = (
    tab(
        *(1, "memory", "Memory", "Each part of its memory: configured and used.", "Mem"),
        panels=(
            TabPanel("memory", "memory_table.MemoryTable"),
            TabPanel("charts", "process_charts.ProcessCharts", 180),
        ),
        opens=False,
    ),
    tab(
        *(2, "charts", "Charts", "Heap, garbage collection, processor and threads over time."),
        panels="process_charts.ProcessCharts",
        opens=False,
    ),
    tab(3, "metrics", "Metrics", "All of its metrics.", panels="metrics_table.ProcessMetrics", opens=False),
)
TASKMANAGER_TABS = (
    *_PROCESS_TABS,
    tab(4, "slots", "Slots", "Its slots, by job.", panels="slots_table.SlotsTable"),
    *_LOG_TABS,
)
JOBMANAGER_TABS = (
    *_PROCESS_TABS,
    tab(
        *(4, "configuration", "Configuration", "The cluster's configuration, and the JVM's.", "Config"),
        panels="cluster_configuration.ClusterConfiguration",
        opens=False,
    ),
    *_LOG_TABS,
)
JARS_TABS = (
    tab(
        *(1, "jars", "Jars", "Jars that were uploaded, with the classes that can be run."),
        panels="jars_table.JarsTable",
    ),
    tab(
        *(2, "applications", "Applications", "Applications: jobs that were submitted together (2.3+)."),
        panels="applications.ApplicationsTable",
    ),
    tab(
        *(3, "datasets", "Datasets", "Cached intermediate results of batch programs (1.11+)."),
        panels="datasets_table.DatasetsTable",
    ),
)
APPLICATION_TABS = (
    tab(1, "jobs", "Jobs", "The jobs of the application.", panels="applications.ApplicationJobs"),
    tab(2, "exceptions", "Exceptions", "Why it failed.", panels="applications.ApplicationFaults"),
    tab(
        *(3, "configuration", "Configuration", "The configuration it was submitted with.", "Config"),
        panels="applications.ApplicationConfiguration",
    ),
)
