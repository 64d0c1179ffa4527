"""The progress or outcome of an act, as the server shows it, and what a well-known failure means."""

import logging

from msgspec import Struct, field
from msgspec.structs import replace

from flinktop.flink.acts import Status
from flinktop.model import redaction

log = logging.getLogger(__name__)


class Result(Struct, frozen=True):
    """The known results of an act."""

    savepoint: str | None = None  # path of the new savepoint
    job: str | None = None  # id of the job that was started
    jar: str | None = None  # id of the jar that was uploaded
    application: str | None = None
    checkpoint: int | None = None  # id of the new checkpoint
    job_state: str | None = None  # state of the job afterwards
    facts: tuple[str, ...] = ()  # anything else, in sentences


class InProgress(Struct, frozen=True):
    """The act is in progress; `result` is what is known so far."""

    words: str = "in progress"
    result: Result | None = None


class Done(Struct, frozen=True):
    """The act has succeeded."""

    result: Result = field(default_factory=Result)


class Failed(Struct, frozen=True):
    """The act has failed; what it did achieve is in the result."""

    reason: str
    result: Result | None = None
    exceptions: str = ""
    """What Flink says of it, by which a well-known failure is recognised: exceptions, or a message."""


class Unknown(Struct, frozen=True):
    """The server answers but has no trace of the act: not yet, not any more, or it was never received."""

    words: str
    result: Result | None = None
    patience: float | None = None  # overrides the act's own `patience` (s)
    unclear: bool = False  # visible effects do not tell whether the act was done


Verdict = InProgress | Done | Failed | Unknown


def verdict_of(status: Status, result: Result | None = None) -> Verdict:
    """The verdict from the status of an asynchronous operation; `result` is for a successful one."""
    if not status.done:
        return InProgress()
    if status.failure is not None:
        return Failed(status.failure, exceptions=status.exceptions)
    return Done(result or Result())


class Explanation(Struct, frozen=True):
    """A well-known failure in sentences, with the values of its message."""

    id: str
    """Its id in the table of failures."""
    name: str
    means: str
    next: str
    """What to do first."""

    def without_secrets(self) -> "Explanation":
        """A copy fit to be stored, shown and copied."""
        return replace(self, means=redaction.text(self.means), next=redaction.text(self.next))


def explanation(exceptions: str) -> Explanation | None:
    """The explanation of a failure, from what Flink says of it; None if it is not well known."""
    if not exceptions:
        return None
    # This loads the table of failures: with the first failure.
    from flinktop.known.recognise import of_trace  # noqa: PLC0415 - see above

    try:
        found = of_trace(exceptions)
        if found is None:
            return None
        return Explanation(found.failure.id, found.failure.name, found.means, found.next)
    except Exception:
        # The outcome of an act must not get lost for want of it.
        log.exception("a failure could not be explained")
        return None
