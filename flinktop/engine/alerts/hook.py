"""Hands calls to the command of `[notify]`: a few at once, a few a minute, the rest merged into summaries."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.alerts import hook_process
from flinktop.engine.alerts.alert import Call
from flinktop.engine.alerts.document import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flinktop.engine.alerts.alert import Alert, AlertKey
    from flinktop.engine.clock import Clock
    from flinktop.judgement.finding_links import WrittenLink

log = logging.getLogger(__name__)

MOST_PROBLEMS: Final = 20
MOST_WAITING: Final = 500
"""Calls that wait; they are merged long before."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a command is allowed."""

    seconds: float = 10.0  # for one run
    at_once: int = 2
    burst: int = 10  # runs in a row
    every: float = 2.0  # s until one more is allowed: 30 a minute


class Run(Struct, frozen=True):
    """A call that waits for the command, or is being made."""

    call: Call
    url: str  # the cluster's address

    @property
    def keys(self) -> frozenset[AlertKey]:
        """Its alerts."""
        return frozenset(one.key for one in self.call.alerts)

    def is_like(self, other: Run) -> bool:
        """Whether both are about the same change on the same cluster."""
        return self.url == other.url and self.call.change is other.call.change


class Problem(Struct, frozen=True):
    """Why a run failed."""

    sentence: str
    wall: float  # s since 1970, the last time
    count: int = 1


class HookRunner:
    """Runs a command for each call on threads of its own. Every method returns at once, but for `close`."""

    def __init__(
        self,
        command: Sequence[str],
        clock: Clock,
        *,
        limits: Limits = Limits(),  # noqa: B008 -- frozen
        links: Sequence[WrittenLink] = (),
    ) -> None:
        """`command` is a program and its arguments, `links` are those of the config."""
        self._links = links
        self._command = tuple(command)
        self._clock = clock
        self._limits = limits
        self._lock = threading.Condition()
        self._waiting: deque[Run] = deque()
        self._running: list[Run] = []
        self._threads: list[threading.Thread] = []
        self._allowed = float(limits.burst)
        self._allowed_at = clock.now()
        self._closing = False
        self._left = threading.Event()
        self._calls: tuple[Callable[[], object], ...] = ()
        self.problems: tuple[Problem, ...] = ()  # newest first

    def on_failure(self, call: Callable[[], object]) -> None:
        """Call on a thread of its own when `problems` has changed."""
        self._calls = (*self._calls, call)

    def put(self, calls: Sequence[Call], url: str) -> None:
        """Hand calls about the cluster with this address to the command, in their order."""
        with self._lock:
            if self._closing:
                return
            self._waiting.extend(Run(call, url) for call in calls)
            if len(self._waiting) > MOST_WAITING:
                self._waiting = deque(merged(self._waiting))
            while len(self._threads) < min(self._limits.at_once, len(self._waiting) + len(self._running)):
                thread = threading.Thread(target=self._work, name="flinktop-hook", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._lock.notify_all()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""
        with self._lock:
            return not self._waiting and not self._running

    def take_back(self, url: str) -> tuple[Call, ...]:
        """The calls about a cluster that were not begun; they are not begun any more."""
        with self._lock:
            left = tuple(one.call for one in self._waiting if one.url == url)
            self._waiting = deque(one for one in self._waiting if one.url != url)
        return left

    def close(self, grace: float, seconds: float) -> None:
        """Begin nothing more, let what runs run for `grace` seconds, kill it, and wait at most `seconds`."""
        with self._lock:
            self._closing = True
            self._waiting.clear()
            self._lock.notify_all()
            if self._running:
                self._lock.wait_for(lambda: not self._running, grace)
        self._left.set()
        with self._lock:
            self._lock.wait_for(lambda: not self._running, seconds)

    # -- threads ---------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (run := self._next()) is not None:
            try:
                failure = hook_process.run(
                    self._command,
                    document(run.call, run.url, self._links),
                    self._limits.seconds,
                    self._clock,
                    self._left.wait,
                )
                if failure:
                    self._note(failure)
            except Exception as error:
                log.exception("the command of an alert could not be run")
                self._note(f"The command could not be run: {type(error).__name__}.")
            finally:
                with self._lock:
                    self._running.remove(run)
                    self._lock.notify_all()

    def _next(self) -> Run | None:
        """Wait for the next run that may be begun; None at the end."""
        with self._lock:
            while not self._closing:
                self._refill()
                if self._waiting and self._allowed < 1.0:
                    # What can't be begun now is begun as one.
                    self._waiting = deque(merged(self._waiting))
                    self._lock.wait((1.0 - self._allowed) * self._limits.every)
                elif not self._waiting or _overlap(self._waiting[0], self._running):
                    self._lock.wait()
                else:
                    self._allowed -= 1.0
                    run = self._waiting.popleft()
                    self._running.append(run)
                    return run
        return None

    def _refill(self) -> None:
        now = self._clock.now()
        more = (now - self._allowed_at) / self._limits.every if self._limits.every > 0 else math.inf
        self._allowed = min(float(self._limits.burst), self._allowed + max(0.0, more))
        self._allowed_at = now

    def _note(self, failure: str) -> None:
        log.warning("%s", failure)
        with self._lock:
            same = next((one for one in self.problems if one.sentence == failure), None)
            others = (one for one in self.problems if one is not same)
            count = same.count + 1 if same is not None else 1
            self.problems = (Problem(failure, self._clock.wall(), count), *others)[:MOST_PROBLEMS]
        for call in self._calls:
            call()


def merged(runs: Iterable[Run]) -> list[Run]:
    """The same calls in as few runs as possible: one for each change, unless an alert changed more often."""
    found: list[Run] = []
    for run in runs:
        # It must not come before another change of one of its alerts.
        later = [at for at, one in enumerate(found) if run.keys & one.keys]
        first = later[-1] if later else 0
        alike = (at for at in range(first, len(found)) if found[at].is_like(run))
        same = next(alike, None)
        if same is None:
            found.append(run)
        else:
            found[same] = Run(_joined(found[same].call, run.call), run.url)
    return found


def _joined(first: Call, second: Call) -> Call:
    alerts: dict[AlertKey, Alert] = {one.key: one for one in (*first.alerts, *second.alerts)}
    worst_first = sorted(alerts.values(), key=lambda one: one.severity.rank)
    return Call(first.change, tuple(worst_first), second.at)


def _overlap(run: Run, others: Sequence[Run]) -> bool:
    """Whether another change of one of its alerts is said at the moment: they would overtake each other."""
    return any(run.keys & one.keys for one in others)
