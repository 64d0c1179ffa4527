"""What a box of the job graph, or a line of its list, says of a vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len

from flinktop.model import busy, states
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model.skew import UNEVEN, WORTH_A_WORD
from flinktop.ui.panels.columns import figure_cell
from flinktop.ui.panels.job_graph_form import FRAME, figure_lines
from flinktop.ui.widgets.celltext import fit, wrap
from flinktop.ui.widgets.graph_picture import Box, Line
from flinktop.ui.widgets.spark import bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.facts.figure import Figure
    from flinktop.facts.vertices import VertexFacts
    from flinktop.model.graph_layout import Measures
    from flinktop.ui.widgets.columns import Cell

TRACK = "▁"
PERCENT = 4
LAG = TOTAL = 5
LONGEST_BELOW = 22
"""Cells of a frame's lower edge from which on lag and backpressure both fit into it."""
LONGEST_PRESSURE = 12
"""Cells of backpressure in a frame, with what stands between it and what is beside it."""
LONGEST_NAME = 200
"""Characters of a name that are looked at for each of its lines."""
DEEPEST = 6
"""Indents of a list that are told apart."""
INDENT = 2


def box(vertex: VertexFacts, measures: Measures, x: int, y: int, *, ascii: bool) -> Box:
    """A vertex as a box of one of the heights that `job_graph_form.heights` names."""
    room = measures.width - FRAME
    load = _busy(vertex.busy, room, ascii=ascii)
    pressure, lag = _pressure(vertex.backpressured), _lag(vertex.lag)
    uneven = _skew(vertex.skew, room - _cells(pressure) - _cells(lag))
    figures: list[Line] = [load, _apart((*pressure, *uneven), lag, room)]
    if figure_lines(measures.width, measures.height) > len(figures):
        figures = [load, _apart(pressure[:1], pressure[1:], room), _apart(lag[:1], lag[1:], room)]
    if figure_lines(measures.width, measures.height) > len(figures):
        whole = _bar(vertex.busy, room, ascii=ascii)
        figures = [_apart(load[:1], load[-1:], room), whole, *figures[1:]]
    below: tuple[Line, Line] = (), ()
    if measures.height - 2 <= len(figures):
        short = (_stripped(lag), _stripped(pressure))
        figures = [load]
        # Where one of them has to give way it is the lag.
        below = short if measures.width - 2 >= LONGEST_BELOW else ((), short[1])
        if measures.height == 3:  # noqa: PLR2004 -- a frame around a name
            beside = measures.width - 2 >= LONGEST_BELOW
            cells = room - LONGEST_PRESSURE if beside else room
            figures = []
            below = _busy(vertex.busy, cells, word="", ascii=ascii), short[1] if beside else ()
    if states.is_terminal(vertex.state):
        figures, below = _totals(vertex, room, len(figures))
    names = measures.height - 2 - len(figures)
    own = [*figures, below[0], below[1], _state(vertex), ((vertex.subtasks, ""),)]
    name = [((text, "strong"),) for text in name_lines(vertex.name, room, names)]
    return Box(
        vertex.id,
        x,
        y,
        measures.width,
        measures.height,
        (*name, *own[:-4]),
        (own[-2], own[-1]),
        (own[-4], own[-3]),
        _frame_tone(vertex),
        dim=vertex.old,
    )


class Entry(Struct, frozen=True):
    """The place of a vertex in a list: one line, with another below it where others feed it."""

    number: int
    """What other lines call it."""
    y: int
    """Row of its first line."""
    width: int
    """Cells of a line."""
    depth: int
    """How far from the sources it is."""
    inputs: Sequence[str]
    """In words."""

    @property
    def head(self) -> str:
        """What the line begins with."""
        return f" {self.number:>3} {self._indent}"

    @property
    def _indent(self) -> str:
        return " " * (INDENT * min(self.depth, DEEPEST))

    def box(self, key: str, line: Line, *, dim: bool = False) -> Box:
        """The line, and below it where its records come from."""
        lines = [line]
        if self.inputs:
            lines.append(((f"     {self._indent}  from {'; '.join(self.inputs)}", "muted"),))
        return Box(key, 0, self.y, self.width, len(lines), tuple(lines), framed=False, dim=dim)


def entry(vertex: VertexFacts, at: Entry, *, ascii: bool) -> Box:
    """A vertex as a line of a list."""
    parts: list[Line] = [((fit(vertex.subtasks, 5, "right"), ""),)]
    if states.is_terminal(vertex.state):
        figures = [_total("in ", vertex.total_taken), _total("out ", vertex.total_sent)]
    else:
        bar_width = 12 if at.width < 100 else 22  # noqa: PLR2004 -- a wide panel
        load = _busy(vertex.busy, bar_width, ascii=ascii)
        figures = [load, _pressure(vertex.backpressured), _lag(vertex.lag)]
    parts += [(("  ", ""), *figure) for figure in figures]
    head: Line = ((at.head, "muted"), *_state(vertex), (" ", ""))
    while len(parts) > 1 and _cells(head) + sum(_cells(part) for part in parts) + 16 > at.width:
        parts.pop()
    tail = tuple(cell for part in parts for cell in part)
    name = (fit(vertex.name, max(at.width - _cells(head) - _cells(tail) - 1, 1)), "strong")
    return at.box(vertex.id, (*head, name, *tail), dim=vertex.old)


