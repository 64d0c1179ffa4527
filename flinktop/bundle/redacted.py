"""Removes secrets from what goes into a bundle: long texts piece by piece, JSON by the names in it.

model/redaction.py finds the secrets. A search takes a second for 3 MB, and holds up other threads meanwhile:
so a long text is searched in pieces, which end where an entry of a log or a line does.
"""

from __future__ import annotations

import re
from typing import Any, Final

from flinktop.model import redaction
from flinktop.model.redaction import HIDDEN

PIECE: Final = 32 * 1024
"""Characters that are searched at once."""
LONGEST_PIECE: Final = 4 * PIECE
"""The same where an entry is longer; where it is longer still, any line ends a piece."""
_ENTRY: Final = re.compile(r"\n(?=[\d\[{\"])")
"""Where a new entry of a log, or the stack of another thread, begins."""
_KEY: Final = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_KEY_END: Final = "-----END"
_PAIRS: Final = (("key", "value"), ("name", "value"))
"""Fields that hold a name and its value: of settings, variables and accumulators."""
_SAFE: Final = 20
"""Letters of a word without signs that can be no secret by its looks."""


def text(given: str) -> str:
    """A text of any length without secrets."""
    if len(given) <= PIECE:
        return given if len(given) <= _SAFE and given.isalnum() else redaction.text(given)
    # A key may span pieces.
    return "".join(redaction.text(piece) for piece in _pieces(without_keys(given)))


def document(given: Any) -> Any:
    """A JSON document without secrets: values of names like `password`, and secrets inside of texts.

    Lists and objects in it are changed, not copied. It may be nested as deeply as a flame graph.
    """
    root = [given]
    waiting: list[list[Any] | dict[str, Any]] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            _list(one, waiting)
        else:
            _object(one, waiting)
    return root[0]


def _list(given: list[Any], waiting: list[list[Any] | dict[str, Any]]) -> None:
    if given and all(isinstance(one, str) for one in given):
        # Arguments: an option's value is the word after it.
        given[:] = map(text, redaction.words(given))
        return
    for at, value in enumerate(given):
        if isinstance(value, str):
            given[at] = text(value)
        elif isinstance(value, list | dict):
            waiting.append(value)


def _object(given: dict[str, Any], waiting: list[list[Any] | dict[str, Any]]) -> None:
    pair = next((one for one in _PAIRS if isinstance(given.get(one[0]), str) and one[1] in given), None)
    hidden = pair is not None and redaction.is_secret(given[pair[0]])
    for name in tuple(given):
        value = given.pop(name)
        if pair is not None and name in pair:
            # A number beside a name is that of a method in a flame graph.
            secret = name == pair[1] and hidden and isinstance(value, str)
        else:
            secret = redaction.is_secret(name)
        if secret and not isinstance(value, bool) and value not in (None, "", [], {}):
            value = HIDDEN
        elif isinstance(value, str):
            value = text(value)
        elif isinstance(value, list | dict):
            waiting.append(value)
        given[text(name)] = value


def without_keys(given: str) -> str:
    """A text without private keys, whose lines have no name."""
    parts: list[str] = []
    at = 0
    for found in _KEY.finditer(given):
        if found.start() < at:
            continue
        end = given.find(_KEY_END, found.end())
        parts += (given[at : found.end()], HIDDEN)
        at = len(given) if end < 0 else end
    return "".join((*parts, given[at:]))


def continued(before: str, given: str) -> str:
    """A text without the rest of a private key that began in the text before it."""
    begun = max((found.end() for found in _KEY.finditer(before)), default=-1)
    if begun < 0 or before.find(_KEY_END, begun) >= 0:
        return given
    end = given.find(_KEY_END)
    return f"{HIDDEN}\n{given[end:] if end >= 0 else ''}"


def _pieces(given: str) -> list[str]:
    """A long text in pieces that end with an entry, else with a line: a value is never cut."""
    pieces: list[str] = []
    at = 0
    while len(given) - at > PIECE:
        entry = _ENTRY.search(given, at + PIECE // 2, at + LONGEST_PIECE)
        end = entry.end() if entry is not None else given.find("\n", at + PIECE) + 1
        if end <= 0:
            break
        pieces.append(given[at:end])
        at = end
    return [*pieces, given[at:]]
