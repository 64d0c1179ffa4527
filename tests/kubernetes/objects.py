"""Objects of Kubernetes and of the Flink Kubernetes operator, as an API server gives them in JSON.

Field names are those of core/v1, and of the CRDs that apache/flink-kubernetes-operator 1.15 publishes below
helm/flink-kubernetes-operator/crds. Times are seconds since 1970. Every builder returns a new value that may
be changed.
"""

import copy
import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]

CREATED = 1_767_225_600.0
"""When everything was made that is not told otherwise: 2026-01-01T00:00:00Z."""
NATIVE = "flink-native-kubernetes"
"""The label `type` in native mode; in standalone mode it is `flink-standalone-kubernetes`."""
CONTAINER = "flink-main-container"
"""The container that Flink runs in, beside any others of a pod template."""


def time_text(seconds: float) -> str:
    """Seconds since 1970 as Kubernetes writes them, without fractions."""
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str | None) -> float | None:
    """The seconds since 1970 of a time of Kubernetes, with or without fractions."""
    return None if not text else dt.datetime.fromisoformat(text).timestamp()


def micro_text(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digits(text: str, count: int) -> str:
    """Letters and digits made of `text`, as in the generated part of a name: always the same."""
    letters = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(letters[byte % len(letters)] for byte in hashlib.sha256(text.encode()).digest()[:count])


def metadata(
    kind: str,
    name: str,
    namespace: str,
    *,
    created: float = CREATED,
    labels: Mapping[str, str] | None = None,
    deleting: float | None = None,
    **more: Any,
) -> Object:
    """The metadata of an object; its uid is made of kind, namespace and name."""
    made: Object = {
        "name": name,
        "namespace": namespace,
        "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}")),
        "resourceVersion": "1",
        "creationTimestamp": time_text(created),
        **more,
    }
    if labels:
        made["labels"] = dict(labels)
    if deleting is not None:
        made["deletionTimestamp"] = time_text(deleting)
        made["deletionGracePeriodSeconds"] = 0
    return made


def operator_error(
    message: str, kind: str = "org.apache.flink.kubernetes.operator.exception.ReconciliationException"
) -> str:
    """`status.error` as the operator writes it: JSON in a string, the causes in `throwableList`."""
    cause = {"type": "java.lang.RuntimeException", "message": message, "additionalMetadata": {}}
    return json.dumps(
        {"type": kind, "message": message, "additionalMetadata": {}, "throwableList": [cause]},
        separators=(",", ":"),
    )


def job_spec(*, wanted: str = "running", upgrade_mode: str = "savepoint", parallelism: int = 2) -> Object:
    """`spec.job` of a FlinkDeployment or a FlinkSessionJob."""
    return {
        "allowNonRestoredState": False,
        "args": [],
        "entryClass": "com.example.Orders",
        "jarURI": "local:///opt/flink/usrlib/orders.jar",
        "parallelism": parallelism,
        "state": wanted,
        "upgradeMode": upgrade_mode,
    }


def job_status(
    *,
    state: str = "RUNNING",
    job_id: str = "",
    job_name: str = "",
    savepoint: str = "",
    savepoint_at: float | None = None,
    started: float = CREATED,
) -> Object:
    """`status.jobStatus`; the savepoint is the last one that the operator triggered itself."""
    snapshots: Object = {"lastPeriodicSavepointTimestamp": 0, "savepointHistory": []}
    if savepoint:
        last = {
            "formatType": "CANONICAL",
            "location": savepoint,
            "timeStamp": int((started if savepoint_at is None else savepoint_at) * 1000),
            "triggerNonce": 1,
            "triggerType": "MANUAL",
        }
        snapshots |= {"lastSavepoint": last, "savepointHistory": [last]}
    status: Object = {
        "checkpointInfo": {"lastPeriodicCheckpointTimestamp": 0},
        "jobId": job_id or hashlib.md5(job_name.encode(), usedforsecurity=False).hexdigest(),
        "jobName": job_name,
        "savepointInfo": snapshots,
        "startTime": str(int(started * 1000)),
        "state": state,
        "updateTime": str(int(started * 1000) + 30_000),
    }
    if savepoint:
        status["upgradeSavepointPath"] = savepoint
    return status


