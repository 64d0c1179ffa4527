"""How a wall is laid out: large type for what is wrong, in as many rows and cells as there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.facts.fleet import UNREACHABLE
from flinktop.model import format as fmt
from flinktop.ui.panels.parts import cells, cut_line, fit
from flinktop.ui.panels.verdicts import TONES
from flinktop.ui.widgets.celltext import clip, wrap
from flinktop.ui.widgets.large_type import large
from flinktop.ui.widgets.spark import skyline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.facts.wall import WallFacts, WallLine
    from flinktop.ui.panels.parts import Line, Part

SMALL: Final = 3
"""Rows of the smallest large type."""
SMALL_ASCII: Final = 5
LEAST_WIDTH: Final = 50
"""Cells below which large type says less than plain text."""
LEAST_HEIGHT: Final = 14
OLD_SECONDS: Final = 60.0
"""Data of this age (s) are said to be old."""
AGES: Final = (5, 15, 30, 60)
"""Seconds in which a lesser age is said: each change of it is written to the terminal."""
HALF_DAY: Final = 43_200.0
LEAST_CHART: Final = 16
"""Cells that a chart takes at the least."""
CHART_HEIGHT: Final = 12
"""Rows that it takes at the most on a screen of up to sixty."""
CHART_STEP: Final = 15.0
"""Seconds that a column of it is at the least."""
CHART_SECONDS: Final = (900.0, 1800.0, 3600.0)
"""The time (s) that it shows: the shortest that holds all that is known."""
LINE_HEIGHTS: Final = ((14, 7), (10, 5), (7, SMALL), (5, SMALL), (SMALL, SMALL), (SMALL, 0))
"""Rows of the name and of the verdict of a line, from the largest to the smallest; 0 is plain text."""
FEW_ROWS: Final = 4
GAP: Final = 3


class WallView(Struct, frozen=True, kw_only=True):
    """What a wall is drawn from besides its facts.

    Attributes:
        width: Cells.
        height: Rows.
        turn: How often it has gone on to the next page.
        name: The cluster, in its colour, or how many there are.
        marks: What else the first row says of it, such as that it is simulated.
        now: The time (s since 1970).
        clock: Writes a time (s since 1970) as hours and minutes.
        when: Writes a time as the start of something.
        rates: Records/s in so many columns, and the time (s) that they take together.
        ascii: Whether only ASCII is drawn.
    """

    width: int
    height: int
    turn: int = 0
    name: Part = ("", "")
    marks: tuple[Part, ...] = ()
    now: float = 0.0
    clock: Callable[[float], str] = lambda _at: ""
    when: Callable[[float], str] = lambda _at: ""
    rates: Callable[[int], tuple[Sequence[float | None], float]] = lambda _columns: ((), 0.0)
    ascii: bool = False

    @property
    def plain(self) -> bool:
        """Whether there is too little room for large type."""
        return self.width < LEAST_WIDTH or self.height < LEAST_HEIGHT

    @property
    def small(self) -> int:
        """Rows of the smallest large type."""
        return SMALL_ASCII if self.ascii else SMALL


class WallRows(Struct, frozen=True):
    """The rows of a wall, and how many pages there are to go through."""

    rows: tuple[Line, ...]
    pages: int = 1


def wall_rows(facts: WallFacts, view: WallView) -> WallRows:
    """Lay out a wall: what is wrong between one row at the top and the counts at the bottom."""
    # With very few rows what is wrong comes before the counts, and these before the rest.
    top = [_top(facts, view)] if view.height >= FEW_ROWS else []
    bottom = _bottom(facts, view) if view.height >= FEW_ROWS - 1 else []
    if not view.plain:
        top, bottom = [*top, []], [[], *bottom]
    room = max(view.height - len(top) - len(bottom), 0)
    body, pages = _body(facts, view, room)
    # Beside a page the chart stays as it is: the next one has other rows to spare.
    if (spare := room - len(body)) > 0 and pages == 1 and len(facts.lines) > 1 and not view.plain:
        higher = [[], *_bottom(facts, view, spare)]
        room -= len(higher) - len(bottom)
        bottom = higher
    rows = [*top, *body[:room], *([] for _ in range(room - len(body))), *bottom]
    return WallRows(tuple(cut_line(row, view.width) for row in rows), pages)


# -- the first row -------------------------------------------------------------------------------------


def _top(facts: WallFacts, view: WallView) -> Line:
    fresh = freshness(facts, view.now, short=view.width < LEAST_WIDTH)
    right = [fresh, *view.marks, (view.clock(view.now), "muted")]
    return fit([view.name], right, view.width, keep=1 + len(view.marks))


def freshness(facts: WallFacts, now: float, *, short: bool = False) -> Part:
    """Whether what is shown is of now, in words and a shape."""
    away = next((line for line in facts.lines if line.kind == UNREACHABLE), None)
    if facts.blind and away is not None:
        return f"✕ unreachable{_lasts(away, now)}", "bad"
    if away is not None:
        some = f"{len(away.clusters)} of {facts.clusters}"
        return f"✕ {some} unreachable" if short else f"✕ {some} clusters unreachable", "bad"
    if facts.age is None:
        return "◐ connecting", "info"
    if facts.age > OLD_SECONDS:
        return f"◐ data {fmt.span(facts.age)} old", "warn"
    below = next(age for age in AGES if facts.age <= age)
    return "● live" if short else f"● live, data < {below} s old", "muted" if facts.well else "good"


def _lasts(line: WallLine, now: float) -> str:
    """A blank and for how long it has lasted, in its largest unit; "" where that is not known."""
    if line.since is None:
        return ""
    seconds = max(0.0, now - line.since)
    # Seconds would change all the time.
    return f" {fmt.span(seconds)}" if seconds >= OLD_SECONDS else " <1 m"


# -- the counts ----------------------------------------------------------------------------------------


def _bottom(facts: WallFacts, view: WallView, spare: int = 0) -> list[Line]:
    """The counts in large numbers with the throughput over time beside them; in small ones one row.

    The chart may take so many `spare` rows more.
    """
    if not facts.known:
        return []
    tone = "stale" if facts.blind else "muted" if facts.well else "strong"
    counts: list[tuple[str, str, str]] = []
    worst = next((TONES[line.severity] for line in facts.lines if line.kind != UNREACHABLE), tone)
    counts.append((str(facts.unhealthy), "unhealthy", tone if facts.blind or not facts.unhealthy else worst))
    counts.append((f"{facts.running}/{facts.jobs}", "running", tone))
    if facts.clusters > 1:
        away = facts.answering < facts.clusters
        counts.append((f"{facts.answering}/{facts.clusters}", "clusters", "bad" if away else tone))
    if facts.rate is not None:
        counts.append((fmt.count(facts.rate), "records/s", tone))
    if facts.blind:
        counts.append(("", f"last known at {_last_known(facts, view)}", tone))
    rows = view.small if view.height < TALL else 5
    numbers = _numbers(counts, rows, ascii=view.ascii)
    if view.plain or cells(numbers[-1]) > view.width or view.height < 4 * rows + 4:
        row: Line = []
        for number, label, its in counts:
            row += [("   " if row else "", ""), (f"{number} {label}".strip(), its)]
        return [row]
    return _beside_chart(numbers, facts, view, spare)


TALL: Final = 56
"""Rows from which on the counts are larger."""


def _last_known(facts: WallFacts, view: WallView) -> str:
    since = next((line.since for line in facts.lines if line.kind == UNREACHABLE), None)
    return view.when(since) if since is not None else fmt.UNKNOWN


def _numbers(counts: Sequence[tuple[str, str, str]], rows: int, *, ascii: bool) -> list[Line]:
    """Each number in large type, its label after it in the last row."""
    found: list[Line] = [[] for _ in range(rows)]
    for number, label, tone in counts:
        drawn = large(number, 100, rows, ascii=ascii).rows if number else ("",) * rows
        for row, line in enumerate(found):
            gap = " " * GAP if line else ""
            last = row == rows - 1
            after = f" {label}" if last else " " * (len(label) + 1)
            line += [(f"{gap}{drawn[row]}", tone), (after, "muted")]
    return found


def _beside_chart(numbers: list[Line], facts: WallFacts, view: WallView, spare: int) -> list[Line]:
    """The numbers with a chart of the throughput at their right, which is higher where there is room."""
    rows = len(numbers)
    longest = cells([_CHART_LABEL])
    highest = min(max(view.height // 4, rows), max(CHART_HEIGHT, view.height // 5))
    height = highest if facts.well else min(highest, rows + spare)
    left = cells(numbers[-1])
    columns = view.width - left - longest - GAP
    blank: Line = [(" " * left, "")]
    found = [*[blank] * (height - rows), *numbers]
    # While nothing is known it would stand still.
    drawn = columns >= LEAST_CHART and not facts.blind
    values, seconds = view.rates(columns) if drawn else ((), 0.0)
    if not any(value is not None for value in values):
        return numbers
    chart = skyline(values, columns, height, ascii=view.ascii)
    label = f", last {fmt.span(seconds)}"
    found[-1] = [*found[-1], (label, "muted")]
    return [
        [*line, (" " * (view.width - columns - cells(line)), ""), (row, "trend")]
        for line, row in zip(found, chart, strict=True)
    ]


_CHART_LABEL: Final = (", last 59 m", "")


def chart_seconds(columns: int, known: float) -> float:
    """The time (s) that a chart of so many columns shows, for data of the last `known` seconds."""
    least = columns * CHART_STEP
    return next((some for some in CHART_SECONDS if least <= some >= known), max(CHART_SECONDS[-1], least))


# -- what is wrong -------------------------------------------------------------------------------------


def _body(facts: WallFacts, view: WallView, room: int) -> tuple[list[Line], int]:
    if facts.lines:
        return _wrong(facts, view, room)
    if facts.connecting and not facts.answering:
        title, tone, words = "connecting", "info", ", ".join(facts.connecting)
    elif not facts.well:
        loaded = facts.jobs - facts.unjudged
        words = f"verdicts of {loaded} of {facts.jobs} jobs" if facts.jobs else "loading jobs…"
        if facts.connecting:
            words = f"connecting to {', '.join(facts.connecting)}"
        title, tone = "loading", "info"
    elif facts.jobs:
        title, tone, words = "all healthy", "muted", ""
    else:
        title, tone, words = "no jobs", "muted", "no job is running"
    if view.plain:
        found: list[Line] = [[(title, tone)], [(words, "muted")]] if words else [[(title, tone)]]
    else:
        found = _centred(_large_rows(title, tone, view, room - 2), view.width)
        if words:
            found += [[], *_centred([[(clip(words, view.width), "muted")]], view.width)]
    above = max(room - len(found), 0) // 2
    return [*[[] for _ in range(above if not view.plain else 0)], *found], 1


def _centred(rows: Sequence[Line], width: int) -> list[Line]:
    left = max(width - max(map(cells, rows), default=0), 0) // 2
    return [[(" " * left, ""), *row] for row in rows]


def _large_rows(text: str, tone: str, view: WallView, height: int) -> list[Line]:
    return [[(row, tone)] for row in large(text, view.width, height, ascii=view.ascii).rows]


class _Said(Struct, frozen=True):
    """One line in words: what is large, what is less large, and the rest."""

    title: str
    status: tuple[str, ...]  # the longest form first
    sentence: str
    tone: str


def _said(line: WallLine, facts: WallFacts, view: WallView) -> _Said:
    kind, lasts = line.kind.replace("-", " "), _lasts(line, view.now)
    since = f"since {view.when(line.since)}" if line.since is not None else ""
    tone = TONES[line.severity]
    if line.kind == UNREACHABLE:
        if facts.clusters == 1:
            words = ": ".join(filter(None, (line.name, line.words)))
            return _Said(kind, (f"for{lasts}",) if lasts else (), _joined((since,), words), tone)
        if line.name:
            return _Said(line.name, (f"{kind}{lasts}", kind), _joined((since,), line.words), tone)
        names = ", ".join(line.clusters)
        first = f"the first {since}" if since else ""
        return _Said(f"{len(line.clusters)} clusters", (kind,), _joined((first,), names), tone)
    words = line.words.removeprefix(f"{line.kind}: ")
    words = "" if words == line.kind else words
    tone = "stale" if facts.blind else tone
    return _Said(line.name, (f"{kind}{lasts}", kind), _joined((line.cluster, since), words), tone)


def _joined(before: tuple[str, ...], words: str) -> str:
    return ": ".join(filter(None, (", ".join(filter(None, before)), words)))


def _wrong(facts: WallFacts, view: WallView, room: int) -> tuple[list[Line], int]:
    """The worst in the largest type, then as many others as fit, in pages."""
    worst, *rest = (_said(line, facts, view) for line in facts.lines)
    if view.plain:
        return _plain(worst, rest, view, room)
    # Others keep more than a half of the room, as far as they need it.
    reserved = min(len(rest) * (view.small + 2), room * 3 // 5)
    first, tallest = _worst(worst, view, room - reserved)
    if not rest:
        above = max(room - len(first), 0) // 2
        return [*[[] for _ in range(above)], *first], 1
    left = room - len(first) - 1
    others, pages = _others(rest, view, left, tallest)
    spare = room - len(first) - len(others)
    return [*first, *[[] for _ in range(max(1, min(2, spare)))], *others], pages


def _worst(said: _Said, view: WallView, room: int) -> tuple[list[Line], int]:
    """What is worst, in the largest type: its name, its verdict, and a sentence of one or two rows.

    With the rows that its name takes.
    """
    tone, words = "stale" if said.tone == "stale" else "muted", _words(said, view)
    needed = view.small if said.status else 0
    for most, gap in ((2, 1), (1, 1), (1, 0)):
        sentence: list[Line] = [[(row, tone)] for row in _wrapped(words, view.width, most)]
        height = room - needed - gap * bool(needed) - len(sentence)
        if height >= view.small:
            name = _large_rows(said.title, said.tone, view, height)
            rows = min(needed + height - len(name), max(view.small, len(name) * 2 // 3))
            status = _status(said, view, rows) if needed else []
            blank: list[Line] = [[]] * (gap * bool(status))
            return [*name, *blank, *status, *sentence], len(name)
    if room > view.small:
        name = _large_rows(said.title, said.tone, view, room - 1)
        return [*name, _row(said, view)], len(name)
    return [_row(said, view, named=True)][:room], view.small


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """A text in at most `most` rows, with an ellipsis where it was cut; [] without one."""
    rows = [row for row in wrap(text, max(width, 1), most + 1) if row]
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], clip(f"{rows[most - 1]} {rows[most]}", width)]


def _words(said: _Said, view: WallView) -> str:
    """The sentence after a name in large type; with the name where that is cut, or its capitals matter."""
    title, width = said.title, view.width
    mixed = title not in (title.lower(), title.upper())
    if mixed or large(title, width, view.small, ascii=view.ascii).cut:
        return _joined((clip(title, width // 2), said.sentence), "")
    return said.sentence


def _status(said: _Said, view: WallView, height: int) -> list[Line]:
    """The verdict in large type; [] where it has no room."""
    if height < view.small or not said.status:
        return []
    forms = [large(words, view.width, height, ascii=view.ascii) for words in said.status]
    chosen = next((form for form in forms if not form.cut), forms[-1])
    return [[(row, said.tone)] for row in chosen.rows]


def _others(rest: Sequence[_Said], view: WallView, room: int, tallest: int) -> tuple[list[Line], int]:
    """The others in the largest type in which all of them fit; else a page of them in the smallest.

    Their names take at most `tallest` rows. Where rows are left, the first are larger.
    """
    sizes = [(min(tall, tallest), short) for tall, short in LINE_HEIGHTS]
    for size in sizes:
        if sum(len(_block(said, view, size)) for said in rest) <= room + 1:
            return _filled(rest, view, room, sizes[: sizes.index(size) + 1]), 1
    # A row says which page it is.
    most = max(room // len(_block(rest[0], view, sizes[-1])), 0)
    if most == 0:
        return _listed(rest, view, room)
    shown, page, pages = _page(rest, most, view.turn)
    number, count = page * most + 2, len(rest) + 1
    words = f"{number} of {count}"
    if len(shown) > 1:
        words = f"{number} to {number + len(shown) - 1} of {count}"
    return [[(words, "muted")], *_filled(shown, view, room - 1, sizes)], pages


def _filled(
    shown: Sequence[_Said], view: WallView, room: int, sizes: Sequence[tuple[int, int]]
) -> list[Line]:
    """All of these in the last of the sizes, and the first of them in larger ones while there is room."""
    blocks = [_block(said, view, sizes[-1]) for said in shown]
    # A blank row after the last is not needed.
    left = room + 1 - sum(map(len, blocks))
    for number, said in enumerate(shown):
        for size in sizes:
            larger = _block(said, view, size)
            if (more := len(larger) - len(blocks[number])) <= left:
                blocks[number], left = larger, left - more
                break
    return [row for block in blocks for row in block][:room]


def _page(rest: Sequence[_Said], most: int, turn: int) -> tuple[Sequence[_Said], int, int]:
    pages = math.ceil(len(rest) / most)
    page = turn % pages
    return rest[page * most : (page + 1) * most], page, pages


def _block(said: _Said, view: WallView, heights: tuple[int, int]) -> list[Line]:
    """One of the others: its name, its verdict beside or below it, a sentence, and a blank row."""
    tall, short = (max(height, view.small) if height else 0 for height in heights)
    found = _large_rows(said.title, said.tone, view, tall)
    name = cells(found[0])
    if beside := _beside(said, view, name, len(found)):
        gap: Part = (" " * (view.width - name - cells(beside[0])), "")
        found = [[*row, gap, *its] for row, its in zip(found, beside, strict=True)]
    elif short and (status := _status(said, view, short)):
        # Only the smallest letters have half a blank row below them.
        found += [[], *status] if len(found) > SMALL else status
    else:
        return [*found, _row(said, view), []]
    return [*found, [(clip(_words(said, view), view.width), "muted")], []]


def _beside(said: _Said, view: WallView, taken: int, height: int) -> list[Line]:
    """The verdict in large type at the right of the name, in as many rows; [] where it has no room."""
    room = view.width - taken - 2 * GAP
    if room < LEAST_CHART:
        return []
    for words in said.status:
        drawn = large(words, room, height, ascii=view.ascii)
        if not drawn.cut and len(drawn.rows) > 1:
            above = height - len(drawn.rows)
            blank = " " * drawn.width
            return [[(row, said.tone)] for row in (*[blank] * above, *drawn.rows)]
    return []


# -- in plain text -------------------------------------------------------------------------------------


def _row(said: _Said, view: WallView, *, named: bool = False) -> Line:
    """All of a line in one row; `named` where no large type has its name."""
    title: Part = (f"{clip(said.title, view.width // 2)}  " if named else "", "strong")
    verdict: Part = (f"{said.status[0]}  " if said.status else "", said.tone)
    words = said.sentence if named else _words(said, view)
    return cut_line([title, verdict, (words, "muted")], view.width)


def _plain(worst: _Said, rest: Sequence[_Said], view: WallView, room: int) -> tuple[list[Line], int]:
    """A list in plain text: of the worst everything, of the others a row each."""
    words = worst.status[0] if worst.status else ""
    first: list[Line] = [
        [(clip(worst.title, view.width), worst.tone)],
        [(clip(words, view.width), worst.tone)],
        *([(row, "muted")] for row in _wrapped(worst.sentence, view.width, 3)),
    ]
    first = [line for line in first if line[0][0]][: max(room - min(len(rest), room // 2), 1)]
    if not rest:
        return first, 1
    others, pages = _listed(rest, view, room - len(first))
    return [*first, *others], pages


def _listed(rest: Sequence[_Said], view: WallView, room: int) -> tuple[list[Line], int]:
    """A row for each, in pages."""
    if room <= 0:
        return [], 1
    shown, _, pages = _page(rest, room, view.turn)
    return [_row(said, view, named=True) for said in shown], pages
