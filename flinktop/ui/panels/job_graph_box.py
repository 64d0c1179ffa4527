"""The contents of a box of the job graph, or of a line of its list, and the sizes of boxes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len

from flinktop.model import busy, states
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model.graph import MOST_NODES, is_drawable, layers_of, links
from flinktop.model.graph_layout import LEAST_GAP, Layout, Measures, lay_out
from flinktop.model.graph_order import Order, arrange
from flinktop.model.skew import UNEVEN, WORTH_A_WORD
from flinktop.ui.panels.columns import figure_cell
from flinktop.ui.panels.verdicts import TONES, mark
from flinktop.ui.widgets.celltext import fit, wrap
from flinktop.ui.widgets.graph_picture import Box, Line
from flinktop.ui.widgets.spark import bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.facts.freshness import Figure
    from flinktop.facts.vertices import VertexFacts
    from flinktop.model.graph import Graph
    from flinktop.ui.widgets.columns import Cell


EDGES = 6  # cells of a box's upper edge that its corners and the blanks around its texts take
FRAME = 4  # cells of a box that its frame and the blanks next to it take
WIDTHS = (40, 36, 32, 28, 24, 20, 18, 16)
SCROLLED = 24  # width of the boxes of a graph that is wider than its panel
SHORT = (4, 1)  # height of the boxes of a graph that is higher than its panel, and the rows between two
SIDE_BY_SIDE = 19  # cells within a box from which on backpressure and lag share a line
HIGH = 8  # from this height on a narrow box gives the busy bar its own line
LABELS = (9, 5, 0)  # cells for a ship strategy: all of REBALANCE and BROADCAST, all of HASH, none
LEAST_WIDTH = 2 * WIDTHS[-1] + 10  # narrower panels (cells) would not show two boxes and their gap
LEAST_HEIGHT = 4
MOST_ALONE = 6  # most vertices without any edge that are drawn; more are a list
TRACK = "▁"
PERCENT = 4
LAG = TOTAL = 5
LONGEST_BELOW = 22  # cells of a frame's lower edge from which on lag and backpressure both fit into it
LONGEST_PRESSURE = 12  # cells of backpressure in a frame, with the gap to the next text
LONGEST_NAME = 200  # characters of a name that are used for each of its lines
DEEPEST = 6  # indents of a list that are distinguished
INDENT = 2


def why_list(graph: Graph, width: int, height: int) -> str | None:
    """Why a graph is shown as a list in a panel of this many cells; None where it is drawn."""
    if not is_drawable(graph):
        many = len(graph.nodes) > MOST_NODES
        return f"{len(graph.nodes)} vertices are too many to draw" if many else "too many long edges to draw"
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return "no room to draw it"
    if not graph.edges and len(graph.nodes) > MOST_ALONE:
        return "no vertex feeds another"
    return None


def figure_lines(width: int, height: int) -> int:
    """How many lines busy, backpressure and lag take within a box, where they are not in its frame.

    Wide boxes have 2: backpressure and lag share one. Narrow ones have 3, and 4 where they are high: then the
    busy bar has its own line.
    """
    if width - FRAME >= SIDE_BY_SIDE:
        return 2
    return 4 if height >= HIGH else 3


def heights(width: int, longest: int) -> tuple[tuple[int, int], ...]:
    """Heights of a box of this width and the rows between two, the best first.

    First a name, the longest of which has `longest` cells, loses lines; then lag and backpressure move into
    the frame; then boxes have no gap between them; then busy moves into the frame too.
    """
    room = width - FRAME
    names = -(-longest // room)
    tall: tuple[int, ...] = (6, 5) if names > 1 else (5,)
    if room < SIDE_BY_SIDE:
        tall = (HIGH + 1, HIGH, 7, 6) if names > 2 else (HIGH, 7, 6)  # noqa: PLR2004 -- two lines of a name
    return (*((high, 1) for high in tall), (4, 1), (4, 0), (3, 1), (3, 0))


class Form:
    """Layouts of a graph whose longest name has `longest` cells; results for all sizes are cached."""

    def __init__(self, graph: Graph, longest: int) -> None:
        self.graph = graph
        self._longest = longest
        self._orders: dict[int, Order] = {}
        layers = Counter(layers_of(len(graph.nodes), links(graph)))
        self._layers = len(layers)
        self._fullest = max(layers.values(), default=0)

    def layout(self, width: int, height: int) -> Layout:
        """The largest boxes with which the graph fits into the panel, else readable ones that scroll."""
        least = self._layers * WIDTHS[-1] + (self._layers - 1) * LEAST_GAP
        for label in LABELS if least <= width else ():
            narrow = self._layout(WIDTHS[-1], SHORT, label)
            room = WIDTHS[-1] + (width - narrow.width) // max(self._layers, 1)
            fitting = [cells for cells in WIDTHS if cells <= room]
            # Long boxes are useless when the names are short.
            enough = [cells for cells in fitting if cells >= max(self._longest + FRAME, SCROLLED)]
            for cells in (enough or fitting)[-1 if enough else 0 :]:
                found = self._layout(cells, self._tall(cells, height, label), label)
                # A drawing that is too high has a scroll bar next to it.
                if found.width <= (width if found.height <= height else width - 1):
                    return found
        return self._layout(SCROLLED, self._tall(SCROLLED, height, LABELS[0]), LABELS[0])

    def _tall(self, width: int, height: int, label: int) -> tuple[int, int]:
        for tall in heights(width, self._longest):
            least = self._fullest * sum(tall) - tall[1]
            if least <= height and self._layout(width, tall, label).height <= height:
                return tall
        return SHORT if height >= 2 * SHORT[0] else (3, 0)

    def _layout(self, width: int, tall: tuple[int, int], label: int) -> Layout:
        measures = Measures(width, *tall, label=label)
        order = self._orders.get(measures.ports)
        if order is None:
            order = self._orders[measures.ports] = arrange(self.graph, measures.ports)
        return lay_out(self.graph, measures, order)


def box(vertex: VertexFacts, measures: Measures, x: int, y: int, *, ascii: bool) -> Box:
    """A vertex as a box of one of the heights from `heights`."""
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
        # Where only one of them fits, lag is dropped.
        below = short if measures.width - 2 >= LONGEST_BELOW else ((), short[1])
        if measures.height == 3:  # noqa: PLR2004 -- a frame around a name
            both_fit = measures.width - 2 >= LONGEST_BELOW
            cells = room - LONGEST_PRESSURE if both_fit else room
            figures = []
            below = _busy(vertex.busy, cells, word="", ascii=ascii), short[1] if both_fit else ()
    if states.is_terminal(vertex.state):
        figures, below = _totals(vertex, room, len(figures))
    names = measures.height - 2 - len(figures)
    above = _state(vertex, measures.width - EDGES - cell_len(vertex.subtasks))
    own = [*figures, below[0], below[1], above, ((vertex.subtasks, ""),)]
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
    """The place of a vertex in a list: one line, with another below it if it has inputs."""

    number: int  # its number in other lines
    y: int  # row of its first line
    width: int  # cells of a line
    depth: int  # its distance from the sources
    inputs: Sequence[str]  # as texts

    @property
    def head(self) -> str:
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
    head: Line = ((at.head, "muted"), *_state(vertex, at.width // 3), (" ", ""))
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
    """Texts for the frame, where nothing has to be aligned."""
    return tuple(
        (f"{text.strip()} " if at < len(line) - 1 else text.strip(), style)
        for at, (text, style) in enumerate(line)
    )


def name_lines(name: str, room: int, lines: int) -> list[str]:
    """A name in at most `lines` lines, broken between words; what doesn't fit into the last one is cut."""
    rest = name[: LONGEST_NAME * lines].strip()
    found: list[str] = []
    while len(found) < lines - 1 and rest:
        first = wrap(rest, room, 1)[0]
        if not first or not rest.startswith(first):
            # One long word: cut without an ellipsis, as it continues in the next line.
            first = next((rest[:end] for end in range(room, 0, -1) if cell_len(rest[:end]) <= room), rest[:1])
        found.append(first)
        rest = rest[len(first) :].strip()
    found.append(rest)
    return [fit(text, room) for text in [*found, *[""] * lines][:lines]]


