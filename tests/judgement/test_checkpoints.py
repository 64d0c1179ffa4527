"""Checkpoints that fail, are overdue or slow, are off, and state that grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.flink.checkpoints import (
    CHECKPOINT,
    CHECKPOINT_SUBTASKS,
    Alignment,
    Checkpoint,
    CheckpointConfig,
    CheckpointSubtask,
    CheckpointSubtasks,
    Phases,
)
from flinktop.flink.numbers import LONG_MAX
from flinktop.judgement import checkpoints
from flinktop.judgement.checkpoint_record import counts
from flinktop.judgement.finding import Finding, Severity
from flinktop.model.look import JobLook, Taken
from tests.judgement.looks_failures import (
    CONFIG,
    MAP,
    NOW,
    SINK,
    SOURCE,
    ago,
    broken,
    done,
    findings,
    job,
    kinds,
    line,
    release,
    share,
    stats,
    under_way,
    vertex,
    watched,
)

MB = 1024 * 1024


UNREACHED = "Trigger checkpoint failure."
"""A TaskManager that was killed can't be told to begin."""


MINUTELY = replace(CONFIG, interval=60_000)


def look_at(*entries: Checkpoint, **more: Any) -> JobLook:
    return job(checkpoints=stats(entries, total=more.pop("total", None)), **more)


def of(kind: str, look: JobLook) -> list[Finding]:
    return [one for one in findings(look) if one.kind == kind]


# -- failing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "severity"),
    [
        pytest.param(
            [done(1, 30), broken(2, 20), broken(3, 10), broken(4, 1)], Severity.CRITICAL, id="three"
        ),
        pytest.param([done(1, 20), broken(2, 10), broken(3, 1)], Severity.WARNING, id="two"),
        pytest.param([done(1, 20), broken(2, 10)], Severity.WARNING, id="one"),
        pytest.param([broken(1, 20), broken(2, 10), done(3, 1)], None, id="one has completed since"),
        pytest.param([done(1, 20), broken(2, 10), under_way(3, 1)], Severity.WARNING, id="one in progress"),
        pytest.param([done(1, 20), broken(2, 10, is_savepoint=True)], None, id="a savepoint"),
        pytest.param(
            [broken(1, 30), done(2, 20, is_savepoint=True)], Severity.WARNING, id="only a savepoint completed"
        ),
        pytest.param(
            [
                broken(1, 40),
                broken(2, 30, "The job has failed."),
                broken(3, 20),
                broken(4, 19, "Checkpoint was declined (tasks not ready)"),
                broken(5, 10),
            ],
            Severity.CRITICAL,
            id="what does not count parts none",
        ),
        pytest.param([], None, id="none at all"),
    ],
)
def test_failing_by_the_entries_of_the_history(
    entries: Sequence[Checkpoint], severity: Severity | None
) -> None:
    found = of("checkpoints-failing", look_at(*entries))
    assert [one.severity for one in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("entries", "severity"),
    [
        pytest.param([done(1, 70), broken(2, 60, UNREACHED)], None, id="its restart comes within a minute"),
        pytest.param(
            [broken(1, 2, "Task received cancellation from one of its inputs")],
            None,
            id="it has just started",
        ),
        pytest.param(
            [done(1, 70), *(broken(2 + n, 50 - 10 * n, UNREACHED) for n in range(4))], None, id="also of many"
        ),
        pytest.param(
            [done(1, 70), broken(2, 61, UNREACHED)], Severity.WARNING, id="no restart came within a minute"
        ),
        pytest.param(
            [done(1, 99), broken(2, 61, UNREACHED), broken(3, 31, UNREACHED), broken(4, 1, UNREACHED)],
            Severity.CRITICAL,
            id="it fails on and on",
        ),
        pytest.param(
            [done(1, 70), broken(2, 50), broken(3, 40, UNREACHED)], Severity.WARNING, id="another one failed"
        ),
    ],
)
def test_one_that_cannot_reach_a_taskmanager_announces_a_restart(
    entries: Sequence[Checkpoint], severity: Severity | None
) -> None:
    found = of("checkpoints-failing", look_at(*entries))
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_a_completed_one_that_the_history_has_lost_still_counts() -> None:
    look = job(checkpoints=stats([broken(3, 10)], completed=done(4, 2)))
    assert not of("checkpoints-failing", look)


