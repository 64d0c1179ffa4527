"""Ten quiet minutes on a real Flink: what is well is never called ill, by flinktop's engine or by status.

    pytest -m "live and long" tests/live/test_quiet.py

Some fifteen minutes, four clusters, about 5 GB of memory. It prints what each job showed.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from flinktop.judgement.finding import Severity
from tests.live.judged_cases import V2_3
from tests.live.quiet_jobs import (
    FEW_SLOTS,
    HOSTS,
    JOBS,
    LARGE,
    RESCALED,
    ROOMY,
    SLOW_AT_FIRST,
    STAGES,
    Quiet,
    restored,
)
from tests.live.submission import uploaded, wait_for, wait_for_operation, wait_for_state
from tests.live.watched import Watched, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

pytestmark = [pytest.mark.live, pytest.mark.long]

SECONDS = 600.0
CLEARED_BY = 780.0
"""When the killed TaskManager is forgotten: ten minutes after its job restarted, and Flink misses it late."""
STATUS_AT = (5.0, 150.0, 300.0, 560.0)
"""Counted from when all were started."""
SAVED_AT = 170.0
RESCALED_AT = ((60.0, 4), (300.0, 1))  # when, and to how many subtasks
BAD_SAVEPOINTS_AT = (130.0, 165.0)
KILLED_AT, STOPPED_AT = 45.0, 90.0

Alarm = tuple[str, str, str]
"""Who saw it, engine or status; the job, or the cluster's scene; the kind."""
ALLOWED = {
    (who, *what)
    for who in ("engine", "status")
    for what in (("killed", "restarting"), (HOSTS.name, "taskmanager-lost"))
}
"""A TaskManager that ran a job was killed: that is said, once."""


