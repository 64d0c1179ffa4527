"""A finding as JSON, as `flinktop status --json` and the hooks of alerts have it; see status.md."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from flinktop.flink.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.judgement.finding import Culprit, Finding
    from flinktop.judgement.finding_links import FoundLink

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT: Final = 2**53
"""Whole numbers below it are written without a decimal point."""


def finding_object(finding: Finding, links: Iterable[FoundLink] | None = None) -> dict[str, Any]:
    """A finding as an object, its keys in their order.

    `links` are those of the config that belong to it; None where the config has none, and no such key.
    """
    found: dict[str, Any] = {
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
    if links is not None:
        found["links"] = [{"name": clean(one.name), "url": one.url} for one in links]
    return found


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
