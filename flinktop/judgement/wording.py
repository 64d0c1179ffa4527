"""Names, subtasks and shares in the sentences of findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.model import subtask_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LONGEST: Final = 80
"""Characters of a vertex's name in a sentence; the culprit has the whole name."""
_MOST_NAMED: Final = 3  # subtasks or vertices that are named one by one


def short(name: str) -> str:
    """A name for a sentence: one line, its middle left out if it is long."""
    line = " ".join(name[: 4 * LONGEST].split()) if len(name) <= 4 * LONGEST else " ".join(name.split())
    if len(line) <= LONGEST:
        return line
    half = (LONGEST - 1) // 2
    return f"{line[:half]}…{line[-half:]}"


def names(found: Iterable[str]) -> str:
    """Some names for a sentence: a, b and 4 others."""
    known = [short(name) for name in found]
    shown, others = known[:_MOST_NAMED], len(known) - _MOST_NAMED
    if others > 0:
        return f"{', '.join(shown)} and {others} {'other' if others == 1 else 'others'}"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def some(subtasks: Collection[int], of: int) -> str:
    """How many of a vertex's subtasks: `subtask 3 (4/8)` for a single one, `2 of 8 subtasks` for more."""
    if len(subtasks) == 1 and of > 1:
        return subtask_names.named(next(iter(subtasks)), of)
    return f"{len(subtasks)} of {max(of, len(subtasks))} subtasks"


def percent(share: float) -> str:
    """A share of 0 to 1."""
    return f"{100.0 * share:.0f} %"
