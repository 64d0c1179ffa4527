"""Engines of many clusters: one that can't be reached, hangs or fails delays no other."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.engine.clock import Clock
from flinktop.engine.host import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.host import Port


class Member(Struct, frozen=True):
    """One cluster of a fleet."""

    name: str  # unique in the fleet
    port: Port
    key: object = None  # whatever its maker knows it by


class Fleet:
    """The engines of many clusters. Every method is for any thread, and returns at once but for `stop`."""

    def __init__(self, members: Sequence[Member]) -> None:
        """Prepare; nothing is sent before `start`. Raises ValueError if two members have one name."""
        self.members = tuple(members)
        self._by_name = {one.name: one for one in self.members}
        if len(self._by_name) < len(self.members):
            raise ValueError("two clusters of a fleet have the same name")
        self._lock = threading.Lock()
        self._opened: frozenset[str] = frozenset()
        self._changed: set[str] = set()
        self._notified = False
        self._notify: Callable[[], object] = lambda: None
        self.now = Clock().now

    def __getitem__(self, name: str) -> Member:
        """The member of that name; raises KeyError."""
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __len__(self) -> int:
        return len(self.members)

    def start(self) -> None:
        """Start the engines; one that can't be started has that in its port's `failure`."""
        for one in self.members:
            one.port.on_change(partial(self._news, one.name))
            try:
                one.port.start_thread()
            except EngineFailed:
                continue

    def begin_to_stop(self) -> None:
        """Ask all engines to end, without waiting for it."""
        for one in self.members:
            one.port.begin_to_stop()

    def stop(self, seconds: float = 2.0) -> None:
        """End all engines, waiting at most `seconds` in all."""
        self.begin_to_stop()
        end = self.now() + seconds
        for one in self.members:
            one.port.stop(max(0.0, end - self.now()))

    @property
    def failure(self) -> str | None:
        """Why no engine runs any more, a sentence; None while one does, and after `stop`."""
        failures = [one.port.failure for one in self.members]
        return failures[0] if failures and all(failures) else None

    def open(self, name: str) -> None:
        """That cluster is on the screen now. Raises KeyError."""
        with self._lock:
            self._opened |= {self._by_name[name].name}

    def close(self, name: str) -> None:
        """That cluster is off the screen."""
        with self._lock:
            self._opened -= {name}

    def on_change(self, notify: Callable[[], object]) -> None:
        """Call `notify`, once after each `take_changes`, when something has changed."""
        with self._lock:
            self._notify = notify
            missed = self._notified = bool(self._changed)
        if missed:
            notify()

    def take_changes(self) -> frozenset[str]:
        """The names of the members of which something has changed since the last call."""
        with self._lock:
            changed, self._changed, self._notified = frozenset(self._changed), set(), False
            closed = changed - self._opened
        for name in closed:
            self._by_name[name].port.take_changes()
        return changed

    def _news(self, name: str) -> None:
        with self._lock:
            self._changed.add(name)
            notify, self._notified = not self._notified, True
        if notify:
            self._notify()
