"""What is done to a running job: savepoints, checkpoints, cancelling."""

from dataclasses import dataclass
from typing import Any, Literal

from msgspec.structs import replace

from flinktop.engine.acts import history
from flinktop.engine.acts.act import (
    AFTERWARDS,
    CANCELLING_OFF,
    LOSS,
    Accepted,
    Act,
    ActContext,
    Choice,
    Done,
    Failed,
    Field,
    Handle,
    InProgress,
    Line,
    Notes,
    Result,
    Risk,
    Unknown,
    Verdict,
    cluster_line,
    needs,
    verdict_of,
)
from flinktop.engine.acts.target import Target, TargetJob
from flinktop.flink import acts, checkpoints, jobs
from flinktop.flink.checkpoints import CHECKPOINTS, Format
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOB, JOBS, JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import redaction, states

OLD_CHECKPOINT = 600.0
"""Seconds after which a last completed checkpoint is told with a warning."""
ENDS_WITHIN = 300.0
"""Seconds that a job may take to end after the savepoint that it was to end with."""
CLUSTERS_DIRECTORY = "the cluster's savepoint directory"
DIRECTORY = Field("directory", "directory", placeholder=CLUSTERS_DIRECTORY)
DRAIN = Field(
    "drain",
    "drain",
    (
        Choice("no", "the job can be resumed later", value=False),
        Choice("yes", "windows and timers fire now", value=True),
    ),
)
FORMAT = Field(
    "form",
    "format",
    (
        Choice("default", "as the cluster: canonical"),
        Choice("canonical", "for any state backend", "CANONICAL"),
        Choice("native", "faster, for the same one only", "NATIVE"),
    ),
    since=(1, 15),
)
SAVEPOINT_FIELDS: tuple[Field, ...] = (DIRECTORY, FORMAT)
FULL = Field(
    "full",
    "type",
    (
        Choice("as configured", value=False),
        Choice("full", "the whole state, not an increment", value=True),
    ),
)


@dataclass(frozen=True)
class JobAct(Act):
    """An act on a job."""

    job: str
    name: str = ""
    """The job's name when it was asked for."""

    @property
    def job_id(self) -> str:
        return self.job

    @property
    def subject(self) -> str:
        return self.name or self.job

    def job_lines(self, target: Target, *, loses_since: bool = False) -> tuple[Line, ...]:
        """Cluster, job, id, state and the age of the last completed checkpoint.

        Args:
            target: what is known.
            loses_since: the act throws away what came since that checkpoint.
        """
        cluster, job = cluster_line(target), target.job
        if job is None:
            # It is named as it was when this was asked for.
            return cluster, Line("job", self.subject), Line("id", self.job)
        return (
            cluster,
            Line("job", job.name or "(no name)"),
            Line("id", job.id),
            Line("state", job.state or fmt.UNKNOWN),
            _last_good(job, loses_since=loses_since),
        )

    def touches(self) -> tuple[Query[Any], ...]:
        return JOBS_OVERVIEW(), JOB(job=self.job), CHECKPOINTS(job=self.job)


def _last_good(job: TargetJob, *, loses_since: bool) -> Line:
    what = "last savepoint" if job.last_good_is_savepoint else "last checkpoint"
    if job.last_good is not None:
        old = loses_since and job.last_good > OLD_CHECKPOINT
        return Line(what, f"{fmt.duration(job.last_good)} ago", "warn" if old else "")
    if job.checkpointing is None:
        return Line(what, fmt.UNKNOWN)
    none = "none so far" if job.checkpointing else "none: checkpointing is off for this job"
    return Line(what, none, "bad" if loses_since else "")


def no_job(target: Target) -> str | None:
    """Why there is no live job to act on; None when there is one."""
    if target.job_missing:
        return "the cluster does not know this job any more"
    if target.job is None:
        return "the state of this job is not known yet"
    if target.job.ended:
        return f"the job has ended ({target.job.state})"
    if target.under_way:
        return f"{target.under_way[0]} of this job is in progress"
    return None


