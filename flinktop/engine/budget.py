"""The requests of the judgement: the most wanted first, a bounded number a minute."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from flinktop.engine.sums import EVERY as SUMS_SECONDS
from flinktop.flink.metrics import JOBS_METRICS
from flinktop.judgement import ask as asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.flink.endpoint import Query
    from flinktop.judgement.ask import Ask

ASKS_A_MINUTE: Final = 30
KEPT: Final = 6
"""Of these so many are left, where sums are watched, for first looks at suspects."""
MOST_SUMS: Final = 15
"""Of these at most for the sums of groups of jobs."""
SPARE: Final = 6
"""Of these so many are left, where sums are watched, for a first look at a job that becomes unhealthy now."""
WEIGHTS: Final = {asking.URGENT: 8.0, asking.SUSPECTED: 4.0, asking.BELOW: 2.0, asking.USUAL: 1.0}
"""So much more than a usual look one at a suspect is wanted."""
AS_FIRST, LATEST = 3.2, 20.0
"""Intervals after which a look again is wanted as much as a first one; and the most that count."""
WAITED_MS: Final = 60_000.0
"""After so long a first look is wanted twice as much."""
MOST_AT_ONCE: Final = 2
"""Requests of a round."""
FORGET_MS: Final = 180_000.0
"""An answer that has not come for so long is waited for no longer."""
MOST_ASKED: Final = 10_000
"""Queries of which it is remembered when they were sent."""
_MINUTE_MS: Final = 60_000.0


class Budget:
    """What was asked and when; times in ms since 1970. Lives on the engine's loop."""

    def __init__(self, send: Callable[[Query[Any]], None]) -> None:
        """Ask with `send`, which sends a query once."""
        self._send = send
        self.a_minute = ASKS_A_MINUTE  # requests at most
        self._asked: dict[Query[Any], float] = {}  # when it was sent or answered last
        self._unanswered: set[Query[Any]] = set()  # of those that were sent from here
        self._sent: list[float] = []  # times of the requests of the last minute
        self._sums_sent: list[float] = []  # those of them that were for the sums of whole groups
        self._since: dict[Query[Any], float] = {}  # since when it is wanted
        self._groups = 0  # of jobs whose sums are watched

    @property
    def spent(self) -> int:
        """Requests of the last minute."""
        return len(self._sent)

    def answered(self, query: Query[Any], at: float) -> None:
        """Note that a query was answered or failed, whoever asked."""
        self._asked[query] = at

    def take_own(self, query: Query[Any]) -> bool:
        """Whether this answer was waited for here; after it, it is not any more."""
        own = query in self._unanswered
        self._unanswered.discard(query)
        return own

    def spend(self, wanted: Iterable[Ask], now: float, *, groups: int) -> None:
        """Send what is due, the most wanted first.

        `groups` is how many groups of jobs have their sums watched.
        """
        self._groups = groups
        for times in (self._sent, self._sums_sent):
            times[:] = [at for at in times if now - at < _MINUTE_MS]
        wanted = tuple(wanted)
        self._since = {one.query: self._since.get(one.query, now) for one in wanted}
        due = [(-urgency, -one.size, one) for one in wanted if (urgency := self._urgency(one, now))]
        # Of several that are wanted alike always the same: sets have no order of their own.
        due.sort(key=lambda one: (one[0], one[1], one[2].query.endpoint.path, one[2].query.ids))
        sent = 0
        for _, _, one in due:
            if sent < MOST_AT_ONCE and self._has_room(one, now):
                sent += 1
                self._asked[one.query] = now
                self._unanswered.add(one.query)
                self._sent.append(now)
                if _is_sum(one):
                    self._sums_sent.append(now)
                self._send(one.query)

    def forget(self, now: float) -> None:
        """Forget answers that did not come, and when queries were sent long ago."""
        if len(self._unanswered) > ASKS_A_MINUTE:
            self._unanswered.intersection_update(
                {query for query in self._unanswered if now - self._asked.get(query, 0.0) < FORGET_MS}
            )
        if len(self._asked) > MOST_ASKED:
            self._asked = {query: at for query, at in self._asked.items() if now - at < FORGET_MS}

    def _has_room(self, ask: Ask, now: float) -> bool:
        """Whether the budget allows for one more request.

        Sums have a share of it. First looks at suspects take of the rest what they need, up to what is spared
        for a job that becomes unhealthy now; others share evenly what is left of the minute.
        """
        left = self.a_minute - len(self._sent)
        first = ask.query not in self._asked or ask.every == 0
        if _is_sum(ask) or (first and ask.rank == asking.URGENT):
            return left > 0
        left -= self._sums_share
        if first and ask.rank == asking.SUSPECTED:
            return left > (SPARE if self._groups else 0)
        left -= KEPT + SPARE if self._groups else 0
        if left <= 0 or not self._sent:
            return left > 0
        return now - self._sent[-1] >= (self._sent[0] + _MINUTE_MS - now) / left

    @property
    def _sums_share(self) -> int:
        """Requests of a minute that are kept for the sums of all groups of jobs."""
        wanted = math.ceil(self._groups * 60.0 / SUMS_SECONDS)
        return max(0, min(MOST_SUMS, wanted) - len(self._sums_sent))

    def _is_time_for_a_sum(self, now: float) -> bool:
        """Groups take turns, so that they leave room for others in each part of a minute."""
        pause = max(SUMS_SECONDS / max(self._groups, 1), 60.0 / MOST_SUMS)
        return not self._sums_sent or now - self._sums_sent[-1] >= (pause - 1.0) * 1000.0

    def _urgency(self, ask: Ask, now: float) -> float:
        """How much a query is wanted; 0 before it is due.

        What was asked lately can wait for what was never asked; in the end it comes first: what was seen once
        must be seen again to be said, and a few unhealthy jobs hide no other.
        """
        weight, asked = WEIGHTS[ask.rank], self._asked.get(ask.query)
        if _is_sum(ask) and self._sums_share:
            due = asked is None or (now - asked >= ask.every * 1000.0 and self._is_time_for_a_sum(now))
            return math.inf if due else 0.0
        if asked is None:
            return weight * (1.0 + (now - self._since[ask.query]) / WAITED_MS)
        late = (now - asked) / max(ask.every * 1000.0, 1.0)
        return weight * (min(late, LATEST) / AS_FIRST) ** 2 if late >= 1.0 else 0.0


def _is_sum(ask: Ask) -> bool:
    return ask.query.endpoint is JOBS_METRICS and ask.rank != asking.URGENT
