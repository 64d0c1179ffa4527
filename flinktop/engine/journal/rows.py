"""Converts events and known jobs to rows of the journal and back; bounds what is too long.

Nothing raises because of a malformed row: what can't be read of it is left out.
"""

from __future__ import annotations

import math
import zlib
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import msgspec
from msgspec.structs import fields, replace

from flinktop.engine.journal.event import MOST_STACK, Event, EventKind, KnownJob
from flinktop.flink.text import clean, clean_lines
from flinktop.flink.text import cut as cut_middle
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.judgement.finding import Severity

MOST_WORDS: Final = 4 * 1024
MOST_DETAILS: Final = 16 * 1024
MOST_NAME: Final = 1024
"""Bytes that are kept of an event's sentence, its further lines, and any name or id; UTF-8."""
MOST_OPTIONS: Final = 500
MOST_VERTICES: Final = 500
"""So many options and vertices of a known job are kept."""
LATEST: Final = 253_402_300_799_000.0
"""The last second of the year 9999, ms: no time is later."""
ROW_BYTES: Final = 160
"""About what an event takes on the disk beside its texts, with its part of the indices."""

_CUT: Final = "\n[cut]"
_COLUMNS: Final = frozenset(
    {"at", "cluster", "cluster_name", "kind", "words", "job", "job_name", "last", "count"}
    | {"vertex_name", "stack", "details", "number"}
)
_BODY: Final = {field.name: field.default for field in fields(Event) if field.name not in _COLUMNS}
"""What is in the body, with what is left out of it: the defaults."""
_TYPES: Final = get_type_hints(Event)
_KINDS: Final = frozenset(str(kind) for kind in EventKind)


def mark_of(*words: str) -> int:
    """A number of 64 bits for a text: SQLite keeps it in 8 bytes."""
    digest = blake2b("\0".join(words).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def bounded(event: Event, now: float) -> Event:
    """An event none of whose parts is longer than what is kept; `now` (ms) replaces an impossible time."""
    at = event.at if 0.0 <= event.at <= LATEST else now
    last = event.last if at < event.last <= LATEST else at
    return replace(
        event,
        at=at,
        last=last,
        count=min(max(event.count, 1), 1 << 31),
        cluster=plain(event.cluster),
        cluster_name=plain(event.cluster_name),
        job=plain(event.job),
        job_name=plain(event.job_name),
        key=plain(event.key),
        group=plain(event.group),
        words=cut(event.words, MOST_WORDS),
        vertex=plain(event.vertex),
        vertex_name=plain(event.vertex_name),
        taskmanager=None if event.taskmanager is None else plain(event.taskmanager),
        finding=plain(event.finding),
        details=cut(event.details, MOST_DETAILS, _CUT),
        stack=_cut_stack(event.stack),
    )


def _cut_stack(stack: str) -> str:
    """A stack of at most MOST_STACK bytes, without its middle: the reason is at both ends."""
    stack = cut_middle(stack, MOST_STACK)
    while len(stack) * 4 > MOST_STACK and (size := len(stack.encode("utf-8", "replace"))) > MOST_STACK:
        stack = cut_middle(stack, min(len(stack) * MOST_STACK // size, len(stack) - 1))
    return stack


def without_secrets(event: Event) -> Event:
    """An event whose texts are cleaned and hold no secrets, whoever made it. Not its stack."""
    return replace(
        event,
        words=redaction.text(clean(event.words)),
        details=redaction.text(clean_lines(event.details)) if event.details else "",
    )


def plain(text: str) -> str:
    """A name as it is kept: cleaned, and not too long."""
    return cut(clean(text), MOST_NAME)


def cut(text: str, most: int, end: str = "…") -> str:
    """A text of at most `most` bytes of UTF-8; one that is longer ends with `end`."""
    # A character has at most four bytes: most texts need no look at their bytes.
    if len(text) * 4 <= most:
        return text
    raw = text.encode("utf-8", "replace")
    if len(raw) <= most:
        return text
    return raw[: most - len(end.encode())].decode("utf-8", "ignore") + end


def body_of(event: Event) -> bytes:
    """What has no column of an event."""
    values = {name: getattr(event, name) for name in _BODY}
    return msgspec.json.encode({name: value for name, value in values.items() if value != _BODY[name]})


COLUMNS: Final = (
    "events.number, clusters.address, clusters.name, jobs.id, jobs.name, kind, at, last, count, words, "
    "vertex_name, details, body"
)
"""What `event_of` wants to know."""


def event_of(row: Sequence[Any]) -> Event | None:
    """The event in a row of COLUMNS; None if it is of a kind that only a newer flinktop knows."""
    number, cluster, cluster_name, job, job_name, kind, at, last, count, words, vertex_name, details, body = (
        row
    )
    if kind not in _KINDS:
        return None
    event = Event(
        number=int(number),
        cluster=_text(cluster),
        cluster_name=_text(cluster_name),
        job=_text(job),
        job_name=_text(job_name),
        kind=EventKind(kind),
        at=_time(at),
        last=_time(last),
        count=count if isinstance(count, int) else 1,
        words=_text(words),
        vertex_name=_text(vertex_name),
        details=_text(details),
        key="",
    )
    return replace(event, **_read_body(body))


def _read_body(body: Any) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, TypeError, UnicodeDecodeError, RecursionError):
        return {}
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name in _BODY:
            with suppress(msgspec.ValidationError):
                read[name] = msgspec.convert(value, _TYPES[name])
    return read


def with_severity(body: Any, severity: Severity) -> bytes:
    """A body with this severity, if it is worse than its own."""
    values = _read_body(body)
    return msgspec.json.encode(
        values | {"severity": min(values.get("severity", severity), severity, key=_rank)}
    )


def _rank(severity: Severity) -> int:
    return severity.rank


def known_body(job: KnownJob) -> bytes:
    """A known job, compressed."""
    return zlib.compress(msgspec.json.encode(job))


def known_job(body: Any) -> KnownJob | None:
    """The known job in a row; None if it can't be read."""
    try:
        return msgspec.json.decode(zlib.decompress(body), type=KnownJob)
    except (msgspec.DecodeError, zlib.error, TypeError, UnicodeDecodeError, RecursionError):
        return None


def packed(stack: str) -> bytes:
    """A stack trace, compressed."""
    return zlib.compress(stack.encode("utf-8", "replace"))


def unpacked(text: Any) -> str:
    """The stack trace in a row; "" if it can't be read."""
    try:
        return zlib.decompress(text).decode("utf-8", "replace")
    except (zlib.error, TypeError):
        return ""


def bounded_job(job: KnownJob) -> KnownJob:
    """A known job none of whose parts is longer than what is kept."""
    configuration = {
        plain(name): plain(value) for name, value in list(job.configuration.items())[:MOST_OPTIONS]
    }
    return replace(
        job,
        cluster=plain(job.cluster),
        cluster_name=plain(job.cluster_name),
        job=plain(job.job),
        name=plain(job.name),
        state=plain(job.state),
        seen=job.seen if 0.0 <= job.seen <= LATEST else 0.0,
        release=plain(job.release),
        words=cut(clean(job.words), MOST_WORDS),
        checkpoint=plain(redaction.text(job.checkpoint)),
        configuration=configuration,
        vertices=tuple(map(plain, job.vertices[:MOST_VERTICES])),
    )


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""


def _time(cell: Any) -> float:
    return float(cell) if isinstance(cell, int | float) and math.isfinite(cell) else 0.0
