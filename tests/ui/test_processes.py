"""TaskManagers and the JobManager on the screen, on recorded clusters of four releases."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from flinktop.model import format as fmt
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.screens.profile_start import ProfileStart
from flinktop.ui.tabs import JOB_TABS
from flinktop.ui.widgets.table import LiveTable
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES, SIZES

pytestmark = pytest.mark.deep

LOG_TABS = ("Log", "Stdout", "Log list", "Threads", "Profiler")


def version(release: str) -> tuple[int, int]:
    """The first two numbers."""
    major, minor, _ = release.split(".")
    return int(major), int(minor)


def taskmanager(cluster: FixtureCluster) -> dict[str, Any]:
    """The one that was recorded."""
    found: dict[str, Any] = cluster.document("taskmanagers")["taskmanagers"][0]
    return found


async def go(day: Day, word: str) -> None:
    """Go to a place by its short word."""
    await day.press("colon", *word)
    await day.press("enter")
    await day.wait(3)


async def open_taskmanager(day: Day, tab: str = "") -> None:
    """The TaskManager, from the overview by keys."""
    await day.press("M")
    await day.wait(3)
    await day.press("enter", *tab)
    await day.wait(3)


def seen(day: Day) -> LiveTable[Any]:
    """The table of the open tab."""
    assert isinstance(day.app.screen, ClusterScreen)
    table = day.app.screen.table()
    assert table is not None
    return table


def metrics(**values: object) -> list[dict[str, str]]:
    """An answer of …/metrics?get=."""
    names = {
        "heap": "Status.JVM.Memory.Heap.Used",
        "limit": "Status.JVM.Memory.Heap.Max",
        "cpu": "Status.JVM.CPU.Load",
    }
    names |= {"gc": "Status.JVM.GarbageCollector.All.TimeMsPerSecond", "threads": "Status.JVM.Threads.Count"}
    names |= {
        "managed": "Status.Flink.Memory.Managed.Used",
        "managed_total": "Status.Flink.Memory.Managed.Total",
    }
    return [{"id": names[name], "value": str(value)} for name, value in values.items()]


# -- the list ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quiet_judge")  # what it asks tells the recorded time, after that heartbeat
@pytest.mark.parametrize("release", RELEASES)
async def test_taskmanagers_are_listed_with_slots_heap_and_heartbeat(release: str) -> None:
    async with monitor(release, (150, 40)) as day:
        await day.press("M")
        await day.wait(13)
        known = taskmanager(day.cluster)
        where = known["path"].partition("@")[2].partition("/")[0]
        line = day.line(where)
        used = known["slotsNumber"] - known["freeSlots"]
        assert f" {used}/{known['slotsNumber']} " in line
        [figures] = [
            params for params in day.cluster.recorded[f"taskmanagers/{known['id']}/metrics"] if params
        ]
        told = {one["id"]: float(one["value"]) for one in _recorded(day.cluster, known["id"], figures)}
        heap = told["Status.JVM.Memory.Heap.Used"] / told["Status.JVM.Memory.Heap.Max"]
        assert f" {heap * 100:.0f} " in line
        assert "healthy" in line
        assert ("–" in line) == (release != "2.3.0") or "assignedTasks" in known  # noqa: RUF001 -- absent


def _recorded(cluster: FixtureCluster, one: str, params: Any) -> Any:
    import json  # noqa: PLC0415 -- of this function alone

    return json.loads(cluster.recorded[f"taskmanagers/{one}/metrics"][params][1])


def many(document: dict[str, Any], count: int) -> dict[str, Any]:
    """The recorded TaskManager so many times."""
    [one] = document["taskmanagers"]
    return {
        "taskmanagers": [
            one | {"id": f"tm-{number:04}", "path": f"pekko.tcp://flink@tm-{number:04}/x"}
            for number in range(count)
        ]
    }


async def test_the_worst_comes_first_and_says_why() -> None:
    cluster = FixtureCluster("1.20.5")
    three = many(cluster.document("taskmanagers"), 4)
    beat = three["taskmanagers"][0]["timeSinceLastHeartbeat"]
    three["taskmanagers"][2]["timeSinceLastHeartbeat"] = beat - 70_000
    three["taskmanagers"][3]["blocked"] = True
    cluster.changed["taskmanagers"] = three
    cluster.changed["taskmanagers/tm-0001/metrics"] = metrics(heap=97, limit=100, cpu=0.5, gc=310, threads=90)
    cluster.changed["taskmanagers/tm-0000/metrics"] = metrics(heap=30, limit=100, cpu=0.5, gc=3, threads=90)
    async with monitor(cluster=cluster, size=(200, 40)) as day:
        await day.press("M")
        await day.wait(13)
        assert day.table.shown_keys() == ("tm-0001", "tm-0002", "tm-0003", "tm-0000")
        assert "heap 97 % full, GC 310 ms/s" in day.line("tm-0001")
        assert "no heartbeat for" in day.line("tm-0002")
        assert "blocked: takes no new tasks" in day.line("tm-0003")
        assert "healthy" in day.line("tm-0000")


async def test_a_gc_rate_that_needs_another_look_is_not_one_that_there_is_not() -> None:
    cluster = FixtureCluster("1.14.6")
    cluster.changed["taskmanagers"] = many(cluster.document("taskmanagers"), 2)
    young = {"id": "Status.JVM.GarbageCollector.G1_Young_Generation.Time", "value": "5"}
    cluster.changed["taskmanagers/tm-0000/metrics"] = [*metrics(cpu=0.5), young]
    cluster.changed["taskmanagers/tm-0001/metrics"] = metrics(cpu=0.5)
    cluster.changed["taskmanagers/tm-0000"] = cluster.document(f"taskmanagers/{taskmanager(cluster)['id']}")
    async with monitor(cluster=cluster, size=(200, 40)) as day:
        await day.press("M")
        await day.wait(6)
        assert [gc_cell(day, f"tm-000{number}") for number in (0, 1)] == [fmt.UNKNOWN, fmt.ABSENT]
        day.table.cursor_key = "tm-0000"
        await day.press("enter")
        await day.wait(3)
        assert f"GC {fmt.UNKNOWN}" in day.text


def gc_cell(day: Day, key: str) -> str:
    """What the list says of a TaskManager's garbage collection."""
    [column] = [one for one in day.table.columns if one.key == "gc"]
    [row] = [row for row in day.table.shown_rows() if row.id == key]
    return column.cell(row)[0]


