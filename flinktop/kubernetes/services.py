"""Which services lead to the same JobManager."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.kubernetes.parts import ClusterPod, RestService

Selector = frozenset[tuple[str, str]]


class Group(Struct):
    """Services of one namespace that lead to one JobManager, or to one with its standbys."""

    services: dict[str, RestService]  # by name
    selector: dict[str, str]  # the most precise of them
    leads: frozenset[str] = frozenset()  # the names of the JobManager's pods
    app: str = ""  # the label `app` of its pods; "" if they differ

    @property
    def service(self) -> str:
        """The name of the service to go by."""
        return min(self.services, key=lambda one: (self.services[one].rank, one))


def groups_of(services: Mapping[str, RestService], pods: Mapping[str, ClusterPod]) -> list[Group]:
    """The services of a namespace, grouped by where they lead.

    Where there are pods, services of the same pods are one group. Where there are none, those whose selectors
    say the same, or one of them more. A service that leads to the pods of several other groups is none.
    """
    by_selector: dict[Selector, dict[str, RestService]] = defaultdict(dict)
    for name, service in services.items():
        by_selector[frozenset(service.selector.items())][name] = service
    jobmanagers = _by_app(pods)
    led: dict[Selector, frozenset[str]] = {
        selector: frozenset(_selected(selector, jobmanagers)) for selector in by_selector
    }
    parents = _same(led)
    merged: dict[Selector, Group] = {}
    for selector, its in sorted(by_selector.items(), key=lambda one: (-len(one[0]), sorted(one[0]))):
        top = parents[selector]
        if top is None:
            continue
        group = merged.setdefault(top, Group({}, dict(selector), led[top]))
        group.services.update(its)
    for group in merged.values():
        apps = {pods[name].labels.get("app", "") for name in group.leads}
        group.app = group.selector.get("app") or (apps.pop() if len(apps) == 1 else "")
    return sorted(merged.values(), key=lambda one: one.service)


def _by_app(pods: Mapping[str, ClusterPod]) -> dict[str | None, dict[str, ClusterPod]]:
    """The JobManagers by their label `app`, and all of them under None."""
    found: dict[str | None, dict[str, ClusterPod]] = defaultdict(dict)
    for name, pod in pods.items():
        if pod.pod.component == "jobmanager":
            found[None][name] = pod
            found[pod.labels.get("app", "")][name] = pod
    return found


def _selected(
    selector: Selector, jobmanagers: Mapping[str | None, Mapping[str, ClusterPod]]
) -> Iterable[str]:
    wanted = dict(selector)
    for name, pod in jobmanagers.get(wanted.get("app"), {}).items():
        if selects(wanted, pod.labels):
            yield name


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a pod with these labels is one of a service's."""
    return all(labels.get(key) == value for key, value in selector.items())


def _same(led: Mapping[Selector, frozenset[str]]) -> dict[Selector, Selector | None]:
    """For each selector the one that stands for all of its group; None for one that leads to several."""
    parents: dict[Selector, Selector | None] = {}
    tops: dict[frozenset[str], Selector] = {}
    # The most precise one stands for the others.
    ordered = sorted(led, key=lambda one: (-len(one), sorted(one)))
    for selector in ordered:
        pods = led[selector]
        if pods and pods in tops:
            parents[selector] = tops[pods]
            continue
        within = _precise(selector, pods, ordered, parents, led)
        if len(within) > 1:
            parents[selector] = None
            continue
        parents[selector] = top = next(iter(within), selector)
        if pods and top == selector:
            tops[pods] = top
    return parents


def _precise(
    selector: Selector,
    pods: frozenset[str],
    ordered: Iterable[Selector],
    parents: Mapping[Selector, Selector | None],
    led: Mapping[Selector, frozenset[str]],
) -> set[Selector]:
    """The groups so far whose selectors, or whose pods, are among those of a selector that says less."""
    found: set[Selector] = set()
    for other in ordered:
        top = parents.get(other)
        if top is not None and (selector < other or (led[top] and led[top] < pods)):
            found.add(top)
    return found
