"""Handing a serialized job graph to the cluster."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from flinktop.engine.acts.act import (
    Accepted,
    Act,
    Done,
    Line,
    Notes,
    NoTrace,
    Result,
    Risk,
    Site,
    Trace,
    Verdict,
    where_lines,
)
from flinktop.engine.acts.facts import Facts
from flinktop.engine.acts.jar_files import size_of
from flinktop.engine.acts.run_jar import started
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.submit import submit


@dataclass(frozen=True)
class SubmitGraph(Act):
    """POST /jobs. The graph bears its job's id, which only Java can read out of it."""

    kind: ClassVar[str] = "submit-graph"
    label: ClassVar[str] = "submit job graph"
    risk: ClassVar[Risk] = Risk.CHANGES
    transfer: ClassVar[bool] = True

    graph: str
    """A file on this machine: a JobGraph (2.x: ExecutionPlan) serialized by the same Flink release."""
    jars: tuple[str, ...] = ()
    artifacts: tuple[tuple[str, str], ...] = ()
    """Entries of the distributed cache: name, file."""

    @property
    def subject(self) -> str:
        """The file's name."""
        return Path(self.graph).name

    def own_reason(self, facts: Facts) -> str | None:
        """Any cluster takes one."""
        del facts
        return None

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """Its job starts."""
        free = "" if facts.slots_free is None else f"   ({facts.slots_free} slots free now)"
        return (
            *where_lines(facts),
            Line("graph", self.graph),
            *(Line("jar", jar) for jar in self.jars),
            *(Line("artifact", f"{name} = {file}") for name, file in self.artifacts),
            Line(
                "afterwards",
                f"its job starts{free}; the JobManager deserializes Java objects of this file",
                "warn",
            ),
        )

    async def prepare(self, site: Site) -> Notes:
        """See that the files can be read, and note which jobs there are.

        Raises:
            FlinkError: the cluster does not answer.
            OSError: a file can't be read.
        """
        for name in (self.graph, *self.jars, *(file for _, file in self.artifacts)):
            size_of(Path(name))
        return {"jobs": [job.jid for job in (await read(site.http, JOBS_OVERVIEW())).value.jobs]}

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Send it."""
        del trace
        job = await submit(
            site.transfers,
            site.features,
            Path(self.graph),
            jars=[Path(jar) for jar in self.jars],
            artifacts=[(name, Path(file)) for name, file in self.artifacts],
        )
        return Accepted(None, Result(job=job or None))

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether the job is there, and runs; without its id, which jobs are new."""
        if trace.result.job is not None:
            return await started(site.http, trace.result.job, trace.result)
        listed = (await read(site.http, JOBS_OVERVIEW())).value.jobs
        new = [job for job in listed if job.jid not in trace.notes.get("jobs", ())]
        if not new:
            return NoTrace("no new job is on the cluster")
        names = ", ".join(f"{job.name or '(no name)'} ({job.jid})" for job in new)
        return NoTrace(f"the answer was lost; new on the cluster since: {names}", unclear=True)

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """A job that is there was started, whatever it waits for."""
        return Done(replace(result, facts=(words,))) if result.job_state else None

    def touches(self) -> tuple[Query[Any], ...]:
        """The list of jobs."""
        return (JOBS_OVERVIEW(),)
