"""Which reply answers which path, and from which release on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flinktop.demo.replies import (
    applications,
    checkpoints,
    cluster,
    exceptions,
    jars,
    jobmanager,
    jobs,
    logs,
    metrics,
    plan,
    profiler,
    rescales,
    taskmanagers,
    vertices,
)
from flinktop.demo.replies.answer import NOT_FOUND, Asked, Handler, Refusal
from flinktop.flink import applications as applications_of
from flinktop.flink import checkpoints as checkpoints_of
from flinktop.flink import cluster as cluster_of
from flinktop.flink import exceptions as exceptions_of
from flinktop.flink import jars as jars_of
from flinktop.flink import jobmanager as jobmanager_of
from flinktop.flink import jobs as jobs_of
from flinktop.flink import logs as logs_of
from flinktop.flink import metrics as metrics_of
from flinktop.flink import profiler as profiler_of
from flinktop.flink import rescale as rescale_of
from flinktop.flink import taskmanagers as taskmanagers_of
from flinktop.flink import vertices as vertices_of

if TYPE_CHECKING:
    from flinktop.demo.world import Moment
    from flinktop.flink.endpoint import Endpoint

ROUTES: tuple[tuple[Endpoint[Any], Handler], ...] = (
    (cluster_of.CONFIG, cluster.config),
    (cluster_of.OVERVIEW, cluster.overview),
    (cluster_of.DATASETS, cluster.datasets),
    (cluster_of.DATASET_DELETION, cluster.no_operation),
    (jobs_of.JOBS, jobs.jobs),
    (jobs_of.JOBS_OVERVIEW, jobs.overview),
    (jobs_of.JOB, jobs.job),
    (jobs_of.PLAN, plan.plan),
    (jobs_of.JOB_CONFIG, jobs.job_config),
    (jobs_of.JOB_ACCUMULATORS, jobs.accumulators),
    (jobs_of.EXECUTION_RESULT, jobs.execution_result),
    (jobs_of.JOB_STATUS, jobs.status),
    (exceptions_of.EXCEPTIONS, exceptions.exceptions),
    (checkpoints_of.CHECKPOINTS, checkpoints.stats),
    (checkpoints_of.CHECKPOINT_CONFIG, checkpoints.config),
    (checkpoints_of.CHECKPOINT, checkpoints.details),
    (checkpoints_of.CHECKPOINT_SUBTASKS, checkpoints.subtasks),
    (checkpoints_of.CHECKPOINT_STATUS, cluster.no_operation),
    (checkpoints_of.SAVEPOINT_STATUS, cluster.savepoint_status),
    (checkpoints_of.DISPOSAL_STATUS, cluster.no_operation),
    (rescale_of.RESCALING_STATUS, jobs.rescaling),
    (rescale_of.RESOURCE_REQUIREMENTS, rescales.requirements),
    (rescale_of.RESCALE_CONFIG, rescales.config),
    (rescale_of.RESCALES_OVERVIEW, rescales.overview),
    (rescale_of.RESCALES_HISTORY, rescales.history),
    (rescale_of.RESCALES_SUMMARY, rescales.summary),
    (rescale_of.RESCALE, rescales.details),
    (vertices_of.VERTEX, vertices.vertex),
    (vertices_of.VERTEX_ACCUMULATORS, vertices.accumulators),
    (vertices_of.VERTEX_BACKPRESSURE, vertices.backpressure),
    (vertices_of.VERTEX_WATERMARKS, vertices.watermarks),
    (vertices_of.VERTEX_TASKMANAGERS, vertices.taskmanagers),
    (vertices_of.SUBTASK_TIMES, vertices.subtask_times),
    (vertices_of.SUBTASKS_ACCUMULATORS, vertices.subtasks_accumulators),
    (vertices_of.SUBTASK, vertices.subtask),
    (vertices_of.ATTEMPT, vertices.attempt),
    (vertices_of.ATTEMPT_ACCUMULATORS, vertices.attempt_accumulators),
    (vertices_of.FLAMEGRAPH, vertices.flamegraph),
    (metrics_of.JOB_METRICS, metrics.job_metrics),
    (metrics_of.JOBS_METRICS, metrics.jobs_metrics),
    (metrics_of.VERTEX_METRICS, metrics.vertex_metrics),
    (metrics_of.SUBTASK_METRICS, metrics.subtask_metrics),
    (metrics_of.SUBTASKS_METRICS, metrics.subtasks_metrics),
    (metrics_of.JM_OPERATOR_METRICS, metrics.jm_operator_metrics),
    (metrics_of.JOBMANAGER_METRICS, jobmanager.metrics),
    (metrics_of.TASKMANAGER_METRICS, taskmanagers.metrics),
    (metrics_of.TASKMANAGERS_METRICS, taskmanagers.all_metrics),
    (taskmanagers_of.TASKMANAGERS, taskmanagers.taskmanagers),
    (taskmanagers_of.TASKMANAGER, taskmanagers.taskmanager),
    (jobmanager_of.JOBMANAGER_CONFIG, jobmanager.config),
    (jobmanager_of.JOBMANAGER_ENVIRONMENT, jobmanager.environment),
    (jobmanager_of.JOB_JOBMANAGER_CONFIG, jobmanager.job_config),
    (jobmanager_of.JOB_JOBMANAGER_ENVIRONMENT, jobmanager.job_environment),
    (jobmanager_of.JOB_JOBMANAGER_LOG_URL, jobmanager.job_log_url),
    (jobmanager_of.JOB_TASKMANAGER_LOG_URL, jobmanager.machine_log_url),
    (logs_of.JOBMANAGER_LOG, logs.jobmanager_log),
    (logs_of.JOBMANAGER_STDOUT, logs.jobmanager_stdout),
    (logs_of.JOBMANAGER_LOGS, logs.jobmanager_logs),
    (logs_of.JOBMANAGER_LOG_FILE, logs.jobmanager_file),
    (logs_of.JOBMANAGER_THREAD_DUMP, logs.jobmanager_threads),
    (logs_of.TASKMANAGER_LOG, logs.machine_log),
    (logs_of.TASKMANAGER_STDOUT, logs.machine_stdout),
    (logs_of.TASKMANAGER_LOGS, logs.machine_logs),
    (logs_of.TASKMANAGER_LOG_FILE, logs.machine_file),
    (logs_of.TASKMANAGER_THREAD_DUMP, logs.machine_threads),
    (profiler_of.JOBMANAGER_PROFILER, profiler.jobmanager_runs),
    (profiler_of.JOBMANAGER_PROFILE, profiler.jobmanager_result),
    (profiler_of.TASKMANAGER_PROFILER, profiler.machine_runs),
    (profiler_of.TASKMANAGER_PROFILE, profiler.machine_result),
    (jars_of.JARS, jars.jars),
    (applications_of.APPLICATIONS_OVERVIEW, applications.overview),
    (applications_of.APPLICATION, applications.application),
    (applications_of.APPLICATION_EXCEPTIONS, applications.exceptions),
    (applications_of.APPLICATION_CONFIG, applications.config),
)


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint's path in parts, with None for each id."""

    endpoint: Endpoint[Any]
    handler: Handler
    parts: tuple[str | None, ...]

    def ids(self, parts: tuple[str, ...]) -> dict[str, str] | None:
        """The ids in a path of as many parts; None when it is not of this endpoint."""
        if any(own is not None and own != part for own, part in zip(self.parts, parts, strict=True)):
            return None
        values = (part for own, part in zip(self.parts, parts, strict=True) if own is None)
        return dict(zip(self.endpoint.names, values, strict=True))


