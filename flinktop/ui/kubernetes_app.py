"""The app on the Flink clusters that are found in Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.fleet import Member
from flinktop.engine.kubernetes_search import KubernetesSearch
from flinktop.kubernetes_config import EVERY
from flinktop.ui.fleet_app import run_fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.engine.clock import Clock
    from flinktop.engine.fleet import ClusterSearch
    from flinktop.engine.kubernetes_search import Way
    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.kubectl import Kubectl
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.settings import Profile, Settings, Sources
    from flinktop.ui.fleet_app import MakePort


def run_kubernetes(settings: Settings, sources: Sources, entries: Sequence[KubernetesEntry]) -> int:
    """Run the app on what is found in these places until the user leaves; returns the exit code."""

    def searches(port_of: MakePort, clock: Clock) -> Sequence[ClusterSearch]:
        def search(entry: KubernetesEntry) -> KubernetesSearch:
            def profile_of(found: Found) -> Profile:
                return sources.found(
                    entry,
                    found.name,
                    found.url,
                    context=found.state.context,
                    label=label(entry, found.name, several=len(entries) > 1),
                )

            def member(found: Found, way: Way, kubectl: Kubectl) -> Member:
                profile = profile_of(found)
                return Member(profile.name, port_of(profile, way, kubectl), profile)

            return KubernetesSearch(
                entry.wanted, clock, member, connection=lambda found: profile_of(found).connection
            )

        return [search(entry) for entry in entries]

    return run_fleet(settings, (), searches)


def label(entry: KubernetesEntry, found: str, *, several: bool) -> str:
    """The name of a cluster in tables: without what all of them have in common."""
    if several:
        return entry.cluster(found)
    one_namespace = len(entry.namespaces) <= 1 and EVERY not in entry.namespaces
    return found.partition("/")[2] if one_namespace else found
