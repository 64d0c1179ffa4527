"""What the user has decided about findings: rules of the config file that change, hide or limit them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.scope import Scope, WrittenScope, scope_fields
from flinktop.model.look import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMITED: Final[Mapping[Kind, str]] = {
    Kind.CHECKPOINT_OVERDUE: "overdue_factor",
    Kind.MEMORY: "heap_percent",
    Kind.SOURCE_LAG: "lag_seconds",
}
"""Kinds with a limit that can be set, and its name in `Limits`."""


class Rule(Scope, frozen=True, kw_only=True):
    """One `[[findings]]` of the config file: which findings it is about, and what it says of them."""

    severity: Severity | None = None
    off: bool | None = None
    limit: float | None = None


Rules = tuple[Rule, ...]


class Written(WrittenScope, Protocol):
    """A rule as the config file has it; None is a missing key."""

    @property
    def limit(self) -> float | None: ...


class Policy(Struct, frozen=True):
    """What the config file says of the findings of one cluster."""

    cluster: str = ""  # its name there
    rules: Rules = ()
    expected: tuple[str, ...] = ()  # names or patterns of jobs that should run

    def about(self, job: str | None) -> Rules:
        """The rules about a job by its name, or about the cluster itself."""
        return about(self.rules, self.cluster, job) if self.rules else ()


def as_rules(written: Iterable[Written]) -> Rules:
    """The rules of the config file."""
    return tuple(
        Rule(
            **scope_fields(one),
            severity=Severity(one.severity) if one.severity else None,
            off=one.off,
            limit=one.limit,
        )
        for one in written
    )


def about(rules: Iterable[Rule], cluster: str, job: str | None) -> Rules:
    """The rules about a job of a cluster by their names; without a job those about the cluster itself."""
    return tuple(rule for rule in rules if rule.has_cluster(cluster) and rule.has_job(job))


def applied(rules: Rules, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings as rules about their job or cluster say; of several rules the last one decides."""
    decided = ((one, _last(rules, one.kind)) for one in findings)
    return tuple(
        one if rule is None or rule.severity is None else replace(one, severity=rule.severity)
        for one, rule in decided
        if rule is None or not rule.off
    )


def limits(rules: Rules) -> Limits:
    """The limits that rules about a job or cluster set."""
    found: dict[str, float] = {}
    for rule in rules:
        if rule.limit is not None:
            found |= {name: rule.limit for kind, name in LIMITED.items() if rule.has_kind(kind)}
    return Limits(**found)


def _last(rules: Rules, kind: Kind) -> Rule | None:
    """The last rule that decides on severity or presence of a kind."""
    return next(
        (
            rule
            for rule in reversed(rules)
            if (rule.severity is not None or rule.off is not None) and rule.has_kind(kind)
        ),
        None,
    )
