"""Label selectors, as kubectl takes them: `app=orders,tier!=test`, `env in (a,b)`, `!canary`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEY: Final = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]{0,316})"
_VALUE: Final = r"[-A-Za-z0-9_.]{0,63}"
_REQUIREMENT: Final = re.compile(
    rf"\s*(?:(!)\s*({_KEY})|({_KEY})\s*(?:(==|=|!=)\s*({_VALUE})|\s(in|notin)\s*\(([^()]{{0,4000}})\))?)\s*"
)
_ONE_VALUE: Final = re.compile(_VALUE)


class SelectorError(ValueError):
    """A text that is no label selector; the message says which part of it."""


class Requirement(Struct, frozen=True):
    """What is required of one label."""

    key: str
    values: frozenset[str] | None  # None: any
    wanted: bool  # False: the label may not have one of the values, or not be there at all

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether labels fulfil it; a label that is missing has none of the values."""
        value = labels.get(self.key)
        has = value is not None and (self.values is None or value in self.values)
        return has is self.wanted


class Selector(Struct, frozen=True):
    """Requirements, all of which must hold."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels fulfil every requirement; without one, any labels do."""
        return all(one.holds(labels) for one in self.requirements)


def selector(text: str) -> Selector:
    """The selector in a text; "" is one that everything matches. Raises SelectorError."""
    if not text.strip():
        return Selector()
    return Selector(tuple(_requirement(part) for part in _parts(text)))


def _parts(text: str) -> Iterator[str]:
    """What stands between commas that are in no brackets."""
    start, inside = 0, False
    for place, letter in enumerate(text):
        if letter in "()":
            inside = letter == "("
        elif letter == "," and not inside:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _requirement(text: str) -> Requirement:
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        raise SelectorError(
            f"{clean(text.strip())[:80]!r} is not a requirement of a label selector: use app=orders, "
            "app!=orders, app in (a,b), app notin (a,b), app or !app"
        )
    no, absent, key, sign, value, word, several = found.groups()
    if no:
        return Requirement(absent, None, wanted=False)
    if sign:
        return Requirement(key, frozenset((value,)), wanted=sign != "!=")
    if word:
        values = frozenset(one.strip() for one in several.split(","))
        if not all(_ONE_VALUE.fullmatch(one) for one in values):
            raise SelectorError(f"{clean(several)[:80]!r} are not values of a label")
        return Requirement(key, values, wanted=word == "in")
    return Requirement(key, None, wanted=True)
