"""Pods of a Flink cluster in all conditions, and events about them, as an API server gives them in JSON.

`pod()` is one that runs well; the other builders take one and return what became of it.
"""

import copy
from collections.abc import Mapping

from tests.kubernetes.objects import (
    CONTAINER,
    CREATED,
    NATIVE,
    Object,
    deployment,
    digits,
    internal_service,
    metadata,
    micro_text,
    rest_service,
    time_text,
)

IMAGE = "docker.io/library/flink:2.2"
OOM_EXIT = 137
"""128 + SIGKILL."""


def pod_name(cluster: str, component: str, number: int = 1) -> str:
    """The name in native mode; JobManagers are pods of a Deployment and its ReplicaSet."""
    if component == "taskmanager":
        return f"{cluster}-taskmanager-1-{number}"
    return f"{cluster}-{digits(cluster, 10)}-{digits(f'{cluster} {number}', 5)}"


def pod(
    cluster: str = "orders",
    component: str = "taskmanager",
    namespace: str = "default",
    *,
    number: int = 1,
    name: str = "",
    kind: str = NATIVE,
    memory: str = "2Gi",
    node: str = "node-1",
    ip: str = "",
    restarts: int = 0,
    labels: Mapping[str, str] | None = None,
    sidecar: bool = False,
    created: float = CREATED,
) -> Object:
    """A pod that runs and is ready. `memory` is request and limit of Flink's container."""
    name = name or pod_name(cluster, component, number)
    taskmanager = component == "taskmanager"
    own = metadata(
        "Pod",
        name,
        namespace,
        created=created,
        labels={"app": cluster, "component": component, "type": kind} | dict(labels or {}),
    )
    owner = "Deployment" if taskmanager else "ReplicaSet"
    own["ownerReferences"] = [
        {
            "apiVersion": "apps/v1",
            "blockOwnerDeletion": True,
            "controller": True,
            "kind": owner,
            "name": cluster if taskmanager else f"{cluster}-{digits(cluster, 10)}",
            "uid": metadata(owner, cluster, namespace)["uid"],
        }
    ]
    address = ip or f"10.244.{1 + sum(cluster.encode()) % 200}.{number + (100 if taskmanager else 0)}"
    names = [CONTAINER, "log-shipper"] if sidecar else [CONTAINER]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": own,
        "spec": {
            "containers": [_container(each, memory, component) for each in names],
            "dnsPolicy": "ClusterFirst",
            "enableServiceLinks": True,
            "nodeName": node,
            "preemptionPolicy": "PreemptLowerPriority",
            "priority": 0,
            # Flink starts TaskManagers anew itself, the JobManager's Deployment its own.
            "restartPolicy": "Never" if taskmanager and kind == NATIVE else "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "serviceAccount": "flink",
            "serviceAccountName": "flink",
            "terminationGracePeriodSeconds": 30,
            "tolerations": [],
            "volumes": [
                {"configMap": {"defaultMode": 420, "name": f"flink-config-{cluster}"}, "name": "conf"}
            ],
        },
        "status": {
            "conditions": _conditions(created, ready=True),
            "containerStatuses": [_status(each, created, restarts) for each in names],
            "hostIP": "192.168.49.2",
            "hostIPs": [{"ip": "192.168.49.2"}],
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "qosClass": "Guaranteed",
            "startTime": time_text(created),
        },
    }


def _container(name: str, memory: str, component: str) -> Object:
    amounts = {"cpu": "1", "memory": memory if name == CONTAINER else "64Mi"}
    ports = [{"containerPort": 8081, "name": "rest", "protocol": "TCP"}] if component == "jobmanager" else []
    return {
        "image": "flink:2.2",
        "imagePullPolicy": "IfNotPresent",
        "name": name,
        "ports": ports,
        "resources": {"limits": dict(amounts), "requests": dict(amounts)},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": [{"mountPath": "/opt/flink/conf", "name": "conf"}],
    }


def _conditions(at: float, *, ready: bool) -> list[Object]:
    said: Object = (
        {}
        if ready
        else {"reason": "ContainersNotReady", "message": f"containers with unready status: [{CONTAINER}]"}
    )
    rows = [("PodReadyToStartContainers", True), ("Initialized", True), ("Ready", ready)]
    rows += [("ContainersReady", ready), ("PodScheduled", True)]
    return [
        {
            "lastProbeTime": None,
            "lastTransitionTime": time_text(at),
            "status": str(state),
            "type": name,
            **(said if name in {"Ready", "ContainersReady"} else {}),
        }
        for name, state in rows
    ]


