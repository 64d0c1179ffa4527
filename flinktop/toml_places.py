"""Lines of keys in a TOML text, which tomllib does not report, and messages for syntax errors."""

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any, Final

KeyPath = tuple[str, ...]


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """The first line (from 1) of each key and table; those in lists in brackets are left out.

    A table of a list, `[[findings]]`, is named by its number in it: ("findings", "0"), ("findings", "1").
    Each statement is parsed separately: the fewest lines from its start that tomllib accepts.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    statement, begin = "", 1
    numbers: dict[KeyPath, int] = {}
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
        if statement.lstrip().startswith("[["):
            count = numbers[table] = numbers.get(table, -1) + 1
            table = (*table, str(count))
            lines[table] = begin
        statement, begin = "", number + 1
    return lines


def _paths(values: dict[str, Any]) -> Iterator[KeyPath]:
    for key, value in values.items():
        yield (key,)
        if isinstance(value, dict):
            for path in _paths(value):
                yield (key, *path)


_PLACE: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)  # end of tomllib's messages
_PAIR: Final = re.compile(
    r"""
      (?P<key> (?<![A-Za-z0-9_.-]) [A-Za-z0-9_.-]++ | "[^"]*" | '[^']*' ) [ \t]* = [ \t]*
      (?P<value> "[^"]*"? | '[^']*'? | [\[{] | [^\s,#}][^,#}]* )?
    """,
    re.VERBOSE,
)


def mistake(text: str, error: ValueError, wanted: Callable[[str], str]) -> str:
    """Why tomllib refused a text, as the rest of a sentence after the file's name.

    `wanted` returns the required type of a key's value. No value is repeated: it may be a secret.
    """
    found = _PLACE.fullmatch(str(error))
    if found is None:
        return f": {error}"
    number, column = int(found[2]), int(found[3])
    # Pairs after the error are not the wrong one.
    pairs = [pair for pair in _PAIR.finditer(text.split("\n")[number - 1]) if pair.start() < column - 1]
    key, value = (pairs[-1]["key"].strip("\"'").rpartition(".")[2], pairs[-1]["value"]) if pairs else ("", "")
    if value and value[0] in "\"'" and (len(value) == 1 or value[-1] != value[0]):
        return f", line {number}: {key}: its closing quote is missing"
    if not key or (value and value[0] in "\"'[{"):
        return f", line {number}: {found[1]} (column {column})"
    return f", line {number}: {key} {'must be' if value else 'has no value; it must be'} {wanted(key)}"
