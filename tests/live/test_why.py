"""Why a job is ill, on a real Flink: seen and followed by keys in a terminal, and told to scripts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flinktop.engine.clock import Clock
from flinktop.ui import tabs
from tests.headless.exposition import parsed
from tests.live.cluster import Cluster
from tests.live.places import opened
from tests.live.submission import NAMES, submit, wait_for_state
from tests.terminal.monitor import LIVE, STARTS, command, environment, log_of, monitor
from tests.terminal.pty import Pty

pytestmark = [pytest.mark.live, pytest.mark.parametrize("release", ["2.3.0"], indirect=True)]

FAILS_WITHIN = 90.0
"""The job fails 45 s after each start, and a fetch of Flink's metrics later that is known."""
LOOKS = 15.0
"""Seconds that a place may take to tell something."""
OTHER_CODES = {"ok": 0, "info": 0, "warning": 1, "critical": 2, "unknown": 3}
LEVELS = {"ok": 0, "info": 1, "warning": 2, "unknown": 3, "critical": 4}
OVERVIEW = "enter open  v why"
_SEARCH = re.compile(r"\d+ of \d+ /Source: events")
"""The search for a subtask's threads in a thread dump."""
FAILURE = re.compile(r"[▲✕] (restarting|restart-loop|failed): ")


# -- on the screen -----------------------------------------------------------------------------------------


def test_the_way_from_a_failing_job_to_what_is_to_blame_and_back(
    cluster: Cluster, jobs: dict[str, str], tmp_path: Path
) -> None:
    assert "failing" in jobs
    machine = {tab.id: tab for tab in tabs.TASKMANAGER_TABS}
    with monitor(tmp_path, cluster.url, columns=80, rows=24) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for(re.compile(r"failing \[test\].* [▲✕] (restarting|restart-loop): "), FAILS_WITHIN)
        why_of(pty, NAMES["failing"])
        screen = pty.wait_for(FAILURE, LOOKS)
        pty.wait_for("NumberFormatException", LOOKS)
        for key in ("enter exception", "V vertex", "u subtask", "h TaskManager", "l log at", "d thread dump"):
            pty.wait_for(key, LOOKS)
        assert "next: " in screen
        assert "EVIDENCE" in screen
        there_and_back(pty, "V", re.compile(r"\A[^\n]*▸ Source: "), opened(tabs.VERTEX_TABS[0]))
        there_and_back(pty, "u", re.compile(r"\A[^\n]*▸ subtask [01] \("), opened(tabs.SUBTASK_TABS[0]))
        there_and_back(pty, "h", re.compile(r"\A[^\n]*▸ \S+:\d+"), opened(tabs.TASKMANAGER_TABS[0]))
        there_and_back(
            pty,
            "l",
            opened(machine["tab_log"]),
            re.compile(r"at \d\d:\d\d:\d\d .*size "),
            "IllegalStateException",
        )
        there_and_back(pty, "d", opened(machine["tab_threads"]), _SEARCH)
        there_and_back(pty, "c", re.compile(r"▸ checkpoints"), opened(tabs.CHECKPOINTS_TABS[0]), "COMPLETED")
        there_and_back(pty, "e", re.compile(r"\A[^\n]*▸ NumberFormatException"), "Caused by: ")
        there_and_back(pty, "enter", re.compile(r"\A[^\n]*▸ NumberFormatException"), "Caused by: ")
        pty.press("escape")
        pty.wait_for(OVERVIEW, LOOKS)
        # The cursor is where it was.
        pty.press("enter")
        pty.wait_for(re.compile(rf"▸ {re.escape(NAMES['failing'][:14])}"), LOOKS)
        pty.press("v")
        pty.wait_for(FAILURE, LOOKS)
        pty.resize(120, 40)
        pty.wait_for(re.compile(r"─ Restarts ─(?s:.*)─ Records/s of the job ─"), LOOKS)
    log = log_of(tmp_path)
    assert "Traceback" not in log
    assert "dropped" not in log, "a field is not as this release has it"


