"""On which line of a TOML text each key stands, which tomllib does not tell."""

import re
import tomllib
from collections.abc import Iterator
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
