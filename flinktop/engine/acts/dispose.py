"""Deleting a savepoint's files."""

from dataclasses import dataclass
from typing import ClassVar

from flinktop.engine.acts.act import (
    GIVEN_IN_PART,
    Accepted,
    Act,
    Done,
    Failed,
    Going,
    Line,
    NoTrace,
    Result,
    Risk,
    Site,
    Trace,
    Verdict,
    where_lines,
)
from flinktop.engine.acts.facts import Facts
from flinktop.flink.checkpoints import disposal_status, dispose_savepoint
from flinktop.flink.errors import NotFound
from flinktop.model import redaction
from flinktop.model.typed_names import typeable


@dataclass(frozen=True)
class Dispose(Act):
    """POST /savepoint-disposal. It takes no id of ours in any release."""

    kind: ClassVar[str] = "dispose"
    label: ClassVar[str] = "delete savepoint"
    risk: ClassVar[Risk] = Risk.LOSES
    typed: ClassVar[bool] = True

    path: str

    @property
    def subject(self) -> str:
        """The savepoint's path."""
        return redaction.text(self.path)

    def name_to_type(self, facts: Facts) -> str:
        """The savepoint's own directory; the whole path where its name shows no letters."""
        del facts
        name = self.path.rstrip("/").rpartition("/")[2]
        return name if typeable(name) else self.path

    def own_reason(self, facts: Facts) -> str | None:
        """It needs a path."""
        del facts
        if redaction.hides(self.path):
            return GIVEN_IN_PART.format(path="the path")
        return None if self.path.strip("/ ") else "the path of the savepoint is missing"

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """Its files are gone for good."""
        return (
            *where_lines(facts),
            Line("savepoint", self.subject),
            Line("data loss", "its files, for good: no job can be restored from it any more", "bad"),
            Line(
                "afterwards",
                "a job that still uses its files (restored in CLAIM or LEGACY mode) may fail",
                "warn",
            ),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it."""
        del trace
        return Accepted(await dispose_savepoint(site.http, self.path))

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether the files are gone; without a trigger nobody can say."""
        unknown = NoTrace(
            "Flink's answer was lost, and without it the deletion can't be checked",
            unclear=True,
        )
        if trace.trigger is None:
            return unknown
        try:
            status = await disposal_status(site.http, trace.trigger)
        except NotFound:
            return NoTrace(
                "Flink has forgotten how the disposal ended: it tells for five minutes after the end, unless "
                "rest.async.store-duration (1.15+) says otherwise",
                unclear=True,
            )
        if not status.done:
            return Going("in progress")
        return Failed(status.failure) if status.failure is not None else Done(Result())
