"""Jobs that should run by the config file (`expect = ["orders", "billing-*"]`), and do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.judgement import holds
from flinktop.judgement.finding import Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.patterns import matches
from flinktop.judgement.rules import applied
from flinktop.judgement.verdict import Memory, Verdict
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.flink.jobs import JobOverview
    from flinktop.judgement.rules import Rules
    from flinktop.model.look import Taken

ENDED_MS: Final = 60_000.0
"""A job that ended so long ago is missing at once."""


class Absence(Struct, frozen=True):
    """No job of this name runs, or is about to."""

    name: str  # or the pattern
    last: JobOverview | None = None  # that ended last, of those that Flink still lists

    @property
    def ended(self) -> int | None:
        """When it ended, ms since 1970."""
        return self.last.end_time if self.last is not None and self.last.end_time > 0 else None


def absences(expected: Iterable[str], jobs: Iterable[JobOverview]) -> tuple[Absence, ...]:
    """What is expected and not there; a job that restarts or waits for slots is there."""
    listed = tuple(jobs)
    found = []
    for name in dict.fromkeys(expected):
        named = [job for job in listed if matches(job.name, (name,))]
        if all(states.is_terminal(job.state) for job in named):
            found.append(Absence(name, max(named, key=lambda job: job.end_time, default=None)))
    return tuple(found)


def judge_expected(
    expected: Iterable[str],
    jobs: Taken[tuple[JobOverview, ...]],
    now: float,
    before: Mapping[str, Memory],
    *,
    one_look: bool = False,
    rules: Mapping[str, Rules] | None = None,
) -> tuple[tuple[Verdict, ...], dict[str, Memory]]:
    """A verdict for each expected job that is missing at `now` (ms), and what to remember, by its name.

    With `one_look` nobody looks again: it is missing if none is listed, or the last ended over 60 s ago.
    """
    verdicts, memories = [], {}
    for absence in absences(expected, jobs.value):
        long_ago = absence.ended is not None and now - absence.ended > ENDED_MS
        lasted = long_ago or (one_look and absence.ended is None)
        sign = Sign(finding=_finding(absence), fetched=jobs.at, lasted=lasted)
        known = before.get(absence.name, Memory()).held
        held = holds.after(known, (sign,), now)
        memories[absence.name] = Memory(held)
        found = applied((rules or {}).get(absence.name, ()), holds.raised(held, now))
        if found:
            verdicts.append(_verdict(absence, found, jobs.at))
    return tuple(verdicts), memories


def _finding(absence: Absence) -> Finding:
    last, words = absence.last, "job-missing: no job of this name is listed"
    evidence: tuple[Evidence, ...] = ()
    if last is not None:
        words = f"job-missing: the last job of this name ended {last.state}, and none runs"
        evidence = (
            Evidence("last job of this name", last.jid),
            Evidence("its state", last.state),
        )
    return Finding(
        kind=Kind.JOB_MISSING,
        severity=Severity.CRITICAL,
        words=words,
        next="submit it again, or take it out of `expect` in the config file",
        evidence=evidence,
        since=absence.ended,
    )


def _verdict(absence: Absence, found: tuple[Finding, ...], at: float) -> Verdict:
    return Verdict(
        job=absence.last.jid if absence.last is not None else "",
        name=absence.name,
        state="",
        severity=found[0].severity,
        kind=str(found[0].kind),
        words=found[0].words,
        findings=found,
        at=at,
    )
