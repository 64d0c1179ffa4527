"""The journal: a bounded SQLite file of what has happened, shared by all flinktops of this user.

It outlives Flink's own memory. A thread of its own writes; whoever adds or asks gets an answer at once. It
keeps SQLite's rollback journal, which works on a network file system too, and full syncs; an event is on the
disk half a second after it was added. While the file can't be used the journal goes on in memory, and what
is there is written when the file can be used again. Nothing is raised to who adds or asks.

It contains no credentials: addresses are stored without user and password. Whoever asks for a cluster by any
spelling of its address gets what was added under another: see clusters.py.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flinktop.engine.journal.answers import REST, Answers
from flinktop.engine.journal.leases import BEAT_SECONDS, Leases
from flinktop.engine.journal.pruning import Bounds
from flinktop.engine.journal.reading import Answered
from flinktop.engine.journal.storage import Storage
from flinktop.engine.journal.tables import JournalError
from flinktop.engine.journal.waiting import Waiting
from flinktop.flink.connection import cluster_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from flinktop.engine.clock import Clock
    from flinktop.engine.journal.answers import Answer, Asked
    from flinktop.engine.journal.event import Event, KnownJob, Question

__all__ = ["Answered", "Journal", "JournalError"]

log = logging.getLogger(__name__)

DAYS: Final = 90.0
MOST_BYTES: Final = 64 << 20
GATHER_SECONDS: Final = 0.25
"""How long an event waits for others that are written with it."""
READ_SECONDS: Final = 0.25
"""How long what `read_soon` is to read waits for more that is read with it."""
LOOKED_SECONDS: Final = 5.0
"""How often it is written when clusters were looked at."""
OTHERS_SECONDS: Final = 1.0
"""How often it is looked whether another flinktop has written, while somebody wants an answer."""
_LONGEST_WAIT: Final = 60.0
_NEVER: Final = float("inf")
_PAUSE_SECONDS: Final = 5.0
"""After an error of flinktop itself on the thread."""


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
        self._clock = clock
        self._inline = inline
        self._storage = Storage(path, clock, Bounds(days, most_bytes))
        self._openings = 0
        self._leases = Leases() if leases is None else leases
        self._lock = threading.Lock()  # over what waits and what is asked: never held for long
        self._wake = threading.Condition(self._lock)
        self._use = threading.RLock()  # over the storage
        self._waiting = Waiting()
        self._answers = Answers()
        self._version = 0
        self._changes = -1  # the file's own number, as it was read last
        self._calls: tuple[Callable[[], object], ...] = ()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._write_at = self._beat_at = self._others_at = self._read_at = _NEVER  # monotonic s
        self._wanted: dict[str, dict[str, Callable[[dict[str, bytes]], object]]] = {}
        """What is to be read soon: by name and cluster, who takes it."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user about the file, each once."""
        return self._storage.notices

    @property
    def problem(self) -> str:
        """Why the file can't be used at present, as the end of a sentence; "" if it can."""
        return self._storage.problem

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
            if self._write_at == _NEVER:
                self._write_within(LOOKED_SECONDS)
        self._work_inline()

    def lease(self, name: str, cluster: str) -> bool:
        """Whether this process holds a lease of a cluster; asked for from the first call on."""
        name = f"{name} {cluster_key(cluster)}"
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

    def read_soon(self, name: str, cluster: str, take: Callable[[dict[str, bytes]], object]) -> None:
        """Read the small values of a cluster as `kept`, but on the journal's thread, which calls `take`.

        What is wanted of several clusters within a moment is read at once. Only the last wish for the same
        values counts; none does after `close`.
        """
        with self._lock:
            self._wanted.setdefault(name, {})[cluster] = take
            if self._read_at == _NEVER:
                self._read_at = self._clock.now() + READ_SECONDS
                self._wake.notify()
        self._work_inline()

    # -- asking: blocks --------------------------------------------------------------------------------

    def read(self, question: Question) -> tuple[Event, ...]:
        """The events of a question, newest first."""
        with self._written() as storage:
            return storage.events(question)[0]

    def read_stack(self, number: int) -> str:
        """The stack of an event by its number; "" if it has none."""
        with self._written() as storage:
            return storage.stack(number)

    def read_jobs(self, cluster: str) -> tuple[KnownJob, ...]:
        """What is known last of a cluster's jobs, or of all jobs if it is "", the one seen last first."""
        with self._written() as storage:
            return storage.known(cluster)

    def read_clusters(self) -> tuple[tuple[str, str], ...]:
        """Address and name of each cluster of which there are events."""
        with self._written() as storage:
            return tuple(dict.fromkeys(storage.clusters()))

    def read_names(self, cluster: str) -> tuple[tuple[str, str], ...]:
        """Id and name of each job of a cluster, or of all if it is "", the newest first."""
        with self._written() as storage:
            return tuple(dict.fromkeys(storage.names(cluster)))

    def kept(self, name: str, cluster: str) -> dict[str, bytes]:
        """The small values that are kept for a cluster by name."""
        with self._written() as storage:
            return storage.kept(name, cluster)

    def last_seen(self, cluster: str) -> float | None:
        """When a flinktop last looked at a cluster; None: never."""
        with self._written() as storage:
            return storage.looked(cluster)

    @contextmanager
    def _written(self) -> Iterator[Storage]:
        """The storage, with what waited written."""
        with self._use:
            self._write()
            yield self._storage

    # -- the thread ------------------------------------------------------------------------------------

    def close(self, seconds: float) -> None:
        """Write what waits, give up the leases and end the thread, in at most so many seconds."""
        with self._lock:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(seconds)
        else:
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
            except Exception:
                # The thread must live: the next event may be one that it can keep.
                log.exception("the journal's thread failed")
                with self._lock:
                    self._wake.wait(_PAUSE_SECONDS)

    def _wait(self) -> float:
        """Seconds until there is something to do; the lock is held."""
        now = self._clock.now()
        read_at = self._answers.next_due(self._version, now)
        own = min(self._write_at, self._beat_at, self._others_at, self._read_at)
        due: float = min(read_at, own, self._storage.due)
        return min(due - now, _LONGEST_WAIT)

    def _work_inline(self) -> None:
        if self._inline:
            self._turn()

    def _turn(self) -> None:
        """Do what is due."""
        with self._use:
            now = self._clock.now()
            if self._inline or now >= min(self._write_at, self._storage.due):
                self._write()
            if self._leases and now >= self._beat_at:
                self._beat_at = now + BEAT_SECONDS
                self._storage.beat(self._leases)
            if self._inline or now >= self._others_at:
                self._look_at_others(now)
            changed = self._answer(now)
            read = self._read_wanted() if self._inline or now >= self._read_at else ()
        for take, values in read:
            try:
                take(values)
            except Exception:
                log.exception("values of the journal could not be taken")
        if changed:
            for call in self._calls:
                call()

    def _read_wanted(self) -> list[tuple[Callable[[dict[str, bytes]], object], dict[str, bytes]]]:
        """What is to be read soon, with who takes it."""
        with self._lock:
            wanted, self._wanted, self._read_at = self._wanted, {}, _NEVER
            pressing = self._waiting.pressing
        if self._closing:
            return []
        if wanted and pressing:
            self._write()
        found = []
        for name, takers in wanted.items():
            values = self._storage.kept_of(name, tuple(takers))
            found += [(take, values[cluster]) for cluster, take in takers.items()]
        return found

    def _end(self) -> None:
        with self._use:
            self._write()
            if self._leases:
                self._storage.release(self._leases)
            self._storage.close()

    def _write_within(self, seconds: float) -> None:
        """Write in so many seconds at the latest; the lock is held."""
        at = self._clock.now() + seconds
        if self._waiting and at < self._write_at:
            self._write_at = at
            self._wake.notify()

    def _write(self) -> None:
        with self._lock:
            batch = self._waiting.take()
            self._write_at = _NEVER
        if self._storage.write(batch):
            self._version += 1
            self._changes = self._storage.changes()
        if self._storage.openings != self._openings:
            self._openings = self._storage.openings
            with self._lock:
                # What was in another file may not be in this one.
                self._waiting.forget_keys()

    def _look_at_others(self, now: float) -> None:
        """Notice what another flinktop has written."""
        with self._lock:
            watched = self._answers.watched(now)
            self._others_at = now + OTHERS_SECONDS if watched else _NEVER
        changes = self._storage.changes()
        if changes != self._changes:
            self._changes = changes
            self._version += 1

    def _answer(self, now: float) -> bool:
        """Read what was asked; returns whether an answer is new."""
        changed = False
        with self._lock:
            due, version = self._answers.due(self._version, now), self._version
        for asked in due:
            began = self._clock.now()
            answer: Answer
            if isinstance(asked, int):
                answer = self._storage.stack(asked)
            elif isinstance(asked, str):
                answer = self._storage.known(asked)
            else:
                answer = Answered(*self._storage.events(asked), version)
            end = self._clock.now()
            locked_until = self._storage.locked_until
            with self._lock:
                if locked_until > end:
                    changed = self._answers.put_part(asked, answer, version, locked_until) or changed
                else:
                    rested = end + (end - began) * REST
                    changed = self._answers.put(asked, answer, version, rested) or changed
        return changed
