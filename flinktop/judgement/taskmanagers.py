"""TaskManagers that are gone with slots in use, that do not answer, or of which too many are lost."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.flink.metrics import JOBMANAGER_METRICS
from flinktop.judgement import failure_chain, places, pods
from flinktop.judgement.ask import SUSPECTED, Ask
from flinktop.judgement.failure_origin import Origin, lost_taskmanager, origin
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.process_figures import CPU_TIME
from flinktop.judgement.trails import Note, noted_at, trail
from flinktop.model import format as fmt
from flinktop.model import processes, states
from flinktop.model.kubernetes import Pod  # noqa: TC001 -- the type of a Struct's field
from flinktop.model.look import OLD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import ClusterLook

_LISTED, _LOST, _BEFORE = "taskmanagers", "taskmanagers.lost", "taskmanagers.before"
_KEPT_MS: Final = 600_000.0  # how long a lost one stays a finding
_HOUR_MS: Final = 3_600_000.0
_FLAPPING: Final = 3
_HEARTBEAT_MS: Final = 10_000.0  # heartbeat.interval by default
_LEAST_MS: Final = 15_000.0
_JOBMANAGER_STARTS_MS: Final = 60_000.0
_DOUBT_MS: Final = 45_000.0  # for how long another JobManager may owe its processor time
_TOGETHER_MS: Final = 2_000.0  # between answers to what was asked together
_MOST: Final = 20  # findings of lost TaskManagers
_RELEASED_MS: Final = 30_000.0
"""After so long one that had slots in use may be released idle (`resourcemanager.taskmanager-timeout`)."""
_NOTICED_MS: Final = 10_000.0
"""So long before the last look a failure may have come that tells of one that was still listed then."""


class Listed(Struct, frozen=True):
    """The TaskManagers of an answer."""

    at: float  # when it came, ms since 1970
    taskmanagers: tuple[tuple[str, str, int], ...]  # id, host and port, slots in use


class Lost(Struct, frozen=True):
    """A TaskManager that went away with slots in use."""

    id: str
    address: str  # host and port; "" if unknown
    at: float  # of the first answer without it, ms since 1970
    slots: int  # that were in use
    whole: bool = False  # whether none of the others was left: another JobManager begins like that
    pod: Pod | None = None  # as it told most of why: Kubernetes soon forgets it


def notes(look: ClusterLook) -> Iterator[Note]:
    """The figures to remember until the next look."""
    if look.taskmanagers is not None:
        found = tuple(
            sorted((one.id, processes.address(one), one.slots_used or 0) for one in look.taskmanagers.value)
        )
        yield Note(_LISTED, look.taskmanagers.at, found)


def last_listed(trails: Mapping[str, Trail]) -> Listed | None:
    """The TaskManagers of the newest answer; None if there was none."""
    kept = trail(trails, _LISTED)
    return Listed(kept[-1].at, kept[-1].value) if kept else None


def last_lost(trails: Mapping[str, Trail]) -> tuple[Lost, ...]:
    """Those lost within an hour."""
    kept = trail(trails, _LOST)
    return kept[-1].value if kept else ()


def remembered(listed: Listed, lost: tuple[Lost, ...], now: float) -> Iterator[Note]:
    """What was remembered when flinktop was ended, as notes for looks from `now` (ms) on."""
    at = noted_at(listed.at, now)
    yield Note(_LOST, at, lost)
    if now - listed.at <= _RELEASED_MS:
        yield Note(_LISTED, at, listed.taskmanagers)
    elif now - listed.at <= _HOUR_MS:
        yield Note(_BEFORE, at, listed)


def losses(look: ClusterLook, trails: Mapping[str, Trail]) -> Iterator[Note]:
    """The TaskManagers lost within an hour: those remembered, and those gone since the look before."""
    if look.taskmanagers is None:
        return
    kept = trail(trails, _LOST)
    known: tuple[Lost, ...] = kept[-1].value if kept else ()
    at = look.taskmanagers.at
    new = _gone(look, trails) if not kept or kept[-1].at < at else ()
    ids = {one.id for one in known}
    new = (*new, *(one for one in _gone_meanwhile(look, trails) if one.id not in ids))
    starts = _jobmanager_starts(trails)
    recent = tuple(
        _with_pod(look, one)
        for one in (*known, *new)
        if at - one.at <= _HOUR_MS
        # Those of another JobManager have yet to register; its metrics may come later than its list.
        and not any(-_JOBMANAGER_STARTS_MS <= one.at - start <= _JOBMANAGER_STARTS_MS for start in starts)
    )
    yield Note(_LOST, at, recent)


def signs(look: ClusterLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """What this look shows."""
    if look.taskmanagers is None:
        return
    listed = look.taskmanagers.value
    ids = {one.id for one in listed}
    addresses = {address for one in listed if (address := processes.address(one))}
    kept = trail(trails, _LOST)
    known: tuple[Lost, ...] = kept[-1].value if kept else ()
    lost = tuple(one for one in known if not _is_in_doubt(look, one, trails))
    found = [_silent_sign(look, one, age) for one in listed if (age := _silence(look, one)) is not None]
    gone = {one.id: one for one in lost if look.now - one.at <= _KEPT_MS and one.id not in ids}
    found += [
        _lost_sign(look, one)
        for one in sorted(gone.values(), key=lambda one: -one.at)
        if one.address not in addresses
    ]
    yield from found[:_MOST]
    if len(lost) >= _FLAPPING:
        yield _flapping(look, lost)


def asks(look: ClusterLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """Whether it is still the same JobManager; the judge asks for the list of TaskManagers itself."""
    kept = trail(trails, _LOST)
    if kept and any(_is_in_doubt(look, one, trails) for one in kept[-1].value):
        yield Ask(JOBMANAGER_METRICS(get=[CPU_TIME]), SUSPECTED, every=5.0)


# -- gone ----------------------------------------------------------------------------------------------


def _gone(look: ClusterLook, trails: Mapping[str, Trail]) -> tuple[Lost, ...]:
    """Those that had slots in use in the answer before the newest, and are not in the newest."""
    samples = trail(trails, _LISTED)[-2:]
    if len(samples) < 2 or look.taskmanagers is None:  # noqa: PLR2004 -- before and now
        return ()
    before, now = samples
    ids = {name for name, _, _ in now.value}
    whole = not any(name in ids for name, _, _ in before.value)
    gone = tuple(
        Lost(name, address, now.at, slots, whole)
        for name, address, slots in before.value
        if name not in ids and slots > 0
    )
    return () if not gone or _ended_well(look) else gone


def _gone_meanwhile(look: ClusterLook, trails: Mapping[str, Trail]) -> Iterator[Lost]:
    """Those that had slots in use when flinktop was ended, and of which a failure says that they are lost.

    Without such a failure one may have been released since.
    """
    kept = trail(trails, _BEFORE)
    if not kept or look.taskmanagers is None:
        return
    before: Listed = kept[-1].value
    ids = {one.id for one in look.taskmanagers.value}
    told: dict[str, float] = {}
    for taken in look.exceptions.values():
        for fault in failure_chain.known(taken.value):
            if fault.timestamp >= before.at - _NOTICED_MS and origin(fault) is Origin.TASKMANAGER:
                told.setdefault(lost_taskmanager(fault) or "", float(fault.timestamp))
    for name, address, slots in before.taskmanagers:
        at = told.get(name, told.get(""))
        if at is not None and slots > 0 and name not in ids:
            yield Lost(name, address, at, slots)


def _with_pod(look: ClusterLook, one: Lost) -> Lost:
    """It with what Kubernetes says now of its pod, if that tells more than what is known."""
    pod = pods.of_lost(look.kubernetes, one.id, one.address, one.at)
    if pod is None or pod == one.pod or not pods.tells_more(pod, one.pod, one.at):
        return one
    return replace(one, pod=pod)


def _is_in_doubt(look: ClusterLook, one: Lost, trails: Mapping[str, Trail]) -> bool:
    """Whether it may only have to register with another JobManager, whose processor time is not known yet."""
    times = trail(trails, CPU_TIME)
    if not one.whole or not times or look.now - one.at > _DOUBT_MS:
        return False
    return times[-1].at < one.at - _TOGETHER_MS


def _jobmanager_starts(trails: Mapping[str, Trail]) -> tuple[float, ...]:
    """When another JobManager began to answer (ms since 1970): its CPU time is less."""
    return tuple(
        after.at for before, after in pairwise(trail(trails, CPU_TIME)) if after.value < before.value
    )


def _ended_well(look: ClusterLook) -> bool:
    """Whether no job is left that could miss them: all have finished or were canceled."""
    if look.jobs is None or not look.jobs.value:
        return False
    return all(
        states.is_terminal(one.state) and not (one.state == "FAILED" and look.now - one.end_time <= _KEPT_MS)
        for one in look.jobs.value
    )


def _lost_sign(look: ClusterLook, one: Lost) -> Sign:
    where = one.address if one.address and one.address not in one.id else ""
    words = f"taskmanager-lost: TaskManager {places.short(one.id)}"
    words += f" at {places.short(where)}" if where else ""
    words += f" is gone with {one.slots} slots in use"
    finding = Finding(
        kind=Kind.TASKMANAGER_LOST,
        severity=Severity.WARNING,
        words=words,
        next="find out why it ended: its last log lines, its container or host, the JobManager's log",
        culprit=Culprit(taskmanager=one.id),
        evidence=(
            Evidence("slots in use", one.slots),
            Evidence("gone for", max(0, round((look.now - one.at) / 1000.0)), "s"),
            *([Evidence("address", one.address)] if one.address else ()),
        ),
        since=one.at,
    )
    finding = pods.lost(one.pod, one.at).added(finding)
    return Sign(finding=finding, fetched=look.now, lasted=True)


# -- silent --------------------------------------------------------------------------------------------


def _silence(look: ClusterLook, one: TaskManager) -> float | None:
    """Time since its last heartbeat (ms) if that is too long; None if not, or if there was none."""
    if look.taskmanagers is None or one.last_heartbeat <= 0 or look.now - look.taskmanagers.at > OLD:
        return None
    age = look.taskmanagers.at - one.last_heartbeat
    return age if age > max(_LEAST_MS, 2 * _interval(look)) else None


def _interval(look: ClusterLook) -> float:
    """`heartbeat.interval` (ms)."""
    found = configured_ms(look.settings.get("heartbeat.interval", ""))
    return found if found is not None and found > 0 else _HEARTBEAT_MS


_DURATION = re.compile(r"(\d{1,12})\s*([a-zµ]*)")
_UNITS: Final = (  # the names that Flink takes, and their ms
    (frozenset({"", "ms", "milli", "millis", "millisecond", "milliseconds"}), 1.0),
    (frozenset({"s", "sec", "secs", "second", "seconds"}), 1000.0),
    (frozenset({"m", "min", "minute", "minutes"}), 60_000.0),
    (frozenset({"h", "hour", "hours"}), 3_600_000.0),
    (frozenset({"d", "day", "days"}), 86_400_000.0),
)


def configured_ms(text: str) -> float | None:
    """A duration of Flink's configuration, such as "10000", "10 s", "1 min"; None for anything else."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        return None
    factor = next((ms for names, ms in _UNITS if found[2] in names), None)
    return int(found[1]) * factor if factor is not None else None


