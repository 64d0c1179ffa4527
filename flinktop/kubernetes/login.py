"""What is known of kubectl's login to one API server: while it is lost, little is sent.

Each request through a lost login would start its login program again, which may open a browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flinktop.kubernetes.errors import KubernetesError
    from flinktop.kubernetes.turns import Clock

SHORTEST: Final = 5.0
LONGEST: Final = 60.0
"""Seconds between two tries."""


class Login:
    """Whether requests may be sent. Used on one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._error: KubernetesError | None = None
        self._pause = SHORTEST
        self._until = 0.0
        self._is_trying = False
        self._is_wanted = False  # a try after the one that is under way

    @property
    def error(self) -> KubernetesError | None:
        """Why it is lost; None while it is not."""
        return self._error

    def check(self) -> None:
        """Let a request pass; while the login is lost, raise its error until the next try is due."""
        if self._error is None:
            return
        now = self._clock.now()
        if now < self._until:
            raise self._error
        # This request is the try; the others wait for what comes of it.
        self._until, self._is_trying = now + self._pause, True

    def refused(self, error: KubernetesError) -> bool:
        """A request was refused for its login; whether that is news, or what came of a try."""
        if self._error is not None and not self._is_trying:
            return False
        self._pause = SHORTEST if self._error is None else min(LONGEST, 2.0 * self._pause)
        self._until, self._is_trying = self._clock.now() + self._pause, False
        if self._is_wanted:
            self._until, self._is_wanted = 0.0, False
        self._error = error
        return True

    def accepted(self) -> bool:
        """A request was accepted; whether the login was lost until now."""
        was_lost, self._error = self._error is not None, None
        self._is_trying = self._is_wanted = False
        return was_lost

    def try_now(self) -> None:
        """Let the next request be a try; also if one is under way, which may be of the old login."""
        self._until, self._pause = 0.0, SHORTEST
        self._is_wanted = self._is_trying
