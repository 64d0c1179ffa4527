"""Base of all acts: texts, risk, how an act is sent and how its outcome is found."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any, Self

from msgspec import Struct, field

from flinktop.engine.acts.form import AFTERWARDS, LOSS, SWITCHED_OFF, Field, Line
from flinktop.engine.acts.target import Target
from flinktop.engine.acts.verdict import Explanation, Failed, Result, Verdict
from flinktop.flink.endpoint import Query
from flinktop.flink.features import Features
from flinktop.flink.http import Http
from flinktop.model import redaction

Notes = dict[str, Any]
"""State read just before an act was sent, as JSON values, to tell new things from old ones afterwards."""


class Risk(StrEnum):
    """The risk of an act."""

    SAFE = "safe"  # removes nothing: a savepoint, a checkpoint, an upload
    CHANGES = "changes"  # changes what the cluster does, and can be reverted
    LOSES = "loses"  # removes state, files or running jobs


class ActContext(Struct, frozen=True):
    """The connections for an act, and the features of the server."""

    http: Http
    transfers: Http  # for uploads, which may take minutes
    features: Features
    progress: Callable[[int, int], None] = lambda _sent, _size: None
    """Called with the bytes sent and the total size of an upload."""


class Handle(Struct, frozen=True):
    """What is known of an act that was sent, to find its outcome."""

    id: str  # the operation's own id: 32 hex digits, sent as triggerId or job id where Flink accepts one
    notes: Mapping[str, Any] = field(default_factory=dict)
    trigger: str | None = None  # the server's id for it; None when its answer was lost
    result: Result = field(default_factory=Result)
    claimed: frozenset[str] = frozenset()  # paths of savepoints that belong to other operations
    accepted: bool = False  # whether the server has confirmed the act


class Accepted(Struct, frozen=True):
    """The server has accepted the act."""

    trigger: str | None = None  # the server's id for it
    result: Result = field(default_factory=Result)


class Request(ABC):
    """A request of the user to a cluster, with the texts shown before it is sent."""

    title: str  # its text in a menu and on its button
    effect: str = ""  # its effect, in a few words
    typed: bool = False  # whether a name must be typed first, on every cluster

    @property
    def job_id(self) -> str | None:
        """The job that it acts on."""
        return None

    def summary(self, _target: Target) -> str:
        """Its effect on this target, in a few words."""
        return self.effect

    def name_to_type(self, target: Target) -> str:
        """The name to type where one is required."""
        return target.cluster

    def whose_name(self, _target: Target) -> str:
        """What `name_to_type` is the name of."""
        return "the cluster's name"

    def must_be_typed(self, target: Target) -> bool:
        """Whether a name must be typed first on this cluster."""
        return self.typed or target.protected

    @abstractmethod
    def why_not(self, target: Target) -> str | None:
        """Why this can't be done now; None when it can."""

    def required_name(self, target: Target) -> str | None:
        """The name that must be typed first on this cluster; None if none."""
        return self.name_to_type(target) if self.must_be_typed(target) else None

    def refusal(self, target: Target, typed: str | None) -> str | None:
        """Why this is refused, considering also the typed name (None: nothing typed); None if it is not."""
        reason, name = self.why_not(target), self.name_to_type(target)
        if reason is None and self.must_be_typed(target) and typed != name:
            return f"the name {name} has to be typed for this"
        return reason

    def unavailable(self, target: Target) -> str | None:
        """Why this can't be done now, whatever is entered; None when it can."""
        return self.why_not(target)

    @abstractmethod
    def consequence(self, target: Target) -> tuple[Line, ...]:
        """The lines of the dialog: target, data loss, afterwards."""

    def explanation(self, target: Target) -> tuple[Line, ...]:
        """The lines that tell what it does."""
        return tuple(line for line in self.consequence(target) if line.label in (LOSS, AFTERWARDS))


class Answer(Struct, frozen=True):
    """The answer to a question; pending while it has neither a value nor a reason."""

    value: Any = None
    reason: str = ""  # why there is none
    explanation: Explanation | None = None
    """What the reason means, if it is well known."""

    @property
    def pending(self) -> bool:
        """Not answered yet."""
        return self.value is None and not self.reason