@dataclass(frozen=True)
class Router:
    """Finds the reply to a path."""

    routes: tuple[tuple[Endpoint[Any], Handler], ...] = ROUTES

    @cached_property
    def _by_length(self) -> dict[int, tuple[Route, ...]]:
        found: dict[int, list[Route]] = {}
        for endpoint, handler in self.routes:
            parts = tuple(None if part.startswith("{") else part for part in endpoint.path.split("/"))
            found.setdefault(len(parts), []).append(Route(endpoint, handler, parts))
        # /jobs/overview is no job: what is written out goes before ids.
        return {
            length: tuple(sorted(routes, key=lambda route: [part is None for part in route.parts]))
            for length, routes in found.items()
        }

    def answer(self, moment: Moment, path: str, params: dict[str, str]) -> Any:
        """The document for a path (unquoted, without a leading slash); text for what is no JSON.

        Raises:
            Refusal: Flink would answer with an error.
        """
        parts = tuple(path.split("/"))
        if parts[0] == "v1":
            parts = parts[1:]
        for route in self._by_length.get(len(parts), ()):
            ids = route.ids(parts)
            if ids is not None and moment.release.since(*route.endpoint.since):
                return route.handler(moment, Asked(ids, params))
        raise Refusal(NOT_FOUND, f"Unable to load requested file /{path}.", "")
