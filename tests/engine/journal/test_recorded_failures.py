"""Failures as events: each once, with task, TaskManager, cause and stack; repeats in one row."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.journal import failures
from flinktop.engine.journal.event import MOST_STACK, Event, EventKind
from flinktop.engine.journal.failures import Failures
from flinktop.flink.exceptions import EXCEPTIONS, Fault, FaultHistory, JobExceptions
from flinktop.flink.jobs import JobOverview
from flinktop.judgement.finding import Severity
from flinktop.model import faults
from flinktop.model.look import JobLook
from tests.engine.journal.recorded import RELEASES, WITH_HISTORY, answer, job_named, keys, look_at

NOW = 1_700_000_000_000.0
TRACE = "java.io.IOException: broken pipe\n\tat com.shop.Orders.read(Orders.java:7)\n"
LISTED = JobOverview("a" * 32, name="orders", state="RUNNING")
LOOK = JobLook(listed=LISTED, now=NOW)


def fault(at: float = NOW, trace: str = TRACE, attempt: int = 0, **given: Any) -> Fault:
    name = trace.partition(":")[0]
    return Fault(name, trace, int(at), f"Map (1/2) - execution #{attempt}", **given)


def told(*found: Fault) -> JobExceptions:
    return JobExceptions(history=FaultHistory(tuple(sorted(found, key=lambda one: -one.timestamp))))


def taken(
    before: Failures, exceptions: JobExceptions, look: JobLook = LOOK, at: float = NOW
) -> tuple[Failures, list[Event]]:
    after, events = failures.answered(before, exceptions, failures.fresh(before, exceptions), look, at)
    return after, list(events)


@pytest.mark.parametrize("release", WITH_HISTORY)
def test_a_history_is_recorded_whole_the_oldest_first(release: str) -> None:
    job = job_named(release, "failing")
    exceptions = answer(release, EXCEPTIONS(job=job))
    _, events = taken(Failures(), exceptions, look_at(release, "failing"))
    assert [one.at for one in events] == sorted(one.timestamp for one in exceptions.faults)
    first = events[0]
    assert (first.kind, first.severity, first.job) == (EventKind.FAILURE, Severity.WARNING, job)
    assert 'NumberFormatException: For input string: "twelve [red]"' in first.words
    assert first.words.startswith("job failed: ")
    assert first.vertex
    assert first.vertex_name
    assert first.subtask in (0, 1)
    assert first.stack.startswith("java.lang.IllegalStateException: cannot read amount")
    assert "\n\tat " in first.stack
    # Of repeats only the count is kept.
    assert {one.group for one in events} == {first.group}
    assert {one.stack for one in events[1:]} == {""}


@pytest.mark.parametrize("release", WITH_HISTORY)
def test_its_group_begins_with_that_of_the_screens(release: str) -> None:
    exceptions = answer(release, EXCEPTIONS(job=job_named(release, "failing")))
    _, events = taken(Failures(), exceptions, look_at(release, "failing"))
    [group] = faults.groups(exceptions.faults)
    assert events[0].group == f"{group.key} {group.first.timestamp}"


@pytest.mark.parametrize("release", RELEASES)
def test_the_failure_that_ended_a_job_is_one(release: str) -> None:
    """Up to 1.20 it is listed twice, some tenths of a second apart."""
    exceptions = answer(release, EXCEPTIONS(job=job_named(release, "failed")))
    known, [event] = taken(Failures(), exceptions, look_at(release, "failed"))
    assert 'NumberFormatException: For input string: "twelve [red]"' in event.words
    assert event.stack
    again = replace(exceptions, root_exception=None, timestamp=None, all_exceptions=())
    assert taken(known, again)[1] == []


@pytest.mark.parametrize("release", RELEASES)
def test_two_flinktops_name_them_alike(release: str) -> None:
    exceptions = answer(release, EXCEPTIONS(job=job_named(release, "failing")))
    look = look_at(release, "failing")
    _, first = taken(Failures(), exceptions, look)
    _, second = taken(Failures(), exceptions, look, at=NOW + 3_600_000)
    assert keys(first) == keys(second)
    assert [one.group for one in first] == [one.group for one in second]


def test_what_was_there_in_the_answer_before_is_not_new() -> None:
    known, events = taken(Failures(), told(fault()))
    assert len(events) == 1
    known, events = taken(known, told(fault(), fault(NOW + 5000, attempt=1)))
    assert [one.at for one in events] == [NOW + 5000]
    assert taken(known, told(fault(), fault(NOW + 5000, attempt=1)))[1] == []


def test_the_newest_may_come_before_the_history_has_it() -> None:
    """As in some releases up to 1.20, for the delay of the restart."""
    root = JobExceptions(
        root_exception=TRACE, timestamp=int(NOW + 9000), history=FaultHistory((fault(NOW - 60_000),))
    )
    known, events = taken(Failures(), root)
    assert [one.at for one in events] == [NOW - 60_000, NOW + 9000]
    later = told(fault(NOW - 60_000), fault(NOW + 9000, attempt=1))
    assert taken(known, later)[1] == []


def test_other_causes_are_other_rows() -> None:
    other = "java.lang.ArithmeticException: / by zero\n\tat com.shop.Orders.price(Orders.java:9)\n"
    _, events = taken(Failures(), told(fault(), fault(NOW + 1000, other)))
    assert len({one.group for one in events}) == 2
    assert all(one.stack for one in events)


def test_the_same_cause_after_a_pause_is_another_row_with_its_stack() -> None:
    _, events = taken(Failures(), told(fault(), fault(NOW + 3_600_000, attempt=1)))
    assert len({one.group for one in events}) == 2
    assert all(one.stack for one in events)


def test_a_secret_in_an_exception_is_not_kept() -> None:
    trace = "java.sql.SQLException: no login with password=hunter2 at db\n\tat com.shop.Db.open(Db.java:1)\n"
    _, [event] = taken(Failures(), told(fault(trace=trace)))
    assert "hunter2" not in event.words + event.stack + event.details
    assert "SQLException" in event.words


@pytest.mark.deep
def test_a_stack_of_a_megabyte_is_cut_and_keeps_both_ends() -> None:
    frames = "\n".join(f"\tat com.shop.Größe{number}.run(Orders.java:{number})" for number in range(20_000))
    trace = f"java.io.IOException: begin\n{frames}\nCaused by: java.lang.Error: the end\n\tat a.B.c(B.java:1)"
    kept = failures.kept_stack(trace)
    assert len(kept.encode()) <= MOST_STACK
    assert kept.startswith("java.io.IOException: begin")
    assert "the end" in kept


def test_escapes_in_an_exception_are_gone() -> None:
    trace = "java.io.IOException: \x1b[31mred\x07\n\tat a.B.c(B.java:1)"
    _, [event] = taken(Failures(), told(fault(trace=trace)))
    assert "\x1b" not in event.words + event.stack
    assert "red" in event.words


def test_labels_and_tasks_that_failed_with_it_are_details() -> None:
    one = fault(failure_labels={"type": "USER"}, concurrent_exceptions=(fault(NOW + 1),))
    _, [event] = taken(Failures(), told(one))
    assert "label type: USER" in event.details.splitlines()
    assert "tasks that failed with it: 1" in event.details.splitlines()


def test_a_well_known_failure_says_what_it_means() -> None:
    trace = "java.lang.OutOfMemoryError: Metaspace\n\tat java.lang.ClassLoader.defineClass1(Native Method)"
    _, [event] = taken(Failures(), told(fault(trace=trace)))
    assert event.details.startswith("means: ")
    assert "\nnext: " in event.details


def test_one_without_a_time_has_ours() -> None:
    _, [event] = taken(Failures(), told(fault(-1)))
    assert event.at == NOW
    assert "~" in event.key


def test_a_lost_taskmanager_is_named() -> None:
    trace = (
        "org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id tm-7:1234-abc123 is no "
        "longer reachable.\n\tat org.apache.flink.runtime.jobmaster.JobMaster.x(JobMaster.java:1)\n"
    )
    _, [event] = taken(Failures(), told(fault(trace=trace)))
    assert event.taskmanager == "tm-7:1234-abc123"
    assert "TaskManager tm-7:1234-abc123 was lost" in event.words
