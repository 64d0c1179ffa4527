"""How an act ends, as far as its server shows it."""

from msgspec import Struct, field

from flinktop.flink.acts import Status


class Result(Struct, frozen=True):
    """What came of an act, as far as is known."""

    savepoint: str | None = None  # path of the savepoint that was made
    job: str | None = None  # id of the job that was started
    jar: str | None = None  # id of the jar that was uploaded
    application: str | None = None
    checkpoint: int | None = None  # number of the checkpoint that was made
    job_state: str | None = None  # state of the job afterwards: the second fact of a stop
    facts: tuple[str, ...] = ()  # anything else, in sentences


class InProgress(Struct, frozen=True):
    """The act has not ended; what is known by now is kept."""

    words: str = "in progress"
    result: Result | None = None


class Done(Struct, frozen=True):
    """The act has done what it was to do."""

    result: Result = field(default_factory=Result)


class Failed(Struct, frozen=True):
    """The act has not done what it was to do; what it has done all the same is in the result."""

    reason: str
    result: Result | None = None


class Unknown(Struct, frozen=True):
    """The server answers, and knows nothing of the act: not yet, not any more, or it never came there."""

    words: str
    result: Result | None = None
    patience: float | None = None  # seconds for which that may be so, when not the act's own
    unclear: bool = False  # what there is to be seen does not tell whether the act was done


Verdict = InProgress | Done | Failed | Unknown


def verdict_of(status: Status, result: Result | None = None) -> Verdict:
    """How far an act is that the server follows; `result` is what it has when it is done."""
    if not status.done:
        return InProgress()
    return Failed(status.failure) if status.failure is not None else Done(result or Result())
