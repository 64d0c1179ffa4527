"""Writes what waits to the journal, in transactions small enough for the bound of its file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from flinktop.engine.journal.adding import add_events, cluster_number, job_number
from flinktop.engine.journal.rows import bounded_job, known_body

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from flinktop.engine.journal.event import KnownJob
    from flinktop.engine.journal.waiting import Batch

T = TypeVar("T")
log = logging.getLogger(__name__)

MOST_VALUE: Final = 256 * 1024
"""Bytes of one small value."""


def steps(batch: Batch, now: float, rows: int) -> Iterator[Callable[[sqlite3.Connection], bool]]:
    """The transactions that write a batch, each at most so many rows; each returns whether something is new.

    `now` in ms since 1970.
    """
    for events in _parts(batch.events, rows):
        yield lambda file, events=events: add_events(file, events, now)  # type: ignore[misc]
    for jobs in _parts(batch.jobs, rows):
        yield lambda file, jobs=jobs: _write_jobs(file, jobs)  # type: ignore[misc]
    for kept in _parts(batch.kept, rows):
        yield lambda file, kept=kept: _write_kept(file, kept, now)  # type: ignore[misc]


def write(file: sqlite3.Connection, step: Callable[[sqlite3.Connection], bool]) -> bool:
    """Run one step as a transaction; returns whether something new was written."""
    with file:
        file.execute("BEGIN IMMEDIATE")
        new = step(file)
        if new:
            file.execute("UPDATE changes SET number = number + 1")
    return new


def beating(file: sqlite3.Connection, do: Callable[[sqlite3.Connection], None]) -> None:
    """Write something that a power cut may undo, as a transaction, without waiting for the disk.

    It changes a row in place every few seconds for weeks: each synced write would wake the disk.
    """
    file.execute("PRAGMA synchronous = OFF")
    try:
        with file:
            file.execute("BEGIN IMMEDIATE")
            do(file)
    finally:
        file.execute("PRAGMA synchronous = FULL")


def write_test(file: sqlite3.Connection) -> None:
    """Write something that changes nothing, to see whether the file can be written."""
    with file:
        file.execute("UPDATE changes SET number = number")


def write_looked(file: sqlite3.Connection, looked: Sequence[tuple[str, float]]) -> None:
    """Write when clusters were looked at, in a transaction of the caller."""
    for cluster, at in looked:
        number = cluster_number(file, cluster)
        file.execute("UPDATE clusters SET looked = ? WHERE number = ?", (at, number))


def _write_jobs(file: sqlite3.Connection, jobs: Sequence[KnownJob]) -> bool:
    for job in map(bounded_job, jobs):
        cluster = cluster_number(file, job.cluster, job.cluster_name)
        number = job_number(file, cluster, job.job, job.name)
        file.execute("REPLACE INTO known VALUES (?, ?, ?)", (number, job.seen, known_body(job)))
    return True


def _write_kept(
    file: sqlite3.Connection, kept: Sequence[tuple[str, str, str, bytes | None]], now: float
) -> bool:
    for name, cluster, key, value in kept:
        number = cluster_number(file, cluster)
        if value is not None and len(value) <= MOST_VALUE:
            file.execute("REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", (name, number, key, now, value))
            continue
        if value is not None:
            log.warning("%s of %s has %d bytes: not kept", name, cluster, len(value))
        file.execute("DELETE FROM kept WHERE name = ? AND cluster = ? AND key = ?", (name, number, key))
    return False


def _parts(values: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    for begin in range(0, len(values), most):
        yield values[begin : begin + most]
