"""What an API server says when it does not do what it was asked: `Status` objects."""

from collections.abc import Mapping
from typing import Any

from tests.kubernetes.apiserver.wire import Answer, in_json

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class Refused(Exception):  # noqa: N818 -- it says what happened
    """A request is answered with a `Status` of failure."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers

    def status(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": REASONS[self.code],
        }
        if self.details:
            said["details"] = dict(self.details)
        return said | {"code": self.code}

    def answer(self) -> Answer:
        return in_json(self.status(), self.code, self.headers)


def not_found(resource: str, group: str, name: str) -> Refused:
    """No object of that name."""
    full = f"{resource}.{group}" if group else resource
    details = {"name": name, "kind": resource} | ({"group": group} if group else {})
    return Refused(404, f'{full} "{name}" not found', details=details)


def too_many(seconds: int) -> Refused:
    """The server is busy: come back after so many seconds."""
    return Refused(
        429,
        "The server has received too many requests and has asked us to try again later",
        details={"retryAfterSeconds": seconds},
        headers={"Retry-After": str(seconds)},
    )


def too_old(asked: int, oldest: int) -> Refused:
    """What happened since is forgotten."""
    return Refused(410, f"too old resource version: {asked} ({oldest})")
