"""Objects of Kubernetes as its API server sends them: the fields that flinktop reads, nothing of the rest.

Service, Pod and Event are those of core/v1. FlinkDeployment, FlinkSessionJob and FlinkStateSnapshot have the
shape of flink.apache.org/v1beta1 in the CRDs of Flink Kubernetes operator 1.15 and of its main branch of July
2026 (helm/flink-kubernetes-operator/crds); operators since 1.0 send fewer of these fields. FlinkStateSnapshot
came with 1.10, `status.lifecycleState` with 1.4.

Every field may be missing. A field of another type is dropped and the rest is kept. Texts are as they were
sent: pods.py, operator.py and discovery.py clean what they pass on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from flinktop.flink.decode import DecodeError, decode
from flinktop.flink.text import clean, cut
from flinktop.model import redaction

T = TypeVar("T")
MOST_TEXT = 1000  # characters of a message


class OwnerReference(Struct, frozen=True, rename="camel"):
    """What made an object: the ReplicaSet of a pod, for example."""

    kind: str = ""
    name: str = ""


class Metadata(Struct, frozen=True, rename="camel"):
    """What every object has."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    resource_version: str = ""
    owner_references: tuple[OwnerReference, ...] = ()


class Thing(Struct, frozen=True, rename="camel"):
    """An object of any kind: its metadata alone."""

    metadata: Metadata = Metadata()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name: what it is known by among objects of its kind."""
        return self.metadata.namespace, self.metadata.name


# -- Service -------------------------------------------------------------------------------------------


class ServicePort(Struct, frozen=True, rename="camel"):
    """A port of a service."""

    name: str = ""
    port: int = 0
    app_protocol: str | None = None


class ServiceSpec(Struct, frozen=True, rename="camel"):
    """Where a service leads: to the pods with the labels of its selector."""

    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = {}
    cluster_ip: str = msgspec.field(default="", name="clusterIP")


class Service(Thing, frozen=True, rename="camel"):
    """A name and an address for pods."""

    spec: ServiceSpec = ServiceSpec()


# -- Pod -----------------------------------------------------------------------------------------------


class Resources(Struct, frozen=True, rename="camel"):
    """What a container may use at most, in quantities such as `2Gi`."""

    limits: dict[str, str | float] = {}


class Container(Struct, frozen=True, rename="camel"):
    """A container as it is to be."""

    name: str = ""
    resources: Resources = Resources()


class PodSpec(Struct, frozen=True, rename="camel"):
    """A pod as it is to be."""

    containers: tuple[Container, ...] = ()
    node_name: str | None = None


class Waiting(Struct, frozen=True, rename="camel"):
    """Why a container does not run yet, or not again."""

    reason: str | None = None
    message: str | None = None


class Terminated(Struct, frozen=True, rename="camel"):
    """How a container ended."""

    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    finished_at: str | None = None


class ContainerState(Struct, frozen=True, rename="camel"):
    """Whether a container waits or has ended; neither while it runs."""

    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct, frozen=True, rename="camel"):
    """A container as it is."""

    name: str = ""
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class Condition(Struct, frozen=True, rename="camel"):
    """One thing that is true or not of a pod, with a reason."""

    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class PodStatus(Struct, frozen=True, rename="camel"):
    """A pod as it is."""

    phase: str = ""
    reason: str | None = None
    message: str | None = None
    pod_ip: str | None = msgspec.field(default=None, name="podIP")
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class PodObject(Thing, frozen=True, rename="camel"):
    """A pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


# -- Event ---------------------------------------------------------------------------------------------


