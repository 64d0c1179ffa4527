"""The operators of a batch job without a vertex yet: the adaptive batch scheduler plans stage by stage.

From 2.0 on a job's answer has its stream graph: every operator, with its vertex once it is planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flinktop.flink.jobs import Job, StreamNode

STATE = "PENDING"  # the state of such an operator, as in Flink's Web UI
_MARK = "pending "


def key_of(operator: str) -> str:
    """The key of a pending operator, used like a vertex id."""
    return f"{_MARK}{operator}"


def is_pending(key: str) -> bool:
    """Whether a key is that of a pending operator."""
    return key.startswith(_MARK)


def pending_operators(job: Job) -> tuple[StreamNode, ...]:
    """The operators of the stream graph that have no vertex."""
    if job.stream_graph is None or not job.pending_operators:
        return ()
    known = {vertex.id for vertex in job.vertices}
    return tuple(node for node in job.stream_graph.nodes if node.job_vertex_id not in known)


def inputs(job: Job) -> tuple[tuple[str, str, str], ...]:
    """The inputs of pending operators: (vertex or pending operator, pending operator, ship strategy)."""
    pending = pending_operators(job)
    if job.stream_graph is None or not pending:
        return ()
    known = {vertex.id for vertex in job.vertices}
    places = {
        node.id: node.job_vertex_id
        if node.job_vertex_id is not None and node.job_vertex_id in known
        else key_of(node.id)
        for node in job.stream_graph.nodes
    }
    return tuple(
        (places[edge.id], key_of(node.id), edge.ship_strategy)
        for node in pending
        for edge in node.inputs
        if edge.id in places
    )


def feeding(job: Job) -> frozenset[str]:
    """The vertices that feed a pending operator: they send records, but have no output in the plan."""
    return frozenset(source for source, _, _ in inputs(job) if not is_pending(source))
