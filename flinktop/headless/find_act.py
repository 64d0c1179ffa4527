"""Creates the act from a command's arguments: checks job, file and options before anything is sent."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.jar_files import size_of, why_no_jar
from flinktop.engine.acts.job_acts import Cancel, Savepoint, SavepointAndCancel, Stop
from flinktop.engine.acts.run_jar import RunJar, SubmitGraph
from flinktop.flink.jars import ClaimMode, RunOptions
from flinktop.flink.jobs import JobOverview
from flinktop.headless.args import LEAST_OF_AN_ID, USAGE, ActArgs, Ended
from flinktop.model import states

if TYPE_CHECKING:
    from flinktop.flink.checkpoints import Format

MOST_LISTED = 8  # maximum number of jobs named in a message


class NoSuchJob(Ended):
    """The cluster lists no job that was meant."""


def kind_of(args: ActArgs) -> type[Act]:
    """The class of the act for these arguments."""
    kinds: dict[str, type[Act]] = {
        "savepoint": SavepointAndCancel if args.cancel else Savepoint,
        "stop": Stop,
        "cancel": Cancel,
        "submit": SubmitGraph if args.job_graph else RunJar,
    }
    return kinds[args.command]


def job_act(args: ActArgs, jobs: Iterable[JobOverview]) -> Act:
    """The act of `savepoint`, `stop` or `cancel`. Raises Ended if no job or several jobs match."""
    job = find_job(jobs, args.what)
    if args.command == "cancel":
        return Cancel(job.jid, job.name)
    form = cast("Format", args.form.upper()) if args.form is not None else None
    if args.command == "stop":
        return Stop(job.jid, job.name, args.directory, form, args.drain)
    kind = SavepointAndCancel if args.cancel else Savepoint
    return kind(job.jid, job.name, args.directory, form)


def find_job(jobs: Iterable[JobOverview], what: str) -> JobOverview:
    """Find the one job that `what` matches.

    A prefix of an id must be unique among all jobs, also ended ones. A name must be unique among those that
    have not ended, or among all if all have: a job that was run again keeps its name. A text that is a name
    and also a prefix of another job's id matches both. Raises Ended for none or several.
    """
    known = list(jobs)
    if exact := [job for job in known if job.jid == what.lower()]:
        return _only(exact, what)
    named = _named(known, what)
    begun = [job for job in known if what and job.jid.startswith(what.lower())]
    if named and len(what) < LEAST_OF_AN_ID:
        return _only(named, what)
    if begun and len(what) < LEAST_OF_AN_ID:
        least = f"an id prefix needs {LEAST_OF_AN_ID} characters or more"
        raise Ended(USAGE, f"'{what}' is too short: {least}; it matches {_listed(begun)}")
    if fitting := list({job.jid: job for job in (*named, *begun)}.values()):
        return _only(fitting, what)
    raise NoSuchJob(USAGE, f"no such job '{what}'" + (f"; {_listed(known)}" if known else ""))


def _named(jobs: list[JobOverview], name: str) -> list[JobOverview]:
    """The jobs with a name that have not ended; all with that name if all have ended."""
    named = [job for job in jobs if name and job.name == name]
    return [job for job in named if not states.is_terminal(job.state)] or named


def _only(jobs: list[JobOverview], what: str) -> JobOverview:
    if len(jobs) > 1:
        raise Ended(USAGE, f"'{what}' matches {len(jobs)} jobs: {_listed(jobs)}")
    return jobs[0]


def _listed(jobs: list[JobOverview]) -> str:
    listed = [f"{job.name or '(no name)'} ({job.jid}, {job.state})" for job in jobs[:MOST_LISTED]]
    more = [f"and {len(jobs) - MOST_LISTED} more"] if len(jobs) > MOST_LISTED else []
    return ", ".join([*listed, *more])


def submit_act(args: ActArgs) -> Act:
    """The act of `submit`; its jar has no id yet. Raises Ended for conflicting options."""
    return _graph(args) if args.job_graph else _jar(args)


def _graph(args: ActArgs) -> SubmitGraph:
    _only_with(args, graph=True)
    artifacts = tuple(_pair("--artifact", "NAME=FILE", text) for text in args.artifacts)
    for name in (args.what, *args.jars, *(file for _, file in artifacts)):
        _readable(Path(name))
    return SubmitGraph(args.what, args.jars, artifacts)


def _jar(args: ActArgs) -> RunJar:
    _only_with(args, graph=False)
    if not args.savepoint:
        if args.allow_non_restored_state:
            raise Ended(USAGE, "--allow-non-restored-state goes with --savepoint")
        if args.claim_mode:
            raise Ended(USAGE, "--claim-mode goes with --savepoint")
    options = RunOptions(
        entry_class=args.entry_class,
        arguments=args.arguments,
        parallelism=args.parallelism,
        savepoint=args.savepoint,
        allow_non_restored_state=args.allow_non_restored_state,
        claim_mode=cast("ClaimMode | None", args.claim_mode),
        configuration=dict(_pair("--conf", "KEY=VALUE", text) for text in args.settings),
    )
    path = Path(args.what)
    _readable(path)
    if (why := why_no_jar(path)) is not None:
        raise Ended(USAGE, why)
    return RunJar("", path.name, options)


def _readable(path: Path) -> None:
    try:
        size_of(path)
    except OSError as error:
        raise Ended(USAGE, f"{path} can't be read: {error.strerror}") from None


def _only_with(args: ActArgs, *, graph: bool) -> None:
    """Refuse options for the other kind of file: they would be ignored silently."""
    of_a_jar = {
        "--class": args.entry_class,
        "--parallelism": args.parallelism,
        "--savepoint": args.savepoint,
        "--allow-non-restored-state": args.allow_non_restored_state,
        "--claim-mode": args.claim_mode,
        "--conf": args.settings,
        "arguments of a program": args.arguments,
    }
    of_a_graph = {"--jar": args.jars, "--artifact": args.artifacts}
    wrong = [name for name, value in (of_a_jar if graph else of_a_graph).items() if value]
    if wrong:
        what = "a jar that is run, not with --job-graph" if graph else "--job-graph"
        raise Ended(USAGE, f"{wrong[0]} goes with {what}")


def _pair(option: str, shape: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise Ended(USAGE, f"{option} is written {shape}")
    return name, value
