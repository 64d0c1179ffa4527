"""What Kubernetes adds to findings of Flink's figures: why a container ended, why a pod is Pending.

It adds to their sentence, their evidence and the next step; when they hold it does not change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.judgement import places
from flinktop.judgement.finding import Evidence
from flinktop.model import kubernetes_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.judgement.finding import Finding
    from flinktop.model.kubernetes import ContainerEnd, KubernetesState, Pod

EVICTED: Final = "Evicted"
_BEFORE_MS: Final = 300_000.0
"""So long before Flink misses a TaskManager its container may have ended."""
_KILLED, _TERMINATED, _FATAL = 137, 143, 239
"""Exit codes: by SIGKILL, by SIGTERM, and Flink's own after a fatal error."""
_IMAGE: Final = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"}
)
_CRASHES: Final = "CrashLoopBackOff"
READY: Final = "its JobManager pod is ready"
_MOST_TEXT: Final = 160  # characters of a message of Kubernetes in a sentence


class Told(Struct, frozen=True):
    """What Kubernetes says of a finding."""

    words: str = ""  # goes on with its sentence
    next: str = ""  # in place of its next step; "" keeps that
    evidence: tuple[Evidence, ...] = ()

    def added(self, finding: Finding) -> Finding:
        """The finding with it."""
        return replace(
            finding,
            words=f"{finding.words}; {self.words}" if self.words else finding.words,
            next=self.next or finding.next,
            evidence=(*finding.evidence, *self.evidence),
        )


# -- a container that ended ----------------------------------------------------------------------------


def end_words(end: ContainerEnd) -> str:
    """Why a container ended: "OOMKilled (limit 2.0 GB), exit code 137"."""
    return places.short(kubernetes_words.ended(end), _MOST_TEXT)


def _end_step(end: ContainerEnd, component: str) -> str:
    if kubernetes_words.is_out_of_memory(end):
        return (
            "the container took more memory than its limit, as a rule outside of the heap (RocksDB, direct"
            f" and native memory): raise {component}.memory.process.size or"
            f" {component}.memory.jvm-overhead.fraction"
        )
    if end.reason == EVICTED:
        return "its node ran short of memory or disk: look at the node, and at the pod's requests and limits"
    if end.exit_code == _KILLED:
        return "look whether its node ran short of memory, and at the last log of its container"
    if end.exit_code == _TERMINATED:
        return "find out who stopped it: a node that was drained, a preemption, a deployment that changed"
    if end.exit_code == _FATAL:
        return "Flink ended it after a fatal error: the last log of its container says which"
    return "look at the last log of its container: it says why it ended"


def _end_evidence(end: ContainerEnd) -> Iterator[Evidence]:
    yield Evidence("container ended", places.short(end.reason) or "for no stated reason")
    if end.exit_code is not None:
        yield Evidence("exit code", str(end.exit_code))
    if end.at is not None and end.at > 0:
        yield Evidence("ended at", int(1000.0 * end.at), "ms")
    if end.memory_limit:
        yield Evidence("container memory limit", end.memory_limit, "bytes")
    if end.message:
        yield Evidence("message", places.short(end.message, places.MOST_REASON))


def _pod_evidence(pod: Pod) -> Iterator[Evidence]:
    state = "gone" if pod.gone is not None else pod.phase or "unknown"
    yield Evidence("pod", f"{places.short(pod.name)}, {places.short(state)}")
    if pod.restarts:
        yield Evidence("container restarts", pod.restarts)
    if pod.node:
        yield Evidence("node", places.short(pod.node))


# -- a pod that does not run ---------------------------------------------------------------------------


def _waits_words(pod: Pod) -> str:
    """Why a pod does not run, after "is": "Pending: 0/3 nodes are available"; "" if it does."""
    return "" if pod.ready and pod.phase != "Pending" else _line(pod)


def _line(pod: Pod) -> str:
    return places.short(kubernetes_words.pod_line(pod), places.MOST_REASON)


