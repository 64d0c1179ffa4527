"""Flink clusters, from the objects of a context: which there are, how each is reached, which pods it has.

A FlinkDeployment NAME is a cluster, reached by the service NAME-rest; the operator's pods and services have
the labels app=NAME, type=flink-native-kubernetes or flink-standalone-kubernetes, and component=jobmanager or
taskmanager (operator 1.0 to 1.15). Any other service with `component: jobmanager` in its selector and a port
named rest, ui or webui, or numbered 8081, may be one too: its /config says so.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.kubernetes.names import cluster_name, url
from flinktop.kubernetes.objects import name_of
from flinktop.kubernetes.services import groups_of, selects
from flinktop.model.kubernetes import KubernetesState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flinktop.kubernetes.parts import (
        ClusterPod,
        Deployment,
        Key,
        NotCreated,
        RestService,
        Savepoint,
        SessionJob,
    )
    from flinktop.kubernetes.selectors import Selector
    from flinktop.kubernetes.services import Group
    from flinktop.model.kubernetes import OperatorState, Pod

REST_SUFFIX: Final = "-rest"
NOT_CREATED_SECONDS: Final = 1800.0
"""An event that is older tells of the past: a ReplicaSet tries again at least every 17 minutes."""


class Parts(Struct):
    """All that was received of a context, by namespace and name."""

    deployments: dict[Key, Deployment] = {}
    session_jobs: dict[Key, SessionJob] = {}
    savepoints: dict[Key, Savepoint] = {}
    services: dict[Key, RestService] = {}
    pods: dict[Key, ClusterPod] = {}
    not_created: dict[Key, NotCreated] = {}


class Found(Struct, frozen=True, kw_only=True):
    """A Flink cluster on Kubernetes."""

    name: str  # NAMESPACE/NAME, unique in its context
    namespace: str
    service: str
    port: int
    scheme: str  # http, https
    url: str  # its identity, which is no address to connect to
    state: KubernetesState
    confirmed: bool = True  # False: its /config is still to be asked whether it is Flink at all


class _Cluster(Struct):
    """What belongs to one cluster."""

    name: str
    service: str
    port: int
    https: bool
    confirmed: bool
    selector: dict[str, str]  # of all its pods
    labels: list[dict[str, str]]  # of its FlinkDeployment and its services
    leads: frozenset[str] = frozenset()  # pods that its services lead to
    deployment: Deployment | None = None
    pods: list[ClusterPod] = []


def clusters_of(
    context: str,
    parts: Parts,
    *,
    selector: Selector | None = None,
    gone: Mapping[str, Sequence[ClusterPod]] | None = None,
    now: float = 0.0,
) -> tuple[Found, ...]:
    """The clusters of a context that a selector matches, by name.

    `gone`: pods by namespace that are no longer listed; `now`: s since 1970. `state.missing` and `state.at`
    are for the caller to set.
    """
    found: list[Found] = []
    gone = gone or {}
    newest = _newest(parts.savepoints)
    jobs = _jobs(parts.session_jobs, newest)
    for namespace, here in _by_namespace(parts).items():
        clusters = _clusters(here)
        _share_pods(clusters, (*here.pods.items(), *((one.pod.name, one) for one in gone.get(namespace, ()))))
        for cluster in clusters:
            if selector is None or _matches(selector, cluster):
                its = jobs.get((namespace, cluster.name), ()) if cluster.deployment is not None else ()
                why = _why_not_created(cluster, here.not_created, now)
                found.append(_found(context, namespace, cluster, its, newest, why))
    return tuple(sorted(found, key=lambda one: one.name))


class _Namespace(Struct):
    """The parts of one namespace, by name."""

    deployments: dict[str, Deployment] = {}
    services: dict[str, RestService] = {}
    pods: dict[str, ClusterPod] = {}
    not_created: list[NotCreated] = []


def _by_namespace(parts: Parts) -> dict[str, _Namespace]:
    spaces: dict[str, _Namespace] = defaultdict(_Namespace)
    for (namespace, name), deployment in parts.deployments.items():
        spaces[namespace].deployments[name] = deployment
    for (namespace, name), service in parts.services.items():
        spaces[namespace].services[name] = service
    for (namespace, name), pod in parts.pods.items():
        if namespace in spaces:
            spaces[namespace].pods[name] = pod
    for (namespace, _), event in parts.not_created.items():
        if namespace in spaces:
            spaces[namespace].not_created.append(event)
    return spaces


# -- clusters of a namespace ---------------------------------------------------------------------------


def _clusters(here: _Namespace) -> list[_Cluster]:
    by_app: dict[str, list[Group]] = defaultdict(list)
    others: list[Group] = []
    for group in groups_of(here.services, here.pods):
        (by_app[group.app] if group.app in here.deployments else others).append(group)
    clusters = [
        _managed(name, deployment, by_app.get(name, ())) for name, deployment in here.deployments.items()
    ]
    taken = set(here.deployments)
    # Names of services are unique: clusters that are called as their service go first.
    others.sort(key=lambda one: (cluster_name(one.service, one.selector) != one.service, one.service))
    for group in others:
        cluster = _plain(group, taken)
        taken.add(cluster.name)
        clusters.append(cluster)
    return clusters


def _managed(name: str, deployment: Deployment, groups: Iterable[Group]) -> _Cluster:
    services = {service: one for group in groups for service, one in group.services.items()}
    own = f"{name}{REST_SUFFIX}"
    best = min(services, key=lambda one: (one != own, services[one].rank, one), default=own)
    leads = services.get(best)
    return _Cluster(
        name,
        best,
        leads.port if leads is not None else deployment.port,
        https=deployment.https or (leads is not None and leads.https),
        confirmed=True,
        selector={"app": name},
        labels=[deployment.labels, *(one.labels for one in services.values())],
        deployment=deployment,
    )


def _plain(group: Group, taken: set[str]) -> _Cluster:
    service = group.services[group.service]
    name = cluster_name(group.service, group.selector)
    if name in taken:
        name = group.service
    while name in taken:  # a FlinkDeployment with the name of this service, which is another cluster
        name += " (service)"
    return _Cluster(
        name,
        group.service,
        service.port,
        https=service.https,
        confirmed=group.selector.get("type", "").startswith("flink-"),
        # TaskManagers have the other labels as well.
        selector={key: value for key, value in group.selector.items() if key != "component"},
        labels=[one.labels for one in group.services.values()],
        leads=group.leads,
    )


# -- their pods ----------------------------------------------------------------------------------------


def _share_pods(clusters: list[_Cluster], pods: Iterable[tuple[str, ClusterPod]]) -> None:
    """Give each pod to one cluster: to that whose selector says most of it."""
    by_app: dict[str | None, list[_Cluster]] = defaultdict(list)
    led = {name: cluster for cluster in clusters for name in cluster.leads}
    for cluster in sorted(clusters, key=lambda one: -len(one.selector)):
        if cluster.selector:
            by_app[cluster.selector.get("app")].append(cluster)
    for name, pod in pods:
        app = pod.labels.get("app")
        owner: _Cluster | None = led.get(name) or next(
            (
                one
                for key in ((app, None) if app is not None else (None,))
                for one in by_app.get(key, ())
                if selects(one.selector, pod.labels)
            ),
            # The selector may have labels that TaskManagers lack.
            clusters[0] if len(clusters) == 1 else None,
        )
        if owner is not None:
            owner.pods.append(pod)


def _matches(selector: Selector, cluster: _Cluster) -> bool:
    """Whether a selector matches the FlinkDeployment, a service or a JobManager."""
    jobmanagers = (pod.labels for pod in cluster.pods if pod.pod.component == "jobmanager")
    return any(selector.matches(labels) for labels in (*cluster.labels, *jobmanagers))


# -- what is known of them -----------------------------------------------------------------------------


def _jobs(
    session_jobs: Mapping[Key, SessionJob], newest: Mapping[tuple[str, str, str], Savepoint]
) -> dict[Key, list[OperatorState]]:
    """The session jobs by namespace and name of their session cluster, with their newest savepoints."""
    found: dict[Key, list[OperatorState]] = defaultdict(list)
    for (namespace, _), job in sorted(session_jobs.items()):
        found[namespace, job.cluster].append(_with_savepoint(job.operator, namespace, newest))
    return found


def _newest(savepoints: Mapping[Key, Savepoint]) -> dict[tuple[str, str, str], Savepoint]:
    """The newest savepoint of each job: by namespace, kind and name of what has the job."""
    found: dict[tuple[str, str, str], Savepoint] = {}
    for (namespace, _), one in savepoints.items():
        key = (namespace, *one.job)
        if key not in found or (one.at or 0.0) > (found[key].at or 0.0):
            found[key] = one
    return found


def _with_savepoint(
    state: OperatorState, namespace: str, newest: Mapping[tuple[str, str, str], Savepoint]
) -> OperatorState:
    one = newest.get((namespace, state.kind, state.name))
    if one is None or (state.savepoint_at is not None and (one.at or 0.0) <= state.savepoint_at):
        return state
    return replace(state, savepoint=one.path, savepoint_at=one.at)


def _why_not_created(cluster: _Cluster, events: Iterable[NotCreated], now: float) -> str:
    """Why a pod of a cluster could not be created last; "" if none was tried in the last half hour."""
    if not events:
        return ""
    created = {pod.owner: max(pod.pod.created or 0.0, 0.0) for pod in cluster.pods}
    app = cluster.selector.get("app") or cluster.name
    names = {app, cluster.name, f"{app}-jobmanager", f"{app}-taskmanager"}
    names |= {owner.rpartition("-")[0] for owner in created}
    about = [
        one
        for one in events
        if (one.owner in created or one.owner in names or one.owner.rpartition("-")[0] in names)
        and one.at is not None
        and now - one.at < NOT_CREATED_SECONDS
        and one.at > created.get(one.owner, 0.0)
    ]
    return max(about, key=lambda one: one.at or 0.0).why if about else ""


def _order(pod: Pod) -> tuple[bool, str, float, str]:
    """Those that are there first, JobManagers before TaskManagers."""
    return pod.gone is not None, pod.component, -(pod.gone or 0.0), pod.name


def _found(  # noqa: PLR0917 -- what it is made of
    context: str,
    namespace: str,
    cluster: _Cluster,
    session_jobs: Iterable[OperatorState],
    newest: Mapping[tuple[str, str, str], Savepoint],
    not_created: str,
) -> Found:
    scheme = "https" if cluster.https else "http"
    operator = None
    if cluster.deployment is not None:
        operator = _with_savepoint(cluster.deployment.operator, namespace, newest)
    return Found(
        name=f"{name_of(namespace)}/{name_of(cluster.name)}",
        namespace=namespace,
        service=cluster.service,
        port=cluster.port,
        scheme=scheme,
        url=url(scheme, cluster.service, namespace, context, cluster.port),
        state=KubernetesState(
            context=name_of(context),
            namespace=name_of(namespace),
            service=name_of(cluster.service),
            pods=tuple(sorted((pod.pod for pod in cluster.pods), key=_order)),
            operator=operator,
            session_jobs=tuple(session_jobs),
            not_created=not_created,
        ),
        confirmed=cluster.confirmed,
    )
