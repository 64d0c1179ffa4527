"""What is known of a selected thing, as texts for the commands and links of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import checkpoint_facts
from flinktop.facts.subtasks import runs_on
from flinktop.facts.vertices import vertex_of
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.taskmanagers import TASKMANAGER, TASKMANAGERS
from flinktop.flink.vertices import VERTEX
from flinktop.judgement import finding_links
from flinktop.judgement.finding_links import FoundOn
from flinktop.model import processes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.facts.known import Known
    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.judgement.finding import Finding

HEALTHY = "healthy"


def found_on(known: Known, cluster: str, job: str = "") -> FoundOn:
    """A job ("" for the cluster itself) as what a finding is found on; `cluster` is the cluster's name."""
    details = known.value(JOB(job=job)) if job else None
    verdict, listed = known.verdict(job), known.value(JOBS_OVERVIEW())
    row = next((one for one in listed.jobs if one.jid == job), None) if job and listed is not None else None
    name = (details.name if details is not None else "") or (row.name if row is not None else "")
    state = (details.state if details is not None else "") or (row.state if row is not None else "")
    return FoundOn(
        cluster=cluster,
        url=known.connection.url,
        now=known.cluster_time() * 1000.0,
        release=known.features.version,
        job=job,
        job_name=name or (verdict.name if verdict is not None else ""),
        state=state or (verdict.state if verdict is not None else ""),
        started=float(row.start_time) if row is not None and row.start_time else None,
    )


def own_values(known: Known, selected: Mapping[str, str], cluster: str) -> dict[str, str]:
    """The values for templates about what is selected; what is not known is left out.

    `selected` has the ids of what is selected, by what it is: job, vertex, subtask, taskmanager, checkpoint.
    """
    job, vertex, subtask = (selected.get(name, "") for name in ("job", "vertex", "subtask"))
    taskmanager = selected.get("taskmanager", "")
    if not taskmanager and subtask:
        taskmanager = runs_on(known, job, vertex, int(subtask)) or ""
    on = found_on(known, cluster, job)
    finding = _finding(known, job, vertex, taskmanager, jobmanager="jobmanager" in selected)
    verdict = known.verdict(job)
    usual = HEALTHY if known.judged is not None and not job else ""
    values = {"verdict": verdict.kind if verdict is not None else usual}
    values |= finding_links.values(finding, on)
    # Of the finding's culprit; what is selected is another thing, unless it is the same.
    for name in ("vertex", "vertex_name", "subtask", "taskmanager"):
        values.pop(name, None)
    found = vertex_of(known, job, vertex) if vertex else None
    values |= {
        "vertex": vertex,
        "vertex_name": found[1].name if found is not None else "",
        "subtask": subtask,
        "taskmanager": taskmanager,
        "host": _host(known, job, vertex, subtask, taskmanager),
    }
    if checkpoint := selected.get("checkpoint", ""):
        values |= checkpoint_values(known, job, int(checkpoint))
    return {name: value for name, value in values.items() if value}


def checkpoint_values(known: Known, job: str, number: int) -> dict[str, str]:
    """The values of a checkpoint."""
    seen = checkpoint_facts(known, job, number).checkpoint
    path = (seen.external_path or "") if seen is not None else ""
    # A checkpoint that only Flink can find has a remark in angle brackets in its place.
    values = {"checkpoint": str(number), "checkpoint_path": "" if path.startswith("<") else path}
    return {name: value for name, value in values.items() if value}


def _finding(known: Known, job: str, vertex: str, taskmanager: str, *, jobmanager: bool) -> Finding | None:
    """The first finding about what is selected, else the first of its job or cluster."""
    judged = known.judged
    if job:
        verdict = known.verdict(job)
        found = verdict.findings if verdict is not None else ()
        close = (one for one in found if vertex and one.culprit.vertex == vertex)
        return next(close, found[0] if found else None)
    found = judged.findings if judged is not None else ()
    if taskmanager or jobmanager:
        return next((one for one in found if one.culprit.taskmanager == taskmanager), None)
    return found[0] if found else None


def _host(known: Known, job: str, vertex: str, subtask: str, taskmanager: str) -> str:
    """The host of a TaskManager, else that of a subtask, without its port."""
    if taskmanager and (one := _listed(known, taskmanager)) is not None and processes.address(one):
        return without_port(processes.address(one))
    detail = known.value(VERTEX(job=job, vertex=vertex)) if subtask else None
    rows = detail.subtasks if detail is not None else ()
    return without_port(next((one.where for one in rows if str(one.subtask) == subtask), ""))


def _listed(known: Known, taskmanager: str) -> TaskManager | None:
    if (details := known.value(TASKMANAGER(taskmanager=taskmanager))) is not None:
        return details
    listed = known.value(TASKMANAGERS())
    found = listed.taskmanagers if listed is not None else ()
    return next((one for one in found if one.id == taskmanager), None)


def without_port(address: str) -> str:
    """A host without its port: `10.0.0.1:6122`, `[::1]:6122`, `pod-1`; "" where none is named."""
    if address.startswith(("(", "<")):
        return ""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, colon, port = address.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else address
