"""The judgement that an engine keeps: verdicts as answers come, and closer looks within a budget."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.budget import ASKS_A_MINUTE
from flinktop.engine.judge import Judge
from flinktop.flink.checkpoints import (
    CHECKPOINT_CONFIG,
    CHECKPOINTS,
    Checkpoint,
    CheckpointConfig,
    CheckpointCounts,
    CheckpointStats,
    LatestCheckpoints,
)
from flinktop.flink.cluster import CONFIG, Config
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import TimedOut
from flinktop.flink.exceptions import EXCEPTIONS, Fault, FaultHistory, JobExceptions
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, Job, JobOverview, JobsOverview, JobVertex
from flinktop.flink.metrics import JOBS_METRICS, AggregatedMetric
from flinktop.judgement.finding import Kind, Severity
from flinktop.judgement.rules import Policy, Rule
from flinktop.model.kubernetes import KubernetesState, OperatorState, Pod
from tests.depth import in_depth

NOW = 1_700_000_000.0


def listed(*states: str) -> JobsOverview:
    return JobsOverview(
        tuple(
            JobOverview(
                jid=name(number),
                name=f"job {number}",
                state=state,
                start_time=int(NOW * 1000) - 3_600_000,
                tasks={"total": 2, "running": 2} if state == "RUNNING" else {"total": 2},
            )
            for number, state in enumerate(states)
        )
    )


def name(number: int) -> str:
    return f"{number:032x}"


class Bench:
    """A judge with a clock; what it sends is kept."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.time = NOW
        self.sent: list[Query[Any]] = []
        self.judge = Judge(self.sent.append, lambda: self.time, policy or Policy())
        self.arrived(CONFIG(), Config(flink_version="1.20.5"))

    def arrived(self, query: Query[Any], value: Any) -> None:
        self.judge.arrived(query, value, self.time)

    def rounds(self, seconds: int) -> None:
        for _ in range(seconds // 2):
            self.time += 2
            self.judge.round()

    def verdict(self, number: int) -> str:
        return self.judge.judged.verdicts[name(number)].kind


def running(number: int) -> Job:
    vertex = JobVertex(id="v", name="map", parallelism=2, status="RUNNING", tasks={"RUNNING": 2})
    return Job(jid=name(number), name="job", state="RUNNING", now=int(NOW * 1000), vertices=(vertex,))


def test_a_job_is_judged_when_it_was_read() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RUNNING", "FINISHED"))
    bench.rounds(2)
    assert name(0) not in bench.judge.judged.verdicts
    assert bench.verdict(1) == "finished"
    bench.arrived(JOB(job=name(0)), running(0))
    bench.rounds(2)
    assert bench.verdict(0) == "healthy"


def test_what_it_asked_itself_is_judged_at_once_and_what_others_asked_after_a_while() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RESTARTING"))
    bench.arrived(JOB(job=name(0)), running(0))
    bench.rounds(2)
    own = EXCEPTIONS(job=name(0))
    assert own in bench.sent
    bench.arrived(CHECKPOINT_CONFIG(job=name(0)), CheckpointConfig())
    before = bench.judge.judged.verdicts[name(0)]
    bench.rounds(2)
    assert bench.judge.judged.verdicts[name(0)] is before
    bench.arrived(own, JobExceptions())
    bench.rounds(2)
    assert bench.judge.judged.verdicts[name(0)] is not before


def test_a_checkpoint_that_has_failed_is_judged_at_once() -> None:
    bench = Bench()

    def answered(completed: int, failed: int) -> bool:
        """Whether the job is judged in the round after such an answer."""
        stats = CheckpointStats(counts=CheckpointCounts(completed=completed, failed=failed))
        bench.rounds(20)
        bench.arrived(JOB(job=name(0)), running(0))
        bench.rounds(2)
        before = bench.judge.judged.verdicts[name(0)]
        bench.arrived(CHECKPOINTS(job=name(0)), stats)
        bench.rounds(2)
        return bench.judge.judged.verdicts[name(0)] is not before

    bench.arrived(JOBS_OVERVIEW(), listed("RUNNING"))
    assert [answered(1, 0), answered(2, 0), answered(2, 1), answered(3, 1)] == [False, False, True, False]


def failed_checkpoint(ago: float) -> CheckpointStats:
    """The first answer about checkpoints, of which one failed so many seconds ago."""
    one = Checkpoint(id=1, status="FAILED", failure_timestamp=int((NOW - ago) * 1000))
    return CheckpointStats(counts=CheckpointCounts(failed=1), latest=LatestCheckpoints(failed=one))


def test_the_round_hurries_for_what_has_just_failed_and_for_nothing_else() -> None:
    bench = Bench()
    running_jobs = listed("RUNNING", "RUNNING", "RUNNING")
    first, *others = running_jobs.jobs
    for query, value, hurries in (
        (JOBS_OVERVIEW(), running_jobs, False),
        (JOB(job=name(0)), running(0), False),
        (CHECKPOINTS(job=name(0)), failed_checkpoint(3600.0), False),
        (CHECKPOINTS(job=name(1)), failed_checkpoint(2.0), True),
        (CHECKPOINTS(job=name(2)), CheckpointStats(), False),
        (CHECKPOINTS(job=name(2)), failed_checkpoint(3600.0), True),
        (JOBS_OVERVIEW(), JobsOverview((replace(first, state="RESTARTING"), *others)), False),
        (JOBS_OVERVIEW(), JobsOverview((replace(first, state="FAILED"), *others)), True),
    ):
        bench.arrived(query, value)
        assert bench.judge.hurries is hurries, query
        bench.judge.round()
        assert not bench.judge.hurries


def test_a_cause_from_before_the_end_of_a_job_is_asked_for_again_when_the_cache_is_over() -> None:
    bench = Bench()
    job, own = listed("RUNNING").jobs[0], EXCEPTIONS(job=name(0))
    bench.arrived(JOBS_OVERVIEW(), JobsOverview((job,)))
    bench.arrived(JOB(job=name(0)), running(0))
    bench.rounds(2)
    failed = replace(job, state="FAILED", end_time=int(bench.time * 1000))
    bench.arrived(JOBS_OVERVIEW(), JobsOverview((failed,)))
    bench.rounds(2)
    assert bench.sent.count(own) == 1
    bench.arrived(own, JobExceptions())
    assert bench.judge.hurries
    bench.rounds(2)
    assert bench.sent.count(own) == 2
    fault = Fault(exception_name="Bad", stacktrace="Bad: why", timestamp=int(bench.time * 1000))
    bench.arrived(own, JobExceptions(history=FaultHistory(entries=(fault,))))
    bench.rounds(4)
    assert bench.sent.count(own) == 2
    assert not bench.judge.judged.verdicts[name(0)].findings[0].unread


def test_the_end_of_a_job_is_judged_at_once_and_again_when_its_name_is_started() -> None:
    bench = Bench()
    first, again = listed("RUNNING", "RUNNING").jobs
    again = replace(again, name=first.name, start_time=first.start_time + 60_000)
    failed = replace(first, state="FAILED", end_time=int(NOW * 1000))
    bench.arrived(JOBS_OVERVIEW(), JobsOverview((first,)))
    bench.arrived(JOB(job=name(0)), running(0))
    bench.rounds(2)
    assert bench.verdict(0) == "healthy"
    # What is known of the job itself is older than its end.
    bench.arrived(JOBS_OVERVIEW(), JobsOverview((failed,)))
    bench.rounds(2)
    verdict = bench.judge.judged.verdicts[name(0)]
    assert (verdict.state, verdict.kind, verdict.severity) == ("FAILED", "failed", Severity.CRITICAL)
    assert verdict.findings[0].unread
    bench.arrived(JOBS_OVERVIEW(), JobsOverview((failed, again)))
    bench.rounds(2)
    assert bench.judge.judged.verdicts[name(0)].severity is Severity.INFO


def test_a_job_whose_tasks_are_about_to_run_is_no_suspect_at_first() -> None:
    bench = Bench()
    young = replace(listed("CREATED").jobs[0], start_time=int(NOW * 1000))
    bench.arrived(JOBS_OVERVIEW(), JobsOverview((young,)))
    bench.rounds(25)
    assert EXCEPTIONS(job=name(0)) not in bench.sent
    bench.rounds(15)
    assert EXCEPTIONS(job=name(0)) in bench.sent


def test_a_job_that_can_not_be_read_is_unknown_and_counted_as_ill() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RUNNING"))
    bench.judge.failed(JOB(job=name(0)), TimedOut("GET", "http://jm/jobs/0"))
    bench.rounds(2)
    verdict = bench.judge.judged.verdicts[name(0)]
    assert (verdict.kind, verdict.severity) == ("unknown", Severity.UNKNOWN)
    assert bench.judge.judged.unhealthy == 1


def test_a_job_that_is_listed_no_more_is_forgotten() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RUNNING", "FINISHED"))
    bench.arrived(JOB(job=name(0)), running(0))
    bench.rounds(2)
    bench.arrived(JOBS_OVERVIEW(), listed())
    bench.rounds(2)
    assert not bench.judge.judged.verdicts


@pytest.mark.long
@pytest.mark.parametrize("jobs", in_depth([3, 1000], [3]))
def test_it_asks_no_more_than_its_budget_whatever_the_number_of_jobs(jobs: int) -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed(*["RESTARTING"] * jobs))
    bench.rounds(300)
    assert 0 < len(bench.sent) <= 5 * ASKS_A_MINUTE


