"""From the overview to one subtask's checkpoint by keys alone, and every number as Flink tells it."""

import math
import re
from pathlib import Path
from typing import Any

import pytest

from flinktop.model import format as fmt
from flinktop.ui import tabs
from flinktop.ui.command import Command
from tests.live.cluster import Cluster
from tests.live.places import opened
from tests.live.submission import wait_for
from tests.terminal.monitor import LIVE, STARTS, log_of, monitor, open_job
from tests.terminal.pty import Pty

pytestmark = pytest.mark.live

MIDDLE = -2
"""The vertex that is opened, before the last one: it has inputs, outputs, a watermark, and two subtasks."""
_NUMBER = r"([\d.]+[kMG]?)"
TOTALS = ("read-records", "write-records")
UNITS = {"k": 1e3, "M": 1e6, "G": 1e9}


def number(text: str) -> float:
    """A count as the screen has it."""
    return float(text.rstrip("kMG")) * UNITS.get(text[-1], 1.0)


def between(shown: str, before: float, after: float) -> bool:
    """Whether a count on the screen lies between two that Flink told, as far as it is rounded."""
    return before * 0.94 - 1 <= number(shown) <= after * 1.06 + 1


def said(milliseconds: int | None) -> str:
    """A duration as the screen has it; -1 and nothing are a dash."""
    return fmt.ABSENT if milliseconds is None or milliseconds < 0 else fmt.milliseconds(milliseconds)


def on_trail(*places: str) -> re.Pattern[str]:
    """A screen whose breadcrumb ends so."""
    return re.compile(r"\A[^\n]*" + r"[^\n]*▸ ".join(re.escape(place) for place in places))


def row(*cells: str) -> re.Pattern[str]:
    """A line of a table with these cells one after the other; "*" is any cell."""
    return re.compile(
        r"^\W*"
        + r"\s+".join(r"\S+(?: \S+)*" if cell == "*" else re.escape(cell) for cell in cells)
        + r"(?=\s|$)",
        re.MULTILINE,
    )


ONE_TASKMANAGER = re.compile(r"(?:TaskManagers|TM) 1")
"""At the top of the overview: the short form where other tests have left many failed jobs."""


@pytest.fixture
def job(cluster: Cluster, jobs: dict[str, str]) -> dict[str, Any]:
    """The steady job, with a checkpoint behind it and counters that have moved."""
    path = f"jobs/{jobs['steady']}"

    def ready() -> bool:
        done = cluster.get(f"{path}/checkpoints")["counts"]["completed"]
        moved = cluster.get(path)["vertices"][MIDDLE]["metrics"]["write-records"]
        return bool(done and moved)

    wait_for("a checkpoint and moved counters", ready, 60.0)
    found: dict[str, Any] = cluster.get(path)
    return found


def test_every_place_is_reached_by_keys_and_tells_what_flink_tells(
    cluster: Cluster, job: dict[str, Any], tmp_path: Path
) -> None:
    with monitor(tmp_path, cluster.url) as pty:
        pty.wait_for(LIVE, STARTS)
        open_job(pty, "steady")
        open_vertex(pty, job)
        subtasks_are_those_of_flink(pty, cluster, job)
        one_subtask_is_that_of_flink(pty, cluster, job)
        pty.press("escape")
        pty.wait_for("[1 Subtasks]")
        pty.press("escape")
        pty.wait_for("[1 Graph]")
        pty.press("c")
        checkpoint = checkpoints_are_those_of_flink(pty, cluster, job)
        pty.press("enter")
        details = one_checkpoint_is_that_of_flink(pty, cluster, job, checkpoint)
        pty.press("enter")
        phases_are_those_of_flink(pty, cluster, job, details)
        for place in ("[1 History]", "[1 Graph]", ONE_TASKMANAGER):
            pty.press("escape")
            if place == "[1 History]":
                pty.wait_for(f"checkpoint {details['id']}")
                pty.press("escape")
            pty.wait_for(place)
    log = log_of(tmp_path)
    assert "Traceback" not in log
    assert "dropped" not in log, "a field is not as this release has it"


