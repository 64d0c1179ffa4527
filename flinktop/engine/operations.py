"""What was asked of the cluster, followed to its end through lost links and restarts.

An act is written to the ledger before its request leaves, and the request leaves once. When its answer is
lost the server is asked after it, by our own id where it takes one, else by what there is to be seen. What
another flinktop left unfinished is taken over when that one is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import logging
import os
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flinktop.engine.acts.act import Done, Failed, Going, NoTrace, Site, Trace
from flinktop.engine.acts.facts import asked_facts
from flinktop.engine.back_off import FOLLOWED, UNDER_WAY
from flinktop.engine.book import Book
from flinktop.engine.ledger import LedgerError
from flinktop.engine.operation import Operation, State
from flinktop.engine.question import Answer
from flinktop.engine.sending import answer_lost, never_sent, refused_because
from flinktop.flink.cluster import CONFIG
from flinktop.flink.decode import read
from flinktop.flink.errors import BadReply, Conflict, FlinkError, NotFound, Rejected, Unreachable
from flinktop.flink.features import Features, features, release

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from flinktop.engine.acts.act import Act, Verdict
    from flinktop.engine.acts.facts import Facts
    from flinktop.engine.clock import Clock
    from flinktop.engine.lane import Lane
    from flinktop.engine.ledger import Ledger
    from flinktop.engine.question import Question
    from flinktop.flink.endpoint import Query

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
"""Between looks at what other flinktops have written."""
BEAT_SECONDS = 10.0
"""Between signs of life, and between looks for what nobody follows."""
GIVE_UP_SECONDS = 24 * 3600.0
"""So long a cluster that does not answer is asked after an act."""
LEAST_ANSWERS = 3
"""So often a server must know nothing of an act before it is called lost."""
CACHES = 2.0
"""Times the cluster's refresh interval for which its answers may be old."""
ANSWERS_KEPT = 20
RELEASE = "flink"
"""Among the notes of an operation: the release that it was sent to."""
HAS_TO_BE_TYPED = "the name {name} has to be typed for this"


