"""The links of one's own that belong to a finding: to its job, vertex, TaskManager or cluster."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from flinktop.judgement.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flinktop.judgement.finding import Finding

USUAL_MS = 3_600_000.0
"""How long before now it begins (ms) where no beginning is known."""


class WrittenLink(Protocol):
    """A link as the config file has it."""

    @property
    def name(self) -> str: ...
    @property
    def on(self) -> tuple[str, ...]: ...
    @property
    def clusters(self) -> tuple[str, ...] | None: ...
    def address_if_known(self, values: Mapping[str, str], /) -> str | None: ...


class FoundLink(Struct, frozen=True):
    """A link with its address."""

    name: str
    url: str


class FoundOn(Struct, frozen=True, kw_only=True):
    """What a finding was found on; times in ms since 1970."""

    cluster: str  # its name in the config, or its address
    url: str
    now: float
    release: str = ""
    job: str = ""  # id; "" for a finding of the cluster itself
    job_name: str = ""
    state: str = ""
    started: float | None = None


def values(finding: Finding | None, of: FoundOn) -> dict[str, str]:
    """The values for templates; what is not known is left out. Without a finding: what it would be on."""
    since = finding.since if finding is not None and finding.since is not None else of.started
    if since is None:
        since = of.now - USUAL_MS
    culprit = finding.culprit if finding is not None else None
    known = {
        "cluster": of.cluster,
        "url": of.url,
        "release": of.release,
        "verdict": str(finding.kind) if finding is not None else "",
        "since_ms": str(int(since)) if 0 < since < math.inf else "",
        "now_ms": str(int(of.now)),
        "job": of.job,
        "job_name": of.job_name,
        "state": of.state,
        "vertex": (culprit.vertex or "") if culprit is not None else "",
        "vertex_name": (culprit.vertex_name or "") if culprit is not None else "",
        "subtask": str(culprit.subtasks[0]) if culprit is not None and culprit.subtasks else "",
        "taskmanager": (culprit.taskmanager or "") if culprit is not None else "",
    }
    return {name: value for name, value in known.items() if value}


def things(finding: Finding, of: FoundOn) -> Iterator[str]:
    """What a finding is about, of what links can be on."""
    yield "job" if of.job or of.job_name else "cluster"
    culprit = finding.culprit
    if culprit.vertex:
        yield "vertex"
        if culprit.subtasks:
            yield "subtask"
    if culprit.taskmanager:
        yield "taskmanager"
    elif culprit.taskmanager is not None:
        yield "jobmanager"


def finding_links(
    links: Iterable[WrittenLink], finding: Finding, of: FoundOn, more: Mapping[str, str] | None = None
) -> list[FoundLink]:
    """The links that belong to a finding, each once, in the order of the config file.

    Those whose values are not all known are left out. `more` are values that are known beside those of the
    finding; with a checkpoint among them it is about that as well.
    """
    about = {*things(finding, of), *(["checkpoint"] if more and "checkpoint" in more else [])}
    filled = values(finding, of) | dict(more or {})
    return [
        FoundLink(link.name, url)
        for link in links
        if is_for(link.clusters, of.cluster) and about.intersection(link.on)
        if (url := link.address_if_known(filled)) is not None
    ]


def is_for(clusters: tuple[str, ...] | None, cluster: str) -> bool:
    """Whether an entry of the config file with these `clusters` is for a cluster, by its name."""
    return clusters is None or matches(cluster, clusters)
