"""How a command ends: its exit code, and the sentence when it ends before anything was sent."""

from typing import Final

DONE: Final = 0
FAILED: Final = 1
"""Failed, or lost."""
USAGE: Final = 2
"""Wrong words, or a file that can't be used."""
UNREACHABLE: Final = 3
REFUSED: Final = 4
INTERRUPTED: Final = 130
"""What a shell calls a program that ctrl+c ended."""


class Ended(Exception):  # noqa: N818 - it says what happened
    """The command ends here, before anything was sent."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
