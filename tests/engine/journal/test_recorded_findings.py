"""Findings raised, escalated and cleared as events."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.journal import findings
from flinktop.engine.journal.event import Event, EventKind
from flinktop.engine.journal.findings import GRACE_MS, Findings
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.verdict import Verdict

JOB = "a" * 32
NOW = 1_700_000_000_000.0
MINUTE = 60_000.0


def finding(kind: Kind = Kind.RESTART_LOOP, severity: Severity = Severity.CRITICAL, **given: Any) -> Finding:
    usual: dict[str, Any] = {"words": f"{kind}: it is so", "since": NOW}
    return Finding(kind=kind, severity=severity, **usual | given)


def verdict(*found: Finding, job: str = JOB, state: str = "RUNNING") -> Verdict:
    severity = found[0].severity if found else Severity.OK
    kind = str(found[0].kind) if found else "healthy"
    return Verdict(
        job=job, name="orders", state=state, severity=severity, kind=kind, words=kind, findings=found
    )


class Rounds:
    """Rounds of the judge, one a minute unless it is said otherwise (ms)."""

    def __init__(self, before: Findings | None = None, now: float = NOW, each: float = MINUTE) -> None:
        self.each = each
        self.known = before or Findings()
        self.now = now
        self.of_cluster: tuple[Finding, ...] = ()

    def job(self, *found: Finding, state: str = "RUNNING") -> list[Event]:
        return self.round({JOB: verdict(*found, state=state)})

    def cluster(self, *found: Finding) -> list[Event]:
        self.of_cluster = found
        return self.round({})

    def round(self, verdicts: dict[str, Verdict]) -> list[Event]:
        self.now += self.each
        self.known, events = findings.judged(self.known, verdicts, self.of_cluster, self.now)
        return list(events)


def kinds(events: list[Event]) -> list[tuple[EventKind, str]]:
    return [(one.kind, one.finding) for one in events]


def test_it_is_raised_once_and_cleared_once() -> None:
    rounds = Rounds()
    [raised] = rounds.job(finding(culprit=Culprit(vertex="v", vertex_name="Map", subtasks=(1,)), next="look"))
    assert (raised.kind, raised.finding, raised.severity) == (
        EventKind.RAISED, "restart-loop", Severity.CRITICAL,
    )  # fmt: skip
    assert (raised.at, raised.words) == (NOW + MINUTE, "restart-loop: it is so")
    assert (raised.vertex, raised.vertex_name, raised.subtask) == ("v", "Map", 1)
    assert raised.details.splitlines()[-1] == "next: look"
    assert raised.details.startswith("since: 2023-11-")
    assert rounds.job(finding(words="restart-loop: and so on")) == []
    [cleared] = rounds.job()
    assert (cleared.kind, cleared.severity) == (EventKind.CLEARED, Severity.OK)
    assert cleared.words == "restart-loop cleared after 2 m"
    assert rounds.job() == []


def test_a_verdict_that_was_not_judged_again_costs_nothing() -> None:
    rounds, same = Rounds(), {JOB: verdict(finding())}
    assert len(rounds.round(same)) == 1
    known = rounds.known
    assert rounds.round(same) == []
    assert rounds.known is known


def test_worse_is_an_escalation_and_better_is_not() -> None:
    rounds = Rounds()
    rounds.job(finding(Kind.STALLED, Severity.WARNING))
    [worse] = rounds.job(finding(Kind.STALLED, Severity.CRITICAL))
    assert (worse.kind, worse.severity) == (EventKind.ESCALATED, Severity.CRITICAL)
    assert worse.words == "now critical: stalled: it is so"
    assert rounds.job(finding(Kind.STALLED, Severity.WARNING)) == []
    assert rounds.job(finding(Kind.STALLED, Severity.CRITICAL)) == []


def test_only_for_information_is_cleared_and_more_again_is_raised_again() -> None:
    rounds = Rounds()
    [raised] = rounds.job(finding(Kind.FAILED))
    [cleared] = rounds.job(finding(Kind.FAILED, Severity.INFO))
    assert cleared.words == "failed cleared after 1 m: only for information now"
    [again] = rounds.job(finding(Kind.FAILED))
    assert again.kind is EventKind.RAISED
    assert again.key != raised.key


def test_what_another_finding_explains_is_still_there() -> None:
    rounds = Rounds()
    rounds.job(finding(Kind.CHECKPOINTS_FAILING, Severity.WARNING))
    explained = Evidence("explains: checkpoints-failing: the last 3 failed")
    assert kinds(rounds.job(finding(evidence=(explained,)))) == [(EventKind.RAISED, "restart-loop")]
    assert kinds(rounds.job()) == [
        (EventKind.CLEARED, "checkpoints-failing"), (EventKind.CLEARED, "restart-loop"),
    ]  # fmt: skip


def test_restarting_that_turns_into_a_loop_says_so() -> None:
    rounds = Rounds()
    rounds.job(finding(Kind.RESTARTING, Severity.WARNING))
    raised, cleared = rounds.job(finding())
    assert raised.finding == "restart-loop"
    assert cleared.words == "restarting cleared after 1 m: it is a restart loop now"


def test_the_end_of_the_job_clears_its_findings() -> None:
    rounds = Rounds()
    rounds.job(finding(Kind.BOTTLENECK, Severity.WARNING))
    [cleared] = rounds.job(state="CANCELED")
    assert cleared.words == "bottleneck cleared after 1 m: the job ended CANCELED"


def test_a_job_that_is_not_listed_any_more_has_none() -> None:
    rounds = Rounds()
    rounds.job(finding(Kind.FAILED))
    [cleared] = rounds.round({})
    assert cleared.words == "failed cleared after 1 m: the job is not listed any more"
    assert (cleared.job, cleared.job_name) == (JOB, "orders")
    assert not rounds.known.open
    assert not rounds.known.closed
    assert not rounds.known.episodes


def test_the_same_that_comes_back_is_another_event_and_the_same_row() -> None:
    rounds = Rounds()
    [first] = rounds.job(finding(Kind.CHECKPOINTS_FAILING, Severity.WARNING))
    rounds.job()
    [second] = rounds.job(finding(Kind.CHECKPOINTS_FAILING, Severity.WARNING))
    assert first.key != second.key
    assert first.group == second.group


def test_for_information_there_is_one_row_a_day() -> None:
    rounds = Rounds()
    groups = []
    for hours in (1, 5, 9, 30):
        rounds.now = NOW + hours * 60 * MINUTE
        [raised] = rounds.job(finding(Kind.CATCHING_UP, Severity.INFO, since=rounds.now))
        assert raised.severity is Severity.INFO
        groups.append(raised.group)
        rounds.job()
    assert len(groups) == 4
    assert len(set(groups)) == 3, "22:13 UTC and four hours later is another day"


def test_two_flinktops_name_what_has_a_time_of_flinks_alike() -> None:
    first, second = Rounds(), Rounds(now=NOW + 7000)
    for rounds in (first, second):
        rounds.job(finding())
    a, b = first.known.open, second.known.open
    assert [one.mark for one in a.values()] == [one.mark for one in b.values()]


def test_of_a_cluster_each_taskmanager_and_each_missing_job_is_one() -> None:
    rounds = Rounds()
    lost = [
        finding(Kind.TASKMANAGER_LOST, Severity.WARNING, culprit=Culprit(taskmanager=name)) for name in "ab"
    ]
    missing = [
        finding(Kind.JOB_MISSING, words=f"job-missing: {name}: no job of this name is listed")
        for name in ("orders", "billing")
    ]
    events = rounds.cluster(*lost, *missing)
    assert len(events) == 4
    assert len({one.key for one in events}) == 4
    assert {one.job for one in events} == {""}
    [cleared] = rounds.cluster(*lost, missing[0])
    assert cleared.finding == "job-missing"


# -- over a restart of flinktop ------------------------------------------------------------------------


def restarted(before: Findings, now: float) -> Rounds:
    """A flinktop that starts with what another has kept."""
    kept = [value for _, value in findings.kept(Findings(), before) if value is not None]
    return Rounds(findings.remembered(kept, now, before.episodes), now)


def test_one_that_goes_on_is_not_raised_again() -> None:
    rounds = Rounds()
    rounds.job(finding())
    after = restarted(rounds.known, NOW + 60 * MINUTE)
    assert after.job() == [], "most must last before they are found again"
    assert after.job(finding()) == []
    assert [one.until for one in after.known.open.values()] == [0.0]
    [cleared] = after.job()
    assert cleared.words.startswith("restart-loop cleared after 1 h")


def test_what_one_of_before_explains_is_not_raised_while_that_is_looked_for() -> None:
    rounds = Rounds()
    rounds.job(finding())
    after = restarted(rounds.known, NOW)
    assert after.job(finding(Kind.RESTARTING, Severity.WARNING)) == []
    assert after.job(finding()) == []
    assert kinds(after.job(finding(), finding(Kind.BOTTLENECK, Severity.WARNING))) == [
        (EventKind.RAISED, "bottleneck")
    ]


def test_one_that_is_not_found_again_is_cleared_in_the_end() -> None:
    rounds = Rounds()
    rounds.job(finding())
    after = restarted(rounds.known, NOW)
    assert after.job() == []
    after.now = NOW + GRACE_MS
    [cleared] = after.round(dict(after.known.verdicts))
    assert cleared.words.endswith(": not found again after a restart of flinktop")
    assert after.round(dict(after.known.verdicts)) == []


def test_one_whose_job_has_ended_meanwhile_is_cleared_at_once() -> None:
    rounds = Rounds()
    rounds.job(finding(Kind.BOTTLENECK, Severity.WARNING))
    after = restarted(rounds.known, NOW)
    [cleared] = after.job(state="FINISHED")
    assert cleared.words.endswith("the job ended FINISHED")


def test_what_is_kept_is_what_has_changed() -> None:
    rounds = Rounds()
    before = rounds.known
    rounds.job(finding(), finding(Kind.BOTTLENECK, Severity.WARNING))
    assert len(list(findings.kept(before, rounds.known))) == 2
    before = rounds.known
    rounds.job(finding())
    assert list(findings.kept(before, rounds.known)) == [(f"{JOB}\nbottleneck\n", None)]


@pytest.mark.parametrize("value", [b"", b"[]", b'{"kind": "no-such"}', b"\xff"])
def test_what_can_not_be_read_is_nothing(value: bytes) -> None:
    assert not findings.remembered([value], NOW, {}).open


def test_a_secret_in_the_words_is_not_kept() -> None:
    [raised] = Rounds().job(
        replace(finding(), words="failed: jdbc:x password=hunter2", next="--password hunter2")
    )
    assert "hunter2" not in raised.words + raised.details


UNREAD = finding(Kind.FAILED, words="failed: the job ended FAILED", unread=True)


@pytest.mark.parametrize("ago", [0.0, 48 * 60 * MINUTE], ids=["just now", "long before the start"])
def test_why_a_job_has_failed_is_waited_for(ago: float) -> None:
    rounds = Rounds(each=2000.0)
    unread = replace(UNREAD, since=NOW - ago)
    for _ in range(20):
        assert rounds.job(unread, state="FAILED") == []
    [raised] = rounds.job(finding(Kind.FAILED, words="failed: parse: no such user"), state="FAILED")
    assert raised.words == "failed: parse: no such user"
    assert rounds.known.unread == {}


def test_why_a_job_has_failed_is_not_waited_for_without_end() -> None:
    rounds = Rounds(each=2000.0)
    events = [event for _ in range(40) for event in rounds.job(UNREAD, state="FAILED")]
    assert [one.words for one in events] == ["failed: the job ended FAILED"]
    assert rounds.now - events[0].at >= 2000.0


def test_while_the_cause_of_one_is_waited_for_others_are_not() -> None:
    rounds = Rounds(each=2000.0)
    failed = verdict(UNREAD, state="FAILED")
    [raised] = rounds.round({JOB: failed, "b" * 32: verdict(finding(), job="b" * 32)})
    assert raised.job == "b" * 32