@pytest.mark.long
async def test_only_rows_on_the_screen_are_polled_at_most_once_a_second() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["taskmanagers"] = lambda document: many(document, 500)
    async with monitor(cluster=cluster) as day:
        await day.press("M")
        await day.wait(40)
        since = len(cluster.asked)
        await day.wait(60)
        asked = [
            target for target in day.asked(since) if "/metrics?get=" in target and "taskmanagers/tm" in target
        ]
        assert 20 <= len(asked) <= 62
        shown = set(day.table.visible_keys())
        assert {target.split("/")[1] for target in asked} <= shown
        assert len(shown) < 40


async def test_heartbeats_are_late_by_the_clusters_clock_even_without_jobs() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["jobs/overview"] = {"jobs": []}
    async with monitor(cluster=cluster) as day:
        await day.press("M")
        await day.wait(13)
        assert "healthy" in day.text
        assert not day.port.knows_time


async def test_a_cluster_without_taskmanagers_says_so() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["taskmanagers"] = {"taskmanagers": []}
    async with monitor(cluster=cluster) as day:
        await day.press("M")
        await day.wait(3)
        assert "The cluster has no TaskManagers" in day.text


# -- one of them -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
async def test_the_memory_of_a_taskmanager_is_that_of_its_document(release: str) -> None:
    async with monitor(release, (120, 50)) as day:
        await open_taskmanager(day)
        document = day.cluster.document(f"taskmanagers/{taskmanager(day.cluster)['id']}")
        told = document["metrics"]
        assert fmt.size(told["heapUsed"]) in day.line("JVM heap")
        assert fmt.size(told["nonHeapUsed"]) in day.line("non-heap")
        model = document.get("memoryConfiguration")
        if model is None:
            assert "need Flink 1.12 or later" in day.text
        else:
            for name, key in (("total process memory", "totalProcessMemory"), ("task heap", "taskHeap")):
                assert fmt.size(model[key]) in day.line(name)
            assert fmt.size(told["nettyShuffleMemoryUsed"]) in day.line("network ")
        free = told.get("nettyShuffleMemorySegmentsAvailable", told.get("memorySegmentsAvailable"))
        assert f"{free} free" in day.line("network buffers")
        assert "GC G1 Young Generation" in day.text


