"""What waits to be written to the journal, bounded."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal.rows import ROW_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.journal.event import Event, KnownJob

MOST_BYTES: Final = 8 << 20
"""Of all texts of the events that wait."""
MOST_JOBS: Final = 5000
SEEN_AGAIN: Final = 60_000.0
"""How often it is written that a job was seen again, ms."""
MOST_REMEMBERED: Final = 8192
"""Keys of events that were added last: those are not looked up again."""


class Batch(Struct, frozen=True):
    """Something to write."""

    events: tuple[Event, ...] = ()
    jobs: tuple[KnownJob, ...] = ()
    kept: tuple[tuple[str, str, str, bytes | None], ...] = ()  # name, cluster, key, value
    looked: tuple[tuple[str, float], ...] = ()  # cluster, ms since 1970

    def __bool__(self) -> bool:
        return bool(self.events or self.jobs or self.kept or self.looked)


class Waiting:
    """What waits; of values only the newest. Used under a lock of its owner."""

    def __init__(self, *, remembers: bool = True) -> None:
        """`remembers`: whether what was added lately is added again."""
        self._remembers = remembers
        self._added_jobs: OrderedDict[tuple[str, str], KnownJob] = OrderedDict()
        self.lost = 0  # events that were dropped because too many waited
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._jobs: dict[tuple[str, str], KnownJob] = {}
        self._kept: dict[tuple[str, str, str], bytes | None] = {}
        self._looked: dict[str, float] = {}
        self._remembered: OrderedDict[tuple[str, str], None] = OrderedDict()

    @property
    def pressing(self) -> bool:
        """Whether there is more than times of looking, which can wait some seconds."""
        return bool(self._events or self._jobs or self._kept)

    def __bool__(self) -> bool:
        return self.pressing or bool(self._looked)

    def add_events(self, events: Iterable[Event]) -> None:
        """Add events that were not added lately; the oldest are dropped when they are too many."""
        for event in events:
            key = event.cluster, event.key
            if key in self._remembered:
                self._remembered.move_to_end(key)
                continue
            if self._remembers:
                self._remembered[key] = None
            self._events.append(event)
            self._bytes += _bytes(event)
        while len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        while self._bytes > MOST_BYTES:
            self._bytes -= _bytes(self._events.popleft())
            self.lost += 1

    def add_jobs(self, jobs: Iterable[KnownJob]) -> None:
        """Add what is known of jobs; if nothing is new but that they were seen again, once a minute."""
        for job in jobs:
            place = job.cluster, job.job
            if self._remembers:
                before = self._added_jobs.get(place)
                if before is not None and _same(before, job):
                    continue
                self._added_jobs[place] = job
                self._added_jobs.move_to_end(place)
            self._jobs[place] = job
        for those in (self._jobs, self._added_jobs):
            while len(those) > MOST_JOBS:
                those.pop(next(iter(those)))

    def keep(self, name: str, cluster: str, key: str, value: bytes | None) -> None:
        self._kept[name, cluster, key] = value

    def looked(self, cluster: str, at: float) -> None:
        self._looked[cluster] = at

    def add(self, batch: Batch) -> None:
        """Add all that is in a batch."""
        self.add_events(batch.events)
        self.add_jobs(batch.jobs)
        for name, cluster, key, value in batch.kept:
            self.keep(name, cluster, key, value)
        for cluster, at in batch.looked:
            self.looked(cluster, at)

    def all(self) -> Batch:
        """All that waits."""
        return Batch(
            tuple(self._events),
            tuple(self._jobs.values()),
            tuple((*place, value) for place, value in self._kept.items()),
            tuple(self._looked.items()),
        )

    def take(self) -> Batch:
        """All that waits, which then waits no more."""
        batch = self.all()
        self._events.clear()
        self._bytes = 0
        self._jobs.clear()
        self._kept.clear()
        self._looked.clear()
        return batch

    def forget_keys(self) -> None:
        """Let everything be added again: the file it was in has been replaced."""
        self._remembered.clear()
        self._added_jobs.clear()


def _same(before: KnownJob, job: KnownJob) -> bool:
    return abs(job.seen - before.seen) < SEEN_AGAIN and replace(job, seen=before.seen) == before


def _bytes(event: Event) -> int:
    """About what an event takes in memory."""
    return ROW_BYTES + len(event.words) + len(event.details) + len(event.stack)
