"""What a proxy before Flink says of a request: whether it was ever passed on, and why not."""

import re
from http import HTTPStatus

import msgspec

from flinktop.flink.text import clean

_READ = 20_000
"""Bytes of an answer that are looked at."""
_GATEWAY = (
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
_NO_CONNECTION = re.compile(
    # Squid, tinyproxy, Apache, Node, Python.
    r"connection refused|econnrefused|connect call failed|cannot connect to host|unable to connect\b"
    r"|failed to make connection to backend|no route to host|no such host|err_connect_fail"
    # Go: Kubernetes' API server, oauth2-proxy, Traefik.
    r"|\bdial tcp\b|no endpoints available for service|no available server"
    # HAProxy.
    r"|no server is available to handle this request"
    # Envoy.
    r"|no healthy upstream|reset reason: (?:remote |local )?connection failure|reset reason: overflow",
    re.IGNORECASE,
)


class _Message(msgspec.Struct):
    """A JSON object with a sentence in it, as Kubernetes and many gateways answer."""

    message: str = ""


def message(body: bytes) -> str:
    """The sentence in `{"message": ...}`; "" when there is none."""
    try:
        return " ".join(clean(msgspec.json.decode(body, type=_Message).message).split())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def never_forwarded(status: int, body: bytes) -> bool:
    """Whether a proxy says that it could not connect to Flink, so that nothing was passed on."""
    return status in _GATEWAY and _NO_CONNECTION.search(body[:_READ].decode("utf-8", "replace")) is not None
