"""Acts that start a job: from a jar on the cluster, like an earlier run, from a serialized job graph."""

import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from msgspec import structs

from flinktop.engine.acts.act import Accepted, Act, ActContext, Handle, Notes, Request, Risk
from flinktop.engine.acts.form import AFTERWARDS, GIVEN_IN_PART, LOSS, SWITCHED_OFF, Choice, Field, Line
from flinktop.engine.acts.jar_files import size_of
from flinktop.engine.acts.job_acts import state_of
from flinktop.engine.acts.target import Target, found
from flinktop.engine.acts.verdict import Done, Failed, InProgress, Result, Unknown, Verdict
from flinktop.flink import jars
from flinktop.flink.acts import Cause
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.http import Http
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import EXECUTION_RESULT, JOBS_OVERVIEW, Plan
from flinktop.flink.submit import submit
from flinktop.model import redaction, run_text, states

MOST_OF_ARGUMENTS = 300
"""Maximum characters of arguments in the dialog: its other lines must stay visible."""
DROPS = (
    Choice("no", "fails if state matches no operator", value=False),
    Choice("yes", "drops state that matches no operator", value=True),
)
CLAIMS = (
    Choice("default", "as configured in the cluster"),
    Choice("NO_CLAIM", "you keep it; the first checkpoint is a full one", "NO_CLAIM"),
    Choice("CLAIM", "Flink owns it and deletes it when no longer needed", "CLAIM"),
    Choice("LEGACY", "you keep it, and the job may still depend on it", "LEGACY"),
)
CONFIGURATION = Field(
    "configuration",
    "configuration",
    placeholder="key: value, one per line, for this job only",
    since=(1, 17),
    lines=True,
    parse=run_text.settings_of,
    write=run_text.settings_text,
)
RUN_FIELDS = (  # the fields of `RunOptions` in the form
    Field("entry_class", "class"),
    Field("arguments", "arguments", lines=True, parse=run_text.arguments_of, write=run_text.arguments_text),
    Field("parallelism", "parallelism", placeholder="program default", parse=run_text.parallelism_of),
    Field("savepoint", "restores", placeholder="path of a savepoint; ctrl+o lists known ones"),
    Field("allow_non_restored_state", "allow non-restored state", DROPS, of="savepoint"),
    Field("claim_mode", "restore mode", CLAIMS, since=(1, 15), of="savepoint"),
    CONFIGURATION,
)
STARTS_WITHIN = 60.0  # seconds after which a job that waits for slots is no longer followed


class StartAct(Act):
    """An act that starts a job."""

    risk = Risk.CHANGES

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """Done if the job exists, whatever it waits for."""
        return Done(structs.replace(result, facts=(words,))) if result.job_state else None

    def touches(self) -> tuple[Query[Any], ...]:
        return (JOBS_OVERVIEW(),)


@dataclass(frozen=True)
class RunJar(StartAct):
    """POST /jars/:jarid/run. The job gets the operation's id, to be found when the answer is lost."""

    kind = "run-jar"
    label = "run jar"
    effect = "starts a job"
    patience = 600.0
    seen_at_once = True
    refused_is_undone = False  # main() may throw after it has submitted its job.
    feature = "web_submit"
    noun = "jar"

    jar: str
    name: str = ""  # the jar's name at submission
    options: RunOptions = field(default_factory=RunOptions)

    def own_reason(self, target: Target) -> str | None:
        if redaction.hides(*self.options.arguments, *self.options.configuration.values()):
            return f"an argument was kept as {redaction.HIDDEN}, as it looked like a secret: give it anew"
        if redaction.hides(self.options.savepoint or ""):
            return GIVEN_IN_PART.format(path="the savepoint's path")
        return _wrong_options(target, self.options)

    def unavailable(self, target: Target) -> str | None:
        return RunJar("").why_not(target)

    def consequence(self, target: Target) -> tuple[Line, ...]:
        options = self.options
        parallelism = str(options.parallelism) if options.parallelism is not None else ""
        dropped = "savepoint state that matches no operator is dropped"
        owned = "Flink owns the savepoint and deletes it when no longer needed"
        lines = (
            Line("class", options.entry_class or ""),
            Line("arguments", _arguments_line(options.arguments)),
            Line("parallelism", parallelism),
            *(
                Line("setting", f"{key}: {value}")
                for key, value in redaction.settings(options.configuration).items()
            ),
            Line("restores", redaction.text(options.savepoint or "")),
            Line(LOSS, dropped if options.allow_non_restored_state else "", "warn"),
            Line("restore mode", options.claim_mode or ""),
            Line(LOSS, owned if options.claim_mode == "CLAIM" else "", "warn"),
        )
        starts = f"main() runs on the JobManager, and its job starts{slots_free(target)}"
        chosen = (line for line in lines if line.text)
        return *self.details(target), *chosen, Line(AFTERWARDS, starts)

    async def start(self, context: ActContext, handle: Handle) -> Accepted:
        """Run the jar; Flink answers when main() has submitted its job."""
        options = replace(self.options, job_id=self.options.job_id or handle.id)
        run = await jars.run(context.http, context.features, self.jar, options)
        return Accepted(None, Result(job=run.jobid or options.job_id, application=run.application_id))

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        job = handle.result.job or self.options.job_id or handle.id
        return await _started(context.http, job, handle.result)

    def without_secrets(self) -> Self:
        """A copy without what looks like a secret in arguments, configuration and savepoint path."""
        options = replace(
            self.options,
            arguments=redaction.words(self.options.arguments),
            configuration=redaction.settings(self.options.configuration),
            savepoint=redaction.text(self.options.savepoint) if self.options.savepoint else None,
        )
        return replace(self, options=options)


