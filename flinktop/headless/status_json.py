"""The JSON document of `flinktop status`: later versions add keys and kinds, and never change one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from flinktop.flink.text import clean
from flinktop.judgement.finding_json import finding_object, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flinktop.headless.status_report import ClusterStatus, Status
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.finding_links import FoundLink, WrittenLink
    from flinktop.judgement.verdict import Verdict

    Links = Callable[[Finding, Verdict | None], Iterable[FoundLink] | None]
    """The links of a finding of a job, or of the cluster itself; None where the config has none."""

VERSION: Final = 1


def document(status: Status, links: Sequence[WrittenLink] = ()) -> bytes:
    """The document, UTF-8; `links` are those of the config."""
    return msgspec.json.encode(as_object(status, links))


def as_object(status: Status, links: Sequence[WrittenLink] = ()) -> dict[str, Any]:
    """The document as an object, its keys in their order."""
    return {
        "version": VERSION,
        "at": moment(status.at),
        "worst": str(status.worst),
        "clusters": [_cluster(one, links_on(one, links, status.at)) for one in status.clusters],
    }


def links_on(cluster: ClusterStatus, links: Sequence[WrittenLink], at: float) -> Links:
    """The links of the config for the findings of a cluster; `at` is the report's time, ms since 1970."""
    if not links:
        return lambda _finding, _verdict: None
    # Few configs have links.
    from flinktop.judgement.finding_links import FoundOn, finding_links  # noqa: PLC0415

    def found(finding: Finding, verdict: Verdict | None) -> Iterable[FoundLink]:
        on = FoundOn(
            cluster=cluster.target,
            url=cluster.url,
            now=cluster.at or at,
            release=cluster.release or "",
            job=verdict.job if verdict is not None else "",
            job_name=verdict.name if verdict is not None else "",
            state=verdict.state if verdict is not None else "",
        )
        return finding_links(links, finding, on)

    return found


def _cluster(cluster: ClusterStatus, links: Links) -> dict[str, Any]:
    return {
        "target": clean(cluster.target),
        "url": clean(cluster.url),
        "reachable": cluster.error is None,
        "error": clean(cluster.error) if cluster.error is not None else None,
        "release": clean(cluster.release) if cluster.release is not None else None,
        "look": str(cluster.look) if cluster.look is not None else None,
        "findings": [finding_object(one, links(one, None)) for one in cluster.findings],
        "jobs": [_job(one, links) for one in cluster.sorted_verdicts],
    }


def _job(verdict: Verdict, links: Links) -> dict[str, Any]:
    return {
        "id": clean(verdict.job) or None,
        "name": clean(verdict.name),
        "state": clean(verdict.state) or None,
        "severity": str(verdict.severity),
        "kind": clean(verdict.kind),
        "words": clean(verdict.words),
        "findings": [finding_object(one, links(one, verdict)) for one in verdict.findings],
    }
