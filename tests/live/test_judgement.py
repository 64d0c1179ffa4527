"""What is wrong with jobs on a real Flink: the right kind, culprit and subtask, in time, and nothing else."""

from __future__ import annotations

import time
from typing import Any

import pytest

from flinktop.judgement.finding import Severity
from flinktop.judgement.verdict import Verdict
from tests.judgement.labels import Label, labels
from tests.live.judged_cases import CASES, SCENES, SMALL_BUFFERS, Case, Scene
from tests.live.watching import RELEASE, Watched, watched

pytestmark = pytest.mark.live

TOGETHER = (
    "slow-vertex",
    "blocking-sink",
    "hot-key",
    "slow-host",
    "restart-loop",
    "loop-of-two-causes",
    "given-up",
    "declined",
    "expired",
    "frozen-clock",
    "steady",
    "idle",
    "finished",
)
"""Jobs that don't disturb each other, side by side on one cluster of two TaskManagers, one of them slow."""
SIDE_BY_SIDE = Scene(
    "side by side",
    slots=40,
    # As much memory as the first one has.
    others=(("-Djudged.host=slow", "-Xmx1024m", "-XX:MaxDirectMemorySize=384m"),),
    settings={**SMALL_BUFFERS, "taskmanager.load-balance.mode": "SLOTS"},
    roomy=True,
)
LOOKED_AT = 150.0
"""Seconds after which all of it is to be seen: Flink's means over a minute, the longest hold, and 30 s."""
PATIENCE = 270.0
"""The same on a machine that is busy with other things, where the jobs themselves are late."""
WELL = {"steady", "idle", "finished"}


def case(name: str) -> Case:
    return next(one for one in CASES if one.name == name)


def label(name: str) -> Label:
    """What the job was made to do, as its recording of this release is labelled."""
    return next(one for one in labels() if one.case == name and one.release == RELEASE)


def scene(name: str) -> Scene:
    return next(one for one in SCENES if one.name == name)


def wait_until(watched: Watched, name: str, kind: str, seconds: float) -> Verdict:
    """The verdict on a job once it is of a kind."""
    deadline = time.monotonic() + seconds
    while True:
        verdict = watched.verdicts().get(name)
        if verdict is not None and verdict.kind == kind:
            return verdict
        assert time.monotonic() < deadline, f"{name} is not {kind} within {seconds:.0f} s: {verdict}"
        time.sleep(1)


@pytest.mark.long  # thirteen jobs on two busy cores are late themselves: over four minutes there
def test_ill_jobs_and_healthy_ones_side_by_side(record_property: Any) -> None:
    with watched(SIDE_BY_SIDE) as it:
        began = time.monotonic()
        ids = {name: it.stage.run(name, case(name).words) for name in TOGETHER}
        it.look_at(ids.values())
        seen: dict[str, float] = {}
        alarms: dict[str, str] = {}
        while (now := time.monotonic() - began) < LOOKED_AT or (now < PATIENCE and len(seen) < len(TOGETHER)):
            for name, verdict in it.verdicts().items():
                if name not in seen and _is_right(it, label(name), verdict):
                    seen[name] = now
                if name in WELL and verdict.severity.rank < Severity.INFO.rank:
                    alarms.setdefault(name, verdict.words)
            time.sleep(1)
        overview = it.verdicts()
        code, document = it.status()
        (cluster,) = document["clusters"]
        status = {job["name"]: job for job in cluster["jobs"]}
        figures = ", ".join(f"{name} {seen.get(name, -1):.0f}" for name in TOGETHER)
        record_property("figures", f"seconds from the start: {figures}")
        wrong = {name: overview[name].words for name in TOGETHER if name not in seen}
        assert not wrong
        assert not alarms
        for name in TOGETHER:
            expected = label(name)
            assert overview[name].kind == expected.kind, overview[name]
            assert status[name]["kind"] == expected.kind, status[name]
            assert status[name]["id"] == ids[name]
        assert (code, document["worst"]) == (2, "critical")
        assert [one for one in cluster["findings"] if one["kind"] != "memory"] == []


def _is_right(it: Watched, expected: Label, verdict: Verdict) -> bool:
    """Whether kind, culprit and subtasks are what the job was made to do."""
    if verdict.kind != expected.kind or expected.vertex is None:
        return verdict.kind == expected.kind
    culprit = verdict.findings[0].culprit
    if not (culprit.vertex_name or "").startswith(expected.vertex):
        return False
    if expected.case != "slow-host":
        return expected.subtasks is None or set(culprit.subtasks) == set(expected.subtasks)
    # Which subtasks Flink places there differs from run to run.
    found = it.cluster.get(f"jobs/{verdict.job}/vertices/{culprit.vertex}")["subtasks"]
    return {one["taskmanager-id"] for one in found if one["subtask"] in culprit.subtasks} == {
        culprit.taskmanager
    }


def test_too_few_slots() -> None:
    name = "too-few-slots"
    with watched(scene("few slots")) as it:
        it.stage.run(name, case(name).words)
        verdict = wait_until(it, name, "no-slots", 30 + 30)
        assert verdict.severity is Severity.CRITICAL
        code, document = it.status()
        assert (code, document["clusters"][0]["jobs"][0]["kind"]) == (2, "no-slots")


def test_a_lost_taskmanager() -> None:
    name = "killed-without-spare"
    with watched(scene("no spare")) as it:
        it.stage.run(name, case(name).words)
        wait_until(it, name, "healthy", 60)
        lost = it.cluster.get("taskmanagers")["taskmanagers"][0]["id"]
        it.stage.taskmanagers[lost].kill()
        # Flink itself misses it after its heartbeat's timeout, 50 s.
        verdict = wait_until(it, name, "no-slots", 50 + 30 + 30)
        assert verdict.severity is Severity.CRITICAL
        judged = it.port.judged
        assert judged is not None
        found = [one for one in judged.findings if one.kind == "taskmanager-lost"]
        assert [one.culprit.taskmanager for one in found] == [lost]
