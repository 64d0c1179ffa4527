"""Which well-known failure a trace, a message or a line of a log is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.text import clean
from flinktop.known.phrase import fill, match
from flinktop.known.table import last_part, table
from flinktop.known.traces import events, thrown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flinktop.known.table import Failure, Row, Wording
    from flinktop.known.traces import Event, Thrown

_UNPACKED: Final = 300
"""Characters of a message in the sentence that says what was recognised."""


class Known(Struct, frozen=True):
    """A well-known failure that was recognised, with the values of its message."""

    failure: Failure
    wording: Wording
    values: dict[str, str]
    text: str
    """The exception, or the line of the log, that it was recognised by."""
    line: int = 1
    """Its line in the text."""

    @property
    def cause(self) -> str:
        """What it was recognised by, on one line."""
        return _short(self.text)

    @property
    def means(self) -> str:
        """What it means."""
        return fill(self.failure.means, self.values)

    @property
    def next(self) -> str:
        """What to do first."""
        return fill(self.failure.next, self.values)


def of_trace(trace: str) -> Known | None:
    """The failure of one trace: the deepest cause that is known; None if none is.

    A line without any exception is taken for the message of one: Flink 1.9 answers so, and the checkpoints.
    """
    has_exceptions = False
    for event in events(trace):
        has_exceptions = has_exceptions or bool(event.chain)
        if (found := of_chain(event.chain)) is not None:
            return found
    message = trace.strip()
    return None if has_exceptions or "\n" in message else of_thrown(thrown(message), is_deepest=True)


def of_chain(chain: Sequence[Thrown]) -> Known | None:
    """The failure of the deepest exception that is known, or of one above it that explains it better."""
    for place in range(len(chain) - 1, -1, -1):
        found = of_thrown(chain[place], is_deepest=place == len(chain) - 1)
        if found is not None:
            return _above(chain[:place], found) or found
    return None


def _above(chain: Sequence[Thrown], cause: Known) -> Known | None:
    """The failure of an exception above a known one, if it explains that one better."""
    if cause.failure.id not in table().explained:
        return None
    for one in reversed(chain):
        found = of_thrown(one, is_deepest=False)
        if found is not None and cause.failure.id in found.wording.instead_of:
            return found
    return None


def of_thrown(one: Thrown, *, is_deepest: bool) -> Known | None:
    """The failure of one exception: by its class and message, or by the message alone if that is all."""
    rows = table().by_class.get(last_part(one.name)) if one.name else table().messages
    for row in rows.that_may_match(one.message) if rows is not None else ():
        if row.wording.alone and not is_deepest:
            continue
        if one.name and not any(_is(one.name, name) for name in row.wording.exception):
            continue
        values = match(row.phrase, one.message)
        if values is not None:
            return Known(row.failure, row.wording, values, _written(one), one.line)
    return None


def of_text(text: str) -> Iterator[Known]:
    """Everything that is known in a text, in its order: one failure a trace, and lines of a log."""
    logs = _log_lines(text)
    for event in events(text):
        found = of_chain(event.chain) if event.chain else None
        if found is None and event.line in logs:
            found = _of_line(event, logs[event.line])
        if found is not None:
            yield found


def _log_lines(text: str) -> dict[int, list[Row]]:
    """The rows of lines of a log that may match, by the number of the line."""
    found: dict[int, list[Row]] = {}
    for row in table().logs:
        line, counted = 1, 0
        at = text.find(row.phrase.anchor)
        while at >= 0:
            line += text.count("\n", counted, at)
            counted = text.find("\n", at)
            found.setdefault(line, []).append(row)
            if counted < 0:
                break
            # Once a line.
            at = text.find(row.phrase.anchor, counted)
    return found


def _of_line(event: Event, rows: Iterable[Row]) -> Known | None:
    for row in rows:
        values = match(row.phrase, event.text)
        if values is not None and not _is_excepted(row, values):
            return Known(row.failure, row.wording, values, event.text, event.line)
    return None


def _is_excepted(row: Row, values: dict[str, str]) -> bool:
    package = row.wording.not_of
    return bool(package) and values.get("type", "").startswith(package)


def _is(name: str, wanted: str) -> bool:
    """Whether a class is the wanted one, or a copy of it in a longer package."""
    if wanted.startswith("*"):
        return last_part(name) == last_part(wanted)
    return name == wanted or name.endswith(f".{wanted}")


def _written(one: Thrown) -> str:
    return f"{one.name}: {one.message}" if one.name and one.message else one.name or one.message


def _short(text: str) -> str:
    line = " ".join(clean(text[: 4 * _UNPACKED]).split())
    return line if len(line) <= _UNPACKED else line[: _UNPACKED - 1] + "…"