class Operations:
    """Sends acts and follows operations of one cluster. Lives on the engine's loop."""

    def __init__(
        self,
        lane: Lane,
        ledger: Ledger | None,
        clock: Clock,
        cluster: Facts,
        *,
        known_features: Callable[[], Features] = lambda: features(None),
        refresh: Callable[[], float] = lambda: 3.0,
        news: Callable[[], None] = lambda: None,
        touched: Callable[[tuple[Query[Any], ...]], None] = lambda _queries: None,
        resume: bool = True,
    ) -> None:
        """Prepare; nothing is read before `start`.

        Args:
            lane: the way to the cluster.
            ledger: where acts are written down; None refuses them.
            clock: the time.
            cluster: name, address, read-only and protected; the rest is asked for.
            known_features: what is known of the server; a release of None is asked for.
            refresh: the cluster's own refresh interval (s), for which it answers from caches.
            news: called when operations or answers have changed.
            touched: called with the queries whose answers an act changes.
            resume: follow what others left unfinished, too.
        """
        self.book = Book(ledger, clock, news)
        self.answers: dict[str, Answer] = {}
        self._lane = lane
        self._ledger = ledger
        self._clock = clock
        self._cluster = cluster
        self._known_features = known_features
        self._refresh = refresh
        self._news = news
        self._touched = touched
        self._resume = resume
        self._by = asked_by()
        self._tasks: set[asyncio.Task[None]] = set()

    # -- life ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the ledger, take over what is unfinished, and look after both from now on."""
        if self._ledger is not None:
            self._spawn(self._tend())

    async def stop(self) -> None:
        """Leave what is unfinished to the next flinktop."""
        await self.cut()
        self.book.close()
        await self._lane.close()

    async def cut(self) -> None:
        """End all work at once, without a word to the ledger: as a killed process does."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tend(self) -> None:
        since_beat = BEAT_SECONDS
        while True:
            self.book.look()
            if since_beat >= BEAT_SECONDS:
                since_beat = 0.0
                self.book.beat()
                taken = self.book.take_over(self._cluster.url) if self._resume else ()
                for operation in taken:
                    self._spawn(self._take_up(operation))
            await self._clock.sleep(LOOK_SECONDS)
            since_beat += LOOK_SECONDS

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("an operation broke", exc_info=failure)

    # -- what is asked ---------------------------------------------------------------------------------

    def base(self, job: str | None) -> Facts:
        """The facts of the cluster, and what is under way for a job; safe from any thread."""
        return replace(
            self._cluster,
            features=self._known_features(),
            ledger_trouble=self.book.trouble,
            under_way=tuple(operation.label for operation in self._under_way(job)),
        )

    def _under_way(self, job: str | None) -> list[Operation]:
        """What was asked of a job and has not ended."""
        return [
            operation
            for operation in self.book.all
            if job is not None
            and operation.job == job
            and operation.cluster == self._cluster.url
            and not operation.state.final
            and not _settles(operation)
        ]

    def submit(self, act: Act, number: str, typed: str | None = None) -> None:
        """Do an act, once.

        Args:
            act: what to do.
            number: the operation's id, 32 hex digits.
            typed: the name that was typed, where one is asked for.
        """
        operation = Operation(
            id=number,
            cluster=self._cluster.url,
            cluster_name=self._cluster.cluster,
            kind=act.kind,
            act=act,
            subject=act.subject,
            job=act.job_id,
            by=self._by,
            planned=self._clock.wall(),
            ours=True,
        )
        # Before it is shown: it is not in its own way.
        base = self.base(act.job_id)
        self.book.put(operation)
        self._spawn(self._do(operation, act, base, typed))

    def ask(self, question: Question, number: str, typed: str | None = None) -> None:
        """Ask a question; its answer comes under `number` in `answers`.

        Args:
            question: what to ask.
            number: names the answer.
            typed: the name that was typed, where one is asked for.
        """
        self.answers = dict(list(self.answers.items())[1 - ANSWERS_KEPT :]) | {number: Answer()}
        self._spawn(self._answer(question, number, typed))

    async def _answer(self, question: Question, number: str, typed: str | None) -> None:
        try:
            site = await self._site(number)
            facts = replace(self.base(None), features=site.features)
            refusal = question.why_not(facts)
            name = question.name_to_type(facts)
            if refusal is None and question.must_be_typed(facts) and typed != name:
                refusal = HAS_TO_BE_TYPED.format(name=name)
            answer = Answer(reason=refusal) if refusal else Answer(await question.ask(site))
        except FlinkError as error:
            answer = Answer(reason=error.reason)
        self.answers = self.answers | {number: answer}
        self._news()

    # -- doing -----------------------------------------------------------------------------------------

    async def _do(self, operation: Operation, act: Act, base: Facts, typed: str | None) -> None:
        turn = self._lane.one_transfer if act.transfer else contextlib.nullcontext()
        async with turn:
            operation = await self._try(operation, act, base, typed)
        if not operation.state.final:
            await self._follow(operation, act)

    async def _try(self, operation: Operation, act: Act, base: Facts, typed: str | None) -> Operation:
        """Ask whether it can be done, write it down, send it; the operation after that."""
        try:
            site = await self._site(operation.id)
            refusal = await self._refusal(act, replace(base, features=site.features), typed)
            notes = await act.prepare(site) if refusal is None else {}
        except FlinkError as error:
            away = isinstance(error, Unreachable)
            why = f"the cluster does not answer: {error.reason}" if away else error.reason
            return self.book.end(replace(operation, unreachable=away), State.REFUSED, why)
        except OSError as error:
            why = f"{error.filename or 'a file'} can't be read: {error.strerror}"
            return self.book.end(operation, State.REFUSED, why)
        if refusal is not None:
            return self.book.end(operation, State.REFUSED, refusal)
        # A kept connection that breaks in this instant would be an answer lost for nothing.
        await self._lane.fresh()
        try:
            kept = {**notes, RELEASE: site.features.version}
            operation = self.book.write_down(replace(operation, notes=kept))
        except LedgerError as error:
            self.book.has_trouble(str(error))
            why = f"what is asked of a cluster is written down first, and {error}"
            return self.book.end(operation, State.REFUSED, why)
        return await self._send(operation, act, site)

    async def _refusal(self, act: Act, base: Facts, typed: str | None) -> str | None:
        """Why this can't be done, by what the cluster says now."""
        if base.read_only:
            return act.why_not(base)
        # Another flinktop may have asked for something in this instant.
        self.book.look()
        others = tuple(one.label for one in self._under_way(act.job_id) if not one.ours)
        base = replace(base, under_way=base.under_way + others)
        facts = await asked_facts(self._lane.acts, base, act.job_id, self._clock.wall())
        reason = act.why_not(facts)
        name = act.name_to_type(facts)
        if reason is None and act.must_be_typed(facts) and typed != name:
            return HAS_TO_BE_TYPED.format(name=name)
        return reason

    async def _send(self, operation: Operation, act: Act, site: Site) -> Operation:
        try:
            accepted = await act.start(site, self._trace(operation))
        except FlinkError as error:
            log.warning("%s", error)
            if never_sent(error):
                return self.book.end(operation, State.FAILED, f"it was not sent: {error.reason}")
            if not answer_lost(error):
                return self.book.end(operation, State.FAILED, refused_because(error))
            words = f"the answer was lost ({error.reason}): Flink is asked after it"
            return self.book.put(replace(operation, words=words))
        except OSError as error:
            return self.book.end(operation, State.FAILED, f"a file can't be read: {error.strerror}")
        self._touched(act.touches())
        taken = replace(
            operation, state=State.ACCEPTED, trigger=accepted.trigger, result=accepted.result, progress=None
        )
        return self.book.save(taken, known=True)

    # -- following -------------------------------------------------------------------------------------

    async def _take_up(self, operation: Operation) -> None:
        """Go on with what another flinktop left."""
        if operation.act is None:
            return
        if operation.state is State.PLANNED:
            self.book.end(
                operation, State.FAILED, "flinktop ended before it was sent; nothing was asked of Flink"
            )
            return
        await self._follow(operation, operation.act)

    async def _follow(self, operation: Operation, act: Act) -> None:
        """Ask after it until it has ended, or is somebody else's."""
        answers, failures, silent = 0, 0, _Silence()
        while not operation.state.final and operation.ours:
            asked = self._clock.now()
            try:
                site = await self._site(operation.id, operation.notes.get(RELEASE, ""))
                verdict = await act.check(site, self._trace(operation))
            except (Rejected, Conflict, BadReply, NotFound) as error:
                verdict = NoTrace(f"Flink does not say: {error.reason}")
            except FlinkError as error:
                failures += 1
                operation = self._unanswered(operation, error)
                # A question that hung was a pause of its own.
                await self._clock.sleep(max(0.0, asked + FOLLOWED.after(failures) - self._clock.now()))
                continue
            failures = 0
            answers += 1
            operation = self._judge(operation, act, verdict, silent)
            if not operation.state.final and operation.ours:
                await self._clock.sleep(UNDER_WAY.after(answers))
        if operation.state.final:
            self._touched(act.touches())

    def _judge(self, operation: Operation, act: Act, verdict: Verdict, silent: _Silence) -> Operation:
        """The operation after what the server said of it."""
        now = self._clock.now()
        match verdict:
            case Done(result):
                return self.book.end(replace(operation, result=result), State.DONE, "")
            case Failed(reason, result):
                return self.book.end(
                    replace(operation, result=result or operation.result), State.FAILED, reason
                )
            case Going(words, result):
                silent.broken()
                known = replace(
                    operation, words=words, result=result or operation.result, state=State.RUNNING
                )
                return self.book.save(known)
            case NoTrace(words, result, patience):
                operation = self.book.save(replace(operation, words=words, result=result or operation.result))
                least = CACHES * self._refresh()
                if not silent.longer_than(max(patience or act.patience, least), now):
                    return operation
                told = act.given_up(words, operation.result)
                if told is None:
                    return self.book.end(operation, State.LOST, words)
                return self._judge(operation, act, told, silent)

    def _unanswered(self, operation: Operation, error: FlinkError) -> Operation:
        words = f"the cluster does not answer: {error.reason}"
        since = operation.sent if operation.sent is not None else operation.planned
        if self._clock.wall() - since > GIVE_UP_SECONDS:
            return self.book.end(operation, State.LOST, f"{words}, for longer than a day")
        return self.book.put(replace(operation, words=words))

    async def _site(self, number: str, sent_to: str = "") -> Site:
        """Where to do or to ask after an act; one that was sent may have been sent to a cluster now gone."""
        known = self._known_features()
        if known.release is None and sent_to:
            known = Features(release=release(sent_to), version=sent_to)
        elif known.release is None:
            config = (await read(self._lane.acts, CONFIG())).value
            known = features(config, known.history_server)
        return Site(
            self._lane.acts,
            self._lane.transfers,
            known,
            lambda sent, size: self._progress(number, sent, size),
        )

    def _progress(self, number: str, sent: int, size: int) -> None:
        operation = self.book.now(number)
        if operation is None or operation.state.final:
            return
        before = operation.progress
        # A hundred steps are enough for a bar.
        if before is None or sent == size or (sent - before[0]) * 100 >= size:
            self.book.put(replace(operation, progress=(sent, size)))

    def _trace(self, operation: Operation) -> Trace:
        claimed = self.book.claimed(operation)
        taken = operation.state in (State.ACCEPTED, State.RUNNING)
        return Trace(operation.id, operation.notes, operation.trigger, operation.result, claimed, taken)


@dataclass(slots=True)
class _Silence:
    """How long the server has known nothing of an act."""

    since: float | None = None
    answers: int = 0

    def broken(self) -> None:
        """It knows of it."""
        self.since, self.answers = None, 0

    def longer_than(self, seconds: float, now: float) -> bool:
        """Take in one more answer without a trace; whether that is so for longer than that."""
        self.since = now if self.since is None else self.since
        self.answers += 1
        return self.answers >= LEAST_ANSWERS and now - self.since >= seconds


def asked_by() -> str:
    """The user and the machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _settles(operation: Operation) -> bool:
    """Whether the server has taken it, and goes its own way with it."""
    return operation.state in (State.ACCEPTED, State.RUNNING) and bool(
        operation.act and operation.act.settles
    )
