"""The command line: parses the arguments, then runs the command.

`--version`, `--help` and usage errors must be fast, so heavy modules are imported where they are used.
"""

# ruff: noqa: PLC0415, T201 -- imports are delayed until needed, and this module prints

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flinktop import __version__
from flinktop.allowed import COMMANDS, LATER_COMMANDS, THEMES, SettingsError, listed, near, shown
from flinktop.demo.names import DEFAULT, RELEASES, SHOWS
from flinktop.headless.args import (
    ACTS,
    BUNDLE,
    DONE,
    EXPLAIN,
    FAILED,
    INTERRUPTED,
    ON_A_JOB,
    USAGE,
    ActArgs,
    BundleArgs,
    ExplainArgs,
    act_args,
    add_bundle,
    add_command,
    add_explain,
    add_operations,
    add_parsers,
    bundle_args,
    explain_args,
    split_program_args,
)
from flinktop.headless.journal_args import JOURNAL, JournalArgs, add_journal, journal_args
from flinktop.headless.status_args import STATUS, UNKNOWN, StatusArgs, add_status, status_args
from flinktop.headless.watch_args import WATCH, WatchArgs, add_watch, watch_args

if TYPE_CHECKING:
    from flinktop.demo.past import Seen
    from flinktop.engine.acts.run_jar import RunJar
    from flinktop.local.session import LocalFlink
    from flinktop.settings import Flags, Profile, Settings, Sources


@dataclass(frozen=True, slots=True)
class OpenArgs:
    """Several clusters to open, or all of the config file."""

    targets: tuple[str, ...] = ()
    every: bool = False


ScriptArgs = ActArgs | StatusArgs | BundleArgs | JournalArgs | ExplainArgs | WatchArgs
Args = ScriptArgs | OpenArgs
"""The arguments of a command for scripts, or which clusters to open."""
OPEN: Final = "open"
ONLY_COMMANDS: Final = tuple(name for name in COMMANDS if name not in LATER_COMMANDS)
"""Words that can't be the name of a cluster."""
UNREAD: Final = 141  # a shell's exit code for a program ended by SIGPIPE
NO_TERMINAL: Final = "the monitor needs a terminal: stdin or stdout is not a terminal"


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


def main(args: Sequence[str] | None = None) -> int:
    """Run flinktop and return its exit code: 0, 2 for usage and settings errors, or that of a command.

    Errors are printed as one sentence; details are in the log. Those of `status` are 3, whose 1 and 2 say
    how healthy the clusters are; those of `explain` are 2, whose 1 says that nothing is known.
    """
    sources: Sources | None = None
    words = list(sys.argv[1:] if args is None else args)
    usage, failed = _error_codes(words)
    if args is None:
        # All files, also those of libraries, are readable by the user only.
        os.umask(0o077)
    if isinstance(sys.stdout, TextIOWrapper):
        # A path or name outside the terminal's encoding must not fail the output.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        command, target, flags, act = read_args(words)
        if isinstance(act, ExplainArgs):
            # Before the settings are read: it needs none, and a mistake in them must not prevent it.
            code = _explain(act)
        else:
            from flinktop.settings import read_sources

            sources = read_sources(flags, os.environ)
            code = _run(sources, command, target, act)
        _flush()
    except UsageError as error:
        return _complain(f"{error} (flinktop --help lists what there is)", usage)
    except SettingsError as error:
        return _complain(str(error), usage)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _write_nowhere(1, 2)
        return UNREAD
    except Exception as error:  # noqa: BLE001 -- any error becomes a sentence
        return _failed(error, sources, failed)
    return code


def _error_codes(words: list[str]) -> tuple[int, int]:
    """The exit codes of a usage error and of an internal error."""
    command = _command_of(words) if {STATUS, EXPLAIN} & set(words) else ""
    if command == STATUS:
        return UNKNOWN, UNKNOWN
    return USAGE, USAGE if command == EXPLAIN else FAILED


