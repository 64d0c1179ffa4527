"""/jobs/:jobid/checkpoints: counts, history and configuration; one checkpoint by vertex and by subtask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from flinktop.demo.checkpointing import HISTORY, SUMMED, Acknowledged, Checkpointing, Taken
from flinktop.demo.numbers import identity
from flinktop.demo.request import NOT_FOUND, Refusal, Replies, Request, spread, texts
from flinktop.flink import checkpoints as to

if TYPE_CHECKING:
    from flinktop.demo.world import JobMoment, VertexMoment

MOST_DOCUMENTS = 2 * HISTORY
IN_FLIGHT = 320  # bytes processed during alignment, for each ms of it


def _of(job: JobMoment) -> Checkpointing:
    found = job.checkpoints
    if found is None:
        raise Refusal(NOT_FOUND, "Checkpointing has not been enabled.")
    return found


def _seconds(job: JobMoment) -> float:
    return min(job.moment.seconds, job.life.ended_at)


def _stats(request: Request) -> dict[str, Any]:
    job = request.job
    all_of, seconds = _of(job), _seconds(job)
    recent = all_of.newest(seconds, SUMMED)
    completed = [taken for taken in recent if taken.status_at(seconds) == "COMPLETED"]
    newest = all_of.latest(seconds, "COMPLETED")
    latest = {
        "completed": newest,
        "savepoint": all_of.savepoint_at(seconds),
        "failed": all_of.latest(seconds, "FAILED"),
    }
    return {
        "counts": {"restored": job.run.number + bool(job.spec.restored_from), **all_of.counts_at(seconds)},
        "summary": _summary(job, completed or ([newest] if newest else [])),
        "latest": {
            **{kind: taken and _checkpoint(job, taken) for kind, taken in latest.items()},
            "restored": _restored(job, all_of),
        },
        "history": [_ended(job, taken, newest) or _checkpoint(job, taken) for taken in recent[:HISTORY]],
    }


def _ended(job: JobMoment, taken: Taken, newest: Taken | None) -> msgspec.Raw | None:
    """The JSON of a checkpoint that has ended, which changes once more: when it is discarded."""
    status = taken.status_at(_seconds(job))
    if status == "IN_PROGRESS":
        return None
    kept, key = _of(job).documents, (taken.id, newest is not None and newest.id == taken.id)
    if key not in kept:
        while len(kept) >= MOST_DOCUMENTS:
            del kept[next(iter(kept))]
        document = job.moment.release.keep(_checkpoint(job, taken), "history")
        kept[key] = msgspec.Raw(msgspec.json.encode(document))
    return kept[key]


def _summary(job: JobMoment, completed: list[Taken]) -> dict[str, Any]:
    sizes = [_sizes(job, *_of(job).bytes_of(taken)) for taken in completed]
    in_flight = [IN_FLIGHT * taken.duration for taken in completed]
    unaligned = _of(job).spec.unaligned
    return {
        **{name: spread([one[name] for one in sizes]) for name in ("checkpointed_size", "state_size")},
        "end_to_end_duration": spread([taken.duration for taken in completed]),
        "alignment_buffered": spread([0]),
        "processed_data": spread(in_flight),
        "persisted_data": spread([size // 3 if unaligned else 0 for size in in_flight]),
    }


def _sizes(job: JobMoment, whole: int, written: int) -> dict[str, int]:
    """Up to 1.14 `state_size` is the bytes written, from 1.15 the whole state."""
    whole = whole if job.moment.release.since(1, 15) else written
    return {"checkpointed_size": written, "state_size": whole}


def _checkpoint(job: JobMoment, taken: Taken, *, tasks: bool = False) -> dict[str, Any]:
    """One checkpoint; its vertices only in a request for this one."""
    all_of, moment = _of(job), job.moment
    status = taken.status_at(_seconds(job))
    complete, failed = status == "COMPLETED", status == "FAILED"
    rows = {}
    if tasks or not complete:
        rows = {vertex.id: _vertex(vertex, taken, status) for vertex in job.vertices}
    triggered = moment.stamp(taken.triggered)
    if complete:
        sizes, acknowledged = _sizes(job, *all_of.bytes_of(taken)), sum(job.plan.shape)
        duration, last = taken.duration, triggered + taken.duration
    else:
        # The values of an incomplete one are the sums of its vertices.
        sizes = {
            name: sum(row[name] for row in rows.values()) for name in ("checkpointed_size", "state_size")
        }
        acknowledged = sum(row["num_acknowledged_subtasks"] for row in rows.values())
        last = max(row["latest_ack_timestamp"] for row in rows.values())
        duration = moment.stamp(taken.ends) - triggered if failed else max(-1, last - triggered)
    unaligned = all_of.spec.unaligned and not taken.savepoint
    in_flight = IN_FLIGHT * taken.duration if complete else 0
    kind = "CHECKPOINT" if not taken.savepoint else "SAVEPOINT"
    document: dict[str, Any] = {
        **_class(status.lower()),
        "id": taken.id,
        "status": status,
        "is_savepoint": taken.savepoint,
        "savepointFormat": "CANONICAL" if taken.savepoint else None,
        "trigger_timestamp": triggered,
        "latest_ack_timestamp": last,
        **sizes,
        "end_to_end_duration": duration,
        "alignment_buffered": 0,
        "processed_data": in_flight,
        "persisted_data": in_flight // 3 if unaligned else 0,
        "num_subtasks": sum(job.plan.shape),
        "num_acknowledged_subtasks": acknowledged,
        "checkpoint_type": f"UNALIGNED_{kind}" if unaligned else kind,
        "tasks": rows if tasks else {},
    }
    if complete:
        newest = all_of.latest(_seconds(job), "COMPLETED")
        document["external_path"] = path_of(job, taken)
        document["discarded"] = not taken.savepoint and newest is not None and newest.id != taken.id
    elif failed:
        document["failure_timestamp"] = moment.stamp(taken.ends)
        document["failure_message"] = taken.failure
    return document


def _class(kind: str) -> dict[str, str]:
    return {"className": kind, "@class": kind}


def path_of(job: JobMoment, taken: Taken) -> str:
    """The path of a checkpoint."""
    if taken.savepoint:
        mixed = identity("savepoint", job.id, taken.id, digits=12)
        return f"s3://flink-savepoints/{job.spec.name}/savepoint-{job.id[:6]}-{mixed}"
    return f"s3://flink-checkpoints/{job.id}/chk-{taken.id}"


def _restored(job: JobMoment, all_of: Checkpointing) -> dict[str, Any] | None:
    taken, begun, path = all_of.restored(job.run), job.run.begins, job.spec.restored_from
    if taken is not None:
        path = path_of(job, taken)
    elif path is None:
        return None
    else:
        begun = job.life.run(0).begins
    return {
        "id": taken.id if taken is not None else 1,
        "restore_timestamp": job.moment.stamp(begun),
        "is_savepoint": taken is None or taken.savepoint,
        "external_path": path,
    }


def _vertex(vertex: VertexMoment, taken: Taken, status: str) -> dict[str, Any]:
    job, all_of = vertex.job, _of(vertex.job)
    if status == "COMPLETED":
        whole, written = all_of.sizes(taken, vertex.plan)
        done, longest = len(vertex.subtasks), all_of.duration(taken, vertex.plan)
    else:
        acked = all_of.acknowledged(taken, vertex.plan, job.moment.seconds)
        whole, written = sum(one.size for one in acked), sum(one.written for one in acked)
        done, longest = len(acked), max((one.duration for one in acked), default=-1)
    return {
        "id": taken.id,
        "status": status,
        "latest_ack_timestamp": job.moment.stamp(taken.triggered) + longest if longest >= 0 else -1,
        **_sizes(job, whole, written),
        "end_to_end_duration": longest,
        "alignment_buffered": 0,
        "processed_data": 0,
        "persisted_data": 0,
        "num_subtasks": len(vertex.subtasks),
        "num_acknowledged_subtasks": done,
    }


def _taken(request: Request) -> Taken:
    """The requested checkpoint, if the server (still) knows it."""
    all_of, text, seconds = _of(request.job), request.ids["checkpoint"], _seconds(request.job)
    latest = (all_of.latest(seconds, status) for status in ("FAILED", "COMPLETED"))
    kept = (*all_of.newest(seconds), all_of.savepoint_at(seconds), *latest)
    for taken in kept:
        if taken is not None and str(taken.id) == text:
            return taken
    raise Refusal(NOT_FOUND, f"Could not find checkpointing statistics for checkpoint {text}.")


def _details(request: Request) -> dict[str, Any]:
    return _checkpoint(request.job, _taken(request), tasks=True)


def _subtasks(request: Request) -> dict[str, Any]:
    job, vertex, taken = request.job, request.vertex, _taken(request)
    acked = _of(job).acknowledged(taken, vertex.plan, request.moment.seconds)
    by_index = {one.index: _acknowledged(job, taken, one) for one in acked}
    rows = list(by_index.values())
    pending = {**_class("pending_or_failed"), "status": "pending_or_failed"}
    return {
        **_vertex(vertex, taken, taken.status_at(_seconds(job))),
        "summary": {
            **_spread(rows, "checkpointed_size", "state_size", "end_to_end_duration", "start_delay"),
            "checkpoint_duration": _spread([row["checkpoint"] for row in rows], "sync", "async"),
            "alignment": {
                "buffered": spread([0]),
                **_spread([row["alignment"] for row in rows], "processed", "persisted", "duration"),
            },
        },
        "subtasks": [by_index.get(index, {"index": index, **pending}) for index in vertex.subtasks],
    }


def _spread(rows: list[dict[str, Any]], *names: str) -> dict[str, Any]:
    return {name: spread([row[name] for row in rows], known=False) for name in names}


def _acknowledged(job: JobMoment, taken: Taken, one: Acknowledged) -> dict[str, Any]:
    return {
        "index": one.index,
        **_class("completed"),
        "status": "completed",
        "ack_timestamp": job.moment.stamp(taken.triggered) + one.duration,
        "end_to_end_duration": one.duration,
        **_sizes(job, one.size, one.written),
        "checkpoint": {"sync": one.sync, "async": one.async_},
        "alignment": {
            "buffered": 0,
            "processed": IN_FLIGHT * one.alignment,
            "persisted": 0,
            "duration": one.alignment,
        },
        "start_delay": one.start_delay,
        "unaligned_checkpoint": _of(job).spec.unaligned and not taken.savepoint,
        "aborted": False,
    }


def _config(request: Request) -> dict[str, Any]:
    spec, since = _of(request.job).spec, request.moment.release.since
    on_disk, in_memory = ("EmbeddedRocksDB", "HashMap") if since(1, 13) else ("RocksDB", "Fs")
    return {
        **texts()["checkpoint configuration"],
        "interval": round(spec.interval * 1000),
        "timeout": round(spec.timeout * 1000),
        "state_backend": f"{on_disk if spec.rocksdb else in_memory}StateBackend",
        "unaligned_checkpoints": spec.unaligned,
        "tolerable_failed_checkpoints": 1000 if spec.failing else 0,
        "checkpoints_after_tasks_finish": since(1, 15),
    }


REPLIES: Replies = {
    to.CHECKPOINTS: _stats,
    to.CHECKPOINT_CONFIG: _config,
    to.CHECKPOINT: _details,
    to.CHECKPOINT_SUBTASKS: _subtasks,
}
