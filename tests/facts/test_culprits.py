"""What a finding leads to, as far as it is known."""

from __future__ import annotations

import pytest

from flinktop.engine.judge import Judged
from flinktop.engine.seen_checkpoints import SeenCheckpoint
from flinktop.facts.culprits import checkpoint_of, culprits, culprits_asks, found
from flinktop.flink.checkpoints import CHECKPOINTS, Checkpoint
from flinktop.flink.exceptions import EXCEPTIONS, Fault
from flinktop.flink.jobs import JOB, Job, JobVertex
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.flink.vertices import VERTEX, Attempt, Vertex
from flinktop.judgement.finding import Culprit, Finding, Kind, Severity
from flinktop.judgement.verdict import Verdict
from flinktop.model.faults import FaultGroup
from tests.facts.given import Given


def finding(kind: Kind, *, since: float | None = None, **culprit: object) -> Finding:
    of = Culprit(**culprit)  # type: ignore[arg-type]
    return Finding(kind=kind, severity=Severity.WARNING, words=str(kind), since=since, culprit=of)


def judged(*of_job: Finding, of_cluster: tuple[Finding, ...] = ()) -> Given:
    said = Verdict(
        job="j",
        name="orders",
        state="RUNNING",
        severity=Severity.WARNING,
        kind="skew",
        words="skew",
        findings=of_job,
    )
    return Given(judged=Judged({"j": said}, of_cluster))


def test_findings_of_a_job_come_before_those_of_the_cluster() -> None:
    one, other, memory = finding(Kind.SKEW, vertex="v"), finding(Kind.SKEW, vertex="w"), finding(Kind.MEMORY)
    known = judged(one, other, of_cluster=(memory,))
    assert [row.finding for row in found(known, "j", cluster=True)] == [one, other, memory]
    assert [row.job for row in found(known, "j", cluster=True)] == ["j", "j", ""]
    assert [row.finding for row in found(known, "j", cluster=False)] == [one, other]
    assert [row.finding for row in found(known, "", cluster=True)] == [memory]
    assert found(Given(), "j", cluster=True) == []
    assert len({row.key for row in found(known, "j", cluster=True)}) == 3


def test_a_vertex_its_subtask_and_the_taskmanager_it_runs_on() -> None:
    known = judged(finding(Kind.SKEW, since=5_000.0, vertex="v", vertex_name="Join", subtasks=(2, 3)))
    [row] = found(known, "j", cluster=False)
    unknown = culprits(known, row)
    assert (unknown.vertex, unknown.vertex_name, unknown.taskmanager) == ("v", "Join", None)
    assert set(culprits_asks(known, row)) == {JOB(job="j"), VERTEX(job="j", vertex="v"), TASKMANAGERS()}
    known.answer(
        JOB(job="j"), Job("j", "orders", "RUNNING", vertices=(JobVertex("v", "Join users", parallelism=4),))
    )
    attempts = tuple(Attempt(subtask=index, taskmanager_id=f"tm-{index}") for index in range(4))
    known.answer(VERTEX(job="j", vertex="v"), Vertex(subtasks=attempts))
    of = culprits(known, row)
    assert (of.vertex_name, of.parallelism, of.subtask, of.taskmanager) == ("Join users", 4, 2, "tm-2")
    assert (of.taskmanager_name, of.at) == ("tm-2", 5.0)
    assert "Join users" in of.threads


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (Kind.CHECKPOINTS_FAILING, 8),
        (Kind.CHECKPOINT_OVERDUE, 9),
        (Kind.CHECKPOINT_SLOW, 6),
        (Kind.STATE_GROWING, 6),
        (Kind.SKEW, None),
    ],
)
def test_the_checkpoint_that_shows_it(kind: Kind, number: int | None) -> None:
    known = judged(finding(kind))
    [row] = found(known, "j", cluster=False)
    assert checkpoint_of(known, row) is None
    states = {9: "IN_PROGRESS", 8: "FAILED", 7: "FAILED", 6: "COMPLETED"}
    newest = SeenCheckpoint(Checkpoint(id=10, status="FAILED", is_savepoint=True))
    known.seen = (newest, *(SeenCheckpoint(Checkpoint(id=one, status=of)) for one, of in states.items()))
    assert checkpoint_of(known, row) == number
    assert (CHECKPOINTS(job="j") in culprits_asks(known, row)) == (number is not None)


def test_the_exception_nearest_to_the_time_of_a_failure() -> None:
    known = judged(finding(Kind.RESTART_LOOP, since=1_100.0), finding(Kind.SKEW))
    loop, skew = found(known, "j", cluster=False)
    assert culprits(known, loop).fault is None
    other, late, early = (Fault(timestamp=at) for at in (9_000, 3_000, 1_000))
    known.groups = (
        FaultGroup("other", other, other, 1, (other,)),
        FaultGroup("disk", early, late, 2, (late, early)),
    )
    assert culprits(known, loop).fault == ("disk", 1_000)
    assert culprits(known, skew).fault is None
    assert EXCEPTIONS(job="j") in culprits_asks(known, loop)


def test_the_jobmanager_is_a_culprit_by_its_name() -> None:
    known = judged(of_cluster=(finding(Kind.MEMORY, taskmanager=""),))
    [row] = found(known, "", cluster=True)
    assert culprits(known, row).taskmanager_name == "JobManager"
