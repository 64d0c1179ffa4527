"""The savepoints and checkpoints that a job can be started from, as far as they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.flink.checkpoints import Checkpoint, CheckpointConfig, CheckpointStats


class RestorePoint(Struct, frozen=True):
    """One savepoint or checkpoint that lies somewhere."""

    path: str
    job: str  # id of the job it was taken of; empty where that is not known
    name: str = ""  # the job's
    savepoint: bool = True
    made: float = 0.0  # seconds since 1970
    cluster: str = ""  # name of the cluster where it was taken; empty for the one that is looked at


def of_job(
    job: str, name: str, state: str, stats: CheckpointStats, config: CheckpointConfig | None
) -> list[RestorePoint]:
    """Those that a job's checkpoint statistics tell of.

    Savepoints, and of a job that has ended its last checkpoint where Flink has left that: one that FAILED
    keeps it when checkpoints are externalized, a CANCELED one when they are not deleted on cancellation, a
    FINISHED one never.
    """
    listed = (stats.latest.savepoint, *stats.history)
    known = [one for one in listed if one is not None and one.is_savepoint]
    last = stats.latest.completed
    if last is not None and _left(state, config):
        known.append(last)
    return [
        RestorePoint(one.external_path or "", job, name, one.is_savepoint, one.trigger_timestamp / 1000.0)
        for one in known
        if _there(one)
    ]


def _there(one: Checkpoint) -> bool:
    # Flink writes <checkpoint-not-externally-addressable> where there is no path.
    path = one.external_path or ""
    return one.status == "COMPLETED" and not one.discarded and bool(path) and not path.startswith("<")


def _left(state: str, config: CheckpointConfig | None) -> bool:
    if config is None or not states.is_terminal(state) or not config.externalization.enabled:
        return False
    return state == "FAILED" or (state == "CANCELED" and not config.externalization.delete_on_cancellation)


def newest_first(points: Iterable[RestorePoint], without: Iterable[str] = ()) -> tuple[RestorePoint, ...]:
    """Each path once but those `without`: this cluster's before those of others, each newest first."""
    gone = set(without)
    found: dict[str, RestorePoint] = {}
    for point in points:
        if point.path not in gone and (point.path not in found or not found[point.path].job):
            found[point.path] = point
    return tuple(sorted(found.values(), key=lambda one: (one.cluster != "", -one.made)))
