"""What the parts of a bundle share: the cluster they ask, the job, the sizes, and what is known so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from msgspec import Struct

from flinktop.bundle.contents import Gap, Made
from flinktop.bundle.entries import Shares, TooLarge, Unwritable
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.errors import FlinkError, NotFound
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.features import Features, features
from flinktop.flink.jobs import JOB
from flinktop.flink.run_in_thread import run_in_thread
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.flink.vertices import FLAMEGRAPH, VERTEX_BACKPRESSURE
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.bundle.asking import Answered, Asking
    from flinktop.bundle.contents import FileKind
    from flinktop.engine.journal.event import Event, KnownJob, Question
    from flinktop.flink.cluster import Config
    from flinktop.flink.endpoint import Endpoint, Query
    from flinktop.flink.exceptions import Fault
    from flinktop.flink.jobs import Job
    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.headless.status_report import Status
    from flinktop.judgement.finding_links import WrittenLink

T = TypeVar("T")

_NOT_ARCHIVED: Final = (FLAMEGRAPH, VERTEX_BACKPRESSURE)
"""What a HistoryServer does not have of a job."""
LARGEST_LOG: Final = 16 * 1024 * 1024
"""Bytes of a log file that is downloaded unless the user says otherwise, as in the log view."""


class ReadsJournal(Protocol):
    """The journal, as far as a bundle needs it; each call blocks."""

    def read(self, question: Question, /) -> tuple[Event, ...]: ...
    def read_jobs(self, cluster: str, /) -> tuple[KnownJob, ...]: ...
    def read_stack(self, number: int, /) -> str: ...


class Subject(Struct, frozen=True, kw_only=True):
    """The job that a bundle is about, and the cluster it runs on."""

    job: str  # its id
    name: str
    cluster: str  # the cluster's name in the config, or its address
    url: str
    links: tuple[WrittenLink, ...] = ()  # those of the config


class Progress(Struct, frozen=True):
    """How far a part is."""

    part: str
    words: str


class Collection:
    """What is collected for one bundle. Used on one loop."""

    def __init__(
        self,
        subject: Subject,
        asking: Asking,
        shares: Shares,
        *,
        largest_log: int = LARGEST_LOG,
        progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        self.subject = subject
        self.asking = asking
        self.shares = shares
        self.largest_log = largest_log
        self.progress = progress
        self.features = Features()
        self.status: Status | None = None  # the verdict, once it is known
        self.events: tuple[Event, ...] = ()  # of the journal
        self.now: float | None = None  # the cluster's time when the job was asked for, ms since 1970
        self.zone = 0.0  # the cluster's offset from UTC (s)

    async def learn_features(self) -> None:
        """Learn the cluster's release and what it supports."""
        config: Config | None = None
        without_overview = False
        try:
            config = (await self.asking.get(CONFIG())).value
            await self.asking.get(OVERVIEW())
        except FlinkError as error:
            without_overview = config is not None and isinstance(error, NotFound)
        self.features = features(config, without_overview)
        self.zone = config.timezone_offset / 1000.0 if config is not None else 0.0

    def lacks(self, endpoint: Endpoint[Any], what: str) -> str:
        """Why this cluster has no `what` (a plural); "" if it should have them."""
        if self.features.history_server and (
            endpoint in _NOT_ARCHIVED or not endpoint.path.startswith("jobs/")
        ):
            return f"this is a HistoryServer: it keeps ended jobs and has no {what}"
        if not self.features.has(*endpoint.since):
            major, minor = endpoint.since
            return f"needs Flink {major}.{minor} or later (this cluster runs {self.features.version})"
        return ""

    async def value(self, query: Query[T]) -> T | None:
        """The answer to a query; None if there is none."""
        try:
            return (await self.asking.get(query)).value
        except FlinkError:
            return None

    async def job(self) -> Job | None:
        return await self.value(JOB(job=self.subject.job))

    async def faults(self) -> tuple[Fault, ...]:
        """The exceptions in Flink's history, newest first."""
        known = await self.value(EXCEPTIONS(job=self.subject.job))
        return known.faults if known is not None else ()

    async def taskmanagers(self) -> tuple[TaskManager, ...] | None:
        """The TaskManagers of the cluster; None if they are not known."""
        if self.features.history_server:
            return None
        known = await self.value(TASKMANAGERS())
        return known.taskmanagers if known is not None else None

    async def answers(self, *queries: Query[Any]) -> tuple[dict[str, Any], tuple[Gap, ...]]:
        """The documents that answer some queries, by their paths, and what could not be had."""
        documents: dict[str, Any] = {}
        gaps: list[Gap] = []
        for query in queries:
            try:
                answered: Answered[Any] = await self.asking.get(query)
            except FlinkError as error:
                gaps.append(Gap(f"/{query.target}", error.reason))
            else:
                documents[f"/{query.target}"] = answered.raw
        return documents, tuple(gaps)

    async def text(self, kind: FileKind, lines: Iterable[str]) -> Made:
        """A text of these lines, which are made beside the loop."""
        return Made(files=(await run_in_thread(lambda: self.shares.text(kind, lines)),))

    async def log(self, kind: FileKind, text: str) -> Made:
        """A log that was cut to its size already."""
        return Made(files=(await run_in_thread(lambda: self.shares.log(kind, text)),))

    async def json(self, kind: FileKind, document: Any) -> Made:
        """A JSON file, or why there is none. The document is changed, beside the loop."""
        try:
            file, note = await run_in_thread(lambda: self.shares.json(kind, document))
        except (TooLarge, Unwritable) as error:
            return Made(gaps=(Gap(kind.name, str(error)),))
        return Made(files=(file,), notes=(note,) if note else ())


def merged(*made: Made) -> Made:
    """Several results as one."""
    return Made(
        files=tuple(file for one in made for file in one.files),
        gaps=tuple(gap for one in made for gap in one.gaps),
        notes=tuple(note for one in made for note in one.notes),
    )


def moment(milliseconds: float | None) -> str:
    """A time (ms since 1970) in UTC; "unknown" without one."""
    if milliseconds is None or milliseconds <= 0:
        return "unknown"
    return f"{fmt.moment(milliseconds / 1000.0, 0.0)} UTC"
