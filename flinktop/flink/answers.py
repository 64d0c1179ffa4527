"""Requests and answers as values, and the error for each failed answer, in the server's own words."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec

from flinktop.flink.error_text import flink_errors, flink_exceptions, page_title, shorten
from flinktop.flink.errors import (
    BadReply,
    Conflict,
    FlinkError,
    NotFlink,
    NotFound,
    NotReady,
    Rejected,
    Unauthorized,
)
from flinktop.flink.text import clean

_LOGIN = (301, 302, 303, 307)
_EMPTY_WORDS = frozenset({
    "a", "an", "code", "directory", "does", "error", "exist", "file", "http", "message", "not", "of", "on",
    "or", "page", "report", "requested", "resource", "response", "server", "status", "the", "this", "unknown",
})  # fmt: skip
"""Words in titles of error pages that add nothing to the status: "Error response", "HTTP Status 404"."""
_READ = 20_000  # bytes of a proxy's answer that are searched
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


class Request(msgspec.Struct, frozen=True):
    """One HTTP request."""

    method: str
    line: str  # percent-encoded path and query string, without a leading slash
    shown: str  # the address as messages show it
    headers: Mapping[str, str]
    json: Any = None
    files: Sequence[tuple[str, Any]] | None = None  # parts of a multipart body, as httpx takes them
    seconds: float | None = None  # how long the server may be silent; None: the connection's own limit


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer, with any status."""

    status: int
    location: str  # where a redirect points
    body: bytes
    seconds: float  # from the first byte sent to the last byte read


def check_status(status: int, body: bytes, method: str, url: str, location: str = "") -> None:
    """Raise the error for a status other than 2xx; `location` is where a redirect points."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    sentence = flink_errors(body)
    if status in _LOGIN or (status == HTTPStatus.PERMANENT_REDIRECT and sentence is None):
        raise _redirected(location, method, url, status)
    if sentence is None:
        detail = _foreign(body, status)
        if status == HTTPStatus.NOT_FOUND:
            # Every 404 of Flink has `errors`; this one comes from another server.
            raise NotFlink(method, url, not_flink(detail), status=status)
        raise _kind(status, detail)(
            method, url, detail, status=status, sent=not never_forwarded(status, body)
        )
    error = _kind(status, sentence)(method, url, sentence or _foreign(body, status), status=status)
    error.by_flink = True
    error.exceptions = flink_exceptions(body)
    raise error


def not_flink(answer: str) -> str:
    """The message for an address where something other than Flink answers."""
    return f"not a Flink REST API ({answer}): check the address and its path"


def _kind(status: int, detail: str) -> type[FlinkError]:
    # /rescaling: "Rescaling is temporarily disabled. See FLINK-12312." since 1.9; it is permanent.
    if status == HTTPStatus.SERVICE_UNAVAILABLE and "FLINK-12312" in detail:
        return Rejected
    # A request line over 4096 bytes is answered as a missing file.
    if status == HTTPStatus.NOT_FOUND and "/bad-request" in detail:
        return Rejected
    # A removed TaskManager is a 500.
    if detail.startswith("No TaskExecutor registered under"):
        return NotFound
    return {401: Unauthorized, 403: Unauthorized, 404: NotFound, 409: Conflict, 503: NotReady}.get(
        status, Rejected
    )


def _foreign(body: bytes, status: int) -> str:
    """The text of an answer that is not Flink's: a proxy's page or plain text."""
    if b"HTTPS port" in body[:4000]:
        return "this port speaks TLS: use https://"
    title = page_title(body)
    plain = "" if title is not None else " ".join(clean(body[:300].decode("utf-8", "replace")).split())
    text = title or (message(body) if plain.startswith(("{", "[")) else plain)
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "an unknown status"
    if _adds_detail(text, status, phrase):
        return f"{status} {phrase}: {shorten(text, 200)}"
    return f"{status} {phrase}"


def _adds_detail(text: str, status: int, phrase: str) -> bool:
    words = re.findall(r"\w+", text.lower())
    return not {*words} <= {str(status), *phrase.lower().split(), *_EMPTY_WORDS}


def _redirected(location: str, method: str, url: str, status: int) -> FlinkError:
    here = urlsplit(url)
    try:
        there = urlsplit(clean(location))
        name = there.hostname
    except ValueError:
        return BadReply(method, url, "the server redirects to an invalid address", status=status)
    host = there.netloc.rpartition("@")[2]
    shown = f"{there.scheme}://{host}{there.path}" if host else there.path
    if there.path.rstrip("/") == here.path.rstrip("/") and name in (here.hostname, None):
        return Rejected(method, url, f"the server moved this address to {shown}: use that one", status=status)
    return Unauthorized(
        method,
        url,
        f"the server redirects to {shown or 'another page'}, which looks like a login",
        status=status,
    )


def check_document(body: bytes, url: str, status: int) -> None:
    """Raise for a successful answer that is not JSON: NotFlink for a web page, BadReply for other text."""
    if body.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"{", b"["):
        return
    title = page_title(body)
    if title is not None:
        what = f"a web page ({title})" if title else "a web page"
        detail = f"the answer is {what}, not Flink's JSON: a login page, or another server"
        raise NotFlink("GET", url, detail, status=status)
    beginning = " ".join(clean(body[:60].decode("utf-8", "replace")).split())
    detail = f"the answer is not JSON but {beginning!r}" if beginning else "the answer is empty"
    raise BadReply("GET", url, detail, status=status)


class _Message(msgspec.Struct):
    """A JSON object with a message, as Kubernetes and many gateways answer."""

    message: str = ""


def message(body: bytes) -> str:
    """The text of `{"message": ...}`; "" if there is none."""
    try:
        return " ".join(clean(msgspec.json.decode(body, type=_Message).message).split())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def never_forwarded(status: int, body: bytes) -> bool:
    """Whether a proxy reports that it could not connect to Flink, so that nothing was forwarded."""
    return status in _GATEWAY and _NO_CONNECTION.search(body[:_READ].decode("utf-8", "replace")) is not None
