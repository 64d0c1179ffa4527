"""What every act is made of: its risk, what it says beforehand, how it is sent and how it is asked after."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, ClassVar, Self

from flinktop.engine.acts.facts import Facts
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


class Risk(StrEnum):
    """What an act may cost."""

    SAFE = "safe"
    """Takes nothing away: a savepoint, a checkpoint, an upload."""
    CHANGES = "changes"
    """The cluster does something else afterwards, and can be brought back."""
    LOSES = "loses"
    """State, files or running jobs are gone afterwards."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what a dialog says before an act; `tone` is "", "warn" or "bad"."""

    label: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Result:
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


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server has taken the act."""

    trigger: str | None = None
    """Under which it follows the act."""
    result: Result = field(default_factory=Result)


@dataclass(frozen=True, slots=True)
class Going:
    """The act is under way; what is known by now is kept."""

    words: str = ""
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The act has done what it was to do."""

    result: Result = field(default_factory=Result)


@dataclass(frozen=True, slots=True)
class Failed:
    """The act has not done what it was to do; what it has done all the same is in the result."""

    reason: str
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class NoTrace:
    """The server answers, and knows nothing of the act: not yet, not any more, or it never came there."""

    words: str
    result: Result | None = None
    patience: float | None = None
    """Seconds for which that may be so, when not the act's own."""
    unclear: bool = False
    """What there is to be seen does not tell whether the act was done."""


Verdict = Going | Done | Failed | NoTrace


@dataclass(frozen=True, slots=True)
class Site:
    """Where an act is done: the cluster's lane for acts, and what is known of its server."""

    http: Http
    transfers: Http
    """For uploads, which may take minutes."""
    features: Features
    progress: Callable[[int, int], None] = lambda _sent, _size: None
    """Called with bytes sent and the size of an upload."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What an act left behind, from which it is asked after."""

    id: str
    """The operation's own id: 32 hex digits, which servers that take one get as triggerId or job id."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    trigger: str | None = None
    """The server's id of it; None when its answer was lost."""
    result: Result = field(default_factory=Result)
    claimed: frozenset[str] = frozenset()
    """Paths of savepoints that belong to other operations."""
    taken: bool = False
    """The server has answered that it took the act."""


class Act(ABC):
    """Something that is done to a cluster. Subclasses are frozen dataclasses of plain values."""

    kind: ClassVar[str]
    """Its name in the ledger and on the command line."""
    label: ClassVar[str]
    """What it is called on the screen."""
    risk: ClassVar[Risk]
    since: ClassVar[tuple[int, int]] = (1, 9)
    """The first release that has it."""
    typed: ClassVar[bool] = False
    """Whether a name is typed before it, on every cluster."""
    patience: ClassVar[float] = 60.0
    """Seconds for which a server that answers must know nothing of the act before it is called lost."""
    settles: ClassVar[bool] = False
    """Whether the rest is the server's own affair once it has taken the act: others may follow."""
    seen_at_once: ClassVar[bool] = False
    """Whether the server shows what it has done as soon as it has answered: no cache comes between."""
    refused_is_undone: ClassVar[bool] = True
    """Whether nothing has happened when Flink itself refuses the act with a 4xx."""
    transfer: ClassVar[bool] = False
    """Whether it sends files: one at a time per cluster."""

    # -- before ----------------------------------------------------------------------------------------

    @property
    def job_id(self) -> str | None:
        """The job that it is done to."""
        return None

    @property
    @abstractmethod
    def subject(self) -> str:
        """What it is done to, by name."""

    def name_to_type(self, facts: Facts) -> str:
        """The name that is typed where one is asked for: the job's, else the cluster's.

        A job whose name shows no letters is asked for by its id: nothing would have to be typed.
        """
        if self.job_id is None:
            return facts.cluster
        name = facts.job.name if facts.job is not None and facts.job.name else self.subject
        return name if typeable(name) else self.job_id

    def must_be_typed(self, facts: Facts) -> bool:
        """Whether a name has to be typed before this act on this cluster."""
        return self.typed or facts.protected

    def why_not(self, facts: Facts) -> str | None:
        """Why this can't be done now, in words; None when it can."""
        if facts.read_only:
            return "this cluster is opened read-only"
        if facts.features.history_server:
            return "this is a HistoryServer: its jobs have ended"
        if not facts.features.has(*self.since):
            first = ".".join(str(part) for part in self.since)
            return f"needs Flink {first} or later (this cluster runs {facts.features.version})"
        if facts.ledger_trouble is not None:
            return f"every action is recorded in the ledger first, and {facts.ledger_trouble}"
        return self.own_reason(facts)

    @abstractmethod
    def own_reason(self, facts: Facts) -> str | None:
        """Why this very act can't be done now."""

    @abstractmethod
    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """What it is done to, what will be lost and what comes after."""

    # -- doing -----------------------------------------------------------------------------------------

    async def prepare(self, site: Site) -> Notes:  # noqa: ARG002 - most acts need nothing
        """Look at what will later be needed to ask after the act.

        Raises:
            FlinkError: the cluster does not answer; nothing was done.
        """
        return {}

    @abstractmethod
    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Send the act, once.

        Raises:
            FlinkError: refused, not sent, or the answer was lost.
            OSError: a file of it can't be read.
        """

    @abstractmethod
    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Ask how far the act is; without a trigger, whether there is a sign of it.

        Raises:
            FlinkError: the cluster does not answer.
        """

    def given_up(self, words: str, result: Result) -> Verdict | None:  # noqa: ARG002 - most acts are lost then
        """What it means when the server has long known nothing of the act; None: it is lost."""
        return None

    def touches(self) -> tuple[Query[Any], ...]:
        """The queries whose answers it changes."""
        return ()

    def without_secrets(self) -> Self:
        """The act as it may be written to disk, shown and copied."""
        texts = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]  # a dataclass
        return replace(  # type: ignore[type-var]  # a dataclass
            self, **{name: redaction.text(value) for name, value in texts.items() if isinstance(value, str)}
        )


def with_result(result: Result, **changes: Any) -> Result:
    """A result with more in it."""
    return replace(result, **changes)


def where_lines(facts: Facts) -> tuple[Line, ...]:
    """The cluster, as every dialog names it."""
    shown = facts.cluster if facts.cluster == facts.url else f"{facts.cluster}   {facts.url}"
    return (Line("cluster", shown, "warn" if facts.protected else ""),)
