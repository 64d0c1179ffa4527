"""The command line: parses the arguments, then runs the command.

`--version`, `--help` and usage errors must be fast, so heavy modules are imported where they are used.
"""

# ruff: noqa: PLC0415, T201 -- imports are delayed until needed, and this module prints

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Final

from flinktop.allowed import NotAllowed, SettingsError, listed, near, shown
from flinktop.command_line import AloneArgs, OpenArgs, SettledArgs, UsageError, command_of, read_args
from flinktop.demo.names import DEFAULT, RELEASES, SHOWS
from flinktop.headless.args import (
    EXPLAIN,
    FAILED,
    INTERRUPTED,
    USAGE,
    ActArgs,
    BundleArgs,
    ColumnsArgs,
    CompletionArgs,
    ExplainArgs,
)
from flinktop.headless.cluster_args import ClustersArgs, KubernetesArgs, WatchArgs
from flinktop.headless.journal_args import JournalArgs
from flinktop.headless.status_args import STATUS, UNKNOWN, StatusArgs

if TYPE_CHECKING:
    from flinktop.demo.past import Seen
    from flinktop.engine.acts.run_jar import RunJar
    from flinktop.local.session import LocalFlink
    from flinktop.settings import Profile, Settings, Sources

UNREAD: Final = 141  # a shell's exit code for a program ended by SIGPIPE
NO_TERMINAL: Final = "the monitor needs a terminal: stdin or stdout is not a terminal"


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
        if isinstance(act, ExplainArgs | ColumnsArgs | CompletionArgs):
            # Before the settings are read: these need none, and a mistake in them must not prevent it.
            code = _without_settings(act)
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
    command = command_of(words) if {STATUS, EXPLAIN} & set(words) else ""
    if command == STATUS:
        return UNKNOWN, UNKNOWN
    return USAGE, USAGE if command == EXPLAIN else FAILED


def _run(
    sources: "Sources",
    command: str,
    target: str | None,
    act: SettledArgs | OpenArgs | KubernetesArgs | None,
) -> int:
    if isinstance(act, OpenArgs):
        return _open_several(sources, act)
    if isinstance(act, KubernetesArgs):
        return _kubernetes(sources, act)
    if act is not None:
        return _run_for_scripts(sources, command, target, act)
    if command == "local":
        return _local(sources)
    return _demo(sources, target) if command == "demo" else _open(sources, target)


def _run_for_scripts(sources: "Sources", command: str, target: str | None, act: SettledArgs) -> int:
    match act:
        case StatusArgs():
            return _status(sources, act)
        case BundleArgs():
            return _bundle(sources, target, act)
        case JournalArgs():
            return _journal(sources, act)
        case WatchArgs():
            return _watch(sources, act)
        case ClustersArgs():
            return _clusters(sources, act)
        case ActArgs():
            return _operations(sources, act) if command == "operations" else _act(sources, target, act)


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


def _kubernetes(sources: "Sources", args: KubernetesArgs) -> int:
    from flinktop.kubernetes_cli import entries, notes_on

    where = entries(sources, args)
    settings = _begin(_for_this_terminal(sources))
    settings = replace(settings, notes=(*settings.notes, *notes_on(where)))
    import gc

    gc.disable()
    from flinktop.ui.kubernetes_app import run_kubernetes

    return run_kubernetes(settings, sources, where)


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


def _without_settings(args: AloneArgs) -> int:
    match args:
        case ExplainArgs():
            from flinktop.headless.explain import run_explain

            return run_explain(args)
        case ColumnsArgs():
            from flinktop.headless.columns import run_columns

            try:
                return run_columns(args)
            except NotAllowed as error:
                raise SettingsError(str(error)) from None
        case CompletionArgs():
            from flinktop.completion import run_completion

            return run_completion(args)


def _clusters(sources: "Sources", args: ClustersArgs) -> int:
    if args.kubernetes is not None:
        from flinktop.kubernetes_cli import clusters

        _print_notes(_with_log(sources.settings).notes)
        return clusters(sources, args, args.kubernetes)
    from flinktop.headless.clusters import run_clusters

    settings, profiles = sources.settings, sources.settings.profiles
    if args.ask and not args.names and profiles:
        settings = _with_log(settings)
        # With the logins of the environment as well.
        profiles = tuple(sources.profile(profile.name) for profile in profiles)
    _print_notes(settings.notes)
    return run_clusters(settings, profiles, args)


def _journal(sources: "Sources", args: JournalArgs) -> int:
    settings = sources.settings
    url = None if args.target is None else sources.url_of(args.target)
    from flinktop.engine.clock import Clock
    from flinktop.headless.journal import run_journal

    _print_notes(settings.notes)
    return run_journal(settings.paths.journal, url, args, Clock())


def _operations(sources: "Sources", act: ActArgs) -> int:
    from flinktop.headless.output import print_operations

    return print_operations(sources.paths.operations, json=act.json)


def _act(sources: "Sources", target: str | None, act: ActArgs) -> int:
    settings = sources.settings
    if (where := act.kubernetes) is not None:
        from flinktop.kubernetes_cli import act as act_there

        _print_notes(_with_log(settings).notes)
        return act_there(sources, target, act, where)
    profile = sources.profile(target)
    from flinktop.headless.act import run_act

    _print_notes((*_with_log(settings).notes, *profile.notes))
    return run_act(profile, settings.paths.operations, act)


def _status(sources: "Sources", args: StatusArgs) -> int:
    settings = sources.settings
    if (where := args.kubernetes) is not None:
        from flinktop.kubernetes_cli import status

        _print_notes(_with_log(settings).notes)
        return _reported(lambda: status(sources, settings, args, where))
    profiles = _profiles(sources, args.targets, every=args.every)
    from flinktop.headless.status import run_status

    _print_notes((*_with_log(settings).notes, *(note for one in profiles for note in one.notes)))
    shown = profiles[0].shows if len(args.targets) <= 1 and not args.every else None
    if shown is not None and args.job is None:
        args = replace(args, job=shown.job)
    links = settings.own.links if settings.own is not None else ()
    return _reported(lambda: run_status(profiles, settings.findings, args, settings.paths.journal, links))


def _reported(run: Callable[[], int]) -> int:
    """Run `status`; its exit code says if the report can't be printed."""
    from flinktop.headless.status import NotPrintedError

    try:
        return run()
    except NotPrintedError as error:
        # The interpreter would flush it again at exit, and fail with a code of its own.
        _write_nowhere(1)
        return _complain(str(error), UNKNOWN)


def _watch(sources: "Sources", args: WatchArgs) -> int:
    from flinktop.headless.line_output import occupy_closed

    # Before the log is opened.
    closed = occupy_closed()
    if args.kubernetes is not None:
        from flinktop.kubernetes_cli import watch

        return watch(sources, _with_log(sources.settings), args, args.kubernetes, closed)
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
    settings = sources.settings
    if (where := args.kubernetes) is not None:
        from flinktop.kubernetes_cli import bundle

        _print_notes(_with_log(settings).notes)
        return bundle(sources, settings, target, args, where)
    profile = sources.profile(target)
    from flinktop.bundle.command import run_bundle

    _print_notes((*_with_log(settings).notes, *profile.notes))
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


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        print(f"flinktop: {note}", file=sys.stderr)


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
