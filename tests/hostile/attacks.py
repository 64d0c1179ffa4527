"""What the server answers in the place of an honest answer: bytes, and the seconds before each of them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final

from tests.hostile import texts
from tests.odd_values import ODD

Sent = Iterator[tuple[float, bytes]]
"""Seconds to wait, and what is sent then."""
MIB: Final = 1024 * 1024
GENERATED: Final = 500
ODD_NUMBERS: Final = {
    **ODD,
    "5,000 digits": "9" * 5000,
    "5,000 digits as text": '"' + "9" * 5000 + '"',
    "2^64": "18446744073709551616",
}


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to answer."""

    name: str
    answer: Callable[[str, bytes], Sent]
    """By path and honest body."""


def whole(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """An answer as HTTP writes it."""
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1", "replace") + body


def named() -> tuple[Attack, ...]:
    """One for each of those that were found to be too much for it once."""
    return (
        *(Attack(f"text: {name}", _texts(text)) for name, text in texts.NAMED.items()),
        *(Attack(f"numbers: {name}", _numbers(odd)) for name, odd in ODD_NUMBERS.items()),
        *(Attack(name, answer) for name, answer in WHOLE.items()),
    )


def generated(seed: int) -> Attack:
    """Any other: the same for the same seed."""
    kinds = (_changed, _scrambled, _other_head, _grown)
    kind = _random(str(seed)).choices(kinds, weights=(5, 2, 2, 1))[0]
    name = f"generated {seed}: {kind.__name__[1:]}"
    return Attack(name, lambda path, body: kind(_random(f"{seed} {path}"), body))


def _random(seed: str) -> Random:
    return Random(seed)  # noqa: S311 -- a game, not a secret


# -- documents ---------------------------------------------------------------------------------------


def _texts(text: str) -> Callable[[str, bytes], Sent]:
    def answer(_path: str, body: bytes) -> Sent:
        raw = _document(body)
        yield (
            0.0,
            whole(
                _packed(_each(raw, lambda leaf: text if isinstance(leaf, str) else leaf))
                if raw
                else text.encode("utf-8", "replace")
            ),
        )

    return answer


def _numbers(odd: str) -> Callable[[str, bytes], Sent]:
    def answer(_path: str, body: bytes) -> Sent:
        raw = _each(_document(body), lambda leaf: "@odd@" if isinstance(leaf, int | float) else leaf)
        yield 0.0, whole(_packed(raw).replace(b'"@odd@"', odd.encode()))

    return answer


def _each(raw: Any, change: Callable[[Any], Any], key: str = "") -> Any:
    """The document with its leaves changed, but for the ids by which more is asked."""
    if isinstance(raw, dict):
        return {name: _each(value, change, name) for name, value in raw.items()}
    if isinstance(raw, list):
        return [_each(value, change, key) for value in raw]
    return raw if key in ("id", "jid", "state", "status") or isinstance(raw, bool) else change(raw)


@cache
def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _packed(raw: Any) -> bytes:
    return json.dumps(raw, ensure_ascii=True).encode()


def _changed(random: Random, body: bytes) -> Sent:
    """Some leaves are something else."""
    share = random.choice((0.02, 0.2, 0.9))
    odd = [json.loads(text, parse_int=str, parse_constant=str) for text in ODD_NUMBERS.values()]

    def change(leaf: Any) -> Any:
        if random.random() > share:
            return leaf
        values: tuple[Any, ...] = (
            texts.drawn(random),
            random.choice(odd),
            None,
            [],
            {},
            [leaf] * 50,
            {texts.drawn(random)[:200]: leaf},
            not leaf,
        )
        return random.choice(values)

    yield 0.0, whole(_packed(_each(_document(body), change))[: 20 * MIB])


def _scrambled(random: Random, body: bytes) -> Sent:
    """Bytes are cut, doubled, moved or replaced."""
    spoilt = bytearray(body)
    for _ in range(random.randint(1, 20)):
        at, to = sorted(random.randrange(len(spoilt) + 1) for _ in range(2))
        match random.randrange(4):
            case 0:
                del spoilt[at : min(to, at + 50)]
            case 1:
                spoilt[at:at] = spoilt[at : min(to, at + 2000)] * random.randint(1, 20)
            case 2:
                spoilt[at : at + 1] = random.randbytes(random.randint(1, 8))
            case _:
                spoilt[at:at] = texts.drawn(random)[:1000].encode("utf-8", "surrogatepass")
    yield 0.0, whole(bytes(spoilt))


def _other_head(random: Random, body: bytes) -> Sent:
    """Status and headers are others, what comes is less or more than they say, or it comes slowly."""
    status = random.choice(
        (
            "200 OK",
            "204 No",
            "206 Part",
            "302 Found",
            "401 No",
            "404 No",
            "500 Oh",
            "503 Later",
            "999 ?",
            "100 Go",
            "abc",
        )
    )
    headers = random.choice(
        (
            {},
            {"Content_Length": str(random.choice((0, 1, 10**6, 10**30)))},
            {"Content_Encoding": random.choice(("gzip", "br", "gzip, gzip", "\x9d", "identity, zstd"))},
            {"Transfer_Encoding": random.choice(("chunked", "gzip", "x"))},
            {
                "Location": texts.drawn(random)
                .encode("latin-1", "replace")
                .decode("latin-1")
                .replace("\r", "")
                .replace("\n", "")[:2000]
            },
            {"Set_Cookie": "a" * 3000},
            {"X": "y" * 90_000},
        )
    )
    answer = whole(
        body if random.random() < 0.5 else texts.drawn(random).encode("utf-8", "replace"), status, **headers
    )
    cut = random.randrange(1, len(answer)) if random.random() < 0.4 else len(answer)
    yield 0.0, answer[:cut]
    if random.random() < 0.2:
        yield from ((0.3, b" ") for _ in range(100))


def _grown(random: Random, _body: bytes) -> Sent:
    """A document of many parts."""
    unit = random.choice(
        (b"{}", b"[]", b"1", b'""', b'{"id":"a"}', b'{"jid":"a","name":"b"}', b"null", b'{"a":{"b":[1]}}')
    )
    key = random.choice((b"jobs", b"taskmanagers", b"vertices", b"history", b"entries", b"logs", b"x"))
    count = random.choice((1000, 30_000, 99_000, 1_000_000))
    inside = b",".join([unit] * min(count, 15 * MIB // len(unit)))
    yield 0.0, whole(b'{"%s":[%s]}' % (key, inside) if random.random() < 0.8 else b"[%s]" % inside)


# -- whole answers -----------------------------------------------------------------------------------


def _always(answer: Callable[[], bytes]) -> Callable[[str, bytes], Sent]:
    def send(_path: str, _body: bytes) -> Sent:
        yield 0.0, answer()

    return send


def _many(unit: bytes, size: int) -> bytes:
    return b'{"jobs":[' + unit * (size // len(unit)) + unit.rstrip(b",") + b"]}"


def _jobs() -> bytes:
    rows = ({"jid": f"{number:032x}", "name": "x", "state": "RUNNING"} for number in range(49_000))
    return _packed({"jobs": list(rows)})


@cache
def _bomb() -> bytes:
    return gzip.compress(gzip.compress(bytes(100 * MIB)))


def _drip(begin: bytes, rest: bytes) -> Callable[[str, bytes], Sent]:
    def send(_path: str, _body: bytes) -> Sent:
        yield 0.0, begin
        yield from ((0.3, rest[at : at + 1]) for at in range(min(len(rest), 150)))

    return send


def _traced(_path: str, _body: bytes) -> Sent:
    trace = "a.B: " + "x" * MIB + "\n" * MIB + "\x9d" * MIB
    yield 0.0, whole(_packed({"errors": ["Internal server error.", trace]}), "500 Oh")


def _at_the_interval(milliseconds: int) -> Callable[[str, bytes], Sent]:
    def send(_path: str, body: bytes) -> Sent:
        raw = _document(body)
        changed = {**raw, "refresh-interval": milliseconds} if isinstance(raw, dict) else raw
        yield 0.0, whole(_packed(changed) if raw is not None else body)

    return send


WHOLE: Final[Mapping[str, Callable[[str, bytes], Sent]]] = {
    "packed twice": _always(lambda: whole(_bomb(), Content_Encoding="gzip, gzip")),
    "packed": _always(lambda: whole(zlib.compress(bytes(50 * MIB)), Content_Encoding="deflate")),
    "16 MB of empty objects": _always(lambda: whole(_many(b"{},", 15 * MIB))),
    "64 MB of empty objects": _always(lambda: whole(_many(b"{},", 64 * MIB))),
    "16 MB of numbers": _always(lambda: whole(_many(b"1,", 15 * MIB))),
    "16 MB of keys": _always(lambda: whole(b"{" + b",".join(b'"%x":1' % n for n in range(1_500_000)) + b"}")),
    "49,000 jobs": _always(lambda: whole(_jobs())),
    "deep": _always(lambda: whole(b'{"jobs":' + b"[" * 90_000)),
    "deep, as an error": _always(lambda: whole(b'{"errors":' + b"[" * 500_000, "500 Oh")),
    "a long trace, as an error": _traced,
    "no address to go to": _always(lambda: whole(b"", "302 Found", Location="http://[evil/")),
    "a head byte by byte": _drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000),
    "a body byte by byte": _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" " * 1000),
    "silence": _drip(b"", b""),
    "cookies": _always(lambda: whole(b"{}", Set_Cookie="a" * 4000)),
    "a length without end": _always(lambda: whole(b"{}", Content_Length="9" * 5000)),
    "heads without end": _always(lambda: b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000),
    "no HTTP": _always(lambda: "".join(texts.SEQUENCES).encode() * 100),
    "asked a thousand times a second": _at_the_interval(1),
    "never asked": _at_the_interval(2**62),
}
