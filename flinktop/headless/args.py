"""Arguments and exit codes of the acting commands, `operations`, `explain`, `bundle`, and those that list.

And the arguments that several of the other commands have.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from flinktop.headless.cluster_args import KubernetesArgs

ON_A_JOB: Final = ("savepoint", "stop", "cancel")
ACTS: Final = (*ON_A_JOB, "submit")
EXPLAIN: Final = "explain"
BUNDLE: Final = "bundle"
COLUMNS: Final = "columns"
COMPLETION: Final = "completion"
SHELLS: Final = ("bash", "zsh", "fish")
USUAL_SIZE: Final = 20  # MB of a bundle
USUAL_LOG: Final = 16  # MB of a log file that is downloaded for one
LARGEST: Final = 1024  # MB
MB: Final = 1024 * 1024
DONE: Final = 0
FAILED: Final = 1  # failed, or lost
USAGE: Final = 2  # usage error, or a file that can't be used
UNREACHABLE: Final = 3
REFUSED: Final = 4
NOTHING_KNOWN: Final = 1  # of explain
USUAL_WAIT: Final = 25.0
"""Seconds that a verdict may take."""
LONGEST_WAIT: Final = 3600.0
INTERRUPTED: Final = 130  # a shell's exit code for a program ended by ctrl+c
LEAST_OF_AN_ID: Final = 4  # minimum characters of an id prefix: shorter ones easily match another job
JOB_WORDS: Final = (
    "a job's id, a unique prefix of one (4 characters or more), or its name (unique "
    "among the jobs that have not ended, else among all)"
)


class Ended(Exception):  # noqa: N818 - the name says what happened
    """Ends the command before anything was sent."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class ActArgs:
    """The arguments of an acting command, unchecked."""

    command: str
    what: str = ""  # the job, or the file
    yes: bool = False
    confirm: str | None = None
    wait: bool = True
    json: bool = False
    directory: str | None = None
    form: str | None = None
    drain: bool = False
    cancel: bool = False
    job_graph: bool = False
    jars: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    entry_class: str | None = None
    parallelism: int | None = None
    savepoint: str | None = None
    allow_non_restored_state: bool = False
    claim_mode: str | None = None
    settings: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()  # of the program, after `--`
    kubernetes: "KubernetesArgs | None" = None  # where the cluster is searched


@dataclass(frozen=True, slots=True)
class ExplainArgs:
    """The arguments of `flinktop explain`."""

    file: str | None = None  # None or "-" for standard input
    json: bool = False


@dataclass(frozen=True, slots=True)
class BundleArgs:
    """The arguments of `flinktop bundle`."""

    what: str  # the job
    output: str | None = None
    overwrite: bool = False
    size: int = USUAL_SIZE  # MB
    largest_log: int = USUAL_LOG  # MB
    wait: float = USUAL_WAIT  # seconds
    kubernetes: "KubernetesArgs | None" = None  # where the cluster is searched


@dataclass(frozen=True, slots=True)
class ColumnsArgs:
    """The arguments of `flinktop columns`."""

    table: str | None = None  # None: all tables
    json: bool = False


@dataclass(frozen=True, slots=True)
class CompletionArgs:
    """The arguments of `flinktop completion`."""

    shell: str


