"""A search for Flink clusters in one context, from nothing but what a person asks for, tried until it works.

It runs kubectl to learn the context, then lists and follows (site.py), and knows the way to each cluster.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.connection import Connection
from flinktop.flink.text import clean
from flinktop.kubernetes.api import ApiServer
from flinktop.kubernetes.context import Context, context_of
from flinktop.kubernetes.errors import KubernetesError
from flinktop.kubernetes.kubectl import Kubectl
from flinktop.kubernetes.selectors import selector
from flinktop.kubernetes.site import Site, SiteNews
from flinktop.kubernetes.wanted import EVERY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from flinktop.kubernetes.api import Event, Listed
    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.follow import Clock
    from flinktop.kubernetes.reach import ClusterWay
    from flinktop.kubernetes.wanted import Wanted

    Confirm = Callable[[Connection, ClusterWay], Awaitable[bool | None]]

log = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 20.0
"""After so long a search that could not begin, or has failed, is tried again."""
UNUSED_SECONDS: Final = 60.0
"""Between looks for ways that nobody uses."""


class SearchNews(Struct, frozen=True):
    """What a search says now."""

    where: str  # in words: "context prod, namespaces a and b"
    site: SiteNews = SiteNews()
    problem: str = ""  # why it can't begin, a sentence
    retry_at: float | None = None  # s on the clock: when it is tried again

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences: what could not be searched."""
        problems = tuple(one for one in self.site.problems if one not in self.site.absent)
        return (self.problem, *problems) if self.problem else problems

    @property
    def nothing(self) -> str:
        """What is said if no cluster was found."""
        return "; ".join((f"no Flink cluster found in {self.where}", *self.site.absent))


