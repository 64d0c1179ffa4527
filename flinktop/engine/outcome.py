"""Finds the outcome of an act: queries the server until the act has ended, also across lost connections.

And classifies errors of an act's own request: refused, never sent, or unknown.
"""

import logging
from collections.abc import Awaitable, Callable
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.acts.act import Act, ActContext, Handle
from flinktop.engine.acts.verdict import Done, Failed, InProgress, Unknown, Verdict, explanation
from flinktop.engine.clock import Clock
from flinktop.engine.link import FOLLOWED, UNDER_WAY
from flinktop.engine.operation import Operation, State
from flinktop.engine.operations_view import OperationsView
from flinktop.flink.errors import BadReply, Conflict, FlinkError, NotFound, Rejected, Unreachable

log = logging.getLogger(__name__)

GIVE_UP_SECONDS = 24 * 3600.0  # how long an unreachable cluster is queried for an act
LEAST_ANSWERS = 3  # answers without a trace of an act before it counts as lost
CACHES = 2.0  # maximum age of the cluster's cached answers, in refresh intervals

_GATEWAY = (408, 499, 502, 503, 504)
"""Statuses of a proxy that gave up, whatever its server does; Flink's own 408 is a cancel that was sent to
the job and not acknowledged in time."""
_SERVER_ERROR = 500
_TOO_LARGE = 413
_NOT_YET = ("leader election", "not been started", "EndpointNotStarted")
"""Texts in Flink's own 503: no JobManager received the request."""


class _Silence(Struct):
    """How long the server has answered without a trace of an act."""

    since: float | None = None
    answers: int = 0

    def take_in(self, now: float) -> None:
        """Count one more answer without a trace."""
        self.since = now if self.since is None else self.since
        self.answers += 1

    def lasted(self, seconds: float, now: float) -> bool:
        """Whether it has lasted `seconds`, with at least LEAST_ANSWERS answers."""
        return self.since is not None and self.answers >= LEAST_ANSWERS and now - self.since >= seconds


class Outcomes(Struct, frozen=True):
    """Finds the outcomes of operations."""

    view: OperationsView
    clock: Clock
    refresh: Callable[[], float]  # the cluster's own refresh interval (s), the age of its caches
    context: Callable[[Operation], Awaitable[ActContext]]  # connections to check an act with

    def handle(self, operation: Operation) -> Handle:
        """The operation's handle, for its act."""
        accepted = operation.state in (State.ACCEPTED, State.RUNNING)
        claimed = self.view.claimed(operation)
        return Handle(operation.id, operation.notes, operation.trigger, operation.result, claimed, accepted)

    async def follow(self, operation: Operation, act: Act) -> Operation:
        """Query until the operation has ended or another flinktop has taken it over; returns it."""
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
                # The time that a hanging request took counts as a part of the pause.
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
                return self.view.end(replace(operation, result=result, explanation=None), State.DONE, "")
            case Failed(reason, _, exceptions):
                failed = replace(operation, result=result, explanation=explanation(exceptions))
                return self.view.end(failed, State.FAILED, reason)
            case InProgress(words):
                silence.since, silence.answers = None, 0
                running = replace(operation, words=words, result=result, state=State.RUNNING)
                return self.view.save(replace(running, reason="", explanation=None))
            case Unknown():
                silence.take_in(self.clock.now())
                if operation.reason and verdict.result is None:
                    return self._judge_doubtful(operation, act, verdict, silence)
                return self._judge_silent(operation, act, verdict, silence)

    def _judge_silent(self, operation: Operation, act: Act, seen: Unknown, silence: _Silence) -> Operation:
        """Judge an act without a trace, or without a sign of its end yet."""
        result = seen.result or operation.result
        operation = replace(operation, words=seen.words, result=result, reason="", explanation=None)
        operation = self.view.save(operation)
        least = CACHES * self.refresh()
        if not silence.lasted(max(seen.patience or act.patience, least), self.clock.now()):
            return operation
        verdict = None if seen.unclear else act.given_up(seen.words, operation.result)
        if verdict is None:
            return self.view.end(operation, State.LOST, seen.words)
        return self._judge(operation, act, verdict, silence)

    def _judge_doubtful(self, operation: Operation, act: Act, seen: Unknown, silence: _Silence) -> Operation:
        """Judge an act that was most likely refused, by its visible effects."""
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
    """The verdict when Flink itself answers with an error; None when it has not answered."""
    if error.by_flink and isinstance(error, Rejected | Conflict | NotFound) and not is_rpc_timeout(error):
        return Unknown(f"Flink does not say: {error.reason}")
    return None


def failed_here(error: Exception) -> str:
    """The reason to show for an internal error of flinktop."""
    return f"flinktop failed: {error!r}"


class Fate(Enum):
    """The fate of an act's request that was not answered with success."""

    NEVER_SENT = "never sent"  # nothing reached Flink
    REFUSED = "refused"  # Flink has answered that it was not done
    DOUBTFUL = "doubtful"
    """Most likely refused, but the same answer is possible for an act that was done."""
    UNANSWERED = "unanswered"  # Flink may have done it, or may still do it


def fate(error: FlinkError) -> Fate:
    """Classify an error of an act's request.

    Only Flink itself can refuse an act, with a 4xx. A proxy may answer with any status, before or after it
    has passed the request on.
    """
    # The only GET requests of an act are sent before it.
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
    """Whether an RPC inside Flink timed out.

    The JobManager handles the request by RPC with a timeout of ten seconds: the act may still be done.
    """
    late = "timed out" in error.detail.lower() or "TimeoutException" in error.detail
    return late and error.status is not None and error.status >= _SERVER_ERROR


def refused_because(error: FlinkError) -> str:
    """Why the server refused an act, in its own words if it sent any."""
    if error.status == _TOO_LARGE:
        limit = "a limit of the cluster's rest.server.max-content-length, or of a proxy before it"
        return f"{error.reason}: {limit}"
    return error.reason
