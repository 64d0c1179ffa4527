"""Where in a TOML text each key stands, which tomllib does not tell, and what is wrong with other text."""

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Final

KeyPath = tuple[str, ...]

_TOKEN: Final = re.compile(
    r"""
      (?P<skip> [ \t\r]+ | \#[^\n]* )
    | (?P<newline> \n )
    | (?P<long> \"\"\" (?: \\[\s\S] | [^\\] )*? \"{3,5} | ''' [\s\S]*? '{3,5} )
    | (?P<quoted> " (?: \\. | [^"\\\n] )* " | '[^'\n]*' )
    | (?P<mark> [\[\]{}=,.] )
    | (?P<bare> [^\s\[\]{}=,.\#"']+ )
    """,
    re.VERBOSE,
)


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, on which each key and each table first stands.

    Args:
        text: a TOML text that tomllib accepts; of any other the answer is a guess.

    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


class _Scan:
    """One walk over the text with one token of lookahead; no more grammar than valid text needs."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._tokens = _tokens(text)
        self._kind, self._word, self._line = next(self._tokens)

    def document(self) -> None:
        """All lines: headers of tables, and keys below them."""
        table: KeyPath = ()
        while self._kind != "end":
            if self._word == "[":
                while self._word == "[":
                    self._step()
                table = self._key(())
                while self._word == "]":
                    self._step()
            elif self._kind == "newline":
                self._step()
            else:
                self._pair(table)

    def _pair(self, table: KeyPath) -> None:
        path = self._key(table)
        self._step()  # the =
        self._value(path)

    def _key(self, path: KeyPath) -> KeyPath:
        """A key with its dots; each part is noted where it stands first."""
        while self._kind in ("bare", "quoted"):
            path = (*path, self._word if self._kind == "bare" else _unquoted(self._word))
            self.lines.setdefault(path, self._line)
            self._step()
            if self._word == "." and self._kind == "mark":
                self._step()
            else:
                break
        return path

    def _value(self, path: KeyPath) -> None:
        if self._kind == "mark" and self._word == "{":
            self._step()
            while self._word != "}" and self._kind != "end":
                if self._kind in ("bare", "quoted"):
                    self._pair(path)
                else:
                    self._step()
            self._step()
        elif self._kind == "mark" and self._word == "[":
            self._step()
            while self._word != "]" and self._kind != "end":
                if self._word in (",", "}") or self._kind == "newline":
                    self._step()
                else:
                    self._value(path)
            self._step()
        else:
            while self._kind not in ("newline", "end") and not (self._kind == "mark" and self._word in ",]}"):
                self._step()

    def _step(self) -> None:
        self._kind, self._word, self._line = next(self._tokens)


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and line of each token; at the end ("end", "", line) for ever."""
    at, line = 0, 1
    while found := _TOKEN.match(text, at):
        kind = found.lastgroup or ""
        if kind != "skip":
            yield kind, found.group(), line
        line += found.group().count("\n")
        at = found.end()
    while True:
        yield "end", "", line


def _unquoted(word: str) -> str:
    return str(tomllib.loads(f"key = {word}")["key"])


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
