"""Decoding bytes into typed values, field by field: one bad field never loses a document.

The fast way is msgspec straight into the type. A document is read untyped if its bytes hold a control
character (or an escape that could make one) or a text that is too long, or if a field does not fit its
type. Then every text is cut and cleaned, what does not fit is dropped and reported, and the rest is
converted. The type of a number gives its bounds (numbers.py); a number outside them does not fit.

A document of more parts than its endpoint allows is not read at all: two bytes can become a hundred.
"""

import json
import math
import re
from collections import Counter
from functools import lru_cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from msgspec import Struct

from flinktop.flink.endpoint import MOST_PARTS
from flinktop.flink.error_text import page_title
from flinktop.flink.errors import BadReply
from flinktop.flink.numbers import Figure
from flinktop.flink.text import MOST, PILE, clean, clean_lines, cut

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query
    from flinktop.flink.http import Http

T = TypeVar("T")

Lines = Annotated[str, msgspec.Meta(extra={"lines": True})]  # server text that keeps its \n and \t

_ESCAPE = re.compile(rb"\\[bfnrtu]")
_PLAIN = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_MARKS = re.compile(  # UTF-8 of the characters that `clean` removes
    rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]"
    rb"|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xed[\xa0-\xbf]|\xf3\xa0[\x80\x81]"
)


_INFINITE = ("Infinity", "-Infinity")  # Java's spelling of infinite numbers
_DIGITS = 40  # of an integer at most; Python refuses to read one of thousands

_FIELDS = 10  # most commas for each of them
_MOST_UNTYPED = 300_000  # parts and commas of a document that is read untyped: each takes 4 µs and 200 bytes

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)  # a quoted text, possibly unterminated
_WORTH_SHARING = 500  # characters of a text that is stored once if a document repeats it

_LONG = 10_000  # bytes from which on a document that decodes counts as Flink's


class DecodeError(ValueError):
    """Nothing of a document is usable; the message says what it is instead."""


class Decoded(Struct, Generic[T], frozen=True):
    """A value, and which fields of its document did not fit."""

    value: T
    drift: tuple[str, ...] = ()  # one line per dropped field, such as `jobs[].start-time: got str (3 times)`


def decode(body: bytes, reply: type[T], most_parts: int = MOST_PARTS) -> Decoded[T]:
    """Decode `body` as a `reply`; text gives a str with its line breaks. Raises DecodeError."""
    try:
        return _decode(body, reply, most_parts)
    except RecursionError:
        raise DecodeError(f"JSON that is nested too deeply ({len(body)} bytes)") from None


def decode_answer(body: bytes, query: "Query[T]") -> Decoded[T]:
    """As `decode`, for the answer to a query; an id in it that differs is set to the one requested."""
    decoded = decode(body, query.endpoint.reply, query.endpoint.most_parts)
    if query.endpoint.named is None:
        return decoded
    field, name = query.endpoint.named
    wanted, value = dict(query.ids)[name], cast("Any", decoded.value)
    if getattr(value, field) == wanted:
        return decoded
    return Decoded(msgspec.structs.replace(value, **{field: wanted}), decoded.drift)


def _decode(body: bytes, reply: type[T], most_parts: int) -> Decoded[T]:
    if reply is str:
        return Decoded(cast("T", clean_lines(body.decode("utf-8", "replace"))))
    parts, commas = _size(body)
    if parts > most_parts or parts + commas > _MOST_UNTYPED:
        # Texts, such as records in an exception's message, may be full of them.
        parts, commas = _size_without_texts(body, most_parts)
    if parts > most_parts or commas > _FIELDS * most_parts:
        raise DecodeError(f"a document of {parts:,} parts and {commas:,} commas or more, too many to read")
    # The fast way would accept an infinite number silently.
    if not suspicious(body) and not _has_long(body) and b"Infinity" not in body:
        try:
            value = _decoder(cast("Any", reply)).decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        else:
            if not _only_defaults(body, value):
                return Decoded(cast("T", value))
    if parts + commas > _MOST_UNTYPED:
        raise DecodeError(f"a document of {parts + commas:,} parts with fields that are not Flink's")
    return _decode_untyped(body, reply)


def suspicious(body: bytes) -> bool:
    """Whether a decoded text could hold something that `clean` changes (no false negatives)."""
    if b"\\" in body and _ESCAPE.search(body):
        return True
    rest = body.translate(None, _PLAIN)
    # Letters between them are gone: what looks like a pile may be none.
    return bool(rest) and (
        _MARKS.search(rest) is not None or PILE.search(rest.decode(errors="replace")) is not None
    )


def _size(body: bytes) -> tuple[int, int]:
    return body.count(b"{") + body.count(b"["), body.count(b",")


