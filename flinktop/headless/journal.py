"""`flinktop journal`: what happened on clusters, from the journal, for people and scripts.

No cluster is asked. Events go to stdout, the oldest first; everything else to stderr.
"""

# ruff: noqa: T201 -- this module prints

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from flinktop.allowed import near, shown
from flinktop.engine.journal.event import Event, EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.flink.text import clean, clean_lines
from flinktop.headless.args import DONE, FAILED, LEAST_OF_AN_ID, USAGE, Ended
from flinktop.headless.cells import cells
from flinktop.headless.journal_args import MOST_LINES, USUAL_LINES
from flinktop.judgement.finding_json import moment
from flinktop.judgement.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from flinktop.engine.clock import Clock
    from flinktop.headless.journal_args import JournalArgs

_WIDEST: Final = 32
"""Cells of a name that push the rest of all lines to the right."""
_WHOLE_ID: Final = re.compile(r"[0-9a-f]{32}")
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


def run_journal(path: Path, url: str | None, args: JournalArgs, clock: Clock) -> int:
    """Print and return the exit code.

    `url` is the address of the target if the config or the target itself tells it.
    """
    journal = Journal(path, clock, inline=True)
    try:
        events, more = _found(journal, url, args, clock.wall())
        stack: Callable[[int], str] = journal.read_stack if args.stack else _no_stack
        if args.json:
            _print_json(events, stack)
        elif events:
            for line in lines(events, stack, details=args.details):
                print(line)
        elif not journal.problem:
            print("No events.")
        if more and args.lines == USUAL_LINES:
            print("flinktop: older events are left out: -n N prints the last N, --all all", file=sys.stderr)
    except Ended as error:
        print(f"flinktop: {error}", file=sys.stderr)
        return error.code
    finally:
        journal.close(0.0)
        for notice in journal.notices:
            print(f"flinktop: {notice}", file=sys.stderr)
    if journal.problem:
        print(f"flinktop: {journal.problem}", file=sys.stderr)
        return FAILED
    return DONE


def _no_stack(_number: int) -> str:
    return ""


# -- what is asked for ---------------------------------------------------------------------------------


def _found(
    journal: Journal, url: str | None, args: JournalArgs, now: float
) -> tuple[tuple[Event, ...], bool]:
    """The events, oldest first, and whether older ones are left out.

    Raises Ended if there is no such target or job.
    """
    most = args.lines or MOST_LINES
    question = Question(
        kinds=tuple(EventKind(kind) for kind in args.kinds),
        since=_milliseconds(args.since, now),
        before=_milliseconds(args.until, now),
        text=args.grep or "",
        most=most + 1,
    )
    found: dict[int, Event] = {}
    for cluster in _clusters(journal, url, args.target):
        for job in _jobs(journal, cluster, args.job):
            asked = msgspec.structs.replace(question, cluster=cluster, job=job)
            found |= {event.number: event for event in journal.read(asked)}
    newest = sorted(found.values(), key=lambda one: (one.last, one.number), reverse=True)
    events = sorted(newest[:most], key=lambda one: (one.at, one.number))
    return tuple(events), len(newest) > most


def _clusters(journal: Journal, url: str | None, target: str | None) -> tuple[str, ...]:
    """The addresses of the target; "" for all clusters."""
    if target is None:
        return ("",)
    if url is not None:
        return (url,)
    known = journal.read_clusters()
    if named := tuple(address for address, name in known if name == target):
        return named
    names = list(dict.fromkeys(name for _, name in known if name))
    have = f"; the journal has {', '.join(map(shown, names))}" if names else "; the journal is empty"
    raise Ended(
        USAGE, f"no cluster '{shown(target)}' in the config or in the journal{near(target, names)}{have}"
    )


