"""The verdict on a job as a row and a header show it: how old it is, and where the row stands in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from flinktop.judgement.finding import Kind, Severity
from flinktop.model import states, tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.facts.known import Known
    from flinktop.flink.jobs import JobOverview
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.verdict import Verdict

OLD_VERDICT_SECONDS: Final = 60.0
"""An older verdict is shown with its age."""
ON_SCREEN: Final = (Severity.CRITICAL, Severity.WARNING, Severity.UNKNOWN, Severity.INFO, Severity.OK)
"""Severities as they are listed on the screen: what is known to be wrong before what is not known."""


class JobVerdict(Struct, frozen=True):
    """What is said of a job, in a word and a sentence."""

    kind: str  # of its first finding, or healthy, idle, starting, canceling, finished, canceled, unknown
    severity: Severity
    words: str
    findings: tuple[Finding, ...] = ()
    age: float | None = None  # seconds of the oldest figure that it rests on; None for a job that has ended

    @property
    def old(self) -> float | None:
        """The age where it must be shown."""
        return self.age if self.age is not None and self.age > OLD_VERDICT_SECONDS else None


def job_verdict(known: Known, job: str) -> JobVerdict | None:
    """The verdict on a job; None while too little is known."""
    found = known.verdict(job)
    if found is None:
        return None
    age = None if states.is_terminal(found.state) else max(0.0, known.cluster_time() - found.at / 1000.0)
    return JobVerdict(found.kind, found.severity, found.words, found.findings, age)


def order(job: JobOverview, verdict: Verdict | None) -> tuple[Any, ...]:
    """The sort key of a job in a list: the worst first, by severity, kind, state and name.

    A failed job that was replaced comes after what still runs and has something of the same severity.
    """
    severity = verdict.severity if verdict is not None else Severity.OK
    replaced = severity is Severity.INFO and states.is_terminal(job.state)
    by_state = 0
    if severity is Severity.OK:
        stalled = tasks.is_stalled(job.state, tasks.tasks(job.tasks))
        by_state = rank_by_state(job.state, stalled=stalled)
    return (ON_SCREEN.index(severity), replaced, _cause(verdict), by_state, job.name, job.jid)


def _cause(verdict: Verdict | None) -> int:
    """The rank of its kind among the causes; after all of them where it is no finding's."""
    return _RANKS.get(verdict.kind, len(_RANKS)) if verdict is not None else len(_RANKS)


_RANKS: Final[Mapping[str, int]] = {str(kind): kind.rank for kind in Kind}


STALLED = 2  # rank of a job without running tasks: the same as of a restarting job


def rank_by_state(state: str, *, stalled: bool = False) -> int:
    """The place of a job without findings: one that starts or stops, then running ones, then ended ones.

    A job that has just failed has no verdict yet; one that is `stalled` is RUNNING without a running task.
    """
    if state == "FAILED":
        return 0
    if stalled:
        return STALLED
    if state == "RUNNING":
        return 5
    return 6 if states.is_terminal(state) else 4 - states.severity(state)
