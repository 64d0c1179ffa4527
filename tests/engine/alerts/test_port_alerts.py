"""Alerts of an engine, by what a recorded cluster answers, through the port."""

from __future__ import annotations

import json
import math
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from flinktop.alert_rules import AlertRule, Notify
from flinktop.engine.alerts.policy import policy
from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.journal.journal import Journal
from flinktop.flink.connection import Connection
from flinktop.flink.errors import Unreachable
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.judgement.rules import Policy
from tests.engine.alerts.given import said
from tests.engine.alerts.test_caller import wait_until_idle
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from flinktop.engine.alerts.seen import Seen

URL = "http://flink.test:8081"


class Watched:
    """A port on a recorded cluster."""

    def __init__(self, journal: Journal | None = None, **given: Any) -> None:
        self.clock = ManualClock()
        self.cluster = FixtureCluster("1.20.5")
        began = self.clock.now()
        for job in self.cluster.document("jobs/overview")["jobs"]:
            # Its clock goes on.
            self.cluster.changed[f"jobs/{job['jid']}"] = lambda document: {
                **document,
                "now": document["now"] + int(1000 * (self.clock.now() - began)),
            }
        self.port = Port(
            Connection(URL),
            self.clock,
            transport=self.cluster,
            jitter=lambda: 1.0,
            name="prod",
            journal=(lambda: journal) if journal is not None else None,
            rings=True,
            **given,
        )

    @property
    def open(self) -> set[tuple[str, str]]:
        return {(one.job_name, str(one.finding.kind)) for one in self.port.alerts.open if one.calls}


@asynccontextmanager
async def watched(journal: Journal | None = None, **given: Any) -> AsyncIterator[Watched]:
    one = Watched(journal, **given)
    await one.port.start_inline()
    # As the overview does.
    one.port.watch(JOBS_OVERVIEW(), 3.0)
    try:
        yield one
    finally:
        await one.port.engine.stop()


FAILED = ("failed for good", "failed")


async def test_what_stands_is_called_about_once_and_can_be_acknowledged_and_muted() -> None:
    async with watched(Journal(None, ManualClock(), inline=True)) as it:
        assert not it.open
        await it.clock.advance(40.0)
        assert FAILED in it.open
        calls = it.port.take_calls()
        told = [one for call in calls for one in call.alerts]
        assert {call.change for call in calls} == {"raised"}
        assert sorted((one.job_name, str(one.finding.kind)) for one in told) == sorted(it.open)
        assert it.port.take_calls() == ()
        failed = next(one for one in it.port.alerts.open if one.job_name == "failed for good")
        assert (failed.cluster, failed.target) == (URL, "prod")
        it.port.take_changes()
        it.port.acknowledge(failed.key)
        it.port.mute(failed.job_key, 60.0)
        it.port.mute(failed.kind_key, math.inf)
        failed = next(one for one in it.port.alerts.open if one.job_name == "failed for good")
        assert failed.acknowledged is not None
        assert failed.muted == math.inf
        assert len(it.port.alerts.mutes) == 2
        it.port.unmute(failed.key)
        assert not list(it.port.alerts.mutes)


@pytest.mark.deep
async def test_a_job_that_fails_calls_within_seconds_and_clears_when_it_runs_again() -> None:
    async with watched() as it:
        await it.clock.advance(40.0)
        it.port.take_calls()
        steady = it.cluster.job("steady")
        listed = it.cluster.document("jobs/overview")
        at = int(it.port.engine.cluster_time() * 1000)

        def failing(state: str, jobs: dict[str, Any]) -> dict[str, Any]:
            for job in jobs["jobs"]:
                if job["jid"] == steady:
                    job |= {"state": "FAILED", "end-time": at}
            if state == "again":
                job = next(one for one in listed["jobs"] if one["jid"] == steady)
                jobs["jobs"].append({**job, "jid": "f" * 32, "start-time": at + 5000})
            return jobs

        moving, ended = it.cluster.changed[f"jobs/{steady}"], {"state": "FAILED", "end-time": at}
        it.cluster.changed["jobs/overview"] = lambda jobs: failing("", jobs)
        it.cluster.changed[f"jobs/{steady}"] = lambda job: {**moving(job), **ended}
        it.cluster.changed[f"jobs/{steady}/exceptions"] = exceptions(at)
        await it.clock.advance(10.0)
        (call,) = it.port.take_calls()
        assert said([call]) == [("raised", steady)]
        # It says why.
        assert call.alerts[0].finding.words == "failed: RuntimeException: boom"
        await it.clock.advance(60.0)
        assert steady not in {one.job for call in it.port.take_calls() for one in call.alerts}
        it.cluster.changed["jobs/overview"] = lambda jobs: failing("again", jobs)
        await it.clock.advance(8.0)
        assert said(it.port.take_calls()) == [("cleared", steady)]
        assert it.port.alerts.past[0].why_cleared == "a job of the same name has started"


