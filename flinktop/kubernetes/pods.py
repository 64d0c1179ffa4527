"""Pods of Flink clusters: why their container ended, why they are Pending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.kubernetes.objects import name_of, seconds, sentence
from flinktop.kubernetes.quantities import amount
from flinktop.model.kubernetes import ContainerEnd, Pod
from flinktop.model.kubernetes_words import STARTING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flinktop.kubernetes.objects import Condition, ContainerStatus, Event, PodObject, Terminated
    from flinktop.model.kubernetes import Component

MAIN_CONTAINER: Final = "flink-main-container"
"""Flink's container in native mode, and in all pods of the operator."""
_DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"
_DISRUPTIONS: Final[dict[str, str]] = {
    "EvictionByEvictionAPI": "Evicted",  # kubectl drain, the cluster autoscaler
    "DeletionByTaintManager": "Evicted",  # its node is lost, or was tainted
    "TerminationByKubelet": "Evicted",  # its node ran out of memory or disk, or shuts down
    "PreemptionByScheduler": "Preempted",  # by a pod of a higher priority
    "DeletionByPodGC": "NodeLost",
}
"""Reasons of the condition DisruptionTarget, which pods have from Kubernetes 1.26 on."""
_IMAGE_PULL: Final = "Failed to pull image"
_SCALE_UP: Final = ("NotTriggerScaleUp", "TriggeredScaleUp")  # events of the cluster autoscaler
_UNHELPFUL: Final = ("BackOff", "FailedScheduling")  # events that only say what conditions say as well


def component_of(labels: dict[str, str]) -> Component:
    """Which part of Flink a pod is, by its label `component`."""
    component = labels.get("component")
    if component == "jobmanager":
        return "jobmanager"
    return "taskmanager" if component == "taskmanager" else ""


def pod_of(given: PodObject) -> Pod:
    """A pod as Kubernetes describes it; `pending` is what its conditions and containers say alone."""
    component = component_of(given.metadata.labels)
    container = _main_container(given, component)
    status = next((one for one in given.status.container_statuses if one.name == container), None)
    return Pod(
        name=name_of(given.metadata.name),
        uid=name_of(given.metadata.uid),
        component=component,
        phase=name_of(given.status.phase),
        ready=any(one.type == "Ready" and one.status == "True" for one in given.status.conditions),
        restarts=status.restart_count if status is not None else 0,
        node=name_of(given.spec.node_name),
        ip=name_of(given.status.pod_ip),
        container=name_of(container),
        memory_limit=_memory_limit(given, container),
        created=seconds(given.metadata.creation_timestamp),
        ended=_end(given, container, status),
        waiting=_waiting(given, container),
        pending=_pending(given) if given.status.phase == "Pending" else "",
    )


def _main_container(given: PodObject, component: Component) -> str:
    names = [one.name for one in given.spec.containers] or [
        one.name for one in given.status.container_statuses
    ]
    annotated = given.metadata.annotations.get(_DEFAULT_CONTAINER, "")
    wanted = (MAIN_CONTAINER, component, annotated)
    return next((name for name in wanted if name and name in names), names[0] if names else "")


# -- the end of a container ----------------------------------------------------------------------------


def _end(given: PodObject, container: str, status: ContainerStatus | None) -> ContainerEnd | None:
    terminated = None
    if status is not None:
        terminated = status.state.terminated or status.last_state.terminated
    end = _terminated(terminated, _memory_limit(given, container)) if terminated is not None else None
    removed = _removed(given)
    if removed is None or (end is not None and end.reason == "OOMKilled"):
        return end
    if end is None:
        return removed
    # The container's own end is a consequence: killed, or stopped in an orderly way.
    return ContainerEnd(
        reason=removed.reason,
        exit_code=end.exit_code,
        signal=end.signal,
        at=end.at if end.at is not None else removed.at,
        memory_limit=end.memory_limit,
        message=removed.message,
    )


