"""The demo's numbers agree with each other, and are the same whenever they are asked for."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.demo.life import Life
from flinktop.demo.names import SHOWS
from flinktop.demo.numbers import Wave, part, shares
from flinktop.demo.specs import Fate
from flinktop.demo.world import JobMoment, World
from flinktop.flink.numbers import LONG_MAX, LONG_MIN
from tests.demo.questions import answers, ask, document, every_endpoint, world

SCENARIOS = [name for name in SHOWS if name not in ("many-jobs", "wide-job")]
RUNNING = [job.plan.id for job in world("2.3.0").at(0.0).jobs if not job.ended and not job.life.fate.cycle]


def names(of: World) -> dict[str, str]:
    return {job.plan.spec.name: job.plan.id for job in of.at(0.0).jobs}


# -- the same again ----------------------------------------------------------------------------------


@pytest.mark.deep
def test_the_same_question_has_the_same_answer_to_the_byte() -> None:
    first, second = world("2.3.0"), world("2.3.0")
    # The second is asked backwards: what it remembers changes nothing.
    asked = [one for endpoint in every_endpoint() for one in answers(first, endpoint, (41.0,))]
    again = {one.target: ask(second, one.target, 41.0) for one in reversed(asked)}
    for one in asked:
        assert again[one.target] == one


def test_another_seed_is_another_cluster() -> None:
    one, other = World(seed=1), World(seed=2)
    assert not set(names(one).values()) & set(names(other).values())
    assert document(one, "jobs/overview") != document(other, "jobs/overview")


def test_time_moves_the_whole_cluster() -> None:
    early, late = World(born=1_000_000.0), World(born=2_000_000.0)
    path = f"jobs/{RUNNING[0]}"
    assert document(late, path)["now"] - document(early, path)["now"] == 1_000_000_000
    assert document(late, path)["duration"] == document(early, path)["duration"]


def test_fractions_add_up_alike_under_every_python() -> None:
    of = world("2.3.0")
    wanted = ",".join(f"mailboxLatencyMs_{name}" for name in ("mean", "p90", "p99"))
    for plan in (of.by_id[job] for job in RUNNING):
        for vertex in plan.vertices:
            path = f"jobs/{plan.id}/vertices/{vertex.id}/subtasks"
            added: defaultdict[str, float] = defaultdict(float)
            for subtask in range(vertex.spec.parallelism):
                for metric in document(of, f"{path}/{subtask}/metrics?get={wanted}", 600.0):
                    added[metric["id"]] += float(metric["value"])
            assert sums(of, f"{path}/metrics?get={wanted}", 600.0) == added


# -- what flows --------------------------------------------------------------------------------------


@pytest.mark.parametrize("job", RUNNING)
@pytest.mark.parametrize("seconds", [0.0, 3605.0])
def test_records_sent_are_received_by_the_next_vertices(job: str, seconds: float) -> None:
    told = document(world("2.3.0"), f"jobs/{job}", seconds)
    metrics = {vertex["id"]: vertex["metrics"] for vertex in told["vertices"]}
    for node in told["plan"]["nodes"]:
        for unit in ("records", "bytes"):
            sent = sum(metrics[edge["id"]][f"write-{unit}"] for edge in node.get("inputs", ()))
            assert metrics[node["id"]][f"read-{unit}"] == sent
    assert any(one["read-records"] > 0 for one in metrics.values()) or len(metrics) == 1


@pytest.mark.parametrize("job", RUNNING)
def test_subtasks_add_up_to_their_vertex(job: str) -> None:
    of = world("2.3.0")
    for row in document(of, f"jobs/{job}")["vertices"]:
        subtasks = document(of, f"jobs/{job}/vertices/{row['id']}")["subtasks"]
        assert len(subtasks) == row["parallelism"]
        for name, total in row["metrics"].items():
            if not name.endswith("-complete"):
                assert sum(subtask["metrics"][name] for subtask in subtasks) == total, name
        by_taskmanager = document(of, f"jobs/{job}/vertices/{row['id']}/taskmanagers")["taskmanagers"]
        assert (
            sum(one["metrics"]["write-records"] for one in by_taskmanager) == row["metrics"]["write-records"]
        )
        assert sum(sum(one["status-counts"].values()) for one in by_taskmanager) == row["parallelism"]


def job_moments(scenario: str, seconds: float) -> list[JobMoment]:
    of = World(scenario=scenario)
    return [job for job in of.at(seconds).jobs if not job.ended and job.measured]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_time_of_a_subtask_is_busy_backpressured_or_idle(scenario: str) -> None:
    for job in job_moments(scenario, 120.0):
        for vertex in job.vertices:
            for subtask in vertex.subtasks:
                times = vertex.lately(subtask)
                assert times.busy + times.backpressured + times.idle == pytest.approx(1000)
                assert min(times.busy, times.backpressured, times.idle) >= 0


@pytest.mark.parametrize("scenario", SHOWS)
def test_no_subtask_is_busy_longer_than_the_elapsed_time(scenario: str) -> None:
    """Otherwise times would have to be cut, and would no longer be the integrals of what flows."""
    for plan in World(scenario=scenario).plans:
        for vertex in plan.vertices:
            highest = vertex.spec.busy * (1 + plan.spec.swing) + vertex.spec.held * 1.05
            assert highest <= 1.0, f"{plan.spec.name}: {vertex.spec.name}"


@pytest.mark.parametrize("job", RUNNING)
def test_counters_and_times_are_the_integrals_of_rates(job: str) -> None:
    of = world("2.3.0")
    plan = of.by_id[job]
    for vertex in plan.vertices[:4]:
        path = f"jobs/{job}/vertices/{vertex.id}/subtasks/metrics?get="
        ids = [f"num{unit}{way}" for unit in ("Records", "Bytes") for way in ("In", "Out")]
        rates = sums(of, path + ",".join(f"{name}PerSecond" for name in ids), 600.0)
        before, after = (sums(of, path + ",".join(ids), seconds) for seconds in (540.0, 600.0))
        for name in ids:
            assert rates[f"{name}PerSecond"] == pytest.approx((after[name] - before[name]) / 60)
        times = {"busy": "accumulateBusyTimeMs", "idle": "accumulateIdleTimeMs"}
        spent = sums(of, path + ",".join(f"{name}TimeMsPerSecond" for name in times), 600.0)
        before, after = (sums(of, path + ",".join(times.values()), seconds) for seconds in (540.0, 600.0))
        for name, total in times.items():
            mean = (after[total] - before[total]) / 60
            assert spent[f"{name}TimeMsPerSecond"] == pytest.approx(mean, abs=vertex.spec.parallelism)


def sums(of: World, target: str, seconds: float) -> dict[str, float]:
    return {metric["id"]: metric["sum"] for metric in document(of, target, seconds)}


def test_metrics_step_every_ten_seconds() -> None:
    of = world("2.3.0")
    job = RUNNING[0]
    counters = [
        document(of, f"jobs/{job}", seconds)["vertices"][0]["metrics"]["write-records"]
        for seconds in (20.0, 22.0, 29.9, 30.0, 39.0, 40.0)
    ]
    assert counters[0] == counters[1] == counters[2] < counters[3] == counters[4] < counters[5]


def test_one_unknown_metric_empties_an_aggregated_answer_only() -> None:
    of = world("2.3.0")
    plan = of.by_id[RUNNING[0]]
    path = f"jobs/{plan.id}/vertices/{plan.vertices[0].id}"
    known, unknown = "numRecordsOut", "numRecordsOut,noSuchMetric"
    assert len(document(of, f"{path}/subtasks/metrics?get={known}")) == 1
    assert document(of, f"{path}/subtasks/metrics?get={unknown}") == []
    assert [one["id"] for one in document(of, f"{path}/subtasks/0/metrics?get={unknown}")] == [known]
    (chosen,) = document(of, f"{path}/subtasks/metrics?get={known}&agg=max,min&subtasks=1-2")
    assert set(chosen) == {"id", "max", "min"}
    assert ask(of, f"{path}/subtasks/metrics?get={known}&agg=mode").status == 400
    assert ask(world("1.14.6"), f"{path}/subtasks/metrics?get={known}&agg=skew").status == 400


# -- watermarks --------------------------------------------------------------------------------------


def lowest(of: World, job: str, vertex: str, seconds: float) -> int:
    marks = document(of, f"jobs/{job}/vertices/{vertex}/watermarks", seconds)
    return min(int(mark["value"]) for mark in marks)


def test_watermarks_follow_time() -> None:
    of = world("1.20.5")
    job = names(of)["orders-enrichment"]
    sink = of.by_id[job].vertices[-1].id
    marks = [lowest(of, job, sink, seconds) for seconds in (0.0, 30.0, 600.0)]
    assert marks == sorted(set(marks))
    assert all(
        2_000 < of.at(s).now - mark < 30_000 for s, mark in zip((0.0, 30.0, 600.0), marks, strict=True)
    )


def test_a_stuck_watermark_holds_back_only_its_downstream() -> None:
    of = world("2.3.0", "stuck-watermark")
    job = names(of)["orders-enrichment"]
    join, sink = of.by_id[job].vertices[2:4]
    assert lowest(of, job, join.id, 0.0) == lowest(of, job, join.id, 900.0)
    assert of.at(0.0).now - lowest(of, job, sink.id, 0.0) > 20 * 60_000
    healthy = names(of)["search-index-updater"]
    assert of.at(0.0).now - lowest(of, healthy, of.by_id[healthy].vertices[-1].id, 0.0) < 60_000


def test_of_a_stuck_source_one_subtask_stands_still_and_the_others_move_on() -> None:
    of = world("2.3.0", "stuck-watermark")
    job = names(of)["telemetry-late-gateway"]
    source = of.by_id[job].vertices[0].id
    path = f"jobs/{job}/vertices/{source}/subtasks"

    def told(subtask: int, seconds: float) -> tuple[int, int]:
        wanted = "Decode_CBOR.currentOutputWatermark,Source__MQTT_bridge.currentEmitEventTimeLag"
        found = document(of, f"{path}/{subtask}/metrics?get={wanted}", seconds)
        mark, lag = (int(one["value"]) for one in found)
        return mark, lag

    (stuck, lag), (later_stuck, later_lag) = told(0, 60.0), told(0, 660.0)
    assert later_stuck == stuck
    assert later_lag - lag == pytest.approx(600_000, abs=10_000)
    (mark, lag), (later_mark, later_lag) = told(1, 60.0), told(1, 660.0)
    assert later_mark - mark == pytest.approx(600_000, abs=20_000)
    assert max(lag, later_lag) < 30_000


def test_what_backpressure_leaves_at_a_source_grows_and_never_shrinks() -> None:
    of = world("2.3.0", "backpressure")
    job = names(of)["clickstream-sessions"]
    path = f"jobs/{job}/vertices/{of.by_id[job].vertices[0].id}/subtasks/metrics"
    pending = [
        sums(of, f"{path}?get=Source__clicks.pendingRecords", at)["Source__clicks.pendingRecords"]
        for at in (60.0, 660.0, 1260.0)
    ]
    first, second = pending[1] - pending[0], pending[2] - pending[1]
    assert first > 0
    assert second == pytest.approx(first, rel=0.2)


def test_a_job_without_event_time_has_none_and_an_ended_one_is_done() -> None:
    of = world("2.3.0")
    skewed = names(of)["notification-dispatcher"]
    assert lowest(of, skewed, of.by_id[skewed].vertices[1].id, 0.0) == LONG_MIN
    batch = names(of)["daily-ledger-export"]
    assert lowest(of, batch, of.by_id[batch].vertices[1].id, 0.0) == LONG_MAX


# -- checkpoints -------------------------------------------------------------------------------------


def checkpoints_of(of: World, seconds: float) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for job in of.at(seconds).jobs:
        told = ask(of, f"jobs/{job.plan.id}/checkpoints", seconds)
        if told.status == 200:
            found.append((job.plan.id, json.loads(told.body)))
    return found


@pytest.mark.parametrize("seconds", [0.0, 21.0, 77.0])
def test_checkpoints_add_up(seconds: float) -> None:
    of = world("2.3.0")
    for job, stats in checkpoints_of(of, seconds):
        counts = stats["counts"]
        assert counts["total"] == counts["in_progress"] + counts["completed"] + counts["failed"]
        ids = [one["id"] for one in stats["history"]]
        assert ids == list(range(counts["total"], counts["total"] - len(ids), -1))
        for one in stats["history"][:3]:
            check_checkpoint(of, job, one["id"], seconds)


def check_checkpoint(of: World, job: str, number: int, seconds: float) -> None:
    path = f"jobs/{job}/checkpoints/details/{number}"
    told = document(of, path, seconds)
    tasks = told["tasks"].values()
    for name in ("state_size", "checkpointed_size", "num_subtasks", "num_acknowledged_subtasks"):
        assert told[name] == sum(task[name] for task in tasks), name
    if told["status"] == "COMPLETED":
        assert told["end_to_end_duration"] == max(task["end_to_end_duration"] for task in tasks)
        assert told["latest_ack_timestamp"] == told["trigger_timestamp"] + told["end_to_end_duration"]
        assert told["num_acknowledged_subtasks"] == told["num_subtasks"]
    for vertex, task in told["tasks"].items():
        inside = document(of, f"{path}/subtasks/{vertex}", seconds)
        acked = [one for one in inside["subtasks"] if one["status"] == "completed"]
        assert len(acked) == task["num_acknowledged_subtasks"]
        assert sum(one["state_size"] for one in acked) == task["state_size"]
        assert max((one["end_to_end_duration"] for one in acked), default=-1) == task["end_to_end_duration"]
        for one in acked:
            phases = (*one["checkpoint"].values(), one["alignment"]["duration"], one["start_delay"])
            assert sum(phases) == one["end_to_end_duration"]
            assert min(phases) >= 0


def test_a_failed_checkpoint_has_reason_and_late_subtasks() -> None:
    of = world("2.3.0", "failing-checkpoints")
    job = names(of)["profiles-shadow"]
    stats = document(of, f"jobs/{job}/checkpoints")
    failed = stats["latest"]["failed"]
    assert "expired" in failed["failure_message"]
    # The only good one is long gone from the history, and still the latest.
    assert (stats["counts"]["completed"], stats["latest"]["completed"]["id"]) == (1, 1)
    assert stats["summary"]["state_size"]["max"] == stats["latest"]["completed"]["state_size"]
    assert failed["num_acknowledged_subtasks"] < failed["num_subtasks"]
    tasks = document(of, f"jobs/{job}/checkpoints/details/{failed['id']}")["tasks"]
    late = [
        vertex for vertex, task in tasks.items() if task["num_acknowledged_subtasks"] < task["num_subtasks"]
    ]
    assert late == [of.by_id[job].vertices[2].id]


def test_a_savepoint_is_among_them() -> None:
    of = world("2.3.0")
    job = names(of)["orders-enrichment"]
    savepoint = document(of, f"jobs/{job}/checkpoints")["latest"]["savepoint"]
    assert savepoint["is_savepoint"]
    assert document(of, f"jobs/{job}/checkpoints/details/{savepoint['id']}")["savepointFormat"] == "CANONICAL"


# -- lives -------------------------------------------------------------------------------------------


def test_a_restart_loop_restarts() -> None:
    of = world("2.3.0", "restart-loop")
    job = names(of)["inventory-sync"]
    seen: list[str] = []
    restarts: list[int] = []
    for seconds in range(400):
        told = document(of, f"jobs/{job}", float(seconds))
        seen += [told["state"]] if seen[-1:] != [told["state"]] else []
        (metric,) = document(of, f"jobs/{job}/metrics?get=numRestarts", float(seconds))
        restarts.append(int(metric["value"]))
    assert {"RUNNING", "RESTARTING"} <= set(seen)
    assert restarts == sorted(restarts)
    assert restarts[-1] - restarts[0] in (2, 3)
    history = document(of, f"jobs/{job}/exceptions", 399.0)["exceptionHistory"]["entries"]
    stamps = [entry["timestamp"] for entry in history]
    assert stamps == sorted(stamps, reverse=True)
    assert len(stamps) == 16


def test_the_counters_of_a_restarted_job_begin_at_nothing() -> None:
    of = world("2.3.0", "restart-loop")
    job = of.at(0.0).jobs[0]
    run = job.life.run(120)
    before, fresh, later = (
        document(of, f"jobs/{job.plan.id}", seconds)["vertices"][0]["metrics"]
        for seconds in (run.begins - 12, run.begins + 1, run.begins + 40)
    )
    assert before["write-records"] > later["write-records"] > 0
    assert fresh["write-records"] == 0
    assert not fresh["write-records-complete"]
    vertex = job.plan.vertices[0].id
    path = f"jobs/{job.plan.id}/vertices/{vertex}/subtasks/metrics"
    assert document(of, path, run.begins + 1) == []


@given(st.floats(-20_000, 20_000), st.integers(1, 9))
def test_a_life_has_one_run_at_a_time(seconds: float, seed: int) -> None:
    life = Life(Fate(started=-15_000, cycle=110), seed)
    run = life.run_at(seconds)
    if run is None:
        assert seconds < life.run(0).begins
        return
    assert run.begins <= seconds < life.run(run.number + 1).begins
    assert run.begins < run.ends < life.run(run.number + 1).begins
    assert (life.state_at(run, seconds) == "RUNNING") == (seconds < run.ends)


@pytest.mark.parametrize("scenario", SHOWS)
def test_slots_and_jobs_are_counted_alike_everywhere(scenario: str) -> None:
    of = world("2.3.0", scenario)
    overview = document(of, "overview")
    taskmanagers = document(of, "taskmanagers")["taskmanagers"]
    jobs = document(of, "jobs/overview")["jobs"]
    assert overview["taskmanagers"] == len(taskmanagers)
    assert overview["slots-total"] == sum(one["slotsNumber"] for one in taskmanagers)
    assert overview["slots-available"] == sum(one["freeSlots"] for one in taskmanagers)
    ended = {"FINISHED": "jobs-finished", "CANCELED": "jobs-cancelled", "FAILED": "jobs-failed"}
    for state, name in ended.items():
        assert overview[name] == sum(job["state"] == state for job in jobs)
    assert overview["jobs-running"] == sum(job["state"] not in ended for job in jobs)
    details = [document(of, f"taskmanagers/{one['id']}") for one in taskmanagers[:3]]
    for one in details:
        assert len(one["allocatedSlots"]) == one["slotsNumber"] - one["freeSlots"]


# -- waves -------------------------------------------------------------------------------------------


@given(st.floats(0, 0.9), st.integers(), st.floats(-1e6, 1e6), st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_wave_and_its_integral(swing: float, which: int, begin: float, first: float, then: float) -> None:
    wave = Wave.of(swing, which)
    assert 1 - swing - 1e-9 <= wave.at(begin) <= 1 + swing + 1e-9
    whole = wave.total(begin, begin + first + then)
    assert whole == pytest.approx(
        wave.total(begin, begin + first) + wave.total(begin + first, begin + first + then), abs=1e-3
    )
    assert (1 - swing) * (first + then) - 1e-3 <= whole <= (1 + swing) * (first + then) + 1e-3


@given(st.integers(0, 10**13), st.lists(st.floats(0.01, 50), min_size=1, max_size=40))
def test_parts_add_up(total: int, weights: list[float]) -> None:
    ends = shares(tuple(weights))
    parts = [part(total, ends, index) for index in range(len(weights))]
    assert sum(parts) == total
    assert min(parts) >= 0
    assert all(low <= high for low, high in itertools.pairwise(ends))
