"""Comparing typed text with names that may contain invisible characters."""

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn"})  # Unicode categories without a glyph
_EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Invisible letters and marks in other categories."""
_VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def typeable(name: str) -> str:
    """The visible part of a name that can be typed: no invisible characters, single spaces between words."""
    return " ".join(
        "".join(letter if _is_seen(letter) else " " * letter.isspace() for letter in name).split()
    )


def is_typed(text: str, name: str) -> bool:
    """Whether a text equals a name as far as it can be typed; never for an entirely invisible name."""
    return bool(wanted := typeable(name)) and typeable(text) == wanted


def _is_seen(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable()
    hidden = unicodedata.category(letter) in _UNSEEN or letter in _EMPTY
    return not hidden and not any(ord(letter) in letters for letters in _VARIATIONS)
