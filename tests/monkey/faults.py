"""What goes wrong on the way to the cluster, drawn for each request."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Final

SHARES: Final = (0.1, 0.25, 0.5)
"""Of the requests, those with a fault: one of these holds for a walk."""
DELAYS: Final = (0.05, 0.5, 2.0)
"""Seconds that an answer takes at the most: likewise."""
STATUSES: Final = (500, 503, 404, 401)
LONG: Final = 12.0
"""Seconds for which an answer that hangs does not come: longer than anybody waits for one."""
FAULTS: Final = ("refused", "dropped", "cut", "garbage", "empty", "hang", *map(str, STATUSES))
"""No connection; the connection ends in the middle of an answer; JSON that ends in its middle; no JSON; no
body; no answer for long; an answer with this status."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens with one request: seconds until it is answered, and the fault, if any."""

    delay: float
    fault: str = ""


class Weather:
    """Draws the fate of each request of a walk, and counts what it has drawn. Safe from any thread."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"weather {seed}")  # noqa: S311 -- a monkey, not a secret
        self.share = self._rng.choice(SHARES)
        self.longest = self._rng.choice(DELAYS)
        self.calm = False
        """Everything is answered, at once."""
        self.hangs = False
        """Nothing is answered."""
        self.drawn: Counter[str] = Counter()
        """Faults so far, by their name."""
        self._lock = threading.Lock()

    def fate(self) -> Fate:
        """That of the next request."""
        if self.hangs:
            return Fate(LONG, "hang")
        if self.calm:
            return Fate(0.0)
        with self._lock:
            delay = self._rng.uniform(0.0, self.longest)
            if self._rng.random() >= self.share:
                return Fate(delay)
            fault = self._rng.choice(FAULTS)
            self.drawn[fault] += 1
            return Fate(delay, fault)


def spoilt(fault: str, status: int, body: bytes) -> tuple[int, bytes]:
    """The answer that a fault leaves of this one."""
    match fault:
        case "cut":
            return status, body[: len(body) // 2]
        case "garbage":
            return 200, b"\x00\xff<html>\x1b[2Jnot Flink" * 3
        case "empty":
            return status, b""
        case _ if fault.isdigit():
            return int(fault), b'{"errors":["Service temporarily unavailable."]}'
    return status, body
