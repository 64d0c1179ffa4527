"""The journal: a bounded SQLite file of what has happened, shared by all flinktops of this user.

It outlives Flink's own memory. A thread of its own writes; whoever adds or asks gets an answer at once. It
keeps SQLite's rollback journal, which works on a network file system too, and full syncs; an event is on the
disk half a second after it was added. While the file can't be used the journal goes on in memory, and what
is there is written when the file can be used again. Nothing is raised to who adds or asks.

It contains no credentials: addresses are stored without user and password.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final, TypeVar

from flinktop.engine.journal.answers import Answers
from flinktop.engine.journal.leases import BEAT_SECONDS, Leases
from flinktop.engine.journal.reading import (
    Answered,
    read_changes,
    read_events,
    read_kept,
    read_known,
    read_looked,
    read_stack,
)
from flinktop.engine.journal.tables import JOURNAL, InMemory, JournalError, prepare
from flinktop.engine.journal.waiting import Batch, Waiting
from flinktop.engine.journal.writing import steps, write, write_looked
from flinktop.engine.kept_file import KeptFile

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from flinktop.engine.clock import Clock
    from flinktop.engine.journal.answers import Asked
    from flinktop.engine.journal.event import Event, KnownJob, Question

__all__ = ["Answered", "Journal", "JournalError"]

T = TypeVar("T")
log = logging.getLogger(__name__)

DAYS: Final = 90.0
MOST_BYTES: Final = 64 << 20
IN_MEMORY_BYTES: Final = 16 << 20
"""The most that a journal in memory takes."""
GATHER_SECONDS: Final = 0.25
"""How long an event waits for others that are written with it."""
LOOKED_SECONDS: Final = 5.0
"""How often it is written when clusters were looked at."""
OTHERS_SECONDS: Final = 1.0
"""How often it is looked whether another flinktop has written, while somebody wants an answer."""
PAGE: Final = 4096


class Journal:
    """The journal; every method may be called by any thread. Times are ms since 1970."""

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        *,
        days: float = DAYS,
        most_bytes: int = MOST_BYTES,
        inline: bool = False,
        leases: Leases | None = None,
    ) -> None:
        """Nothing is opened before `start`, or the first call of a journal that is `inline`.

        `path` None: in memory. `inline`: there is no thread, every call works at once.
        """
        self.path = path
        self.notices: tuple[str, ...] = ()  # sentences for the user, each once
        self.problem = ""  # why the file is not written at present, as the end of a sentence
        self._clock = clock
        self._inline = inline
        self._days = days
        self._most_bytes = most_bytes
        self._file: KeptFile | InMemory | None = None
        self._opened = 0  # times a file was opened
        self._leases = leases or Leases()
        self._lock = threading.Lock()  # over what waits and what is asked: never held for long
        self._wake = threading.Condition(self._lock)
        self._use = threading.RLock()  # over the file
        self._waiting = Waiting()
        self._answers = Answers()
        self._version = 0
        self._changes = -1  # the file's own number, as it was read last
        self._calls: tuple[Callable[[], object], ...] = ()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._write_at = self._beat_at = self._others_at = float("inf")  # monotonic s

    @property
    def inline(self) -> bool:
        """Whether every call works at once, so that none blocks for long."""
        return self._inline

    # -- adding: returns at once -----------------------------------------------------------------------

    def start(self) -> None:
        """Begin the thread."""
        if self._thread is None and not self._inline:
            self._thread = threading.Thread(target=self._run, name="flinktop-journal", daemon=True)
            self._thread.start()

    def add(self, events: Iterable[Event]) -> None:
        """Add events; on the disk within half a second."""
        with self._lock:
            self._waiting.add_events(events)
            self._write_within(GATHER_SECONDS)
        self._work_inline()

    def keep_jobs(self, jobs: Iterable[KnownJob]) -> None:
        """Keep what is known last of jobs."""
        with self._lock:
            self._waiting.add_jobs(jobs)
            self._write_within(GATHER_SECONDS)
        self._work_inline()

    def keep(self, name: str, cluster: str, key: str, value: bytes | None) -> None:
        """Keep a small value by name, cluster and key; None deletes it."""
        with self._lock:
            self._waiting.keep(name, cluster, key, value)
            self._write_within(GATHER_SECONDS)
        self._work_inline()

    def looked(self, cluster: str, at: float) -> None:
        """Note when a cluster was looked at; written every few seconds."""
        with self._lock:
            self._waiting.looked(cluster, at)
            if self._write_at == float("inf"):
                self._write_within(LOOKED_SECONDS)
        self._work_inline()

    def lease(self, name: str) -> bool:
        """Whether this process holds a lease; asked for from the first call on."""
        with self._lock:
            if self._leases.want(name):
                self._beat_at = self._clock.now()
                self._wake.notify()
        self._work_inline()
        return self._leases.held(name, self._clock.now())

    def on_change(self, call: Callable[[], object]) -> None:
        """Call on the journal's thread when an answer of `seen`, `stack` or `known_jobs` is new."""
        self._calls = (*self._calls, call)

    # -- asking: answers at once -----------------------------------------------------------------------

    def seen(self, question: Question) -> Answered | None:
        """What is known of the answer, which is read again after changes; None: not read yet."""
        answer = self._ask(question)
        return answer if isinstance(answer, Answered) else None

    def stack(self, number: int) -> str | None:
        """The stack of an event by its number, "" if it has none; None: not read yet."""
        answer = self._ask(number)
        return answer if isinstance(answer, str) else None

    def known_jobs(self, cluster: str) -> tuple[KnownJob, ...] | None:
        """What is known last of a cluster's jobs, the one seen last first; None: not read yet."""
        answer = self._ask(cluster)
        return answer if isinstance(answer, tuple) else None

    def _ask(self, asked: Asked) -> object:
        now = self._clock.now()
        with self._lock:
            answer, old = self._answers.get(asked, self._version, now)
            if old:
                self._wake.notify()
            self._others_at = min(self._others_at, now + OTHERS_SECONDS)
        if not self._inline:
            return answer
        self._work_inline()
        with self._lock:
            return self._answers.get(asked, self._version, now)[0]

    # -- asking: blocks --------------------------------------------------------------------------------

    def read(self, question: Question) -> tuple[Event, ...]:
        """The events of a question, newest first."""
        return self._read_events(question)[0]

    def read_stack(self, number: int) -> str:
        """The stack of an event by its number; "" if it has none."""
        return self._reading(lambda file: read_stack(file, number), "")

    def read_jobs(self, cluster: str) -> tuple[KnownJob, ...]:
        """What is known last of a cluster's jobs, or of all jobs if it is "", the one seen last first."""
        return self._reading(lambda file: read_known(file, cluster), ())

    def kept(self, name: str, cluster: str) -> dict[str, bytes]:
        """The small values that are kept for a cluster by name."""
        return self._reading(lambda file: read_kept(file, name, cluster), {})

    def last_seen(self, cluster: str) -> float | None:
        """When a flinktop last looked at a cluster; None: never."""
        return self._reading(lambda file: read_looked(file, cluster), None)

    def _read_events(self, question: Question) -> tuple[tuple[Event, ...], bool]:
        nothing: tuple[tuple[Event, ...], bool] = ((), False)
        return self._reading(lambda file: read_events(file, question), nothing)

    def _reading(self, do: Callable[[sqlite3.Connection], T], default: T) -> T:
        with self._use:
            self._write()
            return self._read(do, default)

    def _read(self, do: Callable[[sqlite3.Connection], T], default: T) -> T:
        file = self._tables()
        try:
            return default if file.absent else file.work(do)
        except JournalError as error:
            self._fail(error)
            return default
        finally:
            self._take_notices()

    # -- the thread ------------------------------------------------------------------------------------

    def close(self, seconds: float) -> None:
        """Write what waits, give up the leases and end the thread, in at most so many seconds."""
        with self._lock:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(seconds)
        elif self._inline:
            self._end()

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._closing and (wait := self._wait()) > 0:
                    self._wake.wait(wait)
                closing = self._closing
            try:
                self._turn()
                if closing:
                    self._end()
                    return
            except Exception:  # the journal's thread must live
                log.exception("the journal's thread failed")

    def _wait(self) -> float:
        """Seconds until there is something to do; the lock is held."""
        now = self._clock.now()
        if self._answers.due(self._version, now):
            return 0.0
        due = min(self._write_at, self._beat_at, self._others_at, now + 60.0)
        return due - now

    def _work_inline(self) -> None:
        if self._inline:
            self._turn()

    def _turn(self) -> None:
        """Do what is due."""
        with self._use:
            now = self._clock.now()
            if self._inline or now >= self._write_at:
                self._write()
            if self._leases and now >= self._beat_at:
                self._beat_at = now + BEAT_SECONDS
                self._beat()
            if self._inline or now >= self._others_at:
                self._look_at_others(now)
            changed = self._answer(now)
        if changed:
            for call in self._calls:
                call()

    def _end(self) -> None:
        with self._use:
            self._write()
            if self._file is not None and self._leases:
                self._try(lambda file: _unsynced(file, self._leases.release))
            if self._file is not None:
                self._file.close()

    def _write_within(self, seconds: float) -> None:
        """Write in so many seconds at the latest; the lock is held."""
        if self._waiting:
            self._write_at = min(self._write_at, self._clock.now() + seconds)
            self._wake.notify()

    def _write(self) -> None:
        with self._lock:
            batch = self._waiting.take()
            self._write_at = float("inf")
        if not batch:
            return
        self._store(batch)

    def _store(self, batch: Batch) -> None:
        new = False
        now = self._clock.wall() * 1000.0
        for step in steps(batch, now):
            new = bool(self._try(lambda file, step=step: write(file, step))) or new  # type: ignore[misc]
        if batch.looked:
            self._try(lambda file: _unsynced(file, lambda inner: write_looked(inner, batch.looked)))
        if new:
            self._version += 1

    def _beat(self) -> None:
        now = self._clock.now()
        self._try(lambda file: _unsynced(file, lambda inner: self._leases.beat(inner, now)))

    def _look_at_others(self, now: float) -> None:
        """Notice what another flinktop has written."""
        with self._lock:
            watched = self._answers.watched(now)
            self._others_at = now + OTHERS_SECONDS if watched else float("inf")
        changes = self._read(read_changes, 0)
        if changes != self._changes:
            self._changes = changes
            self._version += 1

    def _answer(self, now: float) -> bool:
        """Read what was asked; returns whether an answer is new."""
        changed = False
        with self._lock:
            due, version = self._answers.due(self._version, now), self._version
        for asked in due:
            answer: Answered | str | tuple[KnownJob, ...]
            if isinstance(asked, int):
                answer = self.read_stack(asked)
            elif isinstance(asked, str):
                answer = self.read_jobs(asked)
            else:
                answer = Answered(*self._read_events(asked), version)
            with self._lock:
                changed = self._answers.put(asked, answer, version) or changed
        return changed

    # -- the file --------------------------------------------------------------------------------------

    def _tables(self) -> KeptFile | InMemory:
        if self._file is None:
            self._file = (
                InMemory(self._prepare)
                if self.path is None
                else KeptFile(self.path, JOURNAL, self._prepare, self._clock)
            )
        return self._file

    def _prepare(self, file: sqlite3.Connection) -> None:
        prepare(file, self._most_bytes // PAGE)

    def _try(self, do: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            return self._tables().work(do, make=True)
        except JournalError as error:
            self._fail(error)
            return None
        finally:
            self._take_notices()

    def _fail(self, error: JournalError) -> None:
        self.problem = str(error)
        self._notify(f"{str(error)[0].upper()}{str(error)[1:]}.")

    def _take_notices(self) -> None:
        file = self._file
        if isinstance(file, KeptFile) and file.notices:
            notices, file.notices = file.notices, ()
            for notice in notices:
                self._notify(notice)

    def _notify(self, notice: str) -> None:
        if notice not in self.notices:
            log.warning("%s", notice)
            self.notices = (*self.notices, notice)


def _unsynced(file: sqlite3.Connection, do: Callable[[sqlite3.Connection], None]) -> None:
    """Write something that a power cut may undo, without waiting for the disk.

    It changes a row in place every few seconds for weeks: each synced write would wake the disk.
    """
    file.execute("PRAGMA synchronous = OFF")
    try:
        with file:
            file.execute("BEGIN IMMEDIATE")
            do(file)
    finally:
        file.execute("PRAGMA synchronous = FULL")
