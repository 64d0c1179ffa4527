"""Triggering a checkpoint now."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from flinktop.engine.acts.act import (
    Accepted,
    Act,
    Done,
    Failed,
    Going,
    Line,
    NoTrace,
    Risk,
    Site,
    Trace,
    Verdict,
    with_result,
)
from flinktop.engine.acts.facts import Facts
from flinktop.engine.acts.job_act import job_lines, job_queries, no_snapshot
from flinktop.flink.checkpoints import checkpoint_status, trigger_checkpoint
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound


@dataclass(frozen=True)
class Checkpoint(Act):
    """POST /jobs/:jobid/checkpoints."""

    kind: ClassVar[str] = "checkpoint"
    label: ClassVar[str] = "checkpoint"
    risk: ClassVar[Risk] = Risk.SAFE
    since: ClassVar[tuple[int, int]] = (1, 17)

    job: str
    name: str = ""
    """The job's name when it was asked for."""
    full: bool = False
    """The whole state, where the job is configured to write increments."""

    @property
    def job_id(self) -> str:
        """The job."""
        return self.job

    @property
    def subject(self) -> str:
        """The job's name."""
        return self.name or self.job

    def own_reason(self, facts: Facts) -> str | None:
        """The job must run, and take checkpoints."""
        if facts.job is not None and facts.job.checkpointing is False:
            return "checkpointing is off for this job; a savepoint can be taken"
        return no_snapshot(facts)

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """Nothing is lost."""
        return (
            *job_lines(facts, loses_since=False),
            Line("type", "full" if self.full else "as configured"),
            Line("data loss", "none"),
            Line("afterwards", "the job keeps running; normal retention applies to the checkpoint"),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it under our own id."""
        kind: Literal["FULL", "CONFIGURED"] = "FULL" if self.full else "CONFIGURED"
        return Accepted(
            await trigger_checkpoint(site.http, site.features, self.job, kind=kind, trigger=trace.id)
        )

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Its number. It can't be told from periodic ones once its trigger is forgotten."""
        try:
            status = await checkpoint_status(site.http, self.job, trace.trigger or trace.id)
        except NotFound:
            return NoTrace(
                "Flink knows nothing of this checkpoint; in the history it can't be told from periodic ones"
            )
        if not status.done:
            return Going("in progress")
        if status.failure is not None:
            return Failed(status.failure)
        made = status.operation.checkpoint_id if status.operation is not None else None
        return Done(with_result(trace.result, checkpoint=made))

    def touches(self) -> tuple[Query[Any], ...]:
        """The job and its checkpoints."""
        return job_queries(self.job)
