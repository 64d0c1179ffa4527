"""`flinktop explain`: which well-known failures a trace or a log holds, what they mean, what to do first."""

# ruff: noqa: T201 -- this module prints

from __future__ import annotations

import codecs
import os
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from flinktop.allowed import shown_path
from flinktop.flink.text import clean_lines
from flinktop.headless.args import DONE, NOTHING_KNOWN, USAGE
from flinktop.known.recognise import of_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flinktop.headless.args import ExplainArgs
    from flinktop.known.recognise import Known

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of a file; the rest is not read."""
MOST_LINES: Final = 8
"""Line numbers that are printed of one failure; --json has all."""
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How a text begins that PowerShell has written."""
_PREFIX: Final = re.compile(r"^(?:[\w.-]{1,200} {1,100}\| |\[pod/[^\]\n]{1,500}\] )", re.MULTILINE)
"""What `docker compose logs` and `kubectl logs --prefix` put before each line."""
_WIDEST: Final = 100
_LABEL: Final = 8


class Found(Struct, frozen=True):
    """One failure with the lines at which it was found, in the words of its first one."""

    known: Known
    lines: tuple[int, ...]


def run_explain(args: ExplainArgs) -> int:
    """Read, print and return the exit code."""
    try:
        text = _read(args.file)
    except OSError as error:
        what = "standard input" if args.file in (None, "-") else shown_path(Path(args.file))
        print(f"flinktop: cannot read {what}: {error.strerror or error}", file=sys.stderr)
        return USAGE
    found = grouped(of_text(text))
    if args.json:
        print(msgspec.json.encode([as_object(one) for one in found]).decode())
    elif found:
        print("\n\n".join("\n".join(lines_of(one, _width())) for one in found))
    else:
        print("No well-known failure found.")
    return DONE if found else NOTHING_KNOWN


def grouped(found: Iterable[Known]) -> tuple[Found, ...]:
    """The failures in the order of the text; the same one with the same values is one."""
    groups: dict[tuple[str, str, str], list[Known]] = {}
    for one in found:
        groups.setdefault((one.failure.id, one.means, one.next), []).append(one)
    return tuple(Found(same[0], tuple(one.line for one in same)) for same in groups.values())


def as_object(found: Found) -> dict[str, Any]:
    """The JSON of a failure."""
    failure = found.known.failure
    return {
        "id": failure.id,
        "name": failure.name,
        "lines": found.lines,
        "cause": found.known.cause,
        "means": found.known.means,
        "next": found.known.next,
        "look": failure.look or None,
        "docs": failure.docs,
        "follows": failure.follows,
        "values": found.known.values,
    }


def lines_of(found: Found, width: int) -> Iterator[str]:
    """A failure as text."""
    failure = found.known.failure
    yield f"{_lines(found.lines)}: {failure.name}{' (a consequence)' if failure.follows else ''}"
    for label, text in (
        ("cause", found.known.cause),
        ("means", found.known.means),
        ("next", found.known.next),
        ("look", f"in flinktop: {failure.look}" if failure.look else ""),
        ("docs", f'"{failure.docs}"'),
    ):
        if text:
            yield from textwrap.wrap(
                text,
                width,
                initial_indent=f"  {label:{_LABEL - 2}}",
                subsequent_indent=" " * _LABEL,
                break_on_hyphens=False,
                break_long_words=False,
            )


def _lines(numbers: tuple[int, ...]) -> str:
    lines = tuple(dict.fromkeys(numbers))  # a document in JSON may be a single one
    most = ", ".join(map(str, lines[:MOST_LINES]))
    where = f"line{'s' if len(lines) > 1 else ''} {most}{'…' if len(lines) > MOST_LINES else ''}"
    return f"{where} ({len(numbers)} times)" if len(numbers) > 1 else where


def _read(file: str | None) -> str:
    """The text, without whatever controls a terminal. Raises OSError."""
    if file not in (None, "-"):
        with Path(file).open("rb") as source:
            body = source.read(MOST_BYTES + 1)
    elif sys.stdin is None:
        raise OSError("it is closed")
    else:
        if sys.stdin.isatty():
            print("flinktop: reading a trace or a log; end it with ctrl+d", file=sys.stderr)
        body = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        print(f"flinktop: only the first {MOST_BYTES >> 20} MB are read", file=sys.stderr)
    return as_written(body[:MOST_BYTES])


def as_written(body: bytes) -> str:
    """The lines as their process wrote them: not as what has copied them indents or prefixes them."""
    text = clean_lines(body.decode("utf-16" if body.startswith(_UTF_16) else "utf-8", "replace"))
    return textwrap.dedent(_PREFIX.sub("", text))


def _width() -> int:
    """The width of the text: that of the terminal, up to a readable one."""
    if not sys.stdout.isatty():
        return _WIDEST
    return max(40, min(os.get_terminal_size(1).columns, _WIDEST))
