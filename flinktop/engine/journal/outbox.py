"""Adds the events of one cluster to the journal, so that of several flinktops none adds what another has.

What Flink gives a time has the same key whoever sees it. Events whose time is ours are added by one flinktop:
what it says of a time differs by seconds from what another says, and so may the keys.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.engine.journal.episodes import is_rounded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.journal.event import Event
    from flinktop.engine.journal.journal import Journal

LEASE: Final = "recorder"
"""Of the flinktop that adds events whose time is ours."""
TAKEN_OVER_MS: Final = 15_000.0
"""So long it takes at most until another flinktop does what one did that was killed."""
MOST_WAITING: Final = 1000


class Outbox:
    """The events on their way to the journal. Times are ms since 1970 by the cluster's clock."""

    def __init__(self, journal: Journal, cluster: str, cluster_name: str) -> None:
        self._journal = journal
        self._cluster = cluster
        self._cluster_name = cluster_name
        self._ours: deque[tuple[float, Event]] = deque(maxlen=MOST_WAITING)  # with when they were seen

    def add(self, events: Iterable[Event], now: float) -> None:
        """Add events; those whose time is ours wait, if another flinktop records this cluster, too."""
        found = [replace(event, cluster=self._cluster, cluster_name=self._cluster_name) for event in events]
        if not found:
            return
        exact = [event for event in found if not is_rounded(event.key)]
        self._ours += ((now, event) for event in found if is_rounded(event.key))
        if exact:
            self._journal.add(exact)
        self.add_ours(now)

    def add_ours(self, now: float) -> None:
        """Add the events whose time is ours if this flinktop is the one that does.

        Another that takes over adds what it saw while nobody did.
        """
        if not self._ours:
            return
        if self._journal.lease(LEASE, self._cluster):
            self._journal.add([event for _, event in self._ours])
            self._ours.clear()
        while self._ours and now - self._ours[0][0] > TAKEN_OVER_MS:
            self._ours.popleft()
