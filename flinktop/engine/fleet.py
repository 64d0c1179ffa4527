"""Engines of many clusters on one thread.

Each is a Port like that of a single cluster: one that can't be reached, hangs or fails delays no other. They
share the thread; whoever makes the ports gives them one journal, one operations log (OneLedger), what runs
the command of alerts and the TLS contexts.

Members may come and go while it runs: searches for clusters (`ClusterSearch`) add and remove them.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

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


class SearchState(Struct, frozen=True):
    """How a search for clusters is going."""

    where: str  # in words for people: "context prod, namespaces a and b"
    searched: bool = False  # whether everything was asked for, and clusters could be listed
    nothing: str = ""  # what is said if nothing was found, a sentence
    problems: tuple[str, ...] = ()  # sentences: what could not be searched, and what to do
    retry_at: float | None = None  # clock of the engines, s: when what failed is tried again


class ClusterSearch(Protocol):
    """Finds clusters while a fleet runs, and adds them to it and removes them; on the engines' thread."""

    @property
    def state(self) -> SearchState: ...  # for any thread
    async def run(self, fleet: Fleet) -> None: ...  # until `begin_to_stop`; calls `fleet.search_changed`
    def search_now(self) -> None: ...  # what failed is tried again at once; for any thread
    def begin_to_stop(self) -> None: ...  # for any thread; returns at once


