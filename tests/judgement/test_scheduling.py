"""Jobs without slots, slow starts, and jobs below the parallelism that they want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from flinktop.flink.checkpoints import Restored
from flinktop.flink.rescale import RESOURCE_REQUIREMENTS, Bounds, VertexRequirements
from flinktop.flink.vertices import SUBTASK_TIMES, SubtaskTimes
from flinktop.judgement import scheduling
from flinktop.judgement.finding import Finding, Severity
from flinktop.judgement.verdict import Memory, judge_job
from flinktop.model.look import JobLook, Taken
from tests.judgement.looks_failures import (
    MAP,
    NOW,
    SECOND,
    SINK,
    SOURCE,
    ago,
    done,
    fault,
    findings,
    job,
    kinds,
    line,
    release,
    stats,
    taskmanager,
    times,
    vertex,
    watched,
)

MANY = 3 * 1024**3


def without_slots(seconds: float, *, waiting: int = 2, times_at: float = NOW, **more: Any) -> JobLook:
    """A job of which two tasks have waited for so long."""
    entered = [times(n, CREATED=seconds, SCHEDULED=seconds) for n in range(waiting)]
    entered += [times(n, CREATED=300, SCHEDULED=300, DEPLOYING=300, RUNNING=299) for n in range(waiting, 4)]
    tasks = {"SCHEDULED": waiting, "RUNNING": 4 - waiting}
    return job(
        **{
            "vertices": line(map=vertex(MAP, tasks, inputs=(SOURCE,), times=entered, times_at=times_at)),
            "since": {"CREATED": 400, "RUNNING": 399},
            "free_slots": 0,
            **more,
        }
    )


def only(look: JobLook) -> Finding:
    found = findings(look)
    assert len(found) == 1, kinds(found)
    return found[0]


# -- no slots ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        pytest.param(without_slots(31), "no-slots", id="31 s"),
        pytest.param(without_slots(30), None, id="30 s"),
        pytest.param(without_slots(90, state="RESTARTING"), "no-slots", id="some wait while others restart"),
        pytest.param(without_slots(90, state="CANCELLING"), None, id="it is canceled"),
        pytest.param(without_slots(90, batch=True), None, id="a stage of a batch job runs"),
        pytest.param(
            without_slots(90, since={"RUNNING": 10}, times_at=ago(20)),
            None,
            id="its times are of the attempt before",
        ),
    ],
)
def test_tasks_that_wait_for_over_30_s_have_no_slots(look: JobLook, kind: str | None) -> None:
    found = [one for one in kinds(findings(look)) if one != "restarting"]
    assert found == ([kind] if kind else [])


def test_what_it_needs_and_what_there_is_are_said() -> None:
    look = without_slots(95, taskmanagers={"a": taskmanager("a", slots=2), "b": taskmanager("b", slots=1)})
    found = only(look)
    assert found.severity is Severity.CRITICAL
    assert found.since == ago(95)
    assert found.words == (
        "no-slots: 2 tasks wait for slots for 1 m; it needs 4 or more; the TaskManagers have 3, 0 free"
    )


def test_slot_sharing_groups_add_up() -> None:
    """From 1.20 on their ids are reported."""
    tasks = {"SCHEDULED": 4}
    look = job(
        vertices=[
            vertex(SOURCE, tasks, slot_sharing_group_id="a", times=[times(0, SCHEDULED=60)]),
            vertex(MAP, tasks, inputs=(SOURCE,), slot_sharing_group_id="b"),
            vertex(SINK, {"SCHEDULED": 2}, inputs=(MAP,), slot_sharing_group_id="b"),
        ],
    )
    assert "it needs 8; 4 are free" in only(look).words


def test_free_slots_beside_a_waiting_job_are_said() -> None:
    found = only(without_slots(60, free_slots=9))
    assert "9 are free, which do not suit it" in found.words
    assert "slot sharing groups" in found.next


@pytest.mark.parametrize(
    ("seconds", "pending", "severity"),
    [
        (60, 1, Severity.WARNING),
        (300, 1, Severity.WARNING),
        (301, 1, Severity.CRITICAL),
        (60, 0, Severity.CRITICAL),
        (60, None, Severity.CRITICAL),
    ],
)
def test_taskmanagers_on_their_way_make_it_a_warning(
    seconds: float, pending: int | None, severity: Severity
) -> None:
    assert only(without_slots(seconds, pending_taskmanagers=pending)).severity is severity


def test_without_times_looks_tell_how_long_it_waits() -> None:
    tasks = {"SCHEDULED": 4}
    looks = [
        job(vertices=[vertex(SOURCE, tasks)], now=NOW - seconds * SECOND, since={"RUNNING": 200})
        for seconds in (30, 20, 10, 0)
    ]
    assert kinds(watched(looks)[0]) == ["no-slots"]
    assert not watched(looks[1:])[0]


def test_before_the_delay_of_a_restart_no_task_waits_for_slots() -> None:
    look = job(
        "RESTARTING",
        vertices=[vertex(SOURCE, {"CREATED": 4}, times=[times(n, CREATED=90) for n in range(4)])],
        since={"RUNNING": 300, "RESTARTING": 95},
    )
    assert kinds(findings(look)) == ["restarting"]


@pytest.mark.parametrize(
    ("tasks", "kind"),
    [
        ({"SCHEDULED": 4}, "no-slots"),
        ({"SCHEDULED": 3, "FINISHED": 1}, "no-slots"),
        ({"SCHEDULED": 3, "RUNNING": 1}, None),
        ({"SCHEDULED": 3, "DEPLOYING": 1}, None),
        ({"CREATED": 2, "FINISHED": 2}, None),
    ],
)
def test_a_batch_job_waits_only_if_no_task_has_a_slot(tasks: dict[str, int], kind: str | None) -> None:
    look = job(vertices=[vertex(SOURCE, tasks, times=[times(0, SCHEDULED=60)])], batch=True)
    assert kinds(findings(look)) == ([kind] if kind else [])


# -- the adaptive scheduler waits ----------------------------------------------------------------------


def waits(state: str = "CREATED", **more: Any) -> JobLook:
    """A job of the adaptive scheduler that waits for resources: it has no tasks."""
    return job(
        state,
        **{
            "adaptive": True,
            "vertices": [vertex(SOURCE, {}, parallelism=4, start_time=-1)],
            "since": {"INITIALIZING": 100},
            "started": 100,
            "checkpoints": stats([]),
            "faults": [],
            **more,
        },
    )


@pytest.mark.parametrize(
    ("more", "since"),
    [
        pytest.param({}, 100, id="never ran"),
        pytest.param({"since": {"INITIALIZING": 30}}, None, id="for 30 s"),
        pytest.param({"state": "INITIALIZING", "features": release("1.14")}, 100, id="1.14"),
        pytest.param({"state": "INITIALIZING"}, None, id="INITIALIZING is something else from 1.15 on"),
        pytest.param({"adaptive": False}, None, id="another scheduler"),
        pytest.param({"faults": [fault(77, None)], "counters": {"numRestarts": 1}}, 77, id="failed"),
        pytest.param(
            {
                "faults": [fault(77, None)],
                "checkpoints": stats([done(3, 40)]),
                "counters": {"numRestarts": 3},
            },
            None,
            id="it ran after that failure, so this may be a rescale",
        ),
        pytest.param(
            {"faults": [fault(9000, None)], "checkpoints": stats([done(3, 9010)])}, 9000, id="for hours"
        ),
        pytest.param({"faults": [fault(9000, None)]}, None, id="it may have run without checkpoints"),
        pytest.param({"counters": {"numRestarts": 2}}, None, id="after a rescale two looks can't tell"),
        pytest.param({"checkpoints": stats([done(1, 90)])}, None, id="it has run"),
        pytest.param({"faults": None}, None, id="its failures are not known"),
    ],
)
def test_a_job_without_tasks_that_waits(more: dict[str, Any], since: float | None) -> None:
    """As Flink's metrics are 10 s old, the first look can't tell a job that never ran."""
    state = more.pop("state", "CREATED")
    looks = [waits(state, now=NOW - seconds * SECOND, **more) for seconds in (15, 0)]
    more["state"] = state
    found = [one for one in watched(looks)[0] if one.kind == "no-slots"]
    assert [one.since for one in found] == ([ago(since)] if since is not None else [])


def test_a_job_that_was_seen_running_has_not_waited_since_its_start() -> None:
    looks = [
        waits("RUNNING", vertices=line(), now=NOW - 30 * SECOND),
        *(waits(now=NOW - seconds * SECOND) for seconds in (20, 10, 0)),
    ]
    assert not watched(looks)[0]
    assert kinds(watched([*looks, waits(now=NOW + 10 * SECOND)])[0]) == ["no-slots"]


def test_after_a_rescale_looks_tell_how_long_it_waits() -> None:
    looks = [waits(counters={"numRestarts": 2}, now=NOW - seconds * SECOND) for seconds in (31, 20, 10, 0)]
    assert kinds(watched(looks)[0]) == ["no-slots"]
    assert not watched(looks[1:])[0]


# -- slow start ----------------------------------------------------------------------------------------


def starts(seconds: float, state: str = "INITIALIZING", **more: Any) -> JobLook:
    entered = {"CREATED": seconds + 2, "SCHEDULED": seconds + 2, "DEPLOYING": seconds}
    if state == "INITIALIZING":
        entered["INITIALIZING"] = seconds - 1
    known = [times(n, **entered) for n in (0, 2)] + [times(n, **entered, RUNNING=1) for n in (1, 3)]
    return job(
        **{
            "vertices": line(map=vertex(MAP, {state: 2, "RUNNING": 2}, inputs=(SOURCE,), times=known)),
            "since": {"RUNNING": seconds + 2},
            "started": seconds + 3,
            "checkpoints": stats([]),
            **more,
        }
    )


def restored(size: int | None, **more: Any) -> Any:
    """Restored from checkpoint 7, of so many bytes."""
    entry = done(7, 900, state_size=size, checkpointed_size=10, **more) if size is not None else None
    return stats([entry] if entry is not None else [], restored=Restored(id=7, restore_timestamp=ago(300)))


@pytest.mark.parametrize(
    ("look", "severity"),
    [
        pytest.param(starts(121), Severity.WARNING, id="121 s"),
        pytest.param(starts(120), None, id="two minutes"),
        pytest.param(starts(121, "DEPLOYING"), Severity.WARNING, id="deploying"),
        pytest.param(starts(121, checkpoints=restored(MANY)), Severity.INFO, id="restores much"),
        pytest.param(starts(601, checkpoints=restored(MANY)), Severity.WARNING, id="for over ten minutes"),
        pytest.param(starts(600, checkpoints=restored(MANY)), Severity.INFO, id="for ten minutes"),
        pytest.param(starts(121, checkpoints=restored(1000)), Severity.WARNING, id="restores little"),
        pytest.param(starts(121, checkpoints=restored(None)), Severity.INFO, id="of unknown size"),
        pytest.param(starts(300, batch=True), None, id="batch"),
    ],
)
def test_slow_starts(look: JobLook, severity: Severity | None) -> None:
    found = [one for one in findings(look) if one.kind == "slow-start"]
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_a_slow_start_names_the_subtasks() -> None:
    found = only(starts(150))
    assert found.culprit.vertex == MAP
    assert found.culprit.subtasks == (0, 2)
    assert found.since == ago(150)
    assert found.words.startswith("slow-start: Map, subtasks 0 (1/4), 2 (3/4) INITIALIZING for 2 m")


# -- under-scaled --------------------------------------------------------------------------------------


def wants(upper: int, now: float = NOW, **more: Any) -> JobLook:
    """A job of 4 subtasks a vertex that wants more."""
    return job(
        **{
            "adaptive": True,
            "features": release("1.20", web_rescale=True),
            "requirements": Taken(
                {one: VertexRequirements(Bounds(1, upper)) for one in (SOURCE, MAP, SINK)}, now
            ),
            "now": now,
            **more,
        }
    )


def minutes(count: int, **more: Any) -> list[JobLook]:
    return [wants(8, now=NOW - 60 * SECOND * (count - n), **more) for n in range(count + 1)]


def test_below_the_wanted_parallelism_for_ten_minutes() -> None:
    found, _ = watched(minutes(10))
    assert kinds(found) == ["under-scaled"]
    assert found[0].severity is Severity.INFO
    assert "runs with 4 of 8 subtasks" in found[0].words


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param(minutes(9), id="for nine"),
        pytest.param([wants(4, now=NOW - 60 * SECOND * (20 - n)) for n in range(21)], id="as wanted"),
        pytest.param(minutes(20, features=release("1.20")), id="reactive mode takes all there is"),
        pytest.param(minutes(20, features=release("1.17", web_rescale=True)), id="1.17"),
        pytest.param(minutes(20, adaptive=False), id="another scheduler"),
    ],
)
def test_not_under_scaled(looks: Sequence[JobLook]) -> None:
    assert not watched(looks)[0]


def test_one_look_cannot_tell_under_scaled() -> None:
    memory = Memory()
    for look in minutes(3):
        verdict, memory = judge_job(look, memory, one_look=True)
        assert not verdict.findings


# -- asks ----------------------------------------------------------------------------------------------


def asked(look: JobLook) -> list[str]:
    return [
        dict(one.query.ids)["vertex"]
        for one in scheduling.asks(look, {})
        if one.query.endpoint is SUBTASK_TIMES
    ]


def test_times_are_asked_of_vertices_that_wait() -> None:
    assert asked(without_slots(5)) == [MAP]
    assert asked(without_slots(5, since={"RUNNING": 30})) == []
    assert asked(job()) == []
    many = [vertex(f"{n:032x}", {"SCHEDULED": n}) for n in range(1, 9)]
    assert len(asked(job(vertices=many))) == 3


def test_requirements_are_asked_where_they_can_differ() -> None:
    endpoints = [one.query.endpoint for one in scheduling.asks(wants(8), {})]
    assert endpoints == [RESOURCE_REQUIREMENTS]
    assert [one.query.endpoint for one in scheduling.asks(job(), {})] == []


# -- odd answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entered",
    [
        [],
        [SubtaskTimes(subtask=5, timestamps={})],
        [times(3, CREATED=90), times(1, CREATED=80), times(1, CREATED=99)],
        [SubtaskTimes(subtask=0, timestamps={"SCHEDULED": -1, "CREATED": 0})],
        [SubtaskTimes(subtask=0, timestamps={"UNHEARD_OF": ago(99)})],
    ],
)
@pytest.mark.parametrize("state", ["RUNNING", "CREATED", "INITIALIZING", "WHATEVER"])
def test_odd_times_do_no_harm(entered: Sequence[SubtaskTimes], state: str) -> None:
    look = job(
        state,
        vertices=[
            vertex(MAP, {"SCHEDULED": 2, "DEPLOYING": 1}, times=entered, parallelism=-1, name="n" * 10_000)
        ],
        since={},
    )
    for one in findings(look):
        assert len(one.words) < 600
