"""What every act is made of: its words, its risk, how it is sent and how its outcome is found."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any, Self

from msgspec import Struct, field

from flinktop.engine.acts.form import AFTERWARDS, LOSS, SWITCHED_OFF, Field, Line
from flinktop.engine.acts.target import Target
from flinktop.engine.acts.verdict import Failed, Result, Verdict
from flinktop.flink.endpoint import Query
from flinktop.flink.features import Features
from flinktop.flink.http import Http
from flinktop.model import redaction

Notes = dict[str, Any]
"""What was seen just before an act was sent, as JSON: what came later can be told from what was there."""


class Risk(StrEnum):
    """What an act may cost."""

    SAFE = "safe"  # takes nothing away: a savepoint, a checkpoint, an upload
    CHANGES = "changes"  # the cluster does something else afterwards, and can be brought back
    LOSES = "loses"  # state, files or running jobs are gone afterwards


class ActContext(Struct, frozen=True):
    """Where an act is done: the connections of the cluster for acts, and what its server can do."""

    http: Http
    transfers: Http  # for uploads, which may take minutes
    features: Features
    progress: Callable[[int, int], None] = lambda _sent, _size: None
    """Called with bytes sent and the size of an upload."""


class Handle(Struct, frozen=True):
    """What is known of an act that was sent, by which its outcome is found."""

    id: str  # the operation's own id: 32 hex digits, which servers that take one get as triggerId or job id
    notes: Mapping[str, Any] = field(default_factory=dict)
    trigger: str | None = None  # the server's id of it; None when its answer was lost
    result: Result = field(default_factory=Result)
    claimed: frozenset[str] = frozenset()  # paths of savepoints that belong to other operations
    accepted: bool = False  # the server has answered that it took the act


class Accepted(Struct, frozen=True):
    """The server has taken the act."""

    trigger: str | None = None  # under which it follows the act
    result: Result = field(default_factory=Result)


class Request(ABC):
    """Something that a person asks of a cluster, and what is said of it before it is sent."""

    title: str  # what it is called in a menu and on its button
    effect: str = ""  # what it does, in a few words
    typed: bool = False  # whether a name is typed before it, on every cluster

    @property
    def job_id(self) -> str | None:
        """The job that it is done to."""
        return None

    def summary(self, _target: Target) -> str:
        """What it does to this target, in a few words."""
        return self.effect

    def name_to_type(self, target: Target) -> str:
        """The name that is typed where one is asked for."""
        return target.cluster

    def whose_name(self, _target: Target) -> str:
        """What that is the name of."""
        return "the cluster's name"

    def must_be_typed(self, target: Target) -> bool:
        """Whether a name has to be typed before this on this cluster."""
        return self.typed or target.protected

    @abstractmethod
    def why_not(self, target: Target) -> str | None:
        """Why this can't be done now, in words; None when it can."""

    def required_name(self, target: Target) -> str | None:
        """The name that has to be typed before this on this cluster; None where none has."""
        return self.name_to_type(target) if self.must_be_typed(target) else None

    def refusal(self, target: Target, typed: str | None) -> str | None:
        """Why this is not done now, by what was typed (None: nothing) too; None when it is."""
        reason, name = self.why_not(target), self.name_to_type(target)
        if reason is None and self.must_be_typed(target) and typed != name:
            return f"the name {name} has to be typed for this"
        return reason

    def unavailable(self, target: Target) -> str | None:
        """Why this can't be done now, whatever is filled in; None when it can."""
        return self.why_not(target)

    @abstractmethod
    def consequence(self, target: Target) -> tuple[Line, ...]:
        """What it is done to, what will be lost and what comes after."""

    def explanation(self, target: Target) -> tuple[Line, ...]:
        """What it does, in whole sentences."""
        return tuple(line for line in self.consequence(target) if line.label in (LOSS, AFTERWARDS))