@pytest.mark.parametrize(
    ("message", "counted"),
    [
        ("Checkpoint expired before completing.", True),
        ("Checkpoint was declined.", True),
        ("Asynchronous task checkpoint failed.", True),
        ("Failure to finalize checkpoint.", True),
        ("An Exception occurred while triggering the checkpoint. IO-problem detected.", True),
        ("Task local checkpoint failure.", True),
        ("Task received cancellation from one of its inputs", True),
        (None, True),
        ("The job has failed.", False),
        ("Task has failed.", False),
        ("FailoverRegion is restarting.", False),
        ("Checkpoint Coordinator is suspending.", False),
        ("CheckpointCoordinator shutdown.", False),
        ("Periodic checkpoint scheduler is shutdown", False),
        ("Periodic checkpoint scheduler is shut down.", False),
        ("Not all required tasks are currently running.", False),
        ("Checkpoint was declined (tasks not ready)", False),
        ("Checkpoint was declined (task is closing)", False),
        ("TaskManager received a checkpoint request for unknown task 0a76_0_1. Failure reason: …", False),
        ("Checkpoint has been subsumed.", False),
        ("Checkpoint was canceled because a barrier from newer checkpoint was received.", False),
        ("The TaskExecutor is shutting down.", False),
    ],
)
def test_which_failures_count(message: str | None, *, counted: bool) -> None:
    assert (
        counts(broken(1, 5, failure_message=message) if message is None else broken(1, 5, message)) is counted
    )


def detailed(entry: Checkpoint, **shares: int) -> Taken[Checkpoint]:
    """Its details: acknowledged subtasks, of four, by vertex."""
    names = {"source": SOURCE, "map": MAP, "sink": SINK}
    tasks: dict[str, Any] = {}
    for name, acknowledged in shares.items():
        tasks |= share(names[name], acknowledged)
    return Taken(replace(entry, tasks=tasks), NOW)


def test_who_did_not_acknowledge_and_why() -> None:
    bad = broken(5, 2, num_subtasks=12, num_acknowledged_subtasks=6)
    parts = CheckpointSubtasks(
        subtasks=tuple(
            CheckpointSubtask(index=n, status="completed" if n in {0, 3} else "pending_or_failed")
            for n in range(4)
        )
    )
    look = look_at(
        done(4, 40),
        bad,
        checkpoint_details={5: detailed(bad, source=4, map=2, sink=0)},
        checkpoint_subtasks={(5, MAP): Taken(parts, NOW)},
    )
    (found,) = of("checkpoints-failing", look)
    assert found.culprit.vertex == MAP
    assert found.culprit.vertex_name == "Map"
    assert found.culprit.subtasks == (1, 2)
    assert found.words == (
        "checkpoints-failing: the last checkpoint failed: Checkpoint expired before completing; "
        "not acknowledged by Map, subtasks 1-2 (2-3/4)"
    )
    assert ("acknowledgements missing", "6 of 12") in [(one.what, one.value) for one in found.evidence]
    assert found.since == ago(2)


def test_a_well_known_reason_says_what_it_means_and_what_to_do() -> None:
    (found,) = of(
        "checkpoints-failing", look_at(broken(5, 2, "java.io.IOException: No space left on device"))
    )
    assert found.words.endswith("failed: No space left on device (Disk full)")
    assert ("Disk full", "There is no space left on a disk.") in [
        (one.what, one.value) for one in found.evidence
    ]
    assert found.next.startswith("Free or enlarge the disk")


def test_a_reason_that_is_not_known_leads_to_the_log() -> None:
    (found,) = of("checkpoints-failing", look_at(broken(5, 2, "com.acme.Closed: no more of these")))
    assert found.words.endswith("no more of these")
    assert found.next == "open the checkpoint, and the log of the TaskManager that declined it"


