"""`flinktop bundle JOB`: an incident bundle without a terminal.

The path of the file goes to stdout, progress and everything else to stderr.
"""

# ruff: noqa: T201 -- this module prints

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flinktop.bundle.archive import proposed_name
from flinktop.bundle.asking import IN_FLIGHT, Asking
from flinktop.bundle.collection import Subject
from flinktop.bundle.making import Making, Means, Order, State, make
from flinktop.engine.clock import Clock
from flinktop.flink.errors import FlinkError
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.local_end import NoLocalEnd
from flinktop.flink.login import Login
from flinktop.flink.run_in_thread import run, run_in_thread
from flinktop.flink.text import clean
from flinktop.headless.args import DONE, FAILED, INTERRUPTED, LEAST_OF_AN_ID, MB, UNREACHABLE, Ended
from flinktop.headless.find_act import NoSuchJob, find_job
from flinktop.headless.look_once import OneCluster
from flinktop.headless.status import LATEST
from flinktop.headless.status_args import StatusArgs
from flinktop.headless.status_report import ClusterStatus, Status
from flinktop.headless.tunnel import tunnel_of
from flinktop.internal_error import words_of
from flinktop.judgement.rules import as_rules
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from flinktop.bundle.collection import Collection, ReadsJournal
    from flinktop.engine.journal.journal import Journal
    from flinktop.finding_rules import FindingRule
    from flinktop.headless.args import BundleArgs
    from flinktop.judgement.finding_links import WrittenLink
    from flinktop.judgement.rules import Rules
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.settings import Profile

log = logging.getLogger(__name__)


