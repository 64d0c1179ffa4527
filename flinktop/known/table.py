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
    from collections.abc import Mapping

TABLE: Final = Path(__file__).with_name("failures.toml")


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
    decides: bool = False
    """Whether it counts although a known cause is below it: that one alone would mislead."""
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
    wording: tuple[Wording, ...]
    look: str = ""
    """The key in flinktop that leads to where to look next."""
    follows: bool = False
    """Whether it only follows from another failure: `next` says where that one is to be sought."""


class Row(Struct, frozen=True):
    """A wording with its failure and its parsed phrase."""

    failure: Failure
    wording: Wording
    phrase: Phrase


class Table(Struct, frozen=True):
    """All failures, ordered for a look-up."""

    failures: tuple[Failure, ...]
    by_class: Mapping[str, tuple[Row, ...]]
    """Rows by the last part of the class; those of one class in the order of the file."""
    messages: tuple[Row, ...]
    """Rows with a message, for an exception whose class is not known."""
    logs: tuple[Row, ...]
    """Rows of lines of a log."""


def read_table(text: str) -> Table:
    """Parse the table. Raises ValueError with the place of a mistake."""
    try:
        found = msgspec.convert(tomllib.loads(text)["failure"], tuple[Failure, ...])
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    by_class: dict[str, tuple[Row, ...]] = {}
    messages: list[Row] = []
    logs: list[Row] = []
    for failure in found:
        for one in failure.wording:
            row = Row(failure, one, phrase(one.log or one.message))
            if one.log:
                logs.append(row)
            elif one.message:
                messages.append(row)
            for name in one.exception:
                short = last_part(name)
                by_class[short] = (*by_class.get(short, ()), row)
    return Table(found, by_class, tuple(messages), tuple(logs))


@lru_cache(1)
def table() -> Table:
    """The table of this flinktop."""
    return read_table(TABLE.read_text(encoding="utf-8"))


def last_part(name: str) -> str:
    """The class without its package and the class around it."""
    return name.rpartition(".")[2].rpartition("$")[2]
