"""In which form a job's graph is shown: how large its boxes are, or a list where no drawing is of use."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flinktop.model.graph import MOST_NODES, is_drawable, layers_of, links
from flinktop.model.graph_layout import LEAST_GAP, Layout, Measures, lay_out
from flinktop.model.graph_order import Order, arrange

if TYPE_CHECKING:
    from flinktop.model.graph import Graph

FRAME = 4
"""Cells of a box that its frame and the blanks beside it take."""
WIDTHS = (40, 36, 32, 28, 24, 20, 18, 16)
SCROLLED = 24
"""Width of the boxes of a graph that is wider than its panel."""
SHORT = (4, 1)
"""Height of the boxes of a graph that is higher than its panel, and the rows between two."""
SIDE_BY_SIDE = 19
"""Cells within a box from which on backpressure and lag share a line."""
HIGH = 8
"""From this height on a narrow box gives the bar of busy a line of its own."""
LABELS = (9, 5, 0)
"""Cells for a ship strategy: all of REBALANCE and BROADCAST, all of HASH, none."""
LEAST_WIDTH = 2 * WIDTHS[-1] + 10
"""Narrower panels (cells) would not show two boxes and what is between them."""
LEAST_HEIGHT = 4
MOST_ALONE = 6
"""Vertices without any edge that are drawn; more are a list."""


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

    In a wide one 2: backpressure and lag share one. In a narrow one 3, and 4 where it is high: the bar of
    busy has a line of its own.
    """
    if width - FRAME >= SIDE_BY_SIDE:
        return 2
    return 4 if height >= HIGH else 3


def heights(width: int, longest: int) -> tuple[tuple[int, int], ...]:
    """Heights of a box of this width and the rows between two, the best first.

    First a name, of which the longest has `longest` cells, gives up lines; then lag and backpressure move
    into the frame; then boxes stand one upon the other; then busy moves into the frame too.
    """
    room = width - FRAME
    names = -(-longest // room)
    tall: tuple[int, ...] = (6, 5) if names > 1 else (5,)
    if room < SIDE_BY_SIDE:
        tall = (HIGH + 1, HIGH, 7, 6) if names > 2 else (HIGH, 7, 6)  # noqa: PLR2004 -- two lines of a name
    return (*((high, 1) for high in tall), (4, 1), (4, 0), (3, 1), (3, 0))


class Form:
    """The layouts of one graph; what does not depend on the panel's size is worked out once.

    Args:
        graph: The graph.
        longest: Cells of the longest name in it.
    """

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
            # Long boxes are of no use when the names are short.
            enough = [cells for cells in fitting if cells >= max(self._longest + FRAME, SCROLLED)]
            for cells in (enough or fitting)[-1 if enough else 0 :]:
                found = self._layout(cells, self._tall(cells, height, label), label)
                # A drawing that is too high has a scroll bar beside it.
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
