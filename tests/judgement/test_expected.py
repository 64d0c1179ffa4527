"""Jobs that should run and do not."""

from __future__ import annotations

import pytest

from flinktop.flink.jobs import JobOverview
from flinktop.judgement.expected import judge_expected
from flinktop.judgement.finding import Severity
from flinktop.judgement.rules import Rule
from flinktop.judgement.verdict import Memory
from flinktop.model.look import Taken

NOW = 1_700_000_000_000


def job(name: str, state: str, ended_ago: float | None = None, number: int = 1) -> JobOverview:
    end = NOW - int(1000 * ended_ago) if ended_ago is not None else -1
    return JobOverview(jid=f"{number:032x}", name=name, state=state, start_time=NOW - 3_600_000, end_time=end)


def missing(expected: list[str], *jobs: JobOverview) -> list[str]:
    verdicts, _ = judge_expected(expected, Taken(jobs, NOW), NOW, {}, one_look=True)
    return [one.name for one in verdicts]


@pytest.mark.parametrize(
    "state", ["RUNNING", "RESTARTING", "CREATED", "INITIALIZING", "FAILING", "CANCELLING", "RECONCILING"]
)
def test_a_job_that_has_not_ended_is_there(state: str) -> None:
    assert missing(["orders"], job("orders", state)) == []


def test_none_of_that_name_is_missing() -> None:
    assert missing(["orders", "billing-*"], job("orders-2", "RUNNING")) == ["orders", "billing-*"]
    assert missing(["orders", "orders"]) == ["orders"]


def test_one_of_a_pattern_is_enough() -> None:
    assert missing(["billing-*"], job("billing-eu", "RUNNING"), job("billing-us", "FAILED", 600)) == []


@pytest.mark.parametrize(("ago", "said"), [(30, []), (59.9, []), (61, ["orders"]), (86_400, ["orders"])])
def test_one_that_ended_is_missing_after_a_minute(ago: float, said: list[str]) -> None:
    assert missing(["orders"], job("orders", "FINISHED", ago)) == said


def test_the_last_known_is_named() -> None:
    jobs = (
        job("orders", "FAILED", 900, 1),
        job("orders", "CANCELED", 100, 2),
        job("orders", "FAILED", 500, 3),
    )
    (one,), _ = judge_expected(["orders"], Taken(jobs, NOW), NOW, {}, one_look=True)
    assert (one.job, one.state, one.severity, one.kind) == (
        f"{2:032x}",
        "",
        Severity.CRITICAL,
        "job-missing",
    )
    assert one.findings[0].since == NOW - 100_000
    assert "CANCELED" in one.words


def test_a_rule_may_say_otherwise() -> None:
    rules = {"orders": (Rule(severity=Severity.INFO),), "old": (Rule(off=True),)}
    verdicts, _ = judge_expected(["orders", "old"], Taken((), NOW), NOW, {}, one_look=True, rules=rules)
    assert [(one.name, one.severity) for one in verdicts] == [("orders", Severity.INFO)]


def test_who_looks_again_waits_for_a_minute() -> None:
    memories: dict[str, Memory] = {}
    said = []
    for seconds in range(0, 80, 10):
        now = NOW + 1000 * seconds
        verdicts, memories = judge_expected(["orders"], Taken((), now), now, memories)
        said.append(bool(verdicts))
    assert said == [False] * 6 + [True] * 2
    verdicts, memories = judge_expected(
        ["orders"], Taken((job("orders", "RUNNING"),), NOW), NOW + 90_000, memories
    )
    assert (verdicts, memories) == ((), {})
