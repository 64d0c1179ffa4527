"""The keys that flinktop has on the screens where own commands and links work.

The commands themselves are in `flinktop.ui`, which settings must not import: a sentence about a wrong line
loads no terminal. A test holds both together.
"""

import re
from typing import Final

from flinktop.allowed import NotAllowed, listed, shown

EVERYWHERE: Final = {
    "?": "help", ":": "command", "ctrl+p": "command", "ctrl+w": "wall", "m": "mouse", "ctrl+s": "screenshot",
    "ctrl+l": "redraw", "ctrl+z": "suspend", "ctrl+c": "leave", "esc": "back", "q": "back or leave",
    "space": "pause", "r": "refresh", "+": "longer interval", "-": "shorter interval", "w": "write",
    "t": "time zone", "z": "zoom", "O": "operations", "!": "alerts", "a": "actions", "y": "copy",
    "M": "TaskManagers", "J": "JobManager",
}  # fmt: skip
"""On every screen: what each key does."""

ON_SCREENS: Final = {
    "clusters": {
        "enter": "open", "/": "filter", "s": "sort", "S": "reverse", "f": "finished", "i": "describe",
        "T": "timeline",
    },
    "alerts of all clusters": {
        "enter": "open", "A": "acknowledge", "x": "mute", "/": "filter", "s": "sort", "S": "reverse",
        "i": "describe", "T": "timeline",
    },
    "overview": {
        "enter": "open", "v": "why", "/": "filter", "s": "sort", "S": "reverse", "f": "finished",
        "i": "describe", ",": "shorter window", ".": "longer window", "T": "timeline",
    },
    "job": {
        "enter": "open", "v": "why", "p": "pin", "c": "checkpoints", "/": "filter", "s": "sort",
        "S": "reverse", "<": "previous", ">": "next", "l": "log", "d": "threads", "B": "bundle",
        "i": "describe", ",": "shorter window", ".": "longer window", "T": "timeline",
        "h": "to an input", "H": "scroll the graph", "K": "scroll the graph", "L": "scroll the graph",
    },
    "why": {
        "enter": "open", "/": "filter", "s": "sort", "S": "reverse", "V": "vertex", "u": "subtask",
        "h": "its TaskManager", "e": "exception", "c": "checkpoints", "l": "log", "d": "threads",
        "B": "bundle", "<": "previous", ">": "next", ",": "shorter window", ".": "longer window",
        "T": "timeline",
    },
    "vertex": {
        "enter": "zoom", "x": "on/off CPU", "p": "pin", "c": "checkpoints", "/": "filter", "s": "sort",
        "S": "reverse", "<": "previous", ">": "next", "l": "log", "d": "threads", "b": "measure",
        "i": "what it does", "n": "next match", "N": "previous match", ",": "shorter window",
        ".": "longer window", "T": "timeline", "h": "left in the flame graph",
    },
    "subtask": {
        "enter": "zoom", "x": "on/off CPU", "p": "pin", "/": "filter", "s": "sort", "S": "reverse",
        "<": "previous", ">": "next", "l": "log", "d": "threads", "n": "next match", "N": "previous match",
        ",": "shorter window", ".": "longer window", "T": "timeline", "h": "left in the flame graph",
    },
    "checkpoints": {
        "enter": "open", "/": "filter", "s": "sort", "S": "reverse", ",": "shorter window",
        ".": "longer window", "T": "timeline",
    },
    "checkpoint": {
        "enter": "open", "/": "filter", "s": "sort", "S": "reverse", "<": "previous", ">": "next",
        "T": "timeline",
    },
    "checkpoint of a vertex": {
        "/": "filter", "s": "sort", "S": "reverse", "<": "previous", ">": "next", "T": "timeline",
    },
    "exception": {
        "/": "filter", "f": "fold", "n": "next match", "N": "previous match", "W": "wrap", "<": "previous",
        ">": "next", "l": "log", "d": "threads", "T": "timeline",
    },
    "TaskManagers": {
        "enter": "open", "/": "filter", "s": "sort", "S": "reverse", "l": "log", "d": "threads",
        "i": "describe", "T": "timeline",
    },
    "TaskManager": {
        "enter": "open", "P": "profile", "/": "filter", "s": "sort", "S": "reverse", "&": "grep",
        "v": "level", "e": "explain", "E": "explain previous", "F": "follow", "f": "short lines",
        "n": "next match", "N": "previous match", "W": "wrap", "<": "previous", ">": "next", "l": "log",
        "d": "threads", "i": "describe", ",": "shorter window", ".": "longer window", "T": "timeline",
    },
    "JobManager": {
        "enter": "open", "P": "profile", "/": "filter", "s": "sort", "S": "reverse", "&": "grep",
        "v": "level", "e": "explain", "E": "explain previous", "F": "follow", "f": "short lines",
        "n": "next match", "N": "previous match", "W": "wrap", "l": "log", "d": "threads",
        "i": "describe", ",": "shorter window", ".": "longer window", "T": "timeline",
    },
    "log": {
        "enter": "open", "/": "filter", "&": "grep", "v": "level", "e": "explain", "E": "explain previous",
        "F": "follow", "f": "short lines", "n": "next match", "N": "previous match", "W": "wrap",
    },
    "last log of a pod": {
        "/": "filter", "&": "grep", "v": "level", "e": "explain", "E": "explain previous",
        "f": "short lines", "n": "next match", "N": "previous match", "W": "wrap",
    },
    "description": {"/": "filter", "n": "next match", "N": "previous match", "W": "wrap"},
    "output": {"/": "filter", "x": "end", "n": "next match", "N": "previous match", "W": "wrap"},
    "jars": {"enter": "open", "/": "filter", "s": "sort", "S": "reverse", "T": "timeline"},
    "application": {
        "enter": "open", "/": "filter", "s": "sort", "S": "reverse", "n": "next match",
        "N": "previous match", "W": "wrap", "T": "timeline",
    },
    "operations": {"enter": "open", "/": "filter", "s": "sort", "S": "reverse", "T": "timeline"},
    "operation": {"enter": "job", "<": "previous", ">": "next", "T": "timeline"},
    "alerts": {
        "enter": "open", "A": "acknowledge", "x": "mute", "/": "filter", "s": "sort", "S": "reverse",
        "T": "timeline",
    },
    "timeline": {"enter": "open", "/": "filter", "s": "sort", "S": "reverse", "T": "timeline"},
    "event": {
        "enter": "open", "/": "filter", "f": "fold", "n": "next match", "N": "previous match", "W": "wrap",
        "l": "log", "d": "threads", "T": "timeline",
    },
}  # fmt: skip
"""On each screen beside those: what each key does; tabs and moves are in the next ones."""

