"""The JSON document of `flinktop status`: later versions add keys and kinds, and never change one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from flinktop.flink.text import clean
from flinktop.judgement.finding_json import finding_object, moment

if TYPE_CHECKING:
    from flinktop.headless.status_report import ClusterStatus, Status
    from flinktop.judgement.verdict import Verdict

VERSION: Final = 1


def document(status: Status) -> bytes:
    """The document, UTF-8."""
    return msgspec.json.encode(as_object(status))


def as_object(status: Status) -> dict[str, Any]:
    """The document as an object, its keys in their order."""
    return {
        "version": VERSION,
        "at": moment(status.at),
        "worst": str(status.worst),
        "clusters": [_cluster(one) for one in status.clusters],
    }


def _cluster(cluster: ClusterStatus) -> dict[str, Any]:
    return {
        "target": clean(cluster.target),
        "url": clean(cluster.url),
        "reachable": cluster.error is None,
        "error": clean(cluster.error) if cluster.error is not None else None,
        "release": clean(cluster.release) if cluster.release is not None else None,
        "look": str(cluster.look) if cluster.look is not None else None,
        "findings": [finding_object(one) for one in cluster.findings],
        "jobs": [_job(one) for one in cluster.sorted_verdicts],
    }


def _job(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": clean(verdict.job) or None,
        "name": clean(verdict.name),
        "state": clean(verdict.state) or None,
        "severity": str(verdict.severity),
        "kind": clean(verdict.kind),
        "words": clean(verdict.words),
        "findings": [finding_object(one) for one in verdict.findings],
    }
