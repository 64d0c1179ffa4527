"""States of jobs as events: by Flink's own times where it gives them, each once."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.journal import jobs
from flinktop.engine.journal.event import Event, EventKind, KnownJob
from flinktop.engine.journal.jobs import GONE_MS, WAIT_MS, Jobs, Listed
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, Job, JobOverview, JobsOverview
from flinktop.judgement.finding import Severity
from tests.engine.journal.recorded import RELEASES, answer, job_named, keys, of_kind

ID = "a" * 32
NOW = 1_700_000_000_000.0
SECOND = 1000.0


def row(state: str = "RUNNING", **given: Any) -> JobOverview:
    usual: dict[str, Any] = {"name": "orders", "start_time": int(NOW) - 600_000, "last_modification": 0}
    return JobOverview(ID, state=state, **usual | given)


def told(*rows: JobOverview) -> JobsOverview:
    return JobsOverview(rows)


def detail(state: str = "RUNNING", **entered: float) -> Job:
    start = int(NOW) - 600_000
    return Job(
        jid=ID,
        name="orders",
        state=state,
        start_time=start,
        timestamps={name: int(at) for name, at in entered.items()},
    )


def watched(*states: str) -> tuple[Jobs, list[Event]]:
    """A job that is listed with these states, every ten seconds from NOW on."""
    known, found = Jobs(), list[Event]()
    for number, state in enumerate(states):
        known, events = jobs.listed(known, told(row(state)), NOW + 10 * SECOND * number)
        found += events
    return known, found


@pytest.mark.parametrize("release", RELEASES)
def test_the_first_list_tells_of_every_start_and_end_with_flinks_times(release: str) -> None:
    listed = answer(release, JOBS_OVERVIEW())
    _, events = jobs.listed(Jobs(), listed, NOW)
    started = {one.job: one.at for one in of_kind(events, EventKind.JOB_STARTED)}
    ended = {one.job: (one.at, one.severity) for one in of_kind(events, EventKind.JOB_ENDED)}
    assert started == {one.jid: one.start_time for one in listed.jobs}
    worse = {"FAILED": Severity.CRITICAL}
    assert ended == {
        one.jid: (one.end_time, worse.get(one.state, Severity.OK)) for one in listed.jobs if one.end_time > 0
    }
    [failed] = [one for one in events if one.severity is Severity.CRITICAL]
    assert failed.words.startswith("job ended FAILED after ")


@pytest.mark.parametrize("release", RELEASES)
def test_two_flinktops_name_the_same_happening_alike(release: str) -> None:
    listed = answer(release, JOBS_OVERVIEW())
    failing = answer(release, JOB(job=job_named(release, "failing")))
    found = []
    for at in (NOW, NOW + 3_600_000):
        known, events = jobs.listed(Jobs(), listed, at)
        _, more = jobs.detailed(known.listed[failing.jid], failing, at)
        found.append(keys((*events, *more)))
    assert found[0] == found[1]
    assert len(set(found[0])) == len(found[0])


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5", "2.3.0"])
def test_the_last_restart_is_known_from_one_answer(release: str) -> None:
    failing = answer(release, JOB(job=job_named(release, "failing")))
    known, _ = jobs.listed(Jobs(), answer(release, JOBS_OVERVIEW()), NOW)
    _, events = jobs.detailed(known.listed[failing.jid], failing, NOW)
    assert [(one.words, one.at) for one in events] == [
        ("job is RESTARTING", failing.timestamps["RESTARTING"]),
        ("job runs again after 3.0 s" if release != "2.3.0" else "job runs again after 3.2 s",
         failing.timestamps["RUNNING"]),
    ]  # fmt: skip


@pytest.mark.parametrize("release", RELEASES)
def test_a_job_that_runs_since_it_was_started_says_no_more(release: str) -> None:
    steady = answer(release, JOB(job=job_named(release, "steady")))
    known, _ = jobs.listed(Jobs(), answer(release, JOBS_OVERVIEW()), NOW)
    assert jobs.detailed(known.listed[steady.jid], steady, NOW)[1] == ()


def test_the_same_list_again_tells_nothing() -> None:
    known, events = watched("RUNNING", "RUNNING", "RUNNING")
    assert [one.kind for one in events] == [EventKind.JOB_STARTED]
    assert known.listed[ID].old


def test_a_job_that_appears_later_has_started_while_flinktop_looked() -> None:
    known, _ = jobs.listed(Jobs(), told(), NOW)
    known, [event] = jobs.listed(known, told(row()), NOW + SECOND)
    assert event.kind is EventKind.JOB_STARTED
    assert not known.listed[ID].old


def test_a_change_of_state_waits_for_flinks_time_of_it() -> None:
    known, [_] = watched("RUNNING", "RESTARTING")
    entered = NOW + 7 * SECOND
    after, [event] = jobs.detailed(
        known.listed[ID],
        detail("RESTARTING", RUNNING=NOW - 599_000, RESTARTING=entered),
        NOW + 12 * SECOND,
    )
    assert (event.kind, event.at, event.words) == (EventKind.JOB_STATE, entered, "job is RESTARTING")
    assert not after.pending


def test_an_answer_from_flinks_cache_does_not_settle_it() -> None:
    known, _ = watched("RUNNING", "RESTARTING")
    after, events = jobs.detailed(known.listed[ID], detail(RUNNING=NOW - 599_000), NOW + 11 * SECOND)
    assert events == ()
    assert after.pending


def test_a_state_of_which_flink_gives_no_time_has_ours() -> None:
    known, _ = watched("RUNNING", "RESTARTING", "RUNNING")
    after, events = jobs.gone(known, NOW + 19 * SECOND + WAIT_MS)
    assert [(one.words, one.at) for one in events] == [("job is RESTARTING", NOW + 10 * SECOND)]
    after, events = jobs.gone(after, NOW + 20 * SECOND + WAIT_MS)
    assert [(one.words, one.at) for one in events] == [("job runs again", NOW + 20 * SECOND)]
    assert jobs.gone(after, NOW + 10 * WAIT_MS) == (after, ())


def test_the_list_tells_nearly_when_it_changed() -> None:
    known, _ = jobs.listed(Jobs(), told(row()), NOW)
    moved = int(NOW + 4 * SECOND)
    known, _ = jobs.listed(known, told(row("RESTARTING", last_modification=moved)), NOW + 10 * SECOND)
    _, [event] = jobs.gone(known, NOW + 2 * WAIT_MS)
    assert event.at == moved


def test_two_that_look_some_seconds_apart_mostly_name_it_alike() -> None:
    found = set()
    for late in (0.0, 9 * SECOND):
        known, _ = jobs.listed(Jobs(), told(row()), NOW + late)
        known, _ = jobs.listed(known, told(row("RESTARTING")), NOW + late + 10 * SECOND)
        _, [event] = jobs.gone(known, NOW + 2 * WAIT_MS)
        found.add(event.key)
    assert len(found) == 1


def test_the_adaptive_scheduler_has_no_time_of_a_restart_but_that_of_its_cancelling() -> None:
    known, _ = watched("RUNNING", "RESTARTING")
    one, [event] = jobs.detailed(
        known.listed[ID],
        detail("RESTARTING", RUNNING=NOW - 599_000, CANCELLING=NOW + 7 * SECOND),
        NOW + 15 * SECOND,
    )
    assert (event.words, event.at) == ("job is RESTARTING", NOW + 7 * SECOND)
    # Its times are those of a new execution graph then.
    running = detail("RUNNING", CREATED=NOW + 18 * SECOND, RUNNING=NOW + 19 * SECOND)
    _, [event] = jobs.detailed(one, running, NOW + 25 * SECOND)
    assert (event.words, event.at) == ("job runs again after 12 s", NOW + 19 * SECOND)


def test_a_loop_is_one_row_for_each_state_until_it_has_paused() -> None:
    known = Listed("orders", "RUNNING", NOW, -1.0, old=True)
    groups = []
    for minutes in (1, 3, 5, 30):
        at = NOW + 60_000 * minutes
        known, events = jobs.detailed(known, detail(RESTARTING=at, RUNNING=at + 10_000), at + 10_000)
        groups += [one.group for one in events if one.words == "job is RESTARTING"]
    assert len(groups) == 4
    assert len(set(groups[:3])) == 1
    assert groups[3] != groups[0]


def test_a_job_that_waited_for_its_slots_says_so() -> None:
    known, _ = watched("CREATED", "RUNNING")
    start = NOW - 600_000
    waited = detail(INITIALIZING=start, CREATED=start + 20, RUNNING=start + 300_000)
    _, [event] = jobs.detailed(known.listed[ID], waited, NOW + 15 * SECOND)
    assert event.words == "job runs, 5 m after it was started"


def test_a_job_that_restarts_now_says_nothing_of_a_run_before() -> None:
    known, _ = watched("RESTARTING")
    start = NOW - 600_000
    loops = detail("RESTARTING", CREATED=start + 20, RUNNING=start + 400_000, RESTARTING=NOW - 5000)
    _, [event] = jobs.detailed(known.listed[ID], loops, NOW + 5 * SECOND)
    assert event.words == "job is RESTARTING"


def test_what_it_passes_through_at_its_end_is_no_event() -> None:
    known, _ = watched("RUNNING", "CANCELED")
    ended = detail("CANCELED", RUNNING=NOW - 599_000, CANCELLING=NOW, CANCELED=NOW + 200)
    assert jobs.detailed(known.listed[ID], ended, NOW + 15 * SECOND)[1] == ()


def test_a_job_that_hangs_in_its_cancelling_is() -> None:
    known, _ = watched("RUNNING", "CANCELLING")
    hangs = detail("CANCELLING", RUNNING=NOW - 599_000, CANCELLING=NOW + 9 * SECOND)
    after, events = jobs.detailed(known.listed[ID], hangs, NOW + 12 * SECOND)
    assert events == (), "mostly it is for a moment"
    _, [event] = jobs.detailed(after, hangs, NOW + 15 * SECOND)
    assert (event.words, event.severity) == ("job is CANCELLING", Severity.INFO)


def test_a_job_that_passes_through_failing_tells_of_its_restart_alone() -> None:
    known, _ = watched("RUNNING", "FAILING")
    restarts = detail(
        "RESTARTING", RUNNING=NOW - 599_000, FAILING=NOW + 9 * SECOND, RESTARTING=NOW + 10 * SECOND
    )
    after, [event] = jobs.detailed(known.listed[ID], restarts, NOW + 15 * SECOND)
    assert event.words == "job is RESTARTING"
    assert not after.pending


def test_a_job_that_is_recovered_under_its_id_starts_again() -> None:
    known, _ = jobs.listed(Jobs(), told(row()), NOW)
    _, [event] = jobs.listed(known, told(row(start_time=int(NOW) + 5000)), NOW + 10 * SECOND)
    assert event.words == "job started again, recovered by another JobManager"
    assert event.at == NOW + 5000


def test_a_running_job_that_is_not_listed_any_more_is_gone_after_a_while() -> None:
    known, _ = jobs.listed(Jobs(), told(row()), NOW)
    known, events = jobs.listed(known, told(), NOW + 10 * SECOND)
    assert events == ()
    assert jobs.gone(known, NOW + 10 * SECOND + GONE_MS - 1)[1] == ()
    known, [event] = jobs.gone(known, NOW + 10 * SECOND + GONE_MS)
    assert (event.kind, event.at) == (EventKind.JOB_GONE, NOW + 10 * SECOND)
    assert event.words == "job is not listed any more; it was RUNNING"
    assert not known.missing


def test_one_that_a_new_jobmanager_lists_late_is_not_gone() -> None:
    known, _ = jobs.listed(Jobs(), told(row()), NOW)
    known, _ = jobs.listed(known, told(), NOW + 10 * SECOND)
    known, events = jobs.listed(known, told(row()), NOW + 40 * SECOND)
    assert events == ()
    assert jobs.gone(known, NOW + 10 * GONE_MS)[1] == ()


def test_an_ended_job_that_flink_drops_is_no_event() -> None:
    known, _ = jobs.listed(Jobs(), told(row("FINISHED", end_time=int(NOW))), NOW)
    known, events = jobs.listed(known, told(), NOW + 10 * SECOND)
    assert events == ()
    assert jobs.gone(known, NOW + 10 * GONE_MS)[1] == ()


def remembered(**given: Any) -> KnownJob:
    usual: dict[str, Any] = {"cluster": "", "job": ID, "name": "orders", "state": "RUNNING", "seen": NOW}
    return KnownJob(**usual | {"start": NOW - 600_000, "end": -1.0} | given)


def test_one_that_went_while_nobody_looked_is_gone() -> None:
    known = jobs.remembered([remembered()], NOW - 1, {})
    later = NOW + 3_600_000
    known, events = jobs.listed(known, told(), later)
    assert events == ()
    _, [event] = jobs.gone(known, later + GONE_MS)
    assert (event.kind, event.at) == (EventKind.JOB_GONE, later)


def test_one_that_was_gone_before_the_last_look_is_not_said_again() -> None:
    assert not jobs.remembered([remembered()], NOW + 1, {}).listed
    assert not jobs.remembered([remembered(state="FAILED")], NOW - 1, {}).listed


def test_one_that_lives_on_did_not_start_again() -> None:
    known = jobs.remembered([remembered()], NOW - 1, {})
    known, events = jobs.listed(known, told(row()), NOW + 3_600_000)
    assert events == ()
    _, [event] = jobs.listed(known, told(row("FAILED", end_time=int(NOW) + 5)), NOW + 3_601_000)
    assert event.kind is EventKind.JOB_ENDED


def test_a_job_without_times_has_ours() -> None:
    odd = replace(row("FINISHED"), start_time=-1, end_time=-1)
    _, events = jobs.listed(Jobs(), told(odd), NOW)
    assert [one.at for one in events] == [NOW, NOW]
    assert all("~" in one.key for one in events)
