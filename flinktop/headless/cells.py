"""How wide a text is in a terminal."""

from unicodedata import category, east_asian_width

_JOINED = ("Mn", "Me", "Cf")


def cells(text: str) -> int:
    """Width of a text in terminal cells: two for a wide character, none for a combining one."""
    return sum(
        0 if category(letter) in _JOINED else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )
