"""A cluster that answers no more, and jobs that went with their JobManager."""

from __future__ import annotations

from flinktop.flink.jobs import JobOverview
from flinktop.judgement.finding import Finding, Kind
from flinktop.judgement.lost import Running, cluster_lost, lost_jobs
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