def exceptions(at: int) -> dict[str, Any]:
    """The exceptions of a job that has failed."""
    stack = "java.lang.RuntimeException: boom\n\tat a.B.c(B.java:1)"
    entry = {
        "exceptionName": "java.lang.RuntimeException",
        "stacktrace": stack,
        "timestamp": at,
        "taskName": None,
        "location": None,
        "concurrentExceptions": [],
    }
    return {
        "root-exception": stack,
        "timestamp": at,
        "all-exceptions": [],
        "exceptionHistory": {"entries": [entry], "truncated": False},
    }


@pytest.mark.deep
async def test_a_job_that_should_run_and_does_not_is_an_alert_of_its_name() -> None:
    expected = Policy("prod", (), ("orders", "billing-*"))
    async with watched(policy=expected) as it:
        await it.clock.advance(120.0)
        missing = [one for one in it.port.alerts.open if one.finding.kind == "job-missing"]
        assert {(one.job, one.job_name) for one in missing} == {("", "orders"), ("", "billing-*")}
        assert len({one.key for one in missing}) == 2


@pytest.mark.deep
async def test_a_lost_cluster_calls_and_nothing_else_is_cleared() -> None:
    async with watched() as it:
        await it.clock.advance(60.0)
        it.port.take_calls()
        before = it.open
        it.cluster.failure = httpx.ConnectError("no route")
        await it.clock.advance(120.0)
        assert it.open == {*before, ("", "cluster-lost")}
        assert isinstance(it.port.lost, Unreachable)
        it.cluster.failure = None
        await it.clock.advance(20.0)
        assert it.open >= before
        assert ("", "cluster-lost") not in it.open
        lost = [call for call in it.port.take_calls() if call.alerts[0].finding.kind == "cluster-lost"]
        assert [call.change for call in lost] == ["raised", "cleared"]


async def test_what_the_config_says_applies(tmp_path: Path) -> None:
    got = tmp_path / "got"
    rules = (AlertRule(off=True), AlertRule(kinds=("failed",), clusters=("prod",)))
    notify = Notify(command=("sh", "-c", 'cat >> "$1"', "sh", str(got)))
    async with watched(alerting=lambda: policy(rules, notify, "prod")) as it:
        await it.clock.advance(40.0)
        assert it.open == {FAILED}
        caller = it.port.engine.caller
        assert caller is not None
        assert caller._hooks is not None
        wait_until_idle(caller._hooks)
        assert json.loads(got.read_text())["job"]["name"] == "failed for good"


async def test_an_error_in_the_alerts_does_not_stop_the_judge() -> None:
    async with watched() as it:
        await it.clock.advance(10.0)
        caller = it.port.engine.caller
        assert caller is not None

        def broken(seen: Seen) -> None:  # noqa: ARG001 -- as it is called
            raise RuntimeError("broken")

        caller.round = broken  # type: ignore[method-assign]
        before = it.port.judged
        await it.clock.advance(20.0)
        assert it.port.judged is not before
        assert (it.port.crashes, it.port.recorder_errors) == (0, 1)


async def test_before_the_engine_has_started_there_is_nothing() -> None:
    port = Watched().port
    assert port.alerts.open == ()
    assert port.take_calls() == ()
    port.acknowledge(("", "a", "failed"))
    port.mute(("", "a", "failed"), 60.0)
    port.unmute(("", "a", "failed"))


def test_an_engine_on_a_thread_of_its_own_is_asked_from_here(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", Clock())
    it = Watched(journal)
    it.port.start_thread()
    try:
        key = ("", "a", "failed")
        it.port.acknowledge(key)
        it.port.mute(("", "", "failed"), 60.0)
        pace, deadline = threading.Event(), time.monotonic() + 20.0
        while not it.port.alerts.mutes:
            assert time.monotonic() < deadline
            pace.wait(0.005)
            it.port.mute(("", "", "failed"), 60.0)
        assert it.port.take_calls() == ()
    finally:
        it.port.stop()
        journal.close(20.0)
