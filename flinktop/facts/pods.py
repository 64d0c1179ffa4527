"""The pods of TaskManagers: beside what Flink says of each, and those that Flink does not list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.facts.processes import TaskManagerFacts
from flinktop.model import kubernetes_words, processes
from flinktop.model.processes import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.facts.known import Known
    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.model.kubernetes import ContainerEnd, Pod

RECENT_SECONDS: Final = 3600.0
"""So long an end of a container is a problem of the TaskManager that runs in it now."""
NOT_REGISTERED: Final = "not registered with Flink"


def pod_of(known: Known, one: TaskManager) -> Pod | None:
    """The pod of a TaskManager that Flink lists; None if it is not known."""
    state = known.kubernetes
    return state.pod_of(one.id, processes.address(one)) if state is not None else None


def problems(pod: Pod | None, now: float) -> tuple[Problem, ...]:
    """What its pod adds to the problems of a TaskManager; `now` by this machine (s since 1970)."""
    if pod is None:
        return ()
    if pod.gone is not None or pod.phase in ("Failed", "Succeeded"):
        return (Problem(_line(pod, now) if pod.ended else f"its pod: {_line(pod, now)}", bad=True),)
    if pod.ended is not None and is_recent(pod.ended, now) and not _is_well(pod.ended):
        ended = kubernetes_words.ended(pod.ended, now)
        return (Problem(f"{ended}; its container was started again", bad=False),)
    return ()


def others(known: Known, listed: Iterable[TaskManager]) -> tuple[TaskManagerFacts, ...]:
    """The pods of TaskManagers that Flink does not list: not yet, or not any more; the gone ones last."""
    state = known.kubernetes
    if state is None:
        return ()
    now = known.clock.wall()
    taken = {pod.name for one in listed if (pod := pod_of(known, one)) is not None}
    found = [
        pod
        for pod in state.pods
        if pod.component == "taskmanager" and pod.name not in taken and pod.phase != "Succeeded"
    ]
    found.sort(key=lambda pod: (pod.gone is not None, -(pod.gone or 0.0), not is_bad(pod), pod.name))
    return tuple(_alone(pod, now) for pod in found)


def _alone(pod: Pod, now: float) -> TaskManagerFacts:
    words = _line(pod, now)
    if pod.ready and pod.gone is None:
        words = f"{words}, {NOT_REGISTERED}"
    return TaskManagerFacts(
        id=pod.name,
        name=pod.name,
        address=pod.ip,
        problems=(Problem(words, bad=is_bad(pod)),),
        heartbeat=None,
        slots=None,
        used=None,
        free=None,
        tasks=None,
        cores=None,
        memory=None,
        heap_limit=None,
        managed_limit=None,
        known=None,
        pod=pod,
        is_listed=False,
    )


def _line(pod: Pod, now: float) -> str:
    """The state of a pod in words; what has ended it comes first, as a column may be narrow."""
    if pod.ended is None or (pod.gone is None and pod.phase != "Failed"):
        return kubernetes_words.pod_line(pod, now)
    ended = kubernetes_words.ended(pod.ended, now)
    return ended if pod.gone is None else f"{ended}; its pod is gone"


def is_recent(end: ContainerEnd, now: float) -> bool:
    """Whether a container ended so lately that it matters still."""
    return end.at is not None and now - end.at <= RECENT_SECONDS


def is_bad(pod: Pod) -> bool:
    """Whether a pod does not run, and not because it has just been made."""
    if pod.gone is not None or pod.phase == "Failed":
        return pod.ended is not None and not _is_well(pod.ended)
    return bool(pod.waiting) and pod.waiting not in kubernetes_words.STARTING


def _is_well(end: ContainerEnd) -> bool:
    return end.reason == "Completed" or (end.exit_code == 0 and end.reason in ("", "Error"))
