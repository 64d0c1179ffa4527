"""The JSON document of `flinktop status`: later versions add keys and kinds, and never change one."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from flinktop.flink.text import clean

if TYPE_CHECKING:
    from flinktop.headless.status_report import ClusterStatus, Status
    from flinktop.judgement.finding import Culprit, Finding
    from flinktop.judgement.verdict import Verdict

VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT: Final = 2**53
"""Whole numbers below it are written without a decimal point."""


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
        "findings": [_finding(one) for one in cluster.findings],
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
        "findings": [_finding(one) for one in verdict.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": str(finding.kind),
        "severity": str(finding.severity),
        "since": moment(finding.since),
        "words": clean(finding.words),
        "culprit": _culprit(finding.culprit),
        "evidence": [
            {"what": clean(one.what), "value": plain(one.value), "unit": clean(one.unit)}
            for one in finding.evidence
        ],
        "next": clean(finding.next),
    }


def _culprit(culprit: Culprit) -> dict[str, Any]:
    return {
        "vertex": clean(culprit.vertex) if culprit.vertex else None,
        "vertex_name": clean(culprit.vertex_name) if culprit.vertex_name else None,
        "subtasks": list(culprit.subtasks) or None,
        "taskmanager": clean(culprit.taskmanager) if culprit.taskmanager else None,
    }


def plain(value: float | str | None) -> float | str | None:
    """A value of evidence: text cleaned, a whole number as such, None for what is not finite."""
    if isinstance(value, str):
        return clean(value)
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < _EXACT else value


def moment(milliseconds: float | None) -> str | None:
    """A time (ms since 1970) as 2026-11-28T19:00:00Z; None for none, and for one beyond the year 9999."""
    if milliseconds is None or not math.isfinite(milliseconds) or milliseconds <= 0:
        return None
    try:
        at = _EPOCH + timedelta(seconds=int(milliseconds // 1000))
    except OverflowError:
        return None
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