def _state(vertex: VertexFacts, room: int) -> Line:
    """The state, with its word unless it runs; then what is wrong with the vertex.

    If `room` cells are not enough for it in words, the mark of a running vertex gives way to them; if they
    are still not enough, it is a mark.
    """
    word = "" if vertex.state == "RUNNING" else f" {vertex.state}"
    own: Line = ((f"{states.mark(vertex.state)}{word}", states.tone(vertex.state)),)
    if vertex.blamed is None:
        return own
    severity, kind = vertex.blamed
    words, tone = f"{mark(severity)} {kind}", TONES[severity]
    if _cells(own) + 1 + len(words) <= room:
        return (*own, (f" {words}", tone))
    return ((words, tone),) if not word and len(words) <= room else (*own, (f" {words[0]}", tone))


def _frame_tone(vertex: VertexFacts) -> str:
    """The frame shows that a vertex is to blame, that it does not run, or its heat."""
    if vertex.blamed is not None:
        return TONES[vertex.blamed[0]]
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
    """Busy against its maximum, in `width` cells: all blank where that is not known, unlike zero."""
    if figure.absent or figure.value is None:
        return ((" " * width, ""),)
    filled = bar(figure.value / 1000.0, width, ascii=ascii).rstrip(" .")
    rest = ("." if ascii else TRACK) * (width - len(filled))
    return (filled, busy.tone(figure.value) or "good"), (rest, "stale")


def _pressure(figure: Figure) -> Line:
    return ("bkpr ", "muted"), _percent(figure)


def _totals(vertex: VertexFacts, room: int, lines: int) -> tuple[list[Line], tuple[Line, Line]]:
    """What a vertex that has ended has received and sent, in so many lines; in the frame if in none."""
    taken, sent = _total("in ", vertex.total_taken), _total("out ", vertex.total_sent)
    if lines == 0:
        return [], (_stripped(taken), _stripped(sent))
    if lines == 1:
        return [_apart(taken, sent, room)], ((), ())
    rows = [_apart(line[:1], line[1:], room) for line in (taken, sent)]
    return [*rows, *[()] * (lines - len(rows))], ((), ())


def _total(word: str, figure: Figure) -> Line:
    return (word, "muted"), _right(figure_cell(figure), TOTAL)


def _skew(figure: Figure, room: int) -> Line:
    """A notable skew, if `room` cells are enough for it between backpressure and lag."""
    if figure.absent or figure.value is None or figure.value < WORTH_A_WORD:
        return ()
    percent = fit(f"{figure.value:.0f}%", PERCENT, "right")
    left, words = next(
        ((gap, word) for gap, word in (("  ", "skew "), (" ", "skew")) if _fits(gap, word, room)), ("", "")
    )
    if not words:
        return ()
    return (left, ""), (words, "muted"), (percent, "warn" if figure.value >= UNEVEN else "")


def _fits(gap: str, word: str, room: int) -> bool:
    """Whether a word and a percentage fit with a gap on both sides."""
    return 2 * len(gap) + len(word) + PERCENT <= room


def _lag(figure: Figure) -> Line:
    return ("lag ", "muted"), _right(figure_cell(figure, lags.text), LAG)
