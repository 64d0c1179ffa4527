"""The button that does an act: what was typed before a person can have read it does not press it."""

from __future__ import annotations

from textual import getters

from flinktop.ui.live_app import LiveApp
from flinktop.ui.widgets.form import PressButton

READY_SECONDS = 0.4
"""From when a question is seen, or its button gets the focus, until an answer counts.

A terminal without bracketed paste hands over pasted text as keys, some of which open a dialog.
"""
LOOK_SECONDS = 0.1
"""Between two looks whether it is time."""


class ActButton(PressButton):
    """Takes no enter in the first moment after it got the focus, and no click after its dialog opened.

    It is dim for as long as it takes none.
    """

    DEFAULT_CSS = """
    ActButton.-waiting:focus { text-style: dim; }
    """
    app = getters.app(LiveApp)
    _opened = float("-inf")
    _focused = float("-inf")

    @property
    def ready(self) -> bool:
        """Whether it takes an enter that is pressed now."""
        return self.app.port.now() - self._focused >= READY_SECONDS

    def look(self) -> None:
        self.set_class(not self.ready, "-waiting")

    def on_mount(self) -> None:
        self._opened = self._focused = self.app.port.now()

    def on_focus(self) -> None:
        self._focused = self.app.port.now()
        self._wait()

    def _wait(self) -> None:
        self.look()
        if not self.ready:
            self.set_timer(LOOK_SECONDS, self._wait)

    def action_press(self) -> None:
        if self.app.typed_at - self._focused >= READY_SECONDS:
            super().action_press()

    def on_click(self) -> None:
        """A click gives it the focus itself: it has to come a moment after the dialog."""
        if self.app.typed_at - self._opened >= READY_SECONDS:
            super().action_press()
