"""Gives memory that is held free back to the system."""

from __future__ import annotations

import ctypes
from typing import Final

EVERY: Final = 60
"""Seconds between two times."""


class SpareMemory:
    """Counts the seconds and lets malloc trim its heap now and then.

    glibc keeps what was freed below the last block in use: the answers and the screens of an hour leave
    5 MB so, and always a little more. Trimming took 2 ms of a heap of 100 MB. Other C libraries have no
    such function, and do without.
    """

    def __init__(self) -> None:
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        self._seconds = 0

    def second(self) -> None:
        """A second has passed."""
        self._seconds += 1
        if self._trim is not None and self._seconds % EVERY == 0:
            self._trim(0)