def test_what_a_subtask_reports_when_it_aborts_is_no_acknowledgement() -> None:
    """1.14 calls it completed."""
    bad = broken(5, 2, num_subtasks=12, num_acknowledged_subtasks=9)
    parts = CheckpointSubtasks(
        subtasks=tuple(CheckpointSubtask(index=n, status="completed", aborted=n == 1) for n in range(4))
    )
    look = look_at(
        done(4, 40),
        bad,
        checkpoint_details={5: detailed(bad, source=4, map=3, sink=2)},
        checkpoint_subtasks={(5, MAP): Taken(parts, NOW)},
    )
    (found,) = of("checkpoints-failing", look)
    assert found.culprit.subtasks == (1,)


def test_the_message_may_name_the_task_that_declined() -> None:
    bad = broken(
        5,
        2,
        "Could not complete snapshot 5 for operator Map (3/4)#1. Failure reason: Checkpoint was declined.",
    )
    (found,) = of("checkpoints-failing", look_at(done(4, 40), bad))
    assert found.culprit.vertex == MAP
    assert found.culprit.subtasks == (2,)


def test_a_cut_history_says_or_more() -> None:
    look = look_at(*(broken(n, 100 - n) for n in range(20, 30)), total=99)
    (found,) = of("checkpoints-failing", look)
    assert "the last 10 or more checkpoints failed" in found.words
    assert found.since == ago(7199)
    look = job(checkpoints=stats([broken(n, 100 - n) for n in range(20, 30)], completed=done(9, 400)))
    (found,) = of("checkpoints-failing", look)
    assert found.since == ago(400)


def test_one_failed_checkpoint_is_looked_into_until_its_subtasks_are_known() -> None:
    """Where checkpoints fail every few seconds the newest is always another one."""
    older, newer = broken(5, 4), broken(6, 1)
    look = look_at(
        done(4, 40), older, newer, checkpoint_details={5: detailed(older, source=4, map=2, sink=0)}
    )
    assert asked(look) == [("5", ""), ("5", MAP), ("5", SINK)]
    (found,) = of("checkpoints-failing", look)
    assert found.culprit.vertex == MAP
    old = Taken(replace(older, tasks=share(MAP, 2)), NOW - 601_000)
    assert asked(replace(look, checkpoint_details={5: old})) == [("6", "")]


def test_who_failed_them_is_looked_for_anew_before_flink_forgets_it() -> None:
    failed = [broken(number, 80 - 10 * number) for number in range(1, 8)]
    known = {1: detailed(failed[0], source=4, map=2, sink=0)}
    look = look_at(*failed, checkpoint_details=known)
    assert {number for number, _ in asked(look)} == {"1", "7"}
    (found,) = of("checkpoints-failing", look)
    assert found.culprit.vertex == MAP


@pytest.mark.parametrize("state", ["FINISHED", "FAILED", "CANCELED", "CANCELLING"])
def test_an_ended_job_has_no_failing_checkpoints(state: str) -> None:
    assert not of("checkpoints-failing", look_at(broken(1, 9), state=state))


def test_a_batch_job_has_no_failing_checkpoints() -> None:
    assert not of("checkpoints-failing", look_at(broken(1, 9), batch=True))


