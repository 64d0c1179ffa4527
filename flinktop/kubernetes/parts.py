"""What discovery puts clusters together from: one small value per object, made once when it is received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from flinktop.kubernetes import operator, pods
from flinktop.kubernetes.objects import name_of, seconds, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.kubernetes.objects import Event, FlinkObject, PodObject, Service, ServicePort, Snapshot
    from flinktop.model.kubernetes import OperatorState, Pod

Key = tuple[str, str]  # namespace and name

REST_PORT: Final = 8081
_REST_NAMES: Final = ("rest", "webui", "ui")  # the names of ports that lead to Flink's REST API, best first
_TLS: Final = ("https", "kubernetes.io/https")
_HIGHEST_PORT: Final = 65535


class Deployment(Struct, frozen=True):
    """A FlinkDeployment."""

    labels: dict[str, str]
    operator: OperatorState
    port: int
    https: bool


class SessionJob(Struct, frozen=True):
    """A FlinkSessionJob, and the name of its session cluster."""

    cluster: str
    operator: OperatorState


class Savepoint(Struct, frozen=True):
    """A savepoint that a FlinkStateSnapshot completed."""

    job: tuple[str, str]  # kind and name of what has the job
    path: str
    at: float | None


class RestService(Struct, frozen=True):
    """A service that may lead to a JobManager."""

    labels: dict[str, str]
    selector: dict[str, str]
    port: int
    https: bool
    rank: int  # the lower, the better it is to go by


class ClusterPod(Struct, frozen=True):
    """A pod of Flink, and the ReplicaSet, StatefulSet or Deployment that made it."""

    labels: dict[str, str]
    owner: str
    pod: Pod


class NotCreated(Struct, frozen=True):
    """Why a ReplicaSet or a StatefulSet could not create a pod."""

    owner: str
    why: str
    at: float | None


def deployment(given: FlinkObject) -> Deployment:
    """What is used of a FlinkDeployment."""
    settings = given.spec.flink_configuration or {}
    port = setting(settings, "rest.port")
    return Deployment(
        labels=given.metadata.labels,
        operator=operator.state_of("FlinkDeployment", given),
        port=int(port) if port.isdecimal() and 0 < int(port[:6]) <= _HIGHEST_PORT else REST_PORT,
        https=setting(settings, "security.ssl.rest.enabled").lower() == "true",
    )


def setting(settings: Mapping[str, Any], key: str) -> str:
    """A setting of Flink's configuration: `a.b: x`, or nested from operator 1.13 on; "" if there is none."""
    if (value := settings.get(key)) is not None and not isinstance(value, dict):
        return str(value)
    for name, inner in settings.items():
        if isinstance(inner, dict) and key.startswith(f"{name}."):
            found = setting(inner, key[len(name) + 1 :])
            if found:
                return found
    return ""


def session_job(given: FlinkObject) -> SessionJob | None:
    """What is used of a FlinkSessionJob; None if it names no session cluster."""
    if not given.spec.deployment_name:
        return None
    return SessionJob(given.spec.deployment_name, operator.state_of("FlinkSessionJob", given))


def savepoint(given: Snapshot) -> Savepoint | None:
    """The savepoint of a FlinkStateSnapshot; None for a checkpoint, and for one that isn't completed."""
    status, reference = given.status, given.spec.job_reference
    if reference is None or status is None or given.spec.savepoint is None:
        return None
    if status.state != "COMPLETED" or not status.path:
        return None
    at = seconds(status.result_timestamp) or seconds(given.metadata.creation_timestamp)
    return Savepoint((reference.kind, reference.name), sentence(status.path), at)


def rest_service(given: Service) -> RestService | None:
    """A service whose selector and ports may lead to a JobManager; None for any other."""
    if given.spec.selector.get("component") != "jobmanager":
        return None
    ranked = [(rank, port) for port in given.spec.ports if (rank := _rank(port)) is not None]
    if not ranked:
        return None
    rank, port = min(ranked, key=lambda one: (one[0], one[1].port))
    headless = given.spec.cluster_ip == "None"
    return RestService(
        labels=given.metadata.labels,
        selector=given.spec.selector,
        port=port.port,
        https=port.app_protocol in _TLS,
        rank=rank + (len(_REST_NAMES) + 1 if headless else 0),
    )


def _rank(port: ServicePort) -> int | None:
    if port.name in _REST_NAMES and 0 < port.port <= _HIGHEST_PORT:
        return _REST_NAMES.index(port.name)
    return len(_REST_NAMES) if port.port == REST_PORT else None


def cluster_pod(given: PodObject) -> ClusterPod:
    """What is used of a pod."""
    owners = given.metadata.owner_references
    return ClusterPod(given.metadata.labels, owners[0].name if owners else "", pods.pod_of(given))


def not_created(given: Event) -> NotCreated | None:
    """What an event says of a pod that could not be created; None for any other event."""
    if given.reason != "FailedCreate":
        return None
    words = sentence(given.message)
    # The name that the pod would have had is no one's to know.
    why = words.partition(" is forbidden: ")[2] or words.removeprefix("Error creating: ")
    return NotCreated(name_of(given.involved_object.name), why, given.at)
