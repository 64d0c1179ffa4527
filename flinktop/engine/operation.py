"""An operation: one act on a cluster, and its progress."""

from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from flinktop.engine.acts.act import Act, Notes
from flinktop.engine.acts.verdict import Explanation, Result
from flinktop.model import redaction


class State(StrEnum):
    """The state of an operation; the last five are final."""

    PLANNED = "planned"  # recorded; nothing has been sent
    SENT = "sent"  # recorded as sent: the request is in flight, or its answer was lost
    ACCEPTED = "accepted"  # the server has accepted it
    RUNNING = "running"  # the server reports it in progress
    DONE = "done"
    FAILED = "failed"  # what it did achieve is in the result
    LOST = "lost"  # the outcome can't be determined; the reason says what is known
    REFUSED = "refused"  # not sent, and so not recorded either
    UNKNOWN = "unknown"  # its record is partly unreadable: it is shown but not followed

    @property
    def final(self) -> bool:
        return self in FINAL


FINAL = frozenset({State.DONE, State.FAILED, State.LOST, State.REFUSED, State.UNKNOWN})


class Operation(Struct, frozen=True):
    """One act and its outcome; times are this machine's (s since 1970)."""

    id: str  # 32 hex digits; sent to Flink as triggerId or job id where it accepts one
    cluster: str  # the cluster's address, without credentials
    cluster_name: str
    kind: str  # name of the act
    act: Act | None  # None when a newer flinktop wrote it
    subject: str  # name of the job, jar, savepoint …
    job: str | None = None
    by: str = ""  # user and machine that submitted it
    state: State = State.PLANNED
    planned: float = 0.0
    sent: float | None = None
    ended: float | None = None
    trigger: str | None = None  # Flink's trigger id of it
    notes: Notes = field(default_factory=dict)  # what was read just before it was sent
    result: Result = field(default_factory=Result)
    reason: str = ""  # why it failed, was lost or refused
    explanation: Explanation | None = None
    """What that means and what to do first, if it is well known."""
    # The fields below are not kept on disk.
    words: str = ""  # what it is doing now
    progress: tuple[int, int] | None = None  # bytes sent and to send, during an upload
    ours: bool = False  # followed by this flinktop; others are only shown
    unreachable: bool = False  # refused because the cluster did not answer

    def without_secrets(self) -> "Operation":
        """A copy fit to be stored, shown and copied; requests are never made from it."""
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
            explanation=self.explanation.without_secrets() if self.explanation is not None else None,
        )

    @property
    def label(self) -> str:
        return self.act.label if self.act is not None else self.kind
