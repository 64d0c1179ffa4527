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
from flinktop.engine.sending import Fate, came_late, fate, refused_because
from flinktop.flink.cluster import CONFIG
from flinktop.flink.decode import read
from flinktop.flink.errors import Conflict, FlinkError, NotFound, Rejected, Unreachable
from flinktop.flink.features import Features, features, release
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from flinktop.engine.acts.act import Act, Verdict
    from flinktop.engine.acts.facts import Facts
    from flinktop.engine.clock import Clock
    from flinktop.engine.lane import Lane
    from flinktop.engine.ledger import Ledger
    from flinktop.engine.question import Question
    from flinktop.flink.endpoint import Query
    from flinktop.flink.http import Http

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
            try:
                self.book.look()
                if since_beat >= BEAT_SECONDS:
                    since_beat = 0.0
                    self.book.beat()
                    taken = self.book.take_over(self._cluster.url) if self._resume else ()
                    for operation in taken:
                        self._spawn(self._to_its_end(operation.id, self._take_up(operation)))
            except Exception:
                # Without signs of life others would take over what is followed here.
                log.exception("the ledger could not be maintained")
            await self._clock.sleep(LOOK_SECONDS)
            since_beat += LOOK_SECONDS

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _to_its_end(self, number: str, work: Coroutine[Any, Any, None]) -> None:
        """Work on an operation; an error of flinktop's own ends it too, as far as is known of it."""
        try:
            await work
        except Exception as error:
            log.exception("flinktop failed with an operation")
            operation = self.book.now(number)
            if operation is None or operation.state.final:
                return
            sent = operation.sent is not None
            why = f"its outcome is not known; {failed_here(error)}"
            self.book.put(
                replace(
                    operation,
                    state=State.LOST if sent else State.REFUSED,
                    reason=why if sent else f"nothing was sent; {failed_here(error)}",
                    words="",
                    progress=None,
                    ended=self._clock.wall(),
                )
            )

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("an operation failed unexpectedly", exc_info=failure)

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
            # Whoever follows one gives it up within that time; nobody follows this one.
            and (operation.ours or self._clock.wall() - operation.planned < GIVE_UP_SECONDS)
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
            subject="",
            by=self._by,
            planned=self._clock.wall(),
            ours=True,
        )
        try:
            operation = replace(operation, subject=act.subject, job=act.job_id)
            # Before it is shown: it is not in its own way.
            under_way = tuple(one.label for one in self._under_way(act.job_id))
        except Exception as error:
            log.exception("%s could not be begun", act.kind)
            self.book.end(operation, State.REFUSED, f"nothing was sent; {failed_here(error)}")
            return
        self.book.put(operation)
        self._spawn(self._to_its_end(number, self._do(operation, act, under_way, typed)))

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
            if answer.pending:
                answer = Answer(reason="Flink's answer is empty")
        except FlinkError as error:
            answer = Answer(reason=redaction.text(error.reason))
        except Exception as error:
            log.exception("a request for an action's facts failed")
            answer = Answer(reason=failed_here(error))
        self.answers = self.answers | {number: answer}
        self._news()

    # -- doing -----------------------------------------------------------------------------------------

    async def _do(
        self, operation: Operation, act: Act, under_way: tuple[str, ...], typed: str | None
    ) -> None:
        turn = self._lane.one_transfer if act.transfer else contextlib.nullcontext()
        async with turn:
            operation = await self._try(operation, act, under_way, typed)
        if not operation.state.final:
            await self._follow(operation, act)

    async def _try(
        self, operation: Operation, act: Act, under_way: tuple[str, ...], typed: str | None
    ) -> Operation:
        """Ask whether it can be done, write it down, send it; the operation after that."""
        try:
            site = await self._site(operation.id)
            base = replace(self.base(None), features=site.features, under_way=under_way)
            refusal = await self._refusal(act, base, typed)
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
            why = f"every action is recorded in the ledger first, and {error}"
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
        before = self._lane.sent
        try:
            accepted = await act.start(site, self._trace(operation))
        except FlinkError as error:
            log.warning("%s", error)
            return self._not_accepted(operation, act, error)
        except Exception as error:
            if act.transfer and isinstance(error, OSError):
                return self.book.end(operation, State.FAILED, f"a file can't be read: {error.strerror}")
            log.exception("%s could not be sent", act.label)
            if self._lane.sent == before:
                return self.book.end(operation, State.FAILED, f"it was not sent; {failed_here(error)}")
            words = f"{failed_here(error)} while it was sent: checking with Flink whether it was done"
            return self.book.put(replace(operation, words=words))
        self._tell_touched(act)
        taken = replace(
            operation, state=State.ACCEPTED, trigger=accepted.trigger, result=accepted.result, progress=None
        )
        return self.book.save(taken, known=True)

    def _not_accepted(self, operation: Operation, act: Act, error: FlinkError) -> Operation:
        """The operation after an error in the place of Flink's answer."""
        known = fate(error)
        if known is Fate.REFUSED and not act.refused_is_undone:
            known = Fate.DOUBTFUL
        match known:
            case Fate.NEVER_SENT:
                return self.book.end(operation, State.FAILED, f"it was not sent: {error.reason}")
            case Fate.REFUSED:
                return self.book.end(operation, State.FAILED, refused_because(error))
            case Fate.DOUBTFUL:
                # On the disk too: whoever takes it over says the same in the end.
                words = f"{error.reason}: checking with Flink whether it was done anyway"
                return self.book.save(replace(operation, reason=refused_because(error), words=words))
            case Fate.UNANSWERED:
                words = f"the answer was lost ({error.reason}): checking with Flink whether it was done"
                return self.book.put(replace(operation, words=words))

    def _tell_touched(self, act: Act) -> None:
        """Have what the act changes asked for anew."""
        try:
            self._touched(act.touches())
        except Exception:
            log.exception("what %s changes could not be fetched", act.label)

    # -- following -------------------------------------------------------------------------------------

    async def _take_up(self, operation: Operation) -> None:
        """Go on with what another flinktop left."""
        if operation.act is None:
            return
        if operation.state is State.PLANNED:
            self.book.end(
                operation, State.FAILED, "flinktop ended before it was sent; nothing was sent to Flink"
            )
            return
        await self._follow(operation, operation.act)

    async def _follow(self, operation: Operation, act: Act) -> None:
        """Ask after it until it has ended, or is somebody else's."""
        answers, failures, silent = 0, 0, _Silence()
        while not operation.state.final and operation.ours:
            asked = self._clock.now()
            verdict: Verdict | None
            try:
                site = await self._site_of(operation)
                verdict = await act.check(site, self._trace(operation))
            except FlinkError as error:
                verdict = _says_nothing(error)
                if verdict is None:
                    failures += 1
                    operation = self._unanswered(operation, error)
            except Exception as error:
                log.exception("the outcome of %s could not be fetched", act.label)
                verdict = NoTrace(failed_here(error), unclear=True)
            if verdict is None:
                # A question that hung was a pause of its own.
                await self._clock.sleep(max(0.0, asked + FOLLOWED.after(failures) - self._clock.now()))
                continue
            failures = 0
            answers += 1
            operation = self._judge(operation, act, verdict, silent)
            if not operation.state.final and operation.ours:
                await self._clock.sleep(UNDER_WAY.after(answers))
        if operation.state.final:
            self._tell_touched(act)

    def _judge(self, operation: Operation, act: Act, verdict: Verdict, silent: _Silence) -> Operation:
        """The operation after what the server said of it."""
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
                    operation, words=words, result=result or operation.result, state=State.RUNNING, reason=""
                )
                return self.book.save(known)
            case NoTrace():
                silent.take_in(self._clock.now())
                if operation.reason and verdict.result is None:
                    return self._judge_doubtful(operation, act, verdict, silent)
                return self._judge_silent(operation, act, verdict, silent)

    def _judge_silent(self, operation: Operation, act: Act, seen: NoTrace, silent: _Silence) -> Operation:
        """What there is no sign of, or not yet one of its end."""
        result = seen.result or operation.result
        operation = self.book.save(replace(operation, words=seen.words, result=result, reason=""))
        least = CACHES * self._refresh()
        if not silent.lasted(max(seen.patience or act.patience, least), self._clock.now()):
            return operation
        told = None if seen.unclear else act.given_up(seen.words, operation.result)
        if told is None:
            return self.book.end(operation, State.LOST, seen.words)
        return self._judge(operation, act, told, silent)

    def _judge_doubtful(self, operation: Operation, act: Act, seen: NoTrace, silent: _Silence) -> Operation:
        """What was most likely refused, and what is there to be seen of it."""
        if not act.seen_at_once and not silent.lasted(CACHES * self._refresh(), self._clock.now()):
            return self.book.put(replace(operation, words=seen.words))
        if seen.unclear:
            return self.book.end(operation, State.LOST, f"{operation.reason}; {seen.words}")
        return self.book.end(operation, State.FAILED, operation.reason)

    def _unanswered(self, operation: Operation, error: FlinkError) -> Operation:
        words = f"the cluster does not answer: {error.reason}"
        since = operation.sent if operation.sent is not None else operation.planned
        if self._clock.wall() - since > GIVE_UP_SECONDS:
            return self.book.end(operation, State.LOST, f"{words}, for more than a day")
        return self.book.put(replace(operation, words=words))

    async def _site(self, number: str) -> Site:
        """Where to do an act."""
        return Site(
            self._lane.acts,
            self._lane.transfers,
            await self._features(self._lane.acts),
            lambda sent, size: self._progress(number, sent, size),
        )

    async def _site_of(self, operation: Operation) -> Site:
        """Where to ask after an act, which may have been sent to a cluster that is gone."""
        known, sent_to = self._known_features(), operation.notes.get(RELEASE, "")
        if known.release is None and sent_to:
            known = Features(release=release(sent_to), version=sent_to)
        elif known.release is None:
            known = await self._features(self._lane.following)
        return Site(self._lane.following, self._lane.transfers, known)

    async def _features(self, http: Http) -> Features:
        known = self._known_features()
        if known.release is not None:
            return known
        return features((await read(http, CONFIG())).value, known.history_server)

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

    def take_in(self, now: float) -> None:
        """One more answer without a trace."""
        self.since = now if self.since is None else self.since
        self.answers += 1

    def lasted(self, seconds: float, now: float) -> bool:
        """Whether it has known nothing for so long, by enough answers."""
        since = now if self.since is None else self.since
        return self.answers >= LEAST_ANSWERS and now - since >= seconds


def _says_nothing(error: FlinkError) -> NoTrace | None:
    """The verdict when Flink itself answers a question with an error; None when it has not answered."""
    if error.by_flink and isinstance(error, Rejected | Conflict | NotFound) and not came_late(error):
        return NoTrace(f"Flink does not say: {error.reason}")
    return None


def failed_here(error: Exception) -> str:
    """What to say of an error that is flinktop's own."""
    return f"flinktop failed: {error!r}"


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
