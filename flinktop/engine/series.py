"""Numbers over time: ring buffers of fixed length that survive screen changes, and of all of them so many."""

import math
import threading
from array import array
from collections.abc import Container
from typing import Any

from msgspec import Struct, field

from flinktop.flink.endpoint import Query

LENGTH = 1024  # points kept of each series: close to three hours at Flink's ten seconds a metric
MOST = 100_000  # points kept of all series together: 1.6 MB
WEIGHT = 32
"""Points that a series weighs by itself, its name and its ring, but for those that a list of jobs shows."""
ROW_POINTS, ROW_SECONDS = 180, 1800.0
"""What is left of a job's rate for its line in a list, where there are too many points in all."""
LAG_POINTS = 12  # the same of its watermark lag, whose colour says whether it has grown for two minutes

MOST_OPENED, OPENED_SECONDS = 16, 3600.0
"""Jobs that count as looked into, at the most, and for how long: those that were looked into last."""

SeriesName = tuple[str, ...]  # what a series is of, from the general to the particular: ("job", job id, "in")

Points = tuple[tuple[float, float], ...]
"""(seconds on the engine's clock, value), oldest first. NaN is a gap: nothing was known then."""


def cluster_series(measure: str) -> SeriesName:
    """Records/s summed over its jobs: "in", "out"; "heap": per mille of its limit; "gc": ms/s."""
    return ("cluster", measure)


def job_series(job: str, measure: str) -> SeriesName:
    """A measure of one job.

    "in", "out": records/s; "busy", "backpressured": ms/s, each of its hottest vertex; "split-busy" and so on:
    ms/s of its busiest subtask; "restarts"; "lag": s; "checkpoint-duration": ms; "checkpoint-size": bytes.
    """
    return ("job", job, measure)


def vertex_series(job: str, vertex: str, measure: str) -> SeriesName:
    """By a metric's id: records/s of all subtasks; "split-busy"…: ms/s of the busiest one; "lag": s."""
    return ("vertex", job, vertex, measure)


def subtask_series(job: str, vertex: str, subtask: int, measure: str) -> SeriesName:
    """Of a row on a screen: "taken", "sent": records/s; "busy", "backpressured", "idle": ms/s; "lag": s."""
    return ("subtask", job, vertex, str(subtask), measure)


def process_series(taskmanager: str | None, measure: str) -> SeriesName:
    """Of a TaskManager, or the JobManager (None): "heap", "cpu": per mille; "gc": ms/s; "threads"."""
    return ("process", taskmanager or "", measure)


class OpenedJobs(Struct):
    """Ids of jobs whose details are on a screen, or were a short time ago. Lives on the engine's loop."""

    _jobs: dict[str, float] = field(default_factory=dict)
    """When each was looked into last (engine's clock, s), in that order."""

    def look(self, query: Query[Any], now: float) -> None:
        """Somebody looks at this query, or did until now."""
        if (job := dict(query.ids).get("job")) is not None:
            self._jobs.pop(job, None)
            self._jobs[job] = now
            if len(self._jobs) > MOST_OPENED:
                del self._jobs[next(iter(self._jobs))]

    def forget_old(self, now: float) -> None:
        """Jobs that nobody has looked into for `OPENED_SECONDS` count no longer."""
        for job in [job for job, at in self._jobs.items() if now - at > OPENED_SECONDS]:
            del self._jobs[job]

    def __contains__(self, job: object) -> bool:
        return job in self._jobs

    def __len__(self) -> int:
        return len(self._jobs)


