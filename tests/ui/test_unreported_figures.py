"""What Flink does not report, or reports with an impossible value, is "–" in lines and cells, never 0."""  # noqa: RUF002 -- ABSENT

from __future__ import annotations

import json
from typing import Any

import pytest

from flinktop.engine.seen_checkpoints import SeenCheckpoint
from flinktop.facts.checkpoints import measures
from flinktop.facts.faults import when_words
from flinktop.facts.jobs import LastCheckpoint
from flinktop.facts.processes import ProcessFigures
from flinktop.flink.applications import Application, ApplicationOverview
from flinktop.flink.checkpoints import Checkpoint, CheckpointCounts, CheckpointStats, CheckpointVertex
from flinktop.flink.cluster import ClusterOverview
from flinktop.flink.decode import decode
from flinktop.flink.exceptions import JobExceptions
from flinktop.flink.jobs import Job, JobOverview, JobVertex, Plan
from flinktop.flink.rescale import VertexRequirements
from flinktop.flink.taskmanagers import GarbageCollector, TaskManagerDetails, TaskManagerMetrics
from flinktop.flink.vertices import Attempt
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import memory
from flinktop.model.processes import Figures
from flinktop.ui.panels import (
    applications,
    checkpoint_history,
    checkpoint_lines,
    checkpoint_overview,
    cluster_line,
    job_header,
    process,
    taskmanagers,
    vertex_header,
)
from flinktop.ui.panels.parts import Part
from tests.facts.given import Given
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor
from tests.ui.drawn import columns_of

ODD = {"huge": 10**400, "negative": -7, "text": "NaN"}
DASH = "–"  # noqa: RUF001 -- ABSENT


def text(parts: list[Part]) -> str:
    """A line without its colours."""
    return "".join(words for words, _ in parts)


def slots(overview: ClusterOverview) -> list[Part]:
    return cluster_line.slots_parts(overview, meter=True)


def told(reply: type[Any], **fields: Any) -> Any:
    """An answer with these fields, as it is decoded; those that do not fit are left out."""
    return decode(json.dumps(fields).encode(), reply).value


# -- slots --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overview", "words"),
    [
        (ClusterOverview(taskmanagers=1, slots_total=4, slots_available=1), "TaskManagers 1   slots 3/4"),
        (ClusterOverview(taskmanagers=1, slots_total=4), f"TaskManagers 1   slots {DASH}/4"),
        (ClusterOverview(slots_available=0), f"TaskManagers {DASH}   slots {DASH}/{DASH}"),
        (ClusterOverview(), f"TaskManagers {DASH}   slots {DASH}/{DASH}"),
        (ClusterOverview(slots_total=1, slots_available=4), f"TaskManagers {DASH}   slots {DASH}/1"),
    ],
)
def test_unreported_slots_are_neither_free_nor_taken(overview: ClusterOverview, words: str) -> None:
    parts = slots(overview)
    assert text(parts).rstrip(" ━─") == words
    tones = {tone for _, tone in parts}
    assert tones <= {"muted", "strong", "first", ""}
    assert ("first" in tones) == (overview.slots_used is not None)


@pytest.mark.deep
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
async def test_odd_slots_are_unknown_on_the_screen(value: Any) -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["overview"] = lambda document: {**document, "slots-available": value}
    cluster.changed["taskmanagers"] = lambda document: {
        "taskmanagers": [{**one, "freeSlots": value} for one in document["taskmanagers"]]
    }
    total = cluster.document("overview")["slots-total"]
    async with monitor(cluster=cluster, size=(160, 40)) as day:
        assert f"slots {DASH}/{total}" in day.line("TaskManagers")
        await day.press("M")
        await day.wait(3)
        number = cluster.document("taskmanagers")["taskmanagers"][0]["slotsNumber"]
        (row,) = day.table.shown_rows()
        assert (row.slots, row.used, row.free) == (number, None, None)
        assert f" {DASH}/{number} " in day.line(row.name[:20])


def test_a_taskmanager_with_unreported_slots_is_not_without_any() -> None:
    details = TaskManagerDetails(id="tm", allocated_slots=())
    assert f"slots {DASH}/{DASH}" in text(process.taskmanager_line(details, None))
    assert taskmanagers.slot_rows(details, {}) == []
    place = text(process.place_lines(details, 200)[0])
    assert place == f"cores {DASH}   machine's memory {DASH}   data port {DASH}"


# -- checkpoints --------------------------------------------------------------------------------------


def test_unreported_counts_of_checkpoints() -> None:
    line = checkpoint_overview.counts_line(CheckpointStats(counts=CheckpointCounts(total=5, failed=0)))
    assert text(line) == (f"triggered 5   completed {DASH}   in progress {DASH}   failed 0   restored {DASH}")
    assert {tone for _, tone in line} == {"muted", ""}


def test_subtasks_with_unreported_acknowledgement_are_not_late() -> None:
    for share in (CheckpointVertex(num_subtasks=4), CheckpointVertex(num_acknowledged_subtasks=4)):
        checkpoint = Checkpoint(id=1, status="IN_PROGRESS", tasks={"v": share})
        assert judge.late_vertices(checkpoint) == ()
    under_way = Checkpoint(id=1, status="IN_PROGRESS", num_subtasks=4)
    assert text(checkpoint_overview.under_way_line(under_way, 1e9)) == (
        f"in progress checkpoint 1 for {DASH}, {DASH}/4 acknowledged"
    )


