"""Savepoints on real Flink over a link that loses answers, and under a flinktop that is killed.

None is doubled, none lost, none told wrong: Flink's own count of savepoints and the files on the disk say so.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinktop.engine.acts.job_acts import Cancel, Savepoint, Stop
from flinktop.engine.operation import Operation, State
from flinktop.local import processes
from flinktop.local.rest import Rest
from tests.live.acting import acting, run_steady
from tests.live.cluster import Cluster, running
from tests.live.cutting_proxy import CuttingProxy
from tests.live.submission import wait_for
from tests.live.test_acts import is_savepoint

pytestmark = pytest.mark.live

CUTS = {"1.20.5": 10, "1.9.3": 5}
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=CUTS)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    # More of the history than the savepoints of this test: Flink keeps ten.
    with running(str(request.param), extra={"web.checkpoints.history": "500"}) as cluster:
        yield cluster


def savepoints(cluster: Cluster, job: str) -> list[str]:
    """Paths of the complete savepoints of a job, by Flink's own word."""
    history = cluster.get(f"jobs/{job}/checkpoints")["history"]
    return [one["external_path"] for one in history if one["is_savepoint"] and one["status"] == "COMPLETED"]


@pytest.mark.parametrize("stops", [False, True], ids=["savepoint", "stop"])
def test_the_answer_is_dropped_after_flink_has_acted(cluster: Cluster, tmp_path: Path, stops: bool) -> None:  # noqa: FBT001  a parameter
    with CuttingProxy(cluster.url) as proxy, acting(proxy.url, tmp_path / "l.db") as actor:
        job = run_steady(actor, cluster, "cut off")
        left = ["cut after"]
        proxy.link = lambda verb, path: left.pop() if left and verb == "POST" and job in path else ""
        done = actor.did((Stop if stops else Savepoint)(job, "cut off"))
        assert not left
        assert is_savepoint(done.result.savepoint)
        wait_for("one savepoint", lambda: savepoints(cluster, job) == [done.result.savepoint])
        assert len([act for act in proxy.acts if job in act]) == 1
        if not stops:
            actor.did(Cancel(job))


@pytest.mark.parametrize(
    "status", [500, *(pytest.param(status, marks=pytest.mark.long) for status in (401, 429, 403))]
)
@pytest.mark.parametrize("stops", [False, True], ids=["savepoint", "stop"])
def test_the_answer_is_replaced_after_flink_has_acted(
    cluster: Cluster,
    tmp_path: Path,
    stops: bool,  # noqa: FBT001  a parameter
    status: int,
) -> None:
    with CuttingProxy(cluster.url) as proxy, acting(proxy.url, tmp_path / "l.db") as actor:
        job = run_steady(actor, cluster, "answered for")
        left = [f"after {status}"]
        proxy.link = lambda verb, path: left.pop() if left and verb == "POST" and job in path else ""
        done = actor.did((Stop if stops else Savepoint)(job, "answered for"))
        assert not left
        assert is_savepoint(done.result.savepoint)
        wait_for("one savepoint", lambda: savepoints(cluster, job) == [done.result.savepoint])
        assert len([act for act in proxy.acts if job in act]) == 1
        if not stops:
            actor.did(Cancel(job))


def test_random_cuts_double_and_lose_nothing(cluster: Cluster, tmp_path: Path) -> None:
    chance = random.Random(cluster.text)  # noqa: S311  repeatable on purpose
    told: list[Operation] = []
    with CuttingProxy(cluster.url) as proxy:
        with acting(proxy.url, tmp_path / "l.db") as actor:
            job = run_steady(actor, cluster, "cut at random")
        for number in range(CUTS[cluster.text]):
            fault = chance.choice(["cut after", "cut after", "late 1", "late 3", "kill", "kill"])
            told.append(one_cut(proxy, job, tmp_path / "l.db", fault, chance.uniform(0.0, 0.4)))
            assert told[-1].state is State.DONE, (number, fault, told[-1])
        paths = [one.result.savepoint for one in told]
        sent = [act for act in proxy.acts if act.endswith("/savepoints")]
        wait_for(
            "all of them in the history", lambda: sorted(savepoints(cluster, job)) == sorted(map(str, paths))
        )
        assert len(set(paths)) == len(paths) == len(sent), Counter(paths)
        assert all(is_savepoint(path) for path in paths)
        with acting(proxy.url, tmp_path / "l.db") as actor:
            actor.did(Cancel(job))


