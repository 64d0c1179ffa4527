"""The ways of flinktop through the real kubectl, in two versions, to the API server of the tests."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from flinktop.engine.clock import Clock
from flinktop.flink.cluster import CONFIG
from flinktop.flink.connection import Connection
from flinktop.flink.errors import Unreachable
from flinktop.flink.http import Http
from flinktop.kubernetes.api import ApiServer
from flinktop.kubernetes.errors import ApiError, KubectlError, KubernetesError
from flinktop.kubernetes.kubectl import Kubectl
from flinktop.kubernetes.reach import ClusterWay, Reach
from tests.kubernetes import kubectl, pods
from tests.kubernetes.apiserver import server as real
from tests.kubernetes.apiserver.rights import PORT_FORWARD, PROXY_READ, VIEW
from tests.kubernetes.backend import Backend, backend
from tests.tunnel.standing import happens

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("flink")]

JOBMANAGER = pods.pod_name("orders", "jobmanager")
PODS = "/api/v1/namespaces/flink/pods"


@pytest.fixture(params=kubectl.VERSIONS)
def program(
    request: pytest.FixtureRequest, apiserver: real.ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """One version, with a home directory that has nothing but a kubeconfig."""
    found = str(kubectl.program(request.param))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    log_in(apiserver, monkeypatch, "certificate")
    return found


@pytest.fixture
def flink(apiserver: real.ApiServer) -> Iterator[Backend]:
    apiserver.store.put(*pods.flink_cluster("orders", "flink"))
    with backend() as behind:
        apiserver.network.lead("flink", "orders-rest", behind.url)
        yield behind


def log_in(apiserver: real.ApiServer, monkeypatch: pytest.MonkeyPatch, by: real.By) -> None:
    monkeypatch.setenv("KUBECONFIG", str(apiserver.kubeconfig(apiserver.context("prod", by=by))))


@asynccontextmanager
async def asking(program: str, context: str = "prod") -> AsyncIterator[ApiServer]:
    api = ApiServer(Kubectl(context, program), Clock())
    try:
        yield api
    finally:
        await api.close()


@asynccontextmanager
async def through(api: ApiServer, reach: Reach | None = None) -> AsyncIterator[tuple[Http, ClusterWay]]:
    way = ClusterWay(api, "flink", "orders-rest", 8081, reach=reach)
    http = Http(Connection("http://orders-rest.flink.prod.kubernetes:8081"), transport=way)
    try:
        yield http, way
    finally:
        await http.close()
        await way.aclose()


async def until(works: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what comes back by itself."""
    async with asyncio.timeout(60.0):
        while not await works():  # noqa: ASYNC110 -- it is another program
            await asyncio.sleep(0.1)


async def answers(api: ApiServer) -> bool:
    try:
        await api.get(PODS)
    except KubernetesError:
        return False
    return True


@pytest.mark.parametrize("by", ["certificate", "token", "exec"])
async def test_lists_and_watches(
    program: str, apiserver: real.ApiServer, monkeypatch: pytest.MonkeyPatch, by: real.By
) -> None:
    log_in(apiserver, monkeypatch, by)
    async with asking(program) as api:
        found = await api.list_all(PODS)
        assert len(found.items) == 2
        watch = api.watch(PODS, found.version)
        first = asyncio.ensure_future(anext(watch))
        await happens("it is watched", lambda: any("watch=1" in one.target for one in apiserver.asked))
        apiserver.store.put(pods.pod(namespace="flink", number=7))
        event = await asyncio.wait_for(first, 10.0)
        assert (event.type, json.loads(bytes(event.object))["metadata"]["name"]) == (
            "ADDED",
            "orders-taskmanager-1-7",
        )
        apiserver.cut_watches()
        assert [one.type async for one in watch if one.type != "BOOKMARK"] == []
        assert len((await api.list_all("/apis/flink.apache.org/v1beta1/flinkdeployments")).items) == 1


