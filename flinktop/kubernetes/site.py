"""All Flink clusters of one context, found and followed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.kubernetes.confirm import Confirmations
from flinktop.kubernetes.discovery import Found, Parts, clusters_of
from flinktop.kubernetes.follow import Follower
from flinktop.kubernetes.gone import GoneClusters, GonePods
from flinktop.kubernetes.kinds import KINDS
from flinktop.kubernetes.reasons import Reasons

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import Any

    from flinktop.kubernetes.follow import Api, Clock
    from flinktop.kubernetes.kinds import Kind
    from flinktop.kubernetes.parts import ClusterPod, Key
    from flinktop.kubernetes.selectors import Selector

NEWS_SECONDS: Final = 0.5
"""Between two calls of `changed`, at least."""
FIRST_SECONDS: Final = 5.0
"""So long the first news wait for every kind to be listed."""
TICK_SECONDS: Final = 15.0
"""Between looks at what is only kept for a time."""
REASON_SECONDS: Final = 1.0
"""Between requests for events about pods."""
_MAKE_CLUSTERS: Final = ("deployments", "services")


class SiteNews(Struct, frozen=True):
    """What is known of a context now."""

    found: tuple[Found, ...] = ()
    """The clusters by name. One that has not changed is the same object as before; `state.at` is when it was
    last seen to change."""
    problems: tuple[str, ...] = ()
    """Sentences: what can't be read at the moment. What was known of it is kept, unless it is forbidden."""
    absent: tuple[str, ...] = ()
    """Those of the problems that are none where clusters are found: a kind is not installed."""
    deleted: tuple[Found, ...] = ()
    """Clusters that were deleted in the last minutes, with `state.deleted`."""
    complete: bool = False
    """Whether every kind has been asked for at least once."""
    seen: bool = True
    """Whether anything of which clusters are made, services or FlinkDeployments, could be listed."""


