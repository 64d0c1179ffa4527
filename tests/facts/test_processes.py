"""What is known of a JobManager or a TaskManager, and what has to be asked for it."""

from __future__ import annotations

from msgspec.structs import replace

from flinktop.engine.series import process_series
from flinktop.engine.store import Reading
from flinktop.facts.freshness import OLD_SECONDS
from flinktop.facts.processes import (
    TaskManagerFacts,
    figures_query,
    heartbeat_now,
    process_figures,
    taskmanager_facts,
)
from flinktop.flink.errors import Unreachable
from flinktop.flink.metrics import TASKMANAGERS_METRICS, AggregatedMetric, Metric
from flinktop.flink.process import Process
from flinktop.flink.taskmanagers import TaskManager
from flinktop.model import processes
from tests.facts.given import Given

USED, MOST = "Status.JVM.Memory.Heap.Used", "Status.JVM.Memory.Heap.Max"
GONE = Unreachable("GET", "http://flink.test", "nothing listens there")


def listed(known: Given, *ids: str) -> None:
    known.answer(TASKMANAGERS_METRICS(), tuple(AggregatedMetric(one) for one in ids))


def answered(known: Given, used: int) -> None:
    """The TaskManager has told how full its heap is."""
    listed(known, USED, MOST)
    query = figures_query(known, Process("tm"), processes.ROW)
    assert query is not None
    known.answer(query, (Metric(USED, str(used)), Metric(MOST, "100")))


def facts(known: Given, ago: float = 1.0) -> TaskManagerFacts:
    at = int((known.known_time() - ago) * 1000)
    one = TaskManager("tm", "akka.tcp://flink@host-a:6122/user/rpc", last_heartbeat=at, slots_number=4)
    return taskmanager_facts(known, one, known.known_time())


def test_without_known_metric_ids_none_are_requested() -> None:
    known = Given()
    assert figures_query(known, Process("tm")) is None
    found = facts(known)
    assert (found.known, found.failed, found.old, found.problems) == (None, False, False, ())
    assert (found.address, found.slots, found.used, found.heartbeat) == ("host-a:6122", 4, None, 1.0)
    known.readings[TASKMANAGERS_METRICS()] = Reading(error=GONE)
    assert facts(known).failed


def test_only_existing_metrics_are_requested() -> None:
    known = Given()
    listed(known, USED, "Status.Other")
    assert figures_query(known, Process("tm"), processes.ROW) == Process("tm").metrics(get=(USED,))
    own = Process()
    known.answer(own.metrics(), (Metric(MOST, ""),))
    assert figures_query(known, own) == own.metrics(get=(MOST,))


async def test_figures_from_metrics_grow_old() -> None:
    known = Given()
    answered(known, 97)
    known.series.add(process_series("tm", "gc"), known.now(), 3.0)
    found = facts(known)
    assert found.known is not None
    assert (found.known.figures.heap, found.known.gc, found.old) == (0.97, 3.0, False)
    assert found.worst > (0, 0)
    await known.clock.advance(OLD_SECONDS + 1)
    found = facts(known)
    assert found.known is not None
    assert (found.known.gc, found.old) == (None, True)


def test_figures_of_which_the_newest_request_failed_are_old() -> None:
    known = Given()
    answered(known, 10)
    query = figures_query(known, Process("tm"), processes.ROW)
    assert query is not None
    known.readings[query] = replace(known.readings[query], error=GONE)
    found = process_figures(known, Process("tm"), query)
    assert found is not None
    assert found.old


def test_a_late_heartbeat_comes_before_a_full_heap() -> None:
    known = Given()
    answered(known, 97)
    assert facts(known, ago=500).problems[0].words.startswith("no heartbeat for")


async def test_until_the_clusters_time_is_known_the_newest_heartbeat_is_used() -> None:
    known = Given(knows_time=False)
    at = known.now()
    await known.clock.advance(5)
    assert heartbeat_now(known, (1_000, 2_000), at) == 7.0
    assert heartbeat_now(known, (), at) == known.known_time()
    known.knows_time = True
    assert heartbeat_now(known, (1_000, 2_000), at) == known.known_time()
