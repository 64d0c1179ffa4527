"""/config, /overview, /jars, what acts would be followed by, and the applications' configuration."""

from __future__ import annotations

from typing import Any

from flinktop.demo.numbers import identity
from flinktop.demo.releases import COMMITS
from flinktop.demo.replies.asked import Asked, Refusal, Replies, missing
from flinktop.demo.replies.processes import ADDRESS, configuration
from flinktop.demo.specs import DAY
from flinktop.demo.texts import texts
from flinktop.flink import applications, checkpoints, cluster, jars, rescale


def _config(asked: Asked) -> dict[str, Any]:
    version = asked.moment.release.version
    features = {"web-submit": True, "web-cancel": True, "web-rescale": False, "web-history": False}
    return {
        "refresh-interval": 3000,
        "timezone-name": "Coordinated Universal Time",
        "timezone-offset": 0,
        "flink-version": version,
        "flink-revision": " @ ".join(COMMITS[version]),
        "features": features,
    }


def _overview(asked: Asked) -> dict[str, Any]:
    moment = asked.moment
    ends = [job.state for job in moment.jobs if job.ended]
    total, free = moment.slot_counts
    return {
        "taskmanagers": len(moment.world.machines),
        "slots-total": total,
        "slots-available": free,
        "jobs-running": len(moment.jobs) - len(ends),
        "jobs-finished": ends.count("FINISHED"),
        "jobs-cancelled": ends.count("CANCELED"),
        "jobs-failed": ends.count("FAILED"),
        "flink-version": moment.release.version,
        "flink-commit": COMMITS[moment.release.version][0],
    }


def _jars(asked: Asked) -> dict[str, Any]:
    files = []
    for name, entry, days in texts()["jars"]:
        mixed = identity("jar", asked.moment.world.seed, name)
        uuid = "-".join((mixed[:8], mixed[8:12], mixed[12:16], mixed[16:20], mixed[20:32]))
        files.append(
            {
                "id": f"{uuid}_{name}",
                "name": name,
                "uploaded": asked.moment.stamp(-days * DAY),
                "entry": [{"name": entry, "description": None}],
            }
        )
    return {"address": ADDRESS, "files": files}


def _no_operation(asked: Asked) -> Any:
    """The demo is read-only: no act is under way."""
    key = f"org.apache.flink.runtime.rest.handler.async.OperationKey@{asked.ids['trigger'][:8]}"
    raise missing(f"Operation not found under key: {key}")


def _no_savepoint(asked: Asked) -> Any:
    trigger, job = asked.ids["trigger"], asked.ids["job"]
    raise missing(f"There is no savepoint operation with triggerId={trigger} for job {job}.")


def _no_rescaling(_asked: Asked) -> Any:
    """What every release says."""
    raise Refusal(503, "Rescaling is temporarily disabled. See FLINK-12312.")


REPLIES: Replies = {
    cluster.CONFIG: _config,
    cluster.OVERVIEW: _overview,
    cluster.DATASETS: lambda _: {"dataSets": []},
    cluster.DATASET_DELETION: _no_operation,
    checkpoints.CHECKPOINT_STATUS: _no_operation,
    checkpoints.SAVEPOINT_STATUS: _no_savepoint,
    checkpoints.DISPOSAL_STATUS: _no_operation,
    rescale.RESCALING_STATUS: _no_rescaling,
    jars.JARS: _jars,
    applications.APPLICATION_CONFIG: lambda asked: configuration(asked.job.moment),
}
