"""Events of the journal as rows: their marks and words, and whether Flink still has what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.journal.event import EventKind
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.judgement.finding import Severity
from flinktop.model import checkpoints, states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.journal.event import Event
    from flinktop.engine.seen_checkpoints import SeenCheckpoint
    from flinktop.facts.known import Known

OF_CHECKPOINTS: Final = frozenset(
    {EventKind.CHECKPOINT_FAILED, EventKind.CHECKPOINT_SLOW, EventKind.SAVEPOINT}
)
OF_TASKMANAGERS: Final = frozenset({EventKind.TASKMANAGER_CAME, EventKind.TASKMANAGER_GONE})
OF_FINDINGS: Final = frozenset({EventKind.RAISED, EventKind.CLEARED, EventKind.ESCALATED})


class Look(Struct, frozen=True):
    """How a kind of event looks: one word or two, and the tone whose shape stands before them."""

    word: str
    tone: str
    mark: str = ""  # a shape of its own

    @property
    def text(self) -> str:
        return f"{self.mark or states.mark('', self.tone)} {self.word}"


LOOKS: Final[Mapping[EventKind, Look]] = {
    EventKind.JOB_STARTED: Look("started", "good"),
    EventKind.JOB_STATE: Look("state", "info"),
    EventKind.JOB_ENDED: Look("ended", "muted"),
    EventKind.JOB_GONE: Look("job gone", "muted"),
    EventKind.JOB_CHANGED: Look("changed", "info", "◆"),
    EventKind.RESTARTED: Look("restarted", "warn"),
    EventKind.FAILURE: Look("failure", "bad"),
    EventKind.RESCALED: Look("rescaled", "info", "◆"),
    EventKind.CHECKPOINT_FAILED: Look("checkpoint", "bad"),
    EventKind.CHECKPOINT_SLOW: Look("checkpoint", "warn"),
    EventKind.SAVEPOINT: Look("savepoint", "good"),
    EventKind.OPERATION: Look("operation", "info", "⟳"),
    EventKind.CLUSTER_LOST: Look("lost", "bad"),
    EventKind.CLUSTER_BACK: Look("back", "good"),
    EventKind.TASKMANAGER_CAME: Look("TM added", "good"),
    EventKind.TASKMANAGER_GONE: Look("TM gone", "warn"),
    EventKind.RAISED: Look("raised", "warn"),
    EventKind.CLEARED: Look("cleared", "muted"),
    EventKind.ESCALATED: Look("escalated", "bad"),
    EventKind.GAP: Look("gap", "warn", "…"),
    EventKind.SUMMARY: Look("more", "muted", "…"),
}
_BY_SEVERITY: Final = frozenset(
    {EventKind.JOB_STATE, EventKind.JOB_ENDED, EventKind.RAISED, EventKind.ESCALATED, EventKind.SAVEPOINT}
)
"""Kinds whose mark and colour are those of their severity, where they have one."""
_TONES: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "bad",
    Severity.UNKNOWN: "warn",
    Severity.WARNING: "warn",
    Severity.INFO: "info",
}


def look(event: Event) -> Look:
    """The mark, the word and the tone of an event."""
    found = LOOKS[event.kind]
    tone = _TONES.get(event.severity, "") if event.kind in _BY_SEVERITY else ""
    return Look(found.word, tone) if tone else found


def newest(event: Event) -> float:
    """When it happened, of several the last time (ms since 1970)."""
    return max(event.at, event.last)


class Held:
    """What Flink still has, as of the newest answers."""

    def __init__(self, known: Known) -> None:
        self._known = known
        jobs, taskmanagers = known.value(JOBS_OVERVIEW()), known.value(TASKMANAGERS())
        self.jobs: frozenset[str] | None = frozenset(one.jid for one in jobs.jobs) if jobs else None
        """None before the first answer, as the next."""
        self.taskmanagers: frozenset[str] | None = (
            frozenset(one.id for one in taskmanagers.taskmanagers) if taskmanagers else None
        )

    def lacks(self, event: Event) -> bool:
        """Whether Flink has had what an event is about, and no longer has it; False while that is unknown."""
        if event.kind in OF_TASKMANAGERS:
            known = self.taskmanagers
            return bool(event.taskmanager) and known is not None and event.taskmanager not in known
        if not event.job:
            return False
        if self.jobs is not None and event.job not in self.jobs:
            return True
        if event.kind is EventKind.FAILURE:
            return self._lacks_failure(event)
        if event.kind in OF_CHECKPOINTS and event.checkpoint is not None:
            seen = checkpoint_seen(self._known, event)
            return (
                seen.dropped
                if seen is not None
                else self._known.value(CHECKPOINTS(job=event.job)) is not None
            )
        return False

    def _lacks_failure(self, event: Event) -> bool:
        answer = self._known.value(EXCEPTIONS(job=event.job))
        if answer is None or answer.truncated:
            return False
        return not any(one.timestamp in (event.at, event.last) for one in answer.faults)


def checkpoint_seen(known: Known, event: Event) -> SeenCheckpoint | None:
    """The checkpoint of an event, of repeats the newest, that this flinktop has seen itself; else None."""
    seen = known.checkpoints(event.job)
    newest_first = (one for one in seen if checkpoints.ended_at(one.checkpoint) == event.last)
    by_number = (one for one in seen if one.checkpoint.id == event.checkpoint)
    return next(newest_first, None) or next(by_number, None)


def fault_seen(known: Known, event: Event) -> tuple[str, int] | None:
    """The group and the time (ms since 1970) of a failure that this flinktop has seen itself; else None."""
    for group in known.faults(event.job):
        for fault in group.kept:
            if fault.timestamp in (event.last, event.at):
                return group.key, fault.timestamp
    return None


class EventFilter:
    """A filter text: each word is in the event; kind:, job: and finding: search that alone."""

    def __init__(self, text: str) -> None:
        self._words = tuple(_word(one) for one in text.casefold().split())

    def matches(self, event: Event, shown: str) -> bool:
        """Whether an event passes; `shown` is what is shown of it, in lower case."""
        return all(_matches(event, shown, field, word) for field, word in self._words)

    @property
    def kinds(self) -> tuple[EventKind, ...]:
        """The kinds that may pass; () for all."""
        wanted = [word for field, word in self._words if field == "kind"]
        found = tuple(kind for kind in EventKind if all(_is_kind(kind, word) for word in wanted))
        return found if wanted else ()

    @property
    def nothing(self) -> bool:
        """Whether no event can pass: there is no such kind."""
        return not self.kinds and any(field == "kind" for field, _ in self._words)

    @property
    def text(self) -> str:
        """A text that words, names or details of each event that passes contain; "" for none."""
        words = [word for field, word in self._words if not field and not _is_of_a_kind(word)]
        return max(words, key=len, default="")


_FIELDS: Final = ("kind", "job", "finding")


def _word(text: str) -> tuple[str, str]:
    field, colon, word = text.partition(":")
    return (field, word) if colon and field in _FIELDS else ("", text)


def _matches(event: Event, shown: str, field: str, word: str) -> bool:
    if field == "kind":
        return _is_kind(event.kind, word)
    if field == "job":
        return word in event.job_name.casefold() or (bool(event.job) and word in event.job)
    if field == "finding":
        return word in event.finding
    return word in shown


def _is_kind(kind: EventKind, word: str) -> bool:
    return word in kind or word in LOOKS[kind].word.casefold()


def _is_of_a_kind(word: str) -> bool:
    """Whether a word may be found in the column of the kind alone."""
    return any(_is_kind(kind, word) for kind in EventKind)
