"""What is said, by whom: many at once as one, again and again to a command, nothing of what is quiet."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from flinktop.engine.alerts.alerts import after
from flinktop.engine.alerts.channels import due, not_told
from flinktop.engine.alerts.policy import AlertPolicy, Rule
from flinktop.engine.alerts.quiet import LONGEST, MOST_MUTES, acknowledge, mute, muted_until, unmute
from flinktop.engine.alerts.seen import Seen, SeenJob
from flinktop.engine.alerts.state import Channel
from flinktop.judgement.finding import Kind, Severity
from tests.engine.alerts.given import Rounds, found, said

ILL = found("a1")
KEY = ("", "a1", str(Kind.RESTART_LOOP))


def settled(policy: AlertPolicy | None = None) -> Rounds:
    rounds = Rounds(policy)
    rounds.settle()
    return rounds


# -- many at once --------------------------------------------------------------------------------------


def test_a_few_at_once_are_said_one_by_one_worst_first() -> None:
    rounds = settled()
    seen = [found(job) for job in "dbcae"]
    assert said(rounds.look(*seen)) == [("raised", job) for job in "abcde"]


def test_many_at_once_are_one_summary() -> None:
    rounds = settled()
    seen = [found(f"{number:02}") for number in range(30)]
    assert rounds.look(*seen) == [], "it waits for more of them"
    (call,) = rounds.look(*seen)
    assert len(call.alerts) == 30
    assert rounds.looks(600.0, *seen) == []


@pytest.mark.deep
def test_a_thousand_at_once_are_one_summary() -> None:
    rounds = settled()
    seen = [found(f"{number:03}") for number in range(1000)]
    rounds.looks(600.0, *seen)
    assert [len(call.alerts) for call in rounds.told] == [1000]


@pytest.mark.deep
def test_a_thousand_that_are_judged_a_few_a_round_are_two_summaries() -> None:
    rounds = settled()
    seen = []
    for number in range(1000):
        seen.append(found(f"{number:03}"))
        if number % 25 == 24:
            rounds.look(*seen)
    rounds.looks(120.0, *seen)
    assert len(rounds.told) == 2
    assert sum(len(call.alerts) for call in rounds.told) == 1000
    rounds.looks(120.0)
    assert sum(len(call.alerts) for call in rounds.told) == 2000
    assert said(rounds.told)[-1][0] == "cleared"


def test_more_than_a_few_within_ten_seconds_are_a_summary() -> None:
    rounds = settled()
    first = [found(job) for job in "abc"]
    more = [*first, *(found(job) for job in "defg")]
    assert len(rounds.look(*first)) == 3
    assert rounds.look(*more) == []
    assert said(rounds.look(*more)) == [("raised", "d", "e", "f", "g")]


def test_what_is_raised_and_what_is_cleared_are_two_summaries() -> None:
    rounds = settled()
    old, new = [found(f"old{number}") for number in range(8)], [found(f"new{number}") for number in range(8)]
    rounds.looks(60.0, *old)
    rounds.told.clear()
    rounds.looks(20.0, *new)
    assert [(call.change, len(call.alerts)) for call in rounds.told] == [("raised", 8), ("cleared", 8)]


def test_what_is_over_before_it_was_said_is_not_said() -> None:
    rounds = settled()
    rounds.look(*(found(f"{number}") for number in range(8)))
    rounds.looks(60.0)
    assert rounds.told == []


# -- again and again -----------------------------------------------------------------------------------


def test_a_command_is_told_again_while_it_is_open() -> None:
    rounds = settled(AlertPolicy(repeat=60.0))
    rounds.look(ILL)
    assert said(rounds.looks(600.0, ILL)) == [("repeated", "a1")] * 10
    assert said(rounds.look()) == [("cleared", "a1")]
    assert rounds.looks(600.0) == []


def test_an_acknowledged_or_muted_one_is_not_told_again() -> None:
    rounds = settled(AlertPolicy(repeat=60.0))
    rounds.look(ILL)
    rounds.state = mute(rounds.state, KEY, 300.0, rounds.wall)
    assert rounds.looks(298.0, ILL) == []
    assert said(rounds.look(ILL)) == [("repeated", "a1")]
    rounds.state = acknowledge(rounds.state, KEY, rounds.wall)
    assert rounds.looks(600.0, ILL) == []


# -- quiet ---------------------------------------------------------------------------------------------


def test_an_acknowledged_alert_calls_no_more_until_it_clears() -> None:
    rounds = settled()
    warning = found("a1", Kind.RESTART_LOOP, Severity.WARNING)
    rounds.look(warning)
    rounds.state = acknowledge(rounds.state, KEY, rounds.wall)
    assert rounds.looks(60.0, ILL) == []
    rounds.look()
    assert rounds.state.past[0].acknowledged is not None
    assert said(rounds.look(ILL)) == [("raised", "a1")]


def test_who_was_called_hears_that_an_acknowledged_alert_is_over() -> None:
    rounds = settled()
    rounds.look(ILL)
    rounds.state = acknowledge(rounds.state, KEY, rounds.wall)
    assert said(rounds.look()) == [("cleared", "a1")]


def test_only_what_is_open_can_be_acknowledged() -> None:
    rounds = settled()
    rounds.state = acknowledge(rounds.state, KEY, rounds.wall)
    assert len(rounds.look(ILL)) == 1


def test_all_of_a_job_or_kind_are_acknowledged_at_once() -> None:
    rounds = settled()
    rounds.look(ILL, found("a1", Kind.MEMORY), found("b2"))
    rounds.state = acknowledge(rounds.state, ("", "a1", ""), rounds.wall)
    assert set(rounds.state.acknowledged) == {("a1", "restart-loop"), ("a1", "memory")}
    rounds.state = acknowledge(rounds.state, ("", "", "restart-loop"), rounds.wall)
    assert len(rounds.state.acknowledged) == 3


def test_a_muted_alert_calls_when_the_mute_is_over() -> None:
    rounds = settled()
    rounds.state = mute(rounds.state, ("", "", "restart-loop"), 120.0, rounds.wall)
    assert rounds.looks(118.0, ILL) == []
    assert said(rounds.looks(10.0, ILL)) == [("raised", "a1")]
    assert rounds.state.mutes == ()


def test_a_mute_until_it_clears_ends_with_it() -> None:
    rounds = settled()
    rounds.look(ILL)
    rounds.state = mute(rounds.state, KEY, math.inf, rounds.wall)
    worse = found("a1")
    assert rounds.looks(7200.0, worse) == []
    rounds.look()
    assert rounds.state.mutes == ()
    assert said(rounds.look(ILL)) == [("raised", "a1")]


def test_a_mute_until_it_clears_of_what_is_not_open_is_none() -> None:
    rounds = settled()
    rounds.state = mute(rounds.state, KEY, math.inf, rounds.wall)
    assert rounds.state.mutes == ()


def test_a_muted_job_stays_muted_when_it_is_started_again() -> None:
    rounds = settled()
    rounds.look(found("a1", name="orders"))
    rounds.state = mute(rounds.state, ("", "a1", ""), 3600.0, rounds.wall)
    rounds.look(found("a1", name="orders"))
    again = found("b2", Kind.FAILED, name="orders")
    assert said(rounds.look(again)) == [("cleared", "a1")]
    assert said(rounds.looks(60.0, again, found("c3", name="other"))) == [("raised", "c3")]


def test_no_mute_lasts_for_ever() -> None:
    rounds = settled()
    rounds.state = mute(rounds.state, KEY, 1e12, rounds.wall)
    (one,) = rounds.state.mutes
    assert one.seconds == LONGEST
    rounds.state = mute(rounds.state, KEY, 600.0, rounds.wall)
    # The clock is set back by a year.
    rounds.wall -= 365 * 24 * 3600.0
    assert rounds.looks(590.0, ILL) == []
    assert said(rounds.looks(30.0, ILL)) == [("raised", "a1")]


def test_the_number_of_mutes_is_bounded() -> None:
    rounds = settled()
    for number in range(MOST_MUTES + 50):
        rounds.state = mute(rounds.state, ("", f"{number}", ""), 600.0, rounds.wall)
    assert len(rounds.state.mutes) == MOST_MUTES


def test_unmuting_ends_every_mute_of_an_alert() -> None:
    rounds = settled()
    rounds.look(ILL)
    for key in (KEY, ("", "a1", ""), ("", "", "restart-loop"), ("", "b2", "")):
        rounds.state = mute(rounds.state, key, 3600.0, rounds.wall)
    (alert,) = rounds.open
    assert muted_until(rounds.state, alert) == rounds.wall + 3600.0
    rounds.state = unmute(rounds.state, KEY)
    assert muted_until(rounds.state, alert) is None
    assert [one.key[1] for one in rounds.state.mutes] == ["b2"]


def test_a_mute_of_no_time_or_of_nonsense_ends_the_mute() -> None:
    rounds = settled()
    rounds.state = mute(rounds.state, KEY, 600.0, rounds.wall)
    assert len(rounds.state.mutes) == 1
    for seconds in (0.0, -1.0, math.nan):
        rounds.state = mute(rounds.state, KEY, 600.0, rounds.wall)
        rounds.state = mute(rounds.state, KEY, seconds, rounds.wall)
        assert rounds.state.mutes == ()


# -- channels ------------------------------------------------------------------------------------------


def test_each_channel_is_told_for_itself() -> None:
    rounds = settled()
    rounds.look(ILL)
    rounds.state, calls = due(rounds.state, Channel.HOOK, rounds.at)
    assert said(calls) == [("raised", "a1")]
    rounds.state, calls = due(rounds.state, Channel.HOOK, rounds.at)
    assert calls == ()


def test_who_takes_a_channel_over_says_what_was_not_said() -> None:
    rounds = settled()
    rounds.looks(60.0, ILL)
    rounds.look()
    # Nobody held the other channel meanwhile, so nobody waits for the end of what it was not told.
    state, calls = due(rounds.state, Channel.HOOK, rounds.at)
    assert calls == ()
    assert len(due(after(state, one_ill(rounds), rounds.policy, rounds.at), Channel.HOOK, rounds.at)[1]) == 1


def one_ill(rounds: Rounds) -> Seen:
    return Seen(found={ILL.place: ILL}, jobs={"a1": SeenJob("orders-a1")}, now=rounds.wall * 1000.0)


def test_a_call_that_did_not_go_out_is_made_again() -> None:
    rounds = settled()
    (raised,) = rounds.look(ILL)
    rounds.state = not_told(rounds.state, Channel.TERMINAL, (raised,))
    assert said(rounds.look(ILL)) == [("raised", "a1")]
    (cleared,) = rounds.look()
    rounds.state = not_told(rounds.state, Channel.TERMINAL, (cleared,))
    assert said(rounds.look()) == [("cleared", "a1")]
    warning = found("b2", severity=Severity.WARNING)
    rounds.policy = AlertPolicy(rules=(Rule(),))
    rounds.look(warning)
    (escalated,) = rounds.look(replace(warning, finding=found("b2").finding))
    rounds.state = not_told(rounds.state, Channel.TERMINAL, (escalated,))
    assert said(rounds.look(found("b2"))) == [("escalated", "b2")]
