"""Keeps in the journal what a judge must remember, for verdicts that are right after a restart of flinktop.

Written is what has changed, at most every SAVE_SECONDS; the figures in what is said, which always change,
every REFRESH_SECONDS. Secrets are removed before.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from flinktop.engine.journal.read_only import read_kept_only
from flinktop.flink.errors import NotReady, Unreachable
from flinktop.judgement.remembered import AWAY_MS, DAY_MS, OfCluster, OfJob, OfLink, Remembered
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping
    from pathlib import Path

    from flinktop.engine.clock import Clock
    from flinktop.engine.judge import Judge
    from flinktop.engine.link import Link
    from flinktop.judgement.remembered import Standing

log = logging.getLogger(__name__)

NAME: Final = "memory"
"""Under which the journal keeps it."""
VERSION: Final = 1
"""Of what is kept; that of another version is not read."""
SAVE_SECONDS: Final = 10.0
REFRESH_SECONDS: Final = 60.0
MOST_AT_ONCE: Final = 100
"""Jobs that are written at a time; the others with the next."""
MOST_JOBS: Final = 1000
"""Jobs that are remembered; more than that are unhealthy only where all are."""
_CLUSTER, _LINK = "cluster", "link"

T = TypeVar("T", OfJob, OfCluster, OfLink)


class Kept(Protocol):
    """Where it is kept: the journal."""

    def keep(self, name: str, cluster: str, key: str, value: bytes | None) -> None: ...
    def kept(self, name: str, cluster: str) -> Mapping[str, bytes]: ...


class JudgeMemory:
    """The memory of one cluster's judge. `read` blocks; the rest returns at once, and is the engine's."""

    def __init__(self, journal: Kept, cluster: str, clock: Clock) -> None:
        """`cluster` is its address as in events."""
        self._journal = journal
        self._cluster = cluster
        self._clock = clock
        self._before: OfLink | None = None
        self._written: dict[str, tuple[Hashable, float]] = {}  # by key: what was written, and when (s)
        self._saved = float("-inf")

    def read(self, now: float) -> Remembered:
        """What is remembered; of what was seen last more than a day before `now` (ms) nothing is."""
        kept = self._journal.kept(NAME, self._cluster)
        found = decode(kept, now)
        for key in kept.keys() - {_CLUSTER, _LINK} - found.jobs.keys():
            self._journal.keep(NAME, self._cluster, key, None)
        self._before = found.link
        # These are written again, or deleted, when it is known what has become of them.
        self._written = dict.fromkeys(found.jobs, (None, float("-inf")))
        return found

    def silence(self, link: Link) -> tuple[float | None, float | None]:
        """For how long (s) a cluster has not answered that answered an earlier flinktop; None if it does.

        Then for how long it was asked in vain, if that is less: an outage that went on when that flinktop was
        ended goes on, and else nobody knows.
        """
        before = self._before
        if before is None or not isinstance(link.error, Unreachable | NotReady):
            return None, None  # a login that is refused is an answer
        now = 1000.0 * self._clock.wall() + before.ahead
        if now - before.answered > DAY_MS:
            return None, None
        went_on = before.vain is not None and now - before.at <= AWAY_MS
        silent = max(0.0, now - before.answered) / 1000.0
        return silent, None if went_on else self._clock.now() - link.since

    @property
    def is_due(self) -> bool:
        """Whether it is time to save."""
        return self._clock.now() - self._saved >= SAVE_SECONDS

    def save(self, judge: Judge, link: Link, now: float, *, last: bool = False) -> None:
        """Write what has changed; `now` is the cluster's time, ms since 1970.

        `last`: flinktop is about to end, so figures are written, too, however young those written before are.
        """
        refresh = 0.0 if last else REFRESH_SECONDS
        self._saved = self._clock.now()
        known = self._link(link, now)
        if known is None:
            return  # it has never answered
        self._put(_LINK, known, known.at, refresh)
        cluster = judge.of_cluster()
        self._put(_CLUSTER, cluster, _of_cluster(cluster), refresh)
        worth = {job: one for job, one in judge.of_jobs() if not one.is_empty and known.at - one.at <= DAY_MS}
        for job in self._written.keys() - worth.keys() - {_CLUSTER, _LINK}:
            del self._written[job]
            self._journal.keep(NAME, self._cluster, job, None)
        left = MOST_AT_ONCE
        for job, one in list(worth.items())[:MOST_JOBS]:
            if left == 0:
                break
            left -= self._put(job, one, _of_job(one), refresh)

    def _link(self, link: Link, now: float) -> OfLink | None:
        since = self._clock.now()
        vain = now - 1000.0 * (since - link.since) if link.error is not None else None
        if link.answered is not None:
            answered = now - 1000.0 * (since - link.answered)
            return OfLink(at=now, answered=answered, vain=vain, ahead=now - 1000.0 * self._clock.wall())
        return replace(self._before, at=now + self._before.ahead, vain=vain) if self._before else None

    def _put(self, key: str, value: OfJob | OfCluster | OfLink, state: Hashable, refresh: float) -> bool:
        """Write a value if its state has changed, or its figures are so old (s); whether it was written."""
        before, at = self._written.get(key, (None, float("-inf")))
        is_static = isinstance(value, OfJob) and not value.listed
        if state == before and (is_static or self._saved - at < refresh):
            return False
        self._written[key] = state, self._saved
        self._journal.keep(NAME, self._cluster, key, encode(value))
        return True


def read_only(path: Path, clusters: Iterable[str], now: float) -> dict[str, Remembered]:
    """What is remembered of clusters in a journal's file, by address, without writing; `now` in ms.

    Blocks. Raises JournalError with the end of a sentence.
    """
    kept = read_kept_only(path, NAME, clusters)
    return {cluster: decode(values, now) for cluster, values in kept.items()}


# -- as bytes ----------------------------------------------------------------------------------------------


class _Row(msgspec.Struct):
    """A value with the version of its form."""

    version: int
    value: msgspec.Raw


def encode(value: OfJob | OfCluster | OfLink) -> bytes:
    """A value as JSON, without secrets."""
    plain = _without_secrets(msgspec.to_builtins(value))
    return msgspec.json.encode({"version": VERSION, "value": plain})


def decode(kept: Mapping[str, bytes], now: float) -> Remembered:
    """What is remembered, as far as it can be read and is not over a day old at `now` (ms)."""
    jobs = {
        key: one
        for key, value in kept.items()
        if key not in {_CLUSTER, _LINK} and (one := _decoded(key, value, OfJob)) is not None
    }
    found = Remembered(
        jobs=jobs,
        cluster=_decoded(_CLUSTER, kept.get(_CLUSTER), OfCluster),
        link=_decoded(_LINK, kept.get(_LINK), OfLink),
    ).until_the_end()
    young = {key: one for key, one in found.jobs.items() if now - one.at <= DAY_MS}
    return replace(
        found,
        jobs=young,
        cluster=found.cluster if found.cluster is not None and now - found.cluster.at <= DAY_MS else None,
    )


def _decoded(key: str, value: bytes | None, kind: type[T]) -> T | None:
    if value is None:
        return None
    try:
        row = msgspec.json.decode(value, type=_Row)
        if row.version == VERSION:
            return msgspec.json.decode(row.value, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        log.info("what was remembered of %s can't be read: %s", key, error)
        return None
    log.info("what was remembered of %s is of version %s", key, row.version)
    return None


_TEXTS: Final = frozenset({"words", "next", "reason", "what", "value", "vertex_name"})
"""Fields with text of exceptions or of the program."""


def _without_secrets(value: Any, *, is_text: bool = False) -> Any:
    if isinstance(value, str):
        return redaction.text(value) if is_text else value
    if isinstance(value, dict):
        return {name: _without_secrets(one, is_text=name in _TEXTS) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(one) for one in value]
    return value


# -- what must be written when it changes ------------------------------------------------------------------


def _of_job(one: OfJob) -> Hashable:
    past, restarts = one.failures, one.restarts
    return (
        one.listed,
        _of_standing(one.standing),
        (past.first.at, past.last, past.count, past.missed) if past is not None else None,
        one.checkpoints,
        (restarts.first, restarts.count) if restarts is not None else None,
        one.where,
    )


def _of_cluster(one: OfCluster) -> Hashable:
    running = one.running
    return (
        _of_standing(one.standing),
        frozenset((name, _of_standing(standing)) for name, standing in one.missing.items()),
        one.listed.taskmanagers if one.listed is not None else None,
        one.lost,
        frozenset(running.names),
        frozenset(running.gone),
        running.processor_time is None,
        running.restarted,
        running.taskmanagers,
        running.same,
    )


def _of_standing(standing: Iterable[Standing]) -> Hashable:
    return tuple(
        (one.finding.kind, one.finding.severity, one.vertex, one.taskmanager, one.first, one.raised, one.last)
        for one in standing
    )
