"""What Kubernetes says of a Flink cluster, in words for people: one line each, without a full stop.

Texts of Kubernetes come cleaned from flinktop.kubernetes. `now` is seconds since 1970 by the API server's
clock, or by this machine's: an event that lies in the future by such a clock is 0 s old.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.model import format as fmt

if TYPE_CHECKING:
    from flinktop.model.kubernetes import Component, ContainerEnd, KubernetesState, OperatorState, Pod

SHORT_NAMES: dict[str, str] = {"jobmanager": "JM", "taskmanager": "TM"}
STARTING = ("ContainerCreating", "PodInitializing")
"""Reasons to wait that are part of every start, unless it takes minutes."""
SHORT_STATUS: dict[str, str] = {
    "OOMKilled": "OOM",
    "CrashLoopBackOff": "Crash",
    "ImagePullBackOff": "Image",
    "ErrImagePull": "Image",
    "InvalidImageName": "Image",
    "CreateContainerConfigError": "Config",
    "Pending": "Pend",
    "Evicted": "Evict",
    "Starting": "Start",
    "NotReady": "Unready",
}
"""States of pods where there is little room."""
SHORT_LIFECYCLE: dict[str, str] = {
    "UPGRADING": "UPGRADE",
    "SUSPENDED": "SUSPEND",
    "ROLLING_BACK": "ROLLING",
    "ROLLED_BACK": "ROLLED",
}
"""Lifecycle states of the operator that have more than eight letters, where there is little room."""
_SIGNALS = {1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}
_OF_SIGNALS = 128  # exit codes above it: killed by the signal of the difference
_PLAIN_REASONS = ("Error", "Completed", "ContainerCannotRun", "")  # the exit code says as much


def ended(end: ContainerEnd, now: float | None = None) -> str:
    """Why and when a container ended: `OOMKilled (limit 2.0 GB), exit code 137, 3 m ago`.

    The age is left out if `now` or the time is unknown; a message follows a colon.
    """
    reason = end.reason or "ended"
    if end.memory_limit is not None and is_out_of_memory(end):
        reason += f" (limit {fmt.size(end.memory_limit)})"
    parts = [reason]
    if end.exit_code is not None and end.exit_code != 0:
        parts.append(exit_code(end))
    if now is not None and end.at is not None:
        parts.append(ago(end.at, now))
    words = ", ".join(parts)
    return f"{words}: {end.message}" if end.message else words


def exit_code(end: ContainerEnd) -> str:
    """`exit code 137`, with the signal's name unless the reason explains it: `exit code 143 (SIGTERM)`."""
    code = end.exit_code if end.exit_code is not None else 0
    number = end.signal or (code - _OF_SIGNALS if code > _OF_SIGNALS else 0)
    name = _SIGNALS.get(number) if end.reason in _PLAIN_REASONS else None
    return f"exit code {code} ({name})" if name else f"exit code {code}"


def short_end(end: ContainerEnd) -> str:
    """The same in one or two words, for a column: `OOMKilled`, `Evicted`, `exit 137`."""
    if end.reason in _PLAIN_REASONS and end.exit_code:
        return f"exit {end.exit_code}"
    return end.reason or "ended"


def is_out_of_memory(end: ContainerEnd) -> bool:
    """Whether the kernel killed the container because it used more memory than its limit."""
    return end.reason == "OOMKilled"


def status(pod: Pod) -> str:
    """The state of a pod in one word, as kubectl's STATUS column: Running, Pending, OOMKilled, Evicted.

    `NotReady` for one that runs and is not ready, `Gone` for one that is no longer listed, `Starting` while
    its containers are created.
    """
    if pod.gone is not None:
        return "Gone"
    if pod.waiting:
        return "Starting" if pod.waiting in STARTING else pod.waiting
    if pod.phase == "Failed" and pod.ended is not None:
        return short_end(pod.ended)
    if pod.phase == "Running" and not pod.ready:
        return "NotReady"
    return pod.phase or fmt.UNKNOWN


