"""Which well-known failure a trace, a message or a line of a log is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.text import clean
from flinktop.known.phrase import fill, match
from flinktop.known.table import last_part, table
from flinktop.known.traces import Event, events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flinktop.known.table import Failure, Row, Wording
    from flinktop.known.traces import Thrown

LEAST_ANCHOR: Final = 16
"""Characters of a message that is recognised without its class."""
_UNPACKED: Final = 300
"""Characters of a message in the sentence that says what was recognised."""


class Known(Struct, frozen=True):
    """A well-known failure that was recognised, with the values of its message."""

    failure: Failure
    wording: Wording
    values: dict[str, str]
    cause: str
    """The exception, or the line of the log, that it was recognised by: on one line."""
    line: int = 1
    """Its line in the text."""

    @property
    def means(self) -> str:
        """What it means."""
        return fill(self.failure.means, self.values)

    @property
    def next(self) -> str:
        """What to do first."""
        return fill(self.failure.next, self.values)


def of_trace(trace: str) -> Known | None:
    """The failure of one trace: the deepest cause that is known; None if none is."""
    return next((found for event in events(trace) if (found := of_chain(event.chain)) is not None), None)


def of_chain(chain: Sequence[Thrown]) -> Known | None:
    """The failure of the deepest exception that is known, or of one above it that decides."""
    known = (of_thrown(one, is_deepest=one is chain[-1]) for one in reversed(chain))
    deepest: Known | None = None
    for found in filter(None, known):
        if found.wording.decides:
            return found
        deepest = deepest or found
    return deepest


def of_thrown(one: Thrown, *, is_deepest: bool) -> Known | None:
    """The failure of one exception: by its class and message, or by the message alone if that is all."""
    rows: Iterable[Row] = table().by_class.get(last_part(one.name), ())
    if not one.name:
        rows = (row for row in table().messages if len(row.phrase.anchor) >= LEAST_ANCHOR)
    for row in rows:
        if row.wording.alone and not is_deepest:
            continue
        if one.name and not any(_is(one.name, name) for name in row.wording.exception):
            continue
        values = match(row.phrase, one.message)
        if values is not None:
            return Known(row.failure, row.wording, values, _sentence(one), one.line)
    return None


def of_text(text: str) -> Iterator[Known]:
    """Everything that is known in a text, in its order: one failure a trace, and lines of a log."""
    logs = tuple(row for row in table().logs if row.phrase.anchor in text)
    for event in events(text):
        found = of_chain(event.chain) or _of_line(event, logs)
        if found is not None:
            yield found


def _of_line(event: Event, rows: Iterable[Row]) -> Known | None:
    for row in rows:
        values = match(row.phrase, event.text)
        if values is not None:
            return Known(row.failure, row.wording, values, _short(event.text), event.line)
    return None


def _is(name: str, wanted: str) -> bool:
    """Whether a class is the wanted one, or a copy of it in a longer package."""
    if wanted.startswith("*"):
        return last_part(name) == last_part(wanted)
    return name == wanted or name.endswith(f".{wanted}")


def _sentence(one: Thrown) -> str:
    return _short(f"{one.name}: {one.message}" if one.name and one.message else one.name or one.message)


def _short(text: str) -> str:
    line = " ".join(clean(text[: 4 * _UNPACKED]).split())
    return line if len(line) <= _UNPACKED else line[: _UNPACKED - 1] + "…"
