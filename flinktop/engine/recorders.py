"""What is kept of answers over time: how busy jobs are, processes, checkpoints, faults, subtasks, pins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flinktop.engine import subtasks
from flinktop.engine.load import Loads
from flinktop.engine.processes import Heaps, Processes
from flinktop.engine.seen_checkpoints import SeenCheckpoints
from flinktop.engine.seen_faults import SeenFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flinktop.engine.series import OpenedJobs, SeriesStore
    from flinktop.flink.endpoint import Query


class Recorders:
    """All that take in answers beside the sweep."""

    def __init__(
        self, series: SeriesStore, opened: OpenedJobs, is_young: Callable[[str, str, float], bool]
    ) -> None:
        self.loads = Loads(series, is_young)
        self.heaps = Heaps(series)
        self.processes = Processes(series)
        self.checkpoints = SeenCheckpoints(series, opened)
        self.faults = SeenFaults(opened)
        self._series = series
        self._is_young = is_young

    def of(
        self, query: Query[Any], value: Any, at: float, *, cluster_now: float, behind: float | None
    ) -> Iterator[tuple[str, Callable[[], None]]]:
        """Each by its name, with what it does with an answer.

        Args:
            query: What was asked.
            value: The answer.
            at: When it came (engine's clock, s).
            cluster_now: The cluster's own time then (s since 1970).
            behind: Seconds that the engine's clock is behind that; None while the cluster has not told it.
        """
        for name, recorder in (
            ("loads", self.loads),
            ("heaps", self.heaps),
            ("processes", self.processes),
            ("faults", self.faults),
        ):
            yield name, partial(recorder.arrived, query, value, at)
        yield "checkpoints", partial(self.checkpoints.arrived, query, value, at, behind)
        subtasks_of = partial(subtasks.record, self._series, is_young=self._is_young)
        yield "subtasks", partial(subtasks_of, query, value, at, cluster_now)
