"""The configuration of job and cluster, and how the JobManager's JVM was started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.bundle.collection import merged
from flinktop.bundle.contents import CONFIGURATION_JSON, CONFIGURATION_TEXT, Gap, Made
from flinktop.flink.jobmanager import (
    JOB_JOBMANAGER_CONFIG,
    JOB_JOBMANAGER_ENVIRONMENT,
    JOBMANAGER_CONFIG,
    JOBMANAGER_ENVIRONMENT,
)
from flinktop.flink.jobs import JOB_CONFIG
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.bundle.collection import Collection
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobmanager import Environment, Setting
    from flinktop.flink.jobs import JobConfig


async def make(collection: Collection) -> Made:
    """The files of the configuration."""
    of_job = JOB_CONFIG(job=collection.subject.job)
    of_cluster, of_jvm = _of_cluster(collection)
    wanted: list[Query[Any]] = [of_job]
    gaps: list[Gap] = []
    for query, what in ((of_cluster, "cluster configuration"), (of_jvm, "arguments of the JVM")):
        if lacks := collection.lacks(query.endpoint, "configuration"):
            gaps.append(Gap(what, lacks))
        else:
            wanted.append(query)
    documents, missing = await collection.answers(*wanted)
    gaps += missing
    if not documents:
        return Made(gaps=tuple(gaps))
    job = await collection.value(of_job)
    settings: tuple[Setting, ...] | None = None
    environment: Environment | None = None
    if of_cluster in wanted:
        settings = await collection.value(of_cluster)
    if of_jvm in wanted:
        environment = await collection.value(of_jvm)
    return merged(
        Made(gaps=tuple(gaps)),
        await collection.text(CONFIGURATION_TEXT, _lines(job, settings, environment)),
        await collection.json(CONFIGURATION_JSON, documents),
    )


def _of_cluster(collection: Collection) -> tuple[Query[tuple[Setting, ...]], Query[Environment]]:
    """Where the cluster's configuration is: a HistoryServer has kept it with the job (1.16+)."""
    job = collection.subject.job
    if collection.features.history_server:
        return JOB_JOBMANAGER_CONFIG(job=job), JOB_JOBMANAGER_ENVIRONMENT(job=job)
    return JOBMANAGER_CONFIG(), JOBMANAGER_ENVIRONMENT()


def _lines(
    job: JobConfig | None, settings: tuple[Setting, ...] | None, environment: Environment | None
) -> Iterator[str]:
    execution = job.execution_config if job is not None else None
    if execution is not None:
        yield "Job"
        yield f"  restart strategy: {execution.restart_strategy}"
        parallelism = execution.job_parallelism
        yield f"  default parallelism: {'chosen by Flink' if parallelism < 0 else parallelism}"
        yield f"  object reuse: {'on' if execution.object_reuse_mode else 'off'}"
        if execution.execution_mode:
            yield f"  execution mode: {execution.execution_mode}"
        yield from _settings(execution.user_config)
        yield ""
    if settings is not None:
        yield "Cluster"
        yield from _settings({one.key: one.value or "" for one in settings})
        yield ""
    if environment is not None:
        jvm = environment.jvm
        yield "JVM of the JobManager"
        yield f"  {jvm.version} {jvm.arch}"
        yield from (f"  {option}" for option in redaction.words(jvm.options))
        if environment.environment:
            yield ""
            yield "Variables of the JobManager's process"
            yield from _settings({one.key: one.value or "" for one in environment.environment})


def _settings(given: dict[str, str]) -> Iterator[str]:
    """Settings by name, without secrets; the lines are searched once more when they are written."""
    for name, value in sorted(redaction.settings(given).items()):
        yield f"  {name}: {value}"
