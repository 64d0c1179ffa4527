"""The HTTP transport: proxy, TLS, and the read-only guard."""

import ssl
import sys
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from flinktop.flink.connection import Connection, acts, is_loopback
from flinktop.flink.errors import Refused
from flinktop.flink.missing_package import install_command
from flinktop.flink.tls_contexts import TlsContexts

if TYPE_CHECKING:
    from flinktop.flink.local_end import LocalEnd

_SOCKS = "httpx[socks]>=0.28.1,<0.29"  # as in the extra `socks` of pyproject.toml
MOST_COOKIE = 4096  # bytes, as in browsers: Python's parser fails on very long dates
POOL = httpx.Limits(max_connections=4, max_keepalive_connections=4, keepalive_expiry=120)
"""Idle connections outlive the slowest poll; httpx's own 5 s would reconnect on each poll."""

if find_spec("sniffio") is None:
    # httpcore tries to import it four times for each request, and Python searches its whole path each
    # time: a fifth of the engine's CPU time. With None here the import fails at once.
    sys.modules["sniffio"] = None  # type: ignore[assignment]


class Guarded(httpx.AsyncBaseTransport):
    """The read-only guard on the transport itself: it checks exactly what is sent.

    Cookies that are too long are removed from answers.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, connection: Connection, *, ours: bool) -> None:
        self._inner = inner
        self._connection = connection
        self._ours = ours

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        line = request.url.raw_path.decode("ascii")
        if self._connection.read_only and acts(request.method, line):
            shown = self._connection.url + line.partition("?")[0]
            raise Refused(request.method, shown, "this connection is read-only; nothing was sent")
        response = await self._inner.handle_async_request(request)
        if any(len(cookie) > MOST_COOKIE for cookie in response.headers.get_list("set-cookie")):
            del response.headers["set-cookie"]
        return response

    async def aclose(self) -> None:
        """Close our own transport; a given one outlives its clients."""
        if self._ours:
            await self._inner.aclose()


def network(
    connection: Connection, contexts: TlsContexts | None = None, end: "LocalEnd | None" = None
) -> httpx.AsyncBaseTransport:
    """The transport that reaches the network; `contexts` are those of other clients, too.

    If the `end` of a tunnel is given it goes through that, and not through a proxy.
    httpx's trust_env is not used: it would send loopback addresses to a proxy and take credentials
    from .netrc. Raises ValueError with a message if a proxy or TLS setting is unusable.
    """
    proxy = proxy_for(connection.url) if end is None else None
    context: ssl.SSLContext | bool = False
    if connection.url.startswith("https://"):
        # It costs 20 to 50 ms, so plain addresses have none.
        context = contexts.of(connection, tls) if contexts is not None else tls(connection)
    try:
        direct = httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=POOL, proxy=proxy)
    except ImportError:
        raise ValueError(
            f"the environment asks for the SOCKS proxy {without_credentials(proxy)}, which needs one more "
            f"package: {install_command(_SOCKS)}"
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise ValueError(
            f"the environment's proxy {without_credentials(proxy)} is not an address flinktop can use"
        ) from None
    if end is None:
        return direct
    # Few clusters have a tunnel.
    from flinktop.flink.tunnelled import Tunnelled  # noqa: PLC0415

    return Tunnelled(direct, end)


def proxy_for(url: str) -> str | None:
    """The proxy that the environment sets for this address; never one for a loopback address."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return None
    proxies = urllib.request.getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return None
    host = parts.netloc.rpartition("@")[2]
    if urllib.request.proxy_bypass_environment(host, proxies):  # type: ignore[attr-defined] # missing in typeshed
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def without_credentials(proxy: str | None) -> str:
    """The proxy as messages show it."""
    try:
        parts = urlsplit(proxy or "")
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return (proxy or "").partition("://")[0] + "://…"


def tls(connection: Connection) -> ssl.SSLContext:
    """Trusted authorities and client certificate. ValueError if a file is missing or not PEM."""
    context = _trust(connection.ca) if connection.ca is not None else _usual_trust()
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.cert is not None:
        _certify(context, connection.cert, connection.key)
    return context


def _trust(ca: Path) -> ssl.SSLContext:
    try:
        folder = str(ca) if ca.is_dir() else None
        return ssl.create_default_context(cafile=None if folder else str(ca), capath=folder)
    except ssl.SSLError:
        raise ValueError(f"{ca} holds no certificates in PEM form") from None
    except OSError as error:
        raise ValueError(f"cannot read the authorities in {ca}: {error.strerror}") from None


def _certify(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    encrypted = False

    def no_password() -> bytes:
        nonlocal encrypted
        encrypted = True
        return b""

    try:
        # Without a function OpenSSL asks for an encrypted key's password on the terminal.
        context.load_cert_chain(cert, key, password=no_password)
    except ssl.SSLError:
        what = (
            "is encrypted; flinktop needs it without a password"
            if encrypted
            else "are not a PEM pair that belongs together"
        )
        raise ValueError(
            f"the key {key or cert} {what}" if encrypted else f"{cert} and {key or cert} {what}"
        ) from None
    except OSError as error:
        raise ValueError(
            f"cannot read the certificate {cert} or its key {key or cert}: {error.strerror}"
        ) from None


def _usual_trust() -> ssl.SSLContext:
    """The authorities that come with httpx, and the system's own (a company's)."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context
