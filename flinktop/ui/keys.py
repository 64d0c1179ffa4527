"""Every command of the monitor, declared once: bindings, footer, palette, help and README come from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Command:
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


HELP = Command(
    "help", ("question_mark",), "help", "What can be done here, and by which keys.", "program", app=True
)
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
    "Show only rows with this text; state:failed asks for a state.",
    "table",
    # Handled before the next key is looked at, so that what is typed behind it is the filter.
    priority=True,
)
OPEN = Command("open", ("enter",), "open", "Open what the cursor is on.", "table")
BACK = Command(
    "back",
    ("escape", "q"),
    "back",
    "Close dialog, filter or zoom, then go back along the trail; at its root, ask before leaving.",
    "program",
)
PAUSE = Command("pause", ("space",), "pause", "Hold what is on the screen; collection goes on.", "view")
REFRESH = Command(
    "refresh", ("r",), "refresh", "Ask the cluster now, as far as its caches make that of use.", "view"
)
SLOWER = Command("slower", ("plus",), "longer interval", "Ask the cluster less often.", "view", shown=False)
FASTER = Command(
    "faster",
    ("minus",),
    "shorter interval",
    "Ask the cluster more often, never more than its own refresh interval.",
    "view",
    shown=False,
)
COPY = Command("copy", ("y",), "copy", "Copy the id or path of what the cursor is on.", "view", shown=False)
ZONE = Command(
    "zone",
    ("t",),
    "time zone",
    "Times of the cluster's zone, of this machine's, in UTC.",
    "view",
    shown=False,
)
ZOOM = Command(
    "zoom", ("z",), "zoom", "Give the whole screen to the focused panel, and back.", "view", shown=False
)
MOUSE = Command(
    "mouse",
    ("m",),
    "mouse",
    "Mouse on or off; off, the terminal's own selection works.",
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
    app=True,
)
SUSPEND = Command(
    "suspend_process",
    ("ctrl+z",),
    "suspend",
    "Go to the background; `fg` comes back.",
    "program",
    shown=False,
    app=True,
)
LEAVE = Command(
    "leave",
    ("ctrl+c",),
    "leave",
    "Ask before leaving; a second one leaves.",
    "program",
    shown=False,
    priority=True,
    app=True,
)
SORT = Command("sort", ("s",), "sort", "Sort by the next column.", "table", shown=False)
REVERSE = Command("reverse", ("S",), "reverse", "Sort the other way round.", "table", shown=False)
HIDE_FINISHED = Command(
    "hide_finished", ("f",), "finished", "Hide or show the jobs that have ended.", "table"
)
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


def tab(number: int, name: str, label: str, help: str) -> Command:  # noqa: A002 -- the field's name
    """The command that shows a tab by its number."""
    return Command(
        f"tab_{name}", (str(number),), label, help, "tab", shown=False, action=f"show_tab('{name}')"
    )


JOB_TABS = (
    tab(1, "graph", "Graph", "The job's graph, and its vertices where there is room."),
    tab(2, "vertices", "Vertices", "The job's vertices alone."),
    tab(3, "charts", "Charts", "The job over time: records/s, busy, lag, restarts, checkpoints."),
    tab(4, "configuration", "Configuration", "How the job was told to run."),
)
VERTEX_TABS = (
    tab(1, "subtasks", "Subtasks", "The vertex's subtasks, worst first."),
    tab(2, "charts", "Charts", "The vertex and the selected subtask over time."),
)
SUBTASK_TABS = (
    tab(1, "attempts", "Attempts", "Every attempt of the subtask, with its times."),
    tab(2, "metrics", "Metrics", "All metrics of the subtask."),
    tab(3, "charts", "Charts", "The subtask over time."),
)
CHECKPOINTS_TABS = (
    tab(1, "history", "History", "The newest checkpoints and savepoints."),
    tab(2, "charts", "Charts", "Duration and size of checkpoints over time."),
    tab(3, "summary", "Summary", "Least, mean, most and percentiles of durations and sizes."),
    tab(4, "configuration", "Configuration", "How checkpoints are configured."),
)

GLOBAL = (HELP, PALETTE, MOUSE, PICTURE, SUSPEND, LEAVE)
"""On the app: they work on every screen."""
EVERYWHERE = (BACK, PAUSE, REFRESH, SLOWER, FASTER, ZONE, ZOOM)
"""On every screen of the cluster."""
TABLE = (OPEN, FILTER, SORT, REVERSE, COPY)
STEPS = (PREVIOUS, NEXT)
WINDOWS = (SHORTER_WINDOW, LONGER_WINDOW)
OVERVIEW = (*TABLE, HIDE_FINISHED, *WINDOWS, *EVERYWHERE)
JOB = (OPEN, CHECKPOINTS_HERE, *TABLE[1:], *STEPS, *JOB_TABS, *WINDOWS, *EVERYWHERE)
VERTEX = (OPEN, CHECKPOINTS_HERE, *TABLE[1:], *STEPS, *VERTEX_TABS, *WINDOWS, *EVERYWHERE)
SUBTASK = (*TABLE[1:], *STEPS, *SUBTASK_TABS, *WINDOWS, *EVERYWHERE)
CHECKPOINTS = (*TABLE, *CHECKPOINTS_TABS, *WINDOWS, *EVERYWHERE)
CHECKPOINT = (*TABLE, *STEPS, *EVERYWHERE)
CHECKPOINT_VERTEX = (*TABLE[1:], *STEPS, *EVERYWHERE)
SCREENS = (OVERVIEW, JOB, VERTEX, SUBTASK, CHECKPOINTS, CHECKPOINT, CHECKPOINT_VERTEX)

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
    order = ("table", "view", "program")
    return tuple(
        sorted(
            (command for command in found if command.group in order),
            key=lambda command: order.index(command.group),
        )
    )