def _status(name: str, started: float, restarts: int) -> Object:
    return {
        "containerID": f"containerd://{digits(name, 12)}",
        "image": IMAGE,
        "imageID": f"{IMAGE}@sha256:{'5f' * 32}",
        "lastState": {},
        "name": name,
        "ready": True,
        "restartCount": restarts,
        "started": True,
        "state": {"running": {"startedAt": time_text(started)}},
    }


def _terminated(reason: str, exit_code: int, started: float, at: float, message: str = "") -> Object:
    made: Object = {
        "containerID": f"containerd://{digits(reason, 12)}",
        "exitCode": exit_code,
        "finishedAt": time_text(at),
        "reason": reason,
        "startedAt": time_text(started),
    }
    return made | ({"message": message} if message else {})


def ended(
    given: Object,
    *,
    reason: str = "Error",
    exit_code: int = 1,
    at: float = CREATED + 600,
    restarted: bool | None = None,
    message: str = "",
) -> Object:
    """The container of Flink has ended, and was restarted or not: by default as the restart policy says."""
    made = copy.deepcopy(given)
    status = made["status"]["containerStatuses"][0]
    end = {"terminated": _terminated(reason, exit_code, CREATED, at, message)}
    if restarted is None:
        restarted = made["spec"]["restartPolicy"] == "Always"
    if restarted:
        status |= {
            "lastState": end,
            "restartCount": status["restartCount"] + 1,
            "state": {"running": {"startedAt": time_text(at + 1)}},
        }
    else:
        status |= {"state": end, "ready": False, "started": False}
        made["status"]["conditions"] = _conditions(at, ready=False)
        made["status"]["phase"] = "Failed" if exit_code else "Succeeded"
    return made


def oom_killed(given: Object, *, at: float = CREATED + 600, restarted: bool | None = None) -> Object:
    """The kernel ended it at its memory limit."""
    return ended(given, reason="OOMKilled", exit_code=OOM_EXIT, at=at, restarted=restarted)


def crash_looping(
    given: Object, *, exit_code: int = 1, restarts: int = 5, at: float = CREATED + 600, message: str = ""
) -> Object:
    """It has ended each time, and the next start is waited for."""
    made = ended(given, exit_code=exit_code, at=at, restarted=True, message=message)
    wait = f"back-off 2m40s restarting failed container={CONTAINER}"
    made["status"]["containerStatuses"][0] |= {
        "ready": False,
        "restartCount": restarts,
        "started": False,
        "state": {"waiting": {"message": wait, "reason": "CrashLoopBackOff"}},
    }
    made["status"]["conditions"] = _conditions(at, ready=False)
    return made


def evicted(given: Object, *, at: float = CREATED + 600, lacking: str = "memory") -> Object:
    """The kubelet removed it from a node that ran out of `lacking`."""
    made = ended(given, exit_code=OOM_EXIT, at=at, restarted=False)
    message = f"The node was low on resource: {lacking}. Threshold quantity: 100Mi, available: 71Mi. "
    message += (
        f"Container {CONTAINER} was using 1900Mi, request is 1Gi, has larger consumption of {lacking}. "
    )
    condition = {
        "lastProbeTime": None,
        "lastTransitionTime": time_text(at),
        "message": message,
        "reason": "TerminationByKubelet",
        "status": "True",
        "type": "DisruptionTarget",
    }
    made["status"] |= {"phase": "Failed", "reason": "Evicted", "message": message}
    made["status"]["conditions"].insert(0, condition)
    return made


def unschedulable(
    given: Object, why: str = "0/3 nodes are available: 3 Insufficient memory.", *, at: float = CREATED
) -> Object:
    """No node has room for it; `failed_scheduling` is the event that says the same."""
    made = copy.deepcopy(given)
    del made["spec"]["nodeName"]
    condition = {
        "lastProbeTime": None,
        "lastTransitionTime": time_text(at),
        "message": why,
        "reason": "Unschedulable",
        "status": "False",
        "type": "PodScheduled",
    }
    made["status"] = {"conditions": [condition], "phase": "Pending", "qosClass": "Guaranteed"}
    return made


