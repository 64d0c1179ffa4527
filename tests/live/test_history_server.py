"""The HistoryServer of a real cluster: what it keeps is shown, the rest is said and not asked for."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinktop.ui import tabs
from tests.live.cluster import Cluster, history_server
from tests.live.counting_proxy import CountingProxy
from tests.live.places import Places
from tests.live.submission import submit, wait_for, wait_for_state
from tests.terminal.monitor import LIVE, log_of, monitor, open_job

pytestmark = [pytest.mark.live, pytest.mark.parametrize("release", ["1.20.5", "2.3.0"], indirect=True)]

FAILED, FINISHED = "kept [v1] as failed", "kept [v1] as finished"
HISTORY = re.compile(r"[Tt]his is a HistoryServer|a HistoryServer keeps")
HAS_NOT = {
    *("overview", "job/Metrics", "job/History", "vertex/Backpressure", "vertex/Watermarks"),
    "vertex/Accumulators",
    *("vertex/Metrics", "vertex/Flame graph", "subtask/Metrics", "subtask/Flame graph"),
    *(f"jobmanager/{tab.label}" for tab in tabs.JOBMANAGER_TABS),
    *("taskmanagers", "jars/Jars", "jars/Datasets"),
}
"""Where there is a sentence on what a HistoryServer does not have."""
MOST_IN_VAIN = 2
"""Times that one thing which is not there is asked for, within five minutes and by two who want it."""


@pytest.fixture
def history(cluster: Cluster) -> Iterator[Cluster]:
    """A HistoryServer that knows a job that has failed and one that has finished."""
    failed = submit(cluster, "failing", name=FAILED, restarts=0, fail_after=8, parallelism=1, checkpoint=1000)
    finished = submit(cluster, "finishing", name=FINISHED, parallelism=1, rate=2000)
    wait_for_state(cluster, failed, "FAILED")
    wait_for_state(cluster, finished, "FINISHED")
    with history_server(cluster) as server:

        def archived() -> bool:
            try:
                answer = server.ask("GET", "jobs/overview")
                known = [job["jid"] for job in answer.json().get("jobs", [])] if answer.status == 200 else []
            except (OSError, ValueError):  # not listening yet, or writing that file
                return False
            return {failed, finished} <= set(known)

        wait_for("the archive of ended jobs", archived)
        yield server


def test_every_place_says_what_a_history_server_has_and_has_not(history: Cluster, tmp_path: Path) -> None:
    with CountingProxy(history.url) as proxy:
        with monitor(tmp_path, proxy.url) as pty:
            places = Places(pty, tmp_path / "screens")
            places.look("overview", LIVE)
            open_job(pty, FAILED)
            places.tabs("job", tabs.JOB_TABS)
            faults_and_checkpoints(places)
            places.go("vertices", "2", shown="[2 Vertices]")
            places.go("vertex", "j", "enter", shown="[1 Subtasks]")
            places.tabs("vertex", tabs.VERTEX_TABS)
            places.go("subtask", "enter", shown="[1 Attempts]")
            places.tabs("subtask", tabs.SUBTASK_TABS)
            places.by_word("jm", "[1 Memory]")
            places.tabs("jobmanager", tabs.JOBMANAGER_TABS)
            places.by_word("tm", "─ TaskManagers ─")
            places.look("taskmanagers")
            places.by_word("jars", "[1 Jars]")
            places.tabs("jars", tabs.JARS_TABS)
        log = log_of(tmp_path)
    for name in ("overview", "job/Charts"):
        assert f"Flink {history.text} history" in places.seen[name].splitlines()[0]
    said = {name for name, screen in places.seen.items() if HISTORY.search(screen)}
    assert said == HAS_NOT | ({"jars/Applications"} if history.release < (2, 3) else set())
    assert not [name for name, screen in places.seen.items() if "no such endpoint" in screen]
    assert not re.findall(r" (?:ERROR|CRITICAL) |Traceback|dropped", log), log
    in_vain = Counter(target for target, status in proxy.answers if status != 200)
    assert max(in_vain.values()) <= MOST_IN_VAIN, in_vain
    assert {status for _, status in proxy.answers} == {200, 404}


def faults_and_checkpoints(places: Places) -> None:
    """Why the job has failed, and its checkpoints down to the subtasks of one."""
    places.go("exceptions", "4", shown="[4 Exceptions]")
    places.go("fault", "enter", shown=re.compile(r"\A[^\n]*▸ [^●\n]*Exception"))
    places.back("[4 Exceptions]")
    places.go("checkpoints", "c", shown="[1 History]")
    places.tabs("checkpoints", tabs.CHECKPOINTS_TABS)
    places.go("checkpoint", "enter", shown=re.compile(r"\A[^\n]*▸ checkpoint \d+"))
    places.go("checkpoint vertex", "enter", shown=re.compile(r"\A[^\n]*▸ checkpoint \d+ ▸ "))
    places.back("─ Vertices ─")
    places.back("[1 History]")
    places.back("[4 Exceptions]")
