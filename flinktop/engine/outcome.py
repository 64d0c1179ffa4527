"""How the outcome of an act is found: the server is asked after it until it has ended, through lost links.

And what an error says of an act that was being sent: refused, never there, or nobody knows.
"""

import logging
from collections.abc import Awaitable, Callable
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.acts.act import Act, ActContext, Handle
from flinktop.engine.acts.verdict import Done, Failed, InProgress, Unknown, Verdict
from flinktop.engine.clock import Clock
from flinktop.engine.link import FOLLOWED, UNDER_WAY
from flinktop.engine.operation import Operation, State
from flinktop.engine.operations_view import OperationsView
from flinktop.flink.errors import BadReply, Conflict, FlinkError, NotFound, Rejected, Unreachable

log = logging.getLogger(__name__)

GIVE_UP_SECONDS = 24 * 3600.0  # so long a cluster that does not answer is asked after an act
LEAST_ANSWERS = 3  # so often a server must know nothing of an act before it is called lost
CACHES = 2.0  # times the cluster's refresh interval for which its answers may be old

_GATEWAY = (408, 499, 502, 503, 504)
"""Statuses with which a proxy gives up, whatever the server behind it does; Flink's own 408 is a cancel
that was sent to the job and not acknowledged in time."""
_SERVER_ERROR = 500
_TOO_LARGE = 413
_NOT_YET = ("leader election", "not been started", "EndpointNotStarted")
"""Flink's own 503: no JobManager took the request."""


class _Silence(Struct):
    """How long the server has known nothing of an act."""

    since: float | None = None
    answers: int = 0

    def take_in(self, now: float) -> None:
        """One more answer without a trace."""
        self.since = now if self.since is None else self.since
        self.answers += 1

    def lasted(self, seconds: float, now: float) -> bool:
        """Whether it has known nothing for so long, by enough answers."""
        return self.since is not None and self.answers >= LEAST_ANSWERS and now - self.since >= seconds


class Outcomes(Struct, frozen=True):
    """Finds the outcomes of operations."""

    view: OperationsView
    clock: Clock
    refresh: Callable[[], float]  # the cluster's own refresh interval (s), for which it answers from caches
    context: Callable[[Operation], Awaitable[ActContext]]  # where to ask after an act

    def handle(self, operation: Operation) -> Handle:
        """What is known of the operation, for its act."""
        accepted = operation.state in (State.ACCEPTED, State.RUNNING)
        claimed = self.view.claimed(operation)
        return Handle(operation.id, operation.notes, operation.trigger, operation.result, claimed, accepted)

    async def follow(self, operation: Operation, act: Act) -> Operation:
        """The operation once it has ended, or is another flinktop's."""
        answers, failures, silence = 0, 0, _Silence()
        while not operation.state.final and operation.ours:
            started_at = self.clock.now()
            verdict: Verdict | None
            try:
                verdict = await act.check(await self.context(operation), self.handle(operation))
            except FlinkError as error:
                verdict = _unknown_by_error(error)
                if verdict is None:
                    failures += 1
                    operation = self._unanswered(operation, error)
            except Exception as error:
                log.exception("the outcome of %s could not be fetched", act.label)
                verdict = Unknown(failed_here(error), unclear=True)
            if verdict is None:
                # A question that hung was a pause of its own.
                await self.clock.sleep(max(0.0, started_at + FOLLOWED.after(failures) - self.clock.now()))
                continue
            failures = 0
            answers += 1
            operation = self._judge(operation, act, verdict, silence)
            if not operation.state.final and operation.ours:
                await self.clock.sleep(UNDER_WAY.after(answers))
        return operation

    def _judge(self, operation: Operation, act: Act, verdict: Verdict, silence: _Silence) -> Operation:
        result = verdict.result or operation.result
        match verdict:
            case Done():
                return self.view.end(replace(operation, result=result), State.DONE, "")
            case Failed(reason):
                return self.view.end(replace(operation, result=result), State.FAILED, reason)
            case InProgress(words):
                silence.since, silence.answers = None, 0
                running = replace(operation, words=words, result=result, state=State.RUNNING, reason="")
                return self.view.save(running)
            case Unknown():
                silence.take_in(self.clock.now())
                if operation.reason and verdict.result is None:
                    return self._judge_doubtful(operation, act, verdict, silence)
                return self._judge_silent(operation, act, verdict, silence)

    def _judge_silent(self, operation: Operation, act: Act, seen: Unknown, silence: _Silence) -> Operation:
        """What there is no sign of, or not yet one of its end."""
        result = seen.result or operation.result
        operation = self.view.save(replace(operation, words=seen.words, result=result, reason=""))
        least = CACHES * self.refresh()
        if not silence.lasted(max(seen.patience or act.patience, least), self.clock.now()):
            return operation
        verdict = None if seen.unclear else act.given_up(seen.words, operation.result)
        if verdict is None:
            return self.view.end(operation, State.LOST, seen.words)
        return self._judge(operation, act, verdict, silence)

    def _judge_doubtful(self, operation: Operation, act: Act, seen: Unknown, silence: _Silence) -> Operation:
        """What was most likely refused, and what is there to be seen of it."""
        if not act.seen_at_once and not silence.lasted(CACHES * self.refresh(), self.clock.now()):
            return self.view.put(replace(operation, words=seen.words))
        if seen.unclear:
            return self.view.end(operation, State.LOST, f"{operation.reason}; {seen.words}")
        return self.view.end(operation, State.FAILED, operation.reason)

    def _unanswered(self, operation: Operation, error: FlinkError) -> Operation:
        words = f"the cluster does not answer: {error.reason}"
        since = operation.sent if operation.sent is not None else operation.planned
        if self.clock.wall() - since > GIVE_UP_SECONDS:
            return self.view.end(operation, State.LOST, f"{words}, for more than a day")
        return self.view.put(replace(operation, words=words))


