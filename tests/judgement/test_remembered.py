"""What a judgement remembers over a restart of flinktop: which findings stand, and until when."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobs import JobOverview
from flinktop.judgement import holds
from flinktop.judgement.finding import OF_CLUSTER, Culprit, Finding, Kind, Severity
from flinktop.judgement.holds import HOLDS, Held, Key, Sign
from flinktop.judgement.lost import Running
from flinktop.judgement.remembered import (
    AWAY_MS,
    OfCluster,
    OfJob,
    OfLink,
    Remembered,
    cluster_memory,
    is_another,
    job_memory,
    of_cluster,
    of_job,
    standing_verdict,
)
from flinktop.judgement.verdict import Memory, judge_cluster, judge_job
from flinktop.model.look import ClusterLook, JobLook, Taken
from tests.judgement.looks_failures import JOB, MAP, NOW, SECOND, ago, broken, cluster, job, line, stats
from tests.judgement.looks_failures import vertex as a_vertex

MINUTE = 60_000.0
OF_JOBS = [kind for kind in Kind if kind not in OF_CLUSTER and kind not in {Kind.JOB_LOST, Kind.JOB_MISSING}]
RESTS_ON = {
    # What must have been read before a finding that has no sign is gone.
    Kind.RESTART_LOOP: "exceptions",
    Kind.RESTARTING: "exceptions",
    Kind.CHECKPOINTS_FAILING: "checkpoints",
    Kind.CHECKPOINT_OVERDUE: "checkpoint_config",
    Kind.CHECKPOINT_SLOW: "checkpoints",
    Kind.CHECKPOINTS_OFF: "checkpoint_config",
    Kind.STATE_GROWING: "checkpoints",
    Kind.UNDER_SCALED: "requirements",
}


def finding(kind: Kind, **given: object) -> Finding:
    culprit = Culprit(vertex=MAP) if kind not in OF_CLUSTER else Culprit(taskmanager="tm")
    return Finding(kind=kind, severity=Severity.WARNING, words=f"{kind}: x", culprit=culprit, **given)  # type: ignore[arg-type]


def held(kind: Kind, *, raised: bool = True, first: float = 900, last: float = 0) -> dict[Key, Held]:
    """A finding that is held, with times in s ago."""
    key = Sign(finding=finding(kind)).key
    times = NOW - first * SECOND, NOW - last * SECOND
    return {key: Held(finding(kind), times[0], times[1], times[1], 9, raised=raised)}


def kept(kind: Kind, **given: object) -> OfJob:
    """It, written and read again."""
    memory = Memory(held(kind, **given))  # type: ignore[arg-type]
    return msgspec.json.decode(msgspec.json.encode(of_job(memory, NOW)), type=OfJob)


def kinds(look: JobLook, memory: Memory) -> tuple[list[str], Memory]:
    verdict, after = judge_job(look, memory)
    return [str(one.kind) for one in verdict.findings], after


def unread(seconds: float) -> JobLook:
    """A look so long after NOW, with the job alone."""
    found = job(now=NOW + seconds * SECOND)
    return replace(
        found,
        exceptions=None,
        checkpoints=None,
        checkpoint_config=None,
        requirements=None,
        metrics={},
        vertices=line(map=a_vertex(MAP, {"RUNNING": 3, "DEPLOYING": 1}, inputs=("1" * 32,))),
    )


@pytest.mark.parametrize("kind", [kind for kind in OF_JOBS if kind not in {Kind.FAILED, Kind.NO_SLOTS}])
def test_a_finding_stands_until_its_figures_have_been_read(kind: Kind) -> None:
    memory = job_memory(kept(kind), NOW + 60 * SECOND)
    ((_, one),) = memory.held.items()
    assert (one.first, one.raised) == (ago(900), True)
    found, after = kinds(unread(62), memory)
    assert found == [str(kind)]
    found, _ = kinds(unread(64), after)
    assert found == [str(kind)]


@pytest.mark.parametrize(("kind", "what"), RESTS_ON.items(), ids=RESTS_ON)
def test_it_is_gone_when_what_it_rests_on_does_not_show_it(kind: Kind, what: str) -> None:
    memory = job_memory(kept(kind), NOW + 60 * SECOND)
    found, after = kinds(unread(62), memory)
    assert found == [str(kind)]
    read = job(now=NOW + 64 * SECOND, faults=[] if what == "exceptions" else None)
    if what == "requirements":
        read = replace(read, requirements=Taken({}, NOW + 64 * SECOND))
    found, _ = kinds(read, after)
    assert str(kind) not in found


def test_it_does_not_wait_for_ever_for_what_is_not_answered() -> None:
    memory = job_memory(kept(Kind.CHECKPOINTS_FAILING), NOW + 60 * SECOND)
    for seconds in range(62, 181, 4):
        found, memory = kinds(unread(seconds), memory)
        assert found == ["checkpoints-failing"], seconds
    found, _ = kinds(unread(184), memory)
    assert found == []


def test_exceptions_that_can_not_be_read_are_not_waited_for() -> None:
    memory = job_memory(kept(Kind.RESTARTING), NOW + 60 * SECOND)
    look = unread(62)
    refused = msgspec.structs.replace(look, errors={EXCEPTIONS.path: None})
    found, _ = kinds(refused, memory)
    assert found == []


def test_a_job_that_has_ended_has_only_what_its_end_shows() -> None:
    memory = job_memory(kept(Kind.RESTART_LOOP), NOW + 60 * SECOND)
    found, _ = kinds(job("FINISHED", now=NOW + 62 * SECOND), memory)
    assert found == []


@pytest.mark.parametrize("kind", OF_JOBS)
def test_after_ten_minutes_without_looks_it_must_be_seen_again(kind: Kind) -> None:
    assert job_memory(kept(kind), NOW + AWAY_MS).held
    assert not job_memory(kept(kind), NOW + AWAY_MS + 1).held


@pytest.mark.parametrize(("away", "goes_on"), [(110, True), (130, False)])
def test_a_sign_that_was_no_finding_yet_goes_on_over_two_minutes_at_most(
    away: float, *, goes_on: bool
) -> None:
    memory = job_memory(kept(Kind.SOURCE_LAG, raised=False), NOW + away * SECOND)
    assert bool(memory.held) is goes_on
    sign = Sign(
        finding=finding(Kind.SOURCE_LAG), fetched=NOW + (away + 10) * SECOND, begun=NOW + away * SECOND
    )
    after = holds.after(memory.held, [sign], NOW + (away + 12) * SECOND)
    assert bool(holds.raised(after, NOW + (away + 12) * SECOND)) is goes_on


def test_one_that_is_seen_again_keeps_its_time_and_is_no_longer_waited_for() -> None:
    memory = job_memory(kept(Kind.SOURCE_LAG), NOW + 60 * SECOND)
    sign = Sign(finding=finding(Kind.SOURCE_LAG), fetched=NOW + 62 * SECOND)
    after = holds.after(memory.held, [sign], NOW + 64 * SECOND)
    (found,) = holds.raised(after, NOW + 64 * SECOND)
    assert found.since == ago(900)
    assert not any(one.restored for one in after.values())


def test_one_that_was_about_to_be_cleared_is_cleared_at_its_time() -> None:
    memory = job_memory(kept(Kind.RECORD_ERRORS, last=500), NOW + 60 * SECOND)
    found, after = kinds(unread(62), memory)
    assert found == ["record-errors"]
    found, _ = kinds(unread(110), after)
    assert found == []


@pytest.mark.parametrize("stood", [Kind.STALLED, Kind.SKEW])
def test_less_that_is_seen_of_a_slow_vertex_at_first_does_not_take_its_place(stood: Kind) -> None:
    memory = job_memory(kept(stood), NOW + 60 * SECOND)
    known = memory.held
    for seconds in (62, 72, 82, 92):
        sign = Sign(finding=finding(Kind.BOTTLENECK), fetched=NOW + seconds * SECOND)
        known = holds.after(known, [sign], NOW + seconds * SECOND)
        assert [one.kind for one in holds.raised(known, NOW)] == [stood]
    for seconds in range(106, 200, 10):
        sign = Sign(finding=finding(Kind.BOTTLENECK), fetched=NOW + seconds * SECOND)
        known = holds.after(known, [sign], NOW + seconds * SECOND)
    assert [one.kind for one in holds.raised(known, NOW)] == [Kind.BOTTLENECK]


def test_a_command_that_looks_once_believes_what_was_seen_within_two_minutes() -> None:
    def found(kind: Kind, away: float) -> list[str]:
        memory = job_memory(kept(kind), NOW + away * SECOND, one_look=True)
        verdict, _ = judge_job(unread(away + 1), memory, one_look=True)
        return [str(one.kind) for one in verdict.findings]

    assert found(Kind.NO_DATA, 60) == ["no-data"]
    assert found(Kind.NO_DATA, 300) == []
    assert found(Kind.CHECKPOINT_SLOW, 300) == []
    assert found(Kind.RECORD_ERRORS, 300) == ["record-errors"]


def test_before_a_job_is_read_the_verdict_is_what_stood() -> None:
    listed = JobOverview(jid=JOB, name="orders", state="RUNNING", start_time=ago(7200))
    found = standing_verdict(listed, kept(Kind.BOTTLENECK), NOW + 60 * SECOND)
    assert found is not None
    assert (found.kind, found.severity, found.job) == ("bottleneck", Severity.WARNING, JOB)
    assert standing_verdict(listed, kept(Kind.BOTTLENECK, raised=False), NOW + 60 * SECOND) is None
    assert standing_verdict(listed, kept(Kind.BOTTLENECK), NOW + AWAY_MS + 1) is None
    ended = replace(listed, state="FINISHED")
    assert standing_verdict(ended, kept(Kind.BOTTLENECK), NOW + 60 * SECOND) is None


def test_in_application_mode_all_jobs_have_one_id_and_another_start_is_another_job() -> None:
    before = replace(kept(Kind.RESTART_LOOP), started=5)
    zeros = JobOverview(jid="0" * 32, start_time=5)
    assert not is_another(zeros, before)
    assert is_another(replace(zeros, start_time=6), before)
    assert not is_another(JobOverview(jid=JOB, start_time=6), before)
    assert standing_verdict(replace(zeros, start_time=6, state="RUNNING"), before, NOW) is None


# -- the cluster -----------------------------------------------------------------------------------------


def of_taskmanager(kind: Kind) -> OfCluster:
    found = of_cluster(Memory(held(kind)), {}, Running(), NOW)
    return msgspec.json.decode(msgspec.json.encode(found), type=OfCluster)


@pytest.mark.parametrize("kind", [Kind.TASKMANAGER_LOST, Kind.TASKMANAGER_FLAPPING, Kind.MEMORY])
def test_a_clusters_finding_stands_until_its_taskmanagers_have_been_listed(kind: Kind) -> None:
    memory, _, _ = cluster_memory(of_taskmanager(kind), NOW + 60 * SECOND)
    found, memory = judge_cluster(ClusterLook(now=NOW + 62 * SECOND), memory)
    assert [one.kind for one in found] == [kind]
    found, _ = judge_cluster(cluster(now=NOW + 64 * SECOND), memory)
    # Of its memory it takes two minutes to know that all is well.
    assert [one.kind for one in found] == ([kind] if HOLDS[kind].cleared_after else [])


def test_an_expected_job_that_is_missing_stays_so() -> None:
    missing = {"orders": Memory(held(Kind.JOB_MISSING))}
    written = msgspec.json.encode(of_cluster(Memory(), missing, Running(), NOW))
    _, again, _ = cluster_memory(msgspec.json.decode(written, type=OfCluster), NOW + 60 * SECOND)
    assert [one.kind for one in holds.raised(again["orders"].held, NOW)] == [Kind.JOB_MISSING]


# -- how long it was so ----------------------------------------------------------------------------------


def test_what_did_not_change_was_so_until_flinktop_ended() -> None:
    before = Remembered(
        jobs={JOB: kept(Kind.BOTTLENECK), "gone": replace(kept(Kind.SKEW), listed=False)},
        cluster=of_cluster(Memory(), {}, Running(names={JOB: "orders"}, at=NOW), NOW),
        link=OfLink(at=NOW + 3_600_000, answered=NOW + 3_599_000),
    )
    found = before.until_the_end()
    assert found.cluster is not None
    assert (found.jobs[JOB].at, found.jobs["gone"].at) == (NOW + 3_600_000, NOW)
    assert (found.cluster.at, found.cluster.running.at) == (NOW + 3_600_000, NOW + 3_599_000)
    assert Remembered(jobs=before.jobs).until_the_end().jobs == before.jobs


def test_what_is_seen_in_each_look_is_written_the_same_each_time() -> None:
    memory = Memory(held(Kind.BOTTLENECK))
    later = Memory(held(Kind.BOTTLENECK, first=900, last=-20))
    assert of_job(memory, NOW).standing == of_job(later, NOW + 20 * SECOND).standing
    unseen = of_job(memory, NOW + 40 * SECOND)
    assert unseen.standing[0].last == NOW


def test_a_job_of_which_nothing_is_known_is_not_kept() -> None:
    assert of_job(Memory(), NOW).is_empty
    verdict, memory = judge_job(job(), Memory())
    assert verdict.findings == ()
    assert of_job(memory, NOW).is_empty
    failed = job(checkpoints=stats([broken(1, 5), broken(2, 3)]))
    assert not of_job(judge_job(failed, Memory())[1], NOW).is_empty
