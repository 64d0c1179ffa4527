"""Detects terminals that can show only ASCII."""

from typing import Final

_DRAWN: Final = "─│╭┼█▁◐●✕▸…∞⠒"
"""Samples of the characters used: lines, blocks, marks, punctuation, dots of charts."""
_CONSOLE: Final = "linux"  # TERM of the Linux console


def why_ascii(encoding: str, term: str, chosen: bool | None) -> str | None:  # noqa: FBT001 -- the setting
    """Why only ASCII can be drawn, as a sentence; None if all characters can.

    `term` is TERM; `chosen` is the setting from options, environment and config, which overrides the console.
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
