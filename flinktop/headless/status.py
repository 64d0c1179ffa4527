"""`flinktop status`: what is wrong with the jobs of clusters, printed once, for scripts and alerts.

The report goes to stdout, everything else to stderr.
"""

# ruff: noqa: T201 -- this module prints

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING, Final

from flinktop.engine.clock import Clock
from flinktop.flink.local_end import NoLocalEnd
from flinktop.flink.run_in_thread import run
from flinktop.flink.text import clean
from flinktop.headless.look_once import AT_ONCE, GRACE, THREE_LOOKS_TAKE, OneCluster, Turns
from flinktop.headless.status_json import document
from flinktop.headless.status_prometheus import exposition
from flinktop.headless.status_report import ClusterStatus, Status
from flinktop.headless.status_text import lines
from flinktop.headless.tunnel import opened_tunnel
from flinktop.internal_error import words_of
from flinktop.judgement.rules import as_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import httpx

    from flinktop.finding_rules import FindingRule
    from flinktop.flink.local_end import LocalEnd
    from flinktop.headless.status_args import StatusArgs
    from flinktop.judgement.finding_links import WrittenLink
    from flinktop.judgement.remembered import Remembered
    from flinktop.judgement.rules import Rule
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.settings import Profile

log = logging.getLogger(__name__)

LATEST: Final = 3.5
"""Seconds after the time to wait at which a cluster that still hangs is given up."""


LANES_OF_MANY: Final = 1
"""Requests in flight to each of more than `AT_ONCE` clusters: each takes a connection."""


class NotPrintedError(Exception):
    """The report could not be written; the text is a sentence."""


def run_status(
    profiles: Sequence[Profile],
    rules: Sequence[FindingRule],
    args: StatusArgs,
    journal: Path | None = None,
    links: Sequence[WrittenLink] = (),
) -> int:
    """Look at clusters, print what is wrong, and return the exit code.

    What a flinktop remembers of them is read from the file `journal`, if there is one. `links` are those of
    the config.
    Raises NotPrintedError if stdout takes no more, BrokenPipeError if nobody reads it.
    """
    clock, kept = Clock(), kept_of(journal)

    async def ask() -> Status:
        known = await what_is_remembered(kept, profiles, clock)
        return await Asking(profiles, as_rules(rules), args, clock, remembered=known).status()

    status = run(ask())
    print_report(status, args, clock, links)
    return status.code


def kept_of(journal: Path | None) -> Path | None:
    """The journal, if there is one."""
    return journal if journal is not None and os.path.lexists(journal) else None


async def what_is_remembered(
    journal: Path | None, profiles: Sequence[Profile], clock: Clock
) -> Mapping[str, Remembered]:
    """What is remembered of clusters in the journal, by address."""
    if journal is None:
        return {}
    # SQLite is loaded where there is something to read.
    from flinktop.headless.status_memory import remembered  # noqa: PLC0415

    return await remembered(journal, profiles, clock)


def print_report(status: Status, args: StatusArgs, clock: Clock, links: Sequence[WrittenLink]) -> None:
    """Print the report. Raises NotPrintedError if stdout takes no more, BrokenPipeError if nobody reads."""
    try:
        print_status(status, args, clock, links)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotPrintedError(f"the report can't be written to stdout ({error.strerror})") from None


