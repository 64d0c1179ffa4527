"""A cluster that answers no more, and jobs that went with their JobManager."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flinktop.flink.jobs import JobOverview
from flinktop.flink.taskmanagers import TaskManager
from flinktop.judgement.finding import Finding, Kind
from flinktop.judgement.lost import Running, after_absence, cluster_lost, lost_jobs
from flinktop.judgement.process_figures import CPU_TIME
from flinktop.model.look import ClusterLook, ProcessLook, Taken

NOW = 1_700_000_000_000.0
BEFORE, AFTER = 9e12, 4e9  # processor time of the JobManager that ran them, and of the next (ns)


def job(name: str, state: str = "RUNNING") -> JobOverview:
    return JobOverview(jid=f"{abs(hash(name)):032x}"[:32], name=name, state=state)


def look(seconds: float, *jobs: JobOverview, time: float | None = BEFORE) -> ClusterLook:
    at = NOW + seconds * 1000.0
    jobmanager = ProcessLook(metrics={CPU_TIME: Taken(time, at)})
    return ClusterLook(now=at, jobs=Taken(jobs, at), processes=(jobmanager,))


def found(*looks: ClusterLook) -> tuple[Finding, ...]:
    memory, last = Running(), tuple[Finding, ...]()
    for one in looks:
        last, memory = lost_jobs(one, memory)
    return last


def test_a_job_that_a_restarted_jobmanager_does_not_list_is_lost() -> None:
    seen = [look(0, job("orders")), look(20, time=AFTER)]
    assert not found(*seen)
    (lost,) = found(*seen, look(80, time=AFTER))
    assert lost.kind is Kind.JOB_LOST
    assert "orders" in lost.words
    assert lost.since == NOW + 20_000


def test_it_is_found_too_where_the_restart_is_seen_later() -> None:
    assert found(look(0, job("orders")), look(20), look(50, time=AFTER), look(81, time=AFTER))


def test_one_that_was_removed_from_a_jobmanager_that_lives_is_not_lost() -> None:
    assert not found(look(0, job("orders")), look(20), look(200))


def test_one_that_is_recovered_or_started_again_is_not_lost() -> None:
    again = JobOverview(jid="f" * 32, name="orders", state="RUNNING")
    assert not found(look(0, job("orders")), look(20, time=AFTER), look(90, again, time=AFTER))
    assert not found(look(0, job("orders")), look(20, time=AFTER), look(90, job("orders"), time=AFTER))


def test_one_that_had_ended_is_not_lost() -> None:
    assert not found(look(0, job("orders", "FINISHED")), look(20, time=AFTER), look(90, time=AFTER))


def test_nothing_is_known_without_the_jobmanagers_time() -> None:
    assert not found(look(0, job("orders"), time=None), look(20, time=None), look(200, time=None))
    assert not found(ClusterLook(now=NOW), ClusterLook(now=NOW + 90_000))


def test_a_cluster_is_lost_after_a_minute_and_its_jobs_are_named() -> None:
    assert cluster_lost(NOW, NOW + 59_000, ["orders"], "refused") is None
    lost = cluster_lost(NOW, NOW + 61_000, ["orders", "[red]", "c", "d", "e"], "refused")
    assert lost is not None
    assert lost.kind is Kind.CLUSTER_LOST
    assert "orders, [red], c and 2 more" in lost.words
    assert cluster_lost(NOW, NOW + 61_000, [], "refused") is not None


# -- over a restart of flinktop --------------------------------------------------------------------------

MINUTE = 60.0


def with_taskmanagers(one: ClusterLook, *ids: str) -> ClusterLook:
    return replace(one, taskmanagers=Taken(tuple(TaskManager(id=name) for name in ids), one.now))


def known(*ids: str) -> Running:
    """What is remembered of a cluster with a job and these TaskManagers."""
    _, memory = lost_jobs(with_taskmanagers(look(0, job("orders")), *ids), Running())
    return memory


def watched(memory: Running, *looks: ClusterLook) -> tuple[Finding, ...]:
    last: tuple[Finding, ...] = ()
    memory = after_absence(memory, looks[0].now)
    for one in looks:
        last, memory = lost_jobs(one, memory)
    return last


def test_one_that_went_while_nobody_looked_is_lost_a_minute_after_the_start() -> None:
    first, later = look(5 * MINUTE, time=AFTER), look(6 * MINUTE, time=AFTER)
    assert not watched(known("a"), first)
    (lost,) = watched(known("a"), first, later)
    assert lost.since == NOW
    assert lost.words.endswith("is not listed any more; it was seen last 6 m ago")


@pytest.mark.parametrize(
    ("away", "before", "now", "found"),
    [
        pytest.param(9, ("a",), ("b",), True, id="soon after, whatever its TaskManagers"),
        pytest.param(60, ("a", "b"), ("b", "c"), True, id="a TaskManager is known"),
        pytest.param(60, ("a",), ("b",), False, id="another cluster at the same address"),
        pytest.param(60, ("a",), (), False, id="it has none: nobody knows"),
        pytest.param(60, (), ("b",), False, id="none was known"),
        pytest.param(26 * 60, ("a",), ("a",), False, id="over a day ago"),
    ],
)
def test_another_cluster_at_the_same_address_has_lost_nothing(
    away: float, before: tuple[str, ...], now: tuple[str, ...], *, found: bool
) -> None:
    looks = [
        with_taskmanagers(look(away * MINUTE + seconds, time=AFTER), *now) for seconds in (0, 30, 61, 90)
    ]
    assert bool(watched(known(*before), *looks)) is found


def test_that_it_is_another_cluster_holds_for_later_too() -> None:
    at = 60 * MINUTE
    looks = [
        with_taskmanagers(look(at, job("other"), time=AFTER), "b"),
        with_taskmanagers(look(at + 20, time=AFTER / 2), "b"),
        with_taskmanagers(look(at + 90, time=AFTER / 2), "b"),
    ]
    assert [one.words.split()[1] for one in watched(known("a"), *looks)] == ["other"]


def test_a_jobmanager_that_lived_on_has_lost_nothing() -> None:
    assert not watched(known("a"), look(5 * MINUTE, time=BEFORE + 1), look(7 * MINUTE, time=BEFORE + 2))


def test_a_command_that_looks_once_says_what_ran_over_a_minute_ago() -> None:
    memory = known("a")
    late, _ = lost_jobs(look(61, time=AFTER), memory, one_look=True)
    soon, _ = lost_jobs(look(30, time=AFTER), memory, one_look=True)
    assert ([one.job for one in late], soon) == ([job("orders").jid], ())


def test_a_cluster_that_answered_an_earlier_flinktop_is_lost_a_minute_after_the_start() -> None:
    begun = NOW + 3_600_000
    assert cluster_lost(NOW, begun + 59_000, [], "refused", asked=begun) is None
    lost = cluster_lost(NOW, begun + 61_000, ["orders"], "refused", asked=begun)
    assert lost is not None
    assert lost.words == (
        "cluster-lost: no answer for 1 m, the last one came 1 h ago; its last known jobs: orders"
    )
    assert lost.since == NOW
