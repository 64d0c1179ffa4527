"""Which job an address copied from Flink's Web UI shows: what stands after its `#`."""

import re
from dataclasses import dataclass
from typing import Final

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
"""Pages of a job in the Web UI, and the tab of flinktop's that shows the same."""


@dataclass(frozen=True, slots=True)
class ShownJob:
    """What the Web UI shows at an address: a job, a page of it, a vertex."""

    job: str
    tab: str = ""
    """A tab of flinktop's job screen; empty for the one that it opens on."""
    checkpoints: bool = False
    """Whether it is the page of the job's checkpoints."""
    vertex: str = ""
    """The id of the vertex that is opened in it, if one is."""


def shown_job(target: str) -> ShownJob | None:
    """The job that an address shows; None where it shows none."""
    found = _ROUTE.fullmatch(target.partition("#")[2].removeprefix("!"))
    if found is None:
        return None
    job, page, vertex = (part or "" for part in found.groups())
    return ShownJob(
        job.lower(), _TABS.get(page, ""), page == "checkpoints", vertex.lower() if page == "overview" else ""
    )
