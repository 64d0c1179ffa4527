"""Matches hosts of a login, finds the job in a Web UI's address."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flinktop import allowed
from flinktop.allowed import NotAllowed
from flinktop.flink.connection import normal_form

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
