"""Running a jar that lies on the cluster, and looking at its job graph first."""

import shlex
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from flinktop.engine.acts.act import (
    GIVEN_IN_PART,
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
    where_lines,
)
from flinktop.engine.acts.facts import Facts
from flinktop.engine.acts.jar_files import SUBMITTING_OFF
from flinktop.engine.acts.job_act import state_of, why_it_failed
from flinktop.flink import jars
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.features import Features
from flinktop.flink.http import Http
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.plan import Plan
from flinktop.model import redaction, states

MOST_OF_ARGUMENTS = 300
"""Characters of them that are said beforehand: the rest of what is said has to be seen as well."""
STARTS_WITHIN = 60.0
"""Seconds after which a job that waits for slots is left to itself."""


@dataclass(frozen=True)
class RunJar(Act):
    """POST /jars/:jarid/run. The job gets the operation's id, so that it is known when the answer is lost."""

    kind: ClassVar[str] = "run-jar"
    label: ClassVar[str] = "run jar"
    risk: ClassVar[Risk] = Risk.CHANGES
    patience: ClassVar[float] = 600.0
    seen_at_once: ClassVar[bool] = True
    refused_is_undone: ClassVar[bool] = False  # main() may throw after it has submitted its job.

    jar: str
    name: str = ""
    """The jar's name when it was asked for."""
    options: RunOptions = field(default_factory=RunOptions)

    @property
    def subject(self) -> str:
        """The jar's name."""
        return self.name or self.jar

    def own_reason(self, facts: Facts) -> str | None:
        """The cluster must take jars, and know the options."""
        if not facts.features.web_submit:
            return SUBMITTING_OFF
        if redaction.hides(*self.options.arguments, *self.options.configuration.values()):
            return f"an argument was kept as {redaction.HIDDEN}, as it looked like a secret: give it anew"
        if redaction.hides(self.options.savepoint or ""):
            return GIVEN_IN_PART.format(path="the savepoint's path")
        return wrong_options(facts.features, self.options)

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """Its main() runs on the JobManager, then its job on the cluster."""
        options = self.options
        lines = [*where_lines(facts), Line("jar", self.subject), Line("id", self.jar)]
        if options.entry_class:
            lines.append(Line("class", options.entry_class))
        if options.arguments:
            lines.append(Line("arguments", _arguments_line(options.arguments)))
        if options.parallelism is not None:
            lines.append(Line("parallelism", str(options.parallelism)))
        settings = redaction.settings(options.configuration)
        lines += [Line("setting", f"{key}: {value}") for key, value in settings.items()]
        if options.savepoint:
            lines.append(Line("restores", redaction.text(options.savepoint)))
        if options.allow_non_restored_state:
            lines.append(Line("data loss", "savepoint state that matches no operator is dropped", "warn"))
        if options.claim_mode is not None:
            lines.append(Line("restore mode", options.claim_mode))
        if options.claim_mode == "CLAIM":
            lines.append(
                Line("data loss", "Flink owns the savepoint and deletes it when no longer needed", "warn")
            )
        free = "" if facts.slots_free is None else f"   ({facts.slots_free} slots free now)"
        lines.append(Line("afterwards", f"main() runs on the JobManager, and its job starts{free}"))
        return tuple(lines)

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Run it; answered when main() has submitted its job."""
        options = replace(self.options, job_id=self.options.job_id or trace.id)
        run = await jars.run(site.http, site.features, self.jar, options)
        return Accepted(None, Result(job=run.jobid or options.job_id, application=run.application_id))

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether the job is there, and runs."""
        job = trace.result.job or self.options.job_id or trace.id
        return await started(site.http, job, trace.result)

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """A job that is there was started, whatever it waits for."""
        return Done(replace(result, facts=(words,))) if result.job_state else None

    def touches(self) -> tuple[Query[Any], ...]:
        """The list of jobs."""
        return (JOBS_OVERVIEW(),)

    def without_secrets(self) -> Self:
        """Without what looks like a secret in arguments, configuration and the savepoint's path."""
        options = replace(
            self.options,
            arguments=redaction.words(self.options.arguments),
            configuration=redaction.settings(self.options.configuration),
            savepoint=redaction.text(self.options.savepoint) if self.options.savepoint else None,
        )
        return replace(self, options=options)


def _arguments_line(arguments: tuple[str, ...]) -> str:
    """The arguments as they would be typed, without secrets; of many, or of long ones, the beginning."""
    typed = shlex.join(redaction.words(arguments))
    if len(typed) <= MOST_OF_ARGUMENTS:
        return typed
    return f"{typed[:MOST_OF_ARGUMENTS]}…  ({len(arguments)} in all)"


async def started(http: Http, job: str, known: Result) -> Verdict:
    """The verdict on a job that was handed to the cluster.

    Raises:
        FlinkError: the cluster does not answer.
    """
    state = await state_of(http, job)
    if state is None:
        return NoTrace("no such job is on the cluster; a main() that takes long may still be running")
    result = replace(known, job=job, job_state=state)
    if state == "FAILED":
        why = await why_it_failed(http, job)
        return Failed(why or "the job FAILED", result)
    if state == "RUNNING" or states.is_terminal(state):
        restored = await _restored(http, job)
        return Done(replace(result, facts=(f"restored from {restored}",) if restored else ()))
    if state in ("INITIALIZING", "CREATED"):
        return NoTrace(f"the job is there and {state}", result, STARTS_WITHIN)
    return Going(f"the job is {state}", result)


async def _restored(http: Http, job: str) -> str | None:
    try:
        restored = (await read(http, CHECKPOINTS(job=job))).value.latest.restored
    except NotFound:
        return None
    return restored.external_path if restored is not None else None


def wrong_options(features: Features, options: RunOptions) -> str | None:
    """Why a jar can't be run so on this release; what is not known there would be left out silently."""
    if options.parallelism is not None and options.parallelism < 1:
        return f"a parallelism of {options.parallelism} is none: it is 1 or more"
    if options.configuration and not features.has(1, 17):
        return f"configuration per job needs Flink 1.17 or later (this cluster runs {features.version})"
    if options.claim_mode is not None and not features.has(1, 15):
        return f"restore modes need Flink 1.15 or later (this cluster runs {features.version})"
    if options.allow_non_restored_state and not options.savepoint:
        return "allowing non-restored state needs a savepoint: give its path"
    if options.claim_mode is not None and not options.savepoint:
        return "a restore mode needs a savepoint: give its path"
    return None


@dataclass(frozen=True)
class PlanJar:
    """POST /jars/:jarid/plan: a question, but one that runs main() on the JobManager."""

    jar: str
    options: RunOptions = field(default_factory=RunOptions)

    def why_not(self, facts: Facts) -> str | None:
        """Why the plan can't be asked for."""
        if facts.read_only:
            return "this cluster is opened read-only, and a plan runs the jar's main() on its JobManager"
        return None if facts.features.web_submit else SUBMITTING_OFF

    def must_be_typed(self, facts: Facts) -> bool:
        """On a protected cluster: main() may do anything."""
        return facts.protected

    def name_to_type(self, facts: Facts) -> str:
        """The cluster's name, as before the jar is run."""
        return facts.cluster

    async def ask(self, site: Site) -> Plan:
        """The job graph.

        Raises:
            FlinkError: the cluster does not answer, or main() throws.
        """
        return await jars.plan(site.http, site.features, self.jar, self.options)
