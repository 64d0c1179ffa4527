"""Thirteen jobs on one overview, ten of them ill: each is named 30 s after its hold at the latest."""

from __future__ import annotations

import pytest

from flinktop.engine.budget import ASKS_A_MINUTE
from flinktop.engine.engine import Engine
from flinktop.engine.sweep import SECONDS, figures_of
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.judgement.verdict import Verdict
from tests.judgement.labels import Label, labels
from tests.judgement.recording import CASES, load
from tests.judgement.side_by_side import TOGETHER, SideBySide
from tests.manual_clock import ManualClock

RELEASE = "2.3.0"
LATE = 30.0
"""Seconds after the hold within which a verdict must be there."""


@pytest.mark.deep
async def test_each_of_thirteen_jobs_is_named_in_time() -> None:
    clock = ManualClock()
    cluster = SideBySide([load(CASES / f"{RELEASE}-{case}.jsonl") for case in TOGETHER], clock)
    engine = Engine(Connection("http://jm:8081"), clock, transport=cluster, jitter=lambda: 1.0)
    engine.start()
    engine.poller.watch(JOBS_OVERVIEW())
    engine.poller.watch(OVERVIEW())
    for job in cluster.names.values():
        for query in figures_of(job):
            engine.poller.watch(query, SECONDS, passing=True)
    wanted = {one.case: one for one in labels() if one.release == RELEASE and one.case in TOGETHER}
    late: dict[str, str] = {}
    for _ in range(120):
        await clock.advance(1.0)
        assert engine.judge.budget.spent <= ASKS_A_MINUTE
        for case, label in tuple(wanted.items()):
            verdict = engine.judge.judged.verdicts.get(cluster.names[case])
            if verdict is not None and _is_right(label, verdict):
                del wanted[case]
            elif cluster.recorded_time(case, clock.now()) > label.at + LATE and case not in late:
                late[case] = verdict.words if verdict is not None else "not judged"
    await engine.stop()
    assert late == {}
    assert wanted == {}


def _is_right(label: Label, verdict: Verdict) -> bool:
    """Whether kind, vertex and subtasks are what the job was made to do."""
    if verdict.kind != label.kind or label.vertex is None:
        return verdict.kind == label.kind
    culprit = verdict.findings[0].culprit
    same = label.subtasks is None or set(culprit.subtasks) == set(label.subtasks)
    return same and (culprit.vertex_name or "").startswith(label.vertex)
