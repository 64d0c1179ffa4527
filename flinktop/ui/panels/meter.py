"""How much of a whole is used, as a thin line of fixed width."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flinktop.ui.panels.parts import Part


def meter_parts(fraction: float | None, cells: int, tone: str) -> list[Part]:
    """A line filled to `fraction` (0 to 1) in its tone, the rest muted, in exactly so many cells.

    Something is never drawn as nothing, and all only when it is all; what is not known is blank.
    """
    if fraction is None or math.isnan(fraction):
        return [(" " * cells, "")]
    share = min(max(fraction, 0.0), 1.0)
    filled = min(max(round(share * cells), share > 0), cells - (share < 1))
    return [("━" * filled, tone), ("─" * (cells - filled), "muted")]