def _silent_sign(look: ClusterLook, one: TaskManager, age: float) -> Sign:
    words = f"taskmanager-lost: TaskManager {places.short(processes.name(one) or one.id)}"
    words += f" has sent no heartbeat for {fmt.duration(age / 1000.0)}"
    finding = Finding(
        kind=Kind.TASKMANAGER_LOST,
        severity=Severity.WARNING,
        words=words,
        next="look at its host and its garbage collection; Flink gives it up after heartbeat.timeout",
        culprit=Culprit(taskmanager=one.id),
        evidence=(
            Evidence("last heartbeat ago", round(age / 1000.0, 1), "s"),
            Evidence("heartbeat interval", round(_interval(look)), "ms"),
            *([Evidence("slots in use", one.slots_used)] if one.slots_used is not None else ()),
        ),
        since=float(one.last_heartbeat),
    )
    at = float(one.last_heartbeat)
    pod = pods.of_lost(look.kubernetes, one.id, processes.address(one), at)
    finding = pods.lost(pod, at).added(finding)
    return Sign(finding=finding, fetched=look.taskmanagers.at if look.taskmanagers else look.now, lasted=True)


# -- flapping ------------------------------------------------------------------------------------------


def _flapping(look: ClusterLook, lost: tuple[Lost, ...]) -> Sign:
    hosts = {_host(one.address) for one in lost}
    host = next(iter(hosts)) if len(hosts) == 1 else ""
    ids = {one.id for one in lost}
    words = f"taskmanager-flapping: {len(lost)} TaskManagers were lost within an hour"
    words += f", all of them on {places.short(host)}" if host else ""
    finding = Finding(
        kind=Kind.TASKMANAGER_FLAPPING,
        severity=Severity.WARNING,
        words=words,
        next=(
            "look at that host: its memory, its network, other processes on it"
            if host
            else "look for what they share: memory limits of containers, the network, a job that ends them"
        ),
        culprit=Culprit(taskmanager=next(iter(ids)) if len(ids) == 1 else None),
        evidence=(
            Evidence("lost within an hour", len(lost)),
            *([Evidence("host", host)] if host else ()),
            *(Evidence("lost", f"{places.short(one.id)}") for one in lost[-5:]),
        ),
        since=lost[0].at,
    )
    return Sign(finding=finding, fetched=look.now, lasted=True)


def _host(address: str) -> str:
    return address.rpartition(":")[0] or address
