"""`flinktop status` on clusters of a test, by a clock that the test's loop moves on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from flinktop.flink.connection import Connection
from flinktop.headless.status import Asking
from flinktop.headless.status_args import StatusArgs
from flinktop.headless.status_memory import remembered
from flinktop.headless.status_report import Status
from flinktop.judgement.rules import Rule
from flinktop.settings import Profile
from tests.manual_clock import ManualClock, settle

STEP = 0.4
"""Seconds that the clock moves on when nothing more happens without it."""
TURNS = 12


def profile(name: str = "prod", *, expect: Sequence[str] = ()) -> Profile:
    return Profile(name, Connection(f"http://{name}:8081"), None, None, expect=tuple(expect))


class Looked:
    """What was found, and how long it took by the clock (s)."""

    def __init__(self, status: Status, seconds: float) -> None:
        self.status = status
        self.seconds = seconds


def look(
    clusters: Mapping[str, httpx.AsyncBaseTransport],
    args: StatusArgs | None = None,
    *,
    clock: ManualClock | None = None,
    rules: tuple[Rule, ...] = (),
    expect: Sequence[str] = (),
    journal: Path | None = None,
) -> Looked:
    """Run the command's looks to their end."""

    async def run() -> Looked:
        time = clock or ManualClock()
        began = time.now()
        profiles = [profile(name, expect=expect) for name in clusters]
        asking = Asking(
            profiles,
            rules,
            args or StatusArgs(),
            time,
            transport=lambda one: clusters[one.name],
            remembered=await remembered(journal, profiles, time) if journal is not None else None,
        )
        task = asyncio.create_task(asking.status())
        while not task.done():
            for _ in range(TURNS):
                await settle()
            if not task.done():
                await time.advance(STEP)
        return Looked(task.result(), time.now() - began)

    return asyncio.run(run())


def job(document: dict[str, Any], name: str, cluster: int = 0) -> dict[str, Any]:
    """A job of the JSON document, by the beginning of its name."""
    jobs = document["clusters"][cluster]["jobs"]
    found: dict[str, Any] = next(one for one in jobs if one["name"].startswith(name))
    return found
