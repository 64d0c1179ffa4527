"""One cluster: store, poller, sweep and series, wired together and kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.engine.acts.target import Target
from flinktop.engine.link import BACKGROUND
from flinktop.engine.pins import Pins
from flinktop.engine.poller import DEFAULT_REFRESH, Poller
from flinktop.engine.series import SeriesStore
from flinktop.engine.store import Reading, Store
from flinktop.engine.sweep import Sweep
from flinktop.flink.cluster import CONFIG, OVERVIEW, Config
from flinktop.flink.errors import NotFound
from flinktop.flink.features import Features, features
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOB
from flinktop.flink.login import Login

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import httpx

    from flinktop.engine.clock import Clock
    from flinktop.engine.operations import Operations
    from flinktop.engine.recorders import Recorders
    from flinktop.engine.transfers import Transfers
    from flinktop.flink.connection import Connection
    from flinktop.flink.endpoint import Query

log = logging.getLogger(__name__)

_CONFIG, _OVERVIEW = CONFIG(), OVERVIEW()
CONFIG_SECONDS = 60.0  # between looks at /config: the cluster may be upgraded under us
SERIES_SECONDS = 24 * 3600.0  # a series without a new point for this long is dropped
HOUSEKEEPING_SECONDS = 30.0
GOOD_RUN_SECONDS = 60.0
"""A task of the engine that lived so long begins again with the shortest pause when it dies."""
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.5, 300.0
"""Seconds between polls that a cluster can ask for; the longest is also what a person can choose by key."""


class Anchor(Struct, frozen=True):
    """The cluster's own clock: `epoch` (s since 1970, from a reply's `now`) at `at` (engine's clock, s)."""

    epoch: float
    at: float


def random_jitter() -> float:
    """A factor around 1 for a back-off, so that many monitors don't retry in step."""
    return random.uniform(0.8, 1.2)  # noqa: S311 -- not a secret


class Engine:
    """Keeps the facts of one cluster fresh. Needs a running asyncio loop; knows no terminal."""

    operations: Operations
    transfers: Transfers  # there from `start` on, as are the operations

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        *,
        refresh: float | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        jitter: Callable[[], float] = random_jitter,
        changed: Callable[[Query[Any]], None] = lambda _query: None,
        cluster: Target | None = None,
        ledger: Path | None = None,
        resume: bool = True,
        operations_changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is sent before `start`.

        `refresh` is the interval (s) that the person wants; the cluster's own is the shortest. `changed` is
        called after each answer or failure, `operations_changed` when there is news of operations, both on
        the engine's loop. Without the file `ledger` acts are refused. With `resume` acts that another
        flinktop has left are followed to their end.
        """
        self.clock = clock
        self.store = Store()
        self.series = SeriesStore()
        self.login = Login(connection, clock.now)
        self.http = Http(connection, transport=transport, login=self.login)
        self.poller = Poller(self.http, self.store, clock, jitter, changed, self.arrived)
        self.sweep = Sweep(self.poller, self.series, self.cluster_time)
        self.pins = Pins(self.series)
        self._transport = transport
        self._changed = changed
        self.target = cluster or Target(connection.url, connection.url, read_only=connection.read_only)
        self._ledger = ledger
        self._resume = resume
        self._operations_changed = operations_changed
        self._features: tuple[object, object, Features] = None, None, features(None)
        """The readings that tell what the server can do, and that: each row of a table asks for it."""
        self.anchor: Anchor | None = None
        self.crashes = 0  # times a task of the engine died and was started again
        self.recorder_errors = 0
        """Different errors of those that take in answers, each counted and logged once."""
        self._known_errors: set[tuple[str, str, str]] = set()
        self._chosen_interval = refresh
        self._cluster_interval = DEFAULT_REFRESH
        self._tasks: list[asyncio.Task[None]] = []
        self._set_interval()

    @cached_property
    def recorders(self) -> Recorders:
        """What is kept of answers over time; imported for the first of them, behind the first picture."""
        from flinktop.engine.recorders import Recorders  # noqa: PLC0415

        return Recorders(self.series, self.poller.opened, self.sweep.starts.is_young)

    def _make_acting(self) -> None:
        """Make what sends acts and files; imported behind the first picture, which needs none of it."""
        from flinktop.engine.lane import Lane  # noqa: PLC0415
        from flinktop.engine.ledger import Ledger  # noqa: PLC0415
        from flinktop.engine.operations import Operations  # noqa: PLC0415
        from flinktop.engine.transfers import Transfers  # noqa: PLC0415

        lane = Lane(self.http.connection, transport=self._transport, login=self.login)
        self.transfers = Transfers(self.http, self.clock, self._changed, lane.one_transfer)
        self.operations = Operations(
            lane,
            Ledger(self._ledger) if self._ledger is not None else None,
            self.clock,
            self.target,
            known_features=lambda: self.features,
            refresh=lambda: self._cluster_interval,
            news=self._operations_changed,
            touched=self.poller.refresh_soon,
            resume=self._resume,
        )

    def start(self) -> None:
        """Begin to poll, on the running loop."""
        self._make_acting()
        self.poller.probe = _CONFIG
        self.poller.archive = lambda: self.features.history_server
        self.poller.add_background(_CONFIG, CONFIG_SECONDS)
        self.poller.add_background(_OVERVIEW, CONFIG_SECONDS)
        self.sweep.start()
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._keep_alive("poller", self.poller.run)),
            loop.create_task(self._keep_alive("housekeeping", self._housekeeping)),
        ]
        self.operations.start()

    async def stop(self, seconds: float = 1.0) -> None:
        """End polling, wait for the requests under way (not longer than that), close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.operations.stop()
        await self.transfers.close()
        await self.poller.drain(seconds)
        with contextlib.suppress(Exception):
            await self.http.close()

    @property
    def features(self) -> Features:
        config: Reading[Config] | None = self.store.get(_CONFIG)
        overview = self.store.get(_OVERVIEW)
        last_config, last_overview, known = self._features
        if config is last_config and overview is last_overview:
            return known
        # A server that knows /config and no /overview; one that knows neither is no Flink.
        reported = config.value if config is not None else None
        without = overview is not None and overview.value is None and isinstance(overview.error, NotFound)
        found = features(reported, reported is not None and without)
        self._features = config, overview, found
        return found

    def refresh_now(self) -> None:
        """Ask for everything on screen, once more also with a login that was refused: a person wants it."""
        self.login.try_again()
        self.poller.refresh_now()

    def stretch_interval(self, factor: float) -> None:
        """Poll so many times as rarely; the cluster's own interval is the shortest."""
        longest = max(LONGEST_INTERVAL, self.poller.refresh)
        self._chosen_interval = min(longest, self.poller.refresh * factor)
        self._set_interval()
        self.poller.wake()

    def cluster_time(self) -> float:
        """Seconds since 1970 by the cluster's own clock; this machine's until a reply has told it."""
        if self.anchor is None:
            return self.clock.wall()
        return self.anchor.epoch + self.clock.now() - self.anchor.at

    def _set_interval(self) -> None:
        self.poller.refresh = max(self._cluster_interval, self._chosen_interval or 0.0)

    def _learn(self, query: Query[Any], value: Any, at: float) -> None:
        """The cluster's own refresh interval and time, from the answers that tell them."""
        if query.endpoint is CONFIG:
            reported = value.refresh_interval / 1000.0
            interval = min(max(reported, SHORTEST_INTERVAL), LONGEST_INTERVAL)
            if reported > 0 and interval != self._cluster_interval:
                self._cluster_interval = interval
                self._set_interval()
        elif query.endpoint is JOB and value.now > 0:
            # A HistoryServer tells the time at which the job was put away.
            past = self.features.history_server
            self.anchor = None if past else Anchor(value.now / 1000.0, at)

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        """Have an answer of `at` (engine's clock, s) recorded; no reading is kept of it here."""
        self._record("clock", query, lambda: self._learn(query, value, at))
        behind = self.anchor.epoch - self.anchor.at if self.anchor is not None else None
        then = self.cluster_time() - (self.clock.now() - at)
        self._record("sweep", query, partial(self.sweep.arrived, query, value, at))
        self._record("pins", query, partial(self.pins.arrived, query, value, at))
        for name, record in self.recorders.of(query, value, at, cluster_now=then, behind=behind):
            self._record(name, query, record)

    def _record(self, name: str, query: Query[Any], record: Callable[[], None]) -> None:
        """Have one recorder take in an answer; what it raises keeps the answer from nobody else."""
        try:
            record()
        except Exception as error:
            # An odd answer comes again with every poll: it is logged once.
            kind = (name, query.endpoint.path, type(error).__name__)
            if kind not in self._known_errors:
                self._known_errors.add(kind)
                self.recorder_errors += 1
                log.exception("%s: the engine's %s could not process the answer", query.target, name)

    async def _housekeeping(self) -> None:
        while True:
            await self.clock.sleep(HOUSEKEEPING_SECONDS)
            now = self.clock.now()
            self.poller.forget_old(now)
            self.series.forget_before(now - SERIES_SECONDS)
            self.series.make_room(self.poller.opened)

    async def _keep_alive(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a task for ever; one that dies is started again, with growing pauses, and counted."""
        deaths = 0
        while True:
            began = self.clock.now()
            try:
                await run()
            except Exception:
                log.exception("the engine's %s died and is restarted", name)
            self.crashes += 1
            # After a good run it is not the same trouble as before.
            deaths = 1 if self.clock.now() - began >= GOOD_RUN_SECONDS else deaths + 1
            await self.clock.sleep(BACKGROUND.after(deaths))
