"""When the trouble began, and which vertex and process it leads to."""

from __future__ import annotations

import pytest

from flinktop.bundle.culprit import JOBMANAGER, suspected
from flinktop.bundle.first_failure import first_failure
from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.exceptions import Fault
from flinktop.flink.jobs import Job, JobVertex
from flinktop.flink.vertices import IoMetrics
from flinktop.headless.status_report import ClusterStatus, Status
from flinktop.judgement.finding import Culprit, Finding, Kind, Severity
from flinktop.judgement.verdict import Verdict

MINUTE = 60_000


def fault(
    minute: float, *, task: str | None = "Map (2/4)#3", on: str | None = "tm-1", place: str = "A"
) -> Fault:
    stack = f"java.lang.RuntimeException: {place}\n\tat a.b.{place}(X.java:1)"
    return Fault(
        "java.lang.RuntimeException", stack, int(minute * MINUTE), task_name=task, task_manager_id=on
    )


def failure(first: float, last: float = 0.0, *, on: str = "tm-old") -> Event:
    return Event(
        at=first * MINUTE,
        last=last * MINUTE,
        cluster="c",
        kind=EventKind.FAILURE,
        words="it failed",
        key=str(first),
        taskmanager=on,
    )


def began(faults: list[Fault], events: list[Event]) -> tuple[float, str | None] | None:
    first = first_failure(faults, events)
    return (first.at / MINUTE, first.taskmanager) if first is not None else None


@pytest.mark.parametrize(
    ("faults", "events", "expected"),
    [
        ([], [], None),
        ([fault(100)], [], (100, "tm-1")),
        ([fault(100), fault(95, on="tm-2"), fault(90, on="tm-3")], [], (90, "tm-3")),
        # Another series before it.
        ([fault(100), fault(95, on="tm-2"), fault(20)], [], (95, "tm-2")),
        ([fault(100, on="(unassigned)")], [], (100, None)),
        ([fault(-1), fault(0)], [], None),
        # The journal remembers how the series began.
        ([fault(100)], [failure(80, 95), failure(20, 30)], (80, "tm-old")),
        ([fault(100)], [failure(99), failure(91), failure(85)], (85, "tm-old")),
        ([fault(100)], [failure(20, 30)], (100, "tm-1")),
        ([], [failure(20, 30), failure(5, 6)], (20, "tm-old")),
        ([], [failure(20, 30), failure(13, 14)], (13, "tm-old")),
    ],
)
def test_the_series_that_lasts_began_with_its_first_failure(
    faults: list[Fault], events: list[Event], expected: tuple[float, str | None] | None
) -> None:
    assert began(faults, events) == expected


def test_events_of_other_kinds_are_no_failures() -> None:
    event = Event(at=1.0, cluster="c", kind=EventKind.CHECKPOINT_FAILED, words="x", key="y")
    assert first_failure([], [event]) is None


JOB = Job(
    jid="j",
    vertices=(
        JobVertex(id="v1", name="Source", parallelism=1),
        JobVertex(id="v2", name="Map", parallelism=4, metrics=IoMetrics(accumulated_busy_time=9000.0)),
        JobVertex(id="v3", name="Sink", parallelism=1, metrics=IoMetrics(accumulated_busy_time=8000.0)),
    ),
)


def status(*culprits: Culprit, of_cluster: tuple[Culprit, ...] = ()) -> Status:
    def finding(culprit: Culprit) -> Finding:
        return Finding(kind=Kind.SKEW, severity=Severity.WARNING, words="skew: x", culprit=culprit)

    verdict = Verdict(
        job="j",
        name="n",
        state="RUNNING",
        severity=Severity.WARNING,
        kind="skew",
        words="skew: x",
        findings=tuple(map(finding, culprits)),
    )
    cluster = ClusterStatus(
        target="t", url="u", verdicts=(verdict,), findings=tuple(map(finding, of_cluster))
    )
    return Status(at=0.0, clusters=(cluster,))


def who(
    found: Status | None, job: Job | None, faults: list[Fault]
) -> tuple[str | None, int | None, str | None]:
    culprit = suspected(found, job, faults)
    return culprit.vertex, culprit.subtask, culprit.taskmanager


def test_the_first_finding_with_a_culprit_decides() -> None:
    found = status(Culprit(), Culprit(vertex="v3", vertex_name="Sink", subtasks=(2, 3)), Culprit(vertex="v1"))
    assert who(found, JOB, [fault(1)]) == ("v3", 2, None)
    assert suspected(found, JOB, []).why == "the finding skew leads to it"


def test_a_finding_about_a_process_has_the_vertex_of_the_failure() -> None:
    found = status(Culprit(), of_cluster=(Culprit(taskmanager="tm-9"),))
    assert who(found, JOB, [fault(1)]) == ("v2", None, "tm-9")
    assert who(found, JOB, []) == (None, None, "tm-9")
    assert who(found, None, []) == (None, None, "tm-9")
    assert who(status(Culprit(taskmanager="")), JOB, [])[2] == JOBMANAGER


def test_without_a_finding_it_is_where_the_newest_failure_was() -> None:
    assert who(status(Culprit()), JOB, [fault(2, task=None, on=None), fault(1)]) == ("v2", 1, "tm-1")
    assert who(None, JOB, [fault(1, task="Gone (1/2)#0")]) == (None, None, "tm-1")


def test_without_a_failure_it_is_the_busiest_vertex() -> None:
    assert who(None, JOB, []) == ("v3", None, None)
    assert suspected(None, JOB, []).why == "no finding names a vertex; it has been the busiest one"
    idle = Job(jid="j", vertices=JOB.vertices[:1])
    assert suspected(None, idle, []).why == "no finding names a vertex"
    assert who(None, None, []) == (None, None, None)
