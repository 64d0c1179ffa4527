"""An alert: a finding that somebody should hear of, from when it is raised until it is over."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from flinktop.judgement.finding import Finding, Severity  # noqa: TC001 -- the types of a Struct's fields

AlertKey = tuple[str, str, str]
"""Which alerts: cluster (address), job, kind of finding.

The job is its id, or the name of one that should run and is not listed. With all three parts it is one alert,
without a kind all of a job, and without a job all of that kind on the cluster, or of the cluster itself.
"""


class Change(StrEnum):
    """What has happened to an alert. The values are what hooks get as `event`."""

    RAISED = "raised"
    CLEARED = "cleared"
    ESCALATED = "escalated"
    REPEATED = "repeated"


class Alert(Struct, frozen=True, kw_only=True):
    """A finding of a job or cluster that is open, or was. Times are s since 1970, by this machine's clock."""

    cluster: str  # its address, in one of its spellings
    target: str  # its name in the config, or its address
    job: str = ""  # id; "" for the cluster itself, and for a job that is missing
    job_name: str = ""
    finding: Finding  # as it was seen last
    raised: float
    cleared: float | None = None
    why_cleared: str = ""  # where it is not that the finding is gone
    calls: bool = False  # whether it calls, or is only shown
    called: float | None = None  # when it called last
    acknowledged: float | None = None
    muted: float | None = None  # until when; infinity: until it clears
    times: tuple[float, ...] = ()  # when it was raised, if it comes and goes; at most an hour ago
    flapping: bool = False  # it comes and goes so often that it does not call any more

    @property
    def key(self) -> AlertKey:
        """What makes it the same alert: cluster, job, kind of finding."""
        return self.cluster, self.job or self.job_name, str(self.finding.kind)

    @property
    def job_key(self) -> AlertKey:
        """All alerts of its job, for `Port.mute`; of the cluster itself the same as `key`."""
        return (self.cluster, self.job or self.job_name, "") if self.job or self.job_name else self.key

    @property
    def kind_key(self) -> AlertKey:
        """All alerts of its kind on its cluster, for `Port.mute`."""
        return self.cluster, "", str(self.finding.kind)

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


class Mute(Struct, frozen=True, kw_only=True):
    """Alerts that don't call for a time. Times are s since 1970, by this machine's clock."""

    key: AlertKey  # which alerts
    job_name: str = ""  # of a job: it is muted too when it is started again, with another id
    seconds: float  # for how long; infinity: until no such alert is open
    at: float  # when it was muted

    @property
    def until(self) -> float:
        return self.at + self.seconds


class AlertsView(Struct, frozen=True):
    """The alerts of a cluster; replaced as a whole, so that it can be read from any thread."""

    open: tuple[Alert, ...] = ()  # newest first
    past: tuple[Alert, ...] = ()  # newest first, a limited number
    calls: tuple[Call, ...] = ()  # not yet shown by this terminal, oldest first
    problems: tuple[str, ...] = ()  # with the command of `[notify]`: sentences, newest first
    mutes: tuple[Mute, ...] = ()  # newest first