async def test_a_slot_may_have_an_eighth_of_a_processor() -> None:
    cluster = FixtureCluster("1.20.5")

    def eighth(document: dict[str, Any]) -> dict[str, Any]:
        for slot in document["allocatedSlots"]:
            slot["resource"]["cpuCores"] = 0.125
        return document

    cluster.changed[f"taskmanagers/{taskmanager(cluster)['id']}"] = eighth
    async with monitor(cluster=cluster) as day:
        await open_taskmanager(day, "4")
        assert " 0.125 " in day.text


@pytest.mark.parametrize("release", RELEASES)
async def test_slots_have_the_names_of_their_jobs(release: str) -> None:
    async with monitor(release) as day:
        await open_taskmanager(day, "4")
        if version(release) < (1, 13):
            assert f"need Flink 1.13 or later; this is {release}. 8 of 10 slots are taken." in day.text
            return
        names = {job["jid"]: job["name"] for job in day.cluster.document("jobs/overview")["jobs"]}
        document = day.cluster.document(f"taskmanagers/{taskmanager(day.cluster)['id']}")
        taken = [names[slot["jobId"]] for slot in document["allocatedSlots"]]
        rows = seen(day)._rows
        if not taken:
            # 1.14.6 has the field, and nothing in it.
            assert "does not report which jobs have the 8 slots" in day.text
            return
        assert sorted(row.name for row in rows if row.job) == sorted(taken)
        assert "2 slots" in day.line("free ")
        await day.press("enter")
        await day.wait(3)
        assert type(day.app.screen).__name__ == "JobScreen"


@pytest.mark.parametrize("release", RELEASES)
async def test_every_tab_of_a_taskmanager_shows_something(release: str) -> None:
    async with monitor(release) as day:
        await open_taskmanager(day)
        for tab, title in enumerate(("Memory", "Heap used", "Metrics", "Slots", *LOG_TABS), 1):
            await day.press(str(tab))
            await day.wait(3)
            await day.sees(f"─ {title}")
            said = [line.strip(" │╭╮╰╯─") for line in day.lines[4:-1]]
            assert any(said), (tab, day.text)
            assert "loading" not in "".join(said), (tab, day.text)


@pytest.mark.parametrize("release", RELEASES)
async def test_every_tab_of_the_jobmanager_shows_something(release: str) -> None:
    async with monitor(release) as day:
        await day.press("J")
        await day.wait(3)
        for tab, title in enumerate(("Memory", "Heap used", "Metrics", "Configuration", *LOG_TABS), 1):
            await day.press(str(tab))
            await day.wait(3)
            await day.sees(f"─ {title}")
            said = [line.strip(" │╭╮╰╯─") for line in day.lines[4:-1]]
            assert any(said), (tab, day.text)
            assert "loading" not in "".join(said), (tab, day.text)


@pytest.mark.parametrize(
    ("release", "tab", "words"),
    [
        (
            "1.9.3",
            "7",
            "Flink 1.11 or later is needed for lists of the log files of TaskManagers (this is 1.9.3).",
        ),
        (
            "1.9.3",
            "8",
            "Flink 1.11 or later is needed for thread dumps of TaskManagers (this is 1.9.3).",
        ),
        ("1.9.3", "9", "Flink 1.19 or later is needed for profilers (this is 1.9.3)."),
        ("1.14.6", "9", "Flink 1.19 or later is needed for profilers (this is 1.14.6)."),
    ],
)
async def test_what_a_release_lacks_is_reported(release: str, tab: str, words: str) -> None:
    async with monitor(release) as day:
        await open_taskmanager(day, tab)
        await day.sees(words)


@pytest.mark.parametrize(
    ("release", "tab", "words"),
    [
        (
            "1.14.6",
            "8",
            "Flink 1.15 or later is needed for thread dumps of the JobManager (this is 1.14.6).",
        ),
        (
            "1.9.3",
            "4",
            "Flink 1.16 or later is needed for the JVM's options and the class path (this is 1.9.3).",
        ),
    ],
)
async def test_what_a_releases_jobmanager_lacks_is_reported(release: str, tab: str, words: str) -> None:
    async with monitor(release) as day:
        await day.press("J")
        await day.wait(3)
        await day.press(tab)
        await day.wait(3)
        await day.sees(words)


async def test_a_taskmanager_that_is_lost_keeps_its_last_picture() -> None:
    async with monitor("1.20.5") as day:
        await open_taskmanager(day)
        one = taskmanager(day.cluster)["id"]
        gone = (500, {"errors": [f"No TaskExecutor registered under {one}."]})
        for path in (f"taskmanagers/{one}", f"taskmanagers/{one}/metrics"):
            day.cluster.changed[path] = gone
        await day.wait(12)
        assert "Flink no longer knows this TaskManager" in day.text
        assert "JVM heap" in day.text
        await day.press("escape")
        assert "TASKMANAGER" in day.text


