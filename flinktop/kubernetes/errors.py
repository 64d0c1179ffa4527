"""Why something could not be asked of Kubernetes: by kubectl, or by its API server."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, Literal

import msgspec
from msgspec import Struct, field

from flinktop.flink.error_text import shorten
from flinktop.flink.text import clean
from flinktop.model import redaction

Kind = Literal[
    "missing", "config", "context", "login", "forbidden", "unreachable", "late", "absent", "failed"
]
"""kubectl is not installed; can't read its configuration; does not know the context; is not logged in; lacks
a right; can't reach the API server; gave no answer in time; does not find the object; failed for another
reason."""

MOST_MESSAGE: Final = 300
"""Characters of a message of Kubernetes or kubectl in a sentence."""
_RIGHT: Final = re.compile(
    r'User "(?P<user>[^"]{0,500})" cannot (?P<verb>\w{1,40}) resource "(?P<resource>[^"]{0,300})"'
    r' in API group "(?P<group>[^"]{0,300})"(?: in the namespace "(?P<namespace>[^"]{0,300})")?'
)


class KubernetesError(Exception):
    """Kubernetes could not be asked, or refuses; the text is one sentence without its full stop, cleaned."""


class KubectlError(KubernetesError):
    """kubectl can't do what is wanted."""

    def __init__(self, kind: Kind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class Right(Struct, frozen=True):
    """A right that the user of a context lacks."""

    verb: str  # get, list, watch, create, …
    resource: str  # services/proxy
    group: str = ""
    namespace: str = ""  # "" for the whole cluster
    user: str = ""

    def __str__(self) -> str:
        of_group = f".{self.group}" if self.group else ""
        where = f"namespace {self.namespace}" if self.namespace else "the whole cluster"
        return f"the right to {self.verb} {self.resource}{of_group} in {where}"


class ApiError(KubernetesError):
    """The API server refuses a request."""

    def __init__(
        self,
        status: int,
        sentence: str,
        *,
        message: str = "",
        reason: str = "",
        right: Right | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        """401: not logged in; 403: `right` is missing; 404: no such kind or object; 410: list again;
        429: later, see `retry_after`."""
        self.message = message  # the server's own, cleaned
        self.reason = reason  # Forbidden, NotFound, Expired, TooManyRequests, …
        self.right = right
        self.retry_after = retry_after  # seconds


class _Details(Struct):
    name: str = ""
    kind: str = ""
    group: str = ""
    seconds: float | None = field(default=None, name="retryAfterSeconds")


class Status(Struct):
    """An error answer of the API server (meta/v1 Status)."""

    kind: Literal["Status"]
    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None


def status_of(body: bytes | msgspec.Raw) -> Status | None:
    """The API server's own error answer; None for any other document."""
    try:
        return msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def api_error(code: int, found: Status, where: str, retry_after: str = "") -> ApiError:
    """The error for an answer of the API server; `where` names the context in sentences.

    `retry_after` is the value of its header.
    """
    code = found.code or code
    message, reason = shown(found.message), shown(found.reason)
    right = missing_right(found.message) if code == HTTPStatus.FORBIDDEN else None
    seconds = found.details.seconds if found.details is not None else None
    if retry_after.isdecimal() and len(retry_after) < 6:  # noqa: PLR2004 -- days
        seconds = float(retry_after)
    match code:
        case HTTPStatus.UNAUTHORIZED:
            sentence = not_logged_in(where)
        case HTTPStatus.FORBIDDEN if right is not None:
            sentence = f"{right} is missing ({where})"
        case HTTPStatus.FORBIDDEN:
            sentence = f"Kubernetes forbids it ({where}): {message or 'no reason given'}"
        case HTTPStatus.TOO_MANY_REQUESTS:
            sentence = f"the API server of {where} wants fewer requests (429)"
        case HTTPStatus.GONE:
            sentence = f"the API server of {where} no longer knows this version (410)"
        case _:
            sentence = f"the API server of {where} answered {code}" + (f": {message}" if message else "")
    return ApiError(code, sentence, message=message, reason=reason, right=right, retry_after=seconds)


def missing_right(message: str) -> Right | None:
    """The right that a message of Kubernetes or kubectl says is missing."""
    found = _RIGHT.search(message)
    if found is None:
        return None
    user, verb, resource, group, namespace = (shown(part or "") for part in found.groups())
    return Right(verb, resource, group, namespace, user)


def not_logged_in(where: str) -> str:
    """That the API server does not accept kubectl's login."""
    return (
        f"kubectl is not logged in to {where}: log in again as for kubectl; flinktop then goes on by itself"
    )


def shown(message: str) -> str:
    """A message from outside, as it may stand in a sentence."""
    return shorten(redaction.text(clean(message)).strip().rstrip("."), MOST_MESSAGE)
