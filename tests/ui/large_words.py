"""Words in large type on a screen: reads them whatever their size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flinktop.ui.widgets.large_type import FACES, large


def sizes(words: str, *, ascii: bool = False) -> Iterator[tuple[str, ...]]:
    """The words in each large size."""
    for height in {face.rows for face in FACES}:
        width = 10_000
        while len((drawn := large(words, width, height, ascii=ascii)).rows) == height and not drawn.cut:
            yield drawn.rows
            width = drawn.width - 1


def reads(lines: Sequence[str], words: str, *, ascii: bool = False) -> bool:
    """Whether the words are among these lines in some large size."""
    for rows in sizes(words, ascii=ascii):
        shape = [row.rstrip() for row in rows]
        for first in range(len(lines) - len(shape) + 1):
            at = lines[first].find(shape[0])
            found = [line[at : at + len(row)] for line, row in zip(lines[first:], shape, strict=False)]
            if at >= 0 and found == shape:
                return True
    return False
