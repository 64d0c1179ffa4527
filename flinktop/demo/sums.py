"""Sums of fractions that are the same under every Python."""

from collections.abc import Iterable
from functools import reduce
from operator import add


def in_order(numbers: Iterable[float]) -> float:
    """The sum, rounded after each number, as Java adds; `sum` is more precise from Python 3.12 on."""
    total: float = reduce(add, numbers, 0)
    return total
