"""Acts on a cluster as a whole, its applications, savepoints and datasets."""

from dataclasses import dataclass
from typing import Any

from flinktop.engine.acts.act import Accepted, Act, ActContext, Handle, Risk
from flinktop.engine.acts.form import AFTERWARDS, GIVEN_IN_PART, LOSS, Line
from flinktop.engine.acts.job_acts import SUSPEND, cancelled
from flinktop.engine.acts.target import Target, found
from flinktop.engine.acts.verdict import Done, Failed, Result, Unknown, Verdict, verdict_of
from flinktop.flink import applications, checkpoints, cluster
from flinktop.flink.applications import APPLICATION, APPLICATIONS_OVERVIEW
from flinktop.flink.cluster import CONFIG, DATASET_DELETION, DATASETS
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import ForeignAnswer, TimedOut, Unreachable
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import redaction, states
from flinktop.model.typed_names import typeable

_NOTHING_BEHIND = (502, 503, 504)  # statuses of a proxy whose server is down
UNKNOWN_END = "it is not known whether the cluster accepted it, and it does not answer now"


@dataclass(frozen=True)
class Dispose(Act):
    """POST /savepoint-disposal: deletes a savepoint's files. No release accepts an id of ours."""

    kind = "dispose"
    label = "delete savepoint"
    effect = "its files are gone for good"
    risk = Risk.LOSES
    typed = True
    noun = "savepoint"
    loss = "its files, for good: no job can be restored from it any more"
    loss_tone = "bad"
    afterwards = "a job that still uses its files (restored in CLAIM or LEGACY mode) may fail"
    afterwards_tone = "warn"

    path: str

    @property
    def subject(self) -> str:
        return redaction.text(self.path)

    def name_to_type(self, _target: Target) -> str:
        """The name of the savepoint's directory; the whole path if the name has no visible characters."""
        name = self.path.rstrip("/").rpartition("/")[2]
        return name if typeable(name) else self.path

    def whose_name(self, _target: Target) -> str:
        return "the savepoint's name"

    def own_reason(self, _target: Target) -> str | None:
        if redaction.hides(self.path):
            return GIVEN_IN_PART.format(path="the path")
        return None if self.path.strip("/ ") else "the path of the savepoint is missing"

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        return Accepted(await checkpoints.dispose_savepoint(context.http, self.path))

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """Whether the files are deleted; unknown without a trigger."""
        if handle.trigger is None:
            lost = "Flink's answer was lost, and without it the deletion can't be checked"
            return Unknown(lost, unclear=True)
        status = await found(context.http, checkpoints.DISPOSAL_STATUS(trigger=handle.trigger))
        if status is not None:
            return verdict_of(status)
        return Unknown(
            "Flink has forgotten how the disposal ended: it tells for five minutes after the end, unless "
            "rest.async.store-duration (1.15+) says otherwise",
            unclear=True,
        )


@dataclass(frozen=True)
class DeleteDataset(Act):
    """DELETE /datasets/:datasetid: data shared by batch programs. No release accepts an id of ours."""

    kind = "delete-dataset"
    label = "delete dataset"
    effect = "programs compute it anew"
    risk = Risk.LOSES
    since = (1, 11)
    patience = 20.0
    unknown_is_failed = True
    noun = "dataset"
    loss = "what the TaskManagers keep of it"
    loss_tone = "warn"
    afterwards = "a program that uses it fails, or computes it anew"

    dataset: str

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        return Accepted(await cluster.delete_dataset(context.http, self.dataset))

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """How the deletion ended, by its trigger; without one, whether the dataset is no longer listed."""
        if handle.trigger is not None:
            status = await found(context.http, DATASET_DELETION(trigger=handle.trigger))
            if status is not None:
                return verdict_of(status)
        if any(one.id == self.dataset for one in (await read(context.http, DATASETS())).value.data_sets):
            return Unknown("the dataset is still on the cluster")
        return Done()

    def touches(self) -> tuple[Query[Any], ...]:
        return (DATASETS(),)


@dataclass(frozen=True)
class CancelApplication(Act):
    """POST /applications/:applicationid/cancel: cancels all jobs that were submitted together."""

    kind = "cancel-application"
    label = "cancel application"
    effect = "all its jobs end, without savepoints"
    risk = Risk.LOSES
    since = (2, 3)
    patience = 30.0
    unknown_is_failed = True
    feature = "web_cancel"
    instead = SUSPEND
    noun = "application"
    loss = "the state of all its jobs since their last checkpoints, unless retained"
    loss_tone = "bad"
    afterwards = "its main() is stopped and all its jobs end CANCELED; no savepoint is taken"

    application: str
    name: str = ""  # its name at submission
    status: str = ""  # its status then; "" if unknown

    def managed_reason(self, target: Target) -> str | None:
        # On a session cluster without FlinkSessionJobs the operator runs no job.
        known = target.kubernetes
        runs = known is not None and (known.session_jobs or known.manager_of("") is not None)
        return super().managed_reason(target) if runs else None

    def own_reason(self, _target: Target) -> str | None:
        return f"the application has ended ({self.status})" if states.is_terminal(self.status) else None

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        await applications.cancel_application(context.http, self.application)
        return Accepted()

    async def check(self, context: ActContext, _handle: Handle) -> Verdict:
        answer = await found(context.http, APPLICATION(application=self.application))
        if answer is None:
            return Done(Result(facts=("the cluster no longer knows the application",)))
        return cancelled("the application", answer.status)

    def touches(self) -> tuple[Query[Any], ...]:
        return APPLICATIONS_OVERVIEW(), APPLICATION(application=self.application), JOBS_OVERVIEW()


@dataclass(frozen=True)
class Shutdown(Act):
    """DELETE /cluster."""

    kind = "shutdown"
    label = "shut the cluster down"
    effect = "all jobs end, without savepoints"
    risk = Risk.LOSES
    typed = True
    instead = "delete it"

    cluster: str  # the cluster's name at submission

    def details(self, target: Target) -> tuple[Line, ...]:
        return (target.cluster_line,)

    def outcome(self, target: Target) -> tuple[Line, ...]:
        jobs = "all jobs" if target.running is None else f"all jobs: {target.running} have not ended"
        end = "the JobManager and its TaskManagers end; only whoever deployed it can start it again"
        return Line(LOSS, f"{jobs}; no savepoint is taken", "bad"), Line(AFTERWARDS, end)

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        await cluster.shutdown(context.http)
        return Accepted()

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """Done when the cluster has accepted it and no longer answers."""
        try:
            await read(context.http, CONFIG())
        except TimedOut:
            raise
        except (Unreachable, ForeignAnswer) as error:
            if isinstance(error, ForeignAnswer) and error.status not in _NOTHING_BEHIND:
                raise
            if handle.accepted:
                return Done(Result(facts=(f"the cluster does not answer any more: {error.detail}",)))
            # Perhaps only the connection is lost.
            return Unknown(f"{UNKNOWN_END}: {error.detail}", unclear=True)
        return Unknown("the cluster still answers")

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """Failed if the cluster still answers; lost if it does not."""
        return None if words.startswith(UNKNOWN_END) else Failed(words, result)
