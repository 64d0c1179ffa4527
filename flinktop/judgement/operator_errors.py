"""What the Flink Kubernetes operator could not do: an error of its reconciliation, or a job that it gave up.

It is a finding of the job that the operator runs, else of the cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.error_text import java_sentence
from flinktop.judgement import places
from flinktop.judgement.finding import Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.model import redaction, states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.flink.jobs import JobOverview
    from flinktop.model.kubernetes import KubernetesState, OperatorState
    from flinktop.model.look import ClusterLook, JobLook

_MOST_ERROR: Final = 4000  # characters of the operator's message that are read
_OLD_LIST_MS: Final = 300_000.0
"""A list of jobs that is older says nothing of what runs now."""


def of_job(look: JobLook) -> Iterator[Sign]:
    """What is wrong with the operator's part of a job."""
    if look.kubernetes is None:
        return
    manager = _manager(look.kubernetes, look.listed)
    if manager is not None and manager.is_wrong:
        yield _sign((manager,), look.kubernetes, look.now)


def of_cluster(look: ClusterLook) -> Iterator[Sign]:
    """What is wrong with its part of the cluster, and with jobs that Flink does not list."""
    state = look.kubernetes
    if state is None:
        return
    wrong = [one for one in (state.operator, *state.session_jobs) if one is not None and one.is_wrong]
    if not wrong:
        return
    is_young = look.jobs is not None and look.now - look.jobs.at <= _OLD_LIST_MS
    jobs = look.jobs.value if look.jobs is not None and is_young else ()
    of_jobs = [manager for job in jobs if (manager := _manager(state, job)) is not None]
    found = tuple(one for one in wrong if one not in of_jobs)
    if found:
        yield _sign(found, state, look.now)


def _manager(state: KubernetesState, job: JobOverview) -> OperatorState | None:
    """What runs a job; of one that has ended only what says so of just this one."""
    manager = state.manager_of(job.jid, job.name)
    if manager is None or (states.is_terminal(job.state) and manager.job_id != job.jid):
        return None
    return manager


def _sign(found: tuple[OperatorState, ...], state: KubernetesState, now: float) -> Sign:
    first = found[0]
    name = f"{places.short(state.namespace)}/{places.short(first.name, 120)}"
    words = f"operator-error: {first.kind} {name}: {_why(first)}"
    words += f"; and {len(found) - 1} more" if len(found) > 1 else ""
    resource = f"{first.kind.lower()}/{first.name} -n {state.namespace}"
    finding = Finding(
        kind=Kind.OPERATOR_ERROR,
        severity=Severity.WARNING,
        words=words,
        next=f"look at its events: kubectl describe {places.short(resource, 300)}; then correct its spec",
        evidence=tuple(line for one in found[:5] for line in _evidence(one, several=len(found) > 1)),
    )
    return Sign(finding=finding, fetched=now, lasted=True)


def _why(one: OperatorState) -> str:
    text = places.short(java_sentence(redaction.text(one.error[:_MOST_ERROR])), places.MOST_REASON)
    if text:
        return text
    what = "its job has failed for good" if one.has_job else "the operator gives it up"
    return f"FAILED: {what}"


def _evidence(one: OperatorState, *, several: bool) -> Iterator[Evidence]:
    of = f", {places.short(one.name)}" if several else ""
    if several:
        yield Evidence(one.kind + of, _why(one))
    if one.lifecycle:
        yield Evidence(f"lifecycle{of}", places.short(one.lifecycle))
    if one.job_status:
        yield Evidence(f"job status{of}", places.short(one.job_status))
    if one.wanted:
        yield Evidence(f"spec.job.state{of}", places.short(one.wanted))
    if one.upgrade_mode:
        yield Evidence(f"spec.job.upgradeMode{of}", places.short(one.upgrade_mode))
    if one.deleting:
        yield Evidence(f"it is being deleted{of}")
