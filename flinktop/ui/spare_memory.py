"""Releases memory: free heap memory, and what Textual keeps of closed screens."""

from __future__ import annotations

import ctypes
import gc
from math import inf
from typing import TYPE_CHECKING, Any, Final

from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.screen import Screen

FIRST: Final = 10
"""Seconds until the first time: the start is over then."""
EVERY: Final = 60
"""Seconds between two times."""
SETTLED: Final = FIRST + EVERY
ANEW: Final = 600
"""When hundreds of engines know what they keep (s), and the seconds until that is collected anew."""
_M_ARENA_MAX: Final = -8


def exempt_loaded_modules() -> None:
    """Exempt what is loaded now from garbage collection: the modules stay as long as the process.

    A collection with a screen or two then takes 5 ms instead of 60. The command line has turned collection
    off while modules are loaded.
    """
    gc.freeze()


def begin_to_collect() -> None:
    """Collect what the first picture has left, exempt the picture itself, and turn collection on.

    Textual 8.2 leaves a node in a reference cycle for each part of a widget that has a style of its own:
    1.2 MB, which the modules that are loaded next take up. It took 25 ms on a busy machine.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


class SpareMemory:
    """Collects what closed screens have left and lets malloc trim: 10 s after the start, then every minute.

    Textual 8.2 remembers 4,096 intersections of rectangles: 2 MB, filled in an hour or two, while a minute
    needs a few hundred. Screens are reference cycles, and Python's own full collections are so far apart that
    some MB wait for them. glibc keeps what was freed below the last block in use: 5 MB after an hour of
    answers and screens, and growing slowly. Trimming a heap of 100 MB took 2 ms. Other C libraries have no
    such function.

    What is there at the first time is exempt from collection. With hundreds of engines a collection of
    everything takes 100 ms, in which no key is answered and no answer read, and Python had one every 10 s:
    there what stays is made exempt again after a minute, and then every 10.
    """

    def __init__(self, *, many: bool = False) -> None:
        """`many`: of the engines of many clusters."""
        self._many = many
        c = ctypes.CDLL(None)
        self._trim = getattr(c, "malloc_trim", None)
        self._seconds = 0
        self._exempts_at = float(FIRST)
        if (mallopt := getattr(c, "mallopt", None)) is not None:
            # One heap for all threads: each thread's own would hold 1 MB that no other thread could use.
            mallopt(_M_ARENA_MAX, 1)

    def second(self, *, at_first_screen: bool) -> None:
        """Count a second; `at_first_screen`: nothing is open that may be closed again."""
        self._seconds += 1
        if self._seconds % EVERY != FIRST:
            return
        Region.intersection.cache_clear()
        exempts = at_first_screen and self._seconds >= self._exempts_at
        if exempts and self._seconds > FIRST and self._many:
            gc.unfreeze()
        gc.collect()
        if exempts:
            # With the modules that the first answers needed a collection takes 35 ms instead of 4.
            gc.freeze()
            later = SETTLED if self._seconds < SETTLED else self._seconds + ANEW
            self._exempts_at = later if self._many else inf
        if self._trim is not None:
            self._trim(0)


def forget_closed_screens() -> None:
    """Release the rendered lines of removed widgets.

    Textual 8.2 caches a method of each widget's StylesCache by the object itself: a thousand of them, with
    all their lines, outlive their widgets. That was up to 15 MB for each job opened and closed.
    """
    StylesCache.get_inner_outer.cache_clear()


def forget_lines(screen: Screen[Any]) -> None:
    """Release the rendered lines of a covered screen: 1 to 2 MB, made again when it is back."""
    for widget in screen.walk_children(Widget):
        widget._styles_cache.clear()  # noqa: SLF001 -- Textual clears it on every change of a widget's size
