"""An alert: a finding that somebody should hear of, from when it is raised until it is over."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from flinktop.judgement.finding import Finding, Severity  # noqa: TC001 -- the types of a Struct's fields


class Change(StrEnum):
    """What has happened to an alert. The values are what hooks get as `event`."""

    RAISED = "raised"
    CLEARED = "cleared"
    ESCALATED = "escalated"
    REPEATED = "repeated"


class Alert(Struct, frozen=True, kw_only=True):
    """A finding of a job or cluster that is open, or was. Times are s since 1970, by this machine's clock."""

    cluster: str  # its address in normal form
    target: str  # its name in the config, or its address
    job: str = ""  # id; "" for the cluster itself
    job_name: str = ""
    finding: Finding  # as it was seen last
    raised: float
    cleared: float | None = None
    why_cleared: str = ""  # where it is not that the finding is gone
    calls: bool = False  # whether it calls, or is only listed and marked
    called: float | None = None  # when it called last
    acknowledged: float | None = None
    muted: float | None = None  # until when; infinity: until it clears

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same alert: cluster, job, kind of finding."""
        return self.cluster, self.job, str(self.finding.kind)

    @property
    def severity(self) -> Severity:
        return self.finding.severity

    @property
    def is_open(self) -> bool:
        return self.cleared is None


class Call(Struct, frozen=True):
    """Something to call about: a change of one alert, or of many at once."""

    change: Change
    alerts: tuple[Alert, ...]  # worst first; more than one is a summary
    at: float  # s since 1970
