"""Errors of flinktop's own end an operation or a question honestly; none stays pending for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from flinktop.engine.acts.job_acts import Savepoint
from flinktop.engine.acts.run_jar import PlanJar
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import Operation, State
from tests.engine.acting import JOB, URL, Desk, JobManager, desk, process
from tests.engine.test_operations import once
from tests.manual_clock import ManualClock

ID = "1" * 32


@asynccontextmanager
async def at_work(path: Path, jobmanager: JobManager | None = None) -> AsyncIterator[Desk]:
    """A flinktop that acts."""
    jobmanager = jobmanager or JobManager(ManualClock())
    at = desk(jobmanager, Ledger(path / "operations.db", process(1)))
    await at.quiet()
    try:
        yield at
    finally:
        await at.operations.stop()


def breaks(*_words: Any, **_named: Any) -> Any:
    raise KeyError("odd")


async def async_breaks(*_words: Any, **_named: Any) -> Any:
    raise KeyError("odd")


def logged(caplog: pytest.LogCaptureFixture) -> bool:
    """Whether the error is in the log with where it came from."""
    return any(record.exc_info and "KeyError" in str(record.exc_info[0]) for record in caplog.records)


@pytest.mark.parametrize("part", ["prepare", "why_not", "name_to_type", "must_be_typed", "own_reason"])
async def test_an_error_before_sending(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Savepoint, part, async_breaks if part == "prepare" else breaks)
    async with at_work(tmp_path) as at:
        refused = await at.do(Savepoint(JOB))
        assert (refused.state, refused.reason) == (
            State.REFUSED,
            "nothing was sent; flinktop failed: KeyError('odd')",
        )
        assert at.jobmanager.acts() == []
        assert at.operations.base(JOB).under_way == ()
        assert logged(caplog)


async def test_an_error_while_submitting_ends_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Savepoint, "job_id", property(breaks))
    async with at_work(tmp_path) as at:
        refused = await at.do(Savepoint(JOB))
        assert (refused.state, "KeyError" in refused.reason) == (State.REFUSED, True)


async def test_an_error_while_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Savepoint, "start", async_breaks)
    async with at_work(tmp_path) as at:
        failed = await at.do(Savepoint(JOB))
        assert (failed.state, failed.reason) == (
            State.FAILED,
            "it was not sent; flinktop failed: KeyError('odd')",
        )
        assert logged(caplog)


async def test_an_error_after_sending_does_not_end_following(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Savepoint.start

    async def sends_and_breaks(self: Savepoint, *words: Any) -> Any:
        await start(self, *words)
        raise KeyError("odd")

    monkeypatch.setattr(Savepoint, "start", sends_and_breaks)
    async with at_work(tmp_path) as at:
        assert not (await at.do(Savepoint(JOB))).state.final
        done = await at.until_ended()
        assert (done.state, done.result.savepoint) == (State.DONE, "file:/savepoints/savepoint-1")


async def test_errors_while_following_end_it_without_a_false_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with at_work(tmp_path) as at:
        await at.do(Savepoint(JOB))
        monkeypatch.setattr(Savepoint, "check", async_breaks)
        lost = await at.until_ended(ID, 300.0)
        assert (lost.state, lost.reason) == (State.LOST, "flinktop failed: KeyError('odd')")
        assert logged(caplog)
        assert at.operations.base(JOB).under_way == ()


async def test_one_error_while_following_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(tmp_path) as at:
        await at.do(Savepoint(JOB))
        with monkeypatch.context() as patch:
            patch.setattr(Savepoint, "check", async_breaks)
            await at.advance(20.0)
        assert (await at.until_ended()).state is State.DONE


@pytest.mark.parametrize("part", ["touches", "given_up"])
async def test_an_error_beside_the_act_does_not_hide_its_end(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Savepoint, part, breaks)
    jobmanager = JobManager(ManualClock())
    jobmanager.fault = once("POST", "cut before" if part == "given_up" else "")
    async with at_work(tmp_path, jobmanager) as at:
        await at.do(Savepoint(JOB))
        ended = await at.until_ended()
        assert ended.state is (State.LOST if part == "given_up" else State.DONE)


async def test_an_error_while_taking_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as first:
        await first.do(Savepoint(JOB))
    monkeypatch.setattr(Savepoint, "check", async_breaks)
    async with at_work(tmp_path, jobmanager) as second:
        assert (await second.until_ended(ID, 300.0)).state is State.LOST


@pytest.mark.parametrize("part", ["read_ledger", "heartbeat", "take_over"])
async def test_an_error_of_the_ledger_ends_no_heartbeat(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(tmp_path) as at:
        beats: list[float] = []
        with monkeypatch.context() as patch:
            patch.setattr(at.operations.view, part, breaks)
            await at.advance(20.0)
        monkeypatch.setattr(at.operations.view, "heartbeat", lambda: beats.append(at.jobmanager.clock.now()))
        await at.advance(30.0)
        assert len(beats) >= 2


async def test_an_operation_that_can_not_be_written_ends_with_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(tmp_path) as at:
        assert at.ledger is not None
        save, saved = at.ledger.save, []

        def breaks_later(operation: Operation, *words: Any, **named: Any) -> bool:
            saved.append(operation)
            if len(saved) > 1:
                raise KeyError("odd")
            return save(operation, *words, **named)

        monkeypatch.setattr(at.ledger, "save", breaks_later)
        lost = await at.do(Savepoint(JOB))
        assert lost.state is State.LOST
        assert lost.reason == "its outcome is not known; flinktop failed: KeyError('odd')"


@pytest.mark.parametrize("part", ["ask", "why_not", "must_be_typed", "name_to_type"])
async def test_an_error_of_a_question_is_its_answer(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(PlanJar, part, async_breaks if part == "ask" else breaks)
    async with at_work(tmp_path) as at:
        at.operations.ask(PlanJar("x"), "q")
        await at.quiet()
        assert at.operations.answers["q"].reason == "flinktop failed: KeyError('odd')"
        assert logged(caplog)


async def test_an_empty_answer_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_words: Any) -> None:
        pass

    monkeypatch.setattr(PlanJar, "ask", nothing)
    async with at_work(tmp_path) as at:
        at.operations.ask(PlanJar("x"), "q")
        await at.quiet()
        assert not at.operations.answers["q"].pending


@pytest.mark.deep
async def test_an_operation_abandoned_for_a_day_blocks_nothing(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    async with at_work(tmp_path, jobmanager) as first:
        await first.do(Savepoint(JOB))
        assert first.ledger is not None
        first.ledger._file.connection.execute("UPDATE operations SET kind = 'of tomorrow'")  # type: ignore[union-attr]  # open
        first.ledger._file.connection.commit()  # type: ignore[union-attr]  # it is open
        await first.operations.cancel_all()
        second = desk(jobmanager, Ledger(first.ledger.path, process(2), lambda pid: pid == 2))
        await second.quiet()
        assert second.operations.base(JOB).under_way == ("of tomorrow",)
        await second.jobmanager.clock.advance(25 * 3600.0)
        assert second.operations.base(JOB).under_way == ()
        assert second.operations.view.all[0].cluster == URL
        await second.operations.stop()
