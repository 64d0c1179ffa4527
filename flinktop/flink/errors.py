"""Errors of requests to a cluster, each with a message for the user."""

from flinktop.flink.error_text import NO_ENDPOINT, TOO_LONG, shorten
from flinktop.flink.text import cut

MOST_DETAIL = 8 * 1024  # characters of a reason that are kept


class FlinkError(Exception):
    """A request failed."""

    advice = ""
    sent = True  # the request may have reached the server
    by_flink = False  # the answer had the form of Flink's errors, so it is not a proxy's
    exceptions = ""
    """The exceptions of Flink's answer, without their frames, by which a well-known failure is recognised."""

    def __init__(
        self, method: str, url: str, detail: str = "", *, status: int | None = None, sent: bool | None = None
    ) -> None:
        detail = cut(detail, MOST_DETAIL)
        super().__init__(method, url, detail, status)
        self.method = method
        self.url = url  # without credentials and query
        self.detail = detail  # the server's message or the reason, without Java trace
        self.status = status  # None when there was no answer
        if sent is not None:
            self.sent = sent

    def __str__(self) -> str:
        return f"{self.method} {self.url}: {self.reason}"

    @property
    def reason(self) -> str:
        """The reason and advice, without the request."""
        reason = shorten(self.detail) or self.default_reason()
        return reason + (f" ({self.advice})" if self.advice else "")

    def default_reason(self) -> str:
        """The reason if the server gave none."""
        return f"the server answered {self.status}" if self.status else "failed"


class Unreachable(FlinkError):  # noqa: N818 - it says what happened
    """No answer: nothing listens there, the name is unknown, TLS failed, the connection was lost."""

    sent = False


class TimedOut(Unreachable):
    """No answer in time."""


class NoTunnel(Unreachable):
    """The tunnel to the cluster is not open, or leads nowhere."""


class Unauthorized(FlinkError):  # noqa: N818 - it says what happened
    """401, 403, or a redirect that looks like a login page."""

    advice = "check the user, password, token or headers of this cluster"


class LoginRefused(Unauthorized):
    """401: nothing more is sent until the login changes, or the user asks for another try."""

    advice = f"{Unauthorized.advice}; the same login is not retried automatically"


class NotFound(FlinkError):  # noqa: N818 - it says what happened
    """404: the job, trigger or file does not exist, or this release has no such endpoint."""

    @property
    def expected(self) -> bool:
        """Whether it is normal: an old attempt, or checkpoints of a job without checkpointing."""
        return self.detail not in (NO_ENDPOINT, TOO_LONG)


class NotReady(FlinkError):  # noqa: N818 - it says what happened
    """503: the JobManager is starting or a leader is being elected."""

    advice = "it is retried"


class Conflict(FlinkError):  # noqa: N818 - it says what happened
    """409: the job is in a state that does not allow this."""


class Rejected(FlinkError):  # noqa: N818 - it says what happened
    """Any other error answer, with the server's own reason."""


class BadReply(FlinkError):  # noqa: N818 - it says what happened
    """An answer that is not Flink's: not JSON, not the requested document, or too large."""


class ForeignAnswer(FlinkError):  # noqa: N818 - it says what happened
    """An answer from a proxy, gateway or login page before Flink."""


class NotFlink(FlinkError):  # noqa: N818 - it says what happened
    """An answer that Flink never gives: a web page, a gateway's own 404, an API without Flink's endpoints."""


class Refused(FlinkError):  # noqa: N818 - it says what happened
    """Not sent: the connection is read-only, or the request could not be written."""

    sent = False
