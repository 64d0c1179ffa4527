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
    """Also the name of the action: `action_<id>` on a screen or on the app."""
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
COPY = Command("copy", ("y",), "copy id", "Copy the id of what the cursor is on.", "view", shown=False)
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
    "previous", ("less_than_sign",), "previous", "The same view of the previous job.", "view", shown=False
)
NEXT = Command("next", ("greater_than_sign",), "next", "The same view of the next job.", "view", shown=False)

GLOBAL = (HELP, PALETTE, MOUSE, PICTURE, SUSPEND, LEAVE)
"""On the app: they work on every screen."""
EVERYWHERE = (BACK, PAUSE, REFRESH, SLOWER, FASTER, ZONE, ZOOM)
"""On every screen of the cluster."""
TABLE = (OPEN, FILTER, SORT, REVERSE, COPY)
OVERVIEW = (*TABLE, HIDE_FINISHED, *EVERYWHERE)
JOB = (FILTER, SORT, REVERSE, COPY, PREVIOUS, NEXT, *EVERYWHERE)

MOVES = (
    ("↑ ↓ j k", "One row up or down."),
    ("PgUp PgDn", "One screenful."),
    ("g G Home End", "The first row, the last row."),
    ("Tab Shift+Tab", "The next panel, the previous one."),
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
}


def key_name(key: str) -> str:
    """A key as a person reads it."""
    return _SHOWN.get(key, key)


def bindings(commands: Iterable[Command]) -> list[BindingType]:
    """The commands as Textual wants them."""
    return [
        Binding(
            ",".join(command.keys),
            f"app.{command.id}" if command.app else command.id,
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
    """All commands, each once, in the order of their groups."""
    found = dict.fromkeys((*GLOBAL, *OVERVIEW, *JOB))
    order = ("table", "view", "program")
    return tuple(sorted(found, key=lambda command: order.index(command.group)))