def _reconciliation(spec: Object, lifecycle: str, at: float) -> Object:
    states = {"UPGRADING": "UPGRADING", "ROLLING_BACK": "ROLLING_BACK", "ROLLED_BACK": "ROLLED_BACK"}
    reconciled = json.dumps(
        {
            "spec": spec,
            "resource_metadata": {"apiVersion": "flink.apache.org/v1beta1", "firstDeployment": True},
        },
        separators=(",", ":"),
    )
    status: Object = {
        "reconciliationTimestamp": int(at * 1000),
        "state": states.get(lifecycle, "DEPLOYED"),
    }
    if lifecycle != "CREATED":
        status["lastReconciledSpec"] = reconciled
    if lifecycle == "STABLE":
        status["lastStableSpec"] = reconciled
    return status


def deployment(
    name: str = "orders",
    namespace: str = "default",
    *,
    application: bool = True,
    mode: str = "native",
    lifecycle: str = "STABLE",
    jobmanager: str = "READY",
    error: str = "",
    state: str = "RUNNING",
    job_id: str = "",
    wanted: str = "running",
    upgrade_mode: str = "savepoint",
    savepoint: str = "",
    savepoint_at: float | None = None,
    taskmanagers: int = 1,
    labels: Mapping[str, str] | None = None,
    created: float = CREATED,
    deleting: float | None = None,
    reconciled: bool = True,
) -> Object:
    """A FlinkDeployment: an application, or a session cluster without `application`.

    `error` is the message of the last reconciliation; `reconciled=False` is one that the operator has not
    looked at yet: it has no status at all.
    """
    spec: Object = {
        "flinkConfiguration": {"taskmanager.numberOfTaskSlots": "2"},
        "flinkVersion": "v2_2",
        "image": "flink:2.2",
        "jobManager": {"replicas": 1, "resource": {"cpu": 1.0, "memory": "2048m"}},
        "mode": mode,
        "serviceAccount": "flink",
        "taskManager": {"resource": {"cpu": 1.0, "memory": "2048m"}},
    }
    if application:
        spec["job"] = job_spec(wanted=wanted, upgrade_mode=upgrade_mode)
    made: Object = {
        "apiVersion": "flink.apache.org/v1beta1",
        "kind": "FlinkDeployment",
        "metadata": metadata(
            "FlinkDeployment",
            name,
            namespace,
            created=created,
            labels=labels,
            deleting=deleting,
            generation=2,
            finalizers=["flinkdeployments.flink.apache.org/finalizer"],
        ),
        "spec": spec,
    }
    if reconciled:
        job = job_status(
            state=state,
            job_id=job_id,
            job_name=name,
            savepoint=savepoint,
            savepoint_at=savepoint_at,
            started=created,
        )
        empty: Object = {"checkpointInfo": job["checkpointInfo"], "savepointInfo": {"savepointHistory": []}}
        made["status"] = {
            "clusterInfo": {"flink-version": "2.2.0", "total-cpu": "2.0", "total-memory": "4294967296"},
            "jobManagerDeploymentStatus": jobmanager,
            "jobStatus": job if application else empty,
            "lifecycleState": lifecycle,
            "observedGeneration": 2,
            "reconciliationStatus": _reconciliation(spec, lifecycle, created),
            "taskManager": {"labelSelector": f"component=taskmanager,app={name}", "replicas": taskmanagers},
        }
        if error:
            made["status"]["error"] = operator_error(error)
    return made


def session_job(
    name: str = "clicks",
    namespace: str = "default",
    *,
    cluster: str = "session",
    lifecycle: str = "STABLE",
    error: str = "",
    state: str = "RUNNING",
    job_id: str = "",
    wanted: str = "running",
    upgrade_mode: str = "stateless",
    savepoint: str = "",
    savepoint_at: float | None = None,
    created: float = CREATED,
    deleting: float | None = None,
) -> Object:
    """A FlinkSessionJob: a job on the session cluster of the FlinkDeployment `cluster`."""
    spec = {
        "deploymentName": cluster,
        "job": job_spec(wanted=wanted, upgrade_mode=upgrade_mode)
        | {"jarURI": "https://example.com/clicks.jar"},
    }
    made: Object = {
        "apiVersion": "flink.apache.org/v1beta1",
        "kind": "FlinkSessionJob",
        "metadata": metadata(
            "FlinkSessionJob",
            name,
            namespace,
            created=created,
            deleting=deleting,
            generation=1,
            labels={"target.session": cluster},
            finalizers=["flinksessionjobs.flink.apache.org/finalizer"],
        ),
        "spec": spec,
        "status": {
            "jobStatus": job_status(
                state=state,
                job_id=job_id,
                job_name=name,
                savepoint=savepoint,
                savepoint_at=savepoint_at,
                started=created,
            ),
            "lifecycleState": lifecycle,
            "observedGeneration": 1,
            "reconciliationStatus": _reconciliation(spec, lifecycle, created),
        },
    }
    if error:
        made["status"]["error"] = operator_error(error)
    return made


