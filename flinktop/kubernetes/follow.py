"""Follows the objects of one kind in one namespace, or in all: listed once, then watched."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

from flinktop.kubernetes.errors import ApiError, KubectlError, KubernetesError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from flinktop.kubernetes.api import Event, Listed
    from flinktop.kubernetes.kinds import Kind
    from flinktop.kubernetes.parts import Key

log = logging.getLogger(__name__)

SHORTEST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
AWAY_SECONDS: Final = 60.0
"""After so long a kind that is missing or forbidden is tried again: it may have come since."""
_BRIEF: Final = 1.0
"""A watch that ends sooner (s) is not begun anew at once."""
_BUSY_FAILURES: Final = 2
"""So many failures in a row of an API server that is busy are not reported."""
_LASTING: Final = ("missing", "config", "context", "login")
"""What kubectl lacks that does not come by itself."""


class Clock(Protocol):
    """The clocks of this machine, or those of a test."""

    def now(self) -> float:
        """Seconds on a monotonic clock."""
        ...

    def wall(self) -> float:
        """Seconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Api(Protocol):
    """What is asked of the API server of one context. Both raise KubernetesError."""

    @property
    def where(self) -> str:
        """The context, as sentences name it."""
        ...

    async def list_all(self, path: str, params: Iterable[tuple[str, str]] = ()) -> Listed:
        """All objects of a list."""
        ...

    def watch(self, path: str, version: str, params: Iterable[tuple[str, str]] = ()) -> AsyncIterator[Event]:
        """What changes after a version, until the API server ends it."""
        ...


