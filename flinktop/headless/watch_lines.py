"""The lines of `flinktop watch`: as text for people and system logs, and as JSON documents, one a line."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from flinktop.flink.text import clean
from flinktop.headless.status_json import VERSION
from flinktop.judgement.finding_json import finding_object, moment
from flinktop.model import redaction

if TYPE_CHECKING:
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.finding_links import FoundLink

MOST_WORDS: Final = 2000
"""Characters of a line's words; a cause may be long."""


class What(StrEnum):
    """What a line tells. The values are printed: none is ever renamed."""

    STARTED = "started"  # the watcher
    LISTENING = "listening"  # for Prometheus
    READY = "ready"  # each cluster was asked once
    ENDED = "ended"
    NOTE = "note"  # a message of flinktop for its user
    DROPPED = "dropped"  # lines that nobody read
    FOUND = "found"  # a cluster in Kubernetes
    GONE = "gone"  # it is no longer there
    LOST = "lost"  # a cluster can't be asked
    BACK = "back"
    RAISED = "raised"  # a finding
    ESCALATED = "escalated"
    CLEARED = "cleared"
    OPEN = "open"  # a finding that was raised before this watcher started


class Line(Struct, frozen=True, kw_only=True):
    """One line of the log."""

    at: float  # s since 1970, by this machine's clock
    what: What
    words: str
    target: str = ""  # the cluster's name in the config, or its address; "" for the watcher itself
    url: str = ""
    job: str = ""  # id; "" for the cluster itself
    job_name: str = ""
    finding: Finding | None = None
    happened: float | None = None  # when the alert was raised or cleared, s since 1970
    note: str = ""  # what is to be known of it beside the finding
    links: tuple[FoundLink, ...] | None = None  # of the config, that belong to the finding


def as_text(line: Line) -> str:
    """The line for people: time with offset, cluster, job, what happened."""
    time = datetime.fromtimestamp(line.at).astimezone().isoformat(timespec="seconds")
    if not line.target:
        return f"{time}  flinktop  {_plain(line.words)}"
    if line.finding is None:
        return f"{time}  {clean(line.target)}  {line.what}  {_plain(line.words)}"
    about = clean(line.job_name or line.job) or "(cluster)"
    happened = f"{line.what} {line.finding.severity}"
    return f"{time}  {clean(line.target)}  {about}  {happened}  {_plain(line.words)}"


def as_json(line: Line) -> str:
    """The line as a JSON document without line breaks; later versions add keys, and change none.

    Its keys are those of a hook's document (see engine/alerts/document.py), with `time` and `words`.
    """
    job = {"id": clean(line.job) or None, "name": clean(line.job_name)} if line.job or line.job_name else None
    document: dict[str, Any] = {
        "time": moment(line.at * 1000.0),
        "version": VERSION,
        "target": clean(line.target) or None,
        "url": clean(line.url) or None,
        "job": job,
        "finding": finding_object(line.finding, line.links) if line.finding is not None else None,
        "event": str(line.what),
        "at": moment(line.happened * 1000.0) if line.happened is not None else None,
        "note": _plain(line.note) or None,
        "words": _plain(line.words),
    }
    return msgspec.json.encode(document).decode()


def _plain(words: str) -> str:
    """Words on one line, without secrets and not too long."""
    plain = clean(redaction.text(words))
    return plain if len(plain) <= MOST_WORDS else f"{plain[: MOST_WORDS - 1]}…"