def no_snapshot(target: Target) -> str | None:
    """Why no savepoint or checkpoint can be taken of the job; None when one can."""
    reason = no_job(target)
    if reason is not None or target.job is None:
        return reason
    if target.job.state != "RUNNING":
        return f"the job is {target.job.state}: it must be RUNNING"
    if target.job.batch:
        return "a batch job has no state to save"
    waiting, total = target.job.not_running
    return f"{waiting} of {total} subtasks are not running yet" if waiting else None


async def state_of(http: Http, job: str) -> str | None:
    """The job's state by GET /jobs, which no cache delays; None when it is not there.

    Raises:
        FlinkError: the cluster does not answer.
    """
    listed = (await read(http, JOBS())).value.jobs
    return next((one.status for one in listed if one.id == job), None)


class Cancel(JobAct):
    """PATCH /jobs/:jobid: the job ends at once, without a savepoint."""

    kind = "cancel"
    label = "cancel"
    title = "Cancel the job"
    effect = "ends at once, without a savepoint"
    risk = Risk.LOSES
    patience = 30.0
    unknown_is_failed = True
    seen_at_once = True

    def own_reason(self, target: Target) -> str | None:
        if not target.features.web_cancel:
            return CANCELLING_OFF
        # A cancel is what is left when a savepoint hangs: others under way are no reason against it.
        if target.job is not None and not target.job.ended and not target.job_missing:
            return "the job is being cancelled already" if target.job.state == "CANCELLING" else None
        return no_job(target)

    def consequence(self, target: Target) -> tuple[Line, ...]:
        return (
            *self.job_lines(target, loses_since=True),
            Line(LOSS, _lost(target.job), "bad"),
            Line(AFTERWARDS, "the job ends CANCELED at once; no savepoint is taken"),
        )

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        del handle
        await jobs.cancel(context.http, self.job)
        return Accepted()

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        del handle
        state = await state_of(context.http, self.job)
        if state is None:
            return Done(Result(facts=("the cluster no longer lists the job",)))
        if state == "CANCELED":
            return Done(Result(job_state=state))
        if states.is_terminal(state):
            return Failed(f"the job had ended {state} before it was cancelled", Result(job_state=state))
        if state == "CANCELLING":
            return InProgress("the job is CANCELLING")
        return Unknown(f"the job is {state}: there is no sign that Flink cancels it")


def _lost(job: TargetJob | None) -> str:
    if job is not None and job.last_good is None and job.checkpointing is not True:
        return "all of its state: it has no checkpoint"
    if job is not None and job.retained:
        return "what came since the last checkpoint, which is retained"
    if job is not None and job.retained is False:
        return "all state but that of savepoints: its checkpoints are deleted with it"
    return "what came since the last checkpoint, and that too unless it is retained"


@dataclass(frozen=True)
class Checkpoint(JobAct):
    """POST /jobs/:jobid/checkpoints."""

    kind = "checkpoint"
    label = "checkpoint"
    title = "Trigger checkpoint"
    effect = "the job keeps running"
    risk = Risk.SAFE
    since = (1, 17)
    form_fields = (FULL,)

    full: bool = False
    """The whole state, where the job is configured to write increments."""

    def own_reason(self, target: Target) -> str | None:
        if target.job is not None and target.job.checkpointing is False:
            return "checkpointing is off for this job; a savepoint can be taken"
        return no_snapshot(target)

    def consequence(self, target: Target) -> tuple[Line, ...]:
        return (
            *self.job_lines(target),
            Line("type", "full" if self.full else "as configured"),
            Line(LOSS, "none"),
            Line(AFTERWARDS, "the job keeps running; normal retention applies to the checkpoint"),
        )

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        kind: Literal["FULL", "CONFIGURED"] = "FULL" if self.full else "CONFIGURED"
        trigger = await checkpoints.trigger_checkpoint(
            context.http, context.features, self.job, kind=kind, trigger=handle.id
        )
        return Accepted(trigger)

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        try:
            query = checkpoints.CHECKPOINT_STATUS(job=self.job, trigger=handle.trigger or handle.id)
            status = await acts.status(context.http, query)
        except NotFound:
            return Unknown(
                "Flink knows nothing of this checkpoint; in the history it can't be told from periodic ones"
            )
        made = status.operation.checkpoint_id if status.operation is not None else None
        return verdict_of(status, replace(handle.result, checkpoint=made))


