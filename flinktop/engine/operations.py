"""Sends acts, each once, and follows them until they end.

An act is written to the ledger before its request is sent, and the request is sent once. When its answer is
lost the server is queried, by our own id where it accepts one, else by visible effects. Operations that
another flinktop left unfinished are taken over when it has ended.
"""

import asyncio
import contextlib
import getpass
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from flinktop.engine.acts.act import Act, ActContext, Answer
from flinktop.engine.acts.run_jar import PlanJar
from flinktop.engine.acts.target import Target, fetch_target
from flinktop.engine.acts.verdict import explanation
from flinktop.engine.clock import Clock
from flinktop.engine.lane import Lane
from flinktop.engine.ledger import Ledger, LedgerError
from flinktop.engine.operation import Operation, State
from flinktop.engine.operations_view import OperationsView
from flinktop.engine.outcome import GIVE_UP_SECONDS, Fate, Outcomes, failed_here, fate, refused_because
from flinktop.flink.cluster import CONFIG
from flinktop.flink.connection import cluster_key
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import FlinkError, Unreachable
from flinktop.flink.features import Features, features, release
from flinktop.flink.http import Http
from flinktop.model import redaction

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0  # between reads of what other flinktops have written
HEARTBEAT_SECONDS = 10.0  # between heartbeats, and between searches for abandoned operations
ANSWERS_KEPT = 20
RELEASE = "flink"  # key in the notes of an operation: the release that it was sent to


