"""Every screen and every tab on a real cluster, reached by keys: none is blank, none asks in vain."""

import re
from pathlib import Path

import pytest

from flinktop.ui import tabs
from tests.flink.asked import asked_for
from tests.live.cluster import Cluster, running
from tests.live.counting_proxy import CountingProxy
from tests.live.places import TELLS_WITHIN, Places
from tests.live.submission import submit, wait_for, wait_for_state
from tests.live.test_walk import on_trail
from tests.parity.requests import walked
from tests.terminal.monitor import LIVE, log_of, monitor, open_job

pytestmark = pytest.mark.live

FAILED = "ended [v1] <i>early</i>"
LATER = {
    "vertex/Flame graph": (1, 13),
    "subtask/Flame graph": (1, 17),
    "checkpoints/Summary": (1, 15),
    "taskmanager/Slots": (1, 13),
    "taskmanager/Log list": (1, 11),
    "taskmanager/Threads": (1, 11),
    "taskmanager/Profiler": (1, 19),
    "jobmanager/Configuration": (1, 16),
    "jobmanager/Log list": (1, 11),
    "jobmanager/Threads": (1, 15),
    "jobmanager/Profiler": (1, 19),
    "jars/Applications": (2, 3),
    "jars/Datasets": (1, 11),
}
"""What came after 1.9: on an older release a sentence says so."""


@pytest.fixture
def failed(cluster: Cluster, jobs: dict[str, str]) -> str:
    """A job that has failed for good, beside the steady one, which has a checkpoint by now."""
    job = submit(cluster, "failing", name=FAILED, restarts=1, restart_delay=1, fail_after=2, parallelism=1)
    wait_for_state(cluster, job, "FAILED")
    path = f"jobs/{jobs['steady']}/checkpoints"
    wait_for("a checkpoint", lambda: bool(cluster.get(path)["latest"]["completed"]))
    return job


@pytest.mark.parametrize("release", ["1.9.3", "2.3.0"], indirect=True)
def test_every_screen_and_tab_tells_something(cluster: Cluster, failed: str, tmp_path: Path) -> None:
    assert failed
    with CountingProxy(cluster.url) as proxy:
        with monitor(tmp_path, proxy.url) as pty:
            places = Places(pty, tmp_path / "screens")
            places.look("overview", LIVE)
            the_job(places, cluster)
            the_checkpoints(places)
            the_fault(places)
            the_machines(places, cluster)
            the_rest(places, cluster)
        log = log_of(tmp_path)
    assert not re.findall(r" (?:WARNING|ERROR|CRITICAL) |Traceback", log), log
    asked = {asked_for(line.split()[1]) for line, status in proxy.answers if status == 200}
    assert walked() <= asked, walked() - asked
    unexpected = {answer for answer in proxy.answers if answer[1] != 200}
    assert not unexpected
    lacks = re.compile(rf"this (?:is|cluster runs) {re.escape(cluster.text)}")
    said = {
        name for name, screen in places.seen.items() if lacks.search(" ".join(re.split(r"[│\s]+", screen)))
    }
    assert said == {name for name, since in LATER.items() if cluster.release < since}


def the_job(places: Places, cluster: Cluster) -> None:
    """The steady job, one of its vertices, one of the vertex's subtasks."""
    pty = places.pty
    open_job(pty, "steady")
    places.tabs("job", tabs.JOB_TABS)
    places.go("job/Vertices", "2", shown="[2 Vertices]")
    places.go("vertex", "j", "enter", shown="[1 Subtasks]")
    places.tabs("vertex", tabs.VERTEX_TABS)
    pty.press("i")
    pty.wait_for(re.compile(r"─ What it does ─.*\n.*(?:HASH|REBALANCE), pipelined"))
    pty.press("escape")
    pty.wait_until_gone("What it does")
    places.go("subtask", "enter", shown="[1 Attempts]")
    places.tabs("subtask", tabs.SUBTASK_TABS)
    places.back("[1 Subtasks]")
    if cluster.release < (1, 13):
        places.go("measuring", "2", shown=re.compile(r"\[2 (?:Backpressure|Pressure)\]"))
        places.go("measured", "b", shown=re.compile(r"backpressure [●*] ok"))
    places.back("[2 Vertices]")


def the_checkpoints(places: Places) -> None:
    """The job's checkpoints, one of them, and a vertex of it."""
    places.go("checkpoints", "c", shown="[1 History]")
    places.tabs("checkpoints", tabs.CHECKPOINTS_TABS)
    places.go("checkpoint", "enter", shown=re.compile(r"\A[^\n]*▸ checkpoint \d+"))
    places.go("checkpoint vertex", "enter", shown=re.compile(r"\A[^\n]*▸ checkpoint \d+ ▸ "))
    places.back("─ Vertices ─")
    places.back("[1 History]")
    places.back("[2 Vertices]")
    to_the_overview(places)