# -- overdue -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "severity"),
    [
        pytest.param(look_at(done(1, 31)), Severity.WARNING, id="3 x 10 s and a second"),
        pytest.param(look_at(done(1, 30)), None, id="3 x 10 s"),
        pytest.param(look_at(done(1, 100)), Severity.WARNING, id="10 x 10 s"),
        pytest.param(look_at(done(1, 101)), Severity.CRITICAL, id="a second more"),
        pytest.param(
            look_at(done(1, 31), config=replace(CONFIG, interval=1000)), Severity.WARNING, id="30 s at least"
        ),
        pytest.param(look_at(done(1, 30), config=replace(CONFIG, interval=1000)), None, id="30 s"),
        pytest.param(
            look_at(done(1, 101), config=replace(CONFIG, interval=1000)), Severity.CRITICAL, id="101 s"
        ),
        pytest.param(
            look_at(done(1, 119, took=30), config=replace(CONFIG, min_pause=10_000)),
            None,
            id="3 x (10 + 30 s)",
        ),
        pytest.param(
            look_at(done(1, 121, took=30), config=replace(CONFIG, min_pause=10_000)),
            Severity.WARNING,
            id="a second more than that",
        ),
        pytest.param(
            look_at(done(1, 500), since={"RUNNING": 29, "RESTARTING": 33}, started=5000), None, id="restarted"
        ),
        pytest.param(look_at(since={"RUNNING": 31}, started=32), Severity.WARNING, id="none since the start"),
        pytest.param(look_at(since={"RUNNING": 29}, started=30), None, id="just started"),
        pytest.param(
            look_at(under_way(1, 110), since={"RUNNING": 120}, started=121), None, id="the first takes 110 s"
        ),
        pytest.param(
            look_at(under_way(1, 111), since={"RUNNING": 121}, started=122),
            Severity.WARNING,
            id="a second more",
        ),
        pytest.param(
            look_at(under_way(1, 390), since={"RUNNING": 401}, started=402), Severity.CRITICAL, id="and more"
        ),
        pytest.param(
            look_at(under_way(1, 150), since={"RUNNING": 181}, started=182, config=MINUTELY),
            Severity.WARNING,
            id="the first of one a minute",
        ),
        pytest.param(
            look_at(done(1, 60), under_way(2, 50), since={"RUNNING": 31}, started=500),
            Severity.WARNING,
            id="the first after a restart, of which it is known how long it takes",
        ),
        pytest.param(look_at(done(1, 99), done(2, 1, is_savepoint=True)), Severity.WARNING, id="a savepoint"),
        pytest.param(
            look_at(done(1, 99), vertices=line(map=vertex(MAP, {"RUNNING": 3, "SCHEDULED": 1}))),
            None,
            id="not all tasks run",
        ),
        pytest.param(look_at(done(1, 999), backlog_interval=True), Severity.INFO, id="backlog interval"),
        pytest.param(look_at(done(1, 999), config=None), None, id="its interval is not known"),
        pytest.param(look_at(done(1, 999), batch=True), None, id="batch"),
        pytest.param(look_at(done(1, 999), state="RESTARTING"), None, id="restarting"),
        pytest.param(look_at(done(1, 999), since={}), None, id="since when it runs is not known"),
    ],
)
def test_overdue(look: JobLook, severity: Severity | None) -> None:
    found = of("checkpoint-overdue", look)
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_overdue_names_who_holds_the_one_in_progress() -> None:
    slow = under_way(2, 60, num_subtasks=12, num_acknowledged_subtasks=4)
    (found,) = of(
        "checkpoint-overdue",
        look_at(done(1, 65), slow, checkpoint_details={2: detailed(slow, source=4, map=0, sink=0)}),
    )
    assert found.culprit.vertex == MAP
    assert found.culprit.subtasks == (0, 1, 2, 3)
    assert found.words == (
        "checkpoint-overdue: none completed for 1 m, expected every 10 s; checkpoint 2 is in progress "
        "for 1 m; not acknowledged by Map, subtasks 0-3 (1-4/4)"
    )
    assert found.since == ago(35)


def test_a_savepoint_in_progress_is_said() -> None:
    (found,) = of("checkpoint-overdue", look_at(done(1, 60), under_way(2, 40, is_savepoint=True)))
    assert "savepoint 2 is in progress" in found.words


@pytest.mark.parametrize(
    ("features", "config", "named"),
    [
        (release("1.12"), CONFIG, True),
        (release("1.14"), replace(CONFIG, checkpoints_after_tasks_finish=False), True),
        (release("1.14"), replace(CONFIG, checkpoints_after_tasks_finish=True), False),
        (release("1.20"), replace(CONFIG, checkpoints_after_tasks_finish=True), False),
        (release("1.20"), CONFIG, False),
    ],
)
def test_a_finished_source_ends_checkpoints_up_to_1_14(
    features: Any, config: CheckpointConfig, *, named: bool
) -> None:
    vertices = line(source=vertex(SOURCE, {"FINISHED": 4}))
    (found,) = of(
        "checkpoint-overdue", look_at(done(1, 60), features=features, config=config, vertices=vertices)
    )
    assert ("has finished, and with it the checkpoints" in found.words) is named
    assert found.culprit.vertex == (SOURCE if named else None)


