"""What of a TaskManager asks for attention."""

from __future__ import annotations

import pytest

from flinktop.flink.taskmanagers import TaskManager
from flinktop.model import processes
from flinktop.model.processes import Figures

CALM = TaskManager("tm-1")


def words(
    found: Figures | None = None, gc: float | None = 0.0, beat: float | None = 5.0
) -> list[tuple[str, bool]]:
    return [(one.words, one.bad) for one in processes.problems(CALM, found, gc, beat)]


@pytest.mark.parametrize(
    ("found", "gc", "beat", "said"),
    [
        (None, None, None, []),
        (Figures(heap_used=50, heap_max=100, cpu=0.5), 5.0, 12.0, []),
        (None, 0.0, 30.0, [("no heartbeat for 30 s", False)]),
        (None, 0.0, 70.0, [("no heartbeat for 1 m", True)]),
        (Figures(heap_used=92, heap_max=100), 0.0, 5.0, [("heap 92 % full", False)]),
        (Figures(heap_used=97, heap_max=100), 120.0, 5.0, [("heap 97 % full", True), ("GC 120 ms/s", False)]),
        (Figures(), 250.0, 5.0, [("GC 250 ms/s", True)]),
        (Figures(metaspace_used=99, metaspace_max=100), 0.0, 5.0, [("metaspace 99 % full", True)]),
        (
            Figures(requested=130.0, segments=10, segments_free=0),
            0.0,
            5.0,
            [("network buffers 130 % requested", True)],
        ),
        (
            Figures(requested=90.0, segments=100, segments_free=1),
            0.0,
            5.0,
            [("network buffers 99 % used", False)],
        ),
        (Figures(cpu=0.95), 0.0, 5.0, [("CPU 95 %", False)]),
        # All of the managed memory in use is as it should be.
        (Figures(managed_used=10, managed_total=10), 0.0, 5.0, []),
    ],
)
def test_what_is_said(
    found: Figures | None, gc: float | None, beat: float | None, said: list[tuple[str, bool]]
) -> None:
    assert words(found, gc, beat) == said


def test_the_worst_problem_is_first() -> None:
    found = processes.problems(
        TaskManager("x", blocked=True), Figures(heap_used=97, heap_max=100), 120.0, 30.0
    )
    assert [one.bad for one in found] == [True, False, False, False]
    assert found[0].words == "heap 97 % full"


@pytest.mark.parametrize(
    ("id_", "address", "names"),
    [
        (
            "75e8bebe5b968def7f1e6bbaa79f5017",
            "127.0.0.1:37209",
            ("127.0.0.1:37209", "75e8bebe5b968def7f1e6bbaa79f5017"),
        ),
        ("127.0.0.1:45849-bd594c", "127.0.0.1:45849", ("127.0.0.1:45849-bd594c",)),
        ("10.0.0.7:6122-bd594c", "flink-tm-1:6122", ("flink-tm-1:6122", "10.0.0.7:6122-bd594c")),
        (
            "session-cluster-taskmanager-1-1",
            "10.244.0.7:6122",
            ("session-cluster-taskmanager-1-1", "10.244.0.7:6122"),
        ),
        (
            "container_e17_1700000000000_0042_01_000002",
            "nm-7.prod.example.com:6122",
            ("container_e17_1700000000000_0042_01_000002", "nm-7.prod.example.com:6122"),
        ),
        ("75e8bebe5b968def7f1e6bbaa79f5017", "", ("75e8bebe5b968def7f1e6bbaa79f5017",)),
        ("tm", "", ("tm",)),
    ],
)
def test_names_of_taskmanagers(id_: str, address: str, names: tuple[str, ...]) -> None:
    one = TaskManager(id_, path=f"pekko.tcp://flink@{address}/user/rpc/taskmanager_0" if address else "")
    assert processes.address(one) == address
    assert processes.names(one) == names
    assert processes.name(one) == names[0]


def test_heartbeats_age_by_the_clock_that_is_given() -> None:
    assert processes.heartbeat_age(1_000_000, 1010.0) == 10.0
    assert processes.heartbeat_age(1_000_000, 900.0) == 0.0
    assert processes.heartbeat_age(0, 900.0) is None


def test_only_existing_metrics_are_requested() -> None:
    listed = [
        "Status.JVM.Memory.Heap.Used",
        "Status.JVM.GarbageCollector.PS_MarkSweep.Time",
        "taskSlotsTotal",
    ]
    assert processes.ids_to_request(listed) == (
        "Status.JVM.GarbageCollector.PS_MarkSweep.Time",
        "Status.JVM.Memory.Heap.Used",
    )
    assert processes.ids_to_request(listed, ("cpu",)) == ("Status.JVM.GarbageCollector.PS_MarkSweep.Time",)