@dataclass(frozen=True)
class RunAgain(RunJar):
    """Runs a job again from its last savepoint or checkpoint: a menu entry; its form makes a `RunJar`."""

    title = "Run again from savepoint"

    of: str = ""  # the id of the job; `jar` is "" if it is not known how that was run

    @property
    def job_id(self) -> str:
        return self.of

    def summary(self, target: Target) -> str:
        if (state := _live_state(target)) is not None:
            return f"still {state}; starts a second copy"
        return "a form, filled with how it was run" if self.jar else "opens a form for its jar"

    def explanation(self, target: Target) -> tuple[Line, ...]:
        path = self.options.savepoint
        lines = []
        if (state := _live_state(target)) is not None:
            lines.append(Line("job", f"it is {state}: a second copy would start", "warn"))
        if path is None:
            lines.append(Line("state", "no known savepoint: the form takes a path", "warn"))
        start = f"a new job starts from {path}" if path is not None else "a new job starts, with no state"
        how = (
            "same jar and options as last time; a form shows them first"
            if self.jar
            else "not started by flinktop; a form asks for jar and arguments"
        )
        return *lines, Line(AFTERWARDS, f"{start}; {how}")


class RunAgainFromThis(RunAgain):
    """Runs a job again from a savepoint or checkpoint that was selected."""

    title = "Run again from this"


def _live_state(target: Target) -> str | None:
    """The state of a job that has not ended; None if it has, or is unknown."""
    job = target.job
    return job.state if job is not None and job.state and not job.ended else None


def slots_free(target: Target) -> str:
    """The number of free slots, as the end of a sentence; "" if unknown."""
    return "" if target.slots_free is None else f"   ({target.slots_free} slots free now)"


def _arguments_line(arguments: tuple[str, ...]) -> str:
    """The arguments as typed in a shell, without secrets; shortened if they are long."""
    typed = shlex.join(redaction.words(arguments))
    if len(typed) <= MOST_OF_ARGUMENTS:
        return typed
    return f"{typed[:MOST_OF_ARGUMENTS]}…  ({len(arguments)} in all)"


async def _started(http: Http, job: str, known: Result) -> Verdict:
    """The verdict on a job that was submitted to the cluster."""
    state = await state_of(http, job)
    if state is None:
        return Unknown("no such job is on the cluster; a main() that takes long may still be running")
    result = structs.replace(known, job=job, job_state=state)
    if state == "FAILED":
        cause = await _why_it_failed(http, job)
        if cause is None:
            return Failed("the job FAILED", result)
        return Failed(cause.sentence or "the job FAILED", result, cause.exceptions)
    if state == "RUNNING" or states.is_terminal(state):
        restored = await _restored(http, job)
        return Done(structs.replace(result, facts=(f"restored from {restored}",) if restored else ()))
    if state in ("INITIALIZING", "CREATED"):
        return Unknown(f"the job is there and {state}", result, STARTS_WITHIN)
    return InProgress(f"the job is {state}", result)


async def _why_it_failed(http: Http, job: str) -> Cause | None:
    """Why a FAILED job failed, from its execution result."""
    answer = await found(http, EXECUTION_RESULT(job=job))
    result = answer.job_execution_result if answer is not None else None
    return result.failure_cause if result is not None else None


