"""Numbers by which Flink says that it does not know."""

from math import isnan

LONG_MIN = -(2**63)
"""A watermark that has not come yet."""
LONG_MAX = 2**63 - 1
"""A watermark after the end of the input; an interval that is switched off."""


def known(value: float | None) -> float | None:
    """None for NaN, which Flink sends as text."""
    return None if value is None or isnan(value) else value


def positive(value: int | None) -> int | None:
    """None for -1 (and below), which means not yet or unlimited."""
    return None if value is None or value < 0 else value
