"""The way of a cluster's requests: the service proxy, or a port-forward, and the failures of each."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from flinktop.flink.cluster import CONFIG
from flinktop.flink.connection import Connection, Secret
from flinktop.flink.errors import NotFound, Rejected, Unreachable
from flinktop.flink.http import Http
from flinktop.kubernetes.api import ApiServer
from flinktop.kubernetes.reach import FORBIDDEN_SECONDS, UNUSED_SECONDS, ClusterWay
from tests.kubernetes.small_server import Answers, Asked, Reply, SmallServer, in_json, plain, refusal, serving
from tests.kubernetes.standing import StandIn
from tests.kubernetes.test_api import LOGIN, Hurried

URL = "http://orders-rest.flink.prod.kubernetes:8081"
BASE = "/api/v1/namespaces/flink/services/orders-rest:8081/proxy"
CONFIG_REPLY = in_json({"refresh-interval": 3000})
MAY_NOT = (
    'services "orders-rest:8081" is forbidden: User "dev" cannot {} resource "services/proxy" '
    'in API group "" in the namespace "flink"'
)
MISSING = "the right to {} services/proxy in namespace flink is missing (context prod)"
NOT_REACHED = "the API server does not reach the JobManager (flink/orders-rest:8081)"
NO_FORWARD = (
    'error: error upgrading connection: pods "a" is forbidden: User "dev" cannot create resource '
    '"pods/portforward" in API group "" in the namespace "flink"\n'
)


def forbidden(verb: str) -> Reply:
    return refusal(403, MAY_NOT.format(verb), "Forbidden")


class Reached:
    """A cluster behind an API server, and its client."""

    def __init__(self, api: SmallServer, pod: SmallServer, stand_in: StandIn, **options: Any) -> None:
        self.api = api
        self.pod = pod
        self.stand_in = stand_in
        self.clock = Hurried()
        self.asks = ApiServer(stand_in.kubectl(), self.clock)
        connection = replace(options.pop("connection", Connection(URL)), url=URL)
        login = connection if connection.sends_own else None
        self.way = ClusterWay(self.asks, "flink", "orders-rest", 8081, login=login, **options)
        self.http = Http(connection, transport=self.way)


@asynccontextmanager
async def reached(
    tmp_path: Path, answers: Answers, pod: Answers | None = None, **options: Any
) -> AsyncIterator[Reached]:
    async with serving(answers) as api, serving(pod or (lambda _asked: CONFIG_REPLY)) as behind:
        stand_in = StandIn(tmp_path / "stand-in")
        stand_in.put(api=api.port, pod=behind.port)
        cluster = Reached(api, behind, stand_in, **options)
        try:
            yield cluster
        finally:
            await cluster.http.close()
            await cluster.way.aclose()
            await cluster.asks.close()
            assert not stand_in.running


async def test_by_the_service_proxy(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: CONFIG_REPLY) as cluster:
        await cluster.http.get(CONFIG())
        await cluster.http.send("PATCH", "jobs/a%2Fb%20c", params=[("mode", "cancel")])
        await cluster.http.send("POST", "jars/x/run", json={"a": 1})
        assert [(one.method, one.target) for one in cluster.api.asked] == [
            ("GET", f"{BASE}/config"),
            ("PATCH", f"{BASE}/jobs/a%2Fb%20c?mode=cancel"),
            ("POST", f"{BASE}/jars/x/run"),
        ]
        assert json.loads(cluster.api.asked[2].body) == {"a": 1}
        assert {one.headers["host"] for one in cluster.api.asked} == {"localhost"}
        assert cluster.way.reach == "proxy"
        assert cluster.stand_in.runs_of("port-forward") == 0


async def test_a_cluster_with_tls(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: CONFIG_REPLY, scheme="https") as cluster:
        await cluster.http.get(CONFIG())
        assert cluster.api.targets == [BASE.replace("orders", "https:orders") + "/config"]


async def test_an_upload(tmp_path: Path) -> None:
    jar = tmp_path / "job.jar"
    jar.write_bytes(b"PK" * 500_000)
    async with reached(tmp_path, lambda _asked: in_json({"status": "success"})) as cluster:
        with jar.open("rb") as file:
            await cluster.http.send("POST", "jars/upload", files=[("jarfile", ("job.jar", file))])
        (asked,) = cluster.api.asked
        assert asked.target == f"{BASE}/jars/upload"
        assert b"PK" * 500_000 in asked.body


async def test_headers_that_are_not_for_the_api_server(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: CONFIG_REPLY) as cluster:
        headers = {
            "Authorization": "Bearer x",
            "Impersonate-User": "root",
            "X-Remote-User": "root",
            "X-Mine": "y",
        }
        await cluster.way.handle_async_request(httpx.Request("GET", f"{URL}/config", headers=headers))
        (asked,) = cluster.api.asked
        assert not {"authorization", "impersonate-user", "x-remote-user"} & {*asked.headers}
        assert asked.headers["x-mine"] == "y"


async def test_errors_of_flink_itself_are_its_own(tmp_path: Path) -> None:
    body = {"errors": ["Job could not be found." + "x" * 100_000]}
    async with reached(tmp_path, lambda _asked: in_json(body, 404)) as cluster:
        with pytest.raises(NotFound) as raised:
            await cluster.http.send("GET", "jobs/x")
        assert raised.value.by_flink
        assert len(raised.value.detail) > 1000
    async with reached(tmp_path, lambda _asked: in_json({"errors": ["busy"]}, 500)) as cluster:
        with pytest.raises(Rejected, match="busy"):
            await cluster.http.send("GET", "jobs/x")


FAILURES: dict[str, tuple[Reply, bool, str]] = {
    "no pod": (
        refusal(503, 'no endpoints available for service "orders-rest"', "ServiceUnavailable"),
        False,
        "no pod of the JobManager is ready: the service flink/orders-rest:8081 leads nowhere",
    ),
    "not reached": (
        refusal(503, "error trying to reach service: dial tcp 10.1.2.3:8081: connect: connection refused"),
        False,
        f"{NOT_REACHED}: dial tcp 10.1.2.3:8081: connect: connection refused",
    ),
    "not reached, by an older API server": (
        plain(503, "Error trying to reach service: 'dial tcp 10.1.2.3:8081: i/o timeout'"),
        False,
        f"{NOT_REACHED}: dial tcp 10.1.2.3:8081: i/o timeout",
    ),
    "broken off": (
        refusal(503, "error trying to reach service: EOF"),
        True,
        f"{NOT_REACHED}: EOF",
    ),
    "no service": (
        refusal(404, 'services "orders-rest" not found', "NotFound"),
        False,
        'there is no service flink/orders-rest:8081 (context prod): services "orders-rest" not found',
    ),
    "no API server": (
        plain(500, "dial tcp 10.0.0.1:443: connect: connection refused\n"),
        False,
        "the API server of context prod can't be reached: dial tcp 10.0.0.1:443: connect: connection refused",
    ),
    "lost on the way": (
        plain(500, "http2: client connection lost\n"),
        True,
        "the API server of context prod can't be reached: http2: client connection lost",
    ),
    "no login": (refusal(401, "Unauthorized", "Unauthorized"), False, LOGIN),
    "too many requests": (
        refusal(429, Retry_After="100"),
        False,
        "the API server of context prod wants fewer requests (429)",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_an_error_of_the_api_server_is_none_of_flink(tmp_path: Path, name: str) -> None:
    reply, sent, sentence = FAILURES[name]
    async with reached(tmp_path, lambda _asked: reply) as cluster:
        with pytest.raises(Unreachable) as raised:
            await cluster.http.send("POST", "jobs/x/savepoints", json={})
        assert (raised.value.detail, raised.value.sent) == (sentence, sent)


async def test_no_kubectl(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: CONFIG_REPLY) as cluster:
        cluster.stand_in.program.unlink()
        with pytest.raises(Unreachable, match=r"there is no program .*/kubectl: install kubectl"):
            await cluster.http.get(CONFIG())


async def test_where_the_proxy_is_forbidden(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: forbidden("get")) as cluster:
        for _ in range(3):
            await cluster.http.get(CONFIG())
        assert cluster.way.reach == "port-forward"
        assert len(cluster.api.asked) == 1
        assert [one.target for one in cluster.pod.asked] == ["/config"] * 3
        assert cluster.pod.asked[0].headers["host"] == "orders-rest.flink.prod.kubernetes:8081"
        run = cluster.stand_in.runs[-1].split()
        assert run[:-1] == [
            "--context=prod",
            "port-forward",
            "--namespace=flink",
            "--address=127.0.0.1",
            "--pod-running-timeout=10s",
            "--",
            "service/orders-rest",
        ]
        assert run[-1].endswith(":8081")


@pytest.mark.deep
async def test_where_a_post_is_forbidden(tmp_path: Path) -> None:
    """The body is sent again by the other way; a GET stays with the proxy."""

    def answers(asked: Asked) -> Reply:
        return CONFIG_REPLY if asked.method == "GET" else forbidden("create")

    jar = tmp_path / "job.jar"
    jar.write_bytes(b"PK" * 100_000)
    async with reached(tmp_path, answers) as cluster:
        await cluster.http.get(CONFIG())
        with jar.open("rb") as file:
            await cluster.http.send("POST", "jars/upload", files=[("jarfile", ("job.jar", file))])
        await cluster.http.send("POST", "jobs/x/savepoints", json={"a": 1})
        await cluster.http.get(CONFIG())
        assert [one.target for one in cluster.pod.asked] == ["/jars/upload", "/jobs/x/savepoints"]
        assert b"PK" * 100_000 in cluster.pod.asked[0].body
        assert [one.method for one in cluster.api.asked] == ["GET", "POST", "GET"]
        assert cluster.way.reach == "proxy"


async def test_where_both_are_forbidden(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: forbidden("get")) as cluster:
        cluster.stand_in.put(port_forward_fails=NO_FORWARD)
        with pytest.raises(Unreachable) as raised:
            await cluster.http.get(CONFIG())
        forward = "the right to create pods/portforward in namespace flink is missing (context prod)"
        assert raised.value.detail == f"{forward} ({MISSING.format('get')})"
        # The right is given.
        cluster.api.answers = lambda _asked: CONFIG_REPLY
        cluster.clock.skip(FORBIDDEN_SECONDS)
        await cluster.http.get(CONFIG())
        assert cluster.way.reach == "proxy"


async def test_a_port_forward_that_is_not_used_ends_and_opens_again(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: CONFIG_REPLY, reach="port-forward") as cluster:
        await cluster.http.get(CONFIG())
        await cluster.way.end_unused()
        assert cluster.stand_in.running
        cluster.clock.skip(UNUSED_SECONDS)
        await cluster.way.end_unused()
        assert not cluster.stand_in.running
        await cluster.http.get(CONFIG())
        assert cluster.stand_in.runs_of("port-forward") == 2
        await cluster.way.aclose()
        with pytest.raises(Unreachable, match="is not followed any more"):
            await cluster.http.get(CONFIG())


async def test_where_the_proxy_is_wanted(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: forbidden("get"), reach="proxy") as cluster:
        with pytest.raises(Unreachable) as raised:
            await cluster.http.get(CONFIG())
        assert raised.value.detail == MISSING.format("get")
        assert cluster.stand_in.runs_of("port-forward") == 0


@pytest.mark.parametrize(
    "options",
    [
        {"reach": "port-forward"},
        {"connection": Connection(URL, user="admin", password=Secret("value", "secret"))},
        {"connection": Connection(URL, headers=(("X-Mine", "y"),))},
    ],
)
async def test_where_the_port_forward_is_wanted(tmp_path: Path, options: dict[str, Any]) -> None:
    async with reached(tmp_path, lambda _asked: CONFIG_REPLY, **options) as cluster:
        await cluster.http.get(CONFIG())
        assert cluster.api.asked == []
        connection = options.get("connection", Connection(URL))
        headers = cluster.pod.asked[0].headers
        assert ("authorization" in headers) == (connection.user is not None)
        assert headers.get("x-mine", "") == dict(connection.headers).get("X-Mine", "")
        assert cluster.stand_in.runs_of("proxy") == 0


async def test_a_client_certificate_that_is_missing(tmp_path: Path) -> None:
    connection = Connection(URL, cert=tmp_path / "none.pem")
    async with reached(
        tmp_path, lambda _asked: CONFIG_REPLY, scheme="https", connection=connection
    ) as cluster:
        with pytest.raises(Unreachable, match=r"cannot read the certificate .*none\.pem"):
            await cluster.http.get(CONFIG())


async def test_time_in_the_line_is_no_time_of_the_answer(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: CONFIG_REPLY) as cluster:
        cluster.asks.turns.hold(30.0)
        response = await cluster.way.handle_async_request(httpx.Request("GET", f"{URL}/config"))
        assert response.extensions["waited"] >= 30.0
        await response.aread()


async def test_a_service_with_another_name(tmp_path: Path) -> None:
    async with reached(tmp_path, lambda _asked: CONFIG_REPLY) as cluster:
        way = ClusterWay(cluster.asks, "pods", "exec", 80)
        response = await way.handle_async_request(httpx.Request("GET", "http://exec.pods:80"))
        await response.aread()
        assert cluster.api.targets == ["/api/v1/namespaces/pods/services/exec:80/proxy/"]
