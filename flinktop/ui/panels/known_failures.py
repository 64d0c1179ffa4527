"""Well-known failures on the screen: one in its two sentences, and those of a log, line by line."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from flinktop.model import format as fmt
from flinktop.ui import keys
from flinktop.ui.panels.table_panel import Words
from flinktop.ui.widgets.celltext import wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.known.recognise import Known
    from flinktop.model.loglines import LogLine
    from flinktop.ui.panels.parts import Line

HEAD = 7  # letters of the label of a line
MOST_WRAPPED = 4  # lines of a sentence
LEAST_EXPLAINED = 2  # lines of both sentences
MOST_EXPLAINED = 2 * MOST_WRAPPED + 1  # of both, and of where to look
ROOMS = ((30, 9), (24, 6), (20, 5), (0, 3))
"""From so many rows of the screen on so many lines, at most, below a log are for its failures."""
A_CONSEQUENCE = "a consequence of another failure"


def headed(word: str, parts: Line) -> Line:
    """A line with its label."""
    return [(word.ljust(HEAD), "muted"), *parts]


def explained_lines(found: Known, width: int, room: int = MOST_EXPLAINED) -> list[Line]:
    """What a failure means and what to do first, in at most `room` lines.

    Each sentence has a line at least; where to look is left out first.
    """
    means, step = (wrap(text, max(width - HEAD, 1), MOST_WRAPPED) for text in (found.means, found.next))
    whole = len(means), len(step)
    while len(means) + len(step) > max(room, LEAST_EXPLAINED):
        (means if len(means) > len(step) else step).pop()
    lines: list[Line] = []
    for label, rows, most in (("means", means, whole[0]), ("next", step, whole[1])):
        if len(rows) < most:
            rows[-1] += " …"
        lines += [headed(label if number == 0 else "", [(row, "")]) for number, row in enumerate(rows)]
    if found.failure.look and len(lines) < room:
        lines.append(headed("look", [(found.failure.look, "")]))
    return lines


class Mark(NamedTuple):
    """A well-known failure in a line that is shown."""

    place: int  # of the line among those that are shown
    at: int  # the line's offset in the file (bytes)
    known: Known


class Marks:
    """The well-known failures in the shown lines of a log, and which of them the user went to."""

    def __init__(self) -> None:
        self.shown: tuple[Mark, ...] = ()
        self.places: frozenset[int] = frozenset()
        """The places of their lines."""
        self.hidden = 0  # how many are in lines that are filtered out
        self._in_order: list[int] = []
        self._chosen: tuple[int, str] | None = None

    def set_lines(self, known: Sequence[Known], lines: Sequence[LogLine], shown: Sequence[LogLine]) -> None:
        """Take the failures of all lines of a log, of which these are shown; each once a line."""
        found: dict[tuple[int, str], Known] = {}
        for one in known:
            if one.line <= len(lines):
                found.setdefault((lines[one.line - 1].at, one.failure.id), one)
        wanted = {at for at, _ in found}
        places = {line.at: place for place, line in enumerate(shown) if line.at in wanted} if wanted else {}
        self.shown = tuple(Mark(places[at], at, one) for (at, _), one in found.items() if at in places)
        self._in_order = [mark.place for mark in self.shown]
        self.places = frozenset(self._in_order)
        self.hidden = len(found) - len(self.shown)

    def current(self, visible: range) -> int | None:
        """The number of the one that is explained: the one gone to while it is visible, else the first."""
        first = bisect_left(self._in_order, visible.start)
        behind = bisect_left(self._in_order, visible.stop)
        for number in range(first, behind):
            if _name(self.shown[number]) == self._chosen:
                return number
        return first if first < behind else None

    def step(self, by: int, visible: range) -> Mark | None:
        """Go to the next or the previous one; after the last comes the first. None if there is none."""
        if not self.shown:
            return None
        number = self.current(visible)
        if number is None:
            number = bisect_left(self._in_order, visible.start) - (by > 0)
        mark = self.shown[(number + by) % len(self.shown)]
        self._chosen = _name(mark)
        return mark


def _name(mark: Mark) -> tuple[int, str]:
    return mark.at, mark.known.failure.id


class KnownFailures(Words):
    """Below a log: what the failure in sight means and what to do first, else which failures it has.

    It takes as many lines for all of them, so that the log does not move while it is scrolled.
    """

    def __init__(self) -> None:
        super().__init__()
        self._measured: tuple[Mark, ...] = ()
        self._width = 0
        self._room = 1
        """The lines that these failures take in this width."""

    def show_marks(self, marks: Marks, current: int | None, width: int, rows: int) -> None:
        """Show them in so many cells; `rows` are those of the screen."""
        most = next(most for least, most in ROOMS if rows >= least)
        if self._measured is not marks.shown or self._width != width:
            kinds = {mark.known.failure.id: mark.known for mark in reversed(marks.shown)}
            self._measured, self._width = marks.shown, width
            self._room = max((1 + len(explained_lines(one, width)) for one in kinds.values()), default=1)
        if current is not None:
            # Another one of its kind may have longer values.
            own = 1 + len(explained_lines(marks.shown[current].known, width))
            self._room = max(self._room, own)
        self.set_lines(known_lines(marks, current, width, min(self._room, most)))


def known_lines(marks: Marks, current: int | None, width: int, room: int) -> list[Line]:
    """The failure that is explained, else all of them in few words; none without failures."""
    if not marks.shown:
        return [[(hidden_words(marks.hidden), "muted")]] if marks.hidden else []
    total = len(marks.shown)
    if current is not None:
        known = marks.shown[current].known
        head: Line = [
            (f"{current + 1} of {total}".ljust(HEAD), "warn"),
            (" " if total >= 10 else "", ""),  # noqa: PLR2004 -- "10 of 10" fills the label
            (known.failure.name, "strong"),
            (f"   {A_CONSEQUENCE}" if known.failure.follows else "", "muted"),
        ]
        lines = [head, *explained_lines(known, width, room - 1)]
    else:
        next_key, previous_key = (keys.key_name(one.keys[0]) for one in keys.KNOWN)
        ways = f"   {next_key} next, {previous_key} previous"
        lines = [[(f"{_counted(total)} in this log", "warn"), (ways, "muted")], *_kinds(marks, room - 1)]
    return [*lines, *([] for _ in range(room - len(lines)))]


def hidden_words(hidden: int) -> str:
    """That all failures are in lines that are filtered out."""
    return f"{_counted(hidden)} in lines that level and grep hide"


def _counted(number: int) -> str:
    return "1 well-known failure" if number == 1 else f"{fmt.count(number)} well-known failures"


def _kinds(marks: Marks, room: int) -> list[Line]:
    """The names of the failures with their numbers, the most frequent first."""
    counts = Counter(mark.known.failure.name for mark in marks.shown).most_common()
    lines: list[Line] = [headed(f"{fmt.count(count)} x", [(name, "")]) for name, count in counts]
    if len(lines) > room:
        lines[room - 1 :] = [headed("", [(f"and {len(lines) - room + 1} more kinds", "muted")])]
    return lines
