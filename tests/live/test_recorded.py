"""What flinktop records of a real cluster: each happening once, and still known by the next flinktop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.journal.event import Event, EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.engine.sweep import SECONDS, figures_of
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from tests.live.cluster import Cluster
from tests.live.submission import submit, wait_for_state

pytestmark = [pytest.mark.live, pytest.mark.long]

PATIENCE = 150.0
"""Seconds for what is seen within a minute on a machine with nothing else to do."""


@contextmanager
def recording(cluster: Cluster, path: Path) -> Iterator[Journal]:
    """A flinktop that records, with the jobs on its screen."""
    journal = Journal(path, Clock())
    port = Port(Connection(cluster.url), Clock(), journal=lambda: journal)
    port.start_thread()
    port.watch(JOBS_OVERVIEW())
    for job in cluster.get("jobs/overview")["jobs"]:
        for query in figures_of(job["jid"]):
            port.watch(query, SECONDS, passing=True)
    try:
        yield journal
    finally:
        port.stop()
        journal.close(5.0)


def wait_until(known: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not known():
        assert time.monotonic() < end, what
        time.sleep(1.0)


def of(journal: Journal, job: str, *kinds: EventKind) -> list[Event]:
    return sorted(journal.read(Question(job=job, kinds=kinds)), key=lambda one: one.at)


def test_a_restart_loop_and_an_end(cluster: Cluster, jobs: dict[str, str], tmp_path: Path) -> None:
    path, failing = tmp_path / "journal.db", jobs["failing"]
    counts = cluster.release < (1, 13)
    kind = EventKind.RESTARTED if counts else EventKind.FAILURE
    with recording(cluster, path) as journal:
        ends = submit(cluster, "steady", name="it ends", parallelism=1)
        wait_until(lambda: sum(one.count for one in of(journal, failing, kind)) >= 3, "three failures")
        wait_until(lambda: len(of(journal, ends, EventKind.JOB_STARTED)) == 1, "its start")
        wait_for_state(cluster, ends, "RUNNING")
        cluster.ask("PATCH", f"jobs/{ends}")
        wait_until(lambda: len(of(journal, ends, EventKind.JOB_ENDED)) == 1, "its end")
        first = _rows(journal)
    assert [one.words.partition(" after")[0] for one in of(journal, ends, EventKind.JOB_ENDED)] == [
        "job ended CANCELED"
    ]
    with recording(cluster, path) as journal:
        before = sum(one.count for one in of(journal, failing, kind))
        wait_until(lambda: sum(one.count for one in of(journal, failing, kind)) > before, "another failure")
        second = _rows(journal)
        known = {one.job: one for one in journal.read_jobs(cluster.url)}
        assert known[ends].state == "CANCELED"
        if not counts:
            _counted_once(cluster, journal, failing)
    started = [row for row in second if row[1] is EventKind.JOB_STARTED]
    assert started == [row for row in first if row[1] is EventKind.JOB_STARTED]
    assert not [row for row in second if row[1] is EventKind.GAP]


def _counted_once(cluster: Cluster, journal: Journal, job: str) -> None:
    """As many failures as Flink's own history has, with the stack of the first."""
    [row] = of(journal, job, EventKind.FAILURE)
    exceptions = cluster.get(f"jobs/{job}/exceptions")
    times = sorted({one["timestamp"] for one in exceptions["exceptionHistory"]["entries"]})
    newest = exceptions.get("timestamp") or 0
    if newest > times[-1] + 1000:
        times.append(newest)  # up to 1.20 the history has it when the job runs again
    if len(times) < 16:
        assert row.at == times[0]
        assert len(times) - 1 <= row.count <= len(times)
    assert "NumberFormatException" in row.words
    assert "\tat " in journal.read_stack(row.number)
    loops = of(journal, job, EventKind.JOB_STATE)
    assert {one.words.partition(" after")[0] for one in loops} == {"job is RESTARTING", "job runs again"}


def _rows(journal: Journal) -> list[tuple[str, EventKind, float]]:
    found = journal.read(Question(most=10_000))
    return sorted((one.job, one.kind, one.at) for one in found)
