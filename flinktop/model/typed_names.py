"""Names as a person can type them: what of a name can be seen, and whether it was typed."""

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn"})  # categories of Unicode without a picture of their own
_EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that are drawn as nothing, whatever their category says."""
_VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def typeable(name: str) -> str:
    """What of a name can be seen and typed: no invisible letters, and single spaces between words."""
    return " ".join(
        "".join(letter if _is_seen(letter) else " " * letter.isspace() for letter in name).split()
    )


def is_typed(text: str, name: str) -> bool:
    """Whether a text is this name, as far as it can be typed; never for a name of which nothing can."""
    return bool(wanted := typeable(name)) and typeable(text) == wanted


def _is_seen(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable()
    hidden = unicodedata.category(letter) in _UNSEEN or letter in _EMPTY
    return not hidden and not any(ord(letter) in letters for letters in _VARIATIONS)
