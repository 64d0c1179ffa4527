"""A program and its arguments as they are shown: as a shell takes them, without secrets."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from flinktop.flink.text import clean
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN: Final = re.compile(r"[\w@%+=:,./{}*-]+", re.ASCII)
_PORT_IS_P: Final = frozenset({"ssh", "autossh", "docker", "podman"})
"""Programs whose `-p` is a port; the next word of any other's may be a password."""


def command_line(command: Sequence[str]) -> str:
    """One line; placeholders such as {port} stay readable."""
    if command and command[0].rpartition("/")[2] in _PORT_IS_P:
        shown: Sequence[str] = [redaction.text(word) for word in command]
    else:
        shown = redaction.words(command)
    return " ".join(_quoted(clean(word)) for word in shown)


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else shlex.quote(word)
