"""Numbers as a row of blocks: a small history, and the used part of a whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = ".:-=+*#@"
_EIGHTHS = "▏▎▍▌▋▊▉█"


def spark(
    values: Sequence[float | None], width: int, *, ascii: bool = False, top: float | None = None
) -> str:
    """The newest `width` values, the newest at the right, in exactly `width` cells.

    None, NaN and infinities are blank. The scale goes from 0 to the greatest value shown, or to `top`; values
    outside are drawn at its end.
    """
    if width <= 0:
        return ""
    levels = ASCII_LEVELS if ascii else BLOCKS
    newest = values[-width:]
    known = [value for value in newest if _is_known(value)]
    most = top if top is not None else max((value for value in known if value is not None), default=0.0)
    text = "".join(_level(value, most, levels) if _is_known(value) else " " for value in newest)
    return text.rjust(width)


def skyline(
    values: Sequence[float | None], width: int, height: int, *, ascii: bool = False
) -> tuple[str, ...]:
    """The newest `width` values as a line over `height` rows, the newest at the right.

    The scale goes from 0 to the greatest value shown. None, NaN and infinities are blank.
    """
    if width <= 0 or height <= 0:
        return ()
    newest = values[-width:]
    most = max((value for value in newest if value is not None and math.isfinite(value)), default=0.0)
    levels = ASCII_LEVELS[::2] if ascii else BLOCKS
    steps = len(levels)
    rows = [[" "] * len(newest) for _ in range(height)]
    before: int | None = None
    for column, value in enumerate(newest):
        if value is None or not math.isfinite(value):
            before = None
            continue
        share = min(max(value / most, 0.0), 1.0) if most > 0 else 0.0
        row, level = divmod(max(round(share * steps * height), 1) - 1, steps)
        rows[height - 1 - row][column] = levels[level]
        # A rise or a fall by more than a row is joined.
        for between in range((row if before is None else before) + 1, row):
            rows[height - 1 - between][column] = levels[-1]
        before = row
    return tuple("".join(row).rjust(width) for row in rows)


def bar(fraction: float | None, width: int, *, ascii: bool = False) -> str:
    """A bar filled to `fraction` (0 to 1) in exactly `width` cells; blank when it is not known."""
    if width <= 0:
        return ""
    if fraction is None or math.isnan(fraction):
        return " " * width
    share = min(max(fraction, 0.0), 1.0)
    if ascii:
        return ("#" * round(share * width)).ljust(width, ".")
    # More than nothing is never drawn as nothing, and only all is drawn as all.
    eighths = math.floor(share * width * 8)
    eighths = max(eighths, 1) if share > 0 else 0
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[part - 1] if part else "")).ljust(width)


def _is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _level(value: float | None, most: float, levels: str) -> str:
    if value is None or value <= 0 or most <= 0:
        return levels[0]
    # Divided first: the product of two huge numbers is infinite.
    return levels[min(math.floor(min(value / most, 1.0) * (len(levels) - 1) + 0.5), len(levels) - 1)]
