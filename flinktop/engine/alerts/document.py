"""What the command of `[notify]` gets on its standard input: one JSON document for each call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity
from flinktop.judgement.finding_json import finding_object, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.engine.alerts.alert import Alert, Call
    from flinktop.judgement.finding_links import FoundLink, WrittenLink

VERSION: Final = 1
MOST_ALERTS: Final = 100
"""Alerts that a summary lists."""
MOST_BYTES: Final = 512 * 1024
"""Of the alerts that a summary lists; the others are counted."""


def document(call: Call, url: str, links: Sequence[WrittenLink] = ()) -> bytes:
    """The document about a call of a cluster with this address, UTF-8, with a line break at its end.

    `links` are those of the config.

    Later versions add keys, and never change one. `job` is null for the cluster itself and for a summary,
    which has `alerts` and `count` as well.
    """
    worst = call.alerts[0]
    several = len(call.alerts) > 1
    finding = finding_object(worst.finding, links_of(worst, url, links, call.at))
    if several:
        finding["words"] = summary(call.alerts)
    found = {
        "version": VERSION,
        "target": clean(worst.target),
        "url": clean(url),
        "job": None if several else _job(worst),
        "finding": finding,
        "event": str(call.change),
        "at": moment(call.at * 1000.0),
        "note": None if several else note(worst) or None,
    }
    if several:
        found |= {"alerts": _listed(call, url, links), "count": len(call.alerts)}
    return msgspec.json.encode(found) + b"\n"


def summary(alerts: Sequence[Alert]) -> str:
    """What is said of many alerts at once, of which the first is the worst."""
    worst = alerts[0]
    critical = sum(one.severity is Severity.CRITICAL for one in alerts)
    bad = f" ({critical} critical)" if critical and critical < len(alerts) else ""
    all_critical = " critical" if critical == len(alerts) else ""
    whose = f"{clean(worst.job_name)}: " if worst.job_name else ""
    return f"{len(alerts)}{all_critical} alerts{bad}; worst: {whose}{clean(worst.finding.words)}"


def note(alert: Alert) -> str:
    """What is to be known of an alert beside its finding; "" for nothing."""
    if alert.flapping:
        return "flapping: it comes and goes, and calls again when it has been quiet for 10 minutes"
    return alert.why_cleared


def links_of(alert: Alert, url: str, links: Sequence[WrittenLink], at: float) -> tuple[FoundLink, ...] | None:
    """The links of the config that belong to an alert; None where it has none. `at` is now, s since 1970."""
    if not links:
        return None
    # Few configs have links.
    from flinktop.judgement.finding_links import FoundOn, finding_links  # noqa: PLC0415

    on = FoundOn(cluster=alert.target, url=url, now=at * 1000.0, job=alert.job, job_name=alert.job_name)
    return tuple(finding_links(links, alert.finding, on))


def _listed(call: Call, url: str, links: Sequence[WrittenLink]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    size = 0
    for one in call.alerts[:MOST_ALERTS]:
        finding = finding_object(one.finding, links_of(one, url, links, call.at))
        entry = {"job": _job(one), "finding": finding}
        size += len(msgspec.json.encode(entry))
        if found and size > MOST_BYTES:
            break
        found.append(entry)
    return found


def _job(alert: Alert) -> dict[str, Any] | None:
    if not alert.job and not alert.job_name:
        return None
    return {"id": clean(alert.job) or None, "name": clean(alert.job_name)}
