"""Jobs that failed, fail again and again, or restart: by history, by counters, by one look or several."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.flink.checkpoints import Checkpoint, CheckpointStats, CheckpointVertex
from flinktop.flink.exceptions import EXCEPTIONS, Fault, JobExceptions, OldFault
from flinktop.flink.vertices import VERTEX, Attempt, Vertex
from flinktop.judgement import failures
from flinktop.judgement.finding import Culprit, Finding, Severity
from flinktop.judgement.verdict import Memory
from flinktop.model.look import JobLook, Taken
from tests.judgement.looks_failures import (
    MAP,
    MINUTE,
    NOW,
    SECOND,
    SOURCE,
    ago,
    broken,
    done,
    fault,
    findings,
    history,
    job,
    kinds,
    line,
    refused,
    release,
    share,
    stats,
    taskmanager,
    trace,
    vertex,
    watched,
)

OLD = release("1.12")


def only(look: JobLook, before: Memory | None = None) -> Finding:
    found = findings(look, before)
    assert len(found) == 1, kinds(found)
    return found[0]


# -- loops by history ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        pytest.param([fault(60), fault(30), fault(10)], "restart-loop", id="three in ten minutes"),
        pytest.param([fault(9), fault(6), fault(3)], "restart-loop", id="the same subtask every 3 s"),
        pytest.param([fault(610), fault(300), fault(10)], "restart-loop", id="exactly ten minutes"),
        pytest.param([fault(611), fault(300), fault(10)], "restarting", id="a second more"),
        pytest.param([fault(30), fault(10)], "restarting", id="two"),
        pytest.param([fault(10)], "restarting", id="one"),
        pytest.param([fault(600)], "restarting", id="one just within ten minutes"),
        pytest.param([fault(601)], None, id="one just before"),
        pytest.param([fault(900), fault(880), fault(860)], None, id="a loop that is over"),
        pytest.param([fault(30 - n, n) for n in range(4)], "restarting", id="four subtasks at once"),
        pytest.param(
            [fault(300 - n * 100, subtask) for n in range(3) for subtask in (0, 1)],
            "restart-loop",
            id="two subtasks three times",
        ),
        pytest.param([fault(40, 0), fault(29, 1), fault(18, 2)], "restart-loop", id="others, 11 s apart"),
        pytest.param([fault(30, 0), fault(25, 1), fault(20, 2)], "restarting", id="others within 10 s"),
        pytest.param([fault(30, None), fault(20, None), fault(10, None)], "restart-loop", id="unnamed"),
        pytest.param([fault(-1), fault(10)], "restarting", id="one from the future"),
    ],
)
def test_a_loop_is_three_failures_in_ten_minutes(faults: list[Fault], kind: str | None) -> None:
    found = findings(job(faults=faults))
    assert kinds(found) == ([kind] if kind else [])


def attempt(seconds: float, subtask: int, number: int) -> Fault:
    return fault(seconds, task_name=f"Map ({subtask + 1}/4) - execution #{number}")


def test_a_later_attempt_is_a_new_failure_where_all_restart_together() -> None:
    faults = [attempt(15, 0, 0), attempt(10, 1, 1), attempt(5, 2, 2)]
    assert kinds(findings(job(faults=faults))) == ["restart-loop"]
    apart = (vertex(SOURCE), vertex(MAP, inputs=(SOURCE,), strategy="FORWARD"))
    assert kinds(findings(job(faults=faults, vertices=apart))) == ["restarting"]


@pytest.mark.parametrize(
    ("checkpoints", "kind"),
    [
        pytest.param(stats([done(3, 1500)]), "restart-loop", id="none since"),
        pytest.param(stats([done(3, 1500), done(4, 700)]), "restarting", id="one between them"),
        pytest.param(stats([done(4, 1)], total=90), "restarting", id="the history does not reach back"),
        pytest.param(stats([]), "restart-loop", id="none ever"),
    ],
)
def test_three_in_a_row_without_a_checkpoint_are_a_loop(checkpoints: CheckpointStats, kind: str) -> None:
    look = job(faults=[fault(1100), fault(560), fault(20)], checkpoints=checkpoints)
    assert kinds(findings(look))[0] == kind


def test_a_job_without_checkpoints_has_none_between_failures() -> None:
    look = job(faults=[fault(1100), fault(560), fault(20)], without_checkpoints=True)
    assert "restart-loop" in kinds(findings(look))


def test_ten_minutes_of_running_part_the_failures() -> None:
    assert kinds(findings(job(faults=[fault(1300), fault(640), fault(20)], checkpoints=stats([])))) == [
        "restarting"
    ]


def test_a_loop_stays_one_while_its_last_failure_is_recent() -> None:
    look = job(faults=[fault(1500), fault(1490), fault(1480), fault(1000), fault(500)])
    found = only(look)
    assert found.kind == "restart-loop"
    assert found.since == ago(1500)


def test_the_first_failure_is_named_and_later_ones_follow() -> None:
    other = trace("java.net.ConnectException: refused")
    look = job(
        faults=[
            fault(60, 2, task_manager_id="tm-7"),
            fault(40, 0, stacktrace=other),
            fault(20, 1, stacktrace=other),
        ]
    )
    found = only(look)
    assert found.culprit.vertex == MAP
    assert found.culprit.vertex_name == "Map"
    assert found.culprit.subtasks == (2,)
    assert found.culprit.taskmanager == "tm-7"
    assert found.severity is Severity.CRITICAL
    assert found.words == (
        "restart-loop: failed 3 times in 1 m; first: Map, subtask 2 (3/4) on tm-7: "
        "IllegalStateException: cannot read amount; later also ConnectException: refused"
    )
    assert ("causes", "different") in [(one.what, one.value) for one in found.evidence]
    assert ("failures", 3) in [(one.what, one.value) for one in found.evidence]


def test_causes_that_differ_only_in_their_data_are_the_same() -> None:
    look = job(
        faults=[
            fault(60 - n, stacktrace=trace(f"java.lang.IllegalStateException: cannot read {n}"))
            for n in (0, 20, 40)
        ]
    )
    found = only(look)
    assert "later also" not in found.words
    assert ("causes", "all the same") in [(one.what, one.value) for one in found.evidence]


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(job(faults=[fault(300 - 3 * n) for n in range(99)][-16:]), id="sixteen kept"),
        pytest.param(
            job(exceptions=history([fault(30), fault(20), fault(10)], truncated=True)), id="truncated"
        ),
        pytest.param(
            job(faults=[fault(30), fault(20), fault(10)], counters={"numRestarts": 40}), id="more counted"
        ),
    ],
)
def test_where_the_history_is_cut_the_first_is_the_earliest_known(look: JobLook) -> None:
    assert "earliest known failure: Map" in only(look).words


def test_the_first_failure_is_remembered_when_flink_has_dropped_it() -> None:
    first = fault(900, 3, stacktrace=trace("java.io.IOException: the first"))
    before = job(faults=[first, fault(895), fault(890)], now=NOW - 880 * SECOND, checkpoints=stats([]))
    later = job(faults=[fault(48 - 3 * n) for n in range(16)])
    middle = [
        job(faults=[fault(900 - 60 * n), fault(890 - 60 * n)], now=NOW - (880 - 60 * n) * SECOND)
        for n in range(1, 14)
    ]
    found, _ = watched([before, *middle, later])
    assert found[0].kind == "restart-loop"
    assert found[0].culprit.subtasks == (3,)
    assert "the first" in found[0].words
    assert "earliest known" not in found[0].words
    # Each look found others, and none of those before: there may have been more of them in between.
    assert found[0].words.startswith("restart-loop: failed more than 44 times in 15 m")
    figures = {one.what: one.value for one in found[0].evidence}
    assert (figures["failures"], figures["within"]) == (44, 900)


def test_a_new_loop_has_its_own_first_failure() -> None:
    first = job(faults=[fault(1900, 3), fault(1890), fault(1880)], now=NOW - 1870 * SECOND)
    quiet = [
        job(faults=[fault(1900, 3), fault(1890), fault(1880)], now=NOW - seconds * SECOND)
        for seconds in (1500, 1200, 900, 600, 300)
    ]
    again = job(faults=[fault(1900, 3), fault(1890), fault(1880), *(fault(n, 0) for n in (30, 20, 10))])
    found, _ = watched([first, *quiet, again])
    assert found[0].culprit.subtasks == (0,)


def test_vertices_of_one_name_leave_the_vertex_open() -> None:
    look = job(
        faults=[fault(10)], vertices=[vertex(SOURCE, name="Map"), vertex(MAP, name="Map", inputs=(SOURCE,))]
    )
    found = only(look)
    assert found.culprit.vertex is None
    assert found.culprit.vertex_name == "Map"


# -- the root exception --------------------------------------------------------------------------------


def test_while_restarting_the_root_exception_counts() -> None:
    """Up to 1.20 the newest failure may not be in the history yet."""
    newest = trace("java.lang.IllegalStateException: now")
    exceptions = history(
        [fault(60), fault(30)],
        root_exception=newest,
        timestamp=ago(2),
        all_exceptions=(OldFault(exception=newest, task="Map (2/4)", timestamp=ago(2)),),
    )
    look = job(
        "RESTARTING",
        exceptions=exceptions,
        features=release("1.14"),
        since={"RUNNING": 40, "RESTARTING": 2},
    )
    assert only(look).kind == "restart-loop"


def test_a_root_exception_that_the_history_has_counts_once() -> None:
    exceptions = history([fault(60), fault(30)], root_exception=trace(), timestamp=ago(29.5))
    assert only(job(exceptions=exceptions)).kind == "restarting"


# -- restarting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        pytest.param(job("RESTARTING", since={"RUNNING": 99, "RESTARTING": 5}), "restarting", id="now"),
        pytest.param(job("FAILING", since={"RUNNING": 99}), "restarting", id="failing over"),
        pytest.param(job(since={"RUNNING": 500, "RESTARTING": 505}), "restarting", id="restarted"),
        pytest.param(job(since={"RUNNING": 601, "RESTARTING": 605}), None, id="restarted long ago"),
        pytest.param(
            job(since={"RUNNING": 500, "RESTARTING": 1300}, faults=[fault(1300)]),
            "restarting",
            id="restarted late",
        ),
        pytest.param(
            job("RESTARTING", adaptive=True, since={"RUNNING": 99}), None, id="may be a rescale, adaptive"
        ),
        pytest.param(
            job("RESTARTING", adaptive=True, since={"RUNNING": 99, "RESTARTING": 30}), None, id="30 s"
        ),
        pytest.param(
            job("RESTARTING", adaptive=True, since={"RUNNING": 99, "RESTARTING": 31}), "restarting", id="31 s"
        ),
        pytest.param(
            job("RESTARTING", adaptive=True, since={"RUNNING": 99, "CANCELLING": 31}),
            "restarting",
            id="31 s since its tasks are canceled",
        ),
        pytest.param(
            job(adaptive=True, since={"RUNNING": 10}, counters={"numRestarts": 9}),
            None,
            id="rescales count as restarts",
        ),
        pytest.param(
            job(adaptive=True, faults=[fault(20, None)]), "restarting", id="adaptive, in the history"
        ),
        pytest.param(
            job("RESTARTING", adaptive=True, since={"RUNNING": 99}, faults=[fault(9000)]),
            None,
            id="a rescale long after a failure",
        ),
        pytest.param(job("FINISHED", faults=[fault(20)]), None, id="finished"),
        pytest.param(job("CANCELED", faults=[fault(20)]), None, id="canceled"),
    ],
)
def test_restarting(look: JobLook, kind: str | None) -> None:
    assert kinds(findings(look)) == ([kind] if kind else [])


def test_the_adaptive_scheduler_restarts_after_30_s_of_looks_too() -> None:
    """Its times are those of the new graph: RESTARTING has none."""
    looks = [
        job("RESTARTING", adaptive=True, since={}, now=NOW - seconds * SECOND) for seconds in (32, 20, 10, 0)
    ]
    found, _ = watched(looks)
    assert kinds(found) == ["restarting"]
    found, _ = watched(looks[:-1])
    assert not found


def test_a_batch_job_restarts_too() -> None:
    assert kinds(findings(job(faults=[fault(10)], batch=True))) == ["restarting"]


# -- counters ------------------------------------------------------------------------------------------


def counted(values: dict[float, float], name: str = "numRestarts", **more: object) -> list[JobLook]:
    """Looks at a job without a history, by seconds ago: its counter."""
    return [
        job(features=OLD, counters={name: value}, now=NOW - seconds * SECOND, **more)  # type: ignore[arg-type]
        for seconds, value in sorted(values.items(), reverse=True)
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        pytest.param({40: 10, 20: 11, 10: 12, 0: 13}, "restart-loop", id="rises by three"),
        pytest.param({20: 10, 10: 13, 0: 13}, "restart-loop", id="three between two looks"),
        pytest.param({40: 10, 20: 11, 10: 12, 0: 12}, "restarting", id="by two"),
        pytest.param({40: 10, 20: 0, 10: 1, 0: 2}, "restarting", id="fell, then by two"),
        pytest.param({40: 10, 20: 0, 10: 0, 0: 0}, None, id="fell"),
        pytest.param({700: 9, 640: 10, 300: 10, 10: 10, 0: 10}, None, id="long ago"),
        pytest.param({40: 10, 0: 10}, None, id="stands still"),
    ],
)
def test_before_1_13_the_counter_tells(values: dict[float, float], kind: str | None) -> None:
    found, _ = watched(counted(values))
    assert kinds(found) == ([kind] if kind else [])


def test_full_restarts_count_in_1_9() -> None:
    found, _ = watched(counted({20: 0, 10: 2, 0: 4}, "fullRestarts"))
    assert kinds(found) == ["restart-loop"]
    assert found[0].words == "restart-loop: restarted 4 times in 10 s"


def test_an_exception_seen_once_is_remembered_where_there_is_no_history() -> None:
    """1.9 tells a failure only as long as the task is not deployed again."""
    seen = JobExceptions(all_exceptions=(OldFault(exception=trace(), task="Map (4/4)", timestamp=ago(20)),))
    first, *rest = counted({20: 0, 10: 2, 0: 4}, exceptions=JobExceptions())
    found, _ = watched([replace(first, exceptions=Taken(seen, first.now)), *rest])
    assert found[0].kind == "restart-loop"
    assert found[0].culprit.subtasks == (3,)
    assert "earliest known failure: Map, subtask 3 (4/4)" in found[0].words


def test_subtasks_that_restart_apart_count_once_a_look() -> None:
    """A lost TaskManager restarts each chain of its own: that is one failure."""
    apart = (vertex(SOURCE), vertex(MAP, inputs=(SOURCE,), strategy="FORWARD"))
    found, _ = watched(counted({20: 0, 10: 8, 0: 8}, vertices=apart))
    assert kinds(found) == ["restarting"]
    found, _ = watched(counted({30: 0, 20: 8, 10: 16, 0: 24}, vertices=apart))
    assert kinds(found) == ["restart-loop"]


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        pytest.param(
            job(
                features=OLD,
                counters={"numRestarts": 3},
                started=600,
                since={"RUNNING": 5, "RESTARTING": 8},
            ),
            "restart-loop",
            id="three in ten minutes",
        ),
        pytest.param(
            job(
                features=OLD,
                counters={"numRestarts": 3},
                started=610,
                since={"RUNNING": 5, "RESTARTING": 8},
            ),
            "restarting",
            id="three in a little more",
        ),
        pytest.param(
            job(
                features=OLD,
                counters={"numRestarts": 30},
                started=1500,
                since={"RUNNING": 700, "RESTARTING": 703},
            ),
            None,
            id="none within ten minutes",
        ),
        pytest.param(
            job(
                features=release("1.9"),
                counters={"fullRestarts": 5},
                started=600,
                vertices=line(map=vertex(MAP, inputs=(SOURCE,), start_time=ago(9))),
            ),
            "restart-loop",
            id="1.9 restarts while RUNNING",
        ),
        pytest.param(
            job(
                features=release("1.14"),
                adaptive=True,
                counters={"numRestarts": 5},
                started=600,
                since={"RUNNING": 5, "RESTARTING": 8},
            ),
            "restart-loop",
            id="adaptive before 1.16",
        ),
        pytest.param(
            job(counters={"numRestarts": 30}, started=600, since={"RUNNING": 5, "RESTARTING": 8}),
            "restarting",
            id="a history is there to be asked",
        ),
    ],
)
def test_one_look_at_a_counter(look: JobLook, kind: str | None) -> None:
    assert kinds(findings(look)) == ([kind] if kind else [])


def test_without_a_readable_history_the_counter_tells() -> None:
    looks = [
        job(counters={"numRestarts": value}, errors=refused(EXCEPTIONS.path), now=NOW - seconds * SECOND)
        for seconds, value in ((20.0, 0.0), (10.0, 2.0), (0.0, 4.0))
    ]
    found, _ = watched(looks)
    assert kinds(found) == ["restart-loop"]


def test_rescales_are_no_restarts_from_2_0_on() -> None:
    looks = [
        job(
            adaptive=True,
            features=release("2.1"),
            counters={"numRestarts": value, "numRescales": value},
            errors=refused(EXCEPTIONS.path),
            now=NOW - seconds * SECOND,
        )
        for seconds, value in ((20.0, 0.0), (10.0, 2.0), (0.0, 4.0))
    ]
    found, _ = watched(looks)
    assert not found


# -- where a failure comes from ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "says", "taskmanager"),
    [
        (
            "java.util.concurrent.TimeoutException: Heartbeat of TaskManager with id tm-3 timed out.",
            "TaskManager tm-3 was lost",
            "tm-3",
        ),
        (
            (
                "org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id "
                "10.0.0.7:6122-aa01(10.0.0.7:6122) is no longer reachable."
            ),
            "TaskManager 10.0.0.7:6122-aa01 was lost",
            "10.0.0.7:6122-aa01",
        ),
        (
            (
                "org.apache.flink.runtime.io.network.netty.exception.RemoteTransportException: Connection "
                "unexpectedly closed by remote task manager '10.0.0.7/10.0.0.7:4 [ 10.0.0.7:6122-aa01 ] '. "
                "This might indicate that the remote task manager was lost."
            ),
            "TaskManager 10.0.0.7:6122-aa01 was lost",
            "10.0.0.7:6122-aa01",
        ),
        (
            "org.apache.flink.util.FlinkException: The TaskExecutor is shutting down.",
            "TaskManager tm-own was lost",
            "tm-own",
        ),
        (
            (
                "org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException: Could not "
                "acquire the minimum required resources."
            ),
            "not enough slots",
            "tm-own",
        ),
        ("org.apache.flink.util.FlinkException: Job was canceled by user", "canceled by a user", "tm-own"),
        (
            "com.shop.BadOrder: order 17 was cancelled by user",
            "Map, subtask 1 (2/4) on tm-own: BadOrder: order 17",
            "tm-own",
        ),
        (
            "org.elasticsearch.transport.RemoteTransportException: Kafka is no longer reachable",
            "Map, subtask 1 (2/4) on tm-own: RemoteTransportException: Kafka is",
            "tm-own",
        ),
        ("com.shop.BadOrder: no amount", "Map, subtask 1 (2/4) on tm-own: BadOrder: no amount", "tm-own"),
    ],
)
def test_what_comes_from_outside_is_told_apart(message: str, says: str, taskmanager: str) -> None:
    found = only(job(faults=[fault(10, stacktrace=trace(message), task_manager_id="tm-own")]))
    assert says in found.words
    assert found.culprit.taskmanager == taskmanager


def test_failed_checkpoints_that_fail_the_job_name_who_did_not_acknowledge() -> None:
    bad = broken(12, 11)
    look = job(
        faults=[
            fault(
                10,
                None,
                stacktrace=trace(
                    "org.apache.flink.FlinkRuntimeException: Exceeded checkpoint tolerable failure threshold."
                ),
            )
        ],
        checkpoints=stats([done(11, 30), bad]),
        checkpoint_details={12: _details(12, share(SOURCE, 4) | share(MAP, 0))},
    )
    found = findings(look)
    assert kinds(found) == ["restarting"]
    assert found[0].culprit.vertex == MAP
    assert found[0].culprit.subtasks == (0, 1, 2, 3)
    assert "did not acknowledge" in found[0].words


def _details(number: int, tasks: dict[str, CheckpointVertex]) -> Taken[Checkpoint]:
    return Taken(broken(number, 11, tasks=tasks), NOW)


def test_a_taskmanager_is_found_by_the_address_of_the_task() -> None:
    """Before 1.17 a failure has host and port only."""
    look = job(
        faults=[fault(10, location="h1:41001")],
        taskmanagers={one: taskmanager(one) for one in ("h1", "h2")},
    )
    assert only(look).culprit.taskmanager == "h1"


# -- failed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({}, Severity.CRITICAL),
        ({"replaced": True}, Severity.INFO),
        ({"features": release("1.20", history_server=True)}, Severity.INFO),
    ],
)
def test_failed_jobs(more: dict[str, object], severity: Severity) -> None:
    suppressed = (
        "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy\n"
        "\tat org.apache.flink.A.b(A.java:1)\nCaused by: " + trace()
    )
    look = job(
        "FAILED",
        since={"RUNNING": 99, "FAILED": 42},
        faults=[fault(80), fault(42, 3, stacktrace=suppressed, task_manager_id="tm-1")],
        **more,  # type: ignore[arg-type]
    )
    found = only(look)
    assert found.kind == "failed"
    assert found.severity is severity
    assert found.words == "failed: Map, subtask 3 (4/4) on tm-1: IllegalStateException: cannot read amount"
    assert found.since == ago(42)


def test_the_reason_may_stand_beside_the_exception_that_gives_up() -> None:
    gives_up = fault(
        9,
        None,
        stacktrace="org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestart",
        concurrent_exceptions=(fault(9, 2),),
    )
    found = only(job("FAILED", faults=[gives_up]))
    assert "IllegalStateException: cannot read amount" in found.words
    assert found.culprit.subtasks == (2,)


def test_a_failed_job_whose_exceptions_are_not_known() -> None:
    assert only(job("FAILED")).words == "failed: the job ended FAILED"
    late = job("FAILED", faults=[], since={"FAILED": 60})
    assert only(late).words.endswith("Flink keeps no exception of it")
    early = job("FAILED", faults=[], since={"FAILED": 3})
    assert only(early).words == "failed: the job ended FAILED"


def test_a_job_that_ended_has_nothing_left_of_what_was_wrong_before() -> None:
    looks = [job(faults=[fault(30), fault(20), fault(10)]), job("CANCELED", faults=[fault(10)])]
    assert not watched(looks)[0]
    assert not watched([looks[0], job("CANCELLING", faults=[fault(30), fault(20), fault(10)])])[0]


# -- the adaptive scheduler names no task --------------------------------------------------------------


def unnamed(seconds: float, state: str, tasks: dict[str, int], *faults: Fault, **more: Any) -> JobLook:
    """A look so many seconds ago at a job of the adaptive scheduler."""
    found = vertex(MAP, tasks, inputs=(SOURCE,))
    attempts = tuple(
        Attempt(subtask=n, status="FAILED" if n == 2 else "CANCELED", taskmanager_id="tm-5") for n in range(4)
    )
    if "FAILED" in tasks:
        found = replace(found, subtasks=Taken(Vertex(subtasks=attempts), NOW))
    return job(
        state, adaptive=True, vertices=line(map=found), faults=faults, now=NOW - seconds * SECOND, **more
    )


def test_the_task_that_was_seen_failed_is_named() -> None:
    broke = {"FAILED": 1, "CANCELED": 3}
    looks = [
        unnamed(25, "RESTARTING", broke, fault(26, None), since={"CANCELLING": 26}),
        unnamed(15, "RUNNING", {"RUNNING": 4}, fault(26, None), fault(16, None)),
        unnamed(0, "RUNNING", {"RUNNING": 4}, fault(26, None), fault(16, None), fault(6, None)),
    ]
    found, _ = watched(looks)
    assert found[0].kind == "restart-loop"
    assert found[0].culprit == Culprit(vertex=MAP, vertex_name="Map", subtasks=(2,), taskmanager="tm-5")
    assert "first: Map, subtask 2 (3/4) on tm-5: IllegalStateException" in found[0].words
    assert watched(looks[1:])[0][0].culprit == Culprit()


def test_the_task_of_a_failed_job_is_that_which_is_failed() -> None:
    look = unnamed(0, "FAILED", {"FAILED": 1, "CANCELED": 3}, fault(26, None), since={"FAILED": 26})
    assert only(look).culprit.subtasks == (2,)
    assert VERTEX in [one.query.endpoint for one in failures.asks(look, {})]


# -- asks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "every"),
    [
        (job(), None),
        (job(counters={"numRestarts": 0.0}), None),
        (job(counters={"numRestarts": 2.0}), 300),
        (job(counters={"numRestarts": 2.0}, faults=[]), None),
        (job(faults=[fault(20)]), 30),
        (job("RESTARTING"), 5),
        (job("RESTARTING", faults=[fault(9), fault(6), fault(3)]), 30),
        (job("FAILED"), 4),
        (job("FAILED", faults=[fault(60)], since={"FAILED": 60}), 86_400),
        (job("FAILED", faults=[], since={"FAILED": 2}), 4),
        (job("FAILED", since={"FAILED": 600}), 10),
        (job(faults=[fault(200)], since={"RUNNING": 2, "RESTARTING": 3}), 5),
        (job("FINISHED"), None),
        (job("CANCELED"), None),
    ],
)
def test_exceptions_are_asked_for_as_often_as_they_matter(look: JobLook, every: float | None) -> None:
    found = [one.every for one in failures.asks(look, {}) if one.query.endpoint is EXCEPTIONS]
    assert found == ([every] if every is not None else [])


def test_a_counter_that_moved_is_a_reason_to_ask() -> None:
    _, memory = watched(
        [job(counters={"numRestarts": value}, now=NOW - 10 * SECOND * (1 - value)) for value in (0.0, 1.0)]
    )
    (ask,) = failures.asks(job(), memory.trails)
    assert ask.every == 5
    later = job(faults=[], now=NOW + 10 * SECOND)
    (ask,) = failures.asks(later, memory.trails)
    assert ask.every == 30


# -- odd answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        Fault(),
        Fault(timestamp=ago(5)),
        fault(5, task="x" * 10_000),
        fault(5, stacktrace="\n" * 10_000),
        fault(5, stacktrace="Caused by: " * 2000),
        Fault(timestamp=ago(5), task_name="(0/0)"),
        Fault(timestamp=ago(5), task_name="Map (0/4)"),
        fault(5, location="(unassigned)"),
        fault(5, location=":"),
        fault(5, stacktrace=trace("TaskManager with id " + "(" * 5000)),
    ],
)
@pytest.mark.parametrize("state", ["RUNNING", "RESTARTING", "FAILED"])
def test_odd_exceptions_do_no_harm(one: Fault, state: str) -> None:
    for exceptions in (history([one] * 4), JobExceptions(root_exception=one.stacktrace, timestamp=-1)):
        for finding in findings(job(state, exceptions=exceptions, vertices=[])):
            assert len(finding.words) < 600


def test_the_words_are_short_and_the_culprit_is_whole() -> None:
    name = "very long " * 1000
    found = only(job(faults=[fault(5, task=name.strip())], vertices=[vertex(MAP, name=name.strip())]))
    assert found.culprit.vertex_name == name.strip()
    assert len(found.words) < 400


def test_minutes_are_the_clusters() -> None:
    look = job(faults=[fault(60)], now=NOW + 20 * MINUTE)
    assert not [one for one in kinds(findings(look)) if one in {"restarting", "restart-loop"}]


def test_a_well_known_failure_is_named_with_what_to_do_first() -> None:
    stack = trace(
        "java.io.IOException: Insufficient number of network buffers: required 513, but only 80 available."
    )
    found = only(job(faults=[fault(20, stacktrace=stack, task_manager_id="tm-1")]))
    assert found.kind == "restarting"
    assert "Insufficient number of network buffers" in found.words
    assert "(Too few network buffers)" in found.words
    assert found.next.startswith("Raise taskmanager.memory.network.fraction")
    means = [one.value for one in found.evidence if one.what == "means"]
    assert len(means) == 1
    assert "513 required, 80 free" in str(means[0])


def test_what_nobody_knows_is_not_explained() -> None:
    found = only(job(faults=[fault(20)]))
    assert found.next == "open the job's exceptions: the cause and where the program threw it"
    assert "means" not in [one.what for one in found.evidence]