async def test_a_version_that_is_gone(program: str, apiserver: real.ApiServer) -> None:
    async with asking(program) as api:
        version = (await api.list_all(PODS)).version
        apiserver.store.put(pods.pod(namespace="flink", number=7))
        apiserver.forget()
        with pytest.raises(ApiError) as raised:
            async for _event in api.watch(PODS, version):
                pass
        assert raised.value.status == 410
        apiserver.be_busy(1)
        assert len((await api.list_all(PODS)).items) == 3


@pytest.mark.parametrize("reach", ["proxy", "port-forward"])
async def test_a_cluster(program: str, tmp_path: Path, reach: Reach) -> None:
    jar = tmp_path / "job.jar"
    jar.write_bytes(b"PK" * 1_000_000)
    async with asking(program) as api, through(api, reach) as (http, _way):
        for method, body in (
            ("GET", None),
            ("POST", {"a": 1}),
            ("PATCH", None),
            ("DELETE", None),
            ("PUT", {}),
        ):
            answer = json.loads(
                (await http.send(method, "jobs/a%2Fb%20c", params=[("x", "y/z")], json=body)).body
            )
            assert (answer["method"], answer["path"]) == (method, "/jobs/a%2Fb%20c?x=y%2Fz")
        with jar.open("rb") as file:
            reply = await http.send("POST", "jars/upload", files=[("jarfile", ("job.jar", file))])
        assert json.loads(reply.body)["length"] > 2_000_000


async def test_where_a_post_is_forbidden(program: str, apiserver: real.ApiServer, tmp_path: Path) -> None:
    apiserver.rights.of["dev"] = (*VIEW, PROXY_READ, PORT_FORWARD)
    jar = tmp_path / "job.jar"
    jar.write_bytes(b"PK" * 2_000_000)
    async with asking(program) as api, through(api) as (http, way):
        await http.get(CONFIG())
        with jar.open("rb") as file:
            reply = await http.send("POST", "jars/upload", files=[("jarfile", ("job.jar", file))])
        assert json.loads(reply.body)["length"] > 4_000_000
        assert way.reach == "proxy"


async def test_where_everything_is_forbidden(program: str, apiserver: real.ApiServer) -> None:
    apiserver.rights.of["dev"] = VIEW
    async with asking(program) as api, through(api) as (http, _way):
        with pytest.raises(Unreachable) as raised:
            await http.get(CONFIG())
        assert raised.value.detail == (
            "the right to create pods/portforward in namespace flink is missing (context prod) "
            "(the right to get services/proxy in namespace flink is missing (context prod))"
        )
        with pytest.raises(
            ApiError, match=r"^the right to list secrets in namespace flink is missing \(context prod\)$"
        ):
            await api.list_all("/api/v1/namespaces/flink/secrets")


async def test_a_pod_that_dies_under_a_port_forward(program: str, apiserver: real.ApiServer) -> None:
    async with asking(program) as api, through(api, "port-forward") as (http, _way):
        await http.get(CONFIG())
        apiserver.kill_pod("flink", JOBMANAGER)
        apiserver.store.put(pods.pod("orders", "jobmanager", "flink", number=2))

        async def is_back() -> bool:
            try:
                await http.get(CONFIG())
            except Unreachable:
                return False
            return True

        await until(is_back)


async def test_a_pod_that_is_not_there(program: str, apiserver: real.ApiServer) -> None:
    apiserver.network.services.clear()
    apiserver.kill_pod("flink", JOBMANAGER)
    async with asking(program) as api, through(api) as (http, _way):
        with pytest.raises(Unreachable, match=r"^GET .*: no pod of the JobManager is ready: "):
            await http.get(CONFIG())
    async with asking(program) as api, through(api, "port-forward") as (http, _way):
        with pytest.raises(Unreachable) as raised:
            await http.get(CONFIG())
        assert raised.value.detail == "no pod of the service flink/orders-rest is running (context prod)"


