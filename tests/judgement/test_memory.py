"""Memory that runs out, and network buffers that are short; which TaskManagers are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.flink.exceptions import JobExceptions
from flinktop.flink.metrics import (
    JOBMANAGER_METRICS,
    TASKMANAGER_METRICS,
    TASKMANAGERS_METRICS,
    AggregatedMetric,
)
from flinktop.flink.taskmanagers import TASKMANAGER
from flinktop.judgement import memory
from flinktop.judgement.finding import Finding, Severity
from flinktop.judgement.verdict import Memory
from flinktop.model import halves
from flinktop.model.look import ClusterLook, Taken
from tests.judgement.looks_failures import (
    JOB,
    MB,
    MODEL,
    NOW,
    SECOND,
    cluster,
    fault,
    history,
    process,
    release,
    taskmanager,
    trace,
    watched_cluster,
)

OLD = release("1.14")


def over_time(
    seconds: Iterable[float], make: Callable[[float], dict[str, Any]], **more: Any
) -> list[ClusterLook]:
    """Looks so many seconds ago at a TaskManager with figures that `make` gives."""
    found = []
    for one in seconds:
        at = NOW - one * SECOND
        found.append(cluster(process("tm-1", at, **make(one)), now=at, **more))
    return found


def steady(seconds: Iterable[float], **figures: float) -> list[ClusterLook]:
    return over_time(seconds, lambda _: figures)


def memories(looks: Iterable[ClusterLook], **more: Any) -> list[Finding]:
    return [one for one in watched_cluster(looks, **more)[0] if one.kind == "memory"]


LONG, SHORT = (120, 90, 60, 30, 0), (30, 20, 10, 0)


@pytest.mark.parametrize(
    ("looks", "severity"),
    [
        pytest.param(steady(LONG, heap=901), Severity.WARNING, id="heap over 90 %"),
        pytest.param(steady(LONG, heap=900), None, id="heap of 90 %"),
        pytest.param(steady(LONG, heap=951), Severity.CRITICAL, id="heap over 95 %"),
        pytest.param(steady(LONG[1:], heap=951), None, id="for 90 s"),
        pytest.param(
            over_time(LONG, lambda at: {"heap": 800 if at == 60 else 950}), None, id="one fetch below"
        ),
        pytest.param(steady(LONG, heap=901, heap_max=-1), None, id="no limit"),
        pytest.param(steady(LONG, gc=201), Severity.WARNING, id="garbage collection"),
        pytest.param(steady(LONG, gc=200), None, id="a little less of it"),
        pytest.param(steady(SHORT, metaspace=244, metaspace_max=256), Severity.WARNING, id="metaspace"),
        pytest.param(steady(SHORT[1:], metaspace=244, metaspace_max=256), None, id="for 20 s"),
        pytest.param(steady(SHORT, metaspace=243, metaspace_max=256), None, id="metaspace below 95 %"),
        pytest.param(steady(SHORT, metaspace=243, metaspace_max=-1), None, id="metaspace without limit"),
        pytest.param(steady(SHORT, direct=64 + 122), Severity.WARNING, id="direct memory"),
        pytest.param(steady(SHORT, direct=64 + 121), None, id="a little less"),
        pytest.param(
            over_time(
                SHORT,
                lambda _: {"direct": 186.0},
                taskmanagers=[taskmanager("tm-1", memory_configuration=None)],
            ),
            None,
            id="its limit is not known",
        ),
    ],
)
def test_memory(looks: list[ClusterLook], severity: Severity | None) -> None:
    assert [one.severity for one in memories(looks)] == ([severity] if severity else [])


def test_before_1_19_garbage_collection_is_a_difference() -> None:
    def of(rate: float) -> list[ClusterLook]:
        return over_time(
            (140, 130, 120, 90, 60, 30, 0),
            lambda seconds: {"gc_time": 10_000 - seconds * rate},
            features=OLD,
        )

    assert memories(of(250))
    assert not memories(of(190))


def test_a_counter_of_another_process_is_no_garbage_collection() -> None:
    looks = over_time(
        (140, 130, 120, 90, 60, 30, 0), lambda seconds: {"gc_time": seconds * 1000.0}, features=OLD
    )
    assert not memories(looks)


def test_three_fetches_are_enough_where_nobody_looks_again() -> None:
    assert memories(steady((20, 10, 0), heap=960), one_look=True)
    assert not memories(steady((10, 0), heap=960), one_look=True)


def test_the_jobmanager_has_no_direct_memory_to_judge() -> None:
    looks = [
        cluster(process("", NOW - at * SECOND, direct=9999, heap=990), now=NOW - at * SECOND) for at in LONG
    ]
    (found,) = memories(looks)
    assert found.culprit.taskmanager == ""
    assert found.words == "memory: the JobManager: heap 99 % full (990 MB of 1.0 GB)"


def test_what_runs_on_it_is_said() -> None:
    looks = [
        cluster(
            process("tm-1", NOW - at * SECOND, jobs=("orders", "billing"), heap=930), now=NOW - at * SECOND
        )
        for at in LONG
    ]
    (found,) = memories(looks)
    assert found.words == "memory: TaskManager tm-1: heap 93 % full (930 MB of 1.0 GB); runs orders, billing"
    assert found.culprit.taskmanager == "tm-1"
    assert [one.value for one in found.evidence if one.what == "job on it"] == ["orders", "billing"]


# -- network buffers -----------------------------------------------------------------------------------


def buffers(looks: Iterable[ClusterLook], **more: Any) -> list[Finding]:
    return [one for one in watched_cluster(looks, **more)[0] if one.kind == "network-buffers"]


SHORT_OF_BUFFERS = trace(
    "java.io.IOException: Insufficient number of network buffers: required 17, but only 3 available."
)


def failed(seconds: float, **more: Any) -> ClusterLook:
    one = fault(seconds, stacktrace=SHORT_OF_BUFFERS, **more)
    return cluster(process("tm-1"), exceptions={JOB: Taken(history([one]), NOW)})


@pytest.mark.parametrize(
    ("looks", "culprit"),
    [
        pytest.param(steady((60, 30, 0), requested=120), "tm-1", id="for a minute"),
        pytest.param(steady((59, 30, 0), requested=120), None, id="for less"),
        pytest.param(steady((60, 30, 0), requested=100), None, id="all requested"),
        pytest.param([failed(20, task_manager_id="tm-1")], "tm-1", id="a task failed"),
        pytest.param([failed(599, task_manager_id="tm-9")], "tm-9", id="on one that is gone"),
        pytest.param([failed(601, task_manager_id="tm-1")], None, id="long ago"),
        pytest.param([failed(20, location="tm-1:41001")], "tm-1", id="by its address"),
    ],
)
def test_network_buffers(looks: list[ClusterLook], culprit: str | None) -> None:
    found = buffers(looks)
    assert [one.culprit.taskmanager for one in found] == ([culprit] if culprit else [])
    assert all(one.severity is Severity.WARNING for one in found)


# -- whom to ask ---------------------------------------------------------------------------------------


def asked(look: ClusterLook, before: Memory | None = None) -> list[tuple[Any, dict[str, str], float]]:
    found = memory.asks(look, (before or Memory()).trails)
    return [(one.query.endpoint, dict(one.query.ids) | dict(one.query.params), one.every) for one in found]


def test_up_to_four_are_asked_each() -> None:
    look = cluster(process(), *(process(f"tm-{n}") for n in range(4)))
    found = asked(look)
    assert [one for one, *_ in found] == [JOBMANAGER_METRICS, *[TASKMANAGER_METRICS] * 4]
    assert {every for *_, every in found} == {30.0}


def test_one_that_is_full_is_asked_at_every_fetch_and_what_runs_on_it() -> None:
    look = cluster(process(), process("tm-1", heap=910))
    found = [(one, every) for one, _, every in asked(look)]
    assert (TASKMANAGER_METRICS, 10.0) in found
    assert (TASKMANAGER, 600.0) in found
    look = cluster(process(), process("tm-1", heap=890))
    assert {every for *_, every in asked(look)} == {30.0}


def test_metrics_are_those_of_the_release() -> None:
    names = asked(cluster(process("tm-1"), features=release("1.9")))[0][1]["get"]
    assert "Metaspace" not in names
    assert "G1_Young_Generation.Time" in names
    names = asked(cluster(process("tm-1"), features=release("2.3")))[0][1]["get"]
    assert "RequestedMemoryUsage" in names
    assert "All.TimeMsPerSecond" in names


def test_of_many_all_are_asked_at_once() -> None:
    found = asked(cluster(*(process(f"tm-{n:02}") for n in range(20))))
    assert [one for one, *_ in found] == [TASKMANAGERS_METRICS]
    assert "taskmanagers" not in found[0][1]


def aggregated(group: Iterable[str], heaps: dict[str, float]) -> Taken[tuple[AggregatedMetric, ...]]:
    used = [heaps.get(one, 100.0) * MB for one in group]
    return Taken(
        (
            AggregatedMetric(id=halves.HEAP_USED, min=min(used), max=max(used)),
            AggregatedMetric(id=halves.HEAP_MAX, min=1000 * MB, max=1000 * MB),
        ),
        NOW,
    )


def test_the_fullest_of_many_is_found_by_halves() -> None:
    ids = tuple(f"tm-{n:02}" for n in range(20))
    heaps = {"tm-13": 990.0}
    groups = {ids: aggregated(ids, heaps)}
    rounds = 0
    while True:
        look = cluster(*(process(one, heap=-1) for one in ids), groups=groups)
        wanted = [
            tuple(params["taskmanagers"].split(","))
            for endpoint, params, _ in asked(look)
            if endpoint is TASKMANAGERS_METRICS and "taskmanagers" in params
        ]
        fresh = [one for one in wanted if one not in groups]
        assert len(fresh) <= 6
        if not fresh:
            break
        groups |= {one: aggregated(one, heaps) for one in fresh}
        rounds += 1
    singles = [
        params["taskmanager"] for endpoint, params, _ in asked(look) if endpoint is TASKMANAGER_METRICS
    ]
    assert "tm-13" in singles
    assert len(singles) <= 2
    assert rounds <= 5


def test_healthy_many_are_not_halved() -> None:
    ids = tuple(f"tm-{n:02}" for n in range(20))
    look = cluster(*(process(one, heap=-1) for one in ids), groups={ids: aggregated(ids, {})})
    assert len(asked(look)) == 1


def test_groups_fit_in_a_request() -> None:
    ids = halves.whole(f"host-{n:04}.some.long.domain.example.com:41001-abcdef" for n in range(500))
    left, most = [ids], 0
    seen: set[str] = set()
    while left:
        group = left.pop()
        parts = halves.parts(group)
        assert sorted(one for part in parts for one in part) == sorted(group) or len(group) == 1
        for part in parts:
            most = max(most, len(halves.query(part, ids, release("1.20")).target))
            seen |= set(part)
        left += parts
    assert seen == set(ids)
    assert most < 4000


def test_direct_memory_counts_without_the_network_memory() -> None:
    ids = tuple(f"tm-{n:02}" for n in range(8))
    full = (
        AggregatedMetric(id=halves.DIRECT_USED, min=0.0, max=186 * MB),
        AggregatedMetric(id=halves.HEAP_USED, min=1.0, max=1.0),
    )
    look = cluster(*(process(one, heap=-1) for one in ids), groups={ids: Taken(full, NOW)})
    assert len(asked(look)) > 1
    roomy = replace(MODEL, task_off_heap=int(512 * MB))
    listed = [taskmanager(one, memory_configuration=roomy) for one in ids]
    assert len(asked(replace(look, taskmanagers=Taken(tuple(listed), NOW)))) == 1


# -- odd answers ---------------------------------------------------------------------------------------


def test_odd_figures_do_no_harm() -> None:
    odd = replace(process("x" * 10_000), metrics={halves.HEAP_USED: Taken(None, NOW)})
    look = cluster(odd, process("", heap_max=0), exceptions={JOB: Taken(JobExceptions(), NOW)})
    found, before = watched_cluster([look, look])
    assert not found
    asked(look, before)
    assert not watched_cluster([ClusterLook(now=NOW)])[0]
    assert asked(ClusterLook(now=NOW)) == []
