r"""Desktop notifications by the terminal: which sequence it knows, and how it is written.

OSC 9 (`\e]9;text\a`) is iTerm2's, OSC 777 (`\e]777;notify;title;text\a`) that of rxvt-unicode, which most
others have taken over, and OSC 99 kitty's. A terminal that knows none of them is not sent any: some would
show the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_TITLE: Final = 80
MOST_BODY: Final = 240
"""Letters of a notification: desktops show little more."""
_GARBAGE_BELOW: Final = 4600
"""Versions of VTE that show an OSC 777 as text; later ones show a notification, or nothing."""

_PROGRAMS: Final[Mapping[str, str]] = {
    "iTerm.app": "osc9",
    "WarpTerminal": "osc9",
    "WezTerm": "osc777",
    "ghostty": "osc777",
    "Apple_Terminal": "",
    "vscode": "",
    "Hyper": "",
}
"""By TERM_PROGRAM."""
_TERMS: Final[Mapping[str, str]] = {
    "xterm-kitty": "osc99",
    "xterm-ghostty": "osc777",
    "wezterm": "osc777",
    "foot": "osc777",
    "contour": "osc777",
    "rxvt-unicode": "osc777",
    "alacritty": "",
    "linux": "",
}
"""By the beginning of TERM, which SSH passes on."""
_VARIABLES: Final[Mapping[str, str]] = {
    "KITTY_WINDOW_ID": "osc99",
    "ITERM_SESSION_ID": "osc9",
    "WEZTERM_PANE": "osc777",
    "GHOSTTY_RESOURCES_DIR": "osc777",
    "KONSOLE_VERSION": "osc777",
    "WT_SESSION": "",
    "ALACRITTY_WINDOW_ID": "",
}
"""By a variable that the terminal sets. They come last: a terminal passes them to others that it starts."""
_NAMES: Final[Mapping[str, str]] = {
    "iterm2": "osc9",
    "kitty": "osc99",
    "wezterm": "osc777",
    "ghostty": "osc777",
    "foot": "osc777",
    "contour": "osc777",
    "konsole": "osc777",
    "vte": "osc777",
}
"""By the beginning of the name with which a terminal answers XTVERSION, as tmux remembers it."""

TMUX_ASKS: Final = ("display-message", "-p", "#{client_termtype}\t#{client_termname}")
"""Arguments of tmux that print the name and the TERM of the terminal that it is shown in."""


def protocol(environ: Mapping[str, str]) -> str:
    """The sequence that this terminal knows: osc9, osc777 or osc99; "" for none, or if it is not known."""
    program, term = environ.get("TERM_PROGRAM", ""), environ.get("TERM", "")
    if program in _PROGRAMS:
        return _PROGRAMS[program]
    if (known := _beginning(_TERMS, term)) is not None:
        return known
    if environ.get("LC_TERMINAL") == "iTerm2":
        return "osc9"
    for variable, found in _VARIABLES.items():
        if environ.get(variable):
            return found
    version = environ.get("VTE_VERSION", "")
    return "osc777" if version.isdigit() and int(version) >= _GARBAGE_BELOW else ""


def protocol_in_tmux(answer: str, environ: Mapping[str, str]) -> str:
    """The same for the terminal that tmux is shown in, by tmux's answer; without one by the environment.

    The environment in tmux is that of where it was started first.
    """
    name, _, term = answer.strip("\n").partition("\t")
    found = _beginning(_NAMES, name.lower())
    found = _beginning(_TERMS, term) if found is None else found
    if found is not None:
        return found
    outer = {key: value for key, value in environ.items() if key not in ("TERM", "TERM_PROGRAM")}
    return protocol(outer)


def _beginning(names: Mapping[str, str], text: str) -> str | None:
    return next((found for name, found in names.items() if text.startswith(name)), None)


def notification(kind: str, title: str, body: str, *, number: int, critical: bool) -> str:
    """The sequence of a notification; `number` is another for each."""
    title, body = _text(title, MOST_TITLE), _text(body, MOST_BODY)
    if kind == "osc9":
        return f"\x1b]9;{title}: {body}\x07"
    if kind == "osc777":
        return f"\x1b]777;notify;{title};{body}\x07"
    if kind == "osc99":
        # 2 is critical, which stays until it is clicked.
        urgency = 2 if critical else 1
        head = f"i=flinktop{number}"
        return f"\x1b]99;{head}:d=0:u={urgency};{title}\x1b\\\x1b]99;{head}:d=1:p=body;{body}\x1b\\"
    return ""


def passed_through(sequence: str, environ: Mapping[str, str]) -> str:
    """A sequence for the terminal around tmux or screen, if flinktop runs in one."""
    if not sequence:
        return ""
    if environ.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    if environ.get("STY"):
        # It ends at the first ST: each part of a sequence is passed on by itself.
        parts = sequence.split("\x1b\\")
        return "".join(
            f"\x1bP{part}\x07\x1b\\" if part[-1:] != "\x07" else f"\x1bP{part}\x1b\\"
            for part in parts
            if part
        )
    return sequence


def _text(text: str, most: int) -> str:
    """A text that can't end the sequence, or begin another field of it."""
    plain = clean(text).replace(";", ",")
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
