"""What Kubernetes knows of a Flink cluster: its pods, and what the Flink Kubernetes operator says of it.

Times are seconds since 1970 by the API server's clock, sizes are bytes. Sources: `Pod` of core/v1, and
`FlinkDeployment`, `FlinkSessionJob` and `FlinkStateSnapshot` of flink.apache.org/v1beta1.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Component = Literal["jobmanager", "taskmanager", ""]


class ContainerEnd(Struct, frozen=True, kw_only=True):
    """Why a container ended, or why its whole pod was removed from its node."""

    reason: str  # OOMKilled, Error, Completed, Evicted, …
    exit_code: int | None = None
    signal: int | None = None
    at: float | None = None
    memory_limit: int | None = None  # of the container
    message: str = ""


class Pod(Struct, frozen=True, kw_only=True):
    """One pod of a Flink cluster."""

    name: str
    uid: str = ""
    component: Component = ""
    phase: str = ""  # Pending, Running, Succeeded, Failed, Unknown
    ready: bool = False
    restarts: int = 0  # of the container that runs Flink
    node: str = ""
    ip: str = ""
    container: str = ""  # the name of the container that runs Flink
    created: float | None = None
    ended: ContainerEnd | None = None  # the last end of that container, if it has ended at least once
    waiting: str = ""  # why a container does not run: ImagePullBackOff, CrashLoopBackOff, … or ""
    pending: str = ""  # why it is Pending, in words: what its events or conditions say
    gone: float | None = None  # since when it is no longer listed; None while it is


class OperatorState(Struct, frozen=True, kw_only=True):
    """What the operator says of a FlinkDeployment or a FlinkSessionJob."""

    kind: str  # FlinkDeployment, FlinkSessionJob
    name: str
    lifecycle: str = ""  # CREATED, SUSPENDED, UPGRADING, DEPLOYED, STABLE, ROLLING_BACK, ROLLED_BACK, FAILED
    job_status: str = ""  # status.jobStatus.state
    job_id: str = ""
    job_name: str = ""
    error: str = ""  # of the last reconciliation, its message alone
    wanted: str = ""  # spec.job.state: running, suspended
    upgrade_mode: str = ""  # spec.job.upgradeMode: stateless, last-state, savepoint
    savepoint: str = ""  # path of the last savepoint it knows of
    savepoint_at: float | None = None
    deleting: bool = False  # it is about to be deleted


class KubernetesState(Struct, frozen=True, kw_only=True):
    """All that Kubernetes knows of one Flink cluster."""

    context: str
    namespace: str
    service: str = ""
    pods: tuple[Pod, ...] = ()  # also those that are gone for a short time
    operator: OperatorState | None = None  # None: no operator manages the cluster
    session_jobs: tuple[OperatorState, ...] = ()
    deleted: float | None = None  # since when the cluster is no longer there
    missing: tuple[str, ...] = ()  # sentences: what may not be read, and which right is missing
    at: float = 0.0  # s since 1970, by this machine: when it was read

    def pod_of(self, taskmanager: str, host: str = "") -> Pod | None:
        """The pod of a TaskManager: by its id (Flink on Kubernetes uses the pod's name) or its address."""
        by_name = next((pod for pod in self.pods if pod.name == taskmanager), None)
        if by_name is not None or not (host or taskmanager):
            return by_name
        address = host or taskmanager.partition(":")[0]
        return next((pod for pod in self.pods if pod.ip and pod.ip == address), None)
