"""What `flinktop status` has found on its clusters, and the exit code that says how bad it is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.headless.status_args import CRITICAL, OK, UNKNOWN, WARNING
from flinktop.judgement.finding import Finding, Severity
from flinktop.judgement.verdict import Verdict  # noqa: TC001 -- the type of a Struct's field

if TYPE_CHECKING:
    from collections.abc import Iterator


class Look(StrEnum):
    """How closely the jobs of a cluster were looked at."""

    CLOSE = "close"
    COARSE = "coarse"  # of many jobs only the suspects were looked at closely
    BRIEF = "brief"  # fewer looks than it takes: rates and trends may not be known


class ClusterStatus(Struct, frozen=True, kw_only=True):
    """One cluster; times in ms since 1970 by its own clock."""

    target: str
    url: str
    error: str | None = None  # why it can't be asked, one sentence; None if it was
    release: str | None = None
    look: Look | None = None  # None if it can't be asked
    findings: tuple[Finding, ...] = ()  # of the cluster itself, worst first
    verdicts: tuple[Verdict, ...] = ()
    at: float | None = None
    age: float | None = None  # seconds since its list of jobs was answered
    has_job: bool = True  # whether the job that was asked for is there

    @property
    def severities(self) -> Iterator[Severity]:
        """Of all that is said of it; a cluster that can't be asked is unknown."""
        if self.error is not None:
            yield Severity.UNKNOWN
        yield from (finding.severity for finding in self.findings)
        yield from (verdict.severity for verdict in self.verdicts)

    @property
    def sorted_verdicts(self) -> tuple[Verdict, ...]:
        """The jobs, worst first."""
        return tuple(
            sorted(self.verdicts, key=lambda one: (one.severity.rank, -_begin(one), one.name, one.job))
        )


class Status(Struct, frozen=True, kw_only=True):
    """The whole report; `at` in ms since 1970."""

    at: float
    clusters: tuple[ClusterStatus, ...]
    missing_job: str | None = None  # what `--job` says, where it names no job of any cluster

    @property
    def worst(self) -> Severity:
        found = [severity for cluster in self.clusters for severity in cluster.severities]
        if self.missing_job is not None:
            found.append(Severity.UNKNOWN)
        return min(found, key=lambda one: one.rank, default=Severity.OK)

    @property
    def code(self) -> int:
        """The exit code."""
        codes = {Severity.CRITICAL: CRITICAL, Severity.UNKNOWN: UNKNOWN, Severity.WARNING: WARNING}
        return codes.get(self.worst, OK)


def _begin(verdict: Verdict) -> float:
    """Since when its first finding is; 0 if that is not known."""
    return (verdict.findings[0].since or 0.0) if verdict.findings else 0.0
