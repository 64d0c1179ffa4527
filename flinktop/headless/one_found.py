"""The one Flink cluster of Kubernetes that a command is about, and the way of its requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx
from msgspec import Struct

from flinktop.allowed import near, shown
from flinktop.engine.clock import Clock
from flinktop.flink.run_in_thread import run
from flinktop.flink.text import clean
from flinktop.headless.args import UNREACHABLE, USAGE, Ended
from flinktop.headless.kubernetes_found import print_problems, searched
from flinktop.kubernetes.api import ApiServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.headless.kubernetes_found import FoundCluster
    from flinktop.kubernetes.reach import ClusterWay
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.settings import Profile, Sources

MOST_LISTED: Final = 8
"""Names of clusters in a message."""


class OneFound(Struct, frozen=True):
    """A cluster that was found."""

    profile: Profile
    state: KubernetesState
    transport: ReopenedWay


class ReopenedWay(httpx.AsyncBaseTransport):
    """A way that opens with the first request. Once closed it may be used again, on another loop."""

    def __init__(self, one: FoundCluster, clock: Clock) -> None:
        self._one = one
        self._clock = clock
        self._opened: tuple[ApiServer, ClusterWay] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The cluster's answer. Raises as ClusterWay."""
        if self._opened is None:
            api = ApiServer(self._one.search.kubectl, self._clock)
            self._opened = api, self._one.search.way_by(api, self._one.found)
        return await self._opened[1].handle_async_request(request)

    async def aclose(self) -> None:
        """End kubectl."""
        opened, self._opened = self._opened, None
        if opened is not None:
            api, way = opened
            await way.aclose()
            await api.close()


def one_found(sources: Sources, entries: Sequence[KubernetesEntry], target: str | None) -> OneFound:
    """The cluster that is found, or that of several whose name is `target`; searches now.

    Raises Ended with a sentence if there is none or several.
    """
    clock = Clock()

    async def look() -> FoundCluster:
        async with searched(sources, entries, clock) as places:
            print_problems(places)
            found = [one for place in places for one in place.clusters]
            if not found:
                raise Ended(UNREACHABLE, "; ".join(clean(place.error or "") for place in places))
            return chosen(found, target)

    one = run(look())
    return OneFound(one.profile, one.state, ReopenedWay(one, clock))


def chosen(found: Sequence[FoundCluster], target: str | None) -> FoundCluster:
    """The cluster of that name, of which what stands before a `/` may be left out. Raises Ended."""
    of_name = [one for one in found if target in (None, one.profile.name)]
    if not of_name:
        of_name = [one for one in found if one.profile.name.endswith(f"/{target}")]
    if len(of_name) == 1:
        return of_name[0]
    names = [one.profile.name for one in of_name or found]
    if not of_name and target is not None:
        none = f"no Flink cluster '{shown(target)}' was found{near(target, names)}"
        raise Ended(USAGE, f"{none}; {_listed(names)}")
    raise Ended(USAGE, f"several Flink clusters were found: choose one with --target; {_listed(names)}")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_LISTED
    listed = ", ".join(map(clean, names[:MOST_LISTED]))
    return f"found: {listed}{f' and {more} more' if more > 0 else ''}"