def test_every_place_is_reached_on_a_small_terminal(
    cluster: Cluster, job: dict[str, Any], tmp_path: Path
) -> None:
    with monitor(tmp_path, cluster.url, columns=80, rows=24) as pty:
        pty.wait_for(LIVE, STARTS)
        open_job(pty, "steady")
        pty.wait_for("[2 Vertices]")
        open_vertex(pty, job)
        every_tab(pty, tabs.VERTEX_TABS)
        pty.press("enter")
        pty.wait_for(on_trail("subtask 0"))
        every_tab(pty, tabs.SUBTASK_TABS)
        pty.press("escape")
        pty.wait_for("[1 Subtasks]")
        pty.press("c")
        pty.wait_for(on_trail("checkpoints"))
        pty.wait_for(re.compile(r"COMPLETED"))
        every_tab(pty, tabs.CHECKPOINTS_TABS)
        pty.press("enter")
        pty.wait_for(re.compile(r"\A[^\n]*checkpoint \d+"))
        pty.wait_for(re.compile(r"VERTEX"))
        pty.press("enter")
        pty.wait_for(re.compile(r"SUBTASK"))
    assert "Traceback" not in log_of(tmp_path)


def every_tab(pty: Pty, tabs: tuple[Command, ...]) -> None:
    """Open each tab by its number, the first one last."""
    for tab in (*tabs[1:], tabs[0]):
        pty.press(tab.keys[0])
        pty.wait_for(opened(tab))


def open_vertex(pty: Pty, job: dict[str, Any]) -> None:
    """From a job, by the arrows of its table of vertices."""
    name = job["vertices"][MIDDLE]["name"]
    pty.wait_for(re.compile(r"VERTEX[^\n]*\n(?:[^\n]*RUNNING[^\n]*\n)+"))
    pty.press(*["j"] * (len(job["vertices"]) + MIDDLE), "enter")
    pty.wait_for(on_trail(name[:10]))
    pty.wait_for("[1 Subtasks]")


def vertex_of(cluster: Cluster, job: dict[str, Any]) -> dict[str, Any]:
    path = f"jobs/{job['jid']}/vertices/{job['vertices'][MIDDLE]['id']}"
    found: dict[str, Any] = cluster.get(path)
    return found


def subtasks_are_those_of_flink(pty: Pty, cluster: Cluster, job: dict[str, Any]) -> None:
    """State, attempt, host and totals of every subtask."""
    before = vertex_of(cluster, job)["subtasks"]
    patterns = [
        re.compile(
            rf"^\W*{one['subtask']} . {one['status']} +{one['attempt']} "
            rf"{re.escape((one.get('endpoint') or one['host'])[:8])}\S* +\S+ +\S+ +{_NUMBER} +{_NUMBER} ",
            re.MULTILINE,
        )
        for one in before
    ]

    def caught_up(screen: str) -> bool:
        """Whether it shows an answer no older than `before`: Flink may have counted since the last."""
        found = [pattern.search(screen) for pattern in patterns]
        return all(
            row is not None and between(cell, one["metrics"][total], math.inf)
            for row, one in zip(found, before, strict=True)
            for cell, total in zip(row.groups() if row else ("", ""), TOTALS, strict=True)
        )

    shown = pty.wait_for(caught_up)
    assert len(re.findall(r"^\W*\d+ . RUNNING ", shown, re.MULTILINE)) == len(before)
    wait_for("another fetch of the counters", lambda: moved(cluster, job, before), 30.0)
    after = vertex_of(cluster, job)["subtasks"]
    for pattern, first, last in zip(patterns, before, after, strict=True):
        found = pattern.search(shown)
        assert found is not None
        for cell, total in zip(found.groups(), TOTALS, strict=True):
            told = first["metrics"][total], last["metrics"][total]
            assert between(cell, *told), f"{found[0]}\n{told}"


def moved(cluster: Cluster, job: dict[str, Any], before: list[dict[str, Any]]) -> bool:
    after = vertex_of(cluster, job)["subtasks"]
    return all(
        one["metrics"]["write-records"] > old["metrics"]["write-records"]
        for one, old in zip(after, before, strict=True)
    )


def one_subtask_is_that_of_flink(pty: Pty, cluster: Cluster, job: dict[str, Any]) -> None:
    """The attempt that runs: since when, and where."""
    pty.press("enter")
    shown = pty.wait_for(re.compile(r"\A[^\n]*subtask (\d+)"))
    opened = int(re.findall(r"\A[^\n]*subtask (\d+)", shown)[0])
    told = vertex_of(cluster, job)["subtasks"][opened]
    began = (told.get("start-time") or told.get("start_time")) / 1000
    pty.wait_for(row(str(told["attempt"]), "*", fmt.clock(began, 0.0)))


