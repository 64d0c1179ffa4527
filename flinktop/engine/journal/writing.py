"""Writes what waits to the journal, in transactions small enough for the bound of its file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from flinktop.engine.journal.adding import add_events, job_number
from flinktop.engine.journal.clusters import cluster_number, in_cluster
from flinktop.engine.journal.rows import bounded_job, known_body
from flinktop.engine.journal.tables import synced
from flinktop.engine.journal.waiting import Batch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from flinktop.engine.journal.event import KnownJob

T = TypeVar("T")
log = logging.getLogger(__name__)

MOST_VALUE: Final = 256 * 1024
"""Bytes of one small value."""


def parts(batch: Batch, rows: int) -> Iterator[Batch]:
    """A batch in parts of at most so many rows, without the times of looking."""
    for events in _parts(batch.events, rows):
        yield Batch(events=events)
    for jobs in _parts(batch.jobs, rows):
        yield Batch(jobs=jobs)
    for kept in _parts(batch.kept, rows):
        yield Batch(kept=kept)


def write(file: sqlite3.Connection, part: Batch, now: float) -> bool:
    """Write one part as a transaction; returns whether there is something new to read. `now` in ms."""
    with file:
        file.execute("BEGIN IMMEDIATE")
        new = add_events(file, part.events, now)
        if part.jobs:
            _write_jobs(file, part.jobs)
            new = True
        _write_kept(file, part.kept, now)
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
        synced(file)


def write_test(file: sqlite3.Connection) -> None:
    """Write something that changes nothing, to see whether the file can be written."""
    with file:
        file.execute("UPDATE changes SET number = number")


def write_looked(file: sqlite3.Connection, looked: Sequence[tuple[str, float]]) -> None:
    """Write when clusters were looked at, in a transaction of the caller."""
    for cluster, at in looked:
        number = cluster_number(file, cluster)
        file.execute("UPDATE clusters SET looked = ? WHERE number = ?", (at, number))


def _write_jobs(file: sqlite3.Connection, jobs: Sequence[KnownJob]) -> None:
    for job in map(bounded_job, jobs):
        cluster = cluster_number(file, job.cluster, job.cluster_name)
        number = job_number(file, cluster, job.job, job.name)
        file.execute("REPLACE INTO known VALUES (?, ?, ?)", (number, job.seen, known_body(job)))


def _write_kept(
    file: sqlite3.Connection, kept: Sequence[tuple[str, str, str, bytes | None]], now: float
) -> None:
    for name, cluster, key, value in kept:
        number = cluster_number(file, cluster)
        # Names of ours; every value is a parameter.
        delete = f"DELETE FROM kept WHERE name = ? AND key = ? AND {in_cluster(file, 'cluster', cluster)}"  # noqa: S608
        file.execute(delete, (name, key))
        if value is not None and len(value) <= MOST_VALUE:
            file.execute("INSERT INTO kept VALUES (?, ?, ?, ?, ?)", (name, number, key, now, value))
        elif value is not None:
            log.warning("%s of %s has %d bytes: not kept", name, cluster, len(value))


def _parts(values: tuple[T, ...], most: int) -> Iterator[tuple[T, ...]]:
    for begin in range(0, len(values), most):
        yield values[begin : begin + most]
