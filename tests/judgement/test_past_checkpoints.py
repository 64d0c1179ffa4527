"""Checkpoints that failed in a row, beyond the ten that Flink keeps."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from flinktop.flink.checkpoints import Checkpoint
from flinktop.judgement.finding import Finding, Severity
from flinktop.judgement.remembered import OfJob, job_memory, of_job
from flinktop.judgement.verdict import Memory, judge_job
from flinktop.model.look import JobLook
from tests.judgement.looks_failures import NOW, SECOND, ago, broken, done, job, stats

KEPT = 10
SUSPENDED = "Checkpoint Coordinator is suspending."


def failing(
    seconds: float, *, since: int = 3, ok: Iterable[int] = (), aborted: Iterable[int] = ()
) -> JobLook:
    """A look so many seconds ago: checkpoint n came 10 n s after NOW less an hour; all fail from one on."""
    found: list[Checkpoint] = []
    for number in range(1, int((3600 - seconds) / 10) + 1):
        at = 3600 - 10 * number
        if number < since or number in ok:
            found.append(done(number, at))
        else:
            found.append(broken(number, at, **({"why": SUSPENDED} if number in aborted else {})))
    newest = next((one for one in reversed(found) if one.status == "COMPLETED"), None)
    known = stats(found[-KEPT:], total=len(found), completed=newest)
    return job(checkpoints=known, now=NOW - seconds * SECOND)


def watched(looks: Iterable[JobLook], memory: Memory | None = None) -> tuple[Finding | None, Memory]:
    found: tuple[Finding, ...] = ()
    memory = memory or Memory()
    for look in looks:
        verdict, memory = judge_job(look, memory)
        found = verdict.findings
    return next((one for one in found if one.kind == "checkpoints-failing"), None), memory


def restarted(memory: Memory, at: float, now: float) -> Memory:
    """What is known of a job after a restart of flinktop that ended at `at` and began at `now` (s ago)."""
    kept = msgspec.json.encode(of_job(memory, NOW - at * SECOND))
    return job_memory(msgspec.json.decode(kept, type=OfJob), NOW - now * SECOND)


def words(found: Finding | None) -> str:
    assert found is not None
    return found.words


def test_they_are_counted_beyond_flinks_history() -> None:
    found, _ = watched(failing(seconds) for seconds in range(3580, -1, -60))
    assert words(found).startswith("checkpoints-failing: the last 354 checkpoints failed: Checkpoint expired")
    assert found is not None
    assert (found.since, found.severity) == (ago(3570), Severity.CRITICAL)
    assert ("failed in a row", 354) in [(one.what, one.value) for one in found.evidence]


def test_it_goes_on_after_a_restart_of_flinktop() -> None:
    _, memory = watched(failing(seconds) for seconds in range(3580, 99, -60))
    found, _ = watched([failing(60)], restarted(memory, 100, 60))
    assert words(found).startswith("checkpoints-failing: the last 352 checkpoints failed")
    assert found is not None
    assert found.since == ago(3570)


def test_a_gap_without_looks_is_said() -> None:
    _, memory = watched(failing(seconds) for seconds in range(3580, 1999, -60))
    seen, memory = watched([failing(1800)], memory)
    assert words(seen).startswith("checkpoints-failing: the last 166 or more checkpoints failed")
    found, _ = watched([failing(0)], restarted(memory, 1800, 0))
    assert words(found).startswith("checkpoints-failing: the last 176 or more checkpoints failed")
    assert found is not None
    assert found.since == ago(3570)


def test_without_memory_it_is_as_flink_has_it() -> None:
    found, _ = watched([failing(0)])
    assert words(found).startswith("checkpoints-failing: the last 10 or more checkpoints failed")


def test_one_that_completed_meanwhile_ends_the_row() -> None:
    _, memory = watched(failing(seconds) for seconds in range(3580, 1999, -60))
    found, after = watched([failing(0, ok={300})], restarted(memory, 2000, 0))
    assert words(found).startswith("checkpoints-failing: the last 10 or more checkpoints failed")
    found, after = watched([failing(-10, ok={361})], after)
    assert found is None
    assert of_job(after, NOW).checkpoints is None
    found, _ = watched([failing(0, ok={358})], restarted(memory, 2000, 0))
    assert words(found).startswith("checkpoints-failing: the last 2 checkpoints failed")
    assert found is not None
    assert (found.since, found.severity) == (ago(10), Severity.WARNING)


def test_aborted_ones_do_not_count_and_are_no_gap() -> None:
    _, memory = watched(failing(seconds, aborted=range(10, 300)) for seconds in range(3580, 599, -60))
    found, memory = watched([failing(550, aborted=range(10, 300))], memory)
    assert words(found).startswith("checkpoints-failing: the last 13 checkpoints failed")
    found, _ = watched([failing(500, aborted=range(10, 300))], restarted(memory, 550, 500))
    assert words(found).startswith("checkpoints-failing: the last 18 checkpoints failed")


def test_where_only_aborted_ones_are_left_nothing_is_said() -> None:
    _, memory = watched(failing(seconds) for seconds in range(3580, 3499, -20))
    found, _ = watched([failing(0, aborted=range(12, 400))], restarted(memory, 3500, 0))
    assert found is None
