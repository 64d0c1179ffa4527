"""`flinktop clusters`: the clusters of the config, how each is reached, and whether it answers."""

# ruff: noqa: T201 -- this module prints

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flinktop.allowed import listed, near, shown
from flinktop.headless.args import DONE
from flinktop.headless.cells import cells
from flinktop.headless.cluster_args import ClustersArgs

if TYPE_CHECKING:
    from flinktop.flink.connection import Connection, Secret
    from flinktop.headless.ask_clusters import Answer
    from flinktop.settings import Profile, Settings

HOW_TO_BEGIN: Final = """No clusters configured. Add one to the config file, for example

[clusters.dev]
url = "http://localhost:8081"
"""


SOURCES: Final = {
    "file": " from a file",
    "command": " from a command",
    "environment": " from the environment",
}
"""Of a secret, by its kind."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How a cluster is reached; never a credential."""

    profile: "Profile"
    through: str  # the tunnel's command; "" for none
    login: str  # likewise
    tls: str  # likewise
    marks: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The cells of its row, in the order of TITLES."""
        return (self.profile.name, self.profile.connection.url, self.login, self.tls, ", ".join(self.marks))


TITLES: Final = ("NAME", "URL", "LOGIN", "TLS", "")
ANSWERS: Final = "ANSWERS"


def run_clusters(settings: "Settings", profiles: "Sequence[Profile]", args: ClustersArgs) -> int:
    """Print the clusters of the config, and return the exit code.

    `profiles` are those to open the clusters with, in the order of the config.
    """
    if args.names:
        print("".join(f"{profile.name}\n" for profile in profiles), end="")
        return DONE
    reached = [_reach(profile, default=profile.name == settings.default) for profile in profiles]
    answers = _answers(reached, ask=args.ask)
    if args.json:
        print(json.dumps(_document(settings, reached, answers), ensure_ascii=False, indent=1))
        return DONE
    if reached:
        _print_rows(reached, answers, ANSWERS if args.ask else "")
    else:
        print(HOW_TO_BEGIN)
    _print_what_is_judged(settings)
    _print_files(settings)
    return DONE


def _reach(profile: "Profile", *, default: bool) -> Reach:
    connection = profile.connection
    has = {
        "read-only": connection.read_only,
        "protected": profile.protected,
        "default": default,
        f"group {profile.group}": profile.group,
    }
    marks = tuple(mark for mark, given in has.items() if given)
    return Reach(profile, _through(connection), _login(connection), _tls(connection), marks)


def _through(connection: "Connection") -> str:
    """The command of its tunnel in one line, without secrets."""
    if not connection.tunnel:
        return ""
    # Few clusters have one.
    from flinktop.model.command_line import command_line  # noqa: PLC0415

    return command_line(connection.tunnel)


def _login(connection: "Connection") -> str:
    """The kind of login, and where its secret comes from."""
    kinds = []
    if connection.token is not None:
        kinds.append(f"token{_source(connection.token)}")
    if connection.user is not None:
        kinds.append(f"basic{_source(connection.password)}")
    if connection.header_file is not None:
        kinds.append("header file")
    if connection.headers:
        kinds.append("headers")
    return ", ".join(kinds)


def _source(secret: "Secret | None") -> str:
    return SOURCES.get(secret.kind, "") if secret is not None else ""


def _tls(connection: "Connection") -> str:
    if urlsplit(connection.url).scheme != "https":
        return ""
    trust = "NOT VERIFIED" if connection.insecure else "own CA" if connection.ca is not None else "verified"
    return f"{trust}, client certificate" if connection.cert is not None else trust


def _answers(reached: Sequence[Reach], *, ask: bool) -> "Iterable[Answer | None]":
    """The answer of each, in their order, as soon as it and those before it are known; None if not asked.

    To be iterated to its end: only then tunnels have ended.
    """
    if not ask or not reached:
        return [None] * len(reached)
    # The client is loaded where there is somebody to ask.
    from flinktop.headless import ask_clusters  # noqa: PLC0415

    return ask_clusters.ask([one.profile for one in reached])


def _print_rows(reached: Sequence[Reach], answers: "Iterable[Answer | None]", title: str) -> None:
    """A line for each cluster, and one for its tunnel, without the columns that all leave empty.

    `title` is that of the answers.
    """
    rows = [TITLES, *(one.columns for one in reached)]
    kept = [at for at in range(len(TITLES)) if any(row[at] for row in rows[1:])]
    widths = {at: max(cells(row[at]) for row in rows) for at in kept}

    def line(row: Sequence[str], last: str) -> str:
        parts = [row[at] + " " * (widths[at] - cells(row[at])) for at in kept]
        return "  ".join((*parts, last)).rstrip()

    print(line(TITLES, title))
    for one, answer in zip(reached, answers, strict=True):
        print(line(one.columns, answer.words if answer is not None else ""), flush=True)
        if one.through:
            print(f"{'':{widths[0]}}  through: {one.through}")
    print()


def _document(settings: "Settings", reached: Sequence[Reach], answers: "Iterable[Answer | None]") -> Any:
    return {
        "clusters": [
            {
                "name": one.profile.name,
                "url": one.profile.connection.url,
                "tunnel": one.through or None,
                "login": one.login or None,
                "tls": one.tls or None,
                "read_only": one.profile.connection.read_only,
                "protected": one.profile.protected,
                "default": "default" in one.marks,
                "group": one.profile.group or None,
                "expect": list(one.profile.expect),
                "answers": answer.answers if answer is not None else None,
                "flink": answer.flink if answer is not None else None,
                "reason": answer.reason or None if answer is not None else None,
            }
            for one, answer in zip(reached, answers, strict=True)
        ],
        "files": {title: str(path) for title, path, _ in _files(settings)},
    }


def _files(settings: "Settings") -> tuple[tuple[str, "os.PathLike[str]", str], ...]:
    """The paths of flinktop's files, each with its name and a remark."""
    bounds, paths = settings.journal, settings.paths
    kept = f"kept for {bounds.days:g} days, at most {bounds.megabytes} MB"
    return (
        ("config", paths.config, ""),
        ("state", paths.state, ""),
        ("ledger", paths.operations, ""),
        ("journal", paths.journal, kept),
        ("log", paths.log, ""),
    )


def _print_files(settings: "Settings") -> None:
    for title, path, remark in _files(settings):
        marks = "; ".join(filter(None, ("" if os.access(path, os.F_OK) else "not there yet", remark)))
        print(f"{title:7}  {path}{f'  ({marks})' if marks else ''}")


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
    lines += [f"columns   {', '.join(chosen.show)} of {table}" for table, chosen in settings.columns.items()]
    jobs = [rule.jobs for rule in settings.findings] + [rule.jobs for rule in settings.alerts]
    if any(jobs):
        lines.append("          Names and patterns of jobs are not checked here: that takes the clusters.")
    if lines:
        print("\n".join((*lines, "")))


def _without_cluster(settings: "Settings", clusters: tuple[str, ...] | None) -> str:
    """The names and patterns of clusters of an entry that match none of the config, as a line; or ""."""
    if clusters is None:
        return ""
    from flinktop.judgement.patterns import matches  # noqa: PLC0415 -- few config files have such entries

    names = [profile.name for profile in settings.profiles]
    unused = [one for one in clusters if not any(matches(name, (one,)) for name in names)]
    if not unused:
        return ""
    which = listed([f"'{shown(one)}'" for one in unused])
    return f"\n          NO CLUSTER of the config is named {which}{near(unused[0], names)}"
