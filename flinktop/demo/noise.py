"""Numbers that look random and are none: each is a hash of what it is for."""

from __future__ import annotations

import hashlib
import zlib

_ALL = (1 << 64) - 1


def fraction(*parts: int) -> float:
    """A number from 0 up to 1, always the same for the same parts."""
    mixed = 0x9E3779B97F4A7C15
    for part in parts:
        mixed = (mixed ^ (part & _ALL)) & _ALL
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _ALL
        mixed ^= mixed >> 31
    return mixed / (_ALL + 1)


def between(low: float, high: float, *parts: int) -> float:
    """A number from `low` up to `high`."""
    return low + (high - low) * fraction(*parts)


def number(text: str) -> int:
    """A number that stands for a text among the parts of `fraction`."""
    return zlib.crc32(text.encode("utf-8", "replace"))


def identity(*parts: object, digits: int = 32) -> str:
    """Hexadecimal digits as Flink's ids have them."""
    text = "/".join(map(str, parts)).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=32).hexdigest()[:digits]
