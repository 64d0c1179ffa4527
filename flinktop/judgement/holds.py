"""How long a sign must last before it is a finding, and how long it must be gone before the finding is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.judgement.finding import OF_CLUSTER, Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

ENOUGH_IN_ONE_LOOK: Final = 3
"""Different fetches of Flink's metrics that must agree where a look is not followed by others."""

SETTLES_MS: Final = 45_000.0
"""So long after the start it takes until some fetches of Flink's metrics have been read."""
LONGEST_UNSEEN: Final = 120_000.0
"""ms for which a sign or a finding waits for its next figures."""

Key = tuple[Kind, str, str]
"""Kind, vertex of a job's finding, TaskManager of a cluster's; "" for none, and for the JobManager."""


class Sign(Struct, frozen=True, kw_only=True):
    """What one look shows; it becomes a finding when it lasts."""

    finding: Finding
    fetched: float = 0.0
    """When Flink fetched the figures (ms since 1970): the same figures seen twice are one look."""
    lasted: bool = False
    """Whether Flink's own timestamps already show that it has lasted."""
    fetches: int = 1
    """How many fetches it rests on by itself: two for a figure that must grow or stand still."""
    begun: float | None = None
    """When the first of those was made (ms since 1970)."""
    one_look: bool = True
    """Whether three fetches that agree are enough for it where nobody looks again."""

    @property
    def key(self) -> Key:
        kind, culprit = self.finding.kind, self.finding.culprit
        # A job's finding stays the same when more becomes known of where its culprit runs.
        return kind, culprit.vertex or "", (culprit.taskmanager or "") if kind in OF_CLUSTER else ""


class Hold(Struct, frozen=True):
    """Seconds until a sign is a finding and until a finding without a sign is none."""

    raised_after: float = 0.0
    cleared_after: float = 0.0
    critical_after: float | None = None  # seconds from its first sign
    one_look: bool = True  # whether three fetches that agree are enough where there is no later look


_MINUTE = 60.0
HOLDS: Final[Mapping[Kind, Hold]] = {
    Kind.CLUSTER_LOST: Hold(one_look=False),
    Kind.JOB_LOST: Hold(one_look=False),
    Kind.JOB_MISSING: Hold(60.0),
    Kind.TASKMANAGER_LOST: Hold(),
    Kind.TASKMANAGER_FLAPPING: Hold(0.0, 0.0, one_look=False),
    Kind.NO_SLOTS: Hold(30.0, 15.0),
    Kind.MEMORY: Hold(120.0, 120.0),
    Kind.FAILED: Hold(),
    Kind.RESTART_LOOP: Hold(),
    Kind.RESTARTING: Hold(),
    Kind.OPERATOR_ERROR: Hold(0.0, 30.0),
    Kind.SLOW_START: Hold(120.0),
    Kind.CHECKPOINTS_FAILING: Hold(),
    Kind.STALLED: Hold(30.0, 30.0, critical_after=60.0),
    Kind.BOTTLENECK: Hold(30.0, 60.0),
    Kind.SKEW: Hold(30.0, 60.0),
    Kind.WATERMARK_STUCK: Hold(60.0, 20.0),
    Kind.SOURCE_LAG: Hold(120.0, 120.0),
    Kind.NETWORK_BUFFERS: Hold(60.0, 60.0),
    Kind.RECORD_ERRORS: Hold(0.0, 10 * _MINUTE),
    Kind.CHECKPOINT_OVERDUE: Hold(),
    Kind.CHECKPOINT_SLOW: Hold(),
    Kind.UNDER_SCALED: Hold(10 * _MINUTE, one_look=False),
    Kind.STATE_GROWING: Hold(),
    Kind.NO_DATA: Hold(10 * _MINUTE, one_look=False),
    Kind.LATE_RECORDS: Hold(0.0, 10 * _MINUTE),
    Kind.CATCHING_UP: Hold(120.0, 120.0),
    Kind.CHECKPOINTS_OFF: Hold(),
}


class Held(Struct, frozen=True):
    """A sign that has been seen; times in ms since 1970."""

    finding: Finding  # as it was seen last
    first: float  # when the look was made that found it first
    last: float  # the last look that found it
    fetched: float  # Flink's fetch that showed it last
    fetches: int = 1  # different fetches that showed it
    raised: bool = False
    restored: bool = False
    """Whether it was known before flinktop was started, and no look since has shown it."""


