"""What a connection needs before its first request: credentials, TLS, proxy."""

import ipaddress
import ssl
import urllib.request
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from flinktop.flink.connection import Connection


def wire(connection: Connection, limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
    """The network transport of a connection.

    Nothing is left to httpx's trust_env: it would send loopback addresses to a proxy and take
    credentials from .netrc.

    Raises:
        ValueError: a proxy or TLS setting is unusable; one sentence.
    """
    secure = connection.url.startswith("https://")
    proxy = proxy_for(connection.url)
    try:
        return httpx.AsyncHTTPTransport(
            # A TLS context costs 20 to 50 ms, so plain addresses do without.
            verify=tls(connection) if secure else False,
            trust_env=False,
            limits=limits,
            proxy=proxy,
        )
    except ImportError:
        raise ValueError(
            f"the environment asks for the SOCKS proxy {_bare(proxy)}, which needs one more package: "
            "pip install 'flinktop[socks]'"
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise ValueError(
            f"the environment's proxy {_bare(proxy)} is not an address flinktop can use"
        ) from None


def proxy_for(url: str) -> str | None:
    """The proxy that the environment wants for this address; never one for a loopback address."""
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


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _bare(proxy: str | None) -> str:
    parts = urlsplit(proxy or "")
    try:
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return f"{parts.scheme}://…"


def tls(connection: Connection) -> ssl.SSLContext:
    """The TLS context of an https:// connection.

    Raises:
        ValueError: a file of `ca`, `cert` or `key` is missing or not PEM; one sentence.
    """
    context = _trust(connection.ca)
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.cert is not None:
        _certify(context, connection.cert, connection.key)
    return context


def _trust(ca: Path | None) -> ssl.SSLContext:
    if ca is None:
        # The authorities that come with httpx, and the system's own (a company's).
        context = httpx.create_ssl_context(trust_env=False)
        context.load_default_certs()
        return context
    try:
        folder = str(ca) if ca.is_dir() else None
        return ssl.create_default_context(cafile=None if folder else str(ca), capath=folder)
    except ssl.SSLError:
        raise ValueError(f"{ca} holds no certificates in PEM form") from None
    except OSError as error:
        raise ValueError(f"cannot read the authorities in {ca}: {error.strerror}") from None


def _certify(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    asked = False

    def no_password() -> bytes:
        nonlocal asked
        asked = True
        return b""

    try:
        # With a function OpenSSL does not ask on the terminal for an encrypted key's password.
        context.load_cert_chain(cert, key, password=no_password)
    except ssl.SSLError:
        what = (
            "is encrypted; flinktop needs it without a password"
            if asked
            else "are not a PEM pair that belongs together"
        )
        raise ValueError(
            f"the key {key or cert} {what}" if asked else f"{cert} and {key or cert} {what}"
        ) from None
    except OSError as error:
        raise ValueError(
            f"cannot read the certificate {cert} or its key {key or cert}: {error.strerror}"
        ) from None


def credentials(connection: Connection) -> dict[str, str]:
    """The headers that let a request in, and those that the user wants sent. Blocks (files, commands).

    Raises:
        SecretError: a password or token can't be read.
        ValueError: the header file can't be read or has an odd line.
    """
    # Flink never compresses; a proxy that would is asked not to, so that the caps hold.
    headers = {"Accept-Encoding": "identity", "User-Agent": "flinktop", "Accept": "application/json, */*"}
    headers.update(connection.headers)
    if connection.header_file is not None:
        headers.update(_from_file(connection.header_file))
    if connection.token is not None:
        headers["Authorization"] = f"Bearer {connection.token.read()}"
    elif connection.user is not None:
        password = connection.password.read() if connection.password is not None else ""
        headers["Authorization"] = "Basic " + b64encode(f"{connection.user}:{password}".encode()).decode()
    for name, value in headers.items():
        if not (name + value).isascii() or not (name + value).isprintable():
            raise ValueError(f"the header {name!r} has letters that HTTP does not allow")
    return headers


def _from_file(path: Path) -> dict[str, str]:
    try:
        text = path.expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read the header file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the header file {path} is not text in UTF-8") from None
    headers = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            raise ValueError(f"{path}, line {number}: not of the form Name: value")
        headers[name.strip()] = value.strip()
    return headers
