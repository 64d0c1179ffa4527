"""A Flink behind a service of a Kubernetes cluster: of the tests' API server, or of a real cluster.

FLINKTOP_TEST_KUBECONFIG is a kubeconfig of a real one (kind, minikube). A namespace is made there and deleted
at the end, with a session cluster of the image FLINKTOP_TEST_IMAGE. The user of the context in use must be
allowed to do everything.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from tests.kubernetes import kubectl, objects, pods
from tests.kubernetes.apiserver.kinds import FLINK, KINDS
from tests.kubernetes.apiserver.server import ApiServer
from tests.kubernetes.kubectl import Kubectl
from tests.kubernetes.objects import Object
from tests.live.cluster import Cluster

KUBECONFIG = os.environ.get("FLINKTOP_TEST_KUBECONFIG", "")
IMAGE = os.environ.get("FLINKTOP_TEST_IMAGE", "flink:2.2")
NAME = "orders"
COMES_UP_WITHIN = "300s"

Reach = Literal["service proxy", "port-forward"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where the Flink is, and the kubectl that reaches it. `server` is None on a real cluster."""

    run: Kubectl
    namespace: str
    service: str
    server: ApiServer | None = None
    operator: bool = True
    """Whether there is a FlinkDeployment of it, with a status as an operator writes it."""

    @contextmanager
    def reached(self, reach: Reach) -> Iterator[httpx.Client]:
        """A client whose paths are those of Flink's REST API."""
        with contextlib.ExitStack() as stack:
            if reach == "port-forward":
                port, _ = stack.enter_context(
                    self.run.forwarding(f"service/{self.service}", 8081, self.namespace)
                )
                yield stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60))
            else:
                transport = httpx.HTTPTransport(uds=str(stack.enter_context(self.run.proxying())))
                way = f"api/v1/namespaces/{self.namespace}/services/{self.service}:rest/proxy"
                url = f"http://localhost/{way}"
                yield stack.enter_context(httpx.Client(transport=transport, base_url=url, timeout=60))


@contextmanager
def standing_in(cluster: Cluster, directory: Path, version: str) -> Iterator[Site]:
    """The API server of the tests, whose service leads to a real Flink of the tests."""
    with ApiServer(directory) as server:
        server.store.put(*pods.flink_cluster(NAME, "flink"))
        server.network.lead("flink", f"{NAME}-rest", cluster.url)
        run = Kubectl(kubectl.program(version), server.kubeconfig(), directory)
        yield Site(run, "flink", f"{NAME}-rest", server)


@contextmanager
def real(directory: Path, version: str) -> Iterator[Site]:
    """A real Kubernetes with a Flink of its own; kinds of the operator are made if it has none."""
    run = Kubectl(kubectl.program(version), Path(KUBECONFIG).expanduser(), directory, Path.home())
    namespace = f"flinktop-test-{secrets.token_hex(4)}"
    installed = run("get", "crd", f"flinkdeployments.{FLINK}", "-o", "name").status == 0
    made = [] if installed else [_definition(kind.kind) for kind in KINDS if kind.group == FLINK]
    try:
        run.get("create", "namespace", namespace)
        _create(run, made)
        for crd in made:
            run.get("wait", "--for=condition=Established", f"crd/{crd['metadata']['name']}")
        _create(run, [_service(namespace), _rpc_service(namespace)])
        _create(run, [_deployment(namespace, component) for component in ("jobmanager", "taskmanager")])
        for component in ("jobmanager", "taskmanager"):
            words = ("rollout", "status", f"deployment/{NAME}-{component}", f"--namespace={namespace}")
            run.get(*words, f"--timeout={COMES_UP_WITHIN}", seconds=320)
        if not installed:
            # An operator that is there would act on it.
            given = objects.deployment(NAME, namespace, application=False, mode="standalone")
            for unwanted in ("uid", "resourceVersion", "creationTimestamp", "generation", "finalizers"):
                del given["metadata"][unwanted]
            _create(run, [given])
            run.get("replace", "--subresource=status", "-f", "-", stdin=json.dumps(given))
        yield Site(run, namespace, f"{NAME}-rest", operator=not installed)
    finally:
        run("delete", "namespace", namespace, "--ignore-not-found", seconds=320)
        for crd in made:
            run("delete", "crd", crd["metadata"]["name"], "--ignore-not-found", seconds=120)


def _create(run: Kubectl, given: list[Object]) -> None:
    for each in given:
        run.get("create", "-f", "-", stdin=json.dumps(each))


def _definition(name: str) -> Object:
    """A CRD with the name and the columns of the operator's, that takes any field."""
    kind = next(kind for kind in KINDS if kind.kind == name)
    columns = [
        {"name": "Job Status", "jsonPath": ".status.jobStatus.state", "type": "string"},
        {"name": "Lifecycle State", "jsonPath": ".status.lifecycleState", "type": "string"},
    ]
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": columns,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    named = {
        "kind": kind.kind,
        "plural": kind.plural,
        "singular": kind.singular,
        "shortNames": list(kind.short),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{FLINK}"},
        "spec": {"group": FLINK, "scope": "Namespaced", "names": named, "versions": [version]},
    }


def _service(
    namespace: str, *, name: str = f"{NAME}-rest", ports: tuple[tuple[str, int], ...] = (("rest", 8081),)
) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"app": NAME, "component": "jobmanager"},
            "ports": [{"name": label, "port": port} for label, port in ports],
        },
    }


def _rpc_service(namespace: str) -> Object:
    return _service(namespace, name=NAME, ports=(("rpc", 6123), ("blob", 6124)))


def _deployment(namespace: str, component: str) -> Object:
    """One process of a session cluster."""
    labels = {"app": NAME, "component": component}
    properties = f"jobmanager.rpc.address: {NAME}\nblob.server.port: 6124\ntaskmanager.numberOfTaskSlots: 4\n"
    container: Object = {
        "name": objects.CONTAINER,
        "image": IMAGE,
        "args": [component],
        "env": [{"name": "FLINK_PROPERTIES", "value": properties}],
    }
    if component == "jobmanager":
        container["readinessProbe"] = {"httpGet": {"path": "/config", "port": 8081}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{NAME}-{component}", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
