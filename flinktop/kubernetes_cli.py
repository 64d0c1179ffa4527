"""The commands of the command line on what is found in Kubernetes, for scripts."""

# ruff: noqa: T201 -- this module prints

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from flinktop.allowed import NotAllowed, SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from flinktop.headless.args import ActArgs, BundleArgs
    from flinktop.headless.cluster_args import ClustersArgs, KubernetesArgs, WatchArgs
    from flinktop.headless.status_args import StatusArgs
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.settings import Settings, Sources

OF_CONNECTION: Final = (
    "user", "password_file", "token_file", "token_command", "header", "header_file", "ca", "cert", "key",
    "insecure",
)  # fmt: skip
"""Options for a cluster that is named."""


def entries(sources: Sources, args: KubernetesArgs) -> tuple[KubernetesEntry, ...]:
    """Where clusters are searched. Raises SettingsError."""
    for name in OF_CONNECTION:
        if getattr(sources.flags, name):
            raise SettingsError(
                f"--{name.replace('_', '-')} is not for clusters found in Kubernetes: their login is that of "
                "[kubernetes.NAME] in the config"
            )
    try:
        return args.entries(sources.file.kubernetes)
    except NotAllowed as error:
        raise SettingsError(str(error)) from None


def notes_on(entries: Iterable[KubernetesEntry]) -> tuple[str, ...]:
    """Notes about files with secrets of their logins that other users can read."""
    from flinktop.settings import notes_on_files  # noqa: PLC0415 -- loaded already

    notes = (note for one in entries for login in one.logins for note in notes_on_files(login.connection))
    return tuple(dict.fromkeys(notes))


def _entries(sources: Sources, args: KubernetesArgs) -> tuple[KubernetesEntry, ...]:
    """Where clusters are searched, after the notes on that are printed. Raises SettingsError."""
    found = entries(sources, args)
    for note in notes_on(found):
        print(f"flinktop: {note}", file=sys.stderr)
    return found


def status(sources: Sources, settings: Settings, args: StatusArgs, where: KubernetesArgs) -> int:
    """`flinktop status --kubernetes`. Raises as `run_status`, and SettingsError."""
    from flinktop.headless.kubernetes_status import run_kubernetes_status  # noqa: PLC0415 -- one of several

    return run_kubernetes_status(
        sources,
        _entries(sources, where),
        settings.findings,
        args,
        journal=settings.paths.journal,
        links=settings.own.links if settings.own is not None else (),
    )


def watch(
    sources: Sources, settings: Settings, args: WatchArgs, where: KubernetesArgs, closed: Collection[int]
) -> int:
    """`flinktop watch --kubernetes`. Raises SettingsError."""
    from flinktop.headless.watch import run_watch  # noqa: PLC0415 -- likewise
    from flinktop.headless.watched_search import WatchedSearch  # noqa: PLC0415

    found = _entries(sources, where)
    return run_watch(
        settings,
        (),
        args,
        closed=closed,
        searches=lambda clock: [WatchedSearch(sources, entry, clock) for entry in found],
    )


def clusters(sources: Sources, args: ClustersArgs, where: KubernetesArgs) -> int:
    """`flinktop clusters --kubernetes`. Raises SettingsError."""
    from flinktop.headless.kubernetes_clusters import run_kubernetes_clusters  # noqa: PLC0415 -- likewise

    return run_kubernetes_clusters(sources, _entries(sources, where), args)


def act(sources: Sources, target: str | None, args: ActArgs, where: KubernetesArgs) -> int:
    """`flinktop savepoint`, `stop`, `cancel` and `submit` with --kubernetes. Raises SettingsError."""
    from flinktop.headless.act import never_sent, run_act  # noqa: PLC0415 -- likewise
    from flinktop.headless.args import Ended  # noqa: PLC0415
    from flinktop.headless.one_found import one_found  # noqa: PLC0415

    try:
        found = one_found(sources, _entries(sources, where), target)
    except Ended as ended:
        return never_sent(args, ended)
    return run_act(
        found.profile, sources.paths.operations, args, kubernetes=found.state, transport=found.transport
    )


def bundle(
    sources: Sources, settings: Settings, target: str | None, args: BundleArgs, where: KubernetesArgs
) -> int:
    """`flinktop bundle --kubernetes`. Raises SettingsError."""
    from flinktop.bundle.command import run_bundle  # noqa: PLC0415 -- likewise
    from flinktop.headless.args import Ended  # noqa: PLC0415
    from flinktop.headless.one_found import one_found  # noqa: PLC0415

    try:
        found = one_found(sources, _entries(sources, where), target)
    except Ended as ended:
        print(f"flinktop: {ended}", file=sys.stderr)
        return ended.code
    return run_bundle(
        found.profile,
        settings.findings,
        args,
        journal_file=settings.paths.journal,
        links=settings.own.links if settings.own is not None else (),
        kubernetes=found.state,
        transport=found.transport,
    )