def _size_without_texts(body: bytes, most_parts: int) -> tuple[int, int]:
    """The same, ignoring texts; stops counting at the first part over the limit.

    Nothing is copied: a copy of a million short texts would take twenty times the document's size.
    """
    parts = commas = at = 0
    for text in _TEXT.finditer(body):
        parts += body.count(b"{", at, text.start()) + body.count(b"[", at, text.start())
        commas += body.count(b",", at, text.start())
        at = text.end()
        if parts > most_parts or commas > _FIELDS * most_parts:
            return parts, commas
    return parts + body.count(b"{", at) + body.count(b"[", at), commas + body.count(b",", at)


def _has_long(body: bytes) -> bool:
    """Whether a text could be longer than the limit (no false negatives)."""
    if len(body) <= MOST:
        return False
    if b'\\"' in body:
        body = body.replace(b'\\"', b"''")
    at = 0
    while len(body) - at > MOST:
        quote = body.rfind(b'"', at, at + MOST + 1)
        if quote < 0:
            return True
        at = quote + 1
    return False


async def read(http: "Http", query: "Query[T]") -> Decoded[T]:
    """Send a query and decode the answer. Raises as `Http.get`; BadReply for any other document."""
    reply = await http.get(query)
    try:
        return decode_answer(reply.body, query)
    except DecodeError as error:
        url = f"{http.url}/{query.target.partition('?')[0]}"
        raise BadReply("GET", url, str(error), status=reply.status) from None