def _jobs(journal: Journal, cluster: str, what: str | None) -> tuple[str, ...]:
    """The ids of the jobs with this id, else with this name or pattern, else whose id begins so."""
    if what is None:
        return ("",)
    known, prefix = dict(journal.read_names(cluster)), what.lower()
    if prefix in known or _WHOLE_ID.fullmatch(prefix):
        return (prefix,)
    if named := tuple(job for job, name in known.items() if matches(name, (what,))):
        return named
    if len(what) >= LEAST_OF_AN_ID and (begun := tuple(job for job in known if job.startswith(prefix))):
        return begun
    raise Ended(USAGE, f"the journal has no job '{shown(what)}'{near(what, known.values())}")


def _milliseconds(when: float | datetime | None, now: float) -> float:
    """A time of the command line, ms since 1970; 0 for none."""
    if when is None:
        return 0.0
    if isinstance(when, float):
        return max((now - when) * 1000.0, 1.0)
    try:
        return max(when.timestamp() * 1000.0, 1.0)
    except (OverflowError, OSError, ValueError):
        return 1.0


# -- text ----------------------------------------------------------------------------------------------


def lines(events: Sequence[Event], stack: Callable[[int], str], *, details: bool) -> Iterator[str]:
    """The lines for people, one for each event; `stack` gives the stack of an event by its number."""
    rows = [
        (clean(one.cluster_name or one.cluster), clean(one.job_name or one.job) or "(cluster)")
        for one in events
    ]
    widths = [max((min(cells(row[column]), _WIDEST) for row in rows), default=0) for column in (0, 1)]
    for one, row in zip(events, rows, strict=True):
        names = "  ".join(name + " " * (width - cells(name)) for name, width in zip(row, widths, strict=True))
        yield f"{local(one.at)}  {names}  {clean(one.words)}{_repeats(one)}"
        for text in (one.details if details else "", stack(one.number)):
            yield from (f"{'':27}{line}" for line in clean_lines(text).splitlines())


def _repeats(event: Event) -> str:
    if event.count == 1:
        return ""
    last = local(event.last)
    # The day is said where it is another one.
    until = last[11:19] if last[:10] == local(event.at)[:10] else last[:19]
    return f"  x {event.count} until {until}"


def local(milliseconds: float) -> str:
    """A time (ms since 1970) of this machine, with its offset: 2026-11-28 02:51:03 +01:00."""
    try:
        at = datetime.fromtimestamp(milliseconds / 1000.0, UTC).astimezone()
    except (OverflowError, OSError, ValueError):
        at = _LATEST
    written = at.isoformat(" ", "seconds")
    return f"{written[:19]} {written[19:]}"


# -- JSON ----------------------------------------------------------------------------------------------


def _print_json(events: Iterable[Event], stack: Callable[[int], str]) -> None:
    """Print a document a line, in UTF-8 whatever the terminal's encoding is."""
    sys.stdout.flush()
    for one in events:
        sys.stdout.buffer.write(msgspec.json.encode(as_object(one, stack(one.number))) + b"\n")
    sys.stdout.buffer.flush()


def as_object(event: Event, stack: str = "") -> dict[str, Any]:
    """The JSON of an event, its keys in their order: later versions add keys and kinds, and change none."""
    return {
        "at": moment(event.at),
        "last": moment(event.last),
        "count": event.count,
        "kind": str(event.kind),
        "severity": str(event.severity),
        "target": clean(event.cluster_name) or None,
        "url": clean(event.cluster),
        "job": {"id": clean(event.job), "name": clean(event.job_name)} if event.job else None,
        "words": clean(event.words),
        "details": clean_lines(event.details) or None,
        "vertex": {"id": clean(event.vertex), "name": clean(event.vertex_name)} if event.vertex else None,
        "subtask": event.subtask,
        "taskmanager": clean(event.taskmanager) if event.taskmanager is not None else None,
        "checkpoint": event.checkpoint,
        "finding": event.finding or None,
        "stack": clean_lines(stack) or None,
    }
