"""Reads events from the journal: a question becomes one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.engine.journal.clusters import in_cluster
from flinktop.engine.journal.rows import COLUMNS, event_of, known_job, unpacked
from flinktop.flink.connection import cluster_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

    from flinktop.engine.journal.event import Event, KnownJob, Question


class Answered(Struct, frozen=True):
    """The answer to a question."""

    events: tuple[Event, ...]  # the one that happened last first; of repeats the newest counts
    more: bool  # whether there are older ones
    version: int  # of what was read; another number: something may have changed


def read_events(file: sqlite3.Connection, question: Question) -> tuple[tuple[Event, ...], bool]:
    """The events of a question, newest first, and whether there are more.

    Of a row with repeats `since` means the last and `before` the first: it is found in every span that it
    touches.
    """
    asked = _Statement()
    if not asked.place(file, question):
        return (), False
    if question.kinds:
        asked.add(f"kind IN ({', '.join('?' * len(question.kinds))})", *map(str, question.kinds))
    if question.since:
        asked.add("last >= ?", question.since)
    if question.before:
        asked.add("at < ?", question.before)
    if question.text:
        asked.add(
            "holds(?, words, jobs.name, clusters.name, vertex_name, details)",
            _plain(question.text).casefold(),
        )
    # Only names of ours are formatted into it; every value is a parameter.
    statement = (
        f"SELECT {COLUMNS} FROM events JOIN jobs ON jobs.number = events.job "  # noqa: S608 - see above
        f"JOIN clusters ON clusters.number = events.cluster{asked.where} "
        "ORDER BY events.last DESC, events.number DESC LIMIT ?"
    )
    rows = file.execute(statement, (*asked.given, question.most + 1)).fetchall()
    events = tuple(event for row in rows[: question.most] if (event := event_of(row)) is not None)
    return events, len(rows) > question.most


class _Statement:
    """The conditions of a statement, and what is given for them."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.given: list[Any] = []

    @property
    def where(self) -> str:
        return f" WHERE {' AND '.join(self._conditions)}" if self._conditions else ""

    def add(self, condition: str, *values: Any) -> None:
        self._conditions.append(condition)
        self.given.extend(values)

    def place(self, file: sqlite3.Connection, question: Question) -> bool:
        """Add cluster and job; False if there are none of them.

        Their numbers are read first: with one number SQLite reads its rows in the order of the index.
        """
        of, given = [], []
        if question.cluster:
            of.append(in_cluster(file, "cluster", _plain(question.cluster)))
        if question.job:
            of.append("id = ?")
            given.append(_plain(question.job))
        if question.name:
            of.append("matches(name, ?)")
            given.append(_plain(question.name))
        if not of:
            return True
        # Names of ours, as above.
        rows = file.execute(f"SELECT number, cluster FROM jobs WHERE {' AND '.join(of)}", given).fetchall()  # noqa: S608
        if question.job or question.name:
            self.add(f"events.job IN ({', '.join(str(number) for number, _ in rows)})")
        elif rows:
            self.add(f"events.cluster IN ({', '.join(str(number) for number in {row[1] for row in rows})})")
        return bool(rows)


def _plain(text: str) -> str:
    """An argument of a command may have bytes that are no text."""
    return text.encode("utf-8", "replace").decode()


def read_stack(file: sqlite3.Connection, number: int) -> str:
    """The stack of an event; "" if it has none."""
    row = file.execute(
        "SELECT text FROM stacks WHERE number = (SELECT stack FROM events WHERE number = ?)", (number,)
    ).fetchone()
    return "" if row is None else unpacked(row[0])


def read_known(file: sqlite3.Connection, cluster: str) -> tuple[KnownJob, ...]:
    """The known jobs of a cluster, or of all if it is "", the one seen last first."""
    of = in_cluster(file, "jobs.cluster", cluster) if cluster else "1"
    rows = file.execute(
        "SELECT known.body FROM known JOIN jobs ON jobs.number = known.job "  # noqa: S608 - numbers of ours
        f"WHERE {of} ORDER BY known.seen DESC"
    )
    found: dict[tuple[str, str], KnownJob] = {}
    for row in rows.fetchall():
        if (job := known_job(row[0])) is not None:
            found.setdefault(job.place, job)
    return tuple(found.values())


def read_clusters(file: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    """Address and name of each cluster of which there are events."""
    rows = file.execute(
        "SELECT address, name FROM clusters WHERE number IN (SELECT cluster FROM jobs) ORDER BY name, address"
    )
    return tuple((str(address), str(name)) for address, name in rows.fetchall())


def read_names(file: sqlite3.Connection, cluster: str) -> tuple[tuple[str, str], ...]:
    """Id and name of each job of a cluster, or of all if it is "", the newest first."""
    of = in_cluster(file, "cluster", cluster) if cluster else "1"
    rows = file.execute(
        f"SELECT id, name FROM jobs WHERE {of} AND id != '' ORDER BY number DESC"  # noqa: S608 - numbers of ours
    )
    return tuple((str(job), str(name)) for job, name in rows.fetchall())


def read_kept(file: sqlite3.Connection, name: str, cluster: str) -> dict[str, bytes]:
    """The small values that are kept for a cluster by name."""
    rows = file.execute(
        "SELECT key, value FROM kept "  # noqa: S608 - numbers of ours
        f"WHERE name = ? AND {in_cluster(file, 'cluster', cluster)} ORDER BY at, rowid",
        (name,),
    )
    return {str(key): bytes(value) for key, value in rows.fetchall() if isinstance(value, bytes)}


def read_kept_of(
    file: sqlite3.Connection, name: str, clusters: Collection[str]
) -> dict[str, dict[str, bytes]]:
    """The same of several clusters, by address, in one read."""
    if len(clusters) == 1:
        return {cluster: read_kept(file, name, cluster) for cluster in clusters}
    found: dict[str, dict[str, bytes]] = {cluster: {} for cluster in clusters}
    given = {cluster_key(cluster): cluster for cluster in clusters}
    rows = file.execute(
        "SELECT address, key, value FROM kept JOIN clusters ON number = cluster WHERE kept.name = ? "
        "ORDER BY kept.at, kept.rowid",
        (name,),
    )
    for address, key, value in rows:
        cluster = given.get(cluster_key(str(address)))
        if cluster is not None and isinstance(value, bytes):
            found[cluster][str(key)] = bytes(value)
    return found


def read_looked(file: sqlite3.Connection, cluster: str) -> float | None:
    """When a flinktop last looked at a cluster, ms since 1970."""
    of = in_cluster(file, "number", cluster)
    row = file.execute(f"SELECT max(looked) FROM clusters WHERE {of}").fetchone()  # noqa: S608 - numbers of ours
    return None if row is None or not isinstance(row[0], int | float) else float(row[0])


def read_changes(file: sqlite3.Connection) -> int:
    """A number that grows with each change of what is in the journal, whoever makes it."""
    row = file.execute("SELECT number FROM changes").fetchone()
    return 0 if row is None or not isinstance(row[0], int) else row[0]
