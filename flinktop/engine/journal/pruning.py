"""Keeps the journal within its bounds: days, and bytes of its file.

By age: an hourly step removes what is older than the bound, but at most a day's worth, beginning with the
oldest. So a clock that is a year ahead for an hour costs a day of ninety.

By size: rows are removed from the job that takes most, its oldest first, until another job takes most. So a
noisy job pays for its noise itself. Jobs of one cluster are one account if their names differ by a number or
a time only: a batch job that is submitted every minute is one noisy job.

Every step is a small transaction: other flinktops get their turn, and SQLite's rollback journal, which holds
the old content of every page that a step changes, stays within the room that is left for it.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.journal.adding import DAY

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

PAGE: Final = 4096
"""Bytes of a page."""
EVERY_SECONDS: Final = 3600.0
FIRST_SECONDS: Final = 60.0
"""How often, and how long after its opening first, what is too old is removed."""
_FULL: Final = 0.97
SHRUNK: Final = (0.90, 0.6, 0.2)
"""Shares of the most pages: beyond the first, rows are removed down to the others, one after the other if
that is not enough."""
_SHARE: Final = 8
"""Known jobs, and small values, take at most one part in so many of the file each."""
_NUMBERS: Final = re.compile(r"[0-9][0-9a-fA-F:._TZ+-]{3,}|[0-9a-fA-F]{8,}")


class Bounds(Struct, frozen=True):
    """How large a journal may be."""

    days: float
    most_bytes: int  # of the file and of SQLite's rollback journal beside it

    @property
    def pages(self) -> int:
        """The most pages of the file."""
        return max((self.most_bytes - self.reserve) // PAGE, 32)

    @property
    def reserve(self) -> int:
        """Bytes left for the rollback journal."""
        return max(self.most_bytes // 16, min(self.most_bytes // 4, 512 << 10))

    @property
    def rows(self) -> int:
        """Rows that one step may write or remove: each changes up to eight pages, of all indices."""
        return min(max((self.reserve // PAGE - 24) // 8, 4), 256)


def account(name: str) -> str:
    """The account of a job's name: names that differ by a long number or a time have the same."""
    return _NUMBERS.sub("#", name)


def is_large(file: sqlite3.Connection, bounds: Bounds) -> bool:
    """Whether rows are to be removed because of their bytes."""
    return _used(file) > bounds.pages * _FULL or _pages(file) > bounds.pages


def too_old(file: sqlite3.Connection, bounds: Bounds, now: float) -> Iterator[Callable[[], None]]:
    """The steps that remove what is older than the bound; `now` in ms since 1970."""
    horizon = now - bounds.days * DAY
    for table, time, key in (("events", "last", "number"), ("known", "seen", "job")):
        oldest = file.execute(f"SELECT min({time}) FROM {table}").fetchone()[0]  # noqa: S608 - names of ours
        if not isinstance(oldest, int | float) or oldest >= horizon:
            continue
        before = min(horizon, oldest + DAY)
        select = f"SELECT {key} FROM {table} WHERE {time} < ? ORDER BY {time} LIMIT ?"  # noqa: S608 - as above
        while numbers := [row[0] for row in file.execute(select, (before, bounds.rows)).fetchall()]:
            remove = _remove_events if table == "events" else _remove_known
            yield lambda numbers=numbers, remove=remove: remove(file, numbers)  # type: ignore[misc]
    yield lambda: _remove_unused(file, horizon)


def too_large(file: sqlite3.Connection, bounds: Bounds, share: float) -> Iterator[Callable[[], None]]:
    """The steps that bring the journal down to a share of its bytes."""
    target = bounds.pages * share
    most = bounds.most_bytes // _SHARE
    while numbers := _known_beyond(file, most, bounds.rows):
        yield lambda numbers=numbers: _remove_known(file, numbers)  # type: ignore[misc]
    while _kept_beyond(file, most):
        yield lambda: _remove_oldest_value(file)
    accounts = _Accounts(file)
    while _used(file) > target and (numbers := accounts.next(bounds.rows)):
        yield lambda numbers=numbers: _remove_events(file, numbers)  # type: ignore[misc]
    yield lambda: _remove_unused(file, 0.0)


def give_back(file: sqlite3.Connection, bounds: Bounds) -> bool:
    """Give some free pages back to the file system; returns whether there are more to give.

    Some stay for what comes next. Not in a transaction.
    """
    pages, free = _pages(file), _free(file)
    spare = 0 if pages > bounds.pages else pages // 4
    if free <= spare:
        return False
    # Each page that is moved changes up to three.
    file.execute(f"PRAGMA incremental_vacuum({max(bounds.reserve // (4 * PAGE), 8):d})").fetchall()
    return _pages(file) < pages


def _pages(file: sqlite3.Connection) -> int:
    return int(file.execute("PRAGMA page_count").fetchone()[0])


def _free(file: sqlite3.Connection) -> int:
    return int(file.execute("PRAGMA freelist_count").fetchone()[0])


