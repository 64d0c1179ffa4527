"""Lets go of what Textual keeps of screens that are closed."""

from __future__ import annotations

from textual._styles_cache import StylesCache


def forget_closed_screens() -> None:
    """Release the rendered lines of widgets that are gone.

    Textual 8.2 caches a method of each widget's StylesCache by the object itself: a thousand of them, with
    all their lines, outlive their widgets. That was up to 15 MB for each job that was opened and closed.
    """
    StylesCache.get_inner_outer.cache_clear()
