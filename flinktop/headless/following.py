"""One act, done and followed to its end by a command."""

import asyncio
import contextlib
import os
from collections.abc import Callable

from flinktop.engine.acts.act import Act
from flinktop.engine.operation import Operation, State
from flinktop.engine.operations import Operations

SETTLES_WITHIN = 5.0
"""Seconds for which a command waits for what an earlier one has left."""


class Follower:
    """Does acts one after the other, and says how they go."""

    def __init__(
        self, operations: Operations, news: asyncio.Event, say: Callable[[str], None], typed: str | None
    ) -> None:
        """Prepare.

        Args:
            operations: those of the cluster, started.
            news: set when they have changed.
            say: takes a sentence for whoever waits.
            typed: the name that was typed, where one is asked for.
        """
        self.say = say
        self._operations = operations
        self._news = news
        self._typed = typed

    async def settled(self, job: str | None) -> None:
        """Let what an earlier command left of this job come to its end, if that is a matter of seconds."""
        # The ledger is read in the first turn of the loop.
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLES_WITHIN):
                while any(
                    one.job == job and one.ours and not one.state.final
                    for one in self._operations.view.all
                    if job
                ):
                    self._news.clear()
                    await self._news.wait()

    async def do(self, act: Act, *, wait: bool = True) -> Operation:
        """Do the act; the operation at its end, or once accepted by Flink."""
        number = os.urandom(16).hex()
        self._operations.submit(act, number, self._typed)
        said = ""
        while True:
            operation = self._operations.view.now(number)
            if operation is None:
                # Another flinktop follows it now: its row tells, as soon as the ledger can be read.
                operation = next((one for one in self._operations.view.all if one.id == number), None)
            if operation is None:
                self._news.clear()
                await self._news.wait()
                continue
            taken = operation.state in (State.ACCEPTED, State.RUNNING)
            if operation.state.final or (taken and not wait):
                return operation
            if operation.words and operation.words != said:
                said = operation.words
                self.say(f"{act.label}: {said}")
            self._news.clear()
            await self._news.wait()
