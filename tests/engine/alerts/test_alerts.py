"""Alerts from round to round: what calls, once, and what becomes of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flinktop.engine.alerts.alerts import MOST_PAST, MOST_UNSEEN
from flinktop.engine.alerts.policy import AlertPolicy, Rule
from flinktop.engine.alerts.quiet import acknowledge
from flinktop.engine.alerts.seen import Found, SeenJob
from flinktop.judgement.finding import Evidence, Kind, Severity
from tests.engine.alerts.given import Rounds, finding, found, said

ILL = found("a1")
LAG = found("b2", Kind.SOURCE_LAG, Severity.WARNING)
CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO


def test_critical_calls_once_and_its_clearing_once() -> None:
    rounds = Rounds()
    rounds.settle()
    assert said(rounds.look(ILL)) == [("raised", "a1")]
    assert rounds.looks(3600.0, ILL) == []
    assert [one.job_name for one in rounds.open] == ["orders-a1"]
    assert said(rounds.look()) == [("cleared", "a1")]
    assert rounds.looks(3600.0) == []
    assert rounds.open == []
    (alert,) = rounds.state.past
    assert alert.cleared is not None
    assert alert.cleared - alert.raised == 3602.0


def test_warning_is_listed_and_info_is_not() -> None:
    rounds = Rounds()
    rounds.settle()
    assert rounds.looks(60.0, LAG, found("c3", Kind.CATCHING_UP, INFO)) == []
    assert [(one.job, one.calls) for one in rounds.open] == [("b2", False)]
    assert rounds.looks(10.0) == []
    assert [one.job for one in rounds.state.past] == ["b2"]


def test_info_never_alerts_whatever_the_config_says() -> None:
    rounds = Rounds(AlertPolicy(rules=(Rule(kinds=("catching-up",)),)))
    rounds.settle()
    assert rounds.looks(60.0, found("c3", Kind.CATCHING_UP, INFO)) == []
    assert rounds.open == []


def test_it_calls_again_when_it_becomes_worse() -> None:
    rounds = Rounds(AlertPolicy(rules=(Rule(kinds=("source-lag",)),)))
    rounds.settle()
    assert said(rounds.look(LAG)) == [("raised", "b2")]
    worse = found("b2", Kind.SOURCE_LAG)
    assert said(rounds.look(worse)) == [("escalated", "b2")]
    assert rounds.looks(60.0, worse) == []
    assert rounds.looks(60.0, LAG) == []
    assert rounds.look(worse) == [], "it was told so bad a minute ago"
    assert rounds.looks(600.0, LAG) == []
    assert said(rounds.look(worse)) == [("escalated", "b2")]
    assert said(rounds.look()) == [("cleared", "b2")]


def test_a_warning_that_turns_critical_calls() -> None:
    rounds = Rounds()
    rounds.settle()
    assert rounds.look(LAG) == []
    assert said(rounds.look(found("b2", Kind.SOURCE_LAG))) == [("raised", "b2")]


def test_a_culprit_that_moves_is_no_new_alert() -> None:
    rounds = Rounds()
    rounds.settle()
    assert len(rounds.look(ILL)) == 1
    moved = replace(
        ILL.finding, culprit=replace(ILL.finding.culprit, vertex="v2"), words="restart-loop: at v2"
    )
    assert rounds.looks(60.0, replace(ILL, finding=moved)) == []
    assert [one.finding.culprit.vertex for one in rounds.open] == ["v2"]


def test_what_stands_at_the_start_is_one_summary() -> None:
    rounds = Rounds()
    three = [found(job) for job in ("a1", "b2", "c3")]
    assert said(rounds.settle(*three)) == [("raised", "a1", "b2", "c3")]
    assert rounds.looks(600.0, *three) == []
    assert said(rounds.look(*three, found("d4"))) == [("raised", "d4")]


def test_one_that_stands_at_the_start_is_a_plain_call() -> None:
    assert said(Rounds().settle(ILL)) == [("raised", "a1")]


def test_what_begins_after_the_start_does_not_wait() -> None:
    rounds = Rounds()
    rounds.look()
    new = replace(ILL, finding=finding(since=(rounds.wall + 1.0) * 1000.0))
    assert said(rounds.look(new)) == [("raised", "a1")]


def test_the_start_waits_for_jobs_that_are_not_judged_yet() -> None:
    rounds = Rounds()
    rounds.complete = False
    assert rounds.looks(26.0, ILL) == []
    assert said(rounds.looks(20.0, ILL, found("b2"))) == [("raised", "a1", "b2")]


def test_for_is_added_to_the_hold() -> None:
    rounds = Rounds(AlertPolicy(rules=(Rule(wait=30.0),)))
    rounds.settle()
    assert rounds.looks(30.0, ILL) == []
    assert rounds.open == []
    assert said(rounds.look(ILL)) == [("raised", "a1")]
    assert said(rounds.look()) == [("cleared", "a1")]
    # It is measured anew.
    assert rounds.looks(20.0, found("b2")) == []
    assert rounds.look() == []
    assert rounds.looks(20.0, found("b2")) == []
    assert [one.job for one in rounds.state.past] == ["a1"]


def test_for_of_critical_begins_when_it_is_critical() -> None:
    rounds = Rounds(AlertPolicy(rules=(Rule(severity=CRITICAL, wait=60.0),)))
    rounds.settle()
    rounds.looks(600.0, LAG)
    worse = found("b2", Kind.SOURCE_LAG)
    assert rounds.looks(60.0, worse) == []
    assert [one.job for one in rounds.open] == ["b2"], "it stays listed meanwhile"
    assert said(rounds.look(worse)) == [("raised", "b2")]


def test_what_stood_long_before_the_start_need_not_stand_again() -> None:
    rounds = Rounds(AlertPolicy(rules=(Rule(wait=600.0),)))
    old = replace(ILL, finding=finding(since=(rounds.wall - 3600.0) * 1000.0))
    assert said(rounds.settle(old)) == [("raised", "a1")]


def test_what_still_stands_in_the_morning_calls() -> None:
    quiet = Rule(between=(22 * 60, 6 * 60), off=True)
    rounds = Rounds(AlertPolicy(rules=(quiet,)))
    rounds.minute = 23 * 60
    rounds.settle()
    assert rounds.looks(60.0, ILL) == []
    assert [one.calls for one in rounds.open] == [False]
    rounds.minute = 6 * 60
    assert said(rounds.look(ILL)) == [("raised", "a1")]
    rounds.minute = 22 * 60
    assert said(rounds.look()) == [("cleared", "a1")], "who was called hears that it is over"


def test_nothing_is_cleared_while_the_cluster_does_not_answer() -> None:
    rounds = Rounds()
    rounds.settle()
    lost = Found(finding(Kind.CLUSTER_LOST))
    rounds.look(ILL)
    rounds.reachable = False
    assert said(rounds.looks(600.0, lost)) == [("raised", "")]
    assert {one.finding.kind for one in rounds.open} == {Kind.RESTART_LOOP, Kind.CLUSTER_LOST}
    rounds.reachable = True
    rounds.jobs = {}
    # A JobManager that comes back lists its jobs step by step.
    assert said(rounds.looks(20.0)) == [("cleared", "")]
    assert rounds.looks(20.0, ILL) == []


def test_nothing_is_cleared_of_a_job_that_could_not_be_read() -> None:
    rounds = Rounds()
    rounds.settle()
    rounds.look(ILL)
    rounds.jobs["a1"] = SeenJob("orders-a1", known=False)
    assert rounds.looks(600.0) == []
    assert len(rounds.open) == 1


def test_a_vanished_job_clears_with_a_reason() -> None:
    rounds = Rounds()
    rounds.settle()
    rounds.look(ILL)
    del rounds.jobs["a1"]
    assert rounds.looks(58.0) == []
    assert said(rounds.looks(10.0)) == [("cleared", "a1")]
    assert rounds.state.past[0].why_cleared == "Flink does not list the job any more"


FAILED = found("a1", Kind.FAILED, name="orders")


def failed() -> Rounds:
    """Rounds in which a job has failed."""
    rounds = Rounds()
    rounds.settle()
    assert said(rounds.look(FAILED)) == [("raised", "a1")]
    return rounds


def test_a_failed_job_clears_when_one_of_its_name_has_started() -> None:
    rounds = failed()
    rounds.jobs["b2"] = SeenJob("orders")
    assert said(rounds.look(found("a1", Kind.FAILED, INFO, name="orders"))) == [("cleared", "a1")]
    assert rounds.state.past[0].why_cleared == "a job of the same name has started"
    assert rounds.looks(600.0, found("a1", Kind.FAILED, INFO, name="orders")) == []


def test_a_failed_job_that_flink_forgot_stays_open_until_one_of_its_name_runs() -> None:
    rounds = failed()
    del rounds.jobs["a1"]
    assert rounds.looks(3600.0) == []
    assert len(rounds.open) == 1
    rounds.jobs["b2"] = SeenJob("orders")
    assert said(rounds.look()) == [("cleared", "a1")]
    assert rounds.looks(600.0) == []


def test_a_failed_job_that_flink_forgot_clears_when_it_is_acknowledged() -> None:
    rounds = failed()
    del rounds.jobs["a1"]
    rounds.look()
    (alert,) = rounds.open
    rounds.state = acknowledge(rounds.state, alert.key, rounds.wall)
    assert said(rounds.look()) == [("cleared", "a1")]
    assert rounds.state.past[0].acknowledged is not None


def test_a_failed_job_that_flink_forgot_clears_after_a_day() -> None:
    rounds = failed()
    del rounds.jobs["a1"]
    rounds.look()
    rounds.now += 24 * 3600.0
    assert said(rounds.look()) == [("cleared", "a1")]


def test_a_failure_whose_cause_is_about_to_be_read_waits_for_it() -> None:
    rounds = Rounds()
    rounds.settle()
    unread = replace(FAILED, finding=replace(FAILED.finding, unread=True))
    assert rounds.looks(6.0, unread) == []
    assert rounds.open == []
    assert said(rounds.look(FAILED)) == [("raised", "a1")]


def test_a_failure_whose_cause_does_not_come_calls_all_the_same() -> None:
    rounds = Rounds()
    rounds.settle()
    unread = replace(FAILED, finding=replace(FAILED.finding, unread=True))
    assert said(rounds.looks(10.0, unread)) == [("raised", "a1")]


def test_the_start_waits_for_the_cause_of_a_failure_of_long_before_it() -> None:
    rounds = Rounds()
    old = replace(FAILED, finding=replace(FAILED.finding, since=(rounds.wall - 86_400.0) * 1000.0))
    unread = replace(old, finding=replace(old.finding, unread=True))
    other = found("b2")
    assert rounds.looks(24.0, unread, other) == []
    assert {one.job for one in rounds.open} == {"a1", "b2"}, "they are shown meanwhile"
    (call,) = rounds.look(old, other)
    assert said([call]) == [("raised", "b2", "a1")]
    assert not any(one.finding.unread for one in call.alerts)


def test_the_start_does_not_wait_for_a_cause_without_end() -> None:
    rounds = Rounds()
    old = replace(FAILED, finding=replace(FAILED.finding, since=(rounds.wall - 86_400.0) * 1000.0))
    unread = replace(old, finding=replace(old.finding, unread=True))
    assert said(rounds.looks(40.0, unread)) == [("raised", "a1")]


def come_and_go(rounds: Rounds, times: int, seconds: float = 60.0) -> None:
    for _ in range(times):
        rounds.looks(seconds, ILL)
        rounds.looks(seconds)


def test_an_alert_that_comes_and_goes_is_flapping_and_calls_no_more() -> None:
    rounds = Rounds()
    rounds.settle()
    come_and_go(rounds, 10)
    assert said(rounds.told) == [("raised", "a1"), ("cleared", "a1")] * 2 + [("raised", "a1")]
    assert [call.alerts[0].flapping for call in rounds.told] == [False, False, False, False, True]
    (alert,) = rounds.open
    assert len(alert.times) == 10
    assert not list(rounds.state.past)
    # It is over when it was quiet.
    assert rounds.looks(530.0) == []
    assert said(rounds.looks(20.0)) == [("cleared", "a1")]
    assert rounds.state.past[0].why_cleared.startswith("it came and went")
    rounds.looks(400.0)
    assert said(rounds.look(ILL)) == [("raised", "a1")]


def test_what_stands_for_long_is_not_flapping_any_more() -> None:
    rounds = Rounds()
    rounds.settle()
    come_and_go(rounds, 4)
    rounds.looks(700.0, ILL)
    assert [one.flapping for one in rounds.open] == [False]
    assert said(rounds.look()) == [("cleared", "a1")]


def test_what_comes_back_soon_is_the_same_alert() -> None:
    rounds = Rounds()
    rounds.settle()
    rounds.looks(60.0, ILL)
    (first,) = rounds.open
    rounds.looks(200.0)
    assert len(list(rounds.state.past)) == 1
    rounds.look(ILL)
    (again,) = rounds.open
    assert not list(rounds.state.past)
    assert again.raised == first.raised
    assert len(again.times) == 2
    rounds.looks(400.0)
    rounds.look(ILL)
    (other,) = rounds.open
    assert other.raised > first.raised
    assert len(rounds.state.past) == 1


def test_a_clock_that_jumps_rings_nothing_twice() -> None:
    rounds = Rounds(AlertPolicy(repeat=60.0))
    rounds.settle()
    assert len(rounds.look(ILL)) == 1
    for jump in (365 * 24 * 3600.0, -730 * 24 * 3600.0):
        rounds.wall += jump
        assert rounds.looks(28.0, ILL) == []
    assert said(rounds.looks(10.0, ILL)) == [("repeated", "a1")]


@pytest.mark.deep
def test_what_is_kept_is_bounded() -> None:
    rounds = Rounds()
    rounds.settle()
    for batch in range(8):
        jobs = [found(f"{batch}-{number}") for number in range(100)]
        rounds.looks(70.0, *jobs)
        rounds.looks(400.0)
    assert len(rounds.state.past) == MOST_PAST
    assert rounds.state.past[0].job.startswith("7-")
    assert len(rounds.state.recent) <= 100


def test_too_many_failed_jobs_that_flink_forgot_are_cleared() -> None:
    rounds = Rounds()
    rounds.settle()
    rounds.looks(60.0, *(found(f"{number}", Kind.FAILED) for number in range(MOST_UNSEEN + 50)))
    rounds.jobs = {}
    rounds.looks(60.0)
    assert len(rounds.open) == MOST_UNSEEN


def test_foreign_text_is_bounded_clean_and_without_secrets() -> None:
    rounds = Rounds()
    rounds.settle()
    evil = replace(
        ILL.finding,
        words="failed: \x1b]0;title\x07 token=abcdef " + "x" * 5000,
        evidence=tuple(Evidence("password", f"password={number}secret") for number in range(100)),
    )
    rounds.look(Found(evil, "a1", "orders\x1b[31m\n"))
    (alert,) = rounds.open
    assert "\x1b" not in alert.job_name
    assert "\x1b" not in alert.finding.words
    assert "abcdef" not in alert.finding.words
    assert len(alert.finding.words) <= 2000
    assert len(alert.finding.evidence) == 20
    assert "secret" not in str(alert.finding.evidence[0].value)


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_is_an_alert(kind: Kind) -> None:
    rounds = Rounds()
    rounds.settle()
    assert said(rounds.look(found("a1", kind))) == [("raised", "a1")]
    assert said(rounds.look()) == [("cleared", "a1")]
