"""The newest savepoint of a job: by the cluster's history, or by the ledger, which outlives that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.engine.acts.dispose import Dispose
from flinktop.engine.again import savepoints
from flinktop.engine.operation import State
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model.checkpoints import COMPLETED, tail

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.ui.panels.frame import Part


@dataclass(frozen=True, slots=True)
class LastSavepoint:
    """Where it lies, and how long ago it was made (s)."""

    path: str
    age: float


def last_savepoint(port: Port, job: str) -> LastSavepoint | None:
    """The newest one that has not been disposed of from here; None when none is known."""
    operations = port.operations()
    disposed = {
        one.act.path for one in operations if isinstance(one.act, Dispose) and one.state is State.DONE
    }
    known = [
        LastSavepoint(path, max(0.0, port.clock.wall() - (one.sent or one.planned)))
        for path, one in savepoints(operations)
        if one.job == job
    ]
    reading = port.reading(CHECKPOINTS(job=job))
    stats = reading.value if reading is not None else None
    listed = [stats.latest.savepoint, *stats.history] if stats is not None else []
    known += [
        LastSavepoint(one.external_path, max(0.0, port.known_time() - one.trigger_timestamp / 1000.0))
        for one in listed
        if one is not None and one.is_savepoint and one.status == COMPLETED and not one.discarded
        if one.external_path and one.external_path not in disposed
    ]
    return min(known, key=lambda one: one.age) if known else None


def savepoint_line(port: Port, job: str, width: int, *, ascii_only: bool) -> list[Part]:
    """Its age and its path, cut at the beginning where there is no room; [] when there is none."""
    found = last_savepoint(port, job)
    if found is None:
        return []
    label, age = "last savepoint ", f"{fmt.duration(found.age)} ago"
    room = width - len(label) - len(age) - 3
    path = tail(clean(found.path), room, mark="~" if ascii_only else fmt.UNKNOWN)
    return [(label, "muted"), (age, ""), ("   ", ""), (path, "muted")]
