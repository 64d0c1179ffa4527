"""The verdict on a job as rows and headers show it: its age, and the order of jobs in a list."""

from __future__ import annotations

import pytest

from flinktop.engine.judge import Judged
from flinktop.facts.jobs import job_facts
from flinktop.facts.verdicts import OLD_VERDICT_SECONDS, job_verdict, order
from flinktop.flink.jobs import JobOverview
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.verdict import Verdict
from tests.facts.given import Given

JOB = JobOverview("j", "orders", "RUNNING", tasks={"running": 2})


def said(
    severity: Severity = Severity.OK, kind: str = "healthy", *, state: str = "RUNNING", at: float = 0.0
) -> Verdict:
    known = kind in [str(one) for one in Kind]
    findings = (Finding(kind=Kind(kind), severity=severity, words=kind),) if known else ()
    return Verdict(
        job="j",
        name="orders",
        state=state,
        severity=severity,
        kind=kind,
        words=kind,
        findings=findings,
        at=at,
    )


def test_a_row_has_the_verdict_on_its_job() -> None:
    known = Given()
    assert job_facts(JOB, known).verdict is None
    known.judged = Judged({"j": said(Severity.WARNING, "skew", at=known.cluster_time() * 1000.0)})
    found = job_facts(JOB, known).verdict
    assert found is not None
    assert (found.kind, found.severity, found.words) == ("skew", Severity.WARNING, "skew")
    assert job_verdict(known, "another") is None


async def test_the_age_of_a_verdict_grows_even_if_the_cluster_is_lost_but_not_for_an_ended_job() -> None:
    known = Given()
    now = known.cluster_time() * 1000.0
    known.judged = Judged({"j": said(at=now), "k": said(kind="finished", state="FINISHED", at=now)})
    await known.clock.advance(OLD_VERDICT_SECONDS)
    found, ended = job_verdict(known, "j"), job_verdict(known, "k")
    assert found is not None
    assert ended is not None
    assert found.age == pytest.approx(OLD_VERDICT_SECONDS)
    assert found.old is None
    assert (ended.age, ended.old) == (None, None)
    await known.clock.advance(1.0)
    found = job_verdict(known, "j")
    assert found is not None
    assert found.old == pytest.approx(OLD_VERDICT_SECONDS + 1.0)


def place(
    verdict: Verdict | None, name: str = "orders", state: str = "RUNNING", **tasks: int
) -> tuple[object, ...]:
    return order(JobOverview("j", name, state, tasks=tasks or {"running": 2}), verdict)


def test_the_worst_come_first_and_of_equals_the_first_cause() -> None:
    in_order = [
        place(said(Severity.CRITICAL, "failed"), state="FAILED"),
        place(said(Severity.CRITICAL, "restart-loop"), "a"),
        place(said(Severity.CRITICAL, "restart-loop"), "b"),
        place(said(Severity.WARNING, "bottleneck")),
        place(said(Severity.WARNING, "skew")),
        place(said(Severity.UNKNOWN, "unknown")),
        place(said(Severity.INFO, "late-records")),
        place(said(Severity.INFO, "checkpoints-off")),
        place(said(Severity.INFO, "failed"), state="FAILED"),
        place(said(kind="starting"), state="CREATED"),
        place(None, "a"),
        place(said(), "b"),
        place(said(kind="finished"), state="FINISHED"),
    ]
    assert sorted([*in_order[1::2], *in_order[::2]]) == in_order


def test_words_and_figures_do_not_change_the_place() -> None:
    one = said(Severity.WARNING, "skew")
    assert place(one) == place(said(Severity.WARNING, "skew", at=5.0))
    assert place(one, running=2) == place(one, running=1, scheduled=1)
