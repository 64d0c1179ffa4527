"""The act that changes a job's parallelism through its resource requirements."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flinktop.engine.acts.act import Accepted, ActContext, Handle, Notes, Risk
from flinktop.engine.acts.form import AFTERWARDS, LOSS, Line
from flinktop.engine.acts.job_acts import JobAct, no_job, state_of
from flinktop.engine.acts.run_jar import slots_free
from flinktop.engine.acts.target import Target
from flinktop.engine.acts.verdict import Done, Failed, Result, Unknown, Verdict
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB, JobVertex
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
"""Seconds that the scheduler may take: it waits for stable resources and pauses between rescales."""


@dataclass(frozen=True)
class Rescale(JobAct):
    """PUT /jobs/:jobid/resource-requirements: bounds of all vertices; those not named keep theirs."""

    kind = "rescale"
    label = "change parallelism"
    effect = "restarts from its last checkpoint"
    risk = Risk.CHANGES
    settles = True
    instead = "set spec.job.parallelism"
    loses_since = True

    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By vertex id: the minimum and maximum number of subtasks."""

    def own_reason(self, target: Target) -> str | None:
        """Requires the adaptive scheduler, a job that has not ended, and valid bounds."""
        if not target.features.has(1, 18):
            return f"{target.needs((1, 18))}; {DISABLED}"
        scheduler = target.job.scheduler if target.job is not None else None
        # web-rescale in Flink's /config: adaptive, not reactive, and not disabled by configuration.
        if scheduler not in (None, "Adaptive"):
            return NOT_ADAPTIVE
        if not target.features.web_rescale:
            return OFF if scheduler is not None else NOT_ADAPTIVE
        return no_job(target) or _wrong_bounds(self.bounds, target)

    def unavailable(self, target: Target) -> str | None:
        some = {vertex.id: (1, 1) for vertex in _vertices(target)[:1]} or {"": (1, 1)}
        return replace(self, bounds=some).why_not(target)

    def details(self, target: Target) -> tuple[Line, ...]:
        changed = [vertex for vertex in _vertices(target) if vertex.id in self.bounds]
        return *super().details(target), *(Line("vertex", self._change(vertex)) for vertex in changed)

    def outcome(self, target: Target) -> tuple[Line, ...]:
        restarts = f"the job restarts with as many subtasks as there are slots for{slots_free(target)}"
        lost = "none; what came since the last checkpoint is processed again"
        return Line(LOSS, lost, "warn"), Line(AFTERWARDS, restarts)

    def _change(self, vertex: JobVertex) -> str:
        fewest, most = self.bounds[vertex.id]
        return f"{vertex.name}: {fmt.number(vertex.parallelism)} now, from {fewest} to {most} afterwards"

    async def prepare(self, context: ActContext) -> Notes:
        """Note the current parallelism."""
        details = (await read(context.http, JOB(job=self.job))).value
        return {"parallelism": {vertex.id: vertex.parallelism for vertex in details.vertices}}

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        """Read the bounds of the vertices that are not named, then send all: a missing one is a 400."""
        known = await self._requirements(context)
        wanted = {vertex: Bounds(*pair) for vertex, pair in self.bounds.items()}
        bounds = {vertex: one.parallelism for vertex, one in known.items()} | wanted
        await require_resources(context.http, self.job, bounds)
        return Accepted()

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """Whether the requirements are stored, then whether the job runs with them."""
        try:
            known = await self._requirements(context)
            details = (await read(context.http, JOB(job=self.job))).value
        except NotFound:
            return Failed("the job has ended meanwhile")
        state = await state_of(context.http, self.job) or details.state
        if states.is_terminal(state):
            return Failed(f"the job has ended {state} meanwhile", Result(job_state=state))
        if any(_pair(known.get(vertex)) != tuple(pair) for vertex, pair in self.bounds.items()):
            return Unknown(
                "Flink holds other requirements for this job: these never arrived, or were replaced"
            )
        now = {vertex.id: vertex.parallelism for vertex in details.vertices}
        before = handle.notes.get("parallelism", {})
        changes = tuple(
            f"{vertex.name}: {before.get(vertex.id, '?')} -> {fmt.number(vertex.parallelism)}"
            for vertex in details.vertices
            if vertex.id in self.bounds
        )
        result = Result(job_state=state, facts=changes)
        if state == "RUNNING" and all(now.get(one) == most for one, (_, most) in self.bounds.items()):
            return Done(result)
        return Unknown(
            "the requirements are stored; the scheduler has not followed them yet", result, RESCALES_WITHIN
        )

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """Done if the requirements are stored: Flink applies them when it has the slots."""
        if result.facts:
            return Done(Result(job_state=result.job_state, facts=(words, *result.facts)))
        return Failed(words, result)

    async def _requirements(self, context: ActContext) -> dict[str, VertexRequirements]:
        return (await read(context.http, RESOURCE_REQUIREMENTS(job=self.job))).value

    def touches(self) -> tuple[Query[Any], ...]:
        return *super().touches(), RESOURCE_REQUIREMENTS(job=self.job)


def _pair(one: VertexRequirements | None) -> tuple[int, int] | None:
    return (one.parallelism.lower_bound, one.parallelism.upper_bound) if one is not None else None


def _vertices(target: Target) -> tuple[JobVertex, ...]:
    return target.job.vertices if target.job is not None else ()


def _wrong_bounds(bounds: Mapping[str, tuple[int, int]], target: Target) -> str | None:
    """Why these bounds are invalid; None if they are valid, or the vertices are not known yet."""
    if not bounds:
        return "no parallelism was changed"
    known = {vertex.id: vertex for vertex in _vertices(target)}
    for vertex, (fewest, most) in bounds.items():
        if not 1 <= fewest <= most:
            return f"{fewest} to {most} subtasks is not a range: it begins at 1 or more and does not fall"
        if known and vertex not in known:
            return f"the job has no vertex {vertex}"
        highest = known[vertex].max_parallelism if known else None
        if highest is not None and 0 < highest < most:
            return f"{known[vertex].name} has a max parallelism of {highest}: {most} subtasks are too many"
    return None
