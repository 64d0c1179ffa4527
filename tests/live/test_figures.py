"""Figures on the screen against Flink's REST API at the same moment: skew, watermarks, memory, collectors.

A figure is compared with what Flink tells while it stands on the screen. Flink fetches metrics every 10 s and
flinktop asks as often: within some fetches both speak of the same one, and only then they have to agree.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from flinktop.model import format as fmt
from tests.live.cluster import Cluster
from tests.live.submission import wait_for
from tests.live.test_walk import MIDDLE, open_vertex
from tests.terminal.monitor import LIVE, STARTS, monitor, open_job
from tests.terminal.pty import Pty

pytestmark = pytest.mark.live

AGREES_WITHIN = 60.0
"""Seconds in which the screen and Flink once speak of the same fetch of metrics."""
POINTS = 1.0
"""Per cent of skew that rounding and records on their way may make."""
SECONDS = 3.0
"""Seconds of lag that may pass between a question here and a second on the screen."""


@pytest.fixture
def job(cluster: Cluster, jobs: dict[str, str]) -> dict[str, Any]:
    """The steady job, when its rates and its watermarks are told."""
    path = f"jobs/{jobs['steady']}"

    def ready() -> bool:
        vertex = cluster.get(path)["vertices"][MIDDLE]
        by_subtask = rates(cluster, f"{path}/vertices/{vertex['id']}", vertex["parallelism"])
        return vertex["metrics"]["read-records"] > 0 and all(rate > 0 for rate in by_subtask)

    wait_for("rates of the subtasks", ready, 90.0)
    found: dict[str, Any] = cluster.get(path)
    return found


def flinks_skew(values: list[float]) -> float:
    """Mean absolute deviation over the mean in per cent, at most 100, as Flink reckons it from 1.20 on."""
    mean = sum(values) / len(values)
    return min(100.0, 100.0 * sum(abs(value - mean) for value in values) / len(values) / mean)


def rates(cluster: Cluster, vertex: str, parallelism: int) -> list[float]:
    """Records that each subtask takes in a second, asked one by one; nothing while they are not told."""
    found = []
    for subtask in range(parallelism):
        told = cluster.get(f"{vertex}/subtasks/{subtask}/metrics?get=numRecordsInPerSecond")
        found.append(float(told[0]["value"]) if told else 0.0)
    return found


def shown(pty: Pty, pattern: str) -> tuple[str, ...]:
    """What the groups of a pattern hold on the screen; nothing while it is not there."""
    found = re.search(pattern, pty.text, re.MULTILINE)
    return found.groups() if found is not None else ()


def per_cent(text: str) -> float:
    """A share as the screen has it."""
    return 0.5 if text.startswith("<") else float(text)


def test_skew_is_flinks(cluster: Cluster, job: dict[str, Any], tmp_path: Path) -> None:
    it = job["vertices"][MIDDLE]
    vertex = f"jobs/{job['jid']}/vertices/{it['id']}"

    def rates_agree() -> bool:
        """Flink's own figure where it has one, the same reckoned here, and the most over the mean."""
        line = shown(pty, rf"{re.escape(it['name'][:16])}.* ([\d<]+|–) +([\d.]+|–) *│$")  # noqa: RUF001  the dash on the screen
        by_subtask = rates(cluster, vertex, it["parallelism"])
        over_mean = max(by_subtask) * len(by_subtask) / sum(by_subtask)
        if not line or "–" in line[1] or abs(float(line[1]) - over_mean) > 0.06:  # noqa: RUF001  the same
            return False
        if cluster.release < (1, 20):
            return line[0] == "–"  # noqa: RUF001  the same
        [told] = cluster.get(f"{vertex}/subtasks/metrics?get=numRecordsInPerSecond")
        figures = (float(told["skew"]), flinks_skew(by_subtask))
        return all(abs(per_cent(line[0]) - figure) <= POINTS for figure in figures)

    def totals_agree() -> bool:
        """On the vertex's own screen the skew is that of all records so far, on every release."""
        line = shown(pty, r"skew ([\d<]+) %")
        totals = [float(one["metrics"]["read-records"]) for one in cluster.get(vertex)["subtasks"]]
        return bool(line) and abs(per_cent(line[0]) - flinks_skew(totals)) <= POINTS

    with monitor(tmp_path, cluster.url, columns=120, rows=40) as pty:
        pty.wait_for(LIVE, STARTS)
        open_job(pty, "steady")
        pty.press("2")
        pty.wait_for(re.compile(r"SKEW% +MAX/AVG"))
        wait_for("skew and the most over the mean", rates_agree, AGREES_WITHIN)
        open_vertex(pty, job)
        wait_for("skew of the totals", totals_agree, AGREES_WITHIN)


def test_watermarks_and_their_lag_are_flinks(cluster: Cluster, job: dict[str, Any], tmp_path: Path) -> None:
    it = job["vertices"][MIDDLE]
    path = f"jobs/{job['jid']}/vertices/{it['id']}/subtasks"

    def agree() -> bool:
        for subtask in range(it["parallelism"]):
            line = shown(pty, rf"^│ +{subtask} +[\d:]+ +(<?\d+) s +\d+ m?s +(-?\d+) *│$")
            told = cluster.get(f"{path}/{subtask}/metrics?get=currentInputWatermark")
            if not line or not told or line[1] != told[0]["value"]:
                return False
            now = cluster.get(f"jobs/{job['jid']}")["now"]
            behind = (now - int(line[1])) / 1000
            if line[0].startswith("<"):
                # Less than can be told from none.
                if behind > int(line[0][1:]) + SECONDS:
                    return False
            # A job's document is kept for three seconds.
            elif not -SECONDS <= int(line[0]) - behind <= 2 * SECONDS:
                return False
        return True

    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        open_job(pty, "steady")
        open_vertex(pty, job)
        pty.press("3")
        pty.wait_for("[3 Watermarks]")
        wait_for("watermarks and lag", agree, AGREES_WITHIN)


def test_heap_and_collectors_of_a_taskmanager_are_flinks(cluster: Cluster, tmp_path: Path) -> None:
    [known] = cluster.get("taskmanagers")["taskmanagers"]
    path = f"taskmanagers/{known['id']}"

    def heap_agrees() -> bool:
        """Used and at most, to the last digit on the screen."""
        line = shown(pty, r"^│ +JVM heap .*?([\d.]+ [kMG]?B) +([\d.]+ [kMG]?B) +\d+ %")
        names = ("Status.JVM.Memory.Heap.Used", "Status.JVM.Memory.Heap.Max")
        told = {
            one["id"]: float(one["value"]) for one in cluster.get(f"{path}/metrics?get={','.join(names)}")
        }
        return line == tuple(fmt.size(told[name]) for name in names)

    def collectors_agree() -> bool:
        """How often each has collected, and for how long in all."""
        for one in cluster.get(path)["metrics"]["garbageCollectors"]:
            if one["name"] == "All":  # their sum, which is none of them
                continue
            name = re.escape(one["name"].replace("_", " "))
            line = shown(pty, rf"^│ +GC {name} +([\d.]+k?) +(\S.*?) total")
            if line != (fmt.count(one["count"]), fmt.milliseconds(one["time"])):
                return False
        return True

    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("M")
        pty.wait_for(re.compile(r"TASKMANAGER.*\n[^\n]*healthy"))
        pty.press("enter")
        pty.wait_for("[1 Memory]")
        wait_for("heap", heap_agrees, AGREES_WITHIN)
        wait_for("collectors", collectors_agree, AGREES_WITHIN)