def checkpoints_are_those_of_flink(pty: Pty, cluster: Cluster, job: dict[str, Any]) -> int:
    """The counts, and the newest checkpoint's row; gives its id."""
    before = cluster.get(f"jobs/{job['jid']}/checkpoints")
    shown = pty.wait_for(re.compile(r"completed +\d+(?s:.*)COMPLETED"))
    after = cluster.get(f"jobs/{job['jid']}/checkpoints")
    for count in ("completed", "failed", "restored"):
        told = re.search(rf"{count} +(\d+)", shown)
        assert told is not None, shown
        assert before["counts"][count] - 2 <= int(told[1]) <= after["counts"][count], shown
    known = {one["id"]: one for one in (*before["history"], *after["history"])}
    ids = [int(found) for found in re.findall(r"^\W*(\d+) (?:. )?COMPLETED", shown, re.MULTILINE)]
    both = [number for number in ids if known.get(number, {}).get("status") == "COMPLETED"]
    assert both, shown
    for checkpoint in both[:3]:
        one = known[checkpoint]
        acked = f"{one['num_acknowledged_subtasks']}/{one['num_subtasks']}"
        duration = re.escape(said(one["end_to_end_duration"]))
        # The screen may have been read between two strokes of the brush.
        pty.wait_for(re.compile(rf"^\W*{checkpoint} .*{acked} +{duration} ", re.MULTILINE))
    return both[0]


def one_checkpoint_is_that_of_flink(
    pty: Pty, cluster: Cluster, job: dict[str, Any], expected: int
) -> dict[str, Any]:
    """Each vertex's share of the checkpoint under the cursor."""
    shown = pty.wait_for(re.compile(r"\A[^\n]*checkpoint \d+(?s:.*)VERTEX"))
    found = re.search(r"\A[^\n]*checkpoint (\d+)", shown)
    assert found is not None
    # Until the row is opened a newer one may have come to the top.
    newest = cluster.get(f"jobs/{job['jid']}/checkpoints")["history"][0]["id"]
    assert int(found[1]) <= max(expected, newest)
    details: dict[str, Any] = cluster.get(f"jobs/{job['jid']}/checkpoints/details/{found[1]}")
    for vertex in job["vertices"]:
        share = details["tasks"][vertex["id"]]
        acked = f"{share['num_acknowledged_subtasks']}/{share['num_subtasks']}"
        duration = re.escape(said(share["end_to_end_duration"]))
        line = rf"^\W*{re.escape(vertex['name'][:16])}.* {acked} .*{duration} "
        pty.wait_for(re.compile(line, re.MULTILINE))
    return details


def phases_are_those_of_flink(
    pty: Pty, cluster: Cluster, job: dict[str, Any], details: dict[str, Any]
) -> None:
    """Start delay, alignment, sync and async of every subtask, beside its bar."""

    def opened(screen: str) -> dict[str, Any] | None:
        """The vertex whose name stands under the breadcrumb, whole or cut."""
        line = screen.splitlines()[1].strip()
        named = [vertex for vertex in job["vertices"] if vertex["name"] == line]
        cut = [vertex for vertex in job["vertices"] if line and vertex["name"].startswith(line.rstrip("…"))]
        return next(iter(named or cut), None)

    vertex = opened(pty.wait_for(lambda screen: opened(screen) is not None))
    assert vertex is not None
    told = cluster.get(f"jobs/{job['jid']}/checkpoints/details/{details['id']}/subtasks/{vertex['id']}")
    assert len(told["subtasks"]) == vertex["parallelism"]
    for one in told["subtasks"]:
        phases = (
            one.get("start_delay"),
            one["alignment"].get("duration"),
            one["checkpoint"]["sync"],
            one["checkpoint"]["async"],
            one["end_to_end_duration"],
        )
        numbers = r"\s+".join(re.escape(said(phase)) for phase in phases)
        pty.wait_for(re.compile(rf"^\W*{one['index']} (?:. )?COMPLETED .*\s{numbers}(?=\s)", re.MULTILINE))
