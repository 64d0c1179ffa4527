"""Every compiled pattern of the package, and texts that are made to keep one busy."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined] # how Python reads a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import flinktop

WAYS = ("search", "match", "fullmatch", "sub", "split", "finditer")
REPEATED = 3
SAMPLES = 24
"""Of one pattern at the most: one for each of its alternatives, mostly."""
FILLERS = (
    " ",
    "\n",
    "\t",
    "0",
    "9",
    ".",
    "(",
    "a",
    "A",
    "_",
    "/",
    ":",
    "-",
    "=",
    "@",
    "<",
    "\x1b[",
    "\x9b",
    "\x9d",
)
"""What a text is filled with behind a beginning."""


def compiled(of: str = "flinktop") -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns of a module, or of all modules of a package, by name; in tuples and classes too."""
    seen: set[int] = set()
    for module in _modules(importlib.import_module(of)):
        for name, value in sorted(vars(module).items()):
            for pattern in _inside(value, 3):
                if id(pattern) not in seen:
                    seen.add(id(pattern))
                    yield f"{module.__name__}.{name}", pattern


def _modules(top: ModuleType) -> Iterator[ModuleType]:
    yield top
    for found in pkgutil.walk_packages(getattr(top, "__path__", ()), f"{top.__name__}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def used(name: str) -> tuple[str, ...]:
    """In which ways the package uses a pattern; all of them for one that is used by no name."""
    own = name.rpartition(".")[2]
    found = set(re.findall(rf"\b{own}\.({'|'.join(WAYS)})\(", _sources()))
    return tuple(way for way in WAYS if way in found) or WAYS


@cache
def _sources() -> str:
    return "\n".join(path.read_text() for path in Path(flinktop.__path__[0]).rglob("*.py"))


def _inside(value: Any, depth: int) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, tuple | list | frozenset | set):
        for one in value:
            yield from _inside(one, depth - 1)
    elif depth and isinstance(value, dict):
        yield from _inside(tuple(value.values()), depth - 1)
    elif depth and isinstance(value, type) and value.__module__.startswith("flinktop"):
        yield from _inside(tuple(vars(value).values()), depth - 1)


def beginnings(pattern: re.Pattern[Any]) -> tuple[str, ...]:
    """What a pattern matches, and every beginning of that: texts that look promising for long."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    parsed = parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else 0)
    samples = islice(_samples(parsed), SAMPLES)
    found = {sample[:end] for sample in samples for end in range(1, len(sample) + 1)}
    return tuple(sorted(found, key=lambda text: (len(text), text)))


def hostile(starts: Iterable[str], size: int) -> Iterator[str]:
    """Texts of a size: each beginning again and again, and once before and after a long filler."""
    for start in ("", *starts):
        if start:
            yield _long(start, size)
            yield _long(f"{start}\n", size)
        for filler in FILLERS:
            yield start + _long(filler, size)
    for filler in FILLERS:
        yield _long(f"{filler * 20}x", size)


def _long(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def _samples(parsed: Iterable[Any]) -> Iterator[str]:
    """Texts for a parsed pattern; together they take each of its alternatives."""
    texts = [""]
    for code, argument in parsed:
        options = list(islice(_options(code, argument), SAMPLES)) or [""]
        longer = [text + options[0] for text in texts]
        texts = [*longer, *(texts[0] + option for option in options[1:])][:SAMPLES]
    yield from texts


def _options(code: Any, argument: Any) -> Iterator[str]:  # noqa: C901 -- one line for each kind of part
    if code is codes.LITERAL:
        yield chr(argument)
    elif code in (codes.NOT_LITERAL, codes.ANY):
        yield "x" if code is codes.ANY or argument != ord("x") else "y"
    elif code is codes.IN:
        yield _member(argument)
    elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        least, most, inner = argument
        for option in _samples(inner):
            yield option * min(max(least, REPEATED), int(most))
        if least == 0:
            yield ""
    elif code is codes.SUBPATTERN:
        yield from _samples(argument[3])
    elif code is codes.ATOMIC_GROUP:
        yield from _samples(argument)
    elif code is codes.BRANCH:
        for branch in argument[1]:
            yield from _samples(branch)
    elif code is codes.ASSERT and argument[0] > 0:
        yield from _samples(argument[1])
    else:
        yield ""


def _member(members: Iterable[Any]) -> str:
    """A letter of a class; of one that excludes some, none of these."""
    ranges: list[str] = []
    excluded = False
    for code, argument in members:
        if code is codes.NEGATE:
            excluded = True
        elif code is codes.LITERAL:
            ranges.append(chr(argument))
        elif code is codes.RANGE:
            ranges.append(chr(argument[0]))
        elif code is codes.CATEGORY:
            ranges.append(
                {codes.CATEGORY_DIGIT: "1", codes.CATEGORY_SPACE: " ", codes.CATEGORY_WORD: "a"}.get(
                    argument, "-"
                )
            )
    if excluded:
        return next(letter for letter in "x0-~é" if letter not in ranges)
    return ranges[0]
