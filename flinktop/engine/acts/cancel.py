"""Cancelling a job: it ends at once, without a savepoint."""

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
)
from flinktop.engine.acts.facts import Facts
from flinktop.engine.acts.job_act import CANCELLING_OFF, job_lines, job_queries, no_job, state_of
from flinktop.flink import jobs
from flinktop.flink.endpoint import Query
from flinktop.model import states


@dataclass(frozen=True)
class Cancel(Act):
    """PATCH /jobs/:jobid."""

    kind: ClassVar[str] = "cancel"
    label: ClassVar[str] = "cancel"
    risk: ClassVar[Risk] = Risk.LOSES
    patience: ClassVar[float] = 30.0
    seen_at_once: ClassVar[bool] = True

    job: str
    name: str = ""
    """The job's name when it was asked for."""

    @property
    def job_id(self) -> str:
        """The job."""
        return self.job

    @property
    def subject(self) -> str:
        """The job's name."""
        return self.name or self.job

    def own_reason(self, facts: Facts) -> str | None:
        """The job must live, and cancelling be wanted."""
        if not facts.features.web_cancel:
            return CANCELLING_OFF
        # A cancel is what is left when a savepoint hangs: others under way are no reason against it.
        if facts.job is not None and not facts.job.ended and not facts.job_missing:
            return "the job is being cancelled already" if facts.job.state == "CANCELLING" else None
        return no_job(facts)

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """What was done since the last checkpoint is lost, or done again."""
        return (
            *job_lines(facts, loses_since=True),
            Line("data loss", _lost(facts), "bad"),
            Line("afterwards", "the job ends CANCELED at once; no savepoint is taken"),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Cancel; answered once the job has taken it."""
        del trace
        await jobs.cancel(site.http, self.job)
        return Accepted()

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether the job has ended."""
        del trace
        state = await state_of(site.http, self.job)
        if state is None:
            return Done(Result(facts=("the cluster no longer lists the job",)))
        if state == "CANCELED":
            return Done(Result(job_state=state))
        if states.is_terminal(state):
            return Failed(f"the job had ended {state} before it was cancelled", Result(job_state=state))
        if state == "CANCELLING":
            return Going("the job is CANCELLING")
        return NoTrace(f"the job is {state}: there is no sign that Flink cancels it")

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """A job that runs on has not been cancelled."""
        return Failed(words, result)

    def touches(self) -> tuple[Query[Any], ...]:
        """The job."""
        return job_queries(self.job)


def _lost(facts: Facts) -> str:
    job = facts.job
    if job is not None and job.last_good is None and job.checkpointing is not True:
        return "all of its state: it has no checkpoint"
    if job is not None and job.retained:
        return "what came since the last checkpoint, which is retained"
    if job is not None and job.retained is False:
        return "all state but that of savepoints: its checkpoints are deleted with it"
    return "what came since the last checkpoint, and that too unless it is retained"