def pod_line(pod: Pod, now: float | None = None) -> str:
    """The state of a pod and its reason: `Pending: 0/5 nodes are available: 5 Insufficient memory`.

    What ended it last comes behind it: `Running, 3 restarts, last ended: OOMKilled (limit 2.0 GB), …`.
    """
    if pod.gone is not None:
        words = f"gone {ago(pod.gone, now)}" if now is not None else "gone"
        return f"{words}: {ended(pod.ended, now)}" if pod.ended is not None else words
    if pod.phase == "Failed":
        return f"Failed: {ended(pod.ended, now)}" if pod.ended is not None else "Failed"
    words = status(pod)
    if pod.phase == "Pending":
        words = pending(pod, now)
    parts = [words]
    if pod.restarts:
        parts.append("1 restart" if pod.restarts == 1 else f"{pod.restarts} restarts")
    if pod.ended is not None:
        parts.append(f"last ended: {ended(pod.ended, now)}")
    return ", ".join(parts)


def pending(pod: Pod, now: float | None = None) -> str:
    """Why a pod is Pending: `Pending: 0/5 nodes are available: …`; `Pending for 4 m` if nothing says why."""
    why = pod.pending or ("" if pod.waiting in STARTING else pod.waiting)
    if why:
        return f"Pending: {why}"
    if pod.created is not None and now is not None:
        return f"Pending for {fmt.duration(max(0.0, now - pod.created))}"
    return "Pending"


def pods_line(state: KubernetesState) -> str:
    """Pods of a cluster that are ready: `JM 1/1 · TM 3/4`, with what the others are: `· 1 Pending`.

    Pods that are gone, and those that have completed, are not counted. "" without any.
    """
    parts = [_ready(state, "jobmanager"), _ready(state, "taskmanager")]
    others: dict[str, int] = {}
    for pod in state.pods:
        if is_counted(pod) and not pod.ready:
            others[status(pod)] = others.get(status(pod), 0) + 1
    parts += [f"{count} {words}" for words, count in others.items()]
    return " · ".join(part for part in parts if part)


def is_counted(pod: Pod) -> bool:
    """Whether a pod is one of those that the cluster has now."""
    return pod.gone is None and pod.phase != "Succeeded"


def _ready(state: KubernetesState, component: Component) -> str:
    pods = [pod for pod in state.pods if is_counted(pod) and pod.component == component]
    if not pods:
        return ""
    return f"{SHORT_NAMES[component]} {sum(pod.ready for pod in pods)}/{len(pods)}"


def lifecycle(operator: OperatorState) -> str:
    """The lifecycle state in one word: STABLE, UPGRADING, DELETING; "…" if unknown."""
    if operator.deleting:
        return "DELETING"
    return operator.lifecycle or fmt.UNKNOWN


def operator_line(operator: OperatorState, now: float | None = None) -> str:
    """`operator: STABLE · last savepoint 2 h ago · upgrade mode savepoint`, and `error` if it has one."""
    parts = [f"operator: {lifecycle(operator)}"]
    if operator.error:
        parts.append("error")
    if operator.wanted == "suspended" and operator.lifecycle != "SUSPENDED":
        parts.append("to be suspended")
    if operator.savepoint_at is not None and now is not None:
        parts.append(f"last savepoint {ago(operator.savepoint_at, now)}")
    elif operator.savepoint:
        parts.append("has a savepoint")
    if operator.upgrade_mode:
        parts.append(f"upgrade mode {operator.upgrade_mode}")
    return " · ".join(parts)


def operator_error(operator: OperatorState) -> str:
    """What the operator could not do: `FlinkDeployment orders: …`; "" without an error."""
    return f"{operator.kind} {operator.name}: {operator.error}" if operator.error else ""


def managed(operator: OperatorState) -> str:
    """`managed by the Flink Kubernetes operator (FlinkDeployment orders)`."""
    return f"managed by the Flink Kubernetes operator ({operator.kind} {operator.name})"


def ago(at: float, now: float) -> str:
    """`3 m ago`."""
    return f"{fmt.duration(max(0.0, now - at))} ago"