@lru_cache(maxsize=256)
def _decoder(reply: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(reply, strict=False)


@lru_cache(maxsize=256)
def _defaults(struct: Any) -> dict[str, Any]:
    """A struct's fields and their default values."""
    return {
        info.name: info.default_factory() if info.default_factory is not msgspec.NODEFAULT else info.default
        for info in msgspec.structs.fields(struct)
    }


def _only_defaults(body: bytes, value: object) -> bool:
    """Whether a struct holds only defaults, so that the body may be another server's."""
    if not isinstance(value, msgspec.Struct) or len(body) > _LONG:
        return False
    return all(getattr(value, name) == default for name, default in _defaults(type(value)).items())


def _decode_untyped(body: bytes, reply: type[T]) -> Decoded[T]:
    kind: Any = reply
    raw = parse(body)
    drift: Counter[str] = Counter()
    raw = _cleaned(raw, _line_keys(kind), {}, lines=False)
    if isinstance(raw, dict) and _is_struct(kind):
        known = _fields(kind).keys()
        if known and not known & raw.keys():
            if raw:
                raise DecodeError(f"a document with {_listed(raw)}, which is not Flink's")
            drift["empty answer"] += 1
    fitting = _fit(raw, reply, "", drift)
    if fitting is _NOTHING:
        raise DecodeError(f"a JSON {_kind(raw)} that is not the document asked for")
    value = msgspec.convert(fitting, reply, strict=False)
    lines = tuple(line if count == 1 else f"{line} ({count} times)" for line, count in drift.items())
    return Decoded(value, lines)


def parse(body: bytes) -> Any:
    """Parse JSON, also with control characters, surrogates, a BOM or broken UTF-8. Raises DecodeError."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(body.decode("utf-8-sig", "replace"), strict=False, parse_int=_integer)
    except (ValueError, RecursionError):
        raise DecodeError(_looks_like(body)) from None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else float(digits)


def _looks_like(body: bytes) -> str:
    title = page_title(body)
    if title is not None:
        return f"a web page ({title}) instead of JSON" if title else "a web page instead of JSON"
    if not body.strip():
        return "an empty answer instead of JSON"
    if body.lstrip()[:1] in (b"{", b"["):
        return f"JSON that is cut short or broken ({len(body)} bytes)"
    beginning = " ".join(clean(body[:60].decode("utf-8", "replace")).split())
    return f"no JSON but {beginning!r}"


def _listed(raw: dict[str, Any]) -> str:
    names = [clean(str(name))[:30] for name in list(raw)[:3]]
    return ", ".join(repr(name) for name in names)


# -- cleaning ----------------------------------------------------------------------------------------


def _cleaned(raw: Any, keys: frozenset[str], known: dict[str, str], *, lines: bool) -> Any:
    """The tree with every text and key cut and cleaned; texts under `keys` keep their line breaks.

    Cleaned parts are freed at once, so the tree is not held twice. Equal long texts, such as the stacks of
    a restart loop, are stored once, in `known`.
    """
    if isinstance(raw, str):
        text = clean_lines(cut(raw)) if lines else clean(cut(raw))
        return known.setdefault(text, text) if len(text) > _WORTH_SHARING else text
    if isinstance(raw, dict):
        found = {}
        for key in tuple(raw):
            found[clean(cut(key))] = _cleaned(raw.pop(key), keys, known, lines=key in keys)
        return found
    if isinstance(raw, list):
        for at, value in enumerate(raw):
            raw[at] = _cleaned(value, keys, known, lines=lines)
    return raw


@lru_cache(maxsize=256)
def _line_keys(reply: Any) -> frozenset[str]:
    """The names in a document whose texts are `Lines`."""
    keys: set[str] = set()
    seen: set[Any] = set()

    def walk(kind: Any) -> bool:
        if kind == Lines:
            return True
        if _is_struct(kind):
            if kind not in seen:
                seen.add(kind)
                keys.update(name for name, inner in _fields(kind).items() if walk(inner))
            return False
        found = [walk(inner) for inner in get_args(kind)]
        return any(found)

    walk(reply)
    return frozenset(keys)


# -- fitting -----------------------------------------------------------------------------------------

_NOTHING: Any = object()


def _fit(raw: Any, kind: Any, path: str, drift: Counter[str]) -> Any:
    """The part of `raw` that converts to `kind`, or _NOTHING; dropped fields are counted in `drift`.

    Each part is tried alone instead of using the path in msgspec's message: that path has no index, so
    good siblings would be lost with the bad one.
    """
    fits = _converts(raw, kind)
    if fits and not _has_infinite(raw):
        return raw
    if fits and not isinstance(raw, dict | list):
        plain = _plain_types(kind)
        if Figure in plain:
            # Kept as it was sent; calculations treat it as unknown.
            drift[f"{path}: got infinite number"] += 1
            return raw
        parts = raw if str in plain else _NOTHING
    else:
        parts = _parts(raw, kind, path, drift)
    if parts is not _NOTHING and not _converts(parts, kind):
        parts = _NOTHING
    if parts is _NOTHING:
        drift[f"{path or 'answer'}: got {_kind(raw, kind)}"] += 1
    return parts


def _converts(raw: Any, kind: Any) -> bool:
    try:
        msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError:
        return False
    return True


def _has_infinite(raw: Any) -> bool:
    """Whether a document has an infinite number, or a text that parses as one."""
    if isinstance(raw, dict):
        return any(_has_infinite(value) for value in raw.values())
    if isinstance(raw, list):
        return any(_has_infinite(value) for value in raw)
    return raw in _INFINITE if isinstance(raw, str) else isinstance(raw, float) and math.isinf(raw)


@lru_cache(maxsize=512)
def _plain_types(kind: Any) -> frozenset[Any]:
    """The members of a union without their annotations; `Figure` stays."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind == Figure:
        return frozenset((Figure,))
    if origin is Annotated:
        return _plain_types(inner[0])
    if origin in (Union, UnionType):
        return frozenset(member for one in inner for member in _plain_types(one))
    return frozenset((kind,))


def _parts(raw: Any, kind: Any, path: str, drift: Counter[str]) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _parts(raw, inner[0], path, drift)
    if origin in (Union, UnionType):
        tried = (_parts(raw, member, path, drift) for member in inner if member is not NoneType)
        return next((parts for parts in tried if parts is not _NOTHING), _NOTHING)
    if _is_struct(kind) and isinstance(raw, dict):
        fields = _fields(kind)
        fitted = {
            name: _fit(value, fields[name], f"{path}.{name}" if path else name, drift)
            for name, value in raw.items()
            if name in fields
        }
        return {name: value for name, value in fitted.items() if value is not _NOTHING}
    if origin in (list, tuple) and isinstance(raw, list):
        rows = (_fit(value, inner[0], f"{path}[]", drift) for value in raw)
        return [row for row in rows if row is not _NOTHING]
    if origin is dict and isinstance(raw, dict):
        pairs = {name: _fit(value, inner[1], f"{path}{{}}", drift) for name, value in raw.items()}
        return {name: value for name, value in pairs.items() if value is not _NOTHING}
    return _NOTHING


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


@lru_cache(maxsize=512)
def _fields(struct: Any) -> dict[str, Any]:
    """The types of a struct's fields by their JSON names."""
    hints = get_type_hints(struct, include_extras=True)
    return {
        name: hints[attribute]
        for attribute, name in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
    }


def _kind(raw: Any, kind: Any = None) -> str:
    names = {dict: "object", list: "array", str: "text", bool: "boolean", NoneType: "null"}
    if isinstance(raw, str | float) and _has_infinite(raw):
        return "infinite number"
    if type(raw) in names:
        return names[type(raw)]
    return "number out of range" if _plain_types(kind) & {int, float} else "number"
