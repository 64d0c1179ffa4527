"""Messages for requests without an answer: connection refused, unknown name, TLS, not HTTP."""

import socket
import ssl
from collections.abc import Iterator

from flinktop.flink.text import clean


def reason(error: Exception, url: str, *, proxy: bool, protocol: bool, answered: bool = False) -> str:
    """The message for a request to `url` that failed, with advice.

    `proxy`: a proxy refused it; `protocol`: the answer was not HTTP, or there was none; `answered`: the
    server has answered before, so the scheme is right.
    """
    perhaps_tls = "; perhaps it speaks TLS (https://)" if url.startswith("http://") and not answered else ""
    for cause in causes(error):
        known = _known(cause, perhaps_tls)
        if known:
            return known
    if proxy:
        return f"the proxy of the environment refuses: {clean(str(error))}"
    if protocol:
        return _no_http(str(error), perhaps_tls)
    reasons = (cause.strerror for cause in causes(error) if isinstance(cause, OSError) and cause.strerror)
    return clean(next(reasons, str(error))) or type(error).__name__


def _known(cause: BaseException, perhaps_tls: str) -> str:
    """The message for a known cause; "" for others."""
    match cause:
        case ssl.SSLCertVerificationError():
            return _distrusted(cause)
        case ssl.SSLError():
            return _tls(cause)
        case socket.gaierror():
            return "no such host is known (DNS)"
        case ConnectionRefusedError():
            return "connection refused: nothing is listening on that port"
        case ConnectionResetError() | BrokenPipeError():
            return f"the server dropped the connection{perhaps_tls}"
        case _:
            return ""


def _no_http(text: str, perhaps_tls: str) -> str:
    # A TLS alert record begins with 0x15 0x03; h11 quotes it as an illegal status line.
    if "x15" in text and "x03" in text:
        return "the port speaks TLS: use https://"
    if "disconnected" in text:
        return f"the server closed the connection without an answer{perhaps_tls}"
    return f"the answer is not HTTP{perhaps_tls}"


def _distrusted(cause: ssl.SSLCertVerificationError) -> str:
    text = clean(cause.verify_message or "not trusted").rstrip(".")
    if "match" in text or "not valid for" in text:
        return f"the server's certificate is for another name ({text})"
    if "expired" in text:
        return f"the server's certificate has expired ({text})"
    return f"the server's certificate is not trusted ({text}): give its authority with --ca, or --insecure"


def _tls(cause: ssl.SSLError) -> str:
    reason = cause.reason or ""
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
        return "the port does not speak TLS: use http://"
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason or "BAD_CERTIFICATE" in reason:
        return f"the server wants a client certificate ({clean(reason)}): give --cert and --key"
    return f"TLS failed ({clean(reason or str(cause))})"


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all its causes, also in groups (anyio reports one error per address tried)."""
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        current = todo.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            todo.extend(current.exceptions)
        todo.extend((current.__cause__, current.__context__))
