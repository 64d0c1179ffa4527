"""What every act is made of: its words, its risk, how it is sent and how its outcome is found."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any, Self

from msgspec import Struct, field

from flinktop.engine.acts.target import Target
from flinktop.flink.acts import Status
from flinktop.flink.endpoint import Query
from flinktop.flink.features import Features
from flinktop.flink.http import Http
from flinktop.model import redaction
from flinktop.model.typed_names import typeable

Notes = dict[str, Any]
"""What was seen just before an act was sent, as JSON: what came later can be told from what was there."""
GIVEN_IN_PART = (
    f"a part of {{path}} was kept as {redaction.HIDDEN}, as it looked like a secret: give it whole"
)
"""Why an act can't be done again with what was kept of it."""
CANCELLING_OFF = "the cluster's operator has switched cancelling off (web.cancel.enable: false)"
SUBMITTING_OFF = "this cluster takes no jars (web.submit.enable: false, or it runs one application)"
LOSS, AFTERWARDS = "data loss", "afterwards"
"""Labels of the lines of a consequence that say what an act does; the others say what it is done to."""


class Risk(StrEnum):
    """What an act may cost."""

    SAFE = "safe"
    """Takes nothing away: a savepoint, a checkpoint, an upload."""
    CHANGES = "changes"
    """The cluster does something else afterwards, and can be brought back."""
    LOSES = "loses"
    """State, files or running jobs are gone afterwards."""


class Line(Struct, frozen=True):
    """One line of what a dialog says before an act; `tone` is "", "warn" or "bad"."""

    label: str
    text: str
    tone: str = ""


class Choice(Struct, frozen=True):
    """One of the values that a field may have."""

    label: str
    words: str = ""
    """What it means."""
    value: Any = None


class Field(Struct, frozen=True):
    """A field of an act that is filled in before it is sent."""

    name: str
    label: str
    choices: tuple[Choice, ...] = ()
    """Empty: a line of text, where no text is None."""
    placeholder: str = ""
    since: tuple[int, int] = (1, 9)
    """The first release that has it."""

    def value(self, text: str) -> Any:
        """The value of a choice by its label, or of a line of text."""
        return next((one.value for one in self.choices if one.label == text), text or None)


class Result(Struct, frozen=True):
    """What came of an act, as far as is known."""

    savepoint: str | None = None
    """Path of the savepoint that was made."""
    job: str | None = None
    """Id of the job that was started."""
    jar: str | None = None
    """Id of the jar that was uploaded."""
    application: str | None = None
    checkpoint: int | None = None
    """Number of the checkpoint that was made."""
    job_state: str | None = None
    """State of the job afterwards: the second fact of a stop."""
    facts: tuple[str, ...] = ()
    """Anything else, in sentences."""


class Accepted(Struct, frozen=True):
    """The server has taken the act."""

    trigger: str | None = None
    """Under which it follows the act."""
    result: Result = field(default_factory=Result)


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
    patience: float | None = None
    """Seconds for which that may be so, when not the act's own."""
    unclear: bool = False
    """What there is to be seen does not tell whether the act was done."""


Verdict = InProgress | Done | Failed | Unknown


def verdict_of(status: Status, result: Result | None = None) -> Verdict:
    """How far an act is that the server follows; `result` is what it has when it is done."""
    if not status.done:
        return InProgress()
    return Failed(status.failure) if status.failure is not None else Done(result or Result())


class ActContext(Struct, frozen=True):
    """Where an act is done: the connections of the cluster for acts, and what its server can do."""

    http: Http
    transfers: Http
    """For uploads, which may take minutes."""
    features: Features
    progress: Callable[[int, int], None] = lambda _sent, _size: None
    """Called with bytes sent and the size of an upload."""


class Handle(Struct, frozen=True):
    """What is known of an act that was sent, by which its outcome is found."""

    id: str
    """The operation's own id: 32 hex digits, which servers that take one get as triggerId or job id."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    trigger: str | None = None
    """The server's id of it; None when its answer was lost."""
    result: Result = field(default_factory=Result)
    claimed: frozenset[str] = frozenset()
    """Paths of savepoints that belong to other operations."""
    accepted: bool = False
    """The server has answered that it took the act."""


