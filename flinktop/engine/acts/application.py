"""Cancelling an application: all jobs that were submitted together."""

from dataclasses import dataclass
from typing import Any, ClassVar

from flinktop.engine.acts.act import (
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
from flinktop.engine.acts.job_act import CANCELLING_OFF
from flinktop.flink.applications import APPLICATION, APPLICATIONS_OVERVIEW, cancel_application
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import states


@dataclass(frozen=True)
class CancelApplication(Act):
    """POST /applications/:applicationid/cancel."""

    kind: ClassVar[str] = "cancel-application"
    label: ClassVar[str] = "cancel application"
    risk: ClassVar[Risk] = Risk.LOSES
    since: ClassVar[tuple[int, int]] = (2, 3)
    patience: ClassVar[float] = 30.0

    application: str
    name: str = ""
    """Its name when it was asked for."""
    status: str = ""
    """Its status then; "" when that was not known."""

    @property
    def subject(self) -> str:
        """The application's name."""
        return self.name or self.application

    def own_reason(self, facts: Facts) -> str | None:
        """It must live, and cancelling be wanted."""
        if not facts.features.web_cancel:
            return CANCELLING_OFF
        return f"the application has ended ({self.status})" if states.is_terminal(self.status) else None

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """All its jobs are cancelled."""
        return (
            *where_lines(facts),
            Line("application", self.subject),
            Line("id", self.application),
            Line(
                "data loss", "the state of all its jobs since their last checkpoints, unless retained", "bad"
            ),
            Line("afterwards", "its main() is stopped and all its jobs end CANCELED; no savepoint is taken"),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it."""
        del trace
        await cancel_application(site.http, self.application)
        return Accepted()

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether it has ended."""
        del trace
        try:
            status = (await read(site.http, APPLICATION(application=self.application))).value.status
        except NotFound:
            return Done(Result(facts=("the cluster no longer knows the application",)))
        if status == "CANCELED":
            return Done(Result(job_state=status))
        if states.is_terminal(status):
            return Failed(f"it had ended {status} before it was cancelled", Result(job_state=status))
        if status in ("CANCELING", "CANCELLING"):
            return Going(f"the application is {status}")
        return NoTrace(f"the application is {status}: there is no sign that Flink cancels it")

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """An application that runs on has not been cancelled."""
        return Failed(words, result)

    def touches(self) -> tuple[Query[Any], ...]:
        """Applications and jobs."""
        return APPLICATIONS_OVERVIEW(), APPLICATION(application=self.application), JOBS_OVERVIEW()
