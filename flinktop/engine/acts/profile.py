"""The act that runs Flink's profiler on the JobManager or a TaskManager."""

from dataclasses import dataclass
from typing import Any

from flinktop.engine.acts.act import Accepted, Act, ActContext, Handle, Notes, Risk
from flinktop.engine.acts.form import Line
from flinktop.engine.acts.target import Target
from flinktop.engine.acts.verdict import Done, Failed, InProgress, Result, Unknown, Verdict
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.process import Process
from flinktop.flink.profiler import Mode, Profiling, profile

SECONDS = 30  # default duration of a run
MOST_SECONDS = 300  # Flink's rest.profiling.duration-max, by default
SWITCHED_OFF = "the profiler is off: rest.profiling.enabled: true in the cluster's configuration turns it on"


@dataclass(frozen=True)
class Profile(Act):
    """POST /jobmanager/profiler, /taskmanagers/:taskmanagerid/profiler. One run at a time per process."""

    kind = "profile"
    label = "profile"
    risk = Risk.SAFE
    since = (1, 19)
    afterwards = "the process runs a few per cent slower during it; the result stays in its list"

    taskmanager: str | None = None  # None: the JobManager
    seconds: int = SECONDS
    mode: Mode = "ITIMER"

    @property
    def subject(self) -> str:
        return self.taskmanager or "JobManager"

    def own_reason(self, _target: Target) -> str | None:
        return None if 0 < self.seconds <= MOST_SECONDS else f"a run lasts 1 to {MOST_SECONDS} s"

    def details(self, target: Target) -> tuple[Line, ...]:
        return (
            target.cluster_line,
            Line(Process(self.taskmanager).kind, self.subject),
            Line("mode", self.mode),
            Line("lasts", f"{self.seconds} s"),
        )

    async def prepare(self, context: ActContext) -> Notes:
        """Note the newest run: a later one is ours."""
        runs = await self._runs(context)
        return {"newest": max((run.trigger_time or 0 for run in runs), default=0)}

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        begun = await profile(
            context.http, seconds=self.seconds, mode=self.mode, taskmanager=self.taskmanager
        )
        return Accepted(str(begun.trigger_time) if begun.trigger_time else None)

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """The state of the run. Runs have no ids: ours is identified by its trigger time."""
        try:
            runs = await self._runs(context)
        except NotFound:
            return Failed(SWITCHED_OFF)
        newest = int(handle.notes.get("newest", 0))
        found = [run for run in runs if str(run.trigger_time) == handle.trigger]
        later = [run for run in runs if (run.trigger_time or 0) > newest and run.duration == self.seconds]
        run = next(iter(found or later), None)
        if run is None:
            return Unknown("Flink's list of runs does not contain it")
        if run.status == "FINISHED":
            return Done(Result(facts=(run.output_file or "finished",)))
        if run.status == "FAILED":
            return Failed(run.message or "the run failed", exceptions=run.message or "")
        return InProgress(f"it runs for {self.seconds} s")

    def touches(self) -> tuple[Query[Any], ...]:
        return (Process(self.taskmanager).profiler,)

    async def _runs(self, context: ActContext) -> tuple[Profiling, ...]:
        return (await read(context.http, Process(self.taskmanager).profiler)).value.runs
