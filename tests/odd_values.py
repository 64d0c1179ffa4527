"""Values that no number of an answer should have, and answers in which one stands in a number's place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

ODD = {
    "Infinity": '"Infinity"',
    "-Infinity": '"-Infinity"',
    "NaN": '"NaN"',
    "bare Infinity": "Infinity",
    "bare NaN": "NaN",
    "10^400": "1" + "0" * 400,
    "10^400 as text": '"1' + "0" * 400 + '"',
    "1e400": "1e400",
    "-1": "-1",
    "2^63": "9223372036854775808",
    "null": "null",
    "nothing": '""',
    "list": "[]",
}
"""By what they are called: JSON, or nearly."""

Path = tuple[str | int, ...]
_HERE = "@odd@"
_ID = re.compile(r"(^|[-_ ])j?id$|[a-z]Id$")


def is_number(key: str | int, value: Any) -> bool:
    """Whether a leaf is a number, or the text of one, or an id by which something else is asked for."""
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return isinstance(key, str) and _ID.search(key) is not None
        return True
    return isinstance(value, int | float)


def numbers(raw: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all numbers and ids in a document."""
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, value in pairs:
        if is_number(key, value):
            yield (*path, key)
        else:
            yield from numbers(value, (*path, key))


def shape(path: Path) -> str:
    """A path without indexes and ids: the same for all entries of a list."""
    return ".".join(
        "[]" if isinstance(step, int) else "{}" if re.fullmatch(r"[0-9a-f]{32}", step) else step
        for step in path
    )


def with_odd(raw: Any, paths: list[Path], odd: str) -> bytes:
    """The document with something else at some paths."""
    for path in paths:
        raw = _put(raw, path)
    return json.dumps(raw).replace(f'"{_HERE}"', odd).encode()


def _put(raw: Any, path: Path) -> Any:
    copied = raw.copy()
    copied[path[0]] = _put(raw[path[0]], path[1:]) if path[1:] else _HERE
    return copied