def why_of(pty: Pty, name: str) -> None:
    """Open why of a job, wherever it is in the overview."""
    pty.press("g")
    for _ in range(20):
        pty.press("v")
        pty.wait_for(re.compile(r"\A[^\n]*▸ why"), LOOKS)
        pty.wait_for(re.compile(r"\A[^\n]*\n +\S"))
        if f"\n {name}" in pty.text:
            return
        pty.press("escape")
        pty.wait_for(OVERVIEW, LOOKS)
        pty.press("j")
    raise AssertionError(f"no row leads to {name}:\n{pty.text}")


def there_and_back(pty: Pty, key: str, *shown: str | re.Pattern[str]) -> None:
    """Press a key of why, see the place that it leads to, and go back to the same finding."""
    pty.press(key)
    for one in shown:
        pty.wait_for(one, LOOKS)
    pty.press("escape")
    if _SEARCH in shown:
        # It is left first.
        pty.wait_until_gone(_SEARCH, LOOKS)
        pty.press("escape")
    pty.wait_for(re.compile(r"\A[^\n]*▸ why *( [●◐]|$)", re.MULTILINE), LOOKS)
    pty.wait_for(FAILURE, LOOKS)


# -- for scripts -------------------------------------------------------------------------------------------

RULES = """
expect = ["not-there", "steady*"]

[[findings]]
jobs = "failing*"
off = true

[[findings]]   # the last decides
jobs = "failing*"
kind = ["restarting", "restart-loop"]
severity = "info"

[[findings]]
jobs = ["slow*", "say*"]
off = true

[[findings]]
kind = "memory"
limit = 1
"""
NOTHING = "[[findings]]\noff = true\n"


