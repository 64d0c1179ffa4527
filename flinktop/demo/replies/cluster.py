"""/config, /overview and /datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.replies.answer import Asked, missing

if TYPE_CHECKING:
    from flinktop.demo.world import Moment


def config(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """How the Web UI is to behave, and the release."""
    release = moment.release
    return {
        "refresh-interval": 3000,
        "timezone-name": "Coordinated Universal Time",
        "timezone-offset": 0,
        "flink-version": release.version,
        "flink-revision": f"{release.commit} @ {release.built}",
        "features": release.keep(
            "config.features",
            {"web-submit": True, "web-cancel": True, "web-rescale": False, "web-history": False},
        ),
    }


def slots(moment: Moment) -> tuple[int, int]:
    """Slots in all, and those that no job holds."""
    total = len(moment.world.machines) * moment.world.cluster.slots_each
    used = sum(job.plan.spec.slots for job in moment.jobs if not job.ended)
    return total, total - used


def overview(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """TaskManagers, slots and jobs by state."""
    ends = [job.state for job in moment.jobs if job.ended]
    total, free = slots(moment)
    return {
        "taskmanagers": len(moment.world.machines),
        "slots-total": total,
        "slots-available": free,
        "jobs-running": len(moment.jobs) - len(ends),
        "jobs-finished": ends.count("FINISHED"),
        "jobs-cancelled": ends.count("CANCELED"),
        "jobs-failed": ends.count("FAILED"),
        "flink-version": moment.release.version,
        "flink-commit": moment.release.commit,
    }


def datasets(_moment: Moment, _asked: Asked) -> dict[str, Any]:
    """No program has cached anything."""
    return {"dataSets": []}


def no_operation(_moment: Moment, asked: Asked) -> Any:
    """The demo is read-only: no act is under way."""
    trigger = asked.ids.get("trigger", "")
    key = f"org.apache.flink.runtime.rest.handler.async.OperationKey@{trigger[:8]}"
    raise missing(f"Operation not found under key: {key}")


def savepoint_status(_moment: Moment, asked: Asked) -> Any:
    """No savepoint was asked for."""
    raise missing(
        f"There is no savepoint operation with triggerId={asked.ids['trigger']} for job {asked.ids['job']}."
    )
