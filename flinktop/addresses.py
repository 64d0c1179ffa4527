"""Compares addresses of clusters, matches hosts of a login, finds the job in a Web UI's address."""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from posixpath import normpath
from typing import Final
from urllib.parse import unquote, urlsplit

from flinktop import allowed
from flinktop.allowed import NotAllowed

_PORTS: Final = {"http": 80, "https": 443}
_LOOPBACK: Final = ("127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 -- compared, not bound
"""This machine; the last two are no valid targets, but Linux accepts them."""
_DOTS: Final = re.compile("[.\u3002\uff0e\uff61]")
_KEPT: Final = frozenset("\u00df\u03c2")
"""Letters (sharp s, final sigma) that Python's idna codec replaces, but the HTTP client keeps."""


def normal_form(url: str) -> str:
    """A base URL in a normal form, for comparison only.

    It always has a port; the host is in lower-case ASCII without a trailing dot, an IP address in its
    shortest form, and this machine always `localhost`; the path is decoded and has no empty parts.
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
    """A label of a host name in ASCII."""
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


CREDENTIALS_FOR: Final = "FLINKTOP_CREDENTIALS_FOR"

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\s:/@\[\]*,]{1,253})(:\d{1,5})?")


def names(text: str, url: str) -> bool:
    """Whether one of the hosts in `text` is that of a base URL.

    `text` has hosts (any port, http and https), hosts with a port, and addresses of clusters, separated by
    commas or spaces. Raises NotAllowed for anything else.
    """
    # Not `any`: every invalid entry must raise, wherever it is.
    return True in {_names(one, url) for one in re.split(r"[\s,]+", text) if one}


def _names(one: str, url: str) -> bool:
    if "://" in one:
        return normal_form(allowed.address(one)) == normal_form(url)
    found = _HOST.fullmatch(one)
    if found is None:
        raise NotAllowed(
            "must be hosts (flink.example.com), hosts with a port (flink.example.com:8081) or addresses "
            "(https://flink.example.com/prod), with commas between them"
        )
    here = urlsplit(url)
    port = found[2] or (f":{here.port}" if here.port else "")
    try:
        return normal_form(f"{here.scheme}://{found[1]}{port}") == normal_form(
            f"{here.scheme}://{here.netloc}"
        )
    except ValueError:
        raise NotAllowed("names a port beyond 65535") from None


_ID: Final = "[0-9a-fA-F]{32}"
_ROUTE: Final = re.compile(
    # /job/ID from 1.9, /job/running/ID and /job/completed/ID from 1.16, /jobs/ID in the UI before 1.9, which
    # 1.9 and 1.10 still have.
    rf"/?jobs?/(?:(?:running|completed)/)?({_ID})(?:/([a-z_]+)(?:/({_ID}))?)?(?:[/?].*)?"
)
_TABS: Final = {
    "exceptions": "exceptions",
    "timeline": "timeline",
    "rescales": "timeline",
    "configuration": "configuration",
    "cluster_configuration": "configuration",
    "config": "configuration",
    "accumulators": "accumulators",
}
"""Pages of a job in the Web UI, and the tabs of flinktop that show the same."""


@dataclass(frozen=True, slots=True)
class ShownJob:
    """The job, page and vertex in an address of the Web UI."""

    job: str
    tab: str = ""  # a tab of flinktop's job screen; "" for the default
    checkpoints: bool = False  # whether it is the page of the job's checkpoints
    vertex: str = ""  # the id of the opened vertex, if any


def shown_job(target: str) -> ShownJob | None:
    """The job in an address of the Web UI; None if there is none."""
    found = _ROUTE.fullmatch(target.partition("#")[2].removeprefix("!"))
    if found is None:
        return None
    job, page, vertex = (part or "" for part in found.groups())
    return ShownJob(
        job.lower(), _TABS.get(page, ""), page == "checkpoints", vertex.lower() if page == "overview" else ""
    )
