"""Thread dumps: what each thread does now, and which threads belong to a task."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.logs import ThreadDump

STATES = ("", "RUNNABLE", "BLOCKED", "WAITING", "TIMED_WAITING")  # what a person chooses from; "" is all
_STATE = re.compile(r"\b(NEW|RUNNABLE|BLOCKED|WAITING|TIMED_WAITING|TERMINATED)\b")


class Thread(Struct, frozen=True):
    """One thread."""

    name: str
    state: str  # of Java's; "" where the dump does not say
    lines: tuple[str, ...]  # what the dump says of it; the first line names it


LEGACY = "Legacy Source Thread - "  # thread of a source of before FLIP-27, before its task's name


def threads(dump: ThreadDump, task: str = "") -> tuple[Thread, ...]:
    """All threads by their names; first those whose names begin with `task` (see `of_task`)."""
    found: list[Thread] = []
    for info in dump.threads:
        lines = tuple(line.rstrip() for line in info.stack.rstrip("\n").split("\n"))
        first = lines[0] if lines else ""
        # The state stands behind the name, which may hold such a word itself.
        state = _STATE.search(first.rpartition('"')[2])
        found.append(Thread(info.name, state[1] if state is not None else "", lines or (info.name,)))
    own = (task, f"{LEGACY}{task}")
    return tuple(
        sorted(
            found, key=lambda thread: (not task or not thread.name.startswith(own), thread.name.casefold())
        )
    )


def chosen(known: Iterable[Thread], state: str, text: str) -> Sequence[Thread]:
    """The threads in a state that have a text somewhere."""
    wanted = text.casefold()
    return [
        thread
        for thread in known
        if state in ("", thread.state)
        and (not wanted or any(wanted in line.casefold() for line in thread.lines))
    ]


def next_state(state: str) -> str:
    """The next state that a person can choose."""
    return STATES[(STATES.index(state) + 1) % len(STATES)]


def counted(known: Iterable[Thread]) -> dict[str, int]:
    """How many threads are in which state, in the order of `STATES`."""
    found = Counter(thread.state for thread in known)
    return {state: found[state] for state in (*STATES[1:], "NEW", "TERMINATED", "") if found[state]}


def of_task(vertex: str, subtask: int) -> str:
    """What the names of a task's threads hold: its vertex and which of the subtasks it is, counted from 1.

    "Map (2/4)#0" is the task's own thread, "Legacy Source Thread - Map (2/4)#0" the source's of before
    FLIP-27.
    """
    return f"{vertex} ({subtask + 1}/"


def tone(line: str, *, first: bool, state: str) -> str:
    """The style of a line of a dump: the thread's name comes forward, waiting ones stand back."""
    if first:
        return {"BLOCKED": "bad", "RUNNABLE": "strong"}.get(state, "info")
    return "warn" if line.lstrip().startswith("-") and "blocked on" in line else ""