def pulling_image_fails(
    given: Object, *, reason: str = "ImagePullBackOff", image: str = "flink:2.2-typo"
) -> Object:
    """Its image cannot be had: `ErrImagePull` when it was tried, `ImagePullBackOff` until the next try."""
    made = copy.deepcopy(given)
    message = f'Back-off pulling image "{image}": ErrImagePull: {image}: not found'
    made["spec"]["containers"][0]["image"] = image
    status = made["status"]["containerStatuses"][0]
    del status["containerID"]
    status |= {
        "image": image,
        "imageID": "",
        "ready": False,
        "started": False,
        "state": {"waiting": {"message": message, "reason": reason}},
    }
    made["status"]["phase"] = "Pending"
    made["status"]["conditions"] = _conditions(CREATED, ready=False)
    return made


def event(
    about: Object,
    reason: str,
    message: str,
    *,
    warning: bool = True,
    source: str = "kubelet",
    count: int = 1,
    first: float = CREATED,
    last: float | None = None,
    series: bool = False,
) -> Object:
    """An event about an object.

    The scheduler's events are `series` events: they have `eventTime` in microseconds, but no first time, last
    time and count.
    """
    of = about["metadata"]
    last = first if last is None else last
    name = f"{of['name']}.{digits(reason + message, 16)}"
    made: Object = {
        "apiVersion": "v1",
        "count": count,
        "eventTime": None,
        "firstTimestamp": time_text(first),
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": of["name"],
            "namespace": of["namespace"],
            "resourceVersion": of["resourceVersion"],
            "uid": of["uid"],
        },
        "kind": "Event",
        "lastTimestamp": time_text(last),
        "message": message,
        "metadata": metadata("Event", name, of["namespace"], created=last),
        "reason": reason,
        "reportingComponent": source,
        "reportingInstance": "",
        "source": {"component": source},
        "type": "Warning" if warning else "Normal",
    }
    if series:
        del made["count"]
        made |= {
            "action": "Scheduling",
            "eventTime": micro_text(first),
            "firstTimestamp": None,
            "lastTimestamp": None,
            "reportingInstance": f"{source}-node-1",
            "source": {},
        }
        if count > 1:
            made["series"] = {"count": count, "lastObservedTime": micro_text(last)}
    return made


def failed_scheduling(given: Object, *, at: float = CREATED, count: int = 1) -> Object:
    """What the scheduler says of an unschedulable pod, in the words of its condition."""
    why = next(row["message"] for row in given["status"]["conditions"] if row["type"] == "PodScheduled")
    return event(
        given, "FailedScheduling", why, source="default-scheduler", first=at, count=count, series=True
    )


def failed_pull(given: Object, *, at: float = CREATED) -> Object:
    """What the kubelet says of a pod whose image cannot be had."""
    image = given["spec"]["containers"][0]["image"]
    return event(given, "Failed", f'Failed to pull image "{image}": {image}: not found', first=at, count=3)


def over_quota(cluster: str = "orders", namespace: str = "default", *, at: float = CREATED) -> Object:
    """The quota leaves no room for the JobManager's pod: about its ReplicaSet, since there is no pod."""
    name = f"{cluster}-{digits(cluster, 10)}"
    about = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata("ReplicaSet", name, namespace),
    }
    why = f'Error creating: pods "{name}-" is forbidden: exceeded quota: team, '
    why += "requested: limits.memory=2Gi, used: limits.memory=15Gi, limited: limits.memory=16Gi"
    return event(about, "FailedCreate", why, source="replicaset-controller", first=at)


def flink_cluster(
    name: str = "orders", namespace: str = "default", *, taskmanagers: int = 1, managed: bool = True
) -> list[Object]:
    """All objects of a healthy cluster: services and pods, and its FlinkDeployment if it is managed."""
    made = [deployment(name, namespace, taskmanagers=taskmanagers)] if managed else []
    made += [rest_service(name, namespace), internal_service(name, namespace)]
    made += [pod(name, "jobmanager", namespace)]
    return made + [pod(name, "taskmanager", namespace, number=number + 1) for number in range(taskmanagers)]