def _terminated(given: Terminated, limit: int | None) -> ContainerEnd:
    return ContainerEnd(
        reason=name_of(given.reason),
        exit_code=given.exit_code,
        signal=given.signal or None,
        at=seconds(given.finished_at),
        memory_limit=limit,
        message=sentence(given.message),
    )


def _removed(given: PodObject) -> ContainerEnd | None:
    """Why the whole pod was removed from its node, if it was."""
    disrupted = next(
        (one for one in given.status.conditions if one.type == "DisruptionTarget" and one.status == "True"),
        None,
    )
    at = seconds(disrupted.last_transition_time) if disrupted is not None else None
    if given.status.phase == "Failed" and given.status.reason:
        return ContainerEnd(
            reason=name_of(given.status.reason), at=at, message=sentence(given.status.message)
        )
    if disrupted is None:
        return None
    reason = name_of(disrupted.reason)
    return ContainerEnd(
        reason=_DISRUPTIONS.get(reason, reason or "Evicted"), at=at, message=sentence(disrupted.message)
    )


def _memory_limit(given: PodObject, container: str) -> int | None:
    limits = next((one.resources.limits for one in given.spec.containers if one.name == container), {})
    return amount(limits.get("memory"))


# -- waiting and pending -------------------------------------------------------------------------------


def _waiting(given: PodObject, container: str) -> str:
    """Why a container waits: the first reason that is not part of every start, else that of Flink's own."""
    reasons = [
        (one.name == container, name_of(one.state.waiting.reason))
        for one in (*given.status.container_statuses, *given.status.init_container_statuses)
        if one.state.waiting is not None and one.state.waiting.reason
    ]
    reasons.sort(key=lambda one: (one[1] in STARTING, not one[0]))
    return reasons[0][1] if reasons else ""


def _pending(given: PodObject) -> str:
    said = _unscheduled(given.status.conditions)
    if said:
        return said
    for init in given.status.init_container_statuses:
        words = "; ".join(_waits(init))
        if words:
            return f"init container {name_of(init.name)}: {words}"
    for status in given.status.container_statuses:
        words = "; ".join(_waits(status))
        if words:
            return words
    return sentence(given.status.message) or name_of(given.status.reason)


def _unscheduled(conditions: Iterable[Condition]) -> str:
    for one in conditions:
        if one.type == "PodScheduled" and one.status == "False":
            return _scheduler_words(one.message) or name_of(one.reason)
    return ""


def _scheduler_words(message: str | None) -> str:
    """The scheduler's reason, without what it says of preemption: that repeats the reason for each node."""
    return sentence((message or "").partition(" preemption: ")[0])


def _waits(status: ContainerStatus) -> Iterator[str]:
    waiting = status.state.waiting
    if waiting is not None and waiting.reason and waiting.reason not in STARTING:
        message = sentence(waiting.message)
        yield f"{name_of(waiting.reason)}: {message}" if message else name_of(waiting.reason)


def pending_by_events(pod: Pod, events: Iterable[Event]) -> str:
    """Why a pod is Pending, from what conditions say (`pod.pending`) and from events about it.

    Events say more of an image that can't be pulled, of volumes, and of what the cluster autoscaler does.
    """
    about = sorted(
        (one for one in events if one.involved_object.uid in ("", pod.uid)),
        key=lambda one: one.at or 0.0,
        reverse=True,
    )
    words = pod.pending
    pulls = next((one for one in about if (one.message or "").startswith(_IMAGE_PULL)), None)
    if pulls is not None and (not words or "Back-off pulling image" in words):
        words = sentence(pulls.message)
    if not words:
        words = next((_event_words(one) for one in about if _is_reason(one)), "")
    scaled = next((one for one in about if one.reason in _SCALE_UP), None)
    if scaled is not None and words:
        words = f"{words}; {sentence(scaled.message)}"
    return words


def _is_reason(event: Event) -> bool:
    return event.type == "Warning" and event.reason not in _UNHELPFUL


def _event_words(event: Event) -> str:
    return f"{name_of(event.reason)}: {sentence(event.message)}"