def after(
    before: Mapping[Key, Held],
    signs: Iterable[Sign],
    now: float,
    *,
    one_look: bool = False,
    unseen: Collection[Key] = (),
) -> dict[Key, Held]:
    """What is held after a look at `now` (ms since 1970).

    A sign that a look does not show any more is dropped if it was no finding yet; a finding stays until it
    has been gone for its time. With `one_look` nobody looks again: three fetches that agree are enough.
    `unseen` are those of which there are no figures of now: they wait for the next ones, and a finding's time
    to be gone begins with them.
    """
    held: dict[Key, Held] = {}
    for sign in signs:
        if (stood := _stood(sign, before, now)) is not None:
            held[stood] = replace(before[stood], last=now)
            continue
        hold, known = HOLDS[sign.finding.kind], before.get(sign.key)
        if known is None or _begins_anew(sign, known):
            begun = now if sign.begun is None else min(now, sign.begun)
            known = Held(sign.finding, begun, now, sign.fetched, sign.fetches)
        else:
            newer = sign.fetched > known.fetched
            known = replace(
                known,
                finding=sign.finding,
                last=now,
                fetched=max(sign.fetched, known.fetched),
                fetches=known.fetches + newer,
                restored=False,
            )
        alone = one_look and sign.one_look
        lasted = sign.lasted or hold.raised_after == 0 or _has_lasted(known, hold, now, one_look=alone)
        held[sign.key] = replace(known, raised=known.raised or lasted)
    for key, known in before.items():
        if key in unseen and now - known.fetched <= LONGEST_UNSEEN and not _is_succeeded(key, held):
            held.setdefault(key, replace(known, last=now) if known.raised else known)
        if (
            key not in held
            and known.raised
            and now - known.last < HOLDS[key[0]].cleared_after * 1000.0
            and not _is_succeeded(key, held)
        ):
            held[key] = known
    return held


def _stood(sign: Sign, before: Mapping[Key, Held], now: float) -> Key | None:
    """The finding of before the start that a sign is of; it takes some fetches to see as much of it again."""
    if sign.finding.kind not in ONE_OF:
        return None
    for key in ((kind, *sign.key[1:]) for kind in ONE_OF):
        known = before.get(key)
        if known is not None and known.restored and known.raised and now - known.fetched <= SETTLES_MS:
            return key
    return None


def _begins_anew(sign: Sign, known: Held) -> bool:
    """Whether what a sign rests on began after it was seen last: it was gone meanwhile, between two looks."""
    is_open = not known.raised and not known.restored  # what nobody looked at was not gone
    return is_open and sign.begun is not None and sign.begun > known.fetched


ONE_OF: Final = (Kind.STALLED, Kind.BOTTLENECK, Kind.SKEW)
"""A vertex is one of these at a time."""


def _is_succeeded(key: Key, held: Mapping[Key, Held]) -> bool:
    """Whether another finding has taken the place of one that has no sign any more."""
    if key[0] not in ONE_OF:
        return False
    others = (held.get((kind, *key[1:])) for kind in ONE_OF if kind is not key[0])
    return any(other is not None and other.raised for other in others)


def _has_lasted(known: Held, hold: Hold, now: float, *, one_look: bool) -> bool:
    if known.fetches < 2:  # noqa: PLR2004 -- the first and the last look
        return False
    if now - known.first >= hold.raised_after * 1000.0:
        return True
    return one_look and hold.one_look and known.fetches >= ENOUGH_IN_ONE_LOOK


def raised(held: Mapping[Key, Held], now: float) -> tuple[Finding, ...]:
    """The findings among what is held; those without a time of Flink's are since their first sign."""
    return tuple(_as_finding(key[0], one, now) for key, one in held.items() if one.raised)


def _as_finding(kind: Kind, held: Held, now: float) -> Finding:
    found, worse = held.finding, HOLDS[kind].critical_after
    if worse is not None and found.severity is Severity.WARNING and now - held.first >= worse * 1000.0:
        found = replace(found, severity=Severity.CRITICAL)
    return replace(found, since=held.first) if found.since is None else found