def test_the_time_counts_from_when_all_tasks_ran() -> None:
    waiting = line(map=vertex(MAP, {"INITIALIZING": 4}, inputs=(SOURCE,)))
    common: dict[str, Any] = {"since": {"RUNNING": 110}, "started": 111, "checkpoints": stats([])}
    looks = [
        job(vertices=waiting, now=NOW - 30_000, **common),
        job(vertices=waiting, now=NOW - 20_000, **common),
        job(now=NOW - 10_000, vertices=_started(100), **common),
        job(vertices=_started(100), **common),
    ]
    assert not watched(looks)[0]


def _started(seconds: float) -> Any:
    return tuple(
        vertex(number, inputs=inputs, start_time=ago(seconds))
        for number, inputs in ((SOURCE, ()), (MAP, (SOURCE,)), (SINK, (MAP,)))
    )


# -- slow ----------------------------------------------------------------------------------------------


def took(*seconds: float, **more: Any) -> JobLook:
    """Checkpoints of so many seconds each, the oldest first."""
    count = len(seconds)
    return look_at(
        *(done(n + 1, 10 * (count - n) - 8, took=length) for n, length in enumerate(seconds)), **more
    )


@pytest.mark.parametrize(
    ("look", "slow"),
    [
        (took(1, 6, 6, 6), True),
        (took(1, 6, 6), False),
        (took(6, 6, 5, 6, 6), False),
        (took(6, 6, 6, 1, 1), True),
        (took(6, 6, 6, 1, 1, 1), False),
        (took(5.0, 5.0, 5.0), False),
        (took(5.001, 5.001, 5.001), True),
        (took(6, 6, 6, config=None), False),
        (took(6, 6, 6, state="RESTARTING", adaptive=True), False),
    ],
)
def test_slow_is_over_half_of_the_interval_three_times(look: JobLook, *, slow: bool) -> None:
    found = of("checkpoint-slow", look)
    assert bool(found) is slow
    assert all(one.severity is Severity.INFO for one in found)


def test_the_slowest_subtask_and_its_longest_phase_are_named() -> None:
    look = took(6, 6, 6)
    newest = done(3, 2, took=6)
    tasks = share(SOURCE, 4, end_to_end_duration=100) | share(MAP, 4, end_to_end_duration=6000)
    parts = CheckpointSubtasks(
        status="COMPLETED",
        subtasks=(
            CheckpointSubtask(index=0, status="completed", end_to_end_duration=90),
            CheckpointSubtask(
                index=1,
                status="completed",
                end_to_end_duration=6000,
                checkpoint=Phases(10, 200),
                alignment=Alignment(duration=90),
                start_delay=5700,
            ),
        ),
    )
    look = replace(
        look,
        checkpoint_details={3: Taken(replace(newest, tasks=tasks), NOW)},
        checkpoint_subtasks={(3, MAP): Taken(parts, NOW)},
    )
    (found,) = of("checkpoint-slow", look)
    assert found.culprit.vertex == MAP
    assert found.culprit.subtasks == (1,)
    assert "slowest Map, subtask 1 (2/4), start delay 5.7 s" in found.words
    assert "backpressure" in found.next


def test_what_was_known_while_it_was_in_progress_names_nobody() -> None:
    """Then only the quick subtasks had acknowledged."""
    look = took(6, 6, 6)
    early = replace(done(3, 2, took=6), status="IN_PROGRESS", tasks=share(MAP, 4, end_to_end_duration=20))
    quick = CheckpointSubtask(index=0, status="completed", end_to_end_duration=20)
    parts = CheckpointSubtasks(status="IN_PROGRESS", subtasks=(quick,))
    look = replace(
        look,
        checkpoint_details={3: Taken(early, NOW)},
        checkpoint_subtasks={(3, MAP): Taken(parts, NOW)},
    )
    (found,) = of("checkpoint-slow", look)
    assert found.culprit.subtasks == ()


# -- off -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "off"),
    [
        (job(), False),
        (job(config=CheckpointConfig(mode="exactly_once", interval=LONG_MAX), checkpoints=stats([])), True),
        (job(without_checkpoints=True, config=None), True),
        (job(config=None), False),
        (job(config=CheckpointConfig()), False),
        (job(without_checkpoints=True, batch=True), False),
        (job("CREATED", without_checkpoints=True, config=None, adaptive=None), False),
        (job("FINISHED", without_checkpoints=True, config=None), False),
    ],
)
def test_checkpoints_off(look: JobLook, *, off: bool) -> None:
    assert bool(of("checkpoints-off", look)) is off


