"""Rules of the config file about findings: the last that matches decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop import finding_rules
from flinktop.judgement.finding import OF_CLUSTER, Finding, Kind, Severity
from flinktop.judgement.patterns import matches
from flinktop.judgement.rules import LIMITED, Rule, about, applied, limits
from flinktop.model.look import Limits


def finding(kind: Kind, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(kind=kind, severity=severity, words=str(kind))


SKEW, MEMORY = finding(Kind.SKEW), finding(Kind.MEMORY)


@pytest.mark.parametrize(
    ("name", "pattern", "is_one"),
    [
        ("orders", "orders", True),
        ("orders", "order", False),
        ("orders", "Orders", False),
        ("orders-eu", "orders-*", True),
        ("orders", "orders-*", False),
        ("orders [v1]", "orders [v1]", True),
        ("orders v", "orders [v1]", False),
        ("a.b", "a?b", True),
        ("axb", "a.b", False),
        ("two\nlines", "two*", True),
        ("", "*", True),
    ],
)
def test_names_and_patterns(name: str, pattern: str, *, is_one: bool) -> None:
    assert matches(name, (pattern,)) is is_one


@pytest.mark.deep
@given(st.text(max_size=30), st.text(alphabet="ab*?", max_size=30))
def test_any_pattern_ends(name: str, pattern: str) -> None:
    assert matches(name, (pattern,)) in (True, False)
    assert matches(name, (name,))


def test_many_stars_take_little_time() -> None:
    assert not matches("a" * 200, ("*" * 50 + "b",))


def test_rules_are_about_names_of_clusters_and_jobs() -> None:
    everywhere = Rule(off=True)
    of_jobs = Rule(jobs=("test-*",), off=True)
    elsewhere = Rule(clusters=("dev",), off=True)
    rules = (everywhere, of_jobs, elsewhere)
    assert about(rules, "prod", "test-1") == (everywhere, of_jobs)
    assert about(rules, "prod", "orders") == (everywhere,)
    assert about(rules, "prod", None) == (everywhere,)
    assert about(rules, "dev", "orders") == (everywhere, elsewhere)


def test_a_finding_that_is_off_is_not_said() -> None:
    assert applied((Rule(kinds=("skew",), off=True),), (SKEW, MEMORY)) == (MEMORY,)
    assert applied((Rule(off=True),), (SKEW, MEMORY)) == ()


def test_a_severity_is_that_of_the_rule() -> None:
    (one,) = applied((Rule(kinds=("skew",), severity=Severity.INFO),), (SKEW,))
    assert (one.severity, one.words) == (Severity.INFO, "skew")


def test_the_last_rule_that_matches_decides() -> None:
    off, on, info = Rule(off=True), Rule(kinds=("skew",), off=False), Rule(severity=Severity.INFO)
    assert applied((off, on), (SKEW, MEMORY)) == (SKEW,)
    assert applied((info, on), (SKEW,)) == (SKEW,)
    assert applied((on, off), (SKEW,)) == ()
    assert [one.severity for one in applied((off, info), (SKEW,))] == [Severity.INFO]
    # A limit is no decision about what is found.
    assert applied((off, Rule(kinds=("memory",), limit=95.0)), (MEMORY,)) == ()


def test_limits_are_those_of_the_last_rule() -> None:
    assert limits(()) == Limits()
    rules = (
        Rule(kinds=("memory",), limit=80.0),
        Rule(kinds=("memory",), limit=95.0),
        Rule(kinds=("source-lag",), limit=300.0),
        Rule(kinds=("memory",), severity=Severity.INFO),
    )
    assert limits(rules) == Limits(3.0, 95.0, 300.0)


def test_the_config_file_knows_the_words_of_judgement() -> None:
    assert [str(kind) for kind in Kind] == list(finding_rules.KINDS)
    assert set(finding_rules.OF_CLUSTER) == {str(kind) for kind in OF_CLUSTER}
    assert set(finding_rules.LIMITS) == {str(kind) for kind in LIMITED}
    assert set(finding_rules.SEVERITIES) <= {str(severity) for severity in Severity}
