"""Phrases of the table: how a message reads, and sentences that its values are put into.

A phrase such as `Topic {topic} not present in metadata after {} ms.` matches the beginning of a message.
`{topic}` is a value, some text of one line; `{}` is one without a name; at the end of a phrase a value is one
word, and `{topic…}` the rest of the line. `…` is any text, also of several lines, so a phrase that begins
with it may stand anywhere in a message.

These are not regular expressions: a phrase is looked for from left to right, and only its beginning is tried
again, so the time grows with the length of the message at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_VALUE: Final = 400  # characters of a value
MOST_GAP: Final = 2000  # characters of a gap
MOST_MESSAGE: Final = 8000  # characters of a message that are looked at
MOST_STARTS: Final = 8  # places where a phrase that begins with a gap is tried
SHOWN_VALUE: Final = 160  # characters of a value in a sentence
_GAP: Final = "…"
_MOST: Final = {"": 0, "value": MOST_VALUE, "line": MOST_VALUE, "gap": MOST_GAP}
"""Characters before a literal text, by what stands there."""


class Part(Struct, frozen=True):
    """A literal text with what stands before it: a value, a gap, or nothing."""

    text: str  # "" at the end of a phrase that ends with a value or a gap
    before: str = ""  # "", "value", "line" (a value: the rest of the line) or "gap"
    name: str = ""  # of the value


class Phrase(Struct, frozen=True):
    """A phrase of the table, parsed."""

    parts: tuple[Part, ...]
    anchor: str = ""
    """Its longest literal text: a message without it is none of this phrase."""

    @property
    def names(self) -> frozenset[str]:
        """The names of its values."""
        return frozenset(part.name for part in self.parts if part.name)

    @property
    def beginning(self) -> str | None:
        """What a message of this phrase begins with; None if that may be anything."""
        if not self.parts:
            return ""
        return None if self.parts[0].before else self.parts[0].text


def phrase(text: str) -> Phrase:
    """Parse a phrase. Raises ValueError if a brace is open, or values have no text between them."""
    parts: list[Part] = []
    rest, before, name = text, "", ""
    while rest or before:
        ends = [at for mark in ("{", _GAP) if (at := rest.find(mark)) >= 0]
        end = min(ends, default=len(rest))
        literal, rest = rest[:end], rest[end:]
        if before and not literal and rest:
            raise ValueError(f"no text between two values: {text!r}")
        if literal or before:
            parts.append(Part(literal, before, name))
        before, name = "", ""
        if rest.startswith(_GAP):
            before, rest = "gap", rest[1:]
        elif rest:
            name, closed, rest = rest[1:].partition("}")
            if not closed:
                raise ValueError(f"an open brace: {text!r}")
            before = "line" if name.endswith(_GAP) else "value"
            name = name.removesuffix(_GAP)
    return Phrase(tuple(parts), max((part.text for part in parts), key=len, default=""))


def match(wanted: Phrase, message: str) -> dict[str, str] | None:
    """The values of a message by name; None if it does not read so."""
    message = message[:MOST_MESSAGE]
    if not wanted.parts:
        return {}
    if wanted.anchor not in message:
        return None
    first, *rest = wanted.parts
    if first.before != "gap":
        return _from(wanted.parts, message, 0)
    at = -1
    for _ in range(MOST_STARTS):
        at = message.find(first.text, at + 1)
        if at < 0:
            return None
        found = _from((Part(first.text), *rest), message, at)
        if found is not None:
            return found
    return None


def _from(parts: tuple[Part, ...], message: str, at: int) -> dict[str, str] | None:
    """Match from one place on: each literal is the nearest one behind the last."""
    values: dict[str, str] = {}
    for part in parts:
        if not part.text:
            value = _rest(message, at, part.before)
            end = at + len(value)
        else:
            end = message.find(part.text, at, at + _MOST[part.before] + len(part.text))
            if end < 0:
                return None
            value = message[at:end]
        if part.before in ("value", "line"):
            value = value.strip(" \t")
            if not value or "\n" in value or values.get(part.name, value) != value:
                return None
            if part.name:
                values[part.name] = value
        at = end + len(part.text)
    return values


def _rest(message: str, at: int, kind: str) -> str:
    """The value at the end of a phrase: a word, or the line."""
    if kind == "line":
        return message[at : at + MOST_VALUE].partition("\n")[0].strip()
    if kind != "value":
        return ""
    found = message[at : at + MOST_VALUE].split(None, 1)
    starts = bool(found) and message.startswith(found[0], at)
    return found[0].rstrip(".,;)") if starts else ""


def fill(sentence: str, values: Mapping[str, str]) -> str:
    """A sentence with its values; what stands in [brackets] is left out if one of its values is missing."""
    out: list[str] = []
    for piece in sentence.replace("[", "\0[").replace("]", "]\0").split("\0"):
        is_optional = piece.startswith("[")
        text = piece[1:-1] if is_optional else piece
        filled = _filled(text, values)
        if filled is not None:
            out.append(filled)
        elif not is_optional:
            raise KeyError(text)
    return "".join(out)


def needs(sentence: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the values that a sentence must have, and of those in brackets."""
    must: set[str] = set()
    may: set[str] = set()
    for piece in sentence.replace("[", "\0[").replace("]", "]\0").split("\0"):
        names = {part.partition("}")[0] for part in piece.split("{")[1:]}
        (may if piece.startswith("[") else must).update(names)
    return frozenset(must), frozenset(may)


def _filled(text: str, values: Mapping[str, str]) -> str | None:
    first, *rest = text.split("{")
    out = [first]
    for part in rest:
        name, _, after = part.partition("}")
        if name not in values:
            return None
        out += [_shown(values[name]), after]
    return "".join(out)


def _shown(value: str) -> str:
    value = " ".join(value.split())
    return value if len(value) <= SHOWN_VALUE else value[: SHOWN_VALUE - 1] + "…"
