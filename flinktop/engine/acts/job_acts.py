"""Acts on a running job: savepoint, checkpoint, stop, cancel."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from msgspec.structs import replace

from flinktop.engine.acts import history
from flinktop.engine.acts.act import Accepted, Act, ActContext, Handle, Notes, Risk
from flinktop.engine.acts.form import AFTERWARDS, LOSS, Choice, Field, Line
from flinktop.engine.acts.target import Target, TargetJob, found
from flinktop.engine.acts.verdict import Done, Failed, InProgress, Result, Unknown, Verdict, verdict_of
from flinktop.flink import checkpoints, jobs
from flinktop.flink.checkpoints import CHECKPOINTS, Format
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOB, JOBS, JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import redaction, states
from flinktop.model.typed_names import typeable

OLD_CHECKPOINT = 600.0  # age (s) of the last completed checkpoint from which it is a warning
ENDS_WITHIN = 300.0  # seconds that a job may take to end after its final savepoint
CLUSTERS_DIRECTORY = "the cluster's savepoint directory"
DIRECTORY = Field("directory", "directory", placeholder=CLUSTERS_DIRECTORY)
DRAINS = (
    Choice("no", "the job can be resumed later", value=False),
    Choice("yes", "windows and timers fire now", value=True),
)
FORMATS = (
    Choice("default", "as the cluster: canonical"),
    Choice("canonical", "for any state backend", "CANONICAL"),
    Choice("native", "faster, for the same one only", "NATIVE"),
)
FORMAT = Field("form", "format", FORMATS, since=(1, 15))
SAVEPOINT_FIELDS: tuple[Field, ...] = (DIRECTORY, FORMAT)
SUSPEND = "set spec.job.state: suspended"
FULL = (
    Choice("as configured", value=False),
    Choice("full", "the whole state, not an increment", value=True),
)


@dataclass(frozen=True)
class JobAct(Act):
    """An act on a job."""

    loses_since = False  # whether the progress since the last completed checkpoint is lost

    job: str
    name: str = ""  # the job's name at submission

    @property
    def job_id(self) -> str:
        return self.job

    def name_to_type(self, target: Target) -> str:
        """The job's name; its id if the name has no visible characters."""
        name = target.job.name if target.job is not None and target.job.name else self.subject
        return name if typeable(name) else self.job

    def whose_name(self, target: Target) -> str:
        return "the job's id" if self.name_to_type(target) == self.job else "the job's name"

    def details(self, target: Target) -> tuple[Line, ...]:
        """Cluster, job, id, state and the age of the last completed checkpoint."""
        cluster, job = target.cluster_line, target.job
        if job is None:
            # The name is that at submission.
            return cluster, Line("job", self.subject), Line("id", self.job)
        return (
            cluster,
            Line("job", job.name or "(no name)"),
            Line("id", job.id),
            Line("state", job.state or fmt.UNKNOWN),
            _last_good(job, loses_since=self.loses_since),
            *self._managed(target),
        )

    def _managed(self, target: Target) -> tuple[Line, ...]:
        """The line that says what of the Flink Kubernetes operator runs the job."""
        manager = target.manager(self.job)
        warning = ": the operator may undo this" if self.instead else ""
        return (Line("managed by", manager + warning, "warn" if warning else ""),) if manager else ()

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
    """The job's state from GET /jobs, which is not cached; None if it is not listed. Raises FlinkError."""
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
    feature = "web_cancel"
    loses_since = True
    instead = SUSPEND

    def own_reason(self, target: Target) -> str | None:
        # A cancel is the way out when a savepoint hangs: other operations do not prevent it.
        if target.job is not None and not target.job.ended and not target.job_missing:
            return "the job is being cancelled already" if target.job.state == "CANCELLING" else None
        return no_job(target)

    def outcome(self, target: Target) -> tuple[Line, ...]:
        end = "the job ends CANCELED at once; no savepoint is taken"
        return Line(LOSS, _lost(target.job), "bad"), Line(AFTERWARDS, end)

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        await jobs.cancel(context.http, self.job)
        return Accepted()

    async def check(self, context: ActContext, _handle: Handle) -> Verdict:
        state = await state_of(context.http, self.job)
        if state is None:
            return Done(Result(facts=("the cluster no longer lists the job",)))
        return cancelled("the job", state)


