"""One cluster: store, poller, sweep and series, wired together and kept running."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.acts.target import Target
from flinktop.engine.link import BACKGROUND, silent_for
from flinktop.engine.pins import Pins
from flinktop.engine.poller import DEFAULT_REFRESH, Poller
from flinktop.engine.series import SeriesStore
from flinktop.engine.store import Reading, Store
from flinktop.engine.sweep import Sweep
from flinktop.flink.cluster import CONFIG, OVERVIEW, Config
from flinktop.flink.errors import NotFound
from flinktop.flink.features import Features, features
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.login import Login
from flinktop.flink.run_in_thread import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path

    import httpx

    from flinktop.engine.alerts.alert import AlertsView
    from flinktop.engine.alerts.caller import Caller
    from flinktop.engine.alerts.hook import HookRunner
    from flinktop.engine.alerts.policy import AlertPolicy
    from flinktop.engine.clock import Clock
    from flinktop.engine.journal.journal import Journal
    from flinktop.engine.journal.recorder import Recorder
    from flinktop.engine.judge import Judge, Judged
    from flinktop.engine.judge_memory import JudgeMemory
    from flinktop.engine.ledger import Ledger
    from flinktop.engine.operations import Operations
    from flinktop.engine.recorders import Recorders
    from flinktop.engine.side_work import SideWork, Surroundings
    from flinktop.engine.text_reader import TextReader
    from flinktop.engine.transfers import Transfers
    from flinktop.engine.tunnel_end import TunnelEnd
    from flinktop.flink.connection import Connection
    from flinktop.flink.endpoint import Query
    from flinktop.flink.errors import FlinkError
    from flinktop.flink.tls_contexts import TlsContexts
    from flinktop.judgement.ask import Ask
    from flinktop.judgement.rules import Policy
    from flinktop.model.kubernetes import KubernetesState

log = logging.getLogger(__name__)

_CONFIG, _OVERVIEW = CONFIG(), OVERVIEW()
CONFIG_SECONDS = 60.0  # between requests for /config: the cluster may be upgraded meanwhile
SERIES_SECONDS = 24 * 3600.0  # a series without a new point for this long is dropped
HOUSEKEEPING_SECONDS = 30.0
HOOK_SECONDS = 0.3
"""How long `stop` waits at most for the command of an alert."""
JUDGE_SECONDS = 2.0
"""Between two rounds of the judge: what was answered meanwhile is judged together."""
SOON_SECONDS = 0.5
"""The same where a job has just failed, or one of its checkpoints: that waits for no others."""
MOST_TOLD = 4
"""Queries that are sent at once, off the screen, after a change."""
REMEMBER_SECONDS = 4.0
"""At most so long after the start the first round waits for what is remembered of the cluster."""
GOOD_RUN_SECONDS = 60.0
"""A task of the engine that ran this long before it failed is restarted after the shortest pause."""
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.5, 300.0
"""Bounds of the poll interval (s) from the cluster's configuration; the longest also limits the key."""


class Anchor(Struct, frozen=True):
    """The cluster's clock: `epoch` (s since 1970, a reply's `now`) at the engine's time `at` (s)."""

    epoch: float
    at: float


def random_jitter() -> float:
    """A random factor around 1 for a back-off, so that many monitors don't retry in step."""
    return random.uniform(0.8, 1.2)  # noqa: S311 -- not a secret


