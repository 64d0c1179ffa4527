"""Names of subtasks: the index from 0, as in Flink's REST API and metrics, and the (2/4) of task names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_NAMED = 12  # ranges of subtasks that a sentence lists


def numbered(index: int, of: int | None) -> str:
    """ "1 (2/4)": the index from 0, then the number in task names and logs; "1" while `of` is unknown."""  # noqa: D210 -- a quoted example stands first
    return f"{index} ({index + 1}/{of})" if of is not None and of > index >= 0 else f"{index}"


def named(index: int, of: int | None) -> str:
    """ "subtask 1 (2/4)"."""  # noqa: D210 -- as above
    return f"subtask {numbered(index, of)}"


def ranges(indices: Sequence[int], of: int | None) -> str:
    """Ascending indices: "0-2 (1-3/8), 5 (6/8)"; after `MOST_NAMED` ranges only a count."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    words = [_range(first, last, of) for first, last in runs[:MOST_NAMED]]
    left = sum(last - first + 1 for first, last in runs[MOST_NAMED:])
    return ", ".join(words) + (f" and {left} more" if left else "")


def _range(first: int, last: int, of: int | None) -> str:
    if first == last:
        return numbered(first, of)
    known = of is not None and of > last
    return f"{first}-{last} ({first + 1}-{last + 1}/{of})" if known else f"{first}-{last}"


def missing(count: int | None, of: int | None, indices: Sequence[int] | None) -> str:
    """How many of a vertex's subtasks are missing, and which: "1 of 4 subtasks missing: 1 (2/4)"."""
    words = f"{fmt.number(count)} of {fmt.number(of)} subtasks missing"
    return f"{words}: {ranges(indices, of)}" if indices else words