def test_a_query_is_not_sent_again_before_it_is_due() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RESTARTING"))
    bench.rounds(60)
    assert bench.sent.count(EXCEPTIONS(job=name(0))) <= 60 / 10


def test_of_many_jobs_one_that_restarts_is_found_by_sums_and_looked_at() -> None:
    bench, restarted = Bench(), set[str]()
    bench.arrived(JOBS_OVERVIEW(), listed(*["RUNNING"] * 1000))
    for second in range(0, 150, 2):
        if second == 60:
            restarted.add(name(777))
        bench.rounds(2)
        for query in bench.sent:
            if query.endpoint is JOBS_METRICS:
                params = dict(query.params)
                count = len(restarted.intersection(params["jobs"].split(",")))
                names = params["get"].split(",")
                bench.arrived(query, tuple(AggregatedMetric(one, min=30_000.0, sum=count) for one in names))
            elif query == JOB(job=name(777)):
                assert second <= 150
                return
        bench.sent.clear()
    pytest.fail("the job was not looked at within 90 s")


def test_what_the_config_says_of_findings_holds_for_the_screens() -> None:
    rules = (
        Rule(jobs=("job 0",), kinds=("failed",), off=True),
        Rule(jobs=("job 1",), severity=Severity.INFO),
    )
    bench = Bench(Policy("prod", rules))
    bench.arrived(JOBS_OVERVIEW(), listed("FAILED", "FAILED", "FAILED"))
    bench.rounds(2)
    severities = [bench.judge.judged.verdicts[name(number)].severity for number in range(3)]
    assert severities == [Severity.OK, Severity.INFO, Severity.CRITICAL]


