"""Changing a job's parallelism by its resource requirements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flinktop.engine.acts.act import (
    Accepted,
    Act,
    Done,
    Failed,
    Line,
    Notes,
    NoTrace,
    Result,
    Risk,
    Site,
    Trace,
    Verdict,
)
from flinktop.engine.acts.facts import Facts, Vertex
from flinktop.engine.acts.job_act import job_lines, job_queries, no_job, state_of
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.flink.rescale import RESOURCE_REQUIREMENTS, Bounds, VertexRequirements, require_resources
from flinktop.model import format as fmt
from flinktop.model import states

DISABLED = "PATCH /rescaling is disabled in every release since 1.9 (FLINK-12312)"
NOT_ADAPTIVE = (
    "needs jobmanager.scheduler: adaptive, not in reactive mode (PATCH /rescaling is disabled in every "
    "release, FLINK-12312)"
)
OFF = (
    "rescaling is disabled: the adaptive scheduler accepts no requirements in reactive mode or with "
    "web.rescale.enable: false"
)
RESCALES_WITHIN = 180.0
"""Seconds that the scheduler may take: it waits for resources to settle, and cools down between rescales."""


@dataclass(frozen=True)
class Rescale(Act):
    """PUT /jobs/:jobid/resource-requirements: bounds of every vertex; those not named keep their own."""

    kind: ClassVar[str] = "rescale"
    label: ClassVar[str] = "change parallelism"
    risk: ClassVar[Risk] = Risk.CHANGES
    settles: ClassVar[bool] = True

    job: str
    name: str = ""
    """The job's name when it was asked for."""
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By vertex: the fewest and the most subtasks."""

    @property
    def job_id(self) -> str:
        """The job."""
        return self.job

    @property
    def subject(self) -> str:
        """The job's name."""
        return self.name or self.job

    def own_reason(self, facts: Facts) -> str | None:
        """The adaptive scheduler, a live job, and bounds that it can keep."""
        if not facts.features.has(1, 18):
            return f"needs Flink 1.18 or later (this cluster runs {facts.features.version}); {DISABLED}"
        scheduler = facts.job.scheduler if facts.job is not None else None
        # web-rescale is the server's own word for "adaptive, not reactive, and wanted by its operator".
        if scheduler not in (None, "Adaptive"):
            return NOT_ADAPTIVE
        if not facts.features.web_rescale:
            return OFF if scheduler is not None else NOT_ADAPTIVE
        return no_job(facts) or _wrong_bounds(self.bounds, facts)

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """The job restarts from its last checkpoint."""
        free = "" if facts.slots_free is None else f"   ({facts.slots_free} slots free now)"
        return (
            *job_lines(facts, loses_since=True),
            *(
                Line("vertex", self._change(vertex))
                for vertex in _vertices(facts)
                if vertex.id in self.bounds
            ),
            Line("data loss", "none; what came since the last checkpoint is processed again", "warn"),
            Line("afterwards", f"the job restarts with as many subtasks as there are slots for{free}"),
        )

    def _change(self, vertex: Vertex) -> str:
        fewest, most = self.bounds[vertex.id]
        return f"{vertex.name}: {fmt.number(vertex.parallelism)} now, from {fewest} to {most} afterwards"

    async def prepare(self, site: Site) -> Notes:
        """Note the parallelism of now."""
        details = (await read(site.http, JOB(job=self.job))).value
        return {"parallelism": {vertex.id: vertex.parallelism for vertex in details.vertices}}

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask what holds for the vertices that are not named, then put them all: a missing one is a 400."""
        del trace
        known = await self._requirements(site)
        asked = {vertex: Bounds(*pair) for vertex, pair in self.bounds.items()}
        bounds = {vertex: one.parallelism for vertex, one in known.items()} | asked
        await require_resources(site.http, self.job, bounds)
        return Accepted()

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether the requirements are stored, then whether the job runs within them."""
        try:
            known = await self._requirements(site)
            details = (await read(site.http, JOB(job=self.job))).value
        except NotFound:
            return Failed("the job has ended meanwhile")
        state = await state_of(site.http, self.job) or details.state
        if states.is_terminal(state):
            return Failed(f"the job has ended {state} meanwhile", Result(job_state=state))
        if any(_pair(known.get(vertex)) != tuple(pair) for vertex, pair in self.bounds.items()):
            return NoTrace(
                "Flink holds other requirements for this job: these never arrived, or were replaced"
            )
        now = {vertex.id: vertex.parallelism for vertex in details.vertices}
        before = trace.notes.get("parallelism", {})
        changes = tuple(
            f"{vertex.name}: {before.get(vertex.id, '?')} -> {fmt.number(vertex.parallelism)}"
            for vertex in details.vertices
            if vertex.id in self.bounds
        )
        result = Result(job_state=state, facts=changes)
        runs = state == "RUNNING" and all(
            now.get(vertex) == most for vertex, (_, most) in self.bounds.items()
        )
        if runs:
            return Done(result)
        return NoTrace(
            "the requirements are stored; the scheduler has not followed them yet", result, RESCALES_WITHIN
        )

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """Stored and kept within its bounds is done; Flink follows them when it has the slots."""
        if result.facts:
            return Done(Result(job_state=result.job_state, facts=(words, *result.facts)))
        return Failed(words, result)

    async def _requirements(self, site: Site) -> dict[str, VertexRequirements]:
        return (await read(site.http, RESOURCE_REQUIREMENTS(job=self.job))).value

    def touches(self) -> tuple[Query[Any], ...]:
        """The job."""
        return (*job_queries(self.job), RESOURCE_REQUIREMENTS(job=self.job))


def _pair(one: VertexRequirements | None) -> tuple[int, int] | None:
    return (one.parallelism.lower_bound, one.parallelism.upper_bound) if one is not None else None


def _vertices(facts: Facts) -> tuple[Vertex, ...]:
    return facts.job.vertices if facts.job is not None else ()


def _wrong_bounds(bounds: Mapping[str, tuple[int, int]], facts: Facts) -> str | None:
    """Why these bounds can't be kept; None when they can, or nothing is known of the vertices yet."""
    if not bounds:
        return "no parallelism was changed"
    known = {vertex.id: vertex for vertex in _vertices(facts)}
    for vertex, (fewest, most) in bounds.items():
        if not 1 <= fewest <= most:
            return f"{fewest} to {most} subtasks is not a range: it begins at 1 or more and does not fall"
        if known and vertex not in known:
            return f"the job has no vertex {vertex}"
        highest = known[vertex].most if known else None
        if highest is not None and 0 < highest < most:
            return f"{known[vertex].name} has a max parallelism of {highest}: {most} subtasks are too many"
    return None


def why_never(facts: Facts, job: str, name: str) -> str | None:
    """Why a job can't be given another parallelism at all, whatever the bounds; None when it can."""
    vertices = facts.job.vertices if facts.job is not None else ()
    some = {vertex.id: (1, 1) for vertex in vertices[:1]} or {"": (1, 1)}
    return Rescale(job, name, some).why_not(facts)