def _cells(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


def _apart(left: Line, right: Line, room: int) -> Line:
    """Two texts at the two ends of a line."""
    return (*left, (" " * max(room - _cells(left) - _cells(right), 1), ""), *right)


def _stripped(line: Line) -> Line:
    """Texts for the frame, where nothing stands one below the other."""
    return tuple(
        (f"{text.strip()} " if at < len(line) - 1 else text.strip(), style)
        for at, (text, style) in enumerate(line)
    )


def name_lines(name: str, room: int, lines: int) -> list[str]:
    """A name in so many lines, broken between words; what doesn't fit into the last one is cut."""
    rest = name[: LONGEST_NAME * lines].strip()
    found: list[str] = []
    while len(found) < lines - 1 and rest:
        first = wrap(rest, room, 1)[0]
        if not first or not rest.startswith(first):
            # One long word: cut without an ellipsis, as it goes on in the next line.
            first = next((rest[:end] for end in range(room, 0, -1) if cell_len(rest[:end]) <= room), rest[:1])
        found.append(first)
        rest = rest[len(first) :].strip()
    found.append(rest)
    return [fit(text, room) for text in [*found, *[""] * lines][:lines]]


def _state(vertex: VertexFacts) -> Line:
    word = "" if vertex.state == "RUNNING" else f" {vertex.state}"
    return ((f"{states.mark(vertex.state)}{word}", states.tone(vertex.state)),)


def _frame_tone(vertex: VertexFacts) -> str:
    """The frame tells the heat, or that a vertex does not run."""
    if vertex.state != "RUNNING":
        return states.tone(vertex.state)
    return busy.tone(vertex.busy.value or 0.0)


def _right(cell: Cell, width: int) -> Cell:
    return fit(cell[0], width, "right"), cell[1]


def _percent(figure: Figure) -> Cell:
    return _right(figure_cell(figure, lambda value: f"{fmt.per_mille(value)}%", busy.tone), PERCENT)


def _busy(figure: Figure, width: int, *, word: str = "busy ", ascii: bool) -> Line:
    """A word, a bar and a number in `width` cells."""
    shown = _bar(figure, max(width - PERCENT - 1 - len(word), 1), ascii=ascii)
    return (word, "muted"), *shown, (" ", ""), _percent(figure)


def _bar(figure: Figure, width: int, *, ascii: bool) -> Line:
    """How busy of how busy it could be, in `width` cells: all blank where that is not known, unlike zero."""
    if figure.absent or figure.value is None:
        return ((" " * width, ""),)
    filled = bar(figure.value / 1000.0, width, ascii=ascii).rstrip(" .")
    rest = ("." if ascii else TRACK) * (width - len(filled))
    return (filled, busy.tone(figure.value) or "good"), (rest, "stale")


def _pressure(figure: Figure) -> Line:
    return ("bkpr ", "muted"), _percent(figure)


def _totals(vertex: VertexFacts, room: int, lines: int) -> tuple[list[Line], tuple[Line, Line]]:
    """What a vertex that has ended has taken in and sent, in so many lines; in the frame if in none."""
    taken, sent = _total("in ", vertex.total_taken), _total("out ", vertex.total_sent)
    if lines == 0:
        return [], (_stripped(taken), _stripped(sent))
    if lines == 1:
        return [_apart(taken, sent, room)], ((), ())
    rows = [_apart(line[:1], line[1:], room) for line in (taken, sent)]
    return [*rows, *[()] * (lines - len(rows))], ((), ())


def _total(word: str, figure: Figure) -> Line:
    """Records so far."""
    return (word, "muted"), _right(figure_cell(figure), TOTAL)


def _skew(figure: Figure, room: int) -> Line:
    """A skew that is worth a word, where there are so many cells between backpressure and lag."""
    if figure.absent or figure.value is None or figure.value < WORTH_A_WORD:
        return ()
    said = fit(f"{figure.value:.0f}%", PERCENT, "right")
    left, words = next(
        ((gap, word) for gap, word in (("  ", "skew "), (" ", "skew")) if _fits(gap, word, room)), ("", "")
    )
    if not words:
        return ()
    return (left, ""), (words, "muted"), (said, "warn" if figure.value >= UNEVEN else "")


def _fits(gap: str, word: str, room: int) -> bool:
    """Whether a word and a percentage stand apart from what is on both sides."""
    return 2 * len(gap) + len(word) + PERCENT <= room


def _lag(figure: Figure) -> Line:
    return ("lag ", "muted"), _right(figure_cell(figure, lags.text), LAG)