async def test_a_token_that_is_renewed(
    program: str, apiserver: real.ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(apiserver, monkeypatch, "exec")
    async with asking(program) as api, through(api) as (http, _way):
        await http.get(CONFIG())
        for _ in range(3):
            apiserver.renew("dev")
            await http.get(CONFIG())
            await api.get(PODS)


async def test_a_login_that_is_lost_and_given_anew(
    program: str, apiserver: real.ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person logs in again, which writes another token to the kubeconfig: kubectl's proxy must read it."""
    monkeypatch.setattr("flinktop.kubernetes.login.SHORTEST", 1.0)
    log_in(apiserver, monkeypatch, "token")
    kubeconfig = Path(os.environ["KUBECONFIG"])
    async with asking(program) as api, through(api) as (http, _way):
        await http.get(CONFIG())
        new = apiserver.context("prod", by="token")
        with pytest.raises(Unreachable, match="kubectl is not logged in to context prod: log in again"):
            await http.get(CONFIG())
        kubeconfig.write_bytes(apiserver.kubeconfig(new).read_bytes())
        await until(lambda: answers(api))
        await http.get(CONFIG())


async def test_a_login_program_that_fails(
    program: str, apiserver: real.ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flinktop.kubernetes.login.SHORTEST", 1.0)
    log_in(apiserver, monkeypatch, "exec")
    plugin = apiserver.plugins["dev"]
    plugin.fail("please log in at https://login.example")
    async with asking(program) as api:
        with pytest.raises(
            KubectlError, match=r"^kubectl's login to context prod failed: plugin ended with 1"
        ):
            await api.get(PODS)
        calls = plugin.calls
        for _ in range(20):
            assert not await answers(api)
        assert plugin.calls == calls
        with pytest.raises(
            KubectlError, match=r"plugin ended with 1: please log in at https://login\.example$"
        ):
            await api.kubectl.run("get", "--raw=/version")
        apiserver.renew("dev")
        await until(lambda: answers(api))


async def test_an_api_server_that_is_away(program: str, apiserver: real.ApiServer) -> None:
    async with asking(program) as api, through(api) as (http, _way):
        await http.get(CONFIG())
        apiserver.stop()
        with pytest.raises(Unreachable, match=r"the API server of context prod can't be reached: .*refused"):
            await http.get(CONFIG())
        apiserver.start()
        await http.get(CONFIG())


@pytest.mark.parametrize("context", ["nope", "prod\n--help", "-x"])
async def test_a_context_that_is_unknown(program: str, context: str) -> None:
    async with asking(program, context) as api:
        with pytest.raises(
            KubectlError, match=r"^kubectl knows no context .*: kubectl config get-contexts lists them$"
        ):
            await api.get(PODS)
        with pytest.raises(
            KubectlError, match=r"^kubectl knows no context .*: kubectl config get-contexts lists them$"
        ):
            await api.kubectl.run("get", "--raw=/version")


async def test_the_last_log_and_the_description(program: str, apiserver: real.ApiServer) -> None:
    apiserver.logs.write("flink", JOBMANAGER, "now\n", previous="before\n")
    asks = Kubectl("prod", program)
    assert await asks.logs("flink", JOBMANAGER, previous=True) == b"before\n"
    assert await asks.logs("flink", JOBMANAGER, "flink-main-container") == b"now\n"
    assert b"orders" in await asks.describe("flinkdeployments.flink.apache.org", "flink", "orders")
    assert JOBMANAGER.encode() in await asks.describe("pod", "flink", JOBMANAGER)
    assert await asks.contexts() == ("prod",)
    with pytest.raises(KubectlError, match=r'^kubectl failed: pods "none" not found in namespace "flink"$'):
        await asks.logs("flink", "none")


async def test_a_proxy_that_is_killed(program: str, tmp_path: Path) -> None:
    async with asking(program) as api:
        await api.get(PODS)
        os.kill(api._proxy._tunnel.state.group, signal.SIGKILL)
        await happens("it is noticed", lambda: api._proxy._tunnel.state.kind != "up")
        await until(lambda: answers(api))
    assert not list(tmp_path.glob("flinktop-*"))
