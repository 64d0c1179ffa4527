"""Where the journal's rows are: a file within its bounds, and memory while the file can't be used.

What can't be written to the file goes into tables in memory, and waits to be written: the file is tried again
after RETRY_SECONDS, then after twice that, and so on. What is read is what is in both. Nothing is raised.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec.structs import replace

from flinktop.engine.journal import pruning
from flinktop.engine.journal.reading import (
    read_changes,
    read_clusters,
    read_events,
    read_kept_of,
    read_known,
    read_looked,
    read_names,
    read_stack,
)
from flinktop.engine.journal.tables import FIRST_IN_MEMORY, JOURNAL, InMemory, JournalError, prepare
from flinktop.engine.journal.waiting import Waiting
from flinktop.engine.journal.writing import beating, parts, write, write_looked, write_test
from flinktop.engine.kept_file import KeptFile, require_whole
from flinktop.flink.connection import cluster_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from flinktop.engine.clock import Clock
    from flinktop.engine.journal.event import Event, KnownJob, Question
    from flinktop.engine.journal.leases import Leases
    from flinktop.engine.journal.pruning import Bounds
    from flinktop.engine.journal.waiting import Batch

T = TypeVar("T")
log = logging.getLogger(__name__)

IN_MEMORY_BYTES: Final = 16 << 20
"""The most that tables in memory take."""
RETRY_SECONDS: Final = 5.0
LONGEST_RETRY_SECONDS: Final = 60.0
LOCKED_SECONDS: Final = 20.0
"""How long the file is locked by another program before it is said."""
REMOVE_SECONDS: Final = 1.0
"""How long rows are removed before something else gets its turn."""


MOST_CHECKED: Final = 256 << 20
"""Bytes of a file that is looked through for damage, a minute after the start: at the most two seconds."""


class Storage:
    """The journal's tables, used by one thread at a time."""

    def __init__(self, path: Path | None, clock: Clock, bounds: Bounds) -> None:
        """The file is opened by the first call, and created by the first write; `path` None: in memory."""
        self.notices: tuple[str, ...] = ()  # sentences for the user, each once
        self.problem = ""  # why the file can't be used at present, as the end of a sentence
        self._path = path
        self._clock = clock
        self._memory_bounds = replace(bounds, most_bytes=min(bounds.most_bytes, IN_MEMORY_BYTES))
        self._bounds = bounds if path is not None else self._memory_bounds
        self._file = (
            InMemory(lambda file: self._prepare(file, self._bounds))
            if path is None
            else KeptFile(path, JOURNAL, lambda file: self._prepare(file, self._bounds), clock)
        )
        self._memory: InMemory | None = None  # while the file can't be written
        self._unsaved = Waiting(remembers=False)
        self._failing_since = self._retry_at = float("inf")
        self._delay = RETRY_SECONDS
        self._is_checked = False  # whether the whole file has been looked through
        self._is_said = False  # whether a notice says that the file can't be written
        self.locked_until = 0.0  # when a file that was locked is read again, monotonic s
        self._unreadable_until = 0.0
        self._prune_at = clock.now() + pruning.FIRST_SECONDS

    @property
    def due(self) -> float:
        """When `write` is to be called even if there is nothing new, monotonic s."""
        return self._prune_at if self._memory is None else self._retry_at

    @property
    def openings(self) -> int:
        """Times that a file was opened: another number, and it may be another file."""
        return self._file.openings

    # -- writing ---------------------------------------------------------------------------------------

    def write(self, batch: Batch) -> bool:
        """Write a batch, and do what is due; returns whether something that can be asked for is new."""
        now = self._clock.now()
        if self._memory is not None:
            self._unsaved.add(batch)
            return self._retry(now, batch) if now >= self._retry_at else self._write_to_memory(batch)
        # First: it may find that the file is damaged, which the batch must not be lost with.
        self._prune(now)
        try:
            return self._write_to(self._file, batch, self._bounds)
        except JournalError as error:
            self._fail(error)
            self._unsaved.add(batch)
            return self._write_to_memory(batch)

    def beat(self, leases: Leases) -> None:
        """Renew leases and take those that are free."""
        now = self._clock.now()
        if self._memory is None:
            try:
                self._work(self._file, lambda file: beating(file, lambda inner: leases.beat(inner, now)))
            except JournalError as error:
                self._fail(error)
            else:
                return
        leases.hold_without_file(now)

    def release(self, leases: Leases) -> None:
        """Give up the leases of this process."""
        try:
            if not self._file.absent:
                self._work(self._file, lambda file: beating(file, leases.release))
        except JournalError as error:
            log.info("leases were not given up: %s", error)

    def close(self) -> None:
        self._file.close()
        if self._memory is not None:
            self._memory.close()

    def _retry(self, now: float, batch: Batch) -> bool:
        """Write everything that waits to the file, if that is possible again."""
        if isinstance(self._file, KeptFile):
            # A connection that was opened while the disk was read-only stays so.
            self._file.close()
        try:
            self._work(self._file, write_test)
            self._write_to(self._file, self._unsaved.all(), self._bounds)
        except JournalError as error:
            self._fail(error)
            return self._write_to_memory(batch)
        log.info("the journal %s is written again, after %.0f s", self._path, now - self._failing_since)
        if self._unsaved.lost:
            lost = f"{self._unsaved.lost:,} events were lost"
            self._notify(f"The journal {self._path} could not be written for long: {lost}.")
        if self._memory is not None:
            self._memory.close()
        self._memory, self._unsaved, self.problem = None, Waiting(remembers=False), ""
        self._failing_since = self._retry_at = float("inf")
        self._delay, self._is_said = RETRY_SECONDS, False
        return True

    def _write_to_memory(self, batch: Batch) -> bool:
        """Write a batch to the tables in memory; what is there already is not added again."""
        try:
            return self._memory is not None and self._write_to(self._memory, batch, self._memory_bounds)
        except JournalError as error:
            log.warning("%s", error)
            return False

    def _write_to(self, tables: KeptFile | InMemory, batch: Batch, bounds: Bounds) -> bool:
        """Write a batch; returns whether something is new. Raises JournalError."""
        new = False
        for part in parts(batch, bounds.rows):
            new = self._write_part(tables, bounds, part) or new
        if batch.looked:
            looked = batch.looked
            self._work(tables, lambda file: beating(file, lambda inner: write_looked(inner, looked)))
        return new

    def _write_part(self, tables: KeptFile | InMemory, bounds: Bounds, part: Batch) -> bool:
        try:
            return self._write_and_shrink(tables, bounds, part)
        except JournalError as error:
            if not error.is_of_values:
                raise
        # What can never be written must not keep the rest from being written.
        singles = tuple(parts(part, 1))
        if len(singles) > 1:
            return sum(self._write_part(tables, bounds, one) for one in singles) > 0
        # Or are the rows wrong that it was to be added to?
        before = tables.openings
        self._work(tables, require_whole)
        return tables.openings != before and self._write_and_shrink(tables, bounds, part)

    def _write_and_shrink(self, tables: KeptFile | InMemory, bounds: Bounds, part: Batch) -> bool:
        now = self._clock.wall() * 1000.0
        for share in pruning.SHRUNK:
            try:
                new = self._work(tables, lambda file: write(file, part, now))
            except JournalError as error:
                # Full, but is it the disk or our bound?
                if not error.is_full or not self._shrink(tables, bounds, share):
                    raise
            else:
                if self._work(tables, lambda file: pruning.is_large(file, bounds)):
                    self._shrink(tables, bounds, share)
                return new
        return self._work(tables, lambda file: write(file, part, now))

    # -- bounds ----------------------------------------------------------------------------------------

    def _prune(self, now: float) -> None:
        """Remove what is too old, once an hour."""
        if now < self._prune_at:
            return
        self._prune_at = now + pruning.EVERY_SECONDS
        if self._file.absent:
            return
        wall = self._clock.wall() * 1000.0
        try:
            if not self._is_checked and self._bounds.most_bytes <= MOST_CHECKED:
                self._is_checked = True
                self._work(self._file, require_whole)
            self._remove(self._file, lambda file: pruning.too_old(file, self._bounds, wall))
            if self._work(self._file, lambda file: pruning.is_large(file, self._bounds)):
                self._shrink(self._file, self._bounds, pruning.SHRUNK[0])
        except JournalError as error:
            log.warning("the journal was not pruned: %s", error)

    def _shrink(self, tables: KeptFile | InMemory, bounds: Bounds, share: float) -> bool:
        """Bring tables down to a share of their bound; returns whether anything was removed."""
        removed = self._remove(tables, lambda file: pruning.too_large(file, bounds, share))
        end = self._clock.now() + REMOVE_SECONDS
        while self._work(tables, lambda file: pruning.give_back(file, bounds)):
            if self._clock.now() >= end:
                self._prune_at = end
                break
        return removed

    def _remove(
        self,
        tables: KeptFile | InMemory,
        removals: Callable[[sqlite3.Connection], Iterator[Callable[[], None]]],
    ) -> bool:
        end = self._clock.now() + REMOVE_SECONDS

        def remove(file: sqlite3.Connection) -> bool:
            before = file.total_changes
            for step in removals(file):
                with file:
                    file.execute("BEGIN IMMEDIATE")
                    step()
                if self._clock.now() >= end:
                    # The rest after the leases have been renewed.
                    self._prune_at = end
                    break
            if file.total_changes == before:
                return False
            with file:
                file.execute("UPDATE changes SET number = number + 1")
            return True

        return self._work(tables, remove)

    # -- reading ---------------------------------------------------------------------------------------

    def events(self, question: Question) -> tuple[tuple[Event, ...], bool]:
        """The events of a question, newest first, and whether there are more."""
        nothing: tuple[tuple[Event, ...], bool] = ((), False)
        kept, more = self._read(lambda file: read_events(file, question), nothing)
        if self._memory is None:
            return kept, more
        new, more_new = self._memory.work(lambda file: read_events(file, question))
        both = sorted((*kept, *new), key=lambda one: (one.last, one.number), reverse=True)
        return tuple(both[: question.most]), more or more_new or len(both) > question.most

    def stack(self, number: int) -> str:
        """The stack of an event; "" if it has none."""
        if number >= FIRST_IN_MEMORY and self._memory is not None:
            return self._memory.work(lambda file: read_stack(file, number))
        return self._read(lambda file: read_stack(file, number), "")

    def known(self, cluster: str) -> tuple[KnownJob, ...]:
        """The known jobs of a cluster, or of all if it is "", the one seen last first."""
        nothing: tuple[KnownJob, ...] = ()
        kept = self._read(lambda file: read_known(file, cluster), nothing)
        if self._memory is None:
            return kept
        new = self._memory.work(lambda file: read_known(file, cluster))
        jobs = {job.place: job for job in (*kept, *new)}
        return tuple(sorted(jobs.values(), key=lambda job: -job.seen))

    def clusters(self) -> tuple[tuple[str, str], ...]:
        """Address and name of each cluster of which there are events."""
        nothing: tuple[tuple[str, str], ...] = ()
        kept = self._read(read_clusters, nothing)
        return kept if self._memory is None else (*kept, *self._memory.work(read_clusters))

    def names(self, cluster: str) -> tuple[tuple[str, str], ...]:
        """Id and name of each job of a cluster, or of all if it is "", the newest first."""
        nothing: tuple[tuple[str, str], ...] = ()
        kept = self._read(lambda file: read_names(file, cluster), nothing)
        return (
            kept
            if self._memory is None
            else (*self._memory.work(lambda file: read_names(file, cluster)), *kept)
        )

    def kept(self, name: str, cluster: str) -> dict[str, bytes]:
        """The small values that are kept for a cluster by name."""
        return self.kept_of(name, (cluster,))[cluster]

    def kept_of(self, name: str, clusters: Collection[str]) -> dict[str, dict[str, bytes]]:
        """The same of several clusters, by address as it is given, in one read."""
        kept: dict[str, dict[str, bytes]] = self._read(lambda file: read_kept_of(file, name, clusters), {})
        found = {cluster: dict(kept.get(cluster, {})) for cluster in clusters}
        given = {cluster_key(cluster): cluster for cluster in clusters}
        for of, where, key, value in self._unsaved.all().kept:
            cluster = given.get(cluster_key(where))
            if of == name and cluster is not None:
                found[cluster].pop(key, None)
                if value is not None:
                    found[cluster][key] = value
        return found

    def looked(self, cluster: str) -> float | None:
        """When a flinktop last looked at a cluster, ms since 1970."""
        kept = self._read(lambda file: read_looked(file, cluster), None)
        unsaved = self._unsaved.all().looked
        new = [at for where, at in unsaved if cluster_key(where) == cluster_key(cluster)]
        return max((at for at in (kept, *new) if at is not None), default=None)

    def changes(self) -> int:
        """A number that changes with what can be asked for."""
        return self._read(read_changes, 0)

    def _read(self, do: Callable[[sqlite3.Connection], T], default: T) -> T:
        if self._clock.now() < self._unreadable_until:
            return default
        try:
            found = default if self._file.absent else self._work(self._file, do, make=False)
        except JournalError as error:
            # A file that is locked is not waited for by every reader.
            self._unreadable_until = self._clock.now() + RETRY_SECONDS
            if error.is_locked:
                self.locked_until = self._unreadable_until
            self.problem = str(error)
            log.warning("the journal can't be read: %s", error)
            return default
        if self._memory is None:
            self.problem = ""
        return found

    # -- the file --------------------------------------------------------------------------------------

    def _prepare(self, file: sqlite3.Connection, bounds: Bounds) -> None:
        prepare(file, bounds.pages)

    def _work(
        self, tables: KeptFile | InMemory, do: Callable[[sqlite3.Connection], T], *, make: bool = True
    ) -> T:
        try:
            return tables.work(do, make=make)
        finally:
            if isinstance(tables, KeptFile) and tables.notices:
                notices, tables.notices = tables.notices, ()
                for notice in notices:
                    self._notify(notice)

    def _fail(self, error: JournalError) -> None:
        """Go on in memory, until the file is tried again."""
        now = self._clock.now()
        self.problem = str(error)
        if self._memory is None:
            self._failing_since = now
            self._memory = InMemory(lambda file: self._prepare(file, self._memory_bounds))
        self._retry_at = now + self._delay
        self._delay = min(self._delay * 2.0, LONGEST_RETRY_SECONDS)
        if self._is_said or (error.is_locked and now - self._failing_since < LOCKED_SECONDS):
            return
        self._is_said = True
        begin = f"{self.problem[0].upper()}{self.problem[1:]}"
        self._notify(f"{begin}. What happens is kept in memory until it can be written.")

    def _notify(self, notice: str) -> None:
        if notice not in self.notices:
            log.warning("%s", notice)
            self.notices = (*self.notices, notice)
