"""Which findings call by the config file."""

from __future__ import annotations

import pytest

from flinktop.alert_rules import AlertRule
from flinktop.engine.alerts.policy import AlertPolicy, as_rules, is_between
from flinktop.judgement.finding import Kind, Severity
from tests.engine.alerts.given import finding

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
NOON, NIGHT = 12 * 60, 23 * 60


def calls(
    *rules: AlertRule,
    job: str | None = "orders",
    kind: Kind = Kind.BOTTLENECK,
    severity: Severity = CRITICAL,
    minute: int = NOON,
    cluster: str = "prod-eu",
) -> bool:
    policy = AlertPolicy(rules=as_rules(rules, cluster))
    return policy.decide(job, finding(kind, severity), minute).calls


def test_without_entries_critical_calls() -> None:
    assert calls()
    assert calls(job=None, kind=Kind.CLUSTER_LOST)
    assert not calls(severity=WARNING)
    assert not calls(severity=INFO)


def test_an_entry_makes_what_it_is_about_call() -> None:
    rule = AlertRule(kinds=("bottleneck",))
    assert calls(rule, severity=WARNING)
    assert not calls(rule, severity=INFO)
    assert not calls(rule, severity=WARNING, kind=Kind.SKEW)
    assert calls(rule, kind=Kind.SKEW), "of which no entry speaks"


def test_severity_is_at_least() -> None:
    assert calls(AlertRule(severity="warning"), severity=WARNING)
    assert calls(AlertRule(severity="warning"), severity=CRITICAL)
    # An entry about critical findings says nothing of warnings: the one before it does.
    rules = (AlertRule(severity="warning"), AlertRule(jobs=("dev-*",), severity="critical"))
    assert calls(*rules, job="dev-1", severity=WARNING)
    assert not calls(AlertRule(severity="critical"), severity=WARNING)


def test_the_last_entry_that_matches_decides() -> None:
    off, on = AlertRule(jobs=("billing-*",), off=True), AlertRule(jobs=("billing-daily",))
    assert not calls(off, job="billing-hourly")
    assert calls(off, on, job="billing-daily")
    assert not calls(on, off, job="billing-daily")
    assert calls(off, job="orders")


def test_entries_are_about_clusters_by_their_names() -> None:
    off = AlertRule(clusters=("dev", "test-*"), off=True)
    assert calls(off)
    assert not calls(off, cluster="dev")
    assert not calls(off, cluster="test-1")


def test_an_entry_about_jobs_is_not_about_the_cluster_itself() -> None:
    everything = AlertRule(jobs=("*",), off=True)
    assert not calls(everything)
    assert calls(everything, job=None, kind=Kind.CLUSTER_LOST)
    assert not calls(AlertRule(off=True), job=None, kind=Kind.CLUSTER_LOST)


def test_between_is_when_an_entry_applies() -> None:
    night = AlertRule(between=(22 * 60, 6 * 60), off=True)
    assert calls(night, minute=NOON)
    assert not calls(night, minute=NIGHT)
    only_by_day = AlertRule(severity="warning", between=(8 * 60, 18 * 60))
    assert calls(only_by_day, severity=WARNING, minute=NOON)
    assert not calls(only_by_day, severity=WARNING, minute=NIGHT)


@pytest.mark.parametrize(
    ("minute", "times", "inside"),
    [
        (21 * 60 + 59, (22 * 60, 6 * 60), False),
        (22 * 60, (22 * 60, 6 * 60), True),
        (0, (22 * 60, 6 * 60), True),
        (5 * 60 + 59, (22 * 60, 6 * 60), True),
        (6 * 60, (22 * 60, 6 * 60), False),
        (9 * 60, (9 * 60, 17 * 60), True),
        (17 * 60, (9 * 60, 17 * 60), False),
        (23 * 60 + 59, (18 * 60, 24 * 60), True),
        (0, (18 * 60, 24 * 60), False),
    ],
)
def test_times_of_the_day_may_pass_midnight(minute: int, times: tuple[int, int], *, inside: bool) -> None:
    assert is_between(minute, times) is inside


def test_for_and_severity_of_the_entry_are_passed_on() -> None:
    policy = AlertPolicy(rules=as_rules([AlertRule(severity="critical", wait=90.0)], "prod"))
    decision = policy.decide("orders", finding(), NOON)
    assert (decision.calls, decision.wait, decision.severity) == (True, 90.0, CRITICAL)
