"""The real kubectl on the API server of the tests: it takes it for a real one."""

from pathlib import Path

import httpx
import pytest

from tests.kubernetes import kubectl, objects, pods
from tests.kubernetes.apiserver.rights import PORT_FORWARD, PROXY_READ, VIEW
from tests.kubernetes.apiserver.server import ApiServer, By
from tests.kubernetes.backend import backend
from tests.kubernetes.kubectl import Kubectl

pytestmark = pytest.mark.live

JOBMANAGER = pods.pod_name("orders", "jobmanager")
PROXY = "http://localhost/api/v1/namespaces/flink/services/orders-rest:rest/proxy"


@pytest.fixture(params=kubectl.VERSIONS)
def run(request: pytest.FixtureRequest, apiserver: ApiServer, tmp_path: Path) -> Kubectl:
    """One version, logged in by certificate."""
    return Kubectl(kubectl.program(request.param), apiserver.kubeconfig(), tmp_path)


def rows(output: str) -> list[list[str]]:
    """A table as kubectl prints it, without its heading."""
    return [line.split() for line in output.splitlines()[1:] if line and not line.startswith("NAMESPACE")]


def test_any_other_kubectl_fails(run: Kubectl) -> None:
    other = Kubectl(Path("kubectl"), run.kubeconfig, run.directory)
    assert other("version").errors.strip() == kubectl.REFUSAL


def test_versions(run: Kubectl) -> None:
    assert "Server Version: v1.36.0" in run.get("version")