class Follower:
    """Keeps what is known of one kind in a mapping, by namespace and name."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        kind: Kind,
        namespace: str | None,
        changed: Callable[[Key, Any, Any], None],
    ) -> None:
        """`changed` is called with a key, and what was and what is known of an object (None: nothing).

        It is called if what is kept of the object has changed. Twice None: whether it still is there can't
        be seen any more.
        """
        self.kind = kind
        self.namespace = namespace  # None: all
        self.settled = False
        """Whether the first try has ended, by a list or by a failure."""
        self.problem = ""
        """Why it can't be followed at the moment, a sentence."""
        self.away = False
        """Whether the kind is missing or forbidden."""
        self.absent = False
        """Whether it is missing, which is no fault."""
        self._api = api
        self._clock = clock
        self._changed = changed
        self._known: dict[Key, Any] = {}
        self._failures = 0
        self._was_listed = False
        self._too_old = 0  # lists in a row whose version was too old at once
        self._awake = asyncio.Event()

    @property
    def listed(self) -> bool:
        """Whether what is known comes from a list."""
        return self._was_listed and not self.away

    async def run(self, on_state: Callable[[], None]) -> None:
        """Follow for ever. `on_state` is called when `settled` or `problem` have changed."""
        while True:
            wait = 0.0
            self._awake.clear()
            try:
                listed = await self._api.list_all(self.kind.path(self.namespace), self.kind.params)
                self._replace(listed)
                self._was_listed = True
                self._went_well(on_state)
                wait = await self._watch(listed.version, on_state)
            except KubernetesError as error:
                wait = self._failed(error, on_state)
            await self._pause(wait)

    async def _watch(self, version: str, on_state: Callable[[], None]) -> float:
        """Watch until the list is to be read again; returns after how many seconds."""
        brief = 0
        while True:
            began = self._clock.now()
            path = self.kind.path(self.namespace)
            try:
                async for event in self._api.watch(path, version, self.kind.params):
                    version = event.version or version
                    self._apply(event)
                    self._went_well(on_state)
                self._went_well(on_state)
            except KubernetesError as error:
                if _is_gone(error):
                    # At once, but for versions that are too old as soon as they are listed.
                    self._too_old = self._too_old + 1 if self._clock.now() - began < _BRIEF else 0
                    return _longer(self._too_old - 1) if self._too_old > 1 else 0.0
                if self._clock.now() - began < _BRIEF:
                    # A list says whether all is well again; a watch may be silent for minutes.
                    return self._failed(error, on_state)
                log.info("a watch of %s was cut off: %s", self.kind.resource, error)
            self._too_old = 0
            brief = brief + 1 if self._clock.now() - began < _BRIEF else 0
            if brief:
                await self._pause(_longer(brief))

    async def _pause(self, seconds: float) -> None:
        """Wait, or until `try_now`; not at all if that came since the present try began."""
        tasks = [
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(self._awake.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._awake.clear()
            for task in tasks:
                task.cancel()

    def try_now(self) -> None:
        """Don't wait for the next try."""
        self._awake.set()

    # -- what is known ---------------------------------------------------------------------------------

    def _replace(self, listed: Listed) -> None:
        found = {}
        for item in listed.items:
            if (one := self.kind.read(item)) is not None and one[1] is not None:
                found[one[0]] = one[1]
        for key in [key for key in self._known if key not in found]:
            self._set(key, None)
        for key, part in found.items():
            self._set(key, part)

    def _apply(self, event: Event) -> None:
        if event.type not in ("ADDED", "MODIFIED", "DELETED"):
            return
        one = self.kind.read(event.object)
        if one is None:
            log.warning("an object of %s in %s can't be read", self.kind.resource, self._api.where)
            return
        key, part = one
        if event.type == "DELETED":
            if part is not None and key in self._known:
                self._set(key, part)  # the last that is known of it
            part = None
        self._set(key, part)

    def _set(self, key: Key, part: Any) -> None:
        before = self._known.get(key)
        if before == part:
            return
        if part is None:
            del self._known[key]
        else:
            self._known[key] = part
        self._changed(key, before, part)

    # -- failures --------------------------------------------------------------------------------------

    def _went_well(self, on_state: Callable[[], None]) -> None:
        self._failures = 0
        self._set_state("", away=False, on_state=on_state)

    def _failed(self, error: KubernetesError, on_state: Callable[[], None]) -> float:
        """Note a failure; returns how long to wait (s)."""
        self._failures += 1
        status = error.status if isinstance(error, ApiError) else 0
        if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            # What was known would grow old without anybody seeing it.
            known, self._known = self._known, {}
            for key in known:
                self._changed(key, None, None)
            self.absent = status == HTTPStatus.NOT_FOUND
            self._set_state(self._why_away(error, status), away=True, on_state=on_state)
            return AWAY_SECONDS
        quiet = self._failures <= self._quiet_failures(error, status)
        self._set_state(self.problem if quiet else str(error), away=quiet and self.away, on_state=on_state)
        wait = _longer(self._failures)
        if isinstance(error, ApiError) and error.retry_after is not None:
            wait = max(wait, error.retry_after)
        return wait

    def _quiet_failures(self, error: KubernetesError, status: int) -> int:
        """So many failures in a row are no problem yet."""
        if status == HTTPStatus.TOO_MANY_REQUESTS or _is_gone(error):
            return _BUSY_FAILURES
        lasts = status == HTTPStatus.UNAUTHORIZED or (
            isinstance(error, KubectlError) and error.kind in _LASTING
        )
        # A connection may be cut off: by a new start of the proxy, for one.
        return 1 if self._was_listed and not lasts else 0

    def _why_away(self, error: KubernetesError, status: int) -> str:
        if status != HTTPStatus.NOT_FOUND:
            return str(error)
        if not self.kind.shown:
            return ""
        if self.kind.of_operator:
            return f"the Flink Kubernetes operator is not installed ({self._api.where})"
        return f"{self._api.where} has no {self.kind.resource}"

    def _set_state(self, problem: str, *, away: bool, on_state: Callable[[], None]) -> None:
        if (problem, away, True) != (self.problem, self.away, self.settled):
            if problem and problem != self.problem:
                log.info("%s: %s", self.kind.resource, problem)
            self.problem, self.away, self.settled = problem, away, True
            on_state()


def _is_gone(error: KubernetesError) -> bool:
    return isinstance(error, ApiError) and error.status == HTTPStatus.GONE


def _longer(times: int) -> float:
    """How long to wait (s) after so many failures in a row."""
    return min(SHORTEST_WAIT * 2.0 ** min(times - 1, 10), LONGEST_WAIT)
