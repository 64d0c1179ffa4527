"""What kubectl prints when it fails, as one sentence.

Its texts are those of kubectl 1.36 and 1.37, and of Go's network library.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flinktop.flink.text import clean
from flinktop.kubernetes.errors import KubectlError, missing_right, not_logged_in, shown

if TYPE_CHECKING:
    from flinktop.kubernetes.errors import Kind

_LOGGED: Final = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.")
"""The beginning of a line of its log, such as `E1201 08:28:07.620670   10264 memcache.go:381] …`."""
_ERROR: Final = (
    "error:",
    "Error from server",
    "Unable to connect to the server:",
    "The connection to the server",
)
_PREFIX: Final = re.compile(
    r"(?:(?:error|[Ee]rror from server(?: \(\w{1,60}\))?|Unable to connect to the server): ){1,3}"
)
_GET: Final = re.compile(r'[A-Z][a-z]{2,6} "[^"]{1,2000}": ')
_ABSENT: Final = "rror from server (NotFound): "
_CONTEXT: Final = re.compile(
    r'context "([^"]{0,300})" does not exist|context was not found for specified context: (.*)'
)
_PLUGIN_MISSING: Final = re.compile(r"exec: executable (\S{1,300}) not found")
_PLUGIN_FAILED: Final = re.compile(r"exec: executable (\S{1,300}) failed with exit code (-?\d{1,9})")
_REFUSED: Final = re.compile(r"The connection to the server (\S{1,300}) was refused")
_NOT_LOGGED_IN: Final = (
    "You must be logged in",
    "asked for the client to provide credentials",
    "Unauthorized",
)
_NO_CONFIG: Final = ("localhost:8080", "127.0.0.1:8080", "[::1]:8080")
"""Where kubectl looks for an API server if it has no configuration."""
_NETWORK: Final = (
    "dial tcp",
    "dial unix",
    "Unable to connect to the server",
    "The connection to the server",
    "net/http:",
    "tls:",
    "x509:",
    "EOF",
    "i/o timeout",
    "connection reset",
    "context deadline exceeded",
    "http2:",
    "proxyconnect",
)


def is_warning(line: str) -> bool:
    """Whether a line of its standard error is none of an error's: a warning, or its log."""
    return line.startswith("Warning:") or _LOGGED.match(line) is not None


def explained(text: str, where: str) -> KubectlError:
    """The error for what kubectl has printed; `where` names the context in sentences."""
    lines = [line for line in map(clean, text.splitlines()) if line.strip() and not is_warning(line)]
    main = next((line for line in lines if line.startswith(_ERROR)), lines[-1] if lines else "")
    message = _GET.sub("", _PREFIX.sub("", main, count=1), count=1).strip()
    before = lines[: lines.index(main)] if main in lines else []
    if (error := _config(message) or _login(message, before, where)) is not None:
        return error
    if (right := missing_right(message)) is not None:
        return KubectlError("forbidden", f"{right} is missing ({where})")
    if "(Forbidden)" in main:
        return KubectlError("forbidden", f"Kubernetes forbids it ({where}): {shown(message)}")
    if any(word in main for word in _NETWORK):
        return _unreachable(message, where)
    kind: Kind = "absent" if _ABSENT in main else "failed"
    return KubectlError(kind, f"kubectl failed: {shown(message) or 'it printed nothing'}")


def _config(message: str) -> KubectlError | None:
    """The error for a configuration that lacks something; None for others."""
    if (found := _CONTEXT.search(message)) is not None:
        name = shown(found[1] or found[2] or "")
        return KubectlError(
            "context", f"kubectl knows no context {name}: kubectl config get-contexts lists them"
        )
    if "current-context is not set" in message:
        return KubectlError(
            "context",
            "kubectl has no current context: give one with --context, or kubectl config use-context",
        )
    if "loading config file" in message or "invalid configuration" in message:
        return KubectlError("config", f"kubectl can't read its configuration: {shown(message)}")
    if any(address in message for address in _NO_CONFIG):
        return KubectlError(
            "config",
            "nothing answers at localhost:8080, where kubectl looks if it has no configuration: "
            "check KUBECONFIG and ~/.kube/config",
        )
    return None


def _login(message: str, before: list[str], where: str) -> KubectlError | None:
    """The error for a failed login; `before` are the lines before it, those of a login program too."""
    if (found := _PLUGIN_MISSING.search(message)) is not None:
        sentence = f"kubectl's login to {where} needs the program {shown(found[1])}, which was not found"
        return KubectlError("login", sentence)
    if (found := _PLUGIN_FAILED.search(message)) is not None:
        program = shown(found[1].rpartition("/")[2])
        words = f": {shown(before[-1])}" if before else ""
        sentence = f"kubectl's login to {where} failed: {program} ended with {found[2]}{words}"
        return KubectlError("login", sentence)
    _, sign, why = message.partition("getting credentials:")
    if sign:
        return KubectlError("login", f"kubectl's login to {where} failed: {shown(why.strip())}")
    if any(word in message for word in _NOT_LOGGED_IN):
        return KubectlError("login", not_logged_in(where))
    return None


def _unreachable(message: str, where: str) -> KubectlError:
    if (found := _REFUSED.match(message)) is not None:
        reason = f"{found[1]} refuses connections"
    else:
        reason = shown(message)
    return KubectlError("unreachable", f"the API server of {where} can't be reached: {reason}")
