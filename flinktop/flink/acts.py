"""Requests that change the cluster, and the status of asynchronous ones."""

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field

from flinktop.flink.decode import DecodeError, Lines, decode
from flinktop.flink.error_text import java_sentence, without_frames
from flinktop.flink.errors import BadReply
from flinktop.flink.numbers import Id, Unset

if TYPE_CHECKING:
    from flinktop.flink.http import Http

T = TypeVar("T")


class Nothing(Struct, frozen=True):
    """The answer `{}`: done."""


class Trigger(Struct, frozen=True, rename="kebab"):
    """An accepted action; the server keeps its status under this id until five minutes after its end."""

    request_id: Id


class Cause(Struct, frozen=True, rename="kebab"):
    """A Java exception inside an answer; its serialized form is not read."""

    class_name: str = field(name="class", default="")
    stack_trace: Lines = ""

    @property
    def sentence(self) -> str:
        return java_sentence(self.stack_trace) or self.class_name.rpartition(".")[2]

    @property
    def exceptions(self) -> str:
        """It and its causes, without their frames."""
        return without_frames(self.stack_trace) or self.class_name


class StatusId(Struct, frozen=True):
    """The value of `status`."""

    id: str = ""


class Status(Struct, frozen=True):
    """Progress of an action without a result of its own: dataset deletion, disposal, rescaling."""

    status: StatusId = StatusId()
    operation: "Outcome | None" = None

    @property
    def done(self) -> bool:
        return self.status.id == "COMPLETED"

    @property
    def failure(self) -> str | None:
        """Why it failed. COMPLETED alone does not mean success."""
        return self.operation.failure if self.operation is not None else None

    @property
    def exceptions(self) -> str:
        """The exceptions of the failure, without their frames; "" without one."""
        cause = self.operation.cause if self.operation is not None else None
        return cause.exceptions if cause is not None else ""


class Outcome(Struct, frozen=True):
    """The result of an action: a failure's cause, or a location."""

    failure_cause: Cause | None = field(name="failure-cause", default=None)
    checkpoint_cause: Cause | None = field(name="failureCause", default=None)  # of POST …/checkpoints (1.17+)
    location: str | None = None
    checkpoint_id: Unset | None = field(name="checkpointId", default=None)

    @property
    def failure(self) -> str | None:
        cause = self.cause
        return (cause.sentence or "failed") if cause is not None else None

    @property
    def cause(self) -> Cause | None:
        return self.failure_cause or self.checkpoint_cause


async def act(http: "Http", method: str, path: str, reply: type[T], **sent: Any) -> T:
    """Send an action. Raises as `Http.send`; BadReply if it was accepted but its answer is unreadable."""
    answer = await http.send(method, path, **sent)
    try:
        return decode(answer.body or b"{}", reply).value
    except DecodeError as error:
        raise BadReply(method, f"{http.url}/{path}", str(error), status=answer.status) from None


async def begin(http: "Http", method: str, path: str, **sent: Any) -> str:
    """Start an asynchronous action and return its trigger id. Raises as `act`."""
    return (await act(http, method, path, Trigger, **sent)).request_id