def _unknown_by_error(error: FlinkError) -> Unknown | None:
    """The verdict when Flink itself answers a question with an error; None when it has not answered."""
    if error.by_flink and isinstance(error, Rejected | Conflict | NotFound) and not is_rpc_timeout(error):
        return Unknown(f"Flink does not say: {error.reason}")
    return None


def failed_here(error: Exception) -> str:
    """What to say of an error that is flinktop's own."""
    return f"flinktop failed: {error!r}"


class Fate(Enum):
    """What became of a request that acts and was not answered with success."""

    NEVER_SENT = "never sent"  # nothing reached Flink
    REFUSED = "refused"  # Flink says that it has not done it
    DOUBTFUL = "doubtful"
    """It was most likely refused, but by an answer that may also follow an act that was done."""
    UNANSWERED = "unanswered"  # Flink may have done it, or may still do it


def fate(error: FlinkError) -> Fate:
    """What an error says of the act that it answers.

    Only Flink can say that it has refused something, and then with a 4xx. What stands before it may answer
    with any status before or after it has passed the request on.
    """
    # The only questions among requests that act are asked before them.
    if not error.sent or error.method == "GET":
        return Fate.NEVER_SENT
    if isinstance(error, Unreachable | BadReply) or error.status is None:
        return Fate.UNANSWERED
    if any(words in error.detail for words in _NOT_YET):
        return Fate.REFUSED
    if error.status in _GATEWAY:
        return Fate.UNANSWERED
    if error.status < _SERVER_ERROR:
        return Fate.REFUSED if error.by_flink else Fate.DOUBTFUL
    return Fate.DOUBTFUL if error.by_flink and not is_rpc_timeout(error) else Fate.UNANSWERED


def is_rpc_timeout(error: FlinkError) -> bool:
    """Whether Flink gave up waiting for itself.

    Inside the JobManager the request goes on by RPC, whose limit is ten seconds: the act may come to pass.
    """
    late = "timed out" in error.detail.lower() or "TimeoutException" in error.detail
    return late and error.status is not None and error.status >= _SERVER_ERROR


def refused_because(error: FlinkError) -> str:
    """Why the server refused an act, in its own words where it has any."""
    if error.status == _TOO_LARGE:
        limit = "a limit of the cluster's rest.server.max-content-length, or of a proxy before it"
        return f"{error.reason}: {limit}"
    return error.reason
