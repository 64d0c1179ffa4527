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

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        cluster=cut(event.cluster, MOST_NAME),
        cluster_name=cut(event.cluster_name, MOST_NAME),
        job=cut(event.job, MOST_NAME),
        job_name=cut(event.job_name, MOST_NAME),
        words=cut(event.words, MOST_WORDS),
        vertex=cut(event.vertex, MOST_NAME),
        vertex_name=cut(event.vertex_name, MOST_NAME),
        taskmanager=None if event.taskmanager is None else cut(event.taskmanager, MOST_NAME),
        details=cut(event.details, MOST_DETAILS, _CUT),
        stack=cut(event.stack, MOST_STACK, _CUT),
    )


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


def known_body(job: KnownJob) -> bytes:
    """A known job, compressed."""
    return zlib.compress(msgspec.json.encode(_bounded_job(job)))


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


def _bounded_job(job: KnownJob) -> KnownJob:
    configuration = {
        cut(name, MOST_NAME): cut(value, MOST_NAME)
        for name, value in list(job.configuration.items())[:MOST_OPTIONS]
    }
    return replace(
        job,
        name=cut(job.name, MOST_NAME),
        words=cut(job.words, MOST_WORDS),
        checkpoint=cut(job.checkpoint, MOST_NAME),
        configuration=configuration,
        vertices=tuple(cut(name, MOST_NAME) for name in job.vertices[:MOST_VERTICES]),
    )


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""


def _time(cell: Any) -> float:
    return float(cell) if isinstance(cell, int | float) and math.isfinite(cell) else 0.0
