"""Taking a savepoint, with or without cancelling the job afterwards."""

from dataclasses import dataclass
from typing import Any, ClassVar

from flinktop.engine.acts import history
from flinktop.engine.acts.act import (
    Accepted,
    Act,
    Done,
    Failed,
    Going,
    Line,
    Notes,
    NoTrace,
    Result,
    Risk,
    Site,
    Trace,
    Verdict,
    with_result,
)
from flinktop.engine.acts.facts import Facts
from flinktop.engine.acts.job_act import CANCELLING_OFF, job_lines, job_queries, no_snapshot, state_of
from flinktop.flink.checkpoints import Format, savepoint_status, trigger_savepoint
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.model import redaction, states

ENDS_WITHIN = 300.0
"""Seconds that a job may take to end after the savepoint that it was to end with."""


@dataclass(frozen=True)
class Savepoint(Act):
    """POST /jobs/:jobid/savepoints."""

    kind: ClassVar[str] = "savepoint"
    label: ClassVar[str] = "savepoint"
    risk: ClassVar[Risk] = Risk.SAFE

    job: str
    name: str = ""
    """The job's name when it was asked for."""
    directory: str | None = None
    """Where to; None is the cluster's own savepoint directory."""
    form: Format | None = None
    """1.15+; None is the cluster's default, CANONICAL."""

    @property
    def job_id(self) -> str:
        """The job."""
        return self.job

    @property
    def subject(self) -> str:
        """The job's name."""
        return self.name or self.job

    def own_reason(self, facts: Facts) -> str | None:
        """The job must run."""
        return no_snapshot(facts) or wrong_form(self.form, facts)

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """Nothing is lost."""
        return (
            *job_lines(facts, loses_since=False),
            Line("directory", where_to(self.directory)),
            Line("data loss", "none"),
            Line("afterwards", "the job keeps running; the savepoint is kept until deleted"),
        )

    async def prepare(self, site: Site) -> Notes:
        """Note which savepoints there are."""
        return await history.before(site.http, self.job)

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it; from 1.15 under our own id."""
        trigger = await trigger_savepoint(
            site.http, site.features, self.job, directory=self.directory, form=self.form, trigger=trace.id
        )
        return Accepted(trigger)

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Its result, by its trigger or from the history."""
        told = await told_by_trigger(site, self.job, trace)
        return told or await told_by_history(site, self.job, trace, self.directory, stops=False)

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """Lost; but where the savepoint is made, it is only the job that did not do as asked."""
        return Failed(words, result) if result.savepoint is not None else None

    def touches(self) -> tuple[Query[Any], ...]:
        """The job and its checkpoints."""
        return job_queries(self.job)


@dataclass(frozen=True)
class SavepointAndCancel(Savepoint):
    """POST /jobs/:jobid/savepoints with cancel-job: two facts, the savepoint and the job's end."""

    kind: ClassVar[str] = "savepoint-cancel"
    label: ClassVar[str] = "savepoint, then cancel"
    risk: ClassVar[Risk] = Risk.CHANGES

    def own_reason(self, facts: Facts) -> str | None:
        """As for a savepoint; and cancelling must be wanted."""
        return (None if facts.features.web_cancel else CANCELLING_OFF) or super().own_reason(facts)

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """What comes between the savepoint and the cancelling is worked on twice."""
        return (
            *job_lines(facts, loses_since=False),
            Line("directory", where_to(self.directory)),
            Line(
                "data loss", "what sinks write after the savepoint is written again by a restored job", "warn"
            ),
            Line("afterwards", "the job ends CANCELED; it can be run again from the savepoint"),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it; from 1.15 under our own id."""
        trigger = await trigger_savepoint(
            site.http,
            site.features,
            self.job,
            directory=self.directory,
            cancel=True,
            form=self.form,
            trigger=trace.id,
        )
        return Accepted(trigger)

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """The savepoint first, then the job's state."""
        return await with_the_end(self, site, trace, await super().check(site, trace))


async def with_the_end(act: Savepoint, site: Site, trace: Trace, told: Verdict) -> Verdict:
    """The verdict on a savepoint that was to end its job: the job's state is the second fact."""
    if not isinstance(told, Done | Failed):
        return told
    state = await state_of(site.http, act.job)
    result = with_result(told.result or trace.result, job_state=state)
    if isinstance(told, Failed):
        return Failed(told.reason, result)
    if state is None or states.is_terminal(state):
        return Done(result)
    words = f"the savepoint is complete; the job is {state}"
    if state == "CANCELLING":
        return Going(words, result)
    return NoTrace(words, result, ENDS_WITHIN)


async def told_by_trigger(site: Site, job: str, trace: Trace) -> Verdict | None:
    """What the server says of the trigger; None when it knows of none.

    Raises:
        FlinkError: the cluster does not answer.
    """
    # Own ids are taken from 1.15 on; before, a lost answer leaves no id to ask for.
    trigger = trace.trigger or (trace.id if site.features.has(1, 15) else None)
    if trigger is None:
        return None
    try:
        status = await savepoint_status(site.http, job, trigger)
    except NotFound:
        return None
    if not status.done:
        return Going("in progress")
    if status.failure is not None:
        return Failed(status.failure)
    location = status.operation.location if status.operation is not None else None
    return Done(with_result(trace.result, savepoint=location))


async def told_by_history(
    site: Site, job: str, trace: Trace, directory: str | None, *, stops: bool
) -> Verdict:
    """What the checkpoint history says of a savepoint whose trigger the server does not know.

    Raises:
        FlinkError: the cluster does not answer.
    """
    if trace.result.savepoint is not None:
        return Done(trace.result)
    found = await history.look(site.http, job, trace, directory=directory, stops=stops)
    one = found.one
    if one is None:
        unclear = bool(found.several) or found.job_gone or found.restarted
        return NoTrace(_no_trace(found, directory), unclear=unclear)
    if one.status == "COMPLETED":
        return Done(with_result(trace.result, savepoint=one.external_path, checkpoint=one.id))
    if one.status == "FAILED":
        return Failed(one.failure_message or "the savepoint failed; Flink does not say why")
    return Going("in progress, found in the checkpoint history")


def _no_trace(found: history.Found, directory: str | None) -> str:
    where = f"check {where_to(directory)}" if directory else "check the cluster's savepoint directory"
    if found.several:
        return f"several savepoints were taken meanwhile, one may be this: {', '.join(found.several)}"
    if found.job_gone:
        return f"Flink no longer knows this savepoint or the job; {where}"
    if found.restarted:
        return f"the JobManager has restarted and forgotten this savepoint; {where}"
    return "Flink has no record of this savepoint, and its checkpoint history has none since"


def wrong_form(form: Format | None, facts: Facts) -> str | None:
    """Why a format can't be asked for."""
    if form is not None and not facts.features.has(1, 15):
        return f"a format needs Flink 1.15 or later (this cluster runs {facts.features.version})"
    return None


def where_to(directory: str | None) -> str:
    """Where a savepoint goes, in words."""
    return redaction.text(directory) if directory else "the cluster's savepoint directory"