async def _restored(http: Http, job: str) -> str | None:
    stats = await found(http, CHECKPOINTS(job=job))
    restored = stats.latest.restored if stats is not None else None
    return restored.external_path if restored is not None else None


def _wrong_options(target: Target, options: RunOptions) -> str | None:
    """Why a jar can't be run with these options on this release, which ignores unknown ones silently."""
    features = target.features
    if options.parallelism is not None and options.parallelism < 1:
        return f"a parallelism of {options.parallelism} is none: it is 1 or more"
    if options.configuration and not features.has(1, 17):
        return target.needs((1, 17), "configuration per job ")
    if options.claim_mode is not None and not features.has(1, 15):
        return f"restore modes need Flink 1.15 or later (this cluster runs {features.version})"
    if options.allow_non_restored_state and not options.savepoint:
        return "allowing non-restored state needs a savepoint: give its path"
    if options.claim_mode is not None and not options.savepoint:
        return "a restore mode needs a savepoint: give its path"
    return None


@dataclass(frozen=True)
class PlanJar(Request):
    """POST /jars/:jarid/plan: reads the plan, but runs main() on the JobManager."""

    title = "Preview plan"
    effect = "its main() runs on the JobManager, no job starts"

    jar: str
    options: RunOptions = field(default_factory=RunOptions)

    def why_not(self, target: Target) -> str | None:
        if target.read_only:
            return "this cluster is opened read-only, and a plan runs the jar's main() on its JobManager"
        return None if target.features.web_submit else SWITCHED_OFF["web_submit"]

    def consequence(self, _target: Target) -> tuple[Line, ...]:
        return (
            Line(AFTERWARDS, "the jar's main() runs on the JobManager up to where it would submit its job"),
            Line("", "side effects are real: files written, topics created", "warn"),
        )

    def explanation(self, _target: Target) -> tuple[Line, ...]:
        return (Line(AFTERWARDS, "its main() runs on the JobManager up to where it would submit its job"),)

    async def ask(self, context: ActContext) -> Plan:
        """The job graph. Raises FlinkError: the cluster does not answer, or main() throws."""
        return await jars.plan(context.http, context.features, self.jar, self.options)


@dataclass(frozen=True)
class SubmitGraph(StartAct):
    """POST /jobs. The job's id is in the graph, but only Java can read it."""

    kind = "submit-graph"
    label = "submit job graph"
    transfer = True

    graph: str  # a file on this machine: a JobGraph (2.x: ExecutionPlan) serialized by the same Flink release
    jars: tuple[str, ...] = ()
    artifacts: tuple[tuple[str, str], ...] = ()  # entries of the distributed cache: name, file

    @property
    def subject(self) -> str:
        return Path(self.graph).name

    def consequence(self, target: Target) -> tuple[Line, ...]:
        starts = f"its job starts{slots_free(target)}; the JobManager deserializes Java objects of this file"
        return (
            target.cluster_line,
            Line("graph", self.graph),
            *(Line("jar", jar) for jar in self.jars),
            *(Line("artifact", f"{name} = {file}") for name, file in self.artifacts),
            Line(AFTERWARDS, starts, "warn"),
        )

    async def prepare(self, context: ActContext) -> Notes:
        """Check that the files can be read, and note the existing jobs."""
        for name in (self.graph, *self.jars, *(file for _, file in self.artifacts)):
            size_of(Path(name))
        return {"jobs": [job.jid for job in (await read(context.http, JOBS_OVERVIEW())).value.jobs]}

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        job = await submit(
            context.transfers,
            context.features,
            Path(self.graph),
            jars=[Path(jar) for jar in self.jars],
            artifacts=[(name, Path(file)) for name, file in self.artifacts],
        )
        return Accepted(None, Result(job=job or None))

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """Whether the job exists and runs; without its id, which jobs are new."""
        if handle.result.job is not None:
            return await _started(context.http, handle.result.job, handle.result)
        listed = (await read(context.http, JOBS_OVERVIEW())).value.jobs
        new = [job for job in listed if job.jid not in handle.notes.get("jobs", ())]
        if not new:
            return Unknown("no new job is on the cluster")
        names = ", ".join(f"{job.name or '(no name)'} ({job.jid})" for job in new)
        return Unknown(f"the answer was lost; new on the cluster since: {names}", unclear=True)
