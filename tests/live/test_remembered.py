"""What is remembered of a real cluster: flinktop is ended and started again, and so is the JobManager."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.journal.event import EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.judgement.finding import Finding, Kind
from flinktop.local import processes
from flinktop.local.rest import Rest
from tests.live.cluster import Cluster, running
from tests.live.submission import submit, wait_for_state
from tests.terminal.monitor import environment

pytestmark = [pytest.mark.live, pytest.mark.long]

PATIENCE = 300.0
COMES_BACK = 120.0


@contextmanager
def watching(cluster: Cluster, path: Path) -> Iterator[tuple[Port, Journal]]:
    """A flinktop with its journal."""
    journal = Journal(path, Clock())
    port = Port(Connection(cluster.url), Clock(), journal=lambda: journal)
    port.start_thread()
    port.watch(JOBS_OVERVIEW())
    try:
        yield port, journal
    finally:
        port.stop()
        journal.close(5.0)


def until(known: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := known()):
        assert time.monotonic() < end, what
        time.sleep(0.5)
    return found


def of_job(port: Port, job: str, kind: Kind) -> Finding | None:
    judged = port.engine.judged
    verdict = judged.verdicts.get(job) if judged is not None else None
    return next((one for one in verdict.findings if one.kind is kind), None) if verdict is not None else None


def lost(port: Port) -> set[str]:
    """The jobs that are lost, by name."""
    judged = port.engine.judged
    return {one.job_name for one in judged.findings if one.kind is Kind.JOB_LOST} if judged else set()


def times(loop: Finding | dict[str, Any] | None) -> int:
    """How often it failed, by the words of a restart loop."""
    words = str(loop["words"]) if isinstance(loop, dict) else loop.words if loop is not None else "0 times"
    return int(words.partition(" times")[0].rpartition(" ")[2])


def status(cluster: Cluster, home: Path) -> tuple[int, dict[str, Any]]:
    """What `flinktop status` says at once."""
    words = [sys.executable, "-m", "flinktop", "status", cluster.url, "--json", "--wait", "5"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment(home))
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)["clusters"][0]


def test_loops_and_lost_jobs_are_remembered(tmp_path: Path) -> None:  # noqa: PLR0915 -- one cluster
    path = Path(environment(tmp_path)["XDG_STATE_HOME"]) / "flinktop" / "journal.db"
    settings = {
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "100000",
        "restart-strategy.fixed-delay.delay": "1 s",
    }
    with running("1.20.5", extra=settings) as cluster:
        failing, steady = submit(cluster, "failing", fail_after=4), submit(cluster, "steady")
        wait_for_state(cluster, steady, "RUNNING")
        name = next(one["name"] for one in cluster.get("jobs/overview")["jobs"] if one["jid"] == steady)
        with watching(cluster, path) as (port, _):
            first = until(lambda: of_job(port, failing, Kind.RESTART_LOOP), "a restart loop")
            # Flink keeps 16: it has forgotten the first by then.
            until(lambda: times(of_job(port, failing, Kind.RESTART_LOOP)) > 18, "more than Flink keeps")
        with watching(cluster, path) as (port, _):
            again = until(lambda: of_job(port, failing, Kind.RESTART_LOOP), "the loop")
            assert again.since == first.since
            assert again.culprit == first.culprit
            assert times(again) > 18
            assert "more than" not in again.words
            code, told = status(cluster, tmp_path)
            assert code == 2
            (loop,) = [one for one in told["jobs"] if one["id"] == failing]
            assert "first: " in loop["words"] or "earliest known" not in loop["words"]
            assert times(loop) > 18
        cluster.jobmanager.kill()
        cluster.jobmanager.wait()
        with watching(cluster, path) as (port, _):
            time.sleep(70.0)
            code, told = status(cluster, tmp_path)
            assert (code, told["reachable"], told["jobs"]) == (2, False, [])
            assert [one["kind"] for one in told["findings"]] == ["cluster-lost"]
        log = cluster.directory / "jobmanager" / "again.log"
        command = processes.jobmanager_command(cluster.home, cluster.directory / "conf", log)
        another = processes.start(command, log=log)
        try:
            processes.wait_until_ready(Rest(cluster.url), [another], COMES_BACK)
            with watching(cluster, path) as (port, journal):
                until(lambda: name in lost(port), "the job is lost")
                code, told = status(cluster, tmp_path)
                assert code == 2
                (one,) = [one for one in told["jobs"] if one["id"] == steady]
                assert (one["kind"], one["state"], one["name"]) == ("job-lost", None, name)
                known = {one.job: one for one in journal.read_jobs(cluster.url)}
                assert {failing, steady} <= set(known)
                failures = journal.read(Question(job=failing, kinds=(EventKind.FAILURE,)))
                assert abs(min(one.at for one in failures) - first.since) < 1000
                assert journal.read_stack(failures[-1].number)
        finally:
            processes.stop([another])
