"""What Kubernetes knows of a Flink cluster: its pods, and what the Flink Kubernetes operator says of it.

Times are seconds since 1970 by the API server's clock, sizes are bytes. Sources: `Pod` of core/v1, and
`FlinkDeployment`, `FlinkSessionJob` and `FlinkStateSnapshot` of flink.apache.org/v1beta1.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

SESSION_JOB: Final = "FlinkSessionJob"

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
    memory_limit: int | None = None  # of that container
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

    @property
    def has_job(self) -> bool:
        """Whether it runs a job of its own, and is no bare session cluster."""
        return self.kind == SESSION_JOB or bool(self.wanted or self.upgrade_mode or self.job_id)

    @property
    def is_wrong(self) -> bool:
        """Whether the operator could not do what it was asked to, or its job has failed for good."""
        return bool(self.error) or self.lifecycle.upper() == "FAILED"


class KubernetesState(Struct, frozen=True, kw_only=True):
    """All that Kubernetes knows of one Flink cluster."""

    context: str
    namespace: str
    service: str = ""
    pods: tuple[Pod, ...] = ()  # also those that are gone for a short time
    operator: OperatorState | None = None  # None: no operator manages the cluster
    session_jobs: tuple[OperatorState, ...] = ()
    not_created: str = (
        ""  # why a pod could not even be made, in words (a quota, a limit): FailedCreate events
    )
    deleted: float | None = None  # since when the cluster is no longer there
    missing: tuple[str, ...] = ()  # sentences: what may not be read, and which right is missing
    at: float = 0.0  # s since 1970, by this machine: when it was read

    def pod_of(self, taskmanager: str, host: str = "", before: float | None = None) -> Pod | None:
        """The pod of a TaskManager: by its id (Flink on Kubernetes uses the pod's name) or its address.

        `host` may have a port. Of several pods that had this address one after the other it is the newest
        that was there `before` (s since 1970).
        """
        named = next((pod for pod in self.pods if taskmanager and pod.name == taskmanager), None)
        if named is not None:
            return named
        address = _host(host) or _host(taskmanager)
        # A stateful set's pod goes by NAME.SERVICE, others by their address.
        at_host = [pod for pod in self.pods if address and address in (pod.ip, pod.name)]
        at_host = at_host or [pod for pod in self.pods if address and pod.name == address.partition(".")[0]]
        there = [pod for pod in at_host if before is None or pod.created is None or pod.created <= before]
        return max(there, key=lambda pod: (pod.gone is None, pod.created or 0.0), default=None)

    def manager_of(self, job: str, name: str = "") -> OperatorState | None:
        """What of the operator runs a job: a FlinkSessionJob, or the FlinkDeployment; None: nothing does.

        On the cluster of a FlinkDeployment with a job every job is from its program.
        """
        by_id = next((one for one in self.session_jobs if job and one.job_id == job), None)
        if by_id is not None:
            return by_id
        if self.operator is not None and self.operator.has_job:
            return self.operator
        # Before it is submitted a FlinkSessionJob has no id.
        return next(
            (one for one in self.session_jobs if not one.job_id and name and one.job_name == name), None
        )

    def pods_of(self, component: Component) -> tuple[Pod, ...]:
        """The pods of a component that are still listed."""
        return tuple(pod for pod in self.pods if pod.component == component and pod.gone is None)


def _host(address: str) -> str:
    """The host of `host:port`, `[v6]:port`, or of an id such as `10.0.0.1:6122-a1b2c3`."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") < 2 else address  # noqa: PLR2004 -- a bare v6 address
