"""An HTTP client of the API server without kubectl, and what it makes of lists and watches."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.kubernetes.apiserver.server import ApiServer, By

DEPLOYMENTS = "/apis/flink.apache.org/v1beta1/flinkdeployments"
PODS = "/api/v1/namespaces/flink/pods"


@contextmanager
def client(server: ApiServer, user: str = "dev", *, by: By | None = "certificate") -> Iterator[httpx.Client]:
    """One that is logged in by certificate or token, or not at all."""
    tls = ssl.create_default_context(cafile=str(server.authority.own.certificate))
    headers = {}
    if by == "certificate":
        pair = server.authority.user(user)
        tls.load_cert_chain(pair.certificate, pair.key)
    elif by is not None:
        headers["Authorization"] = f"Bearer {server.new_token(user)}"
    with httpx.Client(base_url=server.url, verify=tls, headers=headers, timeout=20) as made:
        yield made


def names(listed: Any) -> list[str]:
    """The names of a list's items, in order."""
    return [item["metadata"]["name"] for item in listed["items"]]


@contextmanager
def watching(made: httpx.Client, path: str, **query: str) -> Iterator[Iterator[tuple[str, Any]]]:
    """The events of a watch as they come: what happened and the object."""
    with made.stream("GET", path, params={"watch": "true", **query}) as answer:
        assert answer.status_code == 200
        yield (tuple(json.loads(line).values()) for line in answer.iter_lines())
