"""The service proxy of the tests' API server, with a real server behind it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kubernetes import objects, pods
from tests.kubernetes.apiserver.server import ApiServer
from tests.kubernetes.backend import Backend, backend
from tests.kubernetes.client import client

PROXY = "/api/v1/namespaces/flink/services/orders-rest:rest/proxy"


@pytest.fixture
def behind(apiserver: ApiServer) -> Iterator[Backend]:
    apiserver.store.put(*pods.flink_cluster("orders", "flink"))
    with backend() as server:
        apiserver.network.lead("flink", "orders-rest", server.url)
        yield server


@pytest.fixture
def api(apiserver: ApiServer) -> Iterator[httpx.Client]:
    with client(apiserver, by="token") as made:
        yield made


@pytest.mark.usefixtures("behind")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("port", ["8081", "rest", ""])
def test_all_methods_pass(api: httpx.Client, method: str, port: str) -> None:
    way = PROXY.replace(":rest", f":{port}" if port else "")
    body = b"" if method == "GET" else b"12345"
    answer = api.request(method, f"{way}/jobs/a%2Fb?x=%20y", content=body or None).json()
    assert (answer["method"], answer["path"], answer["length"]) == (method, "/jobs/a%2Fb?x=%20y", len(body))


def test_the_login_stays_in_front_of_the_proxy(behind: Backend, api: httpx.Client) -> None:
    seen = api.get(f"{PROXY}/config").json()["headers"]
    assert "authorization" not in seen
    assert seen["host"] == behind.url.removeprefix("http://")


@pytest.mark.usefixtures("behind")
def test_an_upload_passes_in_chunks(api: httpx.Client) -> None:
    sent = api.post(f"{PROXY}/jars/upload", content=(b"x" * 10_000 for _ in range(200)))
    assert sent.json()["length"] == 2_000_000
    assert api.get(f"{PROXY}/next").json()["path"] == "/next"  # on the same connection


@pytest.mark.usefixtures("behind")
def test_a_file_is_uploaded_as_a_form(api: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "job.jar").write_bytes(b"\0" * 300_000)
    with (tmp_path / "job.jar").open("rb") as jar:
        sent = api.post(f"{PROXY}/jars/upload", files={"jarfile": jar}).json()
    assert sent["length"] > 300_000
    assert sent["headers"]["content-type"].startswith("multipart/form-data")


def test_an_answer_is_passed_on_as_it_comes(behind: Backend, api: httpx.Client) -> None:
    with api.stream("GET", f"{PROXY}/stream") as answer:
        parts = answer.iter_raw()
        assert next(parts) == b"first"
        behind.taken.set()
        assert b"".join(parts) == b"second"


@pytest.mark.usefixtures("behind")
def test_a_redirect_stays_below_the_proxy(api: httpx.Client) -> None:
    assert api.get(f"{PROXY}/moved").headers["Location"] == f"{PROXY}/there"
    assert api.get(PROXY).headers["Location"] == f"{PROXY}/"


def test_a_service_that_leads_nowhere_is_unavailable(apiserver: ApiServer, api: httpx.Client) -> None:
    apiserver.store.put(objects.rest_service("orders", "flink"))
    nothing = api.get(f"{PROXY}/config")
    assert (nothing.status_code, nothing.json()["message"]) == (
        503,
        'no endpoints available for service "orders-rest"',
    )
    with backend() as server:
        apiserver.network.lead("flink", "orders-rest", server.url)
        broken = api.get(f"{PROXY}/broken")
        assert (broken.status_code, broken.json()["message"]) == (503, "error trying to reach service: EOF")
    gone = api.get(f"{PROXY}/config")
    assert gone.status_code == 503
    assert gone.json()["message"].endswith("connect: connection refused")
    port = api.get(f"{PROXY.replace('rest:rest', 'rest:web')}/config")
    assert port.json()["message"] == 'no service port "web" found for service "orders-rest"'
    assert api.get(f"{PROXY.replace('orders-rest', 'none')}/config").status_code == 404
