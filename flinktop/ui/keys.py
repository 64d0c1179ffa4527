"""Every command of the monitor, declared once: bindings, footer, palette, help and README use this."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from flinktop.ui.command import Command
from flinktop.ui.tabs import (
    APPLICATION_TABS,
    CHECKPOINTS_TABS,
    FLEET_TABS,
    JARS_TABS,
    JOB_TABS,
    JOBMANAGER_TABS,
    SUBTASK_TABS,
    TASKMANAGER_TABS,
    VERTEX_TABS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def _command(id: str, keys: str, label: str, help: str, **options: Any) -> Command:  # noqa: A002 -- a field
    """A command with its keys, separated by commas."""
    return Command(id, tuple(keys.split(",")), label, help, **options)


_table = partial(_command, group="table")
_text = partial(_command, group="text")
_view = partial(_command, group="view")
_program = partial(_command, group="program")
# Not in the footer.
_more_table = partial(_table, shown=False)
_more_text = partial(_text, shown=False)
_more_view = partial(_view, shown=False)
_more_program = partial(_program, shown=False)

HELP = _program("help", "question_mark", "help", "Keys for this screen.", app=True)
PALETTE = _program(
    "command_palette", "colon,ctrl+p", "command", "Find a command, a job or a theme by its name.", app=True
)
FILTER = _table(
    "filter",
    "slash",
    "filter",
    "Show only rows that contain a text; state:failed, verdict:skew filter jobs. In a text: find.",
    # Handled before the next key is looked at, so that what is typed after it is the filter.
    priority=True,
)
OPEN = _table("open", "enter", "open", "Open the selected item.")
ACTIONS = _view(
    "actions",
    "a",
    "actions",
    "Actions on the selected item: stop, savepoint, cancel, run; each asks for confirmation.",
    acts=True,
)
BACK = _program(
    "back", "escape", "back", "Close dialog, filter or zoom, else go back; nothing at the top level."
)
BACK_OR_LEAVE = _more_program(
    "back_or_leave",
    "q",
    "back or leave",
    "As esc; at the top level it asks before leaving, and q again leaves.",
)
PAUSE = _view("pause", "space", "pause", "Freeze the display; collection continues.")
REFRESH = _view("refresh", "r", "refresh", "Refresh now.")
SLOWER = _more_view("slower", "plus", "longer interval", "Refresh less often.")
FASTER = _more_view(
    "faster", "minus", "shorter interval", "Refresh more often, down to the cluster's own refresh interval."
)
COPY = _more_view("copy", "y", "copy", "Copy the id or path of the selected item.")
WRITE = _more_view(
    "write",
    "w",
    "write",
    "Write this view to a file, as text or JSON: all rows and columns of a table, all of a text.",
)
ZONE = _more_view("zone", "t", "time zone", "Show times in the cluster's zone, this machine's zone or UTC.")
ZOOM = _more_view("zoom", "z", "zoom", "Maximize the focused panel, and back.")
MOUSE = _more_program(
    "mouse", "m", "mouse", "Mouse on or off; when off, the terminal's own selection works.", app=True
)
# Also in dialogs.
PICTURE = _more_program(
    "picture", "ctrl+s", "screenshot", "Save a picture of the screen (SVG).", priority=True, app=True
)
REDRAW = _more_program("redraw", "ctrl+l", "redraw", "Redraw the screen.", priority=True, app=True)
SUSPEND = _more_program(
    "suspend_process", "ctrl+z", "suspend", "Suspend to the shell; `fg` resumes.", app=True
)
# Not a W, which wraps lines in texts; a field for text has its own use for ctrl+w.
WALL = _more_program(
    "wall",
    "ctrl+w",
    "wall",
    "Wall: what is wrong in large letters, to be read from across the room; again, or esc: back.",
    app=True,
)
LEAVE = _more_program(
    "leave", "ctrl+c", "leave", "Ask before leaving; pressed again, leave.", priority=True, app=True
)
SORT = _more_table("sort", "s", "sort", "Sort by the next column.")
REVERSE = _more_table("reverse", "S", "reverse", "Reverse the sort order.")
HIDE_FINISHED = _table("hide_finished", "f", "finished", "Hide or show ended jobs.")
PREVIOUS = _more_view(
    "previous",
    "less_than_sign",
    "previous",
    "The same view of the previous job, vertex, subtask or checkpoint.",
)
NEXT = _more_view(
    "next", "greater_than_sign", "next", "The same view of the next job, vertex, subtask or checkpoint."
)
CHECKPOINTS_HERE = _view(
    "checkpoints", "c", "checkpoints", "The checkpoints of this job: history, sizes, configuration."
)
SAMPLE = _more_view(
    "sample", "b", "measure", "Measure backpressure (up to 1.12, where it costs the TaskManagers)."
)
DESCRIPTION = _more_view(
    "description", "i", "what it does", "Describe the vertex's operators and inputs, as Flink's plan does."
)
PIN = _view("pin", "p", "pin", "Pin the selected metric: it is charted, and kept for this job.")
FLAME_KIND = _view(
    "flame_kind", "x", "on/off CPU", "Flame graph of all threads, of running or of waiting ones."
)
FLAME_ZOOM = _view("zoom_in", "enter", "zoom", "In a flame graph: zoom in on the selected method.")
FOLD = _view("fold", "f", "fold", "Hide or show the frames of Flink and Java.")
# A capital, like everything that leaves the jobs for the cluster around them; a small m is the mouse.
# On the app, like operations.
TASKMANAGERS_HERE = _view("taskmanagers", "M", "TaskManagers", "TaskManagers, problems first.", app=True)
JOBMANAGER_HERE = _view(
    "jobmanager", "J", "JobManager", "The JobManager: memory, configuration, logs, threads.", app=True
)
LOG_HERE = _more_view(
    "log",
    "l",
    "log",
    "Log of the selected item's TaskManager; for an exception, at its time; of a pod that ended, its last.",
)
THREADS_HERE = _more_view(
    "threads", "d", "threads", "Thread dump of that TaskManager; for a subtask, the task's own threads."
)
DESCRIBE = _view(
    "describe",
    "i",
    "describe",
    "On Kubernetes: what kubectl describes of the TaskManager's pod, else of the cluster's deployment.",
)
WHY = _view("why", "v", "why", "What is wrong with this job and why: findings, evidence, charts, culprit.")
BUNDLE = _more_view(
    "bundle",
    "B",
    "bundle",
    "Incident bundle of this job: what is known of it in one zip file, without secrets.",
)
VERTEX_OF = _more_view("vertex", "V", "vertex", "The vertex that the finding is about.")
SUBTASK_OF = _more_view("subtask", "u", "subtask", "The first subtask that the finding is about.")
TASKMANAGER_OF = _more_view(
    "taskmanager", "h", "its TaskManager", "The TaskManager (host) that the finding is about."
)
EXCEPTION_OF = _more_view("exception", "e", "exception", "The exception that the finding is about.")
NEXT_MATCH = _more_text("next_match", "n", "next match", "Next match.", action="match(1)")
PREVIOUS_MATCH = _more_text("previous_match", "N", "previous match", "Previous match.", action="match(-1)")
ONLY = _text(
    "only",
    "ampersand",
    "grep",
    "Show only log entries that contain a text, each with its stack trace.",
    priority=True,
)
NEXT_KNOWN = _text(
    "next_known",
    "e",
    "explain",
    "Go to the next line that is a well-known failure, and say what it means and what to do first.",
    action="known(1)",
)
PREVIOUS_KNOWN = _more_text(
    "previous_known", "E", "explain previous", "The same with the previous one.", action="known(-1)"
)
LEVEL = _text("level", "v", "level", "Filter a log by level: INFO, WARN or ERROR and above, or all.")
SHORT_LINES = _more_text(
    "short_lines",
    "f",
    "short lines",
    "Shorten log lines to time, level, class and message, or show them as written.",
)
FOLLOW = _text(
    "follow",
    "F",
    "follow",
    "Follow a log: download it when it grows, at most every 10 s, and stay at its end.",
)
PROFILE = _view(
    "profile", "P", "profile", "On the profiler's tab: choose mode and length of a run, and start it."
)
WRAP = _more_text("wrap", "W", "wrap", "Wrap long lines, or cut them at the edge.")
SHORTER_WINDOW = _more_view(
    "shorter_window",
    "comma",
    "shorter window",
    "Charts show less time, down to 5 minutes.",
    action="window(-1)",
)
LONGER_WINDOW = _more_view(
    "longer_window",
    "full_stop",
    "longer window",
    "Charts show more time, up to everything kept.",
    action="window(1)",
)
# On the app: otherwise the screen that opens it and the screens that it opens would import each other.
OPERATIONS = _more_program(
    "operations",
    "O",
    "operations",
    "Operations log: every act from this flinktop, and its outcome.",
    app=True,
)
OPEN_JOB = _view("open_job", "enter", "job", "Open the operation's job.")
ALERTS_HERE = _more_program(
    "alerts",
    "exclamation_mark",
    "alerts",
    "Alerts: what is open and what was; acknowledge, mute.",
    app=True,
)
TIMELINE_HERE = _more_program(
    "timeline", "T", "timeline", "Timeline of the cluster: what happened, newest first, from the journal."
)
STOP_COMMAND = _view("stop_command", "x", "end", "End the command of your own whose output is shown.")
ACKNOWLEDGE = _view(
    "acknowledge", "A", "acknowledge", "Acknowledge the selected alert: it is no longer counted in the frame."
)
MUTE = _view("mute", "x", "mute", "Mute the selected alert, its job or its kind for a while; or unmute it.")
OPEN_SUBJECT = _view("open_subject", "enter", "open", "Open what the event is about.")

GLOBAL = (HELP, PALETTE, WALL, MOUSE, PICTURE, REDRAW, SUSPEND, LEAVE)
"""On the app: they work on every screen."""
IN_LOGS = (BACK, BACK_OR_LEAVE, PAUSE, REFRESH, SLOWER, FASTER, WRITE, ZONE, ZOOM, OPERATIONS, ALERTS_HERE)
"""On every screen of the cluster."""
EVERYWHERE = (*IN_LOGS, TIMELINE_HERE)
"""On every screen but logs, as are the next two, which the footer shows only on the first screens."""
OF_ONE_CLUSTER = (SLOWER, FASTER, ZONE)
"""Of these, what is about one cluster: not offered where all of them are on the screen."""
PROCESSES = (replace(TASKMANAGERS_HERE, shown=False), replace(JOBMANAGER_HERE, shown=False))
ELSEWHERE = (*EVERYWHERE, *PROCESSES)
TABLE = (OPEN, ACTIONS, FILTER, SORT, REVERSE, COPY)
STEPS = (PREVIOUS, NEXT)
WINDOWS = (SHORTER_WINDOW, LONGER_WINDOW)
TEXT = (NEXT_MATCH, PREVIOUS_MATCH, WRAP)
"""On screens with text to read."""
KNOWN = (NEXT_KNOWN, PREVIOUS_KNOWN)
LOG = (ONLY, LEVEL, *KNOWN, FOLLOW, SHORT_LINES)
PROCESS_VIEWS = (LOG_HERE, THREADS_HERE)
FLAME = (FLAME_ZOOM, FLAME_KIND)
OVERVIEW = (
    OPEN,
    WHY,
    *TABLE[1:],
    HIDE_FINISHED,
    DESCRIBE,
    TASKMANAGERS_HERE,
    JOBMANAGER_HERE,
    *WINDOWS,
    *EVERYWHERE,
)
JOB = (
    OPEN,
    WHY,
    PIN,
    CHECKPOINTS_HERE,
    *TABLE[1:],
    *STEPS,
    *PROCESS_VIEWS,
    BUNDLE,
    DESCRIBE,
    *JOB_TABS,
    *WINDOWS,
    *ELSEWHERE,
)
CULPRITS = (VERTEX_OF, SUBTASK_OF, TASKMANAGER_OF, EXCEPTION_OF)
WHY_SCREEN = (
    *TABLE,
    *CULPRITS,
    CHECKPOINTS_HERE,
    *PROCESS_VIEWS,
    BUNDLE,
    *STEPS,
    *WINDOWS,
    *ELSEWHERE,
)
VERTEX = (
    OPEN,
    *FLAME,
    PIN,
    CHECKPOINTS_HERE,
    *TABLE[1:],
    *STEPS,
    *PROCESS_VIEWS,
    SAMPLE,
    DESCRIPTION,
    *TEXT[:2],
    *VERTEX_TABS,
    *WINDOWS,
    *ELSEWHERE,
)
SUBTASK = (
    *FLAME,
    PIN,
    *TABLE[1:],
    *STEPS,
    *PROCESS_VIEWS,
    *TEXT[:2],
    *SUBTASK_TABS,
    *WINDOWS,
    *ELSEWHERE,
)
CHECKPOINTS = (*TABLE, *CHECKPOINTS_TABS, *WINDOWS, *ELSEWHERE)
CHECKPOINT = (*TABLE, *STEPS, *ELSEWHERE)
CHECKPOINT_VERTEX = (*TABLE[1:], *STEPS, *ELSEWHERE)
FAULT = (ACTIONS, FILTER, FOLD, COPY, *TEXT, *STEPS, *PROCESS_VIEWS, *ELSEWHERE)
TASKMANAGERS = (*TABLE, JOBMANAGER_HERE, *PROCESS_VIEWS, DESCRIBE, *EVERYWHERE, PROCESSES[0])
TASKMANAGER = (
    OPEN,
    PROFILE,
    *TABLE[1:],
    *LOG,
    *TEXT,
    *STEPS,
    *PROCESS_VIEWS,
    DESCRIBE,
    *TASKMANAGER_TABS,
    *WINDOWS,
    *ELSEWHERE,
)
JOBMANAGER = (
    OPEN,
    PROFILE,
    *TABLE[1:],
    *LOG,
    *TEXT,
    *PROCESS_VIEWS,
    DESCRIBE,
    *JOBMANAGER_TABS,
    *WINDOWS,
    *ELSEWHERE,
)
LOG_FILE = (OPEN, ACTIONS, FILTER, *LOG, *TEXT, COPY, *IN_LOGS, *PROCESSES)
POD_LOG = (ACTIONS, FILTER, ONLY, LEVEL, *KNOWN, SHORT_LINES, *TEXT, COPY, *IN_LOGS, *PROCESSES)
DESCRIPTION_OF = (ACTIONS, FILTER, *TEXT, COPY, *IN_LOGS, *PROCESSES)
OUTPUT = (ACTIONS, FILTER, STOP_COMMAND, *TEXT, COPY, *IN_LOGS, *PROCESSES)
JARS = (*TABLE, *JARS_TABS, *ELSEWHERE)
APPLICATION = (*TABLE, *TEXT, *APPLICATION_TABS, *ELSEWHERE)
OPERATIONS_LIST = (*TABLE, *ELSEWHERE)
OPERATION = (OPEN_JOB, ACTIONS, COPY, *STEPS, *ELSEWHERE)
ALERTS = (OPEN, ACKNOWLEDGE, MUTE, *TABLE[1:], *ELSEWHERE)
TIMELINE = (*TABLE, *ELSEWHERE)
EVENT = (OPEN_SUBJECT, ACTIONS, FILTER, FOLD, COPY, *TEXT, *PROCESS_VIEWS, *ELSEWHERE)
FLEET = (
    OPEN,
    *TABLE[2:],
    HIDE_FINISHED,
    DESCRIBE,
    *FLEET_TABS,
    *(command for command in ELSEWHERE if command not in OF_ONE_CLUSTER),
)
"""Where several clusters are on the screen; what is about one cluster opens that under the cursor."""
FLEET_ALERTS = (
    OPEN,
    ACKNOWLEDGE,
    MUTE,
    *TABLE[2:],
    DESCRIBE,
    *(command for command in ELSEWHERE if command not in OF_ONE_CLUSTER),
)
"""In the list of the alerts of all clusters, likewise."""
SCREENS = (
    OVERVIEW,
    JOB,
    WHY_SCREEN,
    VERTEX,
    SUBTASK,
    CHECKPOINTS,
    CHECKPOINT,
    CHECKPOINT_VERTEX,
    FAULT,
    TASKMANAGERS,
    TASKMANAGER,
    JOBMANAGER,
    LOG_FILE,
    POD_LOG,
    DESCRIPTION_OF,
    OUTPUT,
    JARS,
    APPLICATION,
    OPERATIONS_LIST,
    OPERATION,
    ALERTS,
    TIMELINE,
    EVENT,
)

WALL_SCREEN = (BACK, BACK_OR_LEAVE, REFRESH)
"""On the wall, which needs no keys."""

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
    "exclamation_mark": "!",
}


def key_name(key: str) -> str:
    """A key as a user reads it."""
    return _SHOWN.get(key, key)


def bindings(commands: Iterable[Command]) -> list[BindingType]:
    """The commands as Textual bindings."""
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
    """All commands except the tabs, each once, ordered by group."""
    found = dict.fromkeys(command for commands in (GLOBAL, *SCREENS) for command in commands)
    order = ("table", "text", "view", "program")
    return tuple(
        sorted(
            (command for command in found if command.group in order and command not in PROCESSES),
            key=lambda command: order.index(command.group),
        )
    )
