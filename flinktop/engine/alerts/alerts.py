"""The alerts of a cluster from round to round: raised, cleared, coming and going. Pure functions.

Durations are measured on the engine's clock, which never jumps; times that are shown or kept on disk are by
this machine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.engine.alerts.alert import Alert
from flinktop.engine.alerts.quiet import acknowledged_still, muted_still
from flinktop.engine.alerts.seen import kept
from flinktop.engine.alerts.state import Recent, Track
from flinktop.judgement.finding import Kind, Severity
from flinktop.judgement.holds import HOLDS

if TYPE_CHECKING:
    from flinktop.engine.alerts.policy import AlertPolicy
    from flinktop.engine.alerts.seen import Found, Seen
    from flinktop.engine.alerts.state import Alerts, Moment, Place
    from flinktop.judgement.finding import Finding

MOST_PAST: Final = 500
MOST_UNTOLD: Final = 10_000
"""The same while a channel does not know that they are over."""
MOST_UNSEEN: Final = 500
"""Alerts that stay open though their job is gone; of more the oldest are cleared."""
SETTLES_AFTER: Final = 15.0
"""s after the first round in which what stands already becomes known, at least, and at most:"""
SETTLES_BY: Final = 30.0
SAME_WITHIN: Final = 300.0
"""s within which a finding that comes back is the same alert."""
FLAPS: Final = 3
"""Times that an alert is raised within `FLAPS_WITHIN` until it is flapping."""
FLAPS_WITHIN: Final = 3600.0
STABLE_AFTER: Final = 600.0
"""s without a change after which an alert is not flapping any more."""
GONE_AFTER: Final = 60.0
"""s after which a job that is not listed is gone: a JobManager that takes over lists them step by step."""
FAILED_STAYS: Final = 24 * 3600.0
"""s for which a failed job that Flink does not list any more stays open, if it is not started again."""
RESTORED_STAYS: Final = 30.0
"""s beyond its hold time for which an alert of before this start is open without being seen."""
UNREAD_FOR: Final = 8.0
"""s for which the cause of a failure is waited for: without it a call says little."""
MOST_TIMES: Final = 20
"""Times that are kept of an alert that comes and goes."""


def after(before: Alerts, seen: Seen, policy: AlertPolicy, at: Moment) -> Alerts:
    """The alerts after a round of the judge."""
    state = settled(before, seen, at)
    tracks: dict[Place, Track] = {}
    recent = {place: one for place, one in before.recent.items() if at.now - one.at < SAME_WITHIN}
    past = before.past
    bad = {
        place: one for place, one in seen.found.items() if one.finding.severity.rank <= Severity.WARNING.rank
    }
    for place, found in bad.items():
        known = before.tracks.get(place)
        track = _seen_again(known, found, at) if known is not None else _new(state, found, seen, at)
        track = _decided(track, policy, seen, at)
        if track.raised and (known is None or not known.raised):
            track, past = _raised(track, recent.pop(place, None), past, at)
        tracks[place] = _stabilized(track, at)
    for place, track in before.tracks.items():
        if place in bad:
            continue
        left = _unseen(track, place, state, seen, at)
        if isinstance(left, Track):
            tracks[place] = left
        elif track.raised:
            alert = _cleared(state, place, track, left, at)
            recent[place] = Recent(alert, at.now, track.ups)
            past = (alert, *past)
    state = _bounded(replace(state, tracks=tracks, recent=recent, past=past), at)
    return replace(
        state,
        past=_newest(state),
        acknowledged=acknowledged_still(state.acknowledged, state.tracks),
        mutes=muted_still(state, at.wall),
    )


def settled(state: Alerts, seen: Seen, at: Moment) -> Alerts:
    """With whether what stood already at the start is known by now."""
    first = state.first if state.first is not None else at.now
    if state.settled:
        return state
    # Of many failures of before the start the causes are read one after the other.
    complete = seen.complete and not any(one.finding.unread for one in seen.found.values())
    over = at.now - first >= (SETTLES_AFTER if complete else SETTLES_BY)
    return replace(state, first=first, settled=over)


def _new(state: Alerts, found: Found, seen: Seen, at: Moment) -> Track:
    raw, found = found.finding, kept(found)
    looked = at.now - (state.first if state.first is not None else at.now)
    ago = _began(raw, seen)
    return Track(
        found=raw,
        alert=Alert(
            cluster=state.cluster,
            target=state.target,
            job=found.job,
            job_name=found.job_name,
            finding=found.finding,
            raised=at.wall,
        ),
        since=at.now,
        critical=at.now if found.finding.severity is Severity.CRITICAL else None,
        changed=at.now,
        standing=not state.settled and (ago is None or ago >= looked),
    )


def _began(finding: Finding, seen: Seen) -> float | None:
    """How long ago (s) it began by the cluster's clock; None if that is not known."""
    if finding.since is None or seen.now is None:
        return None
    return (seen.now - finding.since) / 1000.0


def _seen_again(track: Track, found: Found, at: Moment) -> Track:
    alert = track.alert
    if found.finding is not track.found:
        bounded = kept(found)
        alert = replace(alert, finding=bounded.finding, job_name=bounded.job_name)
    is_critical = found.finding.severity is Severity.CRITICAL
    critical, milder = track.critical, track.milder
    if is_critical:
        critical, milder = (at.now if critical is None else critical), None
    elif critical is not None:
        critical, milder = None, at.now
    back = track.gone is not None
    if back and alert.flapping:
        alert = replace(alert, times=(*alert.times, at.wall)[-MOST_TIMES:])
    return replace(
        track,
        alert=alert,
        found=found.finding,
        critical=critical,
        milder=milder,
        changed=at.now if back else track.changed,
        gone=None,
        restored=None,
    )


