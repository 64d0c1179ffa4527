"""The command line's arguments: the parser of all commands, and what it makes of them.

It is read at every start, so nothing heavy is imported here.
"""

# ruff: noqa: PLC0415, T201 -- imports are delayed until needed, and --help prints

import argparse
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flinktop import __version__
from flinktop.allowed import COMMANDS, LATER_COMMANDS, THEMES, listed, near, shown
from flinktop.demo.names import DEFAULT, RELEASES, SHOWS
from flinktop.headless.args import (
    ACTS,
    BUNDLE,
    COLUMNS,
    COMPLETION,
    EXPLAIN,
    ON_A_JOB,
    ActArgs,
    BundleArgs,
    ColumnsArgs,
    CompletionArgs,
    ExplainArgs,
    act_args,
    add_bundle,
    add_command,
    add_explain,
    add_listings,
    add_operations,
    add_parsers,
    bundle_args,
    explain_args,
    listing_args,
    split_program_args,
)
from flinktop.headless.cluster_args import (
    CLUSTERS,
    KUBERNETES,
    WATCH,
    ClustersArgs,
    KubernetesArgs,
    WatchArgs,
    add_clusters_list,
    add_kubernetes,
    add_watch,
    clusters_list_args,
    kubernetes_args,
    of_one_found,
    watch_args,
)
from flinktop.headless.journal_args import JOURNAL, JournalArgs, add_journal, journal_args
from flinktop.headless.status_args import STATUS, StatusArgs, add_status, status_args

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.settings import Flags


@dataclass(frozen=True, slots=True)
class OpenArgs:
    """Several clusters to open, or all of the config file."""

    targets: tuple[str, ...] = ()
    every: bool = False


AloneArgs = ExplainArgs | ColumnsArgs | CompletionArgs
"""The arguments of a command that needs no settings."""
SettledArgs = ActArgs | StatusArgs | BundleArgs | JournalArgs | WatchArgs | ClustersArgs
"""The arguments of a command for scripts that needs them."""
Args = AloneArgs | SettledArgs | OpenArgs | KubernetesArgs
OPEN: Final = "open"
ONLY_COMMANDS: Final = tuple(name for name in COMMANDS if name not in LATER_COMMANDS)
"""Words that can't be the name of a cluster."""


class UsageError(Exception):
    """Invalid command-line arguments; the text is a sentence for the user."""


