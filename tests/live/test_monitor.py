"""Flinktop in a terminal on real Flink: jobs found and left, rates, a lost JobManager, nobody who reads."""

import re
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from flinktop.local import processes
from tests.live.cluster import Cluster, running
from tests.live.counting_proxy import CountingProxy
from tests.live.submission import NAMES, submit, wait_for, wait_for_state
from tests.terminal.monitor import LIVE, QUESTION, STARTS, drag, log_of, monitor, open_job, session_of

pytestmark = pytest.mark.live

SIZES = pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24)], ids=["120x40", "80x24"])
STEADY_SECONDS = 120.0
"""Flink's own rates are means over a minute: so long a steady job has to run before they tell its rate."""
UNITS = {"": 1.0, "k": 1e3, "M": 1e6}

# State, name, parallelism, IN/s, OUT/s.
_VERTEX = re.compile(r"RUNNING +(\S.*?) +\d+ +([\d.]+[kM]?|–) +([\d.]+[kM]?|–) ", re.MULTILINE)  # noqa: RUF001  the dash on the screen


@SIZES
def test_jobs_are_found_opened_and_left(
    cluster: Cluster, jobs: dict[str, str], tmp_path: Path, columns: int, rows: int
) -> None:
    with monitor(tmp_path, cluster.url, columns=columns, rows=rows) as pty:
        pty.wait_for(LIVE, STARTS)
        for kind in jobs:
            pty.wait_for(NAMES[kind][: columns // 5])
        open_job(pty, "steady")
        pty.wait_for(jobs["steady"])
        pty.wait_for(re.compile(r"VERTEX.*\n.*RUNNING.*\n.*RUNNING"))
        pty.press("q")
        pty.wait_until_gone(" ▸ ")
        pty.press("escape")
        pty.wait_for("slow [test]")
        pty.press("q")
        pty.wait_for(QUESTION)
        pty.press("q")
        left = pty.left()
        assert (left.code, left.modes, left.termios) == (0, (), ())
        assert not session_of(pty)
    assert "Traceback" not in log_of(tmp_path)
    assert "dropped" not in log_of(tmp_path), "a field is not as this release has it"


def test_a_job_is_cancelled_while_it_is_open(cluster: Cluster, jobs: dict[str, str], tmp_path: Path) -> None:
    assert jobs
    job = submit(cluster, "steady", name="to be cancelled")
    wait_for_state(cluster, job, "RUNNING")
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        open_job(pty, "to be cancelled")
        pty.wait_for(re.compile(rf"{job}\n.*RUNNING"))
        assert cluster.ask("PATCH", f"jobs/{job}?mode=cancel").status == 202
        # The header and the vertices, which are still told, may come in two strokes of the brush.
        pty.wait_for(re.compile(rf"{job}\n.*CANCELED \d+ s ago(?s:.*)VERTEX(?s:.*)CANCELED"), 30.0)


def test_rates_are_those_of_flink(cluster: Cluster, jobs: dict[str, str], tmp_path: Path) -> None:
    job = jobs["steady"]
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        open_job(pty, "steady")
        pty.press("2")
        pty.wait_for("[2 Vertices]")
        wait_for("two minutes of the job", lambda: ran(cluster, job) >= STEADY_SECONDS, STEADY_SECONDS + 60)
        for columns, rows in ((120, 40), (80, 24)):
            pty.resize(columns, rows)
            told = told_by_flink(cluster, job)
            # While the window is dragged to another size, what was drawn before stands beside what is new.
            pty.wait_for(partial(shows_rates, told))


def shows_rates(told: list[tuple[float, float]], screen: str) -> bool:
    """Whether the rows are within a tenth of what Flink told: records sent and taken by each vertex."""
    rows = [(number(sent), number(taken)) for _name, taken, sent in _VERTEX.findall(screen)]
    last = len(told) - 1
    return len(rows) == len(told) and all(
        fits(sent, known[0], absent=position == last) and fits(taken, known[1], absent=position == 0)
        for position, ((sent, taken), known) in enumerate(zip(rows, told, strict=True))
    )


def fits(shown: float | None, real: float, *, absent: bool) -> bool:
    # A source takes nothing in and a sink sends nothing: Flink counts 0, the screen has a dash.
    if shown is None or absent:
        return shown is None and absent
    return shown > 0 and shown == pytest.approx(real, rel=0.1)


def ran(cluster: Cluster, job: str) -> float:
    """For how long a job has been running (s), by the cluster's clock."""
    answer = cluster.get(f"jobs/{job}")
    return float(answer["now"] - answer["timestamps"]["RUNNING"]) / 1000


def told_by_flink(cluster: Cluster, job: str) -> list[tuple[float, float]]:
    """Records sent and taken in a second by each vertex, summed over its subtasks one by one."""
    names = ("numRecordsOutPerSecond", "numRecordsInPerSecond")
    found = []
    for vertex in cluster.get(f"jobs/{job}")["vertices"]:
        sums = dict.fromkeys(names, 0.0)
        for subtask in range(vertex["parallelism"]):
            path = f"jobs/{job}/vertices/{vertex['id']}/subtasks/{subtask}/metrics?get={','.join(names)}"
            for metric in cluster.get(path):
                sums[metric["id"]] += float(metric["value"])
        found.append((sums[names[0]], sums[names[1]]))
    return found


def number(text: str) -> float | None:
    """A rate as the screen has it: 12, 7.5, 1.2k; a dash is None."""
    if text == "–":  # noqa: RUF001  the dash on the screen
        return None
    unit = text[-1] if text[-1] in UNITS else ""
    return float(text.removesuffix(unit)) * UNITS[unit]


@pytest.mark.long
@pytest.mark.parametrize("release", ["1.20.5"], indirect=True)
def test_nobody_reads_for_a_minute(cluster: Cluster, jobs: dict[str, str], tmp_path: Path) -> None:
    """The JobManager is asked as often as before, and SIGTERM ends it all within 5 s."""
    assert jobs
    with CountingProxy(cluster.url) as proxy, monitor(tmp_path, proxy.url, columns=200, rows=60) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("steady [test]")
        # The first questions are many: each job's details, once.
        settled = time.monotonic() + 5.0
        proxy.wait_until_asked_at(settled + 30.0, 60.0)
        usual = proxy.asked_between(settled, settled + 30.0) / 30.0
        with pty.unread():
            drag(pty)
            full = time.monotonic()
            proxy.wait_until_asked_at(full + 60.0, 90.0)
            assert proxy.asked_between(full, full + 60.0) / 60.0 == pytest.approx(usual, rel=0.25)
            pty.signal(signal.SIGTERM)
            assert pty.process.wait(5.0) == 128 + signal.SIGTERM
        assert pty.left().clean
        assert not session_of(pty)
    assert "the app does not end by itself" in log_of(tmp_path), "it was not stalled at all"


def test_the_jobmanager_is_stopped_and_started_again(tmp_path: Path) -> None:
    """Values stay with their age, and it goes on by itself when Flink is back, without the jobs it forgot."""
    with running("1.20.5", port=processes.free_port()) as cluster:
        wait_for_state(cluster, submit(cluster, "steady"), "RUNNING")
        with monitor(tmp_path / "home", cluster.url) as pty:
            pty.wait_for(LIVE, STARTS)
            pty.wait_for("TaskManagers 1")
            pty.wait_for("steady [test]")
            processes.stop([cluster.jobmanager])
            pty.wait_for(re.compile(r"○ stale \d+ s"), 20.0)
            pty.wait_for("connection refused")
            screen = pty.wait_for(re.compile(r"✕ lost \d+ s, retry in"), 30.0)
            assert "steady [test]" in screen
            assert "TaskManagers 1" in screen
            conf, log = cluster.directory / "conf", cluster.directory / "again" / "jobmanager.log"
            again = processes.start(processes.jobmanager_command(cluster.home, conf, log), log=log)
            try:
                pty.wait_for(LIVE, 60.0)
                pty.wait_until_gone("steady [test]", 20.0)
                pty.wait_for("no jobs on this cluster yet")
                pty.wait_for("TaskManagers 1", 60.0)
                pty.press("ctrl+c", "ctrl+c")
                assert pty.left().clean
            finally:
                processes.stop([again])
    assert "Traceback" not in log_of(tmp_path / "home")