@pytest.mark.parametrize("release", RELEASES)
async def test_the_clusters_configuration_is_searched(release: str) -> None:
    async with monitor(release) as day:
        await day.press("J")
        await day.wait(3)
        await day.press("4")
        await day.wait(3)
        settings = day.cluster.document("jobmanager/config")
        await day.press("slash", *"rest port", "enter")
        await day.wait(1)
        port = next(one["value"] for one in settings if one["key"] == "rest.port")
        assert port in day.line("rest.port")
        assert len(seen(day).shown_keys()) < 5
        if version(release) >= (1, 16):
            await day.press("escape", "slash", *"flink-dist", "enter")
            await day.wait(1)
            assert "class path" in day.text


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_a_taskmanager(size: tuple[int, int]) -> None:
    async with monitor("1.20.5", size) as day:
        await open_taskmanager(day)
        assert all(len(line) <= size[0] for line in day.lines)
        # On the smallest there is room for one part of the memory alone.
        assert "heap" in day.text or "total process" in day.text


async def test_a_capital_shows_no_shapes_of_ours_in_ascii() -> None:
    async with monitor("1.20.5", ascii_only=True) as day:
        await open_taskmanager(day)
        for tab in "1256789":
            await day.press(tab)
            await day.wait(3)
            odd = {letter for letter in day.text if ord(letter) > 126}
            foreign = "作业"
            assert not odd - set(foreign), (tab, odd)


# -- threads and the profiler ------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5", "2.3.0"])
async def test_the_threads_of_a_task_are_found_from_its_subtask(release: str) -> None:
    async with monitor(release) as day:
        job = day.cluster.job("steady")
        vertex = day.cluster.document(f"jobs/{job}")["vertices"][1]
        await day.press("slash", *"steady", "enter", "enter")
        await day.wait(3)
        await day.press("j", "enter")
        await day.wait(3)
        await day.press("enter")
        await day.wait(4)
        assert type(day.app.screen).__name__ == "SubtaskScreen"
        await day.press("d")
        await day.wait(3)
        assert type(day.app.screen).__name__ == "TaskManagerScreen"
        assert "threads " in day.text
        assert f"/{vertex['name'][:12]}" in day.lines[-1]
        dump = day.cluster.document(f"taskmanagers/{taskmanager(day.cluster)['id']}/thread-dump")
        named = [one for one in dump["threadInfos"] if vertex["name"] in one["threadName"]]
        assert ("not found" in day.lines[-1]) == (not named)
        await day.press("escape", "escape")
        await day.wait(1)
        await day.press("l")
        await day.wait(3)
        assert "errors 0" in day.text or "warnings" in day.text


@pytest.mark.parametrize("release", RELEASES)
async def test_the_taskmanager_of_an_exception_is_opened(release: str) -> None:
    async with monitor(release) as day:
        # 1.9 tells the last failure alone, and the failing job had none when it was recorded.
        name = "failed for" if release == "1.9.3" else "failing"
        await day.press("slash", *name, "enter", "enter")
        await day.wait(3)
        [tab] = [one for one in JOB_TABS if one.label == "Exceptions"]
        await day.press(*tab.keys)
        await day.wait(3)
        await day.press("enter")
        await day.wait(3)
        assert type(day.app.screen).__name__ == "FaultScreen"
        await day.press("l")
        await day.wait(3)
        if version(release) < (1, 17):
            await day.sees("It is not known on which TaskManager")
            return
        assert type(day.app.screen).__name__ == "TaskManagerScreen"
        await day.sees("warnings")
        await day.press("escape", "d")
        await day.wait(3)
        await day.sees("threads ")
        assert "/" in day.lines[-1]


async def test_where_the_profiler_is_off_the_setting_is_named() -> None:
    cluster = FixtureCluster("1.20.5")
    one = taskmanager(cluster)["id"]
    cluster.changed[f"taskmanagers/{one}/profiler"] = (404, {"errors": ["Unable to load requested file"]})
    async with monitor(cluster=cluster) as day:
        await open_taskmanager(day, "9")
        assert "rest.profiling.enabled: true" in day.text
        await day.press("P")
        assert type(day.app.screen).__name__ == "TaskManagerScreen"