def cancelled(what: str, state: str) -> Verdict:
    """The verdict on a cancel, from the current state of the job or application."""
    if state == "CANCELED":
        return Done(Result(job_state=state))
    if states.is_terminal(state):
        return Failed(f"{what} had ended {state} before it was cancelled", Result(job_state=state))
    if state in ("CANCELING", "CANCELLING"):
        return InProgress(f"{what} is {state}")
    return Unknown(f"{what} is {state}: there is no sign that Flink cancels it")


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
    afterwards = "the job keeps running; normal retention applies to the checkpoint"
    form_fields = (Field("full", "type", FULL),)

    full: bool = False  # the full state, even if the job writes incremental checkpoints

    def own_reason(self, target: Target) -> str | None:
        if target.job is not None and target.job.checkpointing is False:
            return "checkpointing is off for this job; a savepoint can be taken"
        return no_snapshot(target)

    def details(self, target: Target) -> tuple[Line, ...]:
        return *super().details(target), Line("type", "full" if self.full else "as configured")

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        kind: Literal["FULL", "CONFIGURED"] = "FULL" if self.full else "CONFIGURED"
        trigger = await checkpoints.trigger_checkpoint(
            context.http, context.features, self.job, kind=kind, trigger=handle.id
        )
        return Accepted(trigger)

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        query = checkpoints.CHECKPOINT_STATUS(job=self.job, trigger=handle.trigger or handle.id)
        status = await found(context.http, query)
        if status is None:
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
    afterwards = "the job keeps running; the savepoint is kept until deleted"
    form_fields = SAVEPOINT_FIELDS

    directory: str | None = None  # target; None is the cluster's default savepoint directory
    form: Format | None = None  # 1.15+; None is the cluster's default, CANONICAL

    def own_reason(self, target: Target) -> str | None:
        has_format = self.form is None or target.features.has(*FORMAT.since)
        return no_snapshot(target) or (None if has_format else target.needs(FORMAT.since, "a format "))

    def details(self, target: Target) -> tuple[Line, ...]:
        return *super().details(target), Line("directory", where_to(self.directory))

    async def prepare(self, context: ActContext) -> Notes:
        return await history.before(context.http, self.job)

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        return await self._trigger(checkpoints.trigger_savepoint, context, handle, cancel=self.ends_job)

    async def _trigger(
        self, send: Callable[..., Awaitable[str]], context: ActContext, handle: Handle, **more: bool
    ) -> Accepted:
        """Send the request; from 1.15 on with our own id."""
        options = {"directory": self.directory, "form": self.form, "trigger": handle.id, **more}
        return Accepted(await send(context.http, context.features, self.job, **options))

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """The outcome, by its trigger or from the history."""
        verdict = await self._by_trigger(context, handle) or await self._by_history(context, handle)
        return await self._with_end(context, handle, verdict) if self.ends_job else verdict

    async def _by_trigger(self, context: ActContext, handle: Handle) -> Verdict | None:
        """The verdict from the trigger's status; None if the server does not know it."""
        # Own ids are accepted from 1.15 on; before, a lost answer leaves no id to query.
        trigger = handle.trigger or (handle.id if context.features.has(1, 15) else None)
        if trigger is None:
            return None
        status = await found(context.http, checkpoints.SAVEPOINT_STATUS(job=self.job, trigger=trigger))
        if status is None:
            return None
        location = status.operation.location if status.operation is not None else None
        return verdict_of(status, replace(handle.result, savepoint=location))

    async def _by_history(self, context: ActContext, handle: Handle) -> Verdict:
        """The verdict from the checkpoint history, for a savepoint whose trigger is unknown."""
        if handle.result.savepoint is not None:
            return Done(handle.result)
        seen = await self._found(context, handle)
        one = seen.one
        if one is None:
            unclear = bool(seen.several) or seen.job_missing or seen.restarted
            return Unknown(_no_record(seen, self.directory), unclear=unclear)
        if one.status == "COMPLETED":
            return Done(replace(handle.result, savepoint=one.external_path, checkpoint=one.id))
        if one.status == "FAILED":
            said = one.failure_message or ""
            return Failed(said or "the savepoint failed; Flink does not say why", exceptions=said)
        return InProgress("in progress, found in the checkpoint history")

    async def _found(self, context: ActContext, handle: Handle) -> history.Found:
        stops = isinstance(self, Stop)
        return await history.search(context.http, self.job, handle, directory=self.directory, stops=stops)

    async def _with_end(self, context: ActContext, handle: Handle, verdict: Verdict) -> Verdict:
        """Extend the verdict on a savepoint with the job's state, as the job was to end too."""
        if not isinstance(verdict, Done | Failed):
            return verdict
        state = await state_of(context.http, self.job)
        result = replace(verdict.result or handle.result, job_state=state)
        if isinstance(verdict, Failed):
            return replace(verdict, result=result)
        if state is None or states.is_terminal(state):
            return Done(result)
        words = f"the savepoint is complete; the job is {state}"
        if state == "CANCELLING":
            return InProgress(words, result)
        return Unknown(words, result, ENDS_WITHIN)

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """Lost; but failed if the savepoint is complete and the job did not end."""
        return Failed(words, result) if result.savepoint is not None else None


