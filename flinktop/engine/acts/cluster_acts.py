"""What is done to a cluster as a whole, its applications, and the savepoints and datasets of jobs."""

from dataclasses import dataclass
from typing import Any

from flinktop.engine.acts.act import (
    AFTERWARDS,
    CANCELLING_OFF,
    GIVEN_IN_PART,
    LOSS,
    Accepted,
    Act,
    ActContext,
    Done,
    Failed,
    Handle,
    InProgress,
    Line,
    Result,
    Risk,
    Unknown,
    Verdict,
    cluster_line,
    verdict_of,
)
from flinktop.engine.acts.target import Target
from flinktop.flink import acts, applications, checkpoints, cluster
from flinktop.flink.applications import APPLICATION, APPLICATIONS_OVERVIEW
from flinktop.flink.cluster import CONFIG, DATASET_DELETION, DATASETS
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import ForeignAnswer, NotFound, TimedOut, Unreachable
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import redaction, states
from flinktop.model.typed_names import typeable

_NOTHING_BEHIND = (502, 503, 504)
"""Statuses of a proxy whose server is gone."""
UNKNOWN_END = "it is not known whether the cluster accepted it, and it does not answer now"


@dataclass(frozen=True)
class Dispose(Act):
    """POST /savepoint-disposal: deletes a savepoint's files. It takes no id of ours in any release."""

    kind = "dispose"
    label = "delete savepoint"
    effect = "its files are gone for good"
    risk = Risk.LOSES
    typed = True

    path: str

    @property
    def subject(self) -> str:
        return redaction.text(self.path)

    def name_to_type(self, target: Target) -> str:
        """The savepoint's own directory; the whole path where its name shows no letters."""
        del target
        name = self.path.rstrip("/").rpartition("/")[2]
        return name if typeable(name) else self.path

    def whose_name(self, target: Target) -> str:
        del target
        return "the savepoint's name"

    def own_reason(self, target: Target) -> str | None:
        del target
        if redaction.hides(self.path):
            return GIVEN_IN_PART.format(path="the path")
        return None if self.path.strip("/ ") else "the path of the savepoint is missing"

    def consequence(self, target: Target) -> tuple[Line, ...]:
        uses = "a job that still uses its files (restored in CLAIM or LEGACY mode) may fail"
        return (
            cluster_line(target),
            Line("savepoint", self.subject),
            Line(LOSS, "its files, for good: no job can be restored from it any more", "bad"),
            Line(AFTERWARDS, uses, "warn"),
        )

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        del handle
        return Accepted(await checkpoints.dispose_savepoint(context.http, self.path))

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """Whether the files are gone; without a trigger nobody can say."""
        if handle.trigger is None:
            lost = "Flink's answer was lost, and without it the deletion can't be checked"
            return Unknown(lost, unclear=True)
        try:
            query = checkpoints.DISPOSAL_STATUS(trigger=handle.trigger)
            return verdict_of(await acts.status(context.http, query))
        except NotFound:
            return Unknown(
                "Flink has forgotten how the disposal ended: it tells for five minutes after the end, unless "
                "rest.async.store-duration (1.15+) says otherwise",
                unclear=True,
            )


@dataclass(frozen=True)
class DeleteDataset(Act):
    """DELETE /datasets/:datasetid: what batch programs share. It takes no id of ours in any release."""

    kind = "delete-dataset"
    label = "delete dataset"
    effect = "programs compute it anew"
    risk = Risk.LOSES
    since = (1, 11)
    patience = 20.0
    unknown_is_failed = True

    dataset: str

    @property
    def subject(self) -> str:
        return self.dataset

    def consequence(self, target: Target) -> tuple[Line, ...]:
        return (
            cluster_line(target),
            Line("dataset", self.dataset),
            Line(LOSS, "what the TaskManagers keep of it", "warn"),
            Line(AFTERWARDS, "a program that uses it fails, or computes it anew"),
        )

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        del handle
        return Accepted(await cluster.delete_dataset(context.http, self.dataset))

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """How the deletion ended, by its trigger; without one whether the dataset is listed no more."""
        if handle.trigger is not None:
            try:
                return verdict_of(await acts.status(context.http, DATASET_DELETION(trigger=handle.trigger)))
            except NotFound:
                pass
        if any(one.id == self.dataset for one in (await read(context.http, DATASETS())).value.data_sets):
            return Unknown("the dataset is still on the cluster")
        return Done()

    def touches(self) -> tuple[Query[Any], ...]:
        return (DATASETS(),)


@dataclass(frozen=True)
class CancelApplication(Act):
    """POST /applications/:applicationid/cancel: all jobs that were submitted together."""

    kind = "cancel-application"
    label = "cancel application"
    effect = "all its jobs end, without savepoints"
    risk = Risk.LOSES
    since = (2, 3)
    patience = 30.0
    unknown_is_failed = True

    application: str
    name: str = ""
    """Its name when it was asked for."""
    status: str = ""
    """Its status then; "" when that was not known."""

    @property
    def subject(self) -> str:
        return self.name or self.application

    def own_reason(self, target: Target) -> str | None:
        if not target.features.web_cancel:
            return CANCELLING_OFF
        return f"the application has ended ({self.status})" if states.is_terminal(self.status) else None

    def consequence(self, target: Target) -> tuple[Line, ...]:
        return (
            cluster_line(target),
            Line("application", self.subject),
            Line("id", self.application),
            Line(LOSS, "the state of all its jobs since their last checkpoints, unless retained", "bad"),
            Line(AFTERWARDS, "its main() is stopped and all its jobs end CANCELED; no savepoint is taken"),
        )

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        del handle
        await applications.cancel_application(context.http, self.application)
        return Accepted()

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        del handle
        try:
            status = (await read(context.http, APPLICATION(application=self.application))).value.status
        except NotFound:
            return Done(Result(facts=("the cluster no longer knows the application",)))
        if status == "CANCELED":
            return Done(Result(job_state=status))
        if states.is_terminal(status):
            return Failed(f"it had ended {status} before it was cancelled", Result(job_state=status))
        if status in ("CANCELING", "CANCELLING"):
            return InProgress(f"the application is {status}")
        return Unknown(f"the application is {status}: there is no sign that Flink cancels it")

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

    cluster: str
    """The cluster's name when it was asked for."""

    @property
    def subject(self) -> str:
        return self.cluster

    def consequence(self, target: Target) -> tuple[Line, ...]:
        jobs = "all jobs" if target.running is None else f"all jobs: {target.running} have not ended"
        end = "the JobManager and its TaskManagers end; only whoever deployed it can start it again"
        return (
            cluster_line(target),
            Line(LOSS, f"{jobs}; no savepoint is taken", "bad"),
            Line(AFTERWARDS, end),
        )

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        del handle
        await cluster.shutdown(context.http)
        return Accepted()

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """It is done when the cluster has taken it and nothing answers there any more."""
        try:
            await read(context.http, CONFIG())
        except TimedOut:
            raise
        except (Unreachable, ForeignAnswer) as error:
            if isinstance(error, ForeignAnswer) and error.status not in _NOTHING_BEHIND:
                raise
            if handle.accepted:
                return Done(Result(facts=(f"the cluster does not answer any more: {error.detail}",)))
            # Perhaps it is the link alone that is gone.
            return Unknown(f"{UNKNOWN_END}: {error.detail}", unclear=True)
        return Unknown("the cluster still answers")

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """A cluster that answers is up, or up again; of one that does not nothing is known."""
        return None if words.startswith(UNKNOWN_END) else Failed(words, result)