class Site:
    """Finds the Flink clusters of one context, and follows what becomes of them."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        changed: Callable[[SiteNews], None],
        *,
        context: str,
        namespaces: Iterable[str] | None = None,
        selector: Selector | None = None,
        confirm: Callable[[Found], Awaitable[bool | None]] | None = None,
    ) -> None:
        """Nothing is asked before `run`.

        namespaces: None for all of them, which takes the right to list in the whole cluster.
        changed: called on the loop of `run`, at most twice a second, when something has changed.
        confirm: whether a service that looks like a JobManager's is one; None: it doesn't answer now. A
            service that is none is left out. Without `confirm`, all are found, with `confirmed=False`.
        """
        self._api = api
        self._clock = clock
        self._on_news = changed
        self._context = context
        self._selector = selector
        self._parts = Parts()
        self._gone = GonePods()
        self._deleted = GoneClusters()
        self._reasons = Reasons(api, clock)
        self._confirmations = Confirmations(clock, confirm, self._mark) if confirm is not None else None
        spaces = (None,) if namespaces is None else tuple(dict.fromkeys(namespaces))
        self._followers = [
            Follower(api, clock, kind, namespace, self._keeper(kind))
            for kind in KINDS
            for namespace in spaces
        ]
        self._events_problem = ""
        self._dirty = asyncio.Event()
        self._settled = asyncio.Event()
        self._last = SiteNews()
        self._known: dict[str, Found] = {}  # by name

    async def run(self) -> None:
        """Follow for ever; ends by cancellation alone."""
        async with asyncio.TaskGroup() as group:
            for follower in self._followers:
                group.create_task(follower.run(self._on_state))
            group.create_task(self._report())
            group.create_task(self._tick())
            group.create_task(self._ask_for_events())
            if self._confirmations is not None:
                group.create_task(self._confirmations.run())

    def try_now(self) -> None:
        """Ask again at once what failed last: a person wants that. Called on the loop of `run`."""
        for follower in self._followers:
            follower.try_now()

    @property
    def news(self) -> SiteNews:
        """The last news."""
        return self._last

    # -- what has changed ------------------------------------------------------------------------------

    def _keeper(self, kind: Kind) -> Callable[[Key, Any, Any], None]:
        known: dict[Key, Any] = getattr(self._parts, kind.part)
        if kind.part == "pods":
            return self._keep_pod

        def keep(key: Key, _before: object, part: object) -> None:
            if part is None:
                known.pop(key, None)
            else:
                known[key] = part
            self._mark()

        return keep

    def _keep_pod(self, key: Key, before: ClusterPod | None, part: ClusterPod | None) -> None:
        if before is not None and (part is None or part.pod.uid != before.pod.uid):
            self._gone.add(key, before, self._clock.wall())
            self._reasons.forget(key)
        if part is None:
            self._parts.pods.pop(key, None)
            self._reasons.forget(key)
        else:
            self._gone.back(key, part)
            self._parts.pods[key] = self._reasons.applied(key, part)
        self._mark()

    def _mark(self) -> None:
        self._dirty.set()

    def _on_state(self) -> None:
        if all(follower.settled for follower in self._followers):
            self._settled.set()
        self._mark()

    # -- in the background -----------------------------------------------------------------------------

    async def _report(self) -> None:
        await self._first_looks()
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            news = self._make_news()
            if news != self._last:
                self._last = news
                self._on_news(news)
            await self._clock.sleep(NEWS_SECONDS)

    async def _first_looks(self) -> None:
        """Until all was listed: a service alone does not tell yet that an operator manages it."""
        waits = [
            asyncio.ensure_future(self._settled.wait()),
            asyncio.ensure_future(self._clock.sleep(FIRST_SECONDS)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK_SECONDS)
            now = self._clock.wall()
            expired = [self._gone.expire(now), self._deleted.expire(now)]
            if any(expired) or self._parts.not_created:
                self._mark()

    async def _ask_for_events(self) -> None:
        while True:
            await self._clock.sleep(REASON_SECONDS)
            key = self._reasons.next(self._parts.pods)
            if key is None:
                continue
            self._events_problem = await self._reasons.ask(key, self._parts.pods[key].pod.uid)
            if (part := self._parts.pods.get(key)) is not None:
                self._parts.pods[key] = self._reasons.applied(key, part)
            self._mark()

    # -- news ------------------------------------------------------------------------------------------

    def _make_news(self) -> SiteNews:
        now = self._clock.wall()
        found = clusters_of(
            self._context, self._parts, selector=self._selector, gone=self._gone.by_namespace(), now=now
        )
        if self._confirmations is not None:
            found = self._confirmations.of(found)
        current = {one.name: self._with_state(one, now) for one in found}
        self._deleted.update(
            {name: one for name, one in self._known.items() if self._is_visible(one.namespace)}, current, now
        )
        self._known = current
        problems = dict.fromkeys(
            one for one in (*(follower.problem for follower in self._followers), self._events_problem) if one
        )
        absent = dict.fromkeys(one.problem for one in self._followers if one.absent and one.problem)
        return SiteNews(
            tuple(current.values()),
            tuple(problems),
            tuple(absent),
            self._deleted.found,
            complete=self._settled.is_set(),
            seen=any(one.listed for one in self._followers if one.kind.part in _MAKE_CLUSTERS),
        )

    def _with_state(self, found: Found, now: float) -> Found:
        """The cluster as it was before if nothing of it has changed."""
        before = self._known.get(found.name)
        at = before.state.at if before is not None else now
        found = replace(found, state=replace(found.state, missing=self._missing(found.namespace), at=at))
        if before is None or found == before:
            return found if before is None else before
        return replace(found, state=replace(found.state, at=now))

    def _is_visible(self, namespace: str) -> bool:
        """Whether a cluster that is no longer found in a namespace was deleted."""
        return not any(
            follower.away and follower.kind.part in _MAKE_CLUSTERS
            for follower in self._followers
            if follower.namespace in (None, namespace)
        )

    def _missing(self, namespace: str) -> tuple[str, ...]:
        """What can't be read of clusters in a namespace."""
        return tuple(
            dict.fromkeys(
                follower.problem
                for follower in self._followers
                if follower.away and follower.problem and follower.namespace in (None, namespace)
            )
        )