def snapshot(
    name: str = "orders-savepoint",
    namespace: str = "default",
    *,
    of: str = "orders",
    of_kind: str = "FlinkDeployment",
    checkpoint: bool = False,
    state: str = "COMPLETED",
    path: str = "s3://flink/savepoints/savepoint-1a2b3c",
    at: float = CREATED + 3600,
    error: str = "",
) -> Object:
    """A FlinkStateSnapshot: a savepoint (or a checkpoint) of a managed job, completed at `at`."""
    status: Object = {
        "failures": 1 if error else 0,
        "state": state,
        "triggerId": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
        "triggerTimestamp": time_text(at - 10),
    }
    if state == "COMPLETED":
        status |= {"path": path, "resultTimestamp": micro_text(at)}
    if error:
        status["error"] = error
    what: Object = {"checkpoint": {}} if checkpoint else {"savepoint": {"formatType": "CANONICAL"}}
    return {
        "apiVersion": "flink.apache.org/v1beta1",
        "kind": "FlinkStateSnapshot",
        "metadata": metadata(
            "FlinkStateSnapshot",
            name,
            namespace,
            created=at - 10,
            generation=1,
            labels={"job-reference.kind": of_kind, "job-reference.name": of},
        ),
        "spec": {"backoffLimit": -1, "jobReference": {"kind": of_kind, "name": of}, **what},
        "status": status,
    }


def service(
    name: str = "orders-rest",
    namespace: str = "default",
    *,
    ports: Sequence[tuple[str, int]] = (("rest", 8081),),
    selector: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    headless: bool = False,
    created: float = CREATED,
) -> Object:
    """A Service of type ClusterIP; a port may have no name (`""`) if it is the only one."""
    ip = "None" if headless else f"10.96.{sum(name.encode()) % 250}.{len(name) % 250 + 1}"
    rows: list[Object] = [
        ({"name": label} if label else {}) | {"port": port, "protocol": "TCP", "targetPort": port}
        for label, port in ports
    ]
    spec: Object = {
        "clusterIP": ip,
        "clusterIPs": [ip],
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "ports": rows,
        "sessionAffinity": "None",
        "type": "ClusterIP",
    }
    if selector:
        spec["selector"] = dict(selector)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata("Service", name, namespace, created=created, labels=labels),
        "spec": spec,
        "status": {"loadBalancer": {}},
    }


def rest_service(cluster: str = "orders", namespace: str = "default", *, kind: str = NATIVE) -> Object:
    """The service `CLUSTER-rest` that leads to the REST API of its JobManager."""
    return service(
        f"{cluster}-rest",
        namespace,
        selector={"app": cluster, "component": "jobmanager", "type": kind},
        labels={"app": cluster, "type": kind},
    )


def internal_service(cluster: str = "orders", namespace: str = "default", *, kind: str = NATIVE) -> Object:
    """The headless service `CLUSTER` by which TaskManagers find a JobManager without high availability."""
    return service(
        cluster,
        namespace,
        ports=(("jobmanager-rpc", 6123), ("blobserver", 6124)),
        selector={"app": cluster, "component": "jobmanager", "type": kind},
        labels={"app": cluster, "type": kind},
        headless=True,
    )


def changed(given: Object, **fields: Any) -> Object:
    """A copy with other values: `changed(deployment(), status__lifecycleState="UPGRADING")`."""
    made = copy.deepcopy(given)
    for path, value in fields.items():
        *way, last = path.split("__")
        inner = made
        for word in way:
            inner = inner.setdefault(word, {})
        inner[last] = value
    return made
