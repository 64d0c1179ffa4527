"""Whether services that look like a JobManager's are one: their /config says so."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.follow import Clock

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
AGAIN_SECONDS: Final = 30.0
"""After so long a service that did not answer is asked again."""
DENIED_SECONDS: Final = 600.0
"""After so long one that was something else is."""
_LOOK_SECONDS: Final = 1.0


class Confirmations:
    """Asks each service that is not known to be Flink's, and remembers the answer."""

    def __init__(
        self, clock: Clock, confirm: Callable[[Found], Awaitable[bool | None]], changed: Callable[[], None]
    ) -> None:
        """`changed` is called after each answer."""
        self._clock = clock
        self._confirm = confirm
        self._changed = changed
        self._answers: dict[str, tuple[bool | None, float]] = {}  # by url, with the time it is asked again
        self._wanted: dict[str, Found] = {}
        self._new = asyncio.Event()

    def of(self, found: Iterable[Found]) -> tuple[Found, ...]:
        """Those that are Flink, or that were asked and did not answer; asks for those that were not asked."""
        shown: list[Found] = []
        wanted: dict[str, Found] = {}
        for one in found:
            if one.confirmed:
                shown.append(one)
                continue
            answer, _ = self._answers.get(one.url, (None, 0.0))
            if answer is not True:
                wanted[one.url] = one
            if one.url in self._answers and answer is not False:
                shown.append(replace(one, confirmed=True) if answer else one)
        self._wanted = wanted
        self._answers = {
            url: answer for url, answer in self._answers.items() if url in wanted or answer[0] is True
        }
        self._new.set()
        return tuple(shown)

    async def run(self) -> None:
        """Ask, for ever."""
        places = asyncio.Semaphore(AT_ONCE)
        under_way: set[str] = set()

        async def ask(one: Found) -> None:
            try:
                async with places:
                    answer = await self._confirm(one)
            finally:
                under_way.discard(one.url)
            again = self._clock.now() + (DENIED_SECONDS if answer is False else AGAIN_SECONDS)
            if self._answers.get(one.url, (None, 0.0))[0] != answer:
                log.info("%s: %s", one.name, _WORDS[answer])
            self._answers[one.url] = answer, again
            self._changed()

        async with asyncio.TaskGroup() as group:
            while True:
                now = self._clock.now()
                for url, one in self._wanted.items():
                    if url not in under_way and self._answers.get(url, (None, now))[1] <= now:
                        under_way.add(url)
                        group.create_task(ask(one))
                self._new.clear()
                # Without anything to ask nothing wakes up.
                await (self._clock.sleep(_LOOK_SECONDS) if self._wanted else self._new.wait())


_WORDS: Final[dict[bool | None, str]] = {
    True: "is Flink",
    False: "is not Flink",
    None: "does not answer whether it is Flink",
}
