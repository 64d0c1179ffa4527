"""Arguments and exit codes of the acting commands, of `flinktop operations` and of `flinktop explain`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

ON_A_JOB: Final = ("savepoint", "stop", "cancel")
ACTS: Final = (*ON_A_JOB, "submit")
EXPLAIN: Final = "explain"
DONE: Final = 0
FAILED: Final = 1  # failed, or lost
USAGE: Final = 2  # usage error, or a file that can't be used
UNREACHABLE: Final = 3
REFUSED: Final = 4
NOTHING_KNOWN: Final = 1  # of explain
INTERRUPTED: Final = 130  # a shell's exit code for a program ended by ctrl+c
LEAST_OF_AN_ID: Final = 4  # minimum characters of an id prefix: shorter ones easily match another job
_JOB: Final = (
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


@dataclass(frozen=True, slots=True)
class ExplainArgs:
    """The arguments of `flinktop explain`."""

    file: str | None = None  # None or "-" for standard input
    json: bool = False


def add_parsers(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parsers of the acting commands to argparse's subparsers."""
    acting = _acting()
    for command, does in (
        ("savepoint", "take a savepoint of a job"),
        ("stop", "stop a job with a savepoint"),
        ("cancel", "cancel a job, without a savepoint"),
    ):
        parser = _add_acting(uses, command, does, [*parents, acting])
        parser.add_argument("what", metavar="JOB", help=_JOB)
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