@dataclass
class Seen:
    """What was shown, second by second."""

    alarms: dict[Alarm, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    kinds: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    """By job each kind that it was of, and the second from which on."""
    remarks: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """Findings of any severity, by job, and the second of the first."""

    def look(self, it: Watched, name: str, now: float) -> None:
        """Note what the engine shows of a cluster."""
        judged = it.port.judged
        if judged is None:
            return
        for verdict in judged.verdicts.values():
            known = self.kinds[verdict.name]
            if not known or known[-1][1] != verdict.kind:
                known.append((now, verdict.kind))
            for one in verdict.findings:
                self.remarks[verdict.name].setdefault(f"{one.severity} {one.kind}", now)
                if one.severity.rank < Severity.INFO.rank:
                    self.alarms["engine", verdict.name, str(one.kind)].append((now, one.words))
            if verdict.severity is Severity.UNKNOWN:
                self.alarms["engine", verdict.name, "unknown"].append((now, verdict.words))
        for one in judged.findings:
            self.remarks[name].setdefault(f"{one.severity} {one.kind}", now)
            if one.severity.rank < Severity.INFO.rank:
                self.alarms["engine", name, str(one.kind)].append((now, one.words))

    def read(self, document: Mapping[str, Any], names: Mapping[str, str], now: float) -> None:
        """Note what status says; `names` of the clusters by their URLs."""
        for cluster in document["clusters"]:
            name = names[cluster["url"]]
            if not cluster["reachable"]:
                self.alarms["status", name, "unreachable"].append((now, cluster["error"]))
            told = [(name, one) for one in cluster["findings"]]
            for job in cluster["jobs"]:
                told += [(job["name"], one) for one in job["findings"]]
                if job["kind"] == "unknown":
                    told.append((job["name"], job))
            for of, one in told:
                self.remarks[of].setdefault(f"{one['severity']} {one['kind']} (status)", now)
                if Severity(one["severity"]).rank < Severity.INFO.rank:
                    self.alarms["status", of, one["kind"]].append((now, one["words"]))

    def wolves(self) -> list[str]:
        """The alarms that should not have been, a line each."""
        return [
            f"{of}: {kind} ({who}) at {at[0][0]:.0f} s, last at {at[-1][0]:.0f} s: {at[0][1]}"
            for (who, of, kind), at in self.alarms.items()
            if (who, of, kind) not in ALLOWED
        ]

    def table(self, now: float) -> str:
        """A line for each job and cluster: its seconds of each kind, and since when there was a finding."""
        lines = []
        for name in sorted(self.kinds.keys() | self.remarks.keys()):
            lasted: Counter[str] = Counter()
            for (start, kind), (end, _) in pairwise([*self.kinds[name], (now, "")]):
                lasted[kind] += round(end - start)
            first = {kind: start for start, kind in reversed(self.kinds[name])}
            kinds = [f"{kind} {seconds} s from {first[kind]:.0f} s" for kind, seconds in lasted.most_common()]
            remarks = [f"{what} from {at:.0f} s" for what, at in self.remarks[name].items()]
            lines.append(f"{name:<24} {', '.join(kinds)}; {', '.join(remarks) or 'no finding'}")
        return "\n".join(lines)


class Run:
    """The clusters and jobs of one run, and what is done to them on the way."""

    def __init__(self, stages: Mapping[str, Watched]) -> None:
        self.stages = stages
        self.began = time.monotonic()
        self.seen = Seen()
        self.ids: dict[str, str] = {}
        self.started: dict[str, float] = {}  # by scene when its last job was submitted
        self.killed = ""
        self.failed_savepoints = 0
        self.parallelisms: list[int] = []

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def submit(self, one: Quiet, savepoint: str | None = None) -> None:
        it = self.stages[one.scene.name]
        if one.sql:
            body = {"programArgsList": one.words}
            job = str(it.cluster.send("POST", f"jars/{uploaded(it.cluster)}/run", body)["jobid"])
        else:
            job = it.stage.run(one.name, one.words, savepoint)
        self.ids[one.name] = job
        it.look_at([job])

    def start(self, scene: str) -> None:
        """Submit what is there from the beginning, one after the other: many at once are late themselves."""
        before: Quiet | None = None
        for one in JOBS:
            if one.scene.name == scene and not one.at:
                if before is not None:
                    self.wait_until_runs(before)
                self.submit(one)
                before = one
        self.started[scene] = self.seconds()

    def wait_until_runs(self, one: Quiet) -> None:
        wait_for(f"{one.name} submitted", lambda: one.name in self.ids, 120)
        wait_for_state(self.stages[one.scene.name].cluster, self.ids[one.name], "RUNNING", 120)

    def status(self) -> None:
        now = self.seconds()
        first, *others = (it.cluster.url for it in self.stages.values())
        names = {it.cluster.url: name for name, it in self.stages.items()}
        code, document = self.stages[ROOMY.name].status(*others)
        assert {one["url"] for one in document["clusters"]} == {first, *others}
        self.seen.read(document, names, now)
        codes = {"critical": 2, "unknown": 3, "warning": 1, "info": 0, "ok": 0}
        assert code == codes[document["worst"]]

    def submit_late(self, one: Quiet) -> None:
        """Submit what takes all slots that the others have left."""
        wait_for("all others", lambda: one.scene.name in self.started and bool(self.parallelisms), 240)
        self.submit(one)

    def rescale(self, parallelism: int) -> None:
        self.wait_until_runs(_named("rescaled"))
        it, job = self.stages[RESCALED.name], self.ids["rescaled"]
        it.stage.rescale(job, parallelism)

        def is_so() -> bool:
            vertices = it.cluster.get(f"jobs/{job}")["vertices"]
            return all((one["parallelism"], one["status"]) == (parallelism, "RUNNING") for one in vertices)

        wait_for(f"{parallelism} subtasks", is_so, 90)
        self.parallelisms.append(parallelism)

    def save_badly(self) -> None:
        self.wait_until_runs(_named("bad-savepoint"))
        it = self.stages[ROOMY.name]
        done = wait_for_operation(it.cluster, it.stage.bad_savepoint(self.ids["bad-savepoint"]))
        assert "failure-cause" in done.json()["operation"]
        self.failed_savepoints += 1

    def restore(self) -> None:
        """Stop the job of large state with a savepoint, and run it again from that."""
        self.wait_until_runs(_named("large-state"))
        cluster, job = self.stages[ROOMY.name].cluster, self.ids["large-state"]

        def is_full() -> bool:
            newest = cluster.get(f"jobs/{job}/checkpoints")["latest"]["completed"]
            return bool(newest and newest["id"] > SLOW_AT_FIRST and newest["state_size"] > LARGE)

        wait_for("a full state", is_full, 240)
        trigger = cluster.send("POST", f"jobs/{job}/stop", {"drain": False})["request-id"]
        done = wait_for_operation(cluster, f"jobs/{job}/savepoints/{trigger}", 120)
        wait_for_state(cluster, job, "FINISHED")

        def is_told() -> bool:
            return bool(cluster.get(f"jobs/{job}/checkpoints")["latest"]["savepoint"])

        wait_for("the savepoint's number", is_told)
        saved = cluster.get(f"jobs/{job}/checkpoints")["latest"]["savepoint"]
        assert saved["state_size"] > LARGE
        self.submit(restored(saved["id"]), done.json()["operation"]["location"])

    def kill(self) -> None:
        self.wait_until_runs(_named("killed"))
        self.killed = self.stages[HOSTS.name].stage.kill_taskmanager()

    def stop_idle(self) -> None:
        self.stages[HOSTS.name].stage.stop_idle_taskmanager()

    def steps(self) -> list[tuple[float, Callable[[], None]]]:
        """What is done, and after how many seconds."""
        found: list[tuple[float, Callable[[], None]]] = [
            (0.0, partial(self.start, name)) for name in self.stages
        ]
        found += [(one.at, partial(self.submit_late, one)) for one in JOBS if one.at]
        found += [(at, partial(self.rescale, to)) for at, to in RESCALED_AT]
        found += [(at, self.save_badly) for at in BAD_SAVEPOINTS_AT]
        found += [(SAVED_AT, self.restore), (KILLED_AT, self.kill), (STOPPED_AT, self.stop_idle)]
        return sorted(found, key=lambda step: step[0])

    def watch(self) -> None:
        """Do all of it, and look at everything once a second."""
        left, done = self.steps(), []
        asked: list[tuple[float, Callable[[], None]]] = []
        with ThreadPoolExecutor(12) as hands:
            while (now := self.seconds()) < self.ends_at() or (now < CLEARED_BY and self.restarts()):
                if not asked and self.ends_at() < inf:
                    asked = [(now + at, self.status) for at in STATUS_AT]
                    left = sorted([*left, *asked], key=lambda step: step[0])
                while left and left[0][0] <= now:
                    done.append(hands.submit(left.pop(0)[1]))
                for name, it in self.stages.items():
                    self.seen.look(it, name, now)
                _raise_what_failed(done)
                time.sleep(max(0.0, self.began + now - time.monotonic() + 1.0))
            self.status()
        _raise_what_failed(done)

    def ends_at(self) -> float:
        """The second until which it is watched: ten minutes from when all were started."""
        return max((self.started.get(name, inf) for name in self.stages), default=inf) + SECONDS

    def restarts(self) -> bool:
        """Whether the killed TaskManager is still spoken of."""
        it = self.stages[HOSTS.name]
        judged = it.port.judged
        return bool(judged and judged.findings) or any(one.findings for one in it.verdicts().values())


def _named(name: str) -> Quiet:
    return next(one for one in JOBS if one.name == name)


def _raise_what_failed(done: Iterable[Future[None]]) -> None:
    for one in done:
        if one.done():
            one.result()


def test_what_is_well_is_quiet(record_property: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as stack:
        run = Run({one.name: stack.enter_context(watched(V2_3, one)) for one in STAGES})
        try:
            run.watch()
        finally:
            table = run.seen.table(run.seconds())
            record_property("shown", table)
            with capsys.disabled():
                print("", table, *run.seen.wolves(), sep="\n")  # noqa: T201  who runs it reads it
        assert not run.seen.wolves()
        _assert_one_restart(run)
        _assert_it_was_as_meant(run)


def _assert_one_restart(run: Run) -> None:
    """The killed TaskManager gave one `restarting`, and is the only one that was lost."""
    words = {what for _, what in run.seen.alarms["engine", "killed", "restarting"]}
    assert words
    assert not any("times" in what for what in words), words
    assert run.killed
    assert not run.restarts()
    kinds = [kind for _, kind in run.seen.kinds["killed"]]
    assert kinds.count("restarting") == 1, kinds


def _assert_it_was_as_meant(run: Run) -> None:
    """All ran as they were made to."""
    assert (run.parallelisms, run.failed_savepoints) == ([4, 1], 2)
    for name, it in run.stages.items():
        jobs = {one["jid"]: one for one in it.cluster.get("jobs/overview")["jobs"]}
        ended = {one["name"] for one in jobs.values() if one["state"] == "FINISHED"}
        assert ended <= {"large-state", "finishing", "batch-in-turns"}, name
        assert {one["state"] for one in jobs.values()} <= {"RUNNING", "FINISHED"}, name
        assert all(run.seen.kinds[one["name"]] for one in jobs.values()), name
    (host,) = run.stages[HOSTS.name].cluster.get("taskmanagers")["taskmanagers"]
    assert host["id"] != run.killed
    slots = run.stages[FEW_SLOTS.name].cluster.get("overview")["slots-total"]
    assert slots == FEW_SLOTS.slots
