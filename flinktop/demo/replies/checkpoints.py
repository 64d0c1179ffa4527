"""/jobs/:jobid/checkpoints: counts, history and configuration; one checkpoint by vertex and by subtask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.demo.checkpointing import SUMMED, Acknowledged, Checkpointing, Taken
from flinktop.demo.noise import identity
from flinktop.demo.replies.answer import NOT_FOUND, Asked, Refusal, job_of, spread, vertex_of

if TYPE_CHECKING:
    from flinktop.demo.flow import VertexPlan
    from flinktop.demo.world import JobMoment, Moment

IN_FLIGHT = 3200
"""Bytes that are processed while barriers align, for each ms of it."""


def checkpointing_of(job: JobMoment) -> Checkpointing:
    """A job's checkpoints.

    Raises:
        Refusal: it takes none.
    """
    found = job.checkpoints
    if found is None:
        raise Refusal(NOT_FOUND, "Checkpointing has not been enabled.")
    return found


def stats(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/checkpoints."""
    return stats_document(moment, job_of(moment, asked))


def stats_document(moment: Moment, job: JobMoment) -> dict[str, Any]:
    """Counts, summary, the newest of each kind and the history."""
    all_of = checkpointing_of(job)
    seconds = min(moment.seconds, job.life.over)
    recent = all_of.newest(seconds, SUMMED)
    total = all_of.count_at(seconds)
    failed = all_of.failed_at(seconds)
    running = sum(taken.status_at(seconds) == "IN_PROGRESS" for taken in recent)
    completed = [taken for taken in recent if taken.status_at(seconds) == "COMPLETED"]
    history = [checkpoint_document(moment, job, taken) for taken in recent[:10]]
    newest_failed = all_of.latest(seconds, "FAILED")
    savepoint = all_of.savepoint_at(seconds)
    newest = all_of.latest(seconds, "COMPLETED")
    return {
        "counts": {
            "restored": job.restarts + bool(job.plan.spec.restored_from),
            "total": total,
            "in_progress": running,
            "completed": total - failed - running,
            "failed": failed,
        },
        "summary": _summary(moment, job, completed or [newest] if newest else []),
        "latest": {
            "completed": checkpoint_document(moment, job, newest) if newest else None,
            "savepoint": checkpoint_document(moment, job, savepoint) if savepoint else None,
            "failed": checkpoint_document(moment, job, newest_failed) if newest_failed else None,
            "restored": _restored(moment, job, all_of),
        },
        "history": history,
    }


