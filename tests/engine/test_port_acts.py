"""Acts through the Port, on the engine's real thread: known facts, news, questions, what is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flinktop.engine.acts.job_acts import Cancel, Savepoint
from flinktop.engine.acts.run_jar import PlanJar
from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.operation import Operation, State
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.model.kubernetes import KubernetesState, OperatorState
from tests.engine.acting import JOB as ID
from tests.engine.acting import URL, JobManager
from tests.manual_clock import ManualClock

PATIENCE = 20.0
"""Seconds until a thread that says nothing has failed the test."""


class SystemTime(ManualClock):
    """The JobManager's clock, which is that of this machine."""

    def now(self) -> float:
        return Clock().now()

    def wall(self) -> float:
        return Clock().wall()


class Listener:
    """Takes the port's news, and lets a test wait for what they bring."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self._more = threading.Condition()
        self._news = False
        port.on_change(self)

    def __call__(self) -> None:
        with self._more:
            self._news = True
            self._more.notify_all()

    def until(self, what: Callable[[], bool]) -> None:
        self.port.take_changes()
        while not what():
            with self._more:
                assert self._more.wait_for(lambda: self._news, PATIENCE), self.port.operations()
                self._news = False
            self.port.take_changes()


@contextmanager
def opened(ledger: Path, *, protected: bool = False) -> Iterator[tuple[Port, Listener, JobManager]]:
    jobmanager = JobManager(SystemTime())
    jobmanager.takes = 0.0
    port = Port(
        Connection(URL), Clock(), transport=jobmanager, name="prod", ledger=ledger, protected=protected
    )
    listener = Listener(port)
    port.start_thread()
    try:
        yield port, listener, jobmanager
    finally:
        port.stop()


def state(port: Port, number: str) -> State | None:
    operation: Operation | None = port.operation(number)
    return operation.state if operation is not None else None


def test_an_act_is_done_and_notified(tmp_path: Path) -> None:
    with opened(tmp_path / "operations.db") as (port, listener, jobmanager):
        number = port.submit(Savepoint(ID, "orders"))
        listener.until(lambda: state(port, number) is State.DONE)
        (operation,) = port.operations()
        assert (operation.result.savepoint, operation.cluster_name) == (
            "file:/savepoints/savepoint-1",
            "prod",
        )
        assert port.operations() is port.operations()
    assert jobmanager.acts() == [f"POST jobs/{ID}/savepoints"]
    with opened(tmp_path / "operations.db") as (port, listener, _):
        listener.until(lambda: bool(port.operations()))
        assert port.operation(number) is not None


def test_acts_decide_on_what_is_known(tmp_path: Path) -> None:
    with opened(tmp_path / "operations.db", protected=True) as (port, listener, _):
        assert Savepoint(ID).why_not(port.target(ID)) == "the state of this job is not known yet"
        for query in (JOBS_OVERVIEW(), JOB(job=ID), CHECKPOINTS(job=ID)):
            port.watch(query)
        listener.until(lambda: Savepoint(ID).why_not(port.target(ID)) is None)
        listener.until(lambda: bool(port.target(ID).job and port.target(ID).job.vertices))  # type: ignore[union-attr]  # just seen
        target = port.target(ID)
        assert (target.cluster, target.protected, target.features.version) == ("prod", True, "1.20.5")
        assert Savepoint(ID).name_to_type(target) == "orders [v1]"
        assert port.target("f" * 32).job_missing


def test_what_the_operator_would_undo_is_refused(tmp_path: Path) -> None:
    operator = OperatorState(kind="FlinkDeployment", name="orders", wanted="running")
    with opened(tmp_path / "operations.db") as (port, listener, jobmanager):
        port.set_kubernetes(KubernetesState(context="c", namespace="shop", operator=operator))
        listener.until(lambda: port.target(ID).kubernetes is not None)
        number = port.submit(Cancel(ID, "orders"))
        listener.until(lambda: state(port, number) is State.REFUSED)
        assert "managed by FlinkDeployment shop/orders" in port.operations()[0].reason
        assert not jobmanager.acts()


def test_a_question_is_answered(tmp_path: Path) -> None:
    with opened(tmp_path / "operations.db") as (port, listener, _):
        number = port.ask(PlanJar("x"))
        listener.until(lambda: (answer := port.answer(number)) is not None and not answer.pending)
        answer = port.answer(number)
        assert answer is not None
        assert answer.value.name == "planned"


async def test_without_a_ledger_acts_are_refused() -> None:
    port = Port(Connection(URL), Clock(), transport=JobManager(SystemTime()))
    await port.start_inline()
    assert "no ledger" in (Savepoint(ID).why_not(port.target(ID)) or "")
    await port.engine.stop()
