"""What a machine's metrics are asked for, and what is known of them, for whatever shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.engine.series import machine_series
from flinktop.facts.freshness import OLD_SECONDS, is_old
from flinktop.flink.metrics import TASKMANAGERS_METRICS
from flinktop.model import machines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.host import Port
    from flinktop.flink.endpoint import Query
    from flinktop.flink.machine import Machine
from flinktop.flink.metrics import Aggregated, Metrics

RARELY = 600.0
"""Seconds between looks at which metrics there are."""


def taskmanagers_listing() -> Query[Aggregated]:
    """Which metrics TaskManagers have: one request, however many there are."""
    return TASKMANAGERS_METRICS()


def listing_query(machine: Machine) -> Query[Any]:
    """Which metrics a machine, or machines of its kind, have."""
    return taskmanagers_listing() if machine.taskmanager is not None else machine.metrics()


def listed(port: Port, machine: Machine) -> tuple[str, ...]:
    """The ids of the metrics that a machine, or machines of its kind, have; () while that is not known."""
    if machine.taskmanager is not None:
        of_all = port.reading(taskmanagers_listing())
        return tuple(metric.id for metric in (of_all.value or ())) if of_all is not None else ()
    own = port.reading(machine.metrics())
    return tuple(metric.id for metric in (own.value or ())) if own is not None else ()


def figures_query(port: Port, machine: Machine, names: Iterable[str] | None = None) -> Query[Metrics] | None:
    """The request for a machine's figures; None while it is not known which metrics there are."""
    ids = listed(port, machine)
    wanted = machines.ids_to_ask(ids, names) if names is not None else machines.ids_to_ask(ids)
    return machine.metrics(get=wanted) if wanted else None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a machine now."""

    figures: machines.Figures
    gc: float | None
    """ms/s of garbage collection."""
    old: bool


def known_figures(port: Port, machine: Machine, query: Query[Metrics] | None) -> Known | None:
    """What an answer to `query` has told; None before."""
    reading = port.reading(query) if query is not None else None
    if reading is None or reading.value is None or reading.at is None:
        return None
    collected = port.latest(machine_series(machine.taskmanager, "gc"))
    fresh = collected is not None and port.now() - collected[0] <= OLD_SECONDS
    return Known(
        machines.figures(reading.value),
        collected[1] if collected is not None and fresh else None,
        old=is_old(port, reading),
    )


def heartbeat_now(port: Port, heartbeats: Iterable[int], at: float | None) -> float:
    """The cluster's time (s since 1970) by which heartbeats are late.

    Until an answer has told that time, the newest heartbeat (ms) of the list does, which came at `at` by the
    engine's clock: this machine's clock may be hours off.
    """
    newest = max(heartbeats, default=0) / 1000.0
    if port.knows_time or newest <= 0:
        return port.known_time()
    return newest + (port.now() - at if at is not None else 0.0)
