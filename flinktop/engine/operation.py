"""An operation: one act that was asked of a cluster, and how far it has come."""

from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from flinktop.engine.acts.act import Act, Notes
from flinktop.engine.acts.verdict import Result
from flinktop.model import redaction


class State(StrEnum):
    """How far an operation has come; the last five are final."""

    PLANNED = "planned"  # written down; nothing has been sent
    SENT = "sent"  # written down as sent: the request is on its way, or its answer was lost
    ACCEPTED = "accepted"  # the server has taken it
    RUNNING = "running"  # the server says that it is under way
    DONE = "done"
    FAILED = "failed"  # it has not done what it was to do; what it did all the same is in the result
    LOST = "lost"  # how it ended can't be found out; the reason says what is known
    REFUSED = "refused"  # not sent, and so not written down either
    UNKNOWN = "unknown"  # its record can't be read whole: it is shown, and nobody follows it

    @property
    def final(self) -> bool:
        return self in FINAL


FINAL = frozenset({State.DONE, State.FAILED, State.LOST, State.REFUSED, State.UNKNOWN})


class Operation(Struct, frozen=True):
    """One act and what became of it; times are this machine's (s since 1970)."""

    id: str  # 32 hex digits; Flink gets them as triggerId or job id where it takes one
    cluster: str  # the cluster's address, without credentials
    cluster_name: str
    kind: str  # name of the act
    act: Act | None  # None when a newer flinktop wrote it
    subject: str  # what it was done to, by name
    job: str | None = None
    by: str = ""  # user and machine that asked for it
    state: State = State.PLANNED
    planned: float = 0.0
    sent: float | None = None
    ended: float | None = None
    trigger: str | None = None  # under which Flink follows it
    notes: Notes = field(default_factory=dict)  # what was seen just before it was sent
    result: Result = field(default_factory=Result)
    reason: str = ""  # why it failed, was lost or refused
    # What follows is not kept on disk.
    words: str = ""  # what it is doing now
    progress: tuple[int, int] | None = None  # bytes sent and to send, while a file is on its way
    ours: bool = False  # this flinktop follows it; another one's is only shown
    unreachable: bool = False  # refused because the cluster did not answer

    def without_secrets(self) -> "Operation":
        """The operation as it may be written to disk, shown and copied; what is sent is not taken from it."""
        result = self.result
        shown = replace(
            result,
            savepoint=redaction.text(result.savepoint) if result.savepoint is not None else None,
            facts=tuple(redaction.text(fact) for fact in result.facts),
        )
        notes = {
            name: redaction.text(note) if isinstance(note, str) else note for name, note in self.notes.items()
        }
        return replace(
            self,
            subject=redaction.text(self.subject),
            notes=notes,
            result=shown,
            reason=redaction.text(self.reason),
            words=redaction.text(self.words),
        )

    @property
    def label(self) -> str:
        return self.act.label if self.act is not None else self.kind
