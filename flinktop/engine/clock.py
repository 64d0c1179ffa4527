"""The one place that reads a clock, so that tests can stand still and move on at will."""

import asyncio
import time


class Clock:
    """What the engine may know of time: the clocks of this machine."""

    def now(self) -> float:
        """Seconds on a clock that never jumps; only differences mean anything."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970 in UTC, as this machine believes."""
        return time.time()  # noqa: TID251 -- this is the one place

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
