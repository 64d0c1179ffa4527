"""Calls when something goes wrong: keeps the alerts of a cluster, and hands out what is to be called about.

Of several flinktops that look at a cluster with one journal, one decides what is an alert, one runs the
command and one terminal rings, each by a lease of its own; all show the same. Without a journal this one does
it all.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.engine.alerts import quiet, stored
from flinktop.engine.alerts.alert import AlertsView
from flinktop.engine.alerts.alerts import MOST_PAST, after, settled
from flinktop.engine.alerts.channels import due, not_told
from flinktop.engine.alerts.mirror import mirrored, quieted, taken_over
from flinktop.engine.alerts.policy import AlertPolicy
from flinktop.engine.alerts.state import Alerts, Channel, Moment
from flinktop.engine.alerts.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.alerts.alert import Alert, AlertKey, Call
    from flinktop.engine.alerts.hook import HookRunner, Problem
    from flinktop.engine.alerts.seen import Seen
    from flinktop.engine.alerts.state import Place
    from flinktop.engine.clock import Clock
    from flinktop.engine.journal.journal import Journal

MOST_CALLS: Final = 50
"""Calls that are kept for a terminal that does not take them."""
READ_WITHIN: Final = 10.0
"""s after which the first round does not wait for the journal any more."""
READ_SECONDS: Final = 6.0
"""How often the flinktop that decides looks at what others have acknowledged and muted."""
GRACE: Final = 0.3
"""s that a running command has when flinktop is left."""


class Caller:
    """The alerts of one cluster. Lives on the engine's loop; `view` and `take_calls` are for any thread."""

    def __init__(
        self,
        clock: Clock,
        *,
        cluster: str = "",
        target: str = "",
        policy: AlertPolicy = AlertPolicy(),  # noqa: B008 -- frozen
        journal: Journal | None = None,
        hooks: HookRunner | None = None,
        rings: bool = False,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is read before `start`.

        `cluster` is its address as the config has it, `target` its name or address as the user knows it.
        `rings`: there is a terminal that takes calls. `changed` is called on the loop whenever `view` has
        changed. Without `hooks` a runner of its own runs the policy's command.
        """
        self.view = AlertsView()
        self.is_known = False
        """Whether `view` has what was kept, or that is not waited for any more."""
        self._clock = clock
        self._policy = policy
        self._journal = journal
        self._changed = changed
        self._own_hooks = hooks is None and bool(policy.command)
        self._hooks = _runner(policy, clock) if self._own_hooks else hooks
        self._channels = [
            *([Channel.HOOK] if self._hooks is not None else ()),
            *([Channel.TERMINAL] if rings else ()),
        ]
        self._held: frozenset[Channel] = frozenset()
        self._state = Alerts(cluster=cluster, target=target)
        self._leads = False  # whether this flinktop decides
        self._stored = Stored()
        self._is_read = journal is None
        self._reads = False  # whether the journal is being read
        self._first_round: float | None = None
        self._read_at = float("-inf")  # monotonic s
        self._closed = False
        self._edits = 0  # writes to the journal: a read that began before the last one is old
        self._written: dict[str, bytes] = {}  # what the journal has, as far as is known
        self._kept_open = stored.KeptOpen()
        self._written_past: dict[str, bytes] = {}
        self._past: tuple[Alert, ...] = ()  # as it was written
        self._lock = threading.Lock()
        self._calls: tuple[Call, ...] = ()

    def start(self) -> None:
        """Begin to read what is kept. Needs a running loop."""
        loop = asyncio.get_running_loop()
        if self._hooks is not None:
            self._hooks.on_failure(lambda: _on_loop(loop, self._publish))
        for lease in ("alerts", *self._channels):
            self._holds(lease)
        self._read()

    def close(self, seconds: float) -> None:
        """End the runs of the command, waiting at most so long (s); what was not begun is kept for later."""
        self._closed = True
        if self._hooks is not None:
            left = self._hooks.take_back(self._state.cluster)
            if left:
                self._state = not_told(self._state, Channel.HOOK, left)
                self._write()
            if self._own_hooks:
                self._hooks.close(min(GRACE, seconds), seconds)

    # -- for any thread --------------------------------------------------------------------------------

    def take_calls(self) -> tuple[Call, ...]:
        """The calls that this terminal has not shown yet, oldest first, each once."""
        if not self._calls:
            return ()
        with self._lock:
            calls, self._calls = self._calls, ()
            self.view = replace(self.view, calls=())
        return calls

    # -- what the user does ----------------------------------------------------------------------------

    def acknowledge(self, key: AlertKey) -> None:
        """No more calls about these open alerts until they clear."""
        self._edit(quiet.acknowledge(self._state, key, self._clock.wall()))

    def mute(self, key: AlertKey, seconds: float) -> None:
        """No calls about these alerts for so long (s); infinity: until none of them is open."""
        self._edit(quiet.mute(self._state, key, seconds, self._clock.wall()))

    def unmute(self, key: AlertKey) -> None:
        """End every mute of these alerts, also one of their whole job or kind."""
        self._edit(quiet.unmute(self._state, key))

    def _edit(self, state: Alerts) -> None:
        self._state = state
        self._write()
        self._publish()

    # -- a round ---------------------------------------------------------------------------------------

    def round(self, seen: Seen) -> None:
        """Take what a round of the judge has seen."""
        at = self._moment()
        if self._first_round is None:
            self._first_round = at.now
        if not self._is_read and at.now - self._first_round < READ_WITHIN:
            self._read()
            return
        if self._holds("alerts"):
            if not self._leads:
                self._state = taken_over(self._state, self._stored, at)
            self._leads = True
            self._state = after(self._state, seen, self._policy, at)
        else:
            self._leads = False
            self._state = mirrored(settled(self._state, seen, at), self._stored, at)
        self._call(at)
        self._write()
        self._publish()
        if not self._leads or at.now - self._read_at >= READ_SECONDS:
            self._read()

    def _moment(self) -> Moment:
        wall = self._clock.wall()
        local = time.localtime(wall)
        return Moment(self._clock.now(), wall, local.tm_hour * 60 + local.tm_min)

    def _holds(self, lease: str) -> bool:
        return self._journal is None or self._journal.lease(lease, self._state.cluster)

    def _call(self, at: Moment) -> None:
        """Tell each channel that is held here what it does not know."""
        self._held = frozenset(one for one in self._channels if self._holds(one))
        for channel in self._held:
            repeat = self._policy.repeat if channel is Channel.HOOK else None
            self._state, calls = due(self._state, channel, at, repeat=repeat)
            if channel is Channel.TERMINAL:
                with self._lock:
                    self._calls = (*self._calls, *calls)[-MOST_CALLS:]
            elif calls and self._hooks is not None:
                self._hooks.put(calls, self._state.cluster)

    # -- the journal -----------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read what the journal has, if it is not being read."""
        if self._journal is None:
            return
        self._read_at = self._clock.now()
        if self._journal.inline:
            self._take(*self._values(self._journal))
        elif not self._reads:
            self._reads = True
            self._read_later(self._journal)

    def _read_later(self, journal: Journal) -> None:
        """Read on the journal's thread, with what other clusters of this process want to know."""
        loop, edits = asyncio.get_running_loop(), self._edits

        def read(now: dict[str, bytes]) -> None:
            past = self._past_values(journal, now)
            _on_loop(loop, lambda: self._take_read(now, past, edits))

        journal.read_soon(stored.NOW, self._state.cluster, read)

    def _take_read(self, now: dict[str, bytes], past: dict[str, bytes] | None, edits: int) -> None:
        self._reads = False
        if not self._closed and edits == self._edits:
            self._take(now, past)

    def _values(self, journal: Journal) -> tuple[dict[str, bytes], dict[str, bytes] | None]:
        now = journal.kept(stored.NOW, self._state.cluster)
        return now, self._past_values(journal, now)

    def _past_values(self, journal: Journal, now: dict[str, bytes]) -> dict[str, bytes] | None:
        """What was, which is large: read when another flinktop has changed it; None: as before."""
        same = self._is_read and (self._leads or stored.past_version(now) == self._stored.past_version)
        return None if same else journal.kept(stored.PAST, self._state.cluster)

    def _take(self, now: dict[str, bytes], past: dict[str, bytes] | None) -> None:
        """Take what other flinktops have done."""
        if self._journal is None or self._journal.problem:
            self._is_read = True
            return
        if self._written and not now:
            # A new journal in the place of a damaged one.
            self._written, self._written_past, self._past = {}, {}, ()
            self._write()
            return
        found = stored.parsed(now, past)
        if past is None:
            found = replace(found, past=self._stored.past)
        else:
            self._written_past = past
        self._stored, self._written, self._is_read = found, now, True
        self._state = quieted(self._state, found, self._held)
        if not self._leads:
            self._state = mirrored(self._state, found, self._moment())
        self._publish()

    def _write(self) -> None:
        """Write to the journal what has changed here."""
        if self._journal is None or not self._is_read:
            return
        values, own = stored.quiet_values(self._state), [stored.is_quiet_key]
        if self._leads:
            values |= self._kept_open.values(self._state, self._clock.now())
            own.append(stored.is_open_key)
            self._write_past(self._journal)
        for channel in self._held:
            values |= stored.told_values(self._state, channel)
            own.append(partial(stored.is_told_key, channel=channel))
        for key in [key for key in self._written if key not in values and any(its(key) for its in own)]:
            self._keep(self._journal, key, None)
        for key, value in values.items():
            if self._written.get(key) != value:
                self._keep(self._journal, key, value)

    def _keep(self, journal: Journal, key: str, value: bytes | None) -> None:
        journal.keep(stored.NOW, self._state.cluster, key, value)
        self._edits += 1
        if value is None:
            del self._written[key]
        else:
            self._written[key] = value

    def _write_past(self, journal: Journal) -> None:
        if self._state.past is self._past:
            return
        self._past = self._state.past
        values, cluster = stored.past_values(self._past[:MOST_PAST]), self._state.cluster
        gone = self._written_past.keys() - values.keys()
        new = {key: value for key, value in values.items() if self._written_past.get(key) != value}
        if not gone and not new:
            return
        for key in gone:
            journal.keep(stored.PAST, cluster, key, None)
        for key, value in new.items():
            journal.keep(stored.PAST, cluster, key, value)
        self._written_past = values
        self._keep(journal, stored.VERSION, stored.next_version(self._written))

    # -- the view --------------------------------------------------------------------------------------

    def _publish(self) -> None:
        """Replace `view` if something has changed."""
        state = self._state
        opened = [self._marked(place, track.alert) for place, track in state.open]
        view = AlertsView(
            open=tuple(sorted(opened, key=_newest, reverse=True)),
            past=state.past[:MOST_PAST],
            problems=tuple(map(_sentence, self._hooks.problems)) if self._hooks is not None else (),
            mutes=state.mutes[::-1],
        )
        self.is_known = True
        with self._lock:
            view = replace(view, calls=self._calls)
            if view == self.view:
                return
            self.view = view
        self._changed()

    def _marked(self, place: Place, alert: Alert) -> Alert:
        told = (sent.told.get(place) for sent in self._state.sent.values())
        called = max((one.wall for one in told if one is not None), default=alert.called)
        return replace(
            alert,
            called=called,
            acknowledged=self._state.acknowledged.get(place),
            muted=quiet.muted_until(self._state, alert),
        )


def _runner(policy: AlertPolicy, clock: Clock) -> HookRunner:
    from flinktop.engine.alerts.hook import HookRunner  # noqa: PLC0415 -- few configs have a command

    return HookRunner(policy.command, clock, links=policy.links)


def _newest(alert: Alert) -> float:
    return alert.times[-1] if alert.times else alert.raised


def _sentence(problem: Problem) -> str:
    local = time.localtime(problem.wall)
    times = f" ({problem.count} times)" if problem.count > 1 else ""
    return f"{local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02} {problem.sentence}{times}"


def _on_loop(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # flinktop is leaving
        loop.call_soon_threadsafe(work)
