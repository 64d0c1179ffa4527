"""The one place that reads a clock, so that tests can replace it."""

import asyncio
import time


class Clock:
    """The clocks of this machine."""

    def now(self) -> float:
        """Seconds on a monotonic clock; only differences mean anything."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970 (UTC) by this machine's clock."""
        return time.time()  # noqa: TID251 -- this is the one place

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