class Told:
    """A `flinktop status` that runs beside others, each with a home and a config of its own."""

    def __init__(self, home: Path, *words: str, config: str = "") -> None:
        path = home / "config" / "flinktop" / "config.toml"
        path.parent.mkdir(parents=True)
        path.write_text(config, encoding="utf-8")
        self._process = subprocess.Popen(
            command("status", *words),
            env={**os.environ, **environment(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self) -> tuple[int, str, str]:
        """The exit code, stdout and stderr."""
        out, complaints = self._process.communicate(timeout=60)
        assert "Traceback" not in complaints
        return self._process.returncode, out, complaints


def test_scripts_are_told_what_is_wrong(cluster: Cluster, jobs: dict[str, str], tmp_path: Path) -> None:
    quoted = submit(cluster, "steady", name='say "no" \\ [i]', parallelism=1)
    try:
        wait_for_state(cluster, quoted, "RUNNING")
        wait_until_it_failed(cluster, jobs["failing"])
        url, brief = cluster.url, ("--wait", "10")
        runs = {
            "text": Told(tmp_path / "text", url, "--explain"),
            "json": Told(tmp_path / "json", url, "--json"),
            "prometheus": Told(tmp_path / "prometheus", url, "--format", "prometheus"),
            "rules": Told(tmp_path / "rules", url, "--json", config=RULES),
            "nothing": Told(tmp_path / "nothing", url, *brief, config=NOTHING),
            "no job": Told(tmp_path / "no job", url, *brief, "--job", "nobody"),
            "bad config": Told(tmp_path / "bad", url, *brief, config='expect = ["a"\n'),
            "away": Told(tmp_path / "away", "http://127.0.0.1:9", *brief, "--format", "prometheus"),
        }
        told = {name: run.ended() for name, run in runs.items()}
    finally:
        cluster.ask("PATCH", f"jobs/{quoted}?mode=cancel")
    codes = {name: code for name, (code, _, _) in told.items()}
    assert {name: codes[name] for name in ("nothing", "no job", "bad config", "away")} == {
        "nothing": 0, "no job": 3, "bad config": 3, "away": 3
    }  # fmt: skip
    is_explained(told["text"][1])
    is_of_the_contract(codes["json"], json.loads(told["json"][1]), jobs)
    is_exposed(codes["prometheus"], told["prometheus"][1], cluster, {**jobs, "quoted": quoted})
    follows_the_rules(codes["rules"], json.loads(told["rules"][1]))
    samples = {name: value for name, _, value in parsed(told["away"][1])}
    assert (samples["flinktop_success"], samples["flinktop_up"]) == (0, 0)
    assert "flinktop_job_severity" not in samples
    assert "no such job 'nobody'" in told["no job"][2]
    assert "config.toml" in told["bad config"][2]


def wait_until_it_failed(cluster: Cluster, job: str) -> None:
    deadline = time.monotonic() + FAILS_WITHIN
    while not cluster.get(f"jobs/{job}/exceptions")["exceptionHistory"]["entries"]:
        assert time.monotonic() < deadline, "the failing job does not fail"
        time.sleep(1)


def is_explained(text: str) -> None:
    """Worst first, with evidence and what to look at next."""
    rows = re.findall(r"^  (critical|warning|unknown|info) +(.*)$", text, re.MULTILINE)
    order = ["critical", "warning", "unknown", "info"]
    assert [severity for severity, _ in rows] == sorted((one for one, _ in rows), key=order.index)
    (failing,) = (said for _, said in rows if said.startswith(NAMES["failing"]))
    assert re.search(r" (restarting|restart-loop): .*NumberFormatException", failing)
    after = text[text.index(failing) :]
    for label in ("since     20", "where     Source: ", "evidence  ", "next      "):
        assert f"\n              {label}" in after, after


def is_of_the_contract(code: int, document: dict[str, Any], jobs: Mapping[str, str]) -> None:
    (one,) = document["clusters"]
    assert (document["version"], one["reachable"], one["error"], one["look"]) == (1, True, None, "close")
    assert one["release"] == "2.3.0"
    assert code == OTHER_CODES[document["worst"]]
    by_id = {job["id"]: job for job in one["jobs"]}
    assert set(jobs.values()) <= set(by_id)
    assert by_id[jobs["steady"]]["severity"] in ("ok", "info")
    failing = by_id[jobs["failing"]]
    assert failing["kind"] in ("restarting", "restart-loop")
    finding = failing["findings"][0]
    assert finding["culprit"]["vertex_name"].startswith("Source: events")
    assert finding["culprit"]["taskmanager"]
    assert finding["since"].startswith("20")
    assert {"what", "value", "unit"} == set(finding["evidence"][0])


def is_exposed(code: int, text: str, cluster: Cluster, jobs: Mapping[str, str]) -> None:
    samples = parsed(text)
    where = cluster.url.removeprefix("http://")
    single = {name: value for name, labels, value in samples if labels.keys() <= {"cluster"}}
    assert (single["flinktop_success"], single["flinktop_up"]) == (1, 1)
    assert single["flinktop_timestamp_seconds"] == pytest.approx(Clock().wall(), abs=60)
    assert 0 <= single["flinktop_age_seconds"] < 30
    of_jobs = {
        labels["job_id"]: (labels, value)
        for name, labels, value in samples
        if name == "flinktop_job_severity"
    }
    assert set(jobs.values()) <= set(of_jobs)
    assert all(LEVELS[labels["severity"]] == value for labels, value in of_jobs.values())
    assert all(labels["cluster"] == where for labels, _ in of_jobs.values())
    assert of_jobs[jobs["quoted"]][0]["job"] == 'say "no" \\ [i]'
    assert of_jobs[jobs["failing"]][0]["job"] == NAMES["failing"]
    findings = [(labels, value) for name, labels, value in samples if name == "flinktop_finding"]
    (failing, *_) = (one for one in findings if one[0]["job_id"] == jobs["failing"])
    assert failing[0]["kind"] in ("restarting", "restart-loop")
    assert failing[0]["vertex"].startswith("Source: events [v1] 事件")
    worst = max([value for _, value in of_jobs.values()] + [value for _, value in findings])
    assert code == {0: 0, 1: 0, 2: 1, 3: 3, 4: 2}[int(worst)]


def follows_the_rules(code: int, document: dict[str, Any]) -> None:
    """Of several rules the last decides; a limit is that of the finding; who is expected is missed."""
    (one,) = document["clusters"]
    by_name = {job["name"]: job for job in one["jobs"]}
    assert (code, document["worst"]) == (2, "critical")
    missing = by_name["not-there"]
    assert (missing["kind"], missing["id"], missing["state"]) == ("job-missing", None, None)
    assert "steady*" not in by_name
    failing = by_name[NAMES["failing"]]
    assert (failing["severity"], failing["kind"] in ("restarting", "restart-loop")) == ("info", True)
    assert (by_name[NAMES["slow"]]["severity"], by_name[NAMES["slow"]]["findings"]) == ("ok", [])
    memory = [finding for finding in one["findings"] if finding["kind"] == "memory"]
    assert memory, "the heap is over 1 % full"
