"""The memory model against what the recorded documents say."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.flink.decode import decode
from flinktop.flink.metrics import Metric
from flinktop.flink.taskmanagers import TaskManagerDetails
from flinktop.model import memory, processes
from tests.fixture_cluster import FixtureCluster

RELEASES = ("1.9.3", "1.14.6", "1.20.5", "2.3.0")


def taskmanager(release: str) -> tuple[TaskManagerDetails, dict[str, Any]]:
    """The recorded one: as it is decoded, and its document."""
    cluster = FixtureCluster(release)
    path = f"taskmanagers/{cluster.document('taskmanagers')['taskmanagers'][0]['id']}"
    return decode(cluster.answer(path)[1], TaskManagerDetails).value, cluster.document(path)


def named(sections: memory.Sections) -> dict[str, memory.Part]:
    """The parts by their names, which are all different."""
    parts = [part for _, made in sections for part in made()]
    found = {part.name: part for part in parts}
    assert len(found) == len(parts)
    return found


@pytest.mark.parametrize("release", RELEASES)
def test_parts_are_those_of_the_document(release: str) -> None:
    details, document = taskmanager(release)
    parts, told = named(memory.taskmanager_sections(details, None)), document["metrics"]
    assert (parts["JVM heap"].used, parts["JVM heap"].of) == (told["heapUsed"], told["heapMax"])
    assert parts["JVM non-heap"].used == told["nonHeapUsed"]
    assert parts["direct buffers"].used == told["directUsed"]
    free = told.get("nettyShuffleMemorySegmentsAvailable", told.get("memorySegmentsAvailable"))
    total = told.get("nettyShuffleMemorySegmentsTotal", told.get("memorySegmentsTotal"))
    assert (parts["network buffers"].used, parts["network buffers"].of) == (total - free, total)
    # From 1.19 on their sum stands among the collectors, and is none.
    collectors = {one["name"]: one["count"] for one in told["garbageCollectors"] if one["name"] != "All"}
    assert {name: part.used for name, part in parts.items() if name.startswith("GC ")} == {
        f"GC {name.replace('_', ' ')}": count for name, count in collectors.items()
    }


@pytest.mark.parametrize("release", RELEASES[1:])
def test_the_model_adds_up(release: str) -> None:
    parts = named(memory.taskmanager_sections(taskmanager(release)[0], None))

    def configured(*names: str) -> float:
        return sum(parts[name].configured or 0 for name in names)

    assert configured("JVM heap") == configured("framework heap", "task heap")
    assert configured("off-heap") == configured("managed", "network", "framework off-heap", "task off-heap")
    assert configured("total Flink memory") == configured("JVM heap", "off-heap")
    assert configured("total process memory") == configured(
        "total Flink memory", "JVM metaspace", "JVM overhead"
    )


def test_before_1_12_there_is_no_model() -> None:
    details, document = taskmanager("1.9.3")
    parts = named(memory.taskmanager_sections(details, None))
    assert "total process memory" not in parts
    assert parts["managed memory"].configured == document["hardware"]["managedMemory"]


def test_managed_memory_and_metaspace_in_use_are_the_metrics() -> None:
    found = processes.Figures(managed_used=30.0, managed_total=40.0, metaspace_used=50.0)
    parts = named(memory.taskmanager_sections(taskmanager("2.3.0")[0], found))
    assert parts["managed"].share == 0.75
    assert parts["JVM metaspace"].used == 50.0


@pytest.mark.parametrize("release", RELEASES)
def test_the_jobmanagers_memory_is_that_of_its_configuration(release: str) -> None:
    settings = {one["key"]: one["value"] for one in FixtureCluster(release).document("jobmanager/config")}
    found = processes.Figures(heap_used=1.0, heap_max=2.0, non_heap_used=3.0)
    parts = named(memory.jobmanager_sections(settings, found))
    assert parts["JVM heap"].share == 0.5
    assert parts["JVM heap"].depth == (2 if "total process memory" in parts else 0)
    told = settings.get("jobmanager.memory.heap.size", settings.get("jobmanager.heap.size", ""))
    assert parts["JVM heap"].configured == memory.configured_size(told)
    assert all(part.configured is not None or part.used is not None for part in parts.values())


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("256m", 256 << 20), ("1 gb", 1 << 30), ("67108864b", 64 << 20), ("512", 512), ("3 kb", 3 << 10),
        ("1024 bytes", 1024), ("", None), ("many", None), ("1 league", None), ("-1", None),
    ],
)  # fmt: skip
def test_sizes_as_flink_writes_them(text: str, size: int | None) -> None:
    assert memory.configured_size(text) == size


def test_an_unlimited_heap_has_no_share() -> None:
    assert memory.Part(memory.JVM, "x", used=5.0, of=None).share is None
    assert memory.Part(memory.JVM, "x", used=5.0, of=0.0).share is None


def test_figures_have_no_unlimited_or_nan_values() -> None:
    found = processes.figures(
        (
            Metric("Status.JVM.Memory.NonHeap.Max", "-1"),
            Metric("Status.JVM.CPU.Load", "NaN"),
            Metric("Status.JVM.Memory.Heap.Used", "10"),
            Metric("Status.JVM.GarbageCollector.G1_Young_Generation.Time", "7"),
            Metric("Status.JVM.GarbageCollector.G1_Old_Generation.Time", "5"),
            Metric("Status.JVM.GarbageCollector.All.Time", "12"),
        )
    )
    assert (found.non_heap_max, found.cpu, found.heap_used) == (None, None, 10.0)
    assert found.gc_time == 12
    assert [one.name for one in found.collectors] == ["G1_Old_Generation", "G1_Young_Generation"]
