"""Whether clusters answer: each is asked for its release, many at once, none for longer than a bound."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flinktop.engine.clock import Clock
from flinktop.flink.cluster import CONFIG, Config
from flinktop.flink.connection import Connection
from flinktop.flink.error_text import shorten
from flinktop.flink.errors import FlinkError, Unauthorized
from flinktop.flink.run_in_thread import Loop
from flinktop.flink.text import clean
from flinktop.headless.requests import Requests

AT_ONCE: Final = 32
"""Clusters that are asked at a time."""
SECONDS: Final = 3.0
"""For one cluster: its login, its connection and its answer."""


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


def answers(connections: Sequence[Connection]) -> Iterator[Answer]:
    """The answer of each cluster in their order, as soon as it and all before it are known."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        tasks = runner.run(_all_asked(connections))
        for task in tasks:
            yield runner.run(_result(task))


async def _all_asked(connections: Sequence[Connection]) -> list[asyncio.Task[Answer]]:
    turns, closings = asyncio.Semaphore(AT_ONCE), set[asyncio.Task[None]]()
    return [asyncio.create_task(_answer(connection, turns, closings)) for connection in connections]


async def _result(task: asyncio.Task[Answer]) -> Answer:
    return await task


async def _answer(
    connection: Connection, turns: asyncio.Semaphore, closings: set[asyncio.Task[None]]
) -> Answer:
    """Ask one cluster when it is its turn; nobody waits for its connection to be closed, in `closings`."""
    found: list[Answer] = []

    def taken(_query: object, config: Config) -> None:
        found.append(Answer(clean(config.flink_version), history_server=config.features.web_history))

    def failed(_query: object, error: FlinkError) -> None:
        found.append(Answer(reason=_reason(error)))

    async with turns:
        clock = Clock()
        requests = Requests(connection, clock, taken=taken, failed=failed)
        await requests.ask((CONFIG(),), clock.now() + SECONDS, patience=SECONDS)
    closing = asyncio.create_task(requests.close())
    closings.add(closing)
    closing.add_done_callback(closings.discard)
    return found[0]


def _reason(error: FlinkError) -> str:
    """Why it did not answer, in one line; advice about trying again is for those who do."""
    reason = shorten(error.detail) or error.default_reason()
    advice = f" ({Unauthorized.advice})" if isinstance(error, Unauthorized) else ""
    return clean(f"{reason}{advice}")