def _used(file: sqlite3.Connection) -> int:
    return _pages(file) - _free(file)


class _Accounts:
    """What each account takes, and its events from the oldest on."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._bytes: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._jobs: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        self._oldest: dict[tuple[int, str], deque[tuple[int, int]]] = {}
        rows = file.execute(
            "SELECT jobs.cluster, jobs.id, jobs.name, jobs.number, sum(events.size) "
            "FROM events JOIN jobs ON jobs.number = events.job GROUP BY events.job"
        )
        for cluster, job, name, number, size in rows.fetchall():
            key = cluster, f"job {account(str(name))}" if job else ""
            self._bytes[key] += int(size)
            self._jobs[key].append(int(number))

    def next(self, rows: int) -> list[int]:
        """The numbers of the next events to remove; empty if there are none left."""
        while self._bytes:
            largest = max(self._bytes, key=self._bytes.__getitem__)
            others = max((size for key, size in self._bytes.items() if key != largest), default=0)
            oldest = self._oldest.get(largest) or self._read(largest)
            numbers: list[int] = []
            while oldest and len(numbers) < rows and (not numbers or self._bytes[largest] >= others):
                number, size = oldest.popleft()
                numbers.append(number)
                self._bytes[largest] -= size
            self._oldest[largest] = oldest
            if numbers:
                return numbers
            del self._bytes[largest]
        return []

    def _read(self, key: tuple[int, str]) -> deque[tuple[int, int]]:
        """The oldest events of an account, with their bytes."""
        # Numbers of ours; an account may have more jobs than a statement takes parameters.
        jobs = ", ".join(map(str, self._jobs[key]))
        rows = self._file.execute(
            f"SELECT number, size FROM events WHERE job IN ({jobs}) ORDER BY last, number LIMIT 4096"  # noqa: S608
        )
        return deque((int(number), int(size)) for number, size in rows.fetchall())


def _remove_events(file: sqlite3.Connection, numbers: list[int]) -> None:
    which = ", ".join(map(str, numbers))
    # Only numbers of ours are formatted into these statements.
    stacks = file.execute(
        f"SELECT DISTINCT stack FROM events WHERE number IN ({which}) AND stack IS NOT NULL"  # noqa: S608
    ).fetchall()
    file.execute(f"DELETE FROM marks WHERE event IN ({which})")  # noqa: S608
    file.execute(f"DELETE FROM events WHERE number IN ({which})")  # noqa: S608
    for (stack,) in stacks:
        file.execute(
            "DELETE FROM stacks WHERE number = ? AND NOT EXISTS (SELECT 1 FROM events WHERE stack = ?)",
            (stack, stack),
        )


def _known_beyond(file: sqlite3.Connection, most: int, rows: int) -> list[int]:
    """Known jobs to remove: of the cluster whose known jobs take most, those that were seen first."""
    sizes = file.execute(
        "SELECT jobs.cluster, sum(length(known.body)) AS bytes FROM known "
        "JOIN jobs ON jobs.number = known.job GROUP BY jobs.cluster ORDER BY bytes DESC"
    ).fetchall()
    if sum(int(size) for _, size in sizes) <= most:
        return []
    oldest = file.execute(
        "SELECT known.job FROM known JOIN jobs ON jobs.number = known.job WHERE jobs.cluster = ? "
        "ORDER BY known.seen LIMIT ?",
        (sizes[0][0], rows),
    )
    return [int(row[0]) for row in oldest.fetchall()]


def _remove_known(file: sqlite3.Connection, jobs: list[int]) -> None:
    file.execute(f"DELETE FROM known WHERE job IN ({', '.join(map(str, jobs))})")  # noqa: S608 - numbers of ours


def _kept_beyond(file: sqlite3.Connection, most: int) -> bool:
    return int(file.execute("SELECT total(length(value)) FROM kept").fetchone()[0]) > most


def _remove_oldest_value(file: sqlite3.Connection) -> None:
    file.execute("DELETE FROM kept WHERE rowid = (SELECT rowid FROM kept ORDER BY at LIMIT 1)")


def _remove_unused(file: sqlite3.Connection, horizon: float) -> None:
    """Remove jobs of which nothing is kept, and clusters nobody has looked at since `horizon`."""
    file.execute(
        "DELETE FROM jobs WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.job = jobs.number) "
        "AND NOT EXISTS (SELECT 1 FROM known WHERE known.job = jobs.number)"
    )
    file.execute(
        "DELETE FROM kept WHERE cluster IN (SELECT number FROM clusters WHERE looked < ? "
        "AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.cluster = clusters.number))",
        (horizon,),
    )
    file.execute(
        "DELETE FROM clusters WHERE ifnull(looked, 0) < ? "
        "AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.cluster = clusters.number) "
        "AND NOT EXISTS (SELECT 1 FROM kept WHERE kept.cluster = clusters.number)",
        (horizon,),
    )
