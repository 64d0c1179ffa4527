"""Makes members of a fleet of the Flink clusters that are found in one Kubernetes context."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.fleet import Member, SearchState
from flinktop.flink.connection import Connection
from flinktop.judgement.finding import Severity
from flinktop.kubernetes.changes import changes
from flinktop.kubernetes.is_flink import is_flink
from flinktop.kubernetes.search import Search, SearchNews

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.clock import Clock
    from flinktop.engine.fleet import Fleet
    from flinktop.engine.host import Port
    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.kubectl import Kubectl
    from flinktop.kubernetes.reach import ClusterWay
    from flinktop.kubernetes.wanted import Wanted

    Way = ClusterWay
    """Over which the requests of one cluster are sent."""

log = logging.getLogger(__name__)

SHARE_SECONDS: Final = 5.0
"""Between two looks at how ill each cluster is."""
OPEN_SHARE, USUAL_SHARE, LOST_SHARE = 8.0, 1.0, 0.5
"""The shares of the turns to ask the API server: of a cluster on the screen, of a healthy one, of one that
does not answer."""
SHARES: Final = {Severity.CRITICAL: 4.0, Severity.UNKNOWN: 2.0, Severity.WARNING: 2.0}
ELSEWHERE: Final = "--all-namespaces searches in all"
AT_ONCE: Final = 10
"""Engines that are made before others on this thread have their turn."""


class _Known(Struct):
    """A cluster that was found."""

    found: Found
    member: Member
    way: ClusterWay


class KubernetesSearch:
    """Searches one context for a fleet, on its thread: adds what is found, removes what is gone."""

    def __init__(
        self,
        wanted: Wanted,
        clock: Clock,
        make: Callable[[Found, ClusterWay, Kubectl], Member],
        *,
        connection: Callable[[Found], Connection] = lambda found: Connection(found.url),
        search: Callable[..., Search] = Search,
    ) -> None:
        """`make` makes the member of a cluster, on the thread: its port sends its requests that way.

        `connection` says how to connect to a cluster: with its login.
        """
        self._wanted = wanted
        self._clock = clock
        self._make = make
        self._connection = connection
        self._search_of = search
        self._search: Search | None = None
        self._members: dict[str, _Known] = {}
        """By its name in the context."""
        self._still_open: dict[str, _Known] = {}  # that are gone
        self._new = asyncio.Event()
        self._end = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self.state = SearchState(search(wanted, clock, lambda _news: None).news.where)

    # -- for any thread ------------------------------------------------------------------------------

    def search_now(self) -> None:
        """Try again at once what has failed."""
        if self._search is not None:
            self._call(self._search.search_now)

    def begin_to_stop(self) -> None:
        """Ask it to end; returns at once."""
        self._stopping = True
        self._call(self._end.set)

    def _call(self, work: Callable[[], object]) -> None:
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(work)
            except RuntimeError:
                log.debug("the engines have ended")

    # -- on the engines' thread ----------------------------------------------------------------------

    async def run(self, fleet: Fleet) -> None:
        """Search until `begin_to_stop`."""
        self._loop = asyncio.get_running_loop()
        if self._stopping:
            return
        self._search = self._search_of(
            self._wanted, self._clock, self._heard(fleet), confirm=is_flink, connection=self._connection
        )
        work = [
            asyncio.create_task(self._search.run()),
            asyncio.create_task(self._follow(fleet)),
            asyncio.create_task(self._share_turns(fleet)),
        ]
        ended = asyncio.create_task(self._end.wait())
        try:
            await asyncio.wait({ended, *work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (ended, *work):
                one.cancel()
            await asyncio.wait({ended, *work})

    def _heard(self, fleet: Fleet) -> Callable[[SearchNews], None]:
        def heard(news: SearchNews) -> None:
            self.state = SearchState(
                news.where,
                searched=news.site.complete and news.site.seen,
                nothing=news.nothing if self._wanted.namespaces else f"{news.nothing}; {ELSEWHERE}",
                problems=news.problems,
                retry_at=news.retry_at,
            )
            self._new.set()
            fleet.search_changed()

        return heard

    async def _follow(self, fleet: Fleet) -> None:
        while True:
            await self._new.wait()
            self._new.clear()
            try:
                await self._take(fleet)
            except Exception:
                log.exception("what was found in %s could not be taken", self.state.where)

    async def _take(self, fleet: Fleet) -> None:
        """Add, change and remove members as the news say."""
        if self._search is None:
            return
        found = changes({name: one.found for name, one in self._members.items()}, self._search.news.site)
        for gone in found.gone:
            self._remove(fleet, self._members[gone.found.name], gone.deleted)
        for number, one in enumerate(found.new, 1):
            self._add(fleet, one, self._search)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        for one in found.changed:
            known = self._members[one.name]
            known.found = one
            known.member.port.set_kubernetes(one.state)

    def _add(self, fleet: Fleet, found: Found, search: Search) -> None:
        before = self._still_open.pop(found.name, None)
        if before is not None and before.found.url == found.url and fleet.readmit(before.member.name):
            known = _Known(found, before.member, before.way)
        else:
            if before is not None:
                search.close(before.way)
            way = search.way(found)
            known = _Known(found, self._make(found, way, search.kubectl), way)
            fleet.add(known.member)
        self._members[found.name] = known
        known.member.port.set_kubernetes(found.state)

    def _remove(self, fleet: Fleet, known: _Known, deleted: Found | None) -> None:
        del self._members[known.found.name]
        if deleted is not None:
            known.member.port.set_kubernetes(deleted.state)
        is_open = fleet.is_open(known.member.name)
        fleet.remove(known.member.name)
        if is_open:
            self._still_open[known.found.name] = known
        elif self._search is not None:
            self._search.close(known.way)

    def _close_ways(self, fleet: Fleet) -> None:
        """Close the ways to clusters that are gone and no longer open."""
        for name, one in tuple(self._still_open.items()):
            if not fleet.is_open(one.member.name) and self._search is not None:
                del self._still_open[name]
                self._search.close(one.way)

    async def _share_turns(self, fleet: Fleet) -> None:
        """Give ill clusters, and the one on the screen, more of the turns."""
        while True:
            self._close_ways(fleet)
            for one in (*self._members.values(), *self._still_open.values()):
                one.way.set_share(share(one.member.port, is_open=fleet.is_open(one.member.name)))
            await self._clock.sleep(SHARE_SECONDS)


def share(port: Port, *, is_open: bool) -> float:
    """A cluster's share of the turns to ask the API server; that of a healthy one is 1."""
    if is_open:
        return OPEN_SHARE
    if port.lost is not None:
        return LOST_SHARE
    judged = port.judged
    if judged is None:
        return USUAL_SHARE
    severities = {one.severity for one in judged.findings}
    severities |= {one.severity for one in judged.verdicts.values()}
    return max((SHARES.get(one, USUAL_SHARE) for one in severities), default=USUAL_SHARE)