def the_fault(places: Places) -> None:
    """Why a job has failed: the exception with its stack, and both attempts of a subtask."""
    pty = places.pty
    open_job(pty, FAILED)
    places.tabs("failed job", tabs.JOB_TABS)
    places.go("exceptions", "4", shown="[4 Exceptions]")
    pty.wait_for(re.compile(r"\d{2}:\d{2}:\d{2} +[12] "))
    places.go("fault", "enter", shown=re.compile(r"\A[^\n]*</i> ▸ [^●\n]*Exception(?s:.*)\bat [\w.$<>]+\("))
    places.back("[4 Exceptions]")
    places.go("failed vertices", "2", shown="[2 Vertices]")
    places.go("failed vertex", "enter", shown="[1 Subtasks]")
    # On a busy machine its subtasks come later than its screen, and enter opens what is there.
    pty.wait_for(re.compile(r"^│ +0 . \w+ ", re.MULTILINE), TELLS_WITHIN)
    places.go("attempts", "enter", shown=re.compile(r"^│ +1 . \w+ .*\n│ +0 . \w+ ", re.MULTILINE))
    places.tabs("failed subtask", (tabs.SUBTASK_TABS[0], tabs.SUBTASK_TABS[3]))
    places.back("[1 Subtasks]")
    places.back("[2 Vertices]")
    to_the_overview(places)


def to_the_overview(places: Places) -> None:
    """Back from a job, with all jobs in the table again."""
    places.back("─ Jobs ─")
    places.back("slow [test]")


def the_machines(places: Places, cluster: Cluster) -> None:
    """TaskManagers, one of them, the JobManager, one of its log files."""
    places.go("taskmanagers", "M", shown="─ TaskManagers ─")
    places.go("taskmanager", "enter", shown="[1 Memory]")
    places.tabs("taskmanager", tabs.TASKMANAGER_TABS)
    places.back("─ TaskManagers ─")
    places.go("jobmanager", "J", shown="[1 Memory]")
    places.tabs("jobmanager", tabs.JOBMANAGER_TABS)
    if cluster.release >= (1, 11):
        places.go("log files", "7", shown="jobmanager.log")
        places.go("log file", "enter", shown="─ File ─")
        places.back("[7 Log list]")


def the_rest(places: Places, cluster: Cluster) -> None:
    """What was handed to the cluster; the palette and the help."""
    places.by_word("jars", "[1 Jars]")
    places.tabs("jars", tabs.JARS_TABS)
    if cluster.release >= (2, 3):
        places.go("applications", "2", shown="[2 Applications]")
        places.go("application", "enter", shown="[1 Jobs]")
        places.tabs("application", tabs.APPLICATION_TABS)
    places.pty.press("?")
    places.pty.wait_for(re.compile(r"─ Keys ─(?s:.*)One row up or down"))
    places.back(on_trail())


def test_a_rescale_is_told_where_it_happened(tmp_path: Path) -> None:
    extra = {
        "jobmanager.scheduler": "adaptive",
        "jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling": "1 s",
        "jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout": "1 s",
    }
    with running("2.3.0", extra=extra) as cluster:
        job = submit(cluster, "steady")
        wait_for_state(cluster, job, "RUNNING")
        wanted = cluster.get(f"jobs/{job}/resource-requirements")
        for vertex in wanted.values():
            vertex["parallelism"] = {"lowerBound": 1, "upperBound": 1}
        cluster.send("PUT", f"jobs/{job}/resource-requirements", wanted)
        counts = f"jobs/{job}/rescales/overview"
        wait_for("a rescale", lambda: cluster.get(counts)["rescalesCounts"]["completed"] == 2)
        with monitor(tmp_path, cluster.url, columns=160, rows=50) as pty:
            pty.wait_for(LIVE)
            open_job(pty, "steady")
            pty.press("5")
            pty.wait_for("rescale: update requirement")
            pty.wait_for("completed 2   in progress 0   failed 0")
            pty.press("G", "k", "enter")
            pty.wait_for(re.compile(r"parallelism 2 to 1, desired 1, at least 1"))
            pty.press("6")
            pty.wait_for(re.compile(r"history size +20"))
        assert not re.findall(r" (?:WARNING|ERROR|CRITICAL) |Traceback", log_of(tmp_path))
