"""Java stack traces in a text: an answer of Flink, a log, or what somebody has pasted.

Only what says the reason is kept: class and message of each exception of a trace, with its line. Frames and
suppressed exceptions are skipped. A text may have 100,000 lines, or one of 5 MB.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.known.phrase import MOST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINE: Final = 16 * 1024
"""Characters of a line in which an exception is looked for; of a longer one its beginning and end."""
MOST_LINES: Final = 100
"""Lines of a message."""
MOST_CAUSES: Final = 200
"""Of one trace: the first and the deepest of more."""
_HALF: Final = MOST_LINE // 2
_CAUSED: Final = "Caused by: "
_FRAMES: Final = ("at ", "... ", "Suppressed: ", _CAUSED)
_HEAD: Final = re.compile(
    r"(?:Exception in thread \"[^\"]{0,200}\" )?"
    r"((?:[\w$]+\.)+[\w$]*(?:Exception|Error|Throwable|Failure))(?=:|\s|$)"
)
"""An exception at the beginning of a line."""
_INSIDE: Final = re.compile(
    r"(?<![\w.$/@])((?:[\w$]+\.)+[\w$]*(?:Exception|Error|Throwable|Failure))(?=: |:$|$|\n)"
)
"""An exception within a line of a log."""
_HIDING: Final = "SerializedThrowable"
"""The class that stands for one that the reader of the trace may not have."""
_EVENT: Final = re.compile(r"\[?\d{2,4}[-/:.]\d\d?[-/:. ]|\[?(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b")
"""The beginning of a line of a log."""
_ESCAPED: Final = ("\\n\\tat ", "\\nCaused by: ", "\\n    at ")


class Thrown(Struct, frozen=True):
    """One exception of a trace."""

    name: str  # its class, with the package; "" if only the message is known
    message: str  # may have several lines
    line: int  # from 1


class Event(Struct, frozen=True):
    """A trace, or a line of a log without one."""

    line: int  # from 1
    text: str  # the first line
    chain: tuple[Thrown, ...] = ()  # the outermost first


def events(text: str) -> Iterator[Event]:
    """The events of a text, in its order."""
    event: _Event | None = None
    for number, line in _lines(text):
        stripped = line.lstrip()
        if event is not None and stripped.startswith(_FRAMES) and (line[0] in " \t" or line[0] == "C"):
            if line.startswith(_CAUSED):
                event.cause(line[len(_CAUSED) :], number)
            else:
                event.frame()
            continue
        begins = _begin(line, number)
        if begins is not None:
            if event is not None:
                yield event.done()
            event = begins
        elif event is not None:
            event.more(line)
        elif stripped:
            event = _Event(number, line)
    if event is not None:
        yield event.done()


def thrown(text: str, line: int = 1) -> Thrown:
    """An exception from its class and message, as a trace has them: `java.io.IOException: closed`."""
    found = _HEAD.match(text)
    if found is None:
        return Thrown("", text, line)
    message = text[found.end() :].removeprefix(":").strip()
    if found[1].endswith(_HIDING):
        inner = _HEAD.match(message)
        return thrown(message, line) if inner is not None else Thrown("", message, line)
    return Thrown(found[1], message, line)


class _Event:
    """An event that is being read."""

    def __init__(self, number: int, line: str, inside: int | None = None) -> None:
        self._number = number
        self._line = line[:MOST_MESSAGE]
        self._heads: list[tuple[int, list[str]]] = []
        self._open = False  # whether the last exception's message may go on
        if inside is not None:
            self.cause(line[inside:], number)

    def cause(self, text: str, number: int) -> None:
        self._heads.append((number, [text[:MOST_MESSAGE]]))
        if len(self._heads) > 2 * MOST_CAUSES:
            del self._heads[1 : MOST_CAUSES + 1]
        self._open = True

    def frame(self) -> None:
        self._open = False

    def more(self, line: str) -> None:
        if not self._open:
            return
        lines = self._heads[-1][1]
        if len(lines) < MOST_LINES and sum(map(len, lines)) < MOST_MESSAGE:
            lines.append(line[:MOST_MESSAGE])

    def done(self) -> Event:
        chain = tuple(thrown("\n".join(lines), number) for number, lines in self._heads)
        return Event(self._number, self._line, chain)


def _begin(line: str, number: int) -> _Event | None:
    """The event that begins with a line; None if it goes on with the one before it."""
    head = _HEAD.match(line, 0, MOST_MESSAGE) if line[:1].isalpha() else None
    if head is not None:
        return _Event(number, line, head.start(1))
    if line.startswith(_CAUSED):
        # The beginning of the trace is missing.
        return _Event(number, line, len(_CAUSED))
    if _EVENT.match(line) is None:
        return None
    return _Event(number, line, _inside(line))


def _inside(line: str) -> int | None:
    """Where an exception stands in a line; None if there is none. The quick look comes first."""
    if "Exception" not in line and "Error" not in line and "Throwable" not in line and "Failure" not in line:
        return None
    found = _INSIDE.search(line, 0, MOST_MESSAGE)
    return found.start(1) if found is not None else None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; a line with traces in JSON is several."""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.removesuffix("\r")
        if "\\n" in line and any(mark in line for mark in _ESCAPED):
            yield from ((number, part) for part in _unescaped(line))
        else:
            yield number, line if len(line) <= MOST_LINE else f"{line[:_HALF]}{line[-_HALF:]}"


def _unescaped(line: str) -> Iterator[str]:
    """The lines of the texts in a JSON document that is one line."""
    for part in line.replace("\\t", "\t").replace('\\"', '"').split("\\n"):
        plain = part.removeprefix("\\r")
        if plain.startswith(_CAUSED):
            yield plain
            continue
        # Behind the last frame of a trace the document goes on.
        begin = plain.find('"', 0, MOST_MESSAGE) if plain.startswith(("\t", " ")) else 0
        at = _inside(plain[begin : begin + MOST_LINE]) if begin >= 0 else None
        yield plain if at is None else plain[begin + at :]
