"""Verdicts that a test makes up: the judge of the app says them instead of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from flinktop.engine.budget import Budget
from flinktop.engine.judge import Judged
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.verdict import Verdict
from tests.ui.day import Day


def finding(kind: Kind, severity: Severity = Severity.WARNING, words: str = "", **rest: Any) -> Finding:
    """A finding whose words begin with its kind."""
    return Finding(kind=kind, severity=severity, words=f"{kind}: {words}" if words else str(kind), **rest)


def verdict(
    day: Day, job: str, *findings: Finding, kind: str = "healthy", state: str = "RUNNING", age: float = 0.0
) -> Verdict:
    """The verdict on a job, as of `age` seconds ago; without findings `kind` is said of it."""
    first = findings[0] if findings else None
    return Verdict(
        job=job,
        name=job,
        state=state,
        severity=first.severity if first is not None else Severity.OK,
        kind=str(first.kind) if first is not None else kind,
        words=first.words if first is not None else kind,
        findings=findings,
        at=(day.port.cluster_time() - age) * 1000.0,
    )


@contextmanager
def asks_nothing() -> Iterator[None]:
    """The judge judges what is answered and asks for nothing: for tests that look at what others ask.

    Its own asks have a budget (flinktop/engine/budget.py), and would move the times at which panels ask.
    """
    with mock.patch.object(Budget, "spend"):
        yield


async def say(day: Day, verdicts: Iterable[Verdict], of_cluster: Iterable[Finding] = ()) -> None:
    """Show these verdicts and no others; all other jobs stay as they are."""
    judge = day.port.engine.judge
    known: Mapping[str, Verdict] = judge.judged.verdicts
    judge.judged = Judged({**known, **{one.job: one for one in verdicts}}, tuple(of_cluster))
    # It would judge anew every few seconds.
    judge.round = mock.Mock()  # type: ignore[method-assign]
    day.app.screen.tick()  # type: ignore[attr-defined]
    await day.settled()
