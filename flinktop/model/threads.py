"""Thread dumps: the stack of each thread, and which threads belong to a task."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.logs import ThreadDump

STATES = ("", "RUNNABLE", "BLOCKED", "WAITING", "TIMED_WAITING")  # filters to choose from; "" is all
_STATE = re.compile(r"\b(NEW|RUNNABLE|BLOCKED|WAITING|TIMED_WAITING|TERMINATED)\b")


class Thread(Struct, frozen=True):
    """One thread."""

    name: str
    state: str  # Java's; "" if the dump has none
    lines: tuple[str, ...]  # its lines in the dump; the first has its name


LEGACY = "Legacy Source Thread - "  # thread of a pre-FLIP-27 source, before its task's name


def threads(dump: ThreadDump, task: str = "") -> tuple[Thread, ...]:
    """All threads by name; those whose names begin with `task` (see `of_task`) first."""
    found: list[Thread] = []
    for info in dump.threads:
        lines = tuple(line.rstrip() for line in info.stack.rstrip("\n").split("\n"))
        first = lines[0] if lines else ""
        # The state follows the name, which may contain such a word itself.
        state = _STATE.search(first.rpartition('"')[2])
        found.append(Thread(info.name, state[1] if state is not None else "", lines or (info.name,)))
    own = (task, f"{LEGACY}{task}")
    return tuple(
        sorted(
            found, key=lambda thread: (not task or not thread.name.startswith(own), thread.name.casefold())
        )
    )


def chosen(known: Iterable[Thread], state: str, text: str) -> Sequence[Thread]:
    """The threads in a state that contain a text."""
    wanted = text.casefold()
    return [
        thread
        for thread in known
        if state in ("", thread.state)
        and (not wanted or any(wanted in line.casefold() for line in thread.lines))
    ]


def next_state(state: str) -> str:
    """The next state that can be chosen."""
    return STATES[(STATES.index(state) + 1) % len(STATES)]


def counted(known: Iterable[Thread]) -> dict[str, int]:
    """Numbers of threads by state, in the order of `STATES`."""
    found = Counter(thread.state for thread in known)
    return {state: found[state] for state in (*STATES[1:], "NEW", "TERMINATED", "") if found[state]}


def of_task(vertex: str, subtask: int) -> str:
    """The text in the names of a task's threads: its vertex and subtask number, counted from 1.

    "Map (2/4)#0" is the task's own thread, "Legacy Source Thread - Map (2/4)#0" that of a pre-FLIP-27
    source.
    """
    return f"{vertex} ({subtask + 1}/"


def tone(line: str, *, first: bool, state: str) -> str:
    """The style of a line of a dump: the thread's name is highlighted, waiting threads are dimmed."""
    if first:
        return {"BLOCKED": "bad", "RUNNABLE": "strong"}.get(state, "info")
    return "warn" if line.lstrip().startswith("-") and "blocked on" in line else ""