def run_bundle(
    profile: Profile,
    rules: Sequence[FindingRule],
    args: BundleArgs,
    *,
    journal_file: Path,
    links: tuple[WrittenLink, ...] = (),
    kubernetes: KubernetesState | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """Make a bundle, print its path, and return the exit code; `links` are those of the config.

    `kubernetes` is what it knows of the cluster; `transport` replaces the network, and is closed.
    """
    clock = Clock()
    journal: Journal | None = None
    if journal_file.exists():
        from flinktop.engine.journal.journal import Journal as OneJournal  # noqa: PLC0415 -- loads SQLite

        journal = OneJournal(journal_file, clock, inline=True)
    try:
        return make_bundle(
            profile,
            rules,
            args,
            clock,
            journal=journal,
            transport=transport,
            links=links,
            kubernetes=kubernetes,
        )
    finally:
        if journal is not None:
            journal.close(0.0)
            for notice in journal.notices:
                _print_error(notice)


def make_bundle(
    profile: Profile,
    rules: Sequence[FindingRule],
    args: BundleArgs,
    clock: Clock,
    *,
    journal: ReadsJournal | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    links: tuple[WrittenLink, ...] = (),
    kubernetes: KubernetesState | None = None,
) -> int:
    """The same with a journal."""
    command = _Command(
        profile,
        as_rules(rules),
        args,
        clock=clock,
        journal=journal,
        transport=transport,
        links=links,
        kubernetes=kubernetes,
    )
    try:
        making = run(command.make())
    except Ended as ended:
        _print_error(str(ended))
        return ended.code
    except KeyboardInterrupt:
        _print_error("interrupted; nothing was written")
        return INTERRUPTED
    if making.state is not State.DONE:
        _print_error(making.reason)
        return FAILED
    missing = len(making.missing)
    without = f"; {missing} part{'s are' if missing > 1 else ' is'} missing, README.txt says why"
    _print_error(f"wrote {fmt.size(making.size)}{without if missing else ''}")
    print(making.path)
    return DONE


class _Command:
    """One command: finds the job, then makes the bundle."""

    def __init__(
        self,
        profile: Profile,
        rules: Rules,
        args: BundleArgs,
        *,
        clock: Clock,
        journal: ReadsJournal | None,
        transport: httpx.AsyncBaseTransport | None,
        links: tuple[WrittenLink, ...] = (),
        kubernetes: KubernetesState | None = None,
    ) -> None:
        self._links = links
        self._kubernetes = kubernetes
        self._profile = profile
        self._rules = rules
        self._args = args
        self._clock = clock
        self._journal = journal
        self._transport = transport
        self._login = Login(profile.connection, clock.now)
        self._tunnel = tunnel_of(profile, clock) if transport is None else None
        self._said: dict[str, State] = {}

    async def make(self) -> Making:
        """Make the bundle. Raises Ended if there is no such job, or the cluster can't be asked."""
        try:
            return await self._make()
        finally:
            if self._tunnel is not None:
                await self._tunnel.close()
            if self._transport is not None:
                await self._transport.aclose()

    async def _make(self) -> Making:
        if self._tunnel is not None:
            # Before the time of the first request begins, which says what is wrong.
            with contextlib.suppress(NoLocalEnd):
                await self._tunnel.port()
        lanes = asyncio.Semaphore(IN_FLIGHT)
        asking = Asking(
            self._profile.connection,
            self._clock,
            transport=self._transport,
            login=self._login,
            tunnel=self._tunnel,
            in_flight=lanes,
        )
        try:
            subject = await self._find(asking)
        except BaseException:
            await asking.close()
            raise
        order = Order(
            subject=subject,
            path=self._path(subject),
            overwrite=self._args.overwrite,
            numbered=self._args.output is None,
            most=self._args.size * MB,
            largest_log=self._args.largest_log * MB,
        )

        async def judged(_collection: Collection) -> Status:
            return await self._judged(subject.job, lanes)

        means = Means(
            asking=asking, clock=self._clock, judged=judged, journal=self._journal, hide=self._login.hide
        )
        return await make(order, means, self._say)

    async def _find(self, asking: Asking) -> Subject:
        """The job that is meant: of the cluster, else one that the journal remembers."""
        try:
            listed = (await asking.get(JOBS_OVERVIEW())).value.jobs
            job = find_job(listed, self._args.what)
        except FlinkError as error:
            if (known := await self._remembered()) is None:
                raise Ended(UNREACHABLE, str(error)) from None
            _print_error(f"{error}; the journal remembers the job")
            return known
        except NoSuchJob as error:
            if (known := await self._remembered()) is None:
                raise
            _print_error(f"the cluster does not list '{self._args.what}' any more; the journal remembers it")
            log.info("%s", error)
            return known
        return self._subject(job.jid, job.name)

    def _subject(self, job: str, name: str) -> Subject:
        return Subject(
            job=job,
            name=name,
            cluster=self._profile.name,
            url=self._profile.connection.url,
            links=self._links,
        )

    async def _remembered(self) -> Subject | None:
        """The job that was seen last of those with this id or name, or whose id begins so."""
        journal, what = self._journal, self._args.what
        if journal is None:
            return None
        try:
            jobs = await run_in_thread(lambda: journal.read_jobs(self._profile.connection.url))
        except Exception:
            log.exception("the journal could not be read")
            return None
        by_id = [one for one in jobs if len(what) >= LEAST_OF_AN_ID and one.job.startswith(what.lower())]
        found = max((one for one in jobs if one.name == what), key=lambda one: one.seen, default=None)
        if found is None and len({one.job for one in by_id}) == 1:
            found = by_id[0]
        return self._subject(found.job, found.name) if found is not None else None

    def _path(self, subject: Subject) -> Path:
        if self._args.output is not None:
            return Path(self._args.output).expanduser().absolute()
        try:
            here = Path.cwd()
        except OSError:
            here = Path.home()
        return here / proposed_name(subject.name, self._clock.wall())

    async def _judged(self, job: str, lanes: asyncio.Semaphore) -> Status:
        """What `flinktop status` finds."""
        args = StatusArgs(job=job, wait=self._args.wait)
        cluster = OneCluster(
            self._profile,
            args,
            self._rules,
            self._clock,
            transport=self._transport,
            login=self._login,
            tunnel=self._tunnel,
            lanes=lanes,
            kubernetes=self._kubernetes,
        )
        latest = args.wait + LATEST
        try:
            async with asyncio.timeout(latest):
                found = await cluster.status()
        except TimeoutError:
            found = self._unknown(f"no answer within {latest:.0f} s")
        except Exception as error:
            log.exception("the job could not be judged")
            found = self._unknown(f"flinktop failed: {words_of(error)}")
        return Status(at=found.at or self._clock.wall() * 1000.0, clusters=(found,))

    def _unknown(self, error: str) -> ClusterStatus:
        return ClusterStatus(
            target=self._profile.name, url=self._profile.connection.url, error=error, has_job=False
        )

    def _say(self, making: Making) -> None:
        """Print what has ended since the last call."""
        for step in making.steps:
            if step.state is self._said.get(step.part, State.WAITING):
                continue
            self._said[step.part] = step.state
            if step.state is State.RUNNING:
                continue
            missing = "missing: " if step.state is State.MISSING else ""
            _print_error(f"{step.part}: {missing}{step.words}")


def _print_error(sentence: str) -> None:
    print(f"flinktop: {clean(sentence)}", file=sys.stderr, flush=True)