@dataclass(frozen=True)
class Savepoint(JobAct):
    """POST /jobs/:jobid/savepoints."""

    kind = "savepoint"
    label = "savepoint"
    title = "Take savepoint"
    effect = "the job keeps running"
    risk = Risk.SAFE
    form_fields = SAVEPOINT_FIELDS

    directory: str | None = None
    """Where to; None is the cluster's own savepoint directory."""
    form: Format | None = None
    """1.15+; None is the cluster's default, CANONICAL."""

    def own_reason(self, target: Target) -> str | None:
        off = CANCELLING_OFF if self.ends_job and not target.features.web_cancel else None
        return off or no_snapshot(target) or self._wrong_format(target)

    def _wrong_format(self, target: Target) -> str | None:
        has_format = self.form is None or target.features.has(*FORMAT.since)
        return None if has_format else needs("a format ", FORMAT.since, target)

    def consequence(self, target: Target) -> tuple[Line, ...]:
        directory = Line("directory", where_to(self.directory))
        return *self.job_lines(target), directory, *self.outcome()

    def outcome(self) -> tuple[Line, ...]:
        """What is lost, and what comes after."""
        return (
            Line(LOSS, "none"),
            Line(AFTERWARDS, "the job keeps running; the savepoint is kept until deleted"),
        )

    async def prepare(self, context: ActContext) -> Notes:
        return await history.before(context.http, self.job)

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        """Ask for it; from 1.15 under our own id."""
        trigger = await checkpoints.trigger_savepoint(
            context.http,
            context.features,
            self.job,
            directory=self.directory,
            cancel=self.ends_job,
            form=self.form,
            trigger=handle.id,
        )
        return Accepted(trigger)

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """Its result, by its trigger or from the history."""
        verdict = await self._by_trigger(context, handle) or await self._by_history(context, handle)
        return await self._with_end(context, handle, verdict) if self.ends_job else verdict

    async def _by_trigger(self, context: ActContext, handle: Handle) -> Verdict | None:
        """What the server says of the trigger; None when it knows of none."""
        # Own ids are taken from 1.15 on; before, a lost answer leaves no id to ask for.
        trigger = handle.trigger or (handle.id if context.features.has(1, 15) else None)
        if trigger is None:
            return None
        try:
            query = checkpoints.SAVEPOINT_STATUS(job=self.job, trigger=trigger)
            status = await acts.status(context.http, query)
        except NotFound:
            return None
        location = status.operation.location if status.operation is not None else None
        return verdict_of(status, replace(handle.result, savepoint=location))

    async def _by_history(self, context: ActContext, handle: Handle) -> Verdict:
        """What the checkpoint history says of a savepoint whose trigger the server does not know."""
        if handle.result.savepoint is not None:
            return Done(handle.result)
        found = await self._found(context, handle)
        one = found.one
        if one is None:
            unclear = bool(found.several) or found.job_gone or found.restarted
            return Unknown(_no_record(found, self.directory), unclear=unclear)
        if one.status == "COMPLETED":
            return Done(replace(handle.result, savepoint=one.external_path, checkpoint=one.id))
        if one.status == "FAILED":
            return Failed(one.failure_message or "the savepoint failed; Flink does not say why")
        return InProgress("in progress, found in the checkpoint history")

    async def _found(self, context: ActContext, handle: Handle) -> history.Found:
        stops = isinstance(self, Stop)
        return await history.look(context.http, self.job, handle, directory=self.directory, stops=stops)

    async def _with_end(self, context: ActContext, handle: Handle, verdict: Verdict) -> Verdict:
        """The verdict on a savepoint that was to end its job: the job's state is the second fact."""
        if not isinstance(verdict, Done | Failed):
            return verdict
        state = await state_of(context.http, self.job)
        result = replace(verdict.result or handle.result, job_state=state)
        if isinstance(verdict, Failed):
            return Failed(verdict.reason, result)
        if state is None or states.is_terminal(state):
            return Done(result)
        words = f"the savepoint is complete; the job is {state}"
        if state == "CANCELLING":
            return InProgress(words, result)
        return Unknown(words, result, ENDS_WITHIN)

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """Lost; but where the savepoint is made, it is only the job that did not do as asked."""
        return Failed(words, result) if result.savepoint is not None else None


