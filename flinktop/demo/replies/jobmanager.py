"""/jobmanager: configuration, environment, metrics, and links to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.replies import processes
from flinktop.demo.replies.answer import Asked, job_of
from flinktop.demo.replies.metrics import plain
from flinktop.demo.replies.taskmanagers import machine_of

if TYPE_CHECKING:
    from flinktop.demo.world import Moment

ADDRESS = "http://flink-jobmanager:8081"


def config(moment: Moment, _asked: Asked) -> list[dict[str, str]]:
    """/jobmanager/config; secrets are hidden by the server."""
    newer = moment.release.since(1, 20)
    prefix = "execution.checkpointing" if newer else "state"
    settings = {
        "jobmanager.rpc.address": "flink-jobmanager",
        "jobmanager.rpc.port": "6123",
        "jobmanager.memory.process.size": "1600m",
        "jobmanager.execution.failover-strategy": "region",
        "taskmanager.numberOfTaskSlots": str(moment.world.cluster.slots_each),
        "taskmanager.memory.process.size": "7552m",
        "taskmanager.memory.managed.size": "3072m",
        "taskmanager.memory.network.max": "512m",
        "parallelism.default": "4",
        "state.backend.type" if newer else "state.backend": "rocksdb",
        "state.backend.incremental": "true",
        f"{prefix}.{'dir' if newer else 'checkpoints.dir'}": "s3://flink-checkpoints",
        f"{prefix}.{'savepoint-dir' if newer else 'savepoints.dir'}": "s3://flink-savepoints",
        "s3.access-key": "******",
        "s3.secret-key": "******",
        "high-availability.type": "kubernetes",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.delay": "10 s",
        "rest.address": "flink-jobmanager",
        "rest.port": "8081",
        "rest.flamegraph.enabled": "true",
        "metrics.reporters": "prom",
    }
    return [{"key": key, "value": value} for key, value in settings.items()]


def environment(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """/jobmanager/environment (1.16+)."""
    java = "21/21.0.8+9-LTS" if moment.release.since(2, 0) else "17/17.0.16+8"
    version = moment.release.version
    jars = ("flink-cep", "flink-connector-files", "flink-csv", "flink-dist", "flink-json", "flink-scala_2.12")
    return {
        "jvm": {
            "version": f"OpenJDK 64-Bit Server VM - Eclipse Adoptium - {java}",
            "arch": "amd64",
            "options": ["-Xmx1073741824", "-Xms1073741824", "-XX:MaxMetaspaceSize=268435456", "-XX:+UseG1GC"],
        },
        "classpath": [f"/opt/flink/lib/{jar}-{version}.jar" for jar in jars],
    }


def metrics(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """/jobmanager/metrics."""
    found = processes.jobmanager_values(moment)
    return plain(found, found, asked.get)


def job_config(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """/jobs/:jobid/jobmanager/config (1.16+)."""
    job_of(moment, asked)
    return config(moment, asked)


def job_environment(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/jobmanager/environment (1.16+)."""
    job_of(moment, asked)
    return environment(moment, asked)


def job_log_url(moment: Moment, asked: Asked) -> dict[str, str]:
    """/jobs/:jobid/jobmanager/log-url (1.16+)."""
    job_of(moment, asked)
    return {"url": f"{ADDRESS}/#/job-manager/logs"}


def machine_log_url(moment: Moment, asked: Asked) -> dict[str, str]:
    """/jobs/:jobid/taskmanagers/:id/log-url (1.16+)."""
    job_of(moment, asked)
    return {"url": f"{ADDRESS}/#/task-manager/{machine_of(moment, asked).id}/logs"}
