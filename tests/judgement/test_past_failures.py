"""Failures beyond what Flink keeps: how many, since when, and whether some were missed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from flinktop.flink.exceptions import Fault, JobExceptions, OldFault
from flinktop.judgement.finding import Finding
from flinktop.judgement.remembered import OfJob, job_memory, of_job
from flinktop.judgement.verdict import Memory, judge_job
from flinktop.model.look import JobLook
from tests.judgement.looks_failures import (
    JOB,
    MAP,
    MINUTE,
    NOW,
    SECOND,
    SOURCE,
    ago,
    fault,
    job,
    kinds,
    release,
    trace,
    vertex,
)

KEPT = 16
HOUR = 3600


def loop(seconds: float, *, begun: float, every: float = 30, **more: object) -> JobLook:
    """A look so many seconds ago at a job that has failed since `begun`, with what Flink keeps then."""
    whole = [begun - every * n for n in range(int((begun - seconds) / every) + 1)]
    faults = [_of_loop(at, first=at == begun) for at in whole if at >= seconds]
    given = {"checkpoints": None, "without_checkpoints": True, **more}
    counters = {"numRestarts": float(len(faults))}
    return job(faults=faults[-KEPT:], now=NOW - seconds * SECOND, counters=counters, **given)  # type: ignore[arg-type]


def _of_loop(seconds: float, *, first: bool) -> Fault:
    return fault(seconds, 3, stacktrace=trace("java.io.IOException: the first")) if first else fault(seconds)


def watched(looks: Iterable[JobLook], memory: Memory | None = None) -> tuple[tuple[Finding, ...], Memory]:
    found: tuple[Finding, ...] = ()
    memory = memory or Memory()
    for look in looks:
        verdict, memory = judge_job(look, memory)
        found = verdict.findings
    return found, memory


def restarted(memory: Memory, at: float, now: float) -> Memory:
    """What is known of a job after a restart of flinktop that ended at `at` and began at `now` (s ago)."""
    kept = msgspec.json.encode(of_job(memory, NOW - at * SECOND))
    return job_memory(msgspec.json.decode(kept, type=OfJob), NOW - now * SECOND)


def test_a_loop_is_counted_beyond_flinks_history() -> None:
    found, _ = watched(loop(seconds, begun=2 * HOUR) for seconds in range(7000, -1, -200))
    assert found[0].words.startswith("restart-loop: failed 241 times in 2 h; first: Map, subtask 3 (4/4)")
    assert found[0].since == ago(2 * HOUR)
    figures = {one.what: one.value for one in found[0].evidence}
    assert (figures["failures"], figures["within"]) == (241, 7200)
    assert figures["mean time between failures"] == 30
    assert figures["causes"] == "different"
    assert "IOException" in str(figures["cause"])


def test_it_goes_on_after_a_restart_of_flinktop() -> None:
    _, memory = watched(loop(seconds, begun=2 * HOUR) for seconds in range(7000, 399, -200))
    found, _ = watched([loop(0, begun=2 * HOUR)], restarted(memory, 400, 0))
    assert found[0].words.startswith("restart-loop: failed 241 times in 2 h; first: Map, subtask 3 (4/4)")


def test_what_was_remembered_is_said_before_flink_has_answered_its_exceptions() -> None:
    _, memory = watched(loop(seconds, begun=2 * HOUR) for seconds in range(7000, 399, -200))
    unread = job(now=NOW - 300 * SECOND, without_checkpoints=True)
    found, _ = watched([unread], restarted(memory, 400, 300))
    assert found[0].words.startswith("restart-loop: failed 227 times in 1 h 55 m")


def test_failures_that_nobody_saw_are_said_to_be_missed() -> None:
    """Ten minutes without a look: Flink has dropped what came first in them."""
    _, memory = watched(loop(seconds, begun=2 * HOUR) for seconds in range(7000, 999, -200))
    found, _ = watched([loop(450, begun=2 * HOUR)], restarted(memory, 1000, 450))
    assert found[0].words.startswith("restart-loop: failed more than 223 times in 1 h 52 m; first: Map")
    assert "mean time between failures" not in {one.what for one in found[0].evidence}
    found, _ = watched([loop(300, begun=2 * HOUR)], _)
    assert found[0].words.startswith("restart-loop: failed more than 228 times in 1 h 55 m; first: Map")


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        pytest.param(True, "failed more than 123 times in 2 h; first: Map", id="rose"),
        pytest.param(False, "failed 16 times in 7 m; earliest known failure: Map", id="unknown"),
    ],
)
def test_over_an_hour_without_looks_it_is_the_same_loop_if_the_counter_rose(
    *, counted: bool, words: str
) -> None:
    _, memory = watched(loop(seconds, begun=2 * HOUR) for seconds in range(7000, 3999, -200))
    later = loop(0, begun=2 * HOUR)
    if not counted:
        later = msgspec.structs.replace(later, metrics={})
    found, _ = watched([later], restarted(memory, 4000, 0))
    assert found[0].words.startswith(f"restart-loop: {words}")


def test_a_loop_that_was_over_is_not_revived() -> None:
    _, memory = watched(loop(seconds, begun=2 * HOUR) for seconds in range(7000, 3999, -200))
    before = [2 * HOUR - 30 * n for n in range(107)]
    again = [*(fault(at) for at in before[-KEPT + 1 :]), fault(40)]
    found, _ = watched([job(faults=again)], restarted(memory, 4000, 0))
    assert found[0].words.startswith("restarting: the job has restarted; Map, subtask 1")
    assert found[0].since == ago(40)
    found, after = watched([job(faults=[])], restarted(memory, 4000, 0))
    assert not found
    assert of_job(after, NOW).failures is None


def test_one_that_failed_again_while_nobody_looked_begins_anew_where_it_ran_before() -> None:
    _, memory = watched(loop(seconds, begun=2 * HOUR) for seconds in range(7000, 3999, -200))
    faults = [fault(30 * n) for n in range(KEPT)]
    found, _ = watched([job(faults=faults, counters={"numRestarts": 3.0})], restarted(memory, 4000, 0))
    assert found[0].words.startswith("restart-loop: failed 16 times in 7 m; earliest known failure: Map")


def test_a_loop_stays_one_when_flink_has_dropped_what_made_it_one() -> None:
    burst = [fault(9000 - 10 * n) for n in range(3)]
    slow = [fault(8700 - 590 * n) for n in range(15)]
    looks = []
    for seconds in range(8900, 400, -100):
        known = [one for one in (*burst, *slow) if one.timestamp <= NOW - seconds * SECOND][-4:]
        looks.append(job(faults=known, now=NOW - seconds * SECOND))
    found, memory = watched(looks)
    assert kinds(found) == ["restart-loop"]
    assert found[0].since == ago(9000)
    found, _ = watched([job(faults=slow[-4:], now=NOW - 430 * SECOND)], restarted(memory, 500, 430))
    assert kinds(found) == ["restart-loop"]


def test_a_recovered_job_goes_on_with_what_its_first_jobmanager_had() -> None:
    """With high availability the id stays; the next JobManager has an empty history."""
    _, memory = watched(loop(seconds, begun=2 * HOUR) for seconds in range(7000, 99, -100))
    found, memory = watched([job(faults=[], now=NOW - 50 * SECOND)], memory)
    assert found[0].words.startswith("restart-loop: failed 237 times in 1 h 59 m; first: Map")
    found, _ = watched([job(faults=[fault(10)], checkpoints=None, without_checkpoints=True)], memory)
    assert found[0].words.startswith("restart-loop: failed more than 238 times in 2 h; first: Map")


def test_causes_of_failures_that_flink_has_dropped_are_named() -> None:
    looks = []
    for seconds in range(3000, -1, -100):
        faults = [
            fault(at, stacktrace=trace(f"java.io.IOException: the {'odd' if at == 2000 else 'same'}"))
            if at != 2000
            else fault(at, stacktrace=trace("java.lang.OutOfMemoryError: Java heap space"))
            for at in range(3000, int(seconds) - 1, -50)
        ]
        looks.append(job(faults=faults[-KEPT:], now=NOW - seconds * SECOND, without_checkpoints=True))
    found, _ = watched(looks)
    assert "later also OutOfMemoryError: Java heap space" in found[0].words


def _old(seconds: float, restarts: float, failed: float | None) -> JobLook:
    """A look at 1.12, which has the newest failure alone."""
    newest = trace(f"java.io.IOException: at {failed}")
    exceptions = (
        JobExceptions(
            root_exception=newest,
            timestamp=ago(failed),
            all_exceptions=(OldFault(exception=newest, task="Map (2/4)", timestamp=ago(failed)),),
        )
        if failed is not None
        else JobExceptions()
    )
    return job(
        exceptions=exceptions,
        features=release("1.12"),
        counters={"numRestarts": restarts},
        now=NOW - seconds * SECOND,
        started=90 * 60 * 60,
        vertices=(vertex(SOURCE), vertex(MAP, inputs=(SOURCE,))),
    )


def test_without_a_history_the_counter_and_the_first_exception_are_remembered() -> None:
    looks = [_old(seconds, 50 + (7000 - seconds) // 50, seconds + 5) for seconds in range(7000, 99, -100)]
    found, memory = watched([_old(7100, 50, None), *looks])
    assert found[0].words.startswith(
        "restart-loop: restarted 138 times in 1 h 53 m; earliest known failure: Map"
    )
    assert "IOException: at 7005" in found[0].words
    found, _ = watched([_old(40, 190, None)], restarted(memory, 100, 40))
    assert found[0].words.startswith(
        "restart-loop: restarted 140 times in 1 h 54 m; earliest known failure: Map"
    )
    # An hour without looks: the counter tells how many, if there were enough not to part them.
    found, _ = watched([_old(-3600, 260, -3590)], restarted(memory, 100, -3600))
    assert found[0].words.startswith("restart-loop: restarted 210 times in 2 h")
    found, _ = watched([_old(-3600, 189, -3590)], restarted(memory, 100, -3600))
    assert kinds(found) == ["restarting"]


def test_what_is_kept_is_small_and_holds_no_stack_and_no_name() -> None:
    name = "Source: " + "a very long statement " * 200
    faults = [fault(at, task=name) for at in range(3000, -1, -10)]
    looks = [
        job(
            faults=[one for one in faults if one.timestamp <= NOW - seconds * SECOND][-KEPT:],
            now=NOW - seconds * SECOND,
            without_checkpoints=True,
        )
        for seconds in range(3000, -1, -50)
    ]
    found, memory = watched(looks)
    assert "failed 301 times" in found[0].words
    kept = msgspec.json.encode(of_job(memory, NOW).failures)
    assert len(kept) < 10_000
    assert kept.count(b"a very long statement") <= 200
    assert b"\\tat" not in kept
    assert JOB.encode() not in kept


def test_minutes_apart_is_one_loop_and_eleven_minutes_are_not() -> None:
    looks = [
        job(faults=[fault(at)], now=NOW - (at - 5) * SECOND, without_checkpoints=True)
        for at in (2000, 1450, 900)
    ]
    found, _ = watched(looks)
    assert found[0].kind == "restart-loop"
    assert found[0].since == ago(2000)
    apart = [job(faults=[fault(at)], now=NOW - (at - 5) * SECOND) for at in (2400, 1700)]
    found, _ = watched(apart)
    assert found[0].since == NOW - 1700 * SECOND
    assert NOW - found[0].since < 30 * MINUTE
