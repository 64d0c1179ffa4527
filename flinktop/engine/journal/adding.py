"""Adds events to the journal: the same happening once, repeats as a count, and not too many a day.

Everything is done in a transaction of the caller. Times are ms since 1970.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.engine.journal.clusters import cluster_number, cluster_rows
from flinktop.engine.journal.event import Event, EventKind
from flinktop.engine.journal.rows import (
    ROW_BYTES,
    body_of,
    bounded,
    mark_of,
    packed,
    with_severity,
    without_secrets,
)
from flinktop.flink.text import clean_lines
from flinktop.model import redaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

MOST_A_DAY: Final = 200
"""Events of a job and day (UTC) that are kept one by one; a group of repeats is one."""
MOST_MARKS: Final = 512
"""Marks kept of one row's repeats; as many as Flink can show again, and many more."""
_DROPPED: Final = 16
"""Marks dropped at once: each changes a page of its own."""
DAY: Final = 86_400_000.0
"""A day, ms."""


def add_events(file: sqlite3.Connection, events: Iterable[Event], now: float) -> bool:
    """Add events; returns whether any of them was new. `now` in ms since 1970."""
    adding = _Adding(file)
    return sum(adding.add(event, now) for event in events) > 0


def job_number(file: sqlite3.Connection, cluster: int, job: str, name: str) -> int:
    """The number of a job's row, which is made if there is none; "" is the cluster itself."""
    row = file.execute(
        "SELECT number, name FROM jobs WHERE cluster = ? AND id = ?", (cluster, job)
    ).fetchone()
    if row is None:
        made = file.execute("INSERT INTO jobs (cluster, id, name) VALUES (?, ?, ?)", (cluster, job, name))
        return int(made.lastrowid or 0)
    if name and name != row[1]:
        file.execute("UPDATE jobs SET name = ? WHERE number = ?", (name, row[0]))
    return int(row[0])


