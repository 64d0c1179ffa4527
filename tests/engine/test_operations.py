"""Operations: sent once, asked after when the answer is lost, followed to their end by whoever is there."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from flinktop.engine.acts.job_acts import Cancel, Savepoint, SavepointAndCancel, Stop
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import State
from flinktop.flink.connection import Connection
from flinktop.flink.http import Http
from tests.engine.acting import JOB, URL, Desk, JobManager, desk, process
from tests.manual_clock import ManualClock

ID = "1" * 32
RELEASES = ("1.9.3", "1.14.6", "1.20.5", "2.3.0")


@asynccontextmanager
async def at_work(
    tmp_path: Path,
    jobmanager: JobManager | None = None,
    *,
    pid: int = 1,
    alive: Callable[[int], bool] = lambda _pid: True,
    read_only: bool = False,
    protected: bool = False,
) -> AsyncIterator[Desk]:
    """A flinktop on the ledger of this test; it ends as a killed one does."""
    jobmanager = jobmanager or JobManager(ManualClock())
    ledger = Ledger(tmp_path / "state" / "operations.db", process(pid), alive)
    at = desk(jobmanager, ledger, read_only=read_only, protected=protected)
    await at.quiet()
    try:
        yield at
    finally:
        await at.operations.cancel_all()
        ledger.close()


def once(method: str, fault: str, part: str = "") -> Callable[[str, str], str]:
    """A link that has one fault: at the first request of this verb whose path holds this part."""
    left = [fault]

    def link(verb: str, path: str) -> str:
        return left.pop() if left and verb == method and part in path else ""

    return link


@pytest.mark.parametrize("release", RELEASES)
async def test_a_savepoint_is_followed_to_its_path(tmp_path: Path, release: str) -> None:
    async with at_work(tmp_path, JobManager(ManualClock(), release)) as at:
        going = await at.do(Savepoint(JOB, "orders", "file:/mine"))
        assert (going.state, going.sent is not None) == (State.RUNNING, True)
        assert (going.trigger == ID) == (release in {"1.20.5", "2.3.0"})
        done = await at.until_ended()
        assert (done.state, done.result.savepoint, done.reason) == (State.DONE, "file:/mine/savepoint-1", "")
        assert at.jobmanager.acts() == [f"POST jobs/{JOB}/savepoints"]
        assert at.touched


async def test_it_is_on_the_disk_before_the_request_is_sent(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    path, seen = tmp_path / "state" / "operations.db", []

    def look(method: str, _path: str) -> str:
        if method == "POST":
            with closing(sqlite3.connect(path)) as file:
                seen.extend(file.execute("SELECT id, state, trigger_id FROM operations").fetchall())
        else:
            assert seen or not path.exists()
        return ""

    jobmanager.fault = look
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        await at.until_ended()
    assert seen == [(ID, "sent", None)]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("fault", ["cut after", "502", "504"])
async def test_a_savepoint_whose_answer_was_lost_is_found(tmp_path: Path, release: str, fault: str) -> None:
    jobmanager = JobManager(ManualClock(), release)
    jobmanager.fault = once("POST", fault)
    if fault != "cut after":
        jobmanager.fault = late_answer(fault, jobmanager)
    async with at_work(tmp_path, jobmanager) as at:
        asked = await at.do(Savepoint(JOB, "orders"))
        assert asked.trigger is None
        assert asked.state in {State.SENT, State.RUNNING}
        done = await at.until_ended()
        assert (done.state, done.result.savepoint) == (State.DONE, "file:/savepoints/savepoint-1")
        assert len(jobmanager.savepoints) == 1


def late_answer(status: str, jobmanager: JobManager) -> Callable[[str, str], str]:
    """A proxy that gives up with a status, though the server does what it was sent."""
    left = [status]

    def link(verb: str, path: str) -> str:
        if left and verb == "POST":
            left.pop()
            trigger = b'{"cancel-job":false,"triggerId":"%s"}' % ID.encode()
            old = jobmanager.version < (1, 15)
            jobmanager._answer(verb, path, b'{"cancel-job":false}' if old else trigger)
            return status
        return ""

    return link


@pytest.mark.parametrize("release", RELEASES)
async def test_a_request_that_comes_late_is_found(tmp_path: Path, release: str) -> None:
    jobmanager = JobManager(ManualClock(), release)
    jobmanager.fault = once("POST", "late 40")
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        done = await at.until_ended()
        assert (done.state, done.result.savepoint) == (State.DONE, "file:/savepoints/savepoint-1")
        assert len(jobmanager.savepoints) == 1


async def test_a_request_that_never_came_is_lost_and_not_sent_again(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fault = once("POST", "cut before")
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        await at.advance(50.0)
        assert at.operation(ID).state is State.SENT
        lost = await at.until_ended()
        assert lost.state is State.LOST
        assert "has no record of this savepoint" in lost.reason
        assert jobmanager.acts() == []


async def test_what_was_not_sent_has_failed(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fault = once("POST", "refused")
    async with at_work(tmp_path, jobmanager) as at:
        failed = await at.do(Savepoint(JOB, "orders"))
        assert failed.state is State.FAILED
        assert failed.reason.startswith("it was not sent: ")


async def test_a_savepoint_that_fails_says_its_deepest_cause(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fails = "Mkdirs failed to create file:/root/x"
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        failed = await at.until_ended()
        assert (failed.state, failed.result.savepoint) == (State.FAILED, None)
        assert failed.reason.endswith("Mkdirs failed to create file:/root/x")
        assert "CompletionException" not in failed.reason


async def test_a_trigger_that_flink_has_forgotten_is_looked_for_in_the_history(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        jobmanager.fault = lambda _method, _path: "refused"
        await at.advance(400.0, 10.0)
        assert "does not answer" in at.operation(ID).words
        jobmanager.fault = lambda _method, _path: ""
        done = await at.until_ended()
        assert (done.state, done.result.savepoint) == (State.DONE, "file:/savepoints/savepoint-1")
        assert done.result.checkpoint == 101


async def test_a_restarted_jobmanager_that_knows_nothing_is_said(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders", "s3://mine"), "2" * 32)
        await at.until_ended("2" * 32)
        await at.do(Savepoint(JOB, "orders", "s3://mine"))
        jobmanager.restart()
        lost = await at.until_ended()
        assert lost.state is State.LOST
        assert lost.reason == "the JobManager has restarted and forgotten this savepoint; check s3://mine"
        assert len(jobmanager.savepoints) == 2


@pytest.mark.parametrize("release", RELEASES)
async def test_a_stop_has_two_results(tmp_path: Path, release: str) -> None:
    async with at_work(tmp_path, JobManager(ManualClock(), release)) as at:
        await at.do(Stop(JOB, "orders", drain=True))
        done = await at.until_ended()
        assert (done.state, done.result.savepoint) == (State.DONE, "file:/savepoints/savepoint-1")
        assert done.result.job_state == "FINISHED"


async def test_a_failed_stop_reports_that_the_job_keeps_running(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fails = "no space left on device"
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Stop(JOB, "orders"))
        failed = await at.until_ended()
        assert (failed.state, failed.result.job_state) == (State.FAILED, "RUNNING")
        assert failed.reason.endswith("no space left on device")


@pytest.mark.deep
async def test_a_stop_whose_job_keeps_running_still_has_its_savepoint(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(SavepointAndCancel(JOB, "orders"))
        jobmanager.savepoints[0].cancels = False
        failed = await at.until_ended()
        assert failed.state is State.FAILED
        assert failed.reason == "the savepoint is complete; the job is RUNNING"
        assert failed.result.savepoint == "file:/savepoints/savepoint-1"


@pytest.mark.parametrize("fault", ["", "cut after"])
async def test_a_job_is_cancelled(tmp_path: Path, fault: str) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fault = once("PATCH", fault)
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Cancel(JOB, "orders"))
        done = await at.until_ended()
        assert (done.state, done.result.job_state) == (State.DONE, "CANCELED")
        assert jobmanager.acts() == [f"PATCH jobs/{JOB}?mode=cancel"]


async def test_a_cancel_that_never_came_has_failed(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fault = once("PATCH", "cut before")
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Cancel(JOB, "orders"))
        failed = await at.until_ended()
        assert failed.state is State.FAILED
        assert failed.reason == "the job is RUNNING: there is no sign that Flink cancels it"


# -- what is refused -----------------------------------------------------------------------------------


async def test_read_only_is_refused_in_the_engine(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager, read_only=True) as at:
        refused = await at.do(Cancel(JOB, "orders"))
        assert (refused.state, refused.reason) == (State.REFUSED, "this cluster is opened read-only")
        assert jobmanager.acts() == []
        assert not (tmp_path / "state").exists()


async def test_a_job_that_has_ended_meanwhile_is_refused(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.jobs[JOB].state = "FINISHED"
    async with at_work(tmp_path, jobmanager) as at:
        assert (await at.do(Stop(JOB, "orders"))).reason == "the job has ended (FINISHED)"
        assert (await at.do(Stop("c" * 32), "2" * 32)).reason == "the cluster does not know this job any more"
        assert jobmanager.acts() == []


async def test_a_second_savepoint_waits_for_the_first(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        refused = await at.do(Stop(JOB, "orders"), "2" * 32)
        assert (refused.state, refused.reason) == (State.REFUSED, "savepoint of this job is in progress")
        await at.until_ended()
        await at.do(Stop(JOB, "orders"), "3" * 32)
        assert (await at.until_ended("3" * 32)).result.savepoint == "file:/savepoints/savepoint-2"


async def test_two_keys_in_the_same_instant_make_one_savepoint(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as at:
        at.operations.submit(Savepoint(JOB), ID)
        at.operations.submit(Savepoint(JOB), "2" * 32)
        await at.until_ended()
        assert at.operation("2" * 32).state is State.REFUSED
        assert len(jobmanager.savepoints) == 1


async def test_a_protected_cluster_wants_the_name_typed(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager, protected=True) as at:
        for number, typed in (("2" * 32, None), ("3" * 32, "orders")):
            refused = await at.do(Cancel(JOB, "orders"), number, typed)
            assert (refused.state, "orders [v1]" in refused.reason) == (State.REFUSED, True)
        assert jobmanager.acts() == []
        await at.do(Cancel(JOB, "orders"), ID, "orders [v1]")
        assert (await at.until_ended()).state is State.DONE


async def test_nothing_is_sent_to_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.gone = True
    async with at_work(tmp_path, jobmanager) as at:
        refused = await at.do(Savepoint(JOB, "orders"))
        assert (refused.state, refused.unreachable) == (State.REFUSED, True)


async def test_without_a_ledger_nothing_is_sent(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as at:
        refused = await at.do(Savepoint(JOB, "orders"))
        assert refused.state is State.REFUSED
        assert "recorded in the ledger first" in refused.reason
        assert jobmanager.acts() == []
    at = desk(jobmanager, None)
    assert "no ledger" in (await at.do(Savepoint(JOB, "orders"))).reason
    await at.operations.stop()


async def test_a_disk_that_fills_up_does_not_end_the_following(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB, "orders"))
        ledger = at.ledger
        assert ledger is not None
        ledger._file.connection.execute("PRAGMA query_only = 1")  # type: ignore[union-attr]  # it is open
        assert (await at.until_ended()).state is State.DONE
        assert "readonly" in str(at.operations.view.ledger_error)
        # It is opened anew, and can be written again.
        await at.advance(4.0)
        assert str(at.operations.view.ledger_error) == "None"
        assert [one.state for one in ledger.operations()] == [State.DONE]


# -- several flinktops ---------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
async def test_operations_of_a_killed_flinktop_are_continued(tmp_path: Path, release: str) -> None:
    jobmanager = JobManager(ManualClock(), release)
    async with at_work(tmp_path, jobmanager, pid=1) as at:
        await at.do(Savepoint(JOB, "orders"))
    async with at_work(tmp_path, jobmanager, pid=2, alive=lambda pid: pid == 2) as at:
        assert at.operation(ID).ours
        done = await at.until_ended()
        assert (done.state, done.result.savepoint) == (State.DONE, "file:/savepoints/savepoint-1")
        assert done.kind == "savepoint"
        assert done.subject == "orders"
    assert len(jobmanager.savepoints) == 1


async def test_a_request_in_flight_when_killed_is_followed(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.fault = once("POST", "cut after")
    ledger = Ledger(tmp_path / "state" / "operations.db", process(1))
    first = desk(jobmanager, ledger)
    first.operations.submit(Savepoint(JOB), ID)
    await first.quiet()
    await first.operations.cancel_all()
    ledger.close()
    async with at_work(tmp_path, jobmanager, pid=2, alive=lambda pid: pid == 2) as at:
        assert (await at.until_ended()).result.savepoint == "file:/savepoints/savepoint-1"
    assert len(jobmanager.savepoints) == 1


async def test_what_was_planned_and_not_sent_has_failed(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager, pid=1) as at:
        await at.do(Savepoint(JOB, "orders"))
        await at.until_ended()
        ledger = at.ledger
        assert ledger is not None
        planned = at.operation(ID)
        ledger.add(
            type(planned)(
                **{
                    **{name: getattr(planned, name) for name in planned.__struct_fields__},
                    "id": "4" * 32,
                    "state": State.PLANNED,
                    "ended": None,
                }
            ),
            jobmanager.clock.wall(),
        )
    async with at_work(tmp_path, jobmanager, pid=2, alive=lambda pid: pid == 2) as at:
        failed = at.operation("4" * 32)
        assert failed.state is State.FAILED
        assert "before it was sent" in failed.reason
    assert len(jobmanager.savepoints) == 1


async def test_another_flinktop_shows_it_and_does_not_follow_it(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.takes = 120.0
    async with at_work(tmp_path, jobmanager, pid=1) as first, at_work(tmp_path, jobmanager, pid=2) as second:
        await first.do(Savepoint(JOB, "orders"))
        for _ in range(100):
            await first.advance(1.0, 1.0)
            await second.quiet()
        shown = second.operation(ID)
        assert (shown.state, shown.ours) == (State.RUNNING, False)
        refused = await second.do(Stop(JOB, "orders"), "2" * 32)
        assert refused.reason == "savepoint of this job is in progress"
        await first.until_ended()
        await second.advance(4.0)
        assert second.operation(ID).state is State.DONE
        statuses = [line for line in jobmanager.lines if f"savepoints/{ID}" in line]
        assert len(statuses) < 60


async def test_two_flinktops_in_the_same_instant_make_one_savepoint(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager, pid=1) as first, at_work(tmp_path, jobmanager, pid=2) as second:
        await first.do(Savepoint(JOB, "orders"))
        refused = await second.do(Savepoint(JOB, "orders"), "2" * 32)
        assert refused.reason == "savepoint of this job is in progress"
        assert len(jobmanager.savepoints) == 1


async def test_a_suspended_flinktop_yields_to_the_one_that_took_over(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.takes = 300.0
    async with at_work(tmp_path, jobmanager, pid=1) as first:
        await first.do(Savepoint(JOB, "orders"))
        assert first.ledger is not None
        # Suspended for longer than its lease: another one takes it over.
        taken = Ledger(first.ledger.path, process(2)).take_over(URL, jobmanager.clock.wall() + 31.0)
        assert [one.id for one in taken] == [ID]
        jobmanager.savepoints[0].ends = jobmanager.clock.now()
        await first.advance(5.0)
        assert first.operation(ID).ours is False
        assert first.operation(ID).state is State.RUNNING


async def test_exiting_lets_others_continue_at_once(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    first = desk(jobmanager, Ledger(tmp_path / "operations.db", process(1)))
    await first.do(Savepoint(JOB, "orders"))
    await first.operations.stop()
    second = desk(jobmanager, Ledger(tmp_path / "operations.db", process(2), lambda _pid: True))
    await second.quiet()
    assert second.operation(ID).ours
    assert (await second.until_ended()).state is State.DONE
    await second.operations.stop()


async def test_without_resume_only_own_operations_are_followed(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    first = desk(jobmanager, Ledger(tmp_path / "operations.db", process(1)))
    await first.do(Savepoint(JOB, "orders"))
    await first.operations.stop()
    second = desk(jobmanager, Ledger(tmp_path / "operations.db", process(2)), resume=False)
    await second.advance(30.0)
    assert not second.operation(ID).ours
    assert second.operation(ID).state is State.RUNNING
    await second.operations.stop()


async def test_acts_go_over_connections_of_their_own() -> None:
    at = desk(JobManager(ManualClock()), None)
    polling = Http(Connection(URL), transport=at.jobmanager)
    lane = at.operations.lane
    assert len({id(polling), id(lane.acts), id(lane.transfers)}) == 3
    assert lane.acts.connection.read_seconds == 30.0
    await at.operations.stop()


async def test_a_job_whose_parallelism_is_stored_and_not_followed_yet_can_be_acted_on(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.flags = {"web-rescale": True}
    async with at_work(tmp_path, jobmanager) as at:
        rescaling = await at.do(Rescale(JOB, "orders", bounds={"v1": (1, 4)}))
        await at.advance(5)
        assert at.operation(rescaling.id).state is State.ACCEPTED
        assert at.operations.base(JOB).under_way == ()
        await at.do(Savepoint(JOB, "orders"), "2" * 32)
        assert at.operations.base(JOB).under_way == ("savepoint",)
        assert (await at.until_ended("2" * 32)).state is State.DONE
        told = await at.until_ended(rescaling.id)
        assert told.state is State.DONE
        assert "has not followed them yet" in told.result.facts[0]