class Ring:
    """The last `LENGTH` points of one series, in 16 bytes a point."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = array("d")  # time and value in turn, oldest first

    def add(self, at: float, value: float) -> None:
        """Append a point; the oldest one gives way when the ring is full."""
        self._data.extend((at, value))
        del self._data[: -2 * LENGTH]

    def last(self) -> tuple[float, float] | None:
        return (self._data[-2], self._data[-1]) if self._data else None

    def points(self) -> Points:
        return tuple(zip(self._data[::2], self._data[1::2], strict=True))

    def keep(self, most: int, since: float = -math.inf) -> None:
        """Let go of all but the newest `most` points, and of what is older than `since`; the newest stays."""
        first = max(0, len(self._data) - 2 * most)
        while first < len(self._data) - 2 and self._data[first] < since:
            first += 2
        self._data = self._data[first:]

    def __len__(self) -> int:
        return len(self._data) // 2


class SeriesStore:
    """Rings by name. Written by the engine's thread, read by any (a copy, under a lock)."""

    def __init__(self) -> None:
        self._rings: dict[SeriesName, Ring] = {}
        self._lock = threading.Lock()

    def add(self, name: SeriesName, at: float, value: float | None) -> None:
        """Append a point; None and NaN become a gap, of which one in a row is kept."""
        number = math.nan if value is None else float(value)
        with self._lock:
            ring = self._rings.get(name, Ring())
            last = ring.last()
            if math.isnan(number) and (last is None or math.isnan(last[1])):
                return
            ring.add(at, number)
            self._rings[name] = ring

    def points(self, name: SeriesName, since: float = -math.inf) -> Points:
        with self._lock:
            ring = self._rings.get(name)
            points = ring.points() if ring is not None else ()
        return points if since == -math.inf else tuple(point for point in points if point[0] >= since)

    def latest(self, name: SeriesName) -> tuple[float, float] | None:
        with self._lock:
            ring = self._rings.get(name)
            return ring.last() if ring is not None else None

    def forget_before(self, at: float) -> None:
        """Drop the series whose newest point is older than `at`: their job has long gone."""
        with self._lock:
            self._rings = {name: ring for name, ring in self._rings.items() if self._newest(name) >= at}

    def make_room(self, opened: Container[str] = ()) -> None:
        """Let go of points while there are more than `MOST` in all.

        First those of jobs that are not `opened`, which were seen the longest time ago: what their line in a
        list shows is left. Then the longest series are shortened, whatever they are of.
        """
        with self._lock:
            if self.weight <= MOST:
                return
            # Some more than is needed, so that it is not to be done again at once.
            too_much = self.weight - MOST * 9 // 10
            passing = [name for name in self._rings if name[0] in _OF_JOBS and name[1] not in opened]
            oldest_first = sorted(passing, key=self._newest)
            now = self._newest(oldest_first[-1]) if oldest_first else 0.0
            for name in oldest_first:
                if too_much <= 0:
                    return
                too_much -= self._thin(name, now)
            most = LENGTH
            while too_much > 0 and most > 1:
                most //= 2
                for ring in self._rings.values():
                    too_much -= max(0, len(ring) - most)
                    ring.keep(most)

    @property
    def weight(self) -> int:
        """Points kept, with what the series weigh by themselves."""
        return sum(len(ring) + _own_weight(name) for name, ring in self._rings.items())

    def _newest(self, name: SeriesName) -> float:
        last = self._rings[name].last()
        return last[0] if last is not None else -math.inf

    def _thin(self, name: SeriesName, now: float) -> int:
        """Keep what a job's line in a list shows; gives the weight that was let go."""
        ring = self._rings[name]
        before = len(ring)
        if name[0] != "job":
            del self._rings[name]
            return before + _own_weight(name)
        ring.keep(_OF_ROWS.get(name[2], 1), now - ROW_SECONDS)
        return before - len(ring)

    def __len__(self) -> int:
        return len(self._rings)


def _own_weight(name: SeriesName) -> int:
    return WEIGHT if name[0] != "job" else 0


_OF_ROWS = {"in": ROW_POINTS, "lag": LAG_POINTS}
_OF_JOBS = ("job", "vertex", "subtask")
"""Series whose second part is a job's id, and that are recorded without anybody's wish."""