@dataclass(eq=False)
class Operations:
    """Sends acts and follows operations of one cluster. Lives on the engine's loop."""

    lane: Lane
    ledger: Ledger | None  # None: acts are refused
    clock: Clock
    cluster: Target  # its unknown fields are fetched
    known_features: Callable[[], Features] = lambda: features(None)  # fetched when the release is None
    refresh: Callable[[], float] = lambda: 3.0
    """The cluster's own refresh interval (s), for which it answers from caches."""
    news: Callable[[], None] = lambda: None  # called when operations or answers have changed
    touched: Callable[[tuple[Query[Any], ...]], None] = lambda _queries: None
    """Called with the queries whose answers an act changes."""
    resume: bool = True  # also follow operations that others left unfinished
    answers: dict[str, Answer] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.view = OperationsView(self.ledger, self.clock, self.news)
        self._outcomes = Outcomes(self.view, self.clock, self.refresh, self._context_of)

    # -- life ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start reading the ledger and taking over unfinished operations, periodically."""
        if self.ledger is not None:
            self._spawn(self._maintain())

    async def stop(self) -> None:
        """Leave unfinished operations to the next flinktop."""
        await self.cancel_all()
        self.view.close()
        await self.lane.close()

    async def cancel_all(self) -> None:
        """End all work at once without writing to the ledger, as a killed process does."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _maintain(self) -> None:
        since_heartbeat = HEARTBEAT_SECONDS
        while True:
            try:
                self.view.read_ledger()
                if since_heartbeat >= HEARTBEAT_SECONDS:
                    since_heartbeat = 0.0
                    self.view.heartbeat()
                    taken = self.view.take_over(self.cluster.url) if self.resume else ()
                    for operation in taken:
                        self._spawn(self._to_its_end(operation.id, self._take_up(operation)))
            except Exception:
                # Without heartbeats others would take over the operations followed here.
                log.exception("the ledger could not be maintained")
            await self.clock.sleep(LOOK_SECONDS)
            since_heartbeat += LOOK_SECONDS

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _to_its_end(self, number: str, work: Coroutine[Any, Any, None]) -> None:
        """Work on an operation; an internal error ends it as LOST or REFUSED."""
        try:
            await work
        except Exception as error:
            log.exception("flinktop failed with an operation")
            operation = self.view.now(number)
            if operation is None or operation.state.final:
                return
            sent = operation.sent is not None
            state = State.LOST if sent else State.REFUSED
            known = "its outcome is not known" if sent else "nothing was sent"
            self.view.put(self.view.ended(operation, state, f"{known}; {failed_here(error)}"))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("an operation failed unexpectedly", exc_info=failure)

    # -- requests --------------------------------------------------------------------------------------

    def base(self, job: str | None) -> Target:
        """The cluster as a target, with the job's operations in progress; safe from any thread."""
        return replace(
            self.cluster,
            features=self.known_features(),
            ledger_error=self.view.ledger_error,
            under_way=tuple(operation.label for operation in self._under_way(job)),
        )

    def _under_way(self, job: str | None) -> list[Operation]:
        return [
            operation
            for operation in self.view.all
            if job is not None
            and operation.job == job
            and cluster_key(operation.cluster) == cluster_key(self.cluster.url)
            and not operation.state.final
            and not _settles(operation)
            # A follower gives up within that time: an older one is abandoned.
            and (operation.ours or self.clock.wall() - operation.planned < GIVE_UP_SECONDS)
        ]

    def submit(self, act: Act, number: str, typed: str | None = None) -> None:
        """Do an act, once, as operation `number` (32 hex digits); `typed` is the typed name."""
        operation = Operation(
            id=number,
            cluster=self.cluster.url,
            cluster_name=self.cluster.cluster,
            kind=act.kind,
            act=act,
            subject="",
            by=current_user(),
            planned=self.clock.wall(),
            ours=True,
        )
        try:
            operation = replace(operation, subject=act.subject, job=act.job_id)
            # Before it is shown: it must not count as in progress itself.
            under_way = tuple(one.label for one in self._under_way(act.job_id))
        except Exception as error:
            log.exception("%s could not be begun", act.kind)
            self.view.end(operation, State.REFUSED, f"nothing was sent; {failed_here(error)}")
            return
        self.view.put(operation)
        self._spawn(self._to_its_end(number, self._do(operation, act, under_way, typed)))

    def ask(self, question: PlanJar, number: str, typed: str | None = None) -> None:
        """Send a question; its answer is put into `answers` under `number`."""
        self.answers = dict(list(self.answers.items())[1 - ANSWERS_KEPT :]) | {number: Answer()}
        self._spawn(self._answer(question, number, typed))

    async def _answer(self, question: PlanJar, number: str, typed: str | None) -> None:
        try:
            context = await self._context(number)
            refusal = question.refusal(replace(self.base(None), features=context.features), typed)
            answer = Answer(reason=refusal) if refusal else Answer(await question.ask(context))
            if answer.pending:
                answer = Answer(reason="Flink's answer is empty")
        except FlinkError as error:
            known = explanation(error.exceptions)
            answer = Answer(None, redaction.text(error.reason), known and known.without_secrets())
        except Exception as error:
            log.exception("a request for an action's facts failed")
            answer = Answer(reason=failed_here(error))
        self.answers = self.answers | {number: answer}
        self.news()

    # -- doing -----------------------------------------------------------------------------------------

    async def _do(
        self, operation: Operation, act: Act, under_way: tuple[str, ...], typed: str | None
    ) -> None:
        turn = self.lane.one_transfer if act.transfer else contextlib.nullcontext()
        async with turn:
            operation = await self._try(operation, act, under_way, typed)
        if not operation.state.final:
            await self._follow(operation, act)

    async def _try(
        self, operation: Operation, act: Act, under_way: tuple[str, ...], typed: str | None
    ) -> Operation:
        """Check whether it can be done, record it, send it; returns the operation after that."""
        try:
            context = await self._context(operation.id)
            base = replace(self.base(None), features=context.features, under_way=under_way)
            refusal = await self._refusal(act, base, typed)
            notes = await act.prepare(context) if refusal is None else {}
        except FlinkError as error:
            away = isinstance(error, Unreachable)
            why = f"the cluster does not answer: {error.reason}" if away else error.reason
            refused = replace(operation, unreachable=away, explanation=explanation(error.exceptions))
            return self.view.end(refused, State.REFUSED, why)
        except OSError as error:
            why = f"{error.filename or 'a file'} can't be read: {error.strerror}"
            return self.view.end(operation, State.REFUSED, why)
        if refusal is not None:
            return self.view.end(operation, State.REFUSED, refusal)
        # A kept connection could break now, and the answer would be lost.
        await self.lane.renew()
        try:
            kept = {**notes, RELEASE: context.features.version}
            operation = self.view.write_down(replace(operation, notes=kept))
        except LedgerError as error:
            self.view.set_ledger_error(str(error))
            why = f"every action is recorded in the ledger first, and {error}"
            return self.view.end(operation, State.REFUSED, why)
        return await self._send(operation, act, context)

    async def _refusal(self, act: Act, base: Target, typed: str | None) -> str | None:
        if base.read_only:
            return act.why_not(base)
        # Another flinktop may just have submitted something.
        self.view.read_ledger()
        others = tuple(one.label for one in self._under_way(act.job_id) if not one.ours)
        base = replace(base, under_way=base.under_way + others)
        target = await fetch_target(self.lane.acts, base, act.job_id, self.clock.wall())
        return act.refusal(target, typed)

    async def _send(self, operation: Operation, act: Act, context: ActContext) -> Operation:
        before = self.lane.sent
        try:
            accepted = await act.start(context, self._outcomes.handle(operation))
        except FlinkError as error:
            log.warning("%s", error)
            return self._not_accepted(operation, act, error)
        except Exception as error:
            if act.transfer and isinstance(error, OSError):
                return self.view.end(operation, State.FAILED, f"a file can't be read: {error.strerror}")
            log.exception("%s could not be sent", act.label)
            if self.lane.sent == before:
                return self.view.end(operation, State.FAILED, f"it was not sent; {failed_here(error)}")
            words = f"{failed_here(error)} while it was sent: checking with Flink whether it was done"
            return self.view.put(replace(operation, words=words))
        self._refresh_touched(act)
        taken = replace(
            operation, state=State.ACCEPTED, trigger=accepted.trigger, result=accepted.result, progress=None
        )
        return self.view.save(taken, known=True)

    def _not_accepted(self, operation: Operation, act: Act, error: FlinkError) -> Operation:
        """The operation after an error instead of Flink's answer."""
        known = fate(error)
        if known is Fate.REFUSED and not act.refused_is_undone:
            known = Fate.DOUBTFUL
        match known:
            case Fate.NEVER_SENT:
                return self.view.end(operation, State.FAILED, f"it was not sent: {error.reason}")
            case Fate.REFUSED:
                refused = replace(operation, explanation=explanation(error.exceptions))
                return self.view.end(refused, State.FAILED, refused_because(error))
            case Fate.DOUBTFUL:
                # On the disk too: a flinktop that takes it over ends with the same reason.
                words = f"{error.reason}: checking with Flink whether it was done anyway"
                why, known_failure = refused_because(error), explanation(error.exceptions)
                return self.view.save(replace(operation, reason=why, explanation=known_failure, words=words))
            case Fate.UNANSWERED:
                words = f"the answer was lost ({error.reason}): checking with Flink whether it was done"
                return self.view.put(replace(operation, words=words))

    def _refresh_touched(self, act: Act) -> None:
        try:
            self.touched(act.touches())
        except Exception:
            log.exception("what %s changes could not be fetched", act.label)

    async def _take_up(self, operation: Operation) -> None:
        if operation.act is None:
            return
        if operation.state is State.PLANNED:
            why = "flinktop ended before it was sent; nothing was sent to Flink"
            self.view.end(operation, State.FAILED, why)
            return
        await self._follow(operation, operation.act)

    async def _follow(self, operation: Operation, act: Act) -> None:
        operation = await self._outcomes.follow(operation, act)
        if operation.state.final:
            self._refresh_touched(act)

    # -- context ---------------------------------------------------------------------------------------

    async def _context(self, number: str) -> ActContext:
        return ActContext(
            self.lane.acts,
            self.lane.transfers,
            await self._features(self.lane.acts),
            lambda sent, size: self._progress(number, sent, size),
        )

    async def _context_of(self, operation: Operation) -> ActContext:
        """The context to check an act's outcome; its cluster may have ended."""
        known, sent_to = self.known_features(), operation.notes.get(RELEASE, "")
        if known.release is None and sent_to:
            known = Features(release=release(sent_to), version=sent_to)
        elif known.release is None:
            known = await self._features(self.lane.following)
        return ActContext(self.lane.following, self.lane.transfers, known)

    async def _features(self, http: Http) -> Features:
        known = self.known_features()
        if known.release is not None:
            return known
        return features((await read(http, CONFIG())).value, known.history_server)

    def _progress(self, number: str, sent: int, size: int) -> None:
        operation = self.view.now(number)
        if operation is None or operation.state.final:
            return
        before = operation.progress
        # A progress bar needs no more than a hundred steps.
        if before is None or sent == size or (sent - before[0]) * 100 >= size:
            self.view.put(replace(operation, progress=(sent, size)))


def current_user() -> str:
    """User and machine, as user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _settles(operation: Operation) -> bool:
    """Whether the server has accepted it and completes it by itself."""
    return operation.state in (State.ACCEPTED, State.RUNNING) and bool(
        operation.act and operation.act.settles
    )
