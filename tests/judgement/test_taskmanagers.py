"""TaskManagers that are gone, silent, or lost again and again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from flinktop.flink.jobs import JobOverview
from flinktop.flink.metrics import JOBMANAGER_METRICS
from flinktop.flink.taskmanagers import TaskManager
from flinktop.judgement.finding import Finding, Severity
from flinktop.judgement.lost import Running
from flinktop.judgement.remembered import OfCluster, cluster_memory, of_cluster
from flinktop.judgement.taskmanagers import configured_ms
from flinktop.judgement.verdict import Memory, cluster_asks, judge_cluster
from flinktop.model.look import ClusterLook, Taken
from tests.judgement.looks_failures import (
    JOB,
    NOW,
    SECOND,
    ago,
    cluster,
    fault,
    history,
    process,
    taskmanager,
    trace,
    watched_cluster,
)


def listed(seconds: float, *names: str, busy: bool = True, **more: Any) -> ClusterLook:
    """A look so many seconds ago at these TaskManagers."""
    at = NOW - seconds * SECOND
    found = [taskmanager(name, free=2 if busy else 4, heartbeat=seconds + 3) for name in names]
    return cluster(taskmanagers=found, now=at, **more)


def of(kind: str, looks: Iterable[ClusterLook]) -> list[Finding]:
    return [one for one in watched_cluster(looks)[0] if one.kind == kind]


def running(state: str = "RUNNING", end: float = 5) -> Any:
    end_time = ago(end) if state != "RUNNING" else -1
    return Taken((JobOverview(jid=JOB, state=state, end_time=end_time),), NOW)


@pytest.mark.parametrize(
    ("looks", "lost"),
    [
        pytest.param([listed(20, "a", "b"), listed(10, "a")], ["b"], id="gone"),
        pytest.param([listed(20, "a", "b"), listed(10, "a"), listed(0, "a")], ["b"], id="a look later"),
        pytest.param([listed(20, "a", "b", busy=False), listed(10, "a")], [], id="it was idle"),
        pytest.param(
            [listed(30, "a", "b"), listed(20, "a", "b", busy=False), listed(10, "a")], [], id="idle by then"
        ),
        pytest.param([listed(20, "a", "b"), listed(10, "a"), listed(0, "a", "b")], [], id="it is back"),
        pytest.param([listed(620, "a", "b"), listed(610, "a"), listed(0, "a")], [], id="ten minutes ago"),
        pytest.param([listed(610, "a", "b"), listed(600, "a"), listed(0, "a")], ["b"], id="just within"),
        pytest.param([listed(20, "a")], [], id="one look can't tell"),
        pytest.param(
            [listed(20, "a", jobs=running()), listed(10, jobs=running("CANCELED"))],
            [],
            id="its job ended well",
        ),
        pytest.param(
            [listed(20, "a", jobs=running()), listed(10, jobs=running("FAILED"))], ["a"], id="its job failed"
        ),
        pytest.param([listed(20, "a", jobs=running()), listed(10, jobs=running())], ["a"], id="all are gone"),
    ],
)
def test_one_that_had_slots_in_use_and_is_gone(looks: list[ClusterLook], lost: Sequence[str]) -> None:
    found = of("taskmanager-lost", looks)
    assert [one.culprit.taskmanager for one in found] == lost
    assert all(one.severity is Severity.WARNING for one in found)


def test_another_one_at_its_address_takes_its_place() -> None:
    same = taskmanager("b-2", path="pekko.tcp://flink@b:6122/user/rpc/taskmanager_0")
    looks = [listed(20, "a", "b"), listed(10, "a"), cluster(taskmanagers=[taskmanager("a"), same])]
    assert not of("taskmanager-lost", looks)


def test_the_words_say_how_many_slots() -> None:
    (found,) = of("taskmanager-lost", [listed(20, "a", "b"), listed(10, "a"), listed(0, "a")])
    assert found.words == "taskmanager-lost: TaskManager b at b:6122 is gone with 2 slots in use"
    assert found.since == ago(10)


def test_a_new_jobmanager_does_not_lose_those_that_have_yet_to_register() -> None:
    def look(seconds: float, cpu: float, *names: str) -> ClusterLook:
        return cluster(
            process("", NOW - seconds * SECOND, cpu=cpu),
            taskmanagers=[taskmanager(name) for name in names],
            now=NOW - seconds * SECOND,
        )

    assert not of("taskmanager-lost", [look(20, 5e9, "a", "b"), look(10, 6e9, "a", "b"), look(0, 1e9)])
    assert of("taskmanager-lost", [look(20, 5e9, "a", "b"), look(10, 6e9, "a", "b"), look(0, 7e9)])
    # Its metrics may come a look later than its list.
    late = [look(20, 5e9, "a", "b"), look(10, 5e9), look(0, 1e9, "a")]
    assert not of("taskmanager-lost", late)


def test_where_none_is_left_it_may_be_another_jobmanager_until_its_processor_time_is_known() -> None:
    def look(seconds: float, cpu: float | None, *names: str) -> ClusterLook:
        at = NOW - seconds * SECOND
        jobmanager = [process("", at, cpu=cpu)] if cpu is not None else []
        return cluster(*jobmanager, taskmanagers=[taskmanager(name) for name in names], now=at)

    before = look(60, 5e9, "a", "b")
    assert not of("taskmanager-lost", [before, look(50, None)])
    assert not of("taskmanager-lost", [before, look(50, None), look(40, 1e9)])
    assert len(of("taskmanager-lost", [before, look(50, None), look(40, 6e9)])) == 2
    assert len(of("taskmanager-lost", [before, look(50, None), look(0, None)])) == 2
    assert len(of("taskmanager-lost", [before, look(50, None, "a")])) == 1

    in_doubt = look(50, None)
    _, memory = watched_cluster([before, in_doubt])
    query = JOBMANAGER_METRICS(get=["Status.JVM.CPU.Time"])
    assert query in {one.query for one in cluster_asks(in_doubt, memory)}


@pytest.mark.parametrize(
    ("age", "settings", "silent"),
    [
        (21, {}, True),
        (20, {}, False),
        (25, {"heartbeat.interval": "15000"}, False),
        (31, {"heartbeat.interval": "15 s"}, True),
        (16, {"heartbeat.interval": "2s"}, True),
        (15, {"heartbeat.interval": "2s"}, False),
        (21, {"heartbeat.interval": "whatever"}, True),
        (NOW / 1000, {}, False),
    ],
)
def test_one_without_a_heartbeat(age: float, settings: dict[str, str], *, silent: bool) -> None:
    found = of(
        "taskmanager-lost", [cluster(taskmanagers=[taskmanager("a", heartbeat=age)], settings=settings)]
    )
    assert [one.culprit.taskmanager for one in found] == (["a"] if silent else [])
    assert all(one.since == ago(age) for one in found)


def test_an_old_answer_does_not_make_a_heartbeat_older() -> None:
    look = cluster(taskmanagers=[taskmanager("a", heartbeat=35)], now=NOW - 30 * SECOND)
    later = ClusterLook(now=NOW, taskmanagers=look.taskmanagers)
    assert not of("taskmanager-lost", [later])
    silent = cluster(taskmanagers=[taskmanager("a", heartbeat=90)], now=NOW - 50 * SECOND)
    assert of("taskmanager-lost", [silent])
    assert not of("taskmanager-lost", [ClusterLook(now=NOW, taskmanagers=silent.taskmanagers)])


def losing(count: int, every: float, host: str = "h1") -> list[ClusterLook]:
    """Looks at a cluster that loses one TaskManager after the other."""
    looks = []
    for n in range(count):
        at = (count - n) * every
        here = taskmanager(f"tm-{n}", path=f"pekko.tcp://flink@{host}:{6000 + n}/user", heartbeat=at + 3)
        rest = taskmanager("other", heartbeat=at + 3)
        looks.append(cluster(taskmanagers=[here, rest], now=NOW - at * SECOND))
        looks.append(cluster(taskmanagers=[rest], now=NOW - (at - 10) * SECOND))
    return [*looks, listed(0, "other")]


@pytest.mark.parametrize(
    ("looks", "flaps"),
    [(losing(3, 1000), True), (losing(2, 1000), False), (losing(3, 1300), False), (losing(6, 1000), True)],
)
def test_three_lost_in_an_hour_flap(looks: list[ClusterLook], *, flaps: bool) -> None:
    # Between losses the cluster is looked at: what nobody looks at is forgotten.
    seen = sorted([*looks, *_between(looks)], key=lambda look: look.now)
    found = of("taskmanager-flapping", seen)
    assert bool(found) is flaps
    if flaps:
        assert "all of them on h1" in found[0].words


def _between(looks: list[ClusterLook]) -> list[ClusterLook]:
    found = []
    for before, after in pairwise(looks):
        at = before.now + 300_000.0
        while at < after.now:
            found.append(_later(before, at))
            at += 300_000.0
    return found


def _later(look: ClusterLook, at: float) -> ClusterLook:
    assert look.taskmanagers is not None
    return cluster(taskmanagers=look.taskmanagers.value, now=at)


def test_many_lost_at_once_on_several_hosts() -> None:
    names = [f"h{n}" for n in range(30)]
    looks = [listed(20, *names), listed(10, "h0")]
    assert len(of("taskmanager-lost", looks)) == 20
    (flaps,) = of("taskmanager-flapping", looks)
    assert "29 TaskManagers were lost" in flaps.words
    assert "all of them on" not in flaps.words


@pytest.mark.parametrize(
    ("text", "ms"),
    [("10000", 10_000), ("10 s", 10_000), ("1min", 60_000), ("2 h", 7_200_000), ("", None), ("ten", None)],
)
def test_durations_of_the_configuration(text: str, ms: float | None) -> None:
    assert configured_ms(text) == ms


def test_odd_taskmanagers_do_no_harm() -> None:
    odd = [
        TaskManager(id="x" * 10_000, last_heartbeat=-1),
        TaskManager(id="y", path="no address", slots_number=1, free_slots=5),
        TaskManager(id="y"),
        TaskManager(id="z", path="@" * 1000, slots_number=3, free_slots=0, last_heartbeat=1),
    ]
    looks = [
        cluster(taskmanagers=odd, now=NOW - 20_000),
        cluster(taskmanagers=odd[:2], now=NOW - 10_000),
        cluster(taskmanagers=[]),
    ]
    found, memory = watched_cluster(looks)
    assert isinstance(memory, Memory)
    assert all(len(one.words) < 400 for one in found)


# -- over a restart of flinktop --------------------------------------------------------------------------


def remembered(looks: Iterable[ClusterLook], at: float) -> Memory:
    """What is known of a cluster to a flinktop that was started so many seconds ago."""
    seen = tuple(looks)
    _, memory = watched_cluster(seen)
    kept = of_cluster(memory, {}, Running(), seen[-1].now)
    again = msgspec.json.decode(msgspec.json.encode(kept), type=OfCluster)
    return cluster_memory(again, NOW - at * SECOND)[0]


def since_then(memory: Memory, *looks: ClusterLook) -> list[tuple[str | None, float | None]]:
    """The lost TaskManagers and since when, after these looks."""
    found: tuple[Finding, ...] = ()
    for look in looks:
        found, memory = judge_cluster(look, memory)
    return [(one.culprit.taskmanager, one.since) for one in found if one.kind == "taskmanager-lost"]


def with_failure(look: ClusterLook, seconds: float, reason: str) -> ClusterLook:
    failed = history([fault(seconds, stacktrace=trace(f"org.apache.flink.X: {reason}"))])
    return replace(look, exceptions={JOB: Taken(failed, look.now)})


def test_one_that_was_lost_stays_so_over_a_restart_with_its_time() -> None:
    before = [listed(200, "a", "b"), listed(190, "a")]
    memory = remembered(before, 60)
    assert since_then(memory, ClusterLook(now=NOW - 58 * SECOND)) == [("b", ago(190))]
    assert since_then(memory, listed(50, "a"), listed(10, "a")) == [("b", ago(190))]
    assert since_then(memory, listed(50, "a", "b")) == []
    late = remembered([listed(800, "a", "b"), listed(790, "a")], 100)
    assert since_then(late, listed(90, "a")) == []


def test_three_lost_in_an_hour_are_flapping_whoever_saw_them() -> None:
    before = [look for n in range(2) for look in (listed(900 - 50 * n, "a", "b"), listed(890 - 50 * n, "a"))]
    memory = remembered([*before, listed(700, "a", "b")], 60)
    found, memory = judge_cluster(listed(50, "a", "b"), memory)
    assert found == ()
    found, _ = judge_cluster(listed(40, "a"), memory)
    assert [one.kind for one in found] == ["taskmanager-lost", "taskmanager-flapping"]


@pytest.mark.parametrize(
    ("away", "reason", "lost"),
    [
        pytest.param(20, "", True, id="soon, as between two looks"),
        pytest.param(300, "", False, id="it may have been released"),
        pytest.param(300, "Heartbeat of TaskManager with id b timed out.", True, id="a job tells"),
        pytest.param(300, "TaskManager with id b is no longer reachable.", True, id="in other words"),
        pytest.param(300, "Heartbeat of TaskManager with id c timed out.", False, id="of another"),
        pytest.param(300, "cannot read amount", False, id="of something else"),
        pytest.param(3500, "Heartbeat of TaskManager with id b timed out.", True, id="within an hour"),
        pytest.param(3700, "Heartbeat of TaskManager with id b timed out.", False, id="longer ago"),
    ],
)
def test_one_that_went_while_nobody_looked(away: float, reason: str, *, lost: bool) -> None:
    memory = remembered([listed(away, "a", "b")], 0)
    look = listed(-5, "a")
    if reason:
        look = with_failure(look, 200 if away < 1000 else 500, reason)
    expected = ago(200 if away < 1000 else 500) if reason else NOW + 5 * SECOND
    assert since_then(memory, look) == ([("b", expected)] if lost else [])


def test_exceptions_that_are_read_later_tell_of_it_too() -> None:
    memory = remembered([listed(300, "a", "b")], 0)
    told = with_failure(listed(-20, "a"), 200, "Heartbeat of TaskManager with id b timed out.")
    assert since_then(memory, listed(-5, "a"), told, listed(-35, "a")) == [("b", ago(200))]
    idle = remembered([listed(300, "a", "b", busy=False)], 0)
    assert since_then(idle, told) == []


def test_those_of_a_jobmanager_that_restarted_meanwhile_have_yet_to_register() -> None:
    before = cluster(process("", NOW - 20 * SECOND, cpu=9e9), taskmanagers=[taskmanager("a")])
    before = replace(before, now=NOW - 20 * SECOND)
    _, memory = watched_cluster([before])
    running = Running(processor_time=9e9, at=before.now)
    again, _, _ = cluster_memory(of_cluster(memory, {}, running, before.now), NOW)
    look = cluster(process("", NOW + 5 * SECOND, cpu=1e9), taskmanagers=[], now=NOW + 5 * SECOND)
    assert since_then(again, look) == []
    same = cluster(process("", NOW + 5 * SECOND, cpu=10e9), taskmanagers=[], now=NOW + 5 * SECOND)
    assert since_then(again, same) == [("a", NOW + 5 * SECOND)]