def test_deployments_and_pods_in_wide_tables(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(*pods.flink_cluster("orders", "flink", taskmanagers=2))
    apiserver.store.put(pods.evicted(pods.pod(namespace="flink", number=3)))
    table = rows(run.get("get", "flinkdeployments,pods", "-A", "-o", "wide"))
    assert table[0] == ["flink", "flinkdeployment.flink.apache.org/orders", "RUNNING", "STABLE"]
    assert [(row[1], row[3]) for row in table[1:]] == [
        (f"pod/{JOBMANAGER}", "Running"),
        ("pod/orders-taskmanager-1-1", "Running"),
        ("pod/orders-taskmanager-1-2", "Running"),
        ("pod/orders-taskmanager-1-3", "Evicted"),
    ]
    assert "node-1" in table[1]


def test_all_kinds_by_their_short_names(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(*pods.flink_cluster("orders", "flink"))
    apiserver.store.put(objects.session_job(namespace="flink"), objects.snapshot(namespace="flink"))
    output = run.get("get", "flinkdep,sessionjob,flinksnp,svc,po,ns", "-n", "flink", "-o", "name")
    assert [name.partition("/")[0] for name in output.split()] == [
        "flinkdeployment.flink.apache.org",
        "flinksessionjob.flink.apache.org",
        "flinkstatesnapshot.flink.apache.org",
        "service",
        "service",
        "pod",
        "pod",
        "namespace",
    ]


def test_a_list_in_pages(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(*(objects.deployment(f"job-{number}", "flink") for number in range(7)))
    output = run.get("get", "flinkdep", "-n", "flink", "-o", "name", "--chunk-size=3")
    assert len(output.split()) == 7
    assert sum("limit=3" in asked.target for asked in apiserver.asked) == 3


def test_a_pod_that_cannot_be_placed_is_described_with_its_event(run: Kubectl, apiserver: ApiServer) -> None:
    pod = pods.unschedulable(pods.pod(namespace="flink"))
    apiserver.store.put(pod, pods.failed_scheduling(pod))
    output = run.get("describe", "pod", "-n", "flink", pod["metadata"]["name"])
    assert "Status:           Pending" in output
    assert "FailedScheduling" in output.partition("\nEvents:")[2]


def test_a_pod_that_ran_out_of_memory_is_described_with_its_limit(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(pods.oom_killed(pods.pod("orders", "jobmanager", "flink", memory="1536Mi")))
    output = " ".join(run.get("describe", "pod", "-n", "flink", JOBMANAGER).split())
    assert "Last State: Terminated Reason: OOMKilled Exit Code: 137" in output
    assert "Restart Count: 1 Limits: cpu: 1 memory: 1536Mi" in output


def test_a_deployment_is_described(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(
        objects.deployment("orders", "flink", error="the image is missing", lifecycle="FAILED")
    )
    output = run.get("describe", "flinkdeployment", "-n", "flink", "orders")
    assert "Lifecycle State:      FAILED" in output
    assert '"message":"the image is missing"' in output


def test_the_log_from_before_a_restart(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(pods.oom_killed(pods.pod("orders", "jobmanager", "flink")))
    apiserver.logs.write("flink", JOBMANAGER, "now\n", previous="before it ended\n")
    assert run.get("logs", "-n", "flink", JOBMANAGER, "--previous") == "before it ended\n"
    assert run.get("logs", "-n", "flink", JOBMANAGER, "--tail=1") == "now\n"
    apiserver.store.put(pods.pod(namespace="flink"))
    done = run("logs", "-n", "flink", "orders-taskmanager-1-1", "--previous")
    assert done.status == 1
    assert "previous terminated container" in done.errors


def test_a_raw_answer(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(objects.deployment("orders", "flink"))
    output = run.get("get", "--raw", "/apis/flink.apache.org/v1beta1/flinkdeployments?limit=500")
    assert output.startswith('{"kind":"FlinkDeploymentList"')


@pytest.mark.parametrize("by", ["certificate", "token", "exec"])
def test_each_way_to_log_in(apiserver: ApiServer, by: By, tmp_path: Path) -> None:
    path = apiserver.kubeconfig(apiserver.context(user="ada", by=by, groups=("team",)))
    run = Kubectl(kubectl.program(), path, tmp_path)
    assert rows(run.get("auth", "whoami")) == [["Username", "ada"], ["Groups", "[team]"]]
    apiserver.lose_login("ada")
    assert "You must be logged in to the server" in run("get", "pods").errors


def test_two_contexts(apiserver: ApiServer, tmp_path: Path) -> None:
    contexts = (
        apiserver.context("one", "ada", namespace="flink"),
        apiserver.context("two", "bob", by="token"),
    )
    run = Kubectl(kubectl.program(), apiserver.kubeconfig(*contexts), tmp_path)
    assert run.get("config", "current-context") == "one\n"
    assert rows(run.get("auth", "whoami", "--context=two"))[0] == ["Username", "bob"]
    run.get("get", "pods", "-o", "name")
    assert "/api/v1/namespaces/flink/pods" in apiserver.asked[-1].target


def test_a_missing_right_is_named(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.rights.of["dev"] = VIEW
    assert run("auth", "can-i", "list", "pods").output == "yes\n"
    assert run("auth", "can-i", "create", "services/proxy").output == "no\n"
    done = run("get", "--raw", "/api/v1/nodes")
    assert 'User "dev" cannot list resource "nodes"' in done.errors


def test_a_busy_server_is_asked_again(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.be_busy(1, seconds=1)
    run.get("get", "--raw", "/version")
    assert [asked.status for asked in apiserver.asked] == [429, 200]


def test_requests_pass_kubectls_proxy(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(*pods.flink_cluster("orders", "flink"))
    with backend() as server, run.proxying() as socket:
        apiserver.network.lead("flink", "orders-rest", server.url)
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), timeout=20) as api:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                assert api.request(method, f"{PROXY}/jobs?a=b").json()["method"] == method
            sent = api.post(f"{PROXY}/jars/upload", content=(b"x" * 50_000 for _ in range(100)))
            assert sent.json()["length"] == 5_000_000
            with api.stream("GET", f"{PROXY}/stream") as answer:
                parts = answer.iter_raw()
                assert next(parts) == b"first"
                server.taken.set()
                assert b"".join(parts) == b"second"
            apiserver.rights.of["dev"] = (*VIEW, PROXY_READ)
            assert [api.get(f"{PROXY}/x").status_code, api.post(f"{PROXY}/x").status_code] == [200, 403]


def test_a_watch_passes_kubectls_proxy(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.watches.longest = 1
    way = "http://localhost/api/v1/pods?watch=1&allowWatchBookmarks=true"
    with (
        run.proxying() as socket,
        httpx.Client(transport=httpx.HTTPTransport(uds=str(socket))) as api,
        api.stream("GET", way) as answer,
    ):
        apiserver.store.put(pods.pod())
        lines = list(answer.iter_lines())
    assert [line.split('"')[3] for line in lines] == ["ADDED", "BOOKMARK"]


def test_a_login_that_has_expired_is_renewed_behind_the_proxy(apiserver: ApiServer, tmp_path: Path) -> None:
    path = apiserver.kubeconfig(apiserver.context(by="exec"))
    run = Kubectl(kubectl.program(), path, tmp_path)
    plugin = apiserver.plugins["dev"]
    with run.proxying() as socket, httpx.Client(transport=httpx.HTTPTransport(uds=str(socket))) as api:

        def status() -> int:
            return api.get("http://localhost/api/v1/pods").status_code

        assert (status(), plugin.calls) == (200, 1)
        apiserver.renew("dev")
        # The request that finds out is refused, the next one has the new token.
        assert [status(), status(), plugin.calls] == [401, 200, 2]
        apiserver.lose_login("dev")
        plugin.fail("your session has expired")
        assert {status(), status()} == {401}
        apiserver.give_login_back("dev")
        apiserver.renew("dev")
        assert [status(), status()][1] == 200


SPDY = {"KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}


@pytest.mark.parametrize("how", ["websocket", "spdy", "spdy on an older server"])
def test_port_forward_to_a_service_and_the_death_of_its_pod(
    run: Kubectl, apiserver: ApiServer, how: str
) -> None:
    apiserver.store.put(*pods.flink_cluster("orders", "flink"))
    apiserver.rights.of["dev"] = (*VIEW, PORT_FORWARD)
    apiserver.websockets = how != "spdy on an older server"
    more = SPDY if how == "spdy" else {}
    with backend() as server:
        apiserver.network.lead("flink", "orders-rest", server.url)
        with run.forwarding("service/orders-rest", 8081, "flink", **more) as (port, process):
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as api:
                assert api.get("/config").json()["path"] == "/config"
                sent = api.post("/jars/upload", content=(b"x" * 50_000 for _ in range(100)))
                assert sent.json()["length"] == 5_000_000
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as another:
                assert another.delete("/jars/1").json()["method"] == "DELETE"
            asked = [each for each in apiserver.asked if "portforward" in each.target]
            assert [(each.method, each.status) for each in asked] == {
                "websocket": [("GET", 101)],
                "spdy": [("POST", 101)],
                "spdy on an older server": [("GET", 400), ("POST", 101)],
            }[how]
            apiserver.kill_pod("flink", JOBMANAGER)
            assert "lost connection to pod" in process.communicate(timeout=30)[0]
            assert process.returncode == 1


@pytest.mark.parametrize("more", [{}, SPDY])
def test_a_port_on_which_nothing_listens(run: Kubectl, apiserver: ApiServer, more: dict[str, str]) -> None:
    apiserver.store.put(pods.pod(namespace="flink"))
    with run.forwarding("pod/orders-taskmanager-1-1", 8081, "flink", **more) as (port, process):
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/")
        assert "connection refused" in process.communicate(timeout=30)[0]


def test_port_forward_may_be_forbidden(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(*pods.flink_cluster("orders", "flink"))
    apiserver.rights.of["dev"] = VIEW
    done = run("port-forward", "-n", "flink", "service/orders-rest", ":8081")
    assert done.status == 1
    assert 'cannot create resource "pods/portforward"' in done.errors


def test_port_forward_to_a_pod_that_does_not_run(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.store.put(pods.unschedulable(pods.pod(namespace="flink")))
    done = run("port-forward", "-n", "flink", "pod/orders-taskmanager-1-1", ":8081")
    assert "Current status=Pending" in done.errors


def test_a_server_that_is_down(run: Kubectl, apiserver: ApiServer) -> None:
    apiserver.stop()
    assert "connection refused" in run("get", "pods").errors.lower()