async def test_the_result_of_a_run_is_saved_and_its_path_shown(tmp_path: Any) -> None:
    cluster = FixtureCluster("1.20.5")
    one = taskmanager(cluster)["id"]
    [path] = [path for path in cluster.recorded if path.startswith(f"taskmanagers/{one}/profiler/")]

    def finished(document: dict[str, Any]) -> dict[str, Any]:
        [run] = document["profilingList"]
        return {"profilingList": [run | {"status": "FINISHED", "outputFile": path.rpartition("/")[2]}]}

    cluster.changed[f"taskmanagers/{one}/profiler"] = finished
    async with monitor(cluster=cluster, state=tmp_path) as day:
        await open_taskmanager(day, "9")
        assert "FINISHED" in day.line("ITIMER")
        await day.press("enter")
        await day.wait(2)
        [saved] = (tmp_path / "profiles").iterdir()
        assert saved.suffix == ".html"
        assert (stat.S_IMODE(saved.stat().st_mode), stat.S_IMODE(saved.parent.stat().st_mode)) == (
            0o600,
            0o700,
        )
        assert saved.read_bytes() == cluster.answer(path)[1]
        assert "saved to" in day.text


async def test_a_large_result_needs_confirmation_before_it_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = FixtureCluster("1.20.5")
    one = taskmanager(cluster)["id"]
    [path] = [path for path in cluster.recorded if path.startswith(f"taskmanagers/{one}/profiler/")]

    def finished(document: dict[str, Any]) -> dict[str, Any]:
        [run] = document["profilingList"]
        return {"profilingList": [run | {"status": "FINISHED", "outputFile": path.rpartition("/")[2]}]}

    cluster.changed[f"taskmanagers/{one}/profiler"] = finished
    monkeypatch.setattr("flinktop.ui.panels.process_files.LARGE_TO_SAVE", 1000)
    async with monitor(cluster=cluster, state=tmp_path) as day:
        await open_taskmanager(day, "9")
        await day.press("enter")
        await day.wait(2)
        size = fmt.size(len(cluster.answer(path)[1]))
        await day.sees(f"not saved yet: it has {size}; enter again saves it anyway")
        assert not list((tmp_path / "profiles").iterdir())
        await day.press("enter")
        await day.wait(2)
        assert "saved to" in day.text
        [saved] = (tmp_path / "profiles").iterdir()
        assert saved.read_bytes() == cluster.answer(path)[1]


async def test_a_run_in_progress_has_no_result_to_save() -> None:
    async with monitor("1.20.5") as day:
        await open_taskmanager(day, "9")
        await day.press("enter")
        await day.wait(1)
        await day.sees("this run has no result")


async def test_pasted_text_starts_no_run(tmp_path: Path) -> None:
    async with monitor("1.20.5", acts=True, state=tmp_path) as day:
        await open_taskmanager(day, "9")
        await day.type_ahead("P", "enter")
        assert isinstance(day.app.screen, ProfileStart)
        await day.press("enter")
        assert not isinstance(day.app.screen, ProfileStart)


async def test_read_only_starts_no_run() -> None:
    async with monitor("1.20.5", read_only=True) as day:
        await open_taskmanager(day, "9")
        await day.press("P")
        await day.wait(1)
        await day.sees("opened read-only")
        assert not [line for line in day.cluster.asked if not line.startswith("GET")]


@pytest.mark.parametrize("size", [(80, 24), (80, 40), (120, 40)])
async def test_every_size_shows_where_a_taskmanager_runs(size: tuple[int, int]) -> None:
    async with monitor("1.9.3", size) as day:
        await open_taskmanager(day)
        told = taskmanager(day.cluster)
        hardware = told["hardware"]
        await day.sees(f"cores {hardware['cpuCores']}")
        await day.sees(f"data port {told['dataPort']}")
        assert f"machine's memory {fmt.size(hardware['physicalMemory'])}" in day.text
        assert f"path {told['path']}" in day.text
        await day.sees("1.12 or later.")


@pytest.mark.parametrize(("tab", "opens"), [("8", False), ("9", True), ("3", False)])
async def test_the_footer_offers_what_a_tab_can_do(tab: str, opens: bool) -> None:  # noqa: FBT001
    async with monitor("1.20.5", (80, 24)) as day:
        await day.press("J", tab)
        await day.wait(2)
        assert ("P profile" in day.lines[-1]) is opens
        assert ("enter open" in day.lines[-1]) is opens
