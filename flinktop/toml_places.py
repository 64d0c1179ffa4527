"""Where in a TOML text each key stands, which tomllib does not tell, and what is wrong with other text."""

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any, Final

KeyPath = tuple[str, ...]


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, on which each key and each table first stands; what is in a list is left out.

    Each statement is read by itself: the fewest lines from its beginning that tomllib takes.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    statement, begin = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        statement += f"{line}\n"
        try:
            values = tomllib.loads(statement)
        except ValueError:
            continue
        is_header = statement.lstrip().startswith("[")
        paths = [path if is_header else (*table, *path) for path in _paths(values)]
        for path in paths:
            lines.setdefault(path, begin)
        table = paths[-1] if is_header else table
        statement, begin = "", number + 1
    return lines


def _paths(values: dict[str, Any]) -> Iterator[KeyPath]:
    for key, value in values.items():
        yield (key,)
        if isinstance(value, dict):
            for path in _paths(value):
                yield (key, *path)


_PLACE: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)  # how tomllib's sentences end
_PAIR: Final = re.compile(
    r"""
      (?P<key> (?<![A-Za-z0-9_.-]) [A-Za-z0-9_.-]++ | "[^"]*" | '[^']*' ) [ \t]* = [ \t]*
      (?P<value> "[^"]*"? | '[^']*'? | [\[{] | [^\s,#}][^,#}]* )?
    """,
    re.VERBOSE,
)


def mistake(text: str, error: ValueError, wanted: Callable[[str], str]) -> str:
    """Why tomllib refused a text, as the rest of a sentence behind the file's name.

    `wanted` says what the value of a key must be. No value is repeated: it may be a secret.
    """
    found = _PLACE.fullmatch(str(error))
    if found is None:
        return f": {error}"
    number, column = int(found[2]), int(found[3])
    # A pair that begins behind the mistake is not the one that it is in.
    pairs = [pair for pair in _PAIR.finditer(text.split("\n")[number - 1]) if pair.start() < column - 1]
    key, value = (pairs[-1]["key"].strip("\"'").rpartition(".")[2], pairs[-1]["value"]) if pairs else ("", "")
    if value and value[0] in "\"'" and (len(value) == 1 or value[-1] != value[0]):
        return f", line {number}: {key}: its closing quote is missing"
    if not key or (value and value[0] in "\"'[{"):
        return f", line {number}: {found[1]} (column {column})"
    return f", line {number}: {key} {'must be' if value else 'has no value; it must be'} {wanted(key)}"
