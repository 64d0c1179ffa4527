"""The table of well-known failures: failures.toml, read when the first failure is looked up."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from flinktop.known.phrase import Phrase, phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TABLE: Final = Path(__file__).with_name("failures.toml")
LEAST_ANCHOR: Final = 16
"""Characters of a message that is recognised without its class."""
FIRST_LETTERS: Final = 8
"""Characters of the beginning of a message by which its rows are looked up."""
FEW_ROWS: Final = 3
"""Rows that are matched as fast as they are looked up."""


class Wording(Struct, frozen=True, forbid_unknown_fields=True):
    """How a failure reads: the class and the message of an exception, or a line of a log."""

    thrown: str
    """Where it is thrown or logged: Class#method."""
    read: str
    """Where this wording was read: the releases of a jar, or a file of a source and its version."""
    exception: tuple[str, ...] = ()
    """Classes; also those of a copy whose package is longer (shaded), and with `*` those of any package."""
    message: str = ""
    """A phrase (see phrase.py); "" for any message."""
    log: str = ""
    """A phrase of a line of a log, for what is only logged."""
    alone: bool = False
    """Whether it counts only without a cause below it: with one it is no more than a wrapper."""
    instead_of: tuple[str, ...] = ()
    """The failures that it explains better than they do themselves, where one of them is its cause."""
    not_of: str = ""
    """Where `{type}` begins so it is no failure: a package whose classes nobody can change."""
    of: str = "Flink"
    """The product whose releases these are."""
    since: str = ""
    """The first release that was seen with this wording; "" if the releases do not matter."""
    until: str = ""
    """The last one, likewise."""


class Failure(Struct, frozen=True, forbid_unknown_fields=True):
    """A well-known failure. Sentences may have values of the message: `{topic}`, optional in [brackets]."""

    id: str
    name: str
    means: str
    """What it means, in one sentence."""
    next: str
    """What to do first, in one sentence."""
    docs: str
    """The title of the page in the documentation."""
    look: str
    """The key in flinktop that leads to where to look next."""
    wording: tuple[Wording, ...]
    follows: bool = False
    """Whether it only follows from another failure: `next` says where that one is to be sought."""


class Row(Struct, frozen=True):
    """A wording with its failure and its parsed phrase."""

    failure: Failure
    wording: Wording
    phrase: Phrase


class Rows(Struct, frozen=True):
    """Rows in the order of the file, found by how a message begins: few of two hundred have to be matched."""

    rows: tuple[Row, ...]
    begins: Mapping[str, tuple[int, ...]]
    """Places of the rows whose phrase begins with a text, by its first letters."""
    lengths: tuple[int, ...]
    """How many letters these are."""
    elsewhere: tuple[tuple[int, str], ...]
    """Places of the other rows, with a text that has to be in the message."""

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Rows:
        """The rows, ordered for a look-up."""
        fixed = tuple(rows)
        begins: dict[str, tuple[int, ...]] = {}
        elsewhere: list[tuple[int, str]] = []
        for place, row in enumerate(fixed):
            beginning = row.phrase.beginning
            if beginning is None:
                elsewhere.append((place, row.phrase.anchor))
            else:
                first = beginning[:FIRST_LETTERS]
                begins[first] = (*begins.get(first, ()), place)
        return cls(fixed, begins, tuple(sorted({len(first) for first in begins})), tuple(elsewhere))

    def that_may_match(self, message: str) -> tuple[Row, ...]:
        """The rows that are worth matching, in the order of the file."""
        if len(self.rows) <= FEW_ROWS:
            return self.rows
        begins = self.begins
        places = [place for length in self.lengths for place in begins.get(message[:length], ())]
        places += [place for place, text in self.elsewhere if text in message]
        return tuple(self.rows[place] for place in sorted(places))


class Table(Struct, frozen=True):
    """All failures, ordered for a look-up."""

    failures: tuple[Failure, ...]
    by_class: Mapping[str, Rows]
    """Rows by the last part of the class."""
    messages: Rows
    """Rows with a message that says enough without the class, for an exception whose class is not known."""
    logs: tuple[Row, ...]
    """Rows of lines of a log."""
    explained: frozenset[str]
    """Failures that an exception above them may explain better."""


def read_table(text: str) -> Table:
    """Parse the table. Raises ValueError with the place of a mistake."""
    try:
        found = msgspec.convert(tomllib.loads(text)["failure"], tuple[Failure, ...])
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    by_class: dict[str, list[Row]] = {}
    messages: list[Row] = []
    logs: list[Row] = []
    for failure in found:
        for one in failure.wording:
            row = Row(failure, one, phrase(one.log or one.message))
            if one.log:
                logs.append(row)
            elif len(row.phrase.anchor) >= LEAST_ANCHOR:
                messages.append(row)
            for name in one.exception:
                by_class.setdefault(last_part(name), []).append(row)
    classes = {name: Rows.of(rows) for name, rows in by_class.items()}
    explained = frozenset(name for failure in found for one in failure.wording for name in one.instead_of)
    if unknown := explained - {failure.id for failure in found}:
        raise ValueError(f"instead_of: there is no failure {', '.join(sorted(unknown))}")
    return Table(found, classes, Rows.of(messages), tuple(logs), explained)


@lru_cache(1)
def table() -> Table:
    """The table of this flinktop."""
    return read_table(TABLE.read_text(encoding="utf-8"))


def last_part(name: str) -> str:
    """The class without its package and the class around it."""
    return name.rpartition(".")[2].rpartition("$")[2]
