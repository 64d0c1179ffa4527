"""How to connect to a cluster: address, credentials, TLS and time limits. Imports no HTTP library."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from flinktop.flink.secrets import Secret, SecretError

__all__ = ["Connection", "Secret", "SecretError", "base_url", "is_loopback"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One cluster's address, credentials and TLS settings.

    A user and password inside the URL are moved into `user` and `password`, so that no message shows them.
    Raises ValueError with a message if the URL is not an http or https address.
    """

    url: str  # base address, perhaps with a path (a reverse proxy), without credentials
    user: str | None = None
    password: Secret | None = None
    token: Secret | None = None  # sent as a bearer token
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    header_file: Path | None = None  # a file of `Name: value` lines, read again after a 401
    login_yields: bool = False  # the header file's Authorization has priority over user, password and token
    ca: Path | None = None  # PEM file or directory of the only authorities to trust
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False  # accept any certificate
    read_only: bool = False
    connect_seconds: float = 3.0
    read_seconds: float = 10.0
    tunnel: tuple[str, ...] = ()
    """The command that forwards the port `{port}` of this machine to the cluster; () for none. The URL stays
    the cluster's identity: only TCP connections go to that port."""

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts.username is not None and self.user is None:
            object.__setattr__(self, "user", unquote(parts.username))
        if parts.password is not None and self.password is None:
            object.__setattr__(self, "password", Secret("value", unquote(parts.password)))
        object.__setattr__(self, "url", base_url(self.url))

    @property
    def has_login(self) -> bool:
        """Whether a secret is sent with each request."""
        return self.token is not None or self.user is not None or self.header_file is not None

    @property
    def login_unencrypted(self) -> bool:
        """Whether the login can be read on the way to the server; of a tunnel's way nothing is known."""
        if self.tunnel:
            return False
        parts = urlsplit(self.url)
        return self.has_login and parts.scheme == "http" and not is_loopback(parts.hostname or "")


def base_url(text: str) -> str:
    """The base address in `text` as people paste it: no credentials, query, `#/overview` or trailing slash.

    Raises ValueError with a message if it is not the address of a web server.
    """
    parts = _split(text)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))


def _split(text: str) -> SplitResult:
    text = text.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise ValueError("the address is not a URL such as http://localhost:8081") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"the address begins with {parts.scheme}://, but Flink speaks http:// or https://")
    if not usable or any(letter.isspace() or not letter.isprintable() for letter in text):
        raise ValueError("the address is not a URL such as http://localhost:8081")
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


_ACTING = frozenset({"yarn-cancel", "yarn-stop"})  # GETs, because YARN's proxy forwards nothing else


def acts(method: str, line: str) -> bool:
    """Whether a request would change the cluster or run code on it.

    /jars/:id/plan runs the jar's main() on the JobManager. The path is checked after every decoding that
    a server may apply, so an unusual spelling is refused rather than let through.
    """
    if method != "GET":
        return True
    path = line.partition("?")[0].partition("#")[0]
    for _ in range(3):
        path = unquote(path)
    words = [word.partition(";")[0].strip().lower() for word in path.replace("\\", "/").split("/")]
    if not _ACTING.isdisjoint(words):
        return True
    return "jars" in words and "plan" in words[words.index("jars") :]