class Request(ABC):
    """Something that a person asks of a cluster, and what is said of it before it is sent."""

    title: str
    """What it is called in a menu and on its button."""
    effect: str = ""
    """What it does, in a few words."""
    typed: bool = False
    """Whether a name is typed before it, on every cluster."""

    @property
    def job_id(self) -> str | None:
        """The job that it is done to."""
        return None

    def summary(self, target: Target) -> str:  # noqa: ARG002 - mostly the same for every target
        """What it does to this target, in a few words."""
        return self.effect

    def name_to_type(self, target: Target) -> str:
        """The name that is typed where one is asked for."""
        return target.cluster

    def whose_name(self, target: Target) -> str:  # noqa: ARG002 - an act on a job asks for the job's
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


class Question(Request):
    """Something that is asked once, and that may take long or act: not for the poller."""

    @abstractmethod
    async def ask(self, context: ActContext) -> Any:
        """The answer.

        Raises:
            FlinkError: there is none.
        """


class Answer(Struct, frozen=True):
    """The answer to a question: pending while both are empty."""

    value: Any = None
    reason: str = ""
    """Why there is none."""

    @property
    def pending(self) -> bool:
        """Not answered yet."""
        return self.value is None and not self.reason


class Act(Request):
    """Something that is done to a cluster. Subclasses are frozen dataclasses of plain values."""

    kind: str
    """Its name in the ledger and on the command line."""
    label: str
    """What it is called in the operations log and in sentences."""
    risk: Risk
    since: tuple[int, int] = (1, 9)
    """The first release that has it."""
    form_fields: tuple[Field, ...] = ()
    """What can be filled in before it is sent."""
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
    transfer: bool = False
    """Whether it sends files: one at a time per cluster."""
    ends_job: bool = False
    """Whether it is done when a savepoint is made and its job has ended."""

    def __init_subclass__(cls) -> None:
        """Most titles are the label, as a sentence begins."""
        super().__init_subclass__()
        if "label" in vars(cls) and "title" not in vars(cls):
            cls.title = cls.label[:1].upper() + cls.label[1:]

    # -- before ----------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def subject(self) -> str:
        """What it is done to, by name."""

    def name_to_type(self, target: Target) -> str:
        """The job's name, else the cluster's.

        A job whose name shows no letters is asked for by its id: nothing would have to be typed.
        """
        if self.job_id is None:
            return target.cluster
        name = target.job.name if target.job is not None and target.job.name else self.subject
        return name if typeable(name) else self.job_id

    def whose_name(self, target: Target) -> str:
        if self.job_id is None:
            return super().whose_name(target)
        return "the job's id" if self.name_to_type(target) == self.job_id else "the job's name"

    def why_not(self, target: Target) -> str | None:
        if target.read_only:
            return "this cluster is opened read-only"
        if target.features.history_server:
            return "this is a HistoryServer: its jobs have ended"
        if not target.features.has(*self.since):
            return needs("", self.since, target)
        if target.ledger_trouble is not None:
            return f"every action is recorded in the ledger first, and {target.ledger_trouble}"
        return self.own_reason(target)

    def own_reason(self, target: Target) -> str | None:  # noqa: ARG002 - nothing is against some acts
        """Why this very act can't be done now."""
        return None

    # -- doing -----------------------------------------------------------------------------------------

    async def prepare(self, context: ActContext) -> Notes:  # noqa: ARG002 - most acts need nothing
        """Look at what will later be needed to find the act's outcome.

        Raises:
            FlinkError: the cluster does not answer; nothing was done.
        """
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
        """How far the act is; without a trigger, whether there is a sign of it.

        Raises:
            FlinkError: the cluster does not answer.
        """

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


def needs(what: str, since: tuple[int, int], target: Target) -> str:
    """That something needs a newer release than the cluster's."""
    first = ".".join(str(part) for part in since)
    return f"{what}needs Flink {first} or later (this cluster runs {target.features.version})"


def cluster_line(target: Target) -> Line:
    """The cluster, as every dialog names it."""
    shown = target.cluster if target.cluster == target.url else f"{target.cluster}   {target.url}"
    return Line("cluster", shown, "warn" if target.protected else "")
