"""TaskManagers that come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal.episodes import rounded
from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.text import clean
from flinktop.judgement import places
from flinktop.judgement.finding import Severity
from flinktop.model import processes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.flink.taskmanagers import TaskManager

GONE_MS: Final = 60_000.0
"""One that is not listed for so long is gone: after a restart of the JobManager they register one by one."""
MOST_AT_ONCE: Final = 20
"""Of more that come or go in one answer one event tells."""
MOST_REMEMBERED: Final = 5000
_MOST_NAMED: Final = 200


class Process(Struct, frozen=True):
    """A TaskManager."""

    id: str
    name: str  # its address, or its id if that is a name
    slots: int = 0
    used: int = 0


class Missing(Struct, frozen=True):
    """One that is not listed any more."""

    process: Process
    since: float  # the first answer without it, ms since 1970


class TaskManagers(Struct, frozen=True):
    """The TaskManagers of a cluster."""

    listed: Mapping[str, Process] | None = None  # None before the first answer
    missing: Mapping[str, Missing] = {}
    returned: frozenset[str] = frozenset()  # that were recorded as gone before


def remembered(kept: bytes | None) -> TaskManagers:
    """The TaskManagers of the last look, as `kept` has written them."""
    if kept is None:
        return TaskManagers()
    try:
        found = msgspec.json.decode(kept, type=tuple[Process, ...])
    except msgspec.MsgspecError:
        return TaskManagers()
    return TaskManagers({one.id: one for one in found})


def kept(now: TaskManagers) -> bytes:
    """What is to be remembered until the next start; those whose absence is not recorded count as there."""
    found = [*(now.listed or {}).values(), *(one.process for one in now.missing.values())]
    return msgspec.json.encode(found[:MOST_REMEMBERED])


def answered(
    before: TaskManagers, answer: Iterable[TaskManager], at: float
) -> tuple[TaskManagers, tuple[Event, ...]]:
    """The TaskManagers after a list of them that came at `at` (ms since 1970)."""
    now = {one.id: _process(one) for one in answer}
    if before.listed is None:
        # Since when they are there is not known.
        return replace(before, listed=now), ()
    known = before.listed
    came = tuple(one for one in now.values() if one.id not in known and one.id not in before.missing)
    missing = {one: gone for one, gone in before.missing.items() if one not in now}
    missing |= {one: Missing(process, at) for one, process in known.items() if one not in now}
    return TaskManagers(now, missing, before.returned), _came(came, before.returned, at)


def gone(before: TaskManagers, now: float) -> tuple[TaskManagers, tuple[Event, ...]]:
    """The TaskManagers at `now` (ms since 1970), and those that are gone for good."""
    over = {name: one for name, one in before.missing.items() if now - one.since >= GONE_MS}
    if not over:
        return before, ()
    missing = {name: one for name, one in before.missing.items() if name not in over}
    returned = frozenset([*before.returned, *over][-MOST_REMEMBERED:])
    return TaskManagers(before.listed, missing, returned), _gone(tuple(over.values()))


def _process(taskmanager: TaskManager) -> Process:
    return Process(
        taskmanager.id,
        places.short(processes.name(taskmanager) or taskmanager.id),
        taskmanager.slots_number or 0,
        taskmanager.slots_used or 0,
    )


def _came(new: tuple[Process, ...], returned: frozenset[str], at: float) -> tuple[Event, ...]:
    if len(new) > MOST_AT_ONCE:
        return (_many(new, at, EventKind.TASKMANAGER_CAME, "came", Severity.OK),)
    return tuple(
        Event(
            at=at,
            cluster="",
            kind=EventKind.TASKMANAGER_CAME,
            words=f"TaskManager {one.name} came{' back' if one.id in returned else ''}{_slots(one.slots)}",
            # An id is that of one process, which mostly comes once.
            key=f"came {one.id}" + (f" {rounded(at)}" if one.id in returned else ""),
            taskmanager=one.id,
        )
        for one in new
    )


def _gone(over: tuple[Missing, ...]) -> tuple[Event, ...]:
    if len(over) > MOST_AT_ONCE:
        processes = tuple(one.process for one in over)
        used = any(one.used for one in processes)
        severity = Severity.WARNING if used else Severity.INFO
        return (_many(processes, over[0].since, EventKind.TASKMANAGER_GONE, "are gone", severity),)
    return tuple(
        Event(
            at=one.since,
            cluster="",
            kind=EventKind.TASKMANAGER_GONE,
            words=f"TaskManager {one.process.name} is gone{_slots(one.process.used, ' in use')}",
            key=f"gone {one.process.id} {rounded(one.since)}",
            taskmanager=one.process.id,
            severity=Severity.WARNING if one.process.used else Severity.INFO,
        )
        for one in over
    )


def _many(found: tuple[Process, ...], at: float, kind: EventKind, verb: str, severity: Severity) -> Event:
    names = sorted(one.name for one in found)
    return Event(
        at=at,
        cluster="",
        kind=kind,
        words=f"{len(found)} TaskManagers {verb}: {places.listed(names)}",
        key=f"{kind} many {rounded(at)}",
        severity=severity,
        details="\n".join(clean(name) for name in names[:_MOST_NAMED]),
    )


def _slots(count: int, used: str = "") -> str:
    return f" with {count} {'slot' if count == 1 else 'slots'}{used}" if count else ""
