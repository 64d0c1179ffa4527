"""How to connect to a cluster: address, credentials, TLS and time limits. Imports no HTTP library.

Which addresses mean the same cluster is decided here.
"""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from posixpath import normpath
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from flinktop.flink.secrets import Secret, SecretError

__all__ = ["Connection", "Secret", "SecretError", "base_url", "cluster_key", "is_loopback", "normal_form"]

_PORTS: Final = {"http": 80, "https": 443}
_LOOPBACK: Final = ("127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 -- compared, not bound
"""This machine; the last two are no valid targets, but Linux accepts them."""
_DOTS: Final = re.compile("[.\u3002\uff0e\uff61]")
_TOO_LONG: Final = 64  # characters of a label
_KEPT: Final = frozenset("\u00df\u03c2")
"""Letters (sharp s, final sigma) that Python's idna codec replaces, but the HTTP client keeps."""


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
    def sends_own(self) -> bool:
        """Whether requests carry anything of this cluster's own: a login, headers, or a certificate."""
        return self.has_login or bool(self.headers) or self.cert is not None

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
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def normal_form(url: str) -> str:
    """A base URL in a normal form, for comparison only.

    It always has a port; the host is in lower-case ASCII without a trailing dot, an IP address in its
    shortest form, and this machine always `localhost`; the path is decoded and has no empty parts.
    """
    parts = urlsplit(url)
    path = normpath(re.sub("/+", "/", f"/{unquote(parts.path)}/"))
    port = parts.port or _PORTS.get(parts.scheme)
    return f"{parts.scheme}://[{_host(parts.hostname or '')}]:{port}{path}"


@lru_cache(1024)
def cluster_key(address: str) -> str:
    """What tells clusters apart: the normal form of an address; of text that is none the text."""
    try:
        return normal_form(address)
    except ValueError:
        return address


def _host(host: str) -> str:
    name = host.lower()
    with suppress(UnicodeError):
        name = ".".join(map(_label, _DOTS.split(name)))
    name = name.rstrip(".")
    address = _ip_address(name)
    name = str(address) if address is not None else name
    return "localhost" if name in _LOOPBACK else name


def _label(label: str) -> str:
    """A label of a host name in ASCII."""
    if label.isascii() and len(label) < _TOO_LONG:
        return label  # without loading the tables of the codec
    if _KEPT & set(label):
        return f"xn--{label.encode('punycode').decode('ascii')}"
    return label.encode("idna").decode("ascii")


def _ip_address(name: str) -> IPv4Address | IPv6Address | None:
    with suppress(ValueError):
        address = ip_address(name)
        return getattr(address, "ipv4_mapped", None) or address
    # Other forms that the system's resolver accepts: 127.1, 0x7f000001, 2130706433.
    with suppress(OSError, ValueError):
        return IPv4Address(socket.inet_aton(name))
    return None


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