class InvolvedObject(Struct, frozen=True, rename="camel"):
    """What an event is about."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EventSeries(Struct, frozen=True, rename="camel"):
    """How often the same happened."""

    last_observed_time: str | None = None


class Event(Thing, frozen=True, rename="camel"):
    """Something that happened to an object."""

    involved_object: InvolvedObject = InvolvedObject()
    type: str | None = None
    reason: str | None = None
    message: str | None = None
    event_time: str | None = None
    last_timestamp: str | None = None
    first_timestamp: str | None = None
    series: EventSeries | None = None

    @property
    def at(self) -> float | None:
        """When it was last seen, s since 1970. The scheduler's events have no lastTimestamp, but a series."""
        observed = self.series.last_observed_time if self.series is not None else None
        texts = (observed, self.last_timestamp, self.event_time, self.first_timestamp)
        made = (*texts, self.metadata.creation_timestamp)
        return next((at for text in made if (at := seconds(text)) is not None), None)


# -- what the operator made ----------------------------------------------------------------------------


class JobSpec(Struct, frozen=True, rename="camel"):
    """A job as it is to be; the defaults are the operator's own."""

    state: str = "running"
    upgrade_mode: str = "stateless"


class Savepoint(Struct, frozen=True, rename="camel"):
    """The last savepoint of a job."""

    location: str | None = None
    time_stamp: int | None = None  # ms


class SavepointInfo(Struct, frozen=True, rename="camel"):
    """What the operator knows of the savepoints of a job."""

    last_savepoint: Savepoint | None = None


class JobStatus(Struct, frozen=True, rename="camel"):
    """A job as the operator last saw it."""

    job_id: str | None = None
    job_name: str | None = None
    state: str | None = None
    savepoint_info: SavepointInfo | None = None
    upgrade_savepoint_path: str | None = None


class Reconciliation(Struct, frozen=True, rename="camel"):
    """How far the operator is in bringing a cluster to its specification."""

    state: str | None = None


class FlinkStatus(Struct, frozen=True, rename="camel"):
    """A cluster or a job as the operator last saw it."""

    error: str | None = None
    lifecycle_state: str | None = None
    job_status: JobStatus | None = None
    reconciliation_status: Reconciliation | None = None


class FlinkSpec(Struct, frozen=True, rename="camel"):
    """A cluster or a job as it is to be."""

    job: JobSpec | None = None
    deployment_name: str = ""  # of a FlinkSessionJob
    flink_configuration: dict[str, Any] | None = None


class FlinkObject(Thing, frozen=True, rename="camel"):
    """A FlinkDeployment or a FlinkSessionJob."""

    spec: FlinkSpec = FlinkSpec()
    status: FlinkStatus | None = None


class JobReference(Struct, frozen=True, rename="camel"):
    """Which job a snapshot is of: a FlinkDeployment's or a FlinkSessionJob's."""

    kind: str = ""
    name: str = ""


class SnapshotSpec(Struct, frozen=True, rename="camel"):
    """A snapshot as it is to be: a savepoint or a checkpoint."""

    job_reference: JobReference | None = None
    savepoint: dict[str, Any] | None = None
    checkpoint: dict[str, Any] | None = None


class SnapshotStatus(Struct, frozen=True, rename="camel"):
    """A snapshot as it is."""

    state: str | None = None
    path: str | None = None
    result_timestamp: str | None = None


class Snapshot(Thing, frozen=True, rename="camel"):
    """A FlinkStateSnapshot."""

    spec: SnapshotSpec = SnapshotSpec()
    status: SnapshotStatus | None = None


# -- reading -------------------------------------------------------------------------------------------


def read(body: bytes | msgspec.Raw, kind: type[T]) -> T | None:
    """An object of a kind; None if nothing of it is usable."""
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return decode(bytes(body), kind).value
    except (DecodeError, msgspec.ValidationError):
        return None


def seconds(text: str | None) -> float | None:
    """A time of Kubernetes (RFC 3339), in s since 1970; None for anything else."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.timestamp() if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def name_of(text: str | None) -> str:
    """A name from outside, on one line."""
    return clean(cut(text, 300)) if text else ""


def sentence(text: str | None) -> str:
    """A message from outside, on one line, without secrets and without the full stop at its end."""
    if not text:
        return ""
    return " ".join(redaction.text(clean(cut(text, MOST_TEXT))).split()).removesuffix(".")
