"""What is typed before a jar is run, as values, and values as they would be typed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DIGITS = 9  # of a parallelism, which is an int in Flink


def arguments_of(text: str) -> tuple[str, ...]:
    """The arguments of a program, as a shell would take them: blanks part them, quotes hold them together.

    Raises:
        ValueError: a quote is open at the end.
    """
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        words = "a quote is not closed" if "quotation" in str(error) else str(error).lower()
        raise ValueError(f"arguments: {words}") from None


def arguments_text(arguments: Iterable[str]) -> str:
    """Arguments as they are typed."""
    return shlex.join(arguments)


def settings_of(text: str) -> dict[str, str]:
    """Flink settings from lines of `key: value`. Raises ValueError: a line is none."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        key, sign, value = line.partition(":")
        if not line.strip():
            continue
        if not sign or not key.strip() or " " in key.strip():
            raise ValueError(f"configuration: line {number} is not `key: value`")
        found[key.strip()] = value.strip()
    return found


def settings_text(settings: Mapping[str, str]) -> str:
    """Settings as they are typed."""
    return "\n".join(f"{key}: {value}" for key, value in settings.items())


def parallelism_of(text: str) -> int | None:
    """A parallelism; None where nothing is typed. Raises ValueError: it is no number."""
    typed = text.strip()
    if not typed:
        return None
    if not typed.isdecimal():
        raise ValueError(f"parallelism: {typed} is not a number")
    if len(typed) > DIGITS:
        raise ValueError("parallelism: that is more than Flink can count to")
    return int(typed)
