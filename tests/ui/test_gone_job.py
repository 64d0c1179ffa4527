"""A job that Flink no longer has: what was known of it last, its events, its first failure with the stack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest import mock

import httpx
import pytest

from flinktop.engine.journal.event import Event, EventKind
from flinktop.judgement.finding import Severity
from flinktop.ui.panels.alerts import NOT_JUDGED
from flinktop.ui.places import JobPlace
from flinktop.ui.screens.event import EventScreen
from flinktop.ui.screens.job import JobScreen
from tests.demo_cluster import DemoCluster
from tests.manual_clock import ManualClock
from tests.ui.day import monitor
from tests.ui.remembered import STACK, Past

GONE = "f" * 32
PATH = "s3://flink-checkpoints/billing/chk-42"
SIZES = [(80, 24), (120, 40), pytest.param((60, 12), marks=pytest.mark.deep)]


@asynccontextmanager
async def gone(size: tuple[int, int] = (120, 40), **known: Any) -> AsyncIterator[Past]:
    """A cluster that had a job called billing, six hours ago."""
    clock = ManualClock()
    cluster = DemoCluster("mixed", "2.3.0", clock)
    async with monitor("2.3.0", size, cluster=cluster, clock=clock) as day:
        past = Past(day)
        usual: dict[str, Any] = {
            "words": "failed: IllegalStateException: disk full",
            "severity": Severity.CRITICAL,
            "checkpoint": PATH,
            "checkpointed": past.now - 400 * 60_000,
            "parallelism": 4,
            "restarts": 212,
            "start": past.now - 3000 * 60_000,
            "release": "2.2.1",
            "configuration": {"pipeline.name": "billing", "s3.secret-key": "abc"},
            "vertices": ("Source: orders", "Sink: [b]ledger[/b]"),
        }
        await past.knew(past.job(GONE, "billing", **(usual | known)))
        await past.happened(*(failure(past, ago) for ago in (2900.0, 2800.0, 400.0)))
        yield past


def failure(past: Past, ago: float, **rest: Any) -> Event:
    usual: dict[str, Any] = {
        "job": GONE,
        "job_name": "billing",
        "group": f"g{ago:.0f}",
        "stack": STACK,
        "vertex_name": "Sink: ledger",
        "taskmanager": "tm-7",
    }
    return past.event(EventKind.FAILURE, f"job failed {ago:.0f} minutes ago", ago, **(usual | rest))


async def open_it(past: Past) -> JobScreen:
    past.day.app.go(JobPlace(GONE))
    await past.day.settled()
    await past.day.wait(3)
    screen = past.day.app.screen
    assert isinstance(screen, JobScreen)
    return screen


@pytest.mark.deep
@pytest.mark.parametrize("size", SIZES)
async def test_what_was_known_of_it_last_is_shown_with_its_age(size: tuple[int, int]) -> None:
    async with gone(size) as past:
        screen = await open_it(past)
        assert screen.tab == "history"
        assert screen.crumb == "billing"
        assert "billing" in past.day.lines[0]
        assert "last seen 16:13:23, 6 h ago" in past.day.text
        if size[1] > 20:
            for words in (
                "Flink no longer knows this job",
                "✕ FAILED",
                "✕ failed: IllegalStateException: disk full",
                "last checkpoint 15:33:23, 6 h 40 m ago",
                "parallelism 4",
                "restarts 212",
                "first failure 11-12 21:53",
                "Flink 2.2.1",
                "billing/chk-42",
            ):
                assert words in past.day.text, words
        assert "job failed 400 minutes ago" in past.day.text
        assert not screen.query(".-broken")


@pytest.mark.deep
async def test_y_copies_the_path_of_its_last_checkpoint() -> None:
    async with gone() as past:
        await open_it(past)
        copied: list[str] = []
        with mock.patch.object(past.day.app, "copy_text", copied.append):
            await past.day.press("y")
        assert copied == [PATH]


@pytest.mark.deep
async def test_without_a_checkpoint_y_copies_the_event_as_elsewhere() -> None:
    async with gone(checkpoint="") as past:
        await open_it(past)
        assert "last checkpoint" not in past.day.text
        copied: list[str] = []
        with mock.patch.object(past.day.app, "copy_text", copied.append):
            await past.day.press("y")
        assert "job failed 400 minutes ago" in copied[0]


@pytest.mark.deep
async def test_its_first_failure_has_its_stack_on_enter() -> None:
    async with gone() as past:
        await open_it(past)
        await past.day.press("G", "enter")
        assert isinstance(past.day.app.screen_stack[-1], EventScreen)
        assert "job failed 2900 minutes ago" in past.day.text
        assert "com.example.Orders.write" in past.day.text
        # Back to the job, not another copy of it on top.
        await past.day.press("escape")
        assert isinstance(past.day.app.screen, JobScreen)


@pytest.mark.deep
async def test_its_other_tabs_show_what_was_recorded_and_are_no_dead_ends() -> None:
    async with gone() as past:
        await open_it(past)
        await past.day.press("2")
        await past.day.wait(3)
        assert "The job's vertices were: Source: orders, Sink: [b]ledger[/b]" in past.day.text
        await past.day.press("6")
        await past.day.wait(3)
        assert "as flinktop recorded it when the job was last seen, 16:13:23" in past.day.text
        assert past.day.line("pipeline.name").split() == ["recorded", "pipeline.name", "billing"]
        assert "abc" not in past.day.text
        for key in "134578":
            await past.day.press(key)
            await past.day.wait(3)
            assert not past.day.app.screen.query(".-broken")


@pytest.mark.deep
async def test_why_says_what_was_wrong_last() -> None:
    async with gone() as past:
        await open_it(past)
        await past.day.press("v")
        await past.day.wait(3)
        assert "billing   last seen 16:13:23" in past.day.text
        assert "✕ failed: IllegalStateException: disk full" in past.day.text
        assert "tab 9 of the job shows its history" in past.day.text


@pytest.mark.deep
async def test_it_opens_from_the_timeline_and_from_an_alert() -> None:
    async with gone() as past:
        started = past.event(EventKind.JOB_STARTED, "started", 0, job=GONE, job_name="billing")
        await past.happened(started)
        await past.day.press("T", "enter")
        assert isinstance(past.day.app.screen, JobScreen)
        assert "last seen 16:13:23" in past.day.text
        await past.day.press("escape")
        assert "timeline" in past.day.lines[0]


@pytest.mark.deep
async def test_while_no_cluster_answers_it_shows_the_same() -> None:
    async with gone() as past:
        past.day.cluster.failure = httpx.ConnectError("refused")
        await past.day.wait(20)
        past.day.app.go(JobPlace(GONE))
        await past.day.settled()
        await past.day.wait(2)
        assert "last seen 16:13:23" in past.day.text
        assert "the cluster does not answer" in past.day.text


@pytest.mark.deep
async def test_a_job_that_vanishes_while_it_is_open_keeps_its_place() -> None:
    async with gone() as past:
        name = "orders-enrichment"
        job = past.day.cluster.job(name)
        past.day.app.go(JobPlace(job))
        await past.day.settled()
        await past.day.wait(3)
        screen = past.day.app.screen
        assert isinstance(screen, JobScreen)
        past.day.cluster.changed = {f"jobs/{job}": (404, {"errors": ["Job not found"]})}
        await past.day.wait(6)
        assert (past.day.app.screen, screen.tab) == (screen, "graph")
        assert "Flink no longer knows this job; 9 shows its history." in past.day.text


@pytest.mark.deep
async def test_a_job_that_nobody_knows_says_so_as_before() -> None:
    async with gone() as past:
        past.day.app.go(JobPlace("e" * 32))
        await past.day.settled()
        await past.day.wait(3)
        assert f"no job {'e' * 32}" in past.day.text
        assert "last seen" not in past.day.text


@pytest.mark.deep
async def test_what_is_remembered_opens_on_a_cluster_that_has_never_answered() -> None:
    cluster = DemoCluster("mixed", "2.3.0", ManualClock())
    cluster.failure = httpx.ConnectError("refused")
    async with monitor("2.3.0", (80, 24), cluster=cluster) as day:
        past = Past(day)
        await past.knew(past.job(GONE, "billing", checkpoint=PATH))
        await past.happened(failure(past, 5.0))
        await day.press("exclamation_mark")
        assert NOT_JUDGED in day.text
        await day.press("T", "enter")
        assert "com.example.Orders.write" in day.text
        await day.press("enter")
        await day.wait(3)
        assert "last seen 16:13:" in day.text
        assert "billing/chk-42" in day.text