class Engine:
    """Polls one cluster and keeps what it answers. Needs a running asyncio loop and no terminal."""

    operations: Operations
    transfers: Transfers  # set by `start`, as `operations`
    kubernetes: KubernetesState | None = None
    """What Kubernetes knows of the cluster; replaced as a whole, so that any thread may read it."""
    kubectl: TextReader | None = None
    """What reads logs of pods and descriptions, if the cluster was found in Kubernetes."""

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
        ledger: Path | Callable[[], Ledger] | None = None,
        resume: bool = True,
        policy: Policy | None = None,
        journal: Callable[[], Journal] | None = None,
        operations_changed: Callable[[], None] = lambda: None,
        alerting: Callable[[], AlertPolicy] | None = None,
        hooks: Callable[[], HookRunner | None] | None = None,
        contexts: TlsContexts | None = None,
        rings: bool = False,
        alerts_changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is sent before `start`.

        `refresh` is the interval (s) that the user wants; it can't be shorter than the cluster's own.
        `changed` is called after each answer or failure, `operations_changed` when operations have changed,
        `alerts_changed` when alerts have, all on the engine's loop. Without the file `ledger` acts are
        refused; a function gives one that engines of this thread share. With `resume` the engine follows acts
        that another flinktop left unfinished. `policy` is what the config says of findings.
        `journal` gives the journal that engines of this process share, and is called by `start`; whoever
        made it closes it. Without one nothing is recorded. `alerting` returns what the config says of alerts,
        and is called by `start`. So is `hooks`, which returns what runs the command of alerts for several
        engines; whoever made it closes it. `contexts` are shared with engines of other clusters. `rings`:
        there is a terminal that takes the calls of alerts.
        """
        self._policy = policy
        self._make_journal = journal
        self.journal: Journal | None = None  # set soon after `start`, as `recorder` and `caller`
        self.recorder: Recorder | None = None
        self.caller: Caller | None = None
        self._alerting = alerting
        self._hooks = hooks
        self._rings = rings
        self._memory: JudgeMemory | None = None  # set as soon as it was read
        self.clock = clock
        self.store = Store()
        self.series = SeriesStore()
        self.login = Login(connection, clock.now)
        self.target = cluster or Target(connection.url, connection.url, read_only=connection.read_only)
        self.tunnel = self._make_tunnel(connection) if connection.tunnel and transport is None else None
        self.http = Http(
            connection, transport=transport, login=self.login, tunnel=self.tunnel, contexts=contexts
        )
        self.poller = Poller(self.http, self.store, clock, jitter, changed, self.answered)
        self.sweep = Sweep(self.poller, self.series, self.cluster_time)
        self.pins = Pins(self.series)
        self.poller.failed = self.failed
        self._transport = transport
        self._contexts = contexts
        self._changed = changed
        self._ledger = ledger
        self._resume = resume
        self._operations_changed = operations_changed
        self._alerts_changed = alerts_changed
        self._features: tuple[object, object, Features] = None, None, features(None)
        """The readings that `features` was computed from, and the result: each table row asks for it."""
        self.anchor: Anchor | None = None
        self.crashes = 0  # times a task of the engine failed and was restarted
        self.recorder_errors = 0
        """Different errors raised by recorders of answers; each is counted and logged once."""
        self._known_errors: set[tuple[str, str, str]] = set()
        self._chosen_interval = refresh
        self._cluster_interval = DEFAULT_REFRESH
        self._tasks: list[asyncio.Task[None]] = []
        self._held: list[tuple[Query[Any], Callable[[], None]]] | None = None
        """What was answered while answers are held, and what takes it."""
        self._answered = asyncio.Event()  # something since the last round of the judge
        self._hurries = asyncio.Event()  # what was answered can't wait for the next round
        self._last_round = -math.inf  # engine's clock, s
        self._set_interval()

    @cached_property
    def recorders(self) -> Recorders:
        """Recorders of answers over time; imported with the first answer, after the first paint."""
        from flinktop.engine.recorders import Recorders  # noqa: PLC0415

        return Recorders(self.series, self.poller.opened, self.sweep.starts.is_young)

    @cached_property
    def judge(self) -> Judge:
        """What is wrong with the jobs; imported with the first answer, after the first paint."""
        from flinktop.engine.judge import Judge  # noqa: PLC0415

        if self._policy is None:
            judge = Judge(self.poller.ask_once, self.cluster_time)
        else:
            judge = Judge(self.poller.ask_once, self.cluster_time, self._policy)
        judge.also = self._recorder_asks
        judge.know_kubernetes(self.kubernetes)
        return judge

    @cached_property
    def side_work(self) -> SideWork:
        """Work beside polling; imported when some is begun."""
        from flinktop.engine.side_work import SideWork  # noqa: PLC0415

        return SideWork()

    def run_beside(self, key: object, work: Callable[[Surroundings], Coroutine[None, None, None]]) -> None:
        """Begin work beside polling, over connections of its own; it ends with the engine at the latest."""
        from flinktop.engine.side_work import Surroundings  # noqa: PLC0415

        surroundings = Surroundings(
            connection=self.http.connection,
            transport=self._transport,
            login=self.login,
            tunnel=self.tunnel,
            clock=self.clock,
            target=self.target,
            kubectl=self.kubectl,
            one_transfer=self.transfers.turn,
            cluster_time=self.cluster_time,
            judged=lambda: self.judged,
            changed=self._operations_changed,
        )
        self.side_work.begin(key, work, surroundings)

    def end_beside(self, key: object) -> None:
        """Cancel work that was begun under this key, if it has not ended."""
        self.side_work.end(key)

    @property
    def alerts(self) -> AlertsView | None:
        """The alerts; None until it is known which were open before. Safe from any thread."""
        return self.caller.view if self.caller is not None and self.caller.is_known else None

    @property
    def judged(self) -> Judged | None:
        """What is known to be wrong; None before the first answer. Safe from any thread."""
        judge: Judge | None = self.__dict__.get("judge")
        return judge.judged if judge is not None else None

    def _make_tunnel(self, connection: Connection) -> TunnelEnd | None:
        """The tunnel of all connections; imported for a cluster that has one."""
        from flinktop.engine.tunnel_end import tunnel_end  # noqa: PLC0415

        def opened() -> None:
            self.poller.refresh_now()

        return tunnel_end(connection, self.target.cluster, self.clock, opened)

    def _make_acting(self) -> None:
        """Create what sends acts and files; imported after the first paint, which needs none of it."""
        from flinktop.engine.lane import Lane  # noqa: PLC0415
        from flinktop.engine.ledger import Ledger  # noqa: PLC0415
        from flinktop.engine.operations import Operations  # noqa: PLC0415
        from flinktop.engine.transfers import Transfers  # noqa: PLC0415

        lane = Lane(
            self.http.connection,
            transport=self._transport,
            login=self.login,
            tunnel=self.tunnel,
            contexts=self._contexts,
        )
        self.transfers = Transfers(self.http, self.clock, self._changed, lane.one_transfer)
        self.operations = Operations(
            lane,
            self._ledger() if callable(self._ledger) else Ledger(self._ledger) if self._ledger else None,
            self.clock,
            self.target,
            known_features=lambda: self.features,
            refresh=lambda: self._cluster_interval,
            news=self._operated,
            touched=self.poller.refresh_soon,
            resume=self._resume,
        )

    def _operated(self) -> None:
        """Pass operations that have changed to the recorder, and on."""
        if self.recorder is not None and (known := getattr(self, "operations", None)) is not None:
            ahead = self.cluster_time() - self.clock.wall()
            self._record("recorder", _OVERVIEW, partial(self.recorder.operated, known.view.all, ahead))
        self._operations_changed()

    def _tell_recorder(self, query: Query[Any], value: Any, at: float, then: float) -> None:
        """Pass an answer that came at `at` (engine's clock, s), and at `then` by the cluster's (s)."""
        if self.recorder is not None:
            wall = self.clock.wall() - (self.clock.now() - at)
            self.recorder.arrived(
                query, value, 1000.0 * then, 1000.0 * wall, anchored=self.anchor is not None
            )

    def _knows_server(self) -> bool:
        """Whether it is known what the server is: its release, and that it is or is no HistoryServer."""
        config, overview = self.store.get(_CONFIG), self.store.get(_OVERVIEW)
        return config is not None and config.value is not None and overview is not None

    def _recorder_asks(self) -> tuple[Ask, ...]:
        return tuple(self.recorder.asks(1000.0 * self.cluster_time())) if self.recorder is not None else ()

    def _open_journal(self, make: Callable[[], Journal]) -> Journal:
        if self.journal is None:
            self.journal = make()
            self.journal.start()
        return self.journal

    async def _begin_to_call(self) -> None:
        """Create what calls; imported here, while the first answers are on their way."""
        from flinktop.engine.alerts.caller import Caller  # noqa: PLC0415
        from flinktop.engine.alerts.policy import AlertPolicy  # noqa: PLC0415

        self.caller = Caller(
            self.clock,
            cluster=self.target.url,
            target=self.target.cluster,
            policy=self._alerting() if self._alerting is not None else AlertPolicy(),
            journal=self._open_journal(self._make_journal) if self._make_journal is not None else None,
            hooks=self._hooks() if self._hooks is not None else None,
            rings=self._rings,
            changed=self._alerts_changed,
        )
        self.caller.start()

    async def _begin_to_record(self, make: Callable[[], Journal]) -> None:
        """Create what records what happens, and read what the journal knows; answers wait for that.

        Imported here: after the first paint, and while the first answers are on their way.
        """
        from flinktop.engine.journal.recorder import Before, Recorder, read_before  # noqa: PLC0415
        from flinktop.engine.judge_memory import JudgeMemory  # noqa: PLC0415
        from flinktop.judgement.remembered import Remembered  # noqa: PLC0415

        journal = self._open_journal(make)
        self.recorder = recorder = Recorder(
            journal,
            self.target.url,
            self.target.cluster,
            features=lambda: self.features if self._knows_server() else None,
            look=self.judge.look,
        )
        memory = JudgeMemory(journal, recorder.cluster, self.clock)
        now, before, remembered = 1000.0 * self.cluster_time(), Before(), Remembered()

        def read() -> tuple[Before, Remembered]:
            return read_before(journal, recorder.cluster, now), memory.read(now)

        try:
            # What is in memory needs no thread.
            before, remembered = read() if journal.path is None else await run_in_thread(read)
        except Exception:
            log.exception("the journal could not be read")
        ahead = remembered.link.ahead if remembered.link is not None and self.anchor is None else 0.0
        self.judge.restore(remembered, 1000.0 * self.cluster_time() + ahead)
        self._memory = memory
        recorder.begin(before, now)
        self._operated()

    def start(self) -> None:
        """Start polling on the running loop."""
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
        if self._held is None:
            self._begin_to_judge()
        self.operations.start()

    def _begin_to_judge(self) -> None:
        """Begin to judge what is answered, to record what happens, and to call."""
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._keep_alive("judge", self._judging)))
        if self._make_journal is not None:
            self._tasks.append(loop.create_task(self._begin_to_record(self._make_journal)))
        self._tasks.append(loop.create_task(self._begin_to_call()))

    def hold(self) -> None:
        """Only keep what is answered until `release`; called before `start`.

        It can be shown at once. What records and judges it is a hundred modules, which are loaded later.
        """
        self._held = []

    def release(self) -> None:
        """Record and judge what was held, and from now on what is answered; called after `start`."""
        held, self._held = self._held or [], None
        for query, take in held:
            take()
            self._changed(query)
        self._begin_to_judge()

    async def stop(self, seconds: float = 1.0) -> None:
        """Stop polling, wait at most so long (s) for the requests in flight, close the connections."""
        try:
            await self._stop(seconds)
        finally:
            if self.tunnel is not None:
                await self.tunnel.close(seconds)

    async def _stop(self, seconds: float) -> None:
        for task in self._tasks:
            task.cancel()
        self._save_memory(last=True)
        if self.recorder is not None:
            self._record("recorder", _OVERVIEW, self.recorder.end)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.caller is not None:
            self.caller.close(min(HOOK_SECONDS, seconds))
        if "side_work" in self.__dict__:
            await self.side_work.close()
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

    def set_kubernetes(self, state: KubernetesState | None) -> None:
        """Keep what Kubernetes knows of the cluster; it is judged in the next round."""
        if state == self.kubernetes:
            return
        self.kubernetes = state
        self.target = replace(self.target, kubernetes=state)
        if (operations := getattr(self, "operations", None)) is not None:
            operations.cluster = self.target
        if "judge" in self.__dict__:
            self._record("judge", _OVERVIEW, partial(self.judge.know_kubernetes, state))
        elif state is not None:
            _ = self.judge  # what the operator says is worth a verdict before the cluster answers
        self._answered.set()
        self._operations_changed()

    def set_pace(self, *, on_screen: bool) -> None:
        """Ask as often as for the screen, or only as pace.py allows: the cluster is off the screen."""
        if on_screen == (self.poller.off_screen is None):
            return
        if on_screen:
            self.poller.off_screen = None
            self.poller.refresh_now()
        else:
            from flinktop.engine.pace import OffScreen  # noqa: PLC0415 -- not for a single cluster

            self.poller.off_screen = OffScreen(
                self.clock.now(),
                self.poller.jitter,
                lambda: self.sweep.live,
                lambda: self.sweep.of_operators,
                is_new=self.poller.link.answered is None,
            )
            self.sweep.off_screen()
            self.poller.wake()
        self._answered.set()

    def refresh_now(self) -> None:
        """Request everything on screen now; a login that was refused, or a tunnel, is tried once more."""
        self.login.try_again()
        if self.tunnel is not None:
            self.tunnel.try_now()
        self.poller.refresh_now()

    def stretch_interval(self, factor: float) -> None:
        """Multiply the poll interval; the cluster's own interval stays the shortest."""
        longest = max(LONGEST_INTERVAL, self.poller.refresh)
        self._chosen_interval = min(longest, self.poller.refresh * factor)
        self._set_interval()
        self.poller.wake()

    def cluster_time(self) -> float:
        """Seconds since 1970 by the cluster's own clock; by this machine's until a reply contained it."""
        if self.anchor is None:
            return self.clock.wall()
        return self.anchor.epoch + self.clock.now() - self.anchor.at

    def _set_interval(self) -> None:
        self.poller.refresh = max(self._cluster_interval, self._chosen_interval or 0.0)

    def _learn(self, query: Query[Any], value: Any, at: float) -> None:
        """Take the cluster's own refresh interval and time from the answers that contain them."""
        if query.endpoint is CONFIG:
            reported = value.refresh_interval / 1000.0
            interval = min(max(reported, SHORTEST_INTERVAL), LONGEST_INTERVAL)
            if reported > 0 and interval != self._cluster_interval:
                self._cluster_interval = interval
                self._set_interval()
        elif query.endpoint is JOB and value.now > 0:
            # A HistoryServer reports the time at which the job was archived.
            past = self.features.history_server
            self.anchor = None if past else Anchor(value.now / 1000.0, at)

    def answered(self, query: Query[Any], value: Any, at: float) -> None:
        """Take an answer that came at `at` (engine's clock, s)."""
        if self._held is None:
            self.arrived(query, value, at)
            return
        # What is shown rests on the cluster's time.
        self._record("clock", query, lambda: self._learn(query, value, at))
        self._held.append((query, partial(self.arrived, query, value, at)))

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        """Pass an answer that came at `at` (engine's clock, s) to all recorders."""
        self._answered.set()
        self._record("clock", query, lambda: self._learn(query, value, at))
        behind = self.anchor.epoch - self.anchor.at if self.anchor is not None else None
        then = self.cluster_time() - (self.clock.now() - at)
        self._record("sweep", query, partial(self.sweep.arrived, query, value, at))
        self._record("pins", query, partial(self.pins.arrived, query, value, at))
        self._record("judge", query, partial(self.judge.arrived, query, value, then))
        if self.judge.hurries:
            self._hurries.set()
        for name, record in self.recorders.of(query, value, at, cluster_now=then, behind=behind):
            self._record(name, query, record)
        if self.recorder is not None:
            self._record("recorder", query, partial(self._tell_recorder, query, value, at, then))

    def failed(self, query: Query[Any], error: FlinkError) -> None:
        """Pass the error of a request to the judge, and that it failed to the recorder."""
        if self._held is not None:
            self._held.append((query, partial(self.failed, query, error)))
            return
        self._answered.set()
        self._record("judge", query, partial(self.judge.failed, query, error))
        if self.recorder is not None:
            self._record("recorder", query, partial(self.recorder.failed, query))

    def _record(self, name: str, query: Query[Any], record: Callable[[], None]) -> None:
        """Pass an answer to one recorder; an error in it does not stop the others."""
        try:
            record()
        except Exception as error:
            # A malformed answer comes again with every poll: it is logged once.
            kind = (name, query.endpoint.path, type(error).__name__)
            if kind not in self._known_errors:
                self._known_errors.add(kind)
                self.recorder_errors += 1
                log.exception("%s: the engine's %s could not process the answer", query.target, name)

    async def _judging(self) -> None:
        until = self.clock.now() + REMEMBER_SECONDS
        if self.poller.off_screen is None:
            # The first answers are judged together, and what kind of server sends them is known by then.
            self._last_round = self.clock.now()
        while True:
            await self._until_round()
            while self._make_journal is not None and self._memory is None and self.clock.now() < until:
                await self.clock.sleep(REMEMBER_SECONDS / 20)
            if "judge" in self.__dict__:
                link = self.poller.link
                silent = own = silent_for(link, self.clock.now())
                error = link.error.reason if link.error is not None else ""
                asked = None
                if silent is None and self._memory is not None:
                    silent, asked = self._memory.silence(link)
                self._set_judge_budget()
                self.judge.round(silent, error, asked=asked)
                self._set_worry()
                if self.recorder is not None:
                    now, judged = 1000.0 * self.cluster_time(), self.judge.judged
                    self._record("recorder", _OVERVIEW, partial(self.recorder.round, judged, own, error, now))
                if self.caller is not None:
                    self._record("alerts", _OVERVIEW, partial(self._alert, self.caller, link.error is None))
                if self._memory is not None and self._memory.is_due:
                    self._save_memory()

    async def _until_round(self) -> None:
        """Wait for the next round of the judge: off the screen rounds follow answers."""
        if self.poller.off_screen is None:
            await self._first_of(self._hurries, JUDGE_SECONDS)
        else:
            await self._first_of(self._answered, self.poller.off_screen.round_seconds)
            if (rest := self._last_round + JUDGE_SECONDS - self.clock.now()) > 0:
                await self._first_of(self._hurries, rest)
        if (rest := self._last_round + SOON_SECONDS - self.clock.now()) > 0:
            await self.clock.sleep(rest)
        self._answered.clear()
        self._hurries.clear()
        self._last_round = self.clock.now()

    async def _first_of(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for an event, so long at most."""
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self.clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _set_judge_budget(self) -> None:
        """How many closer looks the judge may ask for in the next minute."""
        off_screen = self.poller.off_screen
        self.judge.allow(
            off_screen.judge_a_minute(self.clock.now(), many=self.judge.has_many)
            if off_screen is not None
            else None
        )

    def _set_worry(self) -> None:
        """Take what the judge has found for how often the cluster is asked off the screen."""
        changed = self.judge.take_changed()
        if (off_screen := self.poller.off_screen) is not None:
            if changed:
                off_screen.changed(self.clock.now())
                # The list of jobs and a job's own answer tell its state together.
                told: list[Query[Any]] = [JOBS_OVERVIEW(), *(JOB(job=job) for job in sorted(changed) if job)]
                self.poller.refresh_soon([one for one in told[:MOST_TOLD] if self._is_old(one)])
                if not self.features.history_server:
                    from flinktop.flink.taskmanagers import TASKMANAGERS  # noqa: PLC0415 -- as above

                    self.poller.ask_once(TASKMANAGERS())
            off_screen.is_ill = self.judge.is_worried
            self.poller.wake()

    def _is_old(self, query: Query[Any]) -> bool:
        """Whether a query was not answered since the last round of the judge or so."""
        reading = self.store.brief(query)
        return reading is None or reading.at is None or self.clock.now() - reading.at > JUDGE_SECONDS

    def _alert(self, caller: Caller, reachable: bool) -> None:  # noqa: FBT001 -- for partial
        from flinktop.engine.alerts.seen import seen  # noqa: PLC0415 -- after the first paint

        now = 1000.0 * self.cluster_time() if self.anchor is not None else None
        caller.round(seen(self.judge.judged, self.judge.listed, now, reachable=reachable))

    def _save_memory(self, *, last: bool = False) -> None:
        """Write what the judge must remember, as far as it has changed; `last`: before the end."""
        if self._memory is not None and not self.features.history_server:
            now = 1000.0 * self.cluster_time()
            save = partial(self._memory.save, self.judge, self.poller.link, now, last=last)
            self._record("memory", _OVERVIEW, save)

    async def _housekeeping(self) -> None:
        while True:
            await self.clock.sleep(HOUSEKEEPING_SECONDS)
            now = self.clock.now()
            self.poller.forget_old(now)
            self.series.forget_before(now - SERIES_SECONDS)
            self.series.make_room(self.poller.opened)

    async def _keep_alive(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a task for ever; restart it with growing pauses when it fails, and count that."""
        failures = 0
        while True:
            began = self.clock.now()
            try:
                await run()
            except Exception:
                log.exception("the engine's %s died and is restarted", name)
            self.crashes += 1
            # After a good run it is not the same problem as before.
            failures = 1 if self.clock.now() - began >= GOOD_RUN_SECONDS else failures + 1
            await self.clock.sleep(BACKGROUND.after(failures))