class _Adding:
    """Adds the events of one transaction."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._numbers: dict[tuple[str, str], tuple[int, int]] = {}
        self._addresses: dict[str, tuple[str, ...]] = {}

    def add(self, event: Event, now: float) -> bool:
        """Add an event; False if it is known already."""
        run = self._file.execute
        spellings = self._spellings(event.cluster)
        marks = tuple(mark_of(address, event.key) for address in spellings)
        known = f"SELECT 1 FROM marks WHERE mark IN ({', '.join('?' * len(marks))})"  # noqa: S608 - no values
        if run(known, marks).fetchone() is not None:
            return False
        event = bounded(replace(event, cluster=spellings[0]), now)
        cluster, job = self._place(event)
        number = self._repeat(event) if event.group else None
        if number is None:
            number = (
                self._insert(event, cluster, job)
                if self._has_room(event, job)
                else self._sum(event, cluster, job)
            )
        if number == 0:
            return False
        run("INSERT INTO marks VALUES (?, ?, ?)", (marks[0], number, event.at))
        return True

    def _spellings(self, address: str) -> tuple[str, ...]:
        """The addresses that a cluster's rows have, the first row first; without rows the address itself."""
        if address not in self._addresses:
            found = tuple(cluster_rows(self._file, address).values())
            self._addresses[address] = found or (address,)
        return self._addresses[address]

    def _place(self, event: Event) -> tuple[int, int]:
        """The numbers of its cluster and job."""
        place = event.cluster, event.job
        if place not in self._numbers:
            cluster = cluster_number(self._file, event.cluster, event.cluster_name)
            self._numbers[place] = cluster, job_number(self._file, cluster, event.job, event.job_name)
        return self._numbers[place]

    def _repeat(self, event: Event) -> int | None:
        """Count it to the row of its group; None if there is none, 0 if it is counted already."""
        run = self._file.execute
        repeats = [_repeats(event, address) for address in self._spellings(event.cluster)]
        row = run(
            "SELECT number, count, floor, stack FROM events "  # noqa: S608 - no values
            f"WHERE repeats IN ({', '.join('?' * len(repeats))}) ORDER BY last DESC LIMIT 1",
            repeats,
        ).fetchone()
        if row is None:
            return None
        number, count, floor, stack = row
        if floor is not None and event.at <= floor:
            return 0
        if stack is None and event.stack:
            stack, _ = self._stack(event.stack)
        run(
            "UPDATE events SET at = min(at, ?), last = max(last, ?), count = ?, stack = ? WHERE number = ?",
            (event.at, event.last, count + event.count, stack, number),
        )
        if count % _DROPPED == 0:
            self._drop_marks(number)
        return int(number)

    def _drop_marks(self, number: int) -> None:
        """Forget the oldest marks of a row: a repeat as old as those is taken for one of them."""
        run = self._file.execute
        newest = run(
            "SELECT at FROM marks WHERE event = ? ORDER BY at DESC LIMIT 1 OFFSET ?",
            (number, MOST_MARKS - _DROPPED),
        ).fetchone()
        if newest is not None:
            run("DELETE FROM marks WHERE event = ? AND at <= ?", (number, newest[0]))
            run("UPDATE events SET floor = max(ifnull(floor, 0), ?) WHERE number = ?", (newest[0], number))

    def _has_room(self, event: Event, job: int) -> bool:
        """Whether it is kept one by one: the first failure of a group always is."""
        if event.kind is EventKind.SUMMARY or (event.kind is EventKind.FAILURE and event.group):
            return True
        begin = event.at - event.at % DAY
        rows = self._file.execute(
            "SELECT count(*) FROM (SELECT 1 FROM events WHERE job = ? AND last >= ? AND last < ? LIMIT ?)",
            (job, begin, begin + DAY, MOST_A_DAY),
        )
        return int(rows.fetchone()[0]) < MOST_A_DAY

    def _sum(self, event: Event, cluster: int, job: int) -> int:
        """Count it to the summary of its job and day."""
        day = datetime.fromtimestamp(event.at / 1000.0, UTC).date().isoformat()
        summary = Event(
            at=event.at,
            last=event.last,
            count=event.count,
            cluster=event.cluster,
            kind=EventKind.SUMMARY,
            words=f"More than {MOST_A_DAY} events on {day} (UTC): further ones are only counted.",
            details=f"{event.kind}: {event.count}",
            key=f"summary {event.job} {day}",
            job=event.job,
            severity=event.severity,
            group=day,
        )
        number = self._repeat(summary)
        if number is None:
            return self._insert(summary, cluster, job)
        if number:
            self._add_to_summary(number, event)
        return number

    def _add_to_summary(self, number: int, event: Event) -> None:
        """Count an event by its kind; the summary is as severe as the worst of its events."""
        run = self._file.execute
        details, body = run("SELECT details, body FROM events WHERE number = ?", (number,)).fetchone()
        counts = Counter(dict(_counts(str(details))))
        counts[str(event.kind)] += event.count
        lines = "\n".join(f"{kind}: {count}" for kind, count in sorted(counts.items()))
        run(
            "UPDATE events SET details = ?, body = ? WHERE number = ?",
            (lines, with_severity(body, event.severity), number),
        )

    def _insert(self, event: Event, cluster: int, job: int) -> int:
        event = without_secrets(event)
        body = body_of(event)
        size = ROW_BYTES + len(body) + len(event.words) + len(event.vertex_name) + len(event.details)
        stack = None
        if event.stack:
            stack, new = self._stack(event.stack)
            size += new
        made = self._file.execute(
            "INSERT INTO events (cluster, job, kind, at, last, count, repeats, words, vertex_name, details, "
            "body, stack, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                cluster, job, str(event.kind), event.at, event.last, event.count,
                _repeats(event, event.cluster) if event.group else None,
                event.words, event.vertex_name, event.details, body, stack, size,
            ),
        )  # fmt: skip
        return int(made.lastrowid or 0)

    def _stack(self, stack: str) -> tuple[int, int]:
        """The number of a stack, and its bytes if it is a new one."""
        # Of the text as it came: to look for secrets in one of 64 kB takes 20 ms.
        hashed = blake2b(stack.encode("utf-8", "replace"), digest_size=16).digest()
        row = self._file.execute("SELECT number FROM stacks WHERE hash = ?", (hashed,)).fetchone()
        if row is not None:
            return int(row[0]), 0
        text = packed(redaction.text(clean_lines(stack)))
        made = self._file.execute("INSERT INTO stacks (hash, text) VALUES (?, ?)", (hashed, text))
        return int(made.lastrowid or 0), len(text)


def _repeats(event: Event, address: str) -> int:
    """What events that are repeats of each other have in common, on a cluster with this address."""
    return mark_of(address, event.job, str(event.kind), event.group)


def _counts(lines: str) -> Iterator[tuple[str, int]]:
    """The counts by kind in the details of a summary."""
    for line in lines.splitlines():
        kind, _, count = line.rpartition(": ")
        if count.isdecimal():
            yield kind, int(count)
