"""What real clusters answered, and engines that record in a journal, on a manual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from flinktop.engine.engine import Engine
from flinktop.engine.journal.event import Event, EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.flink.connection import Connection
from flinktop.flink.decode import decode_answer
from flinktop.flink.endpoint import Query
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, JobOverview
from flinktop.model.look import JobLook, Taken, VertexLook
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock

T = TypeVar("T")
URL = "http://jm:8081"
RELEASES = ("1.9.3", "1.14.6", "1.20.5", "2.3.0")
WITH_HISTORY = ("1.14.6", "1.20.5", "2.3.0")
"""Of exceptions."""


def answer(release: str, query: Query[T]) -> T:
    """What a cluster of a release answered."""
    return decode_answer(FixtureCluster(release).answer(f"/{query.target}")[1], query).value


def job_named(release: str, name: str) -> str:
    """The id of a job by the beginning of its name."""
    return FixtureCluster(release).job(name)


def look_at(release: str, name: str, **known: Any) -> JobLook:
    """A look at a job by what was recorded of it."""
    jid = job_named(release, name)
    overview = answer(release, JOBS_OVERVIEW())
    listed: JobOverview = next(one for one in overview.jobs if one.jid == jid)
    job = answer(release, JOB(job=jid))
    vertices = tuple(VertexLook(vertex=one) for one in job.vertices)
    taken = Taken(job, float(job.now))
    return JobLook(listed=listed, now=taken.at, job=taken, vertices=vertices, **known)


@dataclass
class Watch:
    """An engine that records."""

    engine: Engine
    journal: Journal
    clock: ManualClock

    async def seconds(self, seconds: float) -> None:
        """Let time pass, in steps of a second."""
        for _ in range(int(seconds)):
            await self.clock.advance(1.0)

    async def until_recording(self) -> None:
        """Wait until the engine has read what the journal knows, in its thread."""
        while self.engine.recorder is None or not self.engine.recorder.has_begun:  # noqa: ASYNC110 -- a thread
            await asyncio.sleep(0)

    def events(self, *kinds: EventKind, job: str = "") -> list[Event]:
        """The rows of the journal, oldest first."""
        found = self.journal.read(Question(kinds=kinds, job=job, most=100_000))
        return sorted(found, key=lambda one: one.at)

    def words(self, *kinds: EventKind, job: str = "") -> list[str]:
        return [one.words for one in self.events(*kinds, job=job)]


@asynccontextmanager
async def watching(
    cluster: httpx.AsyncBaseTransport,
    clock: ManualClock,
    journal: Journal | None = None,
    **given: Any,
) -> AsyncIterator[Watch]:
    """An engine in front of a cluster; without a journal with one of its own, in memory."""
    kept = journal or Journal(None, clock, inline=True)
    engine = Engine(
        Connection(URL), clock, transport=cluster, jitter=lambda: 1.0, journal=lambda: kept, **given
    )
    engine.start()
    try:
        yield Watch(engine, kept, clock)
    finally:
        await engine.stop()


def of_kind(events: Iterable[Event], kind: EventKind) -> list[Event]:
    return [one for one in events if one.kind is kind]


def keys(events: Iterable[Event]) -> list[str]:
    return [one.key for one in events]
