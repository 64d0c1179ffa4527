"""A search for clusters in Kubernetes that `flinktop watch` follows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

from flinktop.flink.text import clean
from flinktop.headless.kubernetes_found import profile_of
from flinktop.headless.watch_lines import What
from flinktop.kubernetes.changes import changes
from flinktop.kubernetes.is_flink import is_flink
from flinktop.kubernetes.search import Search

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from flinktop.engine.clock import Clock
    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.reach import ClusterWay
    from flinktop.kubernetes.search import SearchNews
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.settings import Profile, Sources

log = logging.getLogger(__name__)

DELETED: Final = "it was deleted in Kubernetes, and is no longer watched"
INVISIBLE: Final = "it is no longer found in Kubernetes, and no longer watched"


class Watching(Protocol):
    """What watches clusters, of which some come and go."""

    def add(self, profile: Profile, transport: httpx.AsyncBaseTransport, state: KubernetesState) -> None:
        """Watch one more."""

    def know(self, name: str, state: KubernetesState) -> None:
        """Take what Kubernetes knows of one now."""

    def remove(self, name: str, words: str) -> None:
        """Watch one no longer; `words` say why."""

    def say(self, what: What, words: str) -> None:
        """Say something that is about no single cluster."""


class WatchedSearch:
    """Has a watcher watch what is found. On the watcher's loop."""

    def __init__(
        self,
        sources: Sources,
        entry: KubernetesEntry,
        clock: Clock,
        *,
        search: Callable[..., Search] = Search,
    ) -> None:
        self._sources = sources
        self._entry = entry
        self._watching: Watching | None = None
        self._known: dict[str, Found] = {}
        self._ways: dict[str, ClusterWay] = {}
        self._said: set[str] = set()  # problems that there are
        self._search = search(
            entry.wanted,
            clock,
            self._heard,
            confirm=is_flink,
            connection=lambda found: profile_of(sources, entry, found).connection,
        )

    @property
    def where(self) -> str:
        """Where it searches, in words."""
        return self._search.news.where

    @property
    def searched(self) -> bool:
        """Whether the first search has ended, perhaps in vain."""
        news = self._search.news
        return news.site.complete or bool(news.problem)

    @property
    def error(self) -> str | None:
        """Why nothing is watched, a sentence; None if something is."""
        if self._known:
            return None
        return "; ".join(self._search.news.problems) or self._search.news.nothing

    async def run(self, watching: Watching) -> None:
        """Search, for ever; ends by cancellation alone."""
        self._watching = watching
        await self._search.run()

    def _heard(self, news: SearchNews) -> None:
        if self._watching is None:
            return
        try:
            self._take(news, self._watching)
        except Exception:
            log.exception("what was found in %s could not be taken", news.where)

    def _take(self, news: SearchNews, watching: Watching) -> None:
        for problem in news.problems:
            if problem not in self._said:
                watching.say(What.NOTE, f"{clean(news.where)}: {clean(problem)}; it is tried again")
        if self._said and not news.problems:
            watching.say(What.NOTE, f"{clean(news.where)}: everything can be searched again")
        self._said = set(news.problems)
        found = changes(self._known, news.site)
        for gone in found.gone:
            del self._known[gone.found.name]
            self._search.close(self._ways.pop(gone.found.name))
            name = self._entry.cluster(gone.found.name)
            watching.remove(name, DELETED if gone.deleted is not None else INVISIBLE)
        for one in found.new:
            way = self._ways[one.name] = self._search.way(one)
            watching.add(profile_of(self._sources, self._entry, one), way, one.state)
            self._known[one.name] = one
        for one in found.changed:
            self._known[one.name] = one
            watching.know(self._entry.cluster(one.name), one.state)
