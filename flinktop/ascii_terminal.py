"""Which terminals show no more than ASCII, and why."""

from typing import Final

_DRAWN: Final = "─│╭┼█▁◐●✕▸…∞⠒"
"""Of each kind that is drawn: lines, blocks, marks, punctuation, dots of charts."""
_CONSOLE: Final = "linux"  # TERM of the kernel's own terminal


def why_ascii(encoding: str, term: str, chosen: bool | None) -> str | None:  # noqa: FBT001 -- the setting
    """Why only ASCII can be drawn, as a sentence; None where all can.

    `term` is TERM, and `chosen` what options, environment and config say: the console may draw all.
    """
    try:
        _DRAWN.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return (
            f"ASCII only: the terminal's encoding ({encoding}) has no line-drawing characters; "
            "a UTF-8 locale has them."
        )
    if term.startswith(_CONSOLE) and chosen is None:
        return (
            f"ASCII only: the console (TERM={_CONSOLE}) lacks many characters; FLINKTOP_ASCII=no draws them."
        )
    return None
