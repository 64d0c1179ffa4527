"""What flinktop has seen happen to the job, from its journal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from flinktop.bundle.collection import merged, moment
from flinktop.bundle.contents import JOURNAL_JSON, JOURNAL_TEXT, Gap, Made
from flinktop.engine.journal.event import Event, EventKind, KnownJob, Question
from flinktop.flink.run_in_thread import run_in_thread
from flinktop.internal_error import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flinktop.bundle.collection import Collection, ReadsJournal, Subject

log = logging.getLogger(__name__)

MOST_EVENTS: Final = 2000
MOST_STACKS: Final = 20
"""Of the newest failures; each has at most 64 kB."""
NONE_KEPT: Final = "no flinktop of this user has kept one yet"


class _Read(Struct, frozen=True):
    """What the journal knows of the job."""

    events: tuple[Event, ...] = ()
    known: KnownJob | None = None
    stacks: dict[int, str] = {}  # of the newest failures, by the number of the event


async def make(collection: Collection, journal: ReadsJournal | None) -> Made:
    """The files of the journal; the collection gets its events."""
    if journal is None:
        return Made(gaps=(Gap("journal", NONE_KEPT),))
    subject = collection.subject
    try:
        found = await run_in_thread(lambda: _read(journal, subject))
    except Exception as error:
        log.exception("the journal could not be read for a bundle")
        return Made(gaps=(Gap("journal", f"it can't be read: {words_of(error)}"),))
    events, known = found.events, found.known
    collection.events = events
    if not events and known is None:
        return Made(gaps=(Gap("journal", "it has no events of this job"),))
    document: dict[str, Any] = {
        "job": asdict(known) if known is not None else None,
        "events": [_as_object(one, found.stacks) for one in events],
    }
    made = merged(
        await collection.text(JOURNAL_TEXT, _lines(collection, events, known)),
        await collection.json(JOURNAL_JSON, document),
    )
    if len(events) < MOST_EVENTS:
        return made
    return merged(made, Made(notes=(f"journal.txt has the newest {MOST_EVENTS} events; there are more.",)))


def _as_object(event: Event, stacks: dict[int, str]) -> dict[str, Any]:
    """An event with its stack; without the key that it is stored by, which tells nobody anything."""
    fields = asdict(event) | {"stack": stacks.get(event.number, event.stack)}
    del fields["key"]
    return fields


def _read(journal: ReadsJournal, subject: Subject) -> _Read:
    """Read the journal, which blocks."""
    events = journal.read(Question(cluster=subject.url, job=subject.job, most=MOST_EVENTS))
    known = next((one for one in journal.read_jobs(subject.url) if one.job == subject.job), None)
    failures = [one.number for one in events if one.kind is EventKind.FAILURE and not one.stack]
    return _Read(events, known, {number: journal.read_stack(number) for number in failures[:MOST_STACKS]})


def _lines(collection: Collection, events: Sequence[Event], known: KnownJob | None) -> Iterator[str]:
    subject = collection.subject
    yield f"What flinktop has seen of {subject.name} ({subject.job}), the newest first"
    if known is not None:
        yield f"last seen {moment(known.seen)}: {known.state}{f', {known.words}' if known.words else ''}"
        if known.checkpoint:
            yield f"last checkpoint {moment(known.checkpointed)}: {known.checkpoint}"
    yield ""
    for one in events:
        times = f", {one.count} times until {moment(one.last)}" if one.count > 1 else ""
        severity = f" {one.severity}" if one.severity != "ok" else ""
        yield f"{moment(one.at)}  {one.kind}{severity}: {one.words}{times}"
        where = [one.vertex_name or one.vertex]
        if one.subtask is not None:
            where.append(f"subtask {one.subtask}")
        if one.taskmanager:
            where.append(f"TaskManager {one.taskmanager}")
        if any(where):
            yield f"    {', '.join(filter(None, where))}"
        yield from (f"    {line}" for line in one.details.splitlines())