class SavepointAndCancel(Savepoint):
    """POST /jobs/:jobid/savepoints with cancel-job: a savepoint, then the job's end."""

    kind = "savepoint-cancel"
    label = "savepoint, then cancel"
    effect = "ends CANCELED, sinks may write twice"
    risk = Risk.CHANGES
    ends_job = True
    feature = "web_cancel"
    instead = SUSPEND
    loss = "what sinks write after the savepoint is written again by a restored job"
    loss_tone = "warn"
    afterwards = "the job ends CANCELED; it can be run again from the savepoint"


@dataclass(frozen=True)
class Stop(Savepoint):
    """POST /jobs/:jobid/stop: the sources end, a savepoint is taken, the job is FINISHED."""

    kind = "stop"
    label = "stop with savepoint"
    effect = "ends FINISHED, can be run again from it"
    risk = Risk.CHANGES
    form_fields = (DIRECTORY, Field("drain", "drain", DRAINS), FORMAT)
    ends_job = True
    feature = "web_cancel"
    instead = SUSPEND

    drain: bool = False  # advance the watermark to its maximum first: all windows and timers fire

    def outcome(self, _target: Target) -> tuple[Line, ...]:
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
        return await self._trigger(checkpoints.stop, context, handle, drain=self.drain)

    async def _by_trigger(self, context: ActContext, handle: Handle) -> Verdict | None:
        """As for a savepoint; a stop that failed may still have completed its savepoint."""
        verdict = await super()._by_trigger(context, handle)
        if isinstance(verdict, Failed):
            one = (await self._found(context, handle)).one
            if one is not None and one.status == "COMPLETED":
                made = replace(handle.result, savepoint=one.external_path, checkpoint=one.id)
                return replace(verdict, result=made)
        return verdict


def _no_record(found: history.Found, directory: str | None) -> str:
    where = f"check {where_to(directory)}"
    if found.several:
        return f"several savepoints were taken meanwhile, one may be this: {', '.join(found.several)}"
    if found.job_missing:
        return f"Flink no longer knows this savepoint or the job; {where}"
    if found.restarted:
        return f"the JobManager has restarted and forgotten this savepoint; {where}"
    return "Flink has no record of this savepoint, and its checkpoint history has none since"


def where_to(directory: str | None) -> str:
    """The target directory of a savepoint, for a sentence."""
    return redaction.text(directory) if directory else CLUSTERS_DIRECTORY