# -- growing -------------------------------------------------------------------------------------------


def sizes(*megabytes: float, reported: bool = True, **more: Any) -> JobLook:
    return look_at(
        *(
            done(
                n + 1,
                10 * (len(megabytes) - n) - 8,
                state_size=int(size * MB),
                checkpointed_size=1000 if reported else None,
            )
            for n, size in enumerate(megabytes)
        ),
        **more,
    )


@pytest.mark.parametrize(
    ("look", "growing"),
    [
        pytest.param(sizes(*range(20, 36, 2)), True, id="eight, from 20 to 34"),
        pytest.param(sizes(*range(20, 34, 2)), False, id="seven"),
        pytest.param(sizes(30, 32, 34, 36, 38, 40, 42, 45), False, id="by a half"),
        pytest.param(sizes(30, 32, 34, 36, 38, 40, 42, 45.1), True, id="by a little more"),
        pytest.param(sizes(1, 2, 3, 4, 5, 6, 7, 11), False, id="by 10 MB"),
        pytest.param(sizes(20, 22, 24, 26, 25, 28, 30, 40), False, id="shrank once"),
        pytest.param(sizes(20, 22, 24, 26, 26, 28, 30, 40), False, id="stood still once"),
        pytest.param(sizes(*range(20, 36, 2), reported=False), False, id="1.14 has incremental sizes only"),
    ],
)
def test_state_growing(look: JobLook, *, growing: bool) -> None:
    assert bool(of("state-growing", look)) is growing


def test_the_vertex_that_holds_most_is_named() -> None:
    look = sizes(*range(20, 36, 2))
    tasks = share(SOURCE, 4, state_size=10) | share(MAP, 4, state_size=33 * MB)
    look = replace(look, checkpoint_details={8: Taken(done(8, 2, tasks=tasks), NOW)})
    (found,) = of("state-growing", look)
    assert found.culprit.vertex == MAP
    assert "from 20 MB to 34 MB over 8 checkpoints" in found.words


# -- asks ----------------------------------------------------------------------------------------------


def asked(look: JobLook) -> list[tuple[str, str]]:
    found = []
    for one in checkpoints.asks(look, {}):
        ids = dict(one.query.ids)
        found.append((ids["checkpoint"], ids.get("vertex", "")))
        assert one.query.endpoint in {CHECKPOINT, CHECKPOINT_SUBTASKS}
    return found


def test_what_is_asked() -> None:
    bad = broken(5, 2)
    slow = under_way(6, 60)
    assert asked(job()) == []
    assert asked(look_at(done(4, 9), bad)) == [("5", "")]
    known = look_at(done(4, 9), bad, checkpoint_details={5: detailed(bad, source=4, map=2, sink=0)})
    assert asked(known) == [("5", ""), ("5", MAP), ("5", SINK)]
    assert asked(look_at(done(4, 90), slow)) == [("6", "")]
    assert asked(took(6, 6, 6)) == [("3", "")]
    assert asked(sizes(*range(20, 36, 2))) == [("8", "")]
    assert asked(look_at(bad, state="FINISHED")) == []


# -- odd answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        Checkpoint(),
        Checkpoint(id=-1, status="FAILED"),
        Checkpoint(id=5, status="FAILED", failure_message="x" * 100_000),
        Checkpoint(id=5, status="FAILED", failure_message="for operator " + "(" * 20_000),
        Checkpoint(id=5, status="COMPLETED"),
        Checkpoint(id=5, status="IN_PROGRESS"),
        Checkpoint(id=5, status="UNHEARD_OF"),
    ],
)
def test_odd_checkpoints_do_no_harm(entry: Checkpoint) -> None:
    look = look_at(
        entry,
        entry,
        done(3, 100),
        checkpoint_details={5: detailed(entry, source=9, map=0)},
        checkpoint_subtasks={(5, MAP): Taken(CheckpointSubtasks(), NOW)},
        vertices=[vertex(MAP, name="n" * 10_000)],
    )
    list(checkpoints.asks(look, {}))
    for one in findings(look):
        assert len(one.words) < 700


def test_a_healthy_job_has_nothing() -> None:
    assert kinds(findings(job())) == []