MOVES: Final = {
    **dict.fromkeys(("j", "k", "g", "G"), "move in the rows"),
    **{str(digit): "tabs" for digit in range(1, 10)},
    **dict.fromkeys(("[", "]", "{", "}"), "kept free for history and replay"),
    # What a terminal sends for keys of other names.
    "ctrl+h": "backspace", "ctrl+i": "tab", "ctrl+j": "enter", "ctrl+m": "enter", "ctrl+q": "off",
}  # fmt: skip
"""Keys of every table and text, those of the tabs, and those that are not given away."""

PLACES: Final = {
    "cluster": tuple(ON_SCREENS),
    "job": (
        "clusters", "overview", "job", "why", "vertex", "subtask", "checkpoints", "checkpoint",
        "checkpoint of a vertex", "exception",
    ),
    "vertex": ("job", "why", "vertex", "subtask", "checkpoint", "checkpoint of a vertex"),
    "subtask": ("why", "vertex", "subtask", "checkpoint of a vertex"),
    "taskmanager": ("TaskManagers", "TaskManager", "vertex", "subtask", "why", "log", "last log of a pod"),
    "checkpoint": ("checkpoints", "checkpoint", "checkpoint of a vertex", "why"),
    "jobmanager": ("JobManager", "log", "why"),
}  # fmt: skip
"""What a command or a link is about, and the screens on which such a thing can be selected."""

_NAMED: Final = re.compile(r"ctrl\+[a-z]|f(?:[1-9]|1[0-2])")
_LETTERS: Final = "ABCDEFGHIKLNPQRSUVWXYZbceiopux"
_MOST_FREE: Final = 8


def what_takes(key: str, on: tuple[str, ...]) -> str | None:
    """What flinktop does with a key where one of these things can be selected; None if nothing."""
    if words := EVERYWHERE.get(key) or MOVES.get(key):
        return words
    for thing in on:
        for screen in PLACES[thing]:
            if words := ON_SCREENS[screen].get(key):
                return f"{words} (screen {screen})"
    return None


def key(text: str, on: tuple[str, ...]) -> str:
    """Check the key of a command or link on these things. Raises NotAllowed."""
    named = text.lower() if len(text) > 1 else text
    if not (len(named) == 1 and named.isprintable() and named != " ") and not _NAMED.fullmatch(named):
        raise NotAllowed(f'must be one character such as "K", "ctrl+k" or "f5", not \'{shown(text)}\'')
    if (words := what_takes(named, on)) is not None:
        free = [letter for letter in _LETTERS if what_takes(letter, on) is None]
        more = f"; free there: {', '.join(free[:_MOST_FREE])}, ctrl+k, f5" if free else "; f5 is free there"
        raise NotAllowed(
            f"'{shown(named)}' is a key of flinktop where a {listed(on)} is selected: {words}{more}"
        )
    return named