class SavepointAndCancel(Savepoint):
    """POST /jobs/:jobid/savepoints with cancel-job: two facts, the savepoint and the job's end."""

    kind = "savepoint-cancel"
    label = "savepoint, then cancel"
    effect = "ends CANCELED, sinks may write twice"
    risk = Risk.CHANGES
    ends_job = True

    def outcome(self) -> tuple[Line, ...]:
        lost = "what sinks write after the savepoint is written again by a restored job"
        return (
            Line(LOSS, lost, "warn"),
            Line(AFTERWARDS, "the job ends CANCELED; it can be run again from the savepoint"),
        )


@dataclass(frozen=True)
class Stop(Savepoint):
    """POST /jobs/:jobid/stop: its sources end, the savepoint is taken, the job is FINISHED."""

    kind = "stop"
    label = "stop with savepoint"
    effect = "ends FINISHED, can be run again from it"
    risk = Risk.CHANGES
    form_fields = (DIRECTORY, DRAIN, FORMAT)
    ends_job = True

    drain: bool = False
    """Send the watermark to its end first: every window and timer fires."""

    def outcome(self) -> tuple[Line, ...]:
        lost = Line(LOSS, "none: the savepoint holds everything read so far")
        if self.drain:
            fired = "open windows and timers fire now: a job restored from it does not continue them"
            lost = Line(LOSS, fired, "warn")
        end = (
            "the job ends FINISHED and can be run again from the savepoint; if the savepoint fails, "
            "the job keeps running"
        )
        return lost, Line(AFTERWARDS, end)

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        trigger = await checkpoints.stop(
            context.http,
            context.features,
            self.job,
            directory=self.directory,
            drain=self.drain,
            form=self.form,
            trigger=handle.id,
        )
        return Accepted(trigger)

    async def _by_trigger(self, context: ActContext, handle: Handle) -> Verdict | None:
        """A stop that failed may have made its savepoint all the same."""
        verdict = await super()._by_trigger(context, handle)
        if isinstance(verdict, Failed):
            found = (await self._found(context, handle)).one
            if found is not None and found.status == "COMPLETED":
                made = replace(handle.result, savepoint=found.external_path, checkpoint=found.id)
                return Failed(verdict.reason, made)
        return verdict


def _no_record(found: history.Found, directory: str | None) -> str:
    where = f"check {where_to(directory)}"
    if found.several:
        return f"several savepoints were taken meanwhile, one may be this: {', '.join(found.several)}"
    if found.job_gone:
        return f"Flink no longer knows this savepoint or the job; {where}"
    if found.restarted:
        return f"the JobManager has restarted and forgotten this savepoint; {where}"
    return "Flink has no record of this savepoint, and its checkpoint history has none since"


def where_to(directory: str | None) -> str:
    """Where a savepoint goes, in words."""
    return redaction.text(directory) if directory else CLUSTERS_DIRECTORY
