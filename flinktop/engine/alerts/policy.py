"""Which findings call: what `[[alerts]]` and `[notify]` of the config file say about one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from flinktop.judgement.finding import Finding, Severity
from flinktop.judgement.scope import Scope, WrittenScope, scope_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.judgement.finding_links import WrittenLink


class Rule(Scope, frozen=True, kw_only=True):
    """One `[[alerts]]` that is about this cluster: which findings it is about, and whether they call."""

    severity: Severity = Severity.WARNING  # or worse
    wait: float = 0.0  # s in which the finding must stand, beyond its hold time
    between: tuple[int, int] | None = None  # minutes of the day, local time: from the first, up to the second
    off: bool = False

    def is_about(self, job: str | None, finding: Finding, minute: int) -> bool:
        """Whether it is about a finding of a job, by its name, or of the cluster itself, at that minute."""
        return (
            finding.severity.rank <= self.severity.rank
            and (self.between is None or is_between(minute, self.between))
            and self.has_kind(finding.kind)
            and self.has_job(job)
        )


class Written(WrittenScope, Protocol):
    """An entry as the config file has it; None is a missing key."""

    @property
    def wait(self) -> float | None: ...
    @property
    def between(self) -> tuple[int, int] | None: ...


class Decision(Struct, frozen=True):
    """What is decided about a finding."""

    calls: bool
    wait: float = 0.0  # s in which it must stand before it calls
    severity: Severity = Severity.WARNING  # it must stand so bad, or worse


CALLS: Final = Decision(calls=True, severity=Severity.CRITICAL)
ONLY_SHOWN: Final = Decision(calls=False)


class AlertPolicy(Struct, frozen=True, kw_only=True):
    """What the config file says of the alerts of one cluster."""

    rules: tuple[Rule, ...] = ()
    command: tuple[str, ...] = ()  # program and arguments that get each call as JSON; empty: none
    repeat: float | None = None  # s between two calls of the command while an alert is open; None: once
    links: tuple[WrittenLink, ...] = ()  # of the config, for the command's documents

    def decide(self, job: str | None, finding: Finding, minute: int) -> Decision:
        """Whether a finding of a job, by its name, or of the cluster itself calls at that minute of the day.

        The last rule that is about it decides. Without one critical findings call, and others do not.
        """
        if finding.severity.rank > Severity.WARNING.rank:
            return ONLY_SHOWN
        for rule in reversed(self.rules):
            if rule.is_about(job, finding, minute):
                return Decision(not rule.off, rule.wait, rule.severity)
        return CALLS if finding.severity is Severity.CRITICAL else ONLY_SHOWN


class WrittenNotify(Protocol):
    """`[notify]` as the config file has it."""

    @property
    def command(self) -> tuple[str, ...]: ...
    @property
    def repeat(self) -> float | None: ...


def policy(
    alerts: Iterable[Written],
    notify: WrittenNotify | None,
    cluster: str,
    links: tuple[WrittenLink, ...] = (),
) -> AlertPolicy:
    """What the config file says of the alerts of a cluster, by its name there."""
    return AlertPolicy(
        rules=as_rules(alerts, cluster),
        command=notify.command if notify is not None else (),
        repeat=notify.repeat if notify is not None else None,
        links=links,
    )


def as_rules(written: Iterable[Written], cluster: str) -> tuple[Rule, ...]:
    """The entries of the config file that are about a cluster, by its name there."""
    rules = (
        Rule(
            **scope_fields(one),
            severity=Severity(one.severity) if one.severity else Severity.WARNING,
            wait=one.wait or 0.0,
            between=one.between,
            off=bool(one.off),
        )
        for one in written
    )
    return tuple(rule for rule in rules if rule.has_cluster(cluster))


def is_between(minute: int, times: tuple[int, int]) -> bool:
    """Whether a minute of the day lies from the first of two times up to the second, maybe past midnight."""
    begin, end = times
    return begin <= minute < end if begin < end else minute >= begin or minute < end
