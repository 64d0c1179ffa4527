"""A real Flink behind Kubernetes, reached by the real kubectl.

    FLINKTOP_TEST_KUBECONFIG=~/.kube/config pytest -m live tests/live/test_kubernetes.py

runs the same tests on a kind or minikube cluster instead of the API server of the tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.kubernetes import kubectl
from tests.kubernetes.apiserver.rights import PORT_FORWARD, PROXY_READ, VIEW
from tests.live import kubernetes_site
from tests.live.kubernetes_site import NAME, Reach, Site
from tests.live.releases import parse_release
from tests.live.submission import job_jar, wait_for, words

pytestmark = [pytest.mark.live]

if kubernetes_site.KUBECONFIG:

    @pytest.fixture(scope="module", params=kubectl.VERSIONS)
    def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
        with kubernetes_site.real(tmp_path_factory.mktemp("site"), request.param) as made:
            yield made

else:
    pytestmark.append(pytest.mark.parametrize("release", ["2.3.0"], indirect=True))

    @pytest.fixture(params=kubectl.VERSIONS)
    def site(request: pytest.FixtureRequest, cluster: Any, tmp_path: Path) -> Iterator[Site]:
        with kubernetes_site.standing_in(cluster, tmp_path, request.param) as made:
            yield made


@dataclass(frozen=True, slots=True)
class Running:
    """What release answers there."""

    release: tuple[int, int, int]


def test_kubectl_shows_deployment_and_pods(site: Site) -> None:
    shown = site.run.get("get", "pods,services", f"--namespace={site.namespace}", "-o", "wide")
    assert f"pod/{NAME}-" in shown
    assert f"service/{site.service}" in shown
    assert site.run.get("describe", "pods", f"--namespace={site.namespace}")
    if site.operator:
        words = ("flinkdeployment", NAME, f"--namespace={site.namespace}")
        assert "STABLE" in site.run.get("get", *words)
        assert "Lifecycle State:" in site.run.get("describe", *words)


@pytest.mark.parametrize("reach", ["service proxy", "port-forward"])
def test_a_job_from_its_jar_to_its_end(site: Site, reach: Reach) -> None:
    with site.reached(reach) as flink:
        running = Running(parse_release(flink.get("/config").json()["flink-version"]))
        with job_jar(running).open("rb") as jar:
            uploaded = flink.post("/jars/upload", files={"jarfile": (f"{NAME}.jar", jar)})
        assert uploaded.status_code == 200, uploaded.text
        file = Path(uploaded.json()["filename"]).name
        program = {
            "programArgsList": words(running, "steady", {"name": "behind Kubernetes", "parallelism": 1})
        }
        started = flink.post(f"/jars/{file}/run", json=program)
        assert started.status_code == 200, started.text
        job = started.json()["jobid"]
        wait_for("the job runs", lambda: _state(flink, job) == "RUNNING")
        assert flink.patch(f"/jobs/{job}", params={"mode": "cancel"}).status_code == 202
        wait_for("the job has ended", lambda: _state(flink, job) == "CANCELED")
        assert flink.delete(f"/jars/{file}").status_code == 200
        assert file not in {each["id"] for each in flink.get("/jars").json()["files"]}


def _state(flink: httpx.Client, job: str) -> str:
    answer = flink.get(f"/jobs/{job}")
    return str(answer.json()["state"]) if answer.status_code == 200 else ""


@pytest.mark.skipif(bool(kubernetes_site.KUBECONFIG), reason="the user of a real cluster may do everything")
def test_who_may_only_read_through_the_proxy_cannot_upload(site: Site) -> None:
    assert site.server is not None
    site.server.rights.of["dev"] = (*VIEW, PROXY_READ, PORT_FORWARD)
    with site.reached("service proxy") as flink:
        assert flink.get("/jobs/overview").status_code == 200
        refused = flink.post("/jars/upload", files={"jarfile": ("orders.jar", b"")})
    assert refused.status_code == 403
    assert refused.json()["kind"] == "Status"
    with site.reached("port-forward") as flink:
        assert flink.get("/jobs/overview").status_code == 200