def _waits_step(pod: Pod, component: str) -> str:
    """What to do so that a pod runs."""
    if pod.waiting in _IMAGE:
        return "look at the name of the image and at the secret for its registry"
    if _is_of_quota(pod.pending):
        return _QUOTA_STEP
    if pod.waiting == _CRASHES or (pod.ended is not None and pod.phase != "Pending"):
        return _end_step(pod.ended, component) if pod.ended is not None else _LAST_LOG
    if "nodes are available" in pod.pending or "Insufficient" in pod.pending:
        return (
            "no node has room for it: add nodes, or ask for less"
            f" ({component}.memory.process.size, kubernetes.{component}.cpu, the node selector)"
        )
    return f"look at its events: kubectl describe pod {places.short(pod.name, 260)}"


_LAST_LOG: Final = "look at the last log of its container"
_QUOTA_STEP: Final = "raise the quota or limits of the namespace, or ask for less"


def _is_of_quota(text: str) -> bool:
    return "quota" in text.lower()


def _is_waiting(pod: Pod) -> bool:
    return pod.gone is None and not pod.ready and pod.phase not in ("Failed", "Succeeded")


# -- taskmanager-lost ----------------------------------------------------------------------------------


def of_lost(state: KubernetesState | None, taskmanager: str, address: str, at: float) -> Pod | None:
    """The pod of a TaskManager that is gone or silent since `at` (ms since 1970); None if unknown."""
    if state is None:
        return None
    return state.pod_of(taskmanager, address, before=at / 1000.0 if at > 0 else None)


def lost(pod: Pod | None, at: float) -> Told:
    """What a pod says of its TaskManager that is gone or silent since `at` (ms since 1970)."""
    if pod is None:
        return Told()
    end = pod.ended if pod.ended is not None and _is_of_then(pod.ended, at) else None
    evidence = (*_pod_evidence(pod), *(_end_evidence(end) if end is not None else ()))
    if end is not None:
        words = f"its {'pod' if end.reason == EVICTED else 'container'} ended: {end_words(end)}"
        if pod.gone is None and pod.waiting:
            words += f"; now {places.short(pod.waiting)}"
        return Told(words, _end_step(end, "taskmanager"), evidence)
    if pod.gone is not None:
        step = "find out who removed its pod: a node that is gone or was drained, a preemption, a person"
        return Told("its pod is gone too", step, evidence)
    if waits := _waits_words(pod):
        return Told(f"its pod is {waits}", _waits_step(pod, "taskmanager"), evidence)
    where = f" on {places.short(pod.node)}" if pod.node else ""
    step = "its pod runs: look at its log, and at the network between it and the JobManager"
    return Told(f"its pod is {places.short(pod.phase) or 'there'} and ready{where}", step, evidence)


def _is_of_then(end: ContainerEnd, at: float) -> bool:
    """Whether a container's end may be why its TaskManager is gone: an earlier one is not."""
    return end.at is None or 1000.0 * end.at >= at - _BEFORE_MS


def tells_more(pod: Pod, before: Pod | None, at: float) -> bool:
    """Whether a pod is to be remembered for a lost TaskManager in place of what was known of it before."""
    if before is None or before.ended is None or not _is_of_then(before.ended, at):
        return True
    return pod.ended is not None and _is_of_then(pod.ended, at)


# -- no-slots ------------------------------------------------------------------------------------------


def no_slots(state: KubernetesState | None) -> Told:
    """Why TaskManagers that a job waits for do not come."""
    if state is None:
        return Told()
    waiting = [pod for pod in state.pods_of("taskmanager") if _is_waiting(pod)]
    evidence = tuple(Evidence(f"pod {places.short(pod.name)}", _waits_words(pod)) for pod in waiting[:3])
    if state.not_created:
        why = places.short(state.not_created, _MOST_TEXT)
        step = _QUOTA_STEP if _is_of_quota(state.not_created) else ""
        return Told(
            f"Kubernetes refuses to make pods: {why}", step, (*evidence, Evidence("pods refused", why))
        )
    if waiting:
        first = min(waiting, key=lambda pod: (not pod.pending, not pod.waiting, pod.name))
        several = f"{len(waiting)} TaskManager pods wait, one" if len(waiting) > 1 else "a TaskManager pod"
        return Told(f"{several} is {_waits_words(first)}", _waits_step(first, "taskmanager"), evidence)
    if state.pods and not state.pods_of("taskmanager"):
        return Told("there is no TaskManager pod", "", (Evidence("TaskManager pods", 0),))
    return Told()


