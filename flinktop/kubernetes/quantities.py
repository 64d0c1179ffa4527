"""Amounts as Kubernetes writes them: `2Gi`, `1500M`, `1e9`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_MOST: Final = 2**63 - 1
_QUANTITY: Final = re.compile(
    r"\+?(\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:([eE][+-]?\d{1,2})|([KMGTPE]i|[numkMGTPE]))?", re.ASCII
)
_UNITS: Final[dict[str | None, Decimal]] = {
    None: Decimal(1),
    **{unit: Decimal(10) ** (3 * power) for power, unit in zip(range(-3, 0), "num", strict=True)},
    **{unit: Decimal(10) ** (3 * power) for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Decimal(2) ** (10 * power) for power, unit in enumerate("KMGTPE", start=1)},
}


def amount(text: str | float | None) -> int | None:
    """A quantity as a whole number, of bytes if it is memory; None if it is none or too large."""
    found = _QUANTITY.fullmatch(str(text).strip()) if text is not None else None
    if found is None:
        return None
    digits, exponent, unit = found.groups()
    value = Decimal(f"{digits}{exponent or ''}") * _UNITS[unit]
    return int(value) if value <= _MOST else None