class Act(Request):
    """A change to a cluster. Subclasses are frozen dataclasses of plain values."""

    kind: str  # its name in the ledger and on the command line
    label: str  # its name in the operations log and in sentences
    risk: Risk
    noun: str  # the kind of its subject, as a label
    loss: str = "none"  # the data loss, if it is always the same
    loss_tone: str = ""
    afterwards: str = ""  # the effect afterwards, likewise
    afterwards_tone: str = ""
    since: tuple[int, int] = (1, 9)  # the first release that has it
    feature: str | None = None  # a feature in `SWITCHED_OFF` that the cluster must have
    form_fields: tuple[Field, ...] = ()  # fields of its form
    patience: float = 60.0
    """Seconds for which the server must answer without a trace of the act before it counts as lost."""
    unknown_is_failed: bool = False
    """Whether it then counts as failed instead of lost."""
    settles: bool = False
    """Whether the server completes the act by itself once accepted, so that other acts may follow."""
    seen_at_once: bool = False
    """Whether the effect is visible as soon as the server has answered, without caches."""
    refused_is_undone: bool = True
    """Whether nothing was done when Flink itself refuses the act with a 4xx."""
    transfer: bool = False  # whether it uploads files: one such act at a time per cluster
    ends_job: bool = False  # whether it takes a savepoint and ends the job
    instead: str = ""
    """Of an act that the Flink Kubernetes operator would undo: what to set in its resource instead."""

    def __init_subclass__(cls) -> None:
        """Set the title from the label, capitalized, unless the class has one."""
        super().__init_subclass__()
        if "label" in vars(cls) and "title" not in vars(cls):
            cls.title = cls.label[:1].upper() + cls.label[1:]

    # -- before ----------------------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The id or path of its subject: its first field."""
        key: str = getattr(self, fields(self)[0].name)  # type: ignore[arg-type]  # a dataclass
        return key

    @property
    def subject(self) -> str:
        """The name of its subject when it was submitted, else its key."""
        return getattr(self, "name", "") or self.key

    def consequence(self, target: Target) -> tuple[Line, ...]:
        return *self.details(target), *self.outcome(target)

    def details(self, target: Target) -> tuple[Line, ...]:
        """The lines about target and options."""
        lines = target.cluster_line, Line(self.noun, self.subject)
        return (*lines, Line("id", self.key)) if hasattr(self, "name") else lines

    def outcome(self, _target: Target) -> tuple[Line, ...]:
        """The lines about data loss and what happens afterwards."""
        return Line(LOSS, self.loss, self.loss_tone), Line(AFTERWARDS, self.afterwards, self.afterwards_tone)

    def why_not(self, target: Target) -> str | None:
        if target.read_only:
            return "this cluster is opened read-only"
        if target.features.history_server:
            return "this is a HistoryServer: its jobs have ended"
        if not target.features.has(*self.since):
            return target.needs(self.since)
        if target.ledger_error is not None:
            return f"every action is recorded in the ledger first, and {target.ledger_error}"
        if self.feature is not None and not getattr(target.features, self.feature):
            return SWITCHED_OFF[self.feature]
        return self.managed_reason(target) or self.own_reason(target)

    def managed_reason(self, target: Target) -> str | None:
        """Why it is refused because the operator manages the job or cluster; None if it is not."""
        if not self.instead or target.allow_managed or not (manager := target.manager(self.job_id)):
            return None
        name = target.job.name if target.job is not None and target.job.name else self.subject
        what = f"job {name}" if self.job_id is not None else "the cluster"
        return (
            f"{what} is managed by {manager}: the operator would undo it; {self.instead} there, "
            "or allow_managed = true in the config"
        )

    def own_reason(self, _target: Target) -> str | None:
        """The reason specific to this act why it can't be done now."""
        return None

    # -- doing -----------------------------------------------------------------------------------------

    async def prepare(self, _context: ActContext) -> Notes:
        """Read what will be needed to find the act's outcome. Raises FlinkError; nothing was sent."""
        return {}

    @abstractmethod
    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        """Send the act, once.

        Raises:
            FlinkError: refused, not sent, or the answer was lost.
            OSError: one of its files can't be read.
        """

    @abstractmethod
    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """The act's progress or outcome; without a trigger, from visible effects. Raises FlinkError."""

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """The verdict after `patience` without a trace of the act; None: it is lost."""
        return Failed(words, result) if self.unknown_is_failed else None

    def touches(self) -> tuple[Query[Any], ...]:
        """The queries whose answers this act changes."""
        return ()

    def without_secrets(self) -> Self:
        """A copy fit to be stored, shown and copied."""
        texts = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]  # a dataclass
        return replace(  # type: ignore[type-var]  # a dataclass
            self, **{name: redaction.text(value) for name, value in texts.items() if isinstance(value, str)}
        )
