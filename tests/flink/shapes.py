"""Documents and types side by side: which keys a type declares, which of them a document has."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

Field = tuple[type, str]


def fields(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """A struct's types by their names in JSON."""
    hints = get_type_hints(struct, include_extras=True)
    names = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
    return {name: hints[attribute] for attribute, name in names}


def inner(kind: Any) -> list[Any]:
    """The types that a value of this type may be, without None and annotations."""
    if get_origin(kind) is Annotated:
        return inner(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [found for member in get_args(kind) for found in inner(member)]
    return [] if kind is NoneType else [kind]


def walk(raw: Any, kind: Any, path: str = "") -> Iterator[tuple[str, Field | None]]:
    """Every key of a document: its path, and the struct's field it belongs to or None."""
    for one in inner(kind):
        origin, args = get_origin(one), get_args(one)
        if isinstance(raw, dict) and isinstance(one, type) and issubclass(one, msgspec.Struct):
            declared = fields(one)
            for key, value in raw.items():
                here = f"{path}.{key}".lstrip(".")
                yield here, (one, key) if key in declared else None
                if key in declared:
                    yield from walk(value, declared[key], here)
        elif isinstance(raw, list) and origin in (list, tuple):
            for value in raw:
                yield from walk(value, args[0], f"{path}[]")
        elif isinstance(raw, dict) and origin is dict:
            for value in raw.values():
                yield from walk(value, args[1], f"{path}{{}}")


def undeclared(raw: Any, kind: Any) -> set[str]:
    """The keys of a document that its type does not declare."""
    return {path for path, field in walk(raw, kind) if field is None}


def declared(kind: Any, seen: set[type] | None = None) -> set[Field]:
    """All fields of a type and the types inside it."""
    seen = set() if seen is None else seen
    found: set[Field] = set()
    for one in inner(kind):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            if one not in seen:
                seen.add(one)
                for name, part in fields(one).items():
                    found |= {(one, name)} | declared(part, seen)
        else:
            for part in get_args(one):
                if part is not Ellipsis:
                    found |= declared(part, seen)
    return found


def texts(value: Any) -> Iterator[tuple[str, bool]]:
    """Every text inside a decoded value, and whether its field may keep line breaks."""
    yield from _texts(value, lines=isinstance(value, str))


def _texts(value: Any, *, lines: bool) -> Iterator[tuple[str, bool]]:
    if isinstance(value, str):
        yield value, lines
    elif isinstance(value, msgspec.Struct):
        hints = get_type_hints(type(value), include_extras=True)
        for attribute in value.__struct_fields__:
            keeps = Annotated in {
                get_origin(part) for part in (hints[attribute], *get_args(hints[attribute]))
            }
            yield from _texts(getattr(value, attribute), lines=keeps)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(key, lines=False)
            yield from _texts(part, lines=lines)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part, lines=lines)


STEERING = {0x061C, 0x200B, 0x200E, 0x200F, 0xFEFF, *range(0x2028, 0x202F), *range(0x2060, 0x2070)}
"""Letters beyond C0 and C1 that turn a line around, break it or hide in it."""


def control_characters(value: Any) -> list[str]:
    """The texts of a value that could steer a terminal."""
    return [text for text, lines in texts(value) if steers(text, lines=lines)]


def steers(text: str, *, lines: bool = False) -> bool:
    """Whether a text holds a control character, a lone surrogate or a letter that steers."""
    allowed = "\n\t" if lines else ""
    return any(
        (
            letter not in allowed
            and (ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 or 0xD800 <= ord(letter) < 0xE000)
        )
        or ord(letter) in STEERING
        for letter in text
    )