def add_parsers(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parsers of the acting commands to argparse's subparsers."""
    acting = _acting()
    for command, does in (
        ("savepoint", "take a savepoint of a job"),
        ("stop", "stop a job with a savepoint"),
        ("cancel", "cancel a job, without a savepoint"),
    ):
        parser = _add_acting(uses, command, does, [*parents, acting])
        parser.add_argument("what", metavar="JOB", help=JOB_WORDS)
        if command != "cancel":
            add = parser.add_argument_group("savepoint").add_argument
            add(
                "--directory",
                metavar="DIR",
                help="target directory (default: the cluster's savepoint directory)",
            )
            add(
                "--format",
                dest="form",
                choices=("canonical", "native"),
                help="format of the savepoint (Flink 1.15+)",
            )
        if command == "stop":
            parser.add_argument(
                "--drain",
                action="store_true",
                help="fire all windows and timers first: the job ends for good",
            )
        if command == "savepoint":
            parser.add_argument("--cancel", action="store_true", help="cancel the job once it is complete")
    _add_submit(_add_acting(uses, "submit", "run a jar, or a serialized job graph", [*parents, acting]))


def add_operations(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parser of `operations` to argparse's subparsers."""
    parser = _add_acting(uses, "operations", "the operations log, newest first", parents)
    parser.add_argument("--json", action="store_true", help="as a JSON array")


def add_explain(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parser of `explain` to argparse's subparsers."""
    parser = add_command(
        uses,
        EXPLAIN,
        "read a Java stack trace or a log and say which failures in it are well known",
        parents,
        description="Read a Java stack trace, a log or a JSON answer of Flink, and print for each "
        "well-known failure in it the lines, what it means, what to do first and where to look next. "
        "No cluster is asked.",
        epilog="Exit codes: 0 something is known, 1 nothing is known, 2 usage error or a file that can't be "
        "read.",
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="the file; without it, or -, standard input")
    parser.add_argument("--json", action="store_true", help="as a JSON array")


def explain_args(given: dict[str, Any]) -> ExplainArgs:
    """Remove the arguments of `explain` from `given`."""
    return ExplainArgs(file=given.pop("file", None), json=given.pop("json", False))


def add_listings(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parsers of `columns` and `completion` to argparse's subparsers."""
    columns = add_command(
        uses,
        COLUMNS,
        "list the tables and their columns, as [columns.TABLE] of the config names them",
        parents,
    )
    columns.add_argument("table", nargs="?", metavar="TABLE", help="only this table")
    columns.add_argument("--json", action="store_true", help="as one JSON document")
    completion = add_command(
        uses,
        COMPLETION,
        f"print a script that completes flinktop's arguments in {', '.join(SHELLS)}",
        parents,
    )
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def listing_args(command: str, given: dict[str, Any]) -> ColumnsArgs | CompletionArgs:
    """Remove the arguments of `columns` or `completion` from `given`."""
    if command == COMPLETION:
        return CompletionArgs(given.pop("shell"))
    return ColumnsArgs(given.pop("table", None), json=given.pop("json", False))


def add_bundle(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parser of `bundle` to argparse's subparsers."""
    parser = add_command(
        uses,
        BUNDLE,
        "write what is known of a job in trouble to a zip file, without secrets, for those who help",
        parents,
        description="Write an incident bundle of a job: verdict and evidence, exceptions, the last "
        "checkpoints with their phases, thread dump and flame graph of the culprit, logs around the first "
        "failure, configuration, events of the journal, and a README.txt that says what each file is and "
        "what could not be included. Secrets are removed. Nothing is changed on the cluster.",
        epilog="It takes about 30 seconds, as the verdict needs three fetches of Flink's metrics. The path "
        "of the file is printed to stdout, progress to stderr. Exit codes: 0 written, 1 not written, 2 "
        "usage error, 3 unreachable.",
    )
    add = parser.add_argument
    add("what", metavar="JOB", help=JOB_WORDS)
    add("--target", metavar="TARGET", help="cluster address or name (default: as for open)")
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="the file to write (default: flinktop-JOB-DATE-TIME.zip in the current directory)",
    )
    add("--overwrite", action="store_true", help="replace FILE if it exists")
    add(
        "--size",
        metavar="MB",
        type=_megabytes,
        help=f"size of the content, uncompressed, at most (default: {USUAL_SIZE})",
    )
    add(
        "--largest-log",
        metavar="MB",
        type=_megabytes,
        help="download log files up to this size (default: "
        f"{USUAL_LOG}): Flink can only send whole files; at most 2 MB of each are kept",
    )
    add(
        "--wait",
        metavar="SECONDS",
        type=seconds,
        help=f"look for at most so many seconds for the verdict (default: {USUAL_WAIT:g}; under 21 only what "
        "one answer shows is judged)",
    )


def bundle_args(given: dict[str, Any]) -> BundleArgs:
    """Remove the arguments of `bundle` from `given`. Raises ValueError with a sentence if they conflict."""
    names = {name for name in BundleArgs.__slots__ if name in given}
    args = BundleArgs(**{name: given.pop(name) for name in names})
    if args.overwrite and args.output is None:
        raise ValueError("--overwrite goes with -o FILE")
    if args.output is not None and not args.output.strip():
        raise ValueError("-o must be the name of a file")
    return args


def add_job_filter(parser: argparse.ArgumentParser) -> None:
    """Add --job of a command that prints what is about one job only."""
    parser.add_argument(
        "--job",
        metavar="JOB",
        help="only this job: its id, a prefix of it (4 characters or more), its name, or a pattern "
        "such as 'billing-*'",
    )


def job_filter(given: dict[str, Any]) -> str | None:
    """Remove --job from `given`. Raises ValueError with a sentence if it is empty."""
    job: str | None = given.pop("job", None)
    if job is not None and not job.strip():
        raise ValueError("--job must not be empty: it is a job's id, name or pattern")
    return job


def split_program_args(args: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The arguments of `submit` before `--`, and those of the program after it."""
    if args[:1] == ["submit"] and "--" in args:
        at = args.index("--")
        return args[:at], tuple(args[at + 1 :])
    return args, ()


def act_args(command: str, given: dict[str, Any], program: tuple[str, ...]) -> ActArgs:
    """Remove the arguments of an act from `given`, leaving the others there."""
    names = {name for name in ActArgs.__slots__ if name in given}
    taken: dict[str, Any] = {name: given.pop(name) for name in names}
    for name in ("jars", "artifacts", "settings"):
        if name in taken:
            taken[name] = tuple(taken[name])
    return ActArgs(command=command, arguments=program, **taken)


def add_command(
    uses: Any, command: str, does: str, parents: Sequence[argparse.ArgumentParser], **more: Any
) -> argparse.ArgumentParser:
    """Add a parser to argparse's subparsers; options that are absent are not set."""
    more = {"argument_default": argparse.SUPPRESS, "allow_abbrev": False, **more}
    parser: argparse.ArgumentParser = uses.add_parser(command, help=does, parents=parents, **more)
    return parser


def _add_acting(
    uses: Any, command: str, does: str, parents: Sequence[argparse.ArgumentParser]
) -> argparse.ArgumentParser:
    return add_command(uses, command, does, parents, description=f"{does[0].upper()}{does[1:]}.")


def _acting() -> argparse.ArgumentParser:
    acting = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    add = acting.add_argument_group("actions").add_argument
    add("--target", metavar="TARGET", help="cluster address or name (default: as for open)")
    add("--yes", action="store_true", help="do not ask for confirmation; needed without a terminal")
    add(
        "--confirm",
        metavar="NAME",
        help="the name that confirms it on a protected cluster, without a terminal",
    )
    add("--wait", action="store_true", help="wait until it has ended (the default)")
    add("--no-wait", action="store_false", dest="wait", help="return once Flink has accepted it")
    add("--json", action="store_true", help="print the result as JSON")
    return acting


def _add_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        metavar="FILE",
        help="a jar; its program's arguments come after --. It stays on the JobManager if the run has "
        "succeeded, and is deleted again when it has not",
    )
    add = parser.add_argument_group("jar").add_argument
    add("--class", dest="entry_class", metavar="NAME", help="the class whose main() runs")
    add("--parallelism", metavar="N", type=_parallelism, help="parallelism of the job, 1 or more")
    add("--savepoint", metavar="PATH", help="savepoint to restore from")
    add("--allow-non-restored-state", action="store_true", help="drop state that matches no operator")
    add("--claim-mode", choices=("NO_CLAIM", "CLAIM", "LEGACY"), help="who owns the savepoint (1.15+)")
    add(
        "--conf",
        dest="settings",
        metavar="KEY=VALUE",
        action="append",
        help="setting for this job only (1.17+)",
    )
    add = parser.add_argument_group("job graph").add_argument
    add("--job-graph", action="store_true", help="FILE is a job graph, serialized by the same Flink release")
    add("--jar", dest="jars", metavar="FILE", action="append", help="a jar of its classes")
    add(
        "--artifact",
        dest="artifacts",
        metavar="NAME=FILE",
        action="append",
        help="file for its distributed cache",
    )


def _parallelism(text: str) -> int:
    """A number of subtasks."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a parallelism: it is a number, 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """A time to wait. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number of seconds from 0 to {LONGEST_WAIT:g}")
    return value


def _megabytes(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value <= LARGEST:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number of MB from 1 to {LARGEST}")
    return value
