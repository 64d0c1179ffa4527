"""Numbers over time: ring buffers of fixed length that survive screen changes."""

from __future__ import annotations

import math
import threading
from array import array

LENGTH = 1024
"""Points kept of each series: close to three hours at Flink's ten seconds a metric."""

SeriesName = tuple[str, ...]
"""What a series is of, from the general to the particular: ("job", job id, "in")."""

Points = tuple[tuple[float, float], ...]
"""(seconds on the engine's clock, value), oldest first. NaN is a gap: nothing was known then."""


def cluster_series(measure: str) -> SeriesName:
    """A measure of the cluster.

    "in", "out": records/s, summed over its jobs; "heap": per mille of its limit, "gc": ms/s of garbage
    collection (model/heap.py).
    """
    return ("cluster", measure)


def job_series(job: str, measure: str) -> SeriesName:
    """A measure of one job.

    "in", "out": records/s; "busy", "backpressured", "idle": ms/s of its hottest vertex (engine/load.py);
    "restarts"; "lag": s; "checkpoint-duration": ms; "checkpoint-size": bytes written.
    """
    return ("job", job, measure)


def vertex_series(job: str, vertex: str, measure: str) -> SeriesName:
    """A measure of one vertex, by the metric's id: the sum over subtasks for rates, else the maximum."""
    return ("vertex", job, vertex, measure)


def subtask_series(job: str, vertex: str, subtask: int, measure: str) -> SeriesName:
    """A measure of one subtask, recorded while its row is on a screen.

    "taken", "sent": records/s; "busy", "backpressured", "idle": ms/s; "lag": s.
    """
    return ("subtask", job, vertex, str(subtask), measure)


def machine_series(taskmanager: str | None, measure: str) -> SeriesName:
    """A measure of a TaskManager by its id, or of the JobManager (None).

    "heap", "cpu": per mille; "gc": ms/s; "threads". Recorded while it is on a screen (engine/machines.py).
    """
    return ("machine", taskmanager or "", measure)


class Ring:
    """The last `LENGTH` points of one series, in 16 bytes a point."""

    __slots__ = ("_at", "_next", "_size", "_value")

    def __init__(self) -> None:
        self._at = array("d")
        self._value = array("d")
        self._next = 0
        self._size = 0

    def add(self, at: float, value: float) -> None:
        """Append a point; the oldest one gives way when the ring is full."""
        if self._size < LENGTH:
            self._at.append(at)
            self._value.append(value)
            self._size += 1
        else:
            self._at[self._next] = at
            self._value[self._next] = value
        self._next = (self._next + 1) % LENGTH

    def last(self) -> tuple[float, float] | None:
        """The newest point."""
        if not self._size:
            return None
        return self._at[self._next - 1], self._value[self._next - 1]

    def points(self) -> Points:
        """All points, oldest first."""
        split = self._next if self._size == LENGTH else 0
        return (
            *zip(self._at[split:], self._value[split:], strict=True),
            *zip(self._at[:split], self._value[:split], strict=True),
        )


class SeriesStore:
    """Rings by name. Written by the engine's thread, read by any (a copy, under a lock)."""

    def __init__(self) -> None:
        self._rings: dict[SeriesName, Ring] = {}
        self._lock = threading.Lock()

    def add(self, name: SeriesName, at: float, value: float | None) -> None:
        """Append a point; None and NaN become a gap, of which one in a row is kept."""
        number = math.nan if value is None else float(value)
        with self._lock:
            ring = self._rings.get(name)
            if ring is None:
                if math.isnan(number):
                    return
                ring = self._rings[name] = Ring()
            last = ring.last()
            if last is not None and math.isnan(number) and math.isnan(last[1]):
                return
            ring.add(at, number)

    def points(self, name: SeriesName, since: float = -math.inf) -> Points:
        """The points of a series from `since` (engine's clock, s) on; () when there is none."""
        with self._lock:
            ring = self._rings.get(name)
            points = ring.points() if ring is not None else ()
        return points if since == -math.inf else tuple(point for point in points if point[0] >= since)

    def latest(self, name: SeriesName) -> tuple[float, float] | None:
        """The newest point of a series."""
        with self._lock:
            ring = self._rings.get(name)
            return ring.last() if ring is not None else None

    def forget_before(self, at: float) -> None:
        """Drop the series whose newest point is older than `at`: their job has long gone."""
        with self._lock:
            for name in [n for n, ring in self._rings.items() if (last := ring.last()) and last[0] < at]:
                del self._rings[name]

    def __len__(self) -> int:
        return len(self._rings)
