"""Keys and clicks in order: each is handled when the one before has had all its effect.

Textual passes a key to the widget with the focus, and the bound action runs when the key has come through
the queues of all widgets around that one. Keys typed faster overtake each other, and reach screens whose
parts are not mounted yet. Here they wait; none is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from textual import events
from textual.screen import Screen
from textual.widget import Widget

from flinktop.ui.steady import SteadyScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.app import App
    from textual.message_pump import MessagePump

PATIENCE = 2.0
"""Seconds that keys wait for a screen that does not come to rest, and then for the key before them."""
LONGEST_TURN = 0.05
"""Seconds that a turn of the loop counts at the most: one that took longer does not mean that it is stuck."""
QUICK_LOOKS = 50
"""Turns of the loop that each check whether the app is at rest; after these it is checked now and then."""
PAUSE = 0.002
"""Seconds between two later checks."""


class KeyOrder:
    """Holds keys and clicks back until the app is at rest."""

    def __init__(self, app: App[Any], now: Callable[[], float]) -> None:
        """Order the keys of this app; `now` is the clock (s) of `typed_at`."""
        self._app = app
        self._now = now
        self.typed_at = now()
        """When the key or click that is being handled was typed: it may have been held back since."""
        self._waiting: deque[tuple[events.Event, float]] = deque()
        self._next: events.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self._looked_at = float("-inf")
        self._busy = 0.0
        """For how long (s) the screen has not come to rest."""
        self._handled = 0.0
        """For how long (s) the key before has been on its way."""

    @property
    def idle(self) -> bool:
        """Whether nothing is held back."""
        return not self._waiting and self._next is None

    def admits(self, event: events.Event) -> bool:
        """Whether the app may handle it now; otherwise it is kept, and posted to the app again in its turn.

        Call this from the app while it handles the event's message.
        """
        if event is self._next:
            self._next = None
            return True
        if self.idle and self._app.message_queue_size == 0 and self._at_rest(event):
            self.typed_at = self._now()
            return True
        last = self._waiting[-1][0] if self._waiting else None
        if isinstance(event, events.MouseMove) and isinstance(last, events.MouseMove):
            self._waiting.pop()
        self._waiting.append((event, self._now()))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._let_through(), name="keys in their order")
        return False

    async def _let_through(self) -> None:
        """Post the held keys and clicks one by one, each when the app is at rest."""
        looks = 0
        while not self.idle and self._app.is_running:
            rests = _is_idle(self._app) and self._next is None and self._at_rest(self._waiting[0][0])
            if rests or (self._next is None and self._timed_out() and self._in_order()):
                self._handled = 0.0
                self._next, self.typed_at = self._waiting.popleft()
                self._app.post_message(self._next)
                looks = 0
            looks += 1
            await asyncio.sleep(0 if looks < QUICK_LOOKS else PAUSE)
            self._pass_time()
        # Some may be left when the app ends.
        self._waiting.clear()
        self._next = None

    def _at_rest(self, event: events.Event) -> bool:
        """Whether earlier events have had their effect, and the top screen is ready for the event."""
        stack = self._app.screen_stack
        if not stack:
            return True
        screen = stack[-1]
        on_the_way = self._between(screen.focused, self._app.mouse_over)
        # The cheapest check first: it runs in each turn of the loop until the app is at rest.
        rests = all(map(_is_idle, stack)) and all(map(_is_idle, on_the_way))
        if rests and (screen.ready_for(event) if isinstance(screen, SteadyScreen) else screen.is_mounted):
            self._busy = 0.0
            return True
        return False

    def _in_order(self) -> bool:
        """Whether the key before has come through all queues, or takes too long for that."""
        stack = self._app.screen_stack
        way = [self._app, stack[-1], *self._between(stack[-1].focused)] if stack else [self._app]
        return self._handled > PATIENCE or all(map(_is_idle, way))

    @staticmethod
    def _between(*widgets: Widget | None) -> Iterator[Widget]:
        """Widgets that keys or clicks go to, and the widgets around them that they pass on their way."""
        for widget in widgets:
            node: object = widget
            while isinstance(node, Widget) and not isinstance(node, Screen):
                yield node
                node = node.parent

    def _timed_out(self) -> bool:
        """Whether the wait has been long enough."""
        return self._busy > PATIENCE

    def _pass_time(self) -> None:
        """Count the time since the last look."""
        now = asyncio.get_running_loop().time()
        passed = min(now - self._looked_at, LONGEST_TURN)
        self._looked_at = now
        self._busy += passed
        self._handled += passed


def _is_idle(pump: MessagePump) -> bool:
    """Whether it has nothing to do: it waits at its empty queue, or has ended."""
    if pump._closed:  # noqa: SLF001 -- Textual has no public way to ask
        return True
    # An empty queue is not enough: the last message may still be being handled.
    ready = getattr(pump._message_queue, "ready_event", None)  # noqa: SLF001 -- as above
    waits = getattr(ready, "_waiters", True)
    return pump.message_queue_size == 0 and bool(waits)
