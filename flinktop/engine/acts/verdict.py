"""The progress or outcome of an act, as the server shows it."""

from msgspec import Struct, field

from flinktop.flink.acts import Status


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
    return Failed(status.failure) if status.failure is not None else Done(result or Result())
