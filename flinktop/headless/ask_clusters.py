"""Whether clusters answer: each is asked for its release, many at once, none for longer than a bound."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flinktop.engine.clock import Clock
from flinktop.flink.cluster import CONFIG, Config
from flinktop.flink.error_text import shorten
from flinktop.flink.errors import FlinkError, Unauthorized
from flinktop.flink.run_in_thread import Loop
from flinktop.flink.text import clean
from flinktop.headless.requests import Requests
from flinktop.headless.tunnel import tunnel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    import httpx

    from flinktop.settings import Profile

AT_ONCE: Final = 32
"""Clusters that are asked at a time."""
SECONDS: Final = 3.0
"""For one cluster: its tunnel, its login, its connection and its answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a cluster answered, and what."""

    flink: str | None = None  # its release, as it names it; "" if it names none
    reason: str = ""  # why it did not answer
    history_server: bool = False

    @property
    def answers(self) -> bool:
        return self.flink is not None

    @property
    def words(self) -> str:
        """The same for a person."""
        if self.flink is None:
            return self.reason
        kind = "HistoryServer of Flink" if self.history_server else "Flink"
        return f"{kind} {self.flink or 'of an unknown release'}"


def ask(profiles: Sequence[Profile]) -> Iterator[Answer]:
    """The answer of each cluster in their order, as soon as it and all before it are known."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        asking = _Asking()
        for task in runner.run(asking.begin(profiles)):
            yield runner.run(_result(task))
        runner.run(asking.end())


async def answers_of(
    profiles: Sequence[Profile], transport: Callable[[Profile], httpx.AsyncBaseTransport]
) -> Sequence[Answer]:
    """The answers of clusters in their order, each over a transport of its own, which is closed."""
    asking = _Asking(transport)
    try:
        return await asyncio.gather(*await asking.begin(profiles))
    finally:
        await asking.end()


async def _result(task: asyncio.Task[Answer]) -> Answer:
    return await task


class _Asking:
    """Asks clusters, many at once. Nobody waits for the connection of another to be closed."""

    def __init__(
        self, transport: Callable[[Profile], httpx.AsyncBaseTransport | None] = lambda _profile: None
    ) -> None:
        """`transport` replaces the network."""
        self._transport = transport
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._closing: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()  # of tunnels

    async def begin(self, profiles: Sequence[Profile]) -> list[asyncio.Task[Answer]]:
        return [asyncio.create_task(self._answer(profile)) for profile in profiles]

    async def end(self) -> None:
        """Wait until the commands of tunnels have ended."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=SECONDS)

    async def _answer(self, profile: Profile) -> Answer:
        """Ask one cluster when it is its turn."""
        found: list[Answer] = []

        def taken(_query: object, config: Config) -> None:
            found.append(Answer(clean(config.flink_version), history_server=config.features.web_history))

        def failed(_query: object, error: FlinkError) -> None:
            found.append(Answer(reason=_reason(error)))

        async with self._turns:
            clock = Clock()
            tunnel = tunnel_of(profile, clock)
            requests = Requests(
                profile.connection,
                clock,
                taken=taken,
                failed=failed,
                transport=self._transport(profile),
                tunnel=tunnel,
            )
            await requests.ask((CONFIG(),), clock.now() + SECONDS, patience=SECONDS)
        _keep(self._closing, requests.close())
        if tunnel is not None:
            if tunnel.link.state == "starting":
                found = [Answer(reason=f"its tunnel was not open within {SECONDS:g} s")]
            _keep(self._ending, tunnel.close())
        return found[0]


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    """Run `work` beside, and hold its task until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _reason(error: FlinkError) -> str:
    """Why it did not answer, in one line; advice about trying again is for those who do."""
    reason = shorten(error.detail) or error.default_reason()
    advice = f" ({Unauthorized.advice})" if isinstance(error, Unauthorized) else ""
    return clean(f"{reason}{advice}")