def test_the_history_of_a_checkpoint_in_progress_and_of_a_dropped_one() -> None:
    known = Given()
    began = int(known.known_time() - 65) * 1000
    one = Checkpoint(id=7, status="IN_PROGRESS", trigger_timestamp=began)
    columns = {one.key: one for one in columns_of(checkpoint_history.CheckpointHistory, known)}

    def seen(row: SeenCheckpoint) -> dict[str, tuple[str, str]]:
        return {key: columns[key].cell(row) for key in ("state", "age", "triggered", "duration")}

    there = seen(SeenCheckpoint(one))
    assert there == {
        "state": ("◐ IN PROGRESS", "info"),
        "age": ("1 m", "muted"),
        "triggered": (fmt.clock(began / 1000, 0.0), ""),
        "duration": ("1 m", "info"),
    }
    gone = seen(SeenCheckpoint(one, dropped=True))
    assert (gone["state"], gone["duration"]) == (("▲ UNKNOWN", "warn"), (DASH, "muted"))


def test_a_last_checkpoint_is_overdue_in_words() -> None:
    good = Checkpoint(id=3)
    late = LastCheckpoint(good, 250.0, 60.0, overdue=True)
    assert "overdue: 4 intervals without a completed one" in text(checkpoint_overview.last_good_line(late))
    in_time = LastCheckpoint(good, 170.0, 60.0)
    assert "overdue" not in text(checkpoint_overview.last_good_line(in_time))


@pytest.mark.deep
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
async def test_odd_counts_of_subtasks_and_times_in_the_history(value: Any) -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def odd(document: Any) -> Any:
        changed = {"num_acknowledged_subtasks": value, "trigger_timestamp": value}
        return {**document, "history": [{**one, **changed} for one in document["history"]]}

    cluster.changed[f"jobs/{job}/checkpoints"] = odd
    async with monitor(cluster=cluster) as day:
        listed = {one["id"] for one in cluster.document(f"jobs/{job}/checkpoints")["history"]}
        rows = [row for row in checkpoint_history.history_rows(day.port, job) if row.checkpoint.id in listed]
        columns = {one.key: one for one in columns_of(checkpoint_history.CheckpointHistory, day.port)}
        for row in rows:
            seen = {key: columns[key].cell(row) for key in ("acknowledged", "triggered", "age")}
            assert seen["acknowledged"] == (f"{DASH}/{row.checkpoint.num_subtasks}", "")
            assert (seen["triggered"][0], seen["age"][0]) == (DASH, DASH)
        assert rows


def test_a_summary_is_shown_with_an_unreported_count_of_completed_ones() -> None:
    latest = {"completed": {"id": 1}}
    assert measures(told(CheckpointStats, latest=latest))
    assert not measures(CheckpointStats())


# -- parallelism and times ----------------------------------------------------------------------------


@pytest.mark.parametrize("plan", ["STREAMING", "BATCH"])
@pytest.mark.parametrize("value", [None, 10**400], ids=["null", "huge"])
def test_an_unreported_parallelism(value: Any, plan: str) -> None:
    vertex = told(JobVertex, id="v", status="RUNNING", parallelism=value)
    job = Job(state="RUNNING", vertices=(vertex,), plan=Plan(type=plan))
    words = "not decided yet" if plan == "BATCH" else "not reported"
    line = text(job_header.state_line(job, 0, 1e9))
    assert f"parallelism {words} for some vertices" in line
    assert f"started {DASH}   restarts 0" in line


def test_an_unreported_duration() -> None:
    assert f"ran {DASH}" in text(job_header.state_line(Job(state="FINISHED"), 0, 1e9))
    assert f" for {DASH} " in text(applications.state_line(Application(status="RUNNING"), 0.0))
    assert applications.seconds(ApplicationOverview("a")) is None
    assert applications.seconds(JobOverview("j", state="RUNNING")) is None
    assert text(vertex_header.attempt_line(Attempt(status="RUNNING"))).endswith(f"RUNNING   attempt {DASH}")


def test_an_unreported_failure_time() -> None:
    entries = [{"exceptionName": "x", "stacktrace": "x", "timestamp": "soon"}]
    (fault,) = told(JobExceptions, exceptionHistory={"entries": entries}).faults
    assert when_words(fault.timestamp, 0.0, 1e9) == "Flink does not report when"
    (old,) = told(JobExceptions, **{"root-exception": "x", "timestamp": 10**400}).faults
    assert old.timestamp == -1


# -- memory, files, bounds ----------------------------------------------------------------------------


def test_unreported_memory_is_not_used_up() -> None:
    collected = TaskManagerMetrics(heap_max=9, garbage_collectors=(GarbageCollector("G1"),))
    details = TaskManagerDetails(id="tm", metrics=collected)
    parts = process.memory_rows(memory.taskmanager_sections(details, None))
    seen = {part.name: (process.used_cell(part)[0], part.share, part.note) for part in parts}
    assert seen["JVM heap"] == (DASH, None, "")
    assert seen["GC G1"] == (DASH, None, f"{DASH} total")
    assert {name for name in seen if name.startswith(("JVM", "direct", "mapped"))} == {"JVM heap"}


def test_a_half_reported_pair_leaves_the_other_half_unknown() -> None:
    known = ProcessFigures(Figures(managed_total=4.0), gc=None, old=False)
    assert f"managed {DASH} " in text(process.figures_line(known))
    assert checkpoint_lines.in_flight(CheckpointVertex(processed_data=2)) == f"2 B/{DASH}"
    assert checkpoint_lines.in_flight(CheckpointVertex(persisted_data=0)) == f"{DASH}/0 B"


def test_an_unreported_bound_is_not_one() -> None:
    assert (
        told(VertexRequirements, parallelism={"lowerBound": "x", "upperBound": 4}).parallelism.lower_bound < 0
    )
