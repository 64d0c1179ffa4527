"""What proxies say when they could not connect to Flink, in their own words."""

import pytest

from flinktop.flink.answers import check_status
from flinktop.flink.errors import FlinkError

URL = "http://proxy/jobs/x/savepoints"
K8S = b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"%s","code":503}'
NEVER = {
    "kubernetes": (
        503,
        K8S % b"error trying to reach service: dial tcp 10.0.0.7:8081: connect: connection refused",
    ),
    "kubernetes without pods": (503, K8S % b'no endpoints available for service \\"flink-rest\\"'),
    "envoy": (
        503,
        b"upstream connect error or disconnect/reset before headers. reset reason: connection failure",
    ),
    "envoy without upstream": (503, b"no healthy upstream"),
    "haproxy": (
        503,
        b"<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n",
    ),
    "squid": (
        503,
        b"<html><title>ERROR: The requested URL could not be retrieved</title>(111) Connection refused",
    ),
    "node": (500, b"Proxy error: connect ECONNREFUSED 127.0.0.1:8081"),
    "apache": (503, b"<html><title>503</title>HTTP: failed to make connection to backend: 10.0.0.7</html>"),
    "python": (
        500,
        b"Cannot connect to host flink:8081 ssl:default [Connect call failed ('10.0.0.7', 8081)]",
    ),
}
PERHAPS = {
    "nginx": (502, b"<html><head><title>502 Bad Gateway</title></head><hr>nginx/1.25.3</html>"),
    "nginx timeout": (504, b"<html><head><title>504 Gateway Time-out</title></head></html>"),
    "envoy cut": (
        503,
        b"upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    ),
    "aws": (503, b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>"),
    "empty": (502, b""),
    "flink": (500, b'{"errors": ["java.net.ConnectException: Connection refused"]}'),
    "refused": (403, b"connection refused by policy"),
}


def error_of(status: int, body: bytes) -> FlinkError:
    with pytest.raises(FlinkError) as caught:
        check_status(status, body, "POST", URL)
    return caught.value


@pytest.mark.parametrize("proxy", NEVER)
def test_a_proxy_that_could_not_connect_has_sent_nothing(proxy: str) -> None:
    assert not error_of(*NEVER[proxy]).sent


@pytest.mark.parametrize("proxy", PERHAPS)
def test_any_other_answer_may_follow_a_request_that_was_passed_on(proxy: str) -> None:
    assert error_of(*PERHAPS[proxy]).sent


def test_the_sentence_of_a_json_answer_is_shown() -> None:
    assert error_of(*NEVER["kubernetes"]).detail == (
        "503 Service Unavailable: error trying to reach service: dial tcp 10.0.0.7:8081: connect: "
        "connection refused"
    )
    assert error_of(503, b'{"message": 5}').detail == "503 Service Unavailable"


def test_flinks_own_errors_are_distinguished_from_a_proxys() -> None:
    assert error_of(404, b'{"errors": ["Job not found"]}').by_flink
    assert error_of(404, b'{"errors": []}').by_flink
    for body in (b"<html>404</html>", b"", b'{"errors": [{"code": "NAME_UNKNOWN"}]}', K8S % b"not found"):
        assert not error_of(404, body).by_flink