class Fleet:
    """The engines of many clusters. Every method is for any thread, and returns at once but for `stop`."""

    def __init__(self, members: Sequence[Member], searches: Sequence[ClusterSearch] = ()) -> None:
        """Prepare; nothing is sent before `start`. Raises ValueError if two members have one name."""
        self.members: tuple[Member, ...] = tuple(members)
        """Those it was made with in their order, then those that were added, by name."""
        self.searches = tuple(searches)
        self._by_name = {one.name: one for one in self.members}
        if len(self._by_name) < len(self.members):
            raise ValueError("two clusters of a fleet have the same name")
        self._first = len(self.members)  # members it was made with that are still there
        self._thread = EngineThread()
        self._lock = threading.Lock()
        self._started = False
        self._stopping = False
        self._turn = float("-inf")  # when the next engine may start; engines' clock, s
        self._opened: dict[str, Member] = {}  # on the screen; also those that were removed meanwhile
        self._changed: set[str] = set()
        self._notified = False
        self._notify: Callable[[], object] = lambda: None
        self._dead: str | None = None  # why the thread has ended
        self.now = Clock().now
        for one in self.members:
            self._listen_to(one)

    def __getitem__(self, name: str) -> Member:
        """The member of that name; raises KeyError."""
        return self._by_name[name]

    def get(self, name: str) -> Member | None:
        """The member of that name; None if there is none, or none any more."""
        return self._by_name.get(name)

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
        with self._lock:
            self._started = True
            ordered = sorted(self.members, key=lambda one: one.name not in self._opened)
            for one in ordered:
                self._start(one)
        for search in self.searches:
            self._thread.begin(partial(search.run, self), self._search_failed)

    def _start(self, member: Member) -> None:
        """Start an engine when it is its turn; with the lock held."""
        now = self.now()
        after = max(0.0, self._turn - now)
        self._turn = now + after + APART
        member.port.set_pace(on_screen=member.name in self._opened)
        member.port.start_on(self._thread, after=after)

    def begin_to_stop(self) -> None:
        """Ask all engines to end, without waiting for it."""
        # A signal handler calls it, perhaps while its own thread holds the lock.
        self._stopping = True
        for search in self.searches:
            search.begin_to_stop()
        for one in (*self.members, *tuple(self._opened.values())):
            one.port.begin_to_stop()
        self._thread.begin_to_stop()

    def _is_stopping(self) -> bool:
        return self._stopping

    def stop(self, seconds: float = 2.0) -> None:
        """End all engines at the same time, and the thread, waiting at most `seconds` in all."""
        self.begin_to_stop()
        self._thread.join(seconds)

    @property
    def failure(self) -> str | None:
        """Why nothing runs any more, a sentence; None while an engine or a search does, and after `stop`."""
        if self.searches:
            return self._dead
        failures = [one.port.failure for one in self.members]
        return failures[0] if failures and all(failures) else None

    # -- members that come and go --------------------------------------------------------------------

    def add(self, member: Member) -> None:
        """Take one more cluster, whose engine starts as soon as it is its turn.

        Does nothing while the fleet is stopping. Raises ValueError if there is one of that name.
        """
        with self._lock:
            if member.name in self._by_name:
                raise ValueError(f"there is a cluster {member.name} already")
            if self._is_stopping():
                return
            self._listen_to(member)
            self._admit(member)
            if self._started:
                self._start(member)
        if self._is_stopping():
            # It began meanwhile, and may not have seen this one.
            member.port.begin_to_stop()
        self._news(member.name)

    def remove(self, name: str) -> None:
        """Take a cluster out of the fleet; its engine ends by itself. Does nothing if there is none.

        While it is open it goes on, so that it can be read; it ends when it is closed.
        """
        with self._lock:
            member = self._by_name.pop(name, None)
            if member is None:
                return
            if member in self.members[: self._first]:
                self._first -= 1
            self.members = tuple(one for one in self.members if one is not member)
            is_open = self._opened.get(name) is member
        if not is_open:
            self._end(member)
        self._news(name)

    def is_open(self, name: str) -> bool:
        """Whether the cluster of that name, or one that was removed and bore it, is on the screen."""
        return name in self._opened

    def readmit(self, name: str) -> Member | None:
        """Take back a removed cluster that is still open; None if there is no such.

        Its engine has gone on, so that what is on the screen becomes live again.
        """
        with self._lock:
            member = self._opened.get(name)
            if member is None or name in self._by_name or self._is_stopping():
                return None
            self._admit(member)
        self._news(name)
        return member

    def _admit(self, member: Member) -> None:
        """Put a member where it belongs; with the lock held."""
        self._by_name[member.name] = member
        added = sorted((*self.members[self._first :], member), key=lambda one: one.name)
        self.members = (*self.members[: self._first], *added)

    @staticmethod
    def _end(member: Member) -> None:
        """End an engine whose news nobody waits for."""
        port = member.port
        port.on_each_change(lambda: None)
        port.on_change(lambda: None)
        port.begin_to_stop()

    # -- searches ------------------------------------------------------------------------------------

    def search_now(self) -> None:
        """Have the searches try again at once what failed."""
        for search in self.searches:
            search.search_now()

    def search_changed(self) -> None:
        """A search has something else to say; it says it in its `state`."""
        self._news(None)

    def _search_failed(self, error: BaseException) -> None:
        """Searches live as long as the thread: one that ends with an error says that in its state itself."""
        if not isinstance(error, Exception):
            self._dead = f"the engines have ended: {error!r}"
        self._news(None)

    # -- what is on the screen -----------------------------------------------------------------------

    def open(self, name: str) -> None:
        """That cluster is on the screen now: it is asked as often as a single one, and at once.

        The changes of its port are left to `port.take_changes`. Raises KeyError.
        """
        with self._lock:
            member = self._by_name[name]
            self._opened[name] = member
        member.port.set_pace(on_screen=True)

    def close(self, name: str) -> None:
        """That cluster is off the screen: it is asked at the fleet's pace, and its port notifies nobody.

        The engine of one that was removed meanwhile ends.
        """
        with self._lock:
            member = self._opened.pop(name, None)
            is_member = member is not None and self._by_name.get(name) is member
        if member is None:
            return
        if is_member:
            member.port.on_change(lambda: None)
            member.port.set_pace(on_screen=False)
        else:
            self._end(member)

    # -- news ----------------------------------------------------------------------------------------

    def on_change(self, notify: Callable[[], object]) -> None:
        """Call `notify` on the engines' thread, once after each `take_changes`, when something has changed.

        If something has changed already, `notify` is called at once on the caller's thread.
        """
        with self._lock:
            self._notify = notify
            missed = self._notified = self._notified or bool(self._changed)
        if missed:
            notify()

    def take_changes(self) -> frozenset[str]:
        """The names of the members of which something has changed since the last call.

        Also of those that were added and removed; empty: perhaps a search has something else to say.
        """
        with self._lock:
            changed, self._changed, self._notified = frozenset(self._changed), set(), False
            found = [self._by_name[name] for name in changed if name in self._by_name]
            closed = [one for one in found if self._opened.get(one.name) is not one]
        for one in closed:
            # Nobody else takes them.
            one.port.take_changes()
        return changed

    def _listen_to(self, member: Member) -> None:
        member.port.on_each_change(partial(self._news, member.name))

    def _news(self, name: str | None) -> None:
        """Something has changed: of a member, or of a search (None)."""
        with self._lock:
            if name is not None:
                self._changed.add(name)
            notify, self._notified = not self._notified, True
        if notify:
            self._notify()