class Search:
    """Searches one context. Used on one event loop."""

    def __init__(
        self,
        wanted: Wanted,
        clock: Clock,
        changed: Callable[[SearchNews], None],
        *,
        confirm: Confirm | None = None,
        connection: Callable[[Found], Connection] = lambda found: Connection(found.url),
        follow: bool = True,
    ) -> None:
        """Nothing is run before `run`.

        changed: called on the loop of `run`.
        connection: how to connect to a cluster, with the login of its own that it may have.
        confirm: whether what is found at the end of a way is Flink; None: it does not answer.
        follow: whether changes are followed, or everything is listed once only.
        """
        self._wanted = wanted
        self._clock = clock
        self._on_news = changed
        self._confirm = confirm
        self._connection = connection
        self._follow = follow
        self.kubectl = Kubectl(wanted.context, wanted.kubectl)
        """For the context that is searched, once that is known."""
        self._api: ApiServer | None = None
        self._site: Site | None = None
        self._ways: set[ClusterWay] = set()
        self._closing: set[asyncio.Task[None]] = set()  # of ways
        self._awake = asyncio.Event()
        self.news = SearchNews(self._where(None))

    async def run(self) -> None:
        """Search, for ever; ends by cancellation alone. What went wrong is in the news."""
        ending = asyncio.create_task(self._end_unused())
        try:
            while True:
                try:
                    await self._search()
                except KubernetesError as error:
                    self._failed(str(error))
                except Exception:
                    log.exception("the search in %s has failed", self.news.where)
                    self._failed("the search has failed by an error of flinktop's, which its log has")
                await self._pause()
        finally:
            ending.cancel()
            closing = (*self._closing, *(way.aclose() for way in self._ways))
            await asyncio.gather(*closing, return_exceptions=True)
            if self._api is not None:
                await self._api.close()

    async def _end_unused(self) -> None:
        """End the port-forwards that nobody uses, from time to time."""
        while True:
            await self._clock.sleep(UNUSED_SECONDS)
            for way in tuple(self._ways):
                await way.end_unused()

    async def _search(self) -> None:
        context = await context_of(self.kubectl)
        if self._wanted.context is None and self.kubectl.context is None and not context.in_pod:
            # Another one that is chosen meanwhile does not change what is searched.
            self.kubectl = Kubectl(context.name, self._wanted.kubectl)
        if self._api is None:
            self._api = ApiServer(self.kubectl, self._clock)
            self._api.on_login_accepted = self._search_again
        self._site = Site(
            self._api if self._follow else ListedOnce(self._api),
            self._clock,
            self._heard,
            context=clean(context.name),
            namespaces=self._namespaces(context),
            selector=selector(self._wanted.selector) if self._wanted.selector else None,
            confirm=partial(self._confirmed, self._confirm) if self._confirm is not None else None,
        )
        self._say(SearchNews(self._where(context)))
        await self._site.run()

    def way(self, found: Found) -> ClusterWay:
        """A way to a cluster that was found; it ends with the search, or with `close`."""
        if self._api is None:
            raise RuntimeError("nothing was found yet")
        way = self.way_by(self._api, found)
        self._ways.add(way)
        return way

    def close(self, way: ClusterWay) -> None:
        """End a way that nobody uses any more, with its port-forward; returns at once."""
        self._ways.discard(way)
        closing = asyncio.ensure_future(way.aclose())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def way_by(self, api: ApiServer, found: Found) -> ClusterWay:
        """A way by an API server of one's own; whoever takes it closes it."""
        # httpx takes 25 ms to import, and is not needed for the first paint.
        from flinktop.kubernetes.reach import ClusterWay  # noqa: PLC0415

        connection = self._connection(found)
        return ClusterWay(
            api,
            found.namespace,
            found.service,
            found.port,
            found.scheme,
            reach=self._wanted.reach,
            login=connection if connection.sends_own else None,
        )

    def search_now(self) -> None:
        """Try again at once what has failed: a person wants that."""
        self._awake.set()
        if self._api is not None:
            self._api.try_now()
        self._search_again()

    def _search_again(self) -> None:
        """What failed for want of a login would otherwise be tried again after up to half a minute."""
        if self._site is not None:
            self._site.try_now()

    # -- news ------------------------------------------------------------------------------------------

    def _heard(self, site: SiteNews) -> None:
        self._say(SearchNews(self.news.where, site))

    def _failed(self, problem: str) -> None:
        """Say a problem; what was found before stays as it is."""
        log.warning("%s", problem)
        self._site = None
        again = self._clock.now() + AGAIN_SECONDS
        self._say(SearchNews(self.news.where, self.news.site, problem, again))

    def _say(self, news: SearchNews) -> None:
        if news != self.news:
            self.news = news
            self._on_news(news)

    async def _pause(self) -> None:
        self._awake.clear()
        waits = [
            asyncio.ensure_future(self._awake.wait()),
            asyncio.ensure_future(self._clock.sleep(AGAIN_SECONDS)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _confirmed(self, confirm: Confirm, found: Found) -> bool | None:
        way = self.way(found)
        try:
            return await confirm(self._connection(found), way)
        finally:
            self._ways.discard(way)
            await way.aclose()

    # -- where -----------------------------------------------------------------------------------------

    def _namespaces(self, context: Context) -> tuple[str, ...] | None:
        if EVERY in self._wanted.namespaces:
            return None
        return self._wanted.namespaces or (context.namespace,)

    def _where(self, context: Context | None) -> str:
        """Where it searches, as sentences name it; before the context is known, what was asked for."""
        name = context.name if context is not None else self._wanted.context
        said = f"context {clean(name)}" if name else "kubectl's current context"
        names = self._namespaces(context) if context is not None else self._wanted.namespaces
        if names is None or EVERY in names:
            said += ", all namespaces"
        elif names:
            said += f", namespace{'' if len(names) == 1 else 's'} {listed(names)}"
        return f"{said}, labels {clean(self._wanted.selector)}" if self._wanted.selector else said


def listed(names: Iterable[str]) -> str:
    """Names as a list: "a, b and c"."""
    *most, last = map(clean, names)
    return f"{', '.join(most)} and {last}" if most else last


class ListedOnce:
    """An API server of which nothing is watched: what was listed stays as it was."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    @property
    def where(self) -> str:
        return self._api.where

    async def list_all(self, path: str, params: Iterable[tuple[str, str]] = ()) -> Listed:
        """All objects of a list."""
        return await self._api.list_all(path, params)

    async def watch(
        self,
        path: str,  # noqa: ARG002 -- as the API server has it
        version: str,  # noqa: ARG002
        params: Iterable[tuple[str, str]] = (),  # noqa: ARG002
    ) -> AsyncIterator[Event]:
        """Nothing, for ever."""
        await asyncio.get_running_loop().create_future()
        yield  # type: ignore[misc]
