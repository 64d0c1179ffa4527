"""Every command of the monitor, declared once: bindings, footer, palette, help and README come from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from collections.abc import Iterable


class Command(Struct, frozen=True):
    """Something a person can do by a key."""

    id: str
    """Also the name of the action, unless it has another: `action_<id>` on a screen or on the app."""
    keys: tuple[str, ...]
    label: str
    """As the footer and the palette say it, in a word or two."""
    help: str
    group: str
    shown: bool = True
    """Whether the footer shows it."""
    priority: bool = False
    """Whether the key works even where text is typed."""
    app: bool = False
    """Whether the action is the app's, not the screen's."""
    action: str = ""
    """The action with its arguments, where the id is not its name."""
    short: str = ""
    """Of a tab: its name on a narrow terminal."""
    acts: bool = False
    """Whether it is there to do something to the cluster: gone on one that is opened read-only."""


HELP = Command("help", ("question_mark",), "help", "Keys for this screen.", "program", app=True)
PALETTE = Command(
    "command_palette",
    ("colon", "ctrl+p"),
    "command",
    "Find a command, a job or a theme by its name.",
    "program",
    app=True,
)
FILTER = Command(
    "filter",
    ("slash",),
    "filter",
    "Show only rows that contain a text; state:failed filters by state. In a text: find.",
    "table",
    # Handled before the next key is looked at, so that what is typed behind it is the filter.
    priority=True,
)
OPEN = Command("open", ("enter",), "open", "Open the selected item.", "table")
ACTIONS = Command(
    "actions",
    ("a",),
    "actions",
    "Actions on the selected item: stop, savepoint, cancel, run; each asks for confirmation.",
    "view",
    acts=True,
)
BACK = Command(
    "back",
    ("escape",),
    "back",
    "Close dialog, filter or zoom, else go back; nothing at the top level.",
    "program",
)
BACK_OR_LEAVE = Command(
    "back_or_leave",
    ("q",),
    "back or leave",
    "As esc; at the top level it asks before leaving, and q again leaves.",
    "program",
    shown=False,
)
PAUSE = Command("pause", ("space",), "pause", "Freeze the display; collection continues.", "view")
REFRESH = Command("refresh", ("r",), "refresh", "Refresh now.", "view")
SLOWER = Command("slower", ("plus",), "longer interval", "Refresh less often.", "view", shown=False)
FASTER = Command(
    "faster",
    ("minus",),
    "shorter interval",
    "Refresh more often, down to the cluster's own refresh interval.",
    "view",
    shown=False,
)
COPY = Command("copy", ("y",), "copy", "Copy the id or path of the selected item.", "view", shown=False)
WRITE = Command(
    "write",
    ("w",),
    "write",
    "Write this view to a file, as text or JSON: all rows and columns of a table, all of a text.",
    "view",
    shown=False,
)
ZONE = Command(
    "zone",
    ("t",),
    "time zone",
    "Show times in the cluster's zone, this machine's zone or UTC.",
    "view",
    shown=False,
)
ZOOM = Command("zoom", ("z",), "zoom", "Maximize the focused panel, and back.", "view", shown=False)
MOUSE = Command(
    "mouse",
    ("m",),
    "mouse",
    "Mouse on or off; when off, the terminal's own selection works.",
    "program",
    shown=False,
    app=True,
)
PICTURE = Command(
    "picture",
    ("ctrl+s",),
    "screenshot",
    "Save a picture of the screen (SVG).",
    "program",
    shown=False,
    # Also of a dialog.
    priority=True,
    app=True,
)
REDRAW = Command(
    "redraw",
    ("ctrl+l",),
    "redraw",
    "Redraw the screen.",
    "program",
    shown=False,
    priority=True,
    app=True,
)
SUSPEND = Command(
    "suspend_process",
    ("ctrl+z",),
    "suspend",
    "Suspend to the shell; `fg` resumes.",
    "program",
    shown=False,
    app=True,
)
LEAVE = Command(
    "leave",
    ("ctrl+c",),
    "leave",
    "Ask before leaving; pressed again, leave.",
    "program",
    shown=False,
    priority=True,
    app=True,
)
SORT = Command("sort", ("s",), "sort", "Sort by the next column.", "table", shown=False)
REVERSE = Command("reverse", ("S",), "reverse", "Reverse the sort order.", "table", shown=False)
HIDE_FINISHED = Command("hide_finished", ("f",), "finished", "Hide or show ended jobs.", "table")
PREVIOUS = Command(
    "previous",
    ("less_than_sign",),
    "previous",
    "The same view of the previous job, vertex, subtask or checkpoint.",
    "view",
    shown=False,
)
NEXT = Command(
    "next",
    ("greater_than_sign",),
    "next",
    "The same view of the next job, vertex, subtask or checkpoint.",
    "view",
    shown=False,
)
CHECKPOINTS_HERE = Command(
    "checkpoints",
    ("c",),
    "checkpoints",
    "The checkpoints of this job: history, sizes, configuration.",
    "view",
)
SAMPLE = Command(
    "sample",
    ("b",),
    "measure",
    "Measure backpressure (up to 1.12, where it costs the TaskManagers).",
    "view",
    shown=False,
)
DESCRIPTION = Command(
    "description",
    ("i",),
    "what it does",
    "Describe the vertex's operators and inputs, as Flink's plan does.",
    "view",
    shown=False,
)
PIN = Command("pin", ("p",), "pin", "Pin the selected metric: it is charted, and kept for this job.", "view")
FLAME_KIND = Command(
    "flame_kind",
    ("x",),
    "on/off CPU",
    "Flame graph of all threads, of running or of waiting ones.",
    "view",
)
FLAME_ZOOM = Command(
    "zoom_in", ("enter",), "zoom", "In a flame graph: zoom in on the selected method.", "view"
)
FOLD = Command("fold", ("f",), "fold", "Hide or show the frames of Flink and Java.", "view")
TASKMANAGERS_HERE = Command(
    # A capital, as everything else that leaves the jobs for the cluster around them; a small m is the mouse.
    "taskmanagers",
    ("M",),
    "TaskManagers",
    "TaskManagers, problems first.",
    "view",
    # On the app, as operations are.
    app=True,
)
JOBMANAGER_HERE = Command(
    "jobmanager",
    ("J",),
    "JobManager",
    "The JobManager: memory, configuration, logs, threads.",
    "view",
    app=True,
)
LOG_HERE = Command(
    "log",
    ("l",),
    "log",
    "Log of the selected item's TaskManager; for an exception, at its time.",
    "view",
    shown=False,
)
THREADS_HERE = Command(
    "threads",
    ("d",),
    "threads",
    "Thread dump of that TaskManager; for a subtask, the task's own threads.",
    "view",
    shown=False,
)
NEXT_MATCH = Command(
    "next_match", ("n",), "next match", "Next match.", "text", action="match(1)", shown=False
)
PREVIOUS_MATCH = Command(
    "previous_match",
    ("N",),
    "previous match",
    "Previous match.",
    "text",
    action="match(-1)",
    shown=False,
)
ONLY = Command(
    "only",
    ("ampersand",),
    "grep",
    "Show only log entries that contain a text, each with its stack trace.",
    "text",
    priority=True,
)
LEVEL = Command(
    "level", ("v",), "level", "Filter a log by level: INFO, WARN or ERROR and above, or all.", "text"
)
SHORT_LINES = Command(
    "short_lines",
    ("f",),
    "short lines",
    "Shorten log lines to time, level, class and message, or show them as written.",
    "text",
    shown=False,
)
FOLLOW = Command(
    "follow",
    ("F",),
    "follow",
    "Follow a log: download it when it grows, at most every 10 s, and stay at its end.",
    "text",
)
PROFILE = Command(
    "profile",
    ("P",),
    "profile",
    "On the profiler's tab: choose mode and length of a run, and start it.",
    "view",
)
WRAP = Command("wrap", ("W",), "wrap", "Wrap long lines, or cut them at the edge.", "text", shown=False)
SHORTER_WINDOW = Command(
    "shorter_window",
    ("comma",),
    "shorter window",
    "Charts show less time, down to 5 minutes.",
    "view",
    shown=False,
    action="window(-1)",
)
LONGER_WINDOW = Command(
    "longer_window",
    ("full_stop",),
    "longer window",
    "Charts show more time, up to everything kept.",
    "view",
    shown=False,
    action="window(1)",
)

OPERATIONS = Command(
    # On the app: a screen that opens it would have to be known by the screens that it opens.
    "operations",
    ("O",),
    "operations",
    "Operations log: every act from this flinktop, and its outcome.",
    "program",
    shown=False,
    app=True,
)
OPEN_JOB = Command("open_job", ("enter",), "job", "Open the operation's job.", "view")


def tab(number: int, name: str, label: str, help: str, short: str = "") -> Command:  # noqa: A002 -- a field
    """The command that shows a tab by its number; `short` is its name where the whole one has no room."""
    return Command(
        f"tab_{name}",
        (str(number),),
        label,
        help,
        "tab",
        shown=False,
        action=f"show_tab('{name}')",
        short=short or label,
    )


JOB_TABS = (
    tab(1, "graph", "Graph", "The job's graph, and its vertices where there is room."),
    tab(2, "vertices", "Vertices", "The job's vertices."),
    tab(3, "charts", "Charts", "The job over time: records/s, busy, lag, restarts, checkpoints."),
    tab(4, "exceptions", "Exceptions", "Why the job failed: root causes, repeats, how a restart loop began."),
    tab(5, "timeline", "Timeline", "States of vertices and subtasks over time; rescales (2.3+).", "Time"),
    tab(6, "configuration", "Configuration", "The job's configuration.", "Config"),
    tab(7, "accumulators", "Accumulators", "Accumulators: counters of the job's own code.", "Accum"),
    tab(8, "metrics", "Metrics", "Every metric of the job, its vertices and subtasks: search, pin, chart."),
)
VERTEX_TABS = (
    tab(1, "subtasks", "Subtasks", "The vertex's subtasks, problems first."),
    tab(2, "backpressure", "Backpressure", "Busy, backpressured and idle time by subtask.", "Pressure"),
    tab(3, "watermarks", "Watermarks", "The watermark of each subtask, and which one holds back.", "WM"),
    tab(4, "taskmanagers", "TaskManagers", "The vertex by TaskManager.", "TMs"),
    tab(5, "accumulators", "Accumulators", "Accumulators of the job's code, by vertex and subtask.", "Accum"),
    tab(6, "metrics", "Metrics", "Every metric of the vertex and its subtasks: search, pin, chart."),
    tab(7, "timeline", "Timeline", "States of each subtask over time.", "Time"),
    tab(8, "flame", "Flame graph", "Where the threads of the vertex spend their time (1.13+).", "Flame"),
    tab(9, "charts", "Charts", "The vertex and the selected subtask over time."),
)
SUBTASK_TABS = (
    tab(1, "attempts", "Attempts", "Every attempt of the subtask, with its times."),
    tab(2, "metrics", "Metrics", "All metrics of the subtask."),
    tab(3, "charts", "Charts", "The subtask over time."),
    tab(4, "accumulators", "Accumulators", "Accumulators of the job's code, by attempt.", "Accum"),
    tab(5, "flame", "Flame graph", "Where the threads of the subtask spend their time (1.17+).", "Flame"),
)
CHECKPOINTS_TABS = (
    tab(1, "history", "History", "The newest checkpoints and savepoints."),
    tab(2, "charts", "Charts", "Duration and size of checkpoints over time."),
    tab(3, "summary", "Summary", "Minimum, average, maximum and percentiles of durations and sizes."),
    tab(4, "configuration", "Configuration", "How checkpoints are configured.", "Config"),
)
_LOG_TABS = (
    tab(5, "log", "Log", "The newest 2 MB of its log."),
    tab(6, "stdout", "Stdout", "Standard output of its programs."),
    tab(7, "files", "Log list", "All files of its log directory (1.11+).", "Files"),
    tab(8, "threads", "Threads", "Stack traces of all its threads."),
    tab(9, "profiler", "Profiler", "Runs of Flink's profiler (1.19+), and their results.", "Profile"),
)
TASKMANAGER_TABS = (
    tab(1, "memory", "Memory", "Each part of its memory: configured and used.", "Mem"),
    tab(2, "charts", "Charts", "Heap, garbage collection, processor and threads over time."),
    tab(3, "metrics", "Metrics", "All of its metrics."),
    tab(4, "slots", "Slots", "Its slots, by job."),
    *_LOG_TABS,
)
JOBMANAGER_TABS = (
    *TASKMANAGER_TABS[:3],
    tab(4, "configuration", "Configuration", "The cluster's configuration, and the JVM's.", "Config"),
    *_LOG_TABS,
)
JARS_TABS = (
    tab(1, "jars", "Jars", "Jars that were uploaded, with the classes that can be run."),
    tab(2, "applications", "Applications", "Applications: jobs that were submitted together (2.3+)."),
    tab(3, "datasets", "Datasets", "Cached intermediate results of batch programs (1.11+)."),
)
APPLICATION_TABS = (
    tab(1, "jobs", "Jobs", "The jobs of the application."),
    tab(2, "exceptions", "Exceptions", "Why it failed."),
    tab(3, "configuration", "Configuration", "The configuration it was submitted with.", "Config"),
)

GLOBAL = (HELP, PALETTE, MOUSE, PICTURE, REDRAW, SUSPEND, LEAVE)
"""On the app: they work on every screen."""
EVERYWHERE = (BACK, BACK_OR_LEAVE, PAUSE, REFRESH, SLOWER, FASTER, WRITE, ZONE, ZOOM, OPERATIONS)
"""On every screen of the cluster; so are the next two, which the footer shows on the first screens alone."""
PROCESSES = (replace(TASKMANAGERS_HERE, shown=False), replace(JOBMANAGER_HERE, shown=False))
ELSEWHERE = (*EVERYWHERE, *PROCESSES)
TABLE = (OPEN, ACTIONS, FILTER, SORT, REVERSE, COPY)
STEPS = (PREVIOUS, NEXT)
WINDOWS = (SHORTER_WINDOW, LONGER_WINDOW)
TEXT = (NEXT_MATCH, PREVIOUS_MATCH, WRAP)
"""Where there is something to read."""
LOG = (ONLY, LEVEL, FOLLOW, SHORT_LINES)
MACHINE = (LOG_HERE, THREADS_HERE)
FLAME = (FLAME_ZOOM, FLAME_KIND)
OVERVIEW = (*TABLE, HIDE_FINISHED, TASKMANAGERS_HERE, JOBMANAGER_HERE, *WINDOWS, *EVERYWHERE)
JOB = (OPEN, PIN, CHECKPOINTS_HERE, *TABLE[1:], *STEPS, *MACHINE, *JOB_TABS, *WINDOWS, *ELSEWHERE)
VERTEX = (
    *(OPEN, *FLAME, PIN, CHECKPOINTS_HERE, *TABLE[1:], *STEPS, *MACHINE),
    *(SAMPLE, DESCRIPTION, *TEXT[:2], *VERTEX_TABS, *WINDOWS, *ELSEWHERE),
)
SUBTASK = (
    *(*FLAME, PIN, *TABLE[1:], *STEPS, *MACHINE),
    *(*TEXT[:2], *SUBTASK_TABS, *WINDOWS, *ELSEWHERE),
)
CHECKPOINTS = (*TABLE, *CHECKPOINTS_TABS, *WINDOWS, *ELSEWHERE)
CHECKPOINT = (*TABLE, *STEPS, *ELSEWHERE)
CHECKPOINT_VERTEX = (*TABLE[1:], *STEPS, *ELSEWHERE)
FAULT = (ACTIONS, FILTER, FOLD, COPY, *TEXT, *STEPS, *MACHINE, *ELSEWHERE)
TASKMANAGERS = (*TABLE, JOBMANAGER_HERE, *MACHINE, *EVERYWHERE, PROCESSES[0])
TASKMANAGER = (
    *(OPEN, PROFILE, *TABLE[1:], *LOG, *TEXT, *STEPS, *MACHINE),
    *(*TASKMANAGER_TABS, *WINDOWS, *ELSEWHERE),
)
JOBMANAGER = (OPEN, PROFILE, *TABLE[1:], *LOG, *TEXT, *MACHINE, *JOBMANAGER_TABS, *WINDOWS, *ELSEWHERE)
LOG_FILE = (OPEN, ACTIONS, FILTER, *LOG, *TEXT, COPY, *ELSEWHERE)
JARS = (*TABLE, *JARS_TABS, *ELSEWHERE)
APPLICATION = (*TABLE, *TEXT, *APPLICATION_TABS, *ELSEWHERE)
OPERATIONS_LIST = (*TABLE, *ELSEWHERE)
OPERATION = (OPEN_JOB, ACTIONS, COPY, *STEPS, *ELSEWHERE)
SCREENS = (
    *(OVERVIEW, JOB, VERTEX, SUBTASK, CHECKPOINTS, CHECKPOINT, CHECKPOINT_VERTEX, FAULT),
    *(TASKMANAGERS, TASKMANAGER, JOBMANAGER, LOG_FILE, JARS, APPLICATION),
    *(OPERATIONS_LIST, OPERATION),
)

MOVES = (
    ("↑ ↓ j k", "One row up or down."),
    ("PgUp PgDn", "One screenful."),
    ("g G Home End", "The first row, the last row."),
    ("Tab Shift+Tab", "The next panel, the previous one."),
    ("1 to 9", "The tabs of a screen."),
)
"""Keys of the table and of Textual itself, for the help and the README."""

_SHOWN = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "plus": "+",
    "minus": "-",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "escape": "esc",
    "comma": ",",
    "full_stop": ".",
    "ampersand": "&",
}


def key_name(key: str) -> str:
    """A key as a person reads it."""
    return _SHOWN.get(key, key)


def bindings(commands: Iterable[Command]) -> list[BindingType]:
    """The commands as Textual wants them."""
    return [
        Binding(
            ",".join(command.keys),
            f"app.{command.id}" if command.app else command.action or command.id,
            command.label,
            show=command.shown,
            key_display=key_name(command.keys[0]),
            priority=command.priority,
            tooltip=command.help,
            id=command.id,
        )
        for command in commands
    ]


def every_command() -> tuple[Command, ...]:
    """All commands but the tabs, each once, in the order of their groups."""
    found = dict.fromkeys(command for commands in (GLOBAL, *SCREENS) for command in commands)
    order = ("table", "text", "view", "program")
    return tuple(
        sorted(
            (command for command in found if command.group in order and command not in PROCESSES),
            key=lambda command: order.index(command.group),
        )
    )
