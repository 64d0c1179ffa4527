"""What was made of long texts, kept by their hash: a cache of which not even the keys hold on to a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class ByHash(Generic[T]):
    """Makes something of a text, once for each of those used last; from any thread.

    They are two generations: when the young ones have grown too many, the old ones go.
    """

    def __init__(self, make: Callable[[str], T], most_bytes: int) -> None:
        """Args: `make`, and how many bytes the texts may have of which something is kept."""
        self._make = make
        self._most = most_bytes
        self._bytes = 0
        self._young: dict[tuple[int, int], T] = {}
        self._old: dict[tuple[int, int], T] = {}

    def __call__(self, text: str) -> T:
        """What is made of this text."""
        name = (hash(text), len(text))
        young, old = self._young, self._old
        if name in young:
            return young[name]
        made = old[name] if name in old else self._make(text)
        size = text.__sizeof__()
        if self._bytes + size > self._most // 2:
            self._old, self._young, self._bytes = young, {}, 0
        self._young[name] = made
        self._bytes += size
        return made

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())
