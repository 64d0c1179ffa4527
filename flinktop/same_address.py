"""Whether two addresses mean the same cluster, however they are spelled."""

import re
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from posixpath import normpath
from typing import Final
from urllib.parse import unquote, urlsplit

_PORTS: Final = {"http": 80, "https": 443}
_LOOPBACK: Final = ("127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 -- compared, not bound
"""This machine; the last two are no addresses to connect to, and Linux takes them for it."""
_DOTS: Final = re.compile("[.\u3002\uff0e\uff61]")
_KEPT: Final = frozenset("\u00df\u03c2")
"""Letters (sharp s, final sigma) that Python's codec replaces, where the client opens a host of their own."""


def normal_form(url: str) -> str:
    """A base URL in the one form that all its spellings share: to compare it, not to open it.

    The port is always there; the host is in lower case and ASCII, without a dot at its end, an IP address in
    its shortest form, and this machine is always `localhost`; the path is decoded and has no empty parts.
    """
    parts = urlsplit(url)
    path = normpath(re.sub("/+", "/", f"/{unquote(parts.path)}/"))
    port = parts.port or _PORTS.get(parts.scheme)
    return f"{parts.scheme}://[{_host(parts.hostname or '')}]:{port}{path}"


def _host(host: str) -> str:
    name = host.lower()
    with suppress(UnicodeError):
        name = ".".join(map(_label, _DOTS.split(name)))
    name = name.rstrip(".")
    address = _ip_address(name)
    name = str(address) if address is not None else name
    return "localhost" if name in _LOOPBACK else name


def _label(label: str) -> str:
    """A part of a host's name in ASCII."""
    if _KEPT & set(label):
        return f"xn--{label.encode('punycode').decode('ascii')}"
    return label.encode("idna").decode("ascii")


def _ip_address(name: str) -> IPv4Address | IPv6Address | None:
    with suppress(ValueError):
        address = ip_address(name)
        return getattr(address, "ipv4_mapped", None) or address
    # What the system's resolver takes as well: 127.1, 0x7f000001, 2130706433.
    with suppress(OSError, ValueError):
        return IPv4Address(socket.inet_aton(name))
    return None
