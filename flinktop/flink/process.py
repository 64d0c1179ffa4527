"""A process of the cluster, the JobManager or a TaskManager: both have logs, threads and metrics."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flinktop.flink import logs, metrics, profiler

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Argument, Endpoint, Query

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Process:
    """The JobManager, or the TaskManager with this id."""

    taskmanager: str | None = None

    @property
    def kind(self) -> str:
        return "JobManager" if self.taskmanager is None else "TaskManager"

    @property
    def plural(self) -> str:
        """The kind in the plural: "TaskManagers"."""
        return "the JobManager" if self.taskmanager is None else "TaskManagers"

    @property
    def log(self) -> "Query[str]":
        """GET …/log: the whole log."""
        return self._of(logs.JOBMANAGER_LOG, logs.TASKMANAGER_LOG)

    @property
    def stdout(self) -> "Query[str]":
        """GET …/stdout: output of its programs."""
        return self._of(logs.JOBMANAGER_STDOUT, logs.TASKMANAGER_STDOUT)

    @property
    def files(self) -> "Query[logs.LogFiles]":
        """GET …/logs (1.11+): the files of its log directory."""
        return self._of(logs.JOBMANAGER_LOGS, logs.TASKMANAGER_LOGS)

    def file(self, name: str) -> "Query[str]":
        """GET …/logs/:filename (1.11+)."""
        return self._of(logs.JOBMANAGER_LOG_FILE, logs.TASKMANAGER_LOG_FILE, file=name)

    @property
    def threads(self) -> "Query[logs.ThreadDump]":
        """GET …/thread-dump (TaskManagers 1.11+, JobManager 1.15+)."""
        return self._of(logs.JOBMANAGER_THREAD_DUMP, logs.TASKMANAGER_THREAD_DUMP)

    @property
    def profiler(self) -> "Query[profiler.Profilings]":
        """GET …/profiler (1.19+, if enabled): the runs."""
        return self._of(profiler.JOBMANAGER_PROFILER, profiler.TASKMANAGER_PROFILER)

    def profile(self, name: str) -> "Query[str]":
        """GET …/profiler/:filename: the result of a run, HTML."""
        return self._of(profiler.JOBMANAGER_PROFILE, profiler.TASKMANAGER_PROFILE, file=name)

    def metrics(self, **arguments: "Argument") -> "Query[metrics.Metrics]":
        """GET …/metrics: the ids, or with `get` the values."""
        return self._of(metrics.JOBMANAGER_METRICS, metrics.TASKMANAGER_METRICS, **arguments)

    def _of(
        self, of_jobmanager: "Endpoint[T]", of_taskmanager: "Endpoint[T]", **more: "Argument"
    ) -> "Query[T]":
        if self.taskmanager is None:
            return of_jobmanager(**more)
        return of_taskmanager(taskmanager=self.taskmanager, **more)