class Asking:
    """Asks all clusters at the same time; one that hangs or fails does not hold up the others."""

    def __init__(
        self,
        profiles: Sequence[Profile],
        rules: tuple[Rule, ...],
        args: StatusArgs,
        clock: Clock,
        *,
        transport: Callable[[Profile], httpx.AsyncBaseTransport | None] = lambda _profile: None,
        remembered: Mapping[str, Remembered] | None = None,
        kubernetes: Mapping[str, KubernetesState] | None = None,
        lanes: int | None = None,
        at_once: int | None = None,
        until: float | None = None,
    ) -> None:
        """`remembered` is what a flinktop remembers of the clusters, by address.

        `kubernetes` is what Kubernetes knows of them, likewise. So many requests are in flight to all of
        them, `lanes`, and `at_once` of them are looked at at a time; those whose turn has not come `until`
        then (the clock's time, s) are not.
        """
        self._lanes = asyncio.Semaphore(lanes) if lanes is not None else None
        self._kubernetes = kubernetes or {}
        self._places = asyncio.Semaphore(at_once) if at_once is not None else None
        self._until = until
        self._profiles = profiles
        self._rules = rules
        self._args = args
        self._clock = clock
        self._transport = transport
        self._remembered = remembered or {}
        self._turns = Turns(len(profiles), args.wait + GRACE) if len(profiles) > AT_ONCE else None

    async def status(self) -> Status:
        """The report of all clusters."""
        progress = asyncio.create_task(self._progress())
        try:
            found = await asyncio.gather(*map(self._one, self._profiles))
        finally:
            progress.cancel()
            await asyncio.wait({progress})
        return Status(
            at=next((one.at for one in found if one.at is not None), self._clock.wall() * 1000.0),
            clusters=tuple(found),
            missing_job=self._missing_job(found),
        )

    async def _one(self, profile: Profile) -> ClusterStatus:
        if self._places is None:
            return await self._asked(profile)
        async with self._places:
            if self._until is None or self._clock.now() < self._until:
                return await self._asked(profile)
        error = "there was no time left to ask it; --wait gives more"
        return ClusterStatus(target=profile.name, url=profile.connection.url, error=error, has_job=False)

    async def _asked(self, profile: Profile) -> ClusterStatus:
        latest = self._args.wait + LATEST
        try:
            # The time to wait begins when its tunnel is open.
            async with opened_tunnel(profile, self._clock) as tunnel, asyncio.timeout(latest):
                return await self._looked_at(profile, tunnel)
        except NoLocalEnd as closed:
            error = str(closed)
        except TimeoutError:
            error = f"no answer within {latest:.0f} s"
        except Exception as failure:
            log.exception("%s: could not be judged", profile.name)
            error = f"flinktop failed: {words_of(failure)}"
        return ClusterStatus(target=profile.name, url=profile.connection.url, error=error, has_job=False)

    async def _looked_at(self, profile: Profile, tunnel: LocalEnd | None) -> ClusterStatus:
        cluster = OneCluster(
            profile,
            self._args,
            self._rules,
            self._clock,
            transport=self._transport(profile),
            tunnel=tunnel,
            remembered=self._remembered.get(profile.connection.url),
            lanes=self._lanes or (asyncio.Semaphore(LANES_OF_MANY) if self._turns is not None else None),
            turns=self._turns,
            kubernetes=self._kubernetes.get(profile.connection.url),
        )
        return await cluster.status()

    def _missing_job(self, found: Sequence[ClusterStatus]) -> str | None:
        return None if any(one.has_job for one in found) else self._args.job

    async def _progress(self) -> None:
        """A line at a terminal that says how long it still takes; wiped at the end."""
        if not os.isatty(2):
            return
        began = self._clock.now()
        most = THREE_LOOKS_TAKE if self._args.wait >= THREE_LOOKS_TAKE else min(self._args.wait, GRACE)
        number = len(self._profiles)
        what = clean(self._profiles[0].name) if number == 1 else f"{number} clusters"
        width = 0
        try:
            while True:
                line = f"looking at {what}: {self._clock.now() - began:.0f} of about {most:.0f} s"[:79]
                print(f"\r{line.ljust(width)}", end="", file=sys.stderr, flush=True)
                width = max(width, len(line))
                await self._clock.sleep(1.0)
        finally:
            print(f"\r{' ' * width}\r", end="", file=sys.stderr, flush=True)


def print_status(status: Status, args: StatusArgs, clock: Clock, links: Sequence[WrittenLink] = ()) -> None:
    """Print the report in the chosen form. Raises OSError if stdout takes no more."""
    if status.missing_job is not None:
        print(f"flinktop: no such job '{clean(status.missing_job)}'", file=sys.stderr)
    if args.form == "text":
        print("\n".join(lines(status, explain=args.explain, links=links)), flush=True)
        return
    if args.form == "json":
        text = document(status, links) + b"\n"
    else:
        text = exposition(status, clock.wall()).encode()
    # UTF-8 whatever the terminal's encoding is.
    sys.stdout.flush()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()
