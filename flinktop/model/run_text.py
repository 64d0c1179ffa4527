"""Conversions between the fields of the run dialog and values."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DIGITS = 9  # of a parallelism, which is a 32-bit integer in Flink


def arguments_of(text: str) -> tuple[str, ...]:
    """The arguments of a program, split as by a shell: at blanks outside quotes.

    Raises:
        ValueError: a quote is not closed.
    """
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        words = "a quote is not closed" if "quotation" in str(error) else str(error).lower()
        raise ValueError(f"arguments: {words}") from None


def arguments_text(arguments: Iterable[str]) -> str:
    """Arguments as text for the field."""
    return shlex.join(arguments)


def settings_of(text: str) -> dict[str, str]:
    """Flink settings from lines of `key: value`. Raises ValueError for any other line."""
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
    """Settings as text for the field."""
    return "\n".join(f"{key}: {value}" for key, value in settings.items())


def parallelism_of(text: str) -> int | None:
    """A parallelism; None for an empty field. Raises ValueError if it is not a number."""
    typed = text.strip()
    if not typed:
        return None
    if not typed.isdecimal():
        raise ValueError(f"parallelism: {typed} is not a number")
    if len(typed) > DIGITS:
        raise ValueError("parallelism: that is more than Flink can count to")
    return int(typed)
