"""Texts that nobody should write: they steer a terminal, never end, or keep a pattern busy."""

from __future__ import annotations

from random import Random
from typing import Final

MARK: Final = "6666"
"""In every sequence for a terminal: so it is known where it comes from."""
SEQUENCES: Final = (
    f"\x1b]0;{MARK}\x07",
    f"\x1b]{MARK};x\x1b\\",
    f"\x1b[{MARK};1H",
    f"\x1b[?{MARK}h",
    f"\x1b[{MARK}m",
    f"\x1bP{MARK}q\x1b\\",
    f"\x9b{MARK}h",
    f"\x9d{MARK};x\x9c",
    f"\x1b[>{MARK}u",
    f"\x1b_{MARK}\x1b\\",
)
PIECES: Final = (
    *SEQUENCES,
    *(
        "\n",
        "\r",
        "\t",
        "\x00",
        "\x07",
        "\x08",
        "\x1b",
        "\x9d",
        "\x90",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
    ),
    *(
        "\ud800",
        "\U0001f600",
        "e\u0301",
        "作",
        "[red]",
        "[/]",
        "Caused by: ",
        "\n\tat ",
        "a.B: ",
        "(1/2)",
        "://",
    ),
    *(" ", "0", "9", ".", "_->_", "__", "<title", "<br>", "{", '"', "\\", "%s", "${x}"),
)
LONG: Final = 300_000
NAMED: Final = {
    "sequences": "".join(SEQUENCES) * 20,
    "titles that never end": "\x9d" * LONG,
    "strings that never end": f"\x1b]{MARK};" + "\x90\x1bX" * 50_000,
    "empty lines": "\n" * LONG,
    "spaces": " " * LONG,
    "one word": "a" * LONG,
    "causes": "Caused by: a.b.C: " * 20_000,
    "wrappers": "a.b.C: " * 40_000,
    "frames": "a.B: x" + "\n\tat a.b.C.d(E.java:1)" * 15_000,
    "subtasks": "Map (1/2) - execution #3" * 10_000,
    "a number": "map (" + "9" * 5000 + "/2) " + "9" * 5000,
    "operators": "_->_" * 70_000,
    "right to left": "\u202e\u2067abc" * 10_000,
    "wide": "\U0001f600" * 100_000,
    "marks": "e" + "\u0301" * 100_000,
    "marks of another script": "ก" + "\u0e31" * 100_000,
    "markup": "[b][/red][link=x]" * 10_000,
}
"""In the place of every text of an answer."""


def drawn(random: Random) -> str:
    """Any such text."""
    pieces = random.choices(PIECES, k=random.randint(1, 6))
    return "".join(pieces) * random.choice((1, 3, 100, 10_000))
