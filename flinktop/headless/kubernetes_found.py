"""The Flink clusters of Kubernetes for a command that looks once: listed, not followed."""

# ruff: noqa: T201 -- this module prints

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.text import clean
from flinktop.kubernetes.is_flink import is_flink
from flinktop.kubernetes.search import Search

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from flinktop.engine.clock import Clock
    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.reach import ClusterWay
    from flinktop.kubernetes.search import SearchNews
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.settings import Profile, Sources

SECONDS: Final = 12.0
"""For a search; a login program of kubectl's may take some of them."""
LATE: Final = "nothing was answered within {:.0f} s"


class FoundCluster(Struct, frozen=True):
    """A cluster that was found, and the way to it."""

    profile: Profile
    way: ClusterWay  # as long as the search
    found: Found
    search: Search

    @property
    def state(self) -> KubernetesState:
        """What Kubernetes knows of it."""
        return self.found.state


class Searched(Struct, frozen=True):
    """What was found in one place."""

    name: str  # of its entry in the config; else its context, in words
    where: str  # in words
    clusters: tuple[FoundCluster, ...] = ()
    problems: tuple[str, ...] = ()  # sentences: what could not be searched
    nothing: str = ""  # what is said if there is no cluster

    @property
    def error(self) -> str | None:
        """Why there is no cluster, a sentence; None if there is one."""
        if self.clusters:
            return None
        return "; ".join(self.problems) or self.nothing


def profile_of(sources: Sources, entry: KubernetesEntry, found: Found) -> Profile:
    """The settings of a cluster that was found."""
    return sources.found(entry, found.name, found.url, context=found.state.context)


@asynccontextmanager
async def searched(
    sources: Sources, entries: Sequence[KubernetesEntry], clock: Clock, seconds: float = SECONDS
) -> AsyncIterator[tuple[Searched, ...]]:
    """What is found in these places, which are searched at the same time, within so many seconds.

    The ways to the clusters end with it.
    """
    places = [_Place(sources, entry, clock) for entry in entries]
    tasks = [asyncio.create_task(place.search.run()) for place in places]
    try:
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(place.look(seconds)) for place in places]
        yield tuple(look.result() for look in looks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class _Place:
    """One search."""

    def __init__(self, sources: Sources, entry: KubernetesEntry, clock: Clock) -> None:
        self._sources = sources
        self._entry = entry
        self._done = asyncio.Event()
        self.search = Search(
            entry.wanted,
            clock,
            self._heard,
            connection=lambda found: profile_of(sources, entry, found).connection,
            follow=False,
        )

    def _heard(self, news: SearchNews) -> None:
        if news.problem or news.site.complete:
            self._done.set()

    async def look(self, seconds: float) -> Searched:
        """Wait for what is found, at most so long (s)."""
        late = False
        try:
            async with asyncio.timeout(seconds):
                await self._done.wait()
        except TimeoutError:
            late = True
        news = self.search.news
        found = [
            FoundCluster(profile_of(self._sources, self._entry, one), self.search.way(one), one, self.search)
            for one in news.site.found
        ]
        flinks = await asyncio.gather(*map(_is_flink, found))
        clusters = tuple(one for one, is_one in zip(found, flinks, strict=True) if is_one)
        problems = (*news.problems, *([LATE.format(seconds)] if late else []))
        return Searched(self._entry.name or news.where, news.where, clusters, problems, news.nothing)


async def _is_flink(one: FoundCluster) -> bool:
    """Whether a cluster is one; a service that does not answer may be one."""
    return one.found.confirmed or await is_flink(one.profile.connection, one.way) is not False


def print_problems(places: Sequence[Searched]) -> None:
    """Print to stderr what could not be searched where something was found all the same."""
    for place in places:
        for problem in place.problems if place.clusters else ():
            print(f"flinktop: {clean(place.name)}: {clean(problem)}", file=sys.stderr)