def one_cut(proxy: CuttingProxy, job: str, ledger: Path, fault: str, after: float) -> Operation:
    """One savepoint with one fault, followed to its end by whoever is left."""
    if fault == "kill":
        return killed(proxy, job, ledger, after)
    left = [fault]
    proxy.link = lambda verb, path: left.pop() if left and verb == "POST" and job in path else ""
    with acting(proxy.url, ledger) as actor:
        return actor.done(Savepoint(job, "cut at random"))


def killed(proxy: CuttingProxy, job: str, ledger: Path, after: float) -> Operation:
    """A flinktop of its own is killed some time after its request has gone out; another goes on with it."""
    proxy.link = lambda _verb, _path: ""
    before = len(proxy.acts)
    state = ledger.parent / "state"
    words = ["savepoint", job, "--yes", "--target", proxy.url]
    with subprocess.Popen(
        [sys.executable, "-m", "flinktop", *words],
        env={**os.environ, "XDG_STATE_HOME": str(state)},
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: len(proxy.acts) > before)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
    # The same ledger, as the next flinktop of this person has it.
    with acting(proxy.url, state / "flinktop" / "operations.db") as actor:
        wait_for("the ledger", lambda: bool(actor.port.operations()))
        return actor.ended(actor.port.operations()[0].id)


def wait_until(ready: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_killed_command_is_gone_on_with_by_the_next(cluster: Cluster, tmp_path: Path) -> None:
    with CuttingProxy(cluster.url) as proxy:
        with acting(proxy.url, tmp_path / "l.db") as actor:
            job = run_steady(actor, cluster, "killed")
        operation = killed(proxy, job, tmp_path / "l.db", 0.0)
        assert operation.state is State.DONE, operation
        wait_for("one savepoint", lambda: savepoints(cluster, job) == [operation.result.savepoint])
        listed = subprocess.run(
            [sys.executable, "-m", "flinktop", "operations", "--json"],
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        )
        (row,) = json.loads(listed.stdout)
        assert (row["state"], row["result"]["savepoint"]) == ("done", operation.result.savepoint)
        with acting(proxy.url, tmp_path / "l.db") as actor:
            actor.did(Cancel(job))


@pytest.mark.long
def test_a_jobmanager_that_has_forgotten_everything_is_no_failure(cluster: Cluster, tmp_path: Path) -> None:
    """The last test of a release: its jobs end with the JobManager."""
    saved = tmp_path / "saved"
    restarted: list[processes.Process] = []
    with CuttingProxy(cluster.url) as proxy, acting(proxy.url, tmp_path / "l.db") as actor:
        job = run_steady(actor, cluster, "forgotten")
        dark = []

        def link(verb: str, path: str) -> str:
            """From the savepoint on nothing comes back."""
            if verb == "POST" and job in path:
                dark.append(path)
                return "cut after"
            return "cut before" if dark else ""

        proxy.link = link
        number = actor.port.submit(Savepoint(job, "forgotten", saved.as_uri()))
        wait_until(lambda: saved.is_dir() and any(saved.glob("*/_metadata")))
        cluster.jobmanager.kill()
        cluster.jobmanager.wait()
        log = cluster.directory / "jobmanager" / "again.log"
        command = processes.jobmanager_command(cluster.home, cluster.directory / "conf", log)
        try:
            restarted.append(processes.start(command, log=log))
            processes.wait_until_ready(Rest(cluster.url), restarted, 120)
            dark.clear()
            lost = actor.ended(number)
        finally:
            processes.stop(restarted)
    assert lost.state is State.LOST
    assert lost.reason == (
        f"Flink knows neither this savepoint nor the job any more; look into {saved.as_uri()}"
    )
