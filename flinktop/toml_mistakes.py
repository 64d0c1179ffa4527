"""What is wrong with a text that is not TOML: the line, and what a value without quotes must be."""

import re
from collections.abc import Callable
from typing import Final

_PLACE: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)
"""How tomllib's sentences end."""
_PAIR: Final = re.compile(
    r"""
      (?P<key> (?<![A-Za-z0-9_.-]) [A-Za-z0-9_.-]++ | "[^"]*" | '[^']*' ) [ \t]* = [ \t]*
      (?P<value> "[^"]*"? | '[^']*'? | [\[{] | [^\s,#}][^,#}]* )?
    """,
    re.VERBOSE,
)


def mistake(text: str, error: ValueError, wanted: Callable[[str], str]) -> str:
    """The mistake as the rest of a sentence behind the file's name; no value is repeated, it may be a secret.

    Args:
        text: what tomllib refused.
        error: why, as tomllib says it.
        wanted: what the value of a key must be.

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
