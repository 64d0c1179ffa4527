"""200 random savepoints on a bad link, cut, delayed, killed: none doubled, none lost, none told wrong."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from flinktop.engine.acts.job_acts import Savepoint, SavepointAndCancel, Stop
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import Operation, State
from tests.engine.acting import FORGETS_AFTER, JOB, Desk, JobManager, desk, process
from tests.manual_clock import ManualClock

pytestmark = pytest.mark.deep

RUNS = 200
PARTS = 10
ID = "1" * 32
LATEST = 45.0
"""Seconds that a request may be under way: less than flinktop's patience."""


@dataclass
class Link:
    """A link with random faults, the more the worse it is; it is good until something is sent that acts."""

    chance: random.Random
    badness: float
    acted: bool = False

    def __call__(self, method: str, path: str) -> str:
        del path
        self.acted = self.acted or method != "GET"
        if not self.acted or self.chance.random() >= self.badness:
            return ""
        if method == "GET":
            return self.chance.choice(["refused", "cut before", "cut after", "503"])
        late = f"late {self.chance.uniform(0.0, LATEST):.1f}"
        return self.chance.choice(["cut after", "cut before", late, "refused"])


async def one_run(seed: int, state: Path) -> tuple[str, JobManager]:
    """One savepoint, with all that happens to it; what became of it, judged by what the JobManager did."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    jobmanager = JobManager(ManualClock(), chance.choice(["1.9.3", "1.14.6", "1.20.5", "2.3.0"]))
    jobmanager.takes = chance.choice([0.0, 2.0, 20.0, 200.0])
    jobmanager.fails = "no space left on device" if chance.random() < 0.15 else None
    link = Link(chance, chance.choice([0.0, 0.3, 0.6]))
    act = chance.choice([Savepoint, SavepointAndCancel, Stop])(JOB, "orders")
    pid = 1
    at = _flinktop(jobmanager, state, pid)
    jobmanager.fault = link
    at.operations.submit(act, ID)
    if chance.random() < 0.9:
        await at.quiet()
    for _ in range(chance.randrange(4)):
        await at.advance(chance.choice([0.0, 1.0, 10.0, 60.0]), 1.0)
        await at.operations.cancel_all()
        if at.ledger is not None:
            at.ledger.close()
        pid += 1
        if chance.random() < 0.15:
            jobmanager.restart()
        if chance.random() < 0.1:
            await jobmanager.clock.advance(FORGETS_AFTER + 200.0)
        at = _flinktop(jobmanager, state, pid)
    link.badness = min(link.badness, 0.3)
    await at.quiet()
    ended = await _ended(at)
    jobmanager.catch_up()
    await at.operations.cancel_all()
    if at.ledger is not None:
        at.ledger.close()
    return _judged(ended, jobmanager), jobmanager


def _flinktop(jobmanager: JobManager, state: Path, pid: int) -> Desk:
    return desk(jobmanager, Ledger(state / "operations.db", process(pid), lambda other: other == pid))


async def _ended(at: Desk) -> Operation | None:
    """The operation at its end; None when it was killed before it was written down."""
    await at.quiet()
    if not any(one.id == ID for one in at.operations.view.all):
        await at.advance(5.0)
    if not any(one.id == ID for one in at.operations.view.all):
        return None
    return await at.until_ended(ID, 7200.0)


def _judged(ended: Operation | None, jobmanager: JobManager) -> str:
    """How it ended; raises where that is not what the JobManager did."""
    made = jobmanager.savepoints
    assert len(made) <= 1, "doubled"
    complete = [one.path for one in made if one.status(jobmanager.clock.now()) == "COMPLETED"]
    if ended is None or ended.state is State.REFUSED:
        assert not made, "made, and nobody knows"
        return "not sent"
    if ended.state is State.DONE:
        assert ended.result.savepoint in complete, "told wrong: there is no such savepoint"
        return "done"
    if ended.state is State.FAILED:
        if complete:
            assert ended.result.savepoint == complete[0], "lost: it failed, and the savepoint is not told"
        if ended.result.savepoint is None and made:
            assert made[0].fails or made[0].aborted, "told wrong: it has not failed"
        return "failed"
    assert ended.state is State.LOST
    forgotten = made and jobmanager.restarts > 0
    assert not made or forgotten, f"lost: Flink knew of it, {ended.reason}"
    return "lost, forgotten by Flink" if made else "lost on the way"


@pytest.mark.deep(cases=10)
@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.deep) for part in range(1, PARTS))]
)
async def test_no_operation_is_doubled_lost_or_misreported(tmp_path: Path, part: int) -> None:
    """In parts, which may run side by side; the first is one of the fast tests."""
    outcomes: Counter[str] = Counter()
    for seed in range(part * RUNS // PARTS, (part + 1) * RUNS // PARTS):
        try:
            outcome, _ = await one_run(seed, tmp_path / str(seed))
        except AssertionError as error:
            raise AssertionError(f"run {seed}: {error}") from error
        outcomes[outcome] += 1
    assert sum(outcomes.values()) == RUNS // PARTS
    assert outcomes["done"] > RUNS // PARTS // 4, outcomes
    assert len(outcomes) >= 3, outcomes
