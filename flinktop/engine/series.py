"""Numbers over time: ring buffers of fixed length, and a limit of points for all of them together."""

import math
import threading
from array import array
from collections.abc import Container
from typing import Any

from msgspec import Struct, field

from flinktop.flink.endpoint import Query

LENGTH = 1024  # points kept of each series: almost three hours at one point per ten seconds
MOST = 100_000  # points kept of all series together: 1.6 MB
WEIGHT = 32
"""Overhead of a series (name, ring) in points; not counted for those shown in the list of jobs."""
ROW_POINTS, ROW_SECONDS = 180, 1800.0
"""Points and seconds of a job's rate kept for its row in a list when there are too many points."""
LAG_POINTS = 12  # the same of its watermark lag, whose colour depends on the last two minutes

MOST_OPENED, OPENED_SECONDS = 16, 3600.0
"""Maximum number of jobs that count as opened, and for how long (s) after they were last on the screen."""

SeriesName = tuple[str, ...]  # from the general to the particular: ("job", job id, "in")

Points = tuple[tuple[float, float], ...]
"""(engine's clock (s), value), oldest first. NaN is a gap: nothing was known then."""


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
    """Of one subtask: "taken", "sent": records/s; "busy", "backpressured", "idle": ms/s; "lag": s."""
    return ("subtask", job, vertex, str(subtask), measure)


def process_series(taskmanager: str | None, measure: str) -> SeriesName:
    """Of a TaskManager, or the JobManager (None): "heap", "cpu": per mille; "gc": ms/s; "threads"."""
    return ("process", taskmanager or "", measure)


class OpenedJobs(Struct):
    """Ids of jobs whose details are or recently were on the screen. Lives on the engine's loop."""

    _jobs: dict[str, float] = field(default_factory=dict)
    """When each was last on the screen (engine's clock, s), in that order."""

    def mark(self, query: Query[Any], now: float) -> None:
        """Note that this query is on the screen, or was until now."""
        if (job := dict(query.ids).get("job")) is not None:
            self._jobs.pop(job, None)
            self._jobs[job] = now
            if len(self._jobs) > MOST_OPENED:
                del self._jobs[next(iter(self._jobs))]

    def forget_old(self, now: float) -> None:
        """Drop jobs that were not on the screen for `OPENED_SECONDS`."""
        for job in [job for job, at in self._jobs.items() if now - at > OPENED_SECONDS]:
            del self._jobs[job]

    def __contains__(self, job: object) -> bool:
        return job in self._jobs

    def __len__(self) -> int:
        return len(self._jobs)


class Ring:
    """The last `LENGTH` points of one series, 16 bytes per point."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = array("d")  # time and value in turn, oldest first

    def add(self, at: float, value: float) -> None:
        """Append a point; the oldest one is dropped when the ring is full."""
        self._data.extend((at, value))
        del self._data[: -2 * LENGTH]

    def last(self) -> tuple[float, float] | None:
        return (self._data[-2], self._data[-1]) if self._data else None

    def points(self) -> Points:
        return tuple(zip(self._data[::2], self._data[1::2], strict=True))

    def keep(self, most: int, since: float = -math.inf) -> None:
        """Drop all but the newest `most` points and those older than `since`; the newest always stays."""
        first = max(0, len(self._data) - 2 * most)
        while first < len(self._data) - 2 and self._data[first] < since:
            first += 2
        self._data = self._data[first:]

    def __len__(self) -> int:
        return len(self._data) // 2


class SeriesStore:
    """Rings by name. Written by the engine's thread; any thread reads copies under a lock."""

    def __init__(self) -> None:
        self._rings: dict[SeriesName, Ring] = {}
        self._lock = threading.Lock()

    def add(self, name: SeriesName, at: float, value: float | None) -> None:
        """Append a point; None and NaN are a gap, of which only one in a row is kept."""
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
        """Drop series whose newest point is older than `at`: their job ended long ago."""
        with self._lock:
            self._rings = {name: ring for name, ring in self._rings.items() if self._newest(name) >= at}

    def make_room(self, opened: Container[str] = ()) -> None:
        """Drop points while there are more than `MOST` in all.

        First those of jobs that are not `opened`, oldest first, except what their row in a list shows. Then
        the longest series are shortened, whatever they are of.
        """
        with self._lock:
            if self.weight <= MOST:
                return
            # More than needed, so that it is not necessary again at once.
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
        """Points kept, plus the overhead of the series."""
        return sum(len(ring) + _own_weight(name) for name, ring in self._rings.items())

    def _newest(self, name: SeriesName) -> float:
        last = self._rings[name].last()
        return last[0] if last is not None else -math.inf

    def _thin(self, name: SeriesName, now: float) -> int:
        """Keep what a job's row in a list shows; returns the weight dropped."""
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
"""Series whose second part is a job's id and that are recorded for all jobs."""