def _summary(moment: Moment, job: JobMoment, completed: list[Taken]) -> dict[str, Any]:
    whole = [checkpointing_of(job).bytes_of(taken) for taken in completed]
    flown = [_in_flight(taken) for taken in completed]
    unaligned = job.checkpoints is not None and job.checkpoints.spec.unaligned
    document = {
        "checkpointed_size": spread(moment, [written for _, written in whole]),
        "state_size": spread(moment, [_state_size(moment, sizes) for sizes in whole]),
        "end_to_end_duration": spread(moment, [taken.duration for taken in completed]),
        "alignment_buffered": _nothing(moment),
        "processed_data": spread(moment, flown),
        "persisted_data": spread(moment, [size // 3 if unaligned else 0 for size in flown]),
    }
    return moment.release.keep("checkpoint-summary", document)


def _nothing(moment: Moment) -> dict[str, Any]:
    return spread(moment, [0])


def _state_size(moment: Moment, sizes: tuple[int, int]) -> int:
    """Up to 1.14 `state_size` is what was written, from 1.15 the whole state."""
    return sizes[0] if moment.release.since(1, 15) else sizes[1]


def _in_flight(taken: Taken) -> int:
    return IN_FLIGHT * taken.duration // 10


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a checkpoint has come."""

    sizes: tuple[int, int]
    """The whole state and what was written, in bytes."""
    acknowledged: int
    latest: int
    """When the last subtask acknowledged (ms since 1970), -1 while none has."""
    duration: int


def _progress(
    moment: Moment, job: JobMoment, taken: Taken, status: str, rows: list[dict[str, Any]]
) -> Progress:
    """How far it has come; that of an incomplete one is the sum of its vertices' `rows`."""
    triggered = moment.stamp(taken.triggered)
    if status == "COMPLETED":
        sizes, count = checkpointing_of(job).bytes_of(taken), sum(job.plan.shape)
        return Progress(sizes, count, triggered + taken.duration, taken.duration)
    latest = max((row["latest_ack_timestamp"] for row in rows), default=-1)
    return Progress(
        (
            sum(row["state_size"] for row in rows),
            sum(row.get("checkpointed_size", row["state_size"]) for row in rows),
        ),
        sum(row["num_acknowledged_subtasks"] for row in rows),
        latest,
        moment.stamp(taken.ends) - triggered if status == "FAILED" else max(-1, latest - triggered),
    )


def checkpoint_document(
    moment: Moment, job: JobMoment, taken: Taken, *, tasks: bool = False
) -> dict[str, Any]:
    """One checkpoint; its vertices only when asked for alone."""
    all_of = checkpointing_of(job)
    status = taken.status_at(min(moment.seconds, job.life.over))
    rows: dict[str, dict[str, Any]] = {}
    if tasks or status != "COMPLETED":
        rows = {vertex.id: _vertex_document(moment, job, taken, vertex) for vertex in job.plan.vertices}
    progress = _progress(moment, job, taken, status, list(rows.values()))
    kind = {"IN_PROGRESS": "in_progress", "FAILED": "failed"}.get(status, "completed")
    unaligned = all_of.spec.unaligned and not taken.savepoint
    document: dict[str, Any] = {
        "className": kind,
        "@class": kind,
        "id": taken.id,
        "status": status,
        "is_savepoint": taken.savepoint,
        "savepointFormat": "CANONICAL" if taken.savepoint else None,
        "trigger_timestamp": moment.stamp(taken.triggered),
        "latest_ack_timestamp": progress.latest,
        "checkpointed_size": progress.sizes[1],
        "state_size": _state_size(moment, progress.sizes),
        "end_to_end_duration": progress.duration,
        "alignment_buffered": 0,
        "processed_data": _in_flight(taken) if status == "COMPLETED" else 0,
        "persisted_data": _in_flight(taken) // 3 if unaligned and status == "COMPLETED" else 0,
        "num_subtasks": sum(job.plan.shape),
        "num_acknowledged_subtasks": progress.acknowledged,
        "checkpoint_type": _type(taken, unaligned=unaligned),
        "tasks": rows if tasks else {},
    }
    if status == "COMPLETED":
        newest = all_of.latest(min(moment.seconds, job.life.over), "COMPLETED")
        document["external_path"] = path_of(job, taken)
        document["discarded"] = not taken.savepoint and newest is not None and newest.id != taken.id
    elif status == "FAILED":
        document["failure_timestamp"] = moment.stamp(taken.ends)
        document["failure_message"] = taken.failure
    return moment.release.keep("checkpoint", document)


def _type(taken: Taken, *, unaligned: bool) -> str:
    if taken.savepoint:
        return "SAVEPOINT"
    return "UNALIGNED_CHECKPOINT" if unaligned else "CHECKPOINT"


def path_of(job: JobMoment, taken: Taken) -> str:
    """Where a checkpoint lies."""
    if taken.savepoint:
        mixed = identity("savepoint", job.plan.id, taken.id, digits=12)
        return f"s3://flink-savepoints/{job.plan.spec.name}/savepoint-{job.plan.id[:6]}-{mixed}"
    return f"s3://flink-checkpoints/{job.plan.id}/chk-{taken.id}"


def _restored(moment: Moment, job: JobMoment, all_of: Checkpointing) -> dict[str, Any] | None:
    run = job.run
    if run is not None and run.number and (taken := all_of.restored(run)) is not None:
        return {
            "id": taken.id,
            "restore_timestamp": moment.stamp(run.begins),
            "is_savepoint": taken.savepoint,
            "external_path": path_of(job, taken),
        }
    if run is not None and job.plan.spec.restored_from:
        return {
            "id": 1,
            "restore_timestamp": moment.stamp(job.life.run(0).begins),
            "is_savepoint": True,
            "external_path": job.plan.spec.restored_from,
        }
    return None


def _vertex_document(moment: Moment, job: JobMoment, taken: Taken, vertex: VertexPlan) -> dict[str, Any]:
    """One vertex's share of a checkpoint."""
    all_of = checkpointing_of(job)
    status = taken.status_at(min(moment.seconds, job.life.over))
    parallelism = vertex.spec.parallelism
    if status == "COMPLETED":
        sizes = all_of.size(taken, vertex), all_of.written(taken, vertex)
        done, longest = parallelism, all_of.duration(taken, vertex)
    else:
        acked = [s for s in all_of.subtasks(taken, vertex) if all_of.acknowledged(taken, s, moment.seconds)]
        sizes = sum(s.state_size for s in acked), sum(s.written for s in acked)
        done, longest = len(acked), max((s.duration for s in acked), default=-1)
    return moment.release.keep(
        "checkpoint",
        {
            "id": taken.id,
            "status": status,
            "latest_ack_timestamp": moment.stamp(taken.triggered) + longest if longest >= 0 else -1,
            "checkpointed_size": sizes[1],
            "state_size": _state_size(moment, sizes),
            "end_to_end_duration": longest,
            "alignment_buffered": 0,
            "processed_data": 0,
            "persisted_data": 0,
            "num_subtasks": parallelism,
            "num_acknowledged_subtasks": done,
        },
    )


def taken_of(moment: Moment, job: JobMoment, asked: Asked) -> Taken:
    """The checkpoint that a request names.

    Raises:
        Refusal: the server does not know it (any more).
    """
    all_of = checkpointing_of(job)
    text = asked.ids["checkpoint"]
    seconds = min(moment.seconds, job.life.over)
    known = {taken.id: taken for taken in all_of.newest(seconds)}
    kept_ones = (
        all_of.savepoint_at(seconds),
        *(all_of.latest(seconds, end) for end in ("FAILED", "COMPLETED")),
    )
    for kept in kept_ones:
        if kept is not None:
            known[kept.id] = kept
    if not text.isdigit() or int(text) not in known:
        raise Refusal(NOT_FOUND, f"Could not find checkpointing statistics for checkpoint {text}.")
    return known[int(text)]


def details(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/checkpoints/details/:checkpointid."""
    job = job_of(moment, asked)
    return checkpoint_document(moment, job, taken_of(moment, job, asked), tasks=True)


def subtasks(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/details/:checkpointid/subtasks/:vertexid."""
    job, vertex = vertex_of(moment, asked)
    taken = taken_of(moment, job, asked)
    all_of = checkpointing_of(job)
    every = all_of.subtasks(taken, vertex)
    acked = [one for one in every if all_of.acknowledged(taken, one, moment.seconds)]
    rows = [_subtask_document(moment, job, taken, one, done=one in acked) for one in every]
    return {
        **_vertex_document(moment, job, taken, vertex),
        "summary": _subtasks_summary(moment, acked),
        "subtasks": rows,
    }


def _subtasks_summary(moment: Moment, acked: list[Acknowledged]) -> dict[str, Any]:
    def over(values: list[int]) -> dict[str, Any]:
        return spread(moment, values, known=False)

    aligned = {
        "buffered": _nothing(moment),
        "processed": over([_processed(one) for one in acked]),
        "persisted": over([0 for _ in acked]),
        "duration": over([one.alignment for one in acked]),
    }
    sizes = [one.state_size if moment.release.since(1, 15) else one.written for one in acked]
    document = {
        "checkpointed_size": over([one.written for one in acked]),
        "state_size": over(sizes),
        "end_to_end_duration": over([one.duration for one in acked]),
        "checkpoint_duration": {
            "sync": over([one.sync for one in acked]),
            "async": over([one.async_ for one in acked]),
        },
        "alignment": moment.release.keep("alignment", aligned),
        "start_delay": over([one.start_delay for one in acked]),
    }
    return moment.release.keep("subtasks-summary", document)


def _processed(one: Acknowledged) -> int:
    return IN_FLIGHT * one.alignment // 10


def _subtask_document(
    moment: Moment, job: JobMoment, taken: Taken, one: Acknowledged, *, done: bool
) -> dict[str, Any]:
    kind = "completed" if done else "pending_or_failed"
    document: dict[str, Any] = {"className": kind, "@class": kind, "index": one.index, "status": kind}
    if done:
        sizes = one.state_size, one.written
        aligned = {"buffered": 0, "processed": _processed(one), "persisted": 0, "duration": one.alignment}
        document |= {
            "ack_timestamp": moment.stamp(taken.triggered) + one.duration,
            "end_to_end_duration": one.duration,
            "checkpointed_size": one.written,
            "state_size": _state_size(moment, sizes),
            "checkpoint": {"sync": one.sync, "async": one.async_},
            "alignment": moment.release.keep("alignment", aligned),
            "start_delay": one.start_delay,
            "unaligned_checkpoint": checkpointing_of(job).spec.unaligned and not taken.savepoint,
            "aborted": False,
        }
    return moment.release.keep("checkpoint-subtask", document)


def config(moment: Moment, asked: Asked) -> dict[str, Any]:
    """…/checkpoints/config."""
    spec = checkpointing_of(job_of(moment, asked)).spec
    backend = "RocksDBStateBackend" if not moment.release.since(1, 13) else "EmbeddedRocksDBStateBackend"
    memory = "FsStateBackend" if not moment.release.since(1, 13) else "HashMapStateBackend"
    document = {
        "mode": "exactly_once",
        "interval": round(spec.interval * 1000),
        "timeout": round(spec.timeout * 1000),
        "min_pause": 0,
        "max_concurrent": 1,
        "externalization": {"enabled": True, "delete_on_cancellation": False},
        "state_backend": backend if spec.rocksdb else memory,
        "checkpoint_storage": "FileSystemCheckpointStorage",
        "unaligned_checkpoints": spec.unaligned,
        "tolerable_failed_checkpoints": 1000 if spec.failing else 0,
        "aligned_checkpoint_timeout": 0,
        "checkpoints_after_tasks_finish": moment.release.since(1, 15),
        "state_changelog_enabled": False,
        "changelog_periodic_materialization_interval": 600_000,
        "changelog_storage": "memory",
    }
    return moment.release.keep("checkpoint-config", document)
