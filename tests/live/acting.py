"""A flinktop without a screen, acting on a real cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.operation import Operation, State
from flinktop.flink.connection import Connection
from flinktop.flink.jars import RunOptions
from tests.live.cluster import Cluster
from tests.live.submission import uploaded, wait_for_state, words

ENDS_WITHIN = 180.0
"""Seconds that an act may take on a busy machine, the minute in which a lost one is looked for included."""


@dataclass
class Actor:
    """One engine on its thread."""

    port: Port

    def done(self, act: Act, typed: str | None = None) -> Operation:
        """Do an act; the operation at its end."""
        return self.ended(self.port.submit(act, typed))

    def ended(self, number: str, seconds: float = ENDS_WITHIN) -> Operation:
        """Wait for an operation to end."""
        deadline = time.monotonic() + seconds
        while (operation := self.port.operation(number)) is None or not operation.state.final:
            assert time.monotonic() < deadline, operation
            time.sleep(0.05)
        return operation

    def did(self, act: Act, typed: str | None = None) -> Operation:
        """Do an act that must succeed."""
        operation = self.done(act, typed)
        assert operation.state is State.DONE, operation
        return operation


@contextmanager
def acting(url: str, ledger: Path, *, read_only: bool = False, protected: bool = False) -> Iterator[Actor]:
    """A flinktop on this ledger; left as a person leaves it."""
    port = Port(
        Connection(url, read_only=read_only), Clock(), name="live", ledger=ledger, protected=protected
    )
    port.start_thread()
    try:
        yield Actor(port)
    finally:
        port.stop()


def run_steady(actor: Actor, cluster: Cluster, name: str, *, savepoint: str | None = None) -> str:
    """Run the steady job by an act, and wait until all of it runs; its id."""
    arguments = tuple(words(cluster, "steady", {"name": name, "parallelism": 1, "rate": 50}))
    options = RunOptions(arguments=arguments, savepoint=savepoint)
    ran = actor.did(RunJar(uploaded(cluster), "steady.jar", options))
    job = ran.result.job
    assert job is not None
    wait_for_state(cluster, job, "RUNNING", 120)
    return job
