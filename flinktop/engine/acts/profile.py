"""A run of Flink's profiler on the JobManager or a TaskManager."""

from dataclasses import dataclass
from typing import Any, ClassVar

from flinktop.engine.acts.act import (
    Accepted,
    Act,
    Done,
    Failed,
    Going,
    Line,
    Notes,
    NoTrace,
    Result,
    Risk,
    Site,
    Trace,
    Verdict,
    where_lines,
)
from flinktop.engine.acts.facts import Facts
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.machine import Machine
from flinktop.flink.profiler import Mode, Profiling, profile

SECONDS = 30
"""How long a run lasts unless another time is chosen."""
MOST_SECONDS = 300
"""Flink's rest.profiling.duration-max, by default."""
SWITCHED_OFF = "the profiler is off: rest.profiling.enabled: true in the cluster's configuration turns it on"


@dataclass(frozen=True)
class Profile(Act):
    """POST /jobmanager/profiler, /taskmanagers/:taskmanagerid/profiler. One run at a time on each machine."""

    kind: ClassVar[str] = "profile"
    label: ClassVar[str] = "profile"
    risk: ClassVar[Risk] = Risk.SAFE
    since: ClassVar[tuple[int, int]] = (1, 19)

    taskmanager: str | None = None
    """None: the JobManager."""
    seconds: int = SECONDS
    mode: Mode = "ITIMER"

    @property
    def subject(self) -> str:
        """The machine."""
        return self.taskmanager or "JobManager"

    def own_reason(self, facts: Facts) -> str | None:
        """It must last."""
        del facts
        if not 0 < self.seconds <= MOST_SECONDS:
            return f"a run lasts 1 to {MOST_SECONDS} s"
        return None

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """It costs some of the processor."""
        return (
            *where_lines(facts),
            Line(Machine(self.taskmanager).kind, self.subject),
            Line("mode", self.mode),
            Line("lasts", f"{self.seconds} s"),
            Line("data loss", "none"),
            Line(
                "afterwards", "the process runs a few per cent slower during it; the result stays in its list"
            ),
        )

    async def prepare(self, site: Site) -> Notes:
        """The newest run that there is: a later one is ours."""
        runs = await self._runs(site)
        return {"newest": max((run.trigger_time or 0 for run in runs), default=0)}

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Begin a run."""
        del trace
        begun = await profile(site.http, seconds=self.seconds, mode=self.mode, taskmanager=self.taskmanager)
        return Accepted(str(begun.trigger_time) if begun.trigger_time else None)

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """How far the run is. Runs have no ids: ours is known by when it was triggered."""
        try:
            runs = await self._runs(site)
        except NotFound:
            return Failed(SWITCHED_OFF)
        newest = int(trace.notes.get("newest", 0))
        found = [run for run in runs if str(run.trigger_time) == trace.trigger]
        later = [run for run in runs if (run.trigger_time or 0) > newest and run.duration == self.seconds]
        run = next(iter(found or later), None)
        if run is None:
            return NoTrace("Flink's list of runs does not contain it")
        if run.status == "FINISHED":
            return Done(Result(facts=(run.output_file or "finished",)))
        if run.status == "FAILED":
            return Failed(run.message or "the run failed")
        return Going(f"it runs for {self.seconds} s")

    def touches(self) -> tuple[Query[Any], ...]:
        """The list of runs."""
        return (Machine(self.taskmanager).profiler,)

    async def _runs(self, site: Site) -> tuple[Profiling, ...]:
        return (await read(site.http, Machine(self.taskmanager).profiler)).value.runs