class Answer(Struct, frozen=True):
    """The answer to a question: pending while both are empty."""

    value: Any = None
    reason: str = ""  # why there is none

    @property
    def pending(self) -> bool:
        """Not answered yet."""
        return self.value is None and not self.reason


class Act(Request):
    """Something that is done to a cluster. Subclasses are frozen dataclasses of plain values."""

    kind: str  # its name in the ledger and on the command line
    label: str  # what it is called in the operations log and in sentences
    risk: Risk
    noun: str  # what its subject is, as a label
    loss: str = "none"  # what is lost by it, where that is always the same
    loss_tone: str = ""
    afterwards: str = ""  # what comes afterwards, likewise
    afterwards_tone: str = ""
    since: tuple[int, int] = (1, 9)  # the first release that has it
    feature: str | None = None  # the feature in `SWITCHED_OFF` that the cluster must have
    form_fields: tuple[Field, ...] = ()  # what can be filled in before it is sent
    patience: float = 60.0
    """Seconds for which a server that answers must know nothing of the act before it is called lost."""
    unknown_is_failed: bool = False
    """Whether it has failed, and is not lost, when the server has known nothing of it for so long."""
    settles: bool = False
    """Whether the rest is the server's own affair once it has taken the act: others may follow."""
    seen_at_once: bool = False
    """Whether the server shows what it has done as soon as it has answered: no cache comes between."""
    refused_is_undone: bool = True
    """Whether nothing has happened when Flink itself refuses the act with a 4xx."""
    transfer: bool = False  # whether it sends files: one at a time per cluster
    ends_job: bool = False  # whether it is done when a savepoint is made and its job has ended

    def __init_subclass__(cls) -> None:
        """Most titles are the label, as a sentence begins."""
        super().__init_subclass__()
        if "label" in vars(cls) and "title" not in vars(cls):
            cls.title = cls.label[:1].upper() + cls.label[1:]

    # -- before ----------------------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The id or path of what it is done to: its first field."""
        key: str = getattr(self, fields(self)[0].name)  # type: ignore[arg-type]  # a dataclass
        return key

    @property
    def subject(self) -> str:
        """What it is done to: its name when it was asked for, else its key."""
        return getattr(self, "name", "") or self.key

    def consequence(self, target: Target) -> tuple[Line, ...]:
        return *self.details(target), *self.outcome(target)

    def details(self, target: Target) -> tuple[Line, ...]:
        """What it is done to, and how."""
        lines = target.cluster_line, Line(self.noun, self.subject)
        return (*lines, Line("id", self.key)) if hasattr(self, "name") else lines

    def outcome(self, _target: Target) -> tuple[Line, ...]:
        """What is lost by it on this target, and what comes afterwards."""
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
        return self.own_reason(target)

    def own_reason(self, _target: Target) -> str | None:
        """Why this very act can't be done now."""
        return None

    # -- doing -----------------------------------------------------------------------------------------

    async def prepare(self, _context: ActContext) -> Notes:
        """Look at what will be needed to find the act's outcome. Raises FlinkError; nothing was done."""
        return {}

    @abstractmethod
    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        """Send the act, once.

        Raises:
            FlinkError: refused, not sent, or the answer was lost.
            OSError: a file of it can't be read.
        """

    @abstractmethod
    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """How far the act is; without a trigger, whether there is a sign of it. Raises FlinkError."""

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """What it means when the server has long known nothing of the act; None: it is lost."""
        return Failed(words, result) if self.unknown_is_failed else None

    def touches(self) -> tuple[Query[Any], ...]:
        """The queries whose answers it changes."""
        return ()

    def without_secrets(self) -> Self:
        """The act as it may be written to disk, shown and copied."""
        texts = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]  # a dataclass
        return replace(  # type: ignore[type-var]  # a dataclass
            self, **{name: redaction.text(value) for name, value in texts.items() if isinstance(value, str)}
        )