# -- cluster-lost --------------------------------------------------------------------------------------


def cluster_lost(state: KubernetesState | None) -> Told:
    """What the JobManager's pod says of a cluster that does not answer."""
    if state is None:
        return Told()
    if state.deleted is not None:
        return Told("it was deleted from Kubernetes", "nothing is to be done if that was meant")
    operator = state.operator
    if operator is not None and "suspended" in (operator.wanted.lower(), operator.lifecycle.lower()):
        name = f"{operator.kind} {places.short(operator.name)}"
        return Told(f"the {name} is suspended", "it answers again when spec.job.state is running")
    found = state.pods_of("jobmanager")
    if found:
        return _of_jobmanager(found)
    # Without the right to list pods nothing is known of them.
    return _without_jobmanager(state) if state.pods or not state.missing else Told()


def _without_jobmanager(state: KubernetesState) -> Told:
    refused = places.short(state.not_created, _MOST_TEXT)
    words = "there is no JobManager pod" + (f": {refused}" if refused else "")
    step = _QUOTA_STEP if _is_of_quota(refused) else "look at the events of its deployment"
    gone = [pod for pod in state.pods if pod.component == "jobmanager" and pod.ended is not None]
    return Told(words, step, tuple(line for pod in gone[:1] for line in _jobmanager_evidence(pod)))


def _of_jobmanager(found: tuple[Pod, ...]) -> Told:
    evidence = tuple(line for pod in found[:2] for line in _jobmanager_evidence(pod))
    if any(pod.ready for pod in found):
        step = "its pod is ready: look at the way to it (service, network, rights), and at its log"
        return Told(READY, step, evidence)
    first = found[0]
    return Told(f"its JobManager pod is {_waits_words(first)}", _waits_step(first, "jobmanager"), evidence)


def _jobmanager_evidence(pod: Pod) -> Iterator[Evidence]:
    yield from _pod_evidence(pod)
    if pod.ended is not None:
        yield from _end_evidence(pod.ended)


# -- memory --------------------------------------------------------------------------------------------


def memory(state: KubernetesState | None, process: str, address: str) -> Told:
    """The container's limit and earlier kills of a process whose memory runs out; "" is the JobManager."""
    if state is None:
        return Told()
    component = "taskmanager" if process else "jobmanager"
    pod = state.pod_of(process, address) if process else next(iter(state.pods_of("jobmanager")), None)
    # Flink starts a new pod in the place of one that was killed.
    killed = [
        one
        for one in state.pods
        if one.ended is not None
        and kubernetes_words.is_out_of_memory(one.ended)
        and (one == pod or one.component == component)
    ]
    limit = pod.memory_limit if pod is not None else None
    evidence: list[Evidence] = []
    if limit:
        evidence.append(Evidence("container memory limit", limit, "bytes"))
    if killed:
        evidence.append(Evidence(f"{_OF[component]} pods OOMKilled before", len(killed)))
    if pod is not None and pod in killed:
        if pod.ended is not None and pod.ended.at:
            evidence.append(Evidence("its container was OOMKilled at", int(1000.0 * pod.ended.at), "ms"))
        step = (
            f"its container was OOMKilled before: raise {component}.memory.process.size, with more of it"
            f" for {component}.memory.jvm-overhead.fraction"
        )
        return Told("its container was OOMKilled before", step, tuple(evidence))
    return Told("", "", tuple(evidence))


_OF: Final = {"taskmanager": "TaskManager", "jobmanager": "JobManager"}
