"""Engines of many clusters on one thread.

Each is a Port like that of a single cluster: one that can't be reached, hangs or fails delays no other. They
share the thread; whoever makes the ports gives them one journal, one operations log (OneLedger), what runs
the command of alerts and the TLS contexts.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.clock import Clock
from flinktop.engine.engine_thread import EngineThread
from flinktop.engine.host import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from flinktop.engine.host import Port
    from flinktop.engine.ledger import Ledger

APART: Final = 0.025
"""Seconds between the starts of two engines: hundreds don't connect at once."""


class OneLedger:
    """The operations log of all engines of a fleet: one open file, which is read once for all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: Ledger | None = None

    def __call__(self) -> Ledger:
        """The ledger, for one more engine; on the engines' thread."""
        from flinktop.engine.ledger import Ledger  # noqa: PLC0415 -- after the first paint

        self._made = self._made or Ledger(self._path)
        self._made.begin_to_use()
        return self._made


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
        self._thread = EngineThread()
        self._lock = threading.Lock()
        self._opened: frozenset[str] = frozenset()
        self._changed: set[str] = set()
        self._notified = False
        self._notify: Callable[[], object] = lambda: None
        self.now = Clock().now
        for one in self.members:
            one.port.on_each_change(partial(self._news, one.name))

    def __getitem__(self, name: str) -> Member:
        """The member of that name; raises KeyError."""
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __len__(self) -> int:
        return len(self.members)

    # -- life ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the engines one after the other, those that are open first; returns at once.

        One that can't be started has that in its port's `failure`. Raises EngineFailed if none can.
        """
        try:
            self._thread.start()
        except (RuntimeError, OSError) as error:
            raise EngineFailed(f"the engines could not be started: {error}") from error
        ordered = sorted(self.members, key=lambda one: one.name not in self._opened)
        for number, one in enumerate(ordered):
            one.port.set_pace(on_screen=one.name in self._opened)
            one.port.start_on(self._thread, after=number * APART)

    def begin_to_stop(self) -> None:
        """Ask all engines to end, without waiting for it."""
        for one in self.members:
            one.port.begin_to_stop()
        self._thread.begin_to_stop()

    def stop(self, seconds: float = 2.0) -> None:
        """End all engines at the same time, and the thread, waiting at most `seconds` in all."""
        self.begin_to_stop()
        self._thread.join(seconds)

    @property
    def failure(self) -> str | None:
        """Why no engine runs any more, a sentence; None while one does, and after `stop`."""
        failures = [one.port.failure for one in self.members]
        return failures[0] if failures and all(failures) else None

    # -- what is on the screen -----------------------------------------------------------------------

    def open(self, name: str) -> None:
        """That cluster is on the screen now: it is asked as often as a single one, and at once.

        The changes of its port are left to `port.take_changes`. Raises KeyError.
        """
        self._set_open(name, is_open=True)

    def close(self, name: str) -> None:
        """That cluster is off the screen: it is asked at the fleet's pace, and its port notifies nobody."""
        self._set_open(name, is_open=False)

    def _set_open(self, name: str, *, is_open: bool) -> None:
        port = self._by_name[name].port
        with self._lock:
            self._opened = self._opened | {name} if is_open else self._opened - {name}
        if not is_open:
            port.on_change(lambda: None)
        port.set_pace(on_screen=is_open)

    # -- news ----------------------------------------------------------------------------------------

    def on_change(self, notify: Callable[[], object]) -> None:
        """Call `notify` on the engines' thread, once after each `take_changes`, when something has changed.

        If something has changed already, `notify` is called at once on the caller's thread.
        """
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
            # Nobody else takes them.
            self._by_name[name].port.take_changes()
        return changed

    def _news(self, name: str) -> None:
        with self._lock:
            self._changed.add(name)
            notify, self._notified = not self._notified, True
        if notify:
            self._notify()
