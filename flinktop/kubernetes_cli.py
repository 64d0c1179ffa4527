"""The commands of the command line on what is found in Kubernetes, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.allowed import NotAllowed, SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from flinktop.headless.cluster_args import ClustersArgs, KubernetesArgs, WatchArgs
    from flinktop.headless.status_args import StatusArgs
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.settings import Settings, Sources


def entries(sources: Sources, args: KubernetesArgs) -> tuple[KubernetesEntry, ...]:
    """Where clusters are searched. Raises SettingsError."""
    try:
        return args.entries(sources.file.kubernetes)
    except NotAllowed as error:
        raise SettingsError(str(error)) from None


def status(sources: Sources, settings: Settings, args: StatusArgs, where: KubernetesArgs) -> int:
    """`flinktop status --kubernetes`. Raises as `run_status`, and SettingsError."""
    from flinktop.headless.kubernetes_status import run_kubernetes_status  # noqa: PLC0415 -- one of several

    return run_kubernetes_status(
        sources,
        entries(sources, where),
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

    found = entries(sources, where)
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

    return run_kubernetes_clusters(sources, entries(sources, where), args)