def _run(sources: "Sources", command: str, target: str | None, act: Args | None) -> int:
    if isinstance(act, OpenArgs):
        return _open_several(sources, act)
    if act is not None:
        return _run_for_scripts(sources, command, target, act)
    if command in ("clusters", "local"):
        return _clusters(sources) if command == "clusters" else _local(sources)
    return _demo(sources, target) if command == "demo" else _open(sources, target)


def _run_for_scripts(sources: "Sources", command: str, target: str | None, act: ScriptArgs) -> int:
    match act:
        case StatusArgs():
            return _status(sources, act)
        case BundleArgs():
            return _bundle(sources, target, act)
        case JournalArgs():
            return _journal(sources, act)
        case WatchArgs():
            return _watch(sources, act)
        case ExplainArgs():
            return _explain(act)
    return _operations(sources, act) if command == "operations" else _act(sources, target, act)


def read_args(args: list[str]) -> "tuple[str, str | None, Flags, Args | None]":
    """Parse into command, target, options, and the arguments of the commands for scripts.

    Raises UsageError for invalid arguments, and SystemExit after --help and --version.
    """
    parser = _parser()
    options = _options(parser)
    args, program = split_program_args(_with_command(args, options))
    found, left = parser.parse_known_args(args)
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
        return act_args(command, given, program)
    if command == JOURNAL:
        return replace(journal_args(given), target=target)
    takers: dict[str, Callable[[dict[str, Any]], Args | None]] = {
        OPEN: _open_args,
        EXPLAIN: explain_args,
        STATUS: status_args,
        BUNDLE: bundle_args,
        WATCH: watch_args,
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


def _parser() -> _Parser:
    common, connection, monitor = _common(), _connection(), _of_monitor()
    parser = _Parser(
        prog="flinktop",
        description="A terminal monitor for Apache Flink clusters.",
        usage="flinktop [TARGET ...] [options]\n       flinktop --all [options]\n"
        "       flinktop demo [SCENARIO] [options]\n"
        "       flinktop status [TARGET ...] [options]\n       flinktop journal [TARGET] [options]\n"
        "       flinktop watch [TARGET ...] [options]\n"
        "       flinktop bundle JOB [options]\n       flinktop explain [FILE] [options]\n"
        "       flinktop {savepoint,stop,cancel} JOB [options]\n       flinktop submit FILE [options]\n"
        "       flinktop {local,operations,clusters} [options]",
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
    add_status(uses, [common, connection])
    add_journal(uses, [common])
    add_watch(uses, [common, connection])
    add_bundle(uses, [common, connection])
    add_explain(uses, [common])
    add_operations(uses, [common])
    add_parsers(uses, [common, connection])
    add_command(uses, "clusters", "list the configured clusters, and the paths of files and log", [common])
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


def _command_of(args: list[str]) -> str:
    """The command that these arguments are of, also if they are wrong."""
    return _with_command(args, _options(_parser()))[0]


def _options(parser: argparse.ArgumentParser) -> dict[str, dict[str, bool]]:
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


def _open_several(sources: "Sources", args: OpenArgs) -> int:
    from flinktop.settings import each_once

    settings = _for_this_terminal(sources)
    profiles, twice = each_once(_profiles(sources, args.targets, every=args.every), "shown")
    settings = _begin(replace(settings, notes=(*settings.notes, *twice)))
    if len(profiles) == 1:
        return _monitor(settings, profiles[0])
    import gc

    gc.disable()
    from flinktop.ui.fleet_app import run_fleet

    return run_fleet(settings, profiles)


def _open(sources: "Sources", target: str | None) -> int:
    settings, profile = _for_this_terminal(sources), sources.profile(target)
    return _monitor(_begin(settings), profile)


def _local(sources: "Sources") -> int:
    from flinktop.local.session import LocalError, open_local

    settings = _begin(_for_this_terminal(sources))
    with ExitStack() as stack:
        try:
            kept = settings.paths.failed_start
            flink = stack.enter_context(open_local(_progress, tls=not sources.flags.no_tls, kept=kept))
        except LocalError as error:
            return _complain(str(error))
        except KeyboardInterrupt:
            _complain("stopped before Flink was up")
            return INTERRUPTED
        if flink.cert is not None:
            _progress(
                f"To reach it from another terminal: --target {flink.url} --ca {flink.cert} "
                f"--cert {flink.cert} --key {flink.key}"
            )
        profile = sources.local(flink.url, flink.cert, flink.key)
        code = _monitor(settings, profile, runs=_sample_runs(flink))
        _progress("Stopping Flink.")
        return code


def _sample_runs(flink: "LocalFlink") -> "dict[str, RunJar]":
    """How the sample jobs were run, by job id, so that they can be run again."""
    from flinktop.engine.acts.run_jar import RunJar
    from flinktop.flink.jars import RunOptions
    from flinktop.local.samples import SAMPLES_JAR

    return {
        job: RunJar(
            flink.jar,
            SAMPLES_JAR.name,
            RunOptions(arguments=sample.arguments, configuration=sample.configuration),
        )
        for job, sample in flink.jobs.items()
    }


def _demo(sources: "Sources", scenario: str | None) -> int:
    name, version = scenario or DEFAULT, sources.flags.flink or RELEASES[0]
    if name not in SHOWS:
        raise UsageError(f"unknown scenario '{shown(name)}'{near(name, SHOWS)}: {listed(SHOWS)}")
    if version not in RELEASES:
        raise UsageError(f"--flink must be {listed(RELEASES)}, not '{shown(version)}'")
    settings = _begin(_for_this_terminal(sources))
    from flinktop.demo.transport import DemoTransport
    from flinktop.demo.world import World
    from flinktop.engine.clock import Clock

    clock = Clock()
    world, opened = World(scenario=name, version=version, born=clock.wall()), clock.now()
    transport = DemoTransport(world, lambda: clock.now() - opened)

    def past() -> Iterator["Seen"]:
        # Imported after the first paint.
        from flinktop.demo.past import past

        yield from past(world)

    return _monitor(settings, sources.demo(), transport=transport, past=past())


def _explain(args: ExplainArgs) -> int:
    from flinktop.headless.explain import run_explain

    return run_explain(args)


def _journal(sources: "Sources", args: JournalArgs) -> int:
    settings = sources.settings
    url = None if args.target is None else sources.url_of(args.target)
    from flinktop.engine.clock import Clock
    from flinktop.headless.journal import run_journal

    for note in settings.notes:
        print(f"flinktop: {note}", file=sys.stderr)
    return run_journal(settings.paths.journal, url, args, Clock())


def _operations(sources: "Sources", act: ActArgs) -> int:
    from flinktop.headless.output import print_operations

    return print_operations(sources.paths.operations, json=act.json)


def _act(sources: "Sources", target: str | None, act: ActArgs) -> int:
    settings, profile = sources.settings, sources.profile(target)
    from flinktop.headless.act import run_act

    for note in (*_with_log(settings).notes, *profile.notes):
        print(f"flinktop: {note}", file=sys.stderr)
    return run_act(profile, settings.paths.operations, act)


def _status(sources: "Sources", args: StatusArgs) -> int:
    settings = sources.settings
    profiles = _profiles(sources, args.targets, every=args.every)
    from flinktop.headless.status import NotPrintedError, run_status

    for note in (*_with_log(settings).notes, *(note for one in profiles for note in one.notes)):
        print(f"flinktop: {note}", file=sys.stderr)
    shown = profiles[0].shows if len(args.targets) <= 1 and not args.every else None
    if shown is not None and args.job is None:
        args = replace(args, job=shown.job)
    try:
        links = settings.own.links if settings.own is not None else ()
        return run_status(profiles, settings.findings, args, settings.paths.journal, links)
    except NotPrintedError as error:
        # The interpreter would flush it again at exit, and fail with a code of its own.
        _write_nowhere(1)
        return _complain(str(error), UNKNOWN)


def _watch(sources: "Sources", args: WatchArgs) -> int:
    from flinktop.headless.line_output import occupy_closed

    # Before the log is opened.
    closed = occupy_closed()
    profiles = _profiles(sources, args.targets, every=args.every)
    settings = _with_log(sources.settings)
    from flinktop.headless.watch import run_watch

    return run_watch(settings, profiles, args, closed=closed)


def _profiles(sources: "Sources", targets: Sequence[str], *, every: bool) -> "tuple[Profile, ...]":
    """The clusters of a command that takes several, each once, in their order.

    Raises SettingsError and UsageError.
    """
    configured = sources.settings.profiles
    if every and not configured:
        raise SettingsError("--all: the config names no clusters")
    logins = ("user", "password_file", "token_file", "token_command", "header_file", "cert", "key")
    given = next((name for name in logins if getattr(sources.flags, name)), None)
    if (every or len(targets) > 1) and given is not None:
        raise UsageError(
            f"--{given.replace('_', '-')} goes with one TARGET: a login must not be sent to other clusters"
        )
    names = [one.name for one in configured] if every else targets or (None,)
    return tuple({(one.name, one.connection.url): one for one in map(sources.profile, names)}.values())


def _bundle(sources: "Sources", target: str | None, args: BundleArgs) -> int:
    settings, profile = sources.settings, sources.profile(target)
    from flinktop.bundle.command import run_bundle

    for note in (*_with_log(settings).notes, *profile.notes):
        print(f"flinktop: {note}", file=sys.stderr)
    links = settings.own.links if settings.own is not None else ()
    return run_bundle(profile, settings.findings, args, journal_file=settings.paths.journal, links=links)


def _for_this_terminal(sources: "Sources") -> "Settings":
    """The settings of a monitor: ASCII only, with a note, if the terminal can't show more."""
    from flinktop.ascii_terminal import why_ascii

    settings = sources.settings
    # Where Textual writes.
    encoding = getattr(sys.__stderr__, "encoding", "ascii")
    why = why_ascii(encoding, os.environ.get("TERM", ""), sources.ascii_chosen)
    if why is None or settings.ascii:
        return settings
    return replace(settings, ascii=True, notes=(*settings.notes, why))


def _begin(settings: "Settings") -> "Settings":
    """Open the log of a monitor, which needs a terminal."""
    if not _at_a_terminal():
        raise SettingsError(NO_TERMINAL)
    return _with_log(settings)


def _with_log(settings: "Settings") -> "Settings":
    """Open the log; returns the settings, with a note if that fails."""
    from flinktop.log import open_log

    note = open_log(settings.paths, debug=settings.debug)
    return replace(settings, notes=(*settings.notes, note)) if note else settings


def _monitor(settings: "Settings", profile: "Profile", **given: Any) -> int:
    """Run the monitor; `given` are arguments of `ui.app.run`."""
    import gc

    # Imports leave no garbage: turned on again after the first paint.
    gc.disable()
    # Here and not above: this is the import of textual.
    from flinktop.ui.app import run

    return run(settings, profile, **given)


def _clusters(sources: "Sources") -> int:
    """Print the clusters of the config and the paths of files; never a credential."""
    settings = sources.settings
    for note in settings.notes:
        print(f"flinktop: {note}", file=sys.stderr)
    through = _tunnels(settings)
    rows = [("NAME", "URL", "")]
    for profile in settings.profiles:
        read_only = ["read-only"] if profile.connection.read_only else []
        default = ["default"] if profile.name == settings.default else []
        protected = ["protected"] if profile.protected else []
        group = [f"group {profile.group}"] if profile.group else []
        marks = ", ".join(read_only + protected + default + group)
        rows.append((profile.name, profile.connection.url, marks))
    if len(rows) == 1:
        print("No clusters configured. Add one to the config file, for example\n")
        print('[clusters.dev]\nurl = "http://localhost:8081"\n')
    else:
        name_width, url_width = (max(len(row[column]) for row in rows) for column in (0, 1))
        for name, url, marks in rows:
            print(f"{name:{name_width}}  {url:{url_width}}  {marks}".rstrip())
            if name in through:
                print(f"{'':{name_width}}  through: {through[name]}")
        print()
    _print_what_is_judged(settings)
    bounds = settings.journal
    kept = f"kept for {bounds.days:g} days, at most {bounds.megabytes} MB"
    for title, path, more in (
        ("config", settings.paths.config, ""),
        ("state", settings.paths.state, ""),
        ("ledger", settings.paths.operations, ""),
        ("journal", settings.paths.journal, kept),
        ("log", settings.paths.log, ""),
    ):
        marks = "; ".join(filter(None, ("" if os.access(path, os.F_OK) else "not there yet", more)))
        print(f"{title:7}  {path}{f'  ({marks})' if marks else ''}")
    return DONE


def _tunnels(settings: "Settings") -> dict[str, str]:
    """The commands of tunnels, by the names of their clusters."""
    found = {one.name: one.connection.tunnel for one in settings.profiles if one.connection.tunnel}
    if not found:
        return {}
    from flinktop.model.command_line import command_line

    return {name: command_line(command) for name, command in found.items()}


def _print_what_is_judged(settings: "Settings") -> None:
    """Print groups, which jobs should run, the rules about findings and alerts, and how flinktop calls."""
    lines = [
        f"groups    {group.sentence}{_without_cluster(settings, group.clusters)}" for group in settings.groups
    ]
    lines += [
        f"expects   {', '.join(profile.expect)} on {profile.name}"
        for profile in settings.profiles
        if profile.expect
    ]
    lines += [
        f"findings  {rule.sentence}{_without_cluster(settings, rule.clusters)}" for rule in settings.findings
    ]
    lines += [
        f"alerts    {rule.sentence}{_without_cluster(settings, rule.clusters)}" for rule in settings.alerts
    ]
    if settings.alerts:
        lines.append("alerts    what no entry is about: critical findings call, warnings are listed")
    if settings.notify is not None:
        lines.append(f"notify    {settings.notify.sentence}")
    if settings.own is not None:
        lines.append(f"own keys  {settings.own.sentence}")
        for one in settings.own.everything:
            unused = _without_cluster(settings, one.clusters)
            lines += [f"          {shown(one.name)}{unused}"] if unused else []
    jobs = [rule.jobs for rule in settings.findings] + [rule.jobs for rule in settings.alerts]
    if any(jobs):
        lines.append("          Names and patterns of jobs are not checked here: that takes the clusters.")
    if lines:
        print("\n".join((*lines, "")))


def _without_cluster(settings: "Settings", clusters: tuple[str, ...] | None) -> str:
    """The names and patterns of clusters of an entry that match none of the config, as a line; or ""."""
    if clusters is None:
        return ""
    from flinktop.judgement.patterns import matches

    names = [profile.name for profile in settings.profiles]
    unused = [one for one in clusters if not any(matches(name, (one,)) for name in names)]
    if not unused:
        return ""
    which = listed([f"'{shown(one)}'" for one in unused])
    return f"\n          NO CLUSTER of the config is named {which}{near(unused[0], names)}"


def _progress(sentence: str) -> None:
    print(sentence, flush=True)


def _at_a_terminal() -> bool:
    return os.isatty(0) and os.isatty(1)


def _failed(error: Exception, sources: "Sources | None", code: int) -> int:
    """Print and log an internal error."""
    from flinktop.internal_error import report
    from flinktop.log import open_log
    from flinktop.settings import usual_paths

    paths = usual_paths() if sources is None else sources.paths
    # Some commands have no log yet.
    open_log(paths, debug=False)
    _print_error(report(error, paths.log))
    return code


def _complain(sentence: str, code: int = USAGE) -> int:
    _print_error(f"flinktop: {sentence}")
    return code


def _print_error(line: str) -> None:
    """Print to stderr; a broken pipe is ignored, as there is still the exit code."""
    try:
        print(line, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _write_nowhere(2)


def _flush() -> None:
    """Flush stdout. Raises BrokenPipeError; other errors, as of a closed terminal, are ignored."""
    try:
        print(end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        _write_nowhere(1, 2)


def _write_nowhere(*outputs: int) -> None:
    """Redirect closed outputs to /dev/null: the interpreter would fail to flush them at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in outputs:
        os.dup2(nowhere, output)
    os.close(nowhere)
