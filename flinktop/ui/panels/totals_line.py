"""What a vertex or a subtask that has ended has handled: records and bytes, in the place of its rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.figure import ABSENT, Figure
from flinktop.model import format as fmt
from flinktop.ui.panels.columns import figure_cell

if TYPE_CHECKING:
    from flinktop.flink.vertices import IoMetrics
    from flinktop.ui.panels.frame import Part

GAP: Part = ("   ", "")


def totals_line(told: IoMetrics, *, source: bool, sink: bool) -> list[Part]:
    """Records and bytes taken in and sent; a source takes nothing in, a sink sends nothing.

    Only what crosses between vertices is counted: of a vertex that is both nothing is known.
    """
    parts: list[Part] = []
    taken = ("in ", source, told.records_in, told.bytes_in)
    sent = ("out ", sink, told.records_out, told.bytes_out)
    for word, absent, records, size in (taken, sent):
        text, tone = figure_cell(ABSENT if absent else Figure(records))
        parts += [(word, "muted"), (text, tone)]
        if not absent and records is not None:
            parts.append((" records", "muted"))
        if not absent and size is not None:
            parts += [(", ", "muted"), (fmt.size(size), "")]
        parts.append(GAP)
    return parts[:-1]
