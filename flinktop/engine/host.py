"""Runs an engine on its own thread, or on one with others, and the thread-safe interface to it.

A terminal that stalls blocks Textual's loop but must not block the engine. So the engine has its own thread
and loop, and the rest of the program uses a Port: calls are passed by `call_soon_threadsafe`, answers are
read from immutable values.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from flinktop.engine.acts.target import Target, known_target
from flinktop.engine.engine import Engine, random_jitter
from flinktop.flink.errors import FlinkError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import httpx

    from flinktop.engine.acts.act import Act, Answer
    from flinktop.engine.acts.run_jar import PlanJar, RunJar
    from flinktop.engine.alerts.alert import AlertKey, AlertsView, Call
    from flinktop.engine.alerts.caller import Caller
    from flinktop.engine.alerts.hook import HookRunner
    from flinktop.engine.alerts.policy import AlertPolicy
    from flinktop.engine.clock import Clock
    from flinktop.engine.engine_thread import EngineThread
    from flinktop.engine.journal.journal import Journal
    from flinktop.engine.judge import Judged
    from flinktop.engine.ledger import Ledger
    from flinktop.engine.link import TunnelLink
    from flinktop.engine.load import Busiest
    from flinktop.engine.operation import Operation
    from flinktop.engine.operations import Operations
    from flinktop.engine.seen_checkpoints import SeenCheckpoint
    from flinktop.engine.sweep import Coverage
    from flinktop.engine.text_reader import TextReader
    from flinktop.engine.transfers import Transfer
    from flinktop.flink.connection import Connection
    from flinktop.flink.endpoint import Query
    from flinktop.flink.features import Features
    from flinktop.flink.tls_contexts import TlsContexts
    from flinktop.judgement.rules import Policy
    from flinktop.judgement.verdict import Verdict
    from flinktop.model.faults import FaultGroup
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.model.split import Split

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

LAST_ANSWERS_SECONDS = 0.3  # how long flinktop waits for requests in flight when it exits
DRAWN_SECONDS = 2.0
"""How long after the start nothing is recorded or judged, while the first answers are not drawn."""


class EngineFailed(Exception):  # noqa: N818 -- the name says what happened
    """The engine could not be started; the text is a sentence."""


class Port:
    """The thread-safe interface of an engine: every method returns at once."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        *,
        refresh: float | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        jitter: Callable[[], float] = random_jitter,
        name: str = "",
        protected: bool = False,
        ledger: Path | Callable[[], Ledger] | None = None,
        resume: bool = True,
        policy: Policy | None = None,
        journal: Callable[[], Journal] | None = None,
        runs: Mapping[str, RunJar] | None = None,
        alerting: Callable[[], AlertPolicy] | None = None,
        hooks: Callable[[], HookRunner | None] | None = None,
        contexts: TlsContexts | None = None,
        rings: bool = False,
        allow_managed: bool = False,
        kubectl: TextReader | None = None,
    ) -> None:
        """Create an engine with these arguments; `start_thread` or `start_inline` starts it.

        `name` is the cluster's name in the config; on a `protected` cluster a name must be typed before every
        act. `ledger` is the file of the operations log, or gives one that engines of one thread share;
        without one acts are refused. `runs` tells by job id how jobs were started that are not in the log.
        `policy` is what the config says of findings.
        `journal` gives the journal, and is called when the engine starts; whoever made it closes it. So is
        `alerting`, which returns what the config says of alerts, and `hooks`, which returns what runs the
        command of alerts for several engines. `contexts` are shared with engines of other clusters. `rings`:
        the calls of alerts are taken here. `allow_managed`: acts that the Flink Kubernetes operator would
        undo are not refused. `kubectl` reads logs of pods and descriptions.
        """
        self.connection = connection
        self.runs = runs or {}
        self.clock = clock
        cluster = name or connection.url
        engine = self.engine = Engine(
            connection,
            clock,
            refresh=refresh,
            transport=transport,
            jitter=jitter,
            changed=self._changed,
            cluster=Target(
                cluster,
                connection.url,
                read_only=connection.read_only,
                protected=protected,
                allow_managed=allow_managed,
            ),
            ledger=ledger,
            resume=resume,
            policy=policy,
            journal=self._heard(journal) if journal is not None else None,
            operations_changed=self._changed,
            alerting=alerting,
            hooks=hooks,
            contexts=contexts,
            rings=rings,
            alerts_changed=self._changed,
        )
        engine.kubectl = kubectl
        self.watch = self._on_loop(engine.poller.watch)
        self.unwatch = self._on_loop(engine.poller.unwatch)
        self.refresh = self._on_loop(engine.refresh_now)
        self.stretch_interval = self._on_loop(engine.stretch_interval)
        self.run_beside, self.end_beside = self._on_loop(engine.run_beside), self._on_loop(engine.end_beside)
        # These are safe from any thread.
        self.now, self.cluster_time = clock.now, engine.cluster_time
        self.reading, self.brief = engine.store.get, engine.store.brief
        self.points, self.latest = engine.series.points, engine.series.latest
        self.lag, self.lag_queries = engine.sweep.lags.of, engine.sweep.lags.queries
        self.is_young = engine.sweep.starts.is_young
        self.keep_pins = engine.pins.keep
        self.late, self.link = engine.poller.late, engine.poller.current_link
        self.failure: str | None = None
        """Why the engine failed, a sentence; None while it runs, and after `stop`."""
        self._notify: Callable[[], object] = lambda: None
        self._listener: Callable[[], object] = lambda: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: EngineThread | None = None  # of this engine alone
        self._inline = False
        self._running = False
        self._stop: asyncio.Event | None = None
        self._may_start = asyncio.Event()
        self._drawn: asyncio.Event | None = None
        self._started, self._ended = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._dirty: set[Query[Any]] = set()
        self._operations_changed = False
        self._notified = False

    # -- life ----------------------------------------------------------------------------------------

    def start_thread(
        self, past: Iterable[tuple[Query[Any], Any, float]] = (), *, draws: bool = False
    ) -> None:
        """Run the engine on a thread and loop of its own; raises EngineFailed.

        `past` are earlier answers, oldest first, each with how many seconds ago it came. They are recorded
        before the first answer to a request; this call does not wait for that. With `draws` the caller calls
        `drawn`; nothing is recorded or judged before.
        """
        from flinktop.engine.engine_thread import EngineThread  # noqa: PLC0415 -- after the first paint

        thread = EngineThread()
        self._drawn = asyncio.Event() if draws else None
        try:
            thread.start()
        except (RuntimeError, OSError) as error:
            why = repr(error) if isinstance(error, OSError) else error
            raise EngineFailed(f"the engine could not be started: {why}") from error
        self._thread = thread
        self.start_on(thread, past)
        self._started.wait()
        if self.failure is not None:
            raise EngineFailed(self.failure)

    def start_on(
        self,
        thread: EngineThread,
        past: Iterable[tuple[Query[Any], Any, float]] = (),
        *,
        after: float = 0.0,
    ) -> None:
        """Run the engine on a thread that has been started and may run others; returns at once.

        `past` as in `start_thread`. It starts `after` so many seconds, or as soon as it is on the screen. An
        error is kept in `failure` and notified.
        """
        stop = self._stop = asyncio.Event()
        self._loop = thread.loop
        thread.begin(lambda: self._begin(past, after, stop), self._failed)

    async def start_inline(self) -> None:
        """Run the engine on the running loop: for tests, which control the clock."""
        self._loop = asyncio.get_running_loop()
        self._inline = True
        self.engine.start()

    def begin_to_stop(self) -> None:
        """Ask the engine to end, and its thread if it has one of its own, without waiting for that."""
        if self._stop is not None:
            self._do(self._stop.set)
            self._do(self._may_start.set)
        self.drawn()
        if self._thread is not None:
            self._thread.begin_to_stop()

    def stop(self, seconds: float = 2.0) -> None:
        """End the engine, and its thread if it has one of its own, waiting at most `seconds`."""
        self.begin_to_stop()
        if self._thread is not None:
            self._thread.join(seconds)
        elif self._stop is not None:
            self._ended.wait(seconds)

    def _failed(self, error: BaseException) -> None:
        """Keep why the engine has ended, and say that there is news."""
        when = "ended by itself" if self._running else "could not be started"
        self.failure = f"the engine {when}: {error!r}"
        self._started.set()
        self._ended.set()
        if self._thread is not None:
            self._thread.begin_to_stop()
        self._notify()
        self._listener()

    async def _begin(
        self, past: Iterable[tuple[Query[Any], Any, float]], after: float, stop: asyncio.Event
    ) -> None:
        """Wait for the engine's turn to start, and run it until it is stopped."""
        try:
            if after > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._may_start.wait(), after)
            if after <= 0 or not stop.is_set():
                await self._live(past, stop)
        finally:
            self._ended.set()

    async def _live(self, past: Iterable[tuple[Query[Any], Any, float]], stop: asyncio.Event) -> None:
        opened = self.now()
        holds = bool(past) or self._drawn is not None
        if holds:
            self.engine.hold()
        self.engine.start()
        self._running = True
        self._started.set()
        if self._drawn is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drawn.wait(), DRAWN_SECONDS)
        before = 0.0
        for query, value, ago in past:
            if ago != before:
                # `stop` does not wait for the rest.
                await asyncio.sleep(0)
            if stop.is_set():
                break
            self.engine.arrived(query, value, opened - ago)
            before = ago
        if holds and not stop.is_set():
            self.engine.release()
        await stop.wait()
        try:
            await self.engine.stop(LAST_ANSWERS_SECONDS)
        except Exception:
            # The caller of `stop` must not get this error.
            log.exception("the engine could not be stopped in order")

    def drawn(self) -> None:
        """The first answers are on the screen: what these did not need is loaded now."""
        if self._drawn is not None:
            self._do(self._drawn.set)

    def set_pace(self, *, on_screen: bool) -> None:
        """Whether the cluster is on the screen; off it, it is asked as pace.py allows.

        On the screen an engine that has not had its turn to start does at once.
        """
        self._do(lambda: self.engine.set_pace(on_screen=on_screen))
        if on_screen:
            self._do(self._may_start.set)

    # -- news ----------------------------------------------------------------------------------------

    def on_change(self, notify: Callable[[], object]) -> None:
        """Call `notify` on the engine's thread, once after each `take_changes`, when something has changed.

        If something has changed already, `notify` is called at once on the caller's thread.
        """
        with self._lock:
            self._notify = notify
            missed = self._notified = bool(self._dirty) or self._operations_changed
        if missed:
            notify()

    def on_each_change(self, listener: Callable[[], object]) -> None:
        """Call `listener` on the engine's thread at each change, whether those before were taken or not."""
        self._listener = listener

    def take_changes(self) -> frozenset[Query[Any]]:
        """The queries that changed since the last call; empty: perhaps operations or an answer changed."""
        with self._lock:
            changes = frozenset(self._dirty)
            self._dirty.clear()
            self._notified = self._operations_changed = False
        return changes

    def _changed(self, query: Query[Any] | None = None) -> None:
        """Note that a query has changed; None: operations, alerts or an answer to a question."""
        with self._lock:
            if query is not None:
                self._dirty.add(query)
            else:
                self._operations_changed = True
            notify, self._notified = not self._notified, True
        if notify:
            self._notify()
        self._listener()

    def _heard(self, journal: Callable[[], Journal]) -> Callable[[], Journal]:
        """The journal, whose new answers are news."""

        def made() -> Journal:
            found = journal()
            found.on_change(self._changed)
            return found

        return made

    # -- acts ----------------------------------------------------------------------------------------

    def target(self, job: str | None = None) -> Target:
        """What is known of the cluster and a job: acts derive their costs and availability from it."""

        def value(query: Query[Any]) -> Any:
            reading = self.engine.store.get(query)
            # What the cluster has dropped is unknown here, though it stays on the screen.
            dropped = reading is None or isinstance(reading.error, NotFound)
            return reading.value if reading is not None and not dropped else None

        base = self._operations.base(job) if self._operations is not None else self.engine.target
        return known_target(base, job, value, self.known_time())

    def submit(self, act: Act, typed: str | None = None) -> str:
        """Do an act, once; returns the id of its operation, which is then followed.

        Availability is checked with the cluster again. `typed` is the typed name where `act.must_be_typed`.
        """
        number = os.urandom(16).hex()
        self._do(lambda: self.engine.operations.submit(act, number, typed))
        return number

    @property
    def _operations(self) -> Operations | None:
        """None before the engine has started."""
        return getattr(self.engine, "operations", None)

    def operations(self) -> tuple[Operation, ...]:
        return self._operations.view.all if self._operations is not None else ()

    def notices(self) -> tuple[str, ...]:
        """Messages about the ledger and the journal for the user, in sentences; each stays in it."""
        of_ledger = self._operations.view.notices if self._operations is not None else ()
        journal = self.engine.journal
        return of_ledger if journal is None else (*of_ledger, *journal.notices)

    def operation(self, number: str) -> Operation | None:
        return next((one for one in self.operations() if one.id == number), None)

    def ask(self, question: PlanJar, typed: str | None = None) -> str:
        """Send a one-time question, such as a jar's plan; returns the id to pass to `answer`."""
        number = os.urandom(16).hex()
        self._do(lambda: self.engine.operations.ask(question, number, typed))
        return number

    def answer(self, number: str) -> Answer | None:
        """The answer to a question, pending at first; None for a moment after `ask`."""
        return self.engine.operations.answers.get(number)

    # -- alerts --------------------------------------------------------------------------------------

    @property
    def alerts(self) -> AlertsView:
        """The alerts of the cluster, and the calls that this terminal has not shown yet."""
        known = self.engine.alerts
        if known is not None:
            return known
        from flinktop.engine.alerts.alert import AlertsView  # noqa: PLC0415 -- after the first paint

        return AlertsView()

    def take_calls(self) -> tuple[Call, ...]:
        """The calls that this terminal has not shown yet, oldest first; each is given once."""
        return self.engine.caller.take_calls() if self.engine.caller is not None else ()

    def acknowledge(self, key: AlertKey) -> None:
        """No more calls about these open alerts until they clear."""
        self._on_alerts(lambda caller: caller.acknowledge(key))

    def mute(self, key: AlertKey, seconds: float) -> None:
        """No calls about these alerts for so long (s); infinity: until none of them is open."""
        self._on_alerts(lambda caller: caller.mute(key, seconds))

    def unmute(self, key: AlertKey) -> None:
        """End every mute of these alerts, also one of their whole job or kind."""
        self._on_alerts(lambda caller: caller.unmute(key))

    def _on_alerts(self, work: Callable[[Caller], None]) -> None:
        if (caller := self.engine.caller) is not None:
            self._do(lambda: work(caller))

    # -- files ---------------------------------------------------------------------------------------

    def fetch_file(self, query: Query[str], *, most: int | None = None, file: Path | None = None) -> None:
        """Read a file of the cluster and keep its end, or save it whole in `file`; see Transfers.begin."""
        self._do(lambda: self.engine.transfers.begin(query, most=most, file=file))

    def end_file(self, query: Query[str]) -> None:
        """Cancel and forget a file: nobody waits for it or reads it any more."""
        self._do(lambda: self.engine.transfers.end(query))

    def transfer(self, query: Query[str]) -> Transfer | None:
        """Progress and content of a file; None when it was not requested."""
        return self.engine.transfers.get(query)

    # -- what is known; see facts/known.py ------------------------------------------------------------

    def value(self, query: Query[T]) -> T | None:
        reading = self.engine.store.get(query)
        return reading.value if reading is not None else None

    def busiest(self, job: str) -> Busiest | None:
        """The busiest vertex of a running job now; None while that is not known."""
        return self.engine.recorders.loads.busiest(job)

    def split(self, job: str, vertex: str) -> Split | None:
        """How the busiest subtask of a vertex splits its time; None while that is not known."""
        return self.engine.recorders.loads.split_of(job, vertex)

    def checkpoints(self, job: str) -> tuple[SeenCheckpoint, ...]:
        return self.engine.recorders.checkpoints.of(job)

    def faults(self, job: str) -> tuple[FaultGroup, ...]:
        """All faults seen of a job, grouped, newest first; with those that Flink has dropped."""
        return self.engine.recorders.faults.of(job)

    @property
    def judged(self) -> Judged | None:
        """What is known to be wrong with the jobs and the cluster; None before the first answer."""
        return self.engine.judged

    def verdict(self, job: str) -> Verdict | None:
        """The verdict on a job; None while too little is known."""
        judged = self.engine.judged
        return judged.verdicts.get(job) if judged is not None else None

    @property
    def kubernetes(self) -> KubernetesState | None:
        """What Kubernetes knows of the cluster; None: it does not run there, or nothing is known."""
        return self.engine.kubernetes

    def set_kubernetes(self, state: KubernetesState | None) -> None:
        """Tell the engine what Kubernetes knows of the cluster; from any thread."""
        self._do(lambda: self.engine.set_kubernetes(state))

    @property
    def journal(self) -> Journal | None:
        """What happened on clusters, also before this start; None before the engine has started."""
        return self.engine.journal

    @property
    def lost(self) -> FlinkError | None:
        return self.engine.poller.link.error

    @property
    def features(self) -> Features:
        return self.engine.features

    @property
    def coverage(self) -> Coverage:
        return self.engine.sweep.coverage

    @property
    def interval(self) -> float:
        """Seconds between polls of what is on screen."""
        return self.engine.poller.refresh

    @property
    def tunnel(self) -> TunnelLink | None:
        """The tunnel to the cluster; None if there is none."""
        return self.engine.tunnel.link if self.engine.tunnel is not None else None

    @property
    def crashes(self) -> int:
        return self.engine.crashes

    @property
    def recorder_errors(self) -> int:
        """Number of different errors while recording answers; each is in the log."""
        return self.engine.recorder_errors

    @property
    def knows_time(self) -> bool:
        return self.engine.anchor is not None

    def known_time(self) -> float:
        link = self.engine.poller.link
        blind = self.now() - link.answered if link.error is not None and link.answered is not None else 0.0
        return self.engine.cluster_time() - blind

    def _on_loop(self, work: Callable[P, object]) -> Callable[P, None]:
        def call(*given: P.args, **named: P.kwargs) -> None:
            self._do(lambda: work(*given, **named))

        return call

    def _do(self, work: Callable[[], object]) -> None:
        """Run a function on the engine's loop."""
        if self._inline or self._loop is None:
            work()
            return
        try:
            self._loop.call_soon_threadsafe(work)
        except RuntimeError:
            # The loop is closed: flinktop is exiting and nobody needs the result.
            log.debug("the engine has ended")
