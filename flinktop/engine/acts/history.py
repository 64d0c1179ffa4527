"""Finds a savepoint in the checkpoint history when the server's answer or its trigger is lost.

Before a savepoint is requested, the cluster's time and the job's savepoints are noted. A savepoint that was
triggered afterwards and belongs to no other operation is the requested one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flinktop.engine.acts.act import Handle, Notes
from flinktop.engine.acts.target import found
from flinktop.flink.checkpoints import CHECKPOINTS, Checkpoint, CheckpointStats
from flinktop.flink.decode import read
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOB
from flinktop.model import redaction

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:/*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search: one savepoint, or the paths of several candidates, or none."""

    one: Checkpoint | None = None
    several: tuple[str, ...] = ()
    restarted: bool = False  # the JobManager has restarted and lost its history
    job_missing: bool = False


async def before(http: Http, job: str) -> Notes:
    """The notes to take before a savepoint is requested. Raises FlinkError, also for an unknown job."""
    details = (await read(http, JOB(job=job))).value
    stats = await found(http, CHECKPOINTS(job=job))
    return {
        "now": details.now,
        "savepoints": [[one.id, one.trigger_timestamp] for one in _savepoints(stats)] if stats else [],
        "total": stats.counts.total if stats else 0,
        "restored": _restored(stats) if stats else None,
    }


async def search(http: Http, job: str, handle: Handle, *, directory: str | None, stops: bool) -> Found:
    """Search for the requested savepoint; its directory and (1.12+) `stops` distinguish several.

    Raises:
        FlinkError: the cluster does not answer.
    """
    stats = await found(http, CHECKPOINTS(job=job))
    if stats is None:
        return Found(job_missing=await found(http, JOB(job=job)) is None)
    seen = find(stats, handle.notes, handle.claimed, directory=directory, stops=stops)
    if seen.one is None and not seen.several and not seen.restarted:
        # With high availability its jobs are restored: each starts again with an empty history.
        details = (await read(http, JOB(job=job))).value
        return replace(seen, restarted=details.start_time > handle.notes.get("now", 0) > 0)
    return seen


def find(
    stats: CheckpointStats,
    notes: Mapping[str, Any],
    claimed: frozenset[str],
    *,
    directory: str | None = None,
    stops: bool = False,
) -> Found:
    """The savepoint in these statistics that was requested after the notes were taken."""
    known = {(one[0], one[1]) for one in notes.get("savepoints", ())}
    since = notes.get("now", 0)
    fitting = [
        one
        for one in _savepoints(stats)
        if one.trigger_timestamp >= since
        and (one.id, one.trigger_timestamp) not in known
        and _as_kept(one.external_path) not in claimed
        and _kind_fits(one, stops=stops)
    ]
    total, noted = stats.counts.total, notes.get("total")
    restarted = total is not None and noted is not None and total < noted
    if not fitting:
        return Found(one=_restored_since(stats, notes, claimed), restarted=restarted)
    if len(fitting) > 1 and directory is not None:
        fitting = [one for one in fitting if _below(one.external_path, directory)] or fitting
    if len(fitting) > 1:
        return Found(several=tuple(_as_kept(one.external_path) or f"number {one.id}" for one in fitting))
    return Found(one=fitting[0], restarted=restarted)


def _savepoints(stats: CheckpointStats) -> list[Checkpoint]:
    """Savepoints of the history, and the latest ones, which Flink keeps longer; each once."""
    latest = (stats.latest.savepoint, stats.latest.failed)
    listed = [one for one in (*stats.history, *latest) if one is not None and one.is_savepoint]
    return list({(one.id, one.trigger_timestamp): one for one in reversed(listed)}.values())


def _restored(stats: CheckpointStats) -> str | None:
    restored = stats.latest.restored
    return restored.external_path if restored is not None and restored.is_savepoint else None


def _restored_since(
    stats: CheckpointStats, notes: Mapping[str, Any], claimed: frozenset[str]
) -> Checkpoint | None:
    """The savepoint from which the job was restored after a restart of the JobManager, if it is new."""
    path, restored = _restored(stats), stats.latest.restored
    if path is None or restored is None:
        return None
    if _as_kept(path) in claimed or _as_kept(path) == _as_kept(notes.get("restored")):
        return None
    known = {one[0] for one in notes.get("savepoints", ())}
    if restored.restore_timestamp < notes.get("now", 0) or restored.id in known:
        return None
    return Checkpoint(
        id=restored.id,
        status="COMPLETED",
        is_savepoint=True,
        trigger_timestamp=restored.restore_timestamp,
        external_path=path,
    )


def _kind_fits(one: Checkpoint, *, stops: bool) -> bool:
    if one.checkpoint_type not in ("SAVEPOINT", "SYNC_SAVEPOINT"):
        return True
    return (one.checkpoint_type == "SYNC_SAVEPOINT") == stops


def _below(path: str | None, directory: str) -> bool:
    """Whether a path is in a directory, ignoring the number of slashes after the scheme."""
    if path is None:
        return True
    # Paths read from the ledger have no secrets any more.
    path, directory = _as_kept(path) or "", _as_kept(directory) or ""
    return _SCHEME.sub("/", path).startswith(_SCHEME.sub("/", directory).rstrip("/") + "/")


def _as_kept(path: Any) -> str | None:
    """A path as stored in the ledger."""
    return redaction.text(path) if isinstance(path, str) else None