def test_an_expected_job_that_is_missing_is_named_after_a_minute() -> None:
    bench = Bench(Policy("prod", expected=("orders-*", "job 0")))
    for _ in range(8):
        bench.arrived(JOBS_OVERVIEW(), listed("RUNNING"))
        bench.rounds(10)
    (missing,) = bench.judge.judged.findings
    assert missing.kind is Kind.JOB_MISSING
    assert "orders-*" in missing.words


def test_a_cluster_that_is_silent_for_a_minute_is_lost_until_it_answers() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RUNNING"))
    bench.rounds(2)
    bench.judge.round(59.0, "connection refused")
    assert not bench.judge.judged.findings
    bench.judge.round(61.0, "connection refused")
    (lost,) = bench.judge.judged.findings
    assert (lost.kind, lost.severity) == (Kind.CLUSTER_LOST, Severity.CRITICAL)
    assert "job 0" in lost.words
    bench.rounds(2)
    assert not bench.judge.judged.findings


def test_what_is_wrong_with_a_job_off_the_screen_is_looked_at_again() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RUNNING", "RUNNING"))
    for number in range(2):
        bench.arrived(JOB(job=name(number)), running(number))
    bench.arrived(CHECKPOINT_CONFIG(job=name(0)), CheckpointConfig(mode="exactly_once"))
    bench.rounds(90)
    assert bench.verdict(0) == "checkpoints-off"
    asked = [number for number in range(2) if JOB(job=name(number)) in bench.sent]
    assert asked == [0]


def operator(error: str = "", job: int = 0) -> KubernetesState:
    found = OperatorState(
        kind="FlinkDeployment", name="orders", wanted="running", error=error, job_id=name(job)
    )
    return KubernetesState(context="prod", namespace="shop", operator=found)


def test_what_the_operator_says_is_judged_in_the_next_round() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RUNNING"))
    bench.arrived(JOB(job=name(0)), running(0))
    bench.judge.know_kubernetes(operator())
    bench.rounds(2)
    assert bench.verdict(0) == "healthy"
    bench.judge.know_kubernetes(operator("no quota"))
    bench.rounds(2)
    assert bench.verdict(0) == "operator-error"
    assert not bench.judge.judged.findings


def test_what_it_says_of_a_cluster_that_never_answered_is_a_finding_of_the_cluster() -> None:
    bench = Bench()
    bench.judge.know_kubernetes(operator("no quota"))
    bench.rounds(2)
    assert [one.kind for one in bench.judge.judged.findings] == [Kind.OPERATOR_ERROR]
    assert bench.judge.judged.findings[0].is_of_cluster


def test_a_lost_cluster_says_what_its_pods_are() -> None:
    bench = Bench()
    bench.arrived(JOBS_OVERVIEW(), listed("RUNNING"))
    pod = Pod(name="jm", component="jobmanager", phase="Pending", pending="0/3 nodes are available")
    bench.judge.know_kubernetes(KubernetesState(context="prod", namespace="shop", pods=(pod,)))
    bench.time += 70
    bench.judge.round(65.0, "refused")
    assert "its JobManager pod is Pending: 0/3 nodes are available" in bench.judge.judged.findings[0].words