class _Parser(argparse.ArgumentParser):
    """An argparse parser that raises UsageError instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        # --help and --version have printed: a broken pipe must be noticed now.
        print(end="", flush=True)
        super().exit(status, message)


def read_args(args: list[str]) -> "tuple[str, str | None, Flags, Args | None]":
    """Parse into command, target, options, and the arguments of the commands for scripts.

    Raises UsageError for invalid arguments, and SystemExit after --help and --version.
    """
    parser = parser_of_all()
    options = options_of(parser)
    args, program = split_program_args(_with_command(args, options))
    try:
        found, left = parser.parse_known_args(args)
    except UsageError as error:
        if "--kubernetes" in args and "required" in str(error):
            raise UsageError(f"{error}; it stands before --kubernetes, which the NAMEs follow") from None
        raise
    given = vars(found)
    command, target = str(given.pop("command")), given.pop("target", None)
    if command in (OPEN, STATUS, WATCH):
        # argparse takes only those that stand together.
        more = [word for word in left if not word.startswith("-")]
        given["targets"] = [*given.get("targets", ()), *more]
        left = [word for word in left if word.startswith("-")]
    if left:
        raise UsageError(_not_understood(left, options, command))
    if command == OPEN and len(targets := given["targets"]) == 1 and not given.get("every"):
        # As it was opened before there were several.
        target, given["targets"] = targets[0], ()
    try:
        act = _args_of(command, given, program, target)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if "header" in given:
        given["header"] = tuple(given["header"])
    # Imported after parsing, which ends the process for --help and --version.
    from flinktop.settings import Flags

    return command, target, Flags(**given), act


def _args_of(
    command: str, given: dict[str, Any], program: tuple[str, ...], target: str | None
) -> Args | None:
    """Remove the arguments of a command for scripts from `given`; raises ValueError if they conflict."""
    if command in ACTS or command == "operations":
        return replace(act_args(command, given, program), kubernetes=kubernetes_args(given))
    if command == BUNDLE:
        return replace(bundle_args(given), kubernetes=kubernetes_args(given))
    if command == JOURNAL:
        return replace(journal_args(given), target=target)
    if command in (COLUMNS, COMPLETION):
        return listing_args(command, given)
    takers: dict[str, Callable[[dict[str, Any]], Args | None]] = {
        OPEN: _open_args,
        EXPLAIN: explain_args,
        STATUS: status_args,
        WATCH: watch_args,
        CLUSTERS: clusters_list_args,
        KUBERNETES: partial(kubernetes_args, needs=""),
    }
    return takers[command](given) if command in takers else None


def _open_args(given: dict[str, Any]) -> OpenArgs | None:
    """The clusters to open if there are several; None for one. Raises ValueError if they conflict."""
    targets, every = tuple(dict.fromkeys(given.pop("targets"))), given.pop("every", False)
    if not targets and not every:
        return None
    if targets and every:
        raise ValueError("--all and a TARGET cannot be used together: keep one")
    commands = [target for target in targets if target in ONLY_COMMANDS]
    if commands:
        raise ValueError(
            f"'{commands[0]}' is a command, not a cluster: it stands before its arguments, "
            f"as in: flinktop {commands[0]} {next(one for one in targets if one != commands[0])}"
        )
    return OpenArgs(targets, every)


def parser_of_all() -> argparse.ArgumentParser:
    """The parser of all commands; it raises UsageError instead of ending the process."""
    common, connection, monitor = _common(), _connection(), _of_monitor()
    parser = _Parser(
        prog="flinktop",
        description="A terminal monitor for Apache Flink clusters.",
        usage="flinktop [TARGET ...] [options]\n       flinktop --all [options]\n"
        "       flinktop demo [SCENARIO] [options]\n"
        "       flinktop status [TARGET ...] [options]\n       flinktop journal [TARGET] [options]\n"
        "       flinktop watch [TARGET ...] [options]\n"
        "       flinktop kubernetes [NAME ...] [options]\n"
        "       flinktop bundle JOB [options]\n       flinktop explain [FILE] [options]\n"
        "       flinktop {savepoint,stop,cancel} JOB [options]\n       flinktop submit FILE [options]\n"
        "       flinktop {local,operations,clusters} [options]\n       flinktop columns [TABLE] [options]\n"
        "       flinktop completion {bash,zsh,fish}",
        epilog="TARGET is http(s)://host:port/base, host:port, or a cluster's name from the config file; "
        "without it FLINKTOP_TARGET, the config's default, else http://localhost:8081. An address copied "
        "from a job's page in Flink's Web UI opens that job. Options stand before or after the "
        "command. A variable beats the config file, and an option beats both: FLINKTOP_TARGET, "
        "_CONFIG, _USER, _PASSWORD, _TOKEN (for the cluster that is opened without TARGET, or for the hosts "
        "in _CREDENTIALS_FOR), _READ_ONLY, _REFRESH, _THEME, _ASCII, and NO_COLOR.",
        parents=[monitor, common, connection],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"flinktop {__version__}")
    uses = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", prog="flinktop", parser_class=_Parser
    )
    use = add_command(
        uses,
        OPEN,
        "open TARGET, or several on one screen ('open' is optional)",
        [monitor, common, connection],
    )
    use.add_argument("targets", nargs="*", metavar="TARGET", help="addresses or names of clusters")
    use.add_argument("--all", dest="every", action="store_true", help="all clusters of the config file")
    local = add_command(
        uses,
        "local",
        "start a real Flink with sample jobs on this machine and open it; it stops when you leave",
        [monitor, common],
    )
    local.add_argument(
        "--no-tls",
        action="store_true",
        help="plain HTTP, for Flink's Web UI in a browser: any user of this machine can then run code as you",
    )
    demo = add_command(
        uses,
        "demo",
        f"open a simulated cluster (no Flink needed); SCENARIO is one of {', '.join(SHOWS)}",
        [monitor, common],
        description="A simulated cluster instead of a real one; it is read-only.",
        epilog="Scenarios: "
        + "; ".join(f"{name}: {shows}" for name, shows in SHOWS.items())
        + f". Without one: {DEFAULT}.",
    )
    demo.add_argument("target", nargs="?", metavar="SCENARIO", help=", ".join(SHOWS))
    releases = f"simulated release: {', '.join(RELEASES)} (default: the first)"
    demo.add_argument("--flink", metavar="VERSION", help=releases)
    add_kubernetes(uses, [monitor, common])
    add_status(uses, [common, connection])
    add_journal(uses, [common])
    add_watch(uses, [common, connection])
    in_kubernetes = of_one_found()
    add_bundle(uses, [common, connection, in_kubernetes])
    add_explain(uses, [common])
    add_operations(uses, [common])
    add_parsers(uses, [common, connection, in_kubernetes])
    add_clusters_list(uses, [common])
    add_listings(uses, [common])
    return parser


def _common() -> _Parser:
    """Options of every command; absent ones are not set, so that they may be before or after it."""
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    add = common.add_argument
    add("--read-only", action="store_true", help="refuse every action that changes the cluster")
    add("--refresh", metavar="SECONDS", help="refresh interval in seconds (default: that of Flink's Web UI)")
    add("--theme", metavar="NAME", help=", ".join(THEMES))
    add("--ascii", action="store_true", help="draw with ASCII characters only")
    add("--no-color", action="store_true", help="no colours; also when NO_COLOR is set")
    add("--mouse", action="store_true", help="start with the mouse on")
    add("--config", metavar="FILE", help="config file to use")
    add("--debug", action="store_true", help="log every request")
    return common


def _of_monitor() -> _Parser:
    """Options of the commands that open the monitor."""
    parent = _Parser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    parent.add_argument(
        "--wall",
        action="store_true",
        help="open with the wall: what is wrong in large letters, to be read from across the room",
    )
    return parent


def _connection() -> _Parser:
    """Options of the commands that connect to a cluster. Secrets are not accepted as arguments."""
    parent = _Parser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    add = parent.add_argument_group("connection").add_argument
    add("--user", metavar="NAME", help="user for basic authentication")
    add("--password-file", metavar="FILE", help="file with the password (or FLINKTOP_PASSWORD)")
    add("--token-file", metavar="FILE", help="file with a bearer token (or FLINKTOP_TOKEN)")
    add("--token-command", metavar="CMD", help="command that prints a bearer token")
    add("--header", metavar="'K: V'", action="append", help="additional header; not Authorization or Cookie")
    add("--header-file", metavar="FILE", help="file with headers, one 'K: V' per line; for secret ones")
    add("--ca", metavar="FILE", help="CA certificates to trust")
    add("--cert", metavar="FILE", help="client certificate")
    add("--key", metavar="FILE", help="key of the client certificate")
    add("--insecure", action="store_true", help="do not verify the server's certificate")
    return parent


def command_of(args: list[str]) -> str:
    """The command that these arguments are of, also if they are wrong."""
    return _with_command(args, options_of(parser_of_all()))[0]


def options_of(parser: argparse.ArgumentParser) -> dict[str, dict[str, bool]]:
    """By command ("" for none): its options, and whether each takes a value."""
    # argparse has no public list of options.
    commands = next(dict(one.choices) for one in parser._actions if isinstance(one.choices, dict))  # noqa: SLF001
    return {
        command: {arg: one.nargs is None for one in its._actions for arg in one.option_strings}  # noqa: SLF001
        for command, its in {"": parser, **commands}.items()
    }


def _with_command(args: list[str], options: dict[str, dict[str, bool]]) -> list[str]:
    """The arguments with the command moved to the front: the first positional one, else `open`.

    A subparser would overwrite options that are given before the command.
    """
    valued = {arg for its in options.values() for arg, has_value in its.items() if has_value}
    at = 0
    while at < len(args) and args[at].startswith("-") and args[at] not in ("-", "--"):
        if args[at] in ("-h", "--help", "--version"):
            return args
        at += 2 if args[at] in valued else 1
    if at < len(args) and args[at] in COMMANDS:
        return [args[at], *args[:at], *args[at + 1 :]]
    return ["open", *args]


def _not_understood(left: list[str], options: dict[str, dict[str, bool]], command: str) -> str:
    arg = next((arg for arg in left if arg.startswith("-")), None)
    if arg is None:
        takes = {
            "demo": "only one SCENARIO is allowed",
            "explain": "only one FILE is allowed",
            "columns": "only one TABLE is allowed",
            "completion": "only one SHELL is allowed",
            "journal": "only one TARGET is allowed",
            "submit": "only one FILE is allowed, and its program's arguments come after --",
            **dict.fromkeys((*ON_A_JOB, BUNDLE), "only one JOB is allowed"),
        }
        enough = takes.get(command, f"'{command}' takes no arguments")
        return f"{enough}: unexpected argument '{shown(left[0])}'"
    name = arg.partition("=")[0]
    if name in ("--password", "--token"):
        return f"secrets are not allowed on the command line: use {name}-file or FLINKTOP_{name[2:].upper()}"
    if takers := [other for other, its in options.items() if other and name in its]:
        those = "opening a cluster" if "open" in takers else listed(map(repr, takers))
        return f"{name} is for {those}, not for '{command}'"
    return f"unknown option {shown(name)}{near(name, options[command])}"