def _decided(track: Track, policy: AlertPolicy, seen: Seen, at: Moment) -> Track:
    """Whether it is an alert by now, and calls."""
    finding = track.alert.finding
    decision = policy.decide(track.alert.job_name or None, finding, at.minute)
    begun = track.critical if decision.severity is Severity.CRITICAL else track.since
    stood = at.now - begun if begun is not None else 0.0
    if track.standing and (ago := _began(finding, seen)) is not None:
        # It stood before anybody looked.
        stood = max(stood, ago - HOLDS[finding.kind].raised_after)
    unread = track.found is not None and track.found.unread and at.now - track.since < UNREAD_FOR
    over = stood >= decision.wait and not unread
    return replace(
        track,
        raised=track.raised or over or (not decision.calls and not unread),
        alert=replace(track.alert, calls=decision.calls and over),
    )


def _raised(
    track: Track, before: Recent | None, past: tuple[Alert, ...], at: Moment
) -> tuple[Track, tuple[Alert, ...]]:
    """The track of an alert that is raised now; of one that was cleared a moment ago it is the same one."""
    ups: tuple[float, ...] = (at.now,)
    alert = replace(track.alert, raised=at.wall, times=(at.wall,))
    if before is not None:
        ups = (*(up for up in before.ups if at.now - up < FLAPS_WITHIN), at.now)
        past = tuple(one for one in past if one is not before.alert)
        times = (*before.alert.times, at.wall)[-MOST_TIMES:]
        alert = replace(alert, raised=before.alert.raised, times=times, called=before.alert.called)
    alert = replace(alert, flapping=len(ups) >= FLAPS)
    return replace(track, alert=alert, ups=ups[-MOST_TIMES:], changed=at.now), past


def _stabilized(track: Track, at: Moment) -> Track:
    """An alert that stands for long is not flapping any more."""
    if not track.alert.flapping or at.now - track.changed < STABLE_AFTER:
        return track
    return replace(track, alert=replace(track.alert, flapping=False), ups=())


def _unseen(track: Track, place: Place, state: Alerts, seen: Seen, at: Moment) -> Track | str:
    """What becomes of a finding that was not seen: it stays open, or why it is cleared."""
    if not seen.reachable:
        # A JobManager that comes back lists its jobs step by step.
        return replace(track, gone=None)
    job = seen.jobs.get(track.alert.job) if track.alert.job else None
    unknown = job is not None and not job.known
    if unknown or (track.restored is not None and not _may_be_missed(track, state, at)):
        return track
    came = track.gone is None
    track = replace(track, gone=at.now if came else track.gone, changed=at.now if came else track.changed)
    if track.alert.flapping:
        quiet = at.now - track.changed >= STABLE_AFTER
        why = "it came and went (flapping), and was quiet for 10 minutes" if quiet else None
    elif not track.alert.job or job is not None or not track.raised:
        why = _why_milder(seen.found.get(place), track.alert)
    else:
        why = _why_gone(track, place, state, seen, at)
    return track if why is None else why


def _may_be_missed(track: Track, state: Alerts, at: Moment) -> bool:
    """Whether an alert of before this start would have been seen by now if it still stood."""
    hold = HOLDS[track.alert.finding.kind].raised_after
    restored = track.restored if track.restored is not None else at.now
    return state.settled and at.now - restored >= RESTORED_STAYS + hold


def _why_milder(now: Found | None, alert: Alert) -> str:
    if now is None:
        return ""
    if alert.finding.kind is Kind.FAILED:
        return "a job of the same name has started"
    return f"its severity is {now.finding.severity} now"


def _why_gone(track: Track, place: Place, state: Alerts, seen: Seen, at: Moment) -> str | None:
    """Why an alert of a job that Flink does not list any more is over; None while it is not."""
    alert = track.alert
    gone = at.now - track.gone if track.gone is not None else 0.0
    if alert.finding.kind is Kind.JOB_LOST:
        return ""
    if alert.finding.kind is not Kind.FAILED:
        return "Flink does not list the job any more" if gone >= GONE_AFTER else None
    if any(job.live and job.name == alert.job_name for job in seen.jobs.values()):
        return "a job of the same name has started"
    if place in state.acknowledged:
        return "it was acknowledged, and Flink does not list the job any more"
    over = gone >= FAILED_STAYS or at.wall - alert.raised >= FAILED_STAYS
    return "Flink has not listed the job for a day" if over else None


def _cleared(state: Alerts, place: Place, track: Track, why: str, at: Moment) -> Alert:
    acknowledged = state.acknowledged.get(place)
    return replace(track.alert, cleared=at.wall, why_cleared=why, flapping=False, acknowledged=acknowledged)


def _bounded(state: Alerts, at: Moment) -> Alerts:
    """Clear the oldest of too many alerts whose job is gone."""
    unseen = [(track.gone, place) for place, track in state.tracks.items() if track.gone is not None]
    if len(unseen) <= MOST_UNSEEN:
        return state
    unseen.sort()
    tracks, past = dict(state.tracks), state.past
    for _, place in unseen[: len(unseen) - MOST_UNSEEN]:
        why = "too many alerts of jobs that Flink does not list any more"
        past = (_cleared(state, place, tracks.pop(place), why, at), *past)
    return replace(state, tracks=tracks, past=past)


def _newest(state: Alerts) -> tuple[Alert, ...]:
    """The newest past alerts, and those of which a channel does not know yet that they are over."""
    if len(state.past) <= MOST_PAST:
        return state.past
    told = {place for sent in state.sent.values() for place in sent.told}
    old = state.past[MOST_PAST:MOST_UNTOLD]
    return (*state.past[:MOST_PAST], *(one for one in old if one.key[1:] in told))
