"""TaskManagers and the JobManager of a real cluster, by keys alone, and what they tell as Flink tells it."""

import re
from pathlib import Path

import pytest

from flinktop.model import format as fmt
from flinktop.ui import tabs
from tests.live.cluster import Cluster
from tests.live.places import opened
from tests.live.submission import wait_for
from tests.terminal.monitor import LIVE, STARTS, log_of, monitor, open_job
from tests.terminal.pty import Pty

pytestmark = pytest.mark.live

ANSWERS = 15.0
"""Seconds that metrics may take: they come with the second fetch, ten seconds after the first."""

COMPLETED = re.compile(r"Completed checkpoint (\d+) for job")


def newest(text: str) -> int:
    """The highest number of a completed checkpoint on the screen."""
    return max(map(int, COMPLETED.findall(text)), default=0)


def tab(pty: Pty, number: int, name: str) -> None:
    """Open a tab of a TaskManager or of the JobManager."""
    pty.press(str(number))
    known = (*tabs.TASKMANAGER_TABS, *tabs.JOBMANAGER_TABS)
    pty.wait_for(opened(next(tab for tab in known if (tab.keys[0], tab.label) == (str(number), name))))


def test_a_taskmanager_is_reached_and_tells_what_flink_tells(cluster: Cluster, tmp_path: Path) -> None:
    [known] = cluster.get("taskmanagers")["taskmanagers"]
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("M")
        used = known["slotsNumber"] - known["freeSlots"]
        pty.wait_for(
            re.compile(rf"TASKMANAGER.*\n[^\n]*healthy[^\n]* {used}/{known['slotsNumber']} "), ANSWERS
        )
        pty.press("enter")
        pty.wait_for("[1 Memory]")
        limit = fmt.size(cluster.get(f"taskmanagers/{known['id']}")["metrics"]["heapMax"])
        pty.wait_for(re.compile(rf"JVM heap[^\n]* {re.escape(limit)} "), ANSWERS)
        pty.wait_for(re.compile(r"heap \d+ % of [^\n]*CPU \d+ %"), ANSWERS)
        tab(pty, 2, "Charts")
        tab(pty, 3, "Metrics")
        pty.wait_for(re.compile(r"Status\.JVM\.CPU\.Load +0\.\d+"), ANSWERS)
        tab(pty, 4, "Slots")
        # 1.14 has the field, and nothing in it.
        pty.wait_for(re.compile(r"steady|taken slots|slots that are taken|need Flink 1\.13"))
        tab(pty, 5, "Log")
        pty.wait_for(re.compile(r"size [\d.]+ .?B +[^\n]*errors \d+ +warnings \d+"), ANSWERS)
        tab(pty, 6, "Stdout")
        tab(pty, 7, "Log list")
        pty.wait_for("taskmanager.log" if cluster.release >= (1, 11) else "Flink 1.11 or later")
        tab(pty, 8, "Threads")
        pty.wait_for(re.compile(r"threads \d{2,}|Flink 1\.11 or later"), ANSWERS)
        tab(pty, 9, "Profiler")
        pty.wait_for("No runs yet" if cluster.release >= (1, 19) else "Flink 1.19 or later")
    log = log_of(tmp_path)
    assert "Traceback" not in log
    assert "dropped" not in log, "a field is not as this release has it"


def test_the_jobmanager_is_reached_on_a_small_terminal(cluster: Cluster, tmp_path: Path) -> None:
    with monitor(tmp_path, cluster.url, columns=80, rows=24) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("J")
        pty.wait_for(re.compile(r"JVM heap +\d"), ANSWERS)
        tab(pty, 4, "Configuration")
        pty.wait_for("cluster.registration.error-delay")
        pty.press("/")
        pty.write("rest.port")
        pty.wait_for(re.compile(rf"rest\.port +{cluster.url.rpartition(':')[2]}"))
        pty.press("enter")
        pty.wait_for(re.compile(r"^ /rest\.port ", re.MULTILINE))
        tab(pty, 5, "Log")
        pty.wait_for(re.compile(r"errors \d+ +warnings \d+"), ANSWERS)
        tab(pty, 8, "Threads")
        pty.wait_for(re.compile(r"threads \d{2,}|Flink 1\.15 or later"), ANSWERS)
        tab(pty, 7, "Log list")
        pty.wait_for("jobmanager.log" if cluster.release >= (1, 11) else "Flink 1.11 or later")
        if cluster.release >= (1, 11):
            pty.press("enter")
            pty.wait_for(re.compile(r"errors \d+ +warnings \d+|Nothing has been written"), ANSWERS)
    assert "Traceback" not in log_of(tmp_path)


def test_a_log_that_grows_is_followed(cluster: Cluster, tmp_path: Path) -> None:
    if cluster.release < (1, 11):
        pytest.skip("before 1.11 no list tells the size of a log")
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("J")
        pty.wait_for("[1 Memory]")
        tab(pty, 5, "Log")
        pty.wait_for("following", ANSWERS)
        first = newest(pty.wait_for(COMPLETED, ANSWERS))
        # One every five seconds; the screen is at the end of the log, and stays there.
        pty.wait_for(lambda text: newest(text) >= first + 2, 60)


def test_a_profile_is_taken_and_saved(cluster: Cluster, tmp_path: Path) -> None:
    if cluster.release < (1, 19):
        pytest.skip("Flink has profilers from 1.19 on")
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("J")
        pty.wait_for("[1 Memory]")
        tab(pty, 9, "Profiler")
        pty.wait_for("No runs yet")
        pty.press("P")
        pty.wait_for("Start a profiler run")
        pty.press("-", "-")
        pty.wait_for(re.compile(r"lasts +5 s"))
        pty.wait_for("enter starts")
        pty.press("enter")
        pty.wait_for("RUNNING", ANSWERS)
        pty.wait_for("FINISHED", 40)
        pty.press("enter")
        pty.wait_for("saved to", ANSWERS)
    [saved] = tmp_path.glob("state/**/profiles/*.html")
    assert b"</html>" in saved.read_bytes()


def test_the_threads_of_a_running_task_are_found(
    cluster: Cluster, jobs: dict[str, str], tmp_path: Path
) -> None:
    if cluster.release < (1, 11):
        pytest.skip("before 1.11 TaskManagers tell no threads")
    vertex = cluster.get(f"jobs/{jobs['steady']}")["vertices"][1]

    def deployed() -> bool:
        path = f"jobs/{jobs['steady']}/vertices/{vertex['id']}"
        return all(one["status"] == "RUNNING" for one in cluster.get(path)["subtasks"])

    wait_for("the task to run", deployed)
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        open_job(pty, "steady")
        pty.wait_for(re.compile(r"VERTEX[^\n]*\n(?:[^\n]*RUNNING[^\n]*\n)+"))
        pty.press("j", "enter")
        pty.wait_for("[1 Subtasks]")
        pty.wait_for(re.compile(r"RUNNING"))
        pty.press("d")
        pty.wait_for("[8 Threads]")
        pty.wait_for(re.compile(rf'"{re.escape(vertex["name"][:20])}[^\n]*\(\d/2\)#\d+" Id='), ANSWERS)
