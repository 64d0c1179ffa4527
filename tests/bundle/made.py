"""Bundles made of a cluster that does not exist, and read back."""

from __future__ import annotations

import asyncio
import json
import threading
import zipfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from flinktop.bundle.collection import ReadsJournal
from flinktop.bundle.command import _Command
from flinktop.bundle.contents import DIRECTORY
from flinktop.bundle.making import Making
from flinktop.flink.connection import Connection
from flinktop.headless.args import BundleArgs
from flinktop.own_keys import OwnLink
from flinktop.settings import Profile
from tests.manual_clock import ManualClock

T = TypeVar("T")
URL = "http://flink.test:8081"
STEP = 0.5
"""Seconds that the clock moves on when nothing else is to be done."""


@dataclass
class Made:
    """A bundle that was made, with its files by name."""

    making: Making
    files: dict[str, bytes]

    @property
    def readme(self) -> str:
        """README.txt with each sentence on one line."""
        return " ".join(self.files["README.txt"].decode().split())

    @property
    def gaps(self) -> str:
        """What README.txt says is not in it."""
        return self.readme.partition("Not in this bundle")[2].partition("What looks like a secret")[0].strip()

    def text(self, name: str) -> str:
        return self.files[name].decode()

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])


def read_back(path: Path) -> dict[str, bytes]:
    """The files of a bundle by their names."""
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        assert all(name.startswith(f"{DIRECTORY}/") for name in packed.namelist())
        return {name.removeprefix(f"{DIRECTORY}/"): packed.read(name) for name in packed.namelist()}


async def driven(work: Coroutine[Any, Any, T], clock: ManualClock) -> T:
    """The result of some work, for which the clock moves on while nothing else is to be done."""
    task = asyncio.ensure_future(work)
    while not task.done():
        if any(thread.name == "flinktop-secret" for thread in threading.enumerate()):
            await asyncio.sleep(0)
        else:
            await clock.advance(STEP)
    return await task


async def made(
    transport: httpx.AsyncBaseTransport,
    job: str,
    directory: Path,
    clock: ManualClock | None = None,
    *,
    connection: Connection | None = None,
    journal: ReadsJournal | None = None,
    wait: float = 0.0,
    size: int = 20,
    largest_log: int = 16,
    links: tuple[OwnLink, ...] = (),
) -> Made:
    """Make a bundle as the command does; sizes are in MB."""
    clock = clock or ManualClock()
    profile = Profile("test-cluster", connection or Connection(URL), None, None)
    path = directory / "x.zip"
    args = BundleArgs(what=job, output=str(path), wait=wait, size=size, largest_log=largest_log)
    command = _Command(profile, (), args, clock=clock, journal=journal, transport=transport, links=links)
    making = await driven(command.make(), clock)
    assert [one.name for one in directory.iterdir()] == (["x.zip"] if path.exists() else [])
    return Made(making, read_back(path) if path.exists() else {})
