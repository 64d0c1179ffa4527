"""Whether Flink's own answers show what a job was made to do: read without flinktop, in the simplest way.

The seconds until a verdict count from then: Flink's means are over a minute from 1.17 on.
"""

from typing import Any

from tests.live.cluster import Cluster

SLOW = ("bottleneck", "skew")
_FULL = 0.95  # of a pool of buffers
_MEANS = 60_000  # ms that a task must have run until means over a minute are of it alone, from 1.17 on
_BEHIND = 30_000.0  # ms that one watermark is behind another


def shown(cluster: Cluster, job: str, kind: str, vertex: str | None) -> bool:
    """Whether what makes a finding of this kind is in the answers now; `vertex` begins the culprit's name."""
    answer = cluster.ask("GET", f"jobs/{job}")
    if answer.status != 200:
        return False
    found = answer.json()
    if kind in SLOW:
        return _slow(cluster, found, vertex or "")
    if kind in _STATES:
        return bool(found["state"] == _STATES[kind])
    return _SHOWN.get(kind, _runs)(cluster, found)


def _runs(_: Cluster, job: dict[str, Any]) -> bool:
    return bool(job["state"] == "RUNNING")


def _loops(cluster: Cluster, job: dict[str, Any]) -> bool:
    """Whether it has failed three times: by its history, up to 1.12 by its counter."""
    if cluster.release < (1, 13):
        found = cluster.get(f"jobs/{job['jid']}/metrics?get=fullRestarts")
        return bool(found) and float(found[0]["value"]) >= 3
    return len(cluster.get(f"jobs/{job['jid']}/exceptions")["exceptionHistory"]["entries"]) >= 3


def _checkpoint_failed(cluster: Cluster, job: dict[str, Any]) -> bool:
    """Whether one failed that could begin: the counters hold also those before all tasks ran."""
    history = cluster.get(f"jobs/{job['jid']}/checkpoints")["history"]
    failed = [one.get("failure_message") or "" for one in history if one["status"] == "FAILED"]
    return any("required tasks" not in message for message in failed)


def _watermarks_are_apart(cluster: Cluster, job: dict[str, Any]) -> bool:
    """Whether a subtask's watermark is behind another's; one that has none is as far behind as can be."""
    source = _source(job)
    path = f"jobs/{job['jid']}/vertices/{source['id']}/subtasks/metrics"
    listed = [one["id"] for one in cluster.get(path) if one["id"].endswith("currentOutputWatermark")]
    found = [_aggregated(cluster, job, source, metric) for metric in listed]
    return any(float(one["max"]) - float(one["min"]) > _BEHIND for one in found if one)


def _waits_for_slots(_: Cluster, job: dict[str, Any]) -> bool:
    return any(one["status"] in {"CREATED", "SCHEDULED"} for one in job["vertices"])


_STATES = {"failed": "FAILED", "finished": "FINISHED"}
_SHOWN = {
    "restart-loop": _loops,
    "checkpoints-failing": _checkpoint_failed,
    "watermark-stuck": _watermarks_are_apart,
    "no-slots": _waits_for_slots,
}


def _source(job: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in job["vertices"] if one["name"].startswith("Source: "))


def _slow(cluster: Cluster, job: dict[str, Any], name: str) -> bool:
    """Whether a subtask of the vertex is busy while its source waits for it."""
    # From 2.0 on the task of a sink is not called one.
    begin = name.removeprefix("Sink: ")
    named = (one for one in job["vertices"] if one["name"].removeprefix("Sink: ").startswith(begin))
    culprit = next(named, None)
    if culprit is None:
        return False
    source = _source(job)
    if cluster.release >= (1, 17) and job["now"] - max(one["start-time"] for one in job["vertices"]) < _MEANS:
        return False
    if cluster.release >= (1, 13):
        busy = _highest(cluster, job, culprit, "busyTimeMsPerSecond")
        return busy > 900 and _highest(cluster, job, source, "backPressuredTimeMsPerSecond") > 200
    # Before, only full buffers tell of it: those of the source, and of a remote input those of the vertex.
    return _highest(cluster, job, source, "Shuffle.Netty.Output.Buffers.outPoolUsage") > _FULL


def _aggregated(cluster: Cluster, job: dict[str, Any], vertex: dict[str, Any], metric: str) -> dict[str, Any]:
    path = f"jobs/{job['jid']}/vertices/{vertex['id']}/subtasks/metrics?get={metric}&agg=min,max"
    answer = cluster.ask("GET", path)
    found = answer.json() if answer.status == 200 else []
    return found[0] if found else {}


def _highest(cluster: Cluster, job: dict[str, Any], vertex: dict[str, Any], metric: str) -> float:
    return float(_aggregated(cluster, job, vertex, metric).get("max", "nan"))
